"""What the sweeper found: each overdue mark once, however many sweepers look, and what became of it.

A mark (`order_id`, `next_at`) is *taken* by writing its row, and taken again only when it has stayed overdue for a
while: `UNSETTLED` after a try whose outcome nobody wrote down (the engine was silent, the sweeper died), `UNHEEDED`
after one that seemed to go well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session

from store.tables import sweeps

TOLERANCE = 10.0
"""Seconds that a mark may be overdue before it counts as missed, and late before the operator's report names it: under
load a timer may ring and be recorded late."""
UNSETTLED = timedelta(seconds=30)
"""After so long a try without an outcome counts as failed."""
UNHEEDED = timedelta(seconds=60)
"""After so long an order that was woken should have recorded its mark."""


@dataclass(frozen=True, slots=True)
class Slip:
    """An overdue mark that is the caller's to see to: how late it was when first found, and which try this is."""

    order_id: str
    next_at: datetime
    late_seconds: float
    tries: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What the sweeper did in some span of time: marks by outcome ('' while none is known), and how late the latest."""

    outcomes: dict[str, int]
    tries: int
    latest: float


_AGAIN = (
    "clock_timestamp() - CASE WHEN {0}.settled_at IS NULL"
    f" THEN interval '{UNSETTLED.total_seconds():.0f} s' ELSE interval '{UNHEEDED.total_seconds():.0f} s' END"
)
_TAKE = text(
    f"""
    WITH late AS (
        SELECT o.order_id, o.next_at FROM orders o
        LEFT JOIN sweeps s ON s.order_id = o.order_id AND s.next_at = o.next_at
        WHERE o.next_at < clock_timestamp() - make_interval(secs => :tolerance) AND NOT o.rehearsal
          AND (s.order_id IS NULL OR s.tried_at < {_AGAIN.format("s")})
        ORDER BY o.next_at, o.order_id LIMIT :most
    )
    INSERT INTO sweeps (order_id, next_at, late_seconds)
    SELECT order_id, next_at, extract(epoch FROM clock_timestamp() - next_at) FROM late
    ON CONFLICT (order_id, next_at) DO UPDATE
        SET tries = sweeps.tries + 1, tried_at = clock_timestamp(), settled_at = NULL
        WHERE sweeps.tried_at < {_AGAIN.format("sweeps")}
    RETURNING order_id, next_at, late_seconds, tries
    """  # nosec B608  # constants of this file
)
_SETTLE = (
    update(sweeps)
    .where(sweeps.c.order_id == bindparam("order"), sweeps.c.next_at == bindparam("mark"))
    .values(outcome=bindparam("said"), settled_at=func.clock_timestamp())
)
_FAIL = (
    update(sweeps)
    .where(sweeps.c.order_id == bindparam("order"), sweeps.c.next_at == bindparam("mark"))
    .values(outcome=bindparam("said"))
)


def take(session: Session, tolerance: float, most: int) -> list[Slip]:
    """Real orders whose next mark is overdue by more than `tolerance` seconds, the most overdue first; one statement.

    They are this caller's: another gets none of them before `UNSETTLED` has passed.
    """
    found = session.execute(_TAKE, {"tolerance": tolerance, "most": most})
    return sorted((Slip(*row) for row in found), key=lambda slip: (slip.next_at, slip.order_id))


def settle(session: Session, slip: Slip, outcome: str) -> None:
    """Write down what was done about it; one statement."""
    session.execute(_SETTLE, {"order": slip.order_id, "mark": slip.next_at, "said": outcome})


def fail(session: Session, slip: Slip, why: str) -> None:
    """Write down that nothing could be done yet; it comes up again by itself. One statement."""
    session.execute(_FAIL, {"order": slip.order_id, "mark": slip.next_at, "said": why})


def swept(session: Session, since: datetime) -> Swept:
    """What was found since then (UTC)."""
    s = sweeps.c
    rows = session.execute(
        select(s.outcome, func.count(), func.sum(s.tries), func.max(s.late_seconds))
        .where(s.found_at >= since)
        .group_by(s.outcome)
        .order_by(s.outcome)
    ).all()
    return Swept(
        outcomes={row[0]: row[1] for row in rows},
        tries=sum(row[2] for row in rows),
        latest=max((row[3] for row in rows), default=0.0),
    )
