"""Earlier orders of an order's customer, without a word of who he is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from domain.model import OPEN, Order, Role
from domain.sight import shown
from store import ledger
from store.session import Sight
from store.sights import seen
from store.tables import assignments, attendances, orders

MOST = 20
"""How many are told, the latest first."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier order of the same customer, as far as the asker's role is told of it; instants are UTC."""

    order_id: str
    title: str
    category: str
    order_class: str
    state: str
    outcome: str
    lead_unit: str
    round: int
    reopens: int
    urges: int
    registered_at: datetime
    closed_at: datetime | None


Told = Callable[[Order], bool]


def earlier(session: Session, order: Order, sight: Sight, role: Role, unit: str, told: Told) -> tuple[Earlier, ...]:
    """The customer's other orders that are seen from there, and of which the asker may be `told`; the latest first.

    With a `unit` only those that it handled itself: one that its people merely follow says nothing here.
    """
    o = orders.c
    if not order.customer.id:
        return ()
    wanted: list[ColumnElement[bool]] = [
        o.customer == order.customer.id,
        o.order_id != order.id,
        o.rehearsal.is_(order.rehearsal),
        seen(o.order_id, sight),
    ]
    if unit:
        part = exists().where(assignments.c.order_id == o.order_id, assignments.c.unit == unit)
        call = exists().where(attendances.c.order_id == o.order_id, attendances.c.unit == unit)
        wanted.append(or_(part, call))
    rows = session.scalars(select(o.snapshot).where(*wanted).order_by(o.registered_at.desc(), o.order_id).limit(MOST))
    found = (ledger.restored(row) for row in rows)
    return tuple(_line(one, role) for one in found if told(one))


def party(order: Order, unit: str) -> bool:
    """Whether a unit has or had a part in the order, or was summoned to it."""
    return any(part.unit == unit for part in order.assignments) or any(
        one.unit == unit for blown in order.whistles for one in blown.attendances
    )


def _line(whole: Order, role: Role) -> Earlier:
    order = shown(whole, role)
    return Earlier(
        order_id=order.id,
        title=order.title,
        category=order.category,
        order_class=order.order_class,
        state=order.state,
        outcome=order.outcome or "",
        lead_unit=order.lead.unit if order.lead else "",
        round=order.round,
        reopens=order.reopens,
        urges=order.urges,
        registered_at=order.registered_at,
        closed_at=None if order.state in OPEN else order.closed_at,
    )
