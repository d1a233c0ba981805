"""Customers' ways in by way of the API, on the real engine: links from staff, codes by SMS, and what they then see."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from identity.sessions import COOKIE
from runtime.settings import Profile, Settings
from store.access_tables import accesses, customers
from store.access_tables import sessions as log_ins
from store.tables import orders
from tests.api.browsers import Browser, give_password, system
from tests.api.conftest import AGENT, CALLER, LEADER, Caller, complaint, key
from tests.conftest import Database
from tests.support.gateway import Phones, gateway

NUMBERS = count(1)


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    with system(database) as found:
        yield found


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    with gateway() as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def texting(settings: Settings, worker: None, phones: Phones) -> AsyncIterator[FastAPI]:
    """The application with an SMS gateway."""
    changes = {
        "sms_url": phones.url,
        "sms_token": SecretStr("a token for the gateway"),
        "outgoing_private_hosts": "127.0.0.1",
        "outgoing_ports": str(urlsplit(phones.url).port),
    }
    app = create_app(settings.model_copy(update=changes))
    async with app.router.lifespan_context(app):
        yield app


async def own(api: Caller) -> tuple[str, str]:
    """A new customer's phone and his order."""
    phone = f"137{next(NUMBERS):08}"
    return phone, await api.opened(customer={"name": "陈女士", "phone": phone})


async def link_for(api: Caller, order_id: str, who: str = AGENT) -> str:
    answer = await api.post(f"/orders/{order_id}/link", None, who)
    assert answer.status_code == 201, answer.text
    link: str = answer.json()["link"]
    return link


async def asks(browser: Browser, order_id: str, phone: str) -> httpx.Response:
    return await browser.post("/track", {"order_id": order_id, "phone": phone})


async def types(browser: Browser, order_id: str, phone: str, code: str) -> httpx.Response:
    answer = await browser.post("/track/code", {"order_id": order_id, "phone": phone, "code": code})
    if answer.is_success:
        browser.csrf = answer.json()["csrf"]
    return answer


async def follows(browser: Browser, link: str) -> httpx.Response:
    answer = await browser.post("/track/link", {"link": link})
    if answer.is_success:
        browser.csrf = answer.json()["csrf"]
    return answer


def invalid(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (403, "not_valid"), answer.text
    assert "set-cookie" not in answer.headers
    assert answer.json()["detail"] == "It is not valid, or not any more. 无效或已失效。"


async def test_a_link_opens_its_one_order_to_the_customer(api: Caller, app: FastAPI, made: Any) -> None:
    phone, order_id = await own(api)
    other = await api.opened(customer={"name": "陈女士", "phone": phone})
    browser = Browser(app)
    answer = await follows(browser, await link_for(api, order_id))
    assert (answer.status_code, answer.json()["order_id"]) == (200, order_id)
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert (await browser.get(f"/orders/{order_id}")).status_code == 200
    hidden = await browser.get(f"/orders/{other}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "order_not_found")
    listed = (await browser.get("/orders")).json()["items"]
    assert [item["order_id"] for item in listed] == [order_id]
    me = (await browser.get("/me")).json()
    assert (me["role"], me["order_id"]) == ("customer", order_id)
    with made() as session:
        rows = session.execute(select(accesses).where(accesses.c.orders.contains([order_id]))).all()
        kept = session.execute(select(log_ins).where(log_ins.c.order_id == order_id)).one()
    by = {row.operation: row for row in rows}
    assert (by["make_link"].actor_id, by["make_link"].outcome) == (AGENT, "changed")
    assert (by["track_link"].outcome, by["track_link"].detail) == ("logged_in", "link")
    assert (kept.expires_at - kept.created_at).total_seconds() == pytest.approx(7200, abs=5)


async def test_with_a_link_the_customer_acts_on_that_order_alone(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    other = await api.opened(customer={"name": "陈女士", "phone": phone})
    browser = Browser(app)
    await follows(browser, await link_for(api, order_id))
    acted = await browser.post(f"/orders/{order_id}/urge", {}, Idempotency_Key="urge-this-one")
    assert acted.status_code == 200, acted.text
    acted = await browser.post(f"/orders/{other}/urge", {}, Idempotency_Key="urge-the-other")
    assert (acted.status_code, acted.json()["code"]) == (404, "order_not_found"), acted.text
    for path in ("/people", "/tokens", "/accesses", "/callbacks"):
        assert (await browser.get(path)).status_code == 403, path


async def test_with_a_link_nothing_is_registered_and_no_number_can_be_guessed(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    browser = Browser(app)
    await follows(browser, await link_for(api, order_id))
    told = set()
    for number in (phone, "13600000001"):
        body = complaint(customer={"name": "陈女士", "phone": number})
        answer = await browser.post("/orders", body, Idempotency_Key=key())
        told.add((answer.status_code, answer.json()["code"], answer.json()["detail"]))
    assert told == {(403, "forbidden", "The link opens one order and nothing else.")}


async def test_a_link_is_good_for_the_days_of_the_setting(api: Caller, settings: Settings) -> None:
    _, order_id = await own(api)
    answer = (await api.post(f"/orders/{order_id}/link")).json()
    expires = datetime.fromisoformat(answer["expires_at"])
    assert expires.timestamp() == int(answer["link"].split(".")[-2])
    assert (expires - datetime.now(UTC)).total_seconds() == pytest.approx(settings.link_days * 86400, abs=30)


@pytest.mark.parametrize("who", [AGENT, LEADER, CALLER])
async def test_the_frontline_makes_links_for_orders_that_it_sees(api: Caller, who: str) -> None:
    _, order_id = await own(api)
    link = await link_for(api, order_id, who)
    assert re.fullmatch(rf"https?://[^/]+/t/{order_id}\.\d+\.[A-Za-z0-9_-]{{22}}", link)
    elsewhere = await api.post(f"/orders/{order_id}/link", None, who.replace("gd-", "js-"))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "order_not_found")
    unknown = await api.post("/orders/WH20261122-NOBODY00/link", None, who)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "order_not_found")


@pytest.mark.parametrize(
    "who",
    ["gd-net-1", "gd-net-head", "gd-dispatcher-1", "gd-manager", "hq-admin", "hq-auditor-1", "customer:13700000001"],
)
async def test_others_make_no_links(api: Caller, who: str) -> None:
    _, order_id = await own(api)
    answer = await api.post(f"/orders/{order_id}/link", None, who)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_link_that_is_not_valid_says_no_more_than_that(api: Caller, app: FastAPI, made: Any) -> None:
    phone, order_id = await own(api)
    link = await link_for(api, order_id)
    head, expires, signature = link.split("/t/")[1].split(".")
    _, other = await own(api)
    browser = Browser(app)
    for wrong in (
        f"{other}.{expires}.{signature}",
        f"WH20261122-NOBODY00.{expires}.{signature}",
        f"{head}.{int(expires) + 1}.{signature}",
        f"{head}.{expires}.{signature[::-1]}",
        "nonsense",
    ):
        invalid(await follows(browser, wrong))
    assert (await follows(Browser(app), link)).json()["order_id"] == order_id
    with made.begin() as session:
        owner = session.scalar(select(orders.c.customer).where(orders.c.order_id == order_id))
        erased = {"erased_at": func.clock_timestamp(), "wrapped": None, "lookup": None}
        session.execute(update(customers).where(customers.c.id == owner).values(erased))
    invalid(await follows(browser, link))
    invalid(await types(browser, order_id, phone, "123456"))


async def test_a_page_of_others_cannot_bring_a_browser_in(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    link = await link_for(api, order_id)
    code = (await asks(Browser(app), order_id, phone)).json()["code"]
    for path, body in (
        ("/track/link", {"link": link}),
        ("/track/code", {"order_id": order_id, "phone": phone, "code": code}),
    ):
        answer = await Browser(app).post(path, body, Origin="https://elsewhere.example.net")
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf"), answer.text
        assert COOKIE not in answer.headers.get("set-cookie", "")


async def test_in_development_the_code_is_in_the_answer_and_opens_all_orders_of_the_number(
    api: Caller, app: FastAPI
) -> None:
    phone, order_id = await own(api)
    other = await api.opened(customer={"name": "陈女士", "phone": f"+86 {phone}"})
    browser = Browser(app)
    asked = await asks(browser, order_id, phone)
    assert (asked.status_code, asked.json()["seconds"]) == (202, 600)
    answer = await types(browser, order_id, phone, asked.json()["code"])
    assert (answer.status_code, answer.json()["order_id"]) == (200, "")
    assert {item["order_id"] for item in (await browser.get("/orders")).json()["items"]} == {order_id, other}
    _, foreign = await own(api)
    assert (await browser.get(f"/orders/{foreign}")).status_code == 404
    invalid(await types(Browser(app), order_id, phone, asked.json()["code"]))


async def test_coming_in_ends_the_session_that_the_browser_had_before(api: Caller, app: FastAPI, made: Any) -> None:
    phone, order_id = await own(api)
    browser, cookies = Browser(app), []
    give_password(made, "gd-agent-2")
    assert (await browser.log_in("gd-agent-2")).status_code == 200
    cookies.append(browser.cookie)
    assert (await follows(browser, await link_for(api, order_id))).status_code == 200
    cookies.append(browser.cookie)
    code = (await asks(browser, order_id, phone)).json()["code"]
    invalid(await types(browser, order_id, phone, f"{(int(code) + 1) % 10**6:06}"))
    assert (await browser.get("/session")).status_code == 200, "a wrong code ends nothing"
    assert (await types(browser, order_id, phone, code)).status_code == 200
    for cookie in cookies:
        stolen = Browser(app)
        stolen.http.cookies.set(COOKIE, cookie, domain="127.0.0.1", path="/")
        assert (await stolen.get("/session")).status_code == 401
    assert (await browser.get("/session")).json()["how"] == "code"


async def test_what_does_not_belong_together_gets_the_same_answer_and_nothing_opens(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    stranger, _ = await own(api)
    right = await asks(Browser(app), order_id, phone)
    for wrong_order, wrong_phone in ((order_id, stranger), ("WH20261122-NOBODY00", phone), (order_id, "13600000000")):
        browser = Browser(app)
        answer = await asks(browser, wrong_order, wrong_phone)
        assert answer.status_code == right.status_code
        assert answer.json().keys() == right.json().keys()
        assert {name: value for name, value in answer.headers.items() if name != "date"} == dict(right.headers)
        invalid(await types(browser, wrong_order, wrong_phone, answer.json()["code"]))


async def test_codes_go_to_the_phone_and_into_no_answer(api: Caller, texting: FastAPI, phones: Phones) -> None:
    phone, order_id = await own(api)
    before = len(phones.came)
    browser = Browser(texting)
    answer = await asks(browser, order_id, f"{phone[:3]} {phone[3:]}")
    assert (answer.status_code, answer.json()) == (202, {"seconds": 600, "code": ""})
    await asyncio.to_thread(phones.wait, before + 1)
    headers, body = phones.came[-1]
    assert body["to"] == f"+86{phone}"
    assert headers["Authorization"] == "Bearer a token for the gateway"
    assert len(headers["Idempotency-Key"]) == 32
    code = re.search(r"\d{6}", body["text"])
    assert code is not None
    assert "请勿告知他人" in body["text"]
    assert (await types(browser, order_id, phone, code[0])).status_code == 200


async def test_nothing_is_sent_where_number_and_order_do_not_belong_together(
    api: Caller, texting: FastAPI, phones: Phones
) -> None:
    phone, order_id = await own(api)
    stranger, _ = await own(api)
    before = len(phones.came)
    wrong = await asks(Browser(texting), order_id, stranger)
    right = await asks(Browser(texting), order_id, phone)
    assert (wrong.status_code, wrong.json()) == (right.status_code, right.json())
    await asyncio.to_thread(phones.wait, before + 1)
    await asyncio.sleep(0.3)
    assert [body["to"] for _, body in phones.came[before:]] == [f"+86{phone}"]


async def test_a_gateway_that_fails_is_asked_again_under_the_same_key_and_nothing_is_logged(
    api: Caller, texting: FastAPI, phones: Phones, caplog: pytest.LogCaptureFixture
) -> None:
    phone, order_id = await own(api)
    before = len(phones.came)
    phones.fails = [503]
    with caplog.at_level(logging.DEBUG):
        await asks(Browser(texting), order_id, phone)
        await asyncio.to_thread(phones.wait, before + 2)
        first, second = phones.came[before:]
        phones.fails = [400]
        await asks(Browser(texting), order_id, phone)
        await asyncio.to_thread(phones.wait, before + 3)
        await asyncio.sleep(1.5)
    assert first[0]["Idempotency-Key"] == second[0]["Idempotency-Key"]
    assert first[1] == second[1]
    assert len(phones.came) == before + 3
    assert "did not take message" in caplog.text
    sent = {body["text"] for _, body in phones.came[before:]}
    codes = {code for text in sent for code in re.findall(r"\d{6}", text)}
    ours = "\n".join(
        r.getMessage() for r in caplog.records if r.name.startswith(("api", "identity", "runtime", "httpx"))
    )
    assert [secret for secret in (phone, *codes) if secret in ours] == []


async def test_in_production_without_a_gateway_no_codes_are_promised(settings: Settings, worker: None) -> None:
    app = create_app(settings.model_copy(update={"profile": Profile.PRODUCTION}))
    async with app.router.lifespan_context(app):
        answer = await asks(Browser(app), "WH20261122-NOBODY00", "13700000001")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_who_asks_too_often_is_told_when_to_come_back_whoever_he_is(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    answers = []
    for number, asked in ((phone, order_id), ("13600000009", order_id)):
        for _ in range(3):
            assert (await asks(Browser(app), asked, number)).status_code == 202
        answers.append(await asks(Browser(app), asked, number))
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert 3000 < int(answer.headers["retry-after"]) <= 3600
    one = Browser(app)
    for number in range(10):
        assert (await asks(one, order_id, f"1360001{number:04}")).status_code == 202
    assert (await asks(one, order_id, "13600020000")).status_code == 429


async def test_five_wrong_codes_end_it(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    browser = Browser(app)
    code = (await asks(browser, order_id, phone)).json()["code"]
    for step in range(1, 6):
        invalid(await types(browser, order_id, phone, f"{(int(code) + step) % 10**6:06}"))
    invalid(await types(browser, order_id, phone, code))


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/track", {"order_id": "WH1", "phone": "12"}, "phone"),
        ("/track", {"order_id": "WH1", "phone": "+86 137 0000 0000 ext"}, "phone"),
        ("/track", {"order_id": "WH 1'", "phone": "13700000000"}, "order_id"),
        ("/track", {"order_id": "WH1", "phone": "13700000000", "to": "13800000000"}, "to"),
        ("/track/code", {"order_id": "WH1", "phone": "13700000000", "code": "１２３４５６"}, "code"),
        ("/track/code", {"order_id": "WH1", "phone": "13700000000", "code": 123456}, "code"),
        ("/track/link", {"link": ""}, "link"),
        ("/track/link", {"link": "x" * 501}, "link"),
    ],
)
async def test_what_cannot_be_names_the_field(app: FastAPI, path: str, body: dict[str, Any], field: str) -> None:
    answer = await Browser(app).post(path, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
