"""Bringing one's history: orders of other systems come in with their times and authors, marked as imported."""

import re
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from api import importing
from api.deps import AskerDep, PartsDep
from api.errors import declared
from api.importing import Case
from api.outcomes import Silent
from api.schemas import Clean, CustomerRequest, Instant, Plain, Required, Text
from api.schemas import Request as Body
from api.views import JSON
from contracts.messages import encode
from domain.commands import ForeignStep, ImportHistory
from domain.history import MOST_SAID, MOST_STEPS
from domain.model import OrderClass, Outcome, State
from vault import masks

router = APIRouter(tags=["orders"])

MOST_CASES = 100
"""Orders of one request."""
_NUMBERED = re.compile(r"[A-Za-z]+[-_ #/]?\d{1,12}|00\d{1,8}", re.ASCII)
"""A running number of another system; nobody's telephone begins with letters, or with two zeros and is so short."""


@lru_cache(maxsize=65_536)
def _foreign(value: str) -> str:
    """What is kept in clear of another system: its codes and running numbers, nothing that speaks of a person."""
    if not _NUMBERED.fullmatch(value) and masks.struck(value) != value:
        raise ValueError("holds what looks like somebody's number or address; send it among `words`, which are sealed")
    return value


Foreign = Annotated[Clean, Field(max_length=300), AfterValidator(_foreign)]
Named = Annotated[Clean, Field(min_length=1, max_length=300), AfterValidator(_foreign)]
Details = Annotated[dict[Annotated[Plain, Field(min_length=1, max_length=200)], Foreign], Field(max_length=200)]
Sayings = Annotated[dict[Annotated[Plain, Field(min_length=1, max_length=200)], Text], Field(max_length=50)]


class StepRequest(Body):
    """One step there. `state` is ours, left out where the order stayed as it was; `words` are sealed.

    Of `details` those stay in clear that are numbers, dates, running numbers or a yes or no; the others are sealed too.
    """

    activity: Named
    at: Instant
    by: Foreign = ""
    unit: Foreign = ""
    status: Foreign = ""
    state: State | None = None
    event: Annotated[Plain, Field(max_length=60, description="Our event of the same meaning, if any.")] = ""
    details: Details = Field(default_factory=dict)
    words: Sayings = Field(default_factory=dict)

    def record(self) -> ForeignStep:
        """The step as the rules know it."""
        return ForeignStep(
            activity=self.activity,
            at=self.at,
            by=self.by,
            unit=self.unit,
            status=self.status,
            state=self.state,
            event=self.event,
            details=self.details,
        )


class CaseRequest(Body):
    """One order of another system, whole. With an `outcome` it had ended; without one it goes on here."""

    system: Annotated[Plain, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]
    case: Named
    title: Annotated[Clean, Field(min_length=1, max_length=300)]
    text: Required
    category: Annotated[Plain, Field(min_length=1, max_length=100)]
    order_class: OrderClass | None = Field(None, description="Default: the catalogue's, else `general`.")
    province: Annotated[Plain, Field(min_length=1, max_length=20)]
    channel: Annotated[Plain, Field(min_length=1, max_length=50)]
    customer: CustomerRequest
    steps: Annotated[list[StepRequest], Field(min_length=1, max_length=MOST_STEPS)]
    registered_at: Instant | None = None
    area: Annotated[Plain, Field(max_length=100)] = ""
    outcome: Outcome | None = None
    lead: Annotated[Plain, Field(max_length=50, description="The unit of ours that goes on with an open one.")] = ""
    dispatch: bool = Field(True, description="False leaves an open one to a dispatcher, whatever the catalogue says.")
    said_reopens: int | None = Field(None, description=f"From 0 to {MOST_SAID}, or the case is refused.")
    said_moves: int | None = Field(None, description=f"From 0 to {MOST_SAID}, or the case is refused.")
    details: Details = Field(default_factory=dict)
    words: Sayings = Field(default_factory=dict)
    numbered: bool = Field(False, description="The steps' order is that system's own, whatever its times say.")

    def record(self) -> Case:
        """The case as it is taken in; its number here and the class of the catalogue come later."""
        history = ImportHistory(
            order_id="",
            system=self.system,
            case=self.case,
            title=self.title,
            text=self.text,
            category=self.category,
            order_class=self.order_class or OrderClass.GENERAL,
            province=self.province,
            channel=self.channel,
            customer=self.customer.record(),
            steps=tuple(step.record() for step in self.steps),
            registered_at=self.registered_at,
            area=self.area,
            outcome=self.outcome,
            lead=self.lead,
            said_reopens=self.said_reopens,
            said_moves=self.said_moves,
            details=self.details,
            numbered=self.numbered,
        )
        return Case(history, self.words, tuple(step.words for step in self.steps), self.order_class, self.dispatch)


class HistoriesRequest(Body):
    """Some orders of another system."""

    cases: Annotated[list[CaseRequest], Field(min_length=1, max_length=MOST_CASES)]


class TakenLine(BaseModel):
    """What became of a case."""

    case: str
    standing: str = Field(description="imported, there (it came in before), or refused, then with `problem`.")
    order_id: str
    open: bool = Field(description="It goes on here.")
    reopens: int = Field(description="Counted from the steps.")
    moves: int = Field(description="Changes of the unit there, counted from the steps.")
    problem: dict[str, Any] | None = None


class TakenList(BaseModel):
    """One line a case, in the order in which they were sent."""

    items: list[TakenLine]


@router.post(
    "/orders/import_history",
    response_model=TakenList,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "too_many_requests", "unavailable"),
    summary="Take in orders that another system has kept until now, with their history",
)
async def import_history(
    asked: HistoriesRequest,
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    check: Annotated[bool, Query(description="Try everything and keep nothing.")] = False,
) -> Response:
    """Each once, by its system and number: sent again it is `there`. One that is refused keeps no other from coming in.

    An ended one becomes a closed order; an open one goes on as an order of ours, its clocks from now.
    """
    cases = [case.record() for case in asked.cases]
    taken = await parts.gateway.run(lambda: importing.take_in(parts.gateway.books, who, cases, check=check))
    for one in taken:
        if one.open and not check:
            try:
                await parts.gateway.restart(one.order_id)
            except Silent:
                break  # they are in the ledger: the search for lost workflows starts them
    return Response(encode({"items": taken}), media_type=JSON)
