"""What became of an order's clocks: the list of limits, and the account of one, hour by hour."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.commands import OrderId
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared, no_order
from api.views import JSON
from contracts.messages import encode, from_row
from contracts.names import is_rehearsal
from domain.account import Account, account
from domain.account_words import told
from domain.clocks import kind_of
from domain.notice_texts import LABELS
from domain.records import replace
from domain.sight import actor_shown, clock_shown
from store import ledger, orders, policies
from store import notices as notice_rows

router = APIRouter(tags=["orders"])


class Explanation(BaseModel):
    """The account of one clock, and the same in words."""

    account: Account = Field(description="Instants are UTC; minutes as the limit counts, `paused` and `late` elapsed.")
    zh: list[str]
    en: list[str]


def _account(session: Session, order_id: str, key: str) -> tuple[Account | None, Mapping[str, tuple[str, str]]]:
    events = (from_row(row) for row in ledger.stored(session, order_id))
    now = None if is_rehearsal(order_id) else datetime.now(UTC)  # a rehearsal's time is its own
    found = account(events, key, lambda digest: policies.terms(session, digest), now)
    return found, notice_rows.names(session).labels


@router.get(
    "/orders/{order_id}/clocks/{key:path}",
    response_model=Explanation,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "unknown_clock", "unavailable"),
    summary="Why a limit ended as it did",
)
async def explain_clock(
    order_id: OrderId,
    key: Annotated[str, Path(max_length=200, description="The clock's key, as the order's deadlines list it.")],
    request: Request,
    who: AskerDep,
    parts: PartsDep,
) -> Response:
    """Which hours counted, which were paused and why, what moved the due time, and which unit held the order meanwhile.

    Made from the order's events and the terms under which they were written; for staff.
    """
    head = await parts.read(who, orders.head, order_id, who.sight)
    if head is None:
        raise no_order(order_id)
    await parts.record.seen(request, who, order_id)
    found, names = await parts.read(who, _account, order_id, key)
    if found is None or not clock_shown(kind_of(key), head.order, who.role):
        raise Problem(
            "unknown_clock",
            f"Order {order_id} never had a clock {key[:200]}.",
            field="key",
            remedy=f"GET /v1/orders/{order_id}/deadlines lists them.",
        )
    entries = tuple(replace(entry, actor=actor_shown(entry.actor, who.role)) for entry in found.entries)
    found = replace(found, entries=entries)
    zh = told(found, "zh", lambda what: _name(what, names)[0])
    en = told(found, "en", lambda what: _name(what, names)[1])
    return Response(encode({"account": found, "zh": zh, "en": en}), media_type=JSON)


def _name(what: str, names: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The name of a limit by its kind, or of a unit by its id."""
    return LABELS["clock"].get(what) or names.get(f"unit:{what}") or (what, what)
