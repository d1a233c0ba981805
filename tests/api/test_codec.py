"""Temporal's UI sees an order's payloads behind log-in, from its own origin, on record; and nobody else does."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict
from sqlalchemy import select
from temporalio.client import Client

from contracts.names import workflow_id
from runtime.history import payloads
from runtime.settings import Settings
from store.access_tables import accesses
from store.session import EVERYWHERE, make_engine
from tests.api.browsers import Browser, give_password, system
from tests.api.conftest import AGENT, MANAGER, PHONE, Caller
from tests.conftest import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADMIN, CHIEF_AUDITOR = "hq-admin", "hq-auditor-1"
WORDS = "My neighbour Wang Xiaoming reads my letters."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outsider(settings: Settings) -> Client:
    """Somebody who reaches the engine and has no key, as its UI does."""
    return await Client.connect(settings.temporal_target, namespace=settings.temporal_namespace)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def order_id(api: Caller) -> str:
    """An order with words in it that are somebody's own."""
    return await api.opened(text=WORDS)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(order_id: str, outsider: Client) -> list[dict[str, Any]]:
    """The order's payloads as the engine keeps them, in Temporal's JSON."""
    history = await outsider.get_workflow_handle(workflow_id(order_id)).fetch_history()
    return [MessageToDict(payload) for event in history.events for payload in payloads(event)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """What asks with nothing of its own."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8010", timeout=30) as http:
        yield http


async def _decoded(api: Caller, settings: Settings, kept: list[dict[str, Any]], who: str = ADMIN) -> httpx.Response:
    return await api.post("/codec/decode", {"payloads": kept}, who, x_namespace=settings.temporal_namespace)


@pytest.mark.parametrize("who", [ADMIN, CHIEF_AUDITOR])
async def test_operators_read_an_orders_payloads(
    api: Caller, settings: Settings, kept: list[dict[str, Any]], order_id: str, who: str
) -> None:
    answer = await _decoded(api, settings, kept, who)
    assert answer.status_code == 200, answer.text
    found = answer.json()["payloads"]
    assert len(found) == len(kept)
    assert {base64.b64decode(one["metadata"]["encoding"]) for one in found} <= {b"json/plain", b"binary/null"}
    told = [json.loads(base64.b64decode(one["data"])) for one in found if one["data"]]
    assert any(isinstance(one, dict) and one.get("order_id") == order_id for one in told)


async def test_what_the_vault_sealed_stays_sealed(api: Caller, settings: Settings, kept: list[dict[str, Any]]) -> None:
    found = (await _decoded(api, settings, kept)).json()["payloads"]
    clear = b"".join(base64.b64decode(one["data"]) for one in found).decode()
    for secret in (WORDS, "Wang Xiaoming", PHONE, "陈女士"):
        assert secret not in clear
    assert "~pd1~" in clear


async def test_a_look_is_on_record_with_the_order(
    api: Caller, settings: Settings, kept: list[dict[str, Any]], order_id: str
) -> None:
    await _decoded(api, settings, kept, CHIEF_AUDITOR)
    engine = make_engine(settings.app_database_url or "", 1, sight=EVERYWHERE)
    with engine.begin() as link:
        row = link.execute(
            select(accesses).where(accesses.c.operation == "decode_payloads").order_by(accesses.c.id.desc())
        ).first()
    engine.dispose()
    assert row is not None
    assert (row.actor_id, row.role, row.outcome, row.orders) == (CHIEF_AUDITOR, "auditor", "seen", [order_id])
    assert row.detail == f"{len(kept)} payloads of {settings.temporal_namespace}"


@pytest.mark.parametrize("who", [AGENT, MANAGER, f"customer:{PHONE}"])
async def test_nobody_else_reads_them(api: Caller, settings: Settings, kept: list[dict[str, Any]], who: str) -> None:
    answer = await _decoded(api, settings, kept, who)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_nobody_reads_them_without_log_in(
    browser: httpx.AsyncClient, settings: Settings, kept: list[dict[str, Any]]
) -> None:
    headers = {"X-Namespace": settings.temporal_namespace, "Origin": settings.ui_origin}
    answer = await browser.post("/v1/codec/decode", json={"payloads": kept}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["access-control-allow-origin"] == settings.ui_origin, "the UI can say what is missing"


async def test_payloads_are_not_made_by_hand(api: Caller, settings: Settings, kept: list[dict[str, Any]]) -> None:
    body = {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "e30="}]}
    answer = await api.post("/codec/encode", body, ADMIN, x_namespace=settings.temporal_namespace)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "Send the command to the API" in answer.json()["remedy"]


async def test_a_payload_under_another_label_is_not_read(
    api: Caller, settings: Settings, kept: list[dict[str, Any]]
) -> None:
    label = base64.b64encode(b"order/WH20261122-OTHER").decode()
    moved = {**kept[0], "metadata": {**kept[0]["metadata"], "workflow": label}}
    answer = await _decoded(api, settings, [moved])
    assert (answer.status_code, answer.json()["field"]) == (422, "payloads")


@pytest.mark.parametrize(
    "payload", [{"metadata": {"encoding": "%%%"}}, {"metadata": {"encoding": "eA=="}, "data": "?"}]
)
async def test_what_is_no_payload_is_refused(api: Caller, settings: Settings, payload: dict[str, Any]) -> None:
    answer = await _decoded(api, settings, [payload])
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        422,
        "invalid_request",
        "payloads.0.data" if "data" in payload else "payloads.0.metadata.encoding",
    )


async def test_another_namespace_is_refused(api: Caller, kept: list[dict[str, Any]]) -> None:
    for namespace in ("temporal-system", ""):
        answer = await api.post("/codec/decode", {"payloads": kept}, ADMIN, x_namespace=namespace)
        assert (answer.status_code, answer.json()["field"]) == (422, "X-Namespace")


async def test_the_ui_may_ask_with_a_cookie_and_no_other_page_may(
    browser: httpx.AsyncClient, settings: Settings
) -> None:
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"}
    answer = await browser.options("/v1/codec/decode", headers={**asking, "Origin": settings.ui_origin})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == settings.ui_origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "x-namespace" in answer.headers["access-control-allow-headers"].lower()
    for origin in ("http://127.0.0.1:1", "null", settings.ui_origin + ".example", "https://evil.example"):
        answer = await browser.options("/v1/codec/decode", headers={**asking, "Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"
    elsewhere = await browser.options("/v1/orders", headers={**asking, "Origin": settings.ui_origin})
    assert "access-control-allow-origin" not in elsewhere.headers, "this is the only room that is open to it"


async def test_the_ui_reads_with_the_cookie_of_whoever_is_logged_in(
    app: FastAPI, database: Database, settings: Settings, kept: list[dict[str, Any]]
) -> None:
    browser = Browser(app)
    with system(database) as made:
        give_password(made, ADMIN)
    assert (await browser.log_in(ADMIN)).status_code == 200
    browser.csrf = ""
    from_ui = {"Origin": settings.ui_origin, "Sec-Fetch-Site": "same-site", "X-Namespace": settings.temporal_namespace}
    answer = await browser.post("/codec/decode?preserveStorageRefs=true", {"payloads": kept}, **from_ui)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == settings.ui_origin
    for path, body in (("/codec/encode", {"payloads": []}), ("/keys/rotate", {"kind": "engine"})):
        answer = await browser.post(path, body, **from_ui)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf"), "it may look, and do nothing"
    for origin in ("https://evil.example", "null"):
        answer = await browser.post("/codec/decode", {"payloads": kept}, **{**from_ui, "Origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
        assert "access-control-allow-origin" not in answer.headers
