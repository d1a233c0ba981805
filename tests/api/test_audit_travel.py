"""The past through the API: board, inbox and order at an instant, who knew what, and who may ask."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from api.aside import MOST
from notary.sequencer import sequence
from store.historian import Historian
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import Caller
from tests.conftest import Database

INSPECTOR, HQ = "hq-auditor-1", "hq-supervisor-1"


def written(database: Database) -> None:
    """Let the notary and the historian do what they do in a worker."""
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    try:
        for step in (sequence, Historian().step):
            with sessions(engine).begin() as session:
                done: Any = step(session)
                assert done is not None
    finally:
        engine.dispose()


async def _registered(api: Caller, database: Database) -> tuple[str, datetime]:
    number = await api.opened()
    at = datetime.now(UTC)
    await api.act(number, "note", "gd-agent-1", text="he called again")
    await asyncio.to_thread(written, database)
    return number, at


async def test_board_and_inbox_are_answered_for_any_instant_that_is_whole(api: Caller, database: Database) -> None:
    number, at = await _registered(api, database)
    board = (await api.get("/audit/board", INSPECTOR, place="GD")).json()
    assert board["wall"]["place"] == "GD"
    assert board["wall"]["total"]["open"] >= 1
    assert board["at"] == board["known_up_to"]
    early = (await api.get("/audit/board", HQ, at=(at - timedelta(days=400)).isoformat())).json()
    assert early["wall"]["total"]["open"] == 0
    lead = (await api.get(f"/orders/{number}", INSPECTOR)).json()["order"]["assignments"][0]["unit"]
    inbox = (await api.get(f"/audit/inbox/{lead}", INSPECTOR, at=at.isoformat(), by="known")).json()
    assert number in [one["order_id"] for one in inbox["items"]]
    assert next(one for one in inbox["items"] if one["order_id"] == number)["owed"]
    moved = (await api.get("/audit/board/difference", INSPECTOR)).json()
    assert number in [one["order_id"] for one in moved["difference"]["lines"]]
    came = (await api.get(f"/audit/inbox/{lead}/difference", INSPECTOR)).json()
    assert (number, "came") in [(one["order_id"], one["how"]) for one in came["items"]]


async def test_beyond_what_is_whole_it_is_said_up_to_when(api: Caller, database: Database) -> None:
    await _registered(api, database)
    beyond = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for path in ("/audit/board", "/audit/inbox/GD.net"):
        answer = await api.get(path, INSPECTOR, at=beyond)
        assert (answer.status_code, answer.json()["code"]) == (409, "past_not_whole")
        assert "The past is known up to 20" in answer.json()["detail"]
    answer = await api.get("/audit/board/difference", INSPECTOR, **{"from": "2026-02-01T00:00:00Z",
                                                                    "to": "2026-01-01T00:00:00Z"})  # fmt: skip
    assert (answer.status_code, answer.json()["field"]) == (422, "from")
    assert (await api.get("/audit/board", INSPECTOR, place="GD.net")).status_code == 422
    assert (await api.get("/audit/inbox/GD.nowhere", INSPECTOR)).status_code == 404


async def test_who_knew_what_and_what_changed(api: Caller, database: Database) -> None:
    number, at = await _registered(api, database)
    found = (await api.get(f"/orders/{number}/known", INSPECTOR)).json()
    agent = next(one for one in found["people"] if one["person"] == "gd-agent-1")
    assert agent["deeds"] >= 1
    assert agent["seq"] == found["recorded"]
    earlier = (await api.get(f"/orders/{number}/known", HQ, at=at.isoformat())).json()
    assert earlier["recorded"] < found["recorded"]
    assert INSPECTOR in [one["person"] for one in (await api.get(f"/orders/{number}/known", HQ)).json()["people"]]
    lines = (await api.get(f"/orders/{number}/difference", INSPECTOR, **{"from": at.isoformat()})).json()
    assert {one["path"] for one in lines["changes"]} >= {"notes", "seq"}
    assert lines["last"] == found["recorded"]


@pytest.mark.parametrize("who", ["gd-agent-1", "gd-manager", "gd-net-1", "hq-admin"])
async def test_the_past_of_all_is_for_auditors_and_headquarters(api: Caller, who: str) -> None:
    for path in ("/audit/board", "/audit/board/difference", "/audit/inbox/GD.net", "/audit/inbox/GD.net/difference"):
        assert (await api.get(path, who)).status_code == 403


async def test_what_takes_long_is_asked_one_at_a_time_beside_the_orders(
    api: Caller, app: FastAPI, database: Database
) -> None:
    number = await api.opened()
    aside = app.state.parts.aside
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with engine.connect() as holding:
        holding.execute(text("LOCK TABLE order_spans IN ACCESS EXCLUSIVE MODE"))
        asked = [asyncio.create_task(api.get("/audit/process", INSPECTOR)) for _ in range(MOST)]
        while aside.many < MOST:
            await asyncio.sleep(0.01)
        for path in ("/audit/process", "/audit/board/difference"):
            beyond = await api.get(path, HQ)
            assert (beyond.status_code, beyond.json()["code"]) == (429, "too_many_requests")
            assert int(beyond.headers["retry-after"]) > 0
        several = await asyncio.gather(*(api.get(f"/orders/{number}", HQ) for _ in range(20)))
        assert {one.status_code for one in several} == {200}, "they do not wait for it"
        holding.rollback()
    engine.dispose()
    assert {one.status_code for one in await asyncio.gather(*asked)} == {200}
    assert aside.many == 0
    assert (await api.get("/audit/process", HQ)).status_code == 200


async def test_what_is_asked_aside_writes_nothing(app: FastAPI) -> None:
    with pytest.raises(InternalError, match="read-only"):
        await app.state.parts.aside.read(lambda session: session.execute(text("DELETE FROM lab_runs")))


async def test_the_picture_of_the_process_is_that_of_the_events(api: Caller, database: Database) -> None:
    await _registered(api, database)
    found = (await api.get("/audit/process", INSPECTOR, province="GD")).json()
    picture = found["process"]["picture"]
    nodes = {one["activity"]: one for one in picture["nodes"]}
    assert nodes["OrderRegistered"]["starts"] == picture["cases"] >= 1
    first = next(one for one in picture["edges"] if one["source"] == "OrderRegistered")
    assert first["times"]["n"] <= picture["cases"]
    assert sum(one["times"]["n"] for one in picture["edges"]) == picture["steps"] - picture["cases"]
    stays = {(one["unit"], one["state"]): one for one in found["process"]["bottlenecks"]}
    assert stays["GD.net", "dispatched"]["still"] >= 1
    by_unit = (await api.get("/audit/process", HQ, by="unit", unit="GD.net")).json()["process"]["picture"]
    assert "GD.net" in {one["activity"] for one in by_unit["nodes"]}
    none = (await api.get("/audit/process", INSPECTOR, until="2020-01-01T00:00:00Z")).json()
    assert (none["process"]["picture"]["cases"], none["process"]["bottlenecks"]) == (0, [])
    assert (await api.get("/audit/process", "gd-manager")).status_code == 403
    assert (await api.get("/audit/process", INSPECTOR, unit="GD.nowhere")).status_code == 422
