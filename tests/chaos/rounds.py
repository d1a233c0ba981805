"""One round: orders are opened, parts die in the middle, all orders end, and everything is examined."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from store.session import sessions
from tests.chaos import proof
from tests.chaos.callers import Crowd, Told
from tests.chaos.proof import Findings
from tests.chaos.system import System

BACK_SECONDS = 90.0
"""How long a killed part may take until commands are carried out again."""
FINISH_SECONDS = 15.0
"""How long the reconciler may take to finish what was left pending, once all is well: ten, and the last call's."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill -9; seconds count from it.

    Attributes:
        running: orders that were open and had not ended.
        in_flight: commands that callers were waiting for.
        process: until the part ran again.
        answer: until a command that was sent afterwards was carried out.
    """

    parts: tuple[str, ...]
    running: int
    in_flight: int
    process: float
    answer: float


@dataclass(slots=True)
class Result:
    """What one round showed; seconds.

    Attributes:
        longest: the longest that a caller waited for an answer.
        repeated: commands that had to be asked again.
        settled: until no key was pending, once all orders had ended.
        whole: from the first registration to the last end.
    """

    kills: list[Kill] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    longest: float = 0.0
    repeated: int = 0
    settled: float = 0.0
    whole: float = 0.0
    trouble: dict[str, int] = field(default_factory=dict)
    lives: dict[str, int] = field(default_factory=dict)
    order_ids: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


async def run(
    system: System,
    engine: Engine,
    kills: Sequence[tuple[str, ...]],
    *,
    seed: int,
    first: int,
    count: int,
    callers: int,
    warm: int,
    sample: int,
) -> Result:
    """Open `count` orders, kill each group of parts in turn, and examine.

    `warm` is how many commands an order are answered before each kill; `sample` how many keys are asked for again.
    """
    result, started, made = Result(), time.monotonic(), sessions(engine)
    crowd = Crowd(system.settings.api_url, seed, first, count, callers)
    work = asyncio.create_task(crowd.run())
    wanted = count * warm
    for parts in kills:
        await crowd.until_answered(wanted)
        result.kills.append(await _kill(system, crowd, parts))
        wanted = len(crowd.told) + count * warm // 2
    crowd.hold.set()
    await work
    engine.dispose()  # its connections may have died with the database
    result.whole = time.monotonic() - started
    order_ids = [*crowd.orders.values()]
    waiting = time.monotonic()
    while await asyncio.to_thread(proof.pending, made) and time.monotonic() - waiting < FINISH_SECONDS:
        await asyncio.sleep(0.2)
    result.settled = time.monotonic() - waiting
    found = await asyncio.to_thread(proof.examine, made, system.keyring(), order_ids, crowd.told)
    again = await proof.alive(
        system.settings.api_url, made, order_ids, crowd.told[:: max(1, len(crowd.told) // sample)]
    )
    result.findings = Findings([*crowd.faults, *found.wrong, *again.wrong], found.counts + again.counts)
    missing = count - len(order_ids)
    result.findings.check(not missing, f"{missing} orders were never opened")
    result.longest = max(one.answered - one.sent for one in crowd.told)
    result.repeated = sum(one.tries > 1 for one in crowd.told)
    result.order_ids, result.told = order_ids, crowd.told
    result.trouble, result.lives = dict(crowd.trouble), dict(crowd.lives)
    return result


async def _kill(system: System, crowd: Crowd, parts: tuple[str, ...]) -> Kill:
    running, in_flight = len(crowd.orders) - crowd.ended, crowd.in_flight
    killed = system.kill(parts)
    at = time.monotonic()
    process = 0.0
    while not process:
        await asyncio.sleep(0.02)
        if all(system.pid(part) not in (0, pid) for part, pid in killed.items()):
            process = time.monotonic() - at
        elif time.monotonic() - at > BACK_SECONDS:
            raise TimeoutError(f"{parts} did not come back:\n{system.said}")
    async with asyncio.timeout(BACK_SECONDS):
        back = await crowd.until_back(at)
        while not await asyncio.to_thread(system.is_ready):
            await asyncio.sleep(0.1)
    return Kill(parts, running, in_flight, process, back - at)
