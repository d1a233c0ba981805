"""Lists at any width: keys, numbers and states stay whole, everything else is folded and nothing is lost."""

import io
import json
import re

import pytest
from rich.console import Console

from desk import account, callbacks, render
from desk.listing import Listing
from tests.desk.conftest import Whistle
from tests.desk.test_orders import opened

KEY = "whistle_report_in/w1.GD.net"
LIMIT = {
    "key": KEY, "unit": "GD.net", "status": "ended", "how": "expired", "late": True, "rule": "whistles.report_in",
    "due_at": "2026-11-24T12:00:00Z", "first_due_at": "2026-11-23T12:00:00Z", "worked_minutes": 512.4,
    "paused_minutes": 60.0,
}  # fmt: skip
CALL = ("11-24 20:00", "WH20261122-PBECKGHI", "13900000001", "客户", "顺延 deferred · 超时 expiry", "1", "2", "")


def drawn(listing: Listing, width: int) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(listing)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_what_the_next_command_needs_is_whole_at_any_width(width: int) -> None:
    limits = Listing(account.COLUMNS, [account._cells(LIMIT)], whole=(0, 2), words=(1,))
    calls = Listing(callbacks.COLUMNS, [CALL], whole=(0, 1, 2), words=(4,))
    for listing, words in ((limits, (KEY, "expired", "2026-11-24 20:00")), (calls, (*CALL[:3], "deferred"))):
        text = drawn(listing, width)
        for word in words:
            assert word in text, (width, text)
    assert {"GD.net", "8", "32"} <= set(drawn(limits, width).split())


def test_a_long_cell_is_folded_and_loses_nothing() -> None:
    text = drawn(Listing(("号 key", "文 text"), [("k1", "断网三天" * 30)]), 50)
    assert "".join(re.findall("[断网三天]", text)) == "断网三天" * 30
    assert max(map(len, text.splitlines())) <= 50


def test_what_brackets_say_is_no_markup() -> None:
    assert "[bold]" in drawn(Listing(("a",), [("[bold]",)]), 40)


def test_a_pipe_is_wide_enough_for_everything(capsys: pytest.CaptureFixture[str]) -> None:
    render.out.print(Listing(account.COLUMNS, [account._cells(LIMIT)], whole=(0, 2), words=(1,)))
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.startswith("时限 limit")
    assert row.split("  ")[0] == KEY
    assert "到期由系统处理 expired · 曾超期 late" in row
    assert "8 h 32 min" in row
    assert "1 h  " in row


async def test_each_limit_of_an_order_is_one_line_that_names_its_account(whistle: Whistle) -> None:
    number = await opened(whistle)
    code, out, err = await whistle("orders", "clocks", number)
    assert code == 0, err
    title, heading, *lines = out.splitlines()
    assert (title, heading[:8]) == ("时间 times: Asia/Shanghai", "时限 limit")
    _, listed, _ = await whistle("orders", "clocks", number, "--json")
    assert [line.split()[0] for line in lines] == [row["key"] for row in json.loads(listed)]
    assert all("计时中 running" in line for line in lines)
    code, out, _ = await whistle("orders", "clocks", number, lines[0].split()[0])
    assert code == 0
