"""Commands a second through API, workflow and ledger, beside the bare engine's empty updates in the same run.

`python -m bench.commands [--orders N] [--callers N] [--rounds N]` brings up the whole system in a temporary folder on
free ports, drives registrations and five commands an order over HTTP with one and with two workers, in turn with as
many empty updates on the bare engine, and prints rates, latencies, CPU a command by process, and the ratio, which is
the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from bench import temporary
from bench.bare import QUEUE, WORKFLOW
from bench.processes import cpu_seconds
from contracts.names import workflow_id
from runtime.plugin import connect
from runtime.process import Child
from runtime.settings import PROJECT, Settings
from runtime.supervisor import application
from runtime.watch import Program

STEPS = 6
"""Commands an order: registration and five more."""


@dataclass
class Result:
    """What one phase took."""

    name: str
    seconds: float = 0.0
    commands: int = 0
    registering: list[float] = field(default_factory=list)
    commanding: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Commands a second."""
        return self.commands / self.seconds

    def line(self) -> str:
        """One row of the table."""
        shares = "  ".join(f"{name} {1000 * used / self.commands:.1f}" for name, used in sorted(self.cpu.items()))
        return (
            f"{self.name:<34} {self.rate:7.1f}/s   "
            f"register p50 {_ms(self.registering, 50)} p99 {_ms(self.registering, 99)}   "
            f"command p50 {_ms(self.commanding, 50)} p99 {_ms(self.commanding, 99)} ms   CPU ms/command: {shares}"
        )


def _ms(times: list[float], percent: int) -> str:
    return f"{1000 * statistics.quantiles(times, n=100)[percent - 1]:6.1f}" if len(times) > 1 else "     –"


@contextmanager
def measured(name: str) -> Iterator[Result]:
    """Time and CPU of the block."""
    result, before, begun = Result(name), cpu_seconds(), time.perf_counter()
    yield result
    result.seconds = time.perf_counter() - begun
    after = cpu_seconds()
    result.cpu = {part: used - before.get(part, 0.0) for part, used in after.items() if used > before.get(part, 0.0)}


class Desk:
    """One caller with one connection."""

    def __init__(self, port: int) -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, path: str, who: str, body: dict[str, Any]) -> dict[str, Any]:
        """One command with a key of its own; raises RuntimeError with the answer when it is not done."""
        headers = {
            "Authorization": f"Bearer dev:{who}",
            "Idempotency-Key": uuid.uuid4().hex,
            "Content-Type": "application/json",
        }
        self._link.request("POST", f"/v1{path}", json.dumps(body), headers)
        answer = self._link.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path}: {answer.status} {text.decode()}")
        found: dict[str, Any] = json.loads(text)
        return found

    def life(self, result: Result, lock: threading.Lock) -> str:
        """Register, dispatch, sign, contact, reply, audit: one order's six commands."""
        begun = time.perf_counter()
        opened = self.post("/orders", "gd-agent-1", COMPLAINT)
        times = [time.perf_counter() - begun]
        order = opened["order"]["id"]
        now = datetime.now(UTC).isoformat()
        steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("dispatch", "gd-dispatcher-1", {"lead": "GD.net"}),
            ("sign", "gd-net-1", {}),
            ("contact", "gd-net-1", {"spoke_to": "Li", "summary": "no signal in the street"}),
            ("reply", "gd-net-1", {"received_at": now, "spoke_to": "Li", "done": "antenna mended", "done_by": now}),
            ("audit_reply", "gd-replyauditor-1", {"accepted": True}),
        )
        for verb, who, body in steps:
            begun = time.perf_counter()
            self.post(f"/orders/{order}/{verb}", who, body)
            times.append(time.perf_counter() - begun)
        with lock:
            result.registering.append(times[0])
            result.commanding += times[1:]
            result.commands += STEPS
        return str(order)


COMPLAINT = {
    "title": "no signal",
    "text": "no signal since Monday",
    "category": "network.fault",
    "province": "GD",
    "channel": "hotline",
    "dispatch": False,
    "customer": {"name": "Li", "phone": "13800000000"},
}


def http_phase(name: str, port: int, orders: int, callers: int) -> tuple[Result, str]:
    """So many orders by so many callers over HTTP; the result and the last order's number."""
    lock, local = threading.Lock(), threading.local()

    def one(_: int) -> str:
        if not hasattr(local, "desk"):
            local.desk = Desk(port)
        desk: Desk = local.desk
        return desk.life(result, lock)

    with ThreadPoolExecutor(callers) as pool, measured(name) as result:
        numbers = list(pool.map(one, range(orders)))
    return result, numbers[-1]


async def bare_phase(name: str, client: Client, orders: int, callers: int) -> Result:
    """The same number of empty updates on the bare engine."""
    waiting = iter(range(orders))

    async def caller() -> None:
        for _ in waiting:
            number = f"bare/{uuid.uuid4().hex}"
            start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
                WORKFLOW, id=number, task_queue=QUEUE, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING
            )
            begun = time.perf_counter()
            await client.execute_update_with_start_workflow("touch", start_workflow_operation=start)
            result.registering.append(time.perf_counter() - begun)
            handle = client.get_workflow_handle(number)
            for _ in range(STEPS - 1):
                begun = time.perf_counter()
                await handle.execute_update("touch")
                result.commanding.append(time.perf_counter() - begun)
            result.commands += STEPS

    with measured(name) as result:
        await asyncio.gather(*(caller() for _ in range(callers)))
    return result


@contextmanager
def running(programs: list[Program], ready: Callable[[], bool]) -> Iterator[None]:
    """These programs, started and ready inside the block."""
    try:
        for program in programs:
            program.restart()
        programs[-1].child.wait_until(ready, 60)
        yield
    finally:
        for program in reversed(programs):
            program.stop()


def system(settings: Settings, workers: int) -> Any:
    """API and workers, up inside the block."""
    programs = application(settings.model_copy(update={"worker_count": workers}))
    return running(programs, programs[-1].answers)


@contextmanager
def bare_worker(settings: Settings) -> Iterator[None]:
    """The bare engine's worker, up inside the block; idle, it only waits."""
    keys = str(settings.keyring_path)
    child = Child(
        "bare",
        [sys.executable, "-m", "bench.bare", settings.temporal_target, settings.temporal_namespace, keys],
        log=settings.logs / "bare.log",
        cwd=PROJECT,
    )
    with running([Program(child)], lambda: True):
        yield


def against(name: str, settings: Settings, orders: int, callers: int) -> Result:
    """The bare engine under the same load."""

    async def measure() -> Result:
        client = await connect(settings, settings.temporal_namespace)
        return await bare_phase(name, client, orders, callers)

    return asyncio.run(measure())


async def history_length(settings: Settings, order_id: str) -> int:
    """Engine events of one order."""
    client = await connect(settings, settings.temporal_namespace)
    return (await client.get_workflow_handle(workflow_id(order_id)).describe()).history_length


def main() -> int:
    """Measure and print; 1 when an aim is missed."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--orders", type=int, default=300)
    given.add_argument("--callers", type=int, default=20)
    given.add_argument("--rounds", type=int, default=3)
    options = given.parse_args()
    with temporary.folder() as wanted, temporary.servers(wanted) as stack:
        return report(stack.settings, options.orders, options.callers, options.rounds)


def report(settings: Settings, orders: int, callers: int, rounds: int) -> int:
    """All phases, their table and the figures asked for.

    Ours and the bare engine take turns, and the ratio is the median over the rounds: a machine's speed wanders by more
    than what is to be told apart.
    """
    port, few = settings.api_port, max(10, orders // 20)
    ratios: dict[int, list[float]] = {1: [], 2: []}
    with bare_worker(settings):
        for workers, found in ratios.items():
            with system(settings, workers):
                http_phase("warm-up", port, 20, 5)
                against("warm-up", settings, 20, 5)
                if workers == 1:
                    alone, last = http_phase("whistle, 1 caller", port, few, 1)
                    print(alone.line(), against("bare engine, 1 caller", settings, few, 1).line(), sep="\n", flush=True)
                    events = asyncio.run(history_length(settings, last))
                for _ in range(rounds):
                    ours, _ = http_phase(f"whistle, {workers} worker(s), {callers} callers", port, orders, callers)
                    bare = against(f"bare engine, {callers} callers", settings, orders, callers)
                    print(ours.line(), bare.line(), sep="\n", flush=True)
                    found.append(ours.rate / bare.rate)
    one, two = (statistics.median(found) for found in ratios.values())
    register, command = (1000 * statistics.median(times) for times in (alone.registering, alone.commanding))
    told = "; ".join(
        f"{workers} worker(s): {', '.join(f'{r:.2f}' for r in found)}" for workers, found in ratios.items()
    )
    print(f"ratio to the bare engine, medians: {one:.2f} with one worker, {two:.2f} with two ({told})")
    print(f"engine events for registering and five commands: {events}")
    print(f"one caller: register {register:.0f} ms, command {command:.0f} ms at the median")
    met = {"ratio >= 0.45": max(one, two) >= 0.45, "events <= 36": events <= 36}
    met |= {"register < 60 ms": register < 60, "command < 40 ms": command < 40}
    print("aims: " + ", ".join(f"{aim} {'met' if reached else 'MISSED'}" for aim, reached in met.items()))
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
