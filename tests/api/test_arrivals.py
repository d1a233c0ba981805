"""Bodies that do not come keep nobody out, and are given up: with real sockets, on a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from api import arrivals
from api.middleware import MAX_IN_FLIGHT, Bounds
from api.origin import Origin
from runtime.settings import load


@dataclass
class Slow:
    """A caller who has sent the head of a request, and of its body as much as he likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def more(self, piece: bytes) -> None:
        """Send some more of the body."""
        self.writer.write(piece)
        await self.writer.drain()

    async def status(self) -> int:
        """The status of the answer, once it comes."""
        async with asyncio.timeout(10):
            line = await self.reader.readline()
        return int(line.split()[1])

    @property
    def answered(self) -> bool:
        """Whether an answer, or the end of the connection, is there already."""
        return bool(self.reader._buffer) or self.reader.at_eof()  # type: ignore[attr-defined]


@asynccontextmanager
async def slow(port: int, path: str = "/", line: str = "192.0.2.1", length: int = 2) -> AsyncIterator[Slow]:
    """A request whose body is still to come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {line}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    writer.write(head.encode())
    await writer.drain()
    try:
        yield Slow(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server with the bounds of the application before it, behind a proxy that it trusts."""

    async def well(request: Request) -> JSONResponse:
        return JSONResponse(len(await request.body()))

    made = Starlette(routes=[Route("/{path:path}", well, methods=["GET", "POST"])])
    made.add_middleware(Bounds)
    made.add_middleware(Origin, settings=load(trusted_proxies="127.0.0.1"))
    server = uvicorn.Server(uvicorn.Config(made, port=0, log_level="warning", lifespan="off", ws="none"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = server.force_exit = True
    await serving


async def post(port: int, line: str = "198.51.100.7") -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        return await http.post("/", json={"a": 1}, headers={"Host": "localhost", "X-Forwarded-For": line})


async def test_bodies_that_do_not_come_take_nobodys_place(port: int) -> None:
    async with AsyncExitStack() as held:
        for number in range(MAX_IN_FLIGHT + 40):
            await held.enter_async_context(slow(port, line=f"192.0.2.{number % 20}"))
        assert [(await post(port)).status_code for _ in range(5)] == [200] * 5
        assert (await post(port, "192.0.2.1")).status_code == 200


async def test_a_body_that_does_not_begin_is_given_up_soon_and_its_connection_closed(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "FIRST_SECONDS", 0.3)
    for path in ("/", "/livez"):
        async with slow(port, path) as caller:
            assert await caller.status() == 408
            rest = await asyncio.wait_for(caller.reader.read(), 5)
            assert b"too_slow" in rest
            assert caller.reader.at_eof()


async def test_a_body_that_comes_steadily_has_more_time_and_not_for_ever(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "FIRST_SECONDS", 0.4)
    piece = b" " * 8192
    async with slow(port, length=8192 * 4 + 2) as steady:
        for _ in range(4):
            await steady.more(piece)
            await asyncio.sleep(0.2)
        await steady.more(b"{}")
        assert await steady.status() == 200
    monkeypatch.setattr(arrivals, "BODY_SECONDS", 0.7)
    async with slow(port, length=8192 * 9) as endless:
        for _ in range(8):
            if not endless.answered:
                await endless.more(piece)
                await asyncio.sleep(0.2)
        assert await endless.status() == 408


async def test_a_line_that_lets_many_hang_loses_the_oldest_and_another_none(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(arrivals, "FIRST_SECONDS", 20.0)
    async with AsyncExitStack() as held:
        other = await held.enter_async_context(slow(port, line="192.0.2.2"))
        mine = [await held.enter_async_context(slow(port)) for _ in range(arrivals.MOST_OF_A_LINE)]
        await asyncio.sleep(0.5)
        assert not any(one.answered for one in (other, *mine))
        await held.enter_async_context(slow(port))
        assert await mine[0].status() == 408
        assert not any(one.answered for one in (other, *mine[1:]))
        for one in (other, *mine[1:]):
            await one.more(b"{}")
            assert await one.status() == 200


async def test_many_that_come_at_once_from_one_line_are_all_taken(port: int) -> None:
    answers = await asyncio.gather(*(post(port, "192.0.2.9") for _ in range(3 * arrivals.MOST_OF_A_LINE)))
    assert {answer.status_code for answer in answers} == {200}


async def test_beyond_all_places_the_oldest_goes(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST", 2)
    async with slow(port, line="192.0.2.1") as first, slow(port, line="192.0.2.2") as second:
        await asyncio.sleep(0.1)
        assert (await post(port)).status_code == 200
        assert await first.status() == 408
        await second.more(b"{}")
        assert await second.status() == 200
