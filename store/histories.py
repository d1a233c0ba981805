"""The archive of the engine's histories: kept run by run, found again by order, and how far it has come."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Double, Row, cast, exists, extract, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from store.history_tables import archive_marks, histories
from store.tables import orders

LEVEL = 6
"""How hard zlib tries: sealed payloads hardly shrink, what stands around them does."""

COMPLETED = "completed"
"""The status of a run that came to its own end; an order that is over has one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One run that has ended: the engine's bytes (a protobuf `History`), and what its first and last event say."""

    run_id: str
    order_id: str
    rehearsal: bool
    status: str
    continues: str
    started_at: datetime
    closed_at: datetime
    events: int
    content: bytes
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Archived:
    """A kept run; `content` is the engine's bytes again, and `whole` whether they still have their hash."""

    run_id: str
    order_id: str
    rehearsal: bool
    status: str
    continues: str
    started_at: datetime
    closed_at: datetime
    events: int
    content: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a namespace is archived, how many seconds ago that was, and how long the engine keeps ended runs."""

    namespace: str
    until: datetime
    lag: float
    retention: float


def keep(session: Session, ended: Ended) -> bool:
    """Archive a run; False when it is there already."""
    row = {
        **{name: getattr(ended, name) for name in ended.__slots__},
        "content": zlib.compress(ended.content, LEVEL),
        "sha256": hashlib.sha256(ended.content).hexdigest(),
        "keys": list(ended.keys),
    }
    made = insert(histories).values(row).on_conflict_do_nothing().returning(histories.c.run_id)
    return session.execute(made).one_or_none() is not None


def missing(session: Session, run_ids: Sequence[str]) -> list[str]:
    """Those of these runs that are not archived, in their order."""
    there = set(session.scalars(select(histories.c.run_id).where(histories.c.run_id.in_(list(run_ids)))))
    return [run_id for run_id in run_ids if run_id not in there]


def lacking(session: Session, run_ids: Sequence[str]) -> dict[str, str]:
    """Of these runs those that continue one which is not archived, and which that is."""
    h, earlier = histories.c, histories.alias("earlier")
    there = exists().where(earlier.c.run_id == h.continues)
    wanted = select(h.run_id, h.continues).where(h.run_id.in_(list(run_ids)), h.continues != "", ~there)
    return {row.run_id: row.continues for row in session.execute(wanted)}


def of_order(session: Session, order_id: str) -> list[Archived]:
    """The archived runs of an order, the first first."""
    wanted = select(histories).where(histories.c.order_id == order_id)
    return [_archived(row) for row in session.execute(wanted.order_by(histories.c.started_at, histories.c.run_id))]


def mark(session: Session, namespace: str, until: datetime, retention: float) -> None:
    """Write down that every run that ended before then is archived; it never goes back."""
    made = insert(archive_marks).values(namespace=namespace, until=until, retention_seconds=int(retention))
    given, old = made.excluded, archive_marks.c
    session.execute(
        made.on_conflict_do_update(
            index_elements=[old.namespace],
            set_={
                "until": func.greatest(old.until, given.until),
                "retention_seconds": given.retention_seconds,
                "seen_at": func.clock_timestamp(),
            },
        )
    )


def progress(session: Session) -> dict[str, Progress]:
    """How far each namespace is archived."""
    m = archive_marks.c
    lag = cast(extract("epoch", func.clock_timestamp() - m.until), Double)
    rows = session.execute(select(m.namespace, m.until, lag.label("lag"), m.retention_seconds))
    return {
        row.namespace: Progress(row.namespace, row.until, max(0.0, row.lag), float(row.retention_seconds))
        for row in rows
    }


def unarchived(session: Session, quiet: float, kept: float, after: str, limit: int) -> list[str]:
    """Orders that are over and of which no run that came to its end is archived, by number, from the one after `after`.

    They ended more than `quiet` and less than `kept` seconds ago, so that the engine may still have what is missing.
    """
    o = orders.c
    there = exists().where(histories.c.order_id == o.order_id, histories.c.status == COMPLETED)
    between = o.updated_at.between(_ago(kept), _ago(quiet))
    wanted = select(o.order_id).where(o.over, between, ~there, o.order_id > after)
    return list(session.scalars(wanted.order_by(o.order_id).limit(limit)))


def sealed_with(session: Session, key_id: str) -> int:
    """How many archived runs can be opened with that engine key alone."""
    uses = histories.c["keys"].contains([key_id])  # `c.keys` is a method
    found: int | None = session.scalar(select(func.count()).select_from(histories).where(uses))
    return int(found or 0)


def _ago(seconds: float) -> ColumnElement[object]:
    return func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _archived(row: Row[Any]) -> Archived:
    try:
        content = zlib.decompress(row.content)
    except zlib.error:
        content = b""
    whole = hashlib.sha256(content).hexdigest() == row.sha256
    return Archived(
        run_id=row.run_id,
        order_id=row.order_id,
        rehearsal=row.rehearsal,
        status=row.status,
        continues=row.continues,
        started_at=row.started_at,
        closed_at=row.closed_at,
        events=row.events,
        content=content,
        whole=whole,
    )
