"""Gauges for Prometheus of what log, archive and nightly replay have come to; every worker tells the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from store import histories, log, replays
from store.session import LOST

logger = logging.getLogger(__name__)

PERIOD = 15.0
"""Seconds between two looks."""
LOG, ARCHIVE = "whistle_log_lag_seconds", "whistle_archive_lag_seconds"
FINDINGS, AGE = "whistle_replay_findings", "whistle_replay_age_seconds"
NAMES = {
    LOG: "How long the oldest event has waited for its signed place in the log.",
    ARCHIVE: "How far the archive of ended runs is behind.",
    FINDINGS: "What the last nightly replay that ended found.",
    AGE: "How long ago the last nightly replay ended.",
}
"""Each gauge's name, as Prometheus sees it, and what it says."""
AWAY: tuple[type[Exception], ...] = (DBAPIError, *LOST)

Tell = Callable[[str, float, dict[str, str]], None]
"""Sets a gauge, by its name, to a value under these labels."""


class Gauges:
    """Tells, while it runs, how things stand; `made` makes sessions of the system's own."""

    def __init__(self, made: sessionmaker[Session], tell: Tell) -> None:
        self._made = made
        self._tell = tell

    async def run(self) -> None:
        """Go on until cancelled; a database that is away leaves the gauges as they were."""
        while True:
            try:
                await asyncio.to_thread(self.once)
            except AWAY as error:
                logger.warning("the gauges cannot be set now: %s: %s", type(error).__name__, error)
            except Exception:
                logger.exception("the gauges stumbled and go on")
            await asyncio.sleep(PERIOD)

    def once(self) -> None:
        """Look, and tell; of a replay nothing before the first has ended."""
        with self._made.begin() as session:
            lag = log.lag(session)
            archived = histories.progress(session)
            ended = replays.newest(session, 1, replays.NIGHTLY, ended=True)
        self._tell(LOG, lag.unsigned, {})
        for one in archived.values():
            self._tell(ARCHIVE, one.lag, {"archive": one.namespace})
        for report in ended:
            self._tell(FINDINGS, float(report.findings), {})
            if report.ended_at is not None:
                self._tell(AGE, max(0.0, (datetime.now(UTC) - report.ended_at).total_seconds()), {})
