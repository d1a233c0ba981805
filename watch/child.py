"""A process of its own that a watcher has do its work: started with the watcher's settings, looked after, stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress

from runtime.settings import Settings

log = logging.getLogger(__name__)

STOP_SECONDS = 5.0
BUSY = os.EX_TEMPFAIL
"""Exit code of one that has ended because another is at that work already."""


class Child:
    """One such process at a time; `name` says in the log whose it is, `program` is what Python is to run."""

    def __init__(self, name: str, settings: Settings, *program: str) -> None:
        self._name = name
        self._settings = settings
        self._program = program
        self._process: asyncio.subprocess.Process | None = None

    @property
    def runs(self) -> bool:
        """Whether it is at work."""
        return self._process is not None and self._process.returncode is None

    def ended(self) -> int:
        """The exit code of one that has ended since it was last asked for; 0 without one. A failure is logged."""
        code = 0 if self._process is None else self._process.returncode or 0
        if not self.runs:
            self._process = None
        if code == BUSY:
            log.info("another process does the work of the %s", self._name)
        elif code:
            log.error("the %s's process ended with %s", self._name, code)
        return code

    async def start(self) -> None:
        """Start it with these very settings."""
        environment = {**os.environ, **self._settings.environment()}
        self._process = await asyncio.create_subprocess_exec(sys.executable, *self._program, env=environment)

    async def stop(self) -> None:
        """Have it stop, and wait a little for it."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
