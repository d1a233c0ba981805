"""A namespace of their own for orders that are lost, woken and rebuilt; worker, gateway and API before it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from api.assembly import open_gateway
from api.gateway import Gateway
from runtime import namespaces
from runtime.settings import Settings
from runtime.stack import EmbeddedStack
from store import demo
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.support.crew import Hand
from tests.watch.orders import Clockwork

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def settings(hand: Hand, stack: EmbeddedStack, database: Database) -> Settings:
    """The shared servers, the module's own database and namespace: nobody else's orders or canary live there."""
    name = f"watch-{hand.name}{next(_NUMBERS)}"
    namespaces.ensure(stack.settings.temporal_target, [name])
    demo.load(database.owner_url)
    urls = {"database_url": database.owner_url, "app_database_url": database.app_url}
    return stack.settings.model_copy(update={**urls, "temporal_namespace": name})


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    """Sessions of the application's role."""
    engine = make_engine(database.app_url, pool_size=4, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """The gateway, as a worker has it."""
    async with open_gateway(settings) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who calls the API."""
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def clockwork(stack: EmbeddedStack, settings: Settings, made: sessionmaker[Session], gateway: Gateway) -> Clockwork:
    """Real orders whose limits are seconds, and the engine's own books on their timers."""
    assert stack.postgres is not None
    return Clockwork(stack.postgres, settings.temporal_namespace, made, gateway)
