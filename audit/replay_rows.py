"""`evolve` over the events gives every derived row: the head, assignments, whistles, clocks, sights and the others.

The rows are made as the ledger makes them, event by event: each prefix of the history lays its changed rows over those
of the one before, and at the end they have to be what the tables hold. What was told at a prefix (the answer that is
kept under a command's key) is compared with the order as it stood there.

Not compared: the head's `region` and the units above a sight, which come from the organisation as it then was, and
`chain`, which `audit.proof` checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
from sqlalchemy import Table

from audit.replay_finding import ABSENT, Finding, Part, differences, shown
from audit.replay_material import PARTS, Material, Row
from audit.replay_rules import Lived
from contracts.messages import encode
from domain.events import Event
from domain.model import Order
from domain.notices import notices
from domain.sight import shown as as_seen
from store import callbacks, projection, tables
from store.access_tables import sights

Key = tuple[Any, ...]

_HEAD = tuple(column.name for column in tables.orders.columns if column.name not in ("region", "chain", "snapshot"))
_STATES = {table.name: rows_of for table, rows_of in (
    (tables.assignments, projection.assignments),
    (tables.whistles, projection.whistles),
    (tables.attendances, projection.attendances),
    (sights, projection.sights),
)}  # fmt: skip
_NOT_KEPT = {"calls": ("at",)}
"""Columns that are not the event's own: a call is written down when its command comes."""


def derived(material: Material, lived: Lived, parents: Mapping[str, str]) -> Iterator[Finding]:
    """Every recorded row that the events do not give, and every one that they give and that is not recorded."""
    if not lived.states or lived.broken is not None:
        if not material.events and (material.head is not None or any(material.parts.values())):
            yield _found(material, 0, "events", ABSENT, "rows of an order that has none")
        return
    yield from _head(material, lived)
    made = grown(lived)
    for table in PARTS:
        yield from _table(material, table, made[table.name], parents)
    yield from _notices(material, lived)
    yield from _answers(material, lived)


def grown(lived: Lived) -> dict[str, dict[Key, Row]]:
    """The derived rows as they stand after the last event, each prefix laid over the one before."""
    made: dict[str, dict[Key, Row]] = {table.name: {} for table in PARTS}
    before: Order | None = None
    known: dict[str, list[Row]] = {name: [] for name in _STATES}
    for event, order in zip(lived.events, lived.states, strict=True):
        for name, rows in _changed(before, order, event, known).items():
            table = _BY_NAME[name]
            for row in rows:
                key = tuple(row[column] for column in _KEYS[name])
                made[name][key] = laid_over(made[name].get(key), row, table)
        before = order
    return made


def _changed(
    before: Order | None, order: Order, event: Event, known: dict[str, list[Row]]
) -> Mapping[str, Sequence[Row]]:
    """The rows that one event brought; `known` has those of the states and is moved on."""
    changed: dict[str, Sequence[Row]] = {}
    for name, rows_of in _STATES.items():
        now = rows_of(order)
        if now != known[name]:
            changed[name] = [row for row in now if row not in known[name]]
            known[name] = now
    if event.clocks:
        changed["deadlines"] = projection.deadlines(before, [order], [event])
        changed["firings"] = projection.firings(before, order, [event])
    changed["criticisms"] = projection.criticisms(order, [event])
    changed["calls"] = projection.calls(order, [event])
    changed["callbacks"] = callbacks.callbacks(before, [order], [event])
    return changed


def laid_over(earlier: Row | None, row: Row, table: Table) -> Row:
    """A row laid over the one that is there, as the ledger's upserts do it."""
    if earlier is None or table.name in _ONCE:
        return dict(row) if earlier is None else earlier
    sticky, first, filled = _UPSERTS.get(table.name, ((), (), ()))
    after = {**earlier, **row}
    after |= {name: earlier[name] or row[name] for name in sticky}
    after |= {name: earlier[name] for name in first if earlier[name] is not None}
    after |= {name: earlier[name] for name in filled if row[name] is None}
    return after


_BY_NAME = {table.name: table for table in PARTS}
_KEYS = {table.name: tuple(column.name for column in table.primary_key.columns) for table in PARTS}
_UPSERTS: dict[str, tuple[Iterable[str], Iterable[str], Iterable[str]]] = {
    "deadlines": (projection.STICKY, projection.FIRST, projection.FILLED),
    "callbacks": (("by_sms",), callbacks.FIRST, callbacks.FILLED),
}
_ONCE = ("firings", "criticisms", "calls", "sights")
"""Tables to which rows are added and of which none is changed."""


def _head(material: Material, lived: Lived) -> Iterator[Finding]:
    order = lived.states[-1]
    if material.head is None:
        yield _found(material, order.seq, "orders", ABSENT, "events of an order without a head")
        return
    made = projection.head(order, lived.events)
    for name in _HEAD:
        if plain(material.head[name]) != plain(made[name]):
            yield _found(material, order.seq, f"orders.{name}", material.head[name], made[name])
    if material.head["snapshot"] != made["snapshot"]:
        yield from _snapshot(material, order, made["snapshot"])


def _snapshot(material: Material, order: Order, made: str) -> Iterator[Finding]:
    """Where the kept state is another; one that an earlier version wrote may lack fields that have their defaults."""
    assert material.head is not None
    try:
        recorded = msgspec.json.decode(encode(msgspec.json.decode(material.head["snapshot"], type=Order)))
        raw = msgspec.json.decode(material.head["snapshot"])
    except msgspec.MsgspecError as error:
        yield _found(material, order.seq, "orders.snapshot", material.head["snapshot"], str(error))
        return
    follows = msgspec.json.decode(made)
    for path, one, other in differences(recorded, follows):
        yield _found(material, order.seq, f"orders.snapshot.{path}", one, other)
    for name in sorted(set(raw) - set(follows)):
        yield _found(material, order.seq, f"orders.snapshot.{name}", raw[name], None)


def _table(material: Material, table: Table, made: Mapping[Key, Row], parents: Mapping[str, str]) -> Iterator[Finding]:
    there = {tuple(row[name] for name in _KEYS[table.name]): row for row in material.parts[table.name]}
    beside = _NOT_KEPT.get(table.name, ())
    for key, row in made.items():
        recorded = there.pop(key, None)
        where = f"{table.name}[{'/'.join(str(part) for part in key[1:] or key)}]"
        if recorded is None:
            yield _found(material, _seq(row), where, ABSENT, "a row")
            continue
        for name in row:
            if name not in beside and plain(recorded[name]) != plain(row[name]):
                yield _found(material, _seq(row), f"{where}.{name}", recorded[name], row[name])
    for key, row in there.items():
        if not _may_stand(material, table, row, made, parents):
            where = f"{table.name}[{'/'.join(str(part) for part in key[1:] or key)}]"
            yield _found(material, _seq(row), where, "a row", ABSENT)


def _may_stand(material: Material, table: Table, row: Row, made: Mapping[Key, Row], parents: Mapping[str, str]) -> bool:
    """Whether a row that no event gives is one of those that come about otherwise.

    A follower's sight, a sight of a unit that has others below it, as the organisation moves; a call whose command is
    not answered yet.
    """
    if table is sights:
        place = row["place"]
        return place.startswith("person:") or place in parents.values()
    if table is tables.calls:
        asked = material.commands.get(row["id"])
        return asked is not None and asked["state"] == "pending"
    return False


def _notices(material: Material, lived: Lived) -> Iterator[Finding]:
    """Nobody was told of what no event tells; who is reached by it depends on the organisation as it was."""
    told: set[tuple[int, str]] = set()
    for place, event in enumerate(lived.events):
        told.update((event.seq, one.template) for one in notices(lived.before(place), lived.states[place], event))
    for seq, template in sorted(material.notices - told):
        yield _found(material, seq, "notices.template", template, ABSENT)


class _Told(msgspec.Struct):
    """The kept answer of a command that was carried out, as far as it is compared."""

    status: int
    seq: int
    body: msgspec.Raw


class _Command(msgspec.Struct):
    id: str
    verb: str
    first: int
    last: int


class _Body(msgspec.Struct):
    order: Order
    command: _Command


_TOLD, _BODY = msgspec.json.Decoder(_Told), msgspec.json.Decoder(_Body)


def _answers(material: Material, lived: Lived) -> Iterator[Finding]:
    """What each caller was told of the order is how it stood then, as far as his role is shown it."""
    seqs: dict[str, list[int]] = {}
    roles = {}
    for event in lived.events:
        seqs.setdefault(event.command_id, []).append(event.seq)
        if event.command_id in material.commands and event.command_id not in roles:
            roles[event.command_id] = event.actor.role
    for key, asked in material.commands.items():
        if asked["state"] != "done" or key not in seqs:
            continue
        try:
            told = _TOLD.decode(asked["answer"] or "")
            body = _BODY.decode(told.body)
        except msgspec.MsgspecError as error:
            yield _answer(material, seqs[key][0], key, asked["answer"], str(error))
            continue
        if not seqs[key][-1] <= told.seq <= len(lived.states):
            yield _answer(material, seqs[key][0], f"{key}.seq", told.seq, seqs[key][-1])
            continue
        wanted = (key, asked["verb"], seqs[key][0], seqs[key][-1])
        said = (body.command.id, body.command.verb, body.command.first, body.command.last)
        if said != wanted:
            yield _answer(material, seqs[key][0], f"{key}.command", said, wanted)
        stood = as_seen(lived.states[told.seq - 1], _asker(asked, roles[key]))
        if body.order != stood:
            for path, one, other in differences(_json(body.order), _json(stood)):
                yield _answer(material, told.seq, f"{key}.order.{path}", one, other)


class _Actor(msgspec.Struct):
    role: str


class _Asked(msgspec.Struct):
    actor: _Actor


def _asker(asked: Row, otherwise: Any) -> Any:
    """The role of who asked; the first event may be the system's own."""
    try:
        return type(otherwise)(msgspec.json.decode(asked["message"], type=_Asked).actor.role)
    except (msgspec.MsgspecError, ValueError):
        return otherwise


def plain(value: Any) -> Any:
    """A column's value so that what came from the database and what was made here compare."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value if value is None or isinstance(value, (str, int, float, bool)) else _json(value)


def _json(value: Any) -> Any:
    return msgspec.json.decode(encode(value))


def _seq(row: Row) -> int:
    return int(row.get("seq") or 0)


def _found(material: Material, seq: int, field: str, recorded: Any, recomputed: Any) -> Finding:
    return Finding(material.order_id, Part.STATE, seq, field, shown(recorded), shown(recomputed))


def _answer(material: Material, seq: int, field: str, recorded: Any, recomputed: Any) -> Finding:
    return Finding(material.order_id, Part.ANSWER, seq, f"answer {field}", shown(recorded), shown(recomputed))
