"""The lazy timer: one at most, moved only when the deadline moves to an earlier instant.

A deadline that moved later lets the timer ring and be set anew: that costs nothing until it rings, while cancelling
and starting a timer with every command would fill the history.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow


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

    def set(self, deadline: datetime | None, now: datetime, summary: str) -> None:
        """Wait for this deadline, which is to come (UTC); does nothing while the timer that runs will do."""
        if not self.rang and not self.wrong_for(deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._deadline, self._timer = deadline, None
        if deadline is not None:
            self._timer = asyncio.create_task(workflow.sleep(deadline - now, summary=summary))
