"""The lab: another policy over past orders, a month made of them, and policies that run in the shadow.

Nothing here touches an order: what is asked waits in a table, a process of its own does it (see `watch.lab`).
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

import rulebook
from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared
from api.lab_shapes import (
    LabLoad,
    LabOrders,
    LabRequest,
    LabResult,
    LabRun,
    Shadow,
    ShadowRequest,
    ShadowResult,
    told,
)
from api.policies import few, find, known, refused
from api.record import access
from api.views import JSON
from audit.lab import question as questions
from audit.lab.question import Question
from contracts.messages import encode
from identity.people import Identified
from store import lab
from store.accesses import Outcome

router = APIRouter(prefix="/audit", tags=["audit"])

PAGE = 200
_PROBLEMS = ("unauthenticated", "forbidden", "invalid_request", "unavailable")

RunId = Annotated[str, Path(max_length=20, pattern=r"^[0-9a-z]*$", description="A run's id.")]
ShadowId = Annotated[str, Path(max_length=20, pattern=r"^[0-9a-z]*$", description="A shadow's id.")]
Limit = Annotated[int, Query(ge=1, le=PAGE)]


@router.post(
    "/lab",
    status_code=202,
    response_model=LabRun,
    responses=declared(*_PROBLEMS, "not_found", "lab_busy"),
    summary="Try other terms over past orders",
)
async def start_lab_run(asked: LabRequest, who: AskerDep, parts: PartsDep) -> Response:
    """The run waits for its turn and is done by a process of its own, at low priority; ask for it by its id."""
    question = await _checked(parts, who, asked.question())
    kind = questions.MONTH if question.month else questions.PAST
    run = await parts.write(
        lab.ask, kind, who.id, who.role.value, question.policy, question.digest, encode(question).decode()
    )
    if run is None:
        raise Problem("lab_busy", f"{lab.MOST_WAITING} runs wait already.", remedy="Wait for one, or cancel one.")
    return _json(_run(run), 202)


@router.get("/lab", response_model=list[LabRun], responses=declared(*_PROBLEMS), summary="The lab's runs")
async def list_lab_runs(request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """The newest first; the last fifty are kept."""
    await parts.record.seen(request, who)
    return _json([_run(one) for one in await parts.system(lab.runs)])


@router.get(
    "/lab/{run_id}", response_model=LabResult, responses=declared(*_PROBLEMS, "not_found"), summary="A run of the lab"
)
async def get_lab_run(run_id: RunId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """How far it has come, and the report once it is done: what happened and what would have, side by side."""
    run = await _found(parts, run_id)
    await parts.record.seen(request, who, detail=run_id)
    return _json({"run": _run(run), "report": _without_load(run.report)})


@router.get(
    "/lab/{run_id}/orders",
    response_model=LabOrders,
    responses=declared(*_PROBLEMS, "not_found"),
    summary="The orders of a run that differ",
)
async def list_lab_orders(
    run_id: RunId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    cursor: Annotated[str, Query(max_length=9, pattern=r"^[0-9]*$", description="The `next` of the page before.")] = "",
    limit: Limit = PAGE,
) -> Response:
    """In what each differs, with both values, and which recorded commands did not fit; at most 20,000 are kept."""
    await _found(parts, run_id)
    rows = await parts.system(lab.found, run_id, int(cursor or 0), limit)
    items = [msgspec.json.decode(content) for _, content in rows]
    await parts.record.seen(request, who, *_real(items), detail=run_id)
    return _json({"items": items, "next": str(rows[-1][0]) if len(rows) == limit else ""})


@router.get(
    "/lab/{run_id}/load",
    response_model=LabLoad,
    responses=declared(*_PROBLEMS, "not_found"),
    summary="A unit's load by day in a run",
)
async def get_lab_load(
    run_id: RunId, request: Request, who: AskerDep, parts: PartsDep, unit: Annotated[str, Query(max_length=64)]
) -> Response:
    """Parts open at each day's end, parts opened, summons and escalations, on both sides."""
    run = await _found(parts, run_id)
    await parts.record.seen(request, who, detail=run_id)
    report: dict[str, Any] = msgspec.json.decode(run.report or "{}")
    sides = ("was", "would")
    return _json({side: [row for row in report.get(side, {}).get("load", ()) if row["unit"] == unit] for side in sides})


@router.post(
    "/lab/{run_id}/cancel",
    response_model=LabRun,
    responses=declared(*_PROBLEMS, "not_found"),
    summary="Stop a run of the lab",
)
async def cancel_lab_run(run_id: RunId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """One that has ended stays as it is; `cancelled_by` names who stopped it."""
    run = await parts.write(lab.cancel, run_id, who.id)
    if run is None:
        raise _no_run(run_id)
    await parts.record.add(access(request, who, Outcome.CHANGED, detail=run_id))
    return _json(_run(run))


@router.post(
    "/shadows",
    status_code=201,
    response_model=Shadow,
    responses=declared(*_PROBLEMS, "not_found", "lab_busy"),
    summary="Run a policy beside the live one",
)
async def start_shadow(asked: ShadowRequest, who: AskerDep, parts: PartsDep) -> Response:
    """From now on it is kept of each live order what this policy would have made of it; without any effect.

    One at a time. What the one before it kept of single orders goes.
    """
    question = await _checked(parts, who, asked.question())
    begun = await parts.write(
        lab.begin_shadow, who.id, who.role.value, question.policy, question.digest, encode(question).decode()
    )
    if begun is None:
        raise Problem("lab_busy", "A policy runs in the shadow already.", remedy="Stop that one first.")
    return _json(_shadow(begun), 201)


@router.get("/shadows", response_model=list[Shadow], responses=declared(*_PROBLEMS), summary="Policies in the shadow")
async def list_shadows(request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """The newest first; the one that runs has no `stopped_at`."""
    await parts.record.seen(request, who)
    return _json([_shadow(one) for one in await parts.system(lab.shadows)])


@router.get(
    "/shadows/{shadow_id}",
    response_model=ShadowResult,
    responses=declared(*_PROBLEMS, "not_found"),
    summary="What a policy in the shadow would have made of the live orders",
)
async def get_shadow(shadow_id: ShadowId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Summed up as at its last look; each order counts from its registration."""
    found = await _found_shadow(parts, shadow_id)
    await parts.record.seen(request, who, detail=shadow_id)
    return _json({"shadow": _shadow(found), "sums": await parts.system(lab.shadow_sums, shadow_id)})


@router.get(
    "/shadows/{shadow_id}/orders",
    response_model=LabOrders,
    responses=declared(*_PROBLEMS, "not_found"),
    summary="The live orders that differ under a policy in the shadow",
)
async def list_shadow_orders(
    shadow_id: ShadowId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    cursor: Annotated[str, Query(max_length=64, description="The `next` of the page before.")] = "",
    limit: Limit = PAGE,
) -> Response:
    """By number, as in a run."""
    await _found_shadow(parts, shadow_id)
    rows = await parts.system(lab.shadow_orders, shadow_id, cursor, limit)
    items = [msgspec.json.decode(content) for _, content in rows]
    await parts.record.seen(request, who, *_real(items), detail=shadow_id)
    return _json({"items": items, "next": rows[-1][0] if len(rows) == limit else ""})


@router.post(
    "/shadows/{shadow_id}/stop",
    response_model=Shadow,
    responses=declared(*_PROBLEMS, "not_found"),
    summary="Stop a policy in the shadow",
)
async def stop_shadow(shadow_id: ShadowId, who: AskerDep, parts: PartsDep) -> Response:
    """What it has found stays until another one is started."""
    found = await parts.write(lab.stop_shadow, shadow_id, who.id)
    if found is None:
        raise _no_shadow(shadow_id)
    return _json(_shadow(found))


# --- parts ------------------------------------------------------------------------------------------------------------


async def _checked(parts: Parts, who: Identified, question: Question) -> Question:
    """The question, if every layer names a policy that could be in force; raises Problem with all its faults."""
    for number, layer in enumerate(question.layers):
        if bool(layer.version) == (layer.document is not None):
            detail, remedy = "A layer names a version or brings a document.", "Send one of the two."
            raise Problem("invalid_request", detail, field=f"layers.{number}", remedy=remedy)
        async with few():
            await parts.read(who, _look, layer.version, layer.document)
    return question


def _look(session: Session, version: str, document: dict[str, Any] | None) -> None:
    if document is None:
        find(session, version)
        return
    try:
        encode(document)
    except ValueError:
        detail = "The document holds halves of characters or numbers that are none."
        raise Problem("invalid_request", detail, field="layers", remedy="Freeze it: whistle policy freeze.") from None
    faults = [fault for fault in rulebook.check(document, known(session)) if not fault.warning]
    if faults:
        raise refused(faults)


async def _found(parts: Parts, run_id: str) -> lab.Run:
    run = await parts.system(lab.run, run_id)
    if run is None:
        raise _no_run(run_id)
    return run


async def _found_shadow(parts: Parts, shadow_id: str) -> lab.Shadow:
    found = await parts.system(lab.shadow, shadow_id)
    if found is None:
        raise _no_shadow(shadow_id)
    return found


def _no_run(run_id: str) -> Problem:
    return Problem("not_found", f"There is no run {run_id}.", remedy="GET /v1/audit/lab lists those that are kept.")


def _no_shadow(shadow_id: str) -> Problem:
    return Problem("not_found", f"There is no shadow {shadow_id}.", remedy="GET /v1/audit/shadows lists them.")


def _real(items: list[dict[str, Any]]) -> list[str]:
    """The numbers of real orders; those of a made month are nobody's."""
    return [one["order_id"] for one in items if not one["order_id"].startswith("M")]


def _run(run: lab.Run) -> dict[str, Any]:
    fields = LabRun.model_fields.keys() - {"asked"}
    return {name: getattr(run, name) for name in LabRun.model_fields if name in fields} | {"asked": told(run.question)}


def _shadow(one: lab.Shadow) -> dict[str, Any]:
    fields = [name for name in Shadow.model_fields if name not in ("asked", "behind")]
    behind = one.behind != lab.ALL_IN and one.stopped_at is None
    return {name: getattr(one, name) for name in fields} | {"asked": told(one.question), "behind": behind}


def _without_load(report: str) -> dict[str, Any] | None:
    """The report without each unit's days, which are asked for by themselves."""
    if not report:
        return None
    found: dict[str, Any] = msgspec.json.decode(report)
    for side in ("was", "would"):
        found[side].pop("load", None)
    return found


def _json(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status_code=status, media_type=JSON)
