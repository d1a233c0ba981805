"""A customer's data, erased: refused while they are needed, then gone everywhere, and the ledger as it was."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio
import sqlalchemy as sa

from api.app import create_app
from api.gateway import Gateway
from api.identity import CACHE_SECONDS
from api.keys import Opening, Pending
from domain.model import Customer, Role
from identity.people import Identified
from runtime.settings import Settings
from tests.api import conftest as posts
from tests.api.conftest import AGENT, DISPATCHER, LEADER, MANAGER, NET, Caller, complaint, key
from tests.api.test_files import JPEG, send
from vault.masks import ERASED

ADMIN, INSPECTOR, HQ = "hq-admin", "hq-auditor-1", "hq-supervisor-1"
NAME, EMAIL = "司马女士", "sima@example.com"
WORD = "zanzibar"
"""Stands in every text of hers, and in none of anybody else's."""
WITHIN = 30.0
"""Seconds within which nothing is left anywhere."""
CLOSED = {"result": "reached", "contacted": True, "solved": True, "satisfaction": "satisfied"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def processes(settings: Settings, worker: None) -> AsyncIterator[tuple[Caller, Caller]]:
    """Two of the API's processes, as far as they keep anything in memory: applications of their own, without limits."""
    unlimited = settings.model_copy(update={"rate_per_identity": 0, "rate_per_address": 0})
    async with AsyncExitStack() as running:
        callers = []
        for made in (create_app(unlimited), create_app(unlimited)):
            await running.enter_async_context(made.router.lifespan_context(made))
            transport = httpx.ASGITransport(made, raise_app_exceptions=False)
            http = httpx.AsyncClient(transport=transport, base_url="http://api", timeout=30)
            callers.append(Caller(await running.enter_async_context(http)))
        yield callers[0], callers[1]


def hers(phone: str, **changes: Any) -> dict[str, Any]:
    customer = {"name": NAME, "phone": phone, "email": EMAIL}
    return complaint(title=f"{WORD} 断网", text=f"{WORD} since Monday", customer=customer, **changes)


async def opened(api: Caller, phone: str, **changes: Any) -> str:
    answer = await api.post("/orders", hers(phone, **changes))
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["order"]["id"]
    return number


async def declined(api: Caller, phone: str) -> str:
    """An order of hers that is over, with a note and a document."""
    number = await opened(api, phone, dispatch=False)
    await api.post(f"/orders/{number}/follow", {"person": NET}, DISPATCHER)
    await api.act(number, "note", AGENT, text=f"{WORD}: she was angry")
    assert (await send(api, number, (f"{WORD}.jpg", *JPEG[1:]))).status_code == 201
    await api.act(number, "decline", LEADER, ground="not_telecom", other_route="the court", reason=f"{WORD} is a shop")
    return number


async def over(api: Caller, phone: str) -> str:
    """A rehearsal of hers that was handled, closed, and can be reopened no more."""
    number = await opened(api, phone, rehearsal=True)
    now = datetime.now(UTC).isoformat()
    await api.act(number, "sign", NET)
    await api.act(number, "contact", NET, spoke_to=NAME, summary=f"{WORD} tomorrow")
    await api.act(number, "reply", NET, received_at=now, spoke_to=NAME, done=f"{WORD} mended", done_by=now)
    await api.act(number, "audit_reply", posts.AUDITOR, accepted=True)
    for _ in range(4):  # until customers may be called
        answer = await api.post(f"/orders/{number}/record_callback", CLOSED, posts.CALLER)
        if answer.status_code == 200:
            break
        assert answer.json()["code"] in ("quiet_hours", "too_soon"), answer.text
        await forward(api, number, timedelta(hours=6, minutes=5))
    assert answer.json()["order"]["state"] == "closed"
    return number


async def forward(api: Caller, number: str, by: timedelta) -> None:
    body = {"seconds": int(by.total_seconds())}
    assert (await api.post(f"/rehearsal/orders/{number}/fast_forward", body)).status_code == 200


async def erase(api: Caller, phone: str, reason: str = "asked for in writing") -> httpx.Response:
    return await api.post("/customers/erase", {"phone": phone, "reason": reason}, ADMIN)


def looks(numbers: tuple[str, ...]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every address at which something of hers could stand, and who is shown it."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    for who in (AGENT, NET, MANAGER, HQ, INSPECTOR):
        for number in numbers:
            found += [(f"/orders/{number}{what}", who, {}) for what in ("", "/live", "/events", "/deadlines", "/files")]
        for rehearsal in (False, True):
            page = {"rehearsal": rehearsal, "limit": 200}
            found += [("/orders", who, page), ("/units/GD.net/inbox", who, page), ("/callbacks", who, page)]
        found += [("/notices", who, {"limit": 200, "rehearsal": one}) for one in (False, True)]
    found += [("/orders", who, {"text": WORD}) for who in (AGENT, NET)]
    found += [("/orders", HQ, {"text": WORD}), ("/accesses", INSPECTOR, {"limit": 200}), ("/criticisms", HQ, {})]
    return found


def exports() -> list[tuple[str, str, dict[str, Any]]]:
    """The same of what is exported, which may not be asked for often."""
    return [(f"/orders.{kind}", who, {}) for who in (AGENT, NET, HQ) for kind in ("csv", "xlsx")]


async def left(api: Caller, where: list[tuple[str, str, dict[str, Any]]], secrets: tuple[str, ...]) -> list[str]:
    """Where something of hers still stands."""
    found = []
    for path, who, query in where:
        answer = await api.get(path, who, **query)
        assert answer.status_code in (200, 403, 404, 422), (path, who, answer.text)
        said = answer.text
        if path.endswith(".xlsx") and answer.status_code == 200:
            with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
                said = "".join(book.read(name).decode() for name in book.namelist())
        if any(secret in said for secret in secrets):
            found.append(f"{path} {who} {query}")
    return found


async def test_erased_is_erased_everywhere_and_the_events_stay(
    processes: tuple[Caller, Caller], gateway: Gateway
) -> None:
    api, other = processes
    phone = "13611112222"
    secrets = (NAME, "司**", phone, "136****2222", EMAIL, "s***@e***.com", WORD)
    real, rehearsed = await declined(api, phone), await over(api, phone)
    numbers = (real, rehearsed)

    refused = await erase(api, phone)
    assert (refused.status_code, refused.json()["code"]) == (409, "order_open")
    assert rehearsed not in refused.text
    await forward(api, rehearsed, timedelta(days=40))
    for _ in range(100):
        if (await api.get(f"/orders/{rehearsed}", HQ)).json()["order"]["over"]:
            break
        await asyncio.sleep(0.1)

    before = [await asyncio.to_thread(ledger_of, gateway, number) for number in numbers]
    for process in (api, other):
        seen = await left(process, looks(numbers) + exports(), secrets)
        for path in (f"/orders/{real}", f"/orders/{rehearsed}/events", "/orders", "/orders.csv", "/orders.xlsx"):
            assert any(one.startswith(f"{path} ") for one in seen), path  # or the look behind would prove nothing
    document = (await api.get(f"/orders/{real}/files")).json()["items"][0]["id"]

    began = time.monotonic()
    answer = await erase(api, f"+86 {phone}")
    assert answer.json() == {"erased": True}
    for process in (api, other):
        while still := await left(process, looks(numbers), secrets):
            assert time.monotonic() - began < WITHIN, still
            await asyncio.sleep(0.5)

    for process in (api, other):
        assert await left(process, exports(), secrets) == []
        for number in numbers:
            one = (await process.get(f"/orders/{number}", AGENT)).json()["order"]
            assert {one["title"], *(one["customer"][name] for name in ("name", "phone", "email"))} == {ERASED}
            events = (await process.get(f"/orders/{number}/events", AGENT, limit=200)).json()["items"]
            assert events[0]["data"]["text"] == ERASED
        for asked in ({"fields": ["customer.phone"]}, {"seq": 1}):
            shown = await process.post(f"/orders/{real}/reveal", {**asked, "reason": "to call her"}, AGENT)
            assert (shown.status_code, shown.json()["code"]) == (410, "erased")
        given = await process.get(f"/orders/{real}/files/{document}")
        assert (given.status_code, given.json()["code"]) == (410, "erased")
        again = await process.post(
            f"/orders/{real}/review_whistle", {"whistle": "w1", "valid": True, "reason": "x"}, HQ
        )
        assert (again.status_code, again.json()["code"]) == (410, "erased")
        for customer in (phone, NAME):
            assert (await process.post("/orders/search", {"customer": customer}, HQ)).json()["items"] == []
    assert [await asyncio.to_thread(ledger_of, gateway, number) for number in numbers] == before
    assert (await erase(other, phone)).json() == {"erased": False}
    (noted,) = (await api.get("/accesses", INSPECTOR, outcome="erased")).json()["items"]
    assert (noted["actor_id"], noted["reason"]) == (ADMIN, "asked for in writing")

    await asyncio.sleep(CACHE_SECONDS)  # after which nobody is taken for the customer who was
    new = (await api.post("/orders", hers(phone), f"customer:{phone}")).json()["order"]
    assert new["customer"]["phone"] == "136****2222"
    mine = (await api.get("/orders", f"customer:{phone}", limit=200)).json()["items"]
    assert [line["order_id"] for line in mine] == [new["id"]]
    assert (await api.get(f"/orders/{real}", f"customer:{phone}")).status_code == 404
    found = (await api.post("/orders/search", {"customer": phone}, HQ)).json()["items"]
    assert [line["order_id"] for line in found] == [new["id"]]
    assert (await api.get(f"/orders/{real}")).json()["order"]["customer"]["name"] == ERASED


def ledger_of(gateway: Gateway, number: str) -> list[Any]:
    """An order's events as they are kept, to the byte."""
    with gateway.books.writes() as session:
        found = sa.text("select * from events where order_id = :number order by seq")
        return [tuple(row) for row in session.execute(found, {"number": number})]


async def test_whoever_complains_while_he_is_erased_keeps_his_data(api: Caller, gateway: Gateway) -> None:
    """A complaint that is claimed and not yet recorded is an open order already."""
    phone = "13611113333"
    await declined(api, phone)
    who = Identified(AGENT, "", "", Role.AGENT, "GD.svc", "GD")
    opening = Opening("t", "x", "network.fault", "GD", "hotline", Customer(NAME, phone))
    claimed = await gateway.run(gateway.books.open, key(), who, opening, "")
    assert isinstance(claimed, Pending)
    refused = await erase(api, phone)
    assert (refused.status_code, refused.json()["code"]) == (409, "order_open")
    assert claimed.order_id not in refused.text
    assert (await gateway.resume(claimed)).status == 201
    assert (await api.get(f"/orders/{claimed.order_id}")).json()["order"]["customer"]["name"] == "司**"


async def test_complaints_and_erasures_at_once_leave_no_order_that_cannot_be_read(api: Caller) -> None:
    phone = "13611114444"
    for count in range(6):
        await declined(api, phone)
        registering = [api.post("/orders", hers(phone, dispatch=False)) for _ in range(3)]
        answers = await asyncio.gather(erase(api, phone), *registering)
        assert [answer.status_code for answer in answers[1:]] == [201] * 3, count
        for answer in answers[1:]:
            number = answer.json()["order"]["id"]
            assert (await api.get(f"/orders/{number}")).json()["order"]["customer"]["name"] == "司**"
            said = {"ground": "not_telecom", "other_route": "the court", "reason": "not ours"}
            await api.act(number, "decline", LEADER, **said)


async def test_only_an_administrator_erases_and_says_why(api: Caller) -> None:
    phone = "13611115555"
    number = await declined(api, phone)
    for who in (AGENT, NET, MANAGER, HQ, INSPECTOR, f"customer:{phone}"):
        answer = await api.post("/customers/erase", {"phone": phone, "reason": "x"}, who)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), who
    for body, field in (
        ({"phone": phone}, "reason"),
        ({"phone": phone, "reason": " "}, "reason"),
        ({"phone": "12", "reason": "x"}, "phone"),
        ({"phone": phone, "reason": f"{NAME} asked for it"}, "reason"),
        ({"phone": phone, "reason": f"asked for by {phone}"}, "reason"),
    ):
        answer = await api.post("/customers/erase", body, ADMIN)
        assert (answer.status_code, answer.json()["field"]) == (422, field), body
    assert (await api.get(f"/orders/{number}")).json()["order"]["customer"]["name"] == "司**"
    assert (await erase(api, "13699999999")).json() == {"erased": False}
