"""The worker as it runs in production, and a desk before it, on real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy.orm import Session, sessionmaker

from runtime import keyring
from runtime.plugin import connect
from runtime.settings import Settings
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.support.desk import Desk
from worker import serving


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    """Sessions of the application's role."""
    engine = make_engine(database.app_url, pool_size=8, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(settings: Settings, made: sessionmaker[Session]) -> AsyncIterator[Desk]:
    """A desk with a worker behind it; at the end every history that its orders made is replayed."""
    async with serving(settings):
        client = await connect(settings, settings.rehearsal_namespace)
        desk = Desk(client, made, keyring.load(settings.keyring_path))
        yield desk
        await desk.close()
