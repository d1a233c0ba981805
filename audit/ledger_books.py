"""The rows of the whole ledger as `audit.ledger_check` wants them, out of the database, all of one instant.

One read-only transaction, and cursors of the server's, so that neither side keeps more than some thousand rows at hand.
Nothing of the program stands between: whoever checks does not trust the API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - as above

from audit.ledger_check import CheckpointRow, LeafRow, TileRow

FETCHED = 2000
"""Rows that are fetched at once."""

_SEEING = (
    "-c whistle.places=* -c whistle.person=* -c timezone=UTC -c statement_timeout=0 -c cursor_tuple_fraction=1.0"
    " -c max_parallel_workers_per_gather=0"
)
"""As the system itself, with plans for all rows; others need the cores."""

EVENTS = """
SELECT e.order_id, e.seq, e.type,
    CASE WHEN e.at >= '0001-01-01 00:00:00+00' AND e.at < '10000-01-01 00:00:00+00'
        THEN to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END AS at,
    e.actor_id, e.role, e.unit, e.acting_for, e.reason, e.policy_version, e.command_id, e.data::text, e.clocks::text,
    e.hash, o.last_seq, o.chain, l.position, l.hash AS leaf,
    CASE WHEN l.position IS NULL THEN extract(epoch FROM clock_timestamp() - e.recorded_at)::float8 END AS age,
    extract(epoch FROM e.recorded_at)::float8 AS recorded
FROM events e
LEFT JOIN orders o ON o.order_id = e.order_id
LEFT JOIN leaves l ON l.order_id = e.order_id AND l.seq = e.seq
ORDER BY e.order_id, e.seq
"""
HEADLESS = """
SELECT order_id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.order_id = o.order_id) ORDER BY order_id
"""
ORPHANS = """
SELECT position, order_id, seq, hash FROM leaves l
WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.order_id = l.order_id AND e.seq = l.seq) ORDER BY position
"""
LEAVES = "SELECT position, order_id, seq, hash FROM leaves ORDER BY position"
TILES = "SELECT level, index, hashes FROM tiles ORDER BY level, index"
CHECKPOINTS = """
SELECT size, root, note, ARRAY(SELECT line FROM cosignatures s WHERE s.size = c.size ORDER BY witness) AS lines,
    extract(epoch FROM signed_at)::float8,
    ARRAY(SELECT extract(epoch FROM s.at)::float8 FROM cosignatures s WHERE s.size = c.size ORDER BY witness)
FROM checkpoints c ORDER BY size
"""
UNSIGNED = """
SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8 FROM events
WHERE (order_id, seq) = (SELECT order_id, seq FROM leaves
    WHERE position >= coalesce((SELECT max(size) FROM checkpoints), 0) ORDER BY position LIMIT 1)
"""
_COLUMNS = (
    "order_id", "seq", "type", "at", "actor_id", "role", "unit", "acting_for", "reason", "policy_version",
    "command_id", "data", "clocks", "hash", "last_seq", "chain", "position", "leaf", "age",
    "recorded",
)  # fmt: skip


class Unreadable(Exception):  # noqa: N818 - it names what is wrong
    """The database does not answer, or has no such tables; the text says why."""


class DatabaseBooks:
    """The rows of one database; a `Books`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers = count(1)

    @property
    def backend(self) -> int:
        """The process of the database that works for it."""
        return int(self._connection.info.backend_pid)

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Every event with its head and its leaf."""
        return (dict(zip(_COLUMNS, row, strict=True)) for row in self._rows(EVENTS))

    def headless(self) -> Iterator[str]:
        """Orders without events."""
        return (order_id for (order_id,) in self._rows(HEADLESS))

    def orphans(self) -> Iterator[LeafRow]:
        """Leaves without events."""
        return (LeafRow(*row) for row in self._rows(ORPHANS))

    def leaves(self) -> Iterator[LeafRow]:
        """Every leaf."""
        return (LeafRow(*row) for row in self._rows(LEAVES))

    def tiles(self) -> Iterator[TileRow]:
        """Every tile."""
        return (TileRow(level, index, bytes(hashes)) for level, index, hashes in self._rows(TILES))

    def checkpoints(self) -> Iterator[CheckpointRow]:
        """Every checkpoint."""
        for size, root, note, lines, signed_at, kept in self._rows(CHECKPOINTS):
            yield CheckpointRow(size, root, note, tuple(lines), signed_at, tuple(kept))

    def unsigned(self) -> float:
        """How long the oldest leaf has waited for a checkpoint."""
        with self._connection.cursor() as cursor:
            cursor.execute(UNSIGNED)
            found = cursor.fetchone()
        return float(found[0]) if found else 0.0

    def _rows(self, statement: str) -> Iterator[tuple[Any, ...]]:
        cursor: Cursor
        with self._connection.cursor(name=f"audit_{next(self._numbers)}") as cursor:
            cursor.itersize = FETCHED
            cursor.execute(statement)
            yield from cursor


@contextmanager
def books(address: str) -> Iterator[DatabaseBooks]:
    """The books of the database at that address, as they stand now.

    Raises:
        Unreadable: it does not answer, or not as a ledger's database does.
    """
    url = address.replace("postgresql+psycopg2://", "postgresql://", 1)
    try:
        connection = psycopg2.connect(url, connect_timeout=5, options=_SEEING, application_name="whistle audit")
    except psycopg2.Error as error:
        raise Unreadable(str(error)) from error
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield DatabaseBooks(connection)
    except psycopg2.Error as error:
        raise Unreadable(str(error)) from error
    finally:
        connection.close()
