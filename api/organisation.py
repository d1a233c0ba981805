"""The organisation entered or changed by one document: units, people and the dispatch catalogue."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api import bodies
from api.deps import Parts, asker
from api.deps import parts as parts_of
from api.errors import Problem, declared
from api.policies import refused
from api.record import access
from api.views import JSON
from contracts.messages import encode
from identity.people import Identified
from rulebook.faults import Faulty
from store import accesses, organise, posts
from store.accesses import Access, Outcome
from store.organisation import COLUMNS, Column, Form
from store.organise import Loaded

router = APIRouter(tags=["directory"])

MOST_BYTES = 16 * 1024 * 1024
"""The longest document; one of 20,000 people has some 5 MB."""
MOST_PARTS = 1_000_000
NAME = "DirectoryDocument"
"""What the document is called in the API's own description."""
ARRIVAL_SECONDS = 60.0
"""How long a document may take to arrive."""


class EntryCounts(BaseModel):
    """What becomes of the entries of one section; `left` of those changed are people who are taken out."""

    added: int
    changed: int
    unchanged: int
    left: int


class DirectoryLoaded(BaseModel):
    """What the document did, or with `dry_run` would do."""

    dry_run: bool
    units: EntryCounts
    people: EntryCounts
    catalogue: EntryCounts


def _schema_of(column: Column) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "maxLength": column.most}
    match column.form:
        case Form.FLAG:
            return {"type": "boolean", "default": column.new, "description": column.says}
        case Form.IDS:
            return {"type": "array", "items": {"type": "string"}, "maxItems": column.most, "description": column.says}
        case Form.WORD:
            return {"type": "string", "enum": list(column.words), "description": column.says}
        case Form.EMAIL:
            return {**text, "format": "email", "description": column.says}
        case _:
            return {**text, "description": column.says}


def schema() -> dict[str, Any]:
    """The document's JSON schema, as the table of its fields has it."""
    sections = {
        section: {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: _schema_of(column) for name, column in columns.items()},
                **({} if section == "catalogue" else {"required": ["id"]}),
                "additionalProperties": False,
            },
        }
        for section, columns in COLUMNS.items()
    }
    flag = {"type": "boolean", "default": False, "description": "Only check and count."}
    return {"type": "object", "properties": {**sections, "dry_run": flag}, "additionalProperties": False}


_EXAMPLE = {
    "units": [
        {"id": "HQ", "kind": "headquarters", "name_zh": "总部", "name_en": "Headquarters", "zone": "Asia/Shanghai"},
        {"id": "GD", "kind": "province", "parent": "HQ", "name_zh": "广东", "name_en": "Guangdong"},
        {"id": "GD.net", "kind": "department", "parent": "GD", "name_zh": "网络部", "name_en": "Network"},
    ],
    "people": [{"id": "chen.li", "name_zh": "陈莉", "name_en": "Chen Li", "role": "unit_head", "unit": "GD.net"}],
    "catalogue": [{"category": "network.fault", "province": "GD", "order_class": "fault", "lead": "GD.net"}],
    "dry_run": True,
}
_BODY = {"required": True, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{NAME}"}, "example": _EXAMPLE}}}


@router.put(
    "/directory",
    operation_id="load_directory",
    response_model=DirectoryLoaded,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "too_large", "too_slow", "unavailable"),
    summary="Enter or change units, people and the dispatch catalogue",
    openapi_extra={"requestBody": _BODY},
)
async def load_directory(request: Request) -> Response:
    """Everything is checked before anything is written: all faults at once, up to 50, each with its path and remedy.

    Entries are laid over those of the same id; what is not named stays as it is, so the same document again changes
    nothing. Nothing is ever deleted: `active: false` takes a person out. At most 16 MiB. Administrators only, in their
    own name; on record with its counts.
    """
    parts, who = await parts_of(request), await asker(request)
    if who.acting_for:
        remedy = "Leave out Acting-For."
        raise Problem("forbidden", "In a colleague's place nobody does this.", field="Acting-For", remedy=remedy)
    document = await asyncio.to_thread(_document, await _received(request))
    noted = access(request, who, Outcome.CHANGED)
    loaded = await _load(parts, who, document, noted)
    if not loaded.dry_run:
        posts.forget()
        request.app.state.cookies.forget()
    return Response(encode(loaded), media_type=JSON)


async def _load(parts: Parts, who: Identified, document: dict[str, Any], noted: Access) -> Loaded:
    try:
        return await parts.write(_step, who, document, noted)
    except Faulty as error:
        raise refused(error.faults) from None


def _step(session: Session, who: Identified, document: dict[str, Any], noted: Access) -> Loaded:
    """Load the document and put it on record, in one transaction."""
    loaded = organise.load(session, document, who.id)
    if not loaded.dry_run:
        accesses.add(session, replace(noted, detail=str(loaded)))
    return loaded


def _document(body: bytes) -> dict[str, Any]:
    bodies.demand(body, MOST_PARTS)
    try:
        document = msgspec.json.decode(body)
    except ValueError as error:
        raise Problem("malformed_request", f"The body cannot be read: {error}.", remedy="Send a JSON object.") from None
    if not isinstance(document, dict):
        raise Problem("invalid_request", "The document is no object.", remedy='Send {"units": […], …}.')
    return document


async def _received(request: Request) -> bytes:
    """The whole body, read only now that it is known who sends it."""
    most = f"The document is larger than {MOST_BYTES >> 20} MiB."
    content = bytearray()
    try:
        async with asyncio.timeout(ARRIVAL_SECONDS):
            async for piece in request.stream():
                content += piece
                if len(content) > MOST_BYTES:
                    raise Problem("too_large", most, remedy="Send it in parts: units first.")
    except TimeoutError:
        detail = f"The document was not there after {ARRIVAL_SECONDS:.0f} s."
        raise Problem("too_slow", detail, remedy="Send it in parts: units first.") from None
    return bytes(content)
