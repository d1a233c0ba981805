"""Calls to customers: how often a number was called, over all orders, and who is to be called when.

A call is written down, under its command's key, before the command is sent, and in the transaction that claims the key:
whoever wants to call the same number waits for that transaction, so two callers at once see each other. A refused
command frees its row; what the ledger records of a call writes the row once more, so no refusal taken back, and no
ledger read anew, loses a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import DateTime, Row, Select, Text, cast, delete, func, select, tuple_, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from domain.calling import DAY, first_call, next_to_number, window
from domain.model import Order
from domain.policy import Terms
from store import cursors, ledger, policies
from store.session import Sight
from store.sights import seen
from store.tables import calls, orders

MOST = 200
"""The largest page."""
_LISTING = "callbacks"


def callee_of(session: Session, order_id: str) -> str:
    """The customer whose calls a call for this order is counted with; '' when it is not counted with others.

    A rehearsal's time is its own: its rules count its own calls alone.
    """
    o = orders.c
    row = session.execute(select(o.customer, o.rehearsal).where(o.order_id == order_id)).one_or_none()
    return "" if row is None or row.rehearsal else row.customer


def hold(session: Session, callee: str) -> tuple[datetime, ...]:
    """The instants (UTC) of the calls to a customer in the last 24 hours; nobody else may add one until we commit."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("call " + callee, 0))))
    return _recent(session, (callee,)).get(callee, ())


def add(session: Session, key: str, order_id: str, callee: str) -> None:
    """Write a call down before its command is sent; once a key. A call for no order has '' for its order."""
    adding = insert(calls).values(id=key, order_id=order_id, callee=callee, at=func.clock_timestamp(), rehearsal=False)
    session.execute(adding.on_conflict_do_nothing())


def free(session: Session, key: str) -> None:
    """Forget the call of a refused command."""
    session.execute(delete(calls).where(calls.c.id == key))


def _recent(session: Session, callees: Iterable[str]) -> Mapping[str, tuple[datetime, ...]]:
    since = func.clock_timestamp() - DAY
    called = func.whistle_called(cast(list(callees), ARRAY(Text)), since).table_valued("callee", "at")
    found: dict[str, tuple[datetime, ...]] = {}
    for row in session.execute(select(called.c.callee, type_coerce(called.c.at, DateTime(timezone=True)).label("at"))):
        found[row.callee] = (*found.get(row.callee, ()), row.at.astimezone(UTC))
    return found


@dataclass(frozen=True, slots=True)
class CallLine:
    """One customer to be called back; instants are UTC.

    `not_before` is what the order itself says, `may_call_at` the earliest instant from now on at which quiet hours and
    the other calls to the number (`calls_today`, in 24 hours) allow it too, `may_call_now` whether that is now, and
    `may_call_until` when those hours are over; None for a rehearsal, whose time is its own.
    `due_at` is the limit for calling, None when there is none. `expiry` marks a call that is due because no reply came
    in time; `attempts` were unanswered, `attempts_left` may still be made. He is called from `opens` to `closes`
    o'clock in his own `zone`.
    """

    order_id: str
    title: str
    province: str
    order_class: str
    state: str
    level: int
    round: int
    customer_name: str
    customer_phone: str
    zone: str
    status: str
    expiry: bool
    attempts: int
    not_before: datetime
    may_call_at: datetime
    may_call_now: bool
    may_call_until: datetime | None
    due_at: datetime | None
    calls_today: int
    attempts_left: int
    opens: int
    closes: int
    category: str
    lead_unit: str


@dataclass(frozen=True, slots=True)
class Calls:
    """Some customers to be called `at` an instant, and the cursor of the next page, '' when there is none."""

    items: tuple[CallLine, ...]
    next: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Whom to list, seen from `sight`: of one `province`, and with `ready` only those whose `not_before` has come."""

    sight: Sight
    province: str = ""
    ready: bool = False
    rehearsal: bool = False
    cursor: str = ""
    limit: int = 50


def to_call(session: Session, query: CallQuery, now: datetime) -> Calls:
    """One page of the customers to be called, the earliest first; raises BadCursor."""
    size = max(1, min(query.limit, MOST))
    rows = session.execute(statement(query, now).limit(size + 1)).all()
    page = rows[:size]
    recent = _recent(session, {row.customer: None for row in page})
    items = tuple(_line(row, recent.get(row.customer, ()), policies.terms(session, row.terms), now) for row in page)
    more = len(rows) > size
    return Calls(items, cursors.make(_LISTING, [page[-1].callback_at, page[-1].order_id]) if more else "", now)


_HEAD = tuple(
    orders.c[name]
    for name in (
        *("order_id", "title", "province", "order_class", "state", "level", "round", "rehearsal"),
        *("customer", "customer_name", "customer_phone", "callback_at", "terms", "snapshot", "category", "lead_unit"),
    )
)


def statement(query: CallQuery, now: datetime) -> Select[tuple[object, ...]]:
    """The query as SQL, without its limit."""
    o = orders.c
    wanted = [o.callback_at.is_not(None), o.rehearsal.is_(query.rehearsal), seen(o.order_id, query.sight)]
    if query.province:
        wanted.append(o.province == query.province)
    if query.ready:
        wanted.append(o.callback_at <= now)
    if query.cursor:
        last = cursors.read(query.cursor, _LISTING, tuple[datetime, str])
        wanted.append(tuple_(o.callback_at, o.order_id) > tuple_(*last))
    return select(*_HEAD).where(*wanted).order_by(o.callback_at, o.order_id)


def _line(row: Row[tuple[object, ...]], recent: Sequence[datetime], terms: Terms, now: datetime) -> CallLine:
    order: Order = ledger.restored(row.snapshot)
    back = order.callback
    assert back is not None, "an order without a call-back has no instant for one"
    may, until = row.callback_at, None
    if not row.rehearsal:  # whose time is its own
        freed = next_to_number(recent, max(may, now), terms.calling)
        may = first_call(freed, order.customer.zone, terms)
        until = window(may, order.customer.zone, terms).closes
    return CallLine(
        order_id=row.order_id,
        title=row.title,
        province=row.province,
        order_class=row.order_class,
        state=row.state,
        level=row.level,
        round=row.round,
        customer_name=row.customer_name,
        customer_phone=row.customer_phone,
        zone=order.customer.zone,
        status=back.status,
        expiry=back.expiry,
        attempts=len(back.attempts),
        not_before=row.callback_at,
        may_call_at=may,
        may_call_now=may <= now,
        may_call_until=until,
        due_at=min((clock.due_at for clock in order.clocks.values() if clock.kind == "callback"), default=None),
        calls_today=len(recent),
        attempts_left=max(0, terms.calling.attempts - len(back.attempts)),
        opens=max(terms.calling.opens, terms.calling.hard_opens),
        closes=min(terms.calling.closes, terms.calling.hard_closes),
        category=row.category,
        lead_unit=row.lead_unit,
    )
