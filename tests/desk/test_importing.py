import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pytest

from desk.client import Desk
from runtime.cells import safe_row
from runtime.settings import PROJECT
from tests.desk.conftest import Whistle
from tests.desk.test_mapping import RULES

HEADING = "no,day,hour,what,place,way,status"


def line(number: str, what: str = "slow again", way: str = "Call") -> str:
    return f'{number},22-04-15,3:53:50 PM,"{what}",A7区,{way},Closed'


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a mapping of a source of its own, and where the table goes."""
    monkeypatch.chdir(tmp_path)
    rules = {**RULES, "source": f"there-{tmp_path.name}"}
    (tmp_path / "map.json").write_text(json.dumps(rules), encoding="utf-8")
    return tmp_path / "table.csv"


def report(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def counts(whistle: Whistle, table: Path, *more: str) -> tuple[int, dict[str, int]]:
    code, out, err = await whistle("import", str(table), "--mapping", "map.json", "--json", *more)
    assert out, err
    return code, json.loads(out)


async def test_a_table_is_opened_once_however_often_it_is_run(whistle: Whistle, table: Path, desk: Desk) -> None:
    lines = [HEADING, *(line(str(number), f"row {number}\nsecond line") for number in range(1, 13))]
    table.write_text("\n".join(lines), encoding="utf-8")
    assert await counts(whistle, table) == (0, {"read": 12, "opened": 12, "already_there": 0, "refused": 0})
    assert await counts(whistle, table) == (0, {"read": 12, "opened": 0, "already_there": 12, "refused": 0})
    everything = "hq-supervisor-1"  # sees every province
    found = await asyncio.to_thread(desk.get, "/orders", everything, text="row 7 second line")
    assert len(found["items"]) <= 1
    every = await asyncio.to_thread(desk.get, "/orders", everything, limit=200)
    assert sum(item["customer_name"] == "f***" for item in every["items"]) == 12
    number = every["items"][0]["order_id"]
    asked = {"fields": ["customer.name"], "reason": "is it the filer?"}
    shown = await asyncio.to_thread(Desk(desk.url, everything).post, f"/orders/{number}/reveal", asked)
    assert shown["values"]["customer.name"].startswith("filer of")
    events: Any = await asyncio.to_thread(desk.get, f"/orders/{number}/events", everything)
    registered = events["items"][0]["data"]
    assert registered["source"].startswith("there-")
    assert "2015-04-22T15:53:50-04:00" in registered["text"]
    assert "second line" in registered["text"]


async def test_an_import_goes_on_where_it_was(whistle: Whistle, table: Path) -> None:
    table.write_text("\n".join([HEADING, *(line(str(number)) for number in range(1, 6))]), encoding="utf-8")
    assert (await counts(whistle, table))[1]["opened"] == 5
    table.write_text("\n".join([HEADING, *(line(str(number)) for number in range(1, 11))]), encoding="utf-8")
    found = await counts(whistle, table, "--concurrency", "3")
    assert found == (0, {"read": 10, "opened": 5, "already_there": 5, "refused": 0})


async def test_bad_rows_are_listed_and_the_others_opened(whistle: Whistle, table: Path) -> None:
    rows = [
        HEADING,
        line("1"),
        line("2", way="pigeon"),
        line("1"),  # the same again
        line("1", "another matter"),
        line("3", "x" * 301),  # the API's own limit
        "4,only,three",
        line("=5", way="owl"),
    ]
    table.write_text("\n".join(rows), encoding="utf-8")
    assert await counts(whistle, table) == (1, {"read": 7, "opened": 1, "already_there": 1, "refused": 5})
    bad = report(table.parent / "table.csv.bad-rows.csv")
    assert [(one["row"], one["field"]) for one in bad] == [
        ("3", "channel"), ("5", "no"), ("6", "title"), ("7", ""), ("8", "channel"),
    ]  # fmt: skip
    assert all(one["reason"] and one["remedy"] for one in bad)
    assert bad[-1]["id"] == "'=5"
    table.write_text("\n".join(rows[:2]), encoding="utf-8")
    assert (await counts(whistle, table))[0] == 0
    assert not (table.parent / "table.csv.bad-rows.csv").exists()


async def test_a_number_that_comes_back_with_other_content_is_refused(whistle: Whistle, table: Path) -> None:
    table.write_text("\n".join([HEADING, line("1")]), encoding="utf-8")
    assert (await counts(whistle, table))[0] == 0
    table.write_text("\n".join([HEADING, line("1", "not what it was")]), encoding="utf-8")
    assert await counts(whistle, table) == (1, {"read": 1, "opened": 0, "already_there": 0, "refused": 1})
    assert "imported before" in report(table.parent / "table.csv.bad-rows.csv")[0]["reason"]


async def test_the_example_of_the_manual_works(
    whistle: Whistle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = PROJECT / "docs" / "examples"
    words = ("import", str(folder / "complaints.csv"), "--mapping", str(folder / "complaints.json"))
    code, out, _ = await whistle(*words, "--check")
    assert (code, "would open 5 " in out) == (0, True)
    code, out, err = await whistle(*words, "--json")
    assert (code, json.loads(out)["opened"]) == (0, 5), err


async def test_a_check_opens_nothing(whistle: Whistle, table: Path, desk: Desk) -> None:
    table.write_text("\n".join([HEADING, line("checked-1"), line("2", way="pigeon")]), encoding="utf-8")
    code, found = await counts(whistle, table, "--check")
    assert (code, found["opened"], found["would_open"], found["refused"]) == (1, 0, 1, 1)
    listed = await asyncio.to_thread(desk.get, "/orders", text="checked-1")
    assert listed["items"] == []


@pytest.mark.parametrize(
    ("value", "written"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("plain", "plain"), ("＝1+1", "'＝1+1"), (" \t=1", "' \t=1"), (7, 7)],
)
def test_a_report_holds_no_formula(value: str | int, written: str | int) -> None:
    assert safe_row([value]) == [written]
