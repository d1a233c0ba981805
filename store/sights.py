"""The first wall in SQL: which orders a person's place lets him see, as a condition of each query.

The database's own policies (`store.walls`) say the same once more, so a query that forgets this condition still gives
no foreign row; with it, lists find their rows by the index of the place instead of looking at every order.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from store.access_tables import sights
from store.session import Sight
from store.tables import orders

ONE = "order:"
"""Begins the place from which one order alone is seen, by its number."""


def seen(order_id: ColumnElement[Any], sight: Sight) -> ColumnElement[bool]:
    """True for the orders that are seen from there."""
    if "*" in sight.places:
        return true()
    alone = [place.removeprefix(ONE) for place in sight.places if place.startswith(ONE)]
    at = exists().where(sights.c.order_id == order_id, sights.c.place.in_(sight.places))
    return or_(at, order_id.in_(alone)) if alone else at


def told(session: Session, order_id: str, sight: Sight) -> tuple[str, int, int] | None:
    """The customer of an order that is seen from there, its last seq, and the last that handling units are told of."""
    o = orders.c
    wanted = select(o.customer, o.last_seq, o.unit_seq).where(o.order_id == order_id, seen(o.order_id, sight))
    row = session.execute(wanted).one_or_none()
    return None if row is None else (row.customer, row.last_seq, row.unit_seq)


def customer_of(session: Session, order_id: str, sight: Sight) -> str | None:
    """The customer of an order that is seen from there; None for one that is not, or is not at all."""
    found = told(session, order_id, sight)
    return None if found is None else found[0]


def follow(session: Session, order_id: str, person: str) -> bool:
    """Let a person see an order wherever it goes; False when he follows it already. In a session of the system."""
    row = select(orders.c.order_id, orders.c.rehearsal, orders.c.registered_at).where(orders.c.order_id == order_id)
    found = session.execute(row).one()
    values = {"place": f"person:{person}", **found._mapping}
    return bool(
        session.execute(insert(sights).values(values).on_conflict_do_nothing().returning(sights.c.place)).first()
    )


def unfollow(session: Session, order_id: str, person: str) -> bool:
    """Take that back; False when he did not follow it."""
    mine = (sights.c.order_id == order_id, sights.c.place == f"person:{person}")
    return bool(session.execute(delete(sights).where(*mine).returning(sights.c.place)).first())


def followers(session: Session, order_id: str) -> list[str]:
    """Who follows an order, by id."""
    found = session.scalars(
        select(sights.c.place).where(sights.c.order_id == order_id, sights.c.place.like("person:%")).order_by("place")
    )
    return [place.removeprefix("person:") for place in found]
