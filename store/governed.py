"""Open orders by the policy that governs them: what a migration to another version looks at."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import JSON, cast, select
from sqlalchemy.orm import Session

from domain.model import OPEN, OrderClass
from store.ledger import restored
from store.orders import Found
from store.tables import orders
from store.tables import terms as frozen


@dataclass(frozen=True, slots=True)
class GovernedQuery:
    """Which open orders; a filter left empty does not filter, and with `order_ids` no other counts.

    `from_version` is the policy version that the order runs by. A page has the orders after `after`, by number.
    """

    order_ids: tuple[str, ...] = ()
    province: str = ""
    order_class: OrderClass | None = None
    from_version: str = ""
    rehearsal: bool = False
    after: str = ""
    limit: int = 100


def governed(session: Session, query: GovernedQuery) -> list[Found]:
    """One page of open orders, whole, in the order of their numbers."""
    o = orders.c
    found = select(o.snapshot, o.last_seq, o.terms, o.region, o.updated_at).where(
        o.state.in_([state.value for state in OPEN])
    )
    if query.order_ids:
        found = found.where(o.order_id.in_(query.order_ids))
    else:
        found = found.where(o.rehearsal.is_(query.rehearsal), o.order_id > query.after).limit(query.limit)
        if query.province:
            found = found.where(o.province == query.province)
        if query.order_class is not None:
            found = found.where(o.order_class == query.order_class.value)
        if query.from_version:
            version = cast(frozen.c.document, JSON)["policy_version"].as_string()
            found = found.where(o.terms.in_(select(frozen.c.digest).where(version == query.from_version)))
    rows = session.execute(found.order_by(o.order_id))
    return [Found(restored(row.snapshot), row.last_seq, row.terms, row.region, row.updated_at) for row in rows]
