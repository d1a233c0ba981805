"""The whole system behind a real port: worker and API in this process, the desk in threads beside it."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn

from api.app import create_app
from cli import main
from desk.client import Desk
from runtime import ports
from runtime.settings import Settings
from tests.api.conftest import worker  # noqa: F401  # the same worker serves these tests


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of settings of the test's own: nobody's log-ins are found or lost."""
    folder = tmp_path / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


@contextlib.asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[str]:
    """The address of an API with these settings."""
    port = ports.free_run(1)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="warning", lifespan="on"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(settings: Settings, worker: None) -> AsyncIterator[str]:  # noqa: F811
    """Where the API listens."""
    async with listening(settings) as where:
        yield where


@pytest.fixture
def desk(address: str) -> Desk:
    """A connection as an agent of Guangdong."""
    return Desk(address, "gd-agent-1")


def run(*words: str) -> tuple[int, str, str]:
    """What the command line does with these words: exit code, output, errors."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        else:
            code = 0
    return code, out.getvalue(), err.getvalue()


Whistle = Callable[..., Awaitable[tuple[int, str, str]]]


def typing_at(address: str) -> Whistle:
    """The command line against the API at that address, in a thread, so that the API can answer meanwhile."""

    async def call(*words: str) -> tuple[int, str, str]:
        return await asyncio.to_thread(run, *words, "--api", address)

    return call


@pytest.fixture
def whistle(address: str) -> Whistle:
    """The command line against the running API."""
    return typing_at(address)
