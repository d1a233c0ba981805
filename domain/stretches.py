"""How a calendar's days lie over all years, without compiling one: where it rests, and how much it works at least.

Days are counted as `date.toordinal` does. Shifts are taken as they are written: clock changes are left out of account.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import heappop, heappush
from itertools import pairwise

from domain.worktime import Shifts

_FIRST, _PAST = date.min.toordinal(), date.max.toordinal() + 1
_ASKED = (date(2020, 1, 1).toordinal(), date(2101, 1, 1).toordinal())
"""The years in which spans may begin that are looked at."""

Run = tuple[int, int, Shifts]
"""Days that differ from the week: the first, the day after the last, and the shifts of each."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on end that follow one rule.

    Attributes:
        first: the first day.
        past: the day after the last.
        week: the shifts of each weekday, Monday first.
        special: the place of the run that sets them; -1 for the week's own.
    """

    first: int
    past: int
    week: tuple[Shifts, ...]
    special: int

    def works_on(self, day: int) -> bool:
        """True when such a day has a shift."""
        return bool(self.week[(day - 1) % 7])


@dataclass(frozen=True, slots=True)
class Rest:
    """Days on end without any working time: the first, the last, and the place of the run that begins it, else -1."""

    first: date
    last: date
    special: int

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1


def stretches(week: tuple[Shifts, ...], runs: Sequence[Run]) -> list[Stretch]:
    """All days from year 1 to 9999 by the rule that they follow; where several runs cover a day, the last one holds."""
    cuts = sorted({_FIRST, _PAST, *(run[0] for run in runs), *(run[1] for run in runs)})
    order = sorted(range(len(runs)), key=lambda place: runs[place][0])
    found: list[Stretch] = []
    holding: list[int] = []
    begun = 0
    for first, past in pairwise(cuts):
        while begun < len(order) and runs[order[begun]][0] <= first:
            heappush(holding, -order[begun])
            begun += 1
        while holding and runs[-holding[0]][1] <= first:
            heappop(holding)
        place = -holding[0] if holding else -1
        found.append(Stretch(first, past, week if place < 0 else (runs[place][2],) * 7, place))
    return found


def rests(found: Sequence[Stretch], longer_than: int) -> Iterator[Rest]:
    """Every rest of more than that many days, but for a week's own."""
    last, special = _FIRST - 1, -1
    for one in found:
        opens = next((day for day in range(one.first, min(one.past, one.first + 7)) if one.works_on(day)), None)
        if opens is None:
            special = one.special if special < 0 else special
            continue
        if opens - last - 1 > longer_than:
            yield _rest(last + 1, opens - 1, special)
        last, special = next(day for day in range(one.past - 1, one.first - 1, -1) if one.works_on(day)), -1
    if _PAST - last - 1 > longer_than:
        yield _rest(last + 1, _PAST - 1, special)


def _rest(first: int, last: int, special: int) -> Rest:
    return Rest(date.fromordinal(first), date.fromordinal(last), special)


@dataclass(frozen=True, slots=True)
class Work:
    """Working time: minutes, and days that have any."""

    minutes: int
    days: int


def least(found: Sequence[Stretch], days: int) -> Work:
    """The least working time of any so many days on end that begin from 2020 to 2100; each measure by itself."""
    sums = _Sums(found)
    starts = [day for one in found for day in (one.first, one.first - days) if _ASKED[0] <= day < _ASKED[1]]
    works = [sums.between(day, min(day + days, _PAST)) for day in (*_ASKED, *starts)]
    return Work(min(work.minutes for work in works), min(work.days for work in works))


class _Sums:
    """Working time up to any day."""

    def __init__(self, found: Sequence[Stretch]) -> None:
        self._found = found
        self._firsts = [one.first for one in found]
        self._before = [Work(0, 0)]
        for one in found:
            self._before.append(_plus(self._before[-1], _of(one, one.past)))

    def between(self, first: int, past: int) -> Work:
        begin, end = self._up_to(first), self._up_to(past)
        return Work(end.minutes - begin.minutes, end.days - begin.days)

    def _up_to(self, day: int) -> Work:
        place = bisect_right(self._firsts, day) - 1
        return _plus(self._before[place], _of(self._found[place], min(day, self._found[place].past)))


def _plus(one: Work, other: Work) -> Work:
    return Work(one.minutes + other.minutes, one.days + other.days)


def _of(one: Stretch, past: int) -> Work:
    """The working time of a stretch up to a day: of its whole weeks, and of the days that are left over."""
    minutes = [sum(closes - opens for opens, closes in shifts) for shifts in one.week]
    weeks, left = divmod(past - one.first, 7)
    rest = [minutes[(one.first - 1 + number) % 7] for number in range(left)]
    return Work(
        weeks * sum(minutes) + sum(rest),
        weeks * sum(worked > 0 for worked in minutes) + sum(worked > 0 for worked in rest),
    )
