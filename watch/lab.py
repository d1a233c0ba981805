"""The keeper of the lab: when something is asked of it, a process of its own does it, at low priority.

Every worker has one; of their processes the database lets one work. Orders are untouched by it: the lab reads what is
recorded and writes its own tables, and no thread of this process waits for it.
"""

from __future__ import annotations

from api.gateway import Gateway
from runtime.settings import Settings
from store import lab
from watch.child import Child
from watch.rounds import keep_on

PERIOD = 2.0
"""Seconds between two looks."""
ELSEWHERE_SECONDS = 30.0
"""Rest after another worker's process was found at work, or one's own has failed."""
PROGRAM = ("-m", "audit.lab")


class LabKeeper:
    """Starts the lab's process when there is something to do and none of one's own runs."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._child = Child("lab", settings, *PROGRAM)

    async def run(self) -> None:
        """Go on until cancelled; then the process is stopped, and what it was at begins anew elsewhere."""
        try:
            await keep_on("lab", self._look, PERIOD)
        finally:
            await self._child.stop()

    async def _look(self) -> float:
        if self._child.runs:
            return PERIOD
        if self._child.ended():
            return ELSEWHERE_SECONDS
        if await self._gateway.statement(lab.is_wanted):
            await self._child.start()
        return PERIOD
