"""Every timer is deleted from the engine's own database, and every breach is on record within a minute, once.

`python -m bench.lost_timers [--orders N] [--spread S] [--workers W]` brings up the whole system in a temporary folder,
plants N open orders whose first limit passes S seconds apart in all, stops the engine (so that it has no timer in
memory either), deletes all rows of its timer table, starts it again, and waits. It prints how long after its due time
each breach was on record, what the sweepers did, and how punctual the second limit of the same orders was, whose timers
must ring by themselves again. Exit code 1 when a breach is missing, doubled, early, or later than 60 s.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

from bench import temporary
from bench.planted import Planter, Wanted, terms_with
from contracts.names import workflow_id
from runtime.plugin import connect
from runtime.postgres import ENGINE, ENGINE_DATABASE
from runtime.settings import Settings
from runtime.stack import EmbeddedStack
from store.session import EVERYWHERE, make_engine, sessions

AIM = 60.0
"""Seconds after the due time within which a breach must be on record."""
FIRST, SECOND = timedelta(minutes=20), timedelta(minutes=22)
"""The two limits of each order, to sign and to contact: the second passes two minutes after the first."""
LEEWAY = 60.0
"""Seconds between the last preparation and the first due time."""
_TIMERS = "select count(*) from timer_tasks"
_ON_RECORD = """
select extract(epoch from e.recorded_at - f.due_at)::float8, extract(epoch from f.fired_at - f.due_at)::float8
from firings f join events e using (order_id, seq)
where f.kind = %s and f.change in ('breached', 'expired')
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The breaches of one limit: seconds from due to record, and how many orders have one, and more than one."""

    seconds: list[float]
    fired: list[float]

    def line(self) -> str:
        """The distribution in one line."""
        if len(self.seconds) < 2:
            return f"{len(self.seconds)} on record"
        cut = statistics.quantiles(self.seconds, n=100)
        return (
            f"{len(self.seconds)} on record; seconds after due: min {min(self.seconds):.1f}  p50 {cut[49]:.1f}  "
            f"p90 {cut[89]:.1f}  p99 {cut[98]:.1f}  max {max(self.seconds):.1f}"
        )


def asked() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, default=1000, help="open orders (1000)")
    parser.add_argument("--spread", type=float, default=60.0, help="seconds between the first and last due time (60)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, each with a sweeper (2)")
    return parser.parse_args()


async def planted(settings: Settings, count: int, first_due: datetime, spread: float) -> float:
    """Open the orders; how many a second."""
    engine = make_engine(settings.app_database_url or "", 4, sight=EVERYWHERE)
    client = await connect(settings, settings.temporal_namespace)
    planter = Planter(client, sessions(engine), terms_with({"sign": FIRST, "contact": SECOND}), FIRST)
    wanted = [
        Wanted(f"WH20260302-L{number:07d}", first_due + timedelta(seconds=spread * number / count))
        for number in range(count)
    ]
    rate = await planter.plant(wanted)
    engine.dispose()
    slots = asyncio.Semaphore(20)

    async def settled(order: Wanted) -> None:
        """Return when the order has taken its first step, and so has its timer."""
        async with slots:
            handle = client.get_workflow_handle(workflow_id(order.order_id))
            while (await handle.describe()).raw_description.HasField("pending_workflow_task"):
                await asyncio.sleep(0.5)

    await asyncio.gather(*(settled(order) for order in wanted))
    return rate


def ask(stack: EmbeddedStack, statement: str, *values: Any, engine: bool = False) -> list[tuple[Any, ...]]:
    """Rows of the application's database, or of the engine's own."""
    assert stack.postgres is not None
    place = stack.postgres.connect(ENGINE, ENGINE_DATABASE) if engine else psycopg2.connect(_plain(stack.owner_url))
    with contextlib.closing(place) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else [(cursor.rowcount,)]


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg2://", "postgresql://", 1)


def lose(stack: EmbeddedStack) -> int:
    """Delete every timer while the engine is down; how many there were."""
    assert stack.temporal is not None
    stack.temporal.stop()
    ((deleted,),) = ask(stack, "delete from timer_tasks", engine=True)
    stack.temporal.restart()
    return int(deleted)


def found(stack: EmbeddedStack, kind: str) -> Found:
    """The breaches of this limit that are on record by now."""
    rows = ask(stack, _ON_RECORD, kind)
    return Found([row[0] for row in rows], [row[1] for row in rows])


def awaited(stack: EmbeddedStack, kind: str, count: int, until: datetime) -> Found:
    """The same, as soon as there are so many, or when that instant has come."""
    while True:
        now = found(stack, kind)
        if len(now.seconds) >= count or datetime.now(UTC) > until:
            return now
        time.sleep(1.0)


def measure(stack: EmbeddedStack, given: argparse.Namespace) -> int:
    """Plant, lose, wait, and tell; the exit code."""
    settings = stack.settings
    with temporary.programs(settings.model_copy(update={"worker_count": given.workers})):
        room = given.orders / 25 + LEEWAY
        first_due = datetime.now(UTC) + timedelta(seconds=room)
        last_due = first_due + timedelta(seconds=given.spread)
        rate = asyncio.run(planted(settings, given.orders, first_due, given.spread))
        ((timers,),) = ask(stack, _TIMERS, engine=True)
        deleted = lose(stack)
        spare = (first_due - datetime.now(UTC)).total_seconds()
        print(f"{given.orders} orders planted at {rate:.0f}/s; {timers} timers in the engine, {deleted} deleted")
        print(f"the engine is up again {spare:.0f} s before the first due time", flush=True)
        first = awaited(stack, "sign", given.orders, last_due + timedelta(seconds=2 * AIM))
        time.sleep(5)
        first = found(stack, "sign")
        swept = ask(stack, "select outcome, count(*), sum(tries), max(late_seconds) from sweeps group by 1 order by 1")
        print(f"first limit, timers lost: {first.line()}")
        for outcome, number, tries, late in swept:
            print(
                f"  swept: {number} {outcome or 'pending'}, {tries} tries, found at most {late:.1f} s late", flush=True
            )
        second = awaited(stack, "contact", given.orders, last_due + (SECOND - FIRST) + timedelta(seconds=AIM))
        again = sum(row[1] for row in ask(stack, "select outcome, count(*) from sweeps group by 1"))
        print(f"second limit of the same orders, timers set anew: {second.line()}")
        print(f"  swept since: {again - sum(row[1] for row in swept)}")
        return judge(stack, given.orders, first, second, spare)


def judge(stack: EmbeddedStack, count: int, first: Found, second: Found, spare: float) -> int:
    """Print which aims were met; 1 when one was missed."""
    doubled = ask(
        stack,
        "select count(*) from (select order_id, key from firings where change in ('breached', 'expired')"
        " group by 1, 2 having count(*) > 1) d",
    )[0][0]
    gaps = ask(stack, "select count(*) from (select order_id from events group by 1 having count(*) <> max(seq)) g")[0][
        0
    ]
    aims = {
        "the timers were lost before they were due": spare > 0 and min(first.fired, default=0.0) >= 5,
        "none missing": len(first.seconds) == len(second.seconds) == count,
        "none doubled": doubled == 0,
        "none early": min([*first.fired, *second.fired], default=-1.0) >= 0,
        f"all within {AIM:.0f} s": max(first.seconds, default=AIM + 1) <= AIM,
        "no gap in any order's events": gaps == 0,
    }
    print("aims: " + ", ".join(f"{aim}: {'met' if met else 'MISSED'}" for aim, met in aims.items()))
    return 0 if all(aims.values()) else 1


def main() -> int:
    """Measure; 1 when an aim is missed."""
    given = asked()
    with temporary.folder() as settings, temporary.servers(settings) as stack:
        return measure(stack, given)


if __name__ == "__main__":
    sys.exit(main())
