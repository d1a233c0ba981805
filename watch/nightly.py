"""The keeper of the nightly replay: when its hour has come, a process of its own makes the report.

Orders do not wait for it: it has its own process, at low priority, and its own connections. Every worker has a keeper;
of their processes the database lets one work. One that was killed is started again and goes on where it was, until the
report of the night is there.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from api.gateway import Gateway
from runtime.settings import Settings
from store import replays
from store.replays import NIGHTLY
from watch.child import Child
from watch.rounds import keep_on

log = logging.getLogger(__name__)

PERIOD = 60.0
"""Seconds between two looks at the clock."""
PROGRAM = ("-m", "audit.nightly")
MISSING = timedelta(hours=26)
"""A night whose report is not there so long after the last one is said in the log, as an error."""
BEIJING = ZoneInfo("Asia/Shanghai")


def last_hour(at: str, now: datetime) -> datetime:
    """When it was last that time of day in Beijing (`02:30`), as an instant."""
    hour, minute = (int(part) for part in at.split(":"))
    local = now.astimezone(BEIJING)
    today = datetime.combine(local.date(), time(hour, minute), BEIJING)
    return (today if today <= local else today - timedelta(days=1)).astimezone(UTC)


class NightlyKeeper:
    """Starts the process when the report of the night is not there, and sees to it that it comes."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._child = Child("nightly replay", settings, *PROGRAM)

    async def run(self) -> None:
        """Go on until cancelled; then the process is stopped, and its report taken up elsewhere."""
        try:
            await keep_on("nightly replay", self._look, PERIOD)
        finally:
            await self._child.stop()

    async def is_due(self, now: datetime) -> bool:
        """Whether the report of the last night is not there, or not finished."""
        if not self._settings.replay_at:
            return False
        hour = last_hour(self._settings.replay_at, now)
        newest = await self._gateway.statement(replays.newest, 1, NIGHTLY)
        if newest and newest[0].ended_at is not None and now - newest[0].begun_at > MISSING:
            log.error("the last nightly replay is of %s", newest[0].begun_at)
        if not newest:
            return await self._gateway.statement(replays.begun_by, hour)
        return newest[0].ended_at is None or newest[0].begun_at < hour

    async def _look(self) -> float:
        if self._child.runs:
            return PERIOD
        self._child.ended()
        if await self.is_due(datetime.now(UTC)):
            await self._child.start()
        return PERIOD
