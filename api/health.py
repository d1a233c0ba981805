"""Whether the process lives, and whether the system can do its work: commands be carried out, and clocks fire."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from api.deps import PartsDep
from store import pulses
from store.pulses import Ages
from store.session import LOST

router = APIRouter(tags=["health"])

CANARY_SECONDS = 45.0
"""A canary that was not heard for so long is silent: it sings every ten seconds."""
SWEEPER_SECONDS = 60.0
"""A sweeper that has not looked for so long is away: it looks every five seconds."""

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
async def readyz(parts: PartsDep, response: Response) -> Ready:
    """Really asks the database and the engine, and judges the canary and the sweeper by what they wrote down."""
    try:
        ages: Ages | None = await parts.system(pulses.ages)
    except _AWAY:
        ages = None
    found = _found(ages, engine=await parts.gateway.ready(), mailing=parts.settings.smtp_host is not None)
    if found.failing:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
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
        failing=[name for name, good in well.items() if not good],
    )
