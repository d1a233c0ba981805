"""The bare engine's timers: a workflow that sleeps and an activity that writes a row, tuned like ours, nothing else.

`python -m bench.bare_timers HOST:PORT NAMESPACE KEYS DATABASE_URL` serves them until it is told to stop.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec
import uvloop
from sqlalchemy import Engine, text
from temporalio import activity, workflow
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker

from runtime.plugin import connect
from runtime.settings import load
from store.session import EVERYWHERE, make_engine

QUEUE = "bare-timers"
WORKFLOW = "BareTimer"
ACTIVITY = "fired"
TABLE = "bench_timers"
CREATE = f"""
    CREATE TABLE {TABLE} (
        number bigint NOT NULL, due timestamptz NOT NULL, fired timestamptz NOT NULL,
        recorded timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""
THREADS = 9
"""As many as the orders' worker has for recording (`worker.shares`)."""


class Fired(msgspec.Struct, frozen=True):
    """A timer's number, when it was due and when it fired (UTC)."""

    number: int
    due: datetime
    fired: datetime


@workflow.defn(name=WORKFLOW, sandboxed=False)
class BareTimer:
    """Sleeps until it is due, and has that written down."""

    @workflow.run
    async def run(self, number: int, due: datetime) -> None:
        """Sleep once, write once."""
        await workflow.sleep(due - workflow.now())
        await workflow.execute_activity(
            ACTIVITY, Fired(number, due, workflow.now()), start_to_close_timeout=timedelta(seconds=10)
        )


class Book:
    """Where timers are written down."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name=ACTIVITY, no_thread_cancel_exception=True)
    def fired(self, given: Fired) -> None:
        """Add the row."""
        with self._engine.begin() as link:
            link.execute(
                text(f"INSERT INTO {TABLE} (number, due, fired) VALUES (:number, :due, :fired)"),
                msgspec.structs.asdict(given),
            )


async def main(target: str, namespace: str, keys: str, url: str) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await connect(load(temporal_address=target, keys_file=keys), namespace, sandbox=False)
    engine = make_engine(url, THREADS, sight=EVERYWHERE)
    with ThreadPoolExecutor(THREADS) as threads:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[BareTimer],
            activities=[Book(engine).fired],
            activity_executor=threads,
            workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(maximum=10),
            activity_task_poller_behavior=PollerBehaviorSimpleMaximum(maximum=2),
            max_concurrent_workflow_tasks=100,
            max_concurrent_activities=THREADS,
            max_cached_workflows=1000,
            nonsticky_to_sticky_poll_ratio=0.5,
        )
        async with worker:
            await stop.wait()
    engine.dispose()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:5]))
