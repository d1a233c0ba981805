"""What many open orders cost: memory, disk, the time to be up again, and how late deadlines fire after that.

`python -m bench.open_orders [--open 1000 5000 20000] [--sample N]` brings up the whole system in a temporary folder and
plants orders with two armed deadlines each, far away but for a sample that falls due soon. At each size it measures,
stops everything, starts everything, and lets the sample fire. Exit code 1 when one of those was missed, early or
double.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from bench import temporary
from bench.lateness import Fired, Punctuality, judged, of_orders
from bench.planted import Planter, Wanted, terms_with
from bench.processes import disk, memory
from runtime.plugin import connect
from runtime.settings import Settings
from runtime.stack import EmbeddedStack
from store.session import EVERYWHERE, make_engine, sessions

FIRST, SECOND = timedelta(days=10), timedelta(days=12)
"""First contact and result: the two limits of each order."""
SETTLE_SECONDS = 10.0
"""Rest before memory is measured."""
STRAGGLERS = 120.0
"""Seconds after the sample's last due time in which what is late may still come."""
PARTS = ("worker", "engine", "PostgreSQL", "API")


@dataclass(slots=True)
class Size:
    """What was measured with so many open orders."""

    open: int
    planted: float
    memory: dict[str, float]
    disk: float
    stopped: float = 0.0
    servers: float = 0.0
    ready: float = 0.0
    after: dict[str, float] | None = None
    sample: Punctuality | None = None
    begin: datetime | None = None


def main() -> int:
    """Measure and print; 1 when a deadline of a sample was missed, early or double."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--open", type=int, nargs="+", default=[200, 400], help="open orders, rising (200 400)")
    given.add_argument("--sample", type=int, default=100, help="of these so many fall due after the restart (100)")
    given.add_argument("--minutes", type=float, default=0.5, help="minutes over which the sample falls due (0.5)")
    given.add_argument("--down", type=float, default=60.0, help="seconds allowed for stopping and starting (60)")
    options = given.parse_args()
    sizes: list[Size] = []
    with temporary.folder() as settings:
        with temporary.servers(settings) as stack, temporary.programs(stack.settings):
            time.sleep(SETTLE_SECONDS)
            sizes.append(Size(0, 0.0, memory(), disk(settings.data_dir)))
            wanted = asyncio.run(planted(stack, sizes, options, options.open[0]))
            stopping = time.monotonic()
        for number, many in enumerate(options.open):
            size = sizes[-1]
            size.stopped = time.monotonic() - stopping
            starting = time.monotonic()
            with temporary.servers(settings) as stack:
                size.servers = time.monotonic() - starting
                with temporary.programs(stack.settings):
                    size.ready = time.monotonic() - starting
                    print(f"{many} open orders: ready again after {size.ready:.1f} s", flush=True)
                    size.sample = fired(stack, size, wanted)
                    size.after = memory()
                    if number + 1 < len(options.open):
                        wanted = asyncio.run(planted(stack, sizes, options, options.open[number + 1]))
                    stopping = time.monotonic()
    print(table(sizes))
    wrong = [size.open for size in sizes if size.sample is not None and not size.sample.right]
    print(f"NOT ALL FIRED ONCE AND IN TIME with {wrong}" if wrong else "none missed, none early, none double")
    return 1 if wrong else 0


async def planted(
    stack: EmbeddedStack, sizes: list[Size], options: argparse.Namespace, many: int
) -> dict[str, datetime]:
    """Have so many open orders in all, and measure; what of them falls due after the restart, by order."""
    engine = make_engine(stack.owner_url, 4, sight=EVERYWHERE)
    made = sessions(engine)
    settings: Settings = stack.settings
    client = await connect(settings, settings.temporal_namespace)
    terms = terms_with({"contact": FIRST, "due": SECOND})
    planter = Planter(client, made, terms, FIRST)
    far = datetime.now(UTC) + FIRST
    sample = min(options.sample, many)
    missing = max(0, many - still_open(made) - sample)
    rate = await planter.plant([Wanted(f"F{many:06d}{number:08d}", far) for number in range(missing)])
    expected = sample / max(20.0, min(rate, 100.0)) + SETTLE_SECONDS + options.down
    begin = datetime.now(UTC) + timedelta(seconds=expected)
    step = timedelta(minutes=options.minutes) / max(1, sample)
    wanted = {f"S{many:06d}{number:08d}": begin + number * step for number in range(sample)}
    await planter.plant([Wanted(*one) for one in wanted.items()])
    await asyncio.sleep(SETTLE_SECONDS)
    sizes.append(Size(still_open(made), rate, memory(), disk(settings.data_dir), begin=begin))
    print(f"{sizes[-1].open} open orders planted, {rate:.0f} a second", flush=True)
    engine.dispose()
    return wanted


def still_open(made: sessionmaker[Session]) -> int:
    """The open orders in the ledger that have two armed deadlines."""
    with made() as session:
        found = session.execute(
            text(
                "SELECT count(*) FROM (SELECT order_id FROM deadlines WHERE status = 'running' AND next_at IS NOT NULL "
                "GROUP BY order_id HAVING count(*) = 2) AS armed"
            )
        )
        return int(found.scalar_one())


def fired(stack: EmbeddedStack, size: Size, wanted: dict[str, datetime]) -> Punctuality:
    """What became of the sample, as soon as all of it has fired, or `STRAGGLERS` after its end."""
    assert size.begin is not None
    late = (datetime.now(UTC) - size.begin).total_seconds()
    if late > 0:
        print(
            f"  the sample began to fall due {late:.0f} s before: its lateness has that in it; say --down", flush=True
        )
    engine = make_engine(stack.owner_url, 1, sight=EVERYWHERE)
    end = max(wanted.values()) + timedelta(seconds=STRAGGLERS)
    while True:
        with sessions(engine)() as session:
            found: list[Fired] = [one for one in of_orders(session) if one.name in wanted]
        if len(found) >= len(wanted) or datetime.now(UTC) > end:
            engine.dispose()
            return judged(wanted, found)
        time.sleep(1)


def table(sizes: list[Size]) -> str:
    """How it grows."""
    heads = ["open orders", "planted/s", *(f"{part} MB" for part in PARTS), "disk MB", "stop s", "servers s", "ready s"]
    heads += ["worker after MB", "engine after MB", "late p50", "p99", "max"]
    rows = [heads]
    for size in sizes:
        late = size.sample.firing if size.sample else None
        after = size.after or {}
        rows.append(
            [
                str(size.open),
                f"{size.planted:.0f}" if size.planted else "",
                *(f"{size.memory.get(part, 0.0):.0f}" for part in PARTS),
                f"{size.disk:.0f}",
                *(f"{value:.1f}" if value else "" for value in (size.stopped, size.servers, size.ready)),
                *(f"{after[part]:.0f}" if part in after else "" for part in PARTS[:2]),
                *(f"{late[index]:.2f}" if late else "" for index in (0, 2, 3)),
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
