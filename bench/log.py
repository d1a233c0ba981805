"""What the log costs and gives: checking a whole ledger, how far checkpoints lag behind, what waiting costs a command.

`python -m bench.log verify [--events N]` puts N synthetic events into a PostgreSQL of its own, sequenced and signed,
and checks them as `whistle audit verify --all` does, both processes held to one core. `lag [--seconds N] [--writers N]`
records as fast as the writers can while two workers sequence and sign, and prints how old events were when a checkpoint
had them. `cost [--orders N] [--rounds N]` records the same lives in turns with chain and queue, without the queue, and
without both.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psutil  # type: ignore[import-untyped]
import psycopg2
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from audit.ledger_books import books
from audit.ledger_check import Trusted, check
from bench import temporary
from bench.chain import COMMAND_MS, renamed, stories, written
from bench.tampering import SIGNER, as_stored
from contracts.messages import EventRow
from notary import sequencer
from notary.keys import LogKeys
from runtime.stack import EmbeddedStack
from store import chain, ledger, log_tables, tables, writes
from store.session import EVERYWHERE, make_engine, sessions

KEYS = LogKeys(SIGNER.name, (SIGNER,), (SIGNER.verifier,))
AIM_SECONDS = 60.0
"""For a million events, on one core."""
AIM_LAG = 10.0
"""Seconds from an event's recording to its checkpoint, of 99 in 100."""
_COLUMNS = (
    "order_id", "seq", "type", "at", "actor_id", "role", "unit", "acting_for", "reason", "policy_version",
    "command_id", "data", "clocks", "hash",
)  # fmt: skip
_HEADS = """
INSERT INTO orders SELECT (json_populate_record(NULL::orders, json_build_object(
    'order_id', e.order_id, 'last_seq', e.seq, 'state', '', 'status', '', 'order_class', '', 'category', '',
    'title', '', 'province', '', 'region', '', 'channel', '', 'customer', '', 'customer_name', '',
    'customer_phone', '', 'level', 0, 'colour', '', 'overdue', false, 'round', 1, 'lead_unit', '',
    'registered_at', e.at, 'updated_at', e.at, 'outcome', '', 'over', true, 'rehearsal', false, 'terms', '',
    'snapshot', '', 'unit_seq', 1, 'unit_at', e.at, 'chain', e.hash))).*
FROM (SELECT DISTINCT ON (order_id) order_id, seq, at, hash FROM events ORDER BY order_id, seq DESC) e
"""


def copied(count: int) -> Iterator[list[dict[str, object]]]:
    """So many events, an order at a time: simulated orders again and again, each time under numbers of their own."""
    told = [[row for batch in story for row in batch] for story in stories(40)]
    made = turn = 0
    while made < count:
        (story,) = renamed([told[turn % len(told)]], f"WH20260302-{turn:08d}")
        story = story[: count - made]
        yield _chained(story)
        made, turn = made + len(story), turn + 1


def _chained(story: Sequence[EventRow]) -> list[dict[str, object]]:
    hashes = chain.hashes(story, "")
    return [{**as_stored(row), "hash": hash_} for row, hash_ in zip(story, hashes, strict=True)]


def _line(row: dict[str, object]) -> str:
    """A line of COPY."""
    told = (str(row[name]) for name in _COLUMNS)
    return "\t".join(
        one.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r") for one in told
    )


def filled(stack: EmbeddedStack, count: int) -> None:
    """Put so many events into the database, with head rows, and in the queue of the log."""
    url = stack.owner_url.replace("postgresql+psycopg2://", "postgresql://", 1)
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        lines: list[str] = []

        def send() -> None:
            cursor.copy_expert(f"COPY events ({', '.join(_COLUMNS)}) FROM STDIN", io.StringIO("\n".join(lines) + "\n"))
            lines.clear()

        for story in copied(count):
            lines += map(_line, story)
            if len(lines) > 20_000:
                send()
        if lines:
            send()
        cursor.execute(_HEADS)
        cursor.execute(log_tables.ENQUEUED)
    connection.close()


@contextmanager
def one_core(backend: int) -> Iterator[None]:
    """This process, and the database's that works for it, on one core, as long as the block lasts."""
    before = os.sched_getaffinity(0)
    core = {min(before)}
    try:
        for process in (0, backend):
            os.sched_setaffinity(process, core)
        yield
    finally:
        os.sched_setaffinity(0, before)


def verify(stack: EmbeddedStack, count: int) -> int:
    """Check so many events; 1 when something is found, or it took longer than the aim for as many."""
    begun = time.perf_counter()
    filled(stack, count)
    print(f"{count} events put there in {time.perf_counter() - begun:.0f} s", flush=True)
    engine = make_engine(stack.app_url, 1, sight=EVERYWHERE)
    made, begun = sessions(engine), time.perf_counter()
    while sequenced(made):
        pass
    took = time.perf_counter() - begun
    with made.begin() as session:
        sequencer.sign(session, KEYS)
    engine.dispose()
    print(f"sequenced in {took:.1f} s: {count / took:.0f} events a second", flush=True)
    before = peak()
    with books(stack.app_url) as found, one_core(found.backend):
        theirs = psutil.Process(found.backend)
        begun, used, worked = time.perf_counter(), time.process_time(), sum(theirs.cpu_times()[:2])
        report = check(found, Trusted(SIGNER.name, KEYS.verifiers))
        took, used = time.perf_counter() - begun, time.process_time() - used
        worked = sum(theirs.cpu_times()[:2]) - worked
    print(f"checked {report.events} events of {report.orders} orders on one core, the database's work with it:")
    print(f"{took:.1f} s, {took / count * 1e6:.1f} µs an event; CPU: {used:.1f} s here, {worked:.1f} s of the database")
    print(f"memory at most {before:.0f} MiB before, {peak():.0f} MiB with it")
    for one in report.findings[:5]:
        print(one)
    scaled = took * 1_000_000 / count
    good = report.good and report.events == report.leaves == count
    print(f"whole: {good}; a million takes {scaled:.0f} s: aim of {AIM_SECONDS:.0f} s ", end="")
    print("met" if scaled < AIM_SECONDS else "MISSED")
    return 0 if good and scaled < AIM_SECONDS else 1


def peak() -> float:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sequenced(made: sessionmaker[Session]) -> int:
    """One transaction of the sequencer's."""
    with made.begin() as session:
        return sequencer.sequence(session)


def lag(stack: EmbeddedStack, seconds: float, writers: int) -> int:
    """Record and sequence side by side; 1 when the aim is missed."""
    engine, told = make_engine(stack.app_url, writers + 2, sight=EVERYWHERE), stories(30)
    made, stop = sessions(engine), threading.Event()
    recorded: dict[tuple[str, int], float] = {}
    seen: list[tuple[float, int]] = []

    def write(place: int) -> None:
        turn = 0
        while not stop.is_set():
            for batch in renamed(told[turn % len(told)], f"WH-{place}-{turn:06d}"):
                with made.begin() as session:
                    ledger.record(session, batch[0].order_id, batch)
                recorded.update(dict.fromkeys(((row.order_id, row.seq) for row in batch), time.monotonic()))
            turn += 1

    def notary() -> None:
        while not stop.is_set() or sequenced(made):
            while sequenced(made) == sequencer.BATCH:
                pass
            with made.begin() as session:
                signed = sequencer.sign(session, KEYS)
            if signed is not None:
                seen.append((time.monotonic(), signed.size))
            time.sleep(1.0)

    threads = [threading.Thread(target=write, args=(place,)) for place in range(writers)]
    threads += [threading.Thread(target=notary) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    with made() as session:
        places = session.execute(text("SELECT order_id, seq, position FROM leaves")).all()
    engine.dispose()
    seen.sort()
    lags = sorted(_lags(places, recorded, seen))
    p99 = lags[int(len(lags) * 0.99)]
    print(f"{len(recorded)} events in {seconds:.0f} s by {writers} writers, {len(seen)} checkpoints, 2 workers")
    print(f"age at the checkpoint: median {statistics.median(lags):.2f} s, p99 {p99:.2f} s, most {lags[-1]:.2f} s")
    print(f"aim: p99 at most {AIM_LAG:.0f} s: {'met' if p99 <= AIM_LAG else 'MISSED'}")
    return 0 if p99 <= AIM_LAG else 1


def _lags(
    places: Sequence[tuple[str, int, int]], recorded: dict[tuple[str, int], float], seen: list[tuple[float, int]]
) -> Iterator[float]:
    for order_id, seq, position in places:
        at = next((moment for moment, size in seen if size > position), None)
        if at is not None and (order_id, seq) in recorded:
            yield at - recorded[order_id, seq]


_QUEUED = ledger._EVENTS
_UNQUEUED = writes.insert(tables.events, without=("recorded_at",))
_HASHES = chain.hashes


def cost(stack: EmbeddedStack, orders: int, rounds: int) -> int:
    """The ledger's transaction in turns; prints the median ratios, 1 when they cost more than 5 % of a command."""
    told, engine = stories(orders), make_engine(stack.app_url, 1, sight=EVERYWHERE)
    made = sessions(engine)
    kinds = {"whole": (_QUEUED, _HASHES), "no queue": (_UNQUEUED, _HASHES), "neither": (_UNQUEUED, _unhashed)}
    written(made, told[:10], "WH-warm")
    with made() as session:
        theirs = psutil.Process(session.scalar(text("SELECT pg_backend_pid()")))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    transactions = sum(len(story) for story in told)
    for number in range(rounds):
        names = list(kinds)[number % 3 :] + list(kinds)[: number % 3]
        for name in names:
            ledger._EVENTS, chain.hashes = kinds[name]
            before = sum(theirs.cpu_times()[:2])
            took, used = written(made, told, f"WH-{number}-{names.index(name)}")
            found[name].append((took, used + sum(theirs.cpu_times()[:2]) - before))
    ledger._EVENTS, chain.hashes = _QUEUED, _HASHES
    engine.dispose()
    missed = False
    for name in ("no queue", "neither"):
        pairs = list(zip(found["whole"], found[name], strict=True))
        wall, cpu = (statistics.median(whole[at] / other[at] for whole, other in pairs) for at in (0, 1))
        extra = statistics.median(whole[1] - other[1] for whole, other in pairs) / transactions
        share = extra * 1000 / COMMAND_MS
        print(
            f"the ledger's transaction with chain and queue to {name}: time {wall:.3f}, CPU with the database's",
            end=" ",
        )
        print(f"{cpu:.3f}; {extra * 1e6:.0f} µs of CPU each, {share:.1%} of a command's {COMMAND_MS} ms")
        missed = missed or share > 0.05
    print(f"{transactions} transactions, {rounds} rounds in turns; aim of 5 % {'MISSED' if missed else 'met'}")
    return 1 if missed else 0


def _unhashed(rows: Iterable[EventRow], previous: str) -> list[str]:
    return [previous for _ in rows]


def main() -> int:
    """Measure and print; 1 when an aim is missed."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("what", choices=("verify", "lag", "cost"))
    given.add_argument("--events", type=int, default=1_000_000)
    given.add_argument("--seconds", type=float, default=60.0)
    given.add_argument("--writers", type=int, default=2)
    given.add_argument("--orders", type=int, default=60)
    given.add_argument("--rounds", type=int, default=6)
    options = given.parse_args()
    with temporary.folder() as settings, temporary.servers(settings) as stack:
        if options.what == "verify":
            return verify(stack, options.events)
        if options.what == "lag":
            return lag(stack, options.seconds, options.writers)
        return cost(stack, options.orders, options.rounds)


if __name__ == "__main__":
    sys.exit(main())
