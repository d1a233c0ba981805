"""The servers that all tests share: PostgreSQL and Temporal, real ones, on free ports and a folder of their own."""

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from psycopg2 import sql

from runtime import engine, keyring, zones
from runtime.console import Console
from runtime.postgres import APP, OWNER, EmbeddedPostgres
from runtime.settings import Settings, load
from runtime.stack import EmbeddedStack
from tests.support.crew import Crew, Hand, in_sight

zones.pin()

_NUMBERS = itertools.count(1)

# The first of several processes may hand on the measures of a terminal that the others do not have.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

# Tests never touch an installation that the environment points to; only where the engine comes from is taken over.
_KEPT = ("WHISTLE_CACHE_DIR", "WHISTLE_TEMPORAL_ARCHIVE_URL", "WHISTLE_TEMPORAL_ARCHIVE_SHA256")
for _name in [name for name in os.environ if name.startswith("WHISTLE_") and name not in _KEPT]:
    del os.environ[_name]


_HAND = pytest.StashKey[Hand]()


def pytest_configure(config: pytest.Config) -> None:
    """Say who we are: the one process, one of several, or the one that hands out tests to several."""
    config.stash[_HAND] = Hand(config)
    if config.option.dist != "no" and not config.option.collectonly:
        config.pluginmanager.register(Crew(config))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Get the engine's programs before the first test, in sight: a build takes minutes, a test may not."""
    if session.config.option.collectonly or session.config.stash[_HAND].name:  # a worker's servers are there already
        return
    own = ("/runtime/", "/chaos/")  # these start servers of their own
    if not any(
        "stack" in getattr(item, "fixturenames", ()) or any(room in item.nodeid for room in own)
        for item in session.items
    ):
        return
    with in_sight(session.config):
        engine.find(load(), Console())
        engine.find_ui(load(), Console())


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Make way for what is measured."""
    item.config.stash[_HAND].step_back(item.nodeid)


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
def hand(pytestconfig: pytest.Config) -> Hand:
    """What this process of the run may call its own."""
    return pytestconfig.stash[_HAND]


@pytest.fixture(scope="session")
def stack_settings(hand: Hand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a stack on free ports and an empty folder, which is deleted after the run."""
    given = hand.settings(tmp_path_factory.mktemp)
    keyring.ensure(given.keyring_path)
    yield given
    if not hand.name:
        shutil.rmtree(given.data_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(hand: Hand, stack_settings: Settings) -> Iterator[EmbeddedStack]:
    """PostgreSQL and Temporal for the whole run; time may be skipped in the rehearsal namespace alone."""
    with hand.stack(stack_settings) as running:
        yield running


@pytest.fixture(scope="session")
def postgres(stack: EmbeddedStack) -> EmbeddedPostgres:
    """The embedded PostgreSQL of the stack."""
    assert stack.postgres is not None
    return stack.postgres


@pytest.fixture(scope="session")
def _template(hand: Hand, postgres: EmbeddedPostgres) -> str:
    from store import migrate

    name = f"whistle_template_{hand.name}"
    _create(postgres, name, "template0")
    migrate.upgrade(postgres.url(OWNER, name))
    return name


@pytest.fixture(scope="module")
def database(hand: Hand, postgres: EmbeddedPostgres, _template: str) -> Iterator[Database]:
    """A fresh, migrated database for this test module."""
    name = f"whistle_test_{hand.name}_{next(_NUMBERS)}"
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
    postgres.let_in(name)
