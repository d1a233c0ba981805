"""The history of a customer's line: his earlier orders, for who works on the present one."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.commands import OrderId
from api.deps import AskerDep, PartsDep
from api.errors import declared, no_order
from api.views import JSON
from contracts.messages import encode
from domain.model import Order
from domain.sight import VIEWS, View
from store import earlier as queries
from store import orders, posts
from store.earlier import Earlier

router = APIRouter(tags=["orders"])


@router.get(
    "/orders/{order_id}/earlier",
    response_model=list[Earlier],
    responses=declared("unauthenticated", "forbidden", "order_not_found", "unavailable"),
    operation_id="list_earlier",
    summary="Other orders of the same customer",
)
async def list_earlier(order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Those that the asker sees, the latest first, at most twenty; nothing of them says who the customer is.

    A handling unit is told of those that it handled itself. Where it is itself complained about, or a unit above or
    below it, in this order or in the other, it is told nothing: two orders put side by side would say who complains.
    """
    head = await parts.read(who, orders.head, order_id, who.sight)
    if head is None:
        raise no_order(order_id)
    handles = VIEWS[who.role] is View.UNIT
    organisation = await parts.system(posts.organisation)

    def told(order: Order) -> bool:
        return not (handles and order.against and organisation.related(who.unit, order.against))

    found: tuple[Earlier, ...] = ()
    if told(head.order) and (not handles or queries.party(head.order, who.unit)):
        unit = who.unit if handles else ""
        found = await parts.read(who, queries.earlier, head.order, who.sight, who.role, unit, told)
    await parts.record.seen(request, who, order_id, *(line.order_id for line in found))
    return Response(encode(found), media_type=JSON)
