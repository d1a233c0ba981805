"""Log-in by way of an OpenID provider from end to end: our application, and a provider in a process of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from api import oidc
from api.app import create_app
from identity.sessions import COOKIE
from runtime.settings import Settings
from store import demo
from store.access_tables import accesses, challenges
from store.access_tables import sessions as log_ins
from store.tables import people
from tests.api.browsers import Browser, system
from tests.conftest import Database
from tests.support.provider import RunningProvider, provider

ROLES = {"leads": "team_lead", "agents": "agent"}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningProvider]:
    with provider() as found:
        yield found


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    demo.load(database.owner_url)
    with system(database) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(settings: Settings, made: sessionmaker[Session], running: RunningProvider) -> AsyncIterator[FastAPI]:
    changes = {
        "oidc_issuer": running.issuer,
        "oidc_client_id": "whistle",
        "oidc_client_secret": SecretStr("known to both"),
        "oidc_roles": json.dumps(ROLES),
        "oidc_allow_provisioning": True,
        "outgoing_private_hosts": "127.0.0.1",
        "outgoing_ports": f"80,443,{running.port}",
        "public_url": "https://127.0.0.1",
    }
    app = create_app(settings.model_copy(update=changes))
    async with app.router.lifespan_context(app):
        yield app


@dataclass
class Visitor:
    """Somebody with a browser of his own."""

    browser: Browser
    running: RunningProvider

    async def goes(self, next_: str = "/") -> str:
        """Ask for the log-in; answers the provider's address."""
        answer = await self.browser.get(f"/oidc/login?{urlencode({'next': next_})}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def logs_in(self, address: str, sub: str, **claims: Any) -> dict[str, str]:
        """Log in at the provider; answers what it sends back."""
        await asyncio.to_thread(self.running.user, sub, **claims)
        return await asyncio.to_thread(self.running.answer, address, sub)

    async def returns(self, back: dict[str, str], **headers: str) -> httpx.Response:
        return await self.browser.get(f"/oidc/callback?{urlencode(back)}", **headers)

    async def whole(self, sub: str, next_: str = "/", **claims: Any) -> httpx.Response:
        return await self.returns(await self.logs_in(await self.goes(next_), sub, **claims))

    async def session(self) -> dict[str, Any]:
        answer = await self.browser.get("/session")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def visitor(app: FastAPI, running: RunningProvider) -> Visitor:
    return Visitor(Browser(app), running)


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "").replace(oidc.COOKIE, "")
    detail: str = answer.json()["detail"]
    return detail


async def test_somebody_of_the_directory_comes_in_and_goes_where_he_wanted(visitor: Visitor, made: Any) -> None:
    answer = await visitor.whole("gd-agent-1", "/orders?state=open", groups=["agents"], unit="GD.svc")
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders?state=open")
    kept = [
        value for name, value in answer.headers.multi_items() if name == "set-cookie" and value.startswith(COOKIE + "=")
    ]
    assert all(word in kept[0] for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"))
    found = await visitor.session()
    assert (found["who"]["id"], found["how"], found["roles"]) == ("gd-agent-1", "oidc", ["agent"])
    with made() as session:
        last = session.execute(select(accesses).where(accesses.c.operation == "oidc_callback")).all()[-1]
    assert (last.actor_id, last.outcome) == ("gd-agent-1", "logged_in")
    assert (await visitor.browser.get("/me")).json()["id"] == "gd-agent-1"


async def test_a_new_log_in_ends_the_browsers_old_one(visitor: Visitor, made: Any) -> None:
    await visitor.whole("gd-agent-1", groups=["agents"], unit="GD.svc")
    before = visitor.browser.cookie
    await visitor.whole("gd-agent-1", groups=["agents"], unit="GD.svc")
    assert visitor.browser.cookie != before
    old = Browser(visitor.browser.app)
    old.http.cookies.set(COOKIE, before, domain="127.0.0.1")
    assert (await old.get("/session")).status_code == 401
    assert (await visitor.session())["how"] == "oidc"


async def test_role_and_unit_follow_the_provider_on_record(visitor: Visitor, made: Any) -> None:
    await visitor.whole("gd-agent-2", groups=["agents"], unit="GD.svc")
    await visitor.whole("gd-agent-2", groups=["leads"], unit="JS.svc")
    who = (await visitor.session())["who"]
    assert (who["role"], who["unit"], who["province"]) == ("team_lead", "JS.svc", "JS")
    with made() as session:
        details = session.scalars(select(accesses.c.detail).where(accesses.c.actor_id == "gd-agent-2")).all()
    assert "oidc; role agent → team_lead; unit GD.svc → JS.svc; province GD → JS" in details


async def test_a_newcomer_is_entered(visitor: Visitor) -> None:
    await visitor.whole("li.na", groups=["agents"], unit="BJ.svc", name="李娜")
    who = (await visitor.session())["who"]
    assert (who["id"], who["name_zh"], who["role"], who["unit"]) == ("li.na", "李娜", "agent", "BJ.svc")


async def test_another_browser_cannot_finish_a_log_in(visitor: Visitor, app: FastAPI) -> None:
    back = await visitor.logs_in(await visitor.goes(), "gd-agent-1", groups=["agents"], unit="GD.svc")
    other = Visitor(Browser(app), visitor.running)
    refused(await other.returns(back), 403, "not_valid")
    await other.goes()
    refused(await other.returns(back), 403, "not_valid")
    assert (await visitor.returns(back)).status_code == 303


@pytest.mark.parametrize("state", ["", "made-up", "x" * 43])
async def test_a_wrong_state_is_refused(visitor: Visitor, state: str) -> None:
    back = await visitor.logs_in(await visitor.goes(), "gd-agent-1", groups=["agents"], unit="GD.svc")
    refused(await visitor.returns({**back, "state": state}), 403, "not_valid")


async def test_an_answer_is_good_once(visitor: Visitor) -> None:
    back = await visitor.logs_in(await visitor.goes(), "gd-agent-1", groups=["agents"], unit="GD.svc")
    secret = visitor.browser.http.cookies.get(oidc.COOKIE)
    assert (await visitor.returns(back)).status_code == 303
    visitor.browser.http.cookies.set(oidc.COOKIE, secret or "", domain="127.0.0.1")
    refused(await visitor.returns(back), 403, "not_valid")


async def test_a_log_in_is_over_after_ten_minutes(visitor: Visitor, made: Any) -> None:
    back = await visitor.logs_in(await visitor.goes(), "gd-agent-1", groups=["agents"], unit="GD.svc")
    with made.begin() as session:
        session.execute(update(challenges).values(expires_at=func.clock_timestamp()))
    refused(await visitor.returns(back), 403, "not_valid")


async def test_a_code_of_another_log_in_is_refused_by_its_verifier(visitor: Visitor, app: FastAPI) -> None:
    thief = Visitor(Browser(app), visitor.running)
    stolen = await visitor.logs_in(await visitor.goes(), "gd-agent-1", groups=["agents"], unit="GD.svc")
    own = await thief.logs_in(await thief.goes(), "gd-agent-2", groups=["agents"], unit="GD.svc")
    detail = refused(await thief.returns({**own, "code": stolen["code"]}), 403, "not_valid")
    assert "invalid_grant" in detail


@pytest.mark.parametrize("lie", [{"nonce": "wrong"}, {"aud": "another"}, {"forge": "another_key"}], ids=str)
async def test_a_token_that_is_not_for_this_log_in_is_refused_and_on_record(
    visitor: Visitor, made: Any, lie: dict[str, str]
) -> None:
    refused(await visitor.whole("liar", groups=["agents"], unit="GD.svc", **lie), 403, "not_valid")
    with made() as session:
        last = session.execute(select(accesses).order_by(accesses.c.id.desc()).limit(1)).one()
    assert (last.outcome, last.code, last.actor_id) == ("log_in_failed", "not_valid", "")
    assert (await visitor.browser.get("/session")).status_code == 401


async def test_the_providers_name_is_checked_where_it_is_given(visitor: Visitor) -> None:
    back = await visitor.logs_in(await visitor.goes(), "gd-agent-1", groups=["agents"], unit="GD.svc")
    refused(await visitor.returns({**back, "iss": "https://elsewhere.example.net"}), 403, "not_valid")
    back = await visitor.logs_in(await visitor.goes(), "gd-agent-1", groups=["agents"], unit="GD.svc")
    assert (await visitor.returns({**back, "iss": visitor.running.issuer})).status_code == 303


@pytest.mark.parametrize("claims", [{"groups": ["golf"], "unit": "GD.svc"}, {"groups": ["agents"], "unit": "XX"}, {}])
async def test_who_has_no_role_or_unit_here_is_told_so_in_both_languages(visitor: Visitor, claims: Any) -> None:
    back = await visitor.logs_in(await visitor.goes(), "guest<script>", **claims)
    answer = await visitor.returns(back, accept="text/html,application/xhtml+xml")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "该账号无权登录本系统" in answer.text
    assert "Ask an administrator" in answer.text
    assert "<script" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    back = await visitor.logs_in(await visitor.goes(), "guest", **claims)
    refused(await visitor.returns(back), 403, "not_admitted")


async def test_who_was_made_inactive_stays_outside(visitor: Visitor, made: Any) -> None:
    await visitor.whole("js-agent-1", groups=["agents"], unit="JS.svc")
    with made.begin() as session:
        session.execute(update(people).where(people.c.id == "js-agent-1").values(active=False))
    other = Visitor(Browser(visitor.browser.app), visitor.running)
    refused(await other.whole("js-agent-1", groups=["agents"], unit="JS.svc"), 403, "not_admitted")


async def test_a_log_in_that_the_provider_denies_is_told(visitor: Visitor) -> None:
    await visitor.goes()
    secret = visitor.browser.http.cookies.get(oidc.COOKIE) or ""
    state = oidc.Begun(secret).state
    detail = refused(await visitor.returns({"state": state, "error": "access_denied"}), 403, "not_valid")
    assert "access_denied" in detail
    await visitor.goes()
    state = oidc.Begun(visitor.browser.http.cookies.get(oidc.COOKIE) or "").state
    detail = refused(await visitor.returns({"state": state, "error": "<b>odd</b>"}), 403, "not_valid")
    assert "<b>" not in detail


@pytest.mark.parametrize(
    "next_",
    [
        *("https://evil.example.net/", "//evil.example.net", "/\\evil.example.net", "\\evil", "orders", "/a\r\nX: y"),
        *("/\t/evil.example.net", "javascript:alert(1)", "", "/" + "a" * 600),
    ],
)
async def test_only_a_path_of_ours_may_follow(visitor: Visitor, next_: str) -> None:
    answer = await visitor.browser.get(f"/oidc/login?{urlencode({'next': next_})}")
    assert (answer.status_code, answer.json()["field"]) == (422, "next"), answer.text


async def test_what_waits_holds_nothing_that_helps_its_reader(visitor: Visitor, made: Any) -> None:
    address = await visitor.goes("/inbox")
    begun = oidc.Begun(visitor.browser.http.cookies.get(oidc.COOKIE) or "")
    with made() as session:
        kept = str([tuple(row) for row in session.execute(select(challenges))])
    assert "/inbox" in kept
    for secret in (begun.secret, begun.state, begun.nonce, begun.verifier):
        assert len(secret) >= 43
        assert secret not in kept
    assert "redirect_uri=https%3A%2F%2F127.0.0.1%2Fv1%2Foidc%2Fcallback" in address


async def test_logging_out_leads_by_way_of_the_provider(visitor: Visitor) -> None:
    answer = await visitor.browser.get("/oidc/logout")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{visitor.running.issuer}/oauth2/end_session?client_id=whistle&")


async def test_of_a_session_only_the_hash_is_kept_and_it_has_an_end(visitor: Visitor, made: Any) -> None:
    await visitor.whole("gd-agent-1", groups=["agents"], unit="GD.svc")
    with made.begin() as session:
        kept = session.execute(select(log_ins).where(log_ins.c.how == "oidc")).all()
    assert all((row.expires_at - row.created_at).total_seconds() <= 24 * 3600 for row in kept)
    assert visitor.browser.cookie not in str(kept)


async def test_without_a_provider_there_is_no_such_log_in(settings: Settings, made: Any) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        for path in ("/oidc/login", "/oidc/callback", "/oidc/logout"):
            refused(await Browser(app).get(path), 404, "not_found")


async def test_a_provider_that_is_away_is_told_as_such(settings: Settings, made: Any) -> None:
    changes = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "whistle", "outgoing_private_hosts": "127.0.0.1",
               "outgoing_ports": "9"}  # fmt: skip
    app = create_app(settings.model_copy(update=changes))
    async with app.router.lifespan_context(app):
        refused(await Browser(app).get("/oidc/login"), 503, "unavailable")
        page = await Browser(app).get("/oidc/login", accept="text/html")
        assert (page.status_code, "请稍后再试" in page.text) == (503, True)
