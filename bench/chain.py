"""What the chain costs where events are written: the ledger's transaction with the hashes beside itself without them.

`python -m bench.chain [--orders N] [--rounds N]` records the same lives, in batches of a command's size, in turns with
and without hashing, in a PostgreSQL of its own; prints the median ratios of time and of this process's CPU, what a hash
takes, and what part of a whole command that is. The product has no switch for it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec
from sqlalchemy.orm import Session, sessionmaker

from bench import temporary
from bench.simulate import lived
from bench.year.world import World, load
from contracts.messages import EventRow, to_rows
from store import chain, ledger
from store.session import EVERYWHERE, make_engine, sessions

COMMAND_MS = 14.5
"""CPU of a whole command over all processes, as `bench.commands` measured it (docs/performance.md)."""

Batch = list[EventRow]
_hashes = chain.hashes


def _unhashed(rows: Iterable[EventRow], previous: str) -> list[str]:
    return [previous for _ in rows]


def stories(orders: int) -> list[list[Batch]]:
    """Simulated orders, each as the batches in which commands, and the wakings of time, bring its events."""
    world = World(1, load(None), 2026)
    return [list(_batches(to_rows(life.order.id, life.events))) for life in (lived(world, n) for n in range(orders))]


def _batches(rows: Sequence[EventRow]) -> Iterator[Batch]:
    for _, batch in groupby(rows, key=lambda row: (row.command_id, row.at)):
        yield list(batch)


def renamed(story: Sequence[Batch], order_id: str) -> list[Batch]:
    """The same events of another order."""
    old, new = story[0][0].order_id.encode(), order_id.encode()

    def data(row: EventRow) -> msgspec.Raw:
        return msgspec.Raw(bytes(row.data).replace(old, new))

    return [[msgspec.structs.replace(row, order_id=order_id, data=data(row)) for row in batch] for batch in story]


def written(made: sessionmaker[Session], told: Sequence[Sequence[Batch]], prefix: str) -> tuple[float, float]:
    """Seconds, and seconds of CPU, that recording took; each batch in a transaction of its own."""
    mine = [renamed(story, f"{prefix}-{number:06d}") for number, story in enumerate(told)]
    begun, used = time.perf_counter(), time.process_time()
    for story in mine:
        for batch in story:
            with made.begin() as session:
                ledger.record(session, batch[0].order_id, batch)
    return time.perf_counter() - begun, time.process_time() - used


def report(made: sessionmaker[Session], told: Sequence[Sequence[Batch]], rounds: int) -> int:
    """Measure in turns and print; 1 when the aim of 5 % of a command is missed."""
    transactions, events = sum(len(story) for story in told), sum(len(b) for story in told for b in story)
    ratios: list[tuple[float, float]] = []
    for number in range(rounds):
        found = {}
        for name in ("with", "without") if number % 2 else ("without", "with"):
            chain.hashes = _hashes if name == "with" else _unhashed
            found[name] = written(made, told, f"WH-{number}-{name}")
        ratios.append((found["with"][0] / found["without"][0], found["with"][1] / found["without"][1]))
        print(f"round {number + 1}: time {ratios[-1][0]:.3f}, CPU of this process {ratios[-1][1]:.3f}", flush=True)
    chain.hashes = _hashes
    begun = time.process_time()
    for story in told:
        _hashes([row for batch in story for row in batch], "")
    each = (time.process_time() - begun) / events
    share = each * 1000 * events / transactions / COMMAND_MS
    wall, cpu = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"{transactions} transactions of {events / transactions:.2f} events each, {rounds} rounds in turns")
    print(f"the ledger's transaction, with the chain to without: time {wall:.3f}, CPU of this process {cpu:.3f}")
    print(f"a hash takes {each * 1e6:.0f} µs of CPU: {share:.1%} of a whole command's {COMMAND_MS} ms")
    print(f"aims: at most 5 % of a command {'met' if share <= 0.05 else 'MISSED'}")
    return 0 if share <= 0.05 else 1


def main() -> int:
    """Measure and print; 1 when the aim is missed."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--orders", type=int, default=60)
    given.add_argument("--rounds", type=int, default=5)
    options = given.parse_args()
    told = stories(options.orders)
    with temporary.folder() as settings, temporary.servers(settings) as stack:
        engine = make_engine(stack.app_url, 1, sight=EVERYWHERE)
        try:
            written(sessions(engine), told[:10], "WH-warm")
            return report(sessions(engine), told, options.rounds)
        finally:
            engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
