"""How punctual the clocks are: what the marks that time fired say, counted by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from store.tables import firings

ALL = ""
"""The kind under which all kinds are counted together."""
WORST = 20
"""How many of the latest marks are named one by one."""

_PERCENTILES = (0.5, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late the marks of one kind of clock fired, in seconds; `over` those beyond the tolerance.

    `early` must be 0: a mark never fires before it is due.
    """

    kind: str
    count: int
    p50: float
    p90: float
    p99: float
    max: float
    early: int
    over: int


@dataclass(frozen=True, slots=True)
class Late:
    """One mark that fired late; instants are UTC."""

    order_id: str
    seq: int
    key: str
    change: str
    due_at: datetime
    fired_at: datetime
    late_seconds: float


def lateness(session: Session, since: datetime, kind: str, tolerance: float) -> list[Lateness]:
    """The marks of real orders that fired since then (UTC), all together and by kind; with `kind` that one alone."""
    f = firings.c
    late = f.late_seconds
    measures = (
        func.count().label("count"),
        *(func.percentile_cont(share).within_group(late) for share in _PERCENTILES),
        func.max(late),
        func.count().filter(late < 0),
        func.count().filter(late > tolerance),
    )
    wanted = [f.rehearsal.is_(False), f.fired_at >= since, *([f.kind == kind] if kind else [])]
    by_kind = select(f.kind.label("kind"), *measures).where(*wanted).group_by(f.kind)
    together = select(literal(ALL).label("kind"), *measures).where(*wanted).having(func.count() > 0)
    rows = session.execute(union_all(together, by_kind).order_by("kind"))
    return [Lateness(*row) for row in rows]


def worst(session: Session, since: datetime, kind: str, tolerance: float) -> list[Late]:
    """The latest of those beyond the tolerance, at most `WORST`."""
    f = firings.c
    wanted = [f.rehearsal.is_(False), f.fired_at >= since, f.late_seconds > tolerance]
    found = (
        select(*(f[name] for name in Late.__dataclass_fields__))
        .where(*wanted, *([f.kind == kind] if kind else []))
        .order_by(f.late_seconds.desc(), f.order_id, f.seq)
        .limit(WORST)
    )
    return [Late(*row) for row in session.execute(found)]
