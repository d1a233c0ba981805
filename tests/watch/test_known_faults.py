"""Faults that systems of this kind have had with time itself; docs/faults.md lists them all."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import psycopg2
import pytest
import pytest_asyncio
from sqlalchemy import func, text, update
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from api.gateway import Gateway
from contracts.messages import from_row
from domain.events import OrderEscalated
from domain.policy import Step, named
from runtime.postgres import APP, EmbeddedPostgres
from runtime.settings import Settings
from store import tables
from tests.conftest import Database
from tests.notices.conftest import RudeServer
from tests.watch.orders import Clockwork, hasty
from watch import sweeper
from watch.sweeper import Sweeper
from worker import serving

PROMPT = 3.0
"""Seconds within which a limit that has passed is on record, also on a busy machine; a poll would take minutes."""


@pytest.fixture(scope="module")
def rude() -> Iterator[RudeServer]:
    """A mail server that hangs up in the middle of each letter."""
    server = RudeServer("data")
    yield server
    server.close()


@pytest.fixture(scope="module")
def mailing(settings: Settings, rude: RudeServer) -> Settings:
    """Settings of a system whose mail goes to that server."""
    return settings.model_copy(update={"smtp_host": rude.server.host, "smtp_port": rude.server.port})


def flood(made: sessionmaker[Session], count: int, *, age: timedelta = timedelta(0)) -> None:
    """Letters that wait to be sent."""
    columns = "id, order_id, seq, audience, channel, template, title_zh, title_en, body_zh, body_en, state, rehearsal"
    rows = (
        f"'{secrets.token_hex(4)}-' || n, 'flood', 1, 'unit:GD.net', 'email', 'x', 'x', 'x', 'x', 'x', 'queued', false"
    )
    with made.begin() as session:
        session.execute(text(f"insert into notices ({columns}) select {rows} from generate_series(1, {count}) n"))
        mine = tables.notices.c.order_id == "flood"
        # One that has waited for long was refused lately; the postman leaves it alone meanwhile.
        later = func.clock_timestamp() + age
        session.execute(
            update(tables.notices).where(mine).values(created_at=func.clock_timestamp() - age, next_attempt_at=later)
        )


def drain(made: sessionmaker[Session]) -> None:
    with made.begin() as session:
        mine = tables.notices.c.order_id == "flood"
        session.execute(update(tables.notices).where(mine).values(state="not_sent"))


async def import_until(http: httpx.AsyncClient, stop: asyncio.Event) -> int:
    """Register complaints one after the other; how many."""
    done = 0
    headers = {"Authorization": "Bearer dev:gd-agent-1"}
    body: dict[str, Any] = {
        "title": "no signal",
        "text": "no signal since Monday",
        "category": "network.fault",
        "province": "GD",
        "channel": "10010",
        "customer": {"name": "Li", "phone": "13900000001"},
    }
    while not stop.is_set():
        answer = await http.post("/v1/orders", json=body, headers={**headers, "Idempotency-Key": secrets.token_hex(16)})
        done += answer.status_code == 201
    return done


async def test_a_ladder_goes_on_where_it_stood_when_another_worker_takes_over(
    settings: Settings, gateway: Gateway, clockwork: Clockwork
) -> None:
    """A chain did not run after an upgrade (oncall 1187): the worker is replaced in the middle of the ladder."""
    usual = hasty(sign=3600, contact=1)
    steps = tuple(Step(after, level, "unit") for after, level in (("0min", 1), ("0.04min", 2), ("0.01min", 3)))
    chain = usual.chains["contact"]
    frozen = named(replace(usual, ladders={**usual.ladders, chain: steps}))
    async with serving(settings):
        order_id = await asyncio.to_thread(clockwork.write, frozen)
        await clockwork.start(order_id)
        async with asyncio.timeout(10):
            while await levels(clockwork, order_id) != [1]:
                await asyncio.sleep(0.05)
    async with serving(settings):
        async with asyncio.timeout(20):
            while len(await levels(clockwork, order_id)) < len(steps):
                await asyncio.sleep(0.1)
        await gateway.wake(order_id)
        await clockwork.note(order_id)
        assert await levels(clockwork, order_id) == [1, 2, 3]
        assert len((await clockwork.fired(order_id))["contact"]) == 1


async def levels(clockwork: Clockwork, order_id: str) -> list[int]:
    """The levels to which the order was raised, in order."""
    bodies = [from_row(row).body for row in await clockwork.events(order_id)]
    return [body.level for body in bodies if isinstance(body, OrderEscalated)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker(mailing: Settings) -> AsyncIterator[None]:
    """A worker without watchers: nothing but the engine's timers wakes an order."""
    async with serving(mailing):
        yield


async def test_a_limit_that_passes_is_on_record_within_seconds_and_nobody_polls(
    worker: None, clockwork: Clockwork
) -> None:
    """Polling every 5 to 60 minutes is the norm (Zammad, GLPI, Znuny, DIGIT, Zendesk)."""
    orders = await asyncio.gather(*(clockwork.open(sign=2, contact=3600) for _ in range(8)))
    for order_id in orders:
        late = await clockwork.until_fired(order_id, "sign")
        assert len(late["sign"]) == 1
        assert 0 <= late["sign"][0] < PROMPT


async def test_no_bulk_work_delays_a_clock(
    worker: None, clockwork: Clockwork, http: httpx.AsyncClient, rude: RudeServer, made: sessionmaker[Session]
) -> None:
    """A clean-up job filled the shared queue and delayed every escalation by 3.5 hours (PagerDuty, 2022-04-18).

    Here 20,000 letters wait for a mail server that takes none of them, and four callers import complaints.
    """
    orders = await asyncio.gather(*(clockwork.open(sign=2, contact=3600) for _ in range(8)))
    before = rude.conversations
    flood(made, 20_000)
    stop = asyncio.Event()
    importers = [asyncio.create_task(import_until(http, stop)) for _ in range(4)]
    try:
        for order_id in orders:
            late = await clockwork.until_fired(order_id, "sign")
            assert len(late["sign"]) == 1
            assert 0 <= late["sign"][0] < PROMPT
    finally:
        stop.set()
        imported = await asyncio.gather(*importers)
        drain(made)
    assert min(imported) > 0, "they were at work meanwhile"
    assert rude.conversations > before, "the postman was at work meanwhile"


async def test_what_was_accepted_and_not_delivered_is_in_sight(
    mailing: Settings, made: sessionmaker[Session], clockwork: Clockwork
) -> None:
    """Alarm on accepted but not delivered: the oldest letter and the oldest mark that wait show their age."""
    flood(made, 1, age=timedelta(minutes=7))
    clockwork.write(clockwork.hasty(sign=60, contact=3600), ago=100)
    app = create_app(mailing)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as http,
    ):
        ready = (await http.get("/readyz")).json()
    drain(made)
    assert 420 <= ready["outbox"] < 480
    assert 40 <= ready["projection"] < 100


@contextlib.contextmanager
def held(postgres: EmbeddedPostgres, database: Database) -> Iterator[psycopg2.extensions.connection]:
    """Somebody has the sweeper's table for himself: its query hangs until it is cut off, or he rolls back."""
    with contextlib.closing(postgres.connect(database=database.name)) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute("lock table sweeps in access exclusive mode")
        yield connection


def cancel_waiting(postgres: EmbeddedPostgres, database: Database, done: threading.Event) -> int:
    """Cancel the application's queries that hang, as a statement's time limit does; how many were cancelled."""
    cancelled = 0
    with contextlib.closing(postgres.connect()) as connection:
        connection.autocommit = True
        while cancelled < 2 and not done.wait(0.05):
            with connection.cursor() as cursor:
                cursor.execute(
                    "select pg_cancel_backend(pid) from pg_stat_activity "
                    "where datname = %s and usename = %s and wait_event_type = 'Lock'",
                    (database.name, APP),
                )
                cancelled += len(cursor.fetchall())
    return cancelled


@contextlib.asynccontextmanager
async def sweeping(gateway: Gateway) -> AsyncIterator[asyncio.Task[None]]:
    """A sweeper at work."""
    task = asyncio.create_task(Sweeper(gateway, 10.0).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_sweeper_whose_query_was_too_slow_goes_on_sweeping(
    worker: None,
    gateway: Gateway,
    clockwork: Clockwork,
    postgres: EmbeddedPostgres,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The auditor that should notice switched itself off because its query was slow (oncall 724)."""
    monkeypatch.setattr(sweeper, "PERIOD", 0.2)
    order_id = await asyncio.to_thread(clockwork.write, hasty(sign=60, contact=3600), ago=90)
    done = threading.Event()
    with held(postgres, database) as lock:
        async with sweeping(gateway) as task:
            try:
                cancelling = asyncio.to_thread(cancel_waiting, postgres, database, done)
                assert await asyncio.wait_for(cancelling, 10) == 2, "it looked again after the first query was cut off"
            finally:
                done.set()
            assert not task.done()
            lock.rollback()
            assert len((await clockwork.until_fired(order_id, "sign"))["sign"]) == 1
            assert await clockwork.outcomes(order_id) == [("restarted", 1)]
