"""Several tables written in one round trip: rows travel as JSON, and PostgreSQL spreads them over the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from contracts.messages import encode

Row = dict[str, Any]


def insert(table: Table, without: Sequence[str] = (), computed: Mapping[str, str] | None = None) -> str:
    """SQL that adds the rows of the parameter named like the table.

    Columns in `without` get their defaults; `computed` gives SQL for columns that the rows `r` do not bring.
    """
    columns = [column.name for column in table.columns if column.name not in without]
    values = ", ".join((computed or {}).get(name, f'r."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {_rows(table)}"  # nosec B608  # our own names


def upsert(table: Table, sticky: Sequence[str] = (), first: Sequence[str] = (), filled: Sequence[str] = ()) -> str:
    """The same, replacing rows that are there.

    A flag in `sticky`, once true, stays true; a column in `first` keeps its first value that is not null, one in
    `filled` its last.
    """
    key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)

    def value(name: str) -> str:
        old, new = f'{table.name}."{name}"', f'excluded."{name}"'
        if name in sticky:
            return f"{old} OR {new}"
        if name in first:
            return f"coalesce({old}, {new})"
        return f"coalesce({new}, {old})" if name in filled else new

    names = [column.name for column in table.columns if not column.primary_key]
    sets = ", ".join(f'"{name}" = {value(name)}' for name in names)
    return f"{insert(table)} ON CONFLICT ({key}) DO UPDATE SET {sets}"  # nosec B608  # our own names


def update(table: Table, without: Sequence[str] = (), kept: Sequence[str] = ()) -> str:
    """SQL that changes the one row given in the parameter named like the table, found by its primary key.

    Columns in `kept` stay as they are where the row brings null for them.
    """
    key = [column.name for column in table.primary_key.columns]

    def value(name: str) -> str:
        return f'coalesce(r."{name}", {table.name}."{name}")' if name in kept else f'r."{name}"'

    sets = ", ".join(
        f'"{column.name}" = {value(column.name)}'
        for column in table.columns
        if column.name not in key and column.name not in without
    )
    match = " AND ".join(f'{table.name}."{name}" = r."{name}"' for name in key)
    return f"UPDATE {table.name} SET {sets} FROM {_rows(table)} WHERE {match}"  # nosec B608  # our own names


class Batch:
    """Writes that are sent together, in the order in which they were added."""

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._parameters: dict[str, str] = {}

    def add(self, statement: str, table: Table, rows: Sequence[Row]) -> None:
        """Add one statement for these rows; without rows nothing is sent. Each table at most once."""
        if rows:
            self._statements.append(statement)
            self._parameters[table.name] = encode(rows).decode()

    def ahead(self, statement: str, name: str, value: str) -> None:
        """Have a statement with that one parameter go before all others."""
        self._statements.insert(0, statement)
        self._parameters[name] = value

    def send(self, session: Session) -> None:
        """Send everything in one round trip."""
        if self._statements:
            session.connection().exec_driver_sql(";\n".join(self._statements), self._parameters)


def _rows(table: Table) -> str:
    return f"json_populate_recordset(NULL::{table.name}, %({table.name})s) r"
