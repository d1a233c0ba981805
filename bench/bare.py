"""The bare engine: a workflow that answers empty updates, and its worker, tuned like ours and with nothing else.

`python -m bench.bare HOST:PORT NAMESPACE KEYS` serves it until it is told to stop.
"""

from __future__ import annotations

import asyncio
import signal
import sys

import uvloop
from temporalio import workflow
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker

from runtime.plugin import connect
from runtime.settings import load

QUEUE = "bare"
WORKFLOW = "Bare"


@workflow.defn(name=WORKFLOW, sandboxed=False)
class Bare:
    """Does nothing, durably."""

    def __init__(self) -> None:
        self._over = False

    @workflow.run
    async def run(self) -> None:
        """Wait for the end."""
        await workflow.wait_condition(lambda: self._over)

    @workflow.update
    def touch(self) -> None:
        """Answer."""

    @touch.validator
    def check(self) -> None:
        """Admit."""


async def main(target: str, namespace: str, keys: str) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await connect(load(temporal_address=target, keys_file=keys), namespace, sandbox=False)
    worker = Worker(
        client,
        task_queue=QUEUE,
        workflows=[Bare],
        workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(maximum=8),
        max_concurrent_workflow_tasks=100,
        max_cached_workflows=1000,
    )
    async with worker:
        await stop.wait()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
