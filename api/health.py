"""Whether the process lives, and whether the system can do its work: commands be carried out, and clocks fire."""

from __future__ import annotations

import asyncio
import time

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from api.deps import Parts, PartsDep
from store import pulses
from store.pulses import Ages
from store.session import LOST

router = APIRouter(tags=["health"])

CANARY_SECONDS = 45.0
"""A canary that was not heard for so long is silent: it sings every ten seconds."""
SWEEPER_SECONDS = 60.0
"""A sweeper that has not looked for so long is away: it looks every five seconds."""
KEPT_SECONDS = 1.0
"""How long an answer serves all who ask: it is open to anybody, and asks database and engine."""

_AWAY: tuple[type[Exception], ...] = (SQLAlchemyError, *LOST)


class Live(BaseModel):
    """The process answers."""

    status: str = "ok"


class Ready(BaseModel):
    """What the system needs to work, and how old the last sign of each watcher is, in seconds; null: there is none."""

    database: bool
    engine: bool
    canary: float | None = Field(
        description="Since a small workflow's timer last rang in the real namespace and was recorded."
    )
    canary_late: float | None = Field(description="How late that timer rang.")
    sweeper: float | None = Field(description="Since overdue marks were last looked for.")
    reconciler: float | None = Field(description="Since pending commands were last looked for.")
    outbox: float | None = Field(description="Age of the oldest letter that waits to be sent; null: no mail server.")
    projection: float | None = Field(description="How long the oldest mark that is due has waited to be recorded.")
    log: float | None = Field(description="How long the oldest event has waited for a signed checkpoint of the log.")
    failing: list[str] = Field(description="What keeps the system from being ready; empty: nothing.")


@router.get("/livez", response_model=Live, summary="Whether this process lives")
async def livez() -> Live:
    """Answers as long as the event loop runs; asks nobody."""
    return Live()


@router.get(
    "/readyz",
    response_model=Ready,
    summary="Whether commands can be carried out now, and clocks fire",
    responses={503: {"model": Ready, "description": "`failing` names what does not answer or was not heard lately."}},
)
async def readyz(request: Request, parts: PartsDep, response: Response) -> Ready:
    """Really asks the database and the engine, and judges the canary and the sweeper by what they wrote down.

    Whoever asks within a second of another gets the same answer.
    """
    state = request.app.state
    if not hasattr(state, "readiness"):
        state.readiness = _Readiness()
    found: Ready = await state.readiness.of(parts)
    if found.failing:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return found


class _Readiness:
    """The answer of one application, found once for all who ask at about the same time."""

    def __init__(self) -> None:
        self._asking: asyncio.Task[Ready] | None = None
        self._until = 0.0

    async def of(self, parts: Parts) -> Ready:
        if self._asking is None or (self._asking.done() and time.monotonic() > self._until):
            self._asking = asyncio.create_task(self._ask(parts))
        return await asyncio.shield(self._asking)  # whoever hangs up takes the answer from nobody

    async def _ask(self, parts: Parts) -> Ready:
        try:
            ages: Ages | None = await parts.system(pulses.ages)
        except _AWAY:
            ages = None
        found = _found(ages, engine=await parts.gateway.ready(), mailing=parts.settings.smtp_host is not None)
        self._until = time.monotonic() + KEPT_SECONDS
        return found


def _found(ages: Ages | None, *, engine: bool, mailing: bool) -> Ready:
    heard = ages.heard if ages else {}
    canary, sweeper = heard.get(pulses.CANARY), heard.get(pulses.SWEEPER)
    reconciler = heard.get(pulses.RECONCILER)
    well = {
        "database": ages is not None,
        "engine": engine,
        "canary": canary is not None and canary.age < CANARY_SECONDS,
        "sweeper": sweeper is not None and sweeper.age < SWEEPER_SECONDS,
    }
    return Ready(
        database=well["database"],
        engine=engine,
        canary=canary and round(canary.age, 1),
        canary_late=canary and float(canary.detail),
        sweeper=sweeper and round(sweeper.age, 1),
        reconciler=reconciler and round(reconciler.age, 1),
        outbox=round(ages.outbox, 1) if ages and mailing else None,
        projection=round(ages.projection, 1) if ages else None,
        log=round(ages.log, 1) if ages else None,
        failing=[name for name, good in well.items() if not good],
    )
