"""The operator's own: starting orders again after the engine's data is gone, and how punctual the clocks are."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.deps import AskerDep, Parts, PartsDep
from api.errors import declared, unavailable
from api.filters import demand_kind
from api.outcomes import Revival, Silent
from api.schemas import Request
from store import firings, orders, sweeps
from store.sweeps import TOLERANCE

router = APIRouter(prefix="/operations", tags=["operations"])

AT_ONCE = 16
"""Orders that are started at once."""
MOST_HOURS = 24 * 366


class RebuildRequest(Request):
    """One page of open orders: those after `after`, in the order of their numbers."""

    after: Annotated[str, Field(max_length=100)] = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class FailedOrder(BaseModel):
    """An order that could not be started now, and why; asked again, it is tried again."""

    order_id: str
    why: str


class Rebuilt(BaseModel):
    """What became of a page: started from the ledger, running already, ended meanwhile, failed.

    `next` is the `after` of the next page, empty when this was the last.
    """

    started: int
    running: int
    over: int
    failed: list[FailedOrder]
    next: str


class KindOfClock(BaseModel):
    """How late the marks of one kind of clock fired, in seconds; kind '' is all together. `early` must be 0."""

    kind: str
    count: int
    p50: float
    p90: float
    p99: float
    max: float
    early: int
    over: int


class LateMark(BaseModel):
    """One mark that fired later than the tolerance; instants are UTC."""

    order_id: str
    seq: int
    key: str
    change: str
    due_at: datetime
    fired_at: datetime
    late_seconds: float


class SweptMarks(BaseModel):
    """Marks that the sweeper found missed: by what was done, how often in all, and the latest one's seconds."""

    outcomes: dict[str, int]
    tries: int
    latest: float


class ClockReport(BaseModel):
    """How punctual the real orders' clocks were since that instant (UTC)."""

    since: datetime
    tolerance: float
    kinds: list[KindOfClock]
    late: list[LateMark]
    swept: SweptMarks


@router.post(
    "/rebuild",
    response_model=Rebuilt,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Start open orders again from the ledger, where the engine does not run them",
)
async def rebuild(request: RebuildRequest, who: AskerDep, parts: PartsDep) -> Rebuilt:
    """For an engine whose data is gone. One that runs is left alone, so it may be repeated; nothing fires twice."""
    if not await parts.gateway.ready():
        raise unavailable("The engine")
    page = await parts.system(orders.running, request.after, request.limit)
    slots = asyncio.Semaphore(AT_ONCE)
    outcomes = await asyncio.gather(*(_restart(parts, order_id, slots) for order_id in page))
    return Rebuilt(
        started=outcomes.count(Revival.STARTED),
        running=outcomes.count(Revival.RUNNING),
        over=outcomes.count(Revival.OVER),
        failed=[
            FailedOrder(order_id=order_id, why=outcome)
            for order_id, outcome in zip(page, outcomes, strict=True)
            if not isinstance(outcome, Revival)
        ],
        next=page[-1] if len(page) == request.limit else "",
    )


async def _restart(parts: Parts, order_id: str, slots: asyncio.Semaphore) -> Revival | str:
    """How it ended, or why it failed: one order that cannot be read must not keep the others from being started."""
    async with slots:
        try:
            return await parts.gateway.restart(order_id)
        except Silent as silent:
            return f"the engine does not answer: {silent}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"


@router.get(
    "/clocks",
    response_model=ClockReport,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="How late the marks of the clocks fired, and what the sweeper had to wake",
)
async def clocks(
    who: AskerDep,
    parts: PartsDep,
    hours: Annotated[float, Query(gt=0, le=MOST_HOURS, description="Of the last so many hours.")] = 24.0,
    kind: Annotated[str, Query(max_length=50, description="Of this kind of clock alone, such as sign.")] = "",
) -> ClockReport:
    """From the record that every fired mark leaves; rehearsals, whose time is skipped, do not count."""
    demand_kind(kind)
    since = datetime.now(UTC) - timedelta(hours=hours)
    kinds = await parts.system(firings.lateness, since, kind, TOLERANCE)
    late = await parts.system(firings.worst, since, kind, TOLERANCE)
    swept = await parts.system(sweeps.swept, since)
    return ClockReport(
        since=since,
        tolerance=TOLERANCE,
        kinds=[KindOfClock.model_validate(one, from_attributes=True) for one in kinds],
        late=[LateMark.model_validate(one, from_attributes=True) for one in late],
        swept=SweptMarks.model_validate(swept, from_attributes=True),
    )
