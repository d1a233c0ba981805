"""Views of lists that people keep for themselves, as rows: read, put and taken away, so many a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from store.access_tables import saved_views as t

MOST = 50
"""Views that one person keeps."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """One view of one room's list; `content` is JSON, `place` where it stands among the others."""

    id: str
    room: str
    name: str
    content: str
    place: int
    saved_at: datetime


class TooMany(Exception):  # noqa: N818 - it names the state
    """Somebody keeps as many views as he may."""


_VIEW = tuple(t.c[name] for name in SavedView.__dataclass_fields__)


def views(session: Session, person: str) -> list[SavedView]:
    """His views, as they stand among each other."""
    rows = session.execute(select(*_VIEW).where(t.c.person == person).order_by(t.c.place, t.c.id))
    return [SavedView(*row) for row in rows]


def put(session: Session, person: str, view_id: str, room: str, name: str, content: str, place: int) -> SavedView:
    """Keep a view, in place of the one of that id; raises TooMany."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(func.concat("views ", person), 0))))
    others = select(func.count()).select_from(t).where(t.c.person == person, t.c.id != view_id)
    if (session.scalar(others) or 0) >= MOST:
        raise TooMany
    values: dict[str, Any] = {"room": room, "name": name, "content": content, "place": place}
    wanted = insert(t).values(person=person, id=view_id, **values)
    changed = {**values, "saved_at": func.clock_timestamp()}
    return SavedView(
        *session.execute(
            wanted.on_conflict_do_update(set_=changed, index_elements=(t.c.person, t.c.id)).returning(*_VIEW)
        ).one()
    )


def remove(session: Session, person: str, view_id: str) -> bool:
    """Let a view go; False when there is none of that id."""
    gone = delete(t).where(t.c.person == person, t.c.id == view_id).returning(t.c.id)
    return session.execute(gone).first() is not None
