"""The servers that all tests share: PostgreSQL and Temporal, real ones, on free ports and a folder of their own."""

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from psycopg2 import sql

from runtime import engine, keyring, ports, zones
from runtime.console import Console
from runtime.faults import SetupError
from runtime.postgres import APP, OWNER, EmbeddedPostgres
from runtime.settings import Settings, load
from runtime.stack import EmbeddedStack
from runtime.temporal import PORT_COUNT

zones.pin()

_TEMPLATE = "whistle_template"
_NUMBERS = itertools.count(1)

# Tests never touch an installation that the environment points to; only where the engine comes from is taken over.
_KEPT = ("WHISTLE_CACHE_DIR", "WHISTLE_TEMPORAL_ARCHIVE_URL", "WHISTLE_TEMPORAL_ARCHIVE_SHA256")
for _name in [name for name in os.environ if name.startswith("WHISTLE_") and name not in _KEPT]:
    del os.environ[_name]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Get the engine's programs before the first test, in sight: a build takes minutes, a test may not."""
    if session.config.option.collectonly:
        return
    own = ("/runtime/", "/chaos/")  # these start servers of their own
    if not any(
        "stack" in getattr(item, "fixturenames", ()) or any(room in item.nodeid for room in own)
        for item in session.items
    ):
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        try:
            engine.find(load(), Console())
            engine.find_ui(load(), Console())
        except SetupError as error:
            pytest.exit(str(error), returncode=1)


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated application database of one test module.

    Attributes:
        name: its name in the cluster.
        owner_url: its SQLAlchemy address for the role that migrates.
        app_url: the same for API and workers, which may not change events.
    """

    name: str
    owner_url: str
    app_url: str


@pytest.fixture(scope="session")
def stack_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a stack on free ports and an empty folder, which is deleted afterwards."""
    folder = tmp_path_factory.mktemp("stack")
    first = ports.free_run(PORT_COUNT + 3)
    keyring.ensure(folder / "keys.json")
    yield load(
        data_dir=folder,
        temporal_port=first,
        postgres_port=first + PORT_COUNT,
        api_port=first + PORT_COUNT + 1,
        ui_port=first + PORT_COUNT + 2,
        ui_enabled=False,
        allowed_hosts="api",  # as the tests' clients call it
    )
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(stack_settings: Settings) -> Iterator[EmbeddedStack]:
    """PostgreSQL and Temporal for the whole run; time may be skipped in the rehearsal namespace alone."""
    with EmbeddedStack(stack_settings, Console()) as running:
        yield running


@pytest.fixture(scope="session")
def postgres(stack: EmbeddedStack) -> EmbeddedPostgres:
    """The embedded PostgreSQL of the stack."""
    assert stack.postgres is not None
    return stack.postgres


@pytest.fixture(scope="session")
def _template(postgres: EmbeddedPostgres) -> str:
    from store import migrate

    _create(postgres, _TEMPLATE, "template0")
    migrate.upgrade(postgres.url(OWNER, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="module")
def database(postgres: EmbeddedPostgres, _template: str) -> Iterator[Database]:
    """A fresh, migrated database for this test module."""
    name = f"whistle_test_{next(_NUMBERS)}"
    _create(postgres, name, _template)
    yield Database(name, postgres.url(OWNER, name), postgres.url(APP, name))
    with contextlib.closing(postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def settings(stack: EmbeddedStack, database: Database) -> Settings:
    """Settings for API and workers of this test module: the shared servers, the module's own database."""
    return stack.settings.model_copy(update={"database_url": database.owner_url, "app_database_url": database.app_url})


def _create(postgres: EmbeddedPostgres, name: str, template: str) -> None:
    with contextlib.closing(postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (template,))
        statement = sql.SQL("create database {} template {} owner {}")
        cursor.execute(statement.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)))
        let_in = sql.SQL("grant connect, temporary on database {} to {}")
        cursor.execute(let_in.format(sql.Identifier(name), sql.Identifier(APP)))
