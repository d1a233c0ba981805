"""Readiness is a timer that really rang lately, and a sweeper that really looked; not an open port."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from api.gateway import Gateway
from api.health import KEPT_SECONDS
from contracts.names import CANARY_ID
from runtime.plugin import connect
from runtime.settings import Settings
from store import pulses
from tests.watch.orders import Clockwork
from watch.canary import CanaryKeeper
from worker import serving, watching

WATCHED = ("canary", "canary_late", "sweeper", "reconciler", "outbox", "projection", "log")


async def readiness(http: httpx.AsyncClient) -> tuple[int, dict[str, Any]]:
    await asyncio.sleep(KEPT_SECONDS)  # an answer found anew
    answer = await http.get("/readyz")
    return answer.status_code, answer.json()


async def until_ready(http: httpx.AsyncClient, seconds: float) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while (found := await readiness(http))[0] != 200:
            await asyncio.sleep(0.1)
    return found[1]


def let_pass(made: sessionmaker[Session], seconds: float) -> None:
    """Let so much time pass since every watcher's last sign of life."""
    with made.begin() as session:
        session.execute(text("update pulses set at = at - make_interval(secs => :s)"), {"s": seconds})


async def test_without_a_worker_the_api_lives_and_is_not_ready(http: httpx.AsyncClient) -> None:
    status, ready = await readiness(http)
    assert status == 503
    assert (ready["database"], ready["engine"]) == (True, True)
    assert ready["failing"] == ["canary", "sweeper"]
    assert {ready[name] for name in WATCHED[:4]} == {None}
    assert (await http.get("/livez")).status_code == 200


async def test_with_a_worker_it_is_ready_in_seconds_and_says_how_old_each_sign_is(
    settings: Settings, http: httpx.AsyncClient, clockwork: Clockwork, made: sessionmaker[Session]
) -> None:
    async with serving(settings), watching(settings):
        ready = await until_ready(http, 15)
        assert ready["failing"] == []
        assert ready["outbox"] is None, "there is no mail server"
        assert 0 <= ready["canary"] < 12
        assert 0 <= ready["canary_late"] < 5
        assert 0 <= ready["sweeper"] < 12
        assert ready["projection"] == 0
        assert ready["log"] < 60
        clockwork.write(clockwork.hasty(sign=60, contact=3600), ago=67)
        assert 6 < (await readiness(http))[1]["projection"] < 12
        async with asyncio.timeout(10):
            while (await readiness(http))[1]["reconciler"] is None:
                await asyncio.sleep(0.2)


async def test_when_the_worker_is_gone_it_turns_red(http: httpx.AsyncClient, made: sessionmaker[Session]) -> None:
    assert (await readiness(http))[0] == 200, "the last signs of life are fresh"
    let_pass(made, 46)
    status, ready = await readiness(http)
    assert (status, ready["failing"]) == (503, ["canary"])
    let_pass(made, 15)
    assert (await readiness(http))[1]["failing"] == ["canary", "sweeper"]


async def test_a_canary_that_lost_its_own_timer_is_replaced(
    settings: Settings, gateway: Gateway, http: httpx.AsyncClient, clockwork: Clockwork, made: sessionmaker[Session]
) -> None:
    client = await connect(settings, settings.temporal_namespace)
    async with serving(settings):
        keeper = CanaryKeeper(gateway)
        await keeper.once()
        stuck = (await client.get_workflow_handle(CANARY_ID).describe()).run_id
        await keeper.once()
        assert (await client.get_workflow_handle(CANARY_ID).describe()).run_id == stuck, "a healthy one stays"
        await asyncio.sleep(3)
        clockwork.lose_timers()
        let_pass(made, 600)
        await keeper.once()
        await keeper.once()
        assert (await client.get_workflow_handle(CANARY_ID).describe()).run_id != stuck
        async with asyncio.timeout(10):
            while await gateway.statement(age_of_canary) > 30:
                await asyncio.sleep(0.1)


def age_of_canary(session: Session) -> float:
    return pulses.all_of(session)[pulses.CANARY].age


@pytest.mark.parametrize("path", ["/readyz", "/livez"])
async def test_probes_need_no_log_in(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code in (200, 503)
