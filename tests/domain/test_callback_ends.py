"""What a call-back leads to: the sample, the rating by message, the call at expiry, and what reopening leaves alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import calling, errors
from domain import commands as c
from domain import events as e
from domain.calendar import local_hour
from domain.model import Customer, Outcome, Rating, Satisfaction, State, WhistleKind
from tests.domain.calls import HAPPY, MISS, SHANGHAI, audited, called, clock, local, refused, with_rules
from tests.domain.lives import Life, closed, replied, terms, working

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
    rating = c.RateBySms(solved=True, satisfaction=Satisfaction.BASICALLY, contacted=True)
    life.do("customer", rating)
    assert [event.body.contacted for event in life.events if isinstance(event.body, e.CallbackRecorded)] == [True]
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
