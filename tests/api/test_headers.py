"""Every answer says what a browser must not do with it, and only our own names and trusted proxies are believed."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from api.app import create_app
from api.examples import EXAMPLES
from api.headers import DATA_POLICY, PAGE_POLICY, SecurityHeaders
from api.origin import Origin
from api.protocol import HEAD_SECONDS, MAX_HEAD, Bounded
from runtime import ports
from runtime.settings import Profile, Settings, load
from runtime.supervisor import application
from tests.api.conftest import Caller

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def made(**values: object) -> FastAPI:
    return create_app(load(app_database_url=NOWHERE, **values))


@asynccontextmanager
async def calling(
    app: object, base: str = "http://localhost", peer: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=base) as http:
        yield http


def echo(settings: Settings) -> Starlette:
    """An application that says what it is told, behind the two outer walls."""

    async def said(request: Request) -> JSONResponse:
        assert request.client is not None
        return JSONResponse({"client": request.client.host, "scheme": request.url.scheme})

    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse("<p>a page</p>", headers={"Cache-Control": "max-age=60"})

    app = Starlette(routes=[Route("/", said), Route("/page", page)])
    app.add_middleware(Origin, settings=settings)
    app.add_middleware(SecurityHeaders, settings=settings)
    return app


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/livez", {}, 200),
        ("GET", "/v1/nothing", {}, 404),
        ("PATCH", "/v1/orders", {}, 405),
        ("POST", "/v1/orders", {"Content-Type": "text/plain"}, 415),
        ("GET", "/v1/orders", {"Host": "evil.example.net"}, 421),
    ],
)
async def test_every_answer_carries_the_headers_errors_too(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with calling(made()) as http:
        answer = await http.request(method, path, headers=headers, content=b"x" if method == "POST" else None)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == DATA_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers


async def test_an_unexpected_error_carries_them_as_well() -> None:
    app = made()

    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError

    async with calling(app) as http:
        answer = await http.get("/boom")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.headers["content-security-policy"] == DATA_POLICY


async def test_a_page_may_load_our_own_files_and_nothing_inline() -> None:
    async with calling(echo(load())) as http:
        answer = await http.get("/page")
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert "unsafe" not in PAGE_POLICY
    assert answer.headers["cache-control"] == "max-age=60"  # what an answer says itself it keeps


async def test_the_reference_page_works_under_its_policy() -> None:
    app = made()
    async with calling(app) as http:
        page = await http.get("/docs")
        assert page.headers["content-security-policy"] == PAGE_POLICY
        assert not re.search(r"<script|\sstyle=|<style|\son\w+=", page.text)
        loaded = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
        assert loaded
        for path in loaded:
            assert path.startswith("/")
            found = await http.get(path)
            assert (found.status_code, found.headers["x-content-type-options"]) == (200, "nosniff")
        assert (await http.get("/docs/style.css")).headers["content-type"].startswith("text/css")
        for path in app.openapi()["paths"]:
            assert path in page.text
        assert EXAMPLES["register"]["title"] in page.text


@pytest.mark.parametrize(
    ("profile", "api_docs", "status"),
    [
        (Profile.DEVELOPMENT, None, 200),
        (Profile.PRODUCTION, None, 404),
        (Profile.PRODUCTION, True, 200),
        (Profile.DEVELOPMENT, False, 404),
    ],
)
async def test_the_api_describes_itself_where_the_setting_has_it_so(
    profile: Profile, api_docs: bool | None, status: int
) -> None:
    settings = load(app_database_url=NOWHERE, profile=profile).model_copy(update={"api_docs": api_docs})
    async with calling(create_app(settings)) as http:
        for path in ("/docs", "/openapi.json", "/docs/style.css"):
            assert (await http.get(path)).status_code == status
        assert (await http.get("/redoc")).status_code == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8010", 200),
        ("127.0.0.1:99", 200),
        ("[::1]:8010", 200),
        ("whistle.example.net", 200),
        ("whistle.example.net.", 200),
        ("api.internal", 200),
        ("10.1.2.3", 200),
        ("10.2.2.3", 421),
        ("evil.example.net", 421),
        ("whistle.example.net.evil.net", 421),
        ("whistle.example.net@evil.net", 400),
        ("localhost:80:80", 400),
        ("a b", 400),
        ("", 400),
    ],
)
async def test_a_host_that_is_not_ours_is_refused(host: str, status: int) -> None:
    settings = load(public_url="https://whistle.example.net", allowed_hosts="api.internal, 10.1.0.0/16")
    async with calling(echo(settings)) as http:
        assert (await http.get("/", headers={"Host": host})).status_code == status


async def test_probes_answer_under_every_name() -> None:
    async with calling(made(), "http://10.9.9.9") as http:
        assert (await http.get("/livez")).status_code == 200


async def test_two_hosts_are_none() -> None:
    async with calling(echo(load())) as http:
        answer = await http.get("/", headers=[("Host", "localhost"), ("Host", "localhost")])
    assert (answer.status_code, answer.json()["field"]) == (400, "Host")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", "1.2.3.4", "203.0.113.7"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
async def test_a_forwarded_address_is_believed_from_trusted_proxies_alone(
    peer: str, forwarded: str, expected: str
) -> None:
    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
    async with calling(echo(load(trusted_proxies="10.0.0.0/24")), peer=peer) as http:
        answer = await http.get("/", headers=headers)
    assert answer.json() == {"client": expected, "scheme": "https" if peer == "10.0.0.1" else "http"}
    assert ("strict-transport-security" in answer.headers) is (peer == "10.0.0.1")
    async with calling(echo(load()), peer=peer) as http:
        assert (await http.get("/", headers=headers)).json() == {"client": peer, "scheme": "http"}


async def test_whoever_comes_by_https_is_told_to_stay_there() -> None:
    settings = load(public_url="https://whistle.example.net")
    async with calling(echo(settings), "http://whistle.example.net") as http:  # TLS ended at a proxy
        assert "max-age=63072000" in (await http.get("/")).headers["strict-transport-security"]
    async with calling(echo(settings), "https://localhost") as http:
        assert "strict-transport-security" in (await http.get("/")).headers
    async with calling(echo(settings), "http://localhost") as http:
        assert "strict-transport-security" not in (await http.get("/")).headers


async def test_the_running_application_says_so_too(api: Caller) -> None:
    for path in ("/me", "/orders", "/orders/WH20260101-NOTHERE0"):
        answer = await api.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == DATA_POLICY


# --- the server itself ------------------------------------------------------------------------------------------------


def test_the_server_is_started_without_a_name_an_access_log_and_its_own_belief_in_proxies(settings: Settings) -> None:
    command = application(settings)[-1].child.argv
    for flag in ("--no-server-header", "--no-access-log", "--no-proxy-headers"):
        assert flag in command
    assert command[command.index("--http") + 1] == "api.protocol:Bounded"


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    """The application behind a real port, started with the flags that matter; without its lifespan."""
    port = ports.free_run(1)
    config = uvicorn.Config(
        made(), port=port, http=Bounded, lifespan="off", server_header=False, proxy_headers=False, log_level="error"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield port
    server.should_exit = True
    await serving


async def _exchange(port: int, *pieces: bytes) -> bytes:
    """What the server says to these pieces, which are sent until it has had enough."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.create_task(reader.read())
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.02)
            if answer.done():
                break
        return await asyncio.wait_for(answer, 10)
    finally:
        writer.close()


async def test_the_server_does_not_say_what_it_is_and_gives_up_on_a_head_without_an_end() -> None:
    ask = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
    async with served() as port:
        well = await _exchange(port, ask + b"Connection: close\r\n\r\n")
        assert well.startswith(b"HTTP/1.1 200")
        assert b"\r\nserver:" not in well.lower()
        cut = await _exchange(port, ask + b"X-Long: ", *([b"a" * (MAX_HEAD // 8)] * 64))
        assert cut.startswith(b"HTTP/1.1 400")
        many = await _exchange(port, ask, *([b"X-Many: 1\r\n" * 500] * 64))
        assert many.startswith(b"HTTP/1.1 400")
        twice = await _exchange(port, ask + b"\r\n", b"", ask + b"Connection: close\r\n\r\n")
        assert twice.count(b"HTTP/1.1 200") == 2


async def test_a_large_body_is_not_taken_for_a_head() -> None:
    body = b'"' + b"a" * 200_000 + b'"'
    head = b"POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with served() as port:
        assert (await _exchange(port, head + body)).startswith(b"HTTP/1.1 404")


async def test_the_server_gives_up_on_a_head_that_takes_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    assert HEAD_SECONDS == 20.0
    monkeypatch.setattr("api.protocol.HEAD_SECONDS", 0.3)
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /livez HTTP/1.1\r\nHost: loc")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
