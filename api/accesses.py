"""The record of who looked at what and who was refused what, and the erasure of a customer's data."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy.orm import Session

from api.commands import OrderId
from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared, no_order
from api.record import access
from api.schemas import MAX_TEXT, Clean, Instant, Plain, telephone
from api.schemas import Request as Body
from api.views import JSON
from contracts.messages import encode
from identity.people import Identified
from store import accesses as queries
from store import sights
from store.accesses import Access, AccessLine, AccessPage, AccessQuery, Outcome
from store.cursors import BadCursor
from vault import customers, masks
from vault.customers import StillOpen

router = APIRouter(tags=["access"])
Cursor = Annotated[str, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=queries.MOST)]
Name = Annotated[str, Query(max_length=100)]


class Accesses(BaseModel):
    """Some entries, the latest first, and the cursor of the next page; empty when there is none."""

    items: list[AccessLine]
    next: str


class ErasureRequest(Body):
    """Whose data to erase, by his number, and why; the reason is kept in clear and must not speak of him."""

    phone: Annotated[Clean, Field(max_length=32, pattern=r"^[0-9+() -]*$"), AfterValidator(telephone)]
    reason: Annotated[Plain, Field(min_length=1, max_length=MAX_TEXT)]


class Erased(BaseModel):
    """Whether there was anything to erase."""

    erased: bool


@router.get(
    "/accesses",
    response_model=Accesses,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Who looked at what, and who was refused what",
)
async def list_accesses(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    order_id: Name = "",
    actor: Name = "",
    outcome: Outcome | None = None,
    start: Annotated[Instant | None, Query(alias="from")] = None,
    until: Instant | None = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """The latest first; looking into the record is on record too."""
    query = AccessQuery(order_id, actor, outcome, start, until, cursor, limit)
    return await _listed(request, who, parts, query)


@router.get(
    "/orders/{order_id}/accesses",
    response_model=Accesses,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "invalid_request", "unavailable"),
    summary="Who looked at an order",
)
async def list_order_accesses(
    order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep, cursor: Cursor = "", limit: Limit = 50
) -> Response:
    """For auditors, and supervisors who see the order."""
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    return await _listed(request, who, parts, AccessQuery(order_id=order_id, cursor=cursor, limit=limit))


async def _listed(request: Request, who: Identified, parts: Parts, query: AccessQuery) -> Response:
    try:
        page: AccessPage = await parts.system(queries.listed, query)
    except BadCursor as error:
        raise Problem("invalid_request", f"{error}.", field="cursor", remedy="Start again without a cursor.") from error
    named = (query.order_id,) if query.order_id else ()
    await parts.record.add(access(request, who, Outcome.SEEN, orders=named))
    return Response(encode(page), media_type=JSON)


@router.post(
    "/customers/erase",
    response_model=Erased,
    responses=declared("unauthenticated", "forbidden", "order_open", "invalid_request", "unavailable"),
    summary="Erase a customer's personal data",
)
async def erase_customer(asked: ErasureRequest, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """His key is destroyed, and with it all that was ever sealed with it, everywhere, within half a minute.

    The events stay as they are; what he and others said of him in them cannot be read any more. Refused
    while one of his orders may still run: it must be over, its window for reopening too.
    """
    note = access(request, who, Outcome.ERASED, reason=asked.reason)
    try:
        customer = await parts.write(_erased, parts, asked.phone, asked.reason, note)
    except (StillOpen, Problem) as refused:
        code = refused.code if isinstance(refused, Problem) else "order_open"
        await parts.record.add(access(request, who, Outcome.REFUSED, code=code))
        if isinstance(refused, Problem):
            raise
        raise Problem(
            "order_open",
            "An order of this customer is not over.",
            field="phone",
            remedy="Have it closed, and wait until it can no longer be reopened.",
        ) from refused
    if customer:
        parts.rack.forget(customer)
    return Response(encode({"erased": bool(customer)}), media_type=JSON)


def _erased(session: Session, parts: Parts, phone: str, reason: str, note: Access) -> str:
    customer = customers.find(session, parts.rack.keyring, phone)
    key = customers.keys(session, parts.rack.keyring, (customer,)).get(customer)
    if key is not None and masks.struck(reason, key.names) != reason:
        detail = "The reason is kept in clear and names the customer."
        raise Problem("invalid_request", detail, field="reason", remedy="Say why without saying who.")
    if not customer or not customers.erase(session, customer):
        return ""
    queries.add(session, note)
    return customer
