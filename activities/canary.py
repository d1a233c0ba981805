"""Writing down the canary's signs of life."""

from __future__ import annotations

from sqlalchemy.orm import Session, sessionmaker
from temporalio import activity

from contracts.messages import Beat
from contracts.names import BEAT_ACTIVITY
from store import pulses


class CanaryActivities:
    """The canary's activity, on the ledger's task queue."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    @activity.defn(name=BEAT_ACTIVITY, no_thread_cancel_exception=True)
    def beat(self, given: Beat) -> None:
        """Keep when the timer rang, not when this was written, and how late it was, in seconds."""
        late = (given.fired - given.due).total_seconds()
        with self._sessions.begin() as session:
            pulses.beat(session, pulses.CANARY, f"{late:.3f}", given.fired)
