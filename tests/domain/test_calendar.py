"""Working time as an office counts it, over the published holidays and make-up days of 2026, and past faults."""

from __future__ import annotations

import copy
import pickle
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import (
    Calendar,
    Span,
    Special,
    always,
    at_local,
    check,
    local_day,
    local_hour,
    office,
    span,
)

DAY_SHIFT = ((540, 1080),)
OFF = ["2026-01-01/03", "2026-02-15/23", "2026-04-04/06", "2026-05-01/05", "2026-06-19/21", "2026-09-25/27",
       "2026-10-01/07", "2027-01-01/03"]  # fmt: skip
MADE_UP = ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
SPECIALS = tuple(Special(text[:10], text[:8] + text[11:]) for text in OFF) + tuple(
    Special(day, day, DAY_SHIFT) for day in MADE_UP
)
OFFICE = office("Asia/Shanghai", 540, 1080, specials=SPECIALS)
PLAIN = office("Asia/Shanghai", 540, 1080)
LUNCH = Calendar("Asia/Shanghai", (((540, 720), (810, 1080)),) * 4 + (((540, 720),), ((600, 660),), ()))
SHANGHAI = ZoneInfo("Asia/Shanghai")
INSTANTS = st.integers(min_value=0, max_value=500 * 86400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
CALENDARS = st.sampled_from([OFFICE, PLAIN, LUNCH, always("Asia/Shanghai"), office("Europe/Berlin", 120, 1440)])
STEADY = settings(derandomize=True, deadline=None)
FACTORS = st.sampled_from([0.5, 0.75, 0.9, 0.999])


def local(text: str, zone: str = "Asia/Shanghai", fold: int = 0) -> datetime:
    """An instant written as local time, such as '2026-11-20 17:30'."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-11-20 17:30", "1wh", "2026-11-23 09:30"),  # Friday evening to Monday morning
        ("2026-11-20 17:30", "1h", "2026-11-20 18:30"),
        ("2026-11-20 10:15", "1wd", "2026-11-23 10:15"),
        ("2026-11-21 12:00", "1wd", "2026-11-24 09:00"),  # from a Saturday: as if it came on Monday at opening
        ("2026-11-20 19:00", "1wd", "2026-11-24 09:00"),  # after closing: the same
        ("2026-11-20 18:00", "1wd", "2026-11-24 09:00"),  # at closing: the same
        ("2026-11-20 07:00", "1wd", "2026-11-23 09:00"),
        ("2026-11-20 09:00", "9wh", "2026-11-20 18:00"),  # the end of the shift, not the next opening
        ("2026-12-31 16:00", "2wh", "2026-12-31 18:00"),  # and so at the end of the year
        ("2026-11-20 09:00", "0.5wd", "2026-11-20 13:30"),
        ("2026-11-20 16:00", "0.5wd", "2026-11-23 11:30"),
        ("2026-11-20 16:00", "2.5wd", "2026-11-25 11:30"),
        ("2026-11-20 17:00", "0wmin", "2026-11-20 17:00"),
        ("2026-11-20 18:00", "0wmin", "2026-11-23 09:00"),
        ("2026-11-21 17:00", "0wd", "2026-11-23 09:00"),
        ("2026-11-21 17:00", "0d", "2026-11-21 17:00"),
        ("2026-09-30 16:00", "3wh", "2026-10-08 10:00"),  # the National Day week
        ("2026-10-09 10:00", "1wd", "2026-10-10 10:00"),  # a make-up Saturday works
        ("2026-02-13 10:00", "2wd", "2026-02-24 10:00"),  # Spring Festival: Saturday 14th works, 15th to 23rd do not
        ("2026-02-27 17:00", "2wh", "2026-02-28 10:00"),
        ("2026-12-31 10:00", "1wd", "2027-01-04 10:00"),
        ("2026-11-20 23:00", "15d", "2026-12-05 23:00"),
        ("2026-11-20 23:00", "1.5d", "2026-11-22 11:00"),
        ("2026-11-20 10:00", "0wd end", "2026-11-20 18:00"),
        ("2026-11-20 10:00", "3wd end", "2026-11-25 18:00"),
        ("2026-11-20 18:00", "1wd end", "2026-11-24 18:00"),  # day 0 is Monday
        ("2026-11-20 10:00", "1.5wd end", "2026-11-24 13:30"),  # half of the day after
        ("2026-11-20 23:00", "15d end", "2026-12-06 00:00"),
        ("2026-11-20 23:00", "at 2026-12-31T18:00", "2026-12-31 18:00"),
        ("2027-11-20 23:00", "at 2026-12-31T18:00", "2027-11-20 23:00"),  # never before its start
    ],
)
def test_the_end_of_a_span(start: str, length: str, end: str) -> None:
    assert OFFICE.add(local(start), span(length)) == local(end)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-11-23 11:30", "60wmin", "2026-11-23 14:00"),
        ("2026-11-23 11:30", "30wmin", "2026-11-23 12:00"),  # the break begins: over, not after the break
        ("2026-11-23 12:30", "30wmin", "2026-11-23 14:00"),  # from the break: counts from the next shift
        ("2026-11-23 12:30", "1wd", "2026-11-24 13:30"),
        ("2026-11-26 14:00", "1wd", "2026-11-27 12:00"),  # Friday works until noon
        ("2026-11-27 09:30", "1wd", "2026-11-28 10:00"),  # Saturday opens at ten
        ("2026-11-27 11:30", "1wd", "2026-11-28 11:00"),  # and closes at eleven
        ("2026-11-27 11:30", "1wd end", "2026-11-28 11:00"),
        ("2026-11-28 10:30", "1wd", "2026-11-30 10:30"),
        ("2026-11-25 11:00", "2.5wd", "2026-11-27 12:00"),  # 11:00 Friday, then half of the two hours to Saturday 11:00
    ],
)
def test_a_lunch_break_and_different_days(start: str, length: str, end: str) -> None:
    assert LUNCH.add(local(start), span(length)) == local(end)


def test_a_time_of_day_that_falls_into_the_break_waits_for_its_end() -> None:
    calendar = Calendar("Asia/Shanghai", (((540, 1080),), ((540, 720), (810, 1080)), (), (), (), (), ()))
    assert calendar.add(local("2026-11-23 12:30"), span("1wd")) == local("2026-11-24 13:30")
    assert calendar.add(local("2026-11-23 12:00"), span("1wd")) == local("2026-11-24 12:00")


def test_a_part_of_no_working_time_at_all_moves_nothing() -> None:
    calendar = Calendar("Asia/Shanghai", (((960, 1020),), ((540, 720),), ((1020, 1080),), (), (), (), ()))
    for length, due in [("1wd", "2026-11-24 12:00"), ("1.5wd", "2026-11-24 12:00"), ("2wd", "2026-11-25 17:00")]:
        assert calendar.add(local("2026-11-23 16:30"), span(length)) == local(due)


@pytest.mark.parametrize(
    ("end", "length", "start"),
    [
        ("2026-11-23 10:00", "2h", "2026-11-23 08:00"),
        ("2026-11-23 10:00", "2wh", "2026-11-20 17:00"),
        ("2026-11-23 10:00", "60wmin", "2026-11-23 09:00"),  # the latest: not Friday's closing
        ("2026-11-22 10:00", "60wmin", "2026-11-20 17:00"),
        ("2026-11-24 10:00", "2wd", "2026-11-20 10:00"),
        ("2026-11-22 10:00", "1wd", "2026-11-19 18:00"),
        ("2026-11-23 09:00", "1wd", "2026-11-20 09:00"),
        ("2027-01-04 09:00", "1wd", "2026-12-31 09:00"),
        ("2027-01-04 09:00", "60wmin", "2026-12-31 17:00"),
        ("2027-01-04 10:00", "60wmin", "2027-01-04 09:00"),
        ("2026-11-23 10:00", "1.5wd", "2026-11-19 14:30"),
        ("2026-11-23 18:00", "1wd end", "2026-11-20 18:00"),
        ("2026-11-23 17:59", "1wd end", "2026-11-19 18:00"),
        ("2026-11-23 10:00", "2d", "2026-11-21 10:00"),
        ("2026-11-23 00:00", "2d end", "2026-11-21 00:00"),
        ("2026-11-23 10:00", "at 2026-11-01T10:00", "2026-11-01 10:00"),
        ("2026-11-22 10:00", "0wmin", "2026-11-20 18:00"),
    ],
)
def test_the_latest_start_of_a_span(end: str, length: str, start: str) -> None:
    assert OFFICE.back(local(end), span(length)) == local(start)


def test_the_next_and_the_previous_working_instant() -> None:
    for at, following, before in [
        ("2026-11-20 10:00", "2026-11-20 10:00", "2026-11-20 10:00"),
        ("2026-11-20 09:00", "2026-11-20 09:00", "2026-11-20 09:00"),
        ("2026-11-20 18:00", "2026-11-23 09:00", "2026-11-20 18:00"),
        ("2026-11-22 10:00", "2026-11-23 09:00", "2026-11-20 18:00"),
    ]:
        assert OFFICE.next_working(local(at)) == local(following)
        assert OFFICE.previous_working(local(at)) == local(before)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-01", False), ("2026-01-04", True), ("2026-02-14", True), ("2026-02-16", False), ("2026-02-23", False),
        ("2026-02-28", True), ("2026-04-06", False), ("2026-05-05", False), ("2026-05-09", True), ("2026-06-19", False),
        ("2026-09-20", True), ("2026-09-25", False), ("2026-10-07", False), ("2026-10-10", True), ("2026-10-11", False),
        ("2026-11-21", False), ("2026-11-23", True),
    ],
)  # fmt: skip
def test_the_published_days(day: str, works: bool) -> None:
    assert OFFICE.works_on(date.fromisoformat(day)) is works


# Faults that real systems had.


def test_a_pause_over_a_weekend_is_not_counted_twice() -> None:
    due = OFFICE.add(local("2026-11-19 10:00"), span("2wd"))  # Monday 10:00
    left = OFFICE.between(local("2026-11-20 17:00"), due)
    assert left == 120
    assert OFFICE.add(local("2026-11-23 11:00"), Span(left, "wmin")) == local("2026-11-23 13:00")


@STEADY
@given(calendar=CALENDARS, start=INSTANTS, length=st.floats(min_value=0, max_value=4000, allow_nan=False))
def test_a_due_time_never_lies_outside_working_hours(calendar: Calendar, start: datetime, length: float) -> None:
    for due in (calendar.add(start, Span(length, "wmin")), calendar.add(start, Span(length / 480, "wd"))):
        assert calendar.previous_working(due) == due  # inside a shift or at its closing
        assert due >= start


def test_around_the_clock_no_minute_is_lost_at_midnight() -> None:
    for zone in ("Asia/Shanghai", "Europe/Berlin", "America/Havana"):
        calendar = always(zone)
        for day in range(731):
            evening = at_local(date(2026, 1, 1) + timedelta(days=day), 23, zone)
            assert calendar.add(evening, span("120wmin")) - evening == timedelta(minutes=120)
            assert calendar.between(evening, evening + timedelta(minutes=120)) == 120
        begin, end = at_local(date(2026, 1, 1), 0, zone), at_local(date(2028, 1, 1), 0, zone)
        assert calendar.between(begin, end) == 730 * 1440


@pytest.mark.parametrize(
    ("calendar", "field", "reason"),
    [
        (Calendar("Asia/Shanghai", ((),) * 7), "week", "no working time at all"),
        (Calendar("Asia/Shanghai", (DAY_SHIFT,) * 5), "week", "it has 5 days"),
        (Calendar("Asia/Shangai", (DAY_SHIFT,) * 7), "zone", "'Asia/Shangai' is no zone"),
        (Calendar("localtime", (DAY_SHIFT,) * 7), "zone", "'localtime' is no zone"),
        (Calendar("America", (DAY_SHIFT,) * 7), "zone", "'America' is no zone"),
        (Calendar("", (DAY_SHIFT,) * 7), "zone", "'' is no zone"),
        (office("Asia/Shanghai", 540, 1441), "week[0]", "09:00-24:01 leaves the day"),
        (office("Asia/Shanghai", -1, 540), "week[0]", "leaves the day"),
        (office("Asia/Shanghai", 540, 540), "week[0]", "09:00-09:00 is empty"),
        (office("Asia/Shanghai", 1320, 360), "week[0]", "22:00-06:00 is empty"),
        (Calendar("Asia/Shanghai", (((540, 720), (700, 1080)),) * 7), "week[0]", "09:00-12:00 and 11:40-18:00 overlap"),
        (Calendar("Asia/Shanghai", (((780, 1080), (540, 720)),) * 7), "week[0]", "stands after 13:00-18:00"),
        (office("Asia/Shanghai", 540, 1080, (9,)), "week", "no working time at all"),
        (office("UTC", 1, 2, specials=(Special("2026-1-1", "2026-01-01"),)), "specials[0].first", "is no date"),
        (office("UTC", 1, 2, specials=(Special("2026-01-01", "2026-W07-1"),)), "specials[0].last", "is no date"),
        (office("UTC", 1, 2, specials=(Special("2026-01-02", "2026-01-01"),)), "specials[0]", "before it begins"),
        (office("UTC", 1, 2, specials=(Special("2026-01-02", "2036-01-01"),)), "specials[0]", "days on end"),
        (
            office("UTC", 1, 2, specials=(Special("2026-01-02", "2026-01-02", ((9, 9),)),)),
            "specials[0].shifts",
            "empty",
        ),
    ],
)
def test_an_unusable_calendar_is_refused_with_the_reason(calendar: Calendar, field: str, reason: str) -> None:
    assert [fault for fault in check(calendar) if fault.field == field and reason in fault.reason and fault.remedy]


@pytest.mark.parametrize("calendar", [OFFICE, PLAIN, LUNCH, always("UTC"), office("Australia/Lord_Howe", 0, 1440)])
def test_a_good_calendar_has_no_fault(calendar: Calendar) -> None:
    assert check(calendar) == ()


def test_a_calendar_without_working_time_ends_the_search() -> None:
    empty = Calendar("Asia/Shanghai", ((),) * 7)
    closed = office("Asia/Shanghai", 540, 1080, specials=(Special("2026-01-01", "2099-12-31"),))
    for calendar in (empty, closed):
        for length in ("1wmin", "1wd", "0.5wd", "1wd end"):
            with pytest.raises(ValueError, match="no working time within ten years after"):
                calendar.add(local("2026-11-20 10:00"), span(length))
        with pytest.raises(ValueError, match="no working time within ten years"):
            calendar.next_working(local("2026-11-20 10:00"))
        assert calendar.between(local("2026-11-20 10:00"), local("2028-11-20 10:00")) == 0
    with pytest.raises(ValueError, match="within ten years before"):
        empty.back(local("2026-11-20 10:00"), span("1wmin"))
    assert closed.previous_working(local("2026-11-20 10:00")) == local("2025-12-31 18:00")


def test_an_unknown_zone_says_so() -> None:
    with pytest.raises(ValueError, match="'Asia/Shangai' is no zone"):
        office("Asia/Shangai", 540, 1080).add(local("2026-11-20 10:00"), span("1wh"))


def test_a_century_is_the_end_and_says_so() -> None:
    with pytest.raises(ValueError, match="write a shorter"):
        PLAIN.add(datetime(9990, 1, 1, tzinfo=UTC), span("36525d"))
    with pytest.raises(ValueError, match="write a shorter"):
        PLAIN.add(datetime(9990, 1, 1, tzinfo=UTC), span("36525wd"))


@STEADY
@given(start=INSTANTS, amount=st.floats(min_value=0, max_value=60, allow_nan=False), unit=st.sampled_from(["wd", "wh"]))
def test_holidays_make_nothing_earlier(start: datetime, amount: float, unit: str) -> None:
    holidays = office("Asia/Shanghai", 540, 1080, specials=SPECIALS[: len(OFF)])
    length = Span(amount, "wd") if unit == "wd" else Span(amount * 60, "wmin")
    assert holidays.add(start, length) >= PLAIN.add(start, length)


def test_a_day_that_a_feed_names_stays_a_working_day_unless_it_closes() -> None:
    named = office(
        "Asia/Shanghai", 540, 1080, specials=(Special("2026-11-23", "2026-11-23", DAY_SHIFT, "感恩", "Thanks"),)
    )
    assert named.works_on(date(2026, 11, 23))
    assert named.between(local("2026-11-23 00:00"), local("2026-11-24 00:00")) == 540


def test_where_several_specials_cover_a_day_the_last_one_holds() -> None:
    closed, back = Special("2026-11-01", "2026-11-30"), Special("2026-11-23", "2026-11-23", ((600, 660),))
    assert office("UTC", 540, 1080, specials=(closed, back)).shifts_on(date(2026, 11, 23)) == ((600, 660),)
    assert office("UTC", 540, 1080, specials=(back, closed)).shifts_on(date(2026, 11, 23)) == ()
    assert office("UTC", 540, 1080, specials=(back, closed)).special_on(date(2026, 11, 23)) is closed


def test_between_counts_only_work() -> None:
    assert OFFICE.between(local("2026-11-20 17:00"), local("2026-11-23 10:00")) == 120
    assert OFFICE.between(local("2026-11-21 00:00"), local("2026-11-22 23:59")) == 0
    assert OFFICE.between(local("2026-11-23 10:00"), local("2026-11-20 17:00")) == 0
    assert (
        OFFICE.between(local("2025-11-23 10:00"), local("2028-11-20 17:00"))
        == 60 * 9 * sum(OFFICE.works_on(date(2025, 11, 24) + timedelta(days=day)) for day in range(1092)) + 60 * 8
    )


def test_microseconds_are_kept() -> None:
    start = local("2026-11-20 17:59:59.999999")
    assert OFFICE.add(start, span("1wh")) == local("2026-11-23 09:59:59.999999")
    assert OFFICE.add(start, span("1wd")) == local("2026-11-23 17:59:59.999999")
    assert OFFICE.add(start, span("1d")) == local("2026-11-21 17:59:59.999999")


@given(INSTANTS, st.floats(-1, 100_000), st.sampled_from([OFFICE, LUNCH, always("UTC")]))
def test_minutes_later_is_what_add_makes_of_a_span_of_minutes(
    start: datetime, minutes: float, calendar: Calendar
) -> None:
    amount = max(0.0, minutes)
    assert calendar.later(start, minutes, working=True) == calendar.add(start, Span(amount, "wmin"))
    assert calendar.later(start, minutes, working=False) == calendar.add(start, Span(amount, "min"))


@STEADY
@given(start=INSTANTS, minutes=st.integers(min_value=1, max_value=20_000), calendar=CALENDARS)
def test_between_measures_what_add_has_added(start: datetime, minutes: int, calendar: Calendar) -> None:
    end = calendar.add(start, span(f"{minutes}wmin"))
    assert calendar.between(start, end) == minutes
    assert calendar.add(calendar.back(end, span(f"{minutes}wmin")), span(f"{minutes}wmin")) == end


@STEADY
@given(
    start=INSTANTS,
    later=st.integers(min_value=0, max_value=100_000),
    days=st.floats(min_value=0, max_value=20, allow_nan=False),
    end=st.booleans(),
)
def test_whoever_starts_later_is_never_due_sooner(start: datetime, later: int, days: float, end: bool) -> None:
    length, after = Span(days, "wd", end), start + timedelta(seconds=later)
    if end or days == int(days):  # of a part, the working time between two days decides, and those differ
        assert OFFICE.add(start, length) <= OFFICE.add(after, length)


@STEADY
@given(
    calendar=CALENDARS,
    start=INSTANTS,
    amount=st.floats(min_value=0, max_value=20, allow_nan=False),
    factor=FACTORS,
    end=st.booleans(),
)
def test_a_smaller_part_of_a_working_day_is_never_due_later(
    calendar: Calendar, start: datetime, amount: float, factor: float, end: bool
) -> None:
    assert calendar.add(start, Span(amount * factor, "wd", end)) <= calendar.add(start, Span(amount, "wd", end))
    assert calendar.add(start, Span(amount * factor, "wmin")) <= calendar.add(start, Span(amount, "wmin"))


@STEADY
@given(calendar=CALENDARS, end=INSTANTS, amount=st.floats(min_value=0, max_value=20, allow_nan=False))
def test_a_warning_before_the_due_time_comes_before_it(calendar: Calendar, end: datetime, amount: float) -> None:
    for length in (Span(amount, "wd"), Span(amount * 60, "wmin"), Span(amount, "d"), Span(amount * 60, "min")):
        assert calendar.back(end, length) <= end


def test_the_compiled_index_is_no_part_of_the_calendar() -> None:
    mine, yours = (office("Asia/Shanghai", 540, 1080, specials=SPECIALS) for _ in range(2))
    mine.add(local("2026-11-20 10:00"), span("1wd"))
    assert mine == yours
    assert hash(mine) == hash(yours)
    assert [field.name for field in fields(mine)] == ["zone", "week", "specials"]
    for again in (copy.deepcopy(mine), pickle.loads(pickle.dumps(mine))):
        assert again == mine
        assert again.add(local("2026-11-20 10:00"), span("1wd")) == local("2026-11-23 10:00")


def test_local_time_for_calls() -> None:
    at = local("2026-11-20 20:30")
    assert local_hour(at, "Asia/Shanghai") == 20.5
    assert local_day(local("2026-11-20 00:30"), "Asia/Shanghai") == date(2026, 11, 20)
    assert at_local(date(2026, 11, 20), 9, "Asia/Shanghai") == local("2026-11-20 09:00")
