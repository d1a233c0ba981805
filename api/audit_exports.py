"""The event log for other programs: OCEL 2.0, XES, CSV or Parquet, of selected orders or all, streamed.

Each page lifts the veil as far as the asker's rights go, and is on the record of who looked before it goes out. The
customer is named by a keyed hash of his number in the vault: the same in every export of this installation, and
nothing to anybody without its key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import fields
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.types import Receive, Scope, Send

from api import record
from api.deps import AskerDep, Parts, PartsDep
from api.errors import declared
from api.filters import demand
from api.schemas import Instant, Plain
from api.schemas import Request as Body
from api.veil import STREAMED
from audit.exports import reading
from audit.exports.formats import KINDS, Format
from audit.exports.reading import MOST_IDS, Selection
from audit.exports.traces import Trace
from audit.exports.writing import Writer, shown
from domain.model import OrderClass, State
from identity.people import Identified
from store.accesses import Outcome
from vault import veil
from vault.rack import Rack

router = APIRouter(prefix="/audit", tags=["audit"])

KEY_DIGITS = 20
"""Hexadecimal digits of a customer's key in a log."""


class ExportRequest(Body):
    """What to export, as what, and why. The filters add up; without any it is everything.

    `since` and `until` are times of registration, `until` excluded; `unit` had or has a part in the order.
    """

    format: Format
    reason: Annotated[Plain, Field(min_length=1, max_length=500, description="Why; it is kept, in clear.")]
    since: Instant | None = None
    until: Instant | None = None
    province: Annotated[Plain, Field(max_length=20)] = ""
    category: Annotated[Plain, Field(max_length=100)] = ""
    order_class: OrderClass | None = None
    unit: Annotated[Plain, Field(max_length=50)] = ""
    state: Annotated[tuple[State, ...], Field(max_length=len(State))] = ()
    ids: Annotated[tuple[Annotated[Plain, Field(max_length=40)], ...], Field(max_length=MOST_IDS)] = ()
    imported: bool | None = Field(None, description="Only, or no, orders whose history was imported.")
    rehearsal: bool = False

    def selection(self) -> Selection:
        """The same as the ledger is asked."""
        return Selection(**{item.name: getattr(self, item.name) for item in fields(Selection)})

    @property
    def used(self) -> str:
        """The format and the names of the filters, for the record of who looked."""
        named = (item.name for item in fields(Selection) if getattr(self, item.name) not in (None, "", (), False))
        return " ".join((self.format.value, *named))


@router.post(
    "/exports",
    response_class=Response,
    responses={
        **declared("unauthenticated", "forbidden", "invalid_request", "too_many_requests", "unavailable"),
        200: {
            "description": "The file, streamed.",
            "content": {kind.media_type.partition(";")[0]: {} for kind in KINDS.values()},
        },
    },
    operation_id="export_log",
    summary="The event log as OCEL 2.0, XES, CSV or Parquet",
)
async def export_log(asked: ExportRequest, request: Request, who: AskerDep, parts: PartsDep) -> Response:
    """Of the selected orders, each whole as it stood when its page was read; personal data as far as the rights go.

    Steps that were imported from another system stand with that system's time and author.
    """
    await demand(parts, who, province=asked.province, unit=asked.unit)
    log = _Log(request, parts, who, asked)
    with ExitStack() as held:
        held.enter_context(parts.aside.stream())
        first = await log.page()  # what is wrong is said before anything has been sent
        place = held.pop_all()
    request.scope[STREAMED] = True  # each page lifts the veil itself
    name = f"whistle-log-{datetime.now(UTC):%Y%m%d-%H%M%S}.{log.kind.ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return _Sent(place, log.pieces(first), headers=headers, media_type=log.kind.media_type)


class _Sent(StreamingResponse):
    """A log on its way out, which keeps its place until it is whole, or nobody takes it any more."""

    def __init__(self, place: ExitStack, content: AsyncIterator[bytes], **more: Any) -> None:
        super().__init__(content, **more)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


class _Log:
    """One export on its way out."""

    def __init__(self, request: Request, parts: Parts, who: Identified, asked: ExportRequest) -> None:
        self._request, self._parts, self._who, self._asked = request, parts, who, asked
        self._selection = asked.selection()
        self._rack = parts.rack
        self._after = ""
        self.kind = KINDS[asked.format]

    async def page(self) -> list[Trace]:
        """The next orders as he is shown them, noted as exported before they are handed on; none at the end."""
        found = await self._parts.read(self._who, reading.page, self._selection, self._pseudonym, self._after)
        if not found and self._after:
            return []
        orders = tuple(trace.order_id for trace in found)
        noted = record.access(
            self._request,
            self._who,
            Outcome.EXPORTED,
            orders=orders,
            detail=self._asked.used,
            reason=self._asked.reason,
        )
        await self._parts.record.add(noted)
        if found:
            self._after = found[-1].order_id
        return await self._parts.gateway.run(_lifted, found, self._who, self._rack)

    async def pieces(self, first: list[Trace]) -> AsyncIterator[bytes]:
        """The file, piece by piece; what is written is not kept."""
        run = self._parts.gateway.run
        writer: Writer = await run(self.kind.made)
        try:
            yield writer.begin()
            traces = first
            while traces:
                if piece := await run(writer.page, traces):
                    yield piece
                traces = await self.page()
            if self.kind.objects:
                await self._customers(writer)
            for piece in writer.end():
                yield piece
        finally:
            writer.close()

    async def _customers(self, writer: Writer) -> None:
        after, more = "", True
        while more:
            query = (reading.customers, self._selection, self._pseudonym, after)
            keys, after = await self._parts.read(self._who, *query)
            writer.customers(keys)
            more = bool(after)

    def _pseudonym(self, customer: str) -> str:
        made = hmac.new(self._rack.keyring.index, b"log\0" + customer.encode(), hashlib.sha256)
        return made.hexdigest()[:KEY_DIGITS]


def _lifted(traces: list[Trace], who: Identified, rack: Rack) -> list[Trace]:
    def lift(document: bytes) -> bytes:
        return veil.unveiled(document, veil.RIGHTS[who.role], rack.keys(veil.sealed_by(document)))

    return shown(traces, lift)
