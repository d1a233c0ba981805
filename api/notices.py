"""Notices as the asker finds them in his console: what was told to him, to his unit, or to the post that he holds."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.views import JSON
from contracts.messages import encode
from store import cursors
from store import notices as queries
from store.notices import Cursor, Entry
from store.orders import MOST

router = APIRouter(tags=["notices"])

_LISTING = "notices"


class NoticePage(BaseModel):
    """Some notices, the latest first, and the cursor of the next page; empty when there is none."""

    items: list[Entry]
    next: str


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
