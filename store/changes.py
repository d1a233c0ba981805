"""What happened to orders, told at once to whoever listens: NOTIFY within the transaction that records, LISTEN here.

What goes over the channel is ids and numbers alone, for every role of this database may listen. It is told when the
transaction has been committed, in the order of the commits, and to nobody who was not listening then: whoever lost his
connection cannot know what he missed.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable, Sequence

import msgspec
import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT
from sqlalchemy import Connection, NullPool, Row, create_engine
from sqlalchemy import select as selecting
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.audiences import CUSTOMER
from domain.events import Event
from domain.model import Order
from domain.sight import CUSTOMER_EVENTS, of_callback, rated
from store.access_tables import sights

log = logging.getLogger(__name__)

CHANNEL = "whistle_changes"
LISTEN = "LISTEN whistle_changes"
TELL = "SELECT pg_notify('whistle_changes', %(changes)s)"
"""SQL for `writes.Batch.ahead`, with what `told` makes as `changes`."""
MOST_NAMED = 100
"""People who are named in one message, which PostgreSQL bounds at 8,000 bytes; of more it says that they are many."""
MANY = "*"

ALIVE_SECONDS = 10.0
"""How long a listener that hears nothing waits before it asks whether the server is still there."""
AGAIN_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Waits before each try to listen again; the last one from then on."""


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What a transaction brought to one order.

    `unit_seq` is the seq that handling units are told now, `customer_seq` that of the last event that the customer is
    told of; None where they are told of nothing. `notified` are the people who got a notice, `CUSTOMER` among them for
    the customer, and `MANY` in the place of the others where they are too many to be named.
    """

    order_id: str
    seq: int
    unit_seq: int | None
    customer_seq: int | None
    notified: tuple[str, ...]


_DECODER = msgspec.json.Decoder(Change)


def told(order: Order, events: Sequence[Event], notices: Sequence[dict[str, object]]) -> str:
    """The message about an order as it is after these events, with the rows of the notices that they brought."""
    shown = [event.seq for event in events if not of_callback(event.type, getattr(event.body, "key", ""))]
    return msgspec.json.encode(
        Change(
            order_id=order.id,
            seq=order.seq,
            unit_seq=order.seq if rated(order) else shown[-1] if shown else None,
            customer_seq=max((event.seq for event in events if event.type in CUSTOMER_EVENTS), default=None),
            notified=_notified(notices),
        )
    ).decode()


def _notified(notices: Sequence[dict[str, object]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in notices:
        if row["channel"] == "console":
            holders = [CUSTOMER] if row["audience"] == CUSTOMER else row["holders"]
            found.update(dict.fromkeys(holders if isinstance(holders, list) else ()))
    if len(found) <= MOST_NAMED:
        return tuple(found)
    return (CUSTOMER, MANY) if CUSTOMER in found else (MANY,)


def heard(message: str) -> Change | None:
    """The change of a message; None for one that no version of ours has sent."""
    try:
        return _DECODER.decode(message)
    except msgspec.DecodeError:
        log.warning("a message on the channel %s cannot be read", CHANNEL)
        return None


def places(session: Session, order_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """From where each of these orders is seen, in a session of the system."""
    rows: Sequence[Row[str, str]] = session.execute(
        selecting(sights.c.order_id, sights.c.place).where(sights.c.order_id.in_(order_ids))
    ).all()
    found: dict[str, set[str]] = {order_id: set() for order_id in order_ids}
    for row in rows:
        found[row.order_id].add(row.place)
    return {order_id: frozenset(at) for order_id, at in found.items()}


class Listener:
    """A thread with a connection of its own that listens, and listens again by itself when that is lost.

    `hear` gets the messages that came together, `listens` whether it listens now: False is said once the connection is
    lost, True once it is there (again), before anything is heard by it. Both are called in the thread.
    """

    def __init__(self, url: str, hear: Callable[[list[str]], None], listens: Callable[[bool], None]) -> None:
        self._engine = create_engine(
            url,
            poolclass=NullPool,
            connect_args={"connect_timeout": 5, "tcp_user_timeout": 15_000, "application_name": "whistle listens"},
        )
        self._hear = hear
        self._listens = listens
        self._waking, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)

    def start(self) -> None:
        """Begin to listen, whether or not the database is there yet."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening; back when the thread has ended."""
        os.write(self._wake, b".")
        self._thread.join()
        os.close(self._wake)
        os.close(self._waking)

    def _run(self) -> None:
        tries = 0
        while True:
            was_there = False
            try:
                with self._engine.connect() as connection:
                    raw = _listening(connection)
                    was_there, tries = True, 0
                    self._listens(True)
                    if not self._listened(raw):
                        return
            except (SQLAlchemyError, psycopg2.Error, OSError, ValueError) as error:
                if was_there:
                    self._listens(False)
                    log.warning("the database tells of no changes any more: %s", str(error).strip())
            if _ready(AGAIN_SECONDS[min(tries, len(AGAIN_SECONDS) - 1)], self._waking):
                return
            tries += 1

    def _listened(self, raw: psycopg2.extensions.connection) -> bool:
        """Hear what comes; False when it is to end. Raises what the driver raises once the connection is lost."""
        while True:
            ready = _ready(ALIVE_SECONDS, raw.fileno(), self._waking)
            if self._waking in ready:
                return False
            if ready:
                raw.poll()
            else:
                with raw.cursor() as cursor:
                    cursor.execute("SELECT 1")
            if raw.notifies:
                messages = [one.payload for one in raw.notifies]
                raw.notifies.clear()
                self._hear(messages)


def _listening(connection: Connection) -> psycopg2.extensions.connection:
    """The driver's own connection, which listens from now on."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg2.extensions.connection)
    raw.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
    with raw.cursor() as cursor:
        cursor.execute(LISTEN)
    return raw


def _ready(seconds: float, *files: int) -> set[int]:
    """Which of these files can be read, or are closed, within so many seconds; their numbers may be high."""
    poll = select.poll()
    for file in files:
        poll.register(file, select.POLLIN)
    return {file for file, _ in poll.poll(seconds * 1000)}
