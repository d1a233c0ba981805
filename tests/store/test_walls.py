"""The second wall alone: what PostgreSQL itself shows to, and takes from, the application's role.

Nothing here asks the first wall's conditions: every statement is the plainest one on its table.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg2
import pytest
from sqlalchemy import (
    Boolean,
    DateTime,
    Engine,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from store import columns, tables, walls
from store.session import EVERYWHERE, NOWHERE, Sight, make_engine, within
from tests.conftest import Database
from tests.store.country import Country, sights_of, writing

Made = sessionmaker[Session]
TABLES = columns.metadata.tables
HEADQUARTERS = Sight(EVERYWHERE.places, "hq-supervisor-1")
PROVINCE = Sight(("GD", "person:gd-manager"), "gd-manager")
_VALUES: tuple[tuple[type, Any], ...] = (
    (Text, "made-up"),
    (SmallInteger, 999),
    (Integer, 999_999),
    (Float, 0.5),
    (Boolean, False),
    (DateTime, "2026-01-01T00:00:00Z"),
    (ARRAY, []),
    (JSONB, {}),
    (LargeBinary, "\\x00"),
    (TSTZRANGE, "empty"),
)


def made_up(table: Table) -> str:
    """A row of a table with something in every column that must have something, as JSON."""
    row = {
        one.name: next(value for kind, value in _VALUES if isinstance(one.type, kind))
        for one in table.columns
        if not one.nullable
    }
    return msgspec.json.encode(row).decode()


def adding(table: str) -> str:
    """SQL that adds such a row."""
    names = ", ".join(one.name for one in TABLES[table].columns if not one.nullable)
    return (
        f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE"
        f" SELECT {names} FROM json_populate_record(NULL::{table}, %s)"
    )


@pytest.fixture(scope="module", autouse=True)
def _filled(database: Database, country: Country) -> None:
    """One made-up row in every table that has a wall, for an order of that name."""
    with contextlib.closing(_connected(database.owner_url)) as owner, owner, owner.cursor() as cursor:
        for table in walls.RULES:
            cursor.execute(adding(table), (made_up(TABLES[table]),))


def _connected(address: str) -> Any:
    url = make_url(address)
    return psycopg2.connect(host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database)


@pytest.fixture
def bare(database: Database) -> Iterator[Any]:
    """A connection of the application's role that nobody has told anything."""
    with contextlib.closing(_connected(database.app_url)) as connection:
        yield connection


# --- the list of walls ------------------------------------------------------------------------------------------------


def test_every_table_has_a_wall(engine: Engine) -> None:
    assert set(walls.RULES) == set(TABLES), "a new table needs a rule in store.walls"
    assert not [name for name in walls.OF_ALL if "order_id" in TABLES[name].c]
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT c.relname, c.relrowsecurity, count(p.polname) FILTER (WHERE p.polpermissive) AS rules"
                " FROM pg_class c"
                " LEFT JOIN pg_policy p ON p.polrelid = c.oid"
                " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace GROUP BY 1, 2"
            )
        ).all()
    there = {row.relname: row for row in found if row.relname != "alembic_version"}
    assert set(there) == set(TABLES)
    assert all(row.relrowsecurity for row in there.values())
    wide = {name for name, row in there.items() if row.rules != 1}
    assert wide == set(walls.OF_ALL), "several policies widen each other"


def test_the_application_is_bound_by_them_and_owns_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        role = connection.execute(
            text("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        ).one()
        owned = connection.scalar(
            text(
                "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
            )
        )
    assert tuple(role) == (False, False, False)
    assert owned == 0


# --- without a word of who asks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", walls.RULES)
def test_who_says_nothing_sees_adds_changes_and_deletes_no_row(bare: Any, made: Made, table: str) -> None:
    with made() as session:
        assert session.scalar(select(func.count()).select_from(TABLES[table])), "there is something to be seen"
    before = _digest(made, table)
    column = next(one.name for one in TABLES[table].columns if one.identity is None)
    for settings_of_nobody in (
        "",
        "SELECT set_config('whistle.places', '', true), set_config('whistle.person', '', true);",
    ):
        with bare.cursor() as cursor:
            cursor.execute(settings_of_nobody + f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,)
            bare.rollback()
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security policy"):
                cursor.execute(settings_of_nobody + adding(table), (made_up(TABLES[table]),))
            bare.rollback()
            for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
                with contextlib.suppress(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(settings_of_nobody + change)
                    assert cursor.rowcount == 0
                bare.commit()
    assert _digest(made, table) == before


def _digest(made: Made, table: str) -> tuple[int, str]:
    """How many rows a table has, and a hash of them."""
    with made() as session:
        many, digest = session.execute(
            text(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
        ).one()
        return many, digest


@pytest.mark.parametrize("table", walls.RULES)
def test_nowhere_sees_nothing(engine: Engine, country: Country, table: str) -> None:
    with within(engine, NOWHERE).connect() as connection:
        assert connection.scalar(select(func.count()).select_from(TABLES[table])) == 0


@pytest.mark.parametrize("sight", [PROVINCE, HEADQUARTERS, Sight(("customer:c1",), "customer:c1")], ids=str)
@pytest.mark.parametrize("table", walls.OF_THE_SYSTEM)
def test_the_systems_own_tables_are_nobodys_not_even_headquarters(
    engine: Engine, country: Country, table: str, sight: Sight
) -> None:
    with within(engine, sight).connect() as connection:
        assert connection.scalar(select(func.count()).select_from(TABLES[table])) == 0
    _nothing_written(engine, sight, table)


@pytest.mark.parametrize("sight", [PROVINCE, HEADQUARTERS, Sight(("customer:c1",), "customer:c1")], ids=str)
@pytest.mark.parametrize("table", walls.OF_ALL)
def test_what_is_common_is_read_by_all_and_written_by_nobody_not_even_headquarters(
    engine: Engine, made: Made, country: Country, table: str, sight: Sight
) -> None:
    before = _digest(made, table)
    with within(engine, sight).connect() as connection:
        assert connection.scalar(select(func.count()).select_from(TABLES[table])) == before[0] > 0
    _nothing_written(engine, sight, table)
    column = next(one.name for one in TABLES[table].columns if one.identity is None)
    for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with within(engine, writing(sight)).connect() as connection:
            with contextlib.suppress(ProgrammingError):  # the role has not even the grant
                assert connection.execute(text(change)).rowcount == 0
            connection.commit()
    assert _digest(made, table) == before


def _nothing_written(engine: Engine, sight: Sight, table: str) -> None:
    """Not in a person's session, which only reads; nor in one in which that was got around."""
    with within(engine, sight).connect() as connection, pytest.raises(DBAPIError, match="read-only transaction"):
        connection.exec_driver_sql(adding(table), (made_up(TABLES[table]),))
    with (
        within(engine, writing(sight)).connect() as connection,
        pytest.raises(ProgrammingError, match="row-level security"),
    ):
        connection.exec_driver_sql(adding(table), (made_up(TABLES[table]),))


def test_a_persons_session_only_reads_and_cannot_be_told_otherwise(engine: Engine, country: Country) -> None:
    for sight in (PROVINCE, HEADQUARTERS, NOWHERE):
        for trick in (
            "SELECT set_config('transaction_read_only', 'off', true)",
            "SET TRANSACTION READ WRITE",
            "SET LOCAL transaction_read_only = off",
        ):
            with within(engine, sight).connect() as connection:
                connection.execute(text("SELECT count(*) FROM people"))
                with pytest.raises(DBAPIError, match="read-write mode"):
                    connection.execute(text(trick))
        with within(engine, sight).connect() as connection, pytest.raises(DBAPIError, match="read-only transaction"):
            connection.execute(text("UPDATE people SET role = 'headquarters'"))


@pytest.mark.parametrize("table", walls.OF_ORDERS)
def test_a_person_writes_no_row_of_a_foreign_order(engine: Engine, country: Country, table: str) -> None:
    """Nor moves one of his own there: what a row becomes must be seen as well as what it was."""
    foreign = next(order.id for order in country.orders if order.id not in country.seen(PROVINCE))
    with within(engine, writing(PROVINCE)).connect() as connection:
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.exec_driver_sql(adding(table), (made_up(TABLES[table]).replace("made-up", foreign),))
        connection.rollback()
        with contextlib.suppress(ProgrammingError):
            assert connection.execute(text(f"DELETE FROM {table} WHERE order_id = '{foreign}'")).rowcount == 0
        connection.rollback()
        with pytest.raises(ProgrammingError, match=r"row-level security|permission denied"):
            connection.execute(text(f"UPDATE {table} SET order_id = '{foreign}' WHERE ctid IN"
                                    f" (SELECT ctid FROM {table} LIMIT 1)"))  # fmt: skip


# --- one transaction's sight is not the next one's --------------------------------------------------------------------


def _count(engine: Engine, sight: Sight) -> int:
    with within(engine, sight).begin() as connection:
        return connection.scalar(select(func.count()).select_from(tables.orders)) or 0


@pytest.mark.parametrize("autocommit", [False, True])
def test_a_sight_ends_with_its_transaction_on_a_pooled_connection(
    database: Database, country: Country, autocommit: bool
) -> None:
    """One connection serves all in turn, at random, through errors, rollbacks and savepoints."""
    engine = make_engine(database.app_url, 1, autocommit=autocommit)
    everyone = [*sights_of(country).values(), EVERYWHERE]
    expected = {sight: len(country.seen(sight)) + ("*" in sight.places) for sight in everyone}  # and the made-up one
    turns = random.Random(7)
    try:
        for _ in range(150):
            sight = turns.choice(everyone)
            match turns.randrange(5):
                case 0:
                    with pytest.raises(DBAPIError), within(engine, sight).begin() as connection:
                        connection.execute(text("SELECT 1 / 0"))
                case 1:
                    with within(engine, sight).connect() as connection:
                        connection.execute(select(tables.orders.c.order_id)).all()
                        connection.rollback()
                        assert len(connection.execute(select(tables.orders.c.order_id)).all()) == expected[sight]
                case 2 if not autocommit:
                    with within(engine, sight).begin() as connection:
                        with pytest.raises(DBAPIError), connection.begin_nested():
                            connection.execute(text("SELECT 1 / 0"))
                        assert len(connection.execute(select(tables.orders.c.order_id)).all()) == expected[sight]
                case _:
                    assert _count(engine, sight) == expected[sight]
            raw = engine.raw_connection()  # the same connection, of which nobody is told
            with contextlib.closing(raw.cursor()) as cursor:
                cursor.execute("SELECT coalesce(current_setting('whistle.places', true), ''), count(*) FROM orders")
                assert cursor.fetchone() == ("", 0)
            raw.rollback()
            raw.close()
            assert _count(engine, NOWHERE) == 0
    finally:
        engine.dispose()


@pytest.mark.parametrize("name", ["GD'", "GD,JS", "a b", "GD;", "*,", "**", "甲"])
def test_no_name_of_a_place_can_become_another_one(name: str) -> None:
    for places, person in (((name,), ""), ((), name)):
        with pytest.raises(ValueError, match="can be called"):
            Sight(places, person)
