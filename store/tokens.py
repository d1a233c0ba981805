"""Service tokens as rows: by which hash one is known, as whom a program acts, and when it was last used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.orm import Session

from store.access_tables import tokens as t

NOTED_SECONDS = 60
"""How often, at most, the use of a token is noted."""


@dataclass(frozen=True, slots=True)
class Token:
    """What may be told of a service token; instants are UTC. The token itself is kept nowhere."""

    id: str
    name: str
    person: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


_TOKEN = tuple(t.c[name] for name in Token.__dataclass_fields__)


def add(
    session: Session,
    token_id: str,
    hashed: str,
    *,
    name: str,
    person: str,
    scopes: tuple[str, ...],
    by: str,
    expires_at: datetime,
) -> Token:
    """Keep a new token by its hash."""
    made = insert(t).values(
        id=token_id,
        hash=hashed,
        name=name,
        person=person,
        scopes=list(scopes),
        created_by=by,
        expires_at=expires_at,
    )
    return _token(session.execute(made.returning(*_TOKEN)).one())


def all_of(session: Session) -> list[Token]:
    """Every token that was ever made, the latest first."""
    return [_token(row) for row in session.execute(select(*_TOKEN).order_by(t.c.created_at.desc(), t.c.id))]


def running(session: Session, token_id: str) -> tuple[str, Token] | None:
    """The hash and the row of a token that is neither revoked nor expired."""
    alive = (t.c.id == token_id, t.c.revoked_at.is_(None), t.c.expires_at > func.clock_timestamp())
    row = session.execute(select(t.c.hash, *_TOKEN).where(*alive)).one_or_none()
    return None if row is None else (row.hash, _token(row))


def revoke(session: Session, token_id: str) -> Token | None:
    """Take a token back; a repeated time changes nothing. None when there is none of that id."""
    wanted = t.c.id == token_id
    done = update(t).where(wanted, t.c.revoked_at.is_(None)).values(revoked_at=func.clock_timestamp())
    session.execute(done)
    row = session.execute(select(*_TOKEN).where(wanted)).one_or_none()
    return None if row is None else _token(row)


def note_use(session: Session, token_id: str) -> None:
    """Note that a token is used now, unless that was noted within the last minute."""
    now = func.clock_timestamp()
    before = now - func.make_interval(0, 0, 0, 0, 0, 0, NOTED_SECONDS)
    stale = or_(t.c.used_at.is_(None), t.c.used_at <= before)
    session.execute(update(t).where(t.c.id == token_id, stale).values(used_at=now))


def _token(row: Row[Any]) -> Token:
    values = {name: getattr(row, name) for name in Token.__dataclass_fields__}
    return Token(**{**values, "scopes": tuple(values["scopes"])})
