"""Recording what time brought about."""

from __future__ import annotations

from sqlalchemy.orm import Session, sessionmaker
from temporalio import activity

from contracts.messages import Recorded, RecordRequest
from contracts.names import RECORD_ACTIVITY
from store import ledger


class LedgerActivities:
    """The activities of the ledger's task queue; each holds one connection while it runs."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    @activity.defn(name=RECORD_ACTIVITY, no_thread_cancel_exception=True)
    def record(self, request: RecordRequest) -> Recorded:
        """Append these events in one transaction; doing so again changes nothing.

        A thread is not interrupted in the middle: the transaction ends by itself, within the statement timeout.
        """
        with self._sessions.begin() as session:
            return Recorded(ledger.record(session, request.order_id, request.events).seq)
