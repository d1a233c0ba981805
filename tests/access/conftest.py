"""The application with a worker, and everything in it that the matrix asks about."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from runtime.settings import Settings
from store import demo
from tests.access.world import World
from tests.conftest import Database
from worker import serving


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(settings: Settings, database: Database) -> AsyncIterator[FastAPI]:
    """The running application, which counts nobody's requests and ends streams soon, and a worker in this process."""
    demo.load(database.owner_url)
    unlimited = settings.model_copy(update={"rate_per_identity": 0, "rate_per_address": 0, "stream_seconds": 1})
    made = create_app(unlimited)
    async with serving(unlimited), made.router.lifespan_context(made):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(app: FastAPI) -> AsyncIterator[World]:
    """Everything there is to ask about."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=60) as http:
        made = World(app, http)
        await made.build()
        yield made
