"""Clock changes, every zone of the tz database, and a slow calendar that counts minute by minute."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from domain.calendar import Calendar, Shifts, Span, Special, always, office, span

MINUTE = timedelta(minutes=1)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


def local(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "start", "length", "end"),
    [
        ("Europe/Berlin", "2026-03-28 02:30", "1d", "2026-03-29 03:30"),  # a gap: as far after its beginning
        ("Europe/Berlin", "2026-03-28 12:00", "1d", "2026-03-29 12:00"),
        ("Europe/Berlin", "2026-03-28 12:00", "24h", "2026-03-29 13:00"),
        ("Europe/Berlin", "2026-10-24 02:30", "1d", "2026-10-25 02:30"),  # it comes twice: the first
        ("Europe/Berlin", "2026-03-27 17:00", "2wh", "2026-03-30 10:00"),  # opening hours by the local clock
        ("Europe/Berlin", "2026-03-27 17:00", "1wd", "2026-03-30 17:00"),
        ("Australia/Lord_Howe", "2026-04-04 01:45", "1d", "2026-04-05 01:45"),  # half an hour back
        ("Australia/Lord_Howe", "2026-10-03 02:15", "1d", "2026-10-04 02:45"),  # and forward
        ("America/Havana", "2024-03-09 00:30", "1d", "2024-03-10 01:30"),  # midnight does not exist
        ("America/Havana", "2024-03-09 12:00", "0d end", "2024-03-10 01:00"),
        ("America/Havana", "2024-11-02 12:00", "0d end", "2024-11-03 00:00"),  # midnight comes twice
        ("Pacific/Apia", "2011-12-29 12:00", "1d", "2011-12-31 12:00"),  # the 30th never was
        ("Pacific/Apia", "2011-12-29 12:00", "2d", "2011-12-31 12:00"),
        ("Pacific/Apia", "2011-12-29 12:00", "1wd", "2012-01-02 12:00"),  # a Friday that never was is no working day
        ("Pacific/Apia", "2011-12-29 17:00", "2wh", "2012-01-02 10:00"),
        ("Antarctica/Troll", "2026-03-28 01:30", "1d", "2026-03-29 03:30"),  # two hours forward
        ("Antarctica/Troll", "2026-10-24 01:30", "1d", "2026-10-25 01:30"),
        ("America/New_York", "2026-03-07 02:30", "at 2026-03-08T02:30", "2026-03-08 03:30"),
    ],
)
def test_a_span_keeps_the_local_clock(zone: str, start: str, length: str, end: str) -> None:
    assert office(zone, 540, 1080).add(local(start, zone), span(length)) == local(end, zone)


def test_the_second_of_two_local_times_is_meant_when_the_first_lies_before_the_start() -> None:
    berlin, second = always("Europe/Berlin"), local("2026-10-25 02:30", "Europe/Berlin", fold=1)
    assert berlin.add(second, span("0d")) == second
    assert berlin.add(second, Span(10 / 1440, "d")) == second + 10 * MINUTE
    johns = local("2006-10-28 23:30", "America/St_Johns", fold=1)  # one minute past midnight the clock went back
    assert always("America/St_Johns").add(johns, span("0d end")) == johns + 30 * MINUTE


def test_days_before_a_due_time_keep_the_local_clock_too() -> None:
    berlin, day = always("Europe/Berlin"), span("1d")
    for end, start, fold in [
        ("2026-03-30 12:00", "2026-03-29 12:00", 0),
        ("2026-03-30 02:30", "2026-03-29 01:30", 0),  # a gap: as long before it, so that the day is over by the end
        ("2026-10-26 02:30", "2026-10-25 02:30", 1),  # it comes twice: the latest
    ]:
        found = berlin.back(local(end, "Europe/Berlin"), day)
        assert found == local(start, "Europe/Berlin", fold)
        assert berlin.add(found, day) <= local(end, "Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("Europe/Berlin", "2026-03-29", 1380), ("Europe/Berlin", "2026-10-25", 1500),
        ("Australia/Lord_Howe", "2026-10-04", 1410), ("Australia/Lord_Howe", "2026-04-05", 1470),
        ("America/Havana", "2024-03-10", 1380), ("America/Havana", "2024-11-03", 1500),
        ("Antarctica/Troll", "2026-03-29", 1320), ("Antarctica/Troll", "2026-10-25", 1560),
        ("Pacific/Apia", "2011-12-30", 0), ("Asia/Shanghai", "2026-03-29", 1440),
    ],
)  # fmt: skip
def test_a_day_around_the_clock_has_the_minutes_that_passed(zone: str, day: str, minutes: int) -> None:
    begin, end = (local(f"{date.fromisoformat(day) + timedelta(days=more)} 00:00", zone) for more in (0, 1))
    calendar = always(zone)
    assert calendar.between(begin, end) == minutes
    assert calendar.works_on(date.fromisoformat(day)) is (minutes > 0)


@pytest.mark.parametrize(
    ("shifts", "minutes"),
    [
        (((0, 150), (150, 1440)), 1380),  # touching in the middle of the gap
        (((0, 150), (150, 195), (195, 1440)), 1380),  # one whole shift inside it
        (((135, 165),), 30),  # opens and closes inside the gap: moved as a whole
        (((60, 150),), 90),  # closes inside the gap: at the clock's 03:30
        (((150, 300),), 90),  # opens inside the gap: at the clock's 03:30
        (((150, 195),), 0),  # would close before it opens
    ],
)
def test_shifts_in_a_gap_never_count_a_minute_twice(shifts: Shifts, minutes: int) -> None:
    calendar = Calendar("Europe/Berlin", (shifts,) * 7)
    begin, end = local("2026-03-29 00:00", "Europe/Berlin"), local("2026-03-30 00:00", "Europe/Berlin")
    assert calendar.between(begin, end) == minutes


def shown(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def exists(wall: datetime, zone: str) -> bool:
    return shown(wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), zone) == wall


@pytest.mark.parametrize("letter", sorted({zone[0] for zone in ZONES}))
def test_forth_and_back_agree_in_every_zone(letter: str) -> None:
    for zone in (name for name in ZONES if name[0] == letter):
        dice = random.Random(zone)
        year = datetime(dice.randint(1900, 2036), 1, 1, tzinfo=UTC)
        lunch = Calendar(zone, (((dice.randint(0, 500), 720), (750, dice.randint(760, 1440))),) * 5 + ((), ()))
        for calendar in (lunch, always(zone)):
            before = None
            for seconds in sorted(dice.randrange(330 * 86_400_000_000) for _ in range(4)):
                start = year + timedelta(days=2, microseconds=seconds)
                minutes = dice.randint(1, 9000)
                due = calendar.add(start, Span(minutes, "wmin"))
                assert calendar.between(start, due) == minutes, (zone, start, minutes)
                assert calendar.add(start, Span(calendar.between(start, due), "wmin")) == due, (zone, start, minutes)
                origin = calendar.back(due, Span(minutes, "wmin"))
                assert calendar.between(origin, due) == minutes, (zone, start, minutes)
                assert origin >= start, (zone, start, minutes)
                assert calendar.add(start, Span(minutes - 1, "wmin")) < due, (zone, start, minutes)
                days = dice.randint(0, 25)
                for length in (Span(days, "wd"), Span(days, "wd", end_of_day=True), Span(days + 0.5, "wd")):
                    landed = calendar.add(start, length)
                    assert start <= landed == calendar.previous_working(landed), (zone, start, length)
                    assert landed <= calendar.add(start, Span(days + 1, "wd", length.end_of_day)), (zone, start, length)
                wall = shown(start, zone) + timedelta(days=days)
                on = calendar.add(start, Span(days, "d"))
                assert on >= start, (zone, start, days)
                assert (shown(on, zone) == wall) is (exists(wall, zone) or days == 0), (zone, start, days)
                assert calendar.back(on, Span(days, "d")) <= on, (zone, start, days)
                assert calendar.add(start, Span(days, "d", end_of_day=True)) > start, (zone, start, days)
                if before is not None:
                    assert calendar.add(before, span("700wmin")) <= calendar.add(start, span("700wmin")), (zone, start)
                before = start
        begin, end = local(f"{year.year}-01-01 00:00", zone), local(f"{year.year + 1}-01-01 00:00", zone)
        assert always(zone).between(begin, end) * 60 == (end - begin).total_seconds(), (zone, year)


class Slow:
    """A calendar that knows of every minute of some months whether it is worked, and steps through them."""

    def __init__(self, calendar: Calendar, first: date, days: int) -> None:
        self.zone, self.begin = ZoneInfo(calendar.zone), datetime(first.year, first.month, first.day, tzinfo=UTC)
        self.worked = [False] * ((days + 4) * 1440)
        self.day: dict[int, date] = {}
        for number in range(-2, days + 2):
            day = first + timedelta(days=number)
            shifts = calendar.week[day.weekday()]
            for special in calendar.specials:
                if date.fromisoformat(special.first) <= day <= date.fromisoformat(special.last):
                    shifts = special.shifts
            for opens, closes in shifts:
                for minute in range(self.minute(self.local(day, opens)), self.minute(self.local(day, closes))):
                    if 0 <= minute < len(self.worked):
                        self.worked[minute] = True
                        self.day[minute] = day

    def local(self, day: date, minute: int) -> datetime:
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall time
        return wall.replace(tzinfo=self.zone)

    def minute(self, at: datetime) -> int:
        return round((at.astimezone(UTC) - self.begin).total_seconds()) // 60

    def add_minutes(self, start: int, minutes: int) -> int:
        at = start
        while minutes or not self.worked[at]:
            if self.worked[at]:
                minutes -= 1
                if not minutes:
                    return at + 1
            at += 1
        return at

    def between(self, start: int, end: int) -> int:
        return sum(self.worked[start:end])

    def add_days(self, start: int, days: int, end_of_day: bool) -> int:
        at = self.add_minutes(start, 0)
        shows = (self.begin + at * MINUTE).astimezone(self.zone)
        counted = sorted({day for minute, day in self.day.items() if minute >= at})
        day = counted[days]
        mine = [minute for minute in range(len(self.worked)) if self.day.get(minute) == day]
        if end_of_day:
            return mine[-1] + 1
        if not days:
            return at
        target = self.minute(self.local(day, shows.hour * 60 + shows.minute))
        if target > mine[-1]:
            return mine[-1] + 1
        while not self.worked[target] and not self.worked[target - 1]:
            target += 1
        return max(target, mine[0])


def random_shifts(dice: random.Random) -> Shifts:
    if dice.random() < 0.15:
        return ((0, 1440),)
    edges = sorted(dice.sample(range(1441), 2 * dice.randint(1, 3)))
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def random_calendar(dice: random.Random, first: date) -> Calendar:
    week = [random_shifts(dice) if dice.random() < 0.75 else () for _ in range(7)]
    week[dice.randrange(7)] = random_shifts(dice)
    specials = []
    for _ in range(dice.randint(0, 12)):
        day = first + timedelta(days=dice.randrange(75))
        shifts = random_shifts(dice) if dice.random() < 0.4 else ()
        specials.append(Special(day.isoformat(), (day + timedelta(days=dice.randint(0, 4))).isoformat(), shifts))
    return Calendar(dice.choice(ZONES), tuple(week), tuple(specials))


@pytest.mark.parametrize("seed", range(40))
def test_a_slow_calendar_that_counts_minutes_says_the_same(seed: int) -> None:
    dice = random.Random(seed)
    first = date(dice.choice([2024, 2025, 2026]), dice.choice([2, 3, 9, 10, 12]), 1)
    calendar = random_calendar(dice, first)
    slow = Slow(calendar, first, 160)
    for _ in range(6):
        start, minutes, days = dice.randrange(1440, 30 * 1440), dice.randint(1, 3000), dice.randint(0, 8)
        at = slow.begin + start * MINUTE
        due = slow.add_minutes(start, minutes)
        assert calendar.add(at, Span(minutes, "wmin")) == slow.begin + due * MINUTE
        other = dice.randrange(1440, 60 * 1440)
        assert calendar.between(at, slow.begin + other * MINUTE) == slow.between(start, other)
        assert calendar.next_working(at) == slow.begin + slow.add_minutes(start, 0) * MINUTE
        for end_of_day in (False, True):
            expected = slow.begin + slow.add_days(start, days, end_of_day) * MINUTE
            assert calendar.add(at, Span(days, "wd", end_of_day)) == expected, (start, days, end_of_day)
