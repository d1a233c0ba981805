"""Many real orders with deadlines at chosen instants, in the ledger and in the engine, made quickly.

Each is registered and dispatched by the rules themselves, as of the instant at which its limits would begin; its events
are written by the ledger's own pen, and its workflow is started from what the ledger has, as after a loss.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker
from temporalio.client import Client

from api import engine
from contracts.messages import OrderInput, to_rows
from domain import commands as c
from domain.calendar import Span, text_of
from domain.model import Actor, Customer, Order, OrderClass, Role
from domain.order import decided
from domain.policy import Terms, named, resolve
from store import ledger, policies
from store.demo import document

AGENT = Actor("gd-agent-1", Role.AGENT, "GD.svc")
AT_ONCE = 40
"""Workflows that are started side by side."""
BATCH = 50
"""Orders in one transaction of the ledger."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order that is to be: the first of its limits passes at `due` (UTC)."""

    order_id: str
    due: datetime


def terms_with(limits: dict[str, timedelta]) -> Terms:
    """The shipped policy's terms with these limits alone, and no ladders: what is armed passes once."""
    shipped = resolve(document("policy"), OrderClass.GENERAL, "normal", "GD")
    texts = {kind: text_of(Span(length.total_seconds() / 60, "min")) for kind, length in limits.items()}
    rules = {kind: f"bench.{kind}" for kind in limits}
    return named(replace(shipped, limits=texts, rules=rules, warnings={}, chains={}))


class Planter:
    """Plants orders under the same terms; `limit` is that of the limit which passes first."""

    def __init__(self, client: Client, made: sessionmaker[Session], terms: Terms, limit: timedelta) -> None:
        self._client = client
        self._made = made
        self._terms = terms
        self._limit = limit
        with made.begin() as session:
            policies.save_terms(session, terms)

    async def plant(self, wanted: Sequence[Wanted]) -> float:
        """Have all of these in ledger and engine; how many a second that was."""
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(order: Order) -> None:
            async with slots:
                await engine.start(self._client, OrderInput(order.id, self._terms, order), order)

        with ThreadPoolExecutor(2) as threads:
            batches = [wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH)]
            recording = [loop.run_in_executor(threads, self._record, batch) for batch in batches]
            for recorded in recording:
                await asyncio.gather(*(one(order) for order in await recorded))
        return len(wanted) / (time.perf_counter() - started)

    def _record(self, wanted: Iterable[Wanted]) -> list[Order]:
        with self._made.begin() as session:
            return [begun(session, one.order_id, one.due - self._limit, self._terms) for one in wanted]


def begun(session: Session, order_id: str, at: datetime, terms: Terms, customer: str = "") -> Order:
    """An order in the ledger, registered and dispatched at that instant (UTC) under terms that are kept there.

    `customer` is the id of one in the vault; without it nobody can say anything more about the order.
    """
    register = c.Register(
        order_id=order_id,
        title="no signal",
        text="no signal since Monday",
        category="network.fault",
        order_class=OrderClass.GENERAL,
        province="GD",
        channel="hotline",
        customer=Customer("Li", "13800000000", id=customer),
        lead="GD.net",
        catalogue="network.fault",
    )
    events, order = decided(None, c.Command(order_id, AGENT, register), at, terms)
    return ledger.record(session, order.id, to_rows(order.id, events))
