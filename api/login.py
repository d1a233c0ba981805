"""Log-in of staff by password, and what somebody does with his own log-in: look at it, end it, change the password.

These routes ask for the session itself, not for the person behind it: they are open to somebody who must change his
password first, and to customers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy.orm import Session

from api import entering, record
from api.deps import Parts, PartsDep
from api.entering import Entered
from api.errors import Problem, declared
from api.identity import CookieIdentity
from api.schemas import Clean
from api.views import JSON
from contracts.messages import encode
from domain.model import Role
from identity import acting, sessions
from identity.people import Identified
from identity.sessions import COOKIE, Live
from store import accesses
from store.accesses import Access, Outcome
from store.actings import Acting

router = APIRouter(tags=["log-in"])

MOST_TYPED = 1024
"""Characters of a password that are taken in at all; those beyond `passwords.LONGEST` fit nobody."""

Typed = Annotated[SecretStr, Field(min_length=1, max_length=MOST_TYPED)]


class _Typed(BaseModel):
    """A body with passwords: blanks count, and nothing of it is repeated in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LogInRequest(_Typed):
    """Who logs in, and his password."""

    person: Annotated[Clean, Field(min_length=1, max_length=64)] = Field(examples=["gd-agent-1"])
    password: Typed


class PasswordRequest(_Typed):
    """The password as it is, and as it shall be: 12 to 128 characters of any kind."""

    old: Typed
    new: Typed


class SessionView(BaseModel):
    """A log-in: whose it is, what to send back as `X-CSRF-Token`, and when it ends at the latest (UTC).

    It ends earlier when it has not been used for `idle_minutes`. With `must_change` nothing but a change of the
    password is open. `acting` lists the colleagues whom the header `Acting-For` may name now.
    """

    who: Identified
    roles: list[Role]
    how: str
    csrf: str
    expires_at: datetime
    idle_minutes: int
    must_change: bool
    acting: list[Acting]


async def cookies(request: Request) -> CookieIdentity:
    """What recognises the sessions of browsers."""
    return cast("CookieIdentity", request.app.state.cookies)


async def logged_in(request: Request, known: CookiesDep) -> Live:
    """The session that the request belongs to, even one whose password must be changed first; raises Problem."""
    return await known.live(request)


CookiesDep = Annotated[CookieIdentity, Depends(cookies)]
SessionDep = Annotated[Live, Depends(logged_in)]


@router.post(
    "/login",
    operation_id="log_in",
    response_model=SessionView,
    responses=declared(
        "log_in_failed", "account_locked", "csrf", "too_many_requests", "invalid_request", "unavailable"
    ),
    summary="Log in with a password",
)
async def log_in(request: Request, given: LogInRequest, parts: PartsDep, known: CookiesDep) -> Response:
    """Opens a session, whose secret comes as a cookie; one that the browser had before ends.

    Only from a page of this system: the browser's Origin or Sec-Fetch-Site must say so.
    """
    known.demand_own_page(request)
    before = await known.known(request)
    entered = await entering.enter(request, parts, given.person, given.password, before)
    known.forget()
    return await answered(parts, entered)


@router.get(
    "/session",
    operation_id="get_session",
    response_model=SessionView,
    responses=declared("unauthenticated", "unavailable"),
    summary="My log-in",
)
async def get_session(live: SessionDep, parts: PartsDep) -> Response:
    """Who is logged in, until when, and the token that a page sends back with whatever changes something."""
    return await _shown(parts, live)


@router.post(
    "/logout",
    operation_id="log_out",
    status_code=204,
    responses=declared("unauthenticated", "csrf", "unavailable"),
    summary="Log out here",
)
async def log_out(request: Request, live: SessionDep, parts: PartsDep, known: CookiesDep) -> Response:
    """Ends this session."""
    await parts.write(_ended, record.access(request, live.who, Outcome.LOGGED_OUT), live, everywhere=False)
    known.forget()
    return _without_cookie()


@router.post(
    "/logout-everywhere",
    operation_id="log_out_everywhere",
    status_code=204,
    responses=declared("unauthenticated", "csrf", "unavailable"),
    summary="Log out on every device",
)
async def log_out_everywhere(request: Request, live: SessionDep, parts: PartsDep, known: CookiesDep) -> Response:
    """Ends all sessions of whoever asks; within five seconds no process takes them for good any more."""
    await parts.write(_ended, record.access(request, live.who, Outcome.LOGGED_OUT), live, everywhere=True)
    known.forget()
    return _without_cookie()


@router.post(
    "/password",
    operation_id="change_password",
    response_model=SessionView,
    responses=declared(
        "unauthenticated", "csrf", "log_in_failed", "account_locked", "forbidden", "invalid_request", "unavailable"
    ),
    summary="Change my password",
)
async def change_password(
    request: Request, given: PasswordRequest, live: SessionDep, parts: PartsDep, known: CookiesDep
) -> Response:
    """Ends all sessions of the person and opens a new one. Wrong old passwords count like wrong ones at log-in."""
    if live.how != sessions.PASSWORD:
        raise Problem("forbidden", "You did not log in with a password.", remedy="Change it where you logged in.")
    entered = await entering.change(request, parts, live, given.old, given.new)
    known.forget()
    return await answered(parts, entered)


def _ended(session: Session, access: Access, live: Live, *, everywhere: bool) -> None:
    now = datetime.now(UTC)
    if everywhere:
        sessions.end_all(session, live.who, now)
    else:
        sessions.end(session, live.digest, now)
    accesses.add(session, access)


async def _shown(parts: Parts, live: Live) -> Response:
    """The session as its owner sees it."""
    now = datetime.now(UTC)
    running: list[Acting] = [] if live.who.customer else await parts.system(acting.running, live.who, now)
    view: dict[str, Any] = {
        "who": live.who,
        "roles": [live.who.role],
        "how": live.how,
        "csrf": live.csrf,
        "expires_at": live.expires_at,
        "idle_minutes": parts.settings.session_idle_minutes,
        "must_change": live.must_change,
        "acting": running,
    }
    return Response(encode(view), media_type=JSON)


def set_cookie(answer: Response, cookie: str) -> None:
    """Have the browser keep a session's secret until it is closed: for this host, over TLS, out of scripts' reach."""
    answer.set_cookie(COOKIE, cookie, path="/", secure=True, httponly=True, samesite="lax")


async def answered(parts: Parts, entered: Entered) -> Response:
    """The answer to a log-in: the session as its owner sees it, and its secret as a cookie."""
    answer = await _shown(parts, entered.live)
    set_cookie(answer, entered.opened.cookie)
    return answer


def _without_cookie() -> Response:
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer
