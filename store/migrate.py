"""Bringing a database to the present shape, and giving the application's role what it may have and no more."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from store import (
    access_tables,
    history_tables,
    lab_tables,
    locks,
    log_tables,
    signing_tables,
    span_tables,
    tables,
    template_tables,
    walls,
)
from store.columns import metadata
from store.locks import Lock

APPEND_ONLY = (
    *tables.APPEND_ONLY, *access_tables.APPEND_ONLY, *template_tables.APPEND_ONLY, *log_tables.APPEND_ONLY,
    *history_tables.APPEND_ONLY, *signing_tables.APPEND_ONLY,
)  # fmt: skip

DELETING = (
    "commands", "calls", "challenges", "order_texts", "sights", "federated", "files", "saved_views",
    "unsequenced",
    *lab_tables.DELETING,
)  # fmt: skip
"""Tables from which the application may take rows."""

CHANGING: dict[str, tuple[str, ...]] = {
    "notices": ("state", "attempts", "next_attempt_at", "sent_at", "receipt", "read_at", "created_at"),
    "tiles": ("hashes",),
}
"""Tables of which the application may change these columns alone.

What a notice says, and to whom, stays as it was; a tile of the log grows (a trigger sees to it).
"""

APP_ROLE = "whistle_app"
WALLS_ROLE = "whistle_walls"
"""Whose the functions are that look past the policies: a role that nobody logs in as."""


def configuration() -> Config:
    """Alembic's configuration; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def head() -> str:
    """The revision that this version of the program expects."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def upgrade(url: str) -> None:
    """Bring the database at `url` up to date; the role in it must own the database.

    All or nothing, in one transaction. Two starters take turns; when there is nothing to do, nothing changes.
    """
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        locks.wait(connection, Lock.MIGRATING)
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _grant(connection)
        _hand_over(connection)


def revision(url: str) -> str:
    """The revision that the database is at; '' for an empty one."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
            return ""
        return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def _grant(connection: Connection) -> None:
    """Grants for the application's role, where there is one besides the owner; written anew at every upgrade."""
    there = connection.scalar(
        text("SELECT true FROM pg_roles WHERE rolname = :role AND rolname <> current_user"), {"role": APP_ROLE}
    )
    if not there:
        return
    everything = ", ".join(table.name for table in metadata.sorted_tables)
    kept = {table.name for table in APPEND_ONLY} | CHANGING.keys()
    changing = ", ".join(table.name for table in metadata.sorted_tables if table.name not in kept)
    adding = ", ".join(sorted(kept))
    for statement in (
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {APP_ROLE}",
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        f"REVOKE ALL ON {everything} FROM {APP_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE ON {changing} TO {APP_ROLE}",
        f"GRANT DELETE ON {', '.join(DELETING)} TO {APP_ROLE}",
        f"GRANT SELECT, INSERT ON {adding} TO {APP_ROLE}",
        *(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {APP_ROLE}" for table, columns in CHANGING.items()),
        f"GRANT SELECT ON alembic_version TO {APP_ROLE}",
        *span_tables.grants(APP_ROLE),
        *(f"GRANT EXECUTE ON FUNCTION {function} TO {APP_ROLE}" for function in walls.PAST),
    ):
        connection.execute(text(statement))


def _hand_over(connection: Connection) -> None:
    """Give the functions that look past the policies to their own role, where there is one that may look past them.

    Without it they stay the owner's, who may do anything; a cluster's superuser makes it (docs/operations.md).
    """
    there = connection.scalar(
        text(
            "SELECT true FROM pg_roles WHERE rolname = :role AND rolbypassrls AND NOT rolcanlogin"
            " AND pg_has_role(current_user, oid, 'SET')"
        ),
        {"role": WALLS_ROLE},
    )
    if not there:
        return
    everything = ", ".join(table.name for table in metadata.sorted_tables)
    read = ", ".join(sorted({table for named in walls.PAST.values() for table in named.split(", ")}))
    for statement in (
        f"REVOKE ALL ON {everything} FROM {WALLS_ROLE}",
        f"GRANT SELECT ON {read} TO {WALLS_ROLE}",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {WALLS_ROLE}",  # CREATE: whoever is given a function needs it then
        *(f"ALTER FUNCTION {function} OWNER TO {WALLS_ROLE}" for function in walls.PAST),
        f"REVOKE CREATE ON SCHEMA public FROM {WALLS_ROLE}",
    ):
        connection.execute(text(statement))
