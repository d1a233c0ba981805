"""What administrators do with the accounts of others: give a password for one log-in, unlock, log out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api import record
from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared
from api.login import CookiesDep
from api.views import JSON
from contracts.messages import encode
from identity import accounts, passwords
from identity.people import Identified
from store import accesses
from store.accesses import Outcome

router = APIRouter(prefix="/accounts", tags=["accounts"])
T = TypeVar("T")

PersonId = Annotated[str, Path(max_length=64, description="A person's id, such as gd-net-head.")]


class OneTime(BaseModel):
    """A password for one log-in until then (UTC), at which another must be chosen; it is shown this once."""

    person: str
    password: str
    good_until: datetime


class Unlocked(BaseModel):
    """Whether wrong passwords had been counted against the person."""

    person: str
    unlocked: bool


class LoggedOut(BaseModel):
    """How many sessions of the person ended."""

    person: str
    ended: int


@router.post(
    "/{person}/reset",
    operation_id="reset_account",
    response_model=OneTime,
    responses=declared("unauthenticated", "csrf", "forbidden", "not_found", "too_many_requests", "unavailable"),
    summary="Give somebody a password for one log-in",
)
async def reset_account(
    request: Request, person: PersonId, who: AskerDep, parts: PartsDep, known: CookiesDep
) -> Response:
    """Also his first. It unlocks the account and ends all his sessions; he must change it when he logs in.

    Not one's own: who can ask this knows his password and changes it, and whoever sits at his open session does not.
    """
    if person == who.id:
        raise Problem(
            "forbidden",
            "One's own password is not reset, or it would be lost with the session.",
            field="person",
            remedy="Change it: POST /v1/password.",
        )
    password = passwords.one_time()
    try:
        hash_now = await passwords.hashed(password)
    except passwords.Overrun:
        raise Problem("too_many_requests", "Too many log-ins wait.", remedy="Ask again.", retry_after=2) from None
    good_until = await _done(request, parts, who, person, accounts.reset, hash_now, datetime.now(UTC))
    known.forget()
    return Response(encode({"person": person, "password": password, "good_until": good_until}), media_type=JSON)


@router.post(
    "/{person}/unlock",
    operation_id="unlock_account",
    response_model=Unlocked,
    responses=declared("unauthenticated", "csrf", "forbidden", "not_found", "unavailable"),
    summary="Unlock somebody's account",
)
async def unlock_account(request: Request, person: PersonId, who: AskerDep, parts: PartsDep) -> Response:
    """Forgets the wrong passwords that were counted; the password stays as it is."""
    unlocked = await _done(request, parts, who, person, accounts.unlock)
    return Response(encode({"person": person, "unlocked": unlocked}), media_type=JSON)


@router.post(
    "/{person}/logout",
    operation_id="log_out_account",
    response_model=LoggedOut,
    responses=declared("unauthenticated", "csrf", "forbidden", "not_found", "unavailable"),
    summary="End all of somebody's sessions",
)
async def log_out_account(
    request: Request, person: PersonId, who: AskerDep, parts: PartsDep, known: CookiesDep
) -> Response:
    """Within five seconds no process takes them for good any more. His service tokens are not touched."""
    ended = await _done(request, parts, who, person, accounts.log_out, datetime.now(UTC))
    known.forget()
    return Response(encode({"person": person, "ended": ended}), media_type=JSON)


async def _done(
    request: Request, parts: Parts, who: Identified, person: str, step: Callable[..., T], *arguments: object
) -> T:
    """Do a step to a person's account and put it on record; raises Problem `not_found`."""
    entry = record.access(request, who, Outcome.CHANGED, detail=f"account of {person}")

    def together(session: Session) -> T:
        answer = step(session, person, *arguments)
        accesses.add(session, entry)
        return answer

    try:
        return await parts.write(together)
    except accounts.Unknown:
        raise Problem("not_found", f"There is no person {person}.", remedy="GET /v1/people lists them.") from None
    except accounts.NoAccount:
        raise Problem(
            "not_found", f"{person} has no password.", remedy=f"Give one: POST /v1/accounts/{person}/reset."
        ) from None
