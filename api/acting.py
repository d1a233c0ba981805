"""Acting for an absent colleague: for whom one may, taking it on, giving it up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api import record, schemas
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.schemas import Clean, Plain
from api.views import JSON
from contracts.messages import encode
from identity import acting
from identity.acting import MOST_HOURS, Absent
from identity.people import Identified
from store import accesses, posts
from store.accesses import Access, Outcome
from store.actings import Acting

router = APIRouter(tags=["log-in"])

MOST_REASON = 500
"""Characters of a reason."""


class ActingRequest(schemas.Request):
    """For whom one acts from now on, why, and for how many hours; it ends with the absence at the latest."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"for": "gd-net-head", "reason": "on leave this week", "hours": 8}]}
    )

    absent: Annotated[Clean, Field(alias="for", min_length=1, max_length=64)]
    reason: Annotated[Plain, Field(min_length=1, max_length=MOST_REASON)]
    hours: float = Field(MOST_HOURS, gt=0, le=MOST_HOURS)


class Actings(BaseModel):
    """For whom somebody acts now, and for whom the directory would let him; an absence without end has `until` null."""

    running: list[Acting]
    possible: list[Absent]


@router.get(
    "/acting",
    operation_id="list_actings",
    response_model=Actings,
    responses=declared("unauthenticated", "forbidden", "unavailable"),
    summary="For whom I act, and may act",
)
async def list_actings(who: AskerDep, parts: PartsDep) -> Response:
    """What the header `Acting-For` may name now, and what can be taken on."""
    now = datetime.now(UTC)
    running = await parts.system(acting.running, who, now)
    possible = await parts.system(acting.possible, who, now)
    return Response(encode({"running": running, "possible": possible}), media_type=JSON)


@router.post(
    "/acting",
    operation_id="take_on",
    response_model=Acting,
    status_code=201,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Act for an absent colleague",
)
async def take_on(request: Request, given: ActingRequest, who: AskerDep, parts: PartsDep) -> Response:
    """Open to the substitute whom the directory names, while the colleague is away; taking it on again replaces it.

    After that a request with the header `Acting-For: <person>` is made in that one's role and for his unit, and every
    event and record names both.
    """
    entry = record.access(request, who, Outcome.CHANGED, detail=f"acting for {given.absent}", reason=given.reason)
    try:
        taken = await parts.write(_taken, entry, who, given)
    except acting.NotPossible as error:
        raise Problem("forbidden", f"{error}", field="for", remedy=error.remedy) from error
    return Response(encode(taken), status_code=201, media_type=JSON)


@router.delete(
    "/acting/{absent}",
    operation_id="give_up",
    response_model=list[Acting],
    responses=declared("unauthenticated", "forbidden", "unavailable"),
    summary="Act for a colleague no more",
)
async def give_up(
    request: Request,
    absent: Annotated[str, Path(max_length=64, description="The colleague's id, such as gd-net-head.")],
    who: AskerDep,
    parts: PartsDep,
) -> Response:
    """Ends it at once, everywhere; answers with what ended."""
    entry = record.access(request, who, Outcome.CHANGED, detail=f"no more acting for {absent}")
    return Response(encode(await parts.write(_given_up, entry, who, absent)), media_type=JSON)


def _taken(session: Session, entry: Access, who: Identified, given: ActingRequest) -> Acting:
    posts.forget()  # the next request, which names the colleague, is to know of the absence too
    taken = acting.take_on(session, who, given.absent, given.reason, given.hours, datetime.now(UTC))
    accesses.add(session, entry)
    return taken


def _given_up(session: Session, entry: Access, who: Identified, absent: str) -> list[Acting]:
    ended = acting.give_up(session, who, absent, datetime.now(UTC))
    if ended:
        accesses.add(session, entry)
    return ended
