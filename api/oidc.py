"""Log-in by way of an OpenID provider: off to it, and back from it with a session (`identity.oidc`)."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Annotated, Any, cast

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from api.deps import Parts, PartsDep
from api.errors import KINDS, Problem, declared
from api.login import CookiesDep, set_cookie
from api.record import access
from identity import admission, oidc, people, sessions
from identity.admission import Admitted, NotAdmitted, Reading
from identity.oidc import Away, Begun, Provider, Refused
from identity.sessions import Live, Opened
from runtime.settings import Settings
from store import accesses, challenges, posts
from store.accesses import Outcome

COOKIE = "__Host-whistle-oidc"
"""Keeps the secret of a log-in on its way, in the browser that began it."""

_KIND = "oidc"
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]{0,499}")
_ERROR = re.compile(r"[a-z_]{1,40}")

log = logging.getLogger(__name__)


class _Failed(Exception):  # noqa: N818 - it names what happened
    """A log-in that came to nothing: to be told in both languages."""

    def __init__(
        self, code: str, zh: str, en: str, remedy_zh: str = "请重新登录", remedy_en: str = "log in again"
    ) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en
        self.remedy_zh = remedy_zh
        self.remedy_en = remedy_en

    def problem(self) -> Problem:
        """The same for a program."""
        return Problem(self.code, f"{_sentence(self.en)} {self.zh}。", remedy=f"{_sentence(self.remedy_en)}")

    def page(self) -> Response:
        """The same for a browser: a plain page without anything to load."""
        kind = KINDS[self.code]
        status = kind.status
        parts = (
            f"<h1>{escape(kind.title_zh)} · {escape(kind.title)}</h1>",
            f'<p lang="zh">{escape(self.zh)}。{escape(self.remedy_zh)}。</p>',
            f'<p lang="en">{escape(_sentence(self.en))} {escape(_sentence(self.remedy_en))}</p>',
        )
        head = '<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Whistle</title></head>'
        return HTMLResponse(f"{head}<body>{''.join(parts)}</body></html>", status_code=status)


@dataclass(frozen=True, slots=True)
class _Door:
    """What the routes need: the provider, and how its claims are read."""

    provider: Provider
    reading: Reading


def make_router(settings: Settings) -> APIRouter:
    """The routes; without a provider in the settings they answer 404.

    Raises:
        SettingError: a group is to have a role that there is not.
    """
    reading = admission.reading(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        provider = Provider(settings) if settings.oidc_issuer is not None else None
        app.state.oidc = _Door(provider, reading) if provider is not None else None
        try:
            yield
        finally:
            if provider is not None:
                await provider.close()

    router = APIRouter(prefix="/oidc", tags=["log-in"], lifespan=lifespan)
    for path, endpoint, summary, codes in (
        ("/login", oidc_login, "Log in by way of the OpenID provider", ("invalid_request", "not_found")),
        ("/callback", oidc_callback, "Come back from the OpenID provider", ("not_valid", "not_admitted", "not_found")),
        ("/logout", oidc_logout, "Log out at the OpenID provider too", ("not_found",)),
    ):
        router.add_api_route(
            path,
            endpoint,
            operation_id=endpoint.__name__,
            status_code=303,
            response_class=RedirectResponse,
            responses=declared(*codes, "unavailable"),
            summary=summary,
        )
    return router


async def oidc_login(
    request: Request,
    parts: PartsDep,
    next_: Annotated[str, Query(alias="next", max_length=500, description="Where to go then; a path of ours.")] = "/",
) -> Response:
    """Send the browser to the provider; what it brings back is good for ten minutes, once, in this browser."""
    door = _door(request)
    if not _LOCAL.fullmatch(next_):
        raise Problem("invalid_request", "Only a path of this system can follow.", field="next", remedy="Send next=/.")
    begun = oidc.begin()
    try:
        address = await door.provider.address(begun, _redirect_uri(parts.settings))
    except Away as away:
        return _answer(request, _silent(away))
    await parts.write(challenges.put, begun.key, _KIND, next_, oidc.WAITS)
    response = RedirectResponse(address, status_code=303)
    response.set_cookie(COOKIE, begun.secret, max_age=oidc.WAITS, path="/", secure=True, httponly=True, samesite="lax")
    return response


async def oidc_callback(
    request: Request,
    parts: PartsDep,
    known: CookiesDep,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    iss: Annotated[str | None, Query(max_length=1000, description="The provider's name (RFC 9207).")] = None,
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Let in whom the provider knows and the directory has, in the role and the unit that the provider names."""
    door = _door(request)
    try:
        begun = Begun(request.cookies.get(COOKIE, ""))
        goes = await _awaited(parts, begun, state)
        claims = await _claims(door, begun, code, iss, error, _redirect_uri(parts.settings))
        admitted, opened = await _entered(request, parts, door, claims, await known.known(request))
    except _Failed as failed:
        await _note_failure(request, parts, failed)
        response = _answer(request, failed)
    else:
        known.forget()
        if admitted.changes:
            posts.forget()
        response = RedirectResponse(goes, status_code=303)
        set_cookie(response, opened.cookie)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response


async def oidc_logout(request: Request, parts: PartsDep) -> Response:
    """Send the browser to the provider's own log-out, and home where it has none; POST /v1/logout comes first."""
    door, home = _door(request), parts.settings.entrance + "/"
    try:
        address = await door.provider.leaving(home)
    except Away as away:
        return _answer(request, _silent(away))
    return RedirectResponse(address or home, status_code=303)


async def _awaited(parts: Parts, begun: Begun, state: str) -> str:
    """Where a log-in leads that was begun in this browser and is still waited for; that is so once."""
    goes = await parts.write(challenges.take, begun.key, _KIND) if begun.secret and begun.answers(state) else None
    if goes is None:
        raise _Failed(
            "not_valid", "该登录并非由此浏览器发起, 或已过期", "this log-in was not begun in this browser, or is over"
        )
    return goes


async def _claims(
    door: _Door, begun: Begun, code: str, iss: str | None, error: str, redirect_uri: str
) -> dict[str, Any]:
    if error or not code:
        said = error if _ERROR.fullmatch(error) else "no code"
        raise _Failed("not_valid", f"登录服务未予登录 ({said})", f"the provider did not log you in ({said})")
    try:
        return await door.provider.claims(begun, code, iss, redirect_uri)
    except Refused as refused:
        log.warning("a log-in is not believed: %s", refused)
        raise _Failed("not_valid", "登录服务的答复无法采信", f"{refused}") from refused
    except Away as away:
        raise _silent(away) from away


async def _entered(
    request: Request, parts: Parts, door: _Door, claims: dict[str, Any], before: Live | None
) -> tuple[Admitted, Opened]:
    try:
        return await parts.write(_enter, request, door.reading, claims, before, parts.settings.session_hours)
    except NotAdmitted as refused:
        raise _Failed("not_admitted", refused.zh, refused.en, refused.remedy_zh, refused.remedy_en) from refused


def _enter(
    session: Session, request: Request, reading: Reading, claims: dict[str, Any], before: Live | None, hours: float
) -> tuple[Admitted, Opened]:
    """Admit somebody, end what the browser had before, open his session and write it down, in one transaction."""
    admitted = admission.admit(session, reading, claims)
    who = people.recognised(admitted.person)
    noted = access(request, who, Outcome.LOGGED_IN, detail="; ".join(("oidc", *admitted.changes)))
    now = datetime.now(UTC)
    if before is not None:
        sessions.end(session, before.digest, now)
    opened = sessions.create(session, now=now, how=sessions.OIDC, hours=hours, person=who.id, address=noted.address)
    accesses.add(session, noted)
    return admitted, opened


async def _note_failure(request: Request, parts: Parts, failed: _Failed) -> None:
    noted = access(request, None, Outcome.LOG_IN_FAILED, code=failed.code, detail=failed.en[:300])
    await parts.record.add(noted)


def _door(request: Request) -> _Door:
    door = cast("_Door | None", request.app.state.oidc)
    if door is None:
        raise Problem("not_found", "No OpenID provider is set here.", remedy="Log in with POST /v1/login.")
    return door


def _silent(away: Away) -> _Failed:
    log.warning("the OpenID provider is away: %s", away)
    return _Failed(
        "unavailable", "登录服务暂不可用", "the OpenID provider does not answer", "请稍后再试", "try again later"
    )


def _answer(request: Request, failed: _Failed) -> Response:
    """A page for a browser, a problem for a program."""
    if "text/html" in request.headers.get("accept", ""):
        return failed.page()
    return failed.problem().response(request.url.path)


def _redirect_uri(settings: Settings) -> str:
    return settings.entrance + "/v1/oidc/callback"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
