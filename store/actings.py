"""Who took it on to act for whom, as rows: added, found while they run, and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from store.access_tables import actings as t


@dataclass(frozen=True, slots=True)
class Acting:
    """That `person` took it on at an instant to act for `absent`, until when at the latest (UTC), and why."""

    id: int
    person: str
    absent: str
    at: datetime
    until: datetime
    reason: str
    ended_at: datetime | None = None


_ACTING = tuple(t.c[name] for name in Acting.__dataclass_fields__)


def add(session: Session, person: str, absent: str, now: datetime, until: datetime, reason: str) -> Acting:
    """Put it on record; one that runs already for the two ends now."""
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(func.concat("acting ", person, " ", absent), 0)))
    )
    end(session, person, absent, now)
    values = {"person": person, "absent": absent, "at": now, "until": until, "reason": reason}
    row = session.execute(insert(t).values(values).returning(*_ACTING)).one()
    return Acting(**row._mapping)


def running(session: Session, person: str, now: datetime, absent: str = "") -> list[Acting]:
    """For whom a person acts at that instant, or whether for this one; the latest first."""
    wanted = [t.c.person == person, t.c.until > now, t.c.ended_at.is_(None)]
    if absent:
        wanted.append(t.c.absent == absent)
    return [Acting(**row._mapping) for row in session.execute(select(*_ACTING).where(*wanted).order_by(t.c.id.desc()))]


def end(session: Session, person: str, absent: str, now: datetime) -> list[Acting]:
    """End what runs for the two; answers with it as it then stands."""
    this = (t.c.person == person, t.c.absent == absent, t.c.until > now, t.c.ended_at.is_(None))
    ended = update(t).where(*this).values(ended_at=now).returning(*_ACTING)
    return [Acting(**row._mapping) for row in session.execute(ended)]
