"""Made-up requests by every kind of asker: nothing breaks, and every answer is as the API describes itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from schemathesis.checks import CHECKS

from runtime import ports
from runtime.settings import PROJECT, Settings
from store import demo
from tests.access.expected import operations
from tests.access.fuzz import EXCLUDED, askers, rounds
from tests.conftest import Database
from worker import serving

REQUESTS = 2000
SEED = 20261122
pytestmark = pytest.mark.timeout(400)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(
    settings: Settings, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """An API in a process of its own, with keys of its own, for they are changed, and a worker in this one."""
    keys = shutil.copy(settings.keyring_path, tmp_path_factory.mktemp("fuzz") / "keys.json")
    port = ports.free_run(1)
    changes = {
        "keys_file": Path(keys),
        "rate_per_identity": 0,
        "rate_per_address": 0,
        "stream_seconds": 1,
        "api_port": port,
    }
    own = settings.model_copy(update=changes)
    demo.load(database.owner_url)
    command = [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port), "--loop", "uvloop"]
    async with serving(own):
        running = subprocess.Popen(
            [*command, "--http", "api.protocol:Bounded", "--log-level", "error"],
            cwd=PROJECT,
            env={**os.environ, **own.environment()},
        )
        try:
            yield await _ready(f"http://127.0.0.1:{port}")
        finally:
            running.terminate()
            running.wait(20)


async def _ready(address: str) -> str:
    async with httpx.AsyncClient(base_url=address) as http:
        for _ in range(300):
            try:
                if (await http.get("/livez")).status_code == 200:
                    return address
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError("the API does not get ready")


async def test_no_made_up_request_of_anybody_breaks_the_api_or_its_description(address: str) -> None:
    begun = time.monotonic()
    found = await asyncio.to_thread(rounds, address, requests=REQUESTS, seed=SEED)
    print(found.text(time.monotonic() - begun))
    assert not found.failures, found.text(0)
    assert not found.errors, found.text(0)
    assert found.total >= REQUESTS
    assert set(found.requests) == {column.name for column in askers()}
    assert min(found.requests.values()) > REQUESTS / len(askers()) / 4
    assert found.operations == {f"{one.method} {one.path}" for one in operations()}
    assert set(CHECKS.get_all_names()) == {*found.checks} | {*EXCLUDED} - {"max_response_time"}
    assert found.statuses[200] > 200
    assert {status for status in found.statuses if status >= 500} <= {503}
