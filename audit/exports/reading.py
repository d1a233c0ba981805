"""Reading the ledger for an export: orders in the order of their numbers, a page at a time, each page one moment.

A page reads the heads and then the events up to them, so an order is whole as it stood then, however long the export
takes and whatever is written meanwhile; memory holds one page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Text, cast, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from audit.exports.traces import Happened, Pseudonym, Relation, Thing, Trace, happened, unit
from domain.history_events import BOOKKEEPING
from domain.model import OrderClass, State
from store.tables import assignments, attendances, deadlines, events, orders

PAGE = 200
"""Orders of a page."""
MOST_IDS = 1000
"""Orders that may be named one by one."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which orders are exported; what is left empty does not select. Times are those of registration, `until` excluded.

    `unit` had or has a part in the order, or was summoned to it.
    """

    since: datetime | None = None
    until: datetime | None = None
    province: str = ""
    category: str = ""
    order_class: OrderClass | None = None
    unit: str = ""
    state: tuple[State, ...] = ()
    ids: tuple[str, ...] = ()
    imported: bool | None = None
    rehearsal: bool = False


class _Part(msgspec.Struct):
    id: str
    unit: str
    role: str
    status: str
    round: int
    hop: int
    dispatched_at: datetime
    designated: bool = False
    auto_signed: bool = False
    signed_at: datetime | None = None
    contacted_at: datetime | None = None


class _Attendance(msgspec.Struct):
    unit: str
    status: str


class _Whistle(msgspec.Struct):
    id: str
    kind: str
    matter: str
    lead: str
    status: str
    requested_at: datetime
    blows: int = 0
    attendances: list[_Attendance] = []


class _Snapshot(msgspec.Struct):
    """Of the state what is exported."""

    priority: str = ""
    area: str = ""
    against: str = ""
    hop: int = 0
    reopens: int = 0
    returns: int = 0
    urges: int = 0
    imported: str = ""
    policy_version: str = ""
    assignments: list[_Part] = []
    whistles: list[_Whistle] = []


_SNAPSHOT = msgspec.json.Decoder(_Snapshot)
_FIXED = ("order_class", "category", "province", "region", "channel", "title")
_CURRENT = ("state", "status", "level", "colour", "overdue", "round", "lead_unit", "outcome", "closed_at", "due_at")
_COUNTED = ("hop", "reopens", "returns", "urges", "priority", "policy_version")
_HEAD = (
    *("order_id", "last_seq", "customer", "registered_at", "updated_at", "snapshot"),
    *_FIXED,
    *_CURRENT,
)
_EVENT = (
    *("order_id", "seq", "type", "at", "actor_id", "role", "unit", "acting_for", "reason", "policy_version"),
    "command_id",
)
_CLOCK = (
    "order_id",
    "key",
    "kind",
    "unit",
    "status",
    "late",
    "started_at",
    "due_at",
    "first_due_at",
    "ended_at",
    "how",
)


def page(
    session: Session, selection: Selection, pseudonym: Pseudonym, after: str = "", limit: int = PAGE
) -> list[Trace]:
    """The selected orders whose numbers come after that one, at most so many, as far as the session sees them."""
    o = orders.c
    wanted = select(*(o[name] for name in _HEAD)).where(o.order_id > after, *_conditions(selection))
    heads = session.execute(wanted.order_by(o.order_id).limit(limit)).mappings().all()
    if not heads:
        return []
    ids = [head["order_id"] for head in heads]
    happenings = _events(session, ids, {head["order_id"]: head["last_seq"] for head in heads})
    clocks = _clocks(session, ids)
    return [_trace(head, happenings[head["order_id"]], clocks[head["order_id"]], pseudonym) for head in heads]


def _conditions(selection: Selection) -> list[ColumnElement[bool]]:
    o = orders.c
    found: list[ColumnElement[bool]] = [o.rehearsal == selection.rehearsal]
    for column, value in (
        (o.province, selection.province),
        (o.category, selection.category),
        (o.order_class, selection.order_class),
    ):
        if value:
            found.append(column == value)
    if selection.since is not None:
        found.append(o.registered_at >= selection.since)
    if selection.until is not None:
        found.append(o.registered_at < selection.until)
    if selection.state:
        found.append(o.state.in_(selection.state))
    if selection.ids:
        found.append(o.order_id.in_(selection.ids))
    if selection.unit:
        had = exists().where(assignments.c.order_id == o.order_id, assignments.c.unit == selection.unit)
        came = exists().where(attendances.c.order_id == o.order_id, attendances.c.unit == selection.unit)
        found.append(or_(had, came))
    if selection.imported is not None:
        first = exists().where(
            tuple_(events.c.order_id, events.c.seq) == tuple_(o.order_id, 1), events.c.type == "OrderImported"
        )
        found.append(first if selection.imported else ~first)
    return found


def _events(session: Session, ids: Sequence[str], last: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
    e = events.c
    wanted = select(
        *(e[name] for name in _EVENT), cast(e.data, Text).label("data"), cast(e.clocks, Text).label("clocks")
    ).where(e.order_id.in_(ids))
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(wanted.order_by(e.order_id, e.seq)).mappings():
        if row["seq"] <= last[row["order_id"]]:
            read = {name: msgspec.json.decode(row[name]) for name in ("data", "clocks")}
            found[row["order_id"]].append({**row, **read})
    return found


def _clocks(session: Session, ids: Sequence[str]) -> dict[str, list[Any]]:
    d = deadlines.c
    found: dict[str, list[Any]] = defaultdict(list)
    wanted = select(*(d[name] for name in _CLOCK)).where(d.order_id.in_(ids))
    for row in session.execute(wanted.order_by(d.order_id, d.key)).mappings():
        found[row["order_id"]].append(row)
    return found


def _trace(head: Any, rows: list[dict[str, Any]], clocks: list[Any], pseudonym: Pseudonym) -> Trace:
    state = _SNAPSHOT.decode(head["snapshot"])
    beginning = rows[0]["data"] if rows and rows[0]["type"] == "OrderImported" else {}
    system = beginning.get("system", "")
    customer = pseudonym(head["customer"]) if head["customer"] else ""
    fixed = {name: head[name] for name in _FIXED} | {"area": state.area, "imported": system}
    current = {name: head[name] for name in _CURRENT} | {name: getattr(state, name) for name in _COUNTED}
    for row in rows:
        if row["type"] == "HistoryEnded":
            current |= {name: row["data"].get(name) for name in ("said_reopens", "said_moves", "moves")}
    relations = [Relation(unit(head["province"]), "belongs to")]
    if head["lead_unit"]:
        relations.append(Relation(unit(head["lead_unit"]), "handled by"))
    if state.against:
        relations.append(Relation(unit(state.against), "is about"))
    if customer:
        relations.append(Relation(f"customer:{customer}", "complained by"))
    happenings: list[Happened] = [happened(row, system, pseudonym) for row in rows if row["type"] not in BOOKKEEPING]
    return Trace(
        order_id=head["order_id"],
        system=system,
        case=beginning.get("case", ""),
        customer=customer,
        since=head["registered_at"],
        changed=head["updated_at"],
        fixed=fixed,
        current=current,
        details=beginning.get("details", {}),
        relations=relations,
        events=happenings,
        things=[*_parts(head, state), *(_clock(row) for row in clocks)],
    )


def _parts(head: Any, state: _Snapshot) -> list[Thing]:
    order = head["order_id"]
    found = []
    for part in state.assignments:
        attributes = {name: getattr(part, name) for name in part.__struct_fields__ if name not in ("id", "unit")}
        relations = [Relation(f"order:{order}", "of"), Relation(unit(part.unit), "by")]
        found.append(Thing(f"assignment:{order}/{part.id}", "assignment", part.dispatched_at, attributes, relations))
    for blown in state.whistles:
        attributes = {name: getattr(blown, name) for name in ("kind", "matter", "status", "blows")}
        relations = [Relation(f"order:{order}", "of")]
        relations += [Relation(unit(blown.lead), "led by")] if blown.lead else []
        relations += [Relation(unit(one.unit), "summons") for one in blown.attendances]
        found.append(Thing(f"whistle:{order}/{blown.id}", "whistle", blown.requested_at, attributes, relations))
    return found


def _clock(row: Any) -> Thing:
    attributes = {name: row[name] for name in _CLOCK if name not in ("order_id", "key", "unit", "started_at")}
    relations = [Relation(f"order:{row['order_id']}", "of")]
    relations += [Relation(unit(row["unit"]), "charged to")] if row["unit"] else []
    return Thing(f"clock:{row['order_id']}/{row['key']}", "clock", row["started_at"], attributes, relations)


def customers(
    session: Session, selection: Selection, pseudonym: Pseudonym, after: str = "", limit: int = 5 * PAGE
) -> tuple[list[str], str]:
    """The keys of the selected orders' customers, each once, at most so many; and the `after` of the next, '' if none.

    Those of orders that came since the pages were read may be among them.
    """
    o = orders.c
    wanted = select(o.customer).distinct().where(o.customer > after, *_conditions(selection))
    found = list(session.scalars(wanted.order_by(o.customer).limit(limit)))
    return [pseudonym(one) for one in found], found[-1] if len(found) == limit else ""
