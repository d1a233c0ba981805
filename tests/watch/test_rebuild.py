"""The engine's data is gone: every open order goes on in a fresh namespace, mid-clock, and nothing fires twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from temporalio.client import Client

from api.app import create_app
from api.gateway import Gateway
from contracts.messages import encode
from contracts.names import workflow_id
from runtime import namespaces
from runtime.plugin import connect
from runtime.settings import Settings
from tests.watch.orders import Clockwork
from worker import serving

ADMINISTRATOR, AGENT = "hq-admin", "gd-agent-1"


@pytest.fixture(scope="module")
def fresh(settings: Settings) -> Settings:
    """The same ledger before an engine that knows nothing."""
    name = f"{settings.temporal_namespace}-fresh"
    namespaces.ensure(settings.temporal_target, [name])
    return settings.model_copy(update={"temporal_namespace": name})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(settings: Settings) -> Client:
    return await connect(settings, settings.temporal_namespace)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rebuilding(fresh: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API before the fresh engine, with a worker behind it."""
    app = create_app(fresh)
    async with (
        serving(fresh),
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", timeout=60) as http,
    ):
        http.gateway = app.state.parts.gateway  # type: ignore[attr-defined]
        yield http


async def rebuild(http: httpx.AsyncClient, who: str = ADMINISTRATOR, **body: Any) -> httpx.Response:
    return await http.post("/v1/operations/rebuild", json=body, headers={"Authorization": f"Bearer dev:{who}"})


async def test_every_open_order_goes_on_where_the_ledger_has_it(
    settings: Settings, gateway: Gateway, clockwork: Clockwork, client: Client, rebuilding: httpx.AsyncClient
) -> None:
    async with serving(settings):
        orders = [await clockwork.open(sign=2, contact=14) for _ in range(5)]
        quiet = [await clockwork.open(sign=3600, contact=7200) for _ in range(2)]
        before = {order_id: await clockwork.until_fired(order_id, "sign") for order_id in orders}
        for order_id in (*orders, *quiet):
            await client.get_workflow_handle(workflow_id(order_id)).terminate("the engine's data is gone")
    missed = clockwork.write(clockwork.hasty(sign=60, contact=120), ago=90)
    everything = sorted((*orders, *quiet, missed))

    page = (await rebuild(rebuilding, limit=3)).json()
    assert page == {"started": 3, "running": 0, "over": 0, "failed": [], "next": everything[2]}
    again = (await rebuild(rebuilding, limit=3)).json()
    assert again == {"started": 0, "running": 3, "over": 0, "failed": [], "next": everything[2]}
    rest = (await rebuild(rebuilding, after=page["next"], limit=100)).json()
    assert rest == {"started": 5, "running": 0, "over": 0, "failed": [], "next": ""}

    late = await clockwork.until_fired(missed, "sign", 10)
    assert len(late["sign"]) == 1
    assert late["sign"][0] > 29
    for order_id in orders:
        after = await clockwork.until_fired(order_id, "contact")
        assert after["sign"] == before[order_id]["sign"]
        assert [len(each) for each in after.values()] == [1, 1]
        assert 0 <= after["contact"][0] < 5
    live: Gateway = rebuilding.gateway  # type: ignore[attr-defined]
    for order_id in everything:
        rows = await clockwork.events(order_id)
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert encode((await live.live(order_id)).order) == clockwork.snapshot(order_id)


async def test_an_order_that_cannot_be_started_does_not_keep_the_others(
    clockwork: Clockwork, rebuilding: httpx.AsyncClient
) -> None:
    broken = await asyncio.to_thread(clockwork.write, clockwork.hasty(sign=3600, contact=7200))
    clockwork.spoil(broken)
    found = (await rebuild(rebuilding)).json()
    assert [one["order_id"] for one in found["failed"]] == [broken]
    assert found["failed"][0]["why"]
    assert found["running"] == 8


async def test_only_an_administrator_may_rebuild(rebuilding: httpx.AsyncClient) -> None:
    answer = await rebuild(rebuilding, AGENT)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await rebuilding.post("/v1/operations/rebuild", json={})).status_code == 401
    assert (await rebuild(rebuilding, limit=0)).status_code == 422
