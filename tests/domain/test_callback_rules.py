"""The call-back: quiet hours, days off, attempts, calls to one number, the sample, and what reopening leaves alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import calling, errors
from domain import commands as c
from domain.calendar import local_day, local_hour, span
from domain.model import Callback, Clock, Customer, Outcome, Rating, Satisfaction, State, WhistleKind
from domain.policy import CallingRules, Terms
from tests.domain.lives import MONDAY, Life, closed, replied, terms, working

SHANGHAI, NEW_YORK = "Asia/Shanghai", "America/New_York"
MISS = c.RecordCallback("no_answer")
HAPPY = c.RecordCallback("reached", True, True, Satisfaction.SATISFIED)


def local(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def called(life: Life) -> Callback:
    assert life.at.callback is not None
    return life.at.callback


def clock(life: Life, kind: str) -> Clock:
    return next(one for one in life.at.clocks.values() if one.kind == kind)


def with_rules(life: Life, **rules: Any) -> Life:
    """The same life under other rules for calling."""
    life.terms = replace(life.terms, calling=replace(life.terms.calling, **rules))
    return life


def audited(at: str, zone: str = SHANGHAI, **rules: Any) -> Life:
    """An order whose reply is accepted at that local time of Shanghai, for a customer in the zone."""
    accepted = local(at)
    life = replied(now=accepted - timedelta(minutes=20), customer=Customer("Li", "13800000000", zone=zone))
    with_rules(life, **rules).until(accepted)
    life.do("audit", c.AuditReply(accepted=True))
    return life


def refused(life: Life, kind: type[errors.Refusal], body: c.RecordCallback = MISS) -> datetime:
    """The instant that the refusal names."""
    with pytest.raises(kind) as answer:
        life.do("caller", body)
    return datetime.fromisoformat(answer.value.remedy.removeprefix("call at "))


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
    ],
)
def test_a_number_is_one_however_it_is_written(spelling: str) -> None:
    assert calling.same_number(spelling) == "8613800138000"


def test_other_numbers_are_others() -> None:
    assert calling.same_number("020-83001234") == calling.same_number("+86 20 83001234")
    assert calling.same_number("+1 380 013 8000") != calling.same_number("13800138000")
    assert calling.same_number("() -") == ""


# --- the sample -------------------------------------------------------------------------------------------------------


def test_the_sample_is_drawn_by_the_declared_seed_and_the_orders_number() -> None:
    # printf '2026/WH20260302-ABCDEFGH' | sha256sum | cut -c1-8: 0x…, modulo 100
    assert calling.draw("2026", "WH20260302-ABCDEFGH") == 0x37A52819 % 100 == 85
    lots = [calling.draw("2026", f"WH20260302-{number:08}") for number in range(10_000)]
    assert 0.18 < sum(lot < 20 for lot in lots) / len(lots) < 0.22
    assert lots != [calling.draw("2027", f"WH20260302-{number:08}") for number in range(10_000)]


def test_a_draw_does_not_hang_on_the_policys_version() -> None:
    one = with_rules(replied(), sample_percent=50)
    other = with_rules(replied(), sample_percent=50)
    other.terms = replace(other.terms, policy_version="another")
    for life in (one, other):
        life.do("audit", c.AuditReply(accepted=True))
    assert called(one).status == called(other).status


def escalated() -> Life:
    life = replied()
    life.do("province", c.Escalate(2))
    return life


def whistled() -> Life:
    life = working()
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, terms().whistle_matters[0], ("GD.bill",)))
    life.do("bill", c.ReportIn("w1", "Zhang"))
    life.do("bill", c.FinishPart("w1", "done"))
    life.do("net", c.Dispose("w1", "done"))
    life.do("agent", c.VerifyWhistle("w1", solved=True))
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    return life


def ledgered() -> Life:
    life = working()
    life.do("net", c.Ledger("a mast in May", life.now + timedelta(days=40)))
    life.do("province", c.DecideLedger(approved=True))
    life.do("net", c.Settle("built"))
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    return life


def reopened() -> Life:
    life = closed()
    life.do("customer", c.Reopen())
    life.do("net", c.Reply(life.now, "Li", "again", life.now))
    return life


def gold() -> Life:
    return replied(customer=Customer("Li", "13800000000", tier="gold"))


@pytest.mark.parametrize("made", [escalated, whistled, ledgered, reopened, gold])
def test_what_must_be_called_is_called_whatever_the_sample(made: Any) -> None:
    life = with_rules(made(), sample_percent=0)
    life.do("audit", c.AuditReply(accepted=True))
    assert called(life).status == "planned"


def test_whom_the_sample_leaves_out_is_asked_by_message_by_day_and_has_the_whole_window_from_then() -> None:
    life = audited("2026-03-02 22:00", sample_percent=0)
    asked = local("2026-03-03 09:00")
    assert (called(life).status, called(life).not_before) == ("sms_sent", asked)
    assert clock(life, "rating").due_at == asked + timedelta(days=3)


def test_a_message_may_come_on_a_holiday() -> None:
    assert called(audited("2026-10-01 10:00", sample_percent=0)).not_before == local("2026-10-01 10:00")


# --- the rating by message --------------------------------------------------------------------------------------------


def asked_by_message() -> Life:
    life = audited("2026-03-02 10:00")
    for at in ("2026-03-02 10:00", "2026-03-02 12:00", "2026-03-03 09:00"):
        life.until(local(at))
        life.do("caller", MISS)
    return life


def test_the_customers_rating_counts_inside_its_window_and_once() -> None:
    life = asked_by_message()
    assert clock(life, "rating").due_at == local("2026-03-06 09:00")
    life.until(local("2026-03-06 08:59"))
    rating = c.RateBySms(solved=True, satisfaction=Satisfaction.BASICALLY)
    life.do("customer", rating)
    assert life.at.outcome is Outcome.RESOLVED_SATISFIED
    with pytest.raises(errors.NotAllowedNow):
        life.do("customer", rating)


def test_a_window_without_a_rating_closes_once_as_not_rated_and_a_late_rating_changes_nothing() -> None:
    life = asked_by_message()
    life.until(local("2026-03-06 09:00"))
    assert (life.at.state, life.at.outcome) == (State.CLOSED, Outcome.NOT_RATED)
    with pytest.raises(errors.NotAllowedNow):
        life.do("customer", c.RateBySms(solved=True, satisfaction=Satisfaction.SATISFIED))
    life.wait(days=30)
    assert life.types().count("RatingLapsed") == life.types().count("OrderClosed") == 1


# --- the call at expiry -----------------------------------------------------------------------------------------------


def expired() -> Life:
    """The limit has passed without a reply."""
    life = working(now=local("2026-03-02 19:30"))
    life.until(clock(life, "due").due_at)
    assert called(life).expiry
    return life


def test_a_limit_that_passes_at_night_without_a_reply_defers_its_call() -> None:
    life = working("GD.bill", order_class="fault", now=local("2026-03-02 22:00"))
    due = clock(life, "due").due_at
    assert not 9 <= local_hour(due, SHANGHAI) < 20
    life.until(due)
    assert (called(life).expiry, called(life).status) == (True, "deferred")
    assert refused(life, errors.QuietHours) == called(life).not_before


def test_the_call_at_expiry_counts_its_attempts_and_ends_without_a_message() -> None:
    life = expired()
    for _ in range(3):
        life.until(called(life).not_before or life.now)
        life.do("caller", MISS)
    assert (called(life).status, len(called(life).attempts)) == ("lapsed", 3)
    assert life.at.state is State.IN_PROGRESS
    assert not [one for one in life.at.clocks.values() if one.kind in ("callback", "rating")]


def test_a_reply_after_expiry_brings_its_own_call_back_and_not_two() -> None:
    life = expired()
    life.until(called(life).not_before or life.now)
    life.do("caller", MISS)
    last = life.now
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    assert [one.kind for one in life.at.clocks.values()].count("callback") == 1
    assert (called(life).expiry, called(life).attempts) == (False, ())
    assert called(life).not_before == last + timedelta(hours=2)
    life.until(last + timedelta(hours=2))
    life.do("caller", HAPPY)
    assert life.at.outcome is Outcome.RESOLVED_SATISFIED


def test_a_customer_who_spoke_at_expiry_is_called_again_after_the_reply() -> None:
    life = expired()
    life.until(called(life).not_before or life.now)
    life.do("caller", c.RecordCallback("reached", contacted=True, solved=False, why="nothing yet"))
    assert life.types().count("CallbackPlanned") == 1
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    assert (called(life).expiry, called(life).solved) == (False, None)
    life.do("caller", HAPPY)
    assert life.at.state is State.CLOSED


def test_a_reply_that_is_sent_back_after_expiry_plans_no_second_call() -> None:
    life = expired()
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=False))
    life.wait(days=3)
    assert life.types().count("CallbackPlanned") == 1


# --- what reopening leaves alone --------------------------------------------------------------------------------------


def again(life: Life) -> Life:
    """Reopened by the customer, replied to, accepted, called and closed once more."""
    life.do("customer", c.Reopen())
    life.do("net", c.Reply(life.now, "Li", "again", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", HAPPY)
    return life


def test_the_survey_after_the_second_close_is_a_record_of_its_own() -> None:
    life = closed()
    life.wait(days=2)
    again(life)
    records = [event for event in life.events if event.type == "CallbackRecorded"]
    planned = [event.body.callback for event in life.events if event.type == "ReplyAccepted"]
    assert len(records) == 2
    assert [one.round for one in planned] == [1, 2]
    assert called(life).round == 2
    assert life.rebuilt() == life.at


def test_a_second_message_for_a_rating_has_a_clock_of_its_own() -> None:
    life = asked_by_message()
    life.wait(days=3)
    life.do("customer", c.Reopen())
    with_rules(life, attempts=1)
    life.do("net", c.Reply(life.now, "Li", "again", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.until(called(life).not_before or life.now)
    life.do("caller", MISS)
    assert clock(life, "rating").key == "rating/r2"
    life.wait(days=4)
    assert (life.at.state, life.types().count("RatingLapsed")) == (State.CLOSED, 2)


def test_the_reopen_window_is_measured_from_the_last_closing() -> None:
    life = closed()
    life.wait(days=10)
    again(life)
    assert life.at.closed_at == life.now
    assert clock(life, "reopen").due_at == life.now + timedelta(days=15)
    life.wait(days=14)
    life.do("customer", c.Reopen())
    assert life.at.round == 3


def test_no_edit_after_the_closing_moves_the_reopen_window() -> None:
    life = whistled()
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", HAPPY)
    until = clock(life, "reopen").due_at
    life.wait(days=13)
    life.do("lead", c.ReviewWhistle("w1", valid=True))
    life.do("agent", c.RateAttendance("w1", "GD.bill", Rating(5, 5, 5, 5)))
    assert clock(life, "reopen").due_at == until
    life.until(until)
    with pytest.raises(errors.WindowClosed):
        life.do("customer", c.Reopen())


def test_reopening_starts_its_own_clocks_and_keeps_the_old_results() -> None:
    life = working()
    life.until(clock(life, "due").due_at)  # the first round's result is late, for good
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.until(called(life).not_before or life.now)
    life.do("caller", HAPPY)
    before = {change.key: change.change for event in life.events for change in event.clocks}
    life.wait(days=2)
    seq = life.at.seq
    life.do("customer", c.Reopen())
    started = {
        change.key for event in life.events if event.seq > seq for change in event.clocks if change.change == "started"
    }
    assert started
    assert not started & set(before)
    assert all(life.at.clocks[key].due_at > life.now for key in started)
    assert before["due/a1"] in ("met", "ended")
    assert [event.body.key for event in life.events if event.type == "ClockBreached"].count("due/a1") == 1
