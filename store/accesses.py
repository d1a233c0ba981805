"""Who looked at what, who was refused what, who was shown what is hidden: written with the deed, read by auditors.

What merely was looked at is written without waiting for the disk; it outlives the program, and a crash of the database
itself may take the last half second of it. Whatever shows or changes something hidden is written in its transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from contracts.messages import encode
from store import cursors, writes
from store.access_tables import accesses as t

MOST = 200
"""The largest page."""
_LISTING = "accesses"


class Outcome(StrEnum):
    """What came of it."""

    SEEN = "seen"
    REFUSED = "refused"
    REVEALED = "revealed"
    EXPORTED = "exported"
    ERASED = "erased"
    CHANGED = "changed"
    LOGGED_IN = "logged_in"
    LOG_IN_FAILED = "log_in_failed"
    LOGGED_OUT = "logged_out"


@dataclass(frozen=True, slots=True)
class Access:
    """One look, or one try; `reason` may be sealed.

    `detail` names fields, filters or what was changed, never what was in them.
    """

    actor_id: str
    role: str
    operation: str
    outcome: Outcome
    orders: tuple[str, ...] = ()
    unit: str = ""
    acting_for: str = ""
    code: str = ""
    detail: str = ""
    reason: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class AccessLine(Access):
    """The same as it stands in the record; `at` is UTC."""

    id: int = 0
    at: datetime = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AccessQuery:
    """What to list; a filter left empty does not filter. Times are UTC, `until` excluded."""

    order_id: str = ""
    actor: str = ""
    outcome: Outcome | None = None
    start: datetime | None = None
    until: datetime | None = None
    cursor: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class AccessPage:
    """Some of them, the latest first, and the cursor of the next page, '' when there is none."""

    items: tuple[AccessLine, ...]
    next: str


_WRITTEN = tuple(Access.__dataclass_fields__)
_LINE = tuple(t.c[name] for name in AccessLine.__dataclass_fields__)


_LIGHTLY = "SELECT set_config('synchronous_commit', 'off', true);\n" + writes.insert(t, without=("id", "at"))


def add(session: Session, *accesses: Access) -> None:
    """Write these down, in the caller's transaction."""
    if accesses:
        session.execute(insert(t), [_row(one) for one in accesses])


def add_lightly(session: Session, accesses: Sequence[Access]) -> None:
    """Write these down without waiting for the disk; one round trip, in a session where each is a transaction."""
    rows = encode([_row(one) for one in accesses]).decode()
    session.connection().exec_driver_sql(_LIGHTLY, {t.name: rows})


def listed(session: Session, query: AccessQuery) -> AccessPage:
    """One page; raises BadCursor. In a session of the system, for whom the record is open."""
    wanted: list[Any] = []
    if query.order_id:
        wanted.append(t.c.orders.contains([query.order_id]))
    if query.actor:
        wanted.append(t.c.actor_id == query.actor)
    if query.outcome:
        wanted.append(t.c.outcome == query.outcome.value)
    if query.start:
        wanted.append(t.c.at >= query.start)
    if query.until:
        wanted.append(t.c.at < query.until)
    if query.cursor:
        wanted.append(t.c.id < cursors.read(query.cursor, _LISTING, tuple[int])[0])
    limit = max(1, min(query.limit, MOST))
    rows = session.execute(select(*_LINE).where(*wanted).order_by(t.c.id.desc()).limit(limit + 1)).all()
    items = tuple(
        AccessLine(**{**row._mapping, "orders": tuple(row.orders), "outcome": Outcome(row.outcome)})
        for row in rows[:limit]
    )
    return AccessPage(items, cursors.make(_LISTING, [items[-1].id]) if len(rows) > limit else "")


def _row(one: Access) -> dict[str, Any]:
    return {**{name: getattr(one, name) for name in _WRITTEN}, "orders": list(one.orders), "outcome": one.outcome.value}
