"""Kill -9 in the middle of running orders, in rounds, and the proof that nothing was lost: `make chaos`.

A whole system is brought up by its own supervisor in a temporary folder. Each round opens its own orders over HTTP and
carries them by many callers to their ends; when all are open and busy, a part is killed. Exit code 1 on any violation.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from runtime.console import Console
from runtime.engine import find
from runtime.settings import load
from store.session import sessions
from tests.chaos import proof, rounds, system
from tests.chaos.mailbox import Mailbox, receiving
from tests.chaos.proof import Findings
from tests.chaos.rounds import Result
from tests.chaos.system import PARTS, System

EVERYTHING = "everything"
MAIL_SECONDS = 420.0
"""How long the last letters may take: what a dead postman had claimed is hidden for five minutes."""


def asked() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, default=200, help="orders a round (200)")
    parser.add_argument("--callers", type=int, default=40, help="concurrent callers (40)")
    parser.add_argument("--seed", type=int, default=20260801, help="what the lives are drawn from")
    parser.add_argument("--warm", type=int, default=4, help="commands an order that are answered before the kill (4)")
    parser.add_argument("--sample", type=int, default=300, help="keys a round that are asked for again (300)")
    parser.add_argument("--keep", type=Path, help="folder to keep the system's data and logs in")
    parser.add_argument(
        "rounds",
        nargs="*",
        default=["PostgreSQL", EVERYTHING, "worker", "API", "Temporal"],
        help="the parts to kill, one a round",
    )
    given = parser.parse_args()
    if unknown := {*given.rounds} - {*PARTS, EVERYTHING}:
        parser.error(f"unknown: {', '.join(unknown)}; the parts are {', '.join(PARTS)} and {EVERYTHING}")
    return given


async def all_rounds(given: argparse.Namespace, running: System, box: Mailbox) -> int:
    """Run every round, print what it showed, and return the exit code."""
    engine = running.engine()
    wrong: list[str] = []
    for number, part in enumerate(given.rounds):
        result = await rounds.run(
            running,
            engine,
            [tuple(PARTS) if part == EVERYTHING else (part,)],
            seed=given.seed,
            first=number * given.orders,
            count=given.orders,
            callers=given.callers,
            warm=given.warm,
            sample=given.sample,
        )
        wrong += result.findings.wrong
        tell(part, result)
    findings = await letters(sessions(engine), box)
    wrong += findings.wrong
    engine.dispose()
    print(
        "\nmail: " + ", ".join(f"{name.removeprefix('mail ')} {many}" for name, many in sorted(findings.counts.items()))
    )
    print("\n" + ("\n".join(["VIOLATIONS", *wrong]) if wrong else "no violation"))
    return 1 if wrong else 0


def tell(part: str, result: Result) -> None:
    """Print what a round showed."""
    counts = result.findings.counts
    for kill in result.kills:
        print(
            f"\nkill -9 {part}: {kill.running} orders running, {kill.in_flight} commands in flight\n"
            f"  process back after {kill.process:.1f} s, first new command carried out after {kill.answer:.1f} s, "
            f"longest wait of a caller {result.longest:.1f} s"
        )
    print(
        f"  {counts['orders']} orders ended in {result.whole:.0f} s: {counts['events']} events ({counts['by time']} by "
        f"time), {counts['answers']} answers, {counts['refusals']} refusals, {counts['notices']} notices\n"
        f"  {result.repeated} commands had to be asked again, {counts['reconciled']} keys taken up by the reconciler, "
        f"{counts['finished for callers who hung up']} for callers who hung up; none pending after "
        f"{result.settled:.1f} s\n"
        f"  {counts['compared with the engine']} orders compared with the engine, {counts['asked again']} keys asked "
        f"for again; violations: {len(result.findings.wrong)}\n"
        f"  callers met: {result.trouble}"
    )
    for line in result.findings.wrong[:20]:
        print(f"  ! {line[:600]}")
    sys.stdout.flush()


async def letters(made: sessionmaker[Session], box: Mailbox) -> Findings:
    """Wait until no letter is left to send, then examine the mail."""
    end = time.monotonic() + MAIL_SECONDS
    while (left := await asyncio.to_thread(proof.mail_left, made)) and time.monotonic() < end:
        await asyncio.sleep(1)
    findings = await asyncio.to_thread(proof.mail, made, box)
    findings.check(left == 0, f"{left} letters were not settled within {MAIL_SECONDS:.0f} s")
    return findings


def main() -> int:
    """Run it; the exit code."""
    given = asked()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the system is taken down with us
    find(load(), Console())
    with tempfile.TemporaryDirectory(prefix="whistle-chaos-") as folder, receiving() as (box, port):
        settings = system.free_settings(given.keep or Path(folder) / "data", port)
        print(f"{given.orders} orders a round, {given.callers} callers, seed {given.seed}, {os.cpu_count()} cores")
        with system.running(settings) as running:
            return asyncio.run(all_rounds(given, running, box))


if __name__ == "__main__":
    sys.exit(main())
