"""The ledger's one pen: `record` appends an order's events and moves everything derived from them, or does nothing.

Called by the gateway for what a person did and by the worker for what time did, in any order and as often as they
like: what is recorded already is skipped, what would leave a gap is refused, and both hold the order's head row while
they write, so one always sees what the other has done. Each event is linked to the one before it (`store.chain`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Select, Table, bindparam, select
from sqlalchemy.orm import Session

from contracts.messages import EventRow, encode, from_row
from domain.events import Event
from domain.evolve import evolve
from domain.model import Order
from domain.notices import notices
from store import callbacks, chain, changes, commands, projection, tables, writes
from store import notices as notice_rows
from store.access_tables import sights
from store.event_rows import COLUMNS, event_row

_ORDER = msgspec.json.Decoder(Order)

_HEAD = select(tables.orders.c.last_seq, tables.orders.c.snapshot, tables.orders.c.chain).where(
    tables.orders.c.order_id == bindparam("order_id")
)
_HEAD_LOCKED = _HEAD.with_for_update()

_NEW_HEAD = (
    writes.insert(
        tables.orders, computed={"region": "coalesce((SELECT parent FROM units WHERE units.id = r.province), '')"}
    )
    + " ON CONFLICT DO NOTHING RETURNING order_id"
)
_HEAD_MOVED = writes.update(tables.orders, without=("region",), kept=("unit_seq", "unit_at"))
_EVENTS = (
    f"WITH made AS ({writes.insert(tables.events, without=('recorded_at',))} RETURNING order_id, seq)"  # nosec B608
    " INSERT INTO unsequenced (order_id, seq) SELECT order_id, seq FROM made ORDER BY seq"
)
"""Events, which wait from then on for their places in the log (`notary`): there is never one without the other."""
_SIGHTS = (
    "INSERT INTO sights (order_id, place, rehearsal, registered_at)"
    " SELECT r.order_id, up.place, r.rehearsal, r.registered_at"
    " FROM json_populate_recordset(NULL::sights, %(sights)s) r, whistle_above(r.place) AS up (place)"
    " ON CONFLICT DO NOTHING"
)
_DEADLINES = writes.upsert(tables.deadlines, projection.STICKY, projection.FIRST, projection.FILLED)
_FIRINGS = writes.insert(tables.firings)
_CRITICISMS = writes.insert(tables.criticisms)
_CALLS = writes.insert(tables.calls) + " ON CONFLICT DO NOTHING"
_CALLBACKS = writes.upsert(tables.callbacks, ("by_sms",), callbacks.FIRST, callbacks.FILLED)
_PARTS: tuple[tuple[Table, Callable[[Order | None], list[projection.Row]], str], ...] = tuple(
    (table, rows_of, writes.upsert(table))
    for table, rows_of in (
        (tables.assignments, projection.assignments),
        (tables.whistles, projection.whistles),
        (tables.attendances, projection.attendances),
    )
)


class LedgerGap(Exception):  # noqa: N818 - it names what is wrong, like the refusals
    """The events do not follow what the ledger has: one in between is missing. Send all after `have`."""

    def __init__(self, order_id: str, have: int, got: int) -> None:
        super().__init__(f"order {order_id}: the ledger has {have} events, the next one given is {got}")
        self.order_id = order_id
        self.have = have
        self.got = got


class LedgerFork(Exception):  # noqa: N818 - as above
    """The ledger has other events under these seqs: whoever gives them lives in a past that the ledger has left."""

    def __init__(self, order_id: str, seq: int) -> None:
        super().__init__(f"order {order_id}: the ledger has another event {seq}")
        self.order_id = order_id
        self.seq = seq


@dataclass(frozen=True, slots=True)
class Head:
    """How far the ledger has come with an order, and the order as it then stands.

    `unit_seq` is the last seq that handling units are told of, `chain` the hash of the last event (see `store.chain`).
    """

    last_seq: int
    order: Order
    unit_seq: int = 0
    chain: str = ""


def head(session: Session, order_id: str) -> Head | None:
    """The head of an order; None when the ledger has none of that id."""
    return _head(session, _HEAD, order_id)


def restored(snapshot: str) -> Order:
    """The order in a snapshot of the head row."""
    return _ORDER.decode(snapshot)


def record(session: Session, order_id: str, rows: Sequence[EventRow]) -> Order:
    """Append what is new among these events and answer with the order as it stands after the last one recorded.

    All in the caller's transaction, which holds the order's head row from here on; nothing is committed. Two round
    trips, three for a new order, one when nothing is new.

    Raises:
        LedgerGap: an event before the first new one is missing.
        LedgerFork: one that the ledger has already is another there.
        ValueError: the events are of another order, or there are none and the order is unknown.
        KeyError: an event type that this version does not know.
    """
    if any(row.order_id != order_id for row in rows):
        raise ValueError(f"not all of these events are of order {order_id}")
    old = _head(session, _HEAD_LOCKED, order_id)
    news = _new(order_id, rows, old)
    if old is not None and len(news) < len(rows):
        _compare(session, order_id, [row for row in rows if row.seq <= old.last_seq])
    if not news:
        return _present(order_id, old)
    states, events = _lived(old.order if old else None, news)
    hashes = chain.hashes(news, old.chain if old else "")
    if old is None and not _begin(session, _moved(states[-1], events, hashes)):
        return record(session, order_id, rows)  # somebody else began it meanwhile: go by what he wrote
    _write(session, old, news, states, events, hashes)
    return states[-1]


def replay(session: Session, order_id: str) -> Order:
    """The order rebuilt from its events alone; raises LookupError for an unknown order."""
    order: Order | None = None
    for row in stored(session, order_id):
        order = evolve(order, from_row(row))
    if order is None:
        raise LookupError(order_id)
    return order


def stored(session: Session, order_id: str, after: int = 0, limit: int | None = None) -> list[EventRow]:
    """The recorded events of an order with a seq above `after`, in order, at most `limit`."""
    e = tables.events.c
    found = session.execute(select(*COLUMNS).where(e.order_id == order_id, e.seq > after).order_by(e.seq).limit(limit))
    return [event_row(row) for row in found.mappings()]


def _head(session: Session, statement: Select[int, str, str], order_id: str) -> Head | None:
    row = session.execute(statement, {"order_id": order_id}).one_or_none()
    return None if row is None else Head(row.last_seq, restored(row.snapshot), chain=row.chain)


def _new(order_id: str, rows: Sequence[EventRow], old: Head | None) -> list[EventRow]:
    """The rows that the ledger lacks, each once, in order; raises LedgerGap when one is missing before or between."""
    have = old.last_seq if old else 0
    by_seq = {row.seq: row for row in rows if row.seq > have}
    news = [by_seq[seq] for seq in sorted(by_seq)]
    for expected, row in enumerate(news, start=have + 1):
        if row.seq != expected:
            raise LedgerGap(order_id, expected - 1, row.seq)
    return news


def _compare(session: Session, order_id: str, rows: Sequence[EventRow]) -> None:
    """Raise LedgerFork when an event that is there already is another one; what and when tell them apart."""
    e = tables.events.c
    wanted = e.seq.between(min(row.seq for row in rows), max(row.seq for row in rows))
    known = session.execute(select(e.seq, e.type, e.at).where(e.order_id == order_id, wanted))
    there = {row.seq: (row.type, row.at) for row in known}
    for row in rows:
        if there.get(row.seq) != (row.type, row.at):
            raise LedgerFork(order_id, row.seq)


def _present(order_id: str, old: Head | None) -> Order:
    if old is None:
        raise ValueError(f"no events given, and order {order_id} is unknown")
    return old.order


def _moved(order: Order, events: Sequence[Event], hashes: Sequence[str]) -> projection.Row:
    """The row of the head after these events, which have these hashes."""
    return {**projection.head(order, events), "chain": hashes[-1]}


def _begin(session: Session, head_row: projection.Row) -> bool:
    """Make the head of a new order; False when another transaction has made it first (its commit is waited for)."""
    rows = {tables.orders.name: encode([head_row]).decode()}
    return session.connection().exec_driver_sql(_NEW_HEAD, rows).first() is not None


def _write(
    session: Session,
    old: Head | None,
    news: list[EventRow],
    states: list[Order],
    events: list[Event],
    hashes: list[str],
) -> None:
    before, after = old.order if old else None, states[-1]
    batch = writes.Batch()
    chained = zip(news, hashes, strict=True)
    batch.add(_EVENTS, tables.events, [{**projection.event(row), "hash": hash_} for row, hash_ in chained])
    done = dict.fromkeys(row.command_id for row in news if row.command_id)
    batch.add(commands.REOPENED, tables.commands, [{"key": key, "order_id": news[0].order_id} for key in done])
    known_from = projection.sights(before)
    batch.add(_SIGHTS, sights, [row for row in projection.sights(after) if row not in known_from])
    if old is not None:
        batch.add(_HEAD_MOVED, tables.orders, [_moved(after, events, hashes)])
    for table, rows_of, statement in _PARTS:
        known = rows_of(before)
        batch.add(statement, table, [row for row in rows_of(after) if row not in known])
    batch.add(_DEADLINES, tables.deadlines, projection.deadlines(before, states, events))
    batch.add(_FIRINGS, tables.firings, projection.firings(before, after, events))
    batch.add(_CRITICISMS, tables.criticisms, projection.criticisms(after, events))
    batch.add(_CALLS, tables.calls, projection.calls(after, events))
    batch.add(_CALLBACKS, tables.callbacks, callbacks.callbacks(before, states, events))
    told = _notices(session, before, states, events)
    batch.add(notice_rows.INSERT, tables.notices, told)
    batch.ahead(changes.TELL, "changes", changes.told(after, events, told))
    batch.send(session)


def _notices(session: Session, before: Order | None, states: list[Order], events: list[Event]) -> list[projection.Row]:
    """The notice rows of whoever is to be told of these events."""
    rows: list[projection.Row] = []
    for event, was, order in zip(events, (before, *states), states, strict=False):
        if told := notices(was, order, event):
            rows += notice_rows.rows(order, event.seq, told, event.at, notice_rows.names(session))
    return rows


def _lived(order: Order | None, rows: Sequence[EventRow]) -> tuple[list[Order], list[Event]]:
    """The order after each of these events, and the events."""
    states: list[Order] = []
    events = [from_row(row) for row in rows]
    for event in events:
        order = evolve(order, event)
        states.append(order)
    return states, events
