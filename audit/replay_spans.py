"""The past that time travel reads: the rows of `store.span_tables` are those that an order's events give.

They are compared as far as the historian has come in the log. A row that ended at the instant at which it began, by
both times, is in no look at the past; it may be there or not, and is the events' own where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Range

from audit.replay_finding import ABSENT, Finding, Part, shown
from audit.replay_material import Material, Row
from audit.replay_rows import plain
from audit.replay_rules import Lived
from store.span_tables import AXES, SPANS
from store.spans import Course, Span

_KEYS = {table.name: tuple(column.name for column in table.primary_key.columns)[1:] for table in SPANS}


def past(material: Material, lived: Lived) -> Iterator[Finding]:
    """Every row of the past that the events do not give, and every one that they give and that is not recorded."""
    if lived.broken is not None or len(lived.events) < material.followed:
        return
    course = Course()
    made: dict[int, Span] = {}
    for event, recorded_at in zip(lived.events[: material.followed], material.recorded, strict=False):
        made |= {id(span): span for span in course.follow(event, recorded_at)}
    for table in SPANS:
        yield from _table(material, table, [span for span in made.values() if span.table == table.name])


def _table(material: Material, table: Table, made: list[Span]) -> Iterator[Finding]:
    there = {_key(table, row): row for row in material.spans[table.name]}
    for span in made:
        key = _key(table, {**span.row, "seq": span.seq})
        recorded = there.pop(key, None)
        where = _where(table, key)
        if recorded is None:
            if span.seen:
                yield _found(material, span.seq, where, ABSENT, "a row")
            continue
        for name, value in span.row.items():
            if plain(recorded[name]) != plain(value):
                yield _found(material, span.seq, f"{where}.{name}", recorded[name], value)
        for axis in AXES:
            if (stands := _range(recorded[axis])) != (follows := _range(_ends(getattr(span, axis)))):
                yield _found(material, span.seq, f"{where}.{axis}", stands, follows)
    for key, row in there.items():
        yield _found(material, int(row["seq"]), _where(table, key), "a row", ABSENT)


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEYS[table.name])


def _where(table: Table, key: tuple[Any, ...]) -> str:
    return f"{table.name}[{'/'.join(str(part) for part in key)}]"


def _ends(ends: tuple[Any, Any]) -> Range[Any]:
    begin, end = ends
    return Range(begin, end, bounds="[)", empty=begin == end)


def _range(given: Range[Any]) -> str:
    """A range as text, so that what came from the database and what was made here compare."""
    if given.is_empty:
        return "empty"
    begin, end = (None if one is None else plain(one).isoformat() for one in (given.lower, given.upper))
    return f"{given.bounds[0]}{begin or ''},{end or ''}{given.bounds[1]}"


def _found(material: Material, seq: int, field: str, recorded: Any, recomputed: Any) -> Finding:
    return Finding(material.order_id, Part.STATE, seq, field, shown(recorded), shown(recomputed))
