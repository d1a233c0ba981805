"""Re-timing, rule by rule: what moves when an order's terms change, and what must not."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import commands as c
from domain import errors
from domain.calendar import span
from domain.events import Event
from domain.model import Clock, Customer, OrderClass, Ticking, WhistleKind
from domain.order import next_deadline
from domain.policy import named
from domain.retime import moves, renewed, retimed
from tests.domain.lives import MONDAY, Life, dispatched, replied, working


def clock(life: Life, kind: str, unit: str = "") -> Clock:
    return next(one for one in life.at.clocks.values() if one.kind == kind and (not unit or one.unit == unit))


def dues(life: Life) -> dict[str, datetime]:
    return {one.key: one.due_at for one in life.at.clocks.values()}


def changes(came: list[Event]) -> dict[str, str]:
    return {change.key: change.change for change in came[0].clocks}


def steps(life: Life) -> list[int]:
    """The levels to which the result's ladder has raised the order, in order."""
    return [event.body.level for event in life.events if event.type == "OrderEscalated" and event.body.key == "due/a1"]


def version(life: Life, name: str = "2027.1", **changed: Any) -> Mapping[str, Any]:
    """Another version of the policy, with limits of the order's class changed, for the life to migrate to."""
    document = copy.deepcopy(dict(life.document))
    document["version"] = name
    document["classes"][life.at.order_class.value]["limits"].update(changed)
    return document


def migrate(life: Life, document: Mapping[str, Any]) -> list[Event]:
    life.document = document
    return life.do("hq", c.MigratePolicy(document["version"]))


def kept(life: Life) -> None:
    """What every life must keep: the state is its events', and nothing waits in the past once time has passed."""
    assert life.rebuilt() == life.at
    life.wait(minutes=0)
    deadline = next_deadline(life.at)
    assert deadline is None or deadline > life.now


def test_a_higher_priority_re_times_warnings_and_breach_alike() -> None:
    life = working()
    life.wait(hours=2)
    before = clock(life, "due")
    came = life.do("dispatcher", c.Reprioritise("high"))
    after = clock(life, "due")
    begun = before.started_at
    assert after.due_at == life.terms.calendar.add(begun, span("3.75wd")) < before.due_at
    assert after.first_due_at == before.first_due_at
    assert after.rule == "classes.general.due × priorities.high 0.75"
    half = life.terms.calendar.add(begun, span(f"{after.length / 2}wmin"))
    assert after.next_at == half
    assert changes(came)["due/a1"] == "retimed"
    assert [event.type for event in life.until(half)][-1] == "ClockWarned"
    life.wait(days=10)
    breaches = [event for event in life.events if event.type == "ClockBreached" and event.body.key == "due/a1"]
    assert [event.body.due_at for event in breaches] == [after.due_at]
    kept(life)


def test_the_top_priority_still_escalates() -> None:
    life = working()
    life.do("dispatcher", c.Reprioritise("critical"))
    life.wait(days=20)
    levels = steps(life)
    assert levels == [1, 2, 3, 4, 5]
    assert [event.body.key for event in life.events if event.type == "DeadEndRaised"].count("due/a1") == 1


def test_notify_only_changes_nothing_but_what_was_asked() -> None:
    """A warning, an urge, a note or a supervision changes neither priority nor terms nor any due time."""
    life = working()
    before, terms = dues(life), life.at.terms
    life.do("customer", c.Urge("please"))
    life.do("agent", c.Note("he called"))
    life.do("province", c.Supervise("yellow", "hurry"))
    life.until(clock(life, "due").next_at)
    assert "ClockWarned" in life.types()
    assert (life.at.priority, life.at.terms) == ("normal", terms)
    assert {key: due for key, due in dues(life).items() if key in before} == {
        key: due for key, due in before.items() if key in life.at.clocks
    }


def test_a_manual_due_time_does_not_move_on_an_unrelated_edit() -> None:
    life = working()
    until = clock(life, "due").due_at + timedelta(days=2)
    life.do("net", c.Extend(until))
    life.do("province", c.DecideExtension(granted=True))
    for body in (c.Relabel("billing.dispute"), c.Reprioritise("critical"), c.Retier(OrderClass.FAULT, "diamond")):
        life.do("lead" if isinstance(body, c.Relabel) else "dispatcher", body)
        assert clock(life, "due").due_at == until
    migrate(life, version(life, due="1wd"))
    assert clock(life, "due").due_at == until
    life.do("agent", c.Note("still open"))
    assert clock(life, "due").due_at == until
    kept(life)


def test_an_edit_of_which_the_policy_says_nothing_moves_nothing() -> None:
    life = working()
    life.wait(hours=5)
    before = life.at.clocks
    came = life.do("lead", c.Relabel("billing.dispute"))
    assert came[0].type == "OrderRelabelled"
    assert dues(life) == {key: one.due_at for key, one in before.items()}
    again = life.do("lead", c.Relabel("billing.dispute"))
    assert again[0].clocks == ()


def test_a_category_with_limits_of_its_own_re_times_and_back_again() -> None:
    life = working()
    life.document = {**life.document, "categories": {"billing": {"limits": {"*": {"due": "2wd"}}}}}
    before = dues(life)
    life.wait(hours=3)
    life.do("lead", c.Relabel("billing.dispute"))
    assert clock(life, "due").rule == "categories.billing.*.due"
    assert clock(life, "due").due_at == life.terms.calendar.add(MONDAY, span("2wd"))
    life.do("lead", c.Relabel("network.fault"))
    assert dues(life) == before
    kept(life)


def test_an_order_does_not_escalate_on_creation_after_a_zone_change() -> None:
    life = dispatched()
    document = copy.deepcopy(dict(version(life)))
    for calendar in document["calendars"].values():
        calendar["zone"] = "Asia/Urumqi"
    migrate(life, document)
    assert all(one.due_at > life.now for one in life.at.clocks.values())
    assert life.wait(minutes=5) == []
    assert life.at.level == 0


def test_a_policy_that_is_removed_from_a_kind_stops_its_clock_and_its_mails() -> None:
    life = working()
    life.wait(days=2, minutes=1)
    late = clock(life, "progress")
    assert late.status is Ticking.BREACHED
    came = migrate(life, version(life, progress=None))
    assert changes(came)[late.key] == "cancelled"
    told = [event for event in life.wait(days=20) if getattr(event.body, "key", "") == late.key]
    assert told == []


def test_a_kind_that_newly_exists_starts_where_its_duty_is_owed_now() -> None:
    life = working(order_class="consult")
    life.wait(minutes=10)
    assert not [one for one in life.at.clocks.values() if one.kind == "progress"]
    came = life.do("dispatcher", c.Retier(OrderClass.GENERAL))
    progress = clock(life, "progress")
    assert changes(came)[progress.key] == "started"
    told = life.now - timedelta(minutes=10)  # when the customer last heard of it: the limit is owed since then
    assert (progress.started_at, progress.unit, progress.hop) == (told, "GD.net", 1)
    assert progress.due_at == told + timedelta(hours=48)
    assert not [one for one in life.at.clocks.values() if one.kind in ("sign", "contact")]
    kept(life)
    waiting = replied(order_class="consult")
    waiting.do("dispatcher", c.Retier(OrderClass.GENERAL))
    assert not [one for one in waiting.at.clocks.values() if one.kind == "progress"]


def test_what_newly_exists_stands_still_while_the_customer_is_asked() -> None:
    life = working(order_class="consult")
    life.do("net", c.RequestInfo("which street?", "call 1"))
    life.do("dispatcher", c.Retier(OrderClass.GENERAL))
    assert clock(life, "progress").status is Ticking.PAUSED
    life.wait(hours=8)
    life.do("customer", c.SupplyInfo("Renmin Road"))
    assert clock(life, "progress").due_at == life.now + timedelta(hours=48)


def test_a_miss_is_never_undone_by_a_later_change() -> None:
    life = working()
    life.wait(days=9)
    missed = clock(life, "due")
    assert missed.status is Ticking.BREACHED
    for body in (c.Reprioritise("low"), c.Retier(OrderClass.COMPLEX), c.Retier(OrderClass.URGENT)):
        life.do("dispatcher", body)
        after = clock(life, "due")
        assert (after.status, after.due_at) == (Ticking.BREACHED, missed.due_at)
    life.wait(days=30)
    breaches = [event for event in life.events if event.type == "ClockBreached" and event.body.key == "due/a1"]
    assert len(breaches) == 1


def test_a_breached_clock_goes_up_the_new_ladder_without_a_level_left_out_or_taken_twice() -> None:
    life = working()
    life.until(clock(life, "due").due_at + timedelta(hours=1))
    assert [event.body.level for event in life.events if event.type == "OrderEscalated"][-1] == 1
    life.do("dispatcher", c.Retier(OrderClass.URGENT))
    life.wait(hours=4)
    levels = steps(life)
    assert levels == [1, 2, 3, 4, 5]
    life.do("dispatcher", c.Retier(OrderClass.GENERAL))
    life.wait(days=30)
    assert steps(life) == levels
    assert [event.body.key for event in life.events if event.type == "DeadEndRaised"].count("due/a1") == 1


def test_a_reply_is_judged_by_the_rules_under_which_it_was_handed_in() -> None:
    life = replied()
    due_at = clock(life, "due").due_at
    life.do("dispatcher", c.Retier(OrderClass.URGENT))
    assert (clock(life, "due").due_at, clock(life, "due").status) == (due_at, Ticking.ANSWERED)
    life.do("audit", c.AuditReply(accepted=False))
    assert (clock(life, "due").due_at, clock(life, "due").status) == (due_at, Ticking.RUNNING)
    kept(life)


def test_a_limit_that_is_used_up_already_is_breached_at_once_by_the_normal_way() -> None:
    life = working()
    life.wait(days=4)
    came = life.do("dispatcher", c.Retier(OrderClass.CONSULT))
    assert [event.type for event in came] == ["OrderRetiered"]
    due = clock(life, "due")
    assert due.due_at < due.next_at == life.now  # missed since then; nobody could have been told before now
    fired = life.wait(minutes=0)
    assert next(event.type for event in fired if getattr(event.body, "key", "") == "due/a1") == "ClockBreached"
    kept(life)


def test_a_migration_there_and_back_leaves_every_due_time_as_it_was() -> None:
    """A limit counts from when it began, under whatever version: what lies between leaves no trace."""
    life = dispatched("GD.bill")
    before = {key: one.due_at for key, one in life.at.clocks.items()}
    there: dict[str, Any] = copy.deepcopy(dict(life.document))
    there["version"] = "there"
    there["calendars"]["office"] |= {"week": [[[540, 720], [810, 1080]]] * 5 + [[], []]}
    there["calendars"]["office"]["specials"] = [{"first": "2026-03-03", "zh": "停电", "en": "power cut"}]
    back = life.document
    life.wait(hours=1)
    life.document = there
    life.do("hq", c.MigratePolicy("there"))
    assert {key: one.due_at for key, one in life.at.clocks.items()} != before
    life.wait(minutes=30)
    life.document = back
    life.do("hq", c.MigratePolicy(back["version"]))
    after = {key: one.due_at for key, one in life.at.clocks.items()}
    assert {key: after[key] for key in after if key in before} == {key: before[key] for key in after if key in before}


def test_nobody_gains_time_by_a_detour_through_a_class_without_the_limit() -> None:
    life = working()
    due_at = clock(life, "progress").due_at
    life.wait(hours=47)
    life.do("dispatcher", c.Retier(OrderClass.CONSULT))
    life.do("dispatcher", c.Retier(OrderClass.GENERAL))
    assert clock(life, "progress").due_at == due_at
    life.wait(hours=2)
    assert clock(life, "progress").status is Ticking.BREACHED


def test_a_ladder_that_is_taken_away_and_brought_back_goes_on() -> None:
    life = working()
    life.until(clock(life, "due").due_at)
    bare = copy.deepcopy(dict(life.document))
    bare["version"] = "bare"
    del bare["chains"]["due"]
    whole = life.document
    life.document = bare
    life.do("hq", c.MigratePolicy("bare"))
    life.document = whole
    life.do("hq", c.MigratePolicy(whole["version"]))
    life.wait(days=40)
    levels = [event.body.level for event in life.events if getattr(event.body, "key", "") == "due/a1"
              and event.type == "OrderEscalated"]  # fmt: skip
    assert levels == [1, 2, 3, 4, 5]
    assert any(event.type == "DeadEndRaised" and event.body.key == "due/a1" for event in life.events)


def test_no_warning_is_given_twice() -> None:
    life = working()
    life.until(clock(life, "due").next_at)
    assert clock(life, "due").warned == (0,)
    life.do("dispatcher", c.Retier(OrderClass.COMPLEX))
    life.do("dispatcher", c.Retier(OrderClass.GENERAL))
    life.wait(days=20)
    given = [event.body.percent for event in life.events if event.type == "ClockWarned" and event.body.key == "due/a1"]
    assert given == [50, 75]


@pytest.mark.parametrize("limit", ["due", "contact"])
def test_what_stood_still_is_added_back(limit: str) -> None:
    """In working and in elapsed minutes alike the pause counts for nothing, before and after the change."""
    life = dispatched()
    life.do("net", c.Sign())
    life.wait(hours=1)
    life.do("net", c.RequestInfo("which street?", "call 1"))
    life.wait(hours=26)
    life.do("customer", c.SupplyInfo("Renmin Road"))
    life.wait(hours=1)
    plain = clock(life, limit)
    life.do("dispatcher", c.Reprioritise("critical"))
    after = clock(life, limit)
    assert after.length == pytest.approx(plain.length / 2, abs=1)
    left = after.length - 120 if limit == "contact" else None
    if left is not None:
        assert after.due_at == life.now + timedelta(minutes=left)
    assert after.due_at < plain.due_at
    life.do("dispatcher", c.Reprioritise("normal"))
    assert abs(clock(life, limit).due_at - plain.due_at) < timedelta(seconds=1)
    kept(life)


def test_a_paused_clock_is_re_timed_and_runs_on_with_what_is_left() -> None:
    life = dispatched()
    life.do("net", c.Sign())
    life.wait(hours=1)
    life.do("net", c.RequestInfo("which street?", "call 1"))
    life.wait(hours=3)
    life.do("dispatcher", c.Reprioritise("critical"))
    assert clock(life, "contact").status is Ticking.PAUSED
    life.wait(hours=3)
    life.do("customer", c.SupplyInfo("Renmin Road"))
    assert clock(life, "contact").due_at == life.now + timedelta(hours=11)
    kept(life)


def test_a_limit_that_is_counted_in_another_way_keeps_what_was_used_up() -> None:
    """From working days to elapsed hours and back: nothing is lost, nothing is won."""
    life = working()
    life.wait(hours=2)
    life.do("net", c.RequestInfo("which street?", "call 1"))
    life.wait(hours=1)
    life.do("customer", c.SupplyInfo("Renmin Road"))
    before = clock(life, "due").due_at
    life.do("dispatcher", c.Retier(OrderClass.FAULT))
    assert clock(life, "due").due_at == MONDAY + timedelta(hours=49)
    life.do("dispatcher", c.Retier(OrderClass.GENERAL))
    assert abs(clock(life, "due").due_at - before) < timedelta(seconds=1)
    kept(life)


def test_the_statutory_time_stays_and_still_cuts_off_the_result() -> None:
    life = Life()
    life.wait(days=11)
    life.do("dispatcher", c.Dispatch("GD.net"))
    statutory = clock(life, "statutory").due_at
    life.do("dispatcher", c.Retier(OrderClass.COMPLEX, "diamond"))
    life.do("dispatcher", c.Retier(OrderClass.COMPLEX, "normal"))
    assert clock(life, "statutory").due_at == statutory == clock(life, "due").due_at
    assert clock(life, "due").rule == clock(life, "statutory").rule
    document = version(life)
    document["classes"]["*"]["limits"]["statutory"] = "14d"
    migrate(life, document)
    assert clock(life, "statutory").due_at == statutory - timedelta(days=1) == clock(life, "due").due_at
    kept(life)


def test_a_summons_and_the_parts_of_co_units_are_re_timed_too() -> None:
    life = working("GD.bill")
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, "cross_department", ("GD.it",)))
    before = dues(life)
    life.do("dispatcher", c.Retier(tier="diamond"))
    for kind in ("co_due", "whistle_report_in", "due", "sign"):
        assert clock(life, kind).due_at < before[clock(life, kind).key], kind
    kept(life)


def test_a_migration_is_a_recorded_event_and_changes_nothing_the_second_time() -> None:
    life = working()
    life.wait(hours=1)
    document = version(life, due="3wd")
    was = life.at.policy_version
    (event,) = migrate(life, document)
    assert (event.type, event.body.version, event.body.was) == ("PolicyMigrated", "2027.1", was)
    assert (event.policy_version, event.reason, event.actor.id) == ("2027.1", "because", "hq")
    assert (life.at.policy_version, life.at.terms) == ("2027.1", life.terms.digest)
    after = dues(life)
    (again,) = migrate(life, document)
    assert again.clocks == ()
    assert dues(life) == after
    kept(life)


def test_a_preview_says_what_the_migration_then_does() -> None:
    life = working("GD.bill")
    life.wait(days=3)
    document = version(life, due="2wd", progress=None, whistle_sign="5min")
    new = renewed(life.at, c.MigratePolicy("2027.1"), document)
    state = life.at
    foreseen = moves(state, life.now, life.terms, new)
    assert life.at == state
    late = next(move for move in foreseen if move.kind == "due")
    assert late.breaches
    assert (late.zone, late.was) == ("Asia/Shanghai", clock(life, "due").due_at)
    migrate(life, document)
    assert all(life.at.clocks[move.key].due_at == move.due_at for move in foreseen if move.due_at)
    assert not any(move.key in life.at.clocks for move in foreseen if move.change == "cancelled")
    untouched = [key for key in life.at.clocks if key not in {move.key for move in foreseen}]
    assert {life.at.clocks[key].due_at for key in untouched} == {state.clocks[key].due_at for key in untouched}


def test_other_warnings_and_another_calendar_leave_past_warnings_given() -> None:
    life = working()
    life.until(clock(life, "due").next_at)
    document = dict(version(life))
    document["warnings"] = {
        **document["warnings"],
        "due": [{"percent": 60, "colour": "blue"}, {"before": "4wh", "colour": "yellow"}],
    }
    migrate(life, document)
    due = clock(life, "due")
    assert due.warned == (0,)
    assert due.next_at == life.terms.calendar.back(due.due_at, span("4wh"))
    kept(life)


def test_terms_that_are_missing_forged_or_of_another_order_are_refused() -> None:
    life = working()
    good = renewed(life.at, c.Reprioritise("high"), life.document)
    forged = replace(good, limits={**good.limits, "due": "90wd"})
    for terms in (forged, replace(named(forged), digest="")):
        with pytest.raises(errors.InvalidField) as refused:
            life.do("dispatcher", c.Reprioritise("high", terms))
        assert refused.value.field == "terms"
    for wrong in (
        renewed(life.at, c.Reprioritise("critical"), life.document),
        renewed(replace(life.at, province="JS"), c.Reprioritise("high"), life.document),
        renewed(replace(life.at, customer=Customer("Li", "1", tier="gold")), c.Reprioritise("high"), life.document),
        renewed(life.at, c.Reprioritise("high"), version(life)),
    ):
        with pytest.raises(errors.StaleOrder):
            life.do("dispatcher", c.Reprioritise("high", wrong))
    assert life.at.priority == "normal"
    with pytest.raises(errors.InvalidField):
        life.do("dispatcher", c.Retier())
    assert retimed(life.at, life.now, life.terms, life.terms) == ()
