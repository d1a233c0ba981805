"""The nightly replays: what they covered, and what they found."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared
from api.views import JSON
from contracts.messages import encode
from store import histories, replays
from store.replays import Report

router = APIRouter(prefix="/audit", tags=["audit"])

_PROBLEMS = ("unauthenticated", "forbidden", "invalid_request", "unavailable")
MOST_FINDINGS = 500


class ReplayReport(BaseModel):
    """One replay of many orders: those open when it was begun, and those that moved after `since`."""

    id: int
    kind: str = Field(description="nightly, or asked.")
    since: datetime | None = Field(description="null: every order of the ledger.")
    until: datetime
    stage: str = Field(description="rules, engine, or done.")
    orders: int = Field(description="Orders replayed by the rules.")
    events: int = Field(description="Their events.")
    runs: int = Field(description="Kept histories replayed by the engine.")
    findings: int = Field(description="What was found; 0: everything is as it should be.")
    begun_at: datetime
    moved_at: datetime
    ended_at: datetime | None


class Archive(BaseModel):
    """How far a namespace of the engine is archived."""

    namespace: str
    until: datetime = Field(description="Every run that ended before then is kept.")
    lag: float = Field(description="Seconds.")
    retention: float = Field(description="Seconds for which the engine keeps what has ended.")


class ReplayFinding(BaseModel):
    """One place where what is recorded is not what follows."""

    order_id: str
    part: str = Field(description="rules, state, answer, or engine.")
    run: str = Field(description="The engine's run; '' for what the ledger holds.")
    seq: int = Field(description="The event; 0: of none.")
    field: str
    recorded: str
    recomputed: str


class ReplayReports(BaseModel):
    """The latest reports, the youngest first, what one of them found, and how far histories are archived."""

    items: list[ReplayReport]
    findings: list[ReplayFinding] = Field(description="Of the `report` asked for, at most the first 500.")
    archive: list[Archive]


@router.get(
    "/replays", response_model=ReplayReports, responses=declared(*_PROBLEMS, "not_found"), summary="Reports of replays"
)
async def list_replays(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    report: Annotated[int | None, Query(ge=1, le=2**53, description="Only this one, with what it found.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Every night what is open and what has newly closed is replayed by the rules and by the engine.

    A finding names order, event and field, what is recorded and what is recomputed.
    """
    found = await parts.system(replays.newest, limit) if report is None else await _one(parts, report)
    kept = [] if report is None else await parts.system(replays.findings, report, MOST_FINDINGS)
    archive = await parts.system(histories.progress)
    orders = dict.fromkeys(one.order_id for one in kept if one.order_id)
    await parts.record.seen(request, who, *orders, detail="" if report is None else f"report {report}")
    body = {"items": [_report(one) for one in found], "findings": kept, "archive": list(archive.values())}
    return Response(encode(body), media_type=JSON)


async def _one(parts: Parts, report: int) -> list[Report]:
    found = await parts.system(replays.find, report)
    if found is None:
        raise Problem("not_found", f"There is no replay {report}.", remedy="GET /v1/audit/replays lists them.")
    return [found]


def _report(one: Report) -> dict[str, object]:
    left_out = ("after", "age")
    return {name: getattr(one, name) for name in one.__slots__ if name not in left_out}
