"""Whose an order is, for a customer who wants in."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.access_tables import customers
from store.tables import orders


def customer_of(session: Session, order_id: str) -> str:
    """The customer of an order; '' for an order that is not there, and for a customer who was erased."""
    wanted = select(orders.c.customer).join(customers, customers.c.id == orders.c.customer)
    return session.scalar(wanted.where(orders.c.order_id == order_id, customers.c.erased_at.is_(None))) or ""
