"""A unit's inbox: what it owes and what it watches, its own parts and the whistles it was summoned by, in one list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Select, Text, literal_column, select, tuple_, union_all
from sqlalchemy.orm import Session

from store import cursors
from store.tables import NEVER, assignments, attendances, orders

_LISTING = "inbox"


@dataclass(frozen=True, slots=True)
class Task:
    """One entry: `kind` is assignment or whistle, `subject` its id in the order.

    `role` is lead, co, copy or summoned; `status` that of the part or attendance; `due_at` what the unit owes next in
    this order (UTC), None when it owes nothing now; `absent` marks a summoned unit that missed its limit.
    """

    kind: str
    order_id: str
    subject: str
    role: str
    status: str
    since: datetime
    due_at: datetime | None
    absent: bool
    title: str
    category: str
    order_class: str
    state: str
    province: str
    level: int
    colour: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """Some tasks, and the cursor of the next page, '' when there is none."""

    items: tuple[Task, ...]
    next: str


def inbox(session: Session, unit: str, *, cursor: str = "", limit: int = 50, rehearsal: bool = False) -> Inbox:
    """One page of a unit's open tasks, the most urgent first, those without a due time last; raises BadCursor."""
    size = max(1, min(limit, 200))
    rows = session.execute(statement(unit, cursor, size + 1, rehearsal=rehearsal)).all()
    items = tuple(
        Task(**{**row._mapping, "due_at": None if row.due_at == NEVER else row.due_at}) for row in rows[:size]
    )
    if len(rows) <= size:
        return Inbox(items, "")
    last = rows[size - 1]
    return Inbox(items, cursors.make(_LISTING, [last.due_at, last.order_id, last.subject]))


def statement(unit: str, cursor: str, limit: int, *, rehearsal: bool) -> Select[Any]:
    """The page as SQL: the top of each index, the top of both, and only those rows joined to their orders."""
    a, w, o = assignments.c, attendances.c, orders.c
    parts = select(
        literal_column("'assignment'", Text).label("kind"),
        a.order_id,
        a.id.label("subject"),
        a.role,
        a.status,
        a.dispatched_at.label("since"),
        a.due_at,
        literal_column("false", Boolean).label("absent"),
    ).where(a.unit == unit, a.rehearsal.is_(rehearsal), a.active)
    calls = select(
        literal_column("'whistle'", Text).label("kind"),
        w.order_id,
        w.whistle.label("subject"),
        literal_column("'summoned'", Text).label("role"),
        w.status,
        w.summoned_at.label("since"),
        w.due_at,
        w.absent,
    ).where(w.unit == unit, w.rehearsal.is_(rehearsal), w.active)
    if cursor:
        after = tuple_(*cursors.read(cursor, _LISTING, tuple[datetime, str, str]))
        parts = parts.where(tuple_(a.due_at, a.order_id, a.id) > after)
        calls = calls.where(tuple_(w.due_at, w.order_id, w.whistle) > after)
    key = ("due_at", "order_id", "subject")
    tops = [select(top.order_by(*key).limit(limit).subquery()) for top in (parts, calls)]
    page = union_all(*tops).order_by(*key).limit(limit).subquery("page")
    shown = (o.title, o.category, o.order_class, o.state, o.province, o.level, o.colour, o.overdue)
    joined = select(*page.c, *shown).join(orders, o.order_id == page.c.order_id)
    return joined.order_by(page.c.due_at, page.c.order_id, page.c.subject)
