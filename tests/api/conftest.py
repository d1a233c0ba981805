"""The API on real servers, with a worker in this process and a client that speaks HTTP to the application."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from api.gateway import Gateway
from runtime.settings import Settings
from store import demo, policies
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from worker import serving

AGENT, OTHER_AGENT, LEADER, DISPATCHER = "gd-agent-1", "gd-agent-2", "gd-teamlead-1", "gd-dispatcher-1"
NET, NET_HEAD, INSTALL = "gd-net-1", "gd-net-head", "gd-inst-1"
AUDITOR, CALLER, MANAGER = "gd-replyauditor-1", "gd-caller-1", "gd-manager"
CUSTOMER, STRANGER = "customer:13900000001", "customer:13900000002"
PHONE = "13900000001"


def key() -> str:
    """A new Idempotency-Key."""
    return str(uuid.uuid4())


@dataclass
class Caller:
    """Speaks to the API as people do."""

    http: httpx.AsyncClient

    async def get(self, path: str, who: str = AGENT, **query: Any) -> httpx.Response:
        """GET below /v1."""
        return await self.http.get(f"/v1{path}", params=query, headers={"Authorization": f"Bearer dev:{who}"})

    async def post(
        self, path: str, body: Any = None, who: str = AGENT, use: str | None = None, **headers: str
    ) -> httpx.Response:
        """POST below /v1 with a new key, or the one to `use`."""
        sent = {"Authorization": f"Bearer dev:{who}", "Idempotency-Key": use or key()}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(f"/v1{path}", json=body, headers=sent)

    async def act(self, order_id: str, verb: str, who: str, /, **body: Any) -> dict[str, Any]:
        """Do a command that must succeed; answers the view."""
        answer = await self.post(f"/orders/{order_id}/{verb}", body, who)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def opened(self, **changes: Any) -> str:
        """Register a complaint that the catalogue dispatches to GD.net alone; answers its number."""
        answer = await self.post("/orders", complaint(**changes))
        assert answer.status_code == 201, answer.text
        number: str = answer.json()["order"]["id"]
        return number


def complaint(**changes: Any) -> dict[str, Any]:
    """A complaint's body."""
    return {
        "title": "断网三天 / Three days without network",
        "text": "Nothing works since Monday.",
        "category": "network.fault",
        "province": "GD",
        "channel": "hotline",
        "customer": {"name": "陈女士", "phone": PHONE},
        **changes,
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker(settings: Settings, database: Database) -> AsyncIterator[None]:
    """The worker for orders, rehearsals and the ledger, as it runs in production; without its watchers."""
    demo.load(database.owner_url)
    async with serving(settings):
        yield


@pytest.fixture(scope="module")
def by_day(worker: None, database: Database) -> None:
    """A policy under which customers are called on holidays too: for modules that call them, whenever they run."""
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        _, document = policies.current(session)
        calling = {**document["calling"], "holidays": True}
        policies.publish(session, "calls", {**document, "version": "calls", "calling": calling})
    engine.dispose()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(settings: Settings, worker: None) -> AsyncIterator[FastAPI]:
    """The running application."""
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture(scope="module")
def gateway(app: FastAPI) -> Gateway:
    """The application's gateway."""
    found: Gateway = app.state.parts.gateway
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(app: FastAPI) -> AsyncIterator[Caller]:
    """Somebody who calls the API."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=30) as http:
        yield Caller(http)
