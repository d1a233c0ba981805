"""Customers' ways in: a signed link to one order, and a code sent to the phone of his orders (`identity.tracking`).

Nothing here tells whether an order is there or whose number it is: to whoever has no right to know it, all is the same.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple, cast

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy.orm import Session

from api import limits, schemas
from api.commands import OrderId
from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared, no_order
from api.identity import CookieIdentity
from api.login import CookiesDep, set_cookie
from api.record import access
from api.schemas import Clean
from api.views import JSON
from contracts.messages import encode
from identity import people, sessions, tracking
from identity.sessions import Live, Opened
from identity.sms import Gateway
from identity.tracking import Sent, TooOften
from runtime.settings import Settings
from store import accesses, sights
from store import tracking as rows
from store.accesses import Access, Outcome

MOST_SENDING = 100
"""Messages that one process hands to the gateway at once; beyond it codes are asked for later."""

LEAST_PAUSE = 0.1
"""Seconds between an answer and the message that it brought about, at least."""

Number = Annotated[Clean, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$", description="The order's.")]
Phone = Annotated[Clean, Field(max_length=32, pattern=r"^[0-9+() -]*$"), AfterValidator(schemas.telephone)]


class TrackRequest(schemas.Request):
    """An order's number and the phone that it was registered with."""

    order_id: Number
    phone: Phone


class CodeRequest(TrackRequest):
    """The same, and the code that came to that phone."""

    code: Annotated[Clean, Field(pattern=r"^[0-9]{6}$")]


class LinkRequest(schemas.Request):
    """The link, or the whole address that ends with it."""

    link: Annotated[Clean, Field(min_length=1, max_length=500)]


class Asked(BaseModel):
    """The same whether or not number and phone belong together."""

    seconds: int = Field(description="How long a code is good, if one was sent.")
    code: str = Field("", description="In the development profile without a gateway the code itself, else empty.")


class Arrived(BaseModel):
    """A new session. Its secret is in the cookie alone; what changes something must carry `csrf` in X-CSRF-Token."""

    csrf: str
    expires_at: datetime
    order_id: str = Field(description="The one order that is open to it; '' for all of the customer's.")


class Link(BaseModel):
    """An address that opens one order to its customer, without any log-in, until it expires (UTC)."""

    link: str
    expires_at: datetime


class _Sender:
    """Hands codes to the gateway beside the answers, so that no answer takes longer because there was one to send."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._sending: set[asyncio.Task[bool]] = set()

    @property
    def busy(self) -> bool:
        """True while as many are on their way as there may be."""
        return len(self._sending) >= MOST_SENDING

    def send(self, sent: Sent) -> None:
        """Have a code sent, if there is somebody to send it to."""
        if sent.phone:
            task = asyncio.create_task(self._later(sent))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _later(self, sent: Sent) -> bool:
        """Send it when the answer has long gone out, so that none is held up by work that others do not cause."""
        await asyncio.sleep(LEAST_PAUSE + secrets.randbelow(500) / 1000)
        return await self._gateway.send(sent.phone, tracking.message(sent.code))

    async def close(self) -> None:
        """Wait for what is on its way, and close the gateway."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=10)
        await self._gateway.close()


class Arrival(NamedTuple):
    """A session that was just opened: its secrets, its end, and the one order that is open to it ('' = all of his)."""

    opened: Opened
    expires_at: datetime
    order_id: str


def make_router(settings: Settings) -> APIRouter:
    """The routes, with the gateway of the settings."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        sender = _Sender(Gateway(settings)) if settings.sms_url is not None else None
        app.state.sms = sender
        try:
            yield
        finally:
            if sender is not None:
                await sender.close()

    router = APIRouter(tags=["tracking"], lifespan=lifespan)
    common = ("invalid_request", "too_many_requests", "unavailable")
    for path, endpoint, status, model, summary, codes in (
        ("/track", track, 202, Asked, "Have a code sent to the customer's phone", common),
        ("/track/code", track_code, 200, Arrived, "Come in with the code", ("not_valid", "csrf", *common)),
        ("/track/link", track_link, 200, Arrived, "Come in with a link", ("not_valid", "csrf", *common)),
        (
            "/orders/{order_id}/link", make_link, 201, Link, "Make a link for the customer",
            ("unauthenticated", "forbidden", "order_not_found", "not_valid", "unavailable"),
        ),
    ):  # fmt: skip
        router.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            operation_id=endpoint.__name__,
            status_code=status,
            response_model=model,
            responses=declared(*codes),
            summary=summary,
        )
    return router


async def track(request: Request, asked: TrackRequest, parts: PartsDep) -> Response:
    """Answers the same whether or not the two belong together; when they do, the phone gets a code of six digits."""
    answer = {"seconds": tracking.CODE_SECONDS, "code": await send_code(request, asked, parts)}
    return Response(encode(answer), status_code=202, media_type=JSON)


async def send_code(request: Request, asked: TrackRequest, parts: Parts) -> str:
    """Have a code sent where order and phone belong together; the code itself in development without a gateway."""
    sender = cast("_Sender | None", request.app.state.sms)
    if sender is None and not parts.development:
        raise Problem(
            "unavailable",
            "No codes can be sent here. 本系统不发送验证码。",
            remedy="Use the link that you were given. 请使用收到的链接。",
        )
    if sender is not None and sender.busy:
        raise _too_often(10)
    address = limits.line(request.scope)
    try:
        sent = await parts.write(_request, parts, asked, address)
    except TooOften as error:
        raise _too_often(error.seconds) from error
    if sender is not None:
        sender.send(sent)
    return sent.code if sender is None else ""


async def track_code(request: Request, asked: CodeRequest, parts: PartsDep, known: CookiesDep) -> Response:
    """Opens a session for all orders of that number; a code is good for ten minutes, five tries, and once.

    The session that the browser had before ends.
    """
    known.demand_own_page(request)
    return _told(await arrive_by_code(request, asked, parts, known))


async def track_link(request: Request, asked: LinkRequest, parts: PartsDep, known: CookiesDep) -> Response:
    """Opens a session for the one order of the link; the one that the browser had before ends."""
    known.demand_own_page(request)
    return _told(await arrive_by_link(request, asked.link, parts, known))


async def arrive_by_code(request: Request, asked: CodeRequest, parts: Parts, known: CookieIdentity) -> Arrival:
    """The session that a code opens; raises Problem."""
    before = await known.known(request)
    try:
        arrival = await parts.write(_by_code, request, parts, asked, limits.line(request.scope), before)
    except TooOften as error:
        raise _too_often(error.seconds) from error
    return _let_in(arrival, known)


async def arrive_by_link(request: Request, link: str, parts: Parts, known: CookieIdentity) -> Arrival:
    """The session that a link opens; raises Problem."""
    before = await known.known(request)
    return _let_in(await parts.write(_by_link, request, parts, link, before), known)


async def make_link(request: Request, order_id: OrderId, who: AskerDep, parts: PartsDep) -> Response:
    """For the frontline to hand on to the customer; whoever has it sees the order as he does."""
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    customer = await parts.system(rows.customer_of, order_id)
    if not customer:
        raise Problem("not_valid", "The customer was erased.", remedy="There is nobody left to open it to.")
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=parts.settings.link_days)
    link = tracking.sign(parts.rack.keyring, order_id, customer, int(expires_at.timestamp()))
    noted = access(request, who, Outcome.CHANGED, orders=(order_id,), detail=f"link until {expires_at.isoformat()}")
    await parts.write(accesses.add, noted)
    answer = {"link": f"{parts.settings.entrance}/t/{link}", "expires_at": expires_at}
    return Response(encode(answer), status_code=201, media_type=JSON)


def _request(session: Session, parts: Parts, asked: TrackRequest, address: str) -> Sent:
    return tracking.request(session, parts.rack.keyring, order_id=asked.order_id, phone=asked.phone, address=address)


def _by_code(
    session: Session, request: Request, parts: Parts, asked: CodeRequest, address: str, before: Live | None
) -> Arrival | None:
    customer = tracking.confirmed(
        session,
        parts.rack.keyring,
        order_id=asked.order_id,
        phone=asked.phone,
        code=asked.code,
        address=address,
    )
    return _opened(session, request, customer, "", sessions.CODE, before)


def _by_link(session: Session, request: Request, parts: Parts, link: str, before: Live | None) -> Arrival | None:
    customer, order_id = tracking.followed(session, parts.rack.keyring, link, time.time()) or ("", "")
    return _opened(session, request, customer, order_id, sessions.LINK, before)


def _opened(
    session: Session, request: Request, customer: str, order_id: str, how: str, before: Live | None
) -> Arrival | None:
    """Open a customer's session in place of his browser's, and write it down; without one only that somebody tried."""
    who = people.customer(customer, order_id) if customer else None
    if who is None:
        accesses.add(session, access(request, None, Outcome.LOG_IN_FAILED, code="not_valid", detail=how))
        return None
    noted: Access = access(request, who, Outcome.LOGGED_IN, orders=(order_id,) if order_id else (), detail=how)
    now = datetime.now(UTC)
    if before is not None:
        sessions.end(session, before.digest, now)
    opened = sessions.create(
        session,
        now=now,
        how=how,
        hours=tracking.SESSION_HOURS,
        customer=customer,
        order_id=order_id,
        address=noted.address,
    )
    accesses.add(session, noted)
    return Arrival(opened, now + timedelta(hours=tracking.SESSION_HOURS), order_id)


def _let_in(arrival: Arrival | None, known: CookieIdentity) -> Arrival:
    if arrival is None:
        raise Problem(
            "not_valid", "It is not valid, or not any more. 无效或已失效。", remedy="Ask for a new one. 请重新获取。"
        )
    known.forget()
    return arrival


def _told(arrival: Arrival) -> Response:
    told = {"csrf": arrival.opened.csrf, "expires_at": arrival.expires_at, "order_id": arrival.order_id}
    response = Response(encode(told), media_type=JSON)
    set_cookie(response, arrival.opened.cookie)
    return response


def _too_often(seconds: int) -> Problem:
    return Problem(
        "too_many_requests",
        "This was asked for too often. 请求过于频繁。",
        remedy=f"Ask again after {seconds} s. 请在 {seconds} 秒后再试。",
        retry_after=seconds,
    )
