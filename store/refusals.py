"""What was asked and not allowed, kept for the auditor."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.orm import Session

from domain.errors import Refusal
from domain.model import Actor
from store.tables import refusals


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
