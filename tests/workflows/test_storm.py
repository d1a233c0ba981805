"""However much falls due at one wake-up, each step of an order stays small, and the order comes through whole."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from contracts.messages import Answer, EventRow, OrderInput, to_rows
from contracts.options import BATCH_BYTES, BATCH_ROWS
from domain import commands as c
from domain.model import WhistleKind
from domain.policy import Terms, named
from tests.domain.lives import PEOPLE, Life, terms
from tests.support.desk import Desk
from workflows.order import BUSY_RECORDING
from workflows.outbox import Outbox

UNITS = 50
WHISTLES = 4
LONG = 240.0
"""Seconds within which the ledger has a whole storm; it takes some ten, and many times that on a busy machine."""


def boundless() -> Terms:
    """The urgent class without the caps that keep an order's whistles few."""
    return named(replace(terms("urgent"), whistles_open=WHISTLES, whistle_units=UNITS))


def whistles() -> list[c.RequestWhistle]:
    """Summons to two hundred units: with their ladders, thousands of marks within hours."""
    return [
        c.RequestWhistle(WhistleKind.EMERGENCY, "network_outage", tuple(f"W{number}.u{unit}" for unit in range(UNITS)))
        for number in range(WHISTLES)
    ]


def begun_hours_ago(order_id: str, hours: int) -> Life:
    """An order that has whistled for everybody, as it stood so many hours ago."""
    life = Life("urgent", now=datetime.now(UTC) - timedelta(hours=hours), own=boundless(), order_id=order_id)
    for whistle in whistles():
        life.do("agent", whistle)
    return life


async def answered(desk: Desk, order_id: str, command: c.Command) -> tuple[Answer, int]:
    """The answer to a command, and how often the order was busy before."""
    busy = 0
    async with asyncio.timeout(LONG):
        while True:
            try:
                return await desk.send(order_id, command), busy
            except WorkflowUpdateFailedError as error:
                if getattr(error.cause, "type", "") != BUSY_RECORDING:
                    raise
                busy += 1
                await asyncio.sleep(0.1)


async def batches(desk: Desk, order_id: str) -> list[int]:
    """The bytes of each recording, of all runs."""
    sizes = []
    for run in await desk.runs(order_id):
        for event in run.events:
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                sizes += [len(one.data) for one in event.activity_task_scheduled_event_attributes.input.payloads]
    return sizes


async def whole(desk: Desk, order_id: str) -> list[EventRow]:
    """The ledger, which has every event once, and the engine's state that agrees with it."""
    rows = await desk.recorded(order_id)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert (await desk.view(order_id)).order.seq == len(rows)
    return rows


@pytest.mark.asyncio(loop_scope="session")
async def test_thousands_of_marks_at_one_wake_up_are_recorded_in_small_steps(desk: Desk) -> None:
    life = begun_hours_ago(desk.number(), 12)
    order_id = life.at.id
    begun = len(life.events)
    await desk.keep(order_id, to_rows(order_id, life.events))
    await desk.rebuild(life.at, life.terms)
    note = c.Command("note", PEOPLE["agent"], c.Note("in the midst of it"))
    answer, busy = await answered(desk, order_id, note)
    assert busy > 0
    await desk.record(answer)
    rows = await whole(desk, order_id)
    assert len(rows) - begun > 3000
    marks = [(change.key, change.change, change.clock and change.clock.step) for row in rows for change in row.clocks]
    assert len(marks) == len(set(marks)), "a mark fired twice"
    sizes = await batches(desk, order_id)
    assert len(sizes) > 30
    assert max(sizes) < BATCH_BYTES * 1.1
    later = await desk.do(order_id, "agent", c.Note("after it"))
    assert later.first == later.last == len(rows) + 1


@pytest.mark.asyncio(loop_scope="session")
async def test_a_command_that_finds_no_workflow_but_a_storm_is_told_to_come_again(desk: Desk) -> None:
    life = begun_hours_ago(desk.number(), 12)
    order_id = life.at.id
    await desk.keep(order_id, to_rows(order_id, life.events))
    note = c.Command("note", PEOPLE["agent"], c.Note("the first to come"))
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await desk.start(OrderInput(order_id, life.terms, life.at), note)
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == BUSY_RECORDING
    answer, _ = await answered(desk, order_id, note)
    await desk.record(answer)
    rows = await whole(desk, order_id)
    assert [row.seq for row in rows if row.command_id == "note"] == [answer.first]


@pytest.mark.asyncio(loop_scope="session")
async def test_events_that_no_caller_records_never_pile_up(desk: Desk) -> None:
    order_id = await desk.register()
    text = "x" * 30_000
    last = 0
    for number in range(12):
        command = c.Command(f"n{number}", PEOPLE["agent"], c.Note(text))
        answer, _ = await answered(desk, order_id, command)
        assert len(msgspec.json.encode(answer)) < 2 * BATCH_BYTES
        last = answer.last
    assert await desk.seq(order_id) >= last - BATCH_BYTES // len(text)
    await desk.wake(order_id)
    await desk.until_recorded(order_id, last)
    await whole(desk, order_id)


def test_a_batch_is_bounded_in_bytes_and_in_rows_and_never_empty() -> None:
    life = Life()
    for _ in range(2 * BATCH_ROWS):
        life.do("agent", c.Note("small"))
    huge = c.Note("x" * (2 * BATCH_BYTES))
    life.do("agent", huge)
    life.do("agent", c.Note("small"))
    outbox = Outbox(to_rows(life.at.id, life.events))
    assert outbox.heavy
    last, taken = outbox.last_seq, []
    while rows := outbox.batch(last):
        assert len(rows) <= BATCH_ROWS
        assert len(rows) == 1 or len(msgspec.json.encode(rows)) < BATCH_BYTES * 1.1
        taken += [row.seq for row in rows]
        outbox.drop(rows[-1].seq)
    assert taken == [event.seq for event in life.events]
    assert not outbox.heavy


def test_a_batch_ends_where_it_is_told_to() -> None:
    life = Life()
    life.do("agent", c.Note("later"))
    outbox = Outbox(to_rows(life.at.id, life.events))
    assert [row.seq for row in outbox.batch(1)] == [1]
    assert outbox.batch(0) == ()
