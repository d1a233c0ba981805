"""The lazy timer: one at most, moved only when the deadline moves to an earlier instant.

A deadline that moved later lets the timer ring and be set anew: that costs nothing until it rings, while cancelling
and starting a timer with every command would fill the history.

An engine may lose a timer: it is still listed, and never rings. One that should have rung `PATIENCE` ago counts as
lost, and whoever looks (a command, or the sweeper's signal) has it set anew.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

PATIENCE = timedelta(seconds=5)
"""How late a timer of a healthy engine may ring: under load a few seconds. Less would set timers anew for nothing."""


class Alarm:
    """Rings at the deadline that it was set for, or at an earlier one that has since been met."""

    def __init__(self) -> None:
        self._deadline: datetime | None = None
        self._timer: asyncio.Task[None] | None = None

    @property
    def rang(self) -> bool:
        """True from the timer's firing until the next `set`."""
        return self._timer is not None and self._timer.done()

    def wrong_for(self, deadline: datetime | None) -> bool:
        """True when waiting on would be too long for this deadline, or for nothing."""
        if deadline is None or self._deadline is None:
            return deadline is not self._deadline
        return deadline < self._deadline

    def lost(self, now: datetime) -> bool:
        """True when the timer should have rung long ago and has not."""
        return self._deadline is not None and not self.rang and now - self._deadline > PATIENCE

    def set(self, deadline: datetime | None, now: datetime, summary: str) -> None:
        """Wait for this deadline, which is to come (UTC); does nothing while the timer that runs will do."""
        if not self.rang and not self.lost(now) and not self.wrong_for(deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._deadline, self._timer = deadline, None
        if deadline is not None:
            self._timer = asyncio.create_task(workflow.sleep(deadline - now, summary=summary))
