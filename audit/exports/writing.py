"""What the writers of all formats have in common: a file begins, takes page after page, and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from audit.exports.traces import Trace

Lift = Callable[[bytes], bytes]
"""Opens the seals in a JSON document as far as the reader's rights go."""


class Writer(Protocol):
    """One export in the making; what is returned is the next piece of the file, which may be empty."""

    def begin(self) -> bytes:
        """The file's first bytes."""

    def page(self, traces: list[Trace]) -> bytes:
        """Some orders."""

    def customers(self, keys: list[str]) -> bytes:
        """Some of the customers, of whom those formats make use that have objects; after the last page."""

    def end(self) -> Iterator[bytes]:
        """What is left."""

    def close(self) -> None:
        """Let go of what is held, whether the file was finished or not."""


_TRACES = msgspec.json.Decoder(list[Trace])


def shown(traces: list[Trace], lift: Lift) -> list[Trace]:
    """The orders as their reader is shown them; all of them are opened in one go."""
    found = _TRACES.decode(lift(msgspec.json.encode(traces)))
    for trace in found:
        for values in (trace.current, *(thing.attributes for thing in trace.things)):
            for name in values:
                if name.endswith("_at") and isinstance(values[name], str):
                    values[name] = datetime.fromisoformat(values[name])
    return found


def instant(at: datetime) -> str:
    """A time as ISO 8601, UTC, with a `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def text(value: Any) -> str:
    """A plain value as text, as JSON has it; a text and a time are themselves."""
    match value:
        case str():
            return value
        case datetime():
            return instant(value)
        case bool():
            return "true" if value else "false"
        case _:
            return msgspec.json.encode(value).decode()


def given(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields that say something."""
    return ((name, value) for name, value in values.items() if value is not None and value != "")
