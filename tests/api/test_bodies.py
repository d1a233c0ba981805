"""A body is judged before anything parses it for good, and a head before its body is read."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from api import arrivals, bodies
from api.bodies import MAX_DEPTH, MAX_PARTS, demand
from api.errors import Problem
from api.middleware import MAX_ADDRESS, MAX_HEADERS, Bounds


def echo() -> Starlette:
    """An application that says what reached it, behind the bounds alone."""

    async def said(request: Request) -> JSONResponse:
        return JSONResponse({"body": (await request.body()).decode("utf-8", "replace")})

    methods = ["GET", "POST", "DELETE", "PUT"]
    app = Starlette(
        routes=[Route("/", said, methods=methods), Route("/v1/orders/{order_id}/files", said, methods=methods)]
    )
    app.add_middleware(Bounds)
    return app


async def sent(method: str = "POST", path: str = "/", content: Any = None, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(echo(), raise_app_exceptions=False)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await http.request(method, path, content=content, headers={"Content-Type": "application/json", **given})


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        '{"text": "断网三天 \\" [[[[[[[[[[[[[[[[[[[[[[[[[[[[ {{{{{{{{{"}'.encode(),
        nested(MAX_DEPTH),
        b"[" + b"1," * (MAX_PARTS - 2) + b"1]",
        b'{"text": "' + b"," * 20_000 + b'"}',
        b'{"a": 1e400, "b": -0.5, "c": null, "d": [true]}',
        b'{"a": {"x": 1}, "b": {"x": 1}}',
    ],
)
async def test_what_is_json_and_small_goes_through_as_it_is(body: bytes) -> None:
    demand(body)
    answer = await sent(content=body)
    assert (answer.status_code, answer.json()["body"]) == (200, body.decode())


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (nested(MAX_DEPTH + 1), "too_large", "nested more than 20 deep"),
        (b"[" * 100_000, "too_large", "parts|nested"),
        (b"[" + nested(MAX_DEPTH) + b"]", "too_large", "deep"),
        (b'["\\\\",' + nested(MAX_DEPTH) + b"]", "too_large", "deep"),
        (b"[" + b"1," * MAX_PARTS + b"1]", "too_large", "more than 10000 parts"),
        (b'{"a": 1, "b": 2, "a": 3}', "malformed_request", "'a' comes twice"),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', "malformed_request", "'a' comes twice"),
        (b'{"a": NaN}', "malformed_request", "NaN is no JSON"),
        (b'{"a": -Infinity}', "malformed_request", "-Infinity is no JSON"),
        (b'{"a": "\xff"}', "malformed_request", "byte 7 is not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "malformed_request", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "malformed_request", "cannot be read"),
        (b'{"a": 1', "malformed_request", "cannot be read"),
        (b'{"a": "\x01"}', "malformed_request", "cannot be read"),
        (b"{'a': 1}", "malformed_request", "cannot be read"),
    ],
)
async def test_what_is_too_deep_too_many_or_in_doubt_is_refused(body: bytes, code: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        demand(body)
    answer = await sent(content=body)
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "body",
    [b'"' + b'\\"' * 131_000, b'"' + b'\\"' * 131_000 + b"\\", b"[" * 262_144, b'"a",' * 65_000, b"1" * 262_144],
)
def test_the_worst_body_takes_no_longer_than_a_blink(body: bytes) -> None:
    begun = time.thread_time()
    with pytest.raises(Problem):
        demand(b"[" + body)
    assert time.thread_time() - begun < 1.0, "of a processor, for others may be at work"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "application/json; charset=utf-8"}, 200),
        ({"Content_Type": 'application/json;charset="UTF-8"'}, 200),
        ({"Content_Type": "application/json; charset=utf-16"}, 415),
        ({"Content_Type": "application/json; charset=gb18030"}, 415),
        ({"Content_Type": "application/json-patch+json"}, 415),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Encoding": "gzip"}, 415),
    ],
)
async def test_a_body_is_json_in_utf_8_and_not_packed(headers: dict[str, str], status: int) -> None:
    assert (await sent(content=b"{}", **headers)).status_code == status


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_takes_no_body_refuses_one(method: str) -> None:
    answer = await sent(method, content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")

    async def pieces() -> Any:
        yield b"{}"

    assert (await sent(method, content=pieces())).status_code == 400
    assert (await sent(method)).status_code == 200


async def test_an_address_and_headers_have_their_bounds() -> None:
    assert (await sent("GET", "/?q=" + "a" * (MAX_ADDRESS - 4))).status_code == 200
    long = await sent("GET", "/?q=" + "a" * MAX_ADDRESS)
    assert (long.status_code, long.json()["code"]) == (414, "address_too_long")
    many = await sent("GET", **{f"X_{number}": "1" for number in range(MAX_HEADERS)})
    assert (many.status_code, many.json()["code"]) == (431, "headers_too_large")
    large = await sent("GET", X_Large="a" * 40_000)
    assert (large.status_code, large.json()["code"]) == (431, "headers_too_large")


async def test_only_documents_may_be_something_else_than_json() -> None:
    jpeg = b"\xff\xd8\xff" * 200_000
    assert (await sent(path="/v1/orders/WH1/files", content=jpeg, Content_Type="image/jpeg")).status_code == 200
    for method, path in (
        ("PUT", "/v1/orders/WH1/files"),
        ("POST", "/v1/orders/WH1/files/x"),
        ("POST", "/v1/orders/files"),
        ("POST", "/v1/orders/WH1/x/files"),
        ("POST", "/"),
    ):
        answer = await sent(method, path, content=b"\xff\xd8\xff", Content_Type="image/jpeg")
        assert answer.status_code == 415, path


async def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "BODY_SECONDS", 0.2)

    async def drip() -> Any:
        yield b"{"
        await asyncio.sleep(5)
        yield b"}"

    answer = await sent(content=drip())
    assert (answer.status_code, answer.json()["code"]) == (408, "too_slow")


def test_a_usual_command_costs_microseconds() -> None:
    body = ('{"text": "' + "断网三天" * 150 + '", "to": [' + ",".join(['{"unit": "GD.net"}'] * 8) + "]}").encode()
    assert 1900 < len(body) < 2200
    begun = time.thread_time()
    for _ in range(1000):
        bodies.demand(body)
    assert time.thread_time() - begun < 0.5  # of a processor; 0.02 ms each on a quiet machine
