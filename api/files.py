"""Documents of an order, listed and given out to be saved.

What a customer sent may show who he is. The units that handle his complaint are given it for a reason, which goes on
record; the one that is complained about, and those above and below it, are not told that it is there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, unquote_to_bytes

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from api import contents
from api.commands import OrderId
from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared, no_order
from api.record import access
from api.schemas import Clean
from api.sights import complained_about
from api.veil import STREAMED
from api.views import JSON
from contracts.messages import encode
from domain.model import Order, Role
from domain.sight import VIEWS, View, actor_shown
from identity.people import Identified
from store import accesses, orders
from store import files as rows
from store.accesses import Outcome
from store.files import FileLine
from vault import veil
from vault.seal import Key, Kind, Unreadable

router = APIRouter(tags=["files"])

POLICY = "default-src 'none'; sandbox"
"""Content-Security-Policy of a document that a browser shows in spite of everything."""

REASON = "X-Reason"
MOST_REASON = 500
"""Characters of a reason."""
_REASON: dict[str, Any] = {
    "name": REASON,
    "in": "header",
    "description": "Why a handling unit must see a customer's own document, UTF-8, percent-encoded.",
    "schema": {"type": "string", "maxLength": 9 * MOST_REASON},
}
_WHY: TypeAdapter[str] = TypeAdapter(Annotated[Clean, Field(min_length=1, max_length=MOST_REASON)])


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


@router.get(
    "/orders/{order_id}/files",
    response_model=FileList,
    responses=declared("unauthenticated", "forbidden", "order_not_found", "unavailable"),
    operation_id="list_files",
    summary="The order's documents",
)
async def list_files(order_id: OrderId, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """What was attached, without the contents; a customer sees his own, a unit complained about the others."""
    order = await _seen(parts, who, order_id)
    found = await parts.read(who, rows.of_order, order_id, only_of(who))
    if await complained_about(parts, who, order):
        found = [line for line in found if not line.of_customer]
    await parts.record.seen(request, who, order_id)
    shown = [replace(line, by=actor_shown(line.by, who.role)) for line in found] if not only_of(who) else found
    return Response(encode({"items": shown}), media_type=JSON)


@router.get(
    "/orders/{order_id}/files/{file_id}",
    response_class=Response,
    responses={
        **declared(
            "unauthenticated", "forbidden", "order_not_found", "not_found", "erased", "invalid_request", "unavailable"
        ),
        200: {"description": "The document, to be saved.", "content": {"application/octet-stream": {}}},
    },
    operation_id="get_file",
    summary="One document, to be saved",
    openapi_extra={"parameters": [_REASON]},
)
async def get_file(order_id: OrderId, file_id: str, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """As it was sent, under its name as far as one is shown that. Every look is put on record.

    A handling unit says in `X-Reason` why it must see what a customer sent; who was shown it, when and why is written
    down before.
    """
    order = await _seen(parts, who, order_id)
    found = await parts.read(who, rows.content, order_id, file_id[:64])
    if found is None or not await _given(parts, who, order, found.line):
        raise Problem("not_found", f"{order_id} has no such document.", remedy=f"GET /v1/orders/{order_id}/files.")
    detail = f"file {found.line.id}"
    if found.line.of_customer and VIEWS[who.role] is View.UNIT:
        why = _reason(request)
        key, name, content = await parts.gateway.run(_opened, parts, who, found)
        sealed = key.seal(Kind.TEXT, why)
        note = access(request, who, Outcome.REVEALED, orders=(order_id,), detail=detail, reason=sealed)
        await parts.write(accesses.add, note)
    else:
        _, name, content = await parts.gateway.run(_opened, parts, who, found)
        await parts.record.seen(request, who, order_id, detail=detail)
    request.scope[STREAMED] = True  # a document goes out as it came in, whatever it holds
    headers = {
        "Content-Disposition": disposition(name),
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "ETag": f'"{found.line.sha256}"',
    }
    return Response(content, headers=headers, media_type=_plainly(found.line.media_type))


async def _seen(parts: Parts, who: Identified, order_id: str) -> Order:
    """The order; raises Problem where it is not seen."""
    found = await parts.read(who, orders.head, order_id, who.sight)
    if found is None:
        raise no_order(order_id)
    return found.order


async def _given(parts: Parts, who: Identified, order: Order, line: FileLine) -> bool:
    """Whether somebody who sees the order may know of one of its documents."""
    if only_of(who):
        return line.by == who.id
    return not line.of_customer or not await complained_about(parts, who, order)


def _reason(request: Request) -> str:
    """Why a customer's document must be seen; raises Problem where nothing that can be read is said."""
    try:
        return _WHY.validate_python(unquote_to_bytes(request.headers.get(REASON, "")).decode().strip())
    except ValueError:
        raise Problem(
            "invalid_request",
            f"A customer's document is given to a handling unit for a reason of 1 to {MOST_REASON} characters.",
            field=REASON,
            remedy=f"Say in the header {REASON} why it must be seen, percent-encoded; it goes on record.",
        ) from None


def only_of(who: Identified) -> str:
    """Whose documents alone somebody is shown; '' for all: staff attach for each other, a customer for himself."""
    return who.id if who.role is Role.CUSTOMER else ""


def _opened(parts: Parts, who: Identified, found: rows.SealedFile) -> tuple[Key, str, bytes]:
    """The key of its customer, the document's name as it is shown to him, and its content."""
    key = parts.rack.key(found.customer)
    if key is None:
        raise erased(found.line.order_id)
    return key, _name(found.line, veil.RIGHTS[who.role], key), _content(found, key)


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


def erased(order_id: str) -> Problem:
    """The problem of a document whose customer's key is gone."""
    return Problem("erased", f"The customer of {order_id} had his data erased.", remedy="Documents went with them.")
