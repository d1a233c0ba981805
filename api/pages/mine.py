"""A customer's orders, and one of them: what he is told, and the forms for what he may do."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from api.access import BY_PHONE, GRANTS
from api.commands import ORDER_ID
from api.deps import Parts, PartsDep
from api.errors import Problem, no_order
from api.files import only_of
from api.identity import CookieIdentity
from api.listing import page_of
from api.login import CookiesDep
from api.pages.dress import page
from api.pages.forms import form_page, new_key
from api.pages.speech import language, say, written
from api.pages.told import Known, reply_told, telling
from api.pages.veiled import unveiled
from api.pages.words import WORDS
from api.uploads import MAX_OWN
from api.views import event_line
from domain.model import Role
from identity.people import Identified
from identity.sessions import Live
from identity.tracking import SESSION_HOURS
from store import files, notices, orders
from store.orders import OrderQuery

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 20
"""Orders of one page of the list."""
EVENTS_AT_ONCE = 1000


class Visit(NamedTuple):
    """A customer's session, and who he is."""

    live: Live
    who: Identified


async def visit(request: Request, parts: Parts, known: CookieIdentity, operation: str) -> Visit | None:
    """Who visits, if he may ask for that operation; None for nobody, or a customer who was erased. Raises Problem."""
    live = await known.known(request)
    if live is None:
        return None
    who = live.who
    request.state.asker = who
    if who.role is not Role.CUSTOMER or who.role not in GRANTS[operation].roles:
        raise Problem("forbidden", "This page is for customers.", field="actor.role", remedy="Go back to the console.")
    if await parts.gateway.run(parts.rack.key, who.customer) is None:
        return None
    return Visit(live, who)


def come_in(request: Request, order_id: str = "", typed: dict[str, str] | None = None) -> Response:
    """What somebody is shown whose visit is over, or has not begun: the form for a code, and what he had typed."""
    kept = [text for text in (typed or {}).values() if text]
    number = order_id if ORDER_ID.fullmatch(order_id) else ""
    typed = {"order_id": number, "phone": ""}
    return form_page(request, "over", 401, typed=typed, goal="", kept=kept, here="/t", hours=SESSION_HOURS)


@router.get("/my")
async def page_orders(
    request: Request, parts: PartsDep, known: CookiesDep, cursor: Annotated[str, Query(max_length=500)] = ""
) -> Response:
    """The orders of the number, the newest first; by a link the one that it opens."""
    found = await visit(request, parts, known, "list_orders")
    if found is None:
        return come_in(request)
    live, who = found
    if who.order_id:
        return RedirectResponse(f"/my/{who.order_id}", 303)
    lines = await page_of(parts, who, OrderQuery(sight=who.sight, cursor=cursor, limit=ON_A_PAGE), "")
    await parts.record.seen(request, who, *(one.order_id for one in lines.items))
    lang = language(request.scope)
    told = [
        {
            "id": one.order_id,
            "title": one.title,
            "state": one.state,
            "state_said": say(lang, f"state.{one.state}"),
            "late": one.overdue,
            "registered": say(lang, "list.registered", at=written(lang, one.registered_at, "Asia/Shanghai")),
        }
        for one in lines.items
    ]
    shown = await unveiled(parts, who, told)
    return page(request, "orders", orders=shown, next=lines.next, signed_in=True, token=live.csrf)


@router.get("/my/{order_id}")
async def page_order(
    request: Request,
    order_id: str,
    parts: PartsDep,
    known: CookiesDep,
    done: str = "",
    before: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """One order, with what may be done about it now, and its newest steps, or those before a seq."""
    found = await visit(request, parts, known, "get_order")
    if found is None:
        return come_in(request, order_id)
    return await order_page(request, parts, found, order_id, done=done, before=before)


@router.get("/my/{order_id}/withdraw")
async def page_withdraw(request: Request, order_id: str, parts: PartsDep, known: CookiesDep) -> Response:
    """Ask once more before an order is withdrawn."""
    found = await visit(request, parts, known, "withdraw")
    if found is None:
        return come_in(request, order_id)
    return await order_page(request, parts, found, order_id, template="withdraw")


async def order_page(
    request: Request,
    parts: Parts,
    visit: Visit,
    order_id: str,
    *,
    template: str = "order",
    status: int = 200,
    done: str = "",
    before: int = 0,
    wrong: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    """The page of an order as it is now; `wrong` is what went wrong with a form, `typed` what was in it."""
    live, who = visit
    known = await parts.read(who, _known, who, order_id) if ORDER_ID.fullmatch(order_id) else None
    if known is None:
        raise no_order(order_id)
    await parts.record.seen(request, who, order_id)
    lang = language(request.scope)
    told: dict[str, Any] = await unveiled(parts, who, telling(known, lang, before))
    return page(
        request,
        template,
        status,
        order=told,
        by_phone=BY_PHONE if who.order_id else (),
        alone=bool(who.order_id),
        done=_said_done(live, order_id, done, lang),
        wrong=wrong,
        typed=typed or {},
        token=live.csrf,
        key=new_key,
        most=parts.settings.file_max_mb,
        most_files=MAX_OWN,
        signed_in=True,
        here=f"/my/{order_id}?before={before}" if before else f"/my/{order_id}",
    )


def done_mark(live: Live, order_id: str, verb: str) -> str:
    """What leads back to the order after a command: its verb, and that this session was led there by ourselves."""
    mark = hmac.new(live.csrf.encode(), f"done\0{order_id}\0{verb}".encode(), hashlib.sha256)
    return f"{verb}.{mark.hexdigest()[:32]}"


def _said_done(live: Live, order_id: str, mark: str, lang: str) -> str:
    """What is said of a command that was carried out; nothing where somebody else made the address."""
    verb = mark.partition(".")[0]
    ours = hmac.compare_digest(mark.encode(), done_mark(live, order_id, verb).encode())
    return say(lang, f"done.{verb}") if ours and f"done.{verb}" in WORDS else ""


def _known(session: Session, who: Identified, order_id: str) -> Known | None:
    """All that the page is made from, as he sees it; None for an order that he does not."""
    head = orders.head(session, order_id, who.sight)
    if head is None:
        return None
    lines: list[dict[str, Any]] = []
    reply: dict[str, Any] = {}
    after = 0
    while rows := orders.events(session, order_id, after, EVENTS_AT_ONCE):
        for row in rows:
            if row.type == "ReplySubmitted":
                reply = reply_told(row)
            line = event_line(row, head.order, who.role, final=False)
            if line is not None:
                lines.append({**line, "data": {**line["data"], **reply}} if row.type == "ReplyAccepted" else line)
        after = rows[-1].seq
    told = notices.of_order(session, who, order_id)
    documents = files.of_order(session, order_id, only_of(who))
    return Known(head.order, lines, told, documents, notices.names(session).labels)
