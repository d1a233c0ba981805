"""What is exported of an order: itself, its events, and the things that events speak of; plain records, ready to write.

An imported step stands as what it was there: its own activity, time, author and unit. The events that an import itself
adds (`OrderImported`, `HistoryEnded`) are no steps; what they say stands at the order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_type_hints

import msgspec

from domain.events import EVENTS

Pseudonym = Callable[[str], str]
"""A customer's key in the log, made from his id."""

STEP = "StepImported"
OWN = "whistle:"
"""Begins the name of what is ours where another system's names stand beside it."""
_CUSTOMER = "customer:"
_KINDS = {int: "integer", float: "float", bool: "boolean", datetime: "time"}


class Relation(msgspec.Struct):
    """A thing, by its id, and what it is here."""

    object: str
    qualifier: str


class Happened(msgspec.Struct):
    """One event: `activity` is its type, or what another system called it; `details` is what else it says."""

    id: str
    seq: int
    type: str
    activity: str
    at: datetime
    actor: str
    role: str
    unit: str
    acting_for: str
    reason: str
    policy_version: str
    command_id: str
    imported: bool
    details: dict[str, Any]
    relations: list[Relation]


class Thing(msgspec.Struct):
    """An object that belongs to one order: an assignment, a whistle or a clock."""

    id: str
    type: str
    since: datetime
    attributes: dict[str, Any]
    relations: list[Relation]


class Trace(msgspec.Struct):
    """One order with its events and things.

    `case` is its number in the system that it was imported from, '' for our own, `details` what else that one says.
    `fixed` holds since the registration, `current` since the last change.
    """

    order_id: str
    system: str
    case: str
    customer: str
    since: datetime
    changed: datetime
    fixed: dict[str, Any]
    current: dict[str, Any]
    details: dict[str, Any]
    relations: list[Relation]
    events: list[Happened]
    things: list[Thing]

    @property
    def name(self) -> str:
        """What a log calls the case."""
        return self.case or self.order_id


def flat(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a document as plain values, nested ones by dotted names, lists as JSON; empty ones are left out."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            if value:
                yield prefix + name, msgspec.json.encode(value).decode()
        elif value is not None and value != "":
            yield prefix + name, value


@cache
def kinds(event_type: str) -> dict[str, str]:
    """The kind of each plain field of an event that is no text: integer, float, boolean, time."""
    hints = get_type_hints(EVENTS[event_type])
    found = {}
    for name, hint in hints.items():
        kind = _KINDS.get(hint) or next((_KINDS[one] for one in getattr(hint, "__args__", ()) if one in _KINDS), None)
        if kind:
            found[name] = kind
    return found


def person(actor: str, system: str = "") -> str:
    """The object of who acted; a customer's stays a customer."""
    if actor.startswith(_CUSTOMER):
        return actor
    return f"person:{system}/{actor}" if system else f"person:{actor}"


def unit(code: str, system: str = "") -> str:
    """The object of a unit; another system's own carries that system's name."""
    return f"unit:{system}/{code}" if system else f"unit:{code}"


def actor_of(actor: str, pseudonym: Pseudonym) -> str:
    """Who acted; a customer under his key in the log."""
    return _CUSTOMER + pseudonym(actor.removeprefix(_CUSTOMER)) if actor.startswith(_CUSTOMER) else actor


def happened(row: dict[str, Any], system: str, pseudonym: Pseudonym) -> Happened:
    """The event of a row of `events`, whose `data` and `clocks` are read already."""
    data: dict[str, Any] = row["data"]
    step = row["type"] == STEP
    actor = data.get("by", "") if step else actor_of(row["actor_id"], pseudonym)
    where = data.get("unit", "") if step else row["unit"]
    details = dict(data.get("details", {})) if step else dict(flat(_impersonal(data)))
    if step:
        details |= {OWN + name: data[name] for name in ("status", "state", "reopened", "moved") if data.get(name)}
    event_id = f"{row['order_id']}/{row['seq']}"
    happening = Happened(
        id=event_id,
        seq=row["seq"],
        type=row["type"],
        activity=data["activity"] if step else row["type"],
        at=datetime.fromisoformat(data["at"]).astimezone(UTC) if step else row["at"],
        actor=actor,
        role="" if step else row["role"],
        unit=where,
        acting_for=row["acting_for"],
        reason=row["reason"],
        policy_version="" if step else row["policy_version"],
        command_id="" if step else row["command_id"],
        imported=step,
        details=details,
        relations=[],
    )
    happening.relations = list(_relations(row, happening, system if step else ""))
    return happening


def _impersonal(data: dict[str, Any]) -> dict[str, Any]:
    """An event's content without its customer, who is an object of his own, and without another system's details."""
    return {name: value for name, value in data.items() if name not in ("customer", "details")}


def _relations(row: dict[str, Any], event: Happened, system: str) -> Iterator[Relation]:
    order, data = row["order_id"], row["data"]
    seen: dict[tuple[str, str], None] = {}

    def related(thing: str, qualifier: str) -> Iterator[Relation]:
        if (thing, qualifier) not in seen:
            seen[thing, qualifier] = None
            yield Relation(thing, qualifier)

    yield from related(f"order:{order}", "of")
    if event.actor:
        yield from related(person(event.actor, system), "done by")
    if event.acting_for:
        yield from related(person(event.acting_for), "in the place of")
    if event.role:
        yield from related(f"role:{event.role}", "in role")
    if event.unit:
        yield from related(unit(event.unit, system), "for")
    if system:
        return
    named = data.get("assignment")
    if isinstance(named, str) and named:
        yield from related(f"assignment:{order}/{named}", "about")
    parts = [*data.get("assignments", ()), *([named] if isinstance(named, dict) else ())]
    for part in parts:
        yield from related(f"assignment:{order}/{part['id']}", "assigns")
        yield from related(unit(part["unit"]), part["role"])
    whistle = data.get("whistle")
    if isinstance(whistle, dict):
        yield from related(f"whistle:{order}/{whistle['id']}", "requests")
        for one in whistle["attendances"]:
            yield from related(unit(one["unit"]), "concerns")
    elif whistle:
        yield from related(f"whistle:{order}/{whistle}", "about")
    for code in (*([data["unit"]] if data.get("unit") else ()), *data.get("units", ())):
        yield from related(unit(code), "concerns")
    for change in row["clocks"]:
        yield from related(f"clock:{order}/{change['key']}", change["change"])
