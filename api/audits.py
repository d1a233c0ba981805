"""What auditors ask: how an order stood at any past instant, and the proof that nothing of it was touched since."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.commands import OrderId
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared, no_order
from api.schemas import Instant, OrderView
from api.veil import STREAMED
from api.views import JSON, view
from audit import proof as proofs
from audit import timeline
from audit.proof import Proof
from contracts.messages import encode
from store import orders, sights

router = APIRouter(tags=["audit"])
MOST_SEQ = 2**31 - 2


class Standing(BaseModel):
    """Which event an order stood at: its seq, when it happened, and when the next one did."""

    seq: int
    at: datetime
    type: str
    until: datetime | None = Field(description="When the next event happened; null when there is none yet.")
    last: int = Field(description="The seq of the order's last event today.")


class OrderAsOf(OrderView):
    """An order as it stood then, and what each role might have done."""

    as_of: Standing


@router.get(
    "/orders/{order_id}/as-of",
    response_model=OrderAsOf,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "invalid_request", "unavailable"),
    summary="The order as it stood at a past instant",
)
async def get_order_as_of(
    order_id: OrderId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    seq: Annotated[int | None, Query(ge=1, le=MOST_SEQ, description="After the event of this seq.")] = None,
    at: Annotated[Instant | None, Query(description="At this instant, as far as it was recorded then.")] = None,
) -> Response:
    """The view as it was after an event, by `seq`, or at an instant, by `at`: the rules over the events up to there.

    Without either it is as it stands now.
    """
    if seq is not None and at is not None:
        detail, remedy = "An order is shown at one place of its history.", "Send `seq` or `at`, one of them."
        raise Problem("invalid_request", detail, field="at", remedy=remedy)
    head = await parts.read(who, orders.head, order_id, who.sight)
    if head is None:
        raise no_order(order_id)
    if seq is not None and seq > head.last_seq:
        detail = f"The last event of {order_id} is {head.last_seq}."
        raise Problem("invalid_request", detail, field="seq", remedy="Ask for that one, or an earlier one.")
    found = await parts.read(who, timeline.as_of, order_id, seq=seq, at=at)
    if found is None:
        detail = f"{order_id} was not registered yet."
        remedy = f"It was at {head.order.registered_at.isoformat()}."
        raise Problem("invalid_request", detail, field="at", remedy=remedy)
    await parts.record.seen(request, who, order_id, detail=f"seq {found.seq}")
    standing = {"seq": found.seq, "at": found.at, "type": found.type, "until": found.until}
    body = {**view(found.order, who.role), "as_of": {**standing, "last": max(head.last_seq, found.seq)}}
    return Response(encode(body), media_type=JSON)


@router.get(
    "/orders/{order_id}/proof",
    response_model=Proof,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "unavailable"),
    summary="The order's events as they are stored, with the hashes that link them",
)
async def get_proof(order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Everything that a verifier needs. What people said stays sealed in it, for the hashes are of the sealed texts.

    Each `hash` is the SHA-256 of its `event` as RFC 8785 writes it, `previous` in it is that of the event before, and
    the head names the last one.
    """
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    found = await parts.read(who, proofs.proof, order_id)
    if found is None:
        raise no_order(order_id)
    await parts.record.seen(request, who, order_id)
    request.scope[STREAMED] = True  # the veil would put other bytes in the place of the sealed ones
    headers = {"Content-Disposition": f'inline; filename="{order_id}.proof.json"'}
    return Response(encode(found), media_type=JSON, headers=headers)
