"""Writes the past down (`store.span_tables`), following the log of all events by its positions.

One step is one transaction: the rows of some events and the position up to which they were followed go together, so a
historian that is killed has lost nothing and doubles nothing. An advisory lock lets one of many work. What a step makes
of an order depends on its events alone; what a historian remembers of orders only spares it reading them again.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Integer, Text, and_, bindparam, cast, func, select, text
from sqlalchemy.orm import Session

from contracts.messages import from_row
from domain.events import Event
from store import locks, log, writes
from store.event_rows import COLUMNS, event_row
from store.locks import Lock
from store.log import Leaf
from store.span_tables import SPANS, span_progress
from store.spans import Course, Span
from store.tables import events

BATCH = 500
"""Events that are followed in one transaction."""
REMEMBERED = 5_000
"""Orders whose state is kept in memory between two steps; of another the events are read from the first."""

_UPSERTS = {table.name: (table, writes.upsert(table)) for table in SPANS}

_HORIZON = text(
    """
    SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
    """
)
"""Whatever is not to be seen yet will have been recorded after this: a transaction that has written began before."""

_WAITING = text("SELECT min(e.recorded_at) FROM unsequenced u JOIN events e USING (order_id, seq)")
_WANTED = (
    func.unnest(
        *(
            cast(bindparam(name), ARRAY(kind))
            for name, kind in (("orders", Text), ("after", Integer), ("last", Integer))
        )
    )
    .table_valued("order_id", "after", "last", name="wanted")
    .render_derived()
)
_EVENTS = (
    select(*COLUMNS, events.c.recorded_at)
    .join_from(
        _WANTED,
        events,
        and_(
            events.c.order_id == _WANTED.c.order_id,
            events.c.seq > _WANTED.c.after,
            events.c.seq <= _WANTED.c.last,
        ),
    )
    .order_by(events.c.order_id, events.c.seq)
)
_MOVE = text(
    """
    INSERT INTO span_progress (id, position, whole_until) VALUES (1, :position, :whole_until)
    ON CONFLICT (id) DO UPDATE
    SET position = excluded.position, whole_until = greatest(excluded.whole_until, span_progress.whole_until)
    """
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the past is written: the position in the log, -1 before the first, and up to when it is whole."""

    position: int = -1
    whole_until: datetime | None = None


def progress(session: Session) -> Progress:
    """How far the past is written; one statement."""
    row = session.execute(select(span_progress.c.position, span_progress.c.whole_until)).one_or_none()
    return Progress() if row is None else Progress(*row)


class Historian:
    """Writes the past down, step by step, and remembers the orders that it has met last."""

    def __init__(self, batch: int = BATCH, remembered: int = REMEMBERED) -> None:
        self._batch = batch
        self._remembered = remembered
        self._courses: OrderedDict[str, Course] = OrderedDict()

    def step(self, session: Session) -> int | None:
        """Follow the next events; how many, None while another historian is at work. Commits nothing."""
        if not locks.take(session, Lock.HISTORIAN):
            return None
        horizon = session.scalar(_HORIZON)
        position = progress(session).position
        ahead = log.after(session, position, self._batch)
        if ahead:
            self._follow(session, ahead)
            position = ahead[-1].position
        whole = None
        if len(ahead) < self._batch:
            waiting = session.scalar(_WAITING)
            whole = min(horizon, waiting) if waiting else horizon
        session.execute(_MOVE, {"position": position, "whole_until": whole})
        return len(ahead)

    def forget(self) -> None:
        """Forget all orders: after a step whose transaction came to nothing, what is remembered is ahead of it."""
        self._courses.clear()

    def _follow(self, session: Session, ahead: Sequence[Leaf]) -> None:
        """Write the rows that these events changed."""
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for row in ahead:
            first.setdefault(row.order_id, row.seq)
            last[row.order_id] = max(row.seq, last.get(row.order_id, 0))
        courses = {order_id: self._course(order_id, seq) for order_id, seq in first.items()}
        changed: dict[str, list[Span]] = defaultdict(list)
        for order_id, event, recorded_at in _read(session, courses, last):
            rows = courses[order_id].follow(event, recorded_at)
            if event.seq >= first[order_id]:
                changed[order_id] += rows
        for order_id, seq in last.items():
            if courses[order_id].seq != seq:
                raise LookupError(f"the log names event {seq} of {order_id}, the ledger has {courses[order_id].seq}")
        self._write(session, changed, first)

    def _course(self, order_id: str, first: int) -> Course:
        """What is known of an order before its event `first`."""
        course = self._courses.get(order_id)
        if course is None or course.seq >= first:
            course = self._courses[order_id] = Course()
        self._courses.move_to_end(order_id)
        if len(self._courses) > self._remembered:
            self._courses.popitem(last=False)
        return course

    @staticmethod
    def _write(session: Session, changed: Mapping[str, list[Span]], first: Mapping[str, int]) -> None:
        rows: dict[str, dict[int, tuple[str, Span]]] = defaultdict(dict)
        for order_id, spans in changed.items():
            for span in spans:
                rows[span.table][id(span)] = (order_id, span)
        batch = writes.Batch()
        for name, (table, statement) in _UPSERTS.items():
            found = [
                span.stored(order_id)
                for order_id, span in rows[name].values()
                if span.seen or span.seq < first[order_id]  # the row is there already, and has ended
            ]
            batch.add(statement, table, found)
        batch.send(session)


def _read(
    session: Session, courses: Mapping[str, Course], last: Mapping[str, int]
) -> Iterator[tuple[str, Event, datetime]]:
    """The events that the courses still lack, up to these seqs."""
    bound = {
        "orders": list(courses),
        "after": [course.seq for course in courses.values()],
        "last": [last[order_id] for order_id in courses],
    }
    for row in session.execute(_EVENTS, bound).mappings():
        yield row["order_id"], from_row(event_row(row)), row["recorded_at"]
