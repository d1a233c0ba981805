"""The past for auditors: the board, a unit's inbox and an order as they stood, what lies between, and who knew what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Concatenate, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.commands import OrderId
from api.deps import AskerDep, Parts, PartsDep
from api.directory import UnitId
from api.errors import Problem, declared, no_order
from api.filters import demand
from api.schemas import Instant
from api.views import JSON
from api.wall import Days
from audit import difference, known, timeline, travel
from audit.difference import BoardDifference, FieldChange, TaskMoved
from audit.known import Known
from audit.travel import Axis, NotWhole, PastInbox, PastTask
from contracts.messages import encode
from store import posts, sights
from store.cursors import BadCursor
from store.wall_lines import Wall
from store.wall_reader import PLACES, TOP, scope_of

router = APIRouter(tags=["audit"])
T = TypeVar("T")

_PROBLEMS = ("unauthenticated", "forbidden", "invalid_request", "past_not_whole", "unavailable")
DAY = timedelta(days=1)

At = Annotated[Instant | None, Query(description="The instant; left out, the latest that is known whole.")]
From = Annotated[Instant | None, Query(alias="from", description="The earlier instant; left out, a day before `to`.")]
To = Annotated[Instant | None, Query(description="The later instant; left out, the latest that is known whole.")]
By = Annotated[Axis, Query(description="`happened`: what had happened by then; `known`: what was on record by then.")]
Place = Annotated[str, Query(max_length=50, description="HQ, a regional centre or a province; left out, HQ.")]


class Past(BaseModel):
    """Which instant is shown, by which time, and up to when the past is known whole (all UTC)."""

    at: datetime
    by: Axis
    known_up_to: datetime


class BoardAsOf(Past):
    """The supervisor's wall as it stood."""

    wall: Wall


class InboxAsOf(Past):
    """A unit's inbox as it stood: `total` tasks, this page of them, and the cursor of the next one."""

    unit: str
    total: int
    items: list[PastTask]
    next: str


class Between(BaseModel):
    """Between which instants, by which time, and up to when the past is known whole (all UTC)."""

    start: datetime = Field(alias="from")
    to: datetime
    by: Axis
    known_up_to: datetime


class BoardBetween(Between):
    """What changed on the board."""

    place: str
    difference: BoardDifference


class InboxBetween(Between):
    """What changed in an inbox."""

    unit: str
    items: list[TaskMoved]


class OrderBetween(BaseModel):
    """Every field of an order that changed, and the seqs after which it stood so; 0 for before it was registered."""

    order_id: str
    start: datetime = Field(alias="from")
    to: datetime
    first: int
    last: int
    changes: list[FieldChange]


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    to: datetime
    whole: datetime


def _settled(session: Session, *instants: datetime | None) -> tuple[datetime, ...]:
    """The instants that are asked for, and after them up to when the past is whole, which stands in for one left out.

    Raises Problem `past_not_whole` where one lies beyond.
    """
    try:
        so_far = travel.reached(session, *(at for at in instants if at is not None))
    except NotWhole as beyond:
        detail = "Nothing of the past is known whole yet." if beyond.until is None else (
            f"The past is known up to {beyond.until.isoformat()}."
        )  # fmt: skip
        remedy = "Ask for an instant up to then, or ask again in a moment."
        raise Problem("past_not_whole", detail, field="at", remedy=remedy, retry_after=2) from None
    assert so_far.whole_until is not None
    return (*(at or so_far.whole_until for at in instants), so_far.whole_until)


def _at(
    session: Session, step: Callable[Concatenate[Session, datetime, ...], T], at: datetime | None, *given: Any
) -> tuple[T, datetime, datetime]:
    """What a step finds at an instant, that instant, and up to when the past is whole; one transaction."""
    instant, whole = _settled(session, at)
    return step(session, instant, *given), instant, whole


def _between(
    session: Session,
    step: Callable[Concatenate[Session, datetime, datetime, ...], T],
    start: datetime | None,
    to: datetime | None,
    *given: Any,
) -> tuple[T, _Span]:
    _, until, whole = _settled(session, start, to)
    begin = start or until - DAY
    if begin > until:
        raise Problem("invalid_request", "The first instant is after the second.", field="from", remedy="Swap them.")
    return step(session, begin, until, *given), _Span(begin, until, whole)


def _board(session: Session, at: datetime, place: str, days: int, by: Axis) -> Wall:
    return travel.board(session, scope_of(posts.organisation(session), place), days, at, by)


def _boards(session: Session, start: datetime, to: datetime, place: str, by: Axis) -> BoardDifference:
    return difference.of_boards(session, scope_of(posts.organisation(session), place), start, to, by)


def _inbox(session: Session, at: datetime, unit: str, by: Axis, cursor: str, limit: int) -> PastInbox:
    return travel.inbox(session, unit, at, by, cursor=cursor, limit=limit)


def _inboxes(session: Session, start: datetime, to: datetime, unit: str, by: Axis) -> tuple[TaskMoved, ...]:
    return difference.of_inboxes(session, unit, start, to, by)


async def _place(parts: Parts, who: AskerDep, place: str) -> str:
    """The place that is asked for; raises Problem for one that has no wall."""
    if not place:
        return TOP
    await demand(parts, who, place=place)
    unit = (await parts.read(who, posts.organisation)).units[place]
    if unit.kind not in PLACES:
        remedy = f"Ask for its province: place={unit.province}."
        raise Problem("invalid_request", f"{place} is a department and has no wall.", field="place", remedy=remedy)
    return place


async def _unit(parts: Parts, who: AskerDep, unit: str) -> None:
    if unit not in (await parts.read(who, posts.organisation)).units:
        raise Problem("not_found", f"There is no unit {unit}.", field="unit_id", remedy="GET /v1/units lists them.")


@router.get(
    "/audit/board",
    response_model=BoardAsOf,
    responses=declared(*_PROBLEMS),
    summary="The supervisor's wall as it stood at a past instant",
)
async def get_board_as_of(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    at: At = None,
    by: By = Axis.HAPPENED,
    place: Place = "",
    days: Days = 1,
) -> Response:
    """Every figure and list of the wall as it was then, found by index however long ago; the organisation is today's.

    An instant beyond what is known whole gets `past_not_whole`, never a wrong answer.
    """
    asked = await _place(parts, who, place)
    found, instant, whole = await parts.write(_at, _board, at, asked, days, by)
    lists = (found.decisions, found.unreported, found.unsigned, found.breaches, found.worst)
    shown = dict.fromkeys(line.order_id for lines in lists for line in lines)
    await parts.record.seen(request, who, *shown, detail=f"at {instant.isoformat()}")
    return Response(encode({"at": instant, "by": by, "known_up_to": whole, "wall": found}), media_type=JSON)


@router.get(
    "/audit/board/difference",
    response_model=BoardBetween,
    responses=declared(*_PROBLEMS, "too_many_requests"),
    summary="What changed on the supervisor's wall between two instants",
)
async def get_board_difference(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    start: From = None,
    to: To = None,
    by: By = Axis.HAPPENED,
    place: Place = "",
) -> Response:
    """The figures at both instants, how many orders came, ended, were reopened or moved, and the first 200 of them."""
    asked = await _place(parts, who, place)
    found, span = await parts.aside.read(_between, _boards, start, to, asked, by)
    shown = (line.order_id for line in found.lines)
    await parts.record.seen(request, who, *shown, detail=f"from {span.start.isoformat()} to {span.to.isoformat()}")
    return Response(encode({**_spanned(span, by), "place": asked, "difference": found}), media_type=JSON)


@router.get(
    "/audit/inbox/{unit_id}",
    response_model=InboxAsOf,
    responses=declared(*_PROBLEMS, "not_found"),
    summary="A unit's inbox as it stood at a past instant",
)
async def get_inbox_as_of(
    unit_id: UnitId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    at: At = None,
    by: By = Axis.HAPPENED,
    cursor: Annotated[str, Query(max_length=500, description="The `next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=travel.MOST_TASKS)] = 50,
) -> Response:
    """What the unit had before it then, the most urgent first, with each limit that it owed."""
    await _unit(parts, who, unit_id)
    try:
        found, instant, whole = await parts.write(_at, _inbox, at, unit_id, by, cursor, limit)
    except BadCursor:
        detail = "This cursor is not one of ours."
        raise Problem("invalid_request", detail, field="cursor", remedy="Begin again without it.") from None
    await parts.record.seen(request, who, *(one.order_id for one in found.items), detail=f"at {instant.isoformat()}")
    body = {"at": instant, "by": by, "known_up_to": whole, "unit": unit_id, "total": found.total}
    return Response(encode({**body, "items": found.items, "next": found.next}), media_type=JSON)


@router.get(
    "/audit/inbox/{unit_id}/difference",
    response_model=InboxBetween,
    responses=declared(*_PROBLEMS, "not_found"),
    summary="What changed in a unit's inbox between two instants",
)
async def get_inbox_difference(
    unit_id: UnitId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    start: From = None,
    to: To = None,
    by: By = Axis.HAPPENED,
) -> Response:
    """Every entry that came, went, or is not as it was."""
    await _unit(parts, who, unit_id)
    found, span = await parts.write(_between, _inboxes, start, to, unit_id, by)
    await parts.record.seen(request, who, *dict.fromkeys(one.order_id for one in found))
    return Response(encode({**_spanned(span, by), "unit": unit_id, "items": found}), media_type=JSON)


def _spanned(span: _Span, by: Axis) -> dict[str, Any]:
    return {"from": span.start, "to": span.to, "by": by, "known_up_to": span.whole}


@router.get(
    "/orders/{order_id}/known",
    response_model=Known,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "invalid_request", "unavailable"),
    summary="Who knew what of an order at a past instant",
)
async def get_order_known(
    order_id: OrderId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    at: Annotated[Instant | None, Query(description="The instant; left out, now.")] = None,
    person: Annotated[str, Query(max_length=64, description="Of this person alone.")] = "",
    unit: Annotated[str, Query(max_length=50, description="Of this unit and its people alone.")] = "",
) -> Response:
    """What was on record by then, who had looked at it or acted, who had been told, and from where it could be seen.

    Each person's `seq` is the last event that he can have known of from here.
    """
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    instant = at or datetime.now(UTC)
    found = await parts.write(known.known, order_id, instant, person=person, unit=unit)
    if found is None:
        detail = f"Nothing of {order_id} was on record at {instant.isoformat()}."
        raise Problem("invalid_request", detail, field="at", remedy="Ask for a later instant.")
    await parts.record.seen(request, who, order_id, detail=f"known at {instant.isoformat()}")
    return Response(encode(found), media_type=JSON)


@router.get(
    "/orders/{order_id}/difference",
    response_model=OrderBetween,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "invalid_request", "unavailable"),
    summary="What changed of an order between two instants",
)
async def get_order_difference(
    order_id: OrderId,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    start: Annotated[Instant | None, Query(alias="from", description="Left out, before it was registered.")] = None,
    to: Annotated[Instant | None, Query(description="Left out, now.")] = None,
) -> Response:
    """Field by field, by path, from one state to the other."""
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)
    until = to or datetime.now(UTC)
    if start is not None and start > until:
        raise Problem("invalid_request", "The first instant is after the second.", field="from", remedy="Swap them.")
    before = None if start is None else await parts.read(who, timeline.as_of, order_id, at=start)
    after = await parts.read(who, timeline.as_of, order_id, at=until)
    changes = difference.of_orders(before.order if before else None, after.order if after else None)
    await parts.record.seen(request, who, order_id, detail=f"from {start} to {until}")
    body = {
        "order_id": order_id,
        "from": start or (after.order.registered_at if after else until),
        "to": until,
        "first": before.seq if before else 0,
        "last": after.seq if after else 0,
        "changes": changes,
    }
    return Response(encode(body), media_type=JSON)
