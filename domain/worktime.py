"""A calendar compiled for speed: its shifts as sorted instants, year by year, and the arithmetic over them.

Everything in here is whole microseconds since 1970 UTC ("instants") or since 1970 on the local clock ("wall"), so that
the same question always has exactly the same answer. A local time that does not exist lies as far after the gap's
beginning as it would without the gap; of a local time that comes twice, the first is meant. Each shift is cut to its
own local day and to the shift before it, so that no clock change counts a minute twice.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = 60_000_000
DAY = 1440 * MINUTE
_YEAR = 31_556_952_000_000
_HORIZON_YEARS = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the local clock's own zero
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)

Shifts = tuple[tuple[int, int], ...]
"""The shifts of a day: (opens, closes) in minutes after local midnight."""


def micros(at: datetime) -> int:
    """The instant in microseconds; raises TypeError when `at` has no zone."""
    return (at - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """The aware UTC datetime; raises ValueError beyond the year 9999."""
    try:
        return _EPOCH + at * _MICROSECOND
    except OverflowError:
        raise ValueError("the span ends beyond the year 9999: write a shorter one") from None


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def day_of(number: int) -> date:
    """The inverse of `day_number`."""
    return date.fromordinal(number + _EPOCH_DAY)


def wall_of(zone: ZoneInfo, at: int) -> int:
    """What the local clock shows at that instant."""
    offset = instant(at).astimezone(zone).utcoffset()
    return at + (offset or timedelta()) // _MICROSECOND


def at_wall(zone: ZoneInfo, wall: int, fold: int = 0) -> int:
    """The instant at which the local clock shows `wall`; `fold=1` means the second of two, or before a gap."""
    try:
        local = _LOCAL_EPOCH + timedelta(microseconds=wall)
    except OverflowError:
        raise ValueError("the span ends beyond the year 9999: write a shorter one") from None
    offset = zone.utcoffset(local.replace(fold=1) if fold else local)
    return wall - (offset or timedelta()) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Year:
    """The shifts of one local year, in order.

    Attributes:
        begin: the year's first instant.
        end: the next year's first instant.
        opens: when each shift opens.
        closes: when each shift closes, its instant no longer inside.
        done: working time of the year up to each closing.
        day: which working day (place in `days`) each shift belongs to.
        days: the working days, as days since 1970.
        first: place of each working day's first shift, and past the end the number of shifts.
        total: working time of the whole year.
    """

    begin: int
    end: int
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    done: tuple[int, ...]
    day: tuple[int, ...]
    days: tuple[int, ...]
    first: tuple[int, ...]
    total: int

    def worked(self, at: int) -> int:
        """Working time of this year up to an instant."""
        place = bisect_right(self.opens, at) - 1
        if place < 0:
            return 0
        left = self.closes[place] - at
        return self.done[place] - left if left > 0 else self.done[place]


class Index:
    """A calendar's shifts, compiled a year at a time when first asked for."""

    __slots__ = ("_shifts_on", "_years", "zone")

    def __init__(self, zone: ZoneInfo, shifts_on: Callable[[int], Callable[[date], Shifts]]) -> None:
        """`shifts_on` gives for a year the function from its days to their shifts."""
        self.zone = zone
        self._shifts_on = shifts_on
        self._years: dict[int, Year] = {}

    def year(self, number: int) -> Year:
        """The compiled year; raises ValueError outside 2 to 9998."""
        found = self._years.get(number)
        if found is None:
            found = self._years[number] = self._compile(number)
        return found

    def _compile(self, number: int) -> Year:
        if not 2 <= number <= 9998:
            raise ValueError(f"the year {number} is beyond every calendar: write a shorter span")
        shifts_on, zone = self._shifts_on(number), self.zone
        first_day, past = day_number(date(number, 1, 1)), day_number(date(number + 1, 1, 1))
        opens: list[int] = []
        closes: list[int] = []
        done: list[int] = []
        day: list[int] = []
        days: list[int] = []
        first: list[int] = []
        begin = midnight = at_wall(zone, first_day * DAY)
        total = 0
        for today in range(first_day, past):
            reached, midnight = midnight, max(midnight, at_wall(zone, (today + 1) * DAY))
            for shift_opens, shift_closes in shifts_on(day_of(today)):
                start = max(reached, at_wall(zone, today * DAY + shift_opens * MINUTE))
                end = min(midnight, at_wall(zone, today * DAY + shift_closes * MINUTE))
                if start < end:
                    if not days or days[-1] != today:
                        days.append(today)
                        first.append(len(opens))
                    total += end - start
                    opens.append(start)
                    closes.append(end)
                    done.append(total)
                    day.append(len(days) - 1)
                    reached = end
        return Year(
            begin=begin,
            end=midnight,
            opens=tuple(opens),
            closes=tuple(closes),
            done=tuple(done),
            day=tuple(day),
            days=tuple(days),
            first=(*first, len(opens)),
            total=total,
        )

    def _year_of(self, at: int) -> tuple[int, Year]:
        """The local year that an instant lies in, with its number."""
        number = 1970 + at // _YEAR
        year = self.year(number)
        while at < year.begin:
            number -= 1
            year = self.year(number)
        while at >= year.end:
            number += 1
            year = self.year(number)
        return number, year

    def _filled(self, number: int, step: int) -> int:
        """The next year from `number` that has working time; the years before it are known to have none."""
        for year in range(number, number + step * (_HORIZON_YEARS + 1), step):
            if self.year(year).opens:
                return year
        raise ValueError(
            f"the calendar has no working time within ten years {'after' if step > 0 else 'before'} {number - step}: "
            "give it a working week"
        )

    def _shift_after(self, at: int) -> tuple[int, Year, int]:
        """The first shift that closes after an instant: its year's number, the year, the place in it."""
        number, year = self._year_of(at)
        place = bisect_right(year.closes, at)
        if place < len(year.closes):
            return number, year, place
        number = self._filled(number + 1, 1)
        return number, self.year(number), 0

    def _shift_before(self, at: int) -> tuple[int, Year, int]:
        """The last shift that opens before an instant or at it."""
        number, year = self._year_of(at)
        place = bisect_right(year.opens, at) - 1
        if place >= 0:
            return number, year, place
        number = self._filled(number - 1, -1)
        year = self.year(number)
        return number, year, len(year.opens) - 1

    def works(self, day: int) -> bool:
        """True when that day (since 1970) has working time."""
        days = self.year(day_of(day).year).days
        place = bisect_left(days, day)
        return place < len(days) and days[place] == day

    def open_at(self, at: int) -> bool:
        """True inside a shift; at its closing no longer."""
        _, year = self._year_of(at)
        place = bisect_right(year.opens, at) - 1
        return place >= 0 and at < year.closes[place]

    def next_working(self, at: int) -> int:
        """The instant itself when inside a shift, else the next opening."""
        _, year, place = self._shift_after(at)
        return max(at, year.opens[place])

    def previous_working(self, at: int) -> int:
        """The instant itself when inside a shift or at its ends, else the last closing."""
        if self.open_at(at):
            return at
        _, year, place = self._shift_before(at)
        return min(at, year.closes[place])

    def between(self, start: int, end: int) -> int:
        """Working time from `start` to `end`; 0 when end is not later."""
        if end <= start:
            return 0
        number, year = self._year_of(start)
        if end < year.end:
            return year.worked(end) - year.worked(start)
        last, end_year = self._year_of(end)
        worked = end_year.worked(end) - year.worked(start)
        return worked + sum(self.year(passed).total for passed in range(number, last))

    def forward(self, start: int, length: int) -> int:
        """The instant at which `length` of working time after `start` is done: at a closing rather than an opening."""
        number, year, place = self._shift_after(start)
        begins = year.opens[place]
        if start > begins:
            begins = start
        if length <= 0:
            return begins
        target = year.done[place] - (year.closes[place] - begins) + length
        while target > year.total:
            target -= year.total
            number = self._filled(number + 1, 1)
            year, place = self.year(number), 0
        place = bisect_left(year.done, target, place)
        return year.closes[place] - (year.done[place] - target)

    def backward(self, end: int, length: int) -> int:
        """The latest instant from which `length` of working time is done by `end`: an opening rather than a closing."""
        if length <= 0:
            return self.previous_working(end)
        number, year, place = self._shift_before(end)
        target = year.done[place] - max(0, year.closes[place] - end) - length
        while target < 0:
            number = self._filled(number - 1, -1)
            year = self.year(number)
            target += year.total
        place = bisect_right(year.done, target)
        return year.closes[place] - (year.done[place] - target)

    def _day_later(self, number: int, place: int, days: int) -> tuple[Year, int]:
        """The working day `days` after (or before) the one at that place of that year."""
        year = self.year(number)
        place += days
        while place >= len(year.days):
            place -= len(year.days)
            number = self._filled(number + 1, 1)
            year = self.year(number)
        while place < 0:
            number = self._filled(number - 1, -1)
            year = self.year(number)
            place += len(year.days)
        return year, place

    def days_forward(self, start: int, days: int, end_of_day: bool) -> int:
        """The same time of day that many working days later, or that day's last closing.

        The start counts from the next working instant. A time of day that is no working time on that day becomes the
        next opening of that day, or its last closing.
        """
        number, year, place = self._shift_after(start)
        begins = max(start, year.opens[place])
        if days == 0 and not end_of_day:
            return begins
        later, day = self._day_later(number, year.day[place], days)
        opening, past = later.first[day], later.first[day + 1]
        if end_of_day:
            return later.closes[past - 1]
        time_of_day = wall_of(self.zone, begins) - year.days[year.day[place]] * DAY
        target = at_wall(self.zone, later.days[day] * DAY + time_of_day)
        shift = bisect_left(later.closes, target, opening, past)
        return later.closes[past - 1] if shift == past else max(target, later.opens[shift])

    def days_back(self, end: int, days: int, end_of_day: bool) -> int:
        """The mirror image of `days_forward`: openings become closings; with `end_of_day` from that day's closing."""
        if days == 0 and not end_of_day:
            return self.previous_working(end)
        number, year, place = self._shift_before(end)
        ends = min(end, year.closes[place])
        from_day = year.day[place]
        if end_of_day and ends < year.closes[year.first[from_day + 1] - 1]:
            days += 1  # that day's end has not come yet
        earlier, day = self._day_later(number, from_day, -days)
        opening, past = earlier.first[day], earlier.first[day + 1]
        if end_of_day:
            return earlier.closes[past - 1]
        time_of_day = wall_of(self.zone, ends) - year.days[from_day] * DAY
        target = at_wall(self.zone, earlier.days[day] * DAY + time_of_day)
        shift = bisect_right(earlier.opens, target, opening, past) - 1
        return earlier.opens[opening] if shift < opening else min(target, earlier.closes[shift])
