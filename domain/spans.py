"""How a length of time is written and read.

30min  2h               elapsed time
15d    15d end          calendar days: the same time on the local clock n days later; with `end` 24:00 of that day
90wmin 4wh              working time, elapsed inside shifts
3wd    3wd end          working days: the same time of day n working days later; with `end` that day's last closing
at 2026-12-31T18:00     that local time, whenever it started
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(min|h|d|wmin|wh|wd)( end)?", re.ASCII)
_AT = re.compile(r"at (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)", re.ASCII)
_UNITS = {"min": ("min", 1), "h": ("min", 60), "d": ("d", 1), "wmin": ("wmin", 1), "wh": ("wmin", 60), "wd": ("wd", 1)}
_LONGEST = {"min": 36_525 * 1440.0, "d": 36_525.0, "wmin": 36_525 * 1440.0, "wd": 36_525.0, "at": 0.0}
_ENDING = ("d", "wd")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time.

    Attributes:
        amount: how many of the unit, 0 or more, at most a hundred years.
        unit: `min` elapsed minutes, `d` calendar days, `wmin` working minutes, `wd` working days, `at` a local time.
        end_of_day: only with `d` and `wd`: not the same time of day but the end of the n-th day.
        at: only with `at`: the local date and time in ISO format without offset.

    Raises:
        ValueError: when a field holds something else.
    """

    amount: float
    unit: str
    end_of_day: bool = False
    at: str = ""

    def __post_init__(self) -> None:
        longest = _LONGEST.get(self.unit)
        if longest is None:
            raise ValueError(f"unit {self.unit!r} of a span is unknown: write {', '.join(_LONGEST)}")
        if not 0 <= self.amount <= longest:
            raise ValueError(f"a span of {self.amount} {self.unit} is out of range: write 0 to {longest:.0f}")
        if self.end_of_day and self.unit not in _ENDING:
            raise ValueError(
                f"a span in {self.unit} has no end of day: leave it out or count in {' or '.join(_ENDING)}"
            )
        if (self.unit == "at") is not bool(self.at):
            raise ValueError("a span names a local time with the unit 'at', and only then")

    @property
    def working(self) -> bool:
        """True when only working time or working days count."""
        return self.unit in ("wmin", "wd")


@lru_cache(maxsize=2048)
def span(text: str) -> Span:
    """The span that the text means; raises ValueError that says what may stand there."""
    if found := _SPAN.fullmatch(text):
        unit, factor = _UNITS[found[2]]
        if found[3] and unit not in _ENDING:
            raise ValueError(f"{text!r} is no span: only days have an end, write '3wd end' or '15d end'")
        return Span(float(found[1]) * factor, unit, end_of_day=bool(found[3]))
    if found := _AT.fullmatch(text):
        try:
            datetime.fromisoformat(found[1])
        except ValueError as error:
            raise ValueError(f"{text!r} is no span: {error}") from None
        return Span(0.0, "at", at=found[1])
    raise ValueError(
        f"{text!r} is no span: write a number and min, h, d, wmin, wh or wd, such as '30min' or '3wd', "
        "with days also '3wd end' or '15d end', or a local time such as 'at 2026-12-31T18:00'"
    )


def text_of(length: Span) -> str:
    """The text of a span, so that `span(text_of(length)) == length`."""
    if length.unit == "at":
        return f"at {length.at}"
    number = format(Decimal(repr(float(length.amount))), "f")
    whole, _, part = number.partition(".")
    number = f"{whole}.{part}" if part.strip("0") else whole
    return f"{number}{length.unit}{' end' if length.end_of_day else ''}"
