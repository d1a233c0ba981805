"""When each watcher last did its work: one row a watcher, by which readiness is judged and turns are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Double, cast, extract, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from store import log
from store.tables import notices, orders, pulses

CANARY = "canary"
SWEEPER = "sweeper"
RECONCILER = "reconciler"
POSTMAN = "postman"
LOST = "lost"
NOTARY = "notary"
ARCHIVIST = "archivist"


@dataclass(frozen=True, slots=True)
class Ages:
    """How the system keeps up, in seconds: the watchers heard, the oldest letter and the oldest mark that wait.

    `outbox` is the age of the oldest letter that is not sent yet, `projection` how long the oldest mark that is due has
    waited to be recorded, `log` how long the oldest event has waited for a checkpoint; 0 where nothing waits.
    """

    heard: dict[str, Pulse]
    outbox: float
    projection: float
    log: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """A watcher's last sign of life: how many seconds ago, and what it said."""

    age: float
    detail: str


def beat(session: Session, name: str, detail: str = "", at: datetime | None = None) -> None:
    """Write down that this watcher has just done its work, or did it `at` (UTC); one statement."""
    when = func.clock_timestamp() if at is None else func.least(func.clock_timestamp(), at)
    made = insert(pulses).values(name=name, at=when, detail=detail)
    given = made.excluded
    session.execute(
        made.on_conflict_do_update(
            index_elements=[pulses.c.name],
            set_={"at": given.at, "detail": given.detail},
            where=pulses.c.at < given.at,  # one that was held up does not turn the clock back
        )
    )


def take_turn(session: Session, name: str, every_seconds: float, detail: str = "") -> bool:
    """Whether the work of this name is the caller's now: nobody has begun it for so long. One statement.

    Of several who ask at once one is told yes.
    """
    made = insert(pulses).values(name=name, at=func.clock_timestamp(), detail=detail)
    taken = made.on_conflict_do_update(
        index_elements=[pulses.c.name],
        set_={"at": made.excluded.at, "detail": made.excluded.detail},
        where=pulses.c.at <= _ago(every_seconds),
    )
    return session.execute(taken.returning(pulses.c.name)).one_or_none() is not None


def all_of(session: Session) -> dict[str, Pulse]:
    """Every watcher that has ever given a sign of life, by name."""
    found = session.execute(select(pulses.c.name, _since(pulses.c.at), pulses.c.detail))
    return {name: Pulse(max(0.0, seconds), detail) for name, seconds, detail in found}


def ages(session: Session) -> Ages:
    """How the system keeps up now."""
    letter = select(_since(func.min(notices.c.created_at))).where(notices.c.state.in_(("queued", "retry")))
    mark = select(_since(func.min(orders.c.next_at))).where(
        orders.c.next_at < func.clock_timestamp(), orders.c.rehearsal.is_(False)
    )
    return Ages(
        heard=all_of(session),
        outbox=max(0.0, session.scalar(letter) or 0.0),
        projection=max(0.0, session.scalar(mark) or 0.0),
        log=log.lag(session).unsigned,
    )


def _since(at: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(extract("epoch", func.clock_timestamp() - at), Double)


def _ago(seconds: float) -> ColumnElement[object]:
    return func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
