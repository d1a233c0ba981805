"""The customer's pages without script: the ways in, who may ask and from where, and what a page is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from api.pages.dress import told
from api.pages.events import STEPS
from api.pages.refusals import SAID
from api.pages.speech import language
from api.pages.told import COMING
from api.pages.words import WORDS
from domain.model import OPEN, State
from domain.sight import CUSTOMER_CLOCKS, CUSTOMER_EVENTS
from identity.sessions import COOKIE
from store.access_tables import accesses
from tests.api.browsers import Browser, give_password, system
from tests.api.conftest import Caller
from tests.conftest import Database
from tests.support.pages import FORM, Visitor, by_code, by_link, events_of, own, path_of


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[Any]:
    with system(database) as found:
        yield found


# --- what the pages are written with ----------------------------------------------------------------------------------


def test_every_text_is_there_in_both_languages_with_the_same_gaps() -> None:
    for key, (zh, en) in WORDS.items():
        assert zh.strip(), key
        assert en.strip(), key
        assert sorted(re.findall(r"\{\w+\}", zh)) == sorted(re.findall(r"\{\w+\}", en)), key


def test_every_step_state_limit_and_refusal_has_its_words() -> None:
    assert set(STEPS) == set(CUSTOMER_EVENTS)
    for state in State:
        assert {f"state.{state}", f"told.{state}"} <= WORDS.keys()
    kinds = {kind for kinds in COMING.values() for kind in kinds}
    assert kinds == set(CUSTOMER_CLOCKS)
    assert {f"next.{kind}" for kind in kinds} <= WORDS.keys()
    assert {*OPEN, State.CLOSED} == set(COMING)
    for code in SAID:
        assert all(told(lang, code).values() for lang in ("zh", "en")), code


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "spoken"),
    [
        ("", "", "", "zh"),
        ("", "", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("", "", "fr,zh;q=0.4,en;q=0.7", "en"),
        ("", "", "en;q=0", "zh"),
        ("", "", "de;q=x,en", "en"),
        ("", "zh", "en", "zh"),
        ("lang=en", "zh", "zh", "en"),
        ("lang=fr", "", "zh-TW", "zh"),
    ],
)
def test_the_language_is_the_asked_the_kept_the_preferred(query: str, cookie: str, accepted: str, spoken: str) -> None:
    headers = [(b"accept-language", accepted.encode()), (b"cookie", f"__Host-whistle-lang={cookie}".encode())]
    assert language({"type": "http", "query_string": query.encode(), "headers": headers}) == spoken


# --- the ways in ------------------------------------------------------------------------------------------------------


async def test_opening_a_link_changes_nothing_its_button_does(api: Caller, app: FastAPI, made: Any) -> None:
    _, order_id = await own(api)
    path = path_of((await api.post(f"/orders/{order_id}/link")).json()["link"])
    visitor = Visitor(Browser(app))
    for _ in range(3):
        page = await visitor.open(path)
        assert (page.status, order_id in page.text) == (200, False)
        assert not visitor.browser.cookie
    page = await visitor.send(path)
    assert (page.status, page.answer.url.path) == (200, f"/my/{order_id}")
    with made() as session:
        rows = session.execute(select(accesses).where(accesses.c.orders.contains([order_id]))).all()
    assert [(row.operation, row.outcome) for row in rows] == [
        ("make_link", "changed"), ("page_link_open", "logged_in"), ("page_order", "seen"),
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_code_leads_to_the_order_and_to_all_of_the_number(api: Caller, app: FastAPI, lang: str) -> None:
    phone, order_id = await own(api)
    other = await api.opened(customer={"name": "陈女士", "phone": phone}, title="A second matter")
    visitor = await by_code(app, order_id, phone, lang)
    assert visitor.page.answer.url.path == f"/my/{order_id}"
    page = await visitor.open("/my")
    assert order_id in page.text
    assert other in page.text
    assert "A second matter" in page.text
    assert (await visitor.open(f"/my/{other}")).status == 200


async def test_neither_number_nor_code_stands_in_an_address_or_in_clear_in_a_cookie(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    visitor = Visitor(Browser(app))
    await visitor.open("/t")
    sent = await visitor.send("/t", order_id=order_id, phone=phone, follow=False)
    assert (sent.status, sent.answer.headers["location"]) == (303, "/t/code")
    assert phone not in "".join(sent.answer.headers.get_list("set-cookie"))
    assert "SameSite=strict" in sent.answer.headers["set-cookie"]


async def test_the_same_form_twice_sends_one_code(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    visitor = Visitor(Browser(app))
    await visitor.open("/t")
    first = await visitor.send("/t", order_id=order_id, phone=phone, follow=False)
    again = await visitor.send("/t", order_id=order_id, phone=phone, follow=False)
    assert (first.status, again.status) == (303, 303)
    assert "set-cookie" not in again.answer.headers
    page = await visitor.open("/t/code")
    code = re.search(r"\b\d{6}\b", page.text)
    assert code is not None
    assert (await visitor.send("/t/code", code=code[0])).answer.url.path == f"/my/{order_id}"


async def test_what_does_not_belong_together_looks_the_same_and_opens_nothing(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    stranger, _ = await own(api)
    seen = set()
    for number, asked in ((phone, order_id), (stranger, order_id), (phone, "WH20261122-NOBODY00")):
        visitor = Visitor(Browser(app))
        await visitor.open("/t")
        page = await visitor.send("/t", order_id=asked, phone=number)
        code = re.search(r"\b\d{6}\b", page.text)
        assert code is not None
        seen.add(page.text.replace(code[0], "…"))
        wrong = await visitor.send("/t/code", code=f"{(int(code[0]) + 1) % 10**6:06}")
        assert (wrong.status, "无效或已失效" in wrong.text) == (403, True)
        assert not visitor.browser.cookie
    assert len(seen) == 1


async def test_a_link_that_is_not_good_says_no_more_than_that(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    path = path_of((await api.post(f"/orders/{order_id}/link")).json()["link"])
    said = set()
    for wrong in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/t/WH20261122-NOBODY00.1.abc", "/t/nonsense"):
        visitor = Visitor(Browser(app), "en")
        await visitor.open(wrong)
        page = await visitor.send(wrong)
        assert page.status == 403
        assert not visitor.browser.cookie
        said.add(page.text)
    assert len(said) == 1


async def test_a_wrong_form_keeps_what_was_typed(app: FastAPI) -> None:
    visitor = Visitor(Browser(app), "en")
    await visitor.open("/t")
    page = await visitor.send("/t", order_id="WH1", phone="12")
    assert page.status == 422
    assert 'value="12"' in page.answer.text
    assert "Something is missing, or not as it should be." in page.text


async def test_who_asks_too_often_is_told_so_on_a_page(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    visitor = Visitor(Browser(app), "en")
    for _ in range(3):
        await visitor.open("/t")
        await visitor.send("/t", order_id=order_id, phone=phone)
    await visitor.open("/t")
    page = await visitor.send("/t", order_id=order_id, phone=phone)
    assert (page.status, "This was asked for too often." in page.text) == (429, True)


# --- who may ask, and from where --------------------------------------------------------------------------------------


async def test_without_a_visit_every_order_looks_the_same(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    said = set()
    for number in (order_id, "WH20261122-NOBODY00"):
        page = await Visitor(Browser(app)).open(f"/my/{number}")
        assert page.status == 401
        said.add(page.text.replace(number, "…"))
    assert len(said) == 1
    assert (await Visitor(Browser(app)).open("/my")).status == 401


async def test_foreign_and_unknown_orders_are_one_neutral_page(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    _, foreign = await own(api)
    visitor = await by_link(api, app, order_id)
    said = set()
    for number in (foreign, "WH20261122-NOBODY00", "no'number"):
        for page in (await visitor.open(f"/my/{number}"), await visitor.open(f"/my/{number}/withdraw")):
            assert page.status == 404
            said.add(page.text)
        await visitor.open(f"/my/{order_id}")
        fields = visitor.page.forms[f"/my/{order_id}/urge"]
        page = await visitor.post(f"/my/{number}/urge", fields)
        assert page.status == 404
        said.add(page.text)
    assert len(said) == 1
    assert await events_of(api, foreign, "OrderUrged") == []


async def test_an_erased_customer_is_nobody(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api, dispatch=False)
    link = await by_link(api, app, order_id)
    visitor = await by_code(app, order_id, phone)
    await visitor.open(f"/my/{order_id}/withdraw")
    await visitor.send(f"/my/{order_id}/withdraw", reason="It works again", confirmed="yes")
    erased = await api.post("/customers/erase", {"phone": phone, "reason": "He asked for it."}, "hq-admin")
    assert erased.status_code < 300, erased.text
    for one in (link, visitor):
        for path in ("/my", f"/my/{order_id}"):
            page = await one.open(path)
            assert page.status == 401, page.text
            assert "断网" not in page.text


async def test_staff_are_shown_the_way_to_their_own_pages(api: Caller, app: FastAPI, made: Any) -> None:
    _, order_id = await own(api)
    give_password(made, "gd-agent-2")
    browser = Browser(app)
    await browser.log_in("gd-agent-2")
    page = await Visitor(browser, "en").open(f"/my/{order_id}")
    assert (page.status, "you are logged in as staff" in page.text) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example.net"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
    ],
)
async def test_forms_of_other_pages_do_nothing(api: Caller, app: FastAPI, headers: dict[str, str]) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    action = f"/my/{order_id}/urge"
    fields = visitor.page.forms[action]
    answer = await visitor.browser.http.post(action, data=fields, headers={**FORM, **headers})
    assert answer.status_code == 403
    assert await events_of(api, order_id, "OrderUrged") == []
    for path in ("/t", "/t/nonsense"):
        visitor = Visitor(Browser(app))
        await visitor.open(path)
        answer = await visitor.browser.http.post(path, data=visitor.page.forms[path], headers={**FORM, **headers})
        assert answer.status_code == 403


@pytest.mark.parametrize("token", ["", "x" * 43])
async def test_a_form_without_the_sessions_token_does_nothing_and_keeps_the_words(
    api: Caller, app: FastAPI, token: str
) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    page = await visitor.send(f"/my/{order_id}/urge", token=token, text="Please hurry")
    assert (page.status, "Please hurry" in page.text) == (403, True)
    assert await events_of(api, order_id, "OrderUrged") == []
    page = await visitor.send(f"/my/{order_id}/urge", text="Please hurry")
    assert page.status == 200
    assert len(await events_of(api, order_id, "OrderUrged")) == 1


async def test_a_visit_that_is_over_gives_the_words_back(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    visitor.browser.http.cookies.delete(COOKIE)
    page = await visitor.send(f"/my/{order_id}/urge", text="Please <b>hurry</b>")
    assert (page.status, "Please <b>hurry</b>" in page.text) == (401, True)
    assert "<b>hurry" not in page.answer.text
    assert "/t" in page.forms


async def test_leaving_ends_the_visit(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    cookie = visitor.browser.cookie
    page = await visitor.send("/my/leave")
    assert (page.status, page.answer.headers["clear-site-data"]) == (200, '"cache", "storage"')
    stolen = Browser(app)
    stolen.http.cookies.set(COOKIE, cookie, domain="127.0.0.1", path="/")
    assert (await Visitor(stolen).open(f"/my/{order_id}")).status == 401
