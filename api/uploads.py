"""Documents of an order, taken in as they are: judged, sealed and put on record.

The document is kept before the ledger is told of it: what the ledger speaks of is there. A refused one is let go.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from api import contents
from api.arrivals import BYTES_A_SECOND
from api.commands import PROBLEMS, OrderId
from api.deps import Parts, asker, expected_seq, idempotency_key
from api.deps import parts as parts_of
from api.errors import Problem, declared, no_order
from api.files import FileView, erased, only_of
from api.views import JSON, Reply
from contracts.messages import encode
from domain.commands import Attach
from domain.model import Role
from identity.people import Identified
from store import files as rows
from store import sights
from store.files import FileLine
from vault.seal import Kind

router = APIRouter(tags=["files"])

FIRST_SECONDS, UPLOAD_SECONDS = 5.0, 120.0
"""How long a document may take to arrive: at first, with a second more for each `BYTES_A_SECOND`, and at the most."""
MAX_UPLOADS, OF_CUSTOMERS = 4, 3
"""Documents that one process takes in at once, each held in memory while it is judged and sealed: in all, and of
customers, so that the desks always have a place."""
MAX_FILES, MAX_OWN = 200, 30
"""Documents of one order in all, and of those that a customer sends."""
UNSETTLED = ("outcome_unknown", "command_pending")
"""After these the ledger may still come to know of the document."""
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


class Places:
    """Counts who is at it, one document a person; there is no queue, for whoever waits holds his document already."""

    def __init__(self, most: int, of_customers: int) -> None:
        self._most = most
        self._of_customers = of_customers
        self._taken: dict[str, bool] = {}

    @contextmanager
    def taken(self, who: Identified) -> Iterator[None]:
        """A place for one document of somebody's; raises Problem where there is none."""
        person, customer = who.customer or who.id, who.role is Role.CUSTOMER
        full = len(self._taken) >= self._most or (customer and sum(self._taken.values()) >= self._of_customers)
        if full or person in self._taken:
            raise Problem(
                "too_many_requests",
                "Another document of yours is being taken in."
                if person in self._taken
                else "Several documents are being taken in.",
                remedy="Send it again after the given seconds, with the same key.",
                retry_after=2,
            )
        self._taken[person] = customer
        try:
            yield
        finally:
            del self._taken[person]


PLACES = Places(MAX_UPLOADS, OF_CUSTOMERS)
"""Taken while a document is held in memory, by somebody who may send it."""


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

    The ledger is told by the command `attach`, under the same key. The same content on the same order is kept once of
    staff and once of the customer.
    """
    parts, who = await parts_of(request), await asker(request)
    key, seq = idempotency_key(request), expected_seq(request)
    customer = await of_whom(parts, who, order_id)
    try:
        name = contents.clean_name(request.headers.get("x-file-name", ""))
    except contents.Unfit as unfit:
        raise refused(unfit, "X-File-Name") from None
    with PLACES.taken(who):
        content = await received(request, parts.settings.file_max_mb * 1024 * 1024)
        line, fresh = await keep(parts, who, order_id, customer, name, request.headers.get("content-type", ""), content)
    reply, kept = await tell(parts, who, line, key, seq, fresh=fresh)
    if kept is None:
        return reply.response()
    answer = Response(encode(kept), 201, media_type=JSON)
    answer.headers["Location"] = f"/v1/orders/{order_id}/files/{line.id}"
    answer.headers["ETag"] = f'"{reply.seq}"'
    if reply.replayed:
        answer.headers["Idempotent-Replayed"] = "true"
    return answer


async def of_whom(parts: Parts, who: Identified, order_id: str) -> str:
    """The customer of an order that he sees; raises Problem."""
    customer = await parts.read(who, sights.customer_of, order_id, who.sight)
    if customer is None:
        raise no_order(order_id)
    return customer


async def keep(
    parts: Parts, who: Identified, order_id: str, customer: str, name: str, declared_type: str, content: bytes
) -> tuple[FileLine, bool]:
    """Judge a document and keep it sealed; its line, and whether it is new. Raises Problem where it is not taken."""
    try:
        media_type = await asyncio.to_thread(contents.judge, name, declared_type, content)
    except contents.Unfit as unfit:
        raise refused(unfit) from None
    digest = (await asyncio.to_thread(hashlib.sha256, content)).hexdigest()
    line = FileLine(
        id=rows.id_of(order_id, digest, who.id),
        order_id=order_id,
        name=name,
        media_type=media_type,
        size=len(content),
        sha256=digest,
        by=who.id,
        at=datetime.now(UTC),
    )
    return line, await parts.gateway.run(_keep, parts, who, line, customer, content)


async def tell(
    parts: Parts, who: Identified, line: FileLine, key: str, seq: int | None, *, fresh: bool
) -> tuple[Reply, FileLine | None]:
    """Tell the ledger of a document that is kept; the reply, and the document's line unless it was refused.

    A refused one that is `fresh` is let go. Raises Problem as any command.
    """
    body = Attach(name=line.name, media_type=line.media_type, sha256=line.sha256)
    try:
        reply = await parts.gateway.act(line.order_id, "attach", key, who, body, "", seq)
    except Problem as problem:
        if fresh and problem.code not in UNSETTLED:
            await parts.write(rows.drop, line)
        raise
    if reply.status >= 400:
        if fresh:
            await parts.write(rows.drop, line)
        return reply, None
    kept = await parts.read(who, rows.line, line.order_id, line.id)
    if kept is None:  # what the ledger speaks of is let go with its customer alone
        raise erased(line.order_id)
    return reply, kept


def _keep(parts: Parts, who: Identified, line: FileLine, customer: str, content: bytes) -> bool:
    """Seal a document and keep it; False when it is there already. What a crash left of the order before is let go."""
    key = parts.rack.key(customer)
    if key is None:
        raise erased(line.order_id)
    sealed = key.seal_bytes(content, line.id)
    named = replace(line, name=key.seal(Kind.FILE_NAME, line.name))
    most = MAX_OWN if only_of(who) else MAX_FILES
    with parts.gateway.books.writes() as session:
        rows.sweep(session, line.order_id, line.at)
        if not rows.add(session, named, customer, sealed):
            return False
        if rows.count(session, line.order_id, only_of(who)) > most:  # and the transaction is undone
            raise Problem(
                "file_refused", f"{most} documents are on this order already.", remedy="Send the most telling ones."
            )
    return True


async def received(request: Request, most: int) -> bytes:
    """The whole body, read no further than is allowed and no longer than it may take at the rate it comes at."""
    problem = Problem(
        "too_large", f"The document is larger than {most >> 20} MiB.", remedy="Send it smaller, or in parts of its own."
    )
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise problem
    content = bytearray()
    clock = asyncio.get_running_loop().time
    begun = clock()
    try:
        async with asyncio.timeout_at(begun + FIRST_SECONDS) as limit:
            async for piece in request.stream():
                content += piece
                if len(content) > most:
                    raise problem
                wait = min(UPLOAD_SECONDS, FIRST_SECONDS + len(content) / BYTES_A_SECOND)
                limit.reschedule(begun + wait)
    except TimeoutError:
        raise Problem(
            "too_slow",
            f"The document was not there after {clock() - begun:.0f} s.",
            remedy="Send it smaller, or over a faster line.",
        ) from None
    return bytes(content)


def refused(unfit: contents.Unfit, field: str = "") -> Problem:
    """The problem of a document that is not taken."""
    return Problem("file_refused", unfit.detail, field=field, remedy=unfit.remedy)
