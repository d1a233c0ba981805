"""Calling back: quiet hours, days off, attempts, the limit for calling, and calls to one number."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import calling, errors
from domain import commands as c
from domain.calendar import local_day, local_hour, span
from domain.model import State
from domain.policy import CallingRules, Terms
from tests.domain.calls import HAPPY, MISS, NEW_YORK, SHANGHAI, audited, called, clock, local, refused
from tests.domain.lives import MONDAY, replied, terms

# --- quiet hours and days off -----------------------------------------------------------------------------------------


def test_a_call_back_planned_by_day_is_due_at_once() -> None:
    life = audited("2026-03-02 10:00")
    assert (called(life).status, called(life).not_before) == ("planned", life.now)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-03-02 20:00", "2026-03-03 09:00"),
        ("2026-03-02 23:30", "2026-03-03 09:00"),
        ("2026-03-03 05:00", "2026-03-03 09:00"),
        ("2026-03-06 21:00", "2026-03-07 09:00"),
    ],
)
def test_planning_in_quiet_hours_defers_to_the_next_opening_and_a_plain_weekend_is_no_holiday(
    at: str, opens: str
) -> None:
    life = audited(at)
    assert (called(life).status, called(life).not_before) == ("deferred", local(opens))
    assert refused(life, errors.QuietHours) == local(opens)
    life.until(local(opens))
    life.do("caller", HAPPY)
    assert life.at.state is State.CLOSED


def test_the_last_minute_before_closing_is_no_quiet_hour() -> None:
    life = audited("2026-03-02 19:59")
    life.do("caller", HAPPY)
    assert life.at.state is State.CLOSED


def test_quiet_hours_are_the_customers_own() -> None:
    life = audited("2026-03-02 10:00", NEW_YORK)
    opens = local("2026-03-02 09:00", NEW_YORK)
    assert (called(life).status, called(life).not_before) == ("deferred", opens)
    assert refused(life, errors.QuietHours) == opens


def test_the_carriers_hard_hours_hold_whatever_the_policy_says() -> None:
    life = audited("2026-03-02 05:00", opens=6, closes=23)
    assert called(life).not_before == local("2026-03-02 08:00")
    life.until(local("2026-03-02 21:00"))
    assert refused(life, errors.QuietHours) == local("2026-03-03 08:00")


def test_a_holiday_of_the_orders_calendar_is_no_calling_day_unless_the_policy_says_so() -> None:
    assert called(audited("2026-10-01 10:00")).not_before == local("2026-10-08 09:00")
    assert called(audited("2026-10-01 10:00", holidays=True)).status == "planned"


def test_a_make_up_day_has_a_name_and_is_worked() -> None:
    assert called(audited("2026-10-10 10:00")).status == "planned"


def test_a_calendar_that_never_works_silences_no_call_back_for_good() -> None:
    of = terms()
    never = replace(
        of.calendar, specials=(*of.calendar.specials, type(of.calendar.specials[0])("2026-01-01", "2036-01-01"))
    )
    shut = replace(of, calendars={**of.calendars, of.calendar_name: never})
    opens = calling.first_call(MONDAY, SHANGHAI, shut)
    assert MONDAY + timedelta(days=59) < opens < MONDAY + timedelta(days=62)


def test_an_opening_across_a_change_of_the_clocks_is_nine_oclock() -> None:
    late = local("2026-03-07 21:00", NEW_YORK)
    opens = calling.first_call(late, NEW_YORK, terms())
    assert opens == local("2026-03-08 09:00", NEW_YORK)
    assert opens - late == timedelta(hours=11)


# --- attempts ---------------------------------------------------------------------------------------------------------


def test_after_each_unanswered_attempt_the_order_says_when_the_next_may_be() -> None:
    life = audited("2026-03-02 10:00")
    life.do("caller", MISS)
    second = local("2026-03-02 12:00")
    assert (called(life).status, called(life).not_before) == ("attempting", second)
    assert refused(life, errors.TooSoon) == second
    life.until(second)
    life.do("caller", MISS)
    third = local("2026-03-03 09:00")
    assert called(life).not_before == third
    assert refused(life, errors.TooSoon) == third
    life.until(third)
    life.do("caller", MISS)
    assert called(life).status == "sms_sent"


def test_a_gap_that_ends_in_the_evening_or_on_a_holiday_ends_at_the_opening_after() -> None:
    life = audited("2026-03-02 19:00")
    life.do("caller", MISS)
    assert called(life).not_before == local("2026-03-03 09:00")
    life = audited("2026-09-30 19:00")
    life.do("caller", MISS)
    assert called(life).not_before == local("2026-10-08 09:00")


@given(
    st.integers(0, 2 * 366 * 1440),
    st.sampled_from([SHANGHAI, NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"]),
    st.integers(1, 5),
    st.integers(1, 6),
)
def test_attempts_at_the_promised_instants_keep_gap_days_and_hours(
    minute: int, zone: str, attempts: int, days: int
) -> None:
    rules: Terms = replace(terms(), calling=replace(terms().calling, attempts=attempts, days=days))
    made = (calling.first_call(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute), zone, rules),)
    while len(made) < attempts:
        made = (*made, calling.next_attempt(made, zone, rules))
        assert made[-1] - made[-2] >= timedelta(hours=2)
    for at in made:
        assert 9 <= local_hour(at, zone) < 20
        special = rules.calendar.special_on(local_day(at, zone))
        assert special is None or special.shifts
    assert len({local_day(at, zone) for at in made}) >= min(days, attempts)


# --- the limit for calling --------------------------------------------------------------------------------------------


def test_deferring_makes_the_limit_for_calling_no_longer() -> None:
    life = audited("2026-03-02 22:00")
    assert clock(life, "callback").due_at == life.terms.calendar.add(life.now, span("1wd"))
    assert called(life).moved_from is None


def test_a_limit_that_would_pass_before_anybody_may_call_runs_to_the_end_of_the_first_hours_and_says_so() -> None:
    life = replied(now=local("2026-09-30 15:00"))
    life.terms = replace(life.terms, limits={**life.terms.limits, "callback": "24h"})
    life.until(local("2026-09-30 21:00"))
    life.do("audit", c.AuditReply(accepted=True))
    assert clock(life, "callback").due_at == local("2026-10-08 20:00")
    assert life.events[-1].body.callback.moved_from == local("2026-10-01 21:00")
    assert called(life).not_before == local("2026-10-08 09:00")
    life.until(local("2026-10-08 19:59"))
    life.do("caller", MISS)
    assert life.events[-1].body.moved_from is None
    assert not [event for event in life.events if getattr(event.body, "key", "").startswith("callback/")]


# --- calls to one number ----------------------------------------------------------------------------------------------


def calls(*minutes_ago: float) -> c.RecordCallback:
    life_now = local("2026-03-02 15:00")
    return replace(MISS, recent=tuple(life_now - timedelta(minutes=ago) for ago in minutes_ago))


def test_a_number_is_called_five_times_in_a_day_and_three_times_in_five_minutes_at_most() -> None:
    life = audited("2026-03-02 15:00")
    many = calls(60 * 23, 60 * 20, 60 * 10, 60 * 9, 60 * 8)
    assert refused(life, errors.TooManyCalls, many) == life.now + timedelta(hours=1)
    assert refused(life, errors.TooManyCalls, calls(4, 3, 1)) == life.now + timedelta(minutes=1)
    life.do("caller", calls(60 * 24, 60 * 10, 5, 4.9, 1))
    assert len(called(life).attempts) == 1


def test_the_next_call_to_a_number_falls_into_calling_hours_too() -> None:
    life = audited("2026-03-02 15:00")
    many = calls(*(60 * hours for hours in (18, 17, 16, 15, 14)))
    assert refused(life, errors.TooManyCalls, many) == local("2026-03-03 09:00")


def test_a_call_that_another_clock_puts_ahead_of_ours_counts() -> None:
    life = audited("2026-03-02 15:00")
    assert refused(life, errors.TooManyCalls, calls(-0.1, -0.05, 1)) == life.now + timedelta(minutes=4)


def test_a_rehearsal_counts_its_own_calls_alone() -> None:
    life = audited("2026-03-02 15:00")
    life.order = replace(life.at, rehearsal=True)
    life.do("caller", calls(4, 3, 2, 1, 0.5))
    assert called(life).status == "attempting"


@given(st.lists(st.integers(0, 2000), max_size=12), st.integers(1, 5), st.integers(1, 3))
def test_calls_at_the_named_instants_never_pass_the_limits_of_a_number(
    minutes: list[int], per_day: int, per_five: int
) -> None:
    rules: CallingRules = replace(terms().calling, per_day=per_day, per_five_minutes=per_five)
    made: list[datetime] = []
    for wait in minutes:
        at = calling.next_to_number(made, (made[-1] if made else MONDAY) + timedelta(minutes=wait % 60), rules)
        made.append(at)
        assert len([one for one in made if one > at - timedelta(hours=24)]) <= per_day
        assert len([one for one in made if one > at - timedelta(minutes=5)]) <= per_five


@pytest.mark.parametrize(
    "spelling",
    [
        *("13800138000", "138 0013 8000", "138-0013-8000", "8613800138000", "008613800138000"),
        *("+86 13800138000", "(+86)13800138000", "+86-138-0013-8000"),
        *("+86 013800138000", "86 013800138000", "+0086 13800138000", "0 0086 13800138000", "00 13800138000"),
        *(
            "+86 (0)138 0013 8000",
            "8686 13800138000",
            "17951 13800138000",
            "+86 17911 013800138000",
            "125930138-00138000",
        ),
        *("9 13800138000", "13800138000-1", "+0 0 13800138000"),
    ],
)
def test_a_number_is_one_however_it_is_written(spelling: str) -> None:
    assert calling.same_number(spelling) == "8613800138000"


def test_other_numbers_are_others() -> None:
    assert calling.same_number("020-83001234") == calling.same_number("+86 20 83001234")
    assert calling.same_number("+1 380 013 8000") != calling.same_number("13800138000")
    assert calling.same_number("() -") == ""
    assert calling.same_number("000 00") == calling.same_number("0-0-0-0-0-0") == "0"


@pytest.mark.parametrize(
    ("number", "spellings"),
    [
        (
            "861012345678",
            ("010-12345678", "86-10-12345678", "+86 010 12345678", "0086 (010) 12345678", "193 01012345678"),
        ),
        ("862083001234", ("020-83001234", "+86 20 83001234", "8602083001234", "17951-020-83001234")),
        ("863711234567", ("0371-1234567", "86 371 1234567", "+86 0371 1234567")),
        ("864008108888", ("400-810-8888", "+86 400 810 8888", "864008108888")),
        ("8610086", ("10086", "+86 10086", "0086-10086")),
        ("8619355551234", ("193 5555 1234", "193 193 5555 1234")),
        ("442079460958", ("+44 20 7946 0958", "+44 (0)20 7946 0958", "0044 20 7946 0958", "+0044 020 7946 0958")),
        ("13800138000", ("+1 380 013 8000", "+1-380-013-8000")),
        ("85291234567", ("+852 9123 4567", "00852 91234567")),
    ],
)
def test_every_kind_of_number_has_one_key(number: str, spellings: tuple[str, ...]) -> None:
    assert {spelling: calling.same_number(spelling) for spelling in spellings} == dict.fromkeys(spellings, number)
    assert calling.same_number("+" + number) == number
