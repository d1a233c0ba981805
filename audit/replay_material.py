"""What is recorded of orders, read for a replay: events, commands, and everything derived from them.

A dozen statements for a batch of orders, whatever its size. Give a session whose transaction sees one instant
(`REPEATABLE READ`): an order that moves while it is read would look like a forged one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from contracts.messages import EventRow
from store import historian, log_tables, tables
from store.access_tables import sights
from store.event_rows import COLUMNS, event_row
from store.span_tables import SPANS

Row = dict[str, Any]

PARTS: tuple[Table, ...] = (
    tables.assignments,
    tables.whistles,
    tables.attendances,
    tables.deadlines,
    tables.firings,
    tables.criticisms,
    tables.callbacks,
    tables.calls,
    sights,
)
"""The tables that are derived from an order's events, beside the head."""

_NOTICES = (tables.notices.c.order_id, tables.notices.c.seq, tables.notices.c.template)
_COMMANDS = tuple(tables.commands.c[name] for name in (
    "key", "order_id", "verb", "state", "message", "terms", "answer", "claimed_at", "finished_at",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as its row has it; the JSON as text, so that nothing in it is overlooked."""

    values: Row
    data: str
    clocks: str

    @property
    def seq(self) -> int:
        """Its number."""
        return int(self.values["seq"])

    @property
    def command_id(self) -> str:
        """The command that brought it; '' for time's own."""
        return str(self.values["command_id"])

    def row(self) -> EventRow:
        """The same as the ledger hands it out; raises ValueError or msgspec's errors for what no event can be."""
        return event_row({**self.values, "data": self.data, "clocks": self.clocks})


@dataclass(slots=True)
class Material:
    """All that is recorded of one order; without a head nothing but what stands about without one."""

    order_id: str
    head: Row | None = None
    events: list[Stored] = field(default_factory=list)
    commands: dict[str, Row] = field(default_factory=dict)
    parts: dict[str, list[Row]] = field(default_factory=dict)
    notices: set[tuple[int, str]] = field(default_factory=set)
    recorded: list[datetime] = field(default_factory=list)
    """When each event was recorded."""
    followed: int = 0
    """The last event up to which the historian has written the past."""
    spans: dict[str, list[Row]] = field(default_factory=dict)


def read(session: Session, order_ids: Sequence[str]) -> list[Material]:
    """The material of these orders, in their order."""
    found = {order_id: Material(order_id, parts={table.name: [] for table in PARTS}) for order_id in order_ids}
    ids = list(order_ids)
    o, e = tables.orders.c, tables.events.c
    for row in session.execute(select(tables.orders).where(o.order_id.in_(ids))).mappings():
        found[row["order_id"]].head = dict(row)
    for row in session.execute(_EVENTS.where(e.order_id.in_(ids)).order_by(e.order_id, e.seq)).mappings():
        values = dict(row)
        stored = Stored(values, values.pop("data"), values.pop("clocks"))
        found[values["order_id"]].recorded.append(values.pop("recorded_at"))
        found[values["order_id"]].events.append(stored)
    for row in session.execute(select(*_COMMANDS).where(tables.commands.c.order_id.in_(ids))).mappings():
        found[row["order_id"]].commands[row["key"]] = dict(row)
    for table in PARTS:
        for row in session.execute(select(table).where(table.c.order_id.in_(ids))).mappings():
            found[row["order_id"]].parts[table.name].append(dict(row))
    for notice in session.execute(select(*_NOTICES).where(tables.notices.c.order_id.in_(ids))):
        found[notice.order_id].notices.add((notice.seq, notice.template))
    _past(session, ids, found)
    return list(found.values())


def _past(session: Session, ids: list[str], found: Mapping[str, Material]) -> None:
    """What the historian has written of these orders, and up to which event of each he has come."""
    at = log_tables.leaves.c
    last = select(at.order_id, func.max(at.seq).label("seq")).where(at.order_id.in_(ids)).group_by(at.order_id)
    for row in session.execute(last.where(at.position <= historian.progress(session).position)):
        found[row.order_id].followed = row.seq
    for table in SPANS:
        for material in found.values():
            material.spans[table.name] = []
        for one in session.execute(select(table).where(table.c.order_id.in_(ids))).mappings():
            found[one["order_id"]].spans[table.name].append(dict(one))


def tree(session: Session) -> Mapping[str, str]:
    """Each unit of the organisation as it is today, and the one above it."""
    rows = session.execute(select(tables.units.c.id, tables.units.c.parent))
    return {row.id: row.parent for row in rows}


_EVENTS = select(*COLUMNS, tables.events.c.recorded_at)
