"""Time as an office counts it: working minutes, working days, and plain elapsed time.

A span is written `30min`, `2h`, `15d` (elapsed), `90wmin`, `4wh` (working time) or `3wd` (working days: the same time
of day, n working days later, or the close of that day). Instants are aware and UTC; the calendar's own zone decides
what is a day and an hour of work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(min|h|d|wmin|wh|wd)", re.ASCII)
_MINUTES = {"min": 1, "h": 60, "d": 1440, "wmin": 1, "wh": 60, "wd": 1}
_HORIZON_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: `amount` of elapsed minutes, working minutes or working days."""

    amount: float
    unit: str

    @property
    def working(self) -> bool:
        """True when only working time counts."""
        return self.unit != "min"


@lru_cache(maxsize=512)
def span(text: str) -> Span:
    """The span that the text means; raises ValueError that says what may stand there."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no span: write a number and min, h, d, wmin, wh or wd, such as '30min' or '3wd'")
    amount, unit = float(match[1]) * _MINUTES[match[2]], match[2]
    return Span(amount, "wd" if unit == "wd" else "wmin" if unit.startswith("w") else "min")


@dataclass(frozen=True, slots=True)
class Calendar:
    """One shift a day, Monday to Friday or as `weekdays` says, with holidays and make-up working days.

    `opens` and `closes` are minutes after local midnight, `weekdays` count from Monday = 0, dates are ISO strings.
    """

    zone: str
    opens: int
    closes: int
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: tuple[str, ...] = ()
    make_up_days: tuple[str, ...] = ()

    def works_on(self, day: date) -> bool:
        """True when the office works on that local day."""
        text = day.isoformat()
        if text in self.make_up_days:
            return True
        return day.weekday() in self.weekdays and text not in self.holidays

    def add(self, start: datetime, length: Span) -> datetime:
        """The instant (UTC) at which the span that starts at `start` is over."""
        if length.unit == "min":
            return start + timedelta(minutes=length.amount)
        if length.unit == "wd":
            return self._add_days(start, length.amount)
        return self._add_minutes(start, length.amount)

    def between(self, start: datetime, end: datetime) -> float:
        """Working minutes from `start` to `end`; zero when end is not later."""
        minutes, day = 0.0, start.astimezone(_zone(self.zone)).date()
        last = end.astimezone(_zone(self.zone)).date()
        while day <= last:
            if self.works_on(day):
                opens, closes = self._shift(day)
                minutes += max(0.0, (min(end, closes) - max(start, opens)).total_seconds() / 60)
            day += timedelta(days=1)
        return minutes

    def _shift(self, day: date) -> tuple[datetime, datetime]:
        return self._at(day, self.opens), self._at(day, self.closes)

    def _at(self, day: date, minute: int) -> datetime:
        days, rest = divmod(minute, 1440)
        local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), _zone(self.zone))
        return local.astimezone(UTC)

    def _next_working_day(self, day: date) -> date:
        for _ in range(_HORIZON_DAYS):
            if self.works_on(day):
                return day
            day += timedelta(days=1)
        raise ValueError(f"the calendar of {self.zone} has no working day within ten years of {day}")

    def _add_days(self, start: datetime, amount: float) -> datetime:
        whole = int(amount)
        if amount != whole:
            return self._add_minutes(start, amount * (self.closes - self.opens))
        local = start.astimezone(_zone(self.zone))
        day, minute = local.date(), local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 6e7
        if not self.works_on(day) or minute >= self.closes:
            day, minute = self._next_working_day(day + timedelta(days=1)), float(self.opens)
        for _ in range(whole):
            day = self._next_working_day(day + timedelta(days=1))
        seconds = max(minute, float(self.opens)) * 60
        return self._at(day, 0) if seconds == 0 else self._wall(day, seconds)

    def _wall(self, day: date, seconds: float) -> datetime:
        local = datetime.combine(day, time(0), _zone(self.zone)) + timedelta(seconds=seconds)
        return local.astimezone(UTC)

    def _add_minutes(self, start: datetime, amount: float) -> datetime:
        day, left = start.astimezone(_zone(self.zone)).date(), timedelta(minutes=amount)
        while True:
            day = self._next_working_day(day)
            opens, closes = self._shift(day)
            begins = max(start, opens)
            if begins < closes:
                if left <= closes - begins:
                    return begins + left
                left -= closes - begins
            day += timedelta(days=1)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_hour(at: datetime, zone: str) -> float:
    """The local hour of day of an instant, such as 20.5 for half past eight in the evening."""
    local = at.astimezone(_zone(zone))
    return local.hour + local.minute / 60


def local_day(at: datetime, zone: str) -> date:
    """The local day of an instant."""
    return at.astimezone(_zone(zone)).date()


def at_local(day: date, hour: int, zone: str) -> datetime:
    """The instant (UTC) of a full local hour on a local day."""
    return datetime.combine(day, time(hour), _zone(zone)).astimezone(UTC)
