"""The ways in that a log-in page offers, and the demo log-in: where it is open, and where there is no such thing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from runtime import keyring
from runtime.settings import Profile, Settings
from store import access_tables as tables
from store import demo
from store.tables import people
from tests.api.browsers import Browser, system
from tests.conftest import Database


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    demo.load(database.owner_url)
    with system(database) as found:
        yield found


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FastAPI]:
    """One process of the API with these settings."""
    keyring.ensure(settings.keyring_path)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(settings: Settings, made: sessionmaker[Session]) -> AsyncIterator[FastAPI]:
    async with running(settings) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict(settings: Settings, made: sessionmaker[Session]) -> AsyncIterator[FastAPI]:
    """A process of the production profile, on the same database."""
    async with running(settings.model_copy(update={"profile": Profile.PRODUCTION})) as one:
        yield one


async def test_the_doors_are_told_to_anybody(app: FastAPI) -> None:
    answer = await Browser(app).get("/doors")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["profile"], said["password"], said["oidc"]) == ("development", True, False)
    programs = {"regulator", "web-channel"}
    assert [one["id"] for one in said["demo"]] == [one.id for one in demo.LOGINS if one.id not in programs]
    agent = said["demo"][0]
    assert (agent["role"], agent["unit"], agent["province"]) == ("agent", "GD.svc", "GD")
    assert all(agent[name] for name in ("name_zh", "name_en", "unit_en"))
    assert agent["unit_zh"].startswith("广东")
    assert {one["role"] for one in said["demo"]} >= {"headquarters", "auditor", "administrator", "customer"}


async def test_whoever_left_the_directory_is_not_offered_and_not_let_in(
    app: FastAPI, made: sessionmaker[Session]
) -> None:
    def active(is_active: bool) -> None:
        with made.begin() as session:
            session.execute(update(people).where(people.c.id == "js-caller-1").values(active=is_active))

    active(False)
    try:
        assert "js-caller-1" not in {one["id"] for one in (await Browser(app).get("/doors")).json()["demo"]}
        answer = await Browser(app).post("/login/demo", {"person": "js-caller-1"})
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (401, "log_in_failed", "person")
    finally:
        active(True)


async def test_a_demo_log_in_opens_the_session_of_a_log_in(app: FastAPI, made: sessionmaker[Session]) -> None:
    browser = Browser(app)
    answer = await browser.post("/login/demo", {"person": "gd-agent-1"})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["who"]["id"], said["roles"], said["how"], said["must_change"]) == (
        "gd-agent-1",
        ["agent"],
        "demo",
        False,
    )
    assert answer.headers["set-cookie"].startswith("__Host-whistle=")
    assert (await browser.get("/me")).json()["id"] == "gd-agent-1"
    browser.csrf = said["csrf"]
    first = browser.cookie
    again = await browser.post("/login/demo", {"person": "hq-admin"})
    assert (again.status_code, again.json()["who"]["id"]) == (200, "hq-admin")
    old = Browser(app)
    old.http.cookies.set("__Host-whistle", first, domain="127.0.0.1", path="/")
    assert (await old.get("/session")).status_code == 401, "the one before has ended"
    c = tables.accesses.c
    with made() as session:
        noted = session.execute(select(c.operation, c.outcome, c.detail).where(c.actor_id == "hq-admin")).all()
    assert ("log_in_demo", "logged_in", "demo") in {tuple(row) for row in noted}


async def test_a_demo_customer_comes_in_by_his_number(app: FastAPI) -> None:
    browser = Browser(app)
    answer = await browser.post("/login/demo", {"person": "customer:13900000001"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["roles"] == ["customer"]
    assert (await browser.get("/orders")).status_code == 200
    assert (await browser.post("/login/demo", {"person": "customer:none"})).status_code == 401


async def test_only_a_page_of_ours_may_ask_for_it(app: FastAPI) -> None:
    for headers in ({}, {"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await Browser(app).http.post("/v1/login/demo", json={"person": "gd-agent-1"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf"), headers


async def test_in_production_there_is_no_demo_log_in_and_none_of_before_holds(app: FastAPI, strict: FastAPI) -> None:
    said = (await Browser(strict).get("/doors")).json()
    assert (said["profile"], said["demo"]) == ("production", [])
    answer = await Browser(strict).post("/login/demo", {"person": "gd-agent-1"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    browser = Browser(app)
    assert (await browser.post("/login/demo", {"person": "gd-agent-1"})).status_code == 200
    assert (await browser.get("/session")).status_code == 200
    assert (await browser.at(strict).get("/session")).status_code == 401
