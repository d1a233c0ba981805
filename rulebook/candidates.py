"""The policies that may explain an office's due times: a finite list that knows nothing of the rows.

A policy is a whole number of a unit on a calendar: around the clock, or hours x week x days off, the days off from the
`holidays` library.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from domain.calendar import Calendar, Span, Special, always, office, span
from rulebook.feeds import Day, library_days
from rulebook.hours import each

TOLERANCE = timedelta(minutes=2)
"""How far a due time may lie from the target."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_HOURS = ((510, 1020), (480, 1020), (540, 1020), (0, 1440))
_WEEKS = (((0, 1, 2, 3, 4), "周一至周五", "Mon–Fri"), ((0, 1, 2, 3, 4, 5), "周一至周六", "Mon–Sat"))
_UNITS = {
    "d": ("{} 个日历日", "{} calendar day{s}"),
    "d end": ("{} 个日历日，至当日末", "{} calendar day{s}, to the end of the day"),
    "h": ("{} 小时", "{} hour{s} elapsed"),
    "wd": ("{} 个工作日", "{} working day{s}"),
    "wd end": ("{} 个工作日，至当日下班", "{} working day{s}, to the close of the day"),
    "wh": ("{} 个工作小时", "{} working hour{s}"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One row: where it stands, its type, its instants (aware), and whether the office called it overdue.

    `target`, `closed` and `overdue` are None when the row does not say.
    """

    row: int
    type: str
    opened: datetime
    target: datetime | None = None
    closed: datetime | None = None
    overdue: bool | None = None

    @property
    def due(self) -> datetime:
        """The target of a row that has one."""
        if self.target is None:
            raise ValueError(f"row {self.row} has no target")
        return self.target


@dataclass(frozen=True, slots=True)
class Office:
    """A candidate calendar with its name in words.

    Attributes:
        key: its place among the candidates; 0 is the one around the clock.
        calendar: the calendar itself.
        plain: the key of the same calendar without days off.
        days_off: the days off, ISO, in order.
        zh: what it is called in Chinese.
        en: what it is called in English.
    """

    key: int
    calendar: Calendar
    plain: int
    days_off: tuple[str, ...]
    zh: str
    en: str

    def rests(self, first: date, last: date) -> bool:
        """True when a day off lies between the two days, both inclusive."""
        at = bisect_left(self.days_off, first.isoformat())
        return at < len(self.days_off) and self.days_off[at] <= last.isoformat()


@dataclass(frozen=True, slots=True)
class Policy:
    """A candidate: `number` of a `unit` (`d`, `d end`, `h`, `wd`, `wd end`, `wh`) on the calendar of an office."""

    office: int
    number: int
    unit: str

    @property
    def span(self) -> Span:
        """The length of time."""
        return _span(self.number, self.unit)

    def words(self, candidates: Sequence[Office]) -> tuple[str, str]:
        """The policy in Chinese and English."""
        place, many = candidates[self.office], "s" * (self.number > 1)
        zh, en = (text.format(self.number, s=many) for text in _UNITS[self.unit])
        return f"{zh}，{place.zh}", f"{en}, {place.en}"


def offices(zone: str, years: Iterable[int], country: str, province: str) -> tuple[Office, ...]:
    """Every candidate calendar: hours x week x holidays, and around the clock.

    Raises:
        LookupError: the country or province is unknown; the argument says which.
    """
    asked = tuple(years)
    whole, local = library_days(country, asked).days, library_days(country, asked, province).days
    rests: tuple[tuple[tuple[Day, ...], str, str], ...] = (
        ((), "节假日不休", "no holidays"),
        (local, f"休 {country}-{province} 节假日", f"off on {country}-{province} holidays"),
        (whole, f"休 {country} 节假日", f"off on {country} holidays"),
        ((*local, *whole), f"休 {country} 与 {country}-{province} 节假日", f"off on {country} and {province} holidays"),
    )
    found = [Office(0, always(zone), 0, (), "全天候", "around the clock")]
    for (opens, closes), (week, week_zh, week_en) in product(_HOURS, _WEEKS):
        hours, plain = f"{opens // 60:02}:{opens % 60:02}–{closes // 60:02}:{closes % 60:02}", len(found)
        for off, zh, en in rests:
            days = [day for run in off if not run.work for day in each(run.first, run.last)]
            specials = tuple(Special(day, day) for day in sorted(set(days)))
            calendar = office(zone, opens, closes, week, specials)
            names = f"{week_zh} {hours}，{zh}", f"{week_en} {hours}, {en}"
            found.append(Office(len(found), calendar, plain, tuple(sorted(set(days))), *names))
    return tuple(found)


def explaining(request: Request, candidates: Sequence[Office]) -> Iterator[Policy]:
    """The policies that explain the row, at most one of a unit and calendar."""
    target = request.due
    plain: defaultdict[int, list[Policy]] = defaultdict(list)
    zone = ZoneInfo(candidates[0].calendar.zone)
    first, last = request.opened.astimezone(zone).date(), (target + TOLERANCE).astimezone(zone).date()
    for place in candidates:
        if place.plain in plain and not place.rests(first, last):
            # Up to the target it is the plain calendar; reckoning it again would take most of the time.
            yield from (Policy(place.key, policy.number, policy.unit) for policy in plain[place.plain])
            continue
        plain[place.key] = []
        for unit, number in _GUESSES[place.key > 0](place.calendar, request.opened, target):
            policy = Policy(place.key, number, unit)
            if number > 0 and abs(place.calendar.add(request.opened, policy.span) - target) <= TOLERANCE:
                plain[place.key].append(policy)
                yield policy


def _around_the_clock(calendar: Calendar, opened: datetime, target: datetime) -> Iterator[tuple[str, int]]:
    zone = ZoneInfo(calendar.zone)
    begin, end = (at.astimezone(zone).replace(tzinfo=None) for at in (opened, target))
    yield from _whole("d", end - begin, _DAY)
    yield from _whole("h", target - opened, _HOUR)
    midnight = end + TOLERANCE
    if midnight - midnight.replace(hour=0, minute=0, second=0, microsecond=0) <= 2 * TOLERANCE:
        yield "d end", (midnight.date() - begin.date()).days - 1


def _in_shifts(calendar: Calendar, opened: datetime, target: datetime) -> Iterator[tuple[str, int]]:
    opens, closes = calendar.week[0][0]
    worked, day = timedelta(minutes=calendar.between(opened, target)), timedelta(minutes=closes - opens)
    yield from _whole("wd", worked, day)
    yield from _whole("wh", worked, _HOUR)
    local = target.astimezone(ZoneInfo(calendar.zone)).replace(tzinfo=None)
    closing = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=closes)
    if min(abs(local - closing), abs(local + _DAY - closing)) <= TOLERANCE:
        yield "wd end", -((TOLERANCE - worked) // day) - 1


def _whole(unit: str, length: timedelta, one: timedelta) -> Iterator[tuple[str, int]]:
    number = round(length / one)
    if abs(length - number * one) <= TOLERANCE:
        yield unit, number


_GUESSES: tuple[Callable[[Calendar, datetime, datetime], Iterator[tuple[str, int]]], ...] = (
    _around_the_clock,
    _in_shifts,
)
"""What may explain a row, by whether the calendar has shifts; `explaining` asks the calendar whether it does."""


@lru_cache(maxsize=4096)
def _span(number: int, unit: str) -> Span:
    name, _, end = unit.partition(" ")
    return span(f"{number}{name}{' end' if end else ''}")
