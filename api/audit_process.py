"""Pictures of the process: how orders in fact go, for a selection of them or for all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.deps import AskerDep, PartsDep
from api.errors import declared
from api.filters import demand
from api.record import access
from api.schemas import Instant
from api.views import JSON
from audit.process import orders
from audit.process.orders import Activity, Process, Selection
from contracts.messages import encode
from domain.model import OrderClass
from store.accesses import Outcome
from store.historian import progress

router = APIRouter(prefix="/audit", tags=["audit"])

MOST_VARIANTS = 500
Filter = Annotated[str, Query(max_length=50)]


class ProcessPicture(BaseModel):
    """The picture, as of `at`; lead units and states are known up to `known_up_to` (UTC), null for not at all yet."""

    at: datetime
    known_up_to: datetime | None = Field(description="Up to when lead units and states are known whole.")
    process: Process


def _drawn(
    session: Session, selection: Selection, by: Activity, now: datetime, variants: int
) -> tuple[Process, datetime | None]:
    whole = progress(session).whole_until
    return orders.process(session, selection, by, whole or now, variants), whole


@router.get(
    "/process",
    response_model=ProcessPicture,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "too_many_requests", "unavailable"),
    summary="How orders in fact go: who follows whom, in which variants, and where they wait",
)
async def get_process(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    by: Annotated[Activity, Query(description="What counts as an activity: event, unit or state.")] = Activity.EVENT,
    start: Annotated[Instant | None, Query(alias="from", description="Orders that came in then or later.")] = None,
    until: Annotated[Instant | None, Query(description="Orders that came in before then.")] = None,
    province: Filter = "",
    category: Filter = "",
    order_class: Annotated[OrderClass | None, Query(alias="class", description="The orders' class.")] = None,
    unit: Annotated[str, Query(max_length=50, description="Orders that this unit led at any time.")] = "",
    variants: Annotated[int, Query(ge=1, le=MOST_VARIANTS, description="At most so many variants.")] = 50,
) -> Response:
    """One pass over the events: who directly follows whom and after how long, variants, waits, ping-pong.

    Times are in seconds. It names no order and no customer. One is drawn at a time, and few may wait.
    """
    await demand(parts, who, province=province, unit=unit)
    selection = Selection(start, until, province, category, order_class or "", unit)
    now = datetime.now(UTC)
    found, whole = await parts.aside.read(_drawn, selection, by, now, variants)
    await parts.record.add(access(request, who, Outcome.SEEN, detail=f"by {by}"))
    return Response(encode({"at": now, "known_up_to": whole, "process": found}), media_type=JSON)
