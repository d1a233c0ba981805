"""Sessions on the module's own database, as the application's role."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from runtime import keyring
from runtime.keyring import Keyring
from store import demo
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.store.country import Country, build


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    engine = make_engine(database.app_url, pool_size=8, sight=EVERYWHERE)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def made(engine: Engine) -> sessionmaker[Session]:
    """What makes sessions of the application's role."""
    return sessions(engine)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """The secret keys of an installation of its own."""
    return keyring.ensure(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="module")
def country(database: Database, made: sessionmaker[Session], keys: Keyring) -> Country:
    """The demo organisation with a dozen orders."""
    demo.load(database.owner_url)
    with made.begin() as session:
        return build(session, keys)
