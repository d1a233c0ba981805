"""Callers whom nobody knows: they fill neither the record nor the database's time, and keep nobody else out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import select

from api import record
from api.app import create_app
from runtime.settings import Settings
from store import demo
from store.access_tables import accesses
from tests.api.browsers import Browser, give_password, system
from tests.conftest import Database

MOST = 60
"""Tokens of one address that may turn out to be nobody's, in a minute."""


@pytest_asyncio.fixture
async def fresh(settings: Settings, database: Database) -> AsyncIterator[FastAPI]:
    """An application that has counted nobody yet."""
    demo.load(database.owner_url)
    async with running(settings) as made:
        yield made


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FastAPI]:
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


async def ask(app: FastAPI, token: str, address: str = "192.0.2.1", path: str = "/v1/me", **headers: str) -> int:
    """The status of what a caller with that bearer token, if any, is answered."""
    transport = httpx.ASGITransport(app, client=(address, 4711))
    given = {**({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return (await http.get(path, headers=given)).status_code


def refusals(database: Database, address: str) -> list[Any]:
    """What the record has of an address, in order."""
    with system(database) as made, made() as session:
        wanted = select(accesses).where(accesses.c.address == address, accesses.c.outcome == "refused")
        return list(session.execute(wanted.order_by(accesses.c.id)))


async def test_a_line_that_guesses_tokens_is_stopped_and_who_has_proved_good_goes_on(fresh: FastAPI) -> None:
    assert await ask(fresh, "dev:gd-agent-1") == 200
    statuses = [await ask(fresh, f"guess-{number}") for number in range(MOST + 20)]
    assert statuses == [401] * MOST + [429] * 20
    assert await ask(fresh, "", Cookie="__Host-whistle=guess") == 429
    assert await ask(fresh, "dev:gd-agent-1") == 200
    assert await ask(fresh, "dev:gd-agent-2") == 429, "it has proved nothing yet"
    assert await ask(fresh, "dev:gd-agent-2", "192.0.2.2") == 200
    assert await ask(fresh, "dev:gd-agent-2") == 200, "it has now, at another address"
    assert await ask(fresh, "guess", "192.0.2.2") == 401


async def test_whoever_logs_in_goes_on_although_others_guess_from_his_address(
    fresh: FastAPI, database: Database
) -> None:
    with system(database) as made:
        give_password(made, "gd-agent-1")
    browser = Browser(fresh)
    for number in range(MOST + 1):
        await ask(fresh, f"guess-{number}", browser.address)
    browser.http.cookies.set("__Host-whistle", "of-yesterday", domain="127.0.0.1", path="/")
    assert (await browser.get("/me")).status_code == 429
    assert (await browser.log_in("gd-agent-1")).status_code == 200
    assert (await browser.get("/me")).status_code == 200
    assert (await browser.get("/session")).status_code == 200


async def test_a_good_answer_to_anybody_proves_nothing(fresh: FastAPI) -> None:
    for number in range(MOST):
        assert await ask(fresh, f"guess-{number}") == 401
    assert await ask(fresh, "more", path="/openapi.json") == 429
    assert await ask(fresh, "more", path="/livez") == 200
    assert await ask(fresh, "more") == 429


async def test_a_token_that_is_no_good_any_more_is_counted_again(fresh: FastAPI, database: Database) -> None:
    with system(database) as made:
        give_password(made, "gd-agent-2")
    browser = Browser(fresh)
    await browser.log_in("gd-agent-2")
    cookie = browser.cookie
    assert (await browser.post("/logout")).status_code in (200, 204)
    browser.http.cookies.set("__Host-whistle", cookie, domain="127.0.0.1", path="/")
    assert [(await browser.get("/me")).status_code for _ in range(MOST + 1)] == [401] * MOST + [429]


async def test_of_unknown_callers_one_is_on_record_and_how_many_more(
    fresh: FastAPI, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "QUIET_SECONDS", 1.0)
    for number in range(30):
        assert await ask(fresh, f"guess-{number}", "203.0.113.7") == 401
        assert await ask(fresh, "", "203.0.113.7", "/v1/orders") == 401
    assert await ask(fresh, "guess", "203.0.113.8") == 401
    (first,) = refusals(database, "203.0.113.7")
    assert (first.actor_id, first.code, first.detail) == ("", "unauthenticated", "")
    async with asyncio.timeout(10):
        while len(refusals(database, "203.0.113.7")) < 2:
            await asyncio.sleep(0.1)
    assert refusals(database, "203.0.113.7")[1].detail == "59 more"
    assert [row.detail for row in refusals(database, "203.0.113.8")] == [""]
    assert await ask(fresh, "guess", "203.0.113.7") == 401
    assert len(refusals(database, "203.0.113.7")) == 3


async def test_all_addresses_of_one_ipv6_line_are_counted_together(
    fresh: FastAPI, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MOST_LINES", 1)
    for number in range(5):
        await ask(fresh, "", f"2001:db8:1:2::{number + 1:x}")
    for number in range(5):
        await ask(fresh, "", f"198.51.100.{number}")
    assert [len(refusals(database, f"2001:db8:1:2::{number + 1:x}")) for number in range(5)] == [1, 0, 0, 0, 0]
    assert [len(refusals(database, f"198.51.100.{number}")) for number in range(5)] == [1, 0, 0, 0, 0]


async def test_what_was_merely_counted_is_written_down_when_the_process_ends(
    settings: Settings, database: Database
) -> None:
    async with running(settings) as made:
        for _ in range(3):
            await ask(made, "", "203.0.113.9")
    assert [row.detail for row in refusals(database, "203.0.113.9")] == ["", "2 more"]
