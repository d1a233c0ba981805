"""Whether the process lives, and whether it can do its work."""

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.deps import PartsDep
from store.session import LOST

router = APIRouter(tags=["health"])

_AWAY: tuple[type[Exception], ...] = (SQLAlchemyError, *LOST)


class Live(BaseModel):
    """The process answers."""

    status: str = "ok"


class Ready(BaseModel):
    """What the process needs, and whether each answers now."""

    database: bool
    engine: bool


def _ping(session: Session) -> bool:
    return bool(session.scalar(text("select true from events limit 1")) in (True, None))


@router.get("/livez", response_model=Live, summary="Whether this process lives")
async def livez() -> Live:
    """Answers as long as the event loop runs; asks nobody."""
    return Live()


@router.get(
    "/readyz",
    response_model=Ready,
    summary="Whether commands can be carried out now",
    responses={503: {"model": Ready, "description": "The database or the engine does not answer."}},
)
async def readyz(parts: PartsDep, response: Response) -> Ready:
    """Really asks the database and the engine."""
    try:
        database = await parts.read(_ping)
    except _AWAY:
        database = False
    found = Ready(database=database, engine=await parts.gateway.ready())
    if not (found.database and found.engine):
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return found
