"""Sessions of the system on the module's own database, with the demo organisation in it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from store import demo
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    demo.load(database.owner_url)
    engine = make_engine(database.app_url, pool_size=20, sight=EVERYWHERE)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def made(engine: Engine) -> sessionmaker[Session]:
    """What makes sessions of the system, as the application's role."""
    return sessions(engine)
