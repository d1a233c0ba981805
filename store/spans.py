"""What lists show of an order over time, from its events alone: which row held from which event until which.

Pure. `Course` follows one order; given its events in sequence, it answers with the rows that began or ended by each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.clocks import of_kind
from domain.events import Event
from domain.evolve import evolve
from domain.history_events import HistoryEnded, OrderImported, StepImported
from domain.model import STATUS, Order
from store import callbacks, projection
from store.projection import Row
from store.span_tables import (
    assignment_spans,
    attendance_spans,
    callback_spans,
    deadline_spans,
    order_spans,
)

Key = tuple[str, *tuple[Any, ...]]
"""The table's name, and what names the row in its order."""

_KEPT = {
    table.name: tuple(
        column.name for column in table.columns if column.name not in ("order_id", "seq", "happened", "known")
    )
    for table in (order_spans, assignment_spans, attendance_spans, deadline_spans, callback_spans)
}
_ENDED = ("sign",)
"""Kinds of clocks that lists tell of after their end, breached or not: who let the system sign for him."""


@dataclass(slots=True)
class Span:
    """A row of `table` that holds from the event `seq`; both pairs are (from, until), until None while it lasts."""

    table: str
    seq: int
    row: Row
    happened: tuple[datetime, datetime | None]
    known: tuple[datetime, datetime | None]

    @property
    def seen(self) -> bool:
        """False for one that ended at the instant at which it began, by both times."""
        return self.happened[0] != self.happened[1] or self.known[0] != self.known[1]

    def stored(self, order_id: str) -> Row:
        """The row as its table keeps it."""
        return {
            "order_id": order_id,
            "seq": self.seq,
            **self.row,
            "happened": _range(self.happened),
            "known": _range(self.known),
        }


def _range(ends: tuple[datetime, datetime | None]) -> str:
    begin, end = ends
    return f"[{begin.isoformat()},{end.isoformat() if end else ''})"


@dataclass(slots=True)
class Course:
    """One order, as far as its events were followed: its state, the latest times so far, and the rows that hold."""

    order: Order | None = None
    at: datetime | None = None
    recorded_at: datetime | None = None
    standing: dict[Key, Span] = field(default_factory=dict)

    @property
    def seq(self) -> int:
        """The last event that was followed; 0 before the first."""
        return self.order.seq if self.order else 0

    def follow(self, event: Event, recorded_at: datetime) -> list[Span]:
        """Take in the next event; the rows that it ended, and after them those that it began."""
        was, order = self.order, evolve(self.order, event)
        self.order = order
        at = happened_at(event)
        self.at = max(self.at or at, at)
        self.recorded_at = max(self.recorded_at or recorded_at, recorded_at)
        rows = dict(_rows(was, order, event, {key: span.row for key, span in self.standing.items()}))
        changed: list[Span] = []
        for key in [key for key, span in self.standing.items() if rows.get(key) != span.row]:
            span = self.standing.pop(key)
            span.happened = (span.happened[0], self.at)
            span.known = (span.known[0], self.recorded_at)
            changed.append(span)
        for key, row in rows.items():
            if key not in self.standing:
                span = Span(key[0], event.seq, row, (self.at, None), (self.recorded_at, None))
                self.standing[key] = span
                changed.append(span)
        return changed


def happened_at(event: Event) -> datetime:
    """When it happened: of what was taken in from another system, when it happened there."""
    match event.body:
        case OrderImported(registered_at=at) | StepImported(at=at) | HistoryEnded(closed_at=at):
            return at
        case _:
            return event.at


def spans(events: Iterable[tuple[Event, datetime]]) -> list[Span]:
    """All rows of an order's whole history, from its events and when each was recorded."""
    course = Course()
    found: dict[int, Span] = {}
    for event, recorded_at in events:
        found.update({id(span): span for span in course.follow(event, recorded_at)})
    return [span for span in found.values() if span.seen]


def _rows(was: Order | None, order: Order, event: Event, held: dict[Key, Row]) -> Iterator[tuple[Key, Row]]:
    """Every row that holds after the event."""
    yield ("order_spans",), _head(order)
    for part in projection.assignments(order):
        if part["active"]:
            yield ("assignment_spans", part["id"]), _cut("assignment_spans", part)
    for one in projection.attendances(order):
        if one["active"]:
            yield ("attendance_spans", one["whistle"], one["unit"]), _cut("attendance_spans", one)
    yield from _clocks(was, order, event, held)
    yield from _callbacks(was, order, event, held)


def _head(order: Order) -> Row:
    lead = order.lead
    return {
        "state": order.state,
        "status": STATUS[order.state],
        "order_class": order.order_class,
        "category": order.category,
        "province": order.province,
        "channel": order.channel,
        "level": order.level,
        "colour": order.colour,
        "overdue": order.overdue,
        "round": order.round,
        "lead_unit": lead.unit if lead else "",
        "registered_at": order.registered_at,
        "due_at": min((clock.due_at for clock in of_kind(order, "due")), default=None),
        "closed_at": order.closed_at,
        "outcome": order.outcome or "",
        "over": order.over,
        "rehearsal": order.rehearsal,
    }


def _clocks(was: Order | None, order: Order, event: Event, held: dict[Key, Row]) -> Iterator[tuple[Key, Row]]:
    rows = {key: row for key, row in held.items() if key[0] == "deadline_spans"}
    for changed in projection.deadlines(was, [order], [event]) if event.clocks else ():
        key = ("deadline_spans", changed["key"])
        row = _cut("deadline_spans", changed)
        before = rows.get(key)
        if before is not None and before["breached_at"] is not None:
            row["breached_at"] = before["breached_at"]
        rows[key] = row
        if row["ended_at"] is not None and row["breached_at"] is None and row["kind"] not in _ENDED:
            del rows[key]
    yield from rows.items()


def _callbacks(was: Order | None, order: Order, event: Event, held: dict[Key, Row]) -> Iterator[tuple[Key, Row]]:
    rows = {key: row for key, row in held.items() if key[0] == "callback_spans"}
    for changed in callbacks.callbacks(was, [order], [event]):
        key = ("callback_spans", changed["round"], changed["expiry"])
        row = _cut("callback_spans", changed)
        before = rows.get(key)
        if before is not None:
            row |= {name: before[name] for name in callbacks.FIRST if name in row}
            row |= {name: before[name] for name in callbacks.FILLED if name in row and row[name] is None}
        rows[key] = row
    yield from rows.items()


def _cut(table: str, row: Row) -> Row:
    return {name: row[name] for name in _KEPT[table]}
