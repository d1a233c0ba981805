"""Service tokens: made, listed and taken back by administrators, and by headquarters, who alone give orders away.

A token is in one answer and never again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api import schemas
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.record import access
from api.schemas import Clean, Plain
from api.views import JSON
from contracts.messages import encode
from identity import tokens
from identity.people import Identified
from identity.scopes import ALL_ACTS, SCOPES, of_orders
from store import accesses
from store import tokens as rows
from store.accesses import Access, Outcome
from store.tokens import Token

router = APIRouter(prefix="/tokens", tags=["tokens"])


class TokenRequest(schemas.Request):
    """As whom a program is to act, for what, and for how many days."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "website", "person": "web-channel", "scopes": ["orders:register"], "days": 90}]
        }
    )

    name: Annotated[Plain, Field(min_length=1, max_length=tokens.MOST_NAME, description="What it is for.")]
    person: Annotated[Clean, Field(min_length=1, max_length=64, description="As whom the program acts.")]
    scopes: Annotated[list[Annotated[Clean, Field(max_length=64)]], Field(min_length=1, max_length=100)]
    days: int = Field(90, ge=1, le=tokens.MOST_DAYS, description="Days until it expires.")


class NewToken(BaseModel):
    """A token, this once, and what is kept of it."""

    token: str = Field(description="Send it as `Authorization: Bearer <token>`; it cannot be had again.")
    about: Token


class ScopeLine(BaseModel):
    """A scope that a token may have, in both languages; `orders` where only headquarters may give it."""

    scope: str
    zh: str
    en: str
    orders: bool


@router.get(
    "/scopes",
    operation_id="list_scopes",
    response_model=list[ScopeLine],
    responses=declared("unauthenticated", "forbidden", "unavailable"),
    summary="What a service token may be made for",
)
async def list_scopes(who: AskerDep) -> Response:
    """The closed list of scopes; `orders:act` stands for every command."""
    every = {name: (scope.zh, scope.en) for name, scope in SCOPES.items()}
    every[ALL_ACTS] = ("办理工单的全部命令", "every command on orders")
    found = [{"scope": name, "zh": zh, "en": en, "orders": of_orders(name)} for name, (zh, en) in sorted(every.items())]
    return Response(encode(found), media_type=JSON)


@router.post(
    "",
    operation_id="make_token",
    status_code=201,
    response_model=NewToken,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="Make a service token",
)
async def make_token(request: Request, asked: TokenRequest, who: AskerDep, parts: PartsDep) -> Response:
    """For a program that acts as a person of the directory, best one of its own; it is shown this once.

    One with a scope `orders:…` is made by headquarters alone.
    """
    scopes = tuple(sorted(set(asked.scopes)))
    noted = access(request, who, Outcome.CHANGED, detail=f"token for {asked.person}: {' '.join(scopes)}"[:1000])
    try:
        token, row = await parts.write(_make, asked, scopes, who, noted)
    except tokens.NotPossible as error:
        code = "forbidden" if isinstance(error, tokens.NotGiven) else "invalid_request"
        raise Problem(code, f"{error}", field=error.field, remedy=error.remedy) from error
    return Response(encode({"token": token, "about": row}), status_code=201, media_type=JSON)


@router.get(
    "",
    operation_id="list_tokens",
    response_model=list[Token],
    responses=declared("unauthenticated", "forbidden", "unavailable"),
    summary="Service tokens",
)
async def list_tokens(who: AskerDep, parts: PartsDep) -> Response:
    """Every one that was ever made, the latest first; the tokens themselves are kept nowhere."""
    return Response(encode(await parts.system(rows.all_of)), media_type=JSON)


@router.delete(
    "/{token_id}",
    operation_id="revoke_token",
    response_model=Token,
    responses=declared("unauthenticated", "forbidden", "not_found", "unavailable"),
    summary="Take a service token back",
)
async def revoke_token(
    request: Request,
    token_id: Annotated[str, Path(pattern="^[a-z0-9]{1,64}$", description="The part between `whs_` and `_`.")],
    who: AskerDep,
    parts: PartsDep,
) -> Response:
    """It is good nowhere within ten seconds; asking again changes nothing."""
    noted = access(request, who, Outcome.CHANGED, detail=f"token {token_id} revoked")
    row = await parts.write(_revoke, token_id, noted)
    if row is None:
        raise Problem("not_found", f"There is no token {token_id}.", remedy="GET /v1/tokens lists them.")
    return Response(encode(row), media_type=JSON)


def _make(
    session: Session, asked: TokenRequest, scopes: tuple[str, ...], by: Identified, noted: Access
) -> tuple[str, Token]:
    made = tokens.create(
        session,
        person=asked.person,
        name=asked.name,
        scopes=scopes,
        days=asked.days,
        by=by,
        now=datetime.now(UTC),
    )
    accesses.add(session, noted)
    return made


def _revoke(session: Session, token_id: str, noted: Access) -> Token | None:
    row = rows.revoke(session, token_id)
    if row is not None:
        accesses.add(session, noted)
    return row
