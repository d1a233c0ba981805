"""The probes: open to anybody, and no way to keep database and engine at work."""

import asyncio

import pytest
from sqlalchemy import event

from api.gateway import Gateway
from api.health import KEPT_SECONDS
from runtime.plugin import connect
from runtime.settings import Settings
from tests.api.conftest import Caller


async def test_many_who_ask_at_once_cost_one_question(api: Caller, gateway: Gateway) -> None:
    engine = gateway.books._engine
    asked: list[str] = []

    def noted(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if "pulses" in statement:
            asked.append(statement)

    await asyncio.sleep(KEPT_SECONDS)
    event.listen(engine, "before_cursor_execute", noted)
    try:
        answers = await asyncio.gather(*(api.http.get("/readyz") for _ in range(50)))
        assert len({answer.text for answer in answers}) == 1
        assert len(asked) == 1
        await asyncio.sleep(KEPT_SECONDS)
        await api.http.get("/readyz")
        assert len(asked) == 2
    finally:
        event.remove(engine, "before_cursor_execute", noted)


async def test_an_engine_that_falls_silent_is_told_within_a_second(
    api: Caller, gateway: Gateway, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    nowhere = await connect(away, settings.temporal_namespace, lazy=True)
    assert (await api.http.get("/readyz")).json()["engine"] is True
    monkeypatch.setattr(gateway, "_clients", {False: nowhere, True: nowhere})
    await asyncio.sleep(KEPT_SECONDS)
    assert (await api.http.get("/readyz")).json()["engine"] is False


async def test_whoever_hangs_up_takes_the_answer_from_nobody(api: Caller) -> None:
    await asyncio.sleep(KEPT_SECONDS)
    first = asyncio.create_task(api.http.get("/readyz"))
    others = [asyncio.create_task(api.http.get("/readyz")) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    assert {answer.json()["engine"] for answer in await asyncio.gather(*others)} == {True}
