"""CSV and Parquet: one row an event, the order's own columns with it; what else an event says stands in `details`.

CSV after RFC 4180, UTF-8 with a byte order mark; what could be a formula begins with an apostrophe. Parquet as Apache
Arrow writes it, one row group a page, times in microseconds UTC.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from audit.exports.traces import Trace
from runtime.cells import safe_cell, safe_text

_TEXTS = "text"
_TIME = "time"
_INT = "int"
_BOOL = "bool"

COLUMNS: dict[str, str] = {
    "case": _TEXTS,
    "order_id": _TEXTS,
    "seq": _INT,
    "activity": _TEXTS,
    "at": _TIME,
    "actor": _TEXTS,
    "role": _TEXTS,
    "unit": _TEXTS,
    "acting_for": _TEXTS,
    "reason": _TEXTS,
    "policy_version": _TEXTS,
    "command_id": _TEXTS,
    "imported": _BOOL,
    "system": _TEXTS,
    "customer": _TEXTS,
    "province": _TEXTS,
    "category": _TEXTS,
    "order_class": _TEXTS,
    "channel": _TEXTS,
    "registered_at": _TIME,
    "state": _TEXTS,
    "lead_unit": _TEXTS,
    "level": _INT,
    "round": _INT,
    "outcome": _TEXTS,
    "closed_at": _TIME,
    "details": _TEXTS,
}
"""The columns of either, each with its kind; state, lead, level, round, outcome and end are the order's of today."""


def rows(trace: Trace) -> Iterator[dict[str, Any]]:
    """The rows of an order."""
    fixed = {name: trace.fixed.get(name) for name in ("province", "category", "order_class", "channel")}
    current = {name: trace.current.get(name) for name in ("state", "lead_unit", "level", "round", "outcome")}
    order = {
        "case": trace.name,
        "order_id": trace.order_id,
        "system": trace.system,
        "customer": trace.customer,
        "registered_at": trace.since,
        "closed_at": trace.current.get("closed_at"),
        **fixed,
        **current,
    }
    for event in trace.events:
        own = {name: getattr(event, name) for name in event.__struct_fields__ if name in COLUMNS}
        yield {**order, **own, "details": msgspec.json.encode(event.details).decode()}


class Csv:
    """Writes one CSV file."""

    def begin(self) -> bytes:
        """The headings."""
        return "\ufeff".encode() + _lines([list(COLUMNS)])

    def page(self, traces: list[Trace]) -> bytes:
        """The orders' events."""
        return _lines([[_cell(row[name]) for name in COLUMNS] for trace in traces for row in rows(trace)])

    def customers(self, keys: list[str]) -> bytes:
        """Nothing: each row names its own."""
        return b""

    def end(self) -> Iterator[bytes]:
        """Nothing more."""
        return iter(())

    def close(self) -> None:
        """Nothing is held."""


def _lines(table: list[list[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(table)
    return written.getvalue().encode()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case int():
            return str(value)
        case _:
            return safe_cell(value)


class Parquet:
    """Writes one Parquet file; the library is loaded with the first."""

    def __init__(self) -> None:
        import pyarrow
        from pyarrow import parquet

        kinds = {
            _TEXTS: pyarrow.string(),
            _TIME: pyarrow.timestamp("us", tz="UTC"),
            _INT: pyarrow.int32(),
            _BOOL: pyarrow.bool_(),
        }
        self._arrow = pyarrow
        self._schema = pyarrow.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
        self._sink = _Drained()
        self._writer = parquet.ParquetWriter(
            pyarrow.PythonFile(self._sink, mode="w"), self._schema, compression="zstd", write_statistics=True
        )

    def begin(self) -> bytes:
        """The magic number."""
        return self._sink.drain()

    def page(self, traces: list[Trace]) -> bytes:
        """The orders' events, a row group of their own."""
        found = [row for trace in traces for row in rows(trace)]
        if found:
            columns = {name: [_plain(row[name]) for row in found] for name in COLUMNS}
            self._writer.write_table(self._arrow.table(columns, schema=self._schema))
        return self._sink.drain()

    def customers(self, keys: list[str]) -> bytes:
        """Nothing: each row names its own."""
        return b""

    def end(self) -> Iterator[bytes]:
        """The footer."""
        self._writer.close()
        yield self._sink.drain()

    def close(self) -> None:
        """Let go of the writer."""
        if self._writer.is_open:
            self._writer.close()


def _plain(value: Any) -> Any:
    return safe_text(value) if isinstance(value, str) else value


class _Drained(io.RawIOBase):
    """A file that is taken away as it is written."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._at

    def drain(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found
