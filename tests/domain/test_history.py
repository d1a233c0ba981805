"""Histories of other systems: taken in as they are told, counted, and gone on with where they are open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.messages import CommandMessage, encode, from_row, to_command, to_rows
from domain import commands as c
from domain import events as e
from domain.errors import InvalidField, NotAllowedNow, RoleForbidden
from domain.events import Event
from domain.model import CallbackStatus, Customer, Order, OrderClass, Outcome, State
from domain.order import decide, decided, evolve, next_deadline, passed
from tests.domain.lives import MONDAY, PEOPLE, terms

BEGUN = datetime(2016, 2, 29, 8, 33, tzinfo=UTC)


def step(activity: str, hours: float = 0, **more: Any) -> c.ForeignStep:
    """A step of the other system, so many hours after it began."""
    return c.ForeignStep(activity=activity, at=BEGUN + timedelta(hours=hours), **more)


def history(*steps: c.ForeignStep, **more: Any) -> c.ImportHistory:
    """A history of these steps."""
    fields: dict[str, Any] = {
        "order_id": "WH20260302-IMPORTED",
        "system": "elsewhere",
        "case": "INC-7",
        "title": "no signal",
        "text": "no signal since Monday",
        "category": "network.fault",
        "order_class": OrderClass.GENERAL,
        "province": "GD",
        "channel": "hotline",
        "customer": Customer("Li", "13800000000"),
        "steps": steps,
    }
    return c.ImportHistory(**{**fields, **more})


CLOSED = (
    step("New", unit="70"),
    step("Active", 1, unit="20", state=State.IN_PROGRESS, by="908"),
    step("Resolved", 2, unit="20", state=State.AWAITING_CALLBACK),
    step("Active", 3, unit="", state=State.IN_PROGRESS),
    step("Resolved", 4, unit="20", state=State.AWAITING_CALLBACK),
    step("Closed", 124, unit="20", state=State.CLOSED),
)


def taken(command: c.ImportHistory, who: str = "hq") -> tuple[tuple[Event, ...], Order]:
    """What taking it in brings, by the shipped policy."""
    return decided(None, c.Command("import-1", PEOPLE[who], command), MONDAY, terms())


def test_an_ended_history_becomes_an_ended_order_with_its_own_times_authors_and_counts() -> None:
    events, order = taken(history(*CLOSED, outcome=Outcome.NOT_RATED, said_reopens=1, said_moves=3))
    assert [event.type for event in events] == ["OrderImported", *["StepImported"] * 6, "HistoryEnded"]
    assert {event.at for event in events} == {MONDAY}
    steps = [event.body for event in events if isinstance(event.body, e.StepImported)]
    assert [one.at for one in steps] == [one.at for one in CLOSED]
    assert steps[1].by == "908"
    assert [one.reopened for one in steps] == [False, False, False, True, False, False]
    assert [one.moved for one in steps] == [False, True, False, True, True, False]
    ended = events[-1].body
    assert isinstance(ended, e.HistoryEnded)
    assert (ended.reopens, ended.moves, ended.said_reopens, ended.said_moves) == (1, 3, 1, 3)
    assert (order.state, order.over, order.outcome) == (State.CLOSED, True, Outcome.NOT_RATED)
    assert (order.registered_at, order.closed_at) == (BEGUN, CLOSED[-1].at)
    assert (order.reopens, order.round, order.hop) == (1, 2, 4)
    assert order.imported == "elsewhere/INC-7"
    assert not order.clocks
    assert not order.handlers
    assert next_deadline(order) is None


def test_an_open_history_goes_on_at_the_desk_with_clocks_from_now() -> None:
    events, order = taken(history(*CLOSED[:2]))
    assert events[-1].type == "OrderTakenOver"
    assert order.state is State.TRIAGE
    assert not order.over
    assert {clock.kind for clock in order.clocks.values()} == {"statutory", "dispatch"}
    assert {clock.started_at for clock in order.clocks.values()} == {MONDAY}
    dispatched = c.Command("d", PEOPLE["dispatcher"], c.Dispatch("GD.net"))
    order = decided(order, dispatched, MONDAY + timedelta(hours=1), terms())[1]
    assert order.lead is not None
    assert order.lead.unit == "GD.net"


def test_an_open_history_with_a_unit_of_ours_is_dispatched_to_it() -> None:
    events, order = taken(history(*CLOSED[:2], lead="GD.net", catalogue="network"))
    assert [event.type for event in events[-2:]] == ["OrderTakenOver", "OrderDispatched"]
    assert order.state is State.DISPATCHED
    assert {"statutory", "sign", "contact", "due"} <= {clock.kind for clock in order.clocks.values()}
    later = passed(order, MONDAY + timedelta(days=30), terms())[1]
    assert later.overdue
    assert later.level


def test_the_order_that_the_other_system_gave_is_kept_against_its_times() -> None:
    steps = (CLOSED[0], CLOSED[2], CLOSED[1], *CLOSED[3:])
    with pytest.raises(InvalidField):
        taken(history(*steps, outcome=Outcome.NOT_RATED))
    events, order = taken(history(*steps, outcome=Outcome.NOT_RATED, numbered=True))
    told = [event.body.at for event in events if isinstance(event.body, e.StepImported)]
    assert told == [one.at for one in steps]
    assert order.state is State.CLOSED
    with pytest.raises(InvalidField, match="in the future"):
        taken(history(replace(CLOSED[0], at=MONDAY + timedelta(days=1)), *CLOSED[1:], numbered=True))


def test_what_was_resolved_there_waits_for_its_call_back_here() -> None:
    events, order = taken(history(*CLOSED[:5]))
    assert events[-1].type == "CallbackPlanned"
    assert order.state is State.AWAITING_CALLBACK
    assert order.callback is not None
    assert order.callback.status is not CallbackStatus.COMPLETED


def test_the_same_command_decides_the_same_again_and_the_events_alone_rebuild_the_order() -> None:
    command = history(*CLOSED, outcome=Outcome.NOT_RATED)
    events, order = taken(command)
    message = CommandMessage("import-1", PEOPLE["hq"], c_body(command))
    again = decide(None, to_command("import_history", message), events[0].at, terms())
    assert again == events
    rebuilt: Order | None = None
    for row in to_rows(order.id, events):
        rebuilt = evolve(rebuilt, from_row(row))
    assert rebuilt == order


def c_body(command: c.ImportHistory) -> Any:
    """The command as it is kept under its key."""
    import msgspec

    return msgspec.Raw(encode(command))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": ()}, "steps"),
        ({"case": " "}, "case"),
        ({"system": ""}, "system"),
        ({"title": ""}, "title"),
        ({"outcome": None}, "outcome"),
        ({"steps": (replace(CLOSED[0], at=MONDAY + timedelta(days=1)), *CLOSED[1:])}, "steps.1.at"),
        ({"steps": (*CLOSED[:2], replace(CLOSED[2], activity=""), *CLOSED[3:])}, "steps.3.activity"),
        ({"steps": CLOSED[:2]}, "outcome"),
        ({"steps": (*CLOSED[:4], CLOSED[5], CLOSED[4])}, "steps.6.at"),
        ({"registered_at": MONDAY + timedelta(days=1)}, "registered_at"),
        ({"registered_at": BEGUN + timedelta(minutes=1)}, "registered_at"),
        ({"said_reopens": 2**60}, "said_reopens"),
        ({"said_moves": -1}, "said_moves"),
    ],
)
def test_what_cannot_be_a_history_is_refused_and_names_the_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        taken(replace(history(*CLOSED, outcome=Outcome.NOT_RATED), **change))
    assert refused.value.field == field
    assert refused.value.remedy


def test_steps_of_one_instant_follow_each_other_and_the_registration() -> None:
    steps = tuple(replace(one, at=BEGUN) for one in CLOSED)
    _, order = taken(history(*steps, outcome=Outcome.NOT_RATED, registered_at=BEGUN))
    assert (order.registered_at, order.closed_at) == (BEGUN, BEGUN)


def test_nobody_but_headquarters_takes_histories_in_and_no_order_takes_in_another() -> None:
    command = history(*CLOSED, outcome=Outcome.NOT_RATED)
    for who in set(PEOPLE) - {"hq"}:
        with pytest.raises(RoleForbidden):
            taken(command, who)
    order = taken(command)[1]
    with pytest.raises(NotAllowedNow):
        decide(order, c.Command("again", PEOPLE["hq"], command), MONDAY, terms())


def test_an_ended_one_is_opened_again_by_a_supervisor_alone() -> None:
    order = taken(history(*CLOSED, outcome=Outcome.NOT_RATED))[1]
    again = c.Command("r", PEOPLE["province"], c.Reopen(), reason="not solved after all")
    order = decided(order, again, MONDAY + timedelta(days=1), terms())[1]
    assert (order.state, order.round, order.reopens) == (State.TRIAGE, 3, 2)
    assert order.clocks
