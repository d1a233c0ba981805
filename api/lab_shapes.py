"""What the lab is asked and what it answers, as it crosses the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas import Clean, Instant, Request
from audit.lab.question import LayerAsked, Month, Question
from audit.lab.reading import Selection
from audit.lab.under import Clause
from domain.model import OrderClass

MOST_ORDERS = 200_000
"""Orders of one run."""
MOST_MONTH = 50_000
Name = Annotated[Clean, Field(max_length=100)]
Unit = Annotated[Clean, Field(min_length=1, max_length=64)]
Part = Literal["calendar", "ladder", "warnings", "limits", "calling", "caps"]


class LayerRequest(Request):
    """A policy by its published `version` or as a frozen `document`; with `parts` those of it alone."""

    version: Name = ""
    document: dict[str, Any] | None = Field(None, description="As `whistle policy freeze` writes it.")
    parts: tuple[Part, ...] = Field((), description="What to take of it; empty: all of it.")


class ClauseRequest(Request):
    """A clause of the catalogue: units with their province, `GD.net`, or without, `net`; in one province or in all."""

    category: Annotated[Clean, Field(min_length=1, max_length=100)]
    lead: Unit
    co: Annotated[tuple[Unit, ...], Field(max_length=20)] = ()
    copy_: Annotated[tuple[Unit, ...], Field(max_length=20, alias="copy")] = ()
    province: Annotated[Clean, Field(min_length=1, max_length=20)] = "*"


class MonthRequest(Request):
    """A month made of the selected past orders: its first day, how many complaints, the seed of the draw."""

    first: date
    orders: Annotated[int, Field(ge=1, le=MOST_MONTH)]
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1


_EXAMPLE: JsonDict = {
    "layers": [{"version": "2026.3", "parts": ["ladder"]}],
    "from": "2026-08-01T00:00:00Z",
    "province": "GD",
}


class LabRequest(Request):
    """What to try over which past orders: layers one over the other over the recorded terms, and other clauses.

    Without layers the recorded terms are played, which gives exactly what happened.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    layers: Annotated[tuple[LayerRequest, ...], Field(max_length=8)] = ()
    catalogue: Annotated[tuple[ClauseRequest, ...], Field(max_length=500)] = ()
    from_: Annotated[Instant | None, Field(alias="from", description="Registered at it or later.")] = None
    until: Annotated[Instant | None, Field(description="Registered before it.")] = None
    province: Name = ""
    category: Name = ""
    order_class: OrderClass | None = None
    policy_version: Name = Field("", description="The version that the order runs by.")
    rehearsal: bool = False
    limit: Annotated[int, Field(ge=1, le=MOST_ORDERS)] = MOST_ORDERS
    month: MonthRequest | None = None

    def question(self) -> Question:
        """The question as the lab keeps it."""
        return Question(
            layers=tuple(LayerAsked(one.version, one.document, one.parts) for one in self.layers),
            catalogue=tuple(Clause(one.category, one.lead, one.co, one.copy_, one.province) for one in self.catalogue),
            selection=Selection(
                since=self.from_,
                until=self.until,
                province=self.province,
                category=self.category,
                order_class=self.order_class,
                policy_version=self.policy_version,
                rehearsal=self.rehearsal,
                limit=self.limit,
            ),
            month=Month(**self.month.model_dump()) if self.month else None,
        )


class ShadowRequest(Request):
    """The policy that is to run beside the live one, as in a run."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"layers": [{"version": "2026.3"}]}]})

    layers: Annotated[tuple[LayerRequest, ...], Field(min_length=1, max_length=8)]
    catalogue: Annotated[tuple[ClauseRequest, ...], Field(max_length=500)] = ()

    def question(self) -> Question:
        """The question as the lab keeps it."""
        return LabRequest(layers=self.layers, catalogue=self.catalogue).question()


class LabRun(BaseModel):
    """A run as it stands: who asked what, and how far it has come."""

    id: str
    kind: Literal["past", "month"]
    asked_by: str
    role: str
    asked_at: datetime
    policy: str = Field(description="The version that is tried; empty for the recorded terms.")
    digest: str = Field(description="The SHA-256 of the whole question.")
    asked: dict[str, Any] = Field(description="Selection, parts, clauses and month; documents by their version.")
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    total: int
    done: int
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    cancelled_by: str = Field(description="Who stopped it; '' where nobody did.")
    error: str = Field(description="Why it failed; `died`: its process died three times.")


class LabDay(BaseModel):
    """All units on one day: parts open at its end, parts opened, summons, escalations."""

    day: date
    open: int
    opened: int
    summons: int
    escalations: int


class LabUnit(BaseModel):
    """One unit over all days: most parts open at a day's end, and sums."""

    unit: str
    peak: int
    opened: int
    summons: int
    escalations: int
    breaches: int


class LabSide(BaseModel):
    """One side: what happened, or what would have."""

    totals: dict[str, float | None]
    groups: dict[str, dict[str, int]]
    rates: dict[str, float | None]
    days: list[LabDay]
    units: list[LabUnit]


class LabReport(BaseModel):
    """Both sides, what differs, and what did not fit."""

    orders: dict[str, int]
    due_moved_hours: float
    commands: dict[str, int]
    refusals: dict[str, int]
    unplayable: dict[str, int]
    was: LabSide
    would: LabSide


class LabResult(BaseModel):
    """A run with its report, null until it is done."""

    run: LabRun
    report: LabReport | None


class LabFate(BaseModel):
    """A recorded command that did not come out the same, and the rules' own reason where they refuse it."""

    at: datetime
    verb: str
    unit: str
    how: str
    code: str
    reason: str
    recorded: list[str]
    brought: list[str]
    stood_in: str


class LabOrder(BaseModel):
    """One order that differs: in what, with both values; `whole` when only time's own doing differs."""

    order_id: str
    province: str
    order_class: OrderClass
    registered_at: datetime
    whole: bool
    was: dict[str, Any]
    would: dict[str, Any]
    due_moved_hours: float | None
    commands: list[LabFate]


class LabOrders(BaseModel):
    """A page of orders that differ; give `next` back as `cursor`, empty on the last page."""

    items: list[LabOrder]
    next: str


class LabLoadDay(BaseModel):
    """One unit on one day, on both sides."""

    unit: str
    day: date
    open: int
    opened: int
    summons: int
    escalations: int


class LabLoad(BaseModel):
    """One unit's load by day, on both sides; days on which nothing moved are left out."""

    was: list[LabLoadDay]
    would: list[LabLoadDay]


class Shadow(BaseModel):
    """A policy that runs, or ran, beside the live one."""

    id: str
    policy: str
    digest: str
    asked: dict[str, Any]
    started_by: str
    started_at: datetime
    stopped_by: str
    stopped_at: datetime | None
    behind: bool = Field(description="Orders that were open at the start are still being taken in.")
    beat_at: datetime | None = Field(description="When it last looked.")
    error: str


class ShadowResult(BaseModel):
    """A shadow, and what its policy would have made of all that it follows; `sums` end in `_was` and `_would`."""

    shadow: Shadow
    sums: dict[str, int]


def told(question: str) -> dict[str, Any]:
    """What was asked, without the documents, which are long: their versions."""
    found: dict[str, Any] = msgspec.json.decode(question)
    for layer in found.get("layers", ()):
        document = layer.pop("document", None)
        if document:
            layer["version"] = str(document.get("version", ""))
    return found
