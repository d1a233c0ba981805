"""Policies as people write them: the YAML of a version, and what a text comes to, with every fault at its line."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

import rulebook
from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.policies import Version, few, find, known
from api.schemas import Clean, Request
from api.views import JSON
from contracts.messages import encode
from domain.model import Role
from rulebook import Change, Fault
from store import policies

router = APIRouter(prefix="/policies", tags=["policies"])

MOST_TEXT = 500_000
"""Characters of a policy's text."""
NO_FILES = "a file of another machine is not read here"


class PolicyText(BaseModel):
    """A version's document as YAML, to be changed and read again."""

    version: str
    text: str


class PolicyTextRequest(Request):
    """A policy as people write it, in YAML or JSON."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "version: '2026.4'\ntitle: {zh: 示例, en: Example}\n"}]},
        str_strip_whitespace=False,  # a line's number counts from the first, even where that is empty
    )

    text: Annotated[Clean, Field(min_length=1, max_length=MOST_TEXT)]


class PolicyRead(BaseModel):
    """What a text comes to."""

    ok: bool = Field(description="Whether the document may be published.")
    document: dict[str, Any] = Field(description="The frozen document; empty where the text cannot be read.")
    faults: list[Fault] = Field(description="Everything that is wrong, by line, warnings included.")
    against: str = Field(description="The version in force, with which it is compared; empty where there is none.")
    changes: list[Change] = Field(description="What differs from that, in words; empty while the document has faults.")


@router.get(
    "/{version}/text",
    response_model=PolicyText,
    responses=declared("unauthenticated", "not_found", "unavailable"),
    summary="One version of the policy, to be changed",
)
async def get_policy_text(version: Version, who: AskerDep, parts: PartsDep) -> Response:
    """The YAML that freezes to the very document; calendars stand as they were frozen, day by day."""
    text = await parts.read(who, _text, version)
    return Response(encode({"version": version, "text": text}), media_type=JSON)


@router.post(
    "/read",
    response_model=PolicyRead,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="What a policy's text comes to",
)
async def read_policy(request: PolicyTextRequest, who: AskerDep, parts: PartsDep) -> Response:
    """The frozen document, every fault at its line, and what differs from the policy in force. Nothing is kept."""
    if who.role is Role.CUSTOMER:
        raise Problem("forbidden", "Policies are tried out by staff.")
    async with few():
        found = await parts.read(who, _read, request.text)
    return Response(encode(found), media_type=JSON)


def _text(session: Session, version: str) -> str:
    find(session, version)
    return rulebook.yaml_of(policies.document(session, version))


def _read(session: Session, text: str) -> dict[str, Any]:
    frozen = rulebook.freeze(text, _no_file, known(session))
    try:
        against, document = policies.current(session)
    except LookupError:
        against, document = "", {}
    return {
        "ok": not frozen.errors,
        "document": frozen.document,
        "faults": frozen.faults,
        "against": against,
        "changes": () if frozen.errors else rulebook.diff(document, frozen.document),
    }


def _no_file(name: str) -> bytes:
    raise OSError(f"{name}: {NO_FILES}")
