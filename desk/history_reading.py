"""Events of another system's log, as rows of text: CSV and XLSX, XES (IEEE 1849), OCEL 2.0 as JSON.

A row's cells are named by columns in a table; in XES by the event's keys, and by `case:` and its key for the trace; in
OCEL by the event's attributes, by `type`, `time` and `id`, and by `case:` and its name for the object that is the case,
each attribute as it was at the event's time. A nested attribute of XES is named by both keys, with `/` between.

XML is read without its dangers: no document type, no entities, nothing fetched.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol, cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from desk import reading
from desk.client import Usage
from desk.reading import Row, Unreadable

_ATTRIBUTES = ("string", "date", "int", "float", "boolean", "id", "list", "container")
FORMATS = {".xes": "xes", ".xml": "xes", ".json": "ocel", ".jsonocel": "ocel"}
"""What a file is taken for by its ending; any other is a table."""


class Log(Protocol):
    """A log that has been looked at: its columns, where they are known beforehand, and its rows."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What its cells are called; nothing where that differs from event to event."""

    def rows(self) -> Iterator[Row | Unreadable]:
        """Every event, in the order of the file."""


def look(path: Path, kind: str = "", *, delimiter: str = ",", sheet: str = "", case_object: str = "") -> Log:
    """Look at a log; `kind` is csv, xes or ocel, by default as its ending says.

    Raises:
        Usage: it is not there, or cannot be read.
    """
    if not path.is_file():
        raise Usage(f"{path}: 没有此文件 / no such file")
    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    match kind or FORMATS.get(ending.lower(), "csv"):
        case "xes":
            return Xes(path)
        case "ocel":
            return Ocel(path, case_object)
        case _:
            return reading.look(path, delimiter, sheet)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


class Xes:
    """A log in XES, read a trace at a time."""

    columns: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> Iterator[Row | Unreadable]:
        """Every event, in the order of the file; raises Usage for what is no XES."""
        number = 0
        try:
            with _opened(self._path) as file:
                for trace in _traces(file):
                    own = {f"case:{key}": value for key, value in _attributes(trace)}
                    for event in trace:
                        if _tag(event) == "event":
                            number += 1
                            yield Row(number, 0, {**own, **dict(_attributes(event))})
        except DefusedXmlException as error:
            raise Usage(
                f"{self._path}: XML 含实体或文档类型, 不予读取 / holds entities or a document type, and is not read: "
                f"{error} · → 去掉 DTD / save it without one"
            ) from error
        except (ParseError, OSError, EOFError, zlib.error) as error:
            raise Usage(
                f"{self._path}: XML 无法解析 / cannot be read: {error} · → 重新导出 / export it anew"
            ) from error


def _traces(file: IO[bytes]) -> Iterator[Element]:
    """Each trace, let go when the next one is asked for."""
    log: Element | None = None
    for happened, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
        if log is None:
            log = element
            if _tag(log) != "log":
                raise ParseError(f"the root is <{_tag(log)}>, not <log>")
        elif happened == "end" and _tag(element) == "trace":
            yield element
            log.clear()


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _attributes(element: Element, prefix: str = "") -> Iterator[tuple[str, str]]:
    for child in element:
        if _tag(child) in _ATTRIBUTES:
            key = prefix + child.get("key", "")
            value = child.get("value")
            if value is not None:
                yield key, value
            yield from _attributes(child, key + "/")
        elif _tag(child) == "values":
            yield from _attributes(child, prefix)


class Ocel:
    """A log in OCEL 2.0: an event counts for every object of the type `case_object` that it is related to.

    The document is read whole.
    """

    columns: tuple[str, ...] = ()

    def __init__(self, path: Path, case_object: str) -> None:
        self._path = path
        try:
            with _opened(path) as file:
                document = json.loads(file.read().decode("utf-8-sig"))
            self._events: list[dict[str, Any]] = document["events"]
            objects = {one["id"]: one for one in document["objects"]}
            types = sorted({one["type"] for one in objects.values()})
        except (ValueError, KeyError, TypeError, RecursionError, OSError, EOFError, zlib.error) as error:
            needs = "需要 events 与 objects / it needs events and objects"
            raise Usage(f"{path}: 不是 OCEL 2.0 / is no OCEL 2.0: {error!r} · → {needs}") from error
        if case_object not in types:
            raise Usage(
                f"{path}: case_object {case_object!r} 不是其中的对象类型 / is no type of object in it · "
                f"→ 可用 one of: {', '.join(types)}"
            )
        self._objects = {name: one for name, one in objects.items() if one["type"] == case_object}

    def rows(self) -> Iterator[Row | Unreadable]:
        """Every event with every case that it is about."""
        for number, event in enumerate(self._events, start=1):
            try:
                related = dict.fromkeys(one["objectId"] for one in event.get("relationships", ()))
                for name in related:
                    if name in self._objects:
                        yield Row(number, 0, self._cells(event, self._objects[name]))
            except (KeyError, TypeError, ValueError) as error:
                yield Unreadable(
                    number, 0, f"事件不完整 / the event is not whole: {error!r}", "补全 id, type, time / complete it"
                )

    def _cells(self, event: dict[str, Any], case: dict[str, Any]) -> dict[str, str]:
        cells = {"case:id": case["id"], "id": event["id"], "type": event["type"], "time": event["time"]}
        at = _instant(event["time"])
        for one in sorted(case.get("attributes", ()), key=lambda one: _instant(one["time"])):
            if _instant(one["time"]) <= at:
                cells[f"case:{one['name']}"] = _text(one["value"])
        cells |= {one["name"]: _text(one["value"]) for one in event.get("attributes", ())}
        cells |= {
            f"{one['qualifier']}:": one["objectId"]
            for one in event.get("relationships", ())
            if one["objectId"] != case["id"]
        }
        return cells


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class Shelf:
    """The rows of a log by their cases, kept in a file on disk, however many there are and however they are mixed."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(suffix=".sqlite")  # noqa: SIM115 - closed by `close`
        self._rows = sqlite3.connect(self._file.name, isolation_level=None)
        self._rows.executescript("PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -20000;")
        self._rows.execute("CREATE TABLE rows (name TEXT, number INTEGER, line INTEGER, cells TEXT)")

    def fill(self, rows: Iterator[tuple[str, Row]]) -> None:
        """Put the rows away, each under its case."""
        self._rows.execute("BEGIN")
        self._rows.executemany(
            "INSERT INTO rows VALUES (?, ?, ?, ?)",
            ((name, row.number, row.line, json.dumps(row.cells, ensure_ascii=False)) for name, row in rows),
        )
        self._rows.execute("COMMIT")
        self._rows.execute("CREATE INDEX by_case ON rows (name, number)")

    def cases(self) -> Iterator[tuple[str, list[Row]]]:
        """Each case with its rows in the order of the file."""
        present, found = "", list[Row]()
        for name, number, line, cells in self._rows.execute("SELECT * FROM rows ORDER BY name, number"):
            if found and name != present:
                yield present, found
                found = []
            present = name
            found.append(Row(number, line, json.loads(cells)))
        if found:
            yield present, found

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()
        self._file.close()
