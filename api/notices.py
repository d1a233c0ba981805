"""Notices as the asker finds them in his console: what was told to him, to his unit, or to the post that he holds."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, select, tuple_, update
from sqlalchemy.orm import Session

from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.identity import Identified
from api.views import JSON
from contracts.messages import encode
from domain.audiences import CUSTOMER
from domain.model import Role
from store import cursors, directory
from store.orders import MOST
from store.tables import notices, orders

router = APIRouter(tags=["notices"])

_LISTING = "notices"
_SHOWN = (
    "id", "order_id", "seq", "audience", "channel", "template", "title_zh", "title_en", "body_zh", "body_en",
    "state", "sent_at", "read_at", "rehearsal", "created_at",
)  # fmt: skip


class NoticeLine(BaseModel):
    """One notice in both languages; `read_at` is empty while it is new."""

    id: str
    order_id: str
    seq: int
    audience: str
    channel: str
    template: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    state: str
    sent_at: datetime | None
    read_at: datetime | None
    rehearsal: bool
    created_at: datetime


class NoticePage(BaseModel):
    """Some notices, the latest first, and the cursor of the next page; empty when there is none."""

    items: list[NoticeLine]
    next: str


def audiences(session: Session, who: Identified) -> tuple[str, ...]:
    """The audiences that a member of staff belongs to."""
    found = [f"person:{who.id}"]
    if who.role in (Role.UNIT_MEMBER, Role.UNIT_HEAD):
        found.append(f"unit:{who.unit}")
    if who.role is Role.UNIT_HEAD:
        found.append(f"head:{who.unit}")
    provinces = [who.province] if who.province else []
    if who.role is Role.REGIONAL_MANAGER:
        provinces = [unit.id for unit in directory.units(session, parent=who.unit)]
    return (*found, *(f"role:{who.role.value}@{province}" for province in provinces))


def _mine(session: Session, who: Identified) -> ColumnElement[bool]:
    if who.role is Role.CUSTOMER:
        his = select(orders.c.order_id).where(orders.c.customer_phone == who.phone)
        return (notices.c.audience == CUSTOMER) & notices.c.order_id.in_(his)
    return notices.c.audience.in_(audiences(session, who))


def listed(session: Session, who: Identified, unread: bool, rehearsal: bool, cursor: str, limit: int) -> dict[str, Any]:
    """One page of the asker's notices; raises BadCursor."""
    wanted = [_mine(session, who), notices.c.rehearsal.is_(rehearsal), notices.c.channel == "console"]
    if unread:
        wanted.append(notices.c.read_at.is_(None))
    if cursor:
        last = cursors.read(cursor, _LISTING, tuple[datetime, str])
        wanted.append(tuple_(notices.c.created_at, notices.c.id) < tuple_(*last))
    rows = session.execute(
        select(*(notices.c[name] for name in _SHOWN))
        .where(*wanted)
        .order_by(notices.c.created_at.desc(), notices.c.id.desc())
        .limit(limit + 1)
    ).all()
    more = cursors.make(_LISTING, [rows[limit - 1].created_at, rows[limit - 1].id]) if len(rows) > limit else ""
    return {"items": [dict(row._mapping) for row in rows[:limit]], "next": more}


def marked(session: Session, who: Identified, notice_id: str) -> bool:
    """Mark one of the asker's notices as read; False when he has none of that id. Marking it again changes nothing."""
    found = session.execute(
        update(notices)
        .where(notices.c.id == notice_id, _mine(session, who))
        .values(read_at=func.coalesce(notices.c.read_at, func.clock_timestamp()))
        .returning(notices.c.id)
    )
    return found.one_or_none() is not None


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
        page = await parts.read(listed, who, unread, rehearsal, cursor, limit)
    except cursors.BadCursor as error:
        raise Problem("invalid_request", f"{error}.", field="cursor", remedy="Start again without a cursor.") from error
    return Response(encode(page), media_type=JSON)


@router.post(
    "/notices/{notice_id}/read",
    status_code=204,
    responses=declared("unauthenticated", "not_found", "unavailable"),
    summary="Mark a notice as read",
)
async def read_notice(notice_id: Annotated[str, Path(max_length=200)], who: AskerDep, parts: PartsDep) -> Response:
    """For everybody of its audience; asking again changes nothing."""
    if not await parts.read(marked, who, notice_id):
        raise Problem("not_found", f"You have no notice {notice_id}.")
    return Response(status_code=204)
