"""Orders as a table to be saved, CSV or XLSX: the list with the same filters, page by page, as one is shown them.

What a spreadsheet would take for a formula is kept from being one, for much of it was typed by strangers. Each page is
on the record of who looked before it goes out.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from api import record
from api.deps import AskerDep, Parts, PartsDep
from api.errors import declared
from api.listing import Filters, FiltersDep, filters_used, page_of
from api.veil import STREAMED
from contracts.messages import decode, encode
from identity.people import Identified
from runtime.cells import safe_cell, safe_text
from store import orders as queries
from store.accesses import Outcome
from store.orders import OrderLine, Page
from vault import veil

router = APIRouter(tags=["orders"])

MOST_ROWS = 50_000
"""Rows of one export; what is beyond is said in its last row."""
PAGE = queries.MOST
"""Rows that are read, shown and put on record at once."""
CHUNK = 64 * 1024
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

HEADINGS: dict[str, str] = {
    "order_id": "工单号 order",
    "state": "状态 state",
    "status": "TMF 状态 TMF status",
    "order_class": "类别 class",
    "category": "业务分类 category",
    "title": "标题 title",
    "province": "省分 province",
    "region": "区域 region",
    "channel": "渠道 channel",
    "customer_name": "客户姓名 customer",
    "customer_phone": "联系电话 phone",
    "level": "升级级别 level",
    "colour": "预警颜色 colour",
    "overdue": "是否超时 overdue",
    "round": "轮次 round",
    "lead_unit": "主办单位 lead unit",
    "registered_at": "受理时间 registered (UTC)",
    "updated_at": "更新时间 updated (UTC)",
    "due_at": "办结时限 due (UTC)",
    "next_at": "下一时限 next limit (UTC)",
    "closed_at": "办结时间 closed (UTC)",
    "outcome": "办理结果 outcome",
}
"""The columns, each with its heading in both languages."""

Cell = str | int | bool | datetime | None


@router.get(
    "/orders.csv",
    response_class=Response,
    responses={
        **declared("unauthenticated", "forbidden", "invalid_request", "too_many_requests", "unavailable"),
        200: {"description": "RFC 4180, UTF-8 with a byte order mark.", "content": {"text/csv": {}}},
    },
    operation_id="export_csv",
    summary="The list of orders as CSV",
)
async def export_csv(request: Request, who: AskerDep, parts: PartsDep, filters: FiltersDep) -> Response:
    """The filters of `GET /v1/orders`, at most 50,000 rows. What could be a formula begins with an apostrophe."""
    pages = _pages(request, parts, who, filters)
    first = await anext(pages)  # what is wrong is said before anything has been sent
    request.scope[STREAMED] = True  # each page has lifted the veil itself

    async def chunks() -> AsyncIterator[bytes]:
        yield "\ufeff".encode() + _csv([[*HEADINGS.values()]])
        yield _csv(first)
        async for rows in pages:
            yield _csv(rows)

    return StreamingResponse(chunks(), headers=_headers("csv"), media_type="text/csv; charset=utf-8")


@router.get(
    "/orders.xlsx",
    response_class=Response,
    responses={
        **declared("unauthenticated", "forbidden", "invalid_request", "too_many_requests", "unavailable"),
        200: {"description": "A workbook of one sheet.", "content": {XLSX: {}}},
    },
    operation_id="export_xlsx",
    summary="The list of orders as XLSX",
)
async def export_xlsx(request: Request, who: AskerDep, parts: PartsDep, filters: FiltersDep) -> Response:
    """The filters of `GET /v1/orders`, at most 50,000 rows. Texts are cells of text, whatever they begin with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("工单 orders")
    sheet.freeze_panes = "B2"
    sheet.append([_cell(sheet, heading, bold=True) for heading in HEADINGS.values()])
    async for rows in _pages(request, parts, who, filters):
        await parts.gateway.run(_append, sheet, rows)
    saved = await parts.gateway.run(_saved, book)
    request.scope[STREAMED] = True
    return StreamingResponse(_pieces(saved), headers=_headers("xlsx"), media_type=XLSX)


async def _pages(request: Request, parts: Parts, who: Identified, filters: Filters) -> AsyncIterator[list[list[Cell]]]:
    """The rows of each page, at least one page; noted as exported before they are handed on."""
    query, left = await filters.query(parts, who, limit=PAGE), MOST_ROWS
    while True:
        page = await page_of(parts, who, query, filters.text)
        lines = page.items[:left]
        left -= len(lines)
        orders = tuple(line.order_id for line in lines)
        noted = record.access(request, who, Outcome.EXPORTED, orders=orders, detail=filters_used(request))
        await parts.record.add(noted)
        rows = await parts.gateway.run(_shown, parts, who, Page(lines, ""))
        if not left and (page.next or len(lines) < len(page.items)):
            rows.append(
                [f"… 仅导出前 {MOST_ROWS} 行, 请缩小范围 · only the first {MOST_ROWS} rows; narrow the filters"]
            )
        yield rows
        if not page.next or left == 0:
            return
        query = replace(query, cursor=page.next)


def _shown(parts: Parts, who: Identified, page: Page) -> list[list[Cell]]:
    """The page's rows as they are shown to him: the veil is lifted here, as these answers are not gathered for it."""
    document = encode(page.items)
    keys = parts.rack.keys(veil.sealed_by(document))
    shown = veil.unveiled(document, veil.RIGHTS[who.role], keys)
    lines: tuple[OrderLine, ...] = decode(shown, tuple[OrderLine, ...])
    return [[getattr(line, name) for name in HEADINGS] for line in lines]


def _csv(rows: list[list[Cell]]) -> bytes:
    """Rows as RFC 4180 has them."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([[_written(cell) for cell in row] for row in rows])
    return written.getvalue().encode()


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case int():
            return str(cell)
        case _:
            return safe_cell(cell)


def _append(sheet: Any, rows: list[list[Cell]]) -> None:
    for row in rows:
        sheet.append([_cell(sheet, cell) for cell in row])


def _cell(sheet: Any, value: Cell, *, bold: bool = False) -> Any:
    """A cell of the workbook; a text's type is said, where it would else be guessed from its first character."""
    if isinstance(value, datetime):
        found = WriteOnlyCell(sheet, value.astimezone(UTC).replace(tzinfo=None, microsecond=0))
        found.number_format = "yyyy-mm-dd hh:mm:ss"
        return found
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    found = WriteOnlyCell(sheet, safe_text(value))
    found.data_type = "s"
    if bold:
        found.font = Font(bold=True)
    return found


def _saved(book: Workbook) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when its last piece was sent
    try:
        book.save(file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK):
            yield piece


def _headers(extension: str) -> dict[str, str]:
    name = f"orders-{datetime.now(UTC):%Y%m%d-%H%M%S}.{extension}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
