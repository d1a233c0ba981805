"""Where bytes of a running system lie: tables, the engine's tables, logs, files, pages, processes; read piece by piece.

Each piece is a name and bytes. Every place has a control, which stands there in clear by right: a search that does not
find it has not looked.
"""

from __future__ import annotations

import asyncio
import io
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from temporalio.client import Client

from runtime.folder import DataFolder
from runtime.postgres import DATABASE, ENGINE, ENGINE_DATABASE, OWNER, VISIBILITY_DATABASE
from runtime.settings import Settings
from tests.privacy.plants import Needles

Piece = tuple[str, bytes]
ROWS = 2000
"""Rows of a table that are looked at together."""


@dataclass(slots=True)
class Search:
    """A search for these needles, and what it went through."""

    needles: Needles
    found: list[str] = field(default_factory=list)
    pieces: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    blind: list[str] = field(default_factory=list)

    def through(self, place: str, pieces: Iterable[Piece], control: str) -> None:
        """Look through all pieces of a place; `control` must be found in one of them."""
        wanted, seen = control.encode(), False
        for name, hay in pieces:
            self.pieces[place] += 1
            self.bytes[place] += len(hay)
            seen = seen or wanted in hay
            self.found += [f"{place}, {name}: {one.plant} ({one.spelling})" for one in self.needles.found(hay)]
        if not seen:
            self.blind.append(f"{place}: the control {control!r} was not found")

    def report(self) -> str:
        """What was searched, a line a place."""
        return "\n".join(
            f"{place:<34} {count:>6} pieces {self.bytes[place]:>12,} bytes" for place, count in self.pieces.items()
        )


def tables(settings: Settings, role: str, database: str) -> Iterator[Piece]:
    """Every column of every row of a database of ours, as their owner; texts in UTF-8, bytes as they are."""
    passwords = DataFolder(settings.data_dir).passwords()
    password = passwords.owner if role == OWNER else passwords.engine
    connection = psycopg2.connect(
        host="127.0.0.1", port=settings.postgres_port, user=role, password=password, dbname=database
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'm') ORDER BY 1"
            )
            for (table,) in cursor.fetchall():
                cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
                yield from _rows(table, cursor)
            cursor.execute(
                "SELECT schemaname || '.' || tablename || '.' || attname, "
                "concat(most_common_vals, ' ', histogram_bounds, ' ', most_common_elems) FROM pg_stats"
            )
            yield from _rows("pg_stats", cursor)
    finally:
        connection.close()


def _rows(table: str, cursor: Cursor) -> Iterator[Piece]:
    first = 0
    while rows := cursor.fetchmany(ROWS):
        yield f"{table} from row {first}", b"\n".join(b"\x1f".join(_bytes(value) for value in row) for row in rows)
        first += len(rows)


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode(errors="surrogatepass")


def application(settings: Settings) -> Iterator[Piece]:
    """The application's own tables."""
    return tables(settings, OWNER, DATABASE)


def engine(settings: Settings) -> Iterator[Piece]:
    """The engine's tables, its histories among them."""
    yield from tables(settings, ENGINE, ENGINE_DATABASE)
    yield from tables(settings, ENGINE, VISIBILITY_DATABASE)


def logs(settings: Settings, said: str) -> Iterator[Piece]:
    """Every log file, and what the supervisor printed."""
    yield "supervisor", said.encode()
    yield from _files(path for path in settings.logs.rglob("*"))


def files(settings: Settings) -> Iterator[Piece]:
    """Everything in the data folder but logs and the database's own folder, and what lies open beside it."""
    below = settings.data_dir / "postgres"
    others = (path for path in settings.data_dir.rglob("*") if not {below, settings.logs} & {*path.parents})
    yield from _files(others)
    for process in processes(settings):
        yield from _files(Path(opened.path) for opened in process.open_files() if opened.path.startswith("/tmp"))


def raw(settings: Settings) -> Iterator[Piece]:
    """The database's own files as they lie on the disk: pages, dead rows among them, and the write-ahead log."""
    return _files((settings.data_dir / "postgres").rglob("*"))


def _files(paths: Iterable[Path]) -> Iterator[Piece]:
    for path in paths:
        try:
            if path.is_file():
                yield str(path), path.read_bytes()
        except OSError:  # gone meanwhile
            continue


def pages(settings: Settings) -> Iterator[Piece]:
    """What is served to everybody: metrics, readiness, the description of the API."""
    for url in (
        f"http://{settings.worker_metrics_address}/metrics",
        f"{settings.api_url}/readyz",
        f"{settings.api_url}/livez",
        f"{settings.api_url}/openapi.json",
        f"{settings.api_url}/docs",
    ):
        with urllib.request.urlopen(url, timeout=10) as answer:
            yield url, answer.read()


def processes(settings: Settings) -> list[psutil.Process]:
    """Every process that names our folder in its arguments or its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            told = " ".join([*process.cmdline(), *process.environ().values()])
        except psutil.Error:
            continue
        if str(settings.data_dir) in told:
            found.append(process)
    return found


def arguments(settings: Settings) -> Iterator[Piece]:
    """What every process of ours was started with, its title and its environment."""
    for process in processes(settings):
        told = [*process.cmdline(), *(f"{name}={value}" for name, value in process.environ().items())]
        yield f"{process.name()} {process.pid}", "\0".join(told).encode()


def shown_by_engine(settings: Settings) -> list[Piece]:
    """What Temporal tells of every order without our keys: description, memo, attributes, details, whole history."""

    async def read() -> list[Piece]:
        found: list[Piece] = []
        for namespace in (settings.temporal_namespace, settings.rehearsal_namespace):
            client = await Client.connect(settings.temporal_target, namespace=namespace)
            async for line in client.list_workflows():
                handle = client.get_workflow_handle(line.id, run_id=line.run_id)
                described = await handle.describe()
                found.append((f"{line.id}, described", described.raw_description.SerializeToString()))
                history = await handle.fetch_history()
                told = b"".join(event.SerializeToString() for event in history.events)
                found.append((f"{line.id}, history", told + str(line.raw_info).encode()))
        return found

    return asyncio.run(read())


def unpacked(content: bytes) -> bytes:
    """An answer's bytes, those of a packed one with what is within."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())
