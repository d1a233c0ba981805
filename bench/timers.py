"""How late deadlines fire on the real engine, beside as many bare timers in the same minutes.

`python -m bench.timers [--orders N] [--minutes M]` brings up the whole system in a temporary folder, plants N orders
whose first-contact limits pass evenly over M minutes, and between each two of them a bare timer: a workflow that
sleeps and an activity that writes a row, with a worker of its own. Ours is late from the due time until the event's own
time, and until it is in the ledger; the ratio of the 99th percentiles is the figure. Exit code 1 when a deadline was
missed, fired early or twice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psutil  # type: ignore[import-untyped]
from sqlalchemy import Engine, text
from temporalio.client import Client

from bench import bare_timers, temporary
from bench.lateness import HEAD, Fired, Punctuality, judged, of_orders
from bench.planted import AT_ONCE, Planter, Wanted, terms_with
from bench.processes import cpu_seconds
from contracts.options import TASK_TIMEOUT
from runtime.plugin import connect
from runtime.process import Child
from runtime.settings import PROJECT, Settings
from store.session import EVERYWHERE, make_engine, sessions

LIMIT = timedelta(days=2)
"""The first-contact limit of the planted orders: each was dispatched so long before its due time."""
STRAGGLERS = 120.0
"""Seconds after the last due time in which what is late may still come."""
AIM_SECONDS, AIM_RATIO = 2.0, 2.0


def main() -> int:
    """Measure and print; 1 when a deadline was missed, early or double."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--orders", type=int, default=500, help="deadlines of orders, and as many bare timers (500)")
    given.add_argument("--minutes", type=float, default=1.0, help="minutes over which they fall due (1)")
    given.add_argument("--rate", type=float, default=60.0, help="orders and timers a second that can be planted (60)")
    given.add_argument("--alone", action="store_true", help="no bare timers beside them")
    options = given.parse_args()
    with temporary.folder() as settings, temporary.servers(settings) as stack:
        owner = make_engine(stack.owner_url, 2, sight=EVERYWHERE)
        with owner.begin() as link:
            link.execute(text(bare_timers.CREATE))
            link.execute(text(f"GRANT INSERT ON {bare_timers.TABLE} TO whistle_app"))
        with temporary.programs(stack.settings), bare_worker(stack.settings):
            return asyncio.run(measure(stack.settings, owner, options))


@contextmanager
def bare_worker(settings: Settings) -> Iterator[None]:
    """The bare timers' worker, up inside the block."""
    argv = [sys.executable, "-m", "bench.bare_timers", settings.temporal_target, settings.temporal_namespace]
    argv += [str(settings.keyring_path)]
    child = Child("bare", [*argv, settings.app_database_url or ""], log=settings.logs / "bare.log", cwd=PROJECT)
    child.start()
    try:
        yield
    finally:
        child.stop()


async def measure(settings: Settings, owner: Engine, options: argparse.Namespace) -> int:
    """Plant, wait, and judge; the exit code."""
    many, window = options.orders, timedelta(minutes=options.minutes)
    begin = datetime.now(UTC) + timedelta(seconds=10 + 2 * many / options.rate)
    step = window / many
    ours = {f"T{number:08d}": begin + number * step for number in range(many)}
    bare = {} if options.alone else {str(number): begin + (number + 0.5) * step for number in range(many)}
    client = await connect(settings, settings.temporal_namespace)
    planter = Planter(client, sessions(owner), terms_with({"contact": LIMIT}), LIMIT)
    planted, _ = await asyncio.gather(planter.plant([Wanted(*one) for one in ours.items()]), start_bare(client, bare))
    early = (begin - datetime.now(UTC)).total_seconds()
    print(
        f"{many} orders and {len(bare)} bare timers planted, {planted:.0f} orders/s; {early:.0f} s to wait", flush=True
    )
    if early < 0:
        print(f"planting took too long; say --rate {options.rate / 2:.0f}")
        return 1
    await asyncio.sleep(early)
    before, busy = cpu_seconds(), psutil.cpu_times()
    await asyncio.sleep(window.total_seconds())
    after, later = cpu_seconds(), psutil.cpu_times()
    found = await until_all(owner, len(ours), len(bare))
    results = {"orders": judged(ours, found[0]), **({"bare timers": judged(bare, found[1])} if bare else {})}
    print(HEAD, *(result.row(name) for name, result in results.items()), sep="\n")
    seconds = window.total_seconds()
    idle = later.idle - busy.idle
    print(
        f"{2 * many / seconds if bare else many / seconds:.1f} due a second; CPU while they fell due, of "
        f"{psutil.cpu_count()} cores: "
        + ", ".join(f"{part} {100 * (used - before.get(part, 0.0)) / seconds:.0f} %" for part, used in after.items())
        + f", idle {100 * idle / seconds:.0f} %"
    )
    for name, fired in zip(results, found, strict=False):
        print(f"{name}, p99 of firing by tenths of the time: " + tenths(fired, begin, window))
    print(f"sweeper: {swept(owner)}")
    return verdict(results)


async def start_bare(client: Client, wanted: dict[str, datetime]) -> None:
    """Start the bare timers, so many at a time."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: str, due: datetime) -> None:
        async with slots:
            await client.start_workflow(
                bare_timers.WORKFLOW,
                args=[int(number), due],
                id=f"timer/{number}",
                task_queue=bare_timers.QUEUE,
                task_timeout=TASK_TIMEOUT,
            )

    await asyncio.gather(*(one(number, due) for number, due in wanted.items()))


async def until_all(owner: Engine, ours: int, bare: int) -> tuple[list[Fired], list[Fired]]:
    """What has fired, as soon as that is all, or after `STRAGGLERS` seconds."""
    end = time.monotonic() + STRAGGLERS
    while True:
        with sessions(owner)() as session:
            orders = of_orders(session)
            rows = session.execute(text(f"SELECT number::text, due, fired, recorded FROM {bare_timers.TABLE}"))
            timers = [Fired(*row) for row in rows]
        if (len(orders) >= ours and len(timers) >= bare) or time.monotonic() > end:
            return orders, timers
        await asyncio.sleep(1)


def tenths(fired: list[Fired], begin: datetime, window: timedelta) -> str:
    """How the 99th percentile went over the time: growing, or by bursts."""
    parts: list[list[float]] = [[] for _ in range(10)]
    for one in fired:
        part = int((one.due - begin) / window * 10)
        parts[min(9, max(0, part))].append((one.fired - one.due).total_seconds())
    return " ".join(f"{sorted(part)[int(0.99 * (len(part) - 1))]:.2f}" if part else "–" for part in parts)


def swept(owner: Engine) -> str:
    """What the sweeper had to do: nothing, as long as the engine keeps time."""
    with owner.connect() as link:
        rows = link.execute(text("SELECT outcome, count(*), max(late_seconds) FROM sweeps GROUP BY outcome")).all()
    return (
        ", ".join(f"{many} {outcome or 'open'}, {late:.1f} s late" for outcome, many, late in rows) or "nothing to do"
    )


def verdict(results: dict[str, Punctuality]) -> int:
    """The aims, met or missed; 1 when a deadline was missed, early, double or moved."""
    ours, bare = results["orders"], results.get("bare timers")
    aims = {f"p99 <= {AIM_SECONDS:.0f} s": ours.firing[2] <= AIM_SECONDS}
    if bare is not None and bare.firing[2] > 0:
        ratio = ours.firing[2] / bare.firing[2]
        print(f"ratio of the 99th percentiles: {ratio:.2f} fired, {ours.recording[2] / bare.recording[2]:.2f} recorded")
        aims[f"ratio <= {AIM_RATIO:.0f}"] = ratio <= AIM_RATIO
    print("aims: " + ", ".join(f"{aim} {'met' if reached else 'MISSED'}" for aim, reached in aims.items()))
    print("none missed, none early, none double" if ours.right else "NOT ALL FIRED ONCE AND IN TIME")
    return 0 if ours.right else 1


if __name__ == "__main__":
    sys.exit(main())
