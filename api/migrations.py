"""Putting open orders under another version of the policy: every deadline that moves is listed first.

A preview changes nothing. To apply it, each order is named with the digest of what was listed for it: an order for
which something else would move by now is left alone and said to have changed. What is applied is the command
`migrate_policy`, under a key made of the order, the list, and who applies it why, so that to apply a list again does
nothing again. Of two people who apply it at once one did it, and the other is told that the order runs by it already.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared
from api.policies import known, refused
from api.policy_examples import MIGRATION, MIGRATION_PREVIEW
from api.retiming import new_terms
from api.schemas import Clean, Instant, Required
from api.schemas import Request as Body
from contracts.messages import encode
from domain.commands import MigratePolicy
from domain.model import Order, OrderClass, State
from domain.order import due, evolve
from domain.policy import Document, Terms
from domain.retime import Move, moves
from domain.transitions import TABLE
from identity.people import Identified
from rulebook.faults import Faults, nearest
from rulebook.meaning import HEADQUARTERS
from store import policies
from store.governed import GovernedQuery, governed
from store.orders import Found
from store.tables import orders

router = APIRouter(prefix="/policies", tags=["policies"])

VERB = "migrate_policy"
MOST = 200
"""Orders of one page."""
AT_ONCE = 8
"""Orders that are migrated at once."""
VALID = timedelta(hours=1)
"""How long a preview may be applied."""
ROLES = next(row.roles for row in TABLE if row.verb == VERB)
_PROBLEMS = ("unauthenticated", "forbidden", "invalid_request", "invalid_field", "not_found", "unavailable")

Version = Annotated[str, Path(max_length=100, description="The version to migrate to.")]
Number = Annotated[Clean, Field(min_length=1, max_length=64)]


class PreviewRequest(Body):
    """Which open orders: those named, or those that all filters admit, page by page."""

    model_config = ConfigDict(json_schema_extra={"examples": [MIGRATION_PREVIEW]})

    order_ids: Annotated[tuple[Number, ...], Field(max_length=MOST)] = ()
    province: Annotated[Clean, Field(max_length=20)] = ""
    order_class: OrderClass | None = None
    from_version: Annotated[Clean, Field(max_length=100, description="The version that they run by now.")] = ""
    rehearsal: bool = False
    after: Annotated[Clean, Field(max_length=64, description="The `next` of the page before.")] = ""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100


class MovedOrder(BaseModel):
    """One order and every deadline that would move; `unchanged` when it runs by that version already."""

    order_id: str
    state: State
    province: str
    order_class: OrderClass
    policy_version: str
    unchanged: bool
    moves: list[Move]
    digest: str = Field(description="Names this list; give it back as `expected`.")


class Preview(BaseModel):
    """What a migration would move, as at `at` (UTC); nothing has been changed."""

    version: str
    at: datetime
    orders: list[MovedOrder]
    moved: int = Field(description="Deadlines that would move, end or begin.")
    breaching: int = Field(description="Of these, those that would be missed at once.")
    next: str = Field(description="Give it back as `after`; empty on the last page.")


class WantedOrder(Body):
    """An order of the preview, and the digest of what it listed."""

    order_id: Number
    expected: Annotated[Clean, Field(min_length=1, max_length=64)]


class MigrationRequest(Body):
    """What of a preview is to be applied, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [MIGRATION]})

    at: Instant = Field(description="The preview's.")
    reason: Required
    orders: Annotated[tuple[WantedOrder, ...], Field(min_length=1, max_length=MOST)]


class Outcome(StrEnum):
    """What became of one order."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class MigratedOrder(BaseModel):
    """What became of one order.

    `applied`: the event is on record. `unchanged`: it runs by that version already. `changed`: something else would
    move than was listed; look again. `refused`: see `code` and `detail`. `unknown`: apply the same again to find out.
    """

    order_id: str
    outcome: Outcome
    code: str = ""
    detail: str = ""


class Migration(BaseModel):
    """What became of each order that was to be migrated, in the order in which they were named."""

    version: str
    orders: list[MigratedOrder]
    applied: int


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """An order as a preview sees it, with the terms that it would have."""

    order: Order
    terms: Terms
    unchanged: bool
    moves: tuple[Move, ...]
    digest: str


@router.post(
    "/{version}/migration/preview",
    responses=declared(*_PROBLEMS),
    summary="What a migration to this version would move",
)
async def preview(version: Version, asked: PreviewRequest, request: Request, who: AskerDep, parts: PartsDep) -> Preview:
    """For every open order every deadline that would move: the old and the new due time, and the rules behind them.

    Nothing is changed. The instants are UTC; `zone` is that of the unit's calendar. A province, a version or an order
    number that is not there is refused; a named order that is no longer open is left out.
    """
    query = GovernedQuery(**asked.model_dump())
    now = datetime.now(UTC)
    found = await parts.read(who, _listed, version, query, now)
    await parts.record.seen(request, who, *(one.order.id for one in found), detail=version)
    more = not query.order_ids and len(found) == query.limit
    moved = [move for one in found for move in one.moves]
    return Preview(
        version=version,
        at=now,
        orders=[
            MovedOrder(
                order_id=one.order.id,
                state=one.order.state,
                province=one.order.province,
                order_class=one.order.order_class,
                policy_version=one.order.policy_version,
                unchanged=one.unchanged,
                moves=list(one.moves),
                digest=one.digest,
            )
            for one in found
        ],
        moved=len(moved),
        breaching=sum(move.breaches for move in moved),
        next=found[-1].order.id if more else "",
    )


@router.post("/{version}/migration", responses=declared(*_PROBLEMS), summary="Migrate orders as previewed")
async def migrate(version: Version, asked: MigrationRequest, who: AskerDep, parts: PartsDep) -> Migration:
    """Each order as it was listed, by the command `migrate_policy`; to ask the same again does nothing twice.

    One order's refusal holds up no other.
    """
    if not timedelta(0) <= datetime.now(UTC) - asked.at <= VALID:
        raise Problem(
            "invalid_field",
            "The preview is not of the last hour.",
            field="at",
            remedy="Preview again, then apply that.",
        )
    query = GovernedQuery(order_ids=tuple(one.order_id for one in asked.orders))
    found = {one.order.id: one for one in await parts.read(who, _foresee, version, query, asked.at)}
    room = asyncio.Semaphore(AT_ONCE)

    async def one_order(wanted: WantedOrder) -> MigratedOrder:
        async with room:
            return await _migrated(parts, who, version, asked.reason, wanted, found.get(wanted.order_id))

    done = await asyncio.gather(*(one_order(wanted) for wanted in asked.orders))
    return Migration(version=version, orders=done, applied=sum(one.outcome is Outcome.APPLIED for one in done))


async def _migrated(
    parts: Parts, who: Identified, version: str, reason: str, wanted: WantedOrder, found: _Foreseen | None
) -> MigratedOrder:
    """Migrate one order if what would move is what was listed."""
    number = wanted.order_id
    if found is None:
        return MigratedOrder(
            order_id=number, outcome=Outcome.REFUSED, code="order_not_found", detail=f"There is no open order {number}."
        )
    if found.unchanged:
        return MigratedOrder(order_id=number, outcome=Outcome.UNCHANGED)
    if found.digest != wanted.expected:
        detail = "Something else would move by now than was listed. Preview again."
        return MigratedOrder(order_id=number, outcome=Outcome.CHANGED, code="stale_order", detail=detail)
    seq = found.order.seq
    key = "migrate-" + _hash((version, number, wanted.expected, seq, encode(who.actor).decode(), reason))
    try:
        reply = await parts.gateway.act(number, VERB, key, who, MigratePolicy(version), reason, seq)
    except Problem as problem:
        return MigratedOrder(order_id=number, outcome=Outcome.UNKNOWN, code=problem.code, detail=problem.detail)
    if reply.status == 200:
        return MigratedOrder(order_id=number, outcome=Outcome.APPLIED)
    if await _runs_by(parts, number, found.terms):
        return MigratedOrder(order_id=number, outcome=Outcome.UNCHANGED)
    said = msgspec.json.decode(reply.body)
    outcome = Outcome.CHANGED if said["code"] == "stale_order" else Outcome.REFUSED
    return MigratedOrder(order_id=number, outcome=outcome, code=said["code"], detail=said["detail"])


async def _runs_by(parts: Parts, order_id: str, terms: Terms) -> bool:
    """Whether somebody else gave the order these terms meanwhile; the ledger may not have it yet."""
    with suppress(Problem):
        order = (await parts.gateway.live(order_id)).order
        return (order.policy_version, order.terms) == (terms.policy_version, terms.digest)
    return False


def _listed(session: Session, version: str, query: GovernedQuery, now: datetime) -> list[_Foreseen]:
    """As `_foresee`; raises Problem for a filter that names what is not there: a slip is not nothing."""
    found, wrong = _foresee(session, version, query, now), Faults()
    if query.order_ids:
        there = set(session.scalars(select(orders.c.order_id).where(orders.c.order_id.in_(query.order_ids))))
        if missing := ", ".join(dict.fromkeys(number for number in query.order_ids if number not in there)):
            reason = (f"没有工单 {missing}", f"there is no order {missing}")
            wrong.add("order_ids", reason, ("改正或去掉这些工单号", "correct these numbers, or leave them out"))
    elif not found and not query.after:
        versions, provinces = (
            [one.version for one in policies.versions(session)],
            (*known(session).provinces, HEADQUARTERS),
        )
        if query.province and query.province not in provinces:
            reason = (f"没有省分 {query.province}", f"there is no province {query.province}")
            wrong.add("province", reason, nearest(query.province, provinces))
        if query.from_version and query.from_version not in versions:
            reason = (f"没有政策 {query.from_version}", f"there is no policy {query.from_version}")
            wrong.add("from_version", reason, nearest("", versions))
    if len(wrong):
        raise refused(wrong)
    return found


def _foresee(session: Session, version: str, query: GovernedQuery, now: datetime) -> list[_Foreseen]:
    """What the version would make of these orders at `now`; raises Problem for a version that is not there."""
    try:
        document = policies.document(session, version)
    except LookupError:
        remedy = "GET /v1/policies lists the versions."
        raise Problem("not_found", f"There is no policy {version}.", field="version", remedy=remedy) from None
    resolved = _Resolved(version, document)
    return [
        _foreseen(one, now, policies.terms(session, one.terms), resolved.terms(one.order))
        for one in governed(session, query)
    ]


class _Resolved:
    """The version's terms for orders; alike ones share them."""

    def __init__(self, version: str, document: Document) -> None:
        self._body, self._document = MigratePolicy(version), document
        self._terms: dict[tuple[str, ...], Terms] = {}

    def terms(self, order: Order) -> Terms:
        """The terms that the order would have."""
        alike = (order.order_class, order.customer.tier, order.province, order.area, order.category, order.priority)
        if alike not in self._terms:
            self._terms[alike] = new_terms(order, self._body, self._document)
        return self._terms[alike]


def _foreseen(found: Found, now: datetime, old: Terms, new: Terms) -> _Foreseen:
    order = found.order
    at = max(now, found.updated_at)  # a rehearsal's clock may be ahead of ours
    for event in due(order, at, old):
        order = evolve(order, event)
    unchanged = order.policy_version == new.policy_version and order.terms == new.digest
    moved = moves(order, at, old, new)
    return _Foreseen(found.order, new, unchanged, moved, _hash((new.policy_version, order.id, _said(moved))))


def _said(moved: Iterable[Move]) -> list[tuple[str, ...]]:
    """What a list of moves promises; of a clock that would begin, that it would: its times are those of the doing."""
    return [
        ("started", move.kind, move.unit)
        if move.change == "started"
        else (move.change, move.key, str(move.was), str(move.due_at), move.rule)
        for move in moved
    ]


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]
