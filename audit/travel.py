"""The board and a unit's inbox as they stood at a past instant, found by an index however long ago it is.

The board is the supervisor's wall: its own queries, over what its tables held then (`store.span_tables`). By `happened`
the past is what had happened by then, by `known` what had been recorded by then. The organisation is today's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from store import cursors
from store.historian import Progress, progress
from store.span_tables import UNIT
from store.tables import NEVER
from store.wall import wall
from store.wall_lines import Wall
from store.wall_reader import Scope

MOST_TASKS = 200
"""The largest page of an inbox."""
_LISTING = "inbox then"


class Axis(StrEnum):
    """By which time the past is asked for: that of what happened, or that of its record."""

    HAPPENED = "happened"
    KNOWN = "known"


class NotWhole(Exception):  # noqa: N818 - it names what is wrong
    """The past is not written so far yet; `until` says how far it is, None where it was not once."""

    def __init__(self, until: datetime | None) -> None:
        super().__init__(f"the past is whole up to {until.isoformat() if until else 'no instant yet'}")
        self.until = until


@dataclass(frozen=True, slots=True)
class Debt:
    """A limit that the unit had in an order (UTC); `late` where it had passed, `paused` while nothing was used up."""

    key: str
    kind: str
    due_at: datetime
    first_due_at: datetime
    late: bool
    paused: bool


@dataclass(frozen=True, slots=True)
class PastTask:
    """An entry of an inbox as it stood; the names are those of `store.inbox.Task`. `title` is sealed."""

    kind: str
    order_id: str
    subject: str
    role: str
    status: str
    since: datetime
    due_at: datetime | None
    absent: bool
    designated: bool
    auto_signed: bool
    title: str
    category: str
    order_class: str
    state: str
    province: str
    level: int
    colour: str
    overdue: bool
    round: int
    lead: str
    registered_at: datetime
    owed: tuple[Debt, ...]


@dataclass(frozen=True, slots=True)
class PastInbox:
    """Some tasks, the most urgent first; `total` is how many there were, `next` the cursor of the next page, or ''."""

    items: tuple[PastTask, ...]
    total: int
    next: str


def reached(session: Session, *instants: datetime) -> Progress:
    """How far the past is written; raises NotWhole where one of the instants lies beyond."""
    so_far = progress(session)
    if so_far.whole_until is None or any(at > so_far.whole_until for at in instants):
        raise NotWhole(so_far.whole_until)
    return so_far


_WHOLE = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
"""Ways of the planner that read tables whole.

It takes them for the better ones, since it does not know that what is open lasts for days and what has ended for ever.
"""
_FROM = text(
    "SELECT set_config('search_path', :path, true), set_config('whistle.then', :at, true),"
    " set_config('whistle.before', :before, true)," + ", ".join(f"set_config('{way}', :whole, true)" for way in _WHOLE)
)


@contextmanager
def then(session: Session, at: datetime, axis: Axis, *, before: datetime | None = None) -> Iterator[None]:
    """Inside the block the session reads the lists' tables as they were; for the rest of its transaction at most.

    With `before` the table `orders_before` shows the orders at that instant.
    """
    instants = {"at": at.isoformat(), "before": (before or at).isoformat()}
    session.execute(_FROM, {"path": f"{axis}, public", "whole": "off", **instants})
    yield
    session.execute(_FROM, {"path": "public", "whole": "on", **instants})


def board(session: Session, scope: Scope, days: int, at: datetime, axis: Axis = Axis.HAPPENED) -> Wall:
    """The wall of a place as it stood; in a session of the system, within a transaction."""
    with then(session, at, axis):
        return wall(session, scope, days, at)


TASKS = f"""
    SELECT 'assignment' AS kind, order_id, id AS subject, role, status, dispatched_at AS since, due_at,
           false AS absent, designated, auto_signed
    FROM assignments WHERE {UNIT} @> hashtext(:unit)::bigint AND unit = :unit AND NOT rehearsal
    UNION ALL
    SELECT 'whistle', order_id, whistle, 'summoned', status, summoned_at, due_at, absent, false, false
    FROM attendances WHERE {UNIT} @> hashtext(:unit)::bigint AND unit = :unit AND NOT rehearsal
"""  # nosec B608  # constants of this file
"""The tasks of a unit, where the session reads from an instant."""

_PAGE = text(
    f"""
    WITH tasks AS MATERIALIZED ({TASKS}),
    page AS (
        SELECT * FROM tasks
        WHERE CAST(:after_due AS timestamptz) IS NULL
           OR (due_at, order_id, subject) > (CAST(:after_due AS timestamptz), :after_order, :after_subject)
        ORDER BY due_at, order_id, subject LIMIT :most
    )
    SELECT page.*, (SELECT count(*) FROM tasks) AS total, kept.title, o.category, o.order_class, o.state, o.province,
           o.level, o.colour, o.overdue, o.round, o.lead_unit AS lead, o.registered_at, owed.debts
    FROM page
    JOIN orders o ON o.order_id = page.order_id
    JOIN public.orders kept ON kept.order_id = page.order_id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(ARRAY[key, kind, status, due_at::text, first_due_at::text] ORDER BY due_at, key),
                        '{{}}') AS debts
        FROM deadlines d
        WHERE d.order_id = page.order_id AND d.unit = :unit AND d.ended_at IS NULL
          AND d.status IN ('running', 'breached', 'paused')
          AND split_part(split_part(d.key, '/', 2), '.', 1) = page.subject
    ) owed
    ORDER BY page.due_at, page.order_id, page.subject
    """  # nosec B608  # constants of this file
)


def inbox(
    session: Session, unit: str, at: datetime, axis: Axis = Axis.HAPPENED, *, cursor: str = "", limit: int = 50
) -> PastInbox:
    """A page of the unit's inbox as it stood; in a session of the system, within a transaction; raises BadCursor."""
    size = max(1, min(limit, MOST_TASKS))
    after = cursors.read(cursor, _LISTING, tuple[datetime, str, str]) if cursor else (None, "", "")
    bound = dict(zip(("after_due", "after_order", "after_subject"), after, strict=True))
    with then(session, at, axis):
        rows = session.execute(_PAGE, {"unit": unit, "most": size + 1, **bound}).all()
    items = tuple(_task(row) for row in rows[:size])
    total = rows[0].total if rows else 0
    if len(rows) <= size:
        return PastInbox(items, total, "")
    last = rows[size - 1]
    return PastInbox(items, total, cursors.make(_LISTING, [last.due_at, last.order_id, last.subject]))


def _task(row: Any) -> PastTask:
    found = {name: row._mapping[name] for name in PastTask.__dataclass_fields__ if name not in ("due_at", "owed")}
    debts = tuple(
        Debt(
            key,
            kind,
            datetime.fromisoformat(due),
            datetime.fromisoformat(first),
            late=status == "breached",
            paused=status == "paused",
        )
        for key, kind, status, due, first in row.debts
    )
    return PastTask(**found, due_at=None if row.due_at == NEVER else row.due_at, owed=debts)
