"""What PostgreSQL does with a statement, as the application's role and for somebody who stands somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, text

from store.session import EVERYWHERE, Sight, within


@dataclass(frozen=True, slots=True)
class Plan:
    """What it would do: the kinds of steps, the indexes that they read, and the tables that are read end to end."""

    steps: frozenset[str]
    indexes: frozenset[str]
    whole: frozenset[str]


def plan(engine: Engine, statement: Select[Any], sight: Sight = EVERYWHERE) -> Plan:
    """The plan of a statement."""
    compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
    with within(engine, sight).connect() as connection:
        explained = connection.exec_driver_sql("EXPLAIN (FORMAT JSON) " + str(compiled))
        nodes = list(_nodes(explained.scalar_one()[0]["Plan"]))
    return Plan(
        frozenset(node["Node Type"] for node in nodes),
        frozenset(node["Index Name"] for node in nodes if "Index Name" in node),
        frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
    )


def read_whole(engine: Engine, statement: Select[Any], sight: Sight = EVERYWHERE) -> set[str]:
    """The tables that were in fact read end to end, by what policies and functions ask too."""
    with within(engine, sight).begin() as connection:
        before = _scans(connection, "seq_scan")
        connection.execute(statement).all()
        return {table for table, count in _scans(connection, "seq_scan").items() if count > before.get(table, 0)}


def asked_index(engine: Engine, statement: Select[Any], sight: Sight, table: str) -> bool:
    """Whether any index of a table was in fact asked."""
    with within(engine, sight).begin() as connection:
        before = _scans(connection, "idx_scan").get(table, 0)
        connection.execute(statement).all()
        return _scans(connection, "idx_scan").get(table, 0) > before


def _scans(connection: Connection, which: str) -> dict[str, int]:
    found = connection.execute(text(f"SELECT relname, {which} FROM pg_stat_xact_user_tables WHERE {which} > 0"))
    return {row[0]: row[1] for row in found}


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
