"""OCEL 2.0 as JSON: events and the objects that they speak of, related by qualifiers.

Source: Berti, Koren, Adams, Park, Knopp, Graves, Rafiei, Liß, Tacke genannt Unterberg, Zhang, Schwanen, Pegoraro, van
der Aalst: OCEL 2.0 Specification, 2024, with its JSON schema. That schema wants every value as a text, the types beside
it. The file is one object whose members have no order, so events go out as they come, objects are kept in a file on
disk meanwhile, and the types, which are known last, stand at the end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from audit.exports.traces import Happened, Relation, Trace, kinds
from audit.exports.writing import given, instant, text

_CHUNK = 256 * 1024
_ALWAYS = ("order", "unit", "person", "role", "customer", "whistle", "assignment", "clock")


class Ocel:
    """Writes one OCEL 2.0 file."""

    def __init__(self) -> None:
        self._objects = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._events: dict[str, dict[str, str]] = {}
        self._types: dict[str, dict[str, str]] = {name: {} for name in _ALWAYS}
        self._common: dict[str, None] = {}
        self._first = self._first_object = True

    def begin(self) -> bytes:
        """The beginning of the events."""
        return b'{"events":['

    def page(self, traces: list[Trace]) -> bytes:
        """The orders' events; their objects are kept for later."""
        objects = []
        found = []
        for trace in traces:
            found += [self._event(event) for event in trace.events]
            objects += [self._order(trace), *(self._thing(thing) for thing in trace.things)]
            self._named(relation for event in trace.events for relation in event.relations)
            self._named(relation for thing in trace.things for relation in thing.relations)
            self._named(trace.relations)
        self._keep(objects)
        written = _joined(found, first=self._first)
        self._first = self._first and not found
        return written

    def customers(self, keys: list[str]) -> bytes:
        """Keep the customers among the objects."""
        self._keep({"id": f"customer:{key}", "type": "customer"} for key in keys)
        return b""

    def end(self) -> Iterator[bytes]:
        """The objects, and the types of all."""
        self._keep(_plain(name) for name in self._common)
        yield b'],"objects":['
        self._objects.seek(0)
        while piece := self._objects.read(_CHUNK):
            yield piece
        types = (self._events, self._types)
        events, objects = ([_type(name, fields) for name, fields in sorted(one.items())] for one in types)
        yield b'],"eventTypes":' + msgspec.json.encode(events)
        yield b',"objectTypes":' + msgspec.json.encode(objects) + b"}"

    def close(self) -> None:
        """Let go of the file on disk."""
        self._objects.close()

    def _event(self, event: Happened) -> dict[str, Any]:
        own = {
            "seq": event.seq,
            "reason": event.reason,
            "policy_version": event.policy_version,
            "command_id": event.command_id,
            "imported": event.imported,
            **{name: value for name, value in event.details.items() if name not in ("seq", "imported")},
        }
        known = {} if event.imported else kinds(event.type)
        fields = self._events.setdefault(event.activity, {})
        return {
            "id": event.id,
            "type": event.activity,
            "time": instant(event.at),
            "attributes": [
                {"name": name, "value": _declared(fields, name, value, known.get(name))} for name, value in given(own)
            ],
            "relationships": [{"objectId": one.object, "qualifier": one.qualifier} for one in event.relations],
        }

    def _order(self, trace: Trace) -> dict[str, Any]:
        fields, since, changed = self._types["order"], instant(trace.since), instant(trace.changed)
        fixed = {"registered_at": trace.since, "case": trace.case, **trace.fixed}
        current = {name: value for name, value in trace.current.items() if name not in fixed}
        there = {f"there.{name}": value for name, value in trace.details.items()}
        attributes = [
            {"name": name, "value": _declared(fields, name, value), "time": at}
            for values, at in ((fixed, since), (there, since), (current, changed))
            for name, value in given(values)
        ]
        return _object(f"order:{trace.order_id}", "order", attributes, trace.relations)

    def _thing(self, thing: Any) -> dict[str, Any]:
        fields, since = self._types[thing.type], instant(thing.since)
        attributes = [
            {"name": name, "value": _declared(fields, name, value), "time": since}
            for name, value in given(thing.attributes)
        ]
        return _object(thing.id, thing.type, attributes, thing.relations)

    def _named(self, relations: Iterable[Relation]) -> None:
        """Remember the units, people and roles that were named: there are as many as the organisation has."""
        for relation in relations:
            if relation.object.startswith(("unit:", "person:", "role:")):
                self._common[relation.object] = None

    def _keep(self, objects: Iterable[dict[str, Any]]) -> None:
        written = _joined(objects, first=self._first_object)
        self._first_object = self._first_object and not written
        self._objects.write(written)


def _joined(items: Iterable[dict[str, Any]], *, first: bool) -> bytes:
    written = b",".join(msgspec.json.encode(item) for item in items)
    return written if first or not written else b"," + written


def _declared(fields: dict[str, str], name: str, value: Any, kind: str | None = None) -> str:
    """The value as text, its type noted; one that comes with two types is a string to everybody."""
    found = kind or _kind(value)
    if fields.setdefault(name, found) != found:
        fields[name] = "string"
    return text(value)


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "float"
        case datetime():
            return "time"
        case _:
            return "string"


def _object(name: str, kind: str, attributes: list[dict[str, Any]], relations: list[Relation]) -> dict[str, Any]:
    related = [{"objectId": one.object, "qualifier": one.qualifier} for one in relations]
    return {"id": name, "type": kind, "attributes": attributes, "relationships": related}


def _plain(name: str) -> dict[str, Any]:
    return {"id": name, "type": name.partition(":")[0]}


def _type(name: str, fields: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "attributes": [{"name": field, "type": kind} for field, kind in sorted(fields.items())]}
