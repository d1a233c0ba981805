"""Everything that goes wrong is a problem with a stable code, a remedy and no stack trace."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.errors import FAULTS, KINDS, PROBLEM_JSON, REFUSALS, Problem
from api.middleware import Bounds
from domain.errors import codes
from runtime.settings import Profile, Settings
from tests.api.conftest import AGENT, CUSTOMER, DISPATCHER, NET, Caller, complaint, key


def test_every_refusal_of_the_rules_has_a_status() -> None:
    assert set(REFUSALS) == set(codes())
    assert not set(REFUSALS) & set(FAULTS)
    for code, kind in KINDS.items():
        assert 400 <= kind.status < 600, code
        assert kind.title
        assert kind.title_zh


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_code_makes_a_whole_problem(code: str) -> None:
    answer = Problem(code, "what", field="f", remedy="how", state="triage", allowed=("a",)).response("/v1/orders")
    assert answer.status_code == KINDS[code].status
    assert answer.media_type == PROBLEM_JSON
    assert ("retry-after" in answer.headers) == (answer.status_code == 503)


def _is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM_JSON), answer.text
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["status"], body["type"]) == (code, status, f"/problems/{code}")
    assert body["title"]
    assert body["title_zh"]
    assert body["detail"]
    assert "Traceback" not in answer.text
    return body


async def test_what_nobody_offers_is_not_found(api: Caller) -> None:
    _is_problem(await api.get("/nothing"), 404, "not_found")
    _is_problem(await api.get("/orders/WH20260101-NOTHERE0"), 404, "order_not_found")
    _is_problem(await api.get("/orders/WH20260101-NOTHERE0/events"), 404, "order_not_found")
    _is_problem(await api.get("/orders/WH20260101-NOTHERE0/live"), 404, "order_not_found")
    _is_problem(await api.post("/orders/WH20260101-NOTHERE0/explode", {}), 404, "not_found")


async def test_an_address_that_no_database_could_hold_is_refused(api: Caller) -> None:
    answer = await api.get("/orders", text="a\0b")
    _is_problem(answer, 400, "malformed_request")
    _is_problem(await api.get("/units/a%00b"), 400, "malformed_request")
    _is_problem(await api.post("/orders/a_b/sign", {}, NET), 404, "order_not_found")


async def test_a_wrong_method_names_the_right_one(api: Caller) -> None:
    answer = await api.http.delete("/v1/orders", headers={"Authorization": f"Bearer dev:{AGENT}"})
    assert "GET" in _is_problem(answer, 405, "method_not_allowed")["remedy"]
    assert answer.headers["allow"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer dev:", "Bearer dev:nobody", "Basic abc", "Bearer x:hq-admin"])
async def test_a_stranger_is_asked_to_log_in(api: Caller, header: str) -> None:
    answer = await api.http.get("/v1/me", headers={"Authorization": header} if header else {})
    _is_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_nobody_gets_in_by_demo_log_ins_in_production(settings: Settings) -> None:
    made = create_app(settings.model_copy(update={"profile": Profile.PRODUCTION}))
    async with made.router.lifespan_context(made):
        transport = httpx.ASGITransport(made)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
            answer = await http.get("/v1/me", headers={"Authorization": f"Bearer dev:{AGENT}"})
            _is_problem(answer, 401, "unauthenticated")
            _is_problem(await http.post("/v1/rehearsal/orders/R1/fast_forward", json={}), 404, "not_found")


async def test_a_command_needs_a_well_formed_key(api: Caller) -> None:
    headers = {"Authorization": f"Bearer dev:{AGENT}"}
    answer = await api.http.post("/v1/orders", json=complaint(), headers=headers)
    assert "UUID" in _is_problem(answer, 400, "idempotency_key_required")["remedy"]
    for bad in ("short", "with space in it", "x" * 129):
        answer = await api.post("/orders", complaint(), use=bad)
        assert _is_problem(answer, 422, "invalid_request")["field"] == "Idempotency-Key"


async def test_an_invalid_field_is_named(api: Caller) -> None:
    body = _is_problem(await api.post("/orders", complaint(title="")), 422, "invalid_request")
    assert body["field"] == "title"
    body = _is_problem(await api.post("/orders", complaint(nonsense=1)), 422, "invalid_request")
    assert body["field"] == "nonsense"
    body = _is_problem(await api.post("/orders", complaint(customer={"name": "x"})), 422, "invalid_request")
    assert body["field"] == "customer.phone"
    body = _is_problem(await api.post("/orders", complaint(province="ATLANTIS")), 422, "invalid_field")
    assert body["field"] == "province"
    nowhere = {"name": "x", "phone": "13900000001", "zone": "Mars/Olympus"}
    body = _is_problem(await api.post("/orders", complaint(customer=nowhere)), 422, "invalid_request")
    assert body["field"] == "customer.zone"
    number = await api.opened(dispatch=False)
    answer = await api.post(f"/orders/{number}/dispatch", {"lead": "GD.net", "co": ["GD.moon"]}, "gd-dispatcher-1")
    assert _is_problem(answer, 422, "invalid_field")["field"] == "co"
    answer = await api.post(f"/orders/{number}/extend", {"until": "2026-03-06T10:00:00", "reason": "x"}, NET)
    assert _is_problem(answer, 422, "invalid_request")["field"] == "until"
    answer = await api.post(f"/orders/{number}/note", {"text": "x"}, If_Match="yesterday")
    assert _is_problem(answer, 422, "invalid_request")["field"] == "If-Match"
    answer = await api.post(f"/orders/{number}/note", {"text": "a\0b"})
    assert _is_problem(answer, 422, "invalid_request")["field"] == "text"
    answer = await api.post(f"/orders/{number}/note", {"text": "x" * 9000})
    assert _is_problem(answer, 422, "invalid_request")["field"] == "text"


async def test_the_rules_refusals_come_through_whole(api: Caller) -> None:
    number = await api.opened()
    again = {"lead": "GD.net", "reason": "again"}
    body = _is_problem(await api.post(f"/orders/{number}/dispatch", again, DISPATCHER), 403, "role_forbidden")
    assert body["state"] == "dispatched"
    assert "province_manager" in body["remedy"]
    body = _is_problem(await api.post(f"/orders/{number}/sign", {}, AGENT), 403, "role_forbidden")
    assert "unit_member" in body["remedy"]
    await api.post(f"/orders/{number}/follow", {"person": "js-net-1"}, "gd-dispatcher-1")
    _is_problem(await api.post(f"/orders/{number}/sign", {}, "js-net-1"), 403, "not_your_unit")
    answer = await api.post(f"/orders/{number}/supervise", {"colour": "red", "instruction": "now"}, "gd-manager")
    _is_problem(answer, 422, "reason_required")


async def test_only_json_of_a_reasonable_size_is_read(api: Caller) -> None:
    headers = {"Authorization": f"Bearer dev:{AGENT}", "Idempotency-Key": key()}
    form = await api.http.post("/v1/orders", data={"title": "x"}, headers=headers)
    _is_problem(form, 415, "unsupported_media_type")
    broken = await api.http.post("/v1/orders", content="{", headers={**headers, "Content-Type": "application/json"})
    _is_problem(broken, 400, "malformed_request")
    large = await api.post("/orders", complaint(text="x" * 300_000))
    _is_problem(large, 413, "too_large")


async def test_real_time_belongs_to_everybody(api: Caller) -> None:
    number = await api.opened()
    answer = await api.post(f"/rehearsal/orders/{number}/fast_forward", {"seconds": 60})
    _is_problem(answer, 403, "forbidden")
    rehearsal = await api.opened(rehearsal=True)
    answer = await api.post(f"/rehearsal/orders/{rehearsal}/fast_forward", {"seconds": 60}, CUSTOMER)
    _is_problem(answer, 403, "forbidden")


async def test_too_many_at_once_are_asked_to_come_again() -> None:
    gate = asyncio.Event()
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> str:
        await gate.wait()
        return "done"

    app.add_middleware(Bounds, max_in_flight=2)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as http:
        held = [asyncio.create_task(http.get("/slow")) for _ in range(2)]
        await asyncio.sleep(0.05)
        answer = await http.get("/slow")
        _is_problem(answer, 429, "too_many_requests")
        assert answer.headers["retry-after"] == "1"
        gate.set()
        assert [item.status_code for item in await asyncio.gather(*held)] == [200, 200]


async def test_an_unexpected_error_is_told_by_its_number_only(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("a secret")

    app.add_middleware(Bounds)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as http:
        body = _is_problem(await http.get("/broken"), 500, "internal_error")
    assert "secret" not in str(body)
    assert any(word in caplog.text for word in body["detail"].rstrip(".").split() if len(word) == 12)


async def test_probes_ask_the_real_servers(api: Caller) -> None:
    assert (await api.http.get("/livez")).json() == {"status": "ok"}
    ready = (await api.http.get("/readyz")).json()
    assert (ready["database"], ready["engine"]) == (True, True)


async def test_a_database_that_is_away_is_a_503_and_the_api_still_starts(settings: Settings) -> None:
    gone = settings.model_copy(update={"app_database_url": "postgresql+psycopg2://a:b@127.0.0.1:1/none"})
    made = create_app(gone)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://api")
    async with made.router.lifespan_context(made), http:
        answer = await http.get("/v1/orders", headers={"Authorization": f"Bearer dev:{CUSTOMER}"})
        _is_problem(answer, 503, "unavailable")
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, False)
        assert ready.json()["failing"] == ["database", "canary", "sweeper"]
