"""Days in seconds: moving one order's clock on the real server, where the namespace allows it.

The SDK calls this experimental, so it is used here and nowhere else.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

MOST_SKIPS = 5000
"""Timers that one call may let fire; the server's own default of 200 is less than a long ladder may need."""

MOST_RUNS = 50
"""Skips that one call makes: a workflow that continues as new on the way ends a skip early."""

CLOSE_ENOUGH = timedelta(seconds=1)
"""How near to the target a skip may stop."""


async def fast_forward(client: Client, workflow_id: str, by: timedelta) -> bool:
    """Move the workflow's own clock; its timers fire in order, each at its instant.

    Returns True when the time has passed, False when the workflow ended before. Each timer on the way takes about a
    second of real time. Raises temporalio.service.RPCError where the namespace does not allow it, TimeoutError when the
    order moves from run to run without end.
    """
    skipper, handle = _skipper(client), client.get_workflow_handle(workflow_id)
    target = await skipper.get_current_time(handle) + by
    for _ in range(MOST_RUNS):
        left = target - await skipper.get_current_time(handle)
        if left <= CLOSE_ENOUGH:
            return True
        if not await skipper.fast_forward(handle, left):
            return False
    raise TimeoutError(f"{workflow_id} did not come to {target.isoformat()} in {MOST_RUNS} skips")


def _skipper(client: Client) -> TimeSkipper:
    return TimeSkipper(client, config=TimeSkippingConfig(enabled=False, max_session_skip_count=MOST_SKIPS))
