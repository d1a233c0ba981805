"""Notices as the asker finds them in his console: what was told to him, to his unit, or to the post that he holds."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.commands import OrderId
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared, no_order
from api.views import JSON
from contracts.messages import encode
from domain.audiences import CUSTOMER
from domain.notice_texts import called
from store import cursors, sights
from store import notices as queries
from store.notices import Cursor, Entry, Sent
from store.orders import MOST

router = APIRouter(tags=["notices"])

_LISTING = "notices"


class NoticePage(BaseModel):
    """Some notices, the latest first, and the cursor of the next page; empty when there is none."""

    items: list[Entry]
    next: str


class NoticeSent(BaseModel):
    """That an audience was told of the event `seq`: who it is in both languages, by which channel, and what came of it.

    The `state` of mail is that of the outbox: queued, retry, sending, sent, uncertain, failed or rehearsed.
    """

    id: str
    seq: int
    to_zh: str
    to_en: str
    channel: str
    template: str
    title_zh: str
    title_en: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    read_at: datetime | None


class NoticesSent(BaseModel):
    """What was told of an order, the latest first; at most 500."""

    items: list[NoticeSent]


class Marked(BaseModel):
    """How many notices were marked: none when it was read already, or is not the asker's."""

    marked: int


@router.get(
    "/notices",
    response_model=NoticePage,
    responses=declared("unauthenticated", "invalid_request", "unavailable"),
    summary="My notices",
)
async def list_notices(
    who: AskerDep,
    parts: PartsDep,
    unread: bool = False,
    rehearsal: bool = False,
    cursor: Annotated[str, Query(max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Response:
    """The console's inbox: the latest first, in both languages."""
    try:
        after = Cursor(*cursors.read(cursor, _LISTING, tuple[datetime, str])) if cursor else None
    except cursors.BadCursor as error:
        remedy = "Start again without a cursor."
        raise Problem("invalid_request", f"{error}.", field="cursor", remedy=remedy) from error
    page, following = await parts.read(
        who, queries.inbox, who, unread_only=unread, rehearsal=rehearsal, after=after, limit=limit
    )
    more = cursors.make(_LISTING, [following.created_at, following.id]) if following else ""
    return Response(encode({"items": page, "next": more}), media_type=JSON)


@router.get(
    "/orders/{order_id}/notices",
    response_model=NoticesSent,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "unavailable"),
    operation_id="list_order_notices",
    summary="Whom the system told of an order",
)
async def list_order_notices(order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Who was told of which event, by which way, and whether it arrived; the words of a notice are its reader's."""
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    found, labels = await parts.read(who, _sent, order_id)
    await parts.record.seen(request, who, order_id)
    items = [{**asdict(one), **_to(one.audience, labels)} for one in found]
    return Response(encode({"items": items}), media_type=JSON)


def _sent(session: Session, order_id: str) -> tuple[list[Sent], Mapping[str, tuple[str, str]]]:
    return queries.sent_of(session, order_id), queries.names(session).labels


def _to(audience: str, labels: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    zh, en = ("客户", "the customer") if audience == CUSTOMER else called(audience, labels)
    return {"to_zh": zh, "to_en": en}


@router.post(
    "/notices/{notice_id:path}/read",
    response_model=Marked,
    responses=declared("unauthenticated", "unavailable"),
    summary="Mark a notice as read",
)
async def read_notice(
    notice_id: Annotated[str, Path(max_length=200, description="Its id, slashes and all.")],
    who: AskerDep,
    parts: PartsDep,
) -> Marked:
    """Once for everybody who holds the post that it was told to; asking again changes nothing."""
    seen = await parts.read(who, queries.unread, who, [notice_id])
    marked = await parts.write(queries.mark_read, who, seen, datetime.now(UTC)) if seen else 0
    return Marked(marked=marked)
