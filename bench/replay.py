"""Replay in orders a second, by the rules and by the engine, and whether an order costs the same among many more.

`python -m bench.replay [--orders 1000,10000] [--histories 20] [--seed N]`: lives of the simulated year are written into
a ledger of their own as the running system leaves them (events, commands, answers, terms), a sample of fixed size is
replayed at each size of the ledger, and the committed histories of the engine are replayed again and again. One core.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert
from sqlalchemy.orm import Session
from temporalio.client import WorkflowHistory

from audit.engine_recompute import recompute
from audit.replay import Replay, engine_for
from bench import temporary
from bench.year.life import Life
from bench.year.people import REACTIONS, begin
from bench.year.world import World, load
from contracts.messages import CommandMessage, encode, to_rows
from domain import commands as c
from domain.model import Actor, OrderClass
from domain.policy import Terms, applicable
from store import ledger, policies, tables
from store.session import EVERYWHERE, make_engine

SECOND = timedelta(seconds=1)
SAMPLE = 500
"""Orders that are replayed at each size."""
HISTORIES = Path(__file__).parents[1] / "tests" / "workflows" / "histories"


class Resolving(World):
    """The simulated year under each order's own terms, as the API resolves them."""

    def terms(self, order_class: OrderClass, tier: str, province: str, area: str, category: str) -> Terms:
        """The terms of an order; nothing of it is left out, and what the policy says nothing of is not asked for."""
        return self._resolved(order_class, tier, province, *applicable(self.policy, area, category))


class Told(Life):
    """A life of which every command is kept as it was sent."""

    __slots__ = ("sent", "under")

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world, number, REACTIONS)
        self.sent: list[dict[str, Any]] = []
        self.under: dict[str, Any] = {}

    def do(self, actor: Actor, body: c.Body, reason: str = "as found") -> bool:
        """Ask for it, time's own events first, and keep what was sent."""
        if self.events and self.deadline is not None and self.deadline <= self.now:
            self._time()
        before = len(self.events)
        terms = self.terms
        if not super().do(actor, body, reason):
            return False
        first = self.events[before]
        message = CommandMessage(first.command_id, actor, msgspec.Raw(encode(body)), reason)
        self.under |= {one.digest: one for one in (terms, self.terms)}
        self.sent.append(
            {
                "key": first.command_id,
                "order_id": self.order.id,
                "verb": c.VERBS[type(body)],
                "fingerprint": "",
                "state": "pending",  # no answer is kept: the bench has no API
                "message": encode(message).decode(),
                "terms": terms.digest if before == 0 else "",
                "claimed_at": first.at - SECOND,
            }
        )
        return True


def grow(session: Session, world: World, numbers: range, kept: set[str]) -> list[str]:
    """Write these lives into the ledger; their orders."""
    ids, sent = [], []
    for number in numbers:
        life = Told(world, number)
        life.run(begin)
        for digest, terms in life.under.items():
            if digest not in kept:
                policies.save_terms(session, terms)
                kept.add(digest)
        ledger.record(session, life.order.id, to_rows(life.order.id, life.events))
        ids.append(life.order.id)
        sent += life.sent
    session.execute(insert(tables.commands), sent)
    return ids


def rules(url: str, sizes: list[int], seed: int) -> list[tuple[int, float, float, float]]:
    """For each size of the ledger: orders and events a second, and orders a second of this process's own CPU time."""
    world, kept, ids = Resolving(seed, load(None), 2026), set[str](), list[str]()
    engine, auditor = make_engine(url, 1, sight=EVERYWHERE), engine_for(url)
    found = []
    with Session(engine) as session, session.begin():
        policies.publish(session, world.policy["version"], world.policy)
    for size in sizes:
        while len(ids) < size:
            with Session(engine) as session, session.begin():
                ids += grow(session, world, range(len(ids) + 1, min(len(ids) + 200, size) + 1), kept)
            print(f"{len(ids)} orders", file=sys.stderr, flush=True)
        sample = random.Random(seed).sample(ids, min(SAMPLE, len(ids)))
        begun, used = time.perf_counter(), time.process_time()
        done = list(Replay(auditor).orders(sample))
        seconds, cpu = time.perf_counter() - begun, time.process_time() - used
        wrong = [one for order in done for one in order.findings]
        if wrong:
            raise SystemExit(f"{len(wrong)} findings in clean lives, the first {wrong[0]}")
        events = sum(one.events for one in done)
        found.append((size, len(sample) / seconds, events / seconds, len(sample) / cpu))
    engine.dispose()
    auditor.dispose()
    return found


async def engine(times: int) -> tuple[float, float]:
    """Runs a second, and engine events a second."""
    given = [
        WorkflowHistory.from_json(f"order/{one.stem}", one.read_text()) for one in sorted(HISTORIES.glob("*.json"))
    ]
    begun, events = time.perf_counter(), 0
    for _ in range(times):
        for history in given:
            made = await recompute(history, None)
            if made.failure:
                raise SystemExit(f"{history.workflow_id}: {made.failure}")
            events += len(history.events)
    seconds = time.perf_counter() - begun
    return times * len(given) / seconds, events / seconds


def main() -> int:
    """Measure and print."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--orders", default="1000,10000,100000", help="sizes of the ledger (1000,10000,100000)")
    given.add_argument("--histories", type=int, default=50, help="times that each committed history is replayed (50)")
    given.add_argument("--seed", type=int, default=2026, help="what everything is drawn from (2026)")
    options = given.parse_args()
    with temporary.folder() as settings, temporary.servers(settings) as stack:
        lines = rules(stack.app_url, [int(size) for size in options.orders.split(",")], options.seed)
    print("by the rules:")
    for size, orders, events, cpu in lines:
        print(f"{size:>9} orders in the ledger: {orders:6.0f} orders/s ({cpu:.0f} by CPU time) {events:7.0f} events/s")
    print(
        f"growth of the time for one order: {lines[0][1] / lines[-1][1]:.2f}, by CPU {lines[0][3] / lines[-1][3]:.2f}"
    )
    runs, events = asyncio.run(engine(options.histories))
    print(f"by the engine: {runs:.0f} runs/s, {events:.0f} events of its own/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
