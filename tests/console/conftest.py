"""The console in a real browser, on the real API, with a worker in this process.

The built client is that of `make console`, or another one that `CONSOLE_DIST` names.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, async_playwright, expect

from api.app import create_app
from runtime.settings import Settings
from tests.api.conftest import Caller, by_day, worker
from tests.support.browser import HASTE, PATIENCE, Console, launched

__all__ = ["by_day", "worker"]


expect.set_options(timeout=PATIENCE)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, for all tests of this process."""
    async with async_playwright() as playwright:
        running = await launched(playwright, HASTE)
        yield running
        await running.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(settings: Settings, worker: None) -> AsyncIterator[str]:
    """The address of the API, with the console, on a free port."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    built = Path(os.environ.get("CONSOLE_DIST") or settings.console_dir)
    app: FastAPI = create_app(settings.model_copy(update={"console_dir": built}))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await running
    listening.close()


@pytest_asyncio.fixture(loop_scope="session")
async def console(served: str, browser: Browser) -> AsyncIterator[Console]:
    """The console as somebody finds it; whatever goes wrong in a page without being shown fails the test."""
    made = Console(served, browser)
    yield made
    await made.close()
    assert made.troubles == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(served: str) -> AsyncIterator[Caller]:
    """Somebody who arranges things through the API."""
    async with httpx.AsyncClient(base_url=served, timeout=30) as http:
        yield Caller(http)
