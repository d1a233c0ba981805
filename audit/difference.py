"""What lies between two instants: of an order field by field, of an inbox and of the board line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit.travel import TASKS, Axis, board, then
from contracts.messages import encode
from domain.model import Order
from store.tables import NEVER, OPEN_ORDERS
from store.wall_lines import Figures
from store.wall_reader import Scope

MOST_LINES = 200
"""The most lines of a difference; counts are of all."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that is not what it was: `path` as in `assignments.a1.status`; None where it was not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Moved:
    """An order that the board shows otherwise, with what changed.

    `how` is registered, reopened, ended, or moved for one that was open at both instants; `changes` are of its line.
    """

    order_id: str
    how: str
    province: str
    lead_unit: str
    level: int
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class BoardDifference:
    """What the board showed at either instant, how many orders changed and how, and the first of them.

    `counts` has besides each `how` the orders that were raised, lowered, or became overdue, or have another lead unit.
    """

    before: Figures
    after: Figures
    counts: dict[str, int]
    lines: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class TaskMoved:
    """An entry of an inbox that came, went, or is not as it was."""

    kind: str
    order_id: str
    subject: str
    how: str
    changes: tuple[FieldChange, ...]


def of_orders(before: Order | None, after: Order | None) -> tuple[FieldChange, ...]:
    """What is different between two states of an order, field by field; None for before it was there."""
    old, new = (_flat(one) if one else {} for one in (before, after))
    paths = sorted(old.keys() | new.keys())
    return tuple(FieldChange(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path))


def _flat(order: Order) -> dict[str, Any]:
    """Every value of an order by its path; what has an id or a unit of its own is named by that."""
    return dict(_leaves("", msgspec.json.decode(encode(order))))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for place, inner in enumerate(value):
            name = inner.get("id") or inner.get("unit") or str(place)
            yield from _leaves(f"{path}.{name}", inner)
    elif value is not None:
        yield path, value


_LINE = (
    *("state", "order_class", "category", "level", "colour", "overdue", "round", "lead_unit", "due_at"),
    *("outcome", "closed_at"),
)
_TASK = ("role", "status", "due_at", "absent")

_OPEN_EITHER = f"""
    open_before AS (SELECT order_id FROM orders_before WHERE {OPEN_ORDERS} AND {{place}}),
    open_after AS (SELECT order_id FROM orders WHERE {OPEN_ORDERS} AND {{place}}),
    either AS (
        SELECT order_id, b.order_id IS NOT NULL AS was_open, a.order_id IS NOT NULL AS is_open
        FROM open_before b FULL JOIN open_after a USING (order_id)
    ),
    moved AS (
        SELECT e.order_id, coalesce(a.province, b.province) AS province,
               coalesce(nullif(a.lead_unit, ''), b.lead_unit, '') AS unit, coalesce(a.level, 0) AS level_now,
               CASE WHEN b.order_id IS NULL THEN 'registered' WHEN NOT e.was_open THEN 'reopened'
                    WHEN NOT e.is_open THEN 'ended' ELSE 'moved' END AS how,
               a.level > coalesce(b.level, 0) AS raised, a.level < b.level AS lowered,
               a.overdue AND NOT coalesce(b.overdue, false) AND e.is_open AS overdue,
               e.was_open AND e.is_open AND a.lead_unit <> b.lead_unit AS handed_on,
               {{columns}}
        FROM either e
        LEFT JOIN orders_before b ON b.order_id = e.order_id
        LEFT JOIN orders a ON a.order_id = e.order_id
        WHERE ({{a_line}}) IS DISTINCT FROM ({{b_line}}) OR NOT (e.was_open AND e.is_open)
    )
"""  # nosec B608  # constants of this file
_FLAGS = ("raised", "lowered", "overdue", "handed_on")


def of_boards(session: Session, scope: Scope, before: datetime, after: datetime, axis: Axis) -> BoardDifference:
    """What changed on the board of a place between two instants; in a session of the system, in a transaction."""
    figures = tuple(board(session, scope, 1, at, axis).total for at in (before, after))
    filled = _OPEN_EITHER.format(
        place="true" if scope.provinces is None else "province = ANY(:provinces)",
        columns=", ".join(f"{side}.{name} AS {side}_{name}" for side in "ba" for name in _LINE),
        a_line=", ".join(f"a.{name}" for name in _LINE),
        b_line=", ".join(f"b.{name}" for name in _LINE),
    )
    bound = {"provinces": list(scope.provinces or ()), "most": MOST_LINES}
    flags = ", ".join(f"count(*) FILTER (WHERE {name}) AS {name}" for name in _FLAGS)
    with then(session, after, axis, before=before):
        counted = session.execute(
            text(f"WITH {filled} SELECT how, count(*) AS n, {flags} FROM moved GROUP BY how"),  # nosec B608
            bound,
        ).all()
        rows = session.execute(
            text(f"WITH {filled} SELECT * FROM moved ORDER BY level_now DESC, order_id LIMIT :most"),  # nosec B608
            bound,
        ).all()
    counts = dict.fromkeys(("registered", "reopened", "ended", "moved", *_FLAGS), 0)
    for row in counted:
        counts[row.how] += row.n
        for name in _FLAGS:
            counts[name] += row._mapping[name]
    lines = tuple(
        Moved(row.order_id, row.how, row.province, row.unit, row.level_now, _changes(row._mapping, _LINE))
        for row in rows
    )
    return BoardDifference(figures[0], figures[1], counts, lines)


def _changes(row: Any, names: tuple[str, ...]) -> tuple[FieldChange, ...]:
    pairs = ((name, row[f"b_{name}"], row[f"a_{name}"]) for name in names)
    return tuple(FieldChange(name, before, after) for name, before, after in pairs if before != after)


def of_inboxes(session: Session, unit: str, before: datetime, after: datetime, axis: Axis) -> tuple[TaskMoved, ...]:
    """What changed in a unit's inbox between two instants; in a session of the system, in a transaction."""
    sides = [_tasks(session, unit, at, axis) for at in (before, after)]
    found: list[TaskMoved] = []
    for key in sorted(sides[0].keys() | sides[1].keys()):
        old, new = (side.get(key) for side in sides)
        if old == new:
            continue
        how = "came" if old is None else "went" if new is None else "changed"
        pairs = ((name, (old or {}).get(name), (new or {}).get(name)) for name in _TASK)
        changes = tuple(FieldChange(name, was, now) for name, was, now in pairs if was != now)
        found.append(TaskMoved(*key, how, changes))
    return tuple(found)


def _tasks(session: Session, unit: str, at: datetime, axis: Axis) -> dict[tuple[str, str, str], dict[str, Any]]:
    with then(session, at, axis):
        rows = session.execute(text(TASKS), {"unit": unit}).all()
    return {
        (row.kind, row.order_id, row.subject): {
            name: None if row._mapping[name] == NEVER else row._mapping[name] for name in _TASK
        }
        for row in rows
    }
