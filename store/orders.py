"""Reading orders: one, many by filters in pages, a unit's inbox, and what the reconciler must know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Select, cast, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from contracts.messages import EventRow
from domain.model import STATUS, Order, State
from domain.sight import ROUND_ENDS
from store import cursors, ledger
from store.access_tables import sights
from store.cursors import BadCursor as BadCursor
from store.inbox import inbox as inbox
from store.session import Sight
from store.sights import ONE, seen
from store.tables import deadlines as deadline_rows
from store.tables import events as event_rows
from store.tables import orders

MOST = 200
"""The largest page."""


class Sort(StrEnum):
    """How a list is sorted; ties are broken by the order's id."""

    NEWEST = "newest"
    OLDEST = "oldest"
    UPDATED = "updated"
    DUE = "due"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """What to list; a filter left empty does not filter.

    `sight` is where the asker stands; with `following` he lists only the orders that he follows. `unit` is the lead
    unit, `customer` the customer's id, `level` the lowest escalation level; `marks` are those that an order must have
    (`vault.finding`); with `told_units` seq and time are those that handling units are told of. Sorted by `due` the
    list has only orders whose lead has a due time running, the most urgent first; `updated` and `level` start with the
    latest and the highest. `cursor` is the `next` of the page before.
    """

    sight: Sight

    state: tuple[State, ...] = ()
    status: str = ""
    unit: str = ""
    province: str = ""
    category: str = ""
    customer: str = ""
    level: int = 0
    overdue: bool | None = None
    marks: tuple[int, ...] = ()
    following: bool = False
    told_units: bool = False
    rehearsal: bool = False
    sort: Sort = Sort.NEWEST
    cursor: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order in a list: the head row without the snapshot. Instants are UTC."""

    order_id: str
    last_seq: int
    state: str
    status: str
    order_class: str
    category: str
    title: str
    province: str
    region: str
    channel: str
    customer_name: str
    customer_phone: str
    level: int
    colour: str
    overdue: bool
    round: int
    lead_unit: str
    registered_at: datetime
    updated_at: datetime
    due_at: datetime | None
    next_at: datetime | None
    closed_at: datetime | None
    outcome: str
    over: bool
    rehearsal: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One order, whole; `terms` is the digest of its frozen terms, `updated_at` the time of its last event (UTC)."""

    order: Order
    last_seq: int
    terms: str
    region: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders, and the cursor of the next page, '' when there is none."""

    items: tuple[OrderLine, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock's whole life, see `store.tables.deadlines`."""

    key: str
    kind: str
    unit: str
    status: str
    late: bool
    started_at: datetime
    due_at: datetime
    first_due_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    how: str
    hop: int
    round: int
    rule: str
    worked_minutes: float | None
    paused_minutes: float | None
    breached_at: datetime | None


_LINE = tuple(orders.c[name] for name in OrderLine.__dataclass_fields__)
_TOLD = {"last_seq": orders.c.unit_seq, "updated_at": orders.c.unit_at}
_TOLD_UNITS = tuple(_TOLD.get(name, orders.c[name]) for name in OrderLine.__dataclass_fields__)
_DEADLINE = tuple(deadline_rows.c[name] for name in Deadline.__dataclass_fields__)


def find(session: Session, order_id: str) -> Found | None:
    """The whole order as the ledger has it; None for an unknown one."""
    o = orders.c
    row = session.execute(
        select(o.snapshot, o.last_seq, o.terms, o.region, o.updated_at).where(o.order_id == order_id)
    ).one_or_none()
    if row is None:
        return None
    return Found(ledger.restored(row.snapshot), row.last_seq, row.terms, row.region, row.updated_at)


def head(session: Session, order_id: str, sight: Sight) -> ledger.Head | None:
    """The order as the ledger has it, where it is seen from there; None for one that is not, or is not at all."""
    o = orders.c
    wanted = select(o.last_seq, o.snapshot, o.unit_seq).where(o.order_id == order_id, seen(o.order_id, sight))
    row = session.execute(wanted).one_or_none()
    return None if row is None else ledger.Head(row.last_seq, ledger.restored(row.snapshot), row.unit_seq)


def round_ended(session: Session, order_id: str) -> int:
    """The seq of the event that ended the latest round that has ended; 0 while the first one runs."""
    e = event_rows.c
    ended = select(func.max(e.seq)).where(e.order_id == order_id, e.type.in_(ROUND_ENDS))
    return session.scalar(ended) or 0


def events(session: Session, order_id: str, after: int = 0, limit: int = 1000) -> list[EventRow]:
    """The order's events with a seq above `after`, in order, at most `limit`; none for an unknown order."""
    return ledger.stored(session, order_id, after, limit)


def deadlines(session: Session, order_id: str, *, running: bool = False) -> list[Deadline]:
    """The order's clocks, the earliest due first; with `running` only those that have not ended."""
    found = select(*_DEADLINE).where(deadline_rows.c.order_id == order_id)
    if running:
        found = found.where(deadline_rows.c.ended_at.is_(None))
    rows = session.execute(found.order_by(deadline_rows.c.due_at, deadline_rows.c.key))
    return [Deadline(*row) for row in rows]


def search(session: Session, query: OrderQuery) -> Page:
    """One page of the orders that the query asks for; raises BadCursor.

    Pages are cut by the sort key, not by counting: what is added or moved meanwhile neither repeats nor hides a row
    whose key has not changed.
    """
    limit = max(1, min(query.limit, MOST))
    rows = session.execute(statement(query, crowded=_crowded(session, query)).limit(limit + 1)).all()
    items = tuple(OrderLine(*row) for row in rows[:limit])
    return Page(items, cursor_at(query.sort, items[-1]) if len(rows) > limit else "")


def statement(query: OrderQuery, *, crowded: bool = False) -> Select[Any]:
    """The query as SQL, without its limit.

    Whoever does not see all orders gets those of one of his places, by its index; the sorts by registration follow it.
    From a `crowded` place the other sorts walk their own index past others' orders, and ask of each order who sees it:
    in a form that the planner leaves where it stands, for the policy on the sights hides from it how many they are.
    """
    found = select(*(_TOLD_UNITS if query.told_units else _LINE)).where(*_filters(query))
    place = _place(query)
    by_place = bool(place) and query.sort not in _BY_HEAD
    if crowded:
        here = select(true()).where(sights.c.order_id == orders.c.order_id, sights.c.place == place).limit(1)
        found = found.where(here.scalar_subquery())
    elif place:
        found = found.join(sights, sights.c.order_id == orders.c.order_id)
        found = found.where(sights.c.place == place, sights.c.rehearsal.is_(query.rehearsal))
    if query.sort is Sort.DUE:
        found = found.where(orders.c.due_at.is_not(None))
    columns, descending = _SORTS[query.sort]
    if by_place:
        columns = (sights.c.registered_at, sights.c.order_id)
    elif query.told_units and query.sort is Sort.UPDATED:
        columns = (orders.c.unit_at, orders.c.order_id)
    if query.cursor:
        row, last = tuple_(*columns), tuple_(*cursors.read(query.cursor, query.sort, _KEYS[query.sort]))
        found = found.where(row < last if descending else row > last)
    return found.order_by(*(column.desc() if descending else column for column in columns))


CROWD = 2_000
"""Orders seen from a place, from which on it is crowded."""


def _crowded(session: Session, query: OrderQuery) -> bool:
    """Whether the place of a list is crowded and its sort minds; looks at no more sights than that takes."""
    place = _place(query)
    if not place or query.sort not in _BY_HEAD:
        return False
    some = (
        select(sights.c.order_id).where(sights.c.place == place, sights.c.rehearsal.is_(query.rehearsal)).limit(CROWD)
    )
    return (session.scalar(select(func.count()).select_from(some.subquery())) or 0) >= CROWD


def _place(query: OrderQuery) -> str:
    """The place whose orders are listed; '' for all, and where the sight opens single orders."""
    if query.following:
        return f"person:{query.sight.person}"
    places = query.sight.places
    return "" if not places or places[0] == "*" or places[0].startswith(ONE) else places[0]


_SORTS: dict[Sort, tuple[tuple[Column[Any], ...], bool]] = {
    Sort.NEWEST: ((orders.c.registered_at, orders.c.order_id), True),
    Sort.OLDEST: ((orders.c.registered_at, orders.c.order_id), False),
    Sort.UPDATED: ((orders.c.updated_at, orders.c.order_id), True),
    Sort.DUE: ((orders.c.due_at, orders.c.order_id), False),
    Sort.LEVEL: ((orders.c.level, orders.c.registered_at, orders.c.order_id), True),
}
_BY_HEAD = (Sort.UPDATED, Sort.DUE, Sort.LEVEL)
"""The sorts of which the sights have no column."""
_KEYS: dict[Sort, Any] = {
    Sort.NEWEST: tuple[datetime, str],
    Sort.OLDEST: tuple[datetime, str],
    Sort.UPDATED: tuple[datetime, str],
    Sort.DUE: tuple[datetime, str],
    Sort.LEVEL: tuple[int, datetime, str],
}


def _filters(query: OrderQuery) -> list[ColumnElement[bool]]:
    o = orders.c
    wanted: list[ColumnElement[bool]] = [o.rehearsal.is_(query.rehearsal)]
    if query.state:
        wanted.append(o.state.in_([state.value for state in query.state]))
    if query.status:
        wanted.append(o.state.in_([state.value for state, status in STATUS.items() if status == query.status]))
    wanted += [
        column == value
        for column, value in (
            (o.lead_unit, query.unit),
            (o.province, query.province),
            (o.category, query.category),
            (o.customer, query.customer),
        )
        if value
    ]
    if query.level > 0:
        wanted.append(o.level >= query.level)
    if query.overdue is not None:
        wanted.append(o.overdue if query.overdue else ~o.overdue)
    if query.marks:
        marked = func.whistle_found(cast(list(query.marks), ARRAY(BigInteger))).column_valued("found")
        wanted.append(o.order_id.in_(select(marked)))
    if not _place(query):
        wanted.append(seen(o.order_id, query.sight))
    return wanted


def cursor_at(sort: Sort, line: OrderLine) -> str:
    """The cursor of what follows that line in a list sorted so."""
    return cursors.make(sort, [getattr(line, column.name) for column in _SORTS[sort][0]])


def running(
    session: Session, after: str = "", limit: int = 1000, *, rehearsal: bool = False, quiet_seconds: float = 0.0
) -> list[str]:
    """Ids of orders whose workflow must exist, in the order of their ids, those after `after`.

    An order is over when nobody and nothing can move it any more; a closed one that may still be reopened is not. With
    `quiet_seconds` only those to which nothing has happened for so long.
    """
    quiet = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, quiet_seconds)
    found = (
        select(orders.c.order_id)
        .where(~orders.c.over, orders.c.rehearsal.is_(rehearsal), orders.c.order_id > after)
        .where(*([orders.c.updated_at <= quiet] if quiet_seconds else []))
        .order_by(orders.c.order_id)
        .limit(limit)
    )
    return list(session.scalars(found))
