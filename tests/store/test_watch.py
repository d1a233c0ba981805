"""What the watchers rely on: marks that time fired, marks that slipped, signs of life; each written once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import to_rows
from domain.events import Event, OrderEscalated
from store import firings, ledger, pulses, sweeps, tables
from tests.domain.lives import Life, dispatched
from tests.store.stories import eventful, number

Made = sessionmaker[Session]
BY_TIME = ("warned", "breached", "climbed", "dead_end", "expired")
LATE = timedelta(seconds=3)


@pytest.fixture(autouse=True)
def empty(made: Made) -> Iterator[None]:
    """No order of another test slips into the sweeper's view."""
    yield
    with made.begin() as session:
        session.execute(update(tables.orders).values(next_at=None))


def fired(life: Life) -> list[Event]:
    """The order's events, each mark of time marked as having been due three seconds before."""
    return [
        replace(
            event,
            clocks=tuple(
                replace(change, fell_due=event.at - LATE if change.change in BY_TIME else None)
                for change in event.clocks
            ),
        )
        for event in life.events
    ]


def rows_of(made: Made, table: Any, order_id: str) -> list[Any]:
    with made() as session:
        return list(session.execute(select(table).where(table.c.order_id == order_id)))


def kept(made: Made, order_id: str, events: list[Event]) -> None:
    with made.begin() as session:
        ledger.record(session, order_id, to_rows(order_id, events))


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
def test_each_mark_that_time_fired_is_on_record_with_its_lateness(made: Made, at_once: bool) -> None:
    life = eventful()
    events, order_id = fired(life), life.at.id
    for batch in [events] if at_once else [[event] for event in events]:
        kept(made, order_id, batch)
    kept(made, order_id, events)
    expected = {
        (event.seq, change.key, change.change) for event in events for change in event.clocks if change.fell_due
    }
    assert {"warned", "breached", "climbed"} <= {change for _, _, change in expected}
    found = rows_of(made, tables.firings, order_id)
    assert {(row.seq, row.key, row.change) for row in found} == expected
    assert len(found) == len(expected)
    assert {row.late_seconds for row in found} == {3.0}
    assert all(row.kind == row.key.partition("/")[0] for row in found)
    assert {row.unit for row in found if row.kind == "whistle_report_in"} == {"GD.it"}


def test_the_report_counts_by_kind_and_names_the_latest(made: Made) -> None:
    life = eventful()
    kept(made, life.at.id, fired(life))
    since = life.events[0].at
    with made() as session:
        all_kinds, *kinds = firings.lateness(session, since, "", 2.0)
        assert all_kinds.kind == firings.ALL
        assert all_kinds.count == sum(kind.count for kind in kinds) > 0
        assert (all_kinds.p50, all_kinds.p99, all_kinds.max, all_kinds.early) == (3.0, 3.0, 3.0, 0)
        assert all_kinds.over == all_kinds.count
        one = firings.lateness(session, since, kinds[0].kind, 5.0)
        assert [(line.kind, line.over) for line in one] == [(firings.ALL, 0), (kinds[0].kind, 0)]
        worst = firings.worst(session, since, "", 2.0)
        assert 0 < len(worst) <= firings.WORST
        assert firings.worst(session, since, "", 3.0) == []
        assert firings.lateness(session, datetime.now(UTC) + timedelta(days=9999), "", 2.0) == []


def test_a_criticised_unit_is_on_the_public_list(made: Made) -> None:
    life = eventful()
    events = [
        replace(event, body=replace(event.body, criticised=True)) if isinstance(event.body, OrderEscalated) else event
        for event in life.events
    ]
    named = [event for event in events if isinstance(event.body, OrderEscalated)]
    assert named
    kept(made, life.at.id, events)
    found = rows_of(made, tables.criticisms, life.at.id)
    assert [(row.seq, row.unit, row.key, row.level) for row in sorted(found, key=lambda row: row.seq)] == [
        (event.seq, event.body.unit, event.body.key, event.body.level)
        for event in named
        if isinstance(event.body, OrderEscalated)
    ]
    assert {row.province for row in found} == {"GD"}


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
def test_a_clock_keeps_its_round_its_breach_and_the_time_used(made: Made, at_once: bool) -> None:
    life = dispatched(order_id=number())
    life.wait(days=3)
    events = [
        replace(
            event,
            clocks=tuple(
                replace(change, worked=120.0 if change.change in ("breached", "expired") else None)
                for change in event.clocks
            ),
        )
        for event in life.events
    ]
    for batch in [events] if at_once else [[event] for event in events]:
        kept(made, life.at.id, batch)
    by_kind = {row.kind: row for row in rows_of(made, tables.deadlines, life.at.id)}
    for kind in ("sign", "contact"):
        row = by_kind[kind]
        assert (row.round, row.late, row.worked_minutes, row.breached_at) == (1, True, 120.0, row.due_at), kind
    assert by_kind["sign"].status == "ended"
    assert by_kind["due"].breached_at is None


def slipped(made: Made, *, seconds: float, order_id: str = "") -> str:
    """An order whose next mark passed so long ago."""
    life = dispatched(order_id=order_id or number())
    kept(made, life.at.id, life.events)
    with made.begin() as session:
        moved = text("update orders set next_at = now() - make_interval(secs => :s) where order_id = :id")
        session.execute(moved, {"s": seconds, "id": life.at.id})
    return life.at.id


def take(made: Made, most: int = 100) -> list[sweeps.Slip]:
    with made.begin() as session:
        return sweeps.take(session, 10.0, most)


def let_pass(made: Made, seconds: float) -> None:
    """Let the sweeps believe that so much time has passed."""
    with made.begin() as session:
        session.execute(
            text(
                "update sweeps set tried_at = tried_at - make_interval(secs => :s), "
                "settled_at = settled_at - make_interval(secs => :s)"
            ),
            {"s": seconds},
        )


def test_only_what_is_overdue_beyond_the_tolerance_is_taken_and_rehearsals_never(made: Made) -> None:
    slipped(made, seconds=5)
    slipped(made, seconds=60, order_id=number("R"))
    with made.begin() as session:
        session.execute(update(tables.orders).where(tables.orders.c.order_id.like("R%")).values(rehearsal=True))
    late = slipped(made, seconds=60)
    assert [slip.order_id for slip in take(made)] == [late]


def test_the_most_overdue_come_first_and_what_was_taken_does_not_block_the_rest(made: Made) -> None:
    orders = [slipped(made, seconds=100 - number_) for number_ in range(6)]
    assert [slip.order_id for slip in take(made, 2)] == orders[:2]
    assert [slip.order_id for slip in take(made, 2)] == orders[2:4]
    assert [slip.order_id for slip in take(made, 9)] == orders[4:]
    assert take(made) == []


def test_many_sweepers_take_each_mark_once(made: Made) -> None:
    orders = {slipped(made, seconds=60) for _ in range(20)}
    taken: list[sweeps.Slip] = []
    together = threading.Barrier(6)

    def look() -> None:
        together.wait()
        taken.extend(take(made, 15))
        taken.extend(take(made, 15))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slip.order_id for slip in taken) == sorted(orders)


def test_what_was_not_settled_comes_up_again_and_what_was_settled_later(made: Made) -> None:
    order_id = slipped(made, seconds=60)
    (first,) = take(made)
    assert (first.tries, take(made)) == (1, [])
    let_pass(made, 31)
    (second,) = take(made)
    assert (second.order_id, second.tries, second.late_seconds) == (order_id, 2, first.late_seconds)
    with made.begin() as session:
        sweeps.settle(session, second, "woken")
    let_pass(made, 31)
    assert take(made) == []
    let_pass(made, 31)
    (third,) = take(made)
    assert third.tries == 3
    with made.begin() as session:
        sweeps.fail(session, third, "the engine does not answer")
    with made() as session:
        told = sweeps.swept(session, datetime.now(UTC) - timedelta(hours=1))
    assert told.outcomes["the engine does not answer"] == 1
    assert told.tries >= 3
    assert told.latest >= 60


def test_a_pulse_is_written_over_and_never_turned_back(made: Made, engine: Engine) -> None:
    with made.begin() as session:
        assert "one" not in pulses.all_of(session)
        pulses.beat(session, "one", "first")
    with made.begin() as session:
        pulses.beat(session, "one", "second")
        found = pulses.all_of(session)["one"]
    assert found.detail == "second"
    assert 0 <= found.age < 5


def test_a_turn_is_taken_by_one(made: Made) -> None:
    taken: list[bool] = []

    def ask() -> None:
        with made.begin() as session:
            taken.append(pulses.take_turn(session, "turn", 60))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]
    with made.begin() as session:
        assert pulses.take_turn(session, "turn", 0)
