"""Sessions on the module's own database, as the application's role."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    engine = make_engine(database.app_url, pool_size=8, sight=EVERYWHERE)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def made(engine: Engine) -> sessionmaker[Session]:
    """What makes sessions of the application's role."""
    return sessions(engine)
