"""The rules one by one, by the words of the field: each test is named for what must come out right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import commands as c
from domain import errors
from domain.model import Colour, Outcome, Part, Satisfaction, State
from domain.transitions import BY_STATE
from tests.domain.lives import MONDAY, PEOPLE, Life, awaiting, closed, dispatched, replied, terms, working

MATTER = terms().whistle_matters[0]


def due_at(life: Life, kind: str):
    return next(clock.due_at for clock in life.at.clocks.values() if clock.kind == kind)


def test_the_units_clock_starts_at_dispatch_and_the_customers_at_registration() -> None:
    life = Life()
    statutory = due_at(life, "statutory")
    life.wait(hours=1)
    life.do("dispatcher", c.Dispatch("GD.net"))
    assert due_at(life, "statutory") == statutory == MONDAY + timedelta(days=15)
    assert life.at.clocks["due/a1"].started_at == life.now


def test_a_second_hop_does_not_reset_the_customers_clock() -> None:
    life = dispatched()
    statutory = due_at(life, "statutory")
    life.do("net", c.RequestReturn("3.2", "GD.bill"))
    life.do("dispatcher", c.DecideReturn(upheld=True))
    life.wait(hours=4)
    life.do("dispatcher", c.Dispatch("GD.bill"))
    assert due_at(life, "statutory") == statutory
    assert [part.hop for part in life.at.assignments] == [1, 2]


def test_a_late_hop_gets_no_time_past_the_statutory_answer() -> None:
    life = Life()
    life.wait(days=13)
    life.do("dispatcher", c.Dispatch("GD.net"))
    assert life.at.clocks["due/a1"].due_at == due_at(life, "statutory")


def test_an_unsigned_order_is_signed_by_the_system_marked_so_and_escalated() -> None:
    life = dispatched()
    came = [event.type for event in life.wait(hours=2)]
    assert came == ["ClockBreached", "OrderEscalated", "AssignmentSigned"]
    assert life.at.state is State.IN_PROGRESS
    assert life.at.assignments[0].auto_signed


def test_only_waiting_for_the_customer_pauses_and_never_the_statutory_clock() -> None:
    life = working()
    before = due_at(life, "due"), due_at(life, "statutory")
    life.do("net", c.RequestInfo("which street?", "call 1"))
    assert life.at.clocks["due/a1"].status == "paused"
    life.wait(hours=30)
    life.do("customer", c.SupplyInfo("Renmin Road"))
    assert due_at(life, "due") > before[0]
    assert due_at(life, "statutory") == before[1]
    assert life.at.clocks["due/a1"].first_due_at == before[0]


def test_a_pause_over_a_weekend_is_not_counted_twice() -> None:
    life = working(now=MONDAY + timedelta(days=4))
    life.do("net", c.RequestInfo("which street?", "call 1"))
    left = life.terms.calendar.between(life.now, due_at(life, "due"))
    life.wait(days=3)
    life.do("customer", c.SupplyInfo("Renmin Road"))
    assert life.terms.calendar.between(life.now, due_at(life, "due")) == pytest.approx(left)


def test_no_breach_is_recorded_while_the_order_is_paused() -> None:
    life = working()
    life.do("net", c.RequestInfo("which street?", "call 1"))
    came = [event.body.key for event in life.wait(days=4) if event.type == "ClockBreached"]
    assert came == []


def test_the_cap_on_waiting_ends_the_pause() -> None:
    life = working()
    life.do("net", c.RequestInfo("which street?", "call 1"))
    life.wait(days=6)
    assert "InformationLapsed" in life.types()
    assert life.at.state is State.IN_PROGRESS


def test_a_late_extension_is_refused_and_an_early_one_keeps_the_first_due_time() -> None:
    life = working()
    first = due_at(life, "due")
    life.do("net", c.Extend(first + timedelta(days=2)))
    life.do("province", c.DecideExtension(granted=True))
    assert life.at.clocks["due/a1"].due_at == first + timedelta(days=2)
    assert life.at.clocks["due/a1"].first_due_at == first
    late = working()
    late.wait(days=10)
    with pytest.raises(errors.TooLate):
        late.do("net", c.Extend(late.now + timedelta(days=1)))


def test_an_extension_passes_neither_the_policy_nor_the_statutory_time() -> None:
    life = working()
    with pytest.raises(errors.InvalidField) as refused:
        life.do("net", c.Extend(due_at(life, "statutory") + timedelta(days=1)))
    assert refused.value.field == "until"


def test_one_return_a_unit_two_an_order_then_a_third_party_and_the_next_is_designated() -> None:
    life = dispatched()
    life.do("net", c.RequestReturn("3.2", "GD.bill"))
    life.do("dispatcher", c.DecideReturn(upheld=True))
    life.do("dispatcher", c.Dispatch("GD.bill"))
    life.do("bill", c.RequestReturn("3.2", "GD.mkt"))
    with pytest.raises(errors.RoleForbidden):
        life.do("dispatcher", c.DecideReturn(upheld=True))
    life.do("province", c.DecideReturn(upheld=True))
    assert life.at.state is State.TRIAGE
    life.do("province", c.Dispatch("GD.mkt"))
    assert life.at.lead is not None
    assert life.at.lead.designated
    with pytest.raises(errors.Designated):
        life.do("mkt", c.RequestReturn("3.2", "GD.net"))


def test_a_denied_return_designates_the_unit() -> None:
    life = dispatched()
    life.do("net", c.RequestReturn("3.2", "GD.bill"))
    life.do("dispatcher", c.DecideReturn(upheld=False))
    with pytest.raises(errors.Designated):
        life.do("net", c.RequestReturn("3.2", "GD.bill"))


def test_an_urgent_order_may_not_be_returned() -> None:
    with pytest.raises(errors.CapReached):
        dispatched(order_class="urgent").do("net", c.RequestReturn("3.2", "GD.bill"))


def test_nobody_decides_his_own_return() -> None:
    life = dispatched()
    life.do(PEOPLE["net"], c.RequestReturn("3.2", "GD.bill"))
    same = type(PEOPLE["net"])("net", PEOPLE["dispatcher"].role, "GD.net")
    with pytest.raises(errors.SamePerson):
        life.do(same, c.DecideReturn(upheld=True))


def test_the_lead_may_not_reply_while_a_co_part_is_open_and_unexplained() -> None:
    life = working("GD.bill")
    answer = c.Reply(life.now, "Li", "mended", life.now)
    with pytest.raises(errors.PartOpen):
        life.do("net", answer)
    life.do("net", c.ExplainPart("GD.bill"))
    life.do("net", answer)
    assert life.at.state is State.REPLIED


def test_a_late_co_part_is_held_against_the_co_unit() -> None:
    life = working("GD.bill")
    came = life.wait(days=6)
    breached = {event.body.key: event.body.unit for event in came if event.type == "ClockBreached"}
    assert breached["co_due/a2"] == "GD.bill"


@pytest.mark.parametrize("field", ["spoke_to", "done"])
def test_a_reply_names_its_missing_element(field: str) -> None:
    life = working()
    elements = {"received_at": life.now, "spoke_to": "Li", "done": "mended", "done_by": life.now} | {field: " "}
    with pytest.raises(errors.InvalidField) as refused:
        life.do("net", c.Reply(**elements))
    assert refused.value.field == field


def test_handler_auditor_and_caller_are_different_people() -> None:
    life = replied()
    for actor in (PEOPLE["net"], PEOPLE["audit"]):
        again = type(actor)("net", PEOPLE["audit"].role, "GD.svc")
        with pytest.raises(errors.SamePerson):
            life.do(again, c.AuditReply(accepted=True))
    life.do("audit", c.AuditReply(accepted=True))
    same = type(PEOPLE["caller"])("reply-auditor", PEOPLE["caller"].role, "GD.svc")
    with pytest.raises(errors.SamePerson):
        life.do(same, c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))


def test_a_reply_that_is_sent_back_keeps_its_due_time() -> None:
    life = working()
    due = due_at(life, "due")
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.wait(hours=3)
    life.do("audit", c.AuditReply(accepted=False))
    assert due_at(life, "due") == due
    assert life.at.state is State.IN_PROGRESS


def test_a_breach_that_came_before_the_reply_is_not_recorded_again_when_it_is_sent_back() -> None:
    life = working()
    life.wait(days=8)
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=False))
    life.wait(days=3)
    assert [event.body.key for event in life.events if event.type == "ClockBreached"].count("due/a1") == 1


def test_a_duty_that_is_met_escalates_no_further() -> None:
    life = dispatched()
    life.wait(days=2)
    life.do("net", c.Contact("Li", "spoke to him"))
    level = life.at.level
    came = [event for event in life.wait(hours=20) if getattr(event.body, "key", "").startswith("contact/")]
    assert came == []
    assert life.at.level >= level


def test_a_limit_without_a_reply_calls_the_customer_all_the_same() -> None:
    life = working()
    life.wait(days=8)
    assert "CallbackPlanned" in life.types()
    life.do("caller", c.RecordCallback("reached", contacted=True, solved=False))
    assert life.at.state is State.IN_PROGRESS


def test_closed_only_after_the_customers_word() -> None:
    assert (State.AWAITING_CALLBACK, "record_callback") in BY_STATE
    life = awaiting()
    with pytest.raises(errors.InvalidField):
        life.do("caller", c.RecordCallback("reached", True, None, Satisfaction.SATISFIED))
    life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.BASICALLY))
    assert life.at.outcome is Outcome.RESOLVED_SATISFIED


def test_attempts_keep_their_gap_their_days_and_quiet_hours_then_lapse_as_not_rated() -> None:
    life = awaiting()
    miss = c.RecordCallback("no_answer")
    life.do("caller", miss)
    with pytest.raises(errors.TooSoon):
        life.do("caller", miss)
    life.wait(hours=3)
    life.do("caller", miss)
    life.wait(hours=3)
    with pytest.raises(errors.TooSoon):
        life.do("caller", miss)
    life.wait(hours=6)
    with pytest.raises(errors.QuietHours) as quiet:
        life.do("caller", miss)
    assert "call at" in quiet.value.remedy
    life.wait(hours=14)
    life.do("caller", miss)
    assert life.at.callback is not None
    assert life.at.callback.status == "sms_sent"
    life.wait(days=4)
    assert life.at.state is State.CLOSED
    assert life.at.outcome is Outcome.NOT_RATED


def test_dissatisfied_is_reviewed_then_reworked_one_level_up_by_the_same_lead() -> None:
    life = awaiting()
    life.do("caller", c.RecordCallback("reached", True, False, Satisfaction.DISSATISFIED, "still no signal"))
    assert life.at.state is State.AWAITING_CALLBACK
    life.do("province", c.ReviewCallback(rework=True, explanation="reasonable"))
    assert (life.at.state, life.at.round, life.at.level) == (State.IN_PROGRESS, 2, 1)
    assert life.at.lead is not None
    assert life.at.lead.unit == "GD.net"


def test_dissatisfied_but_unreasonable_closes_explained_and_not_as_satisfied() -> None:
    life = awaiting()
    life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.DISSATISFIED, "wants the moon"))
    life.do("province", c.ReviewCallback(rework=False, explanation="outside the contract"))
    assert life.at.outcome is Outcome.RESOLVED_DISSATISFIED


def test_reopening_starts_its_own_clocks_and_the_window_counts_from_closing() -> None:
    life = closed()
    life.wait(days=14)
    life.do("customer", c.Reopen())
    assert life.at.round == 2
    assert due_at(life, "due") > life.now
    assert due_at(life, "statutory") == life.now + timedelta(days=15)
    late = closed()
    late.wait(days=16)
    with pytest.raises(errors.WindowClosed):
        late.do("customer", c.Reopen())
    late.do("province", c.Reopen())
    assert late.at.round == 2


def test_the_third_reopening_is_the_final_review_and_then_only_the_appeal() -> None:
    life = closed()
    for _ in range(2):
        life.do("customer", c.Reopen())
        life.do("net", c.Reply(life.now, "Li", "again", life.now))
        life.do("audit", c.AuditReply(accepted=True))
        life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))
    life.do("customer", c.Reopen())
    assert life.at.final_review
    assert life.at.state is State.TRIAGE
    life.do("hq", c.Dispatch("GD.net"))
    life.do("net", c.Sign())
    life.do("net", c.Reply(life.now, "Li", "again", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))
    assert life.events[-1].body.appeal_notice
    assert life.at.over
    with pytest.raises(errors.AppealOnly):
        life.do("customer", c.Reopen())


def test_urging_makes_yellow_and_the_third_contact_goes_one_level_up() -> None:
    life = dispatched()
    life.do("customer", c.Urge())
    life.do("customer", c.Urge())
    assert life.at.colour is Colour.YELLOW
    assert life.at.level == 1
    assert life.at.urges == 2


def test_a_ledgered_order_keeps_its_first_due_time_and_the_statutory_clock() -> None:
    life = working()
    first, statutory = due_at(life, "due"), due_at(life, "statutory")
    life.do("net", c.Ledger("new mast", life.now + timedelta(days=90)))
    life.do("province", c.DecideLedger(approved=True))
    assert life.at.state is State.LEDGERED
    assert life.at.clocks["due/a1"].first_due_at == first
    assert due_at(life, "statutory") == statutory
    life.do("net", c.Settle("mast stands"))
    assert life.at.state is State.IN_PROGRESS


def test_a_termination_is_approved_by_an_auditor_who_did_not_handle_it() -> None:
    life = working()
    life.do("net", c.RequestTermination("customer moved away"))
    life.do("audit", c.Terminate(approved=True))
    assert life.at.state is State.TERMINATED
    assert life.at.over


def test_an_unassigned_order_escalates_by_the_fallback_ladder() -> None:
    life = Life()
    life.wait(days=3)
    assert life.at.state is State.REGISTERED
    assert life.at.level >= 3


def test_a_stale_look_is_refused() -> None:
    life = working()
    with pytest.raises(errors.StaleOrder):
        life.do("net", c.Note("hello"), seq=1)
    life.do("net", c.Note("hello"), seq=life.at.seq)


def test_a_note_moves_no_clock() -> None:
    life = working()
    clocks = life.at.clocks
    life.do("net", c.Note("hello"))
    life.do("agent", c.Relabel("billing.dispute"))
    assert life.at.clocks == clocks


def test_a_missing_reason_is_named() -> None:
    with pytest.raises(errors.ReasonRequired) as refused:
        working().do("customer", c.Withdraw("call 7"), reason=" ")
    assert refused.value.field == "reason"


def test_a_closed_order_neither_warns_nor_escalates_again() -> None:
    life = closed()
    assert [event.type for event in life.wait(days=400)] == ["ReopenWindowPassed"]


def test_what_fell_due_while_asleep_fires_at_once_in_order_and_without_drift() -> None:
    awake, asleep = dispatched(), dispatched()
    awake.wait(days=12)
    asleep.now += timedelta(days=12)
    asleep.until(asleep.now)

    def marks(life: Life) -> list[tuple[str, str]]:
        return [(event.type, getattr(event.body, "key", "")) for event in life.events]

    assert marks(awake) == marks(asleep)
    assert awake.at.clocks == asleep.at.clocks
    assert {part.status for part in asleep.at.assignments} == {Part.SIGNED}


def test_a_pause_that_ends_unnoticed_ends_when_it_was_due() -> None:
    awake, asleep = working(), working()
    for life in (awake, asleep):
        life.do("net", c.RequestInfo("which street?", "call 1"))
    awake.wait(days=9)
    asleep.now += timedelta(days=9)
    asleep.until(asleep.now)
    assert due_at(awake, "due") == due_at(asleep, "due")


def test_ledgering_after_the_due_time_hides_no_breach() -> None:
    life = working()
    life.wait(days=8)
    with pytest.raises(errors.TooLate):
        life.do("net", c.Ledger("new mast", life.now + timedelta(days=90)))
    assert life.at.overdue


def test_another_round_gets_no_time_past_the_statutory_answer() -> None:
    life = working()
    life.wait(days=12)
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", c.RecordCallback("reached", True, False, Satisfaction.DISSATISFIED, "no"))
    life.do("province", c.ReviewCallback(rework=True, explanation="reasonable"))
    assert due_at(life, "due") == due_at(life, "statutory") == MONDAY + timedelta(days=15)


def test_an_order_that_waits_for_information_does_not_climb_for_want_of_a_unit() -> None:
    life = Life()
    life.do("agent", c.RequestInfo("which street?", "call 1"))
    assert not [event for event in life.wait(days=4) if event.type == "OrderEscalated"]


def test_an_unsolved_matter_at_expiry_goes_one_level_up() -> None:
    life = working()
    life.wait(days=7)
    before = life.at.level
    life.do("caller", c.RecordCallback("reached", contacted=True, solved=False))
    assert life.at.level == min(5, before + 1)


def test_answered_at_once_has_an_outcome_of_its_own() -> None:
    life = Life()
    life.do("agent", c.AnswerAtOnce("explained"))
    life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))
    assert life.at.outcome is Outcome.ANSWERED_AT_ONCE


def test_a_reopened_order_in_conference_has_no_lead_yet() -> None:
    life = closed()
    life.do("province", c.Reopen(conference=True))
    assert life.at.lead is None


def test_a_return_asked_before_signing_is_not_swallowed_by_the_automatic_signature() -> None:
    life = dispatched()
    life.do("net", c.RequestReturn("3.2", "GD.bill"))
    life.wait(hours=3)
    assert life.at.assignments[0].status is Part.RETURN_REQUESTED
    life.do("dispatcher", c.DecideReturn(upheld=False))
    life.wait(hours=3)
    assert life.at.state is State.IN_PROGRESS
    assert life.at.assignments[0].auto_signed


def test_a_manager_takes_an_order_from_a_unit_that_cannot_act() -> None:
    life = working()
    statutory = due_at(life, "statutory")
    life.do("province", c.Dispatch("GD.bill"))
    assert life.at.lead is not None
    assert life.at.lead.unit == "GD.bill"
    assert [clock.unit for clock in life.at.clocks.values() if clock.kind == "due"] == ["GD.bill"]
    assert due_at(life, "statutory") == statutory
    with pytest.raises(errors.RoleForbidden):
        life.do("dispatcher", c.Dispatch("GD.net"))


def test_the_customer_is_not_asked_for_ever() -> None:
    life = working()
    for _ in range(life.terms.info_requests):
        life.do("net", c.RequestInfo("which street?", "call 1"))
        life.do("customer", c.SupplyInfo("Renmin Road"))
    with pytest.raises(errors.CapReached):
        life.do("net", c.RequestInfo("which house?", "call 2"))


def test_a_ledgered_plan_has_an_end_and_settling_brings_a_near_due_time() -> None:
    life = working()
    with pytest.raises(errors.InvalidField):
        life.do("net", c.Ledger("some day", life.now + timedelta(days=4000)))
    life.do("net", c.Ledger("new mast", life.now + timedelta(days=90)))
    life.do("province", c.DecideLedger(approved=True))
    life.do("net", c.Settle("mast stands"))
    assert due_at(life, "due") < life.now + timedelta(days=10)


def test_a_reply_cannot_have_been_received_before_the_order_was() -> None:
    life = working()
    with pytest.raises(errors.InvalidField) as refused:
        life.do("net", c.Reply(life.now - timedelta(days=1), "Li", "mended", life.now))
    assert refused.value.field == "received_at"


def test_a_customer_who_was_never_contacted_is_reviewed_however_content() -> None:
    life = awaiting()
    said = c.RecordCallback("reached", contacted=False, solved=True, satisfaction=Satisfaction.SATISFIED, why="no call")
    life.do("caller", said)
    assert life.at.state is State.AWAITING_CALLBACK
