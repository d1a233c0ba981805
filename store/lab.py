"""The lab's own rows: what was asked, how far it has come, what it found; and policies that run in the shadow."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upserting
from sqlalchemy.orm import Session

from store import locks, log
from store.lab_tables import lab_orders, lab_runs, lab_shadow_orders, lab_shadows
from store.locks import Lock
from store.log_tables import leaves
from store.tables import orders

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
UNFINISHED = (WAITING, RUNNING)
ATTEMPTS = 3
"""A run whose process died so often is said to have died."""
KEPT = 50
"""Runs that are kept; older ones go with what they found."""
MOST_WAITING = 10
"""Runs that may wait at once."""
ALL_IN = "*"
"""All orders that were open when a shadow was started have been taken in."""

_R, _S, _SO = lab_runs.c, lab_shadows.c, lab_shadow_orders.c


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands; `question` and `report` are JSON, the report '' until it is done."""

    id: str
    kind: str
    asked_by: str
    role: str
    asked_at: datetime
    policy: str
    digest: str
    question: str
    state: str
    total: int
    done: int
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    cancelled_by: str
    error: str
    report: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """A policy that runs, or ran, beside the live one; `position` is the log's next that it has not seen."""

    id: str
    policy: str
    digest: str
    question: str
    started_by: str
    role: str
    started_at: datetime
    stopped_by: str
    stopped_at: datetime | None
    position: int
    behind: str
    beat_at: datetime | None
    error: str


_RUN = tuple(_R[name] for name in Run.__dataclass_fields__)
_SHADOW = tuple(_S[name] for name in Shadow.__dataclass_fields__)


def new_id() -> str:
    """A new number for a run or a shadow."""
    return secrets.token_hex(6)


# --- runs -----------------------------------------------------------------------------------------------------------


def ask(session: Session, kind: str, by: str, role: str, policy: str, digest: str, question: str) -> Run | None:
    """Have a run wait for its turn; None when too many wait. Runs beyond the last `KEPT` go."""
    waiting = session.scalar(select(func.count()).select_from(lab_runs).where(_R.state.in_(UNFINISHED))) or 0
    if waiting >= MOST_WAITING:
        return None
    old = select(_R.id).where(_R.state.not_in(UNFINISHED)).order_by(_R.asked_at.desc()).offset(KEPT)
    gone = list(session.scalars(old))
    if gone:
        session.execute(delete(lab_orders).where(lab_orders.c.run_id.in_(gone)))
        session.execute(delete(lab_runs).where(_R.id.in_(gone)))
    adding = insert(lab_runs).values(
        id=new_id(), kind=kind, asked_by=by, role=role, policy=policy, digest=digest, question=question
    )
    return Run(*session.execute(adding.returning(*_RUN)).one())


def run(session: Session, run_id: str) -> Run | None:
    """A run."""
    row = session.execute(select(*_RUN).where(_R.id == run_id)).one_or_none()
    return None if row is None else Run(*row)


def runs(session: Session) -> list[Run]:
    """The runs that are kept, the newest first."""
    return [Run(*row) for row in session.execute(select(*_RUN).order_by(_R.asked_at.desc(), _R.id).limit(KEPT * 2))]


def take(session: Session) -> Run | None:
    """The run whose turn it is, begun by this; one that runs is one whose process died, and begins anew.

    Whoever calls holds the lab's lock. A run that has died too often is said to have died.
    """
    session.execute(
        update(lab_runs)
        .where(_R.state == RUNNING, _R.attempts >= ATTEMPTS)
        .values(state=FAILED, error="died", ended_at=func.clock_timestamp())
    )
    found = session.scalar(select(_R.id).where(_R.state.in_(UNFINISHED)).order_by(_R.asked_at, _R.id).limit(1))
    if found is None:
        return None
    session.execute(delete(lab_orders).where(lab_orders.c.run_id == found))
    beginning = update(lab_runs).where(_R.id == found, _R.state.in_(UNFINISHED))
    changed = beginning.values(
        state=RUNNING,
        attempts=_R.attempts + 1,
        done=0,
        started_at=func.clock_timestamp(),
        beat_at=func.clock_timestamp(),
    )
    row = session.execute(changed.returning(*_RUN)).one_or_none()
    return None if row is None else Run(*row)


def go_on(session: Session, run_id: str, total: int, done: int, rows: Sequence[tuple[int, str, str]]) -> bool:
    """Note how far it has come and keep what differed (position, order, content); False when it was cancelled."""
    moving = update(lab_runs).where(_R.id == run_id, _R.state == RUNNING)
    changed = moving.values(total=total, done=done, beat_at=func.clock_timestamp()).returning(_R.id)
    if session.execute(changed).one_or_none() is None:
        return False
    if rows:
        names = ("run_id", "position", "order_id", "content")
        session.execute(insert(lab_orders), [dict(zip(names, (run_id, *row), strict=True)) for row in rows])
    return True


def end(session: Session, run_id: str, state: str, *, report: str = "", error: str = "") -> None:
    """Close a run that is still running."""
    session.execute(
        update(lab_runs)
        .where(_R.id == run_id, _R.state == RUNNING)
        .values(state=state, report=report, error=error, ended_at=func.clock_timestamp())
    )


def give_back(session: Session, run_id: str) -> None:
    """Have a run wait again whose process is told to stop: that is no death."""
    session.execute(
        update(lab_runs)
        .where(_R.id == run_id, _R.state == RUNNING)
        .values(state=WAITING, attempts=func.greatest(_R.attempts - 1, 0))
    )


def cancel(session: Session, run_id: str, by: str) -> Run | None:
    """Have somebody stop a run that has not ended; None for an unknown one. What it had found stays."""
    stopping = update(lab_runs).where(_R.id == run_id, _R.state.in_(UNFINISHED))
    session.execute(stopping.values(state=CANCELLED, cancelled_by=by, ended_at=func.clock_timestamp()))
    return run(session, run_id)


def found(session: Session, run_id: str, after: int, limit: int) -> list[tuple[int, str]]:
    """The orders of a run that differ, after a position: position and content (JSON)."""
    o = lab_orders.c
    asked = select(o.position, o.content).where(o.run_id == run_id, o.position > after)
    return [(row.position, row.content) for row in session.execute(asked.order_by(o.position).limit(limit))]


def is_wanted(session: Session) -> bool:
    """Whether there is anything for the lab to do: a run that has not ended, or a shadow that runs."""
    waits = select(_R.id).where(_R.state.in_(UNFINISHED)).exists()
    follows = select(_S.id).where(_S.stopped_at.is_(None)).exists()
    return bool(session.scalar(select(or_(waits, follows))))


# --- shadows --------------------------------------------------------------------------------------------------------


def begin_shadow(session: Session, by: str, role: str, policy: str, digest: str, question: str) -> Shadow | None:
    """Have a policy run beside the live one from here on; None when another one does.

    What the shadow before it kept of single orders goes.
    """
    locks.wait(session, Lock.SHADOW_BEGINS)
    if session.scalar(select(_S.id).where(_S.stopped_at.is_(None)).limit(1)) is not None:
        return None
    session.execute(delete(lab_shadow_orders))
    here = session.scalar(select(func.coalesce(func.max(leaves.c.position), -1) + 1)) or 0
    adding = insert(lab_shadows).values(
        id=new_id(), started_by=by, role=role, policy=policy, digest=digest, question=question, position=here
    )
    return Shadow(*session.execute(adding.returning(*_SHADOW)).one())


def stop_shadow(session: Session, shadow_id: str, by: str) -> Shadow | None:
    """Have it stop, once; None for an unknown one. What it found stays until another one is started."""
    stopping = update(lab_shadows).where(_S.id == shadow_id, _S.stopped_at.is_(None))
    session.execute(stopping.values(stopped_at=func.clock_timestamp(), stopped_by=by))
    return shadow(session, shadow_id)


def shadow(session: Session, shadow_id: str) -> Shadow | None:
    """A shadow."""
    row = session.execute(select(*_SHADOW).where(_S.id == shadow_id)).one_or_none()
    return None if row is None else Shadow(*row)


def shadows(session: Session) -> list[Shadow]:
    """All shadows, the newest first."""
    return [Shadow(*row) for row in session.execute(select(*_SHADOW).order_by(_S.started_at.desc()).limit(KEPT))]


def running_shadow(session: Session) -> Shadow | None:
    """The one that runs."""
    row = session.execute(select(*_SHADOW).where(_S.stopped_at.is_(None)).limit(1)).one_or_none()
    return None if row is None else Shadow(*row)


@dataclass(frozen=True, slots=True)
class Due:
    """Orders that a shadow is to look at, and where it then stands in the log and among those that were open."""

    numbers: tuple[str, ...]
    position: int
    behind: str


def to_look_at(session: Session, one: Shadow, now: datetime, most: int) -> Due:
    """What was recorded since, what was open at the start, and what time would have moved by now, `most` of each."""
    new = log.after(session, one.position - 1, most)  # a shadow keeps the first position that it has not seen
    numbers = dict.fromkeys(row.order_id for row in new)
    behind = one.behind
    if behind != ALL_IN:
        o = orders.c
        running = select(o.order_id).where(~o.over, ~o.rehearsal, o.order_id > behind)
        old = list(session.scalars(running.order_by(o.order_id).limit(most)))
        numbers |= dict.fromkeys(old)
        behind = old[-1] if len(old) == most else ALL_IN
    fell_due = select(_SO.order_id).where(_SO.shadow_id == one.id, _SO.next_at <= now).order_by(_SO.next_at)
    numbers |= dict.fromkeys(session.scalars(fell_due.limit(most)))
    real = session.scalars(select(orders.c.order_id).where(orders.c.order_id.in_(list(numbers)), ~orders.c.rehearsal))
    return Due(tuple(sorted(real)), new[-1].position + 1 if new else one.position, behind)


def keep_shadow(session: Session, one: Shadow, due: Due, rows: Sequence[dict[str, Any]]) -> bool:
    """Keep what was found of these orders, and where the shadow stands; False when it was stopped meanwhile."""
    moving = update(lab_shadows).where(_S.id == one.id, _S.stopped_at.is_(None))
    changed = moving.values(position=due.position, behind=due.behind, beat_at=func.clock_timestamp(), error="")
    if session.execute(changed.returning(_S.id)).one_or_none() is None:
        return False
    if rows:
        adding = upserting(lab_shadow_orders)
        keys = ("shadow_id", "order_id")
        sets = {column.name: adding.excluded[column.name] for column in _SO if column.name not in keys}
        session.execute(adding.on_conflict_do_update(index_elements=keys, set_=sets), list(rows))
    return True


def fault_shadow(session: Session, shadow_id: str, error: str) -> None:
    """Write down what a shadow stumbles over."""
    session.execute(update(lab_shadows).where(_S.id == shadow_id).values(error=error[:500]))


def shadow_sums(session: Session, shadow_id: str) -> dict[str, int]:
    """What the shadow would have made of all its orders, summed up."""
    sides = [
        func.coalesce(func.sum(_SO[f"{name}_{side}"]), 0).label(f"{name}_{side}")
        for name in ("breaches", "escalations", "notices")
        for side in ("was", "would")
    ]
    breached = [
        func.count().filter(_SO[f"breaches_{side}"] > 0).label(f"breached_orders_{side}") for side in ("was", "would")
    ]
    raised = [func.count().filter(_SO[f"level_{side}"] > 0).label(f"raised_orders_{side}") for side in ("was", "would")]
    asked = select(
        func.count().label("orders"),
        func.count().filter(_SO.differs).label("differ"),
        func.count().filter(_SO.whole).label("whole"),
        func.count().filter(_SO.reason != "").label("unplayable"),
        func.count().filter(and_(_SO.breaches_would > 0, _SO.breaches_was == 0)).label("newly_breached"),
        func.count().filter(_SO.due_moved_hours < 0).label("due_earlier"),
        func.count().filter(_SO.due_moved_hours > 0).label("due_later"),
        *breached,
        *raised,
        *sides,
    )
    return dict(session.execute(asked.where(_SO.shadow_id == shadow_id)).one()._mapping)


def shadow_orders(session: Session, shadow_id: str, after: str, limit: int) -> list[tuple[str, str]]:
    """The orders that differ in the shadow, by number: number and content (JSON)."""
    asked = select(_SO.order_id, _SO.content).where(_SO.shadow_id == shadow_id, _SO.differs, _SO.order_id > after)
    return [(row.order_id, row.content) for row in session.execute(asked.order_by(_SO.order_id).limit(limit))]
