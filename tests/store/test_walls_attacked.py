"""The second wall under attack by whoever can say any SQL as the application's role.

He may say where he stands as he likes: that is no secret from the database. What he must not get is the owner's or the
superuser's rights, nor more from the functions that look past the policies than they are to tell.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors, sql
from sqlalchemy.engine import make_url

from runtime.postgres import APP, OWNER, SUPERUSER, WALLS, EmbeddedPostgres
from store import walls
from tests.conftest import Database
from tests.store.country import Country

NOBODY = "SELECT set_config('whistle.places', 'XX', false), set_config('whistle.person', 'nobody', false)"
SPY = """
CREATE FUNCTION {}.spy(said text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('attack.ran_as', concat(current_setting('attack.ran_as', true), ' ', current_user), true);
    RETURN said;
END $$
"""
"""What everything of the attacker's calls: it writes down as whom it ran."""
VIEWS = """
CREATE TEMPORARY VIEW sights AS SELECT pg_temp.spy(id) AS order_id, 'XX'::text AS place FROM public.units;
CREATE TEMPORARY VIEW order_texts AS SELECT pg_temp.spy('stolen') AS order_id, '{1}'::bigint[] AS marks;
CREATE TEMPORARY VIEW calls AS SELECT pg_temp.spy('c1') AS callee, now() AS at, false AS rehearsal;
CREATE TEMPORARY VIEW units AS SELECT pg_temp.spy('GD.net') AS id, 'stolen'::text AS parent;
GRANT SELECT ON sights, order_texts, calls, units TO PUBLIC;
"""
SHADOWS = """
CREATE FUNCTION {0}.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT {0}.spy('*') $$;
CREATE FUNCTION {0}.string_to_array(text, text) RETURNS text[] LANGUAGE sql AS $$ SELECT ARRAY[{0}.spy('*')] $$;
CREATE FUNCTION {0}.starts_with(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT {0}.spy('t')::boolean $$;
CREATE FUNCTION {0}.substr(text, integer) RETURNS text LANGUAGE sql AS $$ SELECT {0}.spy('stolen') $$;
CREATE FUNCTION {0}.same(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT {0}.spy('t')::boolean $$;
CREATE FUNCTION {0}.joined(text, text) RETURNS text LANGUAGE sql AS $$ SELECT {0}.spy('XX') $$;
CREATE FUNCTION {0}.holds(bigint[], bigint[]) RETURNS boolean LANGUAGE sql AS $$ SELECT {0}.spy('t')::boolean $$;
CREATE OPERATOR {0}.= (FUNCTION = {0}.same, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR {0}.|| (FUNCTION = {0}.joined, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR {0}.@> (FUNCTION = {0}.holds, LEFTARG = bigint[], RIGHTARG = bigint[]);
"""
DOORS = (
    "SELECT order_id FROM public.orders",
    "SELECT 'seen' WHERE public.whistle_sees('{one}')",
    "SELECT public.whistle_found('{{1}}')",
    "SELECT public.whistle_found('{{}}')",
    "SELECT callee FROM public.whistle_called('{{stolen}}', '2020-01-01')",
    "SELECT place FROM public.whistle_above('GD.net') place WHERE place OPERATOR(pg_catalog.=) 'stolen'",
)
WEAK = """
CREATE FUNCTION public.weak(wanted text) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    RETURN QUERY SELECT order_id FROM sights WHERE place = 'XX';
END $$
"""
"""A function as the walls' must not be: what the attack takes over."""


@pytest.fixture
def app(database: Database, country: Country) -> Iterator[Any]:
    """A cursor of the application's role, of somebody who sees nothing."""
    url = make_url(database.app_url)
    found = psycopg2.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
    )
    with contextlib.closing(found), found.cursor() as cursor:
        cursor.execute(NOBODY)
        found.commit()
        yield cursor


@pytest.fixture
def armed(app: Any, postgres: EmbeddedPostgres, database: Database) -> Iterator[Any]:
    """The same, where somebody has let the role make what it likes; all that it made is undone."""
    name, role = sql.Identifier(database.name), sql.Identifier(APP)
    _superuser(postgres, database, sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(name, role))
    _superuser(postgres, database, sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(role))
    yield app
    app.connection.rollback()
    _superuser(postgres, database, sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM {}").format(name, role))
    _superuser(postgres, database, sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}").format(role))


def _superuser(postgres: EmbeddedPostgres, database: Database, statement: Any, *given: Any) -> list[Any]:
    with contextlib.closing(postgres.connect(SUPERUSER, database.name)) as connection, connection.cursor() as cursor:
        cursor.execute(statement, given or None)
        return cursor.fetchall() if cursor.description else []


def _ran_as(cursor: Any) -> set[str]:
    cursor.execute("SELECT current_setting('attack.ran_as', true)")
    return set((cursor.fetchone()[0] or "").split())


@pytest.mark.parametrize("path", ['pg_temp, "$user", public', "public, pg_catalog", "pg_temp, public, pg_catalog"])
@pytest.mark.parametrize("schema", ["pg_temp", "public"])
def test_nothing_of_ones_own_stands_in_for_what_the_walls_call(
    armed: Any, country: Country, schema: str, path: str
) -> None:
    one = country.orders[0].id
    for statement in (SPY.format("pg_temp"), VIEWS, *([SPY.format(schema)] if schema == "public" else [])):
        armed.execute(statement)
    armed.execute(SHADOWS.format(schema))
    armed.execute("SET LOCAL search_path = " + path)
    for door in DOORS:
        armed.execute("SELECT pg_catalog.set_config('attack.ran_as', '', true)")
        armed.execute(door.format(one=one))
        assert armed.fetchall() == [], door
        armed.execute("SELECT pg_catalog.current_setting('attack.ran_as', true)")
        assert set(armed.fetchone()[0].split()) <= {APP}, door


def test_the_same_attack_takes_over_a_function_that_names_no_schema(
    armed: Any, postgres: EmbeddedPostgres, database: Database
) -> None:
    _superuser(postgres, database, WEAK)
    _superuser(postgres, database, f"ALTER FUNCTION public.weak(text) OWNER TO {OWNER}")
    try:
        armed.execute(SPY.format("pg_temp"))
        armed.execute(VIEWS)
        armed.execute("SELECT public.weak('WH-ANY')")
        assert len(armed.fetchall()) > 30
        assert _ran_as(armed) == {OWNER}
    finally:
        armed.connection.rollback()
        _superuser(postgres, database, "DROP FUNCTION public.weak(text)")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMPORARY TABLE mine (id text)",
        "CREATE TEMPORARY VIEW sights AS SELECT 1 AS order_id",
        "CREATE FUNCTION pg_temp.mine() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
        "CREATE FUNCTION public.mine() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
        "CREATE TABLE public.mine (id text)",
        "CREATE OPERATOR public.= (FUNCTION = pg_catalog.texteq, LEFTARG = text, RIGHTARG = text)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE EXTENSION pg_trgm",
        "CREATE OR REPLACE FUNCTION public.whistle_sees(wanted text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "ALTER FUNCTION public.whistle_sees(text) RESET search_path",
        "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
        "ALTER ROLE whistle_app BYPASSRLS",
        "CREATE POLICY mine ON orders USING (true)",
        "TRUNCATE people",
        "DELETE FROM people",
        "COPY people TO PROGRAM 'cat'",
        "COPY people TO '/tmp/people'",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'hidden')",
        "SELECT lo_import('/etc/hostname')",
        "SELECT lo_import('/etc/hostname', 4711)",
        "SELECT lo_export(1, '/tmp/mine')",
        "SELECT lo_put(1, 0, 'hidden')",
        "SELECT lo_get(1)",
        "SELECT lo_open(1, 131072)",
        "SET ROLE whistle_owner",
        "SET ROLE whistle_walls",
        "SET SESSION AUTHORIZATION whistle_owner",
        "GRANT whistle_walls TO whistle_app",
        "SET LOCAL row_security = off; SELECT * FROM orders",
    ],
)
def test_the_application_makes_nothing_and_becomes_nobody(app: Any, statement: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.FeatureNotSupported)):
        app.execute(statement)
    app.connection.rollback()


def test_the_functions_belong_to_a_role_that_only_reads_what_they_look_at(
    postgres: EmbeddedPostgres, database: Database
) -> None:
    found = _superuser(
        postgres,
        database,
        "SELECT p.oid::regprocedure::text, pg_get_userbyid(p.proowner), p.proconfig,"
        " has_function_privilege(%s, p.oid, 'EXECUTE'),"
        " EXISTS (SELECT 1 FROM aclexplode(p.proacl) a WHERE a.grantee = 0)"
        " FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace",
        APP,
    )
    assert len(found) == len(walls.PAST) == 3, "whatever looks past the policies stands in walls.PAST"
    for name, owner, settings, opened, public in found:
        assert (owner, settings, opened, public) == (WALLS, ["search_path=pg_catalog, pg_temp"], True, False), name
    (role,) = _superuser(
        postgres,
        database,
        "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = %s",
        WALLS,
    )
    assert role == (False,) * 5
    held = _superuser(
        postgres,
        database,
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = %s ORDER BY 1",
        WALLS,
    )
    assert held == [("calls", "SELECT"), ("order_texts", "SELECT"), ("sights", "SELECT")]
    ((creates, member),) = _superuser(
        postgres,
        database,
        "SELECT has_schema_privilege(%s, 'public', 'CREATE'), pg_has_role(%s, %s, 'MEMBER')",
        WALLS,
        WALLS,
        OWNER,
    )
    assert (creates, member) == (False, False)
