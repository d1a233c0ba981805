"""Reports of replays: begun, moved on portion by portion, ended; and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Double, cast, extract, func, insert, or_, select, update
from sqlalchemy.orm import Session

from store import locks, log
from store.history_tables import histories, replay_findings, replay_reports
from store.locks import Lock
from store.log_tables import leaves
from store.tables import events, orders

NIGHTLY, ASKED = "nightly", "asked"
"""Why a replay was made."""
RULES, ENGINE, DONE = "rules", "engine", "done"
"""The stages of one, in this order."""


@dataclass(frozen=True, slots=True)
class Report:
    """One replay of many orders: what it covers, how far it has come, and how much it found.

    `age` is how many seconds ago it was begun, `after` the last order (run) that was done in its stage.
    """

    id: int
    kind: str
    since: datetime | None
    until: datetime
    stage: str
    after: str
    orders: int
    events: int
    runs: int
    findings: int
    since_position: int | None
    position: int
    begun_at: datetime
    moved_at: datetime
    ended_at: datetime | None
    age: float


@dataclass(frozen=True, slots=True)
class Kept:
    """One finding as it is kept: the fields of `audit.replay_finding.Finding`."""

    order_id: str
    part: str
    run: str
    seq: int
    field: str
    recorded: str
    recomputed: str


@dataclass(frozen=True, slots=True)
class Portion:
    """What one step of a replay did: how many of each, and what it found."""

    after: str
    orders: int = 0
    events: int = 0
    runs: int = 0
    findings: tuple[Kept, ...] = ()


def lock(session: Session) -> bool:
    """Hold the nightly replay as long as this session's connection lives; False while another has it."""
    return locks.keep(session, Lock.NIGHTLY_REPLAY)


def begin(session: Session, kind: str, before: Report | None) -> Report:
    """Begin a report over what is open now, and what moved since the one before; without that over everything."""
    row: dict[str, object] = {"kind": kind, "stage": RULES, "orders": 0, "events": 0, "runs": 0, "findings": 0}
    row |= {"since": before.until, "since_position": before.position} if before else {}
    row["position"] = log.size(session)
    made = insert(replay_reports).values(**row, until=func.clock_timestamp()).returning(replay_reports.c.id)
    return of(session, session.execute(made).scalar_one())


def advance(session: Session, report: Report, portion: Portion) -> Report:
    """Keep what a portion found together with how far the report has come: after a kill neither is done twice."""
    r = replay_reports.c
    for number, found in enumerate(portion.findings, start=report.findings + 1):
        row = {name: getattr(found, name) for name in found.__slots__}
        session.execute(insert(replay_findings).values(report=report.id, number=number, **row))
    session.execute(
        update(replay_reports)
        .where(r.id == report.id)
        .values(
            after=portion.after,
            orders=r.orders + portion.orders,
            events=r.events + portion.events,
            runs=r.runs + portion.runs,
            findings=r.findings + len(portion.findings),
            moved_at=func.clock_timestamp(),
        )
    )
    return of(session, report.id)


def stage(session: Session, report: Report, name: str) -> Report:
    """Enter the next stage from its beginning; `DONE` ends the report."""
    values = {"stage": name, "after": "", "moved_at": func.clock_timestamp()}
    ended = {"ended_at": func.clock_timestamp()} if name == DONE else {}
    session.execute(update(replay_reports).where(replay_reports.c.id == report.id).values(**values, **ended))
    return of(session, report.id)


def of(session: Session, report: int) -> Report:
    """The report of that number; raises NoResultFound."""
    return Report(**session.execute(_REPORTS.where(replay_reports.c.id == report)).one()._mapping)


def find(session: Session, report: int) -> Report | None:
    """The report of that number; None without one."""
    row = session.execute(_REPORTS.where(replay_reports.c.id == report)).one_or_none()
    return None if row is None else Report(**row._mapping)


def newest(session: Session, limit: int = 20, kind: str = "", *, ended: bool = False) -> list[Report]:
    """The latest reports, the youngest first: of a kind, and only those that have ended, where that is asked."""
    wanted = _REPORTS.order_by(replay_reports.c.id.desc()).limit(limit)
    if kind:
        wanted = wanted.where(replay_reports.c.kind == kind)
    if ended:
        wanted = wanted.where(replay_reports.c.ended_at.is_not(None))
    return [Report(**row._mapping) for row in session.execute(wanted)]


def findings(session: Session, report: int, limit: int = 500) -> list[Kept]:
    """What a report found, in the order in which it did."""
    f = replay_findings.c
    columns = (f.order_id, f.part, f.run, f.seq, f.field, f.recorded, f.recomputed)
    wanted = select(*columns).where(f.report == report).order_by(f.number).limit(limit)
    return [Kept(**row._mapping) for row in session.execute(wanted)]


def begun_by(session: Session, instant: datetime) -> bool:
    """Whether there was an order by then that is to be replayed."""
    o = orders.c
    first = select(o.order_id).where(o.rehearsal.is_(False), o.registered_at < instant).limit(1)
    return session.scalar(first) is not None


def concerned(
    session: Session, after: str, limit: int, since: datetime | None = None, position: int | None = None
) -> Sequence[str]:
    """Orders by number from the one after `after`: those open, and those that moved, all of them where nothing is said.

    An order moved when its last event was recorded after `since`, or has its place in the log at `position` or behind;
    its own time tells nothing, for what time does to an order may be written down late.
    """
    o, e, at = orders.c, events.c, leaves.c
    wanted = select(o.order_id).where(o.order_id > after).order_by(o.order_id).limit(limit)
    if position is not None:
        last = select(at.position).where(at.order_id == o.order_id).order_by(at.seq.desc()).limit(1)
        wanted = wanted.where(or_(o.over.is_(False), last.scalar_subquery() >= position))
    elif since is not None:
        recorded = select(e.recorded_at).where(e.order_id == o.order_id).order_by(e.seq.desc()).limit(1)
        wanted = wanted.where(or_(o.over.is_(False), recorded.scalar_subquery() > since))
    return session.scalars(wanted).all()


def archived(
    session: Session, after: str, limit: int, since: datetime | None, until: datetime
) -> list[tuple[str, str]]:
    """Runs that were archived in that time, by their id: run and order."""
    h = histories.c
    wanted = select(h.run_id, h.order_id).where(h.run_id > after, h.archived_at <= until)
    if since is not None:
        wanted = wanted.where(h.archived_at > since)
    return [(row.run_id, row.order_id) for row in session.execute(wanted.order_by(h.run_id).limit(limit))]


_REPORTS = select(
    *replay_reports.columns,
    cast(extract("epoch", func.clock_timestamp() - replay_reports.c.begun_at), Double).label("age"),
)
