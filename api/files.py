"""Documents of an order: taken in as they are, judged, sealed and put on record; listed; and given out to be saved.

The document is kept before the ledger is told of it: what the ledger speaks of is there. A refused one is let go.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api import contents
from api.commands import PROBLEMS, OrderId
from api.deps import AskerDep, Parts, PartsDep, asker, expected_seq, idempotency_key
from api.deps import parts as parts_of
from api.errors import Problem, declared, no_order
from api.veil import STREAMED
from api.views import JSON
from contracts.messages import encode
from domain.commands import Attach
from domain.model import Role
from domain.sight import actor_shown
from identity.people import Identified
from store import files as rows
from store import sights
from store.files import FileLine
from vault import veil
from vault.seal import Key, Kind, Unreadable

router = APIRouter(tags=["files"])

UPLOAD_SECONDS = 120.0
"""How long a document may take to arrive."""
MAX_UPLOADS = 4
"""Documents that one process takes in at once: each is held in memory while it is judged and sealed."""
MAX_FILES, MAX_OWN = 200, 30
"""Documents of one order in all, and of those that a customer sends."""
UNSETTLED = ("outcome_unknown", "command_pending")
"""After these the ledger may still come to know of the document."""
POLICY = "default-src 'none'; sandbox"
"""Content-Security-Policy of a document that a browser shows in spite of everything."""


class FileView(BaseModel):
    """A document on record; `name` as far as one is shown it, `size` in bytes, `by` who sent it."""

    id: str
    order_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    by: str
    at: datetime


class FileList(BaseModel):
    """The documents of an order, the first one first."""

    items: list[FileView]


_FILE_NAME: dict[str, Any] = {
    "name": "X-File-Name",
    "in": "header",
    "required": True,
    "description": "The document's name with its extension, UTF-8, percent-encoded.",
    "schema": {"type": "string", "maxLength": 1000},
}
_KEY: dict[str, Any] = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {kind.media_type: {"schema": {"type": "string", "format": "binary"}} for kind in contents.KINDS},
}


class _Places:
    """Counts who is at it; there is no queue, for whoever waits holds his document already."""

    def __init__(self, most: int) -> None:
        self.free = most

    def __enter__(self) -> None:
        if not self.free:
            raise Problem(
                "too_many_requests",
                "Several documents are being taken in.",
                remedy="Send it again after the given seconds, with the same key.",
                retry_after=2,
            )
        self.free -= 1

    def __exit__(self, *error: object) -> None:
        self.free += 1


_PLACES = _Places(MAX_UPLOADS)


@router.post(
    "/orders/{order_id}/files",
    status_code=201,
    response_model=FileView,
    responses=declared(*PROBLEMS, "erased", "file_refused", "too_large", "too_slow", "too_many_requests"),
    operation_id="upload_file",
    summary="Attach a document",
    openapi_extra={"parameters": [_FILE_NAME, _KEY], "requestBody": _BODY},
)
async def upload_file(order_id: OrderId, request: Request) -> Response:
    """The body is the document as it is. Its name, its declared type and its content must agree; it is kept sealed.

    The ledger is told by the command `attach`, under the same key. The same content on the same order is kept once.
    """
    parts, who = await parts_of(request), await asker(request)
    key, seq = idempotency_key(request), expected_seq(request)
    customer = await parts.read(who, sights.customer_of, order_id, who.sight)
    if customer is None:
        raise no_order(order_id)
    try:
        name = contents.clean_name(request.headers.get("x-file-name", ""))
    except contents.Unfit as unfit:
        raise _refused(unfit, "X-File-Name") from None
    with _PLACES:
        content = await _received(request, parts.settings.file_max_mb * 1024 * 1024)
        try:
            declared_type = request.headers.get("content-type", "")
            media_type = await asyncio.to_thread(contents.judge, name, declared_type, content)
        except contents.Unfit as unfit:
            raise _refused(unfit) from None
        digest = (await asyncio.to_thread(hashlib.sha256, content)).hexdigest()
        line = FileLine(
            id=rows.id_of(order_id, digest),
            order_id=order_id,
            name=name,
            media_type=media_type,
            size=len(content),
            sha256=digest,
            by=who.id,
            at=datetime.now(UTC),
        )
        fresh = await parts.gateway.run(_keep, parts, who, line, customer, content)
    try:
        reply = await parts.gateway.act(
            order_id, "attach", key, who, Attach(name=name, media_type=media_type, sha256=digest), "", seq
        )
    except Problem as problem:
        if fresh and problem.code not in UNSETTLED:
            await parts.write(rows.drop, line.id)
        raise
    if reply.status >= 400:
        if fresh:
            await parts.write(rows.drop, line.id)
        return reply.response()
    kept = await parts.read(who, rows.line, order_id, line.id)
    answer = Response(encode(kept), 201, media_type=JSON)
    answer.headers["Location"] = f"/v1/orders/{order_id}/files/{line.id}"
    answer.headers["ETag"] = f'"{reply.seq}"'
    if reply.replayed:
        answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _keep(parts: Parts, who: Identified, line: FileLine, customer: str, content: bytes) -> bool:
    """Seal a document and keep it; False when it is there already."""
    key = parts.rack.key(customer)
    if key is None:
        raise _erased(line.order_id)
    sealed = key.seal_bytes(content, line.id)
    named = replace(line, name=key.seal(Kind.FILE_NAME, line.name))
    most = MAX_OWN if _only(who) else MAX_FILES
    with parts.gateway.books.writes() as session:
        if not rows.add(session, named, customer, sealed):
            return False
        if rows.count(session, line.order_id, _only(who)) > most:  # and the transaction is undone
            raise Problem(
                "file_refused", f"{most} documents are on this order already.", remedy="Send the most telling ones."
            )
    return True


async def _received(request: Request, most: int) -> bytes:
    """The whole body, read no further than is allowed and no longer than it may take."""
    problem = Problem(
        "too_large", f"The document is larger than {most >> 20} MiB.", remedy="Send it smaller, or in parts of its own."
    )
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise problem
    content = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for piece in request.stream():
                content += piece
                if len(content) > most:
                    raise problem
    except TimeoutError:
        raise Problem(
            "too_slow",
            f"The document was not there after {UPLOAD_SECONDS:.0f} s.",
            remedy="Send it smaller, or over a faster line.",
        ) from None
    return bytes(content)


@router.get(
    "/orders/{order_id}/files",
    response_model=FileList,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "unavailable"),
    operation_id="list_files",
    summary="The order's documents",
)
async def list_files(order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """What was attached, without the contents; a customer sees what he sent himself."""
    await _demand_seen(parts, who, order_id)
    found = await parts.read(who, rows.of_order, order_id, _only(who))
    await parts.record.seen(request, who, order_id)
    shown = [replace(line, by=actor_shown(line.by, who.role)) for line in found] if not _only(who) else found
    return Response(encode({"items": shown}), media_type=JSON)


@router.get(
    "/orders/{order_id}/files/{file_id}",
    response_class=Response,
    responses={
        **declared("unauthenticated", "forbidden", "order_not_found", "not_found", "erased", "unavailable"),
        200: {"description": "The document, to be saved.", "content": {"application/octet-stream": {}}},
    },
    operation_id="get_file",
    summary="One document, to be saved",
)
async def get_file(order_id: OrderId, file_id: str, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """As it was sent, under its name as far as one is shown that. Every look is put on record."""
    await _demand_seen(parts, who, order_id)
    found = await parts.read(who, rows.content, order_id, file_id[:64])
    if found is None or (_only(who) and found.line.by != who.id):
        raise Problem("not_found", f"{order_id} has no such document.", remedy=f"GET /v1/orders/{order_id}/files.")
    name, content = await parts.gateway.run(_opened, parts, who, found)
    await parts.record.seen(request, who, order_id, detail=f"file {found.line.id}")
    request.scope[STREAMED] = True  # a document goes out as it came in, whatever it holds
    headers = {
        "Content-Disposition": disposition(name),
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "ETag": f'"{found.line.sha256}"',
    }
    return Response(content, headers=headers, media_type=_plainly(found.line.media_type))


async def _demand_seen(parts: Parts, who: Identified, order_id: str) -> None:
    if await parts.read(who, sights.customer_of, order_id, who.sight) is None:
        raise no_order(order_id)


def _only(who: Identified) -> str:
    """Whose documents alone somebody is shown; '' for all: staff attach for each other, a customer for himself."""
    return who.id if who.role is Role.CUSTOMER else ""


def _opened(parts: Parts, who: Identified, found: rows.SealedFile) -> tuple[str, bytes]:
    """The document's name as it is shown to him, and its content."""
    key = parts.rack.key(found.customer)
    if key is None:
        raise _erased(found.line.order_id)
    return _name(found.line, veil.RIGHTS[who.role], key), _content(found, key)


def _name(line: FileLine, rights: veil.Rights, key: Key) -> str:
    shown = veil.unveiled(line.name.encode(), rights, {key.customer: key}, veil.plain).decode()
    known = next(kind.extensions for kind in contents.KINDS if kind.media_type == line.media_type)
    return shown if shown.rpartition(".")[2].lower() in known else f"{line.id[:8]}.{known[0]}"


def _content(found: rows.SealedFile, key: Key) -> bytes:
    try:
        return key.open_bytes(found.content, found.line.id)
    except Unreadable as error:
        raise Problem(
            "unavailable", "The document cannot be opened.", remedy="Tell the operator; it may have been tampered with."
        ) from error


def disposition(name: str) -> str:
    """The header that has a document saved under its name (RFC 6266): in ASCII, and in full."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _plainly(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _refused(unfit: contents.Unfit, field: str = "") -> Problem:
    return Problem("file_refused", unfit.detail, field=field, remedy=unfit.remedy)


def _erased(order_id: str) -> Problem:
    return Problem("erased", f"The customer of {order_id} had his data erased.", remedy="Documents went with them.")
