"""What was asked and not allowed, kept for the auditor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from domain.errors import Refusal
from domain.model import Actor
from store.tables import refusals


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal as it was recorded."""

    at: datetime
    order_id: str
    verb: str
    command_id: str
    actor_id: str
    role: str
    unit: str
    code: str
    message: str
    state: str
    field: str


def record_refusal(session: Session, order_id: str, verb: str, command_id: str, actor: Actor, refusal: Refusal) -> None:
    """Write down who asked for what and why it was refused; the time is the database's."""
    session.execute(
        insert(refusals).values(
            order_id=order_id,
            verb=verb,
            command_id=command_id,
            actor_id=actor.id,
            role=actor.role.value,
            unit=actor.unit,
            code=refusal.code,
            message=refusal.message,
            state=refusal.state,
            field=refusal.field,
        )
    )


def of_order(session: Session, order_id: str, limit: int = 200) -> list[Refused]:
    """An order's refusals, the latest first."""
    found = (
        select(*(refusals.c[name] for name in Refused.__dataclass_fields__))
        .where(refusals.c.order_id == order_id)
        .order_by(refusals.c.id.desc())
        .limit(limit)
    )
    return [Refused(*row) for row in session.execute(found)]
