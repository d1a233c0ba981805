"""Service tokens by way of the API: who makes them, what they open, and how soon they are good nowhere."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from api.access import GRANTS
from api.app import create_app
from identity import scopes, tokens
from runtime.settings import PROJECT, Settings
from store import demo
from store.access_tables import accesses
from store.tables import people
from tests.api.browsers import system
from tests.api.conftest import complaint, key
from tests.conftest import Database


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    demo.load(database.owner_url)
    with system(database) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(settings: Settings, made: Any) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/v1", timeout=30) as http:
        yield http


def by(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": key()}


ADMIN = by("dev:hq-admin")
HEADQUARTERS = by("dev:hq-supervisor-1")


async def make(http: httpx.AsyncClient, person: str, *names: str, days: int = 30) -> tuple[str, dict[str, Any]]:
    """A token, made by the administrator if it is his own, else by headquarters."""
    body = {"name": "a program", "person": person, "scopes": names, "days": days}
    answer = await http.post("/tokens", json=body, headers=ADMIN if person == "hq-admin" else HEADQUARTERS)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"], answer.json()["about"]


def test_every_operation_belongs_to_one_scope_or_is_public_or_for_people(settings: Settings) -> None:
    paths = create_app(settings).openapi()["paths"].values()
    operations = {operation["operationId"] for path in paths for operation in path.values()}
    places = [scopes.PUBLIC, scopes.IN_PERSON, *(scope.operations for scope in scopes.SCOPES.values())]
    counted = {name: sum(name in place for place in places) for name in operations}
    assert {name: times for name, times in counted.items() if times != 1} == {}
    assert {name for place in places for name in place} - operations == set()
    assert [name for name in scopes.PUBLIC if not GRANTS[name].public] == []


async def test_a_token_is_shown_once_and_acts_as_its_person(http: httpx.AsyncClient) -> None:
    token, about = await make(http, "web-channel", "orders:register", "directory:read")
    assert (about["person"], about["scopes"]) == ("web-channel", ["directory:read", "orders:register"])
    listed = await http.get("/tokens", headers=ADMIN)
    assert about["id"] in [one["id"] for one in listed.json()]
    assert token.removeprefix(f"whs_{about['id']}_") not in listed.text
    me = (await http.get("/me", headers=by(token))).json()
    assert (me["id"], me["role"]) == ("web-channel", "channel")
    assert (await http.get("/units", headers=by(token))).status_code == 200


@pytest.mark.parametrize("who", ["gd-agent-1", "gd-manager", "hq-auditor-1", "web-channel", "customer:13900000001"])
async def test_only_administrators_and_headquarters_make_tokens_and_take_them_back(
    http: httpx.AsyncClient, who: str
) -> None:
    _, about = await make(http, "web-channel", "orders:register")
    body = {"name": "mine", "person": "web-channel", "scopes": ["directory:read"]}
    assert (await http.post("/tokens", json=body, headers=by(f"dev:{who}"))).status_code == 403
    assert (await http.delete(f"/tokens/{about['id']}", headers=by(f"dev:{who}"))).status_code == 403
    wanted = 200 if who == "hq-auditor-1" else 403
    assert (await http.get("/tokens", headers=by(f"dev:{who}"))).status_code == wanted
    for maker in (ADMIN, HEADQUARTERS):
        assert (await http.post("/tokens", json=body, headers=maker)).status_code == 201
        assert (await http.get("/tokens", headers=maker)).status_code == 200
        assert (await http.delete(f"/tokens/{about['id']}", headers=maker)).status_code == 200


@pytest.mark.parametrize("scope", ["orders:read", "orders:export", "orders:act", "orders:act:urge", "orders:register"])
@pytest.mark.parametrize("person", ["web-channel", "regulator", "hq-admin"])
async def test_an_administrator_opens_no_orders_to_himself_by_a_token(
    http: httpx.AsyncClient, scope: str, person: str
) -> None:
    body = {"name": "mine", "person": person, "scopes": ["directory:read", scope]}
    answer = await http.post("/tokens", json=body, headers=ADMIN)
    said = answer.json()
    assert (answer.status_code, said["code"], said["field"]) == (403, "forbidden", "scopes"), answer.text
    assert scope in said["detail"]
    assert said["remedy"] == "Have headquarters make it, or leave these scopes out."


def test_every_scope_opens_something_for_somebody_who_may_hold_it_and_the_document_says_what() -> None:
    text = (PROJECT / "docs" / "api.md").read_text()
    for name, scope in scopes.SCOPES.items():
        for operation in scope.operations:
            assert set(GRANTS[operation].roles) & set(scopes.HOLDERS), f"{operation} opens nothing in {name}"
        if not name.startswith(scopes.ALL_ACTS):
            opens = ", ".join(f"`{operation}`" for operation in sorted(scope.operations))
            assert f"| `{name}` | {scope.zh} · {scope.en}: {opens} |" in text
    listed = re.findall(r"^\| `([a-z:]+)` \| [^`]*: `", text, re.MULTILINE)
    assert listed == [*(name for name in scopes.SCOPES if not name.startswith(scopes.ALL_ACTS)), scopes.ALL_ACTS]
    verbs = sorted(verb for verb in scopes.opened([scopes.ALL_ACTS]))
    assert (
        f"| `orders:act` | 办理工单 · every command that a program may ask for: {', '.join(f'`{v}`' for v in verbs)} |"
        in text
    )


async def test_a_token_opens_what_its_scopes_name_and_nothing_else(http: httpx.AsyncClient) -> None:
    token, _ = await make(http, "web-channel", "directory:read")
    assert (await http.get("/units", headers=by(token))).status_code == 200
    for method, path, body in (
        ("GET", "/orders", None),
        ("GET", "/notices", None),
        ("POST", "/orders", complaint()),
        ("POST", "/orders/WH20261122-NOBODY00/urge", {}),
    ):
        answer = await http.request(method, path, json=body, headers=by(token))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (path, answer.text)
        assert answer.json()["field"] == "Authorization", (path, answer.text)


async def test_a_scope_for_one_command_opens_that_one(http: httpx.AsyncClient) -> None:
    token, _ = await make(http, "web-channel", "orders:act:urge")
    path = "/orders/WH20261122-NOBODY00"
    assert (await http.post(f"{path}/urge", json={}, headers=by(token))).json()["code"] == "order_not_found"
    called = await http.post(f"{path}/record_callback", json={"result": "no_answer"}, headers=by(token))
    assert called.json()["field"] == "Authorization"
    token, _ = await make(http, "web-channel", "orders:act")
    called = await http.post(f"{path}/record_callback", json={"result": "no_answer"}, headers=by(token))
    assert called.json()["code"] == "order_not_found"
    signed = await http.post(f"{path}/sign", json={}, headers=by(token))
    assert (signed.status_code, signed.json()["code"]) == (403, "role_forbidden")


async def test_a_token_never_has_more_than_its_person(http: httpx.AsyncClient) -> None:
    token, _ = await make(http, "web-channel", *scopes.SCOPES, scopes.ALL_ACTS)
    answer = await http.post("/operations/rebuild", json={}, headers=by(token))
    assert (answer.status_code, answer.json()["field"]) == (403, "actor.role")


async def test_no_token_makes_tokens_or_log_ins_or_stands_in_for_anybody(http: httpx.AsyncClient) -> None:
    token, about = await make(http, "hq-admin", *(name for name in scopes.SCOPES if not scopes.of_orders(name)))
    body = {"name": "more", "person": "hq-admin", "scopes": ["orders:read"]}
    for method, path, sent in (
        ("POST", "/tokens", body),
        ("GET", "/tokens", None),
        ("DELETE", f"/tokens/{about['id']}", None),
        ("POST", "/accounts/gd-agent-1/reset", {}),
        ("POST", "/accounts/gd-agent-1/unlock", {}),
        ("POST", "/acting", {"for": "gd-agent-1", "reason": "why not", "hours": 1}),
    ):
        answer = await http.request(method, path, json=sent, headers=by(token))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (path, answer.text)
    for path in ("/session", "/logout", "/logout-everywhere"):
        answer = await http.request("GET" if path == "/session" else "POST", path, headers=by(token))
        assert answer.status_code == 401, (path, answer.text)
    answer = await http.get("/units", headers={**by(token), "Acting-For": "gd-agent-1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_token_is_good_nowhere_ten_seconds_after_it_is_revoked_or_its_person_left(
    http: httpx.AsyncClient, settings: Settings, made: sessionmaker[Session]
) -> None:
    revoked, about = await make(http, "web-channel", "directory:read")
    left, _ = await make(http, "regulator", "directory:read")
    other = create_app(settings)  # as another process, which has believed both tokens
    async with other.router.lifespan_context(other):
        transport = httpx.ASGITransport(other, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/v1") as there:
            for token in (revoked, left):
                assert (await there.get("/units", headers=by(token))).status_code == 200
            for _ in range(2):
                answer = await http.delete(f"/tokens/{about['id']}", headers=ADMIN)
                assert (answer.status_code, answer.json()["revoked_at"] is not None) == (200, True)
            with made.begin() as session:
                session.execute(update(people).where(people.c.id == "regulator").values(active=False))
            since = time.monotonic()
            waiting = [revoked, left]
            while waiting and time.monotonic() < since + 10:
                waiting = [one for one in waiting if (await there.get("/units", headers=by(one))).status_code == 200]
                await asyncio.sleep(0.2)
            assert waiting == []
            answer = await there.get("/units", headers=by(revoked))
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert (await http.delete("/tokens/abcdefabcdef", headers=ADMIN)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"person": "nobody"}, "person"),
        ({"person": "gd-agent-1"}, "person"),
        ({"person": "hq-auditor-1"}, "person"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"days": 401}, "days"),
        ({"days": 0}, "days"),
        ({"name": ""}, "name"),
        ({"secret": "of my own"}, "secret"),
    ],
    ids=str,
)
async def test_a_token_that_cannot_be_names_the_field(
    http: httpx.AsyncClient, changes: dict[str, Any], field: str
) -> None:
    body = {"name": "x", "person": "web-channel", "scopes": ["orders:read"], "days": 10, **changes}
    answer = await http.post("/tokens", json=body, headers=HEADQUARTERS)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert answer.json()["remedy"]


async def test_making_and_revoking_are_on_record_and_no_secret_is_anywhere(
    http: httpx.AsyncClient, made: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        token, about = await make(http, "web-channel", "orders:read", days=400)
        await http.get("/units", headers=by(token))
        await http.delete(f"/tokens/{about['id']}", headers=ADMIN)
    life = datetime.fromisoformat(about["expires_at"]) - datetime.now(UTC)
    assert 399 < life.total_seconds() / 86400 <= tokens.MOST_DAYS
    secret = token.split("_", 2)[2]
    with made() as session:
        rows = session.execute(select(accesses).where(accesses.c.operation.in_(["make_token", "revoke_token"]))).all()
    assert any("token for web-channel: orders:read" in row.detail and row.actor_id == "hq-supervisor-1" for row in rows)
    assert any(row.detail == f"token {about['id']} revoked" for row in rows)
    assert secret not in str(rows)
    assert secret not in caplog.text
