"""What a log-in on its way waits for, as rows that are good once and for minutes; and how often something was done.

Nothing here is readable: callers give hashes, and what they keep under them says nothing by itself.
"""

from __future__ import annotations

import json
import math
import time

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from store.access_tables import challenges as t

KEPT_SECONDS = 3600
"""How long a row stays after its time, before it is swept out."""
_SWEPT = 100
_COUNT = "count"


def put(session: Session, hashed: str, kind: str, data: str, seconds: float) -> None:
    """Wait for whoever knows what was hashed, for so long; replaces an earlier row of the same hash, and its tries."""
    _sweep(session)
    row = {"hash": hashed, "kind": kind, "data": data, "tries": 0, "used_at": None}
    made = insert(t).values(**row, expires_at=_in(seconds))
    fresh = {**row, "expires_at": made.excluded.expires_at, "created_at": func.clock_timestamp()}
    session.execute(made.on_conflict_do_update(index_elements=[t.c.hash], set_=fresh))


def take(session: Session, hashed: str, kind: str) -> str | None:
    """What was kept, once: of several who ask at the same time one is told, and after its time nobody is."""
    used = update(t).where(t.c.hash == hashed, t.c.kind == kind, *_LIVE).values(used_at=func.clock_timestamp())
    return session.execute(used.returning(t.c.data)).scalar_one_or_none()


def attempt(session: Session, hashed: str, kind: str, tries: int) -> str | None:
    """What was kept, for one try of at most so many; the try counts whatever the caller makes of it."""
    tried = (
        update(t)
        .where(t.c.hash == hashed, t.c.kind == kind, t.c.tries < tries, *_LIVE)
        .values(tries=t.c.tries + 1)
        .returning(t.c.data)
    )
    return session.execute(tried).scalar_one_or_none()


def count(session: Session, hashed: str, most: int, seconds: float) -> int:
    """Count one more of something; 0 if it is among `most` within the last `seconds`, else the seconds to wait.

    What is refused does not count. Processes that count the same wait for each other until the transaction ends.
    """
    made = insert(t).values(hash=hashed, kind=_COUNT, data="[]", expires_at=_in(seconds))
    held = made.on_conflict_do_update(index_elements=[t.c.hash], set_={"expires_at": made.excluded.expires_at})
    before: str = session.execute(held.returning(t.c.data)).scalar_one()
    now = time.time()
    recent: list[float] = [at for at in json.loads(before) if at > now - seconds]
    if len(recent) >= most:
        return max(1, math.ceil(recent[-most] + seconds - now))
    kept = json.dumps([*recent, round(now, 3)])
    session.execute(update(t).where(t.c.hash == hashed).values(data=kept, expires_at=_in(seconds)))
    return 0


_LIVE = (t.c.used_at.is_(None), t.c.expires_at > func.clock_timestamp())


def _in(seconds: float) -> object:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _sweep(session: Session) -> None:
    """Take some of the rows away whose time is long over; those that somebody holds are left for another time."""
    over = t.c.expires_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, KEPT_SECONDS)
    some = select(t.c.hash).where(over).limit(_SWEPT).with_for_update(skip_locked=True)
    session.execute(delete(t).where(t.c.hash.in_(some)))
