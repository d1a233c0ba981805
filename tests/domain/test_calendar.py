"""Working time as an office counts it, over the published holidays and make-up days of 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar, span
from domain.model import OrderClass
from domain.policy import resolve
from store.demo import document

OFFICE = resolve(document("policy"), OrderClass.GENERAL, "normal", "GD").calendar
SHANGHAI = ZoneInfo("Asia/Shanghai")
INSTANTS = st.integers(min_value=0, max_value=500 * 86400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def local(text: str) -> datetime:
    """An instant written as local time, such as '2026-11-20 17:30'."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-11-20 17:30", "1wh", "2026-11-23 09:30"),  # Friday evening to Monday morning
        ("2026-11-20 17:30", "1h", "2026-11-20 18:30"),
        ("2026-11-20 10:15", "1wd", "2026-11-23 10:15"),
        ("2026-11-21 12:00", "1wd", "2026-11-24 09:00"),  # from a Saturday: as if it came on Monday at opening
        ("2026-11-20 19:00", "1wd", "2026-11-24 09:00"),  # after closing: the same
        ("2026-11-20 07:00", "1wd", "2026-11-23 09:00"),
        ("2026-11-20 09:00", "9wh", "2026-11-20 18:00"),
        ("2026-11-20 09:00", "0.5wd", "2026-11-20 13:30"),
        ("2026-09-30 16:00", "3wh", "2026-10-08 10:00"),  # the National Day week
        ("2026-10-09 10:00", "1wd", "2026-10-10 10:00"),  # a make-up Saturday works
        ("2026-02-13 10:00", "2wd", "2026-02-24 10:00"),  # Spring Festival: Saturday 14th works, 15th to 23rd do not
        ("2026-02-27 17:00", "2wh", "2026-02-28 10:00"),
        ("2026-12-31 10:00", "1wd", "2027-01-04 10:00"),
        ("2026-11-20 23:00", "15d", "2026-12-05 23:00"),
    ],
)
def test_the_end_of_a_span(start: str, length: str, end: str) -> None:
    assert OFFICE.add(local(start), span(length)) == local(end)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-01", False), ("2026-01-04", True), ("2026-02-14", True), ("2026-02-16", False), ("2026-02-23", False),
        ("2026-02-28", True), ("2026-04-06", False), ("2026-05-05", False), ("2026-05-09", True), ("2026-06-19", False),
        ("2026-09-20", True), ("2026-09-25", False), ("2026-10-07", False), ("2026-10-10", True), ("2026-10-11", False),
        ("2026-11-21", False), ("2026-11-23", True), ("2027-02-05", False), ("2027-10-01", False),
    ],
)  # fmt: skip
def test_the_published_days(day: str, works: bool) -> None:
    assert OFFICE.works_on(date.fromisoformat(day)) is works


@pytest.mark.parametrize("text", ["", "5", "wd", "-1h", "1 h", "1w", "1hours", "1e3h", "٣h", "nanh", "5h\n"])
def test_no_span_says_what_may_stand_there(text: str) -> None:
    with pytest.raises(ValueError, match="write a number and min, h, d, wmin, wh or wd"):
        span(text)


def test_between_counts_only_work() -> None:
    assert OFFICE.between(local("2026-11-20 17:00"), local("2026-11-23 10:00")) == 120
    assert OFFICE.between(local("2026-11-21 00:00"), local("2026-11-22 23:59")) == 0
    assert OFFICE.between(local("2026-11-23 10:00"), local("2026-11-20 17:00")) == 0


def test_a_zone_with_summer_time_keeps_its_opening_hours() -> None:
    berlin = Calendar(zone="Europe/Berlin", opens=540, closes=1080)
    friday = datetime(2026, 3, 27, 16, 0, tzinfo=UTC)  # 17:00 in winter
    assert berlin.add(friday, span("2wh")) == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)  # 10:00 in summer


def test_a_calendar_without_a_working_day_says_so() -> None:
    with pytest.raises(ValueError, match="no working day"):
        Calendar(zone="Asia/Shanghai", opens=540, closes=1080, weekdays=()).add(local("2026-11-20 10:00"), span("1wh"))


@given(start=INSTANTS, minutes=st.integers(min_value=1, max_value=20_000))
def test_between_measures_what_add_has_added(start: datetime, minutes: int) -> None:
    end = OFFICE.add(start, span(f"{minutes}wmin"))
    assert OFFICE.between(start, end) == pytest.approx(minutes)


@given(start=INSTANTS, later=st.integers(min_value=0, max_value=100_000), days=st.integers(min_value=0, max_value=20))
def test_whoever_starts_later_is_never_due_sooner(start: datetime, later: int, days: int) -> None:
    assert OFFICE.add(start, span(f"{days}wd")) <= OFFICE.add(start + timedelta(seconds=later), span(f"{days}wd"))
