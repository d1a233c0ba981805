"""The organisation as callers see it: units and their inboxes, people, the dispatch catalogue, the policy, oneself."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.filters import demand
from api.record import access
from api.schemas import Clean, Instant
from api.schemas import Request as Body
from api.views import JSON
from contracts.messages import encode
from domain.model import Role
from identity.people import Identified
from store import absences, accesses, policies, posts
from store import directory as queries
from store import inbox as inboxes
from store.absences import Absence, NotPossible, Said
from store.accesses import Access, Outcome
from store.cursors import BadCursor
from store.directory import Entry, Person, Unit
from store.inbox import Task
from store.orders import MOST
from store.tables import units

router = APIRouter(tags=["directory"])

UnitId = Annotated[str, Path(max_length=50, description="A unit's id, such as GD.net.")]
PersonId = Annotated[str, Path(max_length=64, description="A person's id, such as gd-net-head.")]
Filter = Annotated[str, Query(max_length=50)]
UnitKind = Literal["", "province", "department", "region", "headquarters"]


class InboxPage(BaseModel):
    """Some tasks, and the cursor of the next page; empty when there is none."""

    items: list[Task]
    next: str


class AbsenceRequest(Body):
    """From when until when a person is away, and who stands in for him."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"from": "2026-03-02T00:00:00Z", "until": "2026-03-09T00:00:00Z", "substitute": "gd-net-1"}]
        }
    )

    start: Annotated[Instant, Field(alias="from")]
    until: Instant | None = Field(None, description="None: until he is said to be back.")
    substitute: Annotated[Clean, Field(max_length=64)] = Field(
        "", description="Somebody of the same unit, or a manager above it; '' leaves it to the next level up."
    )


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
    responses=declared("unauthenticated", "invalid_request", "unavailable"),
    summary="Units: provinces, departments, regional centres, headquarters",
)
async def list_units(
    who: AskerDep, parts: PartsDep, province: Filter = "", kind: UnitKind = "", parent: Filter = ""
) -> Response:
    """All of them, or those of a province, of a kind, below a parent."""
    await demand(parts, who, province=province, parent=parent)
    return _json(await parts.read(who, queries.units, province, kind, parent))


@router.get(
    "/units/{unit_id}",
    response_model=Unit,
    responses=declared("unauthenticated", "not_found", "unavailable"),
    summary="One unit",
)
async def get_unit(unit_id: UnitId, who: AskerDep, parts: PartsDep) -> Response:
    """Its names, parent, province and time zone."""
    found = await parts.read(who, queries.unit, unit_id)
    if found is None:
        raise Problem("not_found", f"There is no unit {unit_id}.", remedy="GET /v1/units lists them.")
    return _json(found)


@router.get(
    "/units/{unit_id}/inbox",
    response_model=InboxPage,
    responses=declared("unauthenticated", "forbidden", "not_found", "invalid_request", "unavailable"),
    summary="What a unit owes now, the most urgent first",
)
async def get_inbox(
    unit_id: UnitId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    rehearsal: bool = False,
    cursor: Annotated[str, Query(max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Response:
    """Its parts to sign, to contact, to reply, and the whistles it was summoned by; of a unit at or below one's own.

    `owed` says what exactly and until when, `ways` what the asker may do about it: a verb that is refused for now has
    the reason beside it, one that is not his to ask for is not there.
    """
    if not await parts.read(who, _below, unit_id, who.place):
        raise Problem("not_found", f"There is no unit {unit_id} below yours.", remedy="GET /v1/me says which is yours.")
    try:
        page = await parts.read(
            who, inboxes.inbox, unit_id, cursor=cursor, limit=limit, rehearsal=rehearsal, actor=who.actor
        )
    except BadCursor as error:
        raise Problem("invalid_request", f"{error}.", field="cursor", remedy="Start again without a cursor.") from error
    await parts.record.seen(request, who, *dict.fromkeys(task.order_id for task in page.items), detail=unit_id)
    return _json(page)


def _below(session: Session, unit_id: str, place: str) -> bool:
    """Whether the unit is there, and is that place or below it."""
    units = posts.organisation(session).units
    if unit_id not in units:
        return False
    while unit_id in units and place not in ("*", unit_id):
        unit_id = units[unit_id].parent
    return unit_id in units


@router.get(
    "/people",
    response_model=list[Person],
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="People by role, unit or province",
)
async def list_people(
    who: AskerDep,
    parts: PartsDep,
    role: Role | None = None,
    at: Annotated[str, Query(max_length=50, description="A unit, or a province with all its departments.")] = "",
) -> Response:
    """Active people only, with who is away until when and who stands in."""
    await demand(parts, who, at=at)
    return _json(await parts.read(who, queries.people_of, role.value if role else "", at))


@router.put(
    "/people/{person_id}/absence",
    response_model=Person,
    responses=declared("unauthenticated", "forbidden", "not_found", "invalid_request", "unavailable"),
    summary="Put a person down as away",
)
async def put_absence(
    person_id: PersonId, absence: AbsenceRequest, request: Request, who: AskerDep, parts: PartsDep
) -> Response:
    """What is told to his posts reaches his substitute while he is away, or the next level up.

    For the person himself, the head of his unit, the managers above it, headquarters and administrators. A new one
    replaces the one before; all stay on record.
    """
    given = Absence(absence.start, absence.until, absence.substitute)
    noted = access(request, who, Outcome.CHANGED, detail=f"absence of {person_id}")
    try:
        changed = await parts.write(_say, who, person_id, given, noted)
    except NotPossible as error:
        raise Problem("invalid_request", f"{error}.", field=error.field, remedy=f"{error.remedy}.") from error
    posts.forget()
    return _json(changed)


@router.delete(
    "/people/{person_id}/absence",
    response_model=Person,
    responses=declared("unauthenticated", "forbidden", "not_found", "unavailable"),
    summary="Put a person down as back",
)
async def delete_absence(person_id: PersonId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """He is told himself again from now on; of one who was not away nothing changes."""
    noted = access(request, who, Outcome.CHANGED, detail=f"return of {person_id}")
    changed = await parts.write(_say, who, person_id, None, noted)
    posts.forget()
    return _json(changed)


@router.get(
    "/people/{person_id}/absences",
    response_model=list[Said],
    responses=declared("unauthenticated", "forbidden", "unavailable"),
    summary="What was said of a person's absences",
)
async def list_absences(person_id: PersonId, who: AskerDep, parts: PartsDep) -> Response:
    """Who said when that he is away or back, the latest first; at most 200."""
    return _json(await parts.read(who, absences.said_of, person_id))


def _say(session: Session, who: Identified, person_id: str, absence: Absence | None, noted: Access) -> Person:
    """Put a person down as away, or without an absence as back; raises Problem and NotPossible."""
    if who.acting_for:  # or he could prolong by himself that he stands in
        remedy = "Leave out Acting-For, and say what is yours to say."
        raise Problem("forbidden", "In a colleague's place nobody says who is away.", field="Acting-For", remedy=remedy)
    with absences.alone(session):
        person = _said(session, who, person_id, absence)
        accesses.add(session, noted)  # in the same transaction, which ends with the lock
    return person


def _said(session: Session, who: Identified, person_id: str, absence: Absence | None) -> Person:
    organisation = posts.organisation(session, 0)
    person = organisation.people.get(person_id)
    if person is None or not person.active:
        raise Problem("not_found", f"There is no person {person_id}.", remedy="GET /v1/people lists them.")
    if not absences.may_say(organisation, who.actor, person):
        raise Problem(
            "forbidden",
            f"You cannot say whether {person_id} is away.",
            remedy="Ask him, the head of his unit, a manager above it, or an administrator.",
        )
    now = datetime.now(UTC)
    if absence is None:
        return absences.say_back(session, person, who.actor, now)
    return absences.say_away(session, organisation, person, absence, who.actor, now)


@router.get(
    "/catalogue",
    response_model=list[Entry],
    responses=declared("unauthenticated", "invalid_request", "unavailable"),
    summary="The dispatch catalogue",
)
async def list_catalogue(who: AskerDep, parts: PartsDep, category: Filter = "", province: Filter = "") -> Response:
    """Who leads, helps and is told, for each category; a province's own clause wins over the one for everywhere."""
    await demand(parts, who, province=province)
    return _json(await parts.read(who, queries.catalogue, category, province))


@router.get(
    "/policies/current",
    response_model=Policy,
    responses=declared("unauthenticated", "not_found", "unavailable"),
    summary="The policy in force for new orders",
)
async def get_policy(who: AskerDep, parts: PartsDep) -> Response:
    """Every limit, ladder and cap, with its version."""
    try:
        version, document = await parts.read(who, policies.current)
    except LookupError as error:
        raise Problem("not_found", "No policy has been published.") from error
    return _json({"version": version, "document": document})
