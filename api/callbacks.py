"""The call-back agents' work list: which customers are to be called, and when they may be."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.filters import demand
from api.views import JSON
from contracts.messages import encode
from store import calls
from store.calls import CallLine, CallQuery
from store.cursors import BadCursor

router = APIRouter(tags=["orders"])

"""Who handles a complaint sees neither the customer nor the call-back (invariant 4)."""


class CallPage(BaseModel):
    """Some customers to be called, and the cursor of the next page; empty when there is none."""

    items: list[CallLine]
    next: str = Field(description="Give it back as `cursor`.")
    at: datetime = Field(description="When this was so, by the server's clock.")


@router.get(
    "/callbacks",
    response_model=CallPage,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Whom to call back, and when he may be called",
)
async def list_callbacks(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    province: Annotated[str, Query(max_length=20)] = "",
    ready: Annotated[bool, Query(description="Only those whose `not_before` has come.")] = False,
    rehearsal: bool = False,
    cursor: Annotated[str, Query(max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=calls.MOST)] = 50,
) -> Response:
    """The earliest first. `may_call_at` counts in quiet hours and all other calls to the same number.

    `may_call_until` is when the hours are over in which it lies. Not for customers and handling units:
    who handles a complaint does not see its call-back.
    """
    await demand(parts, who, province=province)
    query = CallQuery(who.sight, province=province, ready=ready, rehearsal=rehearsal, cursor=cursor, limit=limit)
    try:
        page = await parts.read(who, calls.to_call, query, datetime.now(UTC))
    except BadCursor as error:
        raise Problem("invalid_request", f"{error}.", field="cursor", remedy="Start again without a cursor.") from error
    await parts.record.seen(request, who, *(line.order_id for line in page.items))
    return Response(encode(page), media_type=JSON)
