"""Orders: registering, the view, the live view, the events, the clocks, and the lists."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.commands import PROBLEMS, OrderId, documented
from api.deps import AskerDep, Parts, PartsDep, asker, body_of, idempotency_key
from api.deps import parts as parts_of
from api.errors import Problem, declared, no_order
from api.examples import EXAMPLES
from api.keys import Opening
from api.listing import FiltersDep, filters_used, page_of
from api.schemas import Clean, CommandAnswer, OrderView, RegisterRequest
from api.schemas import Request as Body
from api.views import JSON, etag, event_line, live, seq_told, shown_to
from contracts.messages import encode
from domain.model import Role
from domain.sight import VIEWS, View, clock_shown
from identity.people import Identified
from store import ledger
from store import orders as queries
from store.orders import Deadline, OrderLine, OrderQuery, Sort
from vault import finding

router = APIRouter(tags=["orders"])

CUSTOMER_CHANNEL = "web"
"""The channel of a complaint that the customer enters himself."""
MIN_SEQ_WAIT = 2.0
"""Seconds that a view waits for a seq that the caller knows of."""
MIN_SEQ_POLL = 0.05
"""Seconds between two looks."""

Seq = Annotated[int, Query(ge=0, description="Wait until the ledger has this seq, at most two seconds.")]
Limit = Annotated[int, Query(ge=1, le=queries.MOST)]


class EventLine(BaseModel):
    """One event of the ledger; `data` is the event's own content, `clocks` what became of limits with it."""

    order_id: str
    seq: int
    type: str
    at: datetime
    actor: dict[str, Any]
    policy_version: str
    data: dict[str, Any]
    reason: str = ""
    command_id: str = ""
    clocks: list[dict[str, Any]] = []


class EventPage(BaseModel):
    """Some events, and the `after` of the next page; null when there is none yet."""

    items: list[EventLine]
    next: int | None


class SearchRequest(Body):
    """Whose orders to look for: the whole number or name of a customer, and any part of number or title."""

    customer: Annotated[Clean, Field(min_length=2, max_length=200)]
    text: Annotated[Clean, Field(max_length=200)] = ""
    rehearsal: bool = False
    sort: Sort = Sort.NEWEST
    cursor: Annotated[Clean, Field(max_length=500)] = ""
    limit: Annotated[int, Field(ge=1, le=queries.MOST)] = 50


class OrderPage(BaseModel):
    """Some orders, and the cursor of the next page; empty when there is none."""

    items: list[OrderLine]
    next: str = Field(description="Give it back as `cursor`.")


def _json(value: Any, seq: int = 0) -> Response:
    headers = {"ETag": etag(seq)} if seq else None
    return Response(encode(value), headers=headers, media_type=JSON)


async def _head(parts: Parts, who: Identified, order_id: str) -> ledger.Head:
    """The order as the ledger has it; raises Problem for one that is not there, or that he does not see."""
    found = await parts.read(who, queries.head, order_id, who.sight)
    if found is None:
        raise no_order(order_id)
    return found


@router.post(
    "/orders",
    status_code=201,
    response_model=CommandAnswer,
    responses=declared(*PROBLEMS),
    operation_id="register",
    tags=["commands"],
    summary="Take a complaint: the number is given at once",
    openapi_extra=documented(RegisterRequest, EXAMPLES["register"]),
)
async def register(request: Request) -> Response:
    """By agents, channels, the regulator's feed, and customers for their own number.

    Of a customer's own complaint tier, order_class, channel and source are not his to choose: it comes in as `normal`,
    in the catalogue's class, by `web`, from no source, whatever is sent.

    The catalogue names lead, co and copied units for the category and province, and the complaint is dispatched in the
    same step; with `dispatch: false`, or without a matching clause, it waits for a dispatcher.
    """
    parts, who = await parts_of(request), await asker(request)
    key, asked = idempotency_key(request), await body_of(request, RegisterRequest)
    if asked.rehearsal and not parts.development:
        raise Problem("forbidden", "Rehearsals are for the development profile.", field="rehearsal")
    if who.order_id:
        raise Problem(
            "forbidden", "The link opens one order and nothing else.", remedy="Come in with a code, or ask the hotline."
        )
    return (await parts.gateway.register(key, who, opening_of(asked, who), asked.reason)).response()


def opening_of(asked: RegisterRequest, who: Identified) -> Opening:
    """The complaint as it is asked for, as far as that is for the asker to say."""
    opening = Opening(
        title=asked.title,
        text=asked.text,
        category=asked.category,
        province=asked.province,
        channel=asked.channel,
        customer=asked.customer.record(),
        order_class=asked.order_class,
        source=asked.source,
        area=asked.area,
        dispatch=asked.dispatch,
        rehearsal=asked.rehearsal,
        against=asked.against,
    )
    return _his_own(opening) if who.role is Role.CUSTOMER else opening


def _his_own(opening: Opening) -> Opening:
    """The same without what gives a complaint its limits and its standing: a customer does not choose that himself."""
    customer = replace(opening.customer, tier="normal")
    return replace(opening, customer=customer, order_class=None, channel=CUSTOMER_CHANNEL, source="")


@router.get(
    "/orders",
    response_model=OrderPage,
    responses=declared("unauthenticated", "invalid_request", "unavailable"),
    summary="List orders",
)
async def list_orders(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    filters: FiltersDep,
    cursor: Annotated[str, Query(max_length=500)] = "",
    limit: Limit = 50,
) -> Response:
    """Those that one's place sees; filters add up, and a page's `next` is the `cursor` of the next page.

    A province or unit that the directory does not have is refused. Whoever knows the customer asks `POST
    /v1/orders/search`: names and numbers do not belong into an address. A text that very many orders might hold is
    looked for page by page, and such a page may hold fewer orders than its limit.
    """
    query = await filters.query(parts, who, cursor, limit)
    return await _listed(request, parts, who, query, filters.text, filters_used(request))


@router.post(
    "/orders/search",
    response_model=OrderPage,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Find a customer's orders",
)
async def search_orders(asked: SearchRequest, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """By the whole of his number, however it is written, or of his name; of those that one's place sees."""
    marks = {*finding.marks_wanted(parts.rack.keyring, asked.text), *finding.whole(parts.rack.keyring, asked.customer)}
    query = OrderQuery(
        sight=who.sight,
        marks=tuple(sorted(marks)),
        rehearsal=asked.rehearsal,
        sort=asked.sort,
        cursor=asked.cursor,
        limit=asked.limit,
    )
    return await _listed(request, parts, who, query, asked.text, "customer text" if asked.text else "customer")


async def _listed(
    request: Request, parts: Parts, who: Identified, query: OrderQuery, text: str, detail: str
) -> Response:
    page = await page_of(parts, who, query, text)
    await parts.record.seen(request, who, *(line.order_id for line in page.items), detail=detail)
    return _json(page)


@router.get(
    "/orders/{order_id}",
    response_model=OrderView,
    responses=declared("unauthenticated", "order_not_found", "not_yet_recorded", "unavailable"),
    summary="The order as the ledger holds it",
)
async def get_order(order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep, min_seq: Seq = 0) -> Response:
    """The state, the limits and what each role may do now; the ETag is the seq.

    One's own writes are there at once. `min_seq` is for a seq learnt elsewhere.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + MIN_SEQ_WAIT
    while True:
        found = await _head(parts, who, order_id)
        if seq_told(found, who.role) >= min_seq:
            await parts.record.seen(request, who, order_id)
            return shown_to(found, who.role).response()
        if clock() >= until:
            raise Problem(
                "not_yet_recorded",
                f"The ledger has {order_id} up to {seq_told(found, who.role)}, not yet {min_seq}.",
                field="min_seq",
                remedy="Ask again.",
                retry_after=1,
            )
        await asyncio.sleep(MIN_SEQ_POLL)


@router.get(
    "/orders/{order_id}/live",
    response_model=OrderView,
    responses=declared("unauthenticated", "order_not_found", "unavailable"),
    summary="The order as the running workflow holds it",
)
async def get_live(order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Asked of the engine itself: for operators and doubts. An ended order has no workflow, and is not found here."""
    head = await _head(parts, who, order_id)  # before anything is said of the engine
    await parts.record.seen(request, who, order_id)
    return live(await parts.gateway.live(order_id), head, who.role).response()


@router.get(
    "/orders/{order_id}/events",
    response_model=EventPage,
    responses=declared("unauthenticated", "order_not_found", "unavailable"),
    summary="What happened, in the order of the seqs",
)
async def get_events(
    order_id: OrderId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    after: Annotated[int, Query(ge=0, description="Events with a higher seq only.")] = 0,
    limit: Limit = 100,
) -> Response:
    """Every event with who, when, in which role, why, and under which policy version.

    Handling units are not shown a round's call-back before it has ended; a customer is shown the steps that concern
    him.
    """
    found = await _head(parts, who, order_id)
    rows = await parts.read(who, queries.events, order_id, after, limit)
    ended = await parts.read(who, queries.round_ended, order_id) if VIEWS[who.role] is View.UNIT else 0
    await parts.record.seen(request, who, order_id)
    last = rows[-1].seq if rows else after
    items = [event_line(row, found.order, who.role, final=row.seq <= ended) for row in rows]
    shown = [item for item in items if item is not None]
    seq = seq_told(found, who.role)
    return _json({"items": shown, "next": last if last < seq else None}, seq)


@router.get(
    "/orders/{order_id}/deadlines",
    response_model=list[Deadline],
    responses=declared("unauthenticated", "order_not_found", "unavailable"),
    summary="The order's limits, kept, missed and running",
)
async def get_deadlines(
    order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep, running: bool = False
) -> Response:
    """Every clock's whole life: `first_due_at` never changes, `late` once it was missed."""
    found = await _head(parts, who, order_id)
    rows = await parts.read(who, queries.deadlines, order_id, running=running)
    await parts.record.seen(request, who, order_id)
    return _json([row for row in rows if clock_shown(row.kind, found.order, who.role)])
