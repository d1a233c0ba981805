"""A workflow that the engine lost is found and started again from the ledger; what runs or is over is left alone."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client

from api.gateway import Gateway
from contracts.names import workflow_id
from domain import commands as c
from identity import people
from runtime.plugin import connect
from runtime.settings import Settings
from tests.watch.orders import Clockwork
from watch.lost import LostAndFound
from worker import serving


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def worker(settings: Settings) -> AsyncIterator[None]:
    async with serving(settings):
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(settings: Settings) -> Client:
    return await connect(settings, settings.temporal_namespace)


async def listed(gateway: Gateway) -> set[str]:
    """The orders that run by the engine's own list."""
    return {order_id async for page in gateway.running() for order_id in page}


async def until_listed(gateway: Gateway, orders: set[str]) -> None:
    """Wait for the engine's list, which lags, to show just these."""
    async with asyncio.timeout(20):
        while await listed(gateway) != orders:
            await asyncio.sleep(0.3)


async def test_what_was_lost_is_found_and_nothing_else_is_touched(
    gateway: Gateway, clockwork: Clockwork, client: Client, settings: Settings
) -> None:
    healthy, terminated, deleted, withdrawn = [await clockwork.open(sign=3600, contact=7200) for _ in range(4)]
    body = c.Withdraw("recording 17")
    who = people.customer((await gateway.live(withdrawn)).order.customer.id)
    over = await gateway.act(withdrawn, "withdraw", secrets.token_hex(8), who, body, "it works again")
    assert over.status == 200, over.body
    await client.get_workflow_handle(workflow_id(terminated)).terminate("lost")
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=settings.temporal_namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id(deleted)),
        )
    )
    await until_listed(gateway, {healthy})
    assert await LostAndFound(gateway, quiet_seconds=3600).once() == [], "what has been busy lately is not suspected"
    found = await LostAndFound(gateway, quiet_seconds=0).once()
    assert sorted(found) == sorted([terminated, deleted])
    for order_id in (terminated, deleted):
        assert (await gateway.live(order_id)).order.seq == len(await clockwork.events(order_id))
        await clockwork.note(order_id)
    assert not await gateway.runs(withdrawn)
    await until_listed(gateway, {healthy, terminated, deleted})
    assert await LostAndFound(gateway, quiet_seconds=0).once() == []


async def test_an_order_that_is_missing_in_the_list_alone_is_left_as_it_is(
    gateway: Gateway, clockwork: Clockwork
) -> None:
    """The list lags: it may not show yet what has just been started."""
    order_id = await clockwork.open(sign=3600, contact=7200)
    assert await LostAndFound(gateway, quiet_seconds=0).once() == []
    assert await gateway.runs(order_id)


async def test_what_fell_due_meanwhile_fires_at_once_and_nothing_fires_twice(
    gateway: Gateway, clockwork: Clockwork, client: Client
) -> None:
    order_id = await clockwork.open(sign=2, contact=8)
    late = await clockwork.until_fired(order_id, "sign")
    await client.get_workflow_handle(workflow_id(order_id)).terminate("lost")
    async with asyncio.timeout(20):
        while order_id in await listed(gateway):
            await asyncio.sleep(0.3)
    assert await LostAndFound(gateway, quiet_seconds=0).once() == [order_id]
    after = await clockwork.until_fired(order_id, "contact")
    assert after["sign"] == late["sign"]
    assert len(after["contact"]) == 1
    rows = await clockwork.events(order_id)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))


async def test_an_engine_that_was_set_back_writes_no_second_history(gateway: Gateway, clockwork: Clockwork) -> None:
    """What time brings a workflow that lives in a past is refused; the order begins anew from the ledger."""
    order_id = await clockwork.open(sign=3, contact=3600)
    await asyncio.to_thread(clockwork.run_ahead, order_id, 3)
    async with asyncio.timeout(20):
        while await gateway.runs(order_id):
            await asyncio.sleep(0.2)
    rows = await clockwork.events(order_id)
    assert [row.type for row in rows[-3:]] == ["NoteAdded"] * 3, "nothing was written over or after them"
    async with asyncio.timeout(20):
        while order_id in await listed(gateway):
            await asyncio.sleep(0.3)
    assert order_id in await LostAndFound(gateway, quiet_seconds=0).once()
    assert len((await clockwork.until_fired(order_id, "sign"))["sign"]) == 1
    assert (await gateway.live(order_id)).order.seq == len(await clockwork.events(order_id))
