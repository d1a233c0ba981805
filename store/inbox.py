"""A unit's inbox: what it owes and what it watches, its own parts and the whistles it was summoned by, in one list.

Which orders, in which sequence, two indexes say; what is owed in each, and what may be done about it, the rules.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, Row, Select, Text, literal_column, select, tuple_, union_all
from sqlalchemy.orm import Session

from domain.model import Actor, Assignment, Order, Part, UnitRole
from domain.owed import Owed, Way, owed, ways
from store import cursors, ledger, policies
from store.tables import NEVER, assignments, attendances, orders, people

_LISTING = "inbox"


@dataclass(frozen=True, slots=True)
class Other:
    """Another unit in the same order: its `role` (lead, co, copy or summoned) and how far it has come.

    `whistle` names the whistle that summoned it, '' for a part; `explained` where the lead goes on without it.
    """

    unit: str
    role: str
    status: str
    whistle: str
    absent: bool
    explained: bool
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Task:
    """One entry: `kind` is assignment or whistle, `subject` its id in the order.

    `role` is lead, co, copy or summoned; `status` that of the part or attendance; `due_at` what the unit owes next in
    this order (UTC), None when it owes nothing now; `absent` marks a summoned unit that missed its limit. `owed` is all
    that it owes by this entry, the nearest first, `ways` what the asker may do by it. `holders` are those of the unit
    who have worked on the order, `others` the other units in it. Of a whistle `matter` and `whistle_kind` are given.
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
    round: int
    hop: int
    urges: int
    designated: bool
    auto_signed: bool
    lead: str
    matter: str
    whistle_kind: str
    registered_at: datetime
    owed: tuple[Owed, ...]
    ways: tuple[Way, ...]
    holders: tuple[str, ...]
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Some tasks, and the cursor of the next page, '' when there is none."""

    items: tuple[Task, ...]
    next: str


def inbox(
    session: Session,
    unit: str,
    *,
    cursor: str = "",
    limit: int = 50,
    rehearsal: bool = False,
    actor: Actor | None = None,
) -> Inbox:
    """One page of a unit's open tasks, the most urgent first, those without a due time last; raises BadCursor.

    `ways` are those of the `actor`, none without one.
    """
    size = max(1, min(limit, 200))
    rows = session.execute(statement(unit, cursor, size + 1, rehearsal=rehearsal)).all()
    own = frozenset(session.scalars(select(people.c.id).where(people.c.unit == unit)))
    now = datetime.now(UTC)
    items = tuple(_task(session, row, unit, own, actor, now) for row in rows[:size])
    if len(rows) <= size:
        return Inbox(items, "")
    last = rows[size - 1]
    return Inbox(items, cursors.make(_LISTING, [last.due_at, last.order_id, last.subject]))


_LISTED = (
    *("kind", "order_id", "subject", "role", "status", "since", "absent", "title", "category", "order_class"),
    *("state", "province", "level", "colour", "overdue", "round", "registered_at"),
)
"""What an entry has from the lists alone."""


def _task(session: Session, row: Row[Any], unit: str, own: Collection[str], actor: Actor | None, now: datetime) -> Task:
    order: Order = ledger.restored(row.snapshot)
    found = row._mapping
    part = next((one for one in order.assignments if one.id == row.subject), None)
    blown = next((one for one in order.whistles if one.id == row.subject), None)
    lead = order.lead
    can = () if actor is None else ways(order, actor, row.subject, now, policies.terms(session, row.terms))
    return Task(
        **{name: found[name] for name in _LISTED},
        due_at=None if row.due_at == NEVER else row.due_at,
        hop=order.hop,
        urges=order.urges,
        designated=part is not None and part.designated,
        auto_signed=part is not None and part.auto_signed,
        lead=(blown.lead if blown else "") or (lead.unit if lead else ""),
        matter=blown.matter if blown else "",
        whistle_kind=blown.kind if blown else "",
        owed=owed(order, unit, row.subject),
        ways=can,
        holders=tuple(person for person in order.handlers if person in own),
        others=_others(order, unit),
    )


_LEFT = (Part.RETURN_UPHELD, Part.WITHDRAWN)


def _others(order: Order, unit: str) -> tuple[Other, ...]:
    """The other units in the present round, and those that a whistle has summoned."""
    parts = tuple(
        Other(
            unit=one.unit,
            role=one.role,
            status=one.status,
            whistle="",
            absent=False,
            explained=one.explained,
            due_at=_due(order, one),
        )
        for one in order.assignments
        if one.unit != unit and one.round == order.round and one.status not in _LEFT
    )
    summoned = tuple(
        Other(
            unit=one.unit,
            role="summoned",
            status=one.status,
            whistle=blown.id,
            absent=one.absent,
            explained=False,
            due_at=min((each.due_at for each in owed(order, one.unit, blown.id) if each.due_at), default=None),
        )
        for blown in order.whistles
        for one in blown.attendances
        if one.unit != unit and blown.blows
    )
    return (*parts, *summoned)


def _due(order: Order, part: Assignment) -> datetime | None:
    """What another unit's part is to be in by; of a copied unit nothing is owed."""
    if part.role is UnitRole.COPY:
        return None
    return min((each.due_at for each in owed(order, part.unit, part.id) if each.due_at), default=None)


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
    shown = (
        *(o.title, o.category, o.order_class, o.state, o.province, o.level, o.colour, o.overdue),
        *(o.round, o.registered_at, o.terms, o.snapshot),
    )
    joined = select(*page.c, *shown).join(orders, o.order_id == page.c.order_id)
    return joined.order_by(page.c.due_at, page.c.order_id, page.c.subject)
