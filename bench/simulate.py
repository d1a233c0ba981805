"""A year of complaints in the pure simulator, over the real rules: seeded, judged with every event, and replayable.

`python -m bench.simulate [--orders N] [--seed N] [--policy FILE]` plays the lives one after the other on one core,
prints what the year looked like and how many orders a second that took, and exits with 1 when an invariant was broken.
The same seed gives the same digest; `--order N` tells the life of one order alone, the same as among the others.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from pathlib import Path

from bench.year.life import Life
from bench.year.people import REACTIONS, begin
from bench.year.totals import Totals, digest
from bench.year.world import BEIJING, World, load
from domain.events import ClockChange
from rulebook import Faulty

AIM = 2000
"""Orders a second on one core."""
EVERY = 10_000
"""Orders between two lines of progress."""


def lived(world: World, number: int) -> Life:
    """The whole life of one order."""
    life = Life(world, number, REACTIONS)
    life.run(begin)
    return life


def year(world: World, orders: int) -> Totals:
    """The lives of so many orders."""
    totals = Totals()
    for number in range(1, orders + 1):
        totals.add(lived(world, number))
        if number % EVERY == 0:
            print(f"{number} orders", file=sys.stderr, flush=True)
    return totals


def told(life: Life) -> str:
    """One life, event by event, in Beijing time."""
    lines = [f"order {life.number}: {life.category.name}, {life.terms.order_class}, {life.order.province}"]
    for event in life.events:
        at = f"{event.at + BEIJING:%Y-%m-%d %H:%M:%S}"
        clocks = ", ".join(_change(change) for change in event.clocks)
        lines.append(f"{event.seq:>4} {at} {event.type:<22}{event.actor.id:<20}{clocks}")
    lines += [f"  ! {finding}" for finding in life.judge.findings]
    lines.append(f"ended as {life.order.state} {life.order.outcome or ''}, digest {digest(life).hex()[:16]}")
    return "\n".join(lines)


def _change(change: ClockChange) -> str:
    due = f" due {change.clock.due_at + BEIJING:%m-%d %H:%M}" if change.clock and change.change == "started" else ""
    return f"{change.key} {change.change}{due}"


def main() -> int:
    """Play and print; 1 when an invariant was broken."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--orders", type=int, default=100_000, help="orders of the year (100000)")
    given.add_argument("--seed", type=int, default=2026, help="what everything is drawn from (2026)")
    given.add_argument("--year", type=int, default=2026, help="the calendar year (2026)")
    given.add_argument("--policy", type=Path, help="a policy document to try instead of the shipped one")
    given.add_argument("--order", type=int, help="tell the life of this one order and stop")
    options = given.parse_args()
    try:
        policy = load(options.policy)
    except (OSError, ValueError, Faulty) as error:
        given.error(f"--policy {options.policy}: {error}")
    world = World(options.seed, policy, options.year)
    if options.order is not None:
        life = lived(world, options.order)
        print(told(life))
        return 1 if life.judge.findings else 0
    gc.disable()  # no life refers to itself, so what is over is freed at once; to look for circles costs some 4 %
    begun, used = time.perf_counter(), time.process_time()
    totals = year(world, options.orders)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    print(f"year {options.year}, policy {policy['version']}, seed {options.seed}\n")
    print("\n".join(totals.lines()))
    print(
        f"\n{totals.orders} orders, {totals.events} events ({totals.by_time} by time), "
        f"{sum(totals.commands.values())} commands, {sum(totals.refusals.values())} refused\n"
        f"{seconds:.1f} s, {totals.orders / seconds:.0f} orders/s ({totals.orders / cpu:.0f} by CPU time, the aim is "
        f"{AIM}), {totals.events / seconds:.0f} events/s\n"
        f"digest {totals.digest}"
    )
    for line in totals.violations:
        print(f"  ! {line}")
    print(f"violations of invariants: {totals.violated}")
    return 1 if totals.violated else 0


if __name__ == "__main__":
    sys.exit(main())
