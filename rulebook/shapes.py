"""What may stand where in a document, as data: each shape takes a value, notes its faults, and gives what is usable.

What is not usable is left out of the answer (`MISSING`), so that checks of meaning never meet a wrong type.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from domain.spans import span
from rulebook.faults import Faults, Said, nearest, under


class _Missing:
    """The type of `MISSING`."""


_SHOWN = 60
MOST = 500
"""The most entries of a list or a mapping that says nothing else."""

MISSING: Final = _Missing()
"""Instead of a value that cannot be used."""


class Shape(Protocol):
    """What may stand in one place."""

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """The value as far as it may be used, or MISSING; what is wrong with it is added to `faults`."""
        ...


def _wrong(path: str, value: Any, wanted: Said, remedy: Said, faults: Faults) -> _Missing:
    shown = _shown(value)
    faults.add(path, (f"{shown} 不是{wanted[0]}", f"{shown} is no {wanted[1]}"), remedy)
    return MISSING


def _too_many(path: str, number: int, most: int, faults: Faults) -> _Missing:
    remedy = (f"最多写 {most} 项", f"keep at most {most}")
    faults.add(path, (f"共 {number} 项, 过多", f"{number} entries are too many"), remedy)
    return MISSING


def _storable(text: str) -> bool:
    """False for what no database keeps: NUL, and halves of characters."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _shown(value: Any) -> str:
    """A value as it is written, shortened; of a list or a mapping only the brackets."""
    if isinstance(value, (list, dict)):
        return "[…]" if isinstance(value, list) else "{…}"
    text = json.dumps(value, ensure_ascii=not (isinstance(value, str) and _storable(value)), default=str)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


@dataclass(frozen=True, slots=True)
class Text:
    """A text; with `pattern` one of that form, shown by `example`."""

    pattern: str = ""
    example: str = ""
    empty: bool = False

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            remedy = (f"加引号: '{value}'", f"put it in quotes: '{value}'")
            return _wrong(path, value, ("文字", "text"), remedy, faults)
        if not isinstance(value, str) or not (value.strip() or self.empty) or not _storable(value):
            return _wrong(path, value, ("文字", "text"), ("写一段文字", "write a text"), faults)
        if self.pattern and not re.fullmatch(self.pattern, value, re.ASCII):
            remedy = (f"写成 {self.example}", f"write it as {self.example}")
            return _wrong(path, value, ("这种写法", "such text"), remedy, faults)
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`."""
        if isinstance(value, bool):
            return value
        return _wrong(path, value, ("是非值", "true or false"), ("写 true 或 false", "write true or false"), faults)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int
    most: int

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`."""
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        bounds = (f"写 {self.least} 至 {self.most} 的整数", f"write a whole number from {self.least} to {self.most}")
        return _wrong(path, value, ("此处可用的整数", "whole number that may stand here"), bounds, faults)


@dataclass(frozen=True, slots=True)
class Factor:
    """What a limit is multiplied with: more than 0 and at most 1, for it may only shorten."""

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if number and 0 < value <= 1:
            return value
        if number and value > 1:
            reason = (f"系数 {value:g} 会延长时限", f"the factor {value:g} would lengthen limits")
            faults.add(path, reason, ("写大于 0 且不超过 1 的数", "write more than 0 and at most 1"))
            return MISSING
        remedy = ("写大于 0 且不超过 1 的数, 如 0.75", "write more than 0 and at most 1, such as 0.75")
        return _wrong(path, value, ("系数", "factor"), remedy, faults)


_AS_SPAN = (
    "写成 30min、2h、15d、90wmin、4wh、3wd, 天数后可加 end",
    "write 30min, 2h, 15d, 90wmin, 4wh or 3wd; after days also end",
)


LONGEST = {"min": (26_400, "h", 60), "d": (1100, "d", 1), "wmin": (8000, "wh", 60), "wd": (800, "wd", 1)}
"""The longest spans: how many of what unit, and how many of the span's own unit that is."""
FIRST_YEAR, PAST_YEARS = 2020, 2101
"""Absolute times lie from the first of these years to before the other."""


@dataclass(frozen=True, slots=True)
class Length:
    """A span (`domain.spans`); of no length only with `zero`, an absolute time only with `fixed`, null with `none`.

    At most three years, as `LONGEST` has it, `times` as long where that is given.
    """

    zero: bool = False
    fixed: bool = False
    none: bool = False
    times: int = 1

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`."""
        if value is None and self.none:
            return None
        try:
            length = span(value) if isinstance(value, str) else None
        except ValueError:
            length = None
        if length is None:
            return _wrong(path, value, ("时限", "span"), _AS_SPAN, faults)
        if length.unit == "at":
            if self.fixed and FIRST_YEAR <= int(length.at[:4]) < PAST_YEARS:
                return value
            if self.fixed:
                reason = (f"{value} 不在 {FIRST_YEAR} 至 {PAST_YEARS} 年间", f"{value} is out of range")
                remedy = ("写其间的时间", f"write a time from {FIRST_YEAR} to {PAST_YEARS - 1}")
                faults.add(path, reason, remedy)
                return MISSING
            reason = (f"此处不能用绝对时间 {value}", f"an absolute time ({value}) cannot stand here")
            faults.add(path, reason, _AS_SPAN)
            return MISSING
        if not length.amount and not length.end_of_day and not self.zero:
            remedy = ("写大于零的时限" + (", 或 null 表示无此时限" if self.none else ""),
                      "write more than nothing" + (", or null for no limit" if self.none else ""))  # fmt: skip
            faults.add(path, (f"时限 {value} 为零", f"{value} is no time at all"), remedy)
            return MISSING
        number, unit, factor = LONGEST[length.unit]
        most = f"{number * self.times}{unit}"
        if length.amount > number * self.times * factor:
            remedy = (f"最多写 {most}", f"write at most {most}")
            faults.add(path, (f"{value} 长于 {most}", f"{value} is longer than {most}"), remedy)
            return MISSING
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some names; `what` they are, in Chinese and English."""

    names: tuple[str, ...]
    what: Said

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`."""
        if isinstance(value, str) and value in self.names:
            return value
        shown = nearest(value if isinstance(value, str) else "", [name for name in self.names if name])
        return _wrong(path, value, (f"已知的{self.what[0]}", f"known {self.what[1]}"), shown, faults)


@dataclass(frozen=True, slots=True)
class Items:
    """A list of one shape, with at least `least` of them and at most `most`."""

    item: Shape
    least: int = 0
    most: int = MOST

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`: the usable items, and MISSING for one that is not, so that places stay."""
        if not isinstance(value, list):
            return _wrong(path, value, ("列表", "list"), ("写成 [ … ]", "write [ … ]"), faults)
        if len(value) < self.least:
            faults.add(
                path, ("列表为空", "the list is empty"), (f"至少写 {self.least} 项", f"write at least {self.least}")
            )
            return MISSING
        if len(value) > self.most:
            return _too_many(path, len(value), self.most, faults)
        return [self.item.take(item, under(path, place), faults) for place, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping from names to one shape, at most `most` of them; with `names` only these."""

    value: Shape
    names: Choice | None = None
    key: Text = field(default_factory=Text)
    most: int = MOST

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`."""
        if not isinstance(value, dict):
            return _wrong(path, value, ("映射", "mapping"), ("写成 键: 值", "write name: value"), faults)
        if len(value) > self.most:
            return _too_many(path, len(value), self.most, faults)
        found = {}
        for name, item in value.items():
            inner = under(path, name)
            if (self.names or self.key).take(name, inner, faults) is not MISSING:
                taken = self.value.take(item, inner, faults)
                if taken is not MISSING:
                    found[name] = taken
        return found


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with these keys and no others; those of `needed` must be there."""

    keys: dict[str, Shape]
    needed: tuple[str, ...] = ()

    def take(self, value: Any, path: str, faults: Faults) -> Any:
        """As `Shape.take`."""
        if not isinstance(value, dict):
            listed = ", ".join(self.needed or self.keys)
            return _wrong(path, value, ("映射", "mapping"), (f"写明 {listed}", f"give it {listed}"), faults)
        for name in value:
            if name not in self.keys:
                reason = (f"不认识的键 {name}", f"the key {name} is unknown")
                faults.add(under(path, name), reason, nearest(name, self.keys))
        for name in self.needed:
            if name not in value:
                faults.add(path, (f"缺少 {name}", f"{name} is missing"), (f"补上 {name}", f"add {name}"))
        taken = {
            name: shape.take(value[name], under(path, name), faults)
            for name, shape in self.keys.items()
            if name in value
        }
        return {name: item for name, item in taken.items() if item is not MISSING}


def present(items: Iterable[Any]) -> list[Any]:
    """The usable ones of a list."""
    return [item for item in items if item is not MISSING]
