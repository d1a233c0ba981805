"""The public-criticism list, for everybody who works here."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.filters import demand
from api.schemas import Instant
from api.views import JSON
from contracts.messages import encode
from store import criticisms as queries
from store.criticisms import MOST, Criticism, CriticismQuery
from store.cursors import BadCursor

router = APIRouter(tags=["directory"])

Filter = Annotated[str, Query(max_length=50)]


class CriticismList(BaseModel):
    """Some entries, the latest first, and the cursor of the next page; empty when there is none."""

    items: list[Criticism]
    next: str


@router.get(
    "/criticisms",
    response_model=CriticismList,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="The public-criticism list",
)
async def list_criticisms(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    province: Filter = "",
    unit: Filter = "",
    start: Annotated[Instant | None, Query(alias="from", description="Criticised then or later.")] = None,
    until: Annotated[Instant | None, Query(description="Criticised before then.")] = None,
    rehearsal: bool = False,
    cursor: Annotated[str, Query(max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Response:
    """Which unit let which duty of which order run so far past its limit, the latest first."""
    await demand(parts, who, province=province, unit=unit)
    query = CriticismQuery(who.sight, province, unit, start, until, rehearsal, cursor, limit)
    try:
        page = await parts.read(who, queries.criticisms, query)
    except BadCursor as error:
        raise Problem("invalid_request", f"{error}.", field="cursor", remedy="Start again without a cursor.") from error
    await parts.record.seen(request, who, *dict.fromkeys(one.order_id for one in page.items))
    return Response(encode(page), media_type=JSON)
