"""Our own orders as a process: their events, lead units or states in one pass, and where they lay for how long.

The past by lead unit and state comes from `store.span_tables`, so it goes as far as that is written.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit.process.picture import Picture, Step, Times, picture, times
from domain.history_events import BOOKKEEPING
from domain.model import OPEN, OrderClass
from domain.policy import resolve
from store import policies

CHUNK = 5_000
"""Rows that are fetched at once."""


class Activity(StrEnum):
    """What counts as an activity: an event by its type, the lead unit, or the state."""

    EVENT = "event"
    UNIT = "unit"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which orders; what is left empty does not narrow. `start` and `until` (excluded) bound when they came in (UTC).

    `unit` has those that the unit led at any time.
    """

    start: datetime | None = None
    until: datetime | None = None
    province: str = ""
    category: str = ""
    order_class: str = ""
    unit: str = ""
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """Orders that lay with a unit in a state: how often, in how many orders, and for how long each time, in seconds.

    `wall` is elapsed time, `working` what of it was working time by the unit's calendar, `share` its part of all that
    elapsed; `still` lie there now.
    """

    unit: str
    state: str
    orders: int
    still: int
    wall: Times
    working: Times
    share: float


@dataclass(frozen=True, slots=True)
class Process:
    """The picture of a selection of orders, and where they lay longest in all."""

    by: Activity
    picture: Picture
    bottlenecks: tuple[Stay, ...]


_CONDITIONS = """
    o.rehearsal = :rehearsal
    AND (CAST(:start AS timestamptz) IS NULL OR o.registered_at >= :start)
    AND (CAST(:until AS timestamptz) IS NULL OR o.registered_at < :until)
    AND (:province = '' OR o.province = :province)
    AND (:category = '' OR o.category = :category)
    AND (:order_class = '' OR o.order_class = :order_class)
    AND (:unit = '' OR EXISTS (SELECT 1 FROM order_spans s WHERE s.order_id = o.order_id AND s.lead_unit = :unit))
"""
_EVENTS = f"""
    SELECT e.order_id,
           CASE WHEN e.type = 'StepImported' THEN e.data ->> 'activity' ELSE e.type END AS activity,
           CASE WHEN e.type = 'StepImported' THEN CAST(e.data ->> 'at' AS timestamptz) ELSE e.at END AS at,
           coalesce((SELECT s.lead_unit FROM order_spans s WHERE s.order_id = e.order_id AND s.seq <= e.seq
                     ORDER BY s.seq DESC LIMIT 1), '') AS place
    FROM orders o JOIN events e ON e.order_id = o.order_id
    WHERE {_CONDITIONS} AND e.type <> ALL (:bookkeeping) ORDER BY e.order_id, e.seq
"""  # nosec B608  # constants of this file
_STAYS = f"""
    SELECT s.order_id, s.lead_unit, s.state, lower(s.happened) AS since, upper(s.happened) AS until
    FROM orders o JOIN order_spans s ON s.order_id = o.order_id
    WHERE {_CONDITIONS} AND NOT isempty(s.happened) ORDER BY s.order_id, s.seq
"""  # nosec B608  # constants of this file


def process(session: Session, selection: Selection, by: Activity, now: datetime, most_variants: int = 50) -> Process:
    """The picture of these orders; in a session of the system, within a transaction. `now` ends what still lasts."""
    drawn = picture(_steps(session, selection, by), most_variants)
    return Process(by, drawn, bottlenecks(session, selection, now))


def _rows(session: Session, sql: str, selection: Selection, **more: Any) -> Iterator[Any]:
    """The rows as they come, some at a time, whatever their number."""
    bound = {name: getattr(selection, name) for name in Selection.__dataclass_fields__} | more
    options = {"stream_results": True, "yield_per": CHUNK}
    yield from session.connection().execute(text(sql), bound, execution_options=options)


def _steps(session: Session, selection: Selection, by: Activity) -> Iterator[Step]:
    if by is Activity.EVENT:
        for row in _rows(session, _EVENTS, selection, bookkeeping=list(BOOKKEEPING)):
            yield Step(row.order_id, row.activity, row.at, row.place)
        return
    for order_id, lay in groupby(_rows(session, _STAYS, selection), key=lambda row: row.order_id):
        for (unit, state), spans in groupby(lay, key=partial(_what, by)):
            first = next(spans)
            yield Step(order_id, unit if by is Activity.UNIT else state, first.since, unit)


def _what(by: Activity, row: Any) -> tuple[str, str]:
    """What makes a step of a head's rows: another lead unit, or another state."""
    return (row.lead_unit, "") if by is Activity.UNIT else ("", row.state)


@dataclass(slots=True)
class _Lay:
    orders: int = 0
    still: int = 0
    last: str = ""
    wall: array[float] | None = None
    working: array[float] | None = None


def bottlenecks(session: Session, selection: Selection, now: datetime, most: int = 50) -> tuple[Stay, ...]:
    """Where open orders lay, by unit and state, most elapsed time first."""
    worked = _worked(session)
    found: dict[tuple[str, str], _Lay] = defaultdict(lambda: _Lay(wall=array("d"), working=array("d")))
    rows = (row for row in _rows(session, _STAYS, selection) if row.state in OPEN)
    for (order_id, unit, state), spans in groupby(rows, key=lambda row: (row.order_id, row.lead_unit, row.state)):
        lay, every = found[unit, state], list(spans)
        lay.orders += lay.last != order_id
        lay.last = order_id
        lay.still += every[-1].until is None
        assert lay.wall is not None
        assert lay.working is not None
        ends = [(one.since, min(one.until or now, now)) for one in every if one.since <= now]
        lay.wall.append(sum((until - since).total_seconds() for since, until in ends))
        lay.working.append(sum(worked(unit, since, until) for since, until in ends))
    whole = sum(sum(lay.wall or ()) for lay in found.values())
    stays = []
    for (unit, state), lay in found.items():
        wall, working = times(lay.wall or ()), times(lay.working or ())
        assert wall is not None
        assert working is not None
        share = sum(lay.wall or ()) / whole if whole else 0.0
        stays.append(Stay(unit, state, lay.orders, lay.still, wall, working, share))
    return tuple(sorted(stays, key=lambda stay: (-stay.share, stay.unit, stay.state))[:most])


def _worked(session: Session) -> Callable[[str, datetime, datetime], float]:
    """Seconds of working time by a unit's calendar, as the policy in force has it."""
    terms = resolve(policies.current(session)[1], OrderClass.GENERAL, "normal", "")

    def worked(unit: str, since: datetime, until: datetime) -> float:
        return terms.calendar_of(unit).between(since, until) * 60.0

    return worked
