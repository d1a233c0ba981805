"""An API that is killed with commands in flight loses none, doubles none, and told nobody anything untrue."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from api.gateway import Gateway
from runtime import ports
from runtime.settings import PROJECT, Settings
from tests.api.conftest import AGENT, Caller, key
from watch.reconciler import Reconciler

ORDERS, NOTES = 6, 20


@pytest.fixture
def process(settings: Settings, worker: None) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """An API in a process of its own, and its address."""
    port = ports.free_run(1)
    command = [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port), "--loop", "uvloop"]
    running = subprocess.Popen(
        [*command, "--http", "httptools", "--log-level", "warning"],
        cwd=PROJECT,
        env={**os.environ, **settings.environment()},
    )
    yield running, f"http://127.0.0.1:{port}"
    running.kill()
    running.wait()


async def _ready(http: httpx.AsyncClient) -> None:
    for _ in range(200):
        with contextlib.suppress(httpx.TransportError):
            ready = (await http.get("/readyz")).json()
            if ready["database"] and ready["engine"]:
                return
        await asyncio.sleep(0.1)
    raise AssertionError("the API does not get ready")


async def test_killed_in_the_middle_everything_is_finished_once(
    api: Caller, gateway: Gateway, process: tuple[subprocess.Popen[bytes], str]
) -> None:
    running, address = process
    numbers = [await api.opened(title=f"Order {number}") for number in range(ORDERS)]
    sent = {key(): numbers[count % ORDERS] for count in range(ORDERS * NOTES)}
    answered: dict[str, int] = {}

    async with httpx.AsyncClient(base_url=address, timeout=20) as http:
        await _ready(http)
        doomed = Caller(http)

        async def note(used: str, number: str) -> None:
            with contextlib.suppress(httpx.TransportError):
                answered[used] = (await doomed.post(f"/orders/{number}/note", {"text": used}, use=used)).status_code

        async def kill() -> None:
            while len(answered) < 20:
                await asyncio.sleep(0.005)
            running.kill()

        await asyncio.gather(kill(), *(note(used, number) for used, number in sent.items()))

    assert 20 <= len(answered) < len(sent), "it was to die in the middle"
    for _ in range(5):
        await Reconciler(gateway).once(older_than=0.0)
    with gateway.books.writes() as session:
        pending = session.scalar(sa.text("select count(*) from commands where state = 'pending'"))
        claimed = set(session.scalars(sa.text("select key from commands where verb = 'note'")))
    assert pending == 0

    recorded: Counter[str] = Counter()
    for number in numbers:
        events = (await api.get(f"/orders/{number}/events", limit=200)).json()["items"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        recorded.update(event["command_id"] for event in events if event["type"] == "NoteAdded")
    assert set(recorded.values()) == {1}
    assert {used for used, status in answered.items() if status == 200} <= set(recorded)
    assert set(recorded) == claimed & set(sent)

    for used, number in sent.items():  # whoever asks again with his key gets his answer, and nothing twice
        again = await api.post(f"/orders/{number}/note", {"text": used}, AGENT, use=used)
        assert again.status_code == 200, again.text
