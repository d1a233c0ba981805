"""The customer's pages against what others make of them: foreign forms, made-up addresses, sealed texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker

from api.pages.words import WORDS
from identity.sessions import COOKIE
from tests.api.browsers import Browser, give_password, system
from tests.api.conftest import AGENT, NET, Caller
from tests.conftest import Database
from tests.support.pages import FORM, Page, Visitor, by_code, by_link, own, path_of

FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
SECRET = "nobody else may read these words"


@pytest.fixture
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    with system(database) as found:
        yield found


async def staff(app: FastAPI, made: sessionmaker[Session]) -> Browser:
    """A browser in which one of the desk is logged in."""
    give_password(made, AGENT)
    browser = Browser(app)
    assert (await browser.log_in(AGENT)).is_success
    return browser


async def seals(api: Caller, order_id: str) -> list[str]:
    """The sealed texts of an order, as they stand in its proof."""
    proof = (await api.get(f"/orders/{order_id}/proof", "hq-auditor-1")).text
    found = sorted(set(re.findall(r"~pd1~[a-z]~[A-Za-z0-9_-]{16}~[A-Za-z0-9_-]{38,}~", proof)), key=len)
    assert found
    return found


# --- forms of other sites ---------------------------------------------------------------------------------------------


async def test_a_foreign_form_ends_nobodys_visit(app: FastAPI) -> None:
    answer = await Browser(app).http.post("/my/leave", data={"token": "x"}, headers=FOREIGN)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "clear-site-data" not in answer.headers


async def test_leaving_without_a_visit_takes_nothing_away(app: FastAPI) -> None:
    answer = await Browser(app).http.post("/my/leave", data={"token": "x"}, headers=FORM)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "clear-site-data" not in answer.headers


async def test_leaving_ends_the_visit_and_clears_what_is_kept(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    page = await visitor.send("/my/leave")
    assert (page.status, COOKIE in visitor.browser.http.cookies) == (200, False)
    assert page.answer.headers["clear-site-data"] == '"cache", "storage"'


@pytest.mark.parametrize("path", ["/t", "/t/code", "/t/abc", "/my/GD-1/urge", "/my/GD-1/files", "/my/leave"])
async def test_a_foreign_form_sets_no_cookie(app: FastAPI, path: str) -> None:
    answer = await Browser(app).http.post(path, data={"token": "x"}, headers=FOREIGN)
    assert "set-cookie" not in answer.headers, "the visitor's own open form would not be believed any more"


async def test_a_foreign_form_does_not_spoil_the_one_that_is_open(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    visitor = Visitor(Browser(app))
    await visitor.open(f"/t?order={order_id}")
    foreign = await Browser(app).http.post("/t", data={"x": "1"}, headers=FOREIGN)
    visitor.browser.http.cookies.update(foreign.cookies)
    assert (await visitor.send("/t", order_id=order_id, phone=phone)).answer.url.path == "/t/code"


# --- a browser of the staff -------------------------------------------------------------------------------------------


async def test_a_link_in_a_browser_of_the_staff_says_what_it_ends(
    api: Caller, app: FastAPI, made: sessionmaker[Session]
) -> None:
    _, order_id = await own(api)
    path = path_of((await api.post(f"/orders/{order_id}/link")).json()["link"])
    warning = WORDS["in.staff"][1]
    browser = await staff(app, made)
    assert warning in (await Visitor(browser, "en").open(path)).text
    assert (await browser.get("/me")).status_code == 200, "looking at it ends nothing"
    assert warning not in (await Visitor(Browser(app), "en").open(path)).text


# --- addresses that somebody made -------------------------------------------------------------------------------------


async def test_what_was_done_is_said_to_whoever_did_it_alone(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id, "en")
    for mark in ("withdraw", "urge", "urge.", f"urge.{'0' * 32}"):
        page = await visitor.open(f"/my/{order_id}?done={mark}")
        assert page.status == 200
        assert WORDS["done.withdraw"][1] not in page.text
        assert WORDS["done.urge"][1] not in page.text
    sent = await visitor.send(f"/my/{order_id}/urge", text="Hurry", follow=False)
    where = sent.answer.headers["location"].partition("#")[0]
    assert WORDS["done.urge"][1] in (await visitor.open(where)).text
    assert WORDS["done.withdraw"][1] not in (await visitor.open(where.replace("=urge", "=withdraw"))).text
    other = await by_link(api, app, order_id, "en")
    assert WORDS["done.urge"][1] not in (await other.open(where)).text


# --- sealed texts that are sent ---------------------------------------------------------------------------------------


async def test_a_sealed_text_in_an_address_is_opened_for_nobody(api: Caller, app: FastAPI) -> None:
    victim = await api.opened(customer={"name": "李四", "phone": "13888887777"}, title=SECRET)
    phone, mine = await own(api)
    visitor = await by_code(app, mine, phone, "en")
    for seal in (await seals(api, victim))[:3]:
        coded = "".join(f"%{ord(letter):02X}" for letter in seal)
        for said in (seal, coded):
            for path in (f"/my?x={said}", f"/my/{mine}?y={said}", f"/t?order={said}", f"/my/{said}", f"/t/{said}"):
                page = Page(await visitor.browser.http.get(path))
                assert (page.status, SECRET in page.answer.text, seal in page.answer.text) == (400, False, False), path
            for path in ("orders", "policies", "units", "templates", "nothing"):
                for who in (f"customer:{phone}", AGENT, NET):
                    answer = await api.get(f"/{path}/{said}", who)
                    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
                    assert SECRET not in answer.text
                    assert "pd1~" not in answer.text
        answer = await api.http.get("/v1/me", headers={"Authorization": f"Bearer dev:{seal}"})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


async def test_no_document_is_named_by_a_sealed_text(api: Caller, app: FastAPI) -> None:
    victim = await api.opened(customer={"name": "李四", "phone": "13888887777"}, title=SECRET)
    phone, mine = await own(api)
    visitor = await by_code(app, mine, phone, "en")
    seal = (await seals(api, victim))[0]
    for name in (f"{seal}.txt", f"~p\u200bd1{seal[4:]}.txt"):
        page = await visitor.send(f"/my/{mine}/files", files={"file": (name, b"hello", "text/plain")})
        assert (page.status, SECRET in page.answer.text) == (422, False)
        assert "李四" not in page.answer.text
    assert (await api.get(f"/orders/{mine}/files")).json()["items"] == []
