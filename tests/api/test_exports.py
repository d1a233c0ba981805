"""Exports: the list as a table, complete, masked as on the screen, and never a formula."""

import csv
import io
from typing import Any

import httpx
import openpyxl
import pytest
from sqlalchemy import select

from api import exports
from api.exports import HEADINGS
from runtime.cells import safe_cell, safe_text
from store.access_tables import accesses
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import AGENT, CUSTOMER, MANAGER, NET, PHONE, Caller
from tests.conftest import Database

BOM = b"\xef\xbb\xbf"
TITLE, NAME, NUMBER = (list(HEADINGS).index(column) for column in ("title", "customer_name", "customer_phone"))


def table(answer: httpx.Response) -> list[list[str]]:
    """The rows of a CSV answer, the headings first."""
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(BOM)
    return list(csv.reader(io.StringIO(answer.content[3:].decode(), newline=""), strict=True))


def sheet(answer: httpx.Response) -> Any:
    """The one sheet of an XLSX answer."""
    assert answer.status_code == 200, answer.text
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    (found,) = book.worksheets
    return found


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+8613900000001",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "  =cmd|'/c calc'!A0",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "\u202e=1",
        "\x00=1",
        "\x01\x02@x",
        "−1",
        "|calc",
    ],
)
def test_what_could_be_a_formula_is_quoted(text: str) -> None:
    found = safe_cell(text)
    assert found.startswith("'")
    assert not set(found) & set(map(chr, (*range(9), 11, 12, *range(14, 32), 127)))


@pytest.mark.parametrize("text", ["断网三天", "a=b", "Ms Chen", "", "3 days - no network", "138****0001", "***", "[x]"])
def test_what_is_none_is_left_alone(text: str) -> None:
    assert safe_cell(text) == text


def test_control_characters_are_left_out() -> None:
    assert safe_text("a\x00b\x1b[2Jc\x7fd\x85e\ud800f\ufffeg\th\n") == "ab[2Jcdefg\th\n"


async def test_the_csv_has_the_lists_rows_quoted_by_the_book(api: Caller) -> None:
    plain = await api.opened(category="network.fault", title='引号 "quoted", comma\nand line')
    formula = await api.opened(title='=HYPERLINK("http://evil","click")')
    answer = await api.get("/orders.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="orders-')
    assert answer.headers["x-content-type-options"] == "nosniff"
    rows = table(answer)
    assert rows[0] == list(HEADINGS.values())
    assert all(len(row) == len(HEADINGS) for row in rows)
    by_id = {row[0]: row for row in rows[1:]}
    assert by_id[plain][TITLE] == '引号 "quoted", comma\nand line'
    assert by_id[formula][TITLE] == "'" + '=HYPERLINK("http://evil","click")'
    listed = (await api.get("/orders", limit=200)).json()["items"]
    assert [row[0] for row in rows[1:]] == [line["order_id"] for line in listed]
    assert [row[TITLE].lstrip("'") for row in rows[1:]] == [line["title"] for line in listed]
    assert b"\r\n" in answer.content


async def test_the_workbook_has_texts_as_texts_and_times_as_times(api: Caller) -> None:
    number = await api.opened(title="=1+1")
    found = sheet(await api.get("/orders.xlsx", text=number))
    headings, row = list(found.iter_rows())
    assert [cell.value for cell in headings] == list(HEADINGS.values())
    cell = row[TITLE]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert row[0].value == number
    assert row[list(HEADINGS).index("registered_at")].is_date
    assert row[list(HEADINGS).index("overdue")].value is False


async def test_an_export_shows_what_the_list_shows_and_no_more(api: Caller) -> None:
    number = await api.opened(title=f"打 {PHONE} 给我")
    for who in (AGENT, MANAGER, NET):
        (line,) = (await api.get("/orders", who, text=number)).json()["items"]
        exported = await api.get("/orders.csv", who, text=number)
        _, row = table(exported)
        assert (row[TITLE], row[NAME], row[NUMBER]) == (line["title"], line["customer_name"], line["customer_phone"])
        workbook = await api.get("/orders.xlsx", who, text=number)
        _, cells = sheet(workbook).iter_rows(values_only=True)
        assert (cells[TITLE], cells[NAME], cells[NUMBER]) == (row[TITLE], row[NAME], row[NUMBER])
        for raw in (exported.content, repr(cells).encode()):
            assert PHONE.encode() not in raw
            assert "陈女士".encode() not in raw
            assert b"~pd1~" not in raw


async def test_only_what_ones_place_sees_is_exported(api: Caller) -> None:
    number = await api.opened()
    assert number in {row[0] for row in table(await api.get("/orders.csv"))}
    assert number not in {row[0] for row in table(await api.get("/orders.csv", "js-agent-1"))}
    for who in (CUSTOMER, "regulator", "hq-admin"):
        for path in ("/orders.csv", "/orders.xlsx"):
            assert (await api.get(path, who)).status_code == 403
    assert (await api.http.get("/v1/orders.csv")).status_code == 401


async def test_the_filters_are_those_of_the_list_and_as_strict(api: Caller) -> None:
    number = await api.opened()
    rows = table(await api.get("/orders.csv", text=number, unit="GD.net", state="dispatched", sort="oldest"))
    assert [row[0] for row in rows[1:]] == [number]
    assert table(await api.get("/orders.csv", text=number, unit="GD.inst"))[1:] == []
    for path in ("/orders.csv", "/orders.xlsx"):
        wrong = await api.get(path, unit="GD.nothing")
        assert (wrong.status_code, wrong.json()["field"]) == (422, "unit")
        assert (await api.get(path, sort="colour")).status_code == 422


async def test_all_pages_are_there_each_row_once(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(7):
        await api.opened()
    listed = [line["order_id"] for line in (await api.get("/orders", limit=200)).json()["items"]]
    monkeypatch.setattr(exports, "PAGE", 3)
    rows = table(await api.get("/orders.csv"))
    assert [row[0] for row in rows[1:]] == listed
    assert [row[0] for row in sheet(await api.get("/orders.xlsx")).iter_rows(min_row=2, values_only=True)] == listed


async def test_an_export_that_is_cut_short_says_so(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        await api.opened()
    monkeypatch.setattr(exports, "MOST_ROWS", 4)
    rows = table(await api.get("/orders.csv"))
    assert len(rows) == 1 + 4 + 1
    assert "only the first 4 rows" in rows[-1][0]
    monkeypatch.setattr(exports, "PAGE", 2)
    assert len(table(await api.get("/orders.csv"))) == 1 + 4 + 1


async def test_each_page_is_on_record_as_exported(api: Caller, database: Database) -> None:
    number = await api.opened()
    await api.get("/orders.csv", MANAGER, text=number, state="dispatched")
    looks = select(accesses).where(accesses.c.operation == "export_csv", accesses.c.actor_id == MANAGER)
    with sessions(make_engine(database.app_url, 1, sight=EVERYWHERE))() as session:
        found = [look for look in session.execute(looks) if look.orders == [number]]
    assert [(look.outcome, look.detail) for look in found] == [("exported", "state text")]
