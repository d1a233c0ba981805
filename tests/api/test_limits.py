"""Whoever asks too often is told when to come back, and is counted as who he is."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from api.limits import By, RateLimits, fingerprint, rules
from api.origin import Origin
from identity.sessions import COOKIE
from runtime.settings import load


def app(**values: Any) -> Starlette:
    """An application that answers everything, behind the limits."""

    async def well(request: Request) -> JSONResponse:
        return JSONResponse({})

    settings = load(**values)
    made = Starlette(routes=[Route("/{path:path}", well, methods=["GET", "POST"])])
    made.add_middleware(RateLimits, settings=settings)
    made.add_middleware(Origin, settings=settings)
    return made


async def ask(
    made: Starlette, path: str = "/v1/orders", peer: str = "192.0.2.1", method: str = "GET", **headers: str
) -> httpx.Response:
    transport = httpx.ASGITransport(made, client=(peer, 4711))
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await http.request(method, path, headers=given)


async def test_the_request_too_many_is_told_when_to_come_back() -> None:
    made = app(rate_per_identity=3)
    for _ in range(3):
        assert (await ask(made, Authorization="Bearer one")).status_code == 200
    answer = await ask(made, Authorization="Bearer one")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["content-type"] == "application/problem+json"


async def test_each_identity_is_counted_for_itself_wherever_it_comes_from() -> None:
    made = app(rate_per_identity=2)
    for peer in ("192.0.2.1", "192.0.2.2"):
        assert (await ask(made, peer=peer, Authorization="Bearer one")).status_code == 200
    assert (await ask(made, peer="192.0.2.3", Authorization="Bearer one")).status_code == 429
    assert (await ask(made, Authorization="Bearer two")).status_code == 200


async def test_a_session_is_counted_by_its_own_cookie_whatever_comes_beside_it() -> None:
    made = app(rate_per_identity=2)
    for number in range(2):
        assert (await ask(made, Cookie=f"other={number}; {COOKIE}=secret")).status_code == 200
    assert (await ask(made, Cookie=f"{COOKIE}=secret; other=9")).status_code == 429
    assert (await ask(made, Cookie=f"{COOKIE}=another")).status_code == 200


async def test_an_address_is_counted_whoever_asks_from_it() -> None:
    made = app(rate_per_address=3)
    for number in range(3):
        assert (await ask(made, Authorization=f"Bearer {number}")).status_code == 200
    assert (await ask(made, Authorization="Bearer 9")).status_code == 429
    assert (await ask(made, peer="192.0.2.2", Authorization="Bearer 9")).status_code == 200


async def test_an_ipv6_line_is_one_address_and_a_mapped_one_is_its_ipv4() -> None:
    made = app(rate_per_address=2)
    for peer in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"):
        assert (await ask(made, peer=peer)).status_code == 200
    assert (await ask(made, peer="2001:db8:1:2::3")).status_code == 429
    assert (await ask(made, peer="2001:db8:1:3::3")).status_code == 200
    for peer in ("::ffff:192.0.2.9", "192.0.2.9"):
        assert (await ask(made, peer=peer)).status_code == 200
    assert (await ask(made, peer="192.0.2.9")).status_code == 429


async def test_nobody_chooses_under_whose_address_he_is_counted() -> None:
    made = app(rate_per_address=2)
    for number in range(2):
        assert (await ask(made, X_Forwarded_For=f"198.51.100.{number}")).status_code == 200
    assert (await ask(made, X_Forwarded_For="198.51.100.9")).status_code == 429
    behind = app(rate_per_address=2, trusted_proxies="192.0.2.1")
    for number in range(4):
        assert (await ask(behind, X_Forwarded_For=f"198.51.100.{number}")).status_code == 200
    for _ in range(2):
        last = await ask(behind, X_Forwarded_For="6.6.6.6, 198.51.100.3")
    assert last.status_code == 429


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("POST", "/v1/login", 60),
        ("GET", "/v1/oidc/login", 60),
        ("GET", "/v1/oidc/callback", 60),
        ("POST", "/v1/track", 60),
        ("POST", "/v1/track/code", 60),
        ("GET", "/v1/orders.csv", 20),
        ("GET", "/v1/orders.xlsx", 20),
        ("POST", "/v1/orders/WH20260101-ABCDEFGH/files", 60),
    ],
)
async def test_what_invites_guessing_or_costs_much_is_bounded_closely(method: str, path: str, most: int) -> None:
    made = app()
    for number in range(most):
        assert (await ask(made, path, method=method, Authorization="Bearer one")).status_code == 200, number
    assert (await ask(made, path, method=method, Authorization="Bearer one")).status_code == 429
    assert (await ask(made, "/v1/orders", Authorization="Bearer one")).status_code == 200


async def test_guessing_slowly_is_bounded_by_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    made, now = app(), 1_800_000_000.0
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: now)
    statuses = []
    for number in range(620):
        now += 2.0 if number % 50 else 30.0
        statuses.append((await ask(made, "/v1/login", method="POST")).status_code)
    assert statuses[:600] == [200] * 600
    assert set(statuses[600:]) == {429}
    now += 3601
    assert (await ask(made, "/v1/login", method="POST")).status_code == 200


async def test_probes_are_never_counted() -> None:
    made = app(rate_per_address=1)
    for _ in range(5):
        assert (await ask(made, "/livez")).status_code == 200


async def test_nought_turns_a_count_off() -> None:
    made = app(rate_per_address=0, rate_per_identity=0)
    for _ in range(70):
        assert (await ask(made, "/v1/login", method="POST", Authorization="Bearer one")).status_code == 200
    assert rules(load(rate_per_address=0, rate_per_identity=0)) == ()
    assert {rule.by for rule in rules(load(rate_per_address=0))} == {By.IDENTITY}


def test_a_secret_is_not_kept_to_count_by() -> None:
    proof = "Bearer a-very-secret-token"
    found = fingerprint(Headers({"authorization": proof}))
    assert found
    assert "secret" not in found
    assert found != fingerprint(Headers({"authorization": proof + "x"}))
    assert fingerprint(Headers({"cookie": "other=1"})) == ""
