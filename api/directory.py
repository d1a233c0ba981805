"""The organisation as callers see it: units and their inboxes, people, the dispatch catalogue, the policy, oneself."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.identity import Identified
from api.views import JSON
from contracts.messages import encode
from domain.model import Role
from store import directory as queries
from store import inbox as inboxes
from store import policies
from store.cursors import BadCursor
from store.directory import Entry, Person, Unit
from store.inbox import Task
from store.orders import MOST
from store.tables import units

router = APIRouter(tags=["directory"])

UnitId = Annotated[str, Path(max_length=50, description="A unit's id, such as GD.net.")]
Filter = Annotated[str, Query(max_length=50)]


class InboxPage(BaseModel):
    """Some tasks, and the cursor of the next page; empty when there is none."""

    items: list[Task]
    next: str


class Policy(BaseModel):
    """The policy in force for new orders; a running order keeps the terms that it began with."""

    version: str
    document: dict[str, Any]


def kinds(session: Session, unit_ids: tuple[str, ...]) -> dict[str, str]:
    """The kind of each of the ids that is a unit."""
    found = session.execute(select(units.c.id, units.c.kind).where(units.c.id.in_(unit_ids)))
    return {row.id: row.kind for row in found}


def identified(session: Session, person_id: str) -> Identified | None:
    """The active person of that id as the identity knows him."""
    found = queries.person(session, person_id)
    if found is None or not found.active:
        return None
    return Identified(
        id=found.id,
        name_zh=found.name_zh,
        name_en=found.name_en,
        role=Role(found.role),
        unit=found.unit,
        province=found.province,
    )


def _json(value: Any) -> Response:
    return Response(encode(value), media_type=JSON)


@router.get("/me", response_model=Identified, responses=declared("unauthenticated"), summary="Who I am here")
async def me(who: AskerDep) -> Response:
    """The person behind the log-in, with role and unit."""
    return _json(who)


@router.get(
    "/units",
    response_model=list[Unit],
    responses=declared("unauthenticated", "unavailable"),
    summary="Units: provinces, departments, regional centres, headquarters",
)
async def list_units(
    who: AskerDep, parts: PartsDep, province: Filter = "", kind: Filter = "", parent: Filter = ""
) -> Response:
    """All of them, or those of a province, of a kind, below a parent."""
    return _json(await parts.read(queries.units, province, kind, parent))


@router.get(
    "/units/{unit_id}",
    response_model=Unit,
    responses=declared("unauthenticated", "not_found", "unavailable"),
    summary="One unit",
)
async def get_unit(unit_id: UnitId, who: AskerDep, parts: PartsDep) -> Response:
    """Its names, parent, province and time zone."""
    found = await parts.read(queries.unit, unit_id)
    if found is None:
        raise Problem("not_found", f"There is no unit {unit_id}.", remedy="GET /v1/units lists them.")
    return _json(found)


@router.get(
    "/units/{unit_id}/inbox",
    response_model=InboxPage,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="What a unit owes now, the most urgent first",
)
async def get_inbox(
    unit_id: UnitId,
    who: AskerDep,
    parts: PartsDep,
    rehearsal: bool = False,
    cursor: Annotated[str, Query(max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Response:
    """Its parts to sign, to contact, to reply, and the whistles it was summoned by."""
    if who.role is Role.CUSTOMER:
        raise Problem("forbidden", "Inboxes are the units' own.")
    try:
        page = await parts.read(inboxes.inbox, unit_id, cursor=cursor, limit=limit, rehearsal=rehearsal)
    except BadCursor as error:
        raise Problem("invalid_request", f"{error}.", field="cursor", remedy="Start again without a cursor.") from error
    return _json(page)


@router.get(
    "/people",
    response_model=list[Person],
    responses=declared("unauthenticated", "forbidden", "unavailable"),
    summary="People by role, unit or province",
)
async def list_people(
    who: AskerDep,
    parts: PartsDep,
    role: Role | None = None,
    at: Annotated[str, Query(max_length=50, description="A unit, or a province with all its departments.")] = "",
) -> Response:
    """Active people only."""
    if who.role is Role.CUSTOMER:
        raise Problem("forbidden", "The directory is for staff.")
    return _json(await parts.read(queries.people_of, role.value if role else "", at))


@router.get(
    "/catalogue",
    response_model=list[Entry],
    responses=declared("unauthenticated", "unavailable"),
    summary="The dispatch catalogue",
)
async def list_catalogue(who: AskerDep, parts: PartsDep, category: Filter = "", province: Filter = "") -> Response:
    """Who leads, helps and is told, for each category; a province's own clause wins over the one for everywhere."""
    return _json(await parts.read(queries.catalogue, category, province))


@router.get(
    "/policies/current",
    response_model=Policy,
    responses=declared("unauthenticated", "not_found", "unavailable"),
    summary="The policy in force for new orders",
)
async def get_policy(who: AskerDep, parts: PartsDep) -> Response:
    """Every limit, ladder and cap, with its version."""
    try:
        version, document = await parts.read(policies.current)
    except LookupError as error:
        raise Problem("not_found", "No policy has been published.") from error
    return _json({"version": version, "document": document})
