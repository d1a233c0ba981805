"""A timer that the engine has lost is missed by nobody: the sweeper wakes its order, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from api.gateway import Gateway
from contracts.names import workflow_id
from runtime.plugin import connect
from runtime.settings import Settings
from tests.watch.orders import Clockwork
from watch.sweeper import Sweeper
from worker import serving

SIGNAL = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
TIMER = EventType.EVENT_TYPE_TIMER_STARTED
TOLERANCE = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def worker(settings: Settings) -> AsyncIterator[None]:
    """A worker without watchers: only what a test sweeps is swept."""
    async with serving(settings):
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(settings: Settings) -> Client:
    return await connect(settings, settings.temporal_namespace)


async def of_type(client: Client, order_id: str, kind: EventType.ValueType) -> int:
    """How many of the engine's own events of that type the order's run has."""
    history = await client.get_workflow_handle(workflow_id(order_id)).fetch_history()
    return sum(event.event_type == kind for event in history.events)


async def test_a_lost_timer_is_swept_once_and_the_marks_after_it_ring_again(
    gateway: Gateway, clockwork: Clockwork, client: Client
) -> None:
    swept = await clockwork.open(sign=3, contact=16)
    commanded = await clockwork.open(sign=3, contact=16)
    assert clockwork.lose_timers() >= 2
    await asyncio.sleep(9.5)
    assert await clockwork.fired(swept) == await clockwork.fired(commanded) == {}, "the timers were not lost"

    await clockwork.note(commanded)
    sweepers = [Sweeper(gateway, TOLERANCE) for _ in range(3)]
    taken = await asyncio.gather(*(sweeper.once() for sweeper in sweepers))
    assert [slip.order_id for slips in taken for slip in slips] == [swept]
    first = await clockwork.until_fired(swept, "sign")
    assert [kind for kind in first if kind == "sign"] == ["sign"]
    assert 5 < first["sign"][0] < 13
    assert await clockwork.outcomes(swept) == [("woken", 1)]
    assert await clockwork.outcomes(commanded) == []
    assert await of_type(client, swept, SIGNAL) == 1

    for order_id in (swept, commanded):  # no sweeper looks any more: the timer itself must ring
        late = await clockwork.until_fired(order_id, "contact")
        assert [len(each) for each in late.values()] == [1, 1]
        assert 0 <= late["contact"][0] < 3
    assert await of_type(client, swept, SIGNAL) == 1
    assert [slip for sweeper in sweepers for slip in await sweeper.once()] == []


async def test_an_order_that_the_engine_lost_is_started_again_by_the_sweeper(
    gateway: Gateway, clockwork: Clockwork, client: Client
) -> None:
    order_id = await clockwork.open(sign=1, contact=3600)
    await client.get_workflow_handle(workflow_id(order_id)).terminate("lost")
    await asyncio.sleep(1 + TOLERANCE + 0.5)
    assert [slip.order_id for slip in await Sweeper(gateway, TOLERANCE).once()] == [order_id]
    late = await clockwork.until_fired(order_id, "sign")
    assert len(late["sign"]) == 1
    assert await clockwork.outcomes(order_id) == [("restarted", 1)]


async def test_a_silent_engine_only_delays(
    gateway: Gateway, clockwork: Clockwork, client: Client, settings: Settings
) -> None:
    order_id = await clockwork.open(sign=1, contact=3600)
    clockwork.lose_timers()
    await asyncio.sleep(1 + TOLERANCE + 0.5)
    away = settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    nowhere = await connect(away, settings.temporal_namespace, lazy=True)
    there = gateway._clients
    gateway._clients = {False: nowhere, True: nowhere}
    try:
        assert [slip.order_id for slip in await Sweeper(gateway, TOLERANCE).once()] == [order_id]
    finally:
        gateway._clients = there
    ((why, tries),) = await clockwork.outcomes(order_id)
    assert why.startswith("Silent")
    assert tries == 1
    assert await Sweeper(gateway, TOLERANCE).once() == [], "it is tried again only after a while"
    await clockwork.let_sweeps_pass(31)
    assert [slip.tries for slip in await Sweeper(gateway, TOLERANCE).once()] == [2]
    assert len((await clockwork.until_fired(order_id, "sign"))["sign"]) == 1
    assert await clockwork.outcomes(order_id) == [("woken", 2)]


async def test_an_engine_that_fell_behind_the_ledger_is_brought_up_to_it(
    gateway: Gateway, clockwork: Clockwork, client: Client
) -> None:
    """As after the engine was restored from an older backup: what it fires the ledger refuses, and its run ends."""
    order_id = await clockwork.open(sign=2, contact=3600)
    clockwork.run_ahead(order_id, 12)
    await asyncio.sleep(2 + TOLERANCE + 0.5)
    assert await clockwork.fired(order_id) == {}
    assert [slip.tries for slip in await Sweeper(gateway, TOLERANCE).once()] == [1]
    assert await clockwork.outcomes(order_id) == [("restarted", 1)]
    assert len((await clockwork.until_fired(order_id, "sign"))["sign"]) == 1
    rows = await clockwork.events(order_id)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))


async def test_an_order_that_does_not_know_of_its_own_mark_is_brought_up_to_the_ledger(
    gateway: Gateway, clockwork: Clockwork
) -> None:
    """Woken, it has nothing to fire, for it has never heard of what the ledger has: so it begins anew from there."""
    order_id = await clockwork.open(sign=3600, contact=7200)
    clockwork.run_ahead(order_id, 3)
    clockwork.let_next_mark_pass(order_id)
    for attempt in (1, 2, 3):
        await clockwork.let_sweeps_pass(61)
        assert [slip.tries for slip in await Sweeper(gateway, TOLERANCE).once()] == [attempt]
        await asyncio.sleep(0.5)
    assert await clockwork.outcomes(order_id) == [("restarted", 3)]
    assert (await gateway.live(order_id)).order.seq == len(await clockwork.events(order_id))
    await clockwork.note(order_id)  # which puts the right mark back into the list
