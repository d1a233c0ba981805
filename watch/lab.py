"""The keeper of the lab: when something is asked of it, a process of its own does it, at low priority.

Every worker has one; of their processes the database lets one work. Orders are untouched by it: the lab reads what is
recorded and writes its own tables, and no thread of this process waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress

from api.gateway import Gateway
from runtime.settings import Settings
from store import lab
from watch.rounds import keep_on

log = logging.getLogger(__name__)

PERIOD = 2.0
"""Seconds between two looks."""
ELSEWHERE_SECONDS = 30.0
"""Rest after another worker's process was found at work, or one's own has failed."""
PROGRAM = ("-m", "audit.lab")
STOP_SECONDS = 5.0


class LabKeeper:
    """Starts the lab's process when there is something to do and none of one's own runs."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Go on until cancelled; then the process is stopped, and what it was at begins anew elsewhere."""
        try:
            await keep_on("lab", self._look, PERIOD)
        finally:
            await self._stop()

    async def _look(self) -> float:
        if self._process is not None:
            code = self._process.returncode
            if code is None:
                return PERIOD
            self._process = None
            if code:
                log.info("the lab's process ended with %s", code)
                return ELSEWHERE_SECONDS
        if await self._gateway.statement(lab.is_wanted):
            await self._start()
        return PERIOD

    async def _start(self) -> None:
        url = self._settings.app_database_url or ""
        environment = {**os.environ, "WHISTLE_APP_DATABASE_URL": url}
        self._process = await asyncio.create_subprocess_exec(sys.executable, *PROGRAM, env=environment)

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
