"""Recording what time brought about."""

from __future__ import annotations

from sqlalchemy.orm import Session, sessionmaker
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.messages import Recorded, RecordRequest
from contracts.names import LEDGER_FORK, RECORD_ACTIVITY
from store import ledger
from store.ledger import LedgerFork


class LedgerActivities:
    """The activities of the ledger's task queue; each holds one connection while it runs."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    @activity.defn(name=RECORD_ACTIVITY, no_thread_cancel_exception=True)
    def record(self, request: RecordRequest) -> Recorded:
        """Append these events in one transaction; doing so again changes nothing.

        A thread is not interrupted in the middle: the transaction ends by itself, within the statement timeout.

        Raises:
            ApplicationError: `ledger_fork`, for good: the ledger has other events under these seqs.
        """
        try:
            with self._sessions.begin() as session:
                return Recorded(ledger.record(session, request.order_id, request.events).seq)
        except LedgerFork as fork:
            # As after the engine was restored from a backup: this run ends, and the order begins anew from the ledger.
            raise ApplicationError(str(fork), type=LEDGER_FORK, non_retryable=True) from fork
