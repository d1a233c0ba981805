"""Rehearsals: days in seconds. Only in the development profile, and only for orders that are marked as rehearsals."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.commands import OrderId
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared, no_order
from api.schemas import FastForward
from contracts.names import is_rehearsal
from store import orders

router = APIRouter(tags=["rehearsal"])


class Forwarded(BaseModel):
    """Whether the order is still running after the time has passed."""

    running: bool


@router.post(
    "/rehearsal/orders/{order_id}/fast_forward",
    response_model=Forwarded,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "invalid_request", "unavailable"),
    summary="Move a rehearsal's clock",
)
async def fast_forward(order_id: OrderId, request: FastForward, who: AskerDep, parts: PartsDep) -> Forwarded:
    """Its limits pass in order, each at its instant; what they bring is in the ledger a moment later."""
    if not is_rehearsal(order_id):
        raise Problem("forbidden", f"{order_id} is real; its time is everybody's.", field="order_id")
    if await parts.read(who, orders.head, order_id, who.sight) is None:
        raise no_order(order_id)
    return Forwarded(running=await parts.gateway.fast_forward(order_id, request.seconds))
