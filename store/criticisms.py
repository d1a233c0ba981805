"""The public-criticism list (通报批评): which unit let which duty run so far past its limit, the latest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from domain.notice_texts import LABELS
from store import cursors
from store.session import Sight
from store.sights import seen
from store.tables import criticisms as t
from store.tables import units

MOST = 200
"""The largest page."""
_LISTING = "criticisms"


@dataclass(frozen=True, slots=True)
class CriticismQuery:
    """What to list, as seen from `sight`; a filter left empty does not filter.

    `start` and `until` bound the instant of the criticism, the one included and the other not. `cursor` is the `next`
    of the page before.
    """

    sight: Sight
    province: str = ""
    unit: str = ""
    start: datetime | None = None
    until: datetime | None = None
    rehearsal: bool = False
    cursor: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Criticism:
    """One entry: at the instant `at` the unit had still not done what was due at `due_at` (UTC).

    `clock` is the kind of the limit, `level` the one to which the order was raised; the limit's next step may bring the
    unit onto the list again.
    """

    order_id: str
    seq: int
    unit: str
    unit_zh: str
    unit_en: str
    province: str
    clock: str
    clock_zh: str
    clock_en: str
    level: int
    due_at: datetime | None
    at: datetime
    rehearsal: bool


@dataclass(frozen=True, slots=True)
class CriticismPage:
    """Some entries, and the cursor of the next page, '' when there is none."""

    items: tuple[Criticism, ...]
    next: str


def criticisms(session: Session, query: CriticismQuery) -> CriticismPage:
    """One page of the list; raises BadCursor."""
    limit = max(1, min(query.limit, MOST))
    rows = session.execute(statement(query).limit(limit + 1)).all()
    items = tuple(_entry(row._mapping) for row in rows[:limit])
    if len(rows) <= limit:
        return CriticismPage(items, "")
    last = items[-1]
    return CriticismPage(items, cursors.make(_LISTING, [last.at, last.order_id, last.seq]))


def statement(query: CriticismQuery) -> Select[Any]:
    """The query as SQL, without its limit; each of its filters has an index that also gives the order."""
    key = (t.c.at, t.c.order_id, t.c.seq)
    wanted: list[ColumnElement[bool]] = [t.c.rehearsal.is_(query.rehearsal), seen(t.c.order_id, query.sight)]
    wanted += [column == value for column, value in ((t.c.unit, query.unit), (t.c.province, query.province)) if value]
    if query.start is not None:
        wanted.append(t.c.at >= query.start)
    if query.until is not None:
        wanted.append(t.c.at < query.until)
    if query.cursor:
        wanted.append(tuple_(*key) < tuple_(*cursors.read(query.cursor, _LISTING, tuple[datetime, str, int])))
    found = select(
        *(column for column in t.c if column.name != "key"),
        func.coalesce(units.c.name_zh, t.c.unit).label("unit_zh"),
        func.coalesce(units.c.name_en, t.c.unit).label("unit_en"),
    ).outerjoin(units, units.c.id == t.c.unit)
    return found.where(*wanted).order_by(*(column.desc() for column in key))


def _entry(row: Any) -> Criticism:
    zh, en = LABELS["clock"].get(row["kind"], (row["kind"], row["kind"]))
    plain = {name: value for name, value in row.items() if name != "kind"}
    return Criticism(**plain, clock=row["kind"], clock_zh=zh, clock_en=en)
