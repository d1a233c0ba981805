"""Acting for an absent colleague, and what administrators do with accounts, through HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from identity import accounts
from runtime import keyring
from runtime.settings import Settings
from store import access_tables as tables
from store import demo, posts
from store.tables import people
from tests.api.browsers import GOOD, HASH, Browser, give_password, system
from tests.conftest import Database

HEAD, MEMBER, OTHER, MANAGER, ADMIN = "gd-net-head", "gd-net-1", "gd-net-2", "gd-manager", "hq-admin"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    demo.load(database.owner_url)
    with system(database) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(settings: Settings, made: sessionmaker[Session]) -> AsyncIterator[FastAPI]:
    """One process of the API."""
    keyring.ensure(settings.keyring_path)
    one = create_app(settings)
    async with one.router.lifespan_context(one):
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def http(app: FastAPI, made: sessionmaker[Session]) -> AsyncIterator[httpx.AsyncClient]:
    """Everybody by demo log-in, with nobody away."""
    present(made, HEAD, MEMBER, OTHER)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1/v1", timeout=30) as client:
        yield client


def away(
    made: sessionmaker[Session],
    person: str,
    substitute: str = "",
    start: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """Put a person's absence into the directory, from an hour ago for a day unless said otherwise."""
    now = datetime.now(UTC)
    values = {
        "away_from": start or now - timedelta(hours=1),
        "away_until": until or now + DAY,
        "substitute": substitute,
    }
    with made.begin() as session:
        session.execute(update(people).where(people.c.id == person).values(values))
    posts.forget()


def present(made: sessionmaker[Session], *persons: str) -> None:
    with made.begin() as session:
        back = {"away_from": None, "away_until": None, "substitute": ""}
        session.execute(update(people).where(people.c.id.in_(persons)).values(back))
        session.execute(update(tables.actings).values(ended_at=datetime.now(UTC)))
    posts.forget()


def as_(person: str, acting_for: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer dev:{person}"} | ({"Acting-For": acting_for} if acting_for else {})


async def taken(http: httpx.AsyncClient, person: str, absent: str, hours: float = 12) -> httpx.Response:
    body = {"for": absent, "reason": "on leave", "hours": hours}
    return await http.post("/acting", json=body, headers=as_(person))


def forbidden(answer: httpx.Response, said: str) -> dict[str, Any]:
    assert answer.status_code == 403, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == "forbidden"
    assert said in problem["detail"]
    assert problem["remedy"]
    return problem


async def test_the_substitute_acts_in_the_role_and_for_the_unit_of_the_absent_one_under_his_own_name(
    http: httpx.AsyncClient, made: sessionmaker[Session]
) -> None:
    away(made, HEAD, MEMBER)
    assert (await http.get("/acting", headers=as_(MEMBER))).json()["possible"][0]["person"] == HEAD
    forbidden(await http.get("/me", headers=as_(MEMBER, HEAD)), "do not act")
    answer = await taken(http, MEMBER, HEAD)
    assert answer.status_code == 201, answer.text
    me = (await http.get("/me", headers=as_(MEMBER, HEAD))).json()
    assert (me["id"], me["acting_for"], me["role"], me["unit"]) == (MEMBER, HEAD, "unit_head", "GD.net")
    himself = (await http.get("/me", headers=as_(MEMBER))).json()
    assert (himself["role"], himself["acting_for"]) == ("unit_member", "")
    running = (await http.get("/acting", headers=as_(MEMBER))).json()["running"]
    assert [(one["absent"], one["reason"]) for one in running] == [(HEAD, "on leave")]
    c = tables.accesses.c
    with made() as session:
        rows = session.execute(select(c.actor_id, c.detail).where(c.operation == "take_on")).all()
    assert (MEMBER, f"acting for {HEAD}") in [tuple(row) for row in rows]


async def test_acting_ends_with_its_hours_with_the_absence_and_when_it_is_given_up(
    http: httpx.AsyncClient, made: sessionmaker[Session]
) -> None:
    now = datetime.now(UTC)
    away(made, HEAD, MEMBER, until=now + timedelta(hours=2))
    until = datetime.fromisoformat((await taken(http, MEMBER, HEAD)).json()["until"])
    assert abs(until - now - timedelta(hours=2)) < timedelta(seconds=10)
    until = datetime.fromisoformat((await taken(http, MEMBER, HEAD, 0.5)).json()["until"])
    assert abs(until - now - timedelta(minutes=30)) < timedelta(seconds=10)
    assert len((await http.get("/acting", headers=as_(MEMBER))).json()["running"]) == 1

    with made.begin() as session:
        session.execute(update(tables.actings).where(tables.actings.c.ended_at.is_(None)).values(until=now))
    forbidden(await http.get("/me", headers=as_(MEMBER, HEAD)), "do not act")

    assert (await taken(http, MEMBER, HEAD)).status_code == 201
    back = await http.delete(f"/people/{HEAD}/absence", headers=as_(HEAD))
    assert back.status_code == 200
    forbidden(await http.get("/me", headers=as_(MEMBER, HEAD)), "not away")

    away(made, HEAD, MEMBER)
    assert (await http.get("/me", headers=as_(MEMBER, HEAD))).status_code == 200
    ended = await http.delete(f"/acting/{HEAD}", headers=as_(MEMBER))
    assert [one["absent"] for one in ended.json()] == [HEAD]
    forbidden(await http.get("/me", headers=as_(MEMBER, HEAD)), "do not act")
    assert (await http.delete(f"/acting/{HEAD}", headers=as_(MEMBER))).json() == []


async def test_acting_is_possible_only_while_the_absence_runs(
    http: httpx.AsyncClient, made: sessionmaker[Session]
) -> None:
    now = datetime.now(UTC)
    forbidden(await taken(http, MEMBER, HEAD), "not away")
    away(made, HEAD, MEMBER, start=now + timedelta(hours=1))
    forbidden(await taken(http, MEMBER, HEAD), "not away")
    away(made, HEAD, MEMBER, start=now - 2 * DAY, until=now - DAY)
    forbidden(await taken(http, MEMBER, HEAD), "not away")
    assert (await http.get("/acting", headers=as_(MEMBER))).json() == {"running": [], "possible": []}


async def test_only_the_named_substitute_acts_and_hands_it_on_to_nobody(
    http: httpx.AsyncClient, made: sessionmaker[Session]
) -> None:
    away(made, HEAD, MEMBER)
    assert forbidden(await taken(http, OTHER, HEAD), "does not name you")["field"] == "for"
    forbidden(await taken(http, MANAGER, HEAD), "does not name you")
    forbidden(await taken(http, MEMBER, "no-such-person"), "no colleague")
    forbidden(await taken(http, HEAD, HEAD), "for himself")
    assert (await taken(http, MEMBER, HEAD)).status_code == 201

    away(made, MEMBER, OTHER)  # the chain of the directory now leads on to the third
    forbidden(await http.get("/me", headers=as_(MEMBER, HEAD)), "does not name you")
    assert (await taken(http, OTHER, MEMBER)).status_code == 201
    forbidden(await http.get("/me", headers=as_(OTHER, HEAD)), "do not act")  # acting for one is not acting for two
    body = {"for": HEAD, "reason": "on leave"}
    forbidden(await http.post("/acting", json=body, headers=as_(OTHER, MEMBER)), "not passed on")
    assert (await taken(http, OTHER, HEAD)).status_code == 201
    assert (await http.get("/me", headers=as_(OTHER, HEAD))).json()["role"] == "unit_head"

    present(made, MEMBER)
    away(made, HEAD, MEMBER)
    forbidden(await http.get("/me", headers=as_(OTHER, HEAD)), "does not name you")


async def test_a_chain_ends_when_the_first_of_it_is_back(http: httpx.AsyncClient, made: sessionmaker[Session]) -> None:
    now = datetime.now(UTC)
    away(made, HEAD, MEMBER)
    away(made, MEMBER, OTHER, until=now + timedelta(hours=1))
    until = datetime.fromisoformat((await taken(http, OTHER, HEAD)).json()["until"])
    assert abs(until - now - timedelta(hours=1)) < timedelta(seconds=10)


async def test_who_left_is_acted_for_no_more(http: httpx.AsyncClient, made: sessionmaker[Session]) -> None:
    away(made, HEAD, MEMBER)
    assert (await taken(http, MEMBER, HEAD)).status_code == 201
    with made.begin() as session:
        session.execute(update(people).where(people.c.id == HEAD).values(active=False))
    posts.forget()
    try:
        forbidden(await http.get("/me", headers=as_(MEMBER, HEAD)), "no colleague")
    finally:
        with made.begin() as session:
            session.execute(update(people).where(people.c.id == HEAD).values(active=True))
        posts.forget()


async def test_customers_and_machines_act_for_nobody(http: httpx.AsyncClient, made: sessionmaker[Session]) -> None:
    away(made, HEAD, MEMBER)
    forbidden(await http.get("/orders", headers=as_("customer:13900000001", HEAD)), "members of staff")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"for": HEAD, "reason": ""}, "reason"),
        ({"for": HEAD}, "reason"),
        ({"reason": "x"}, "for"),
        ({"for": HEAD, "reason": "x", "hours": 13}, "hours"),
        ({"for": HEAD, "reason": "x", "hours": 0}, "hours"),
        ({"for": HEAD, "reason": "x" * 501}, "reason"),
    ],
)
async def test_what_is_said_of_it_must_be_whole(http: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    answer = await http.post("/acting", json=body, headers=as_(MEMBER))
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_session_says_for_whom_its_person_acts(
    app: FastAPI, http: httpx.AsyncClient, made: sessionmaker[Session]
) -> None:
    give_password(made, MEMBER)
    browser = Browser(app)
    assert (await browser.log_in(MEMBER)).status_code == 200
    away(made, HEAD, MEMBER)
    answer = await browser.post("/acting", {"for": HEAD, "reason": "on leave", "hours": 1})
    assert answer.status_code == 201, answer.text
    assert [one["absent"] for one in (await browser.get("/session")).json()["acting"]] == [HEAD]
    assert (await browser.get("/me", Acting_For=HEAD)).json()["acting_for"] == HEAD


async def test_a_reset_gives_a_password_once_and_ends_all_sessions(
    app: FastAPI, http: httpx.AsyncClient, made: sessionmaker[Session]
) -> None:
    give_password(made, OTHER)
    browser = Browser(app)
    assert (await browser.log_in(OTHER)).status_code == 200
    answer = await http.post(f"/accounts/{OTHER}/reset", headers=as_(ADMIN))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert datetime.fromisoformat(said["good_until"]) - datetime.now(UTC) > timedelta(hours=23, minutes=59)
    assert (await browser.get("/me")).status_code == 401
    assert (await Browser(app).log_in(OTHER)).status_code == 401
    again = Browser(app)
    assert (await again.log_in(OTHER, said["password"])).json()["must_change"] is True
    with made() as session:
        everything = str(session.execute(select(tables.accounts)).all()) + str(
            session.execute(select(tables.accesses)).all()
        )
    assert said["password"] not in everything
    c = tables.accesses.c
    with made() as session:
        rows = session.execute(select(c.actor_id, c.outcome, c.detail).where(c.operation == "reset_account")).all()
    assert (ADMIN, "changed", f"account of {OTHER}") in [tuple(row) for row in rows]


async def test_an_administrator_unlocks_and_logs_out(
    app: FastAPI, http: httpx.AsyncClient, made: sessionmaker[Session]
) -> None:
    give_password(made, OTHER)
    browser = Browser(app)
    assert (await browser.log_in(OTHER)).status_code == 200
    assert (await http.post(f"/accounts/{OTHER}/unlock", headers=as_(ADMIN))).json()["unlocked"] is False
    for _ in range(5):
        assert (await Browser(app).log_in(OTHER, "wrong")).status_code == 401
    assert (await Browser(app).log_in(OTHER)).json()["code"] == "account_locked"
    assert (await http.post(f"/accounts/{OTHER}/unlock", headers=as_(ADMIN))).json()["unlocked"] is True
    assert (await Browser(app).log_in(OTHER)).status_code == 200
    answer = await http.post(f"/accounts/{OTHER}/logout", headers=as_(ADMIN))
    assert answer.json() == {"person": OTHER, "ended": 2}
    begun = time.monotonic()
    while (await browser.get("/me")).status_code == 200:
        assert time.monotonic() - begun < 5
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("verb", ["reset", "unlock", "logout"])
async def test_accounts_are_for_administrators_alone(
    http: httpx.AsyncClient, made: sessionmaker[Session], verb: str
) -> None:
    with made.begin() as session:
        accounts.reset(session, OTHER, HASH, datetime.now(UTC))
    for who in (OTHER, HEAD, MANAGER, "hq-supervisor-1", "hq-auditor-1", "customer:13900000001"):
        answer = await http.post(f"/accounts/{OTHER}/{verb}", headers=as_(who))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), who
    assert (await http.post(f"/accounts/{OTHER}/{verb}")).status_code == 401
    answer = await http.post(f"/accounts/no-such-person/{verb}", headers=as_(ADMIN))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert GOOD not in answer.text
