"""Before a complaint is registered: what would be due when, and whether the same was said before."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

import rulebook
from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared
from api.keys import Opening
from api.orders import opening_of
from api.schemas import Clean, CustomerRequest, OptionalPlain, Plain, RegisterRequest, Text
from api.schemas import Request as Body
from api.views import JSON, line_shown
from contracts.messages import encode
from domain.commands import Command
from domain.model import OrderClass, State
from domain.order import decided
from domain.sight import VIEWS, View
from identity.people import Identified
from rulebook import Due
from store import orders as queries
from store.orders import OrderLine, OrderQuery
from store.tables import units
from store.texts import fold, grams
from vault import finding, veil
from vault.rack import Rack
from vault.veil import Rights

router = APIRouter(tags=["orders"])

UNSAID = "…"
"""Stands for what the rules ask for and nobody has typed yet; it moves no limit."""

OF_CUSTOMER, OF_PLACE = 60, 200
"""Orders that are compared: the latest of the customer, and the latest of the same category in the province."""
RECENT = timedelta(days=7)
"""How old an order of the same place may be to be compared."""
ALIKE = 0.3
"""From this share of common pairs of letters on two titles are alike (Dice's coefficient)."""
SHOWN = 8
"""Orders that are told of."""


class ForeseenCustomer(CustomerRequest):
    """Who complains, as far as it is known by now; of it all only the tier moves a limit."""

    name: Annotated[Clean, Field(max_length=200)] = ""
    phone: Annotated[Clean, Field(max_length=32, pattern=r"^[0-9+() -]*$")] = ""


class ForeseeRequest(RegisterRequest):
    """A complaint that is not sent yet: the same fields, of which nobody's name, number and words may be missing."""

    title: Annotated[Clean, Field(max_length=300)] = ""
    text: Text = ""
    channel: Annotated[Plain, Field(min_length=1, max_length=50)] = "hotline"
    customer: ForeseenCustomer = Field(default_factory=ForeseenCustomer)


class ForeseenLimit(BaseModel):
    """A limit that would begin, whose it would be ('' for the desk's), and how it is reckoned."""

    key: str
    unit: str
    due: Due


class Foreseen(BaseModel):
    """What registering would bring now, by the catalogue and the policy in force."""

    order_class: OrderClass
    state: State
    level: int = Field(description="The escalation level at which it would begin.")
    lead: str = Field(description="The unit that would answer for it; empty where a dispatcher must find one.")
    co: list[str]
    copied: list[str] = Field(description="Units that would be told and owe nothing.")
    catalogue: str = Field(description="The clause of the dispatch catalogue; empty where none applies.")
    policy: str = Field(description="The version of the policy.")
    at: datetime = Field(description="When it was reckoned (UTC).")
    limits: list[ForeseenLimit]


class Alike(StrEnum):
    """Why an order is thought to be about the same."""

    CUSTOMER = "same_customer"
    CATEGORY = "same_category"
    TITLE = "similar_title"
    OPEN = "open"


_WEIGHTS: Mapping[Alike, float] = {Alike.CUSTOMER: 40, Alike.TITLE: 40, Alike.CATEGORY: 10, Alike.OPEN: 10}


class SimilarRequest(Body):
    """What is known of a complaint while it is typed: the customer's whole number or name, the title, the place."""

    customer: Annotated[Clean, Field(max_length=200)] = ""
    title: Annotated[Clean, Field(max_length=300)] = ""
    category: OptionalPlain = ""
    province: Annotated[Plain, Field(max_length=20)] = ""
    rehearsal: bool = False


class SimilarOrder(BaseModel):
    """An order that may be about the same, why, and how much speaks for it (at most 100)."""

    order: OrderLine
    why: list[Alike]
    score: int


class SimilarOrders(BaseModel):
    """The likeliest first; at most eight."""

    items: list[SimilarOrder]


@router.post(
    "/orders/foresee",
    response_model=Foreseen,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "invalid_field", "unavailable"),
    summary="What would be due when, before a complaint is registered",
)
async def foresee(asked: ForeseeRequest, who: AskerDep, parts: PartsDep) -> Response:
    """Resolved and decided as registering would be, of which nothing is kept: class, units, clause, and each limit.

    What is not known yet of the customer and of the matter may be left out.
    """
    opening = opening_of(asked, who)
    spoken = replace(
        opening,
        title=opening.title or UNSAID,
        text=opening.text or UNSAID,
        customer=replace(opening.customer, name=opening.customer.name or UNSAID),
    )
    return _json(await parts.gateway.run(_foreseen, parts, who, spoken))


def _foreseen(parts: Parts, who: Identified, opening: Opening) -> dict[str, Any]:
    books = parts.gateway.books
    body, terms, document = books.foresee(opening)
    now = datetime.now(UTC)
    _, order = decided(None, Command(str(uuid.uuid4()), who.actor, body), now, terms)
    with books.system() as session:
        provinces = _provinces(session)
    limits = rulebook.begun(document, terms, order.clocks.values(), provinces)
    return {
        "order_class": order.order_class,
        "state": order.state,
        "level": order.level,
        "lead": body.lead,
        "co": body.co,
        "copied": body.copy,
        "catalogue": body.catalogue,
        "policy": terms.policy_version,
        "at": now,
        "limits": [{"key": clock.key, "unit": clock.unit, "due": due} for clock, due in limits],
    }


def _provinces(session: Session) -> dict[str, tuple[str, str]]:
    found = select(units.c.id, units.c.name_zh, units.c.name_en).where(units.c.kind == "province")
    return {row.id: (row.name_zh, row.name_en) for row in session.execute(found)}


@router.post(
    "/orders/similar",
    response_model=SimilarOrders,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Orders that may be about the same",
)
async def find_similar(asked: SimilarRequest, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Of the customer's latest orders, and those of the same province and category of the last seven days.

    Titles are compared as the asker is shown them: what a mask hides makes no two orders alike. Whose orders are shown
    is on record like a search.
    """
    if not asked.customer.strip() and not (asked.category and asked.province):
        detail = "Neither a customer nor a category with its province is named."
        raise Problem("invalid_request", detail, field="customer", remedy="Name either; the title alone is too little.")
    his, others = await _candidates(parts, who, asked)
    found = await parts.gateway.run(_ranked, parts.rack, his, others, asked, veil.RIGHTS[who.role])
    shown = [replace(one, line=line_shown(one.line, who.role)) for one in found]
    await parts.record.seen(request, who, *(one.line.order_id for one in shown), detail="similar")
    return _json({"items": [{"order": one.line, "why": one.why, "score": one.score} for one in shown]})


@dataclass(frozen=True, slots=True)
class _Ranked:
    line: OrderLine
    why: tuple[Alike, ...]
    score: int


async def _candidates(
    parts: Parts, who: Identified, asked: SimilarRequest
) -> tuple[tuple[OrderLine, ...], tuple[OrderLine, ...]]:
    """The latest orders of the customer, and the latest of the place; each as far as the asker sees it."""
    told = VIEWS[who.role] is View.UNIT
    his: tuple[OrderLine, ...] = ()
    others: tuple[OrderLine, ...] = ()
    marks = tuple(finding.whole(parts.rack.keyring, asked.customer)) if asked.customer else ()
    if marks:
        query = OrderQuery(sight=who.sight, marks=marks, rehearsal=asked.rehearsal, told_units=told, limit=OF_CUSTOMER)
        his = (await parts.read(who, queries.search, query)).items
    if asked.category and asked.province and asked.title:
        query = OrderQuery(
            sight=who.sight,
            category=asked.category,
            province=asked.province,
            rehearsal=asked.rehearsal,
            told_units=told,
            limit=OF_PLACE,
        )
        since = datetime.now(UTC) - RECENT
        others = (await parts.read(who, queries.search, query)).items
        others = tuple(line for line in others if line.registered_at >= since)
    return his, others


def _ranked(
    rack: Rack, his: Sequence[OrderLine], others: Sequence[OrderLine], asked: SimilarRequest, rights: Rights
) -> list[_Ranked]:
    lines = {line.order_id: line for line in (*others, *his)}
    keys = rack.keys(veil.sealed_by("\n".join(line.title for line in lines.values()).encode()))
    own, wanted = {line.order_id for line in his}, _pairs(asked.title)
    found = []
    for line in lines.values():
        title = veil.unveiled(line.title.encode(), rights, keys, veil.plain).decode()
        share = _likeness(wanted, _pairs(title))
        why = {
            Alike.CUSTOMER: float(line.order_id in own),
            Alike.TITLE: share if share >= ALIKE else 0.0,
            Alike.CATEGORY: float(bool(asked.category) and line.category == asked.category),
            Alike.OPEN: float(line.closed_at is None and not line.over),
        }
        if not why[Alike.CUSTOMER] and not why[Alike.TITLE]:
            continue
        score = round(sum(_WEIGHTS[name] * much for name, much in why.items()))
        found.append(_Ranked(line, tuple(name for name, much in why.items() if much), score))
    found.sort(key=lambda one: (-one.score, -one.line.registered_at.timestamp(), one.line.order_id))
    return found[:SHOWN]


def _pairs(text: str) -> frozenset[str]:
    return frozenset(gram for gram in grams(fold(text)) if len(gram) == 2)


def _likeness(first: frozenset[str], second: frozenset[str]) -> float:
    """The share of common pairs, from 0 to 1 (Dice)."""
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0


def _json(value: Any) -> Response:
    return Response(encode(value), media_type=JSON)
