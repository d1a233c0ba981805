"""Beyond what a place shows: what is behind a mask, and orders that one follows."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.commands import OrderId
from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared, no_order
from api.record import access
from api.schemas import Request as Body
from api.schemas import Required
from api.views import JSON
from contracts.messages import EventRow, encode
from domain.model import Order, Role
from domain.sight import VIEWS, View
from domain.transitions import SUPERVISORS
from identity.people import Identified
from store import accesses, directory, posts, sights
from store import orders as queries
from store.accesses import Access, Outcome
from vault import veil
from vault.seal import Kind

router = APIRouter(tags=["orders"])
_PROBLEMS = ("unauthenticated", "forbidden", "order_not_found", "invalid_request", "unavailable")

INVITERS = (Role.TEAM_LEAD, Role.DISPATCHER, *SUPERVISORS)
"""Who may have a colleague follow an order."""


class Hidden(StrEnum):
    """What may be revealed of an order."""

    NAME = "customer.name"
    PHONE = "customer.phone"
    EMAIL = "customer.email"
    TITLE = "title"
    TEXT = "text"


_VALUES: dict[Hidden, Callable[[Order, EventRow], str]] = {
    Hidden.NAME: lambda order, first: order.customer.name,
    Hidden.PHONE: lambda order, first: order.customer.phone,
    Hidden.EMAIL: lambda order, first: order.customer.email,
    Hidden.TITLE: lambda order, first: order.title,
    Hidden.TEXT: lambda order, first: str(msgspec.json.decode(first.data, type=dict[str, Any])["text"]),
}

FOR_UNITS = (Hidden.PHONE,)
"""What a handling unit may see, to reach the customer; the unit complained about not even that."""


class RevealRequest(Body):
    """What to reveal, and why: both are on record. `seq` names an event whose own words are wanted whole."""

    fields: Annotated[tuple[Hidden, ...], Field(max_length=5)] = ()
    seq: Annotated[int | None, Field(ge=1, description="An event's, for its words as they were said.")] = None
    reason: Required


class Revealed(BaseModel):
    """What was hidden, by the name of its field; under `event` the content and the reason of the event asked for."""

    order_id: str
    values: dict[str, Any]


class FollowRequest(Body):
    """Who is to follow the order, oneself where nobody is named."""

    person: Annotated[str, Field(max_length=64, pattern=r"^[\w@.:+-]*$")] = ""


class Following(BaseModel):
    """Who follows an order, and whether that is new."""

    order_id: str
    people: list[str]
    changed: bool


@router.post(
    "/orders/{order_id}/reveal",
    response_model=Revealed,
    responses=declared(*_PROBLEMS, "erased"),
    summary="Show what is behind a mask, for a reason",
)
async def reveal(order_id: OrderId, asked: RevealRequest, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Who was shown what, when and why is written down before it is shown.

    A handling unit may have the number, to call, and nothing else of who complains; the unit that is complained about
    not even that, nor one that merely follows the order.
    """
    found = await parts.read(who, queries.head, order_id, who.sight)
    if found is None:
        raise no_order(order_id)
    order = found.order
    if not asked.fields and asked.seq is None:
        raise Problem("invalid_request", "Nothing is named.", field="fields", remedy="Name a field, or an event's seq.")
    await _demand_right(parts, who, order, asked)
    wanted = 1 if asked.seq is None else asked.seq
    rows = {row.seq: row for seq in {1, wanted} for row in await parts.read(who, queries.events, order_id, seq - 1, 1)}
    if wanted not in rows:
        raise Problem("invalid_request", f"There is no event {wanted}.", field="seq", remedy="See the order's events.")
    values: dict[str, Any] = {field: _VALUES[field](order, rows[1]) for field in asked.fields}
    if asked.seq is not None:
        values["event"] = {"data": rows[wanted].data, "reason": rows[wanted].reason}
    key = await parts.gateway.run(parts.rack.key, order.customer.id)
    if key is None:
        raise Problem("erased", f"The customer of {order_id} had his data erased.", remedy="Nothing is left to show.")
    detail = " ".join((*asked.fields, *([] if asked.seq is None else [f"event {asked.seq}"])))
    why = key.seal(Kind.TEXT, asked.reason)
    note = access(request, who, Outcome.REVEALED, orders=(order_id,), detail=detail, reason=why)
    await parts.write(accesses.add, note)
    shown = encode({"order_id": order_id, "values": values})
    return Response(veil.unveiled(shown, veil.CLEAR, {key.customer: key}), media_type=JSON)


async def complained_about(parts: Parts, who: Identified, order: Order) -> bool:
    """Whether the asker handles orders for the unit that is complained about, or for one above or below it."""
    if VIEWS[who.role] is not View.UNIT or not order.against:
        return False
    return (await parts.system(posts.organisation)).related(who.unit, order.against)


async def _demand_right(parts: Parts, who: Identified, order: Order, asked: RevealRequest) -> None:
    if VIEWS[who.role] is not View.UNIT:
        return
    party = any(part.unit == who.unit for part in order.assignments) or any(
        one.unit == who.unit for blown in order.whistles for one in blown.attendances
    )
    allowed = FOR_UNITS if party and not await complained_about(parts, who, order) else ()
    if asked.seq is not None or any(field not in allowed for field in asked.fields):
        raise Problem(
            "forbidden",
            "A handling unit does not learn who complains.",
            field="fields",
            remedy="Ask for customer.phone alone, to reach him." if allowed else "The frontline speaks to him.",
        )


@router.post(
    "/orders/{order_id}/follow",
    response_model=Following,
    responses=declared(*_PROBLEMS),
    summary="Keep an order in sight wherever it goes",
)
async def follow(order_id: OrderId, asked: FollowRequest, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Whoever sees an order may follow it; team leads, dispatchers and supervisors may have a colleague do so."""
    return await _followed(order_id, asked, request, who, parts, sights.follow)


@router.post(
    "/orders/{order_id}/unfollow",
    response_model=Following,
    responses=declared(*_PROBLEMS),
    summary="Let an order out of sight again",
)
async def unfollow(
    order_id: OrderId, asked: FollowRequest, request: Request, who: AskerDep, parts: PartsDep
) -> Response:
    """It stays in sight of one's place; the same people may do it."""
    return await _followed(order_id, asked, request, who, parts, sights.unfollow)


@router.get(
    "/orders/{order_id}/followers",
    response_model=Following,
    responses=declared(*_PROBLEMS),
    summary="Who follows an order",
)
async def list_followers(order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """By the ids of their persons; whoever took the complaint is among them."""
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    people = await parts.system(sights.followers, order_id)
    await parts.record.seen(request, who, order_id)
    return Response(encode({"order_id": order_id, "people": people, "changed": False}), media_type=JSON)


async def _followed(
    order_id: str,
    asked: FollowRequest,
    request: Request,
    who: Identified,
    parts: Parts,
    step: Callable[[Session, str, str], bool],
) -> Response:
    person = asked.person or who.id
    if who.acting_for:
        remedy = "Leave out Acting-For; what a colleague sees is seen in his place alone."
        raise Problem("forbidden", "In a colleague's place nobody follows orders.", field="Acting-For", remedy=remedy)
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    if person != who.id:
        if who.role not in INVITERS:
            raise Problem("forbidden", "You may follow an order yourself.", field="person", remedy="Leave it empty.")
        named = await parts.system(directory.person, person)
        if named is None or not named.active or named.role is Role.ADMINISTRATOR:
            remedy = "GET /v1/people lists them; administrators see no orders."
            raise Problem("invalid_field", f"{person} cannot follow orders.", field="person", remedy=remedy)
    detail = f"{step.__name__} {person}"
    note = access(request, who, Outcome.CHANGED, orders=(order_id,), detail=detail)
    changed, people = await parts.write(_carried_out, step, order_id, person, note)
    return Response(encode({"order_id": order_id, "people": people, "changed": changed}), media_type=JSON)


def _carried_out(
    session: Session, step: Callable[[Session, str, str], bool], order_id: str, person: str, note: Access
) -> tuple[bool, list[str]]:
    changed = step(session, order_id, person)
    if changed:
        accesses.add(session, note)
    return changed, sights.followers(session, order_id)
