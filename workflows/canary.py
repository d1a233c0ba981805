"""The canary: a timer and an activity, again and again; what it writes down proves that clocks run here and now.

It goes the way that time goes in an order: the engine's timer, a step on the orders' queue, an activity on the
ledger's queue, a row in the database. Whatever on that way stands still silences it.
"""

from __future__ import annotations

from temporalio import workflow

from contracts.messages import Beat
from contracts.names import BEAT_ACTIVITY, CANARY_WORKFLOW, LEDGER_QUEUE
from contracts.options import BEAT_RETRY, BEAT_TIMEOUT, CANARY_BEATS, CANARY_FIRST, CANARY_PERIOD


@workflow.defn(name=CANARY_WORKFLOW)
class CanaryWorkflow:
    """Gives signs of life for some minutes; then another run is started in its place."""

    @workflow.run
    async def run(self) -> None:
        """Sleep, say so, and begin again."""
        for beat in range(CANARY_BEATS):
            length = CANARY_PERIOD if beat else CANARY_FIRST
            due = workflow.now() + length
            await workflow.sleep(length, summary="金丝雀 canary")
            await workflow.execute_activity(
                BEAT_ACTIVITY,
                Beat(due, workflow.now()),
                task_queue=LEDGER_QUEUE,
                start_to_close_timeout=BEAT_TIMEOUT,
                retry_policy=BEAT_RETRY,
            )
