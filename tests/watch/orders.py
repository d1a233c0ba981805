"""Real orders whose limits are seconds long, and a hand in the engine's own database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from api.gateway import Gateway
from api.outcomes import Revival
from bench.planted import begun
from contracts.messages import EventRow, encode, to_rows
from domain import commands as c
from domain.model import Role
from domain.order import decide
from domain.policy import Terms, named
from identity.people import Identified
from runtime.postgres import ENGINE, ENGINE_DATABASE, EmbeddedPostgres
from store import ledger, policies, tables
from tests.domain.lives import PEOPLE, terms
from vault import customers

_NUMBERS = itertools.count(1)
AGENT = Identified("gd-agent-1", "坐席", "Agent", Role.AGENT, unit="GD.svc", province="GD")
_PHONE = "13800000000"
_RUN = secrets.token_hex(3).upper()


def hasty(sign: float, contact: float) -> Terms:
    """The shipped terms, but for the two nearest limits, in seconds; no warnings, so that each mark is a breach."""
    usual = terms("general")
    limits = {**usual.limits, "sign": f"{sign / 60}min", "contact": f"{contact / 60}min"}
    return named(replace(usual, limits=limits, warnings={}))


class Clockwork:
    """Opens such orders and looks at what became of them."""

    def __init__(
        self, postgres: EmbeddedPostgres, namespace: str, made: sessionmaker[Session], gateway: Gateway
    ) -> None:
        self._postgres = postgres
        self._namespace = namespace
        self._made = made
        self._gateway = gateway

    hasty = staticmethod(hasty)

    def number(self) -> str:
        """A new real order's id."""
        return f"WH20260302-{_RUN}{next(_NUMBERS):05d}"

    def write(self, frozen: Terms, *, ago: float = 0.0) -> str:
        """An order that was dispatched so many seconds ago, in the ledger alone; its id."""
        order_id = self.number()
        with self._made.begin() as session:
            policies.save_terms(session, frozen)
            key = customers.obtain(session, self._gateway.books.rack.keyring, _PHONE)
            begun(session, order_id, datetime.now(UTC) - timedelta(seconds=ago), frozen, key.customer)
        return order_id

    async def open(self, *, sign: float, contact: float) -> str:
        """A running order whose limits to sign and to contact pass after so many seconds; its id."""
        order_id = await asyncio.to_thread(self.write, hasty(sign, contact))
        await self.start(order_id)
        await self._gateway.live(order_id)  # its first step is done: the timer is set
        return order_id

    async def start(self, order_id: str) -> None:
        """Let the engine run an order that only the ledger has."""
        assert await self._gateway.restart(order_id) is Revival.STARTED

    async def note(self, order_id: str) -> None:
        """A command that meets no limit."""
        body = c.Note("well?")
        assert (await self._gateway.act(order_id, "note", secrets.token_hex(8), AGENT, body)).status == 200

    async def events(self, order_id: str) -> list[EventRow]:
        """What the ledger has of the order."""

        def read() -> list[EventRow]:
            with self._made() as session:
                return ledger.stored(session, order_id)

        return await asyncio.to_thread(read)

    async def fired(self, order_id: str) -> dict[str, list[float]]:
        """For each kind of clock how late its breaches are on record, in seconds; more than one were one too many."""
        f = tables.firings.c
        wanted = select(f.kind, f.late_seconds).where(f.order_id == order_id, f.change.in_(("breached", "expired")))

        def read() -> dict[str, list[float]]:
            found: dict[str, list[float]] = {}
            with self._made() as session:
                for kind, late in session.execute(wanted):
                    found.setdefault(kind, []).append(late)
            return found

        return await asyncio.to_thread(read)

    async def until_fired(self, order_id: str, kind: str, seconds: float = 30.0) -> dict[str, list[float]]:
        """The same, as soon as this kind is among them."""
        async with asyncio.timeout(seconds):
            while kind not in (found := await self.fired(order_id)):
                await asyncio.sleep(0.1)
        return found

    async def outcomes(self, order_id: str) -> list[tuple[str, int]]:
        """What the sweeper wrote down of the order's marks: outcome and tries, the earliest mark first."""
        s = tables.sweeps.c
        wanted = select(s.outcome, s.tries).where(s.order_id == order_id).order_by(s.next_at)

        def read() -> list[tuple[str, int]]:
            with self._made() as session:
                return [(row.outcome, row.tries) for row in session.execute(wanted)]

        return await asyncio.to_thread(read)

    def lose_timers(self) -> int:
        """Delete every timer of the namespace from the engine's own database; how many there were."""
        with contextlib.closing(self._postgres.connect(ENGINE, ENGINE_DATABASE)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select id from namespaces where name = %s", (self._namespace,))
                (found,) = cursor.fetchone() or (b"",)
                inside = str(UUID(bytes=bytes(found))).encode()  # a task's data names the namespace it is of
                cursor.execute("delete from timer_tasks where position(%s::bytea in data) > 0", (inside,))
                return int(cursor.rowcount)

    def run_ahead(self, order_id: str, count: int) -> None:
        """Let the ledger have so many notes that the engine has never heard of."""
        for number in range(count):
            with self._made.begin() as session:
                found = ledger.head(session, order_id)
                assert found is not None
                command = c.Command(f"{order_id}/ahead-{number}", PEOPLE["agent"], c.Note("unheard of"))
                frozen = policies.terms(session, found.order.terms)
                events = decide(found.order, command, datetime.now(UTC), frozen)
                ledger.record(session, order_id, to_rows(order_id, events))

    def let_next_mark_pass(self, order_id: str) -> None:
        """Let the list say that the order's next mark was due a minute ago."""
        passed = datetime.now(UTC) - timedelta(minutes=1)
        with self._made.begin() as session:
            session.execute(update(tables.orders).where(tables.orders.c.order_id == order_id).values(next_at=passed))

    def spoil(self, order_id: str) -> None:
        """Let the ledger name terms that are not there."""
        with self._made.begin() as session:
            session.execute(update(tables.orders).where(tables.orders.c.order_id == order_id).values(terms="nowhere"))

    async def let_sweeps_pass(self, seconds: float) -> None:
        """Let the sweepers believe that so much time has passed since they last did something."""
        moved = text(
            "update sweeps set tried_at = tried_at - make_interval(secs => :s), "
            "settled_at = settled_at - make_interval(secs => :s)"
        )

        def write() -> None:
            with self._made.begin() as session:
                session.execute(moved, {"s": seconds})

        await asyncio.to_thread(write)

    def snapshot(self, order_id: str) -> bytes:
        """The order as its events alone make it."""
        with self._made() as session:
            return encode(ledger.replay(session, order_id))
