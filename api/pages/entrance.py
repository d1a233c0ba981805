"""The ways in, as pages: order number and phone, then the code; or a link with one button.

Opening a link changes nothing, for messengers and mail programs open links by themselves; its button does. What is
asked, counted and written down is what `api.tracking` does for its JSON routes, and nothing is told that they do not
tell: whether a link is good, or a number belongs to an order, is answered alike until it opens something.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import NamedTuple
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api import limits
from api.deps import Parts, PartsDep
from api.errors import Problem
from api.identity import CookieIdentity
from api.login import CookiesDep, set_cookie
from api.pages.dress import told
from api.pages.forms import demand_own, fields_of, form_page, key_of
from api.pages.speech import language
from api.tracking import CodeRequest, LinkRequest, TrackRequest, arrive_by_code, arrive_by_link, send_code
from identity import tracking
from store import challenges

router = APIRouter(include_in_schema=False)

COOKIE = "__Host-whistle-asked"
"""Keeps, encrypted, what was asked for, from the form for the code to the form with the code."""
GOALS = ("withdraw", "rate_by_sms", "reopen")
"""What somebody may be on his way to do, who is asked for his phone."""


class Asked(NamedTuple):
    """For which order and phone a code was asked, what for, and in development the code."""

    order_id: str
    phone: str
    goal: str
    code: str


@router.get("/t")
async def page_track(request: Request, order: str = "", to: str = "") -> Response:
    """The form for a code."""
    typed = {"order_id": order[:64], "phone": ""}
    return form_page(request, "track", typed=typed, goal=to if to in GOALS else "", problem=None, here="/t")


@router.post("/t")
async def page_track_send(request: Request, parts: PartsDep, known: CookiesDep) -> Response:
    """Send the code, and lead to its form; the same form twice sends one."""
    known.demand_no_foreign_page(request)
    fields = await fields_of(request)
    goal = fields.get("to", "") if fields.get("to", "") in GOALS else ""
    typed = {name: fields.get(name, "")[:64] for name in ("order_id", "phone")}
    typed["order_id"] = typed["order_id"].upper()
    try:
        demand_own(request, known, fields)
        wanted = TrackRequest(**typed)
        fresh = await parts.write(_first, parts, key_of(fields), limits.line(request.scope))
        code = await send_code(request, wanted, parts) if fresh else ""
    except (Problem, ValidationError) as error:
        problem = error if isinstance(error, Problem) else Problem("invalid_request", "It is not as it should be.")
        said = told(language(request.scope), problem.code)
        return form_page(request, "track", problem.status, typed=typed, goal=goal, problem=said, here="/t")
    answer = RedirectResponse("/t/code", 303)
    if fresh:
        kept = _sealer(parts).encrypt(json.dumps([wanted.order_id, wanted.phone, goal, code]).encode()).decode()
        answer.set_cookie(COOKIE, kept, tracking.CODE_SECONDS, path="/", secure=True, httponly=True, samesite="strict")
    return answer


@router.get("/t/code")
async def page_code(request: Request, parts: PartsDep, known: CookiesDep) -> Response:
    """The form with the code; to whoever has not asked for one, the first form."""
    asked = _asked(request, parts)
    if asked is None:
        return RedirectResponse("/t", 303)
    return _code_page(request, asked, staff=await _staff(request, known))


@router.post("/t/code")
async def page_code_enter(request: Request, parts: PartsDep, known: CookiesDep) -> Response:
    """Open a session by the code, and lead to the order."""
    fields = await fields_of(request)
    asked = _asked(request, parts)
    if asked is None:
        return RedirectResponse("/t", 303)
    try:
        demand_own(request, known, fields)
        given = CodeRequest(order_id=asked.order_id, phone=asked.phone, code=fields.get("code", "").replace(" ", ""))
        arrival = await arrive_by_code(request, given, parts, known)
    except ValidationError:
        return _code_page(request, asked, 422, "invalid_request", staff=await _staff(request, known))
    except Problem as problem:
        return _code_page(request, asked, problem.status, problem.code, staff=await _staff(request, known))
    answer = RedirectResponse(f"/my/{quote(asked.order_id)}{f'#{asked.goal}' if asked.goal else ''}", 303)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    set_cookie(answer, arrival.opened.cookie)
    return answer


@router.get("/t/{link}")
async def page_link(request: Request, link: str, known: CookiesDep) -> Response:
    """One button; whether the link is good is found out by pressing it."""
    return form_page(request, "link", action=f"/t/{quote(link[:500])}", staff=await _staff(request, known))


async def _staff(request: Request, known: CookieIdentity) -> bool:
    """Whether coming in would end the log-in of one of the staff: a browser holds one session."""
    live = await known.known(request)
    return live is not None and not live.who.customer


@router.post("/t/{link}")
async def page_link_open(request: Request, link: str, parts: PartsDep, known: CookiesDep) -> Response:
    """Open a session for the link's one order, and lead there."""
    demand_own(request, known, await fields_of(request))
    try:
        wanted = LinkRequest(link=link)
    except ValidationError:
        raise Problem("not_valid", "It is not valid, or not any more.", remedy="Ask for a new one.") from None
    arrival = await arrive_by_link(request, wanted.link, parts, known)
    answer = RedirectResponse(f"/my/{quote(arrival.order_id)}", 303)
    set_cookie(answer, arrival.opened.cookie)
    return answer


def _code_page(request: Request, asked: Asked, status: int = 200, code: str = "", *, staff: bool) -> Response:
    return form_page(
        request,
        "code",
        status,
        shown=asked.code,
        minutes=tracking.CODE_SECONDS // 60,
        tries=tracking.CODE_TRIES,
        staff=staff,
        problem=told(language(request.scope), code) if code else None,
        here="/t/code",
    )


def _first(session: Session, parts: Parts, key: str, line: str) -> bool:
    """Whether a form is sent for the first time from that line."""
    secret = parts.rack.keyring.index
    hashed = hmac.new(secret, f"form\0{line}\0{key}".encode(), hashlib.sha256).hexdigest()
    return challenges.count(session, hashed, 1, tracking.CODE_SECONDS) == 0


def _sealer(parts: Parts) -> Fernet:
    secret = hmac.new(parts.rack.keyring.links, b"asked\0", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(secret))


def _asked(request: Request, parts: Parts) -> Asked | None:
    try:
        kept = _sealer(parts).decrypt(request.cookies.get(COOKIE, "").encode(), ttl=tracking.CODE_SECONDS)
    except InvalidToken:
        return None
    return Asked(*json.loads(kept))
