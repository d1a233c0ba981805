"""Time as an office counts it: shifts, holidays and make-up days, and the due time that follows from them.

Spans are written as `domain.spans` says. Instants go in aware and come out in UTC; the calendar's zone decides what a
day and an hour of work is. A local time that a clock change leaves out lies as far after the gap's beginning as it
would without the gap; of one that comes twice the first is meant, or the second when the first lies before the start.
No due time lies before its start.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from domain.spans import Span, span, text_of
from domain.stretches import Rest, Run, rests, stretches
from domain.worktime import DAY, MINUTE, Index, Shifts, at_wall, day_number, instant, micros, wall_of

__all__ = [
    "Calendar", "Fault", "Shifts", "Span", "Special", "always", "at_local", "check", "local_day", "local_hour",
    "office", "span", "text_of",
]  # fmt: skip

_PARTS = 10**9
"""A part of a working day is counted in billionths, so that 2.7 and 2.7000000000000002 days are the same."""
_LONGEST_REST = 62
"""In days, by whatever closures it comes about: every clock stands still meanwhile. Who closes for good needs another
calendar."""


@dataclass(frozen=True, slots=True)
class Special:
    """Days that differ from the week: a holiday or closure (no shifts), a make-up working day or different hours.

    Attributes:
        first: the first local day, ISO.
        last: the last one, inclusive.
        shifts: what is worked on each of them.
        zh: what it is called in Chinese.
        en: what it is called in English.
    """

    first: str
    last: str
    shifts: Shifts = ()
    zh: str = ""
    en: str = ""


class _Compiled:
    """Room for the compiled index beside the fields: equality, hash, copies and stored documents do not see it."""

    __slots__ = ("_index", "_rules")
    _index: Index
    _rules: tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Calendar(_Compiled):
    """When a unit works.

    Attributes:
        zone: the IANA zone whose clock its days and shifts follow.
        week: seven days, Monday first; of each day the shifts as (opens, closes) in minutes after local midnight,
            0 to 1440, ascending and not overlapping.
        specials: days that differ; where several cover a day, the last one holds.

    Its methods expect what `check` accepts. They raise ValueError when there is no working time for ten years.
    """

    zone: str
    week: tuple[Shifts, ...]
    specials: tuple[Special, ...] = ()

    def special_on(self, day: date) -> Special | None:
        """What makes that day differ from the week; None on a usual day."""
        firsts, places = self._ruled()
        place = places[bisect_right(firsts, day.toordinal()) - 1]
        return self.specials[place] if place >= 0 else None

    def shifts_on(self, day: date) -> Shifts:
        """The shifts of that local day."""
        special = self.special_on(day)
        return self.week[day.weekday()] if special is None else special.shifts

    def works_on(self, day: date) -> bool:
        """True when that local day has working time; a day that the zone's clock left out has none."""
        return self._compiled().works(day_number(day))

    def add(self, start: datetime, length: Span) -> datetime:
        """The instant (UTC) at which the span that starts at `start` is over.

        Working time that ends with a shift is over at its closing, not at the next opening. Working days count from
        the next working instant; a time of day that is no working time on the n-th day becomes the next opening of
        that day or its last closing. Of 2.5 working days, the half is half of the working time that lies between the
        2nd and the 3rd: a smaller amount is never due later. Nothing added is the start itself, but in working units
        the next working instant.
        """
        if length.unit == "min":  # most limits, and they need no calendar
            return instant(micros(start) + _micros(length))
        return instant(_ADD[length.unit](self._compiled(), micros(start), length))

    def later(self, start: datetime, minutes: float, *, working: bool) -> datetime:
        """The instant (UTC) that many minutes later, of work or elapsed: `add` without a span made for the purpose."""
        at, length = micros(start), round(max(0.0, minutes) * MINUTE)
        return instant(self._compiled().forward(at, length) if working else at + length)

    def back(self, end: datetime, length: Span) -> datetime:
        """The latest instant (UTC) from which the span is over by `end`.

        Working days are the mirror image of `add`: the same time of day n working days earlier, a start or a target
        outside working time falls back to the closing before it. With `end_of_day` it is the last moment of the day.
        An absolute time is itself, or `end` when that is earlier.
        """
        return instant(_BACK[length.unit](self._compiled(), micros(end), length))

    def between(self, start: datetime, end: datetime) -> float:
        """Working minutes from `start` to `end`; 0 when end is not later."""
        return self._compiled().between(micros(start), micros(end)) / MINUTE

    def next_working(self, at: datetime) -> datetime:
        """`at` itself when inside a shift, else the next opening (UTC); a closing is no longer inside."""
        return instant(self._compiled().next_working(micros(at)))

    def previous_working(self, at: datetime) -> datetime:
        """`at` itself when inside a shift or at its ends, else the last closing (UTC)."""
        return instant(self._compiled().previous_working(micros(at)))

    def _ruled(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The first day of each stretch under one rule, and the place of the special that rules it, else -1."""
        try:
            return self._rules
        except AttributeError:
            found = stretches(self.week, runs_of(self.specials))
            rules = tuple(one.first for one in found), tuple(one.special for one in found)
            object.__setattr__(self, "_rules", rules)
            return rules

    def _compiled(self) -> Index:
        try:
            return self._index
        except AttributeError:
            # Hashing a hundred specials takes longer than a whole `add`, so it is done once an instance.
            object.__setattr__(self, "_index", _index(self))
            return self._index


def office(
    zone: str,
    opens: int,
    closes: int,
    days: tuple[int, ...] = (0, 1, 2, 3, 4),
    specials: tuple[Special, ...] = (),
) -> Calendar:
    """A calendar with one shift (minutes after midnight) on the given days, Monday = 0."""
    return Calendar(zone, tuple(((opens, closes),) if day in days else () for day in range(7)), specials)


def always(zone: str) -> Calendar:
    """A calendar that works around the clock."""
    return Calendar(zone, (((0, 1440),),) * 7)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a calendar: where (`week[2]`, `specials[0].first`), what, and what to do."""

    field: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}: {self.remedy}"


def check(calendar: Calendar) -> tuple[Fault, ...]:
    """Everything that is wrong with a calendar, empty when it may be used."""
    faults = []
    if calendar.zone not in _zones():
        faults.append(Fault("zone", f"{calendar.zone!r} is no zone", "write an IANA name such as 'Asia/Shanghai'"))
    if len(calendar.week) != 7:
        faults.append(Fault("week", f"it has {len(calendar.week)} days", "give the shifts of 7 days, Monday first"))
    for number, shifts in enumerate(calendar.week):
        faults += _faults_of(shifts, f"week[{number}]")
    if not any(calendar.week):
        faults.append(Fault("week", "it has no working time at all", "give at least one day a shift"))
    for number, special in enumerate(calendar.specials):
        where = f"specials[{number}]"
        dates = [_date_fault(getattr(special, name), f"{where}.{name}") for name in ("first", "last")]
        faults += [fault for fault in dates if fault]
        if not any(dates) and special.last < special.first:
            reason = f"it ends on {special.last}, before it begins on {special.first}"
            faults.append(Fault(where, reason, "exchange first and last"))
        faults += _faults_of(special.shifts, f"{where}.shifts")
    return (*faults, *(_rests(calendar) if not faults else ()))


def _rests(calendar: Calendar) -> list[Fault]:
    """A fault for each special that begins too long a rest, with the longest of them."""
    longest: dict[int, Rest] = {}
    for rest in rests(stretches(calendar.week, runs_of(calendar.specials)), _LONGEST_REST):
        if rest.special not in longest or rest.days > longest[rest.special].days:
            longest[rest.special] = rest
    return [
        Fault(
            f"specials[{place}]",
            f"no working time from {rest.first} to {rest.last}, {rest.days} days on end",
            f"close at most {_LONGEST_REST} days on end, or change the week",
        )
        for place, rest in longest.items()
    ]


def runs_of(specials: Sequence[Special]) -> list[Run]:
    """The specials, whose dates are in order, as days that differ from the week."""
    return [
        (date.fromisoformat(one.first).toordinal(), date.fromisoformat(one.last).toordinal() + 1, one.shifts)
        for one in specials
    ]


def _faults_of(shifts: Shifts, where: str) -> list[Fault]:
    faults = []
    for opens, closes in shifts:
        if not 0 <= opens <= 1440 or not 0 <= closes <= 1440:
            reason = f"the shift {_hours(opens, closes)} leaves the day"
            faults.append(Fault(where, reason, "keep it between 00:00 and 24:00; a night shift is written on two days"))
        elif opens >= closes:
            faults.append(Fault(where, f"the shift {_hours(opens, closes)} is empty", "let it close after it opens"))
    for before, after in pairwise(shifts):
        if after[0] < before[0]:
            reason = f"{_hours(*after)} stands after {_hours(*before)}"
            faults.append(Fault(where, reason, "write the shifts of a day in order"))
        elif after[0] < before[1]:
            faults.append(Fault(where, f"{_hours(*before)} and {_hours(*after)} overlap", "let them touch at most"))
    return faults


def _hours(opens: int, closes: int) -> str:
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


def _date_fault(text: str, where: str) -> Fault | None:
    try:
        # Other ISO spellings, such as 2026-W07-1, would not sort as days.
        if date.fromisoformat(text).isoformat() == text:
            return None
    except ValueError:
        pass
    return Fault(where, f"{text!r} is no date", "write it as 2026-10-01")


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """The zones of the database; `localtime` is whatever the machine is set to, `Factory` says that nothing is set."""
    return frozenset(available_timezones()) - {"localtime", "Factory"}


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"zone: {name!r} is no zone: write an IANA name such as 'Asia/Shanghai'") from None


@lru_cache(maxsize=256)
def _index(calendar: Calendar) -> Index:
    week, specials = calendar.week, calendar.specials

    def shifts_in(year: int) -> Callable[[date], Shifts]:
        begin, end = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        special_shifts: dict[int, Shifts] = {}
        for special in specials:
            first = max(begin, date.fromisoformat(special.first).toordinal())
            last = min(end, date.fromisoformat(special.last).toordinal())
            special_shifts.update(dict.fromkeys(range(first, last + 1), special.shifts))
        return lambda day: special_shifts.get(day.toordinal(), week[day.weekday()])

    return Index(_zone(calendar.zone), shifts_in)


def _in_parts(reach: Callable[[int], int], index: Index, amount: float, way: int) -> int:
    """The instant of a part of a day: that part of the working time between the day before it and the day after it."""
    days, part = divmod(round(amount * _PARTS), _PARTS)
    near = reach(days)
    if not part:
        return near
    far = reach(days + 1)
    share = (index.between(min(near, far), max(near, far)) * part + _PARTS // 2) // _PARTS
    if not share:
        return near
    return index.forward(near, share) if way > 0 else index.backward(near, share)


def _add_working_days(index: Index, start: int, length: Span) -> int:
    return _in_parts(lambda days: index.days_forward(start, days, length.end_of_day), index, length.amount, 1)


def _back_working_days(index: Index, end: int, length: Span) -> int:
    return _in_parts(lambda days: index.days_back(end, days, length.end_of_day), index, length.amount, -1)


def _add_days(index: Index, start: int, length: Span) -> int:
    ahead = round(length.amount * DAY)
    if not ahead and not length.end_of_day:
        return start
    wall = wall_of(index.zone, start)
    wall = ((wall // DAY + 1) * DAY if length.end_of_day else wall) + ahead
    due = at_wall(index.zone, wall)
    return due if due >= start else max(start, at_wall(index.zone, wall, fold=1))


def _back_days(index: Index, end: int, length: Span) -> int:
    back = round(length.amount * DAY)
    if not back and not length.end_of_day:
        return end
    wall = wall_of(index.zone, end)
    return min(end, at_wall(index.zone, (wall // DAY * DAY if length.end_of_day else wall) - back, fold=1))


def _at(index: Index, length: Span) -> int:
    return at_wall(index.zone, micros(datetime.fromisoformat(length.at).replace(tzinfo=UTC)))


def _micros(length: Span) -> int:
    return round(length.amount * MINUTE)


_ADD: dict[str, Callable[[Index, int, Span], int]] = {
    "min": lambda index, start, length: start + _micros(length),
    "d": _add_days,
    "wmin": lambda index, start, length: index.forward(start, _micros(length)),
    "wd": _add_working_days,
    "at": lambda index, start, length: max(start, _at(index, length)),
}
_BACK: dict[str, Callable[[Index, int, Span], int]] = {
    "min": lambda index, end, length: end - _micros(length),
    "d": _back_days,
    "wmin": lambda index, end, length: index.backward(end, _micros(length)),
    "wd": _back_working_days,
    "at": lambda index, end, length: min(end, _at(index, length)),
}


def local_hour(at: datetime, zone: str) -> float:
    """The local hour of day of an instant, such as 20.5 for half past eight in the evening."""
    local = at.astimezone(_zone(zone))
    return local.hour + local.minute / 60


def local_day(at: datetime, zone: str) -> date:
    """The local day of an instant."""
    return at.astimezone(_zone(zone)).date()


@lru_cache(maxsize=4096)
def at_local(day: date, hour: int, zone: str) -> datetime:
    """The instant (UTC) of a full local hour on a local day."""
    return datetime.combine(day, time(hour), _zone(zone)).astimezone(UTC)
