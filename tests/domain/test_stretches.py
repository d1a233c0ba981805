"""Where a calendar rests and how much it works at least, read off its rules and compared with every day counted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.calendar import Calendar, Special, check, office, runs_of
from domain.stretches import Rest, least, rests, stretches

BEGIN, END = date(2026, 1, 1), date(2028, 1, 1)
OPEN = ((540, 1080),)


def closed(first: str, last: str) -> Special:
    return Special(first, last)


@st.composite
def specials(draw: st.DrawFn) -> tuple[Special, ...]:
    """Up to eight runs of days, closed or worked, that may lie over one another."""
    found = []
    for _ in range(draw(st.integers(0, 8))):
        first = BEGIN + timedelta(days=draw(st.integers(30, 500)))
        last = first + timedelta(days=draw(st.integers(0, 120)))
        found.append(Special(first.isoformat(), last.isoformat(), draw(st.sampled_from(((), (), OPEN)))))
    return tuple(found)


def counted(calendar: Calendar, longer_than: int) -> list[tuple[date, date]]:
    """The rests of more than that many days, day by day."""
    found, since = [], BEGIN
    for number in range((END - BEGIN).days):
        day = BEGIN + timedelta(days=number)
        if calendar.shifts_on(day):
            if (day - since).days > longer_than:
                found.append((since, day - timedelta(days=1)))
            since = day + timedelta(days=1)
    return found


@given(specials(), st.sampled_from(((0, 1, 2, 3, 4), (2,), (0, 6))))
def test_every_rest_is_found_and_no_other(differ: tuple[Special, ...], days: tuple[int, ...]) -> None:
    calendar = office("UTC", 540, 1080, days, differ)
    found = list(rests(stretches(calendar.week, runs_of(differ)), 20))
    assert [(rest.first, rest.last) for rest in found] == counted(calendar, 20)
    for rest in found:
        assert not differ[rest.special].shifts
        assert differ[rest.special].first <= rest.last.isoformat()


@given(specials())
@example((closed("2026-01-31", "2026-02-02"), Special("2026-02-03", "2026-02-07", OPEN)))
def test_the_least_work_is_that_of_the_poorest_days(differ: tuple[Special, ...]) -> None:
    calendar = office("UTC", 540, 1080, specials=differ)
    work = least(stretches(calendar.week, runs_of(differ)), 70)
    before, days = BEGIN - timedelta(days=70), (END - BEGIN).days + 140  # what begins or ends in between counts too
    worked = [bool(calendar.shifts_on(before + timedelta(days=number))) for number in range(days)]
    poorest = min(sum(worked[number : number + 70]) for number in range(days - 69))
    assert poorest <= work.days <= poorest + 3, "it is looked at where rules change, so a weekend may be missed"
    assert work.minutes == work.days * 540


@pytest.mark.parametrize(
    ("differ", "days"),
    [
        ([closed("2027-01-01", "2027-03-03")], 0),
        ([closed("2027-01-01", "2027-03-04")], 63),
        ([closed(f"{year}-01-01", f"{year}-12-31") for year in range(2027, 2041)], 5114),
        ([closed("2027-02-01", "2027-02-28"), closed("2027-03-01", "2027-04-06")], 67),
        ([closed("2027-01-01", "2027-12-31"), Special("2027-02-28", "2027-11-30", OPEN)], 0),
        ([closed("0001-01-01", "9999-12-31")], 3652059),
    ],
)  # fmt: skip
def test_closures_that_follow_one_another_are_one_rest(differ: list[Special], days: int) -> None:
    faults = check(office("Asia/Shanghai", 540, 1080, specials=tuple(differ)))
    if days <= 62:
        assert faults == ()
        return
    [fault] = faults
    assert fault.reason.endswith(f", {days} days on end")
    assert fault.remedy == "close at most 62 days on end, or change the week"


def test_a_rest_is_told_at_the_closure_that_begins_it() -> None:
    differ = (closed("2027-06-01", "2027-06-02"), closed("2027-09-01", "2027-12-31"))
    [fault] = check(office("UTC", 540, 1080, specials=differ))
    assert fault.field == "specials[1]"
    [rest] = rests(stretches(((OPEN,) * 7), runs_of(differ)), 62)
    assert rest == Rest(date(2027, 9, 1), date(2027, 12, 31), 1)
    assert rest.days == 122
