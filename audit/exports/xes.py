"""XES: one trace an order, with the standard extensions concept, time, organizational and lifecycle.

Source: IEEE Std 1849-2016 with its XML schema, which types `xes.version` as a decimal and knows no target namespace; so
the version is `1849.2016` and no namespace is named. Keys are XML names there: what is none in an imported attribute's
name becomes `_`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from audit.exports.traces import OWN, Happened, Trace, kinds
from audit.exports.writing import given, instant, text
from runtime.cells import safe_text

_EXTENSIONS = (
    ("Concept", "concept", "concept.xesext"),
    ("Time", "time", "time.xesext"),
    ("Organizational", "org", "org.xesext"),
    ("Lifecycle", "lifecycle", "lifecycle.xesext"),
)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849.2016" xes.features="nested-attributes">\n'
    + "".join(
        f'<extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{file}"/>\n'
        for name, prefix, file in _EXTENSIONS
    )
    + '<global scope="trace">\n<string key="concept:name" value="UNKNOWN"/>\n</global>\n'
    + '<global scope="event">\n<string key="concept:name" value="UNKNOWN"/>\n'
    + '<date key="time:timestamp" value="1970-01-01T00:00:00Z"/>\n'
    + '<string key="lifecycle:transition" value="complete"/>\n</global>\n'
    + '<classifier name="Activity" scope="event" keys="concept:name"/>\n'
    + '<classifier name="ActivityAndUnit" scope="event" keys="concept:name org:group"/>\n'
    + '<string key="lifecycle:model" value="standard"/>\n'
).encode()
_QUOTES = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_NO_NAME = re.compile(r"[^\w.:-]|^(?=[^A-Za-z_])", re.ASCII)


class Xes:
    """Writes one XES file."""

    def begin(self) -> bytes:
        """Extensions, globals and classifiers."""
        return _HEAD

    def page(self, traces: list[Trace]) -> bytes:
        """The orders, each a trace."""
        return "".join(part for trace in traces for part in _trace(trace)).encode()

    def customers(self, keys: list[str]) -> bytes:
        """Nothing: a trace names its own customer."""
        return b""

    def end(self) -> Iterator[bytes]:
        """The end of the log."""
        yield b"</log>\n"

    def close(self) -> None:
        """Nothing is held."""


def _trace(trace: Trace) -> Iterator[str]:
    yield "<trace>\n"
    yield _attribute("concept:name", trace.name)
    facts = {"order": trace.order_id, "customer": trace.customer, "registered_at": trace.since}
    for values in (facts, trace.fixed, trace.current):
        yield from (_attribute(OWN + name, value) for name, value in given(values))
    yield from (_attribute(name, value) for name, value in given(trace.details))
    for event in trace.events:
        yield "<event>\n"
        yield from _event(event)
        yield "</event>\n"
    yield "</trace>\n"


def _event(event: Happened) -> Iterator[str]:
    standard: Mapping[str, Any] = {
        "concept:name": event.activity,
        "time:timestamp": event.at,
        "org:resource": event.actor,
        "org:role": event.role,
        "org:group": event.unit,
        "lifecycle:transition": event.details.get("lifecycle:transition", "complete"),
    }
    own = {
        "event": event.id,
        "reason": event.reason,
        "policy_version": event.policy_version,
        "command_id": event.command_id,
        "acting_for": event.acting_for,
    }
    yield from (_attribute(name, value) for name, value in given(standard))
    yield from (_attribute(OWN + name, value) for name, value in given(own))
    if event.imported:
        yield _attribute(OWN + "imported", True)
        yield from (_attribute(name, value) for name, value in given(event.details) if name not in standard)
        return
    known = kinds(event.type)
    for name, value in given(event.details):
        at = datetime.fromisoformat(value) if known.get(name) == "time" and isinstance(value, str) else value
        yield _attribute(OWN + name, at)


def _attribute(key: str, value: Any) -> str:
    match value:
        case bool():
            kind = "boolean"
        case int():
            kind = "int"
        case float():
            kind = "float"
        case datetime():
            kind = "date"
        case _:
            kind = "string"
    written = instant(value) if isinstance(value, datetime) else escape(safe_text(text(value)), _QUOTES)
    return f'<{kind} key="{name_of(key)}" value="{written}"/>\n'


def name_of(key: str) -> str:
    """The key as an XML name."""
    return _NO_NAME.sub("_", key)
