"""The postman: takes mail from the outbox to the mail server, one message at a time, never one twice.

He runs in a thread of the worker process, apart from everything that commands and clocks wait for: a dead or slow
server delays mail and nothing else. Several postmen share one outbox.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from activities.smtp import Away, Line, MailServer, Refused, Unknown
from domain.audiences import CUSTOMER
from store import outbox, posts, pulses
from store.outbox import Outgoing
from vault import letters
from vault.rack import Rack

__all__ = ["MailServer", "Postman", "forgo"]

_log = logging.getLogger(__name__)

BATCH = 10
"""Rows claimed at once."""
POLL_SECONDS = 1.0
"""How often an empty outbox is looked into."""
LONGEST_PAUSE = 60.0
"""Seconds between knocks at the door of a server that is away."""
BEAT_SECONDS = 5.0
"""How often a sign of life is written down at most."""
_BURY_EVERY = 15
"""Rounds between searches for mail whose sender died, and for mail that is too old."""


def forgo(sessions: sessionmaker[Session]) -> int:
    """Put down what is queued although there is no mail server, so that none is sent late; how many letters.

    Raises SQLAlchemyError when the database is away.
    """
    total = 0
    while True:
        with sessions.begin() as session:
            outbox.bury(session)
            found = outbox.forgo(session)
        total += found
        if not found:
            return total


def _no_link(session: Session, order_id: str) -> str:
    """Where letters carry no links: the installation has no address of its own to the outside."""
    return ""


class Postman:
    """Delivers the outbox: `deliver_once` for one round, `start` and `stop` for a thread that goes on.

    `link` gives the address at which a customer sees an order, '' for none; it goes below his letters and is kept
    nowhere, for a notice is written down without it.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        server: MailServer,
        rack: Rack,
        link: Callable[[Session, str], str] = _no_link,
    ) -> None:
        self._sessions = sessions
        self._link = link
        self._rack = rack
        self._server = server
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._absences = 0
        self._rounds = 0
        self._beaten = float("-inf")

    def start(self) -> None:
        """Deliver in a thread of its own until stopped."""
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 12.0) -> None:
        """Finish the message in hand and stop, waiting so many seconds at most."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def deliver_once(self) -> int:
        """Send one batch; how many messages the server took. Raises SQLAlchemyError when the database is away."""
        if self._rounds % _BURY_EVERY == 0:
            with self._sessions.begin() as session:
                outbox.bury(session)
                outbox.expire(session)
        self._rounds += 1
        with self._sessions.begin() as session:
            waiting = outbox.claim(session, BATCH)
        if not waiting:
            return 0
        with contextlib.closing(Line(self._server)) as line:
            return self._deliver(line, waiting)

    def _deliver(self, line: Line, waiting: list[Outgoing]) -> int:
        sent = 0
        while waiting and not self._stop.is_set():
            try:
                line.open()
                self._absences = 0
                sent += self._deliver_one(line, waiting[0])
            except Away as away:
                self._absences += 1
                _log.warning("mail server %s:%s is away: %s", self._server.host, self._server.port, away)
                self._give_back(waiting, self._pause(), f"server away: {away}")
                return sent
            waiting = waiting[1:]
        self._give_back(waiting, 0.0, "")
        return sent

    def _deliver_one(self, line: Line, row: Outgoing) -> int:
        with self._sessions.begin() as session:
            organisation = posts.organisation(session)
            addresses = outbox.addresses(session, row, organisation)
            link = self._link(session, row.order_id) if row.audience == CUSTOMER else ""
        recipients, called = letters.addressed(addresses, self._rack), letters.names(addresses, self._rack)
        row = letters.opened(row, organisation, self._rack)
        try:
            if not recipients:
                raise Refused(f"nobody stands for {row.audience} with an address")
            receipt = line.send(recipients, self._letter(row, recipients, link), lambda: self._begin(row))
        except Refused as refusal:
            why = letters.discreet(str(refusal), recipients, called)
            self._put_down(lambda session: outbox.refused(session, row, why))
            return 0
        except Unknown as doubt:
            why = letters.discreet(str(doubt), recipients, called)
            _log.error("notice %s may or may not have arrived: %s", row.id, why)
            self._put_down(lambda session: outbox.unknown(session, row.id, why))
            return 0
        if receipt is None:
            return 0
        taken = letters.discreet(receipt, recipients, called)
        self._put_down(lambda session: outbox.arrived(session, row.id, taken))
        return 1

    def _begin(self, row: Outgoing) -> bool:
        with self._sessions.begin() as session:
            return outbox.begin(session, row)

    def _put_down(self, write: Callable[[Session], None]) -> None:
        """Write down what became of a message, trying until the database takes it: forgotten, it would be in doubt."""
        while True:
            try:
                with self._sessions.begin() as session:
                    write(session)
            except SQLAlchemyError:
                _log.warning("what became of a message could not be written down yet", exc_info=True)
                if self._stop.wait(POLL_SECONDS):
                    return
            else:
                return

    def _give_back(self, rows: list[Outgoing], seconds: float, why: str) -> None:
        if rows:
            with self._sessions.begin() as session:
                outbox.give_back(session, rows, timedelta(seconds=seconds), why)

    def _letter(self, row: Outgoing, recipients: tuple[str, ...], link: str) -> bytes:
        """The message; its id is made from the notice's, so a mail system that sees it twice can tell."""
        letter = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        domain = self._server.sender.rpartition("@")[2]
        try:
            letter["From"] = self._server.sender
            letter["To"] = ", ".join(recipients)
            letter["Subject"] = f"[{row.order_id}] {row.title_zh} · {row.title_en}"
            letter["Date"] = format_datetime(row.created_at)
            letter["Message-ID"] = f"<{hashlib.sha256(row.id.encode()).hexdigest()[:32]}@{domain}>"
            letter["Auto-Submitted"] = "auto-generated"
            letter["X-Whistle-Notice"] = row.id
            below = f"\n查看工单 · View your complaint:\n{link}\n" if link else ""
            letter.set_content(f"{row.body_zh}\n\n{row.body_en}\n{below}", cte="base64")
            return letter.as_bytes()
        except (ValueError, UnicodeError) as error:
            raise Refused(f"no letter can be made of it: {error}") from error

    def _run(self) -> None:
        while not self._stop.is_set():
            sent = 0
            try:
                sent = self.deliver_once()
                self._beat()
            except SQLAlchemyError:
                _log.warning("the outbox cannot be reached now", exc_info=True)
            except Exception:  # the thread must outlive whatever one letter does to it
                _log.exception("a round of mail failed")
            if not sent:
                self._stop.wait(self._pause())

    def _beat(self) -> None:
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            with self._sessions.begin() as session:
                pulses.beat(session, pulses.POSTMAN)
            self._beaten = time.monotonic()

    def _pause(self) -> float:
        return min(POLL_SECONDS * 2.0 ** min(self._absences, 10), LONGEST_PAUSE)
