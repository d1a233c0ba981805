"""What the command line says in its own words: notices, remedies as commands, slips of the pen, a foreign instance."""

import json
import socket
from pathlib import Path

import pytest

from desk import options
from desk.client import explain
from runtime import instance
from runtime.settings import load
from tests.desk.conftest import Whistle
from tests.desk.test_orders import opened


async def test_somebodys_notices_are_listed_in_both_languages_and_marked_as_read(whistle: Whistle) -> None:
    number = await opened(whistle)
    code, out, err = await whistle("notices", "--as", "gd-net-1")
    assert code == 0, err
    assert out.startswith("通知 notices: ")
    (head,) = [line for line in out.splitlines() if number in line and "新工单" in line]
    assert head.startswith("● ")
    assert "新工单（主办） / New order (lead)" in head
    assert f"You lead order {number}" in out
    assert "(UTC+08:00) 前签收" in out
    code, out, _ = await whistle("notices", "--as", "gd-net-1", "--unread", "--read", "--limit", "0", "--json")
    assert number in {one["order_id"] for one in json.loads(out)}
    code, out, _ = await whistle("notices", "--as", "gd-net-1", "--unread")
    assert (code, number in out) == (0, False)
    code, out, _ = await whistle("notices", "--as", "gd-net-1", "--limit", "1")
    assert (code, "●" in out) == (0, False)
    code, out, _ = await whistle("notices", "--as", "customer:13900000001")
    assert (code, f"{number}" in out) == (0, True)


async def test_a_remedy_names_the_command_and_not_the_call(whistle: Whistle) -> None:
    number = await opened(whistle)
    code, _, err = await whistle("orders", "clocks", number, "nonsense")
    assert (code, f"→ whistle orders clocks {number}\n" in err) == (1, True), err
    for words, remedy in (
        (("orders", "list", "--province", "ZZ"), "→ whistle directory units --kind province"),
        (("orders", "list", "--unit", "GD.nte"), "Did you mean GD.net? whistle directory units"),
        (("directory", "criticisms", "--province", "ZZ"), "→ whistle directory units --kind province"),
        (("directory", "back", "nobody", "--as", "hq-admin"), "→ whistle directory people"),
        (("clocks", "report", "--kind", "sgin"), "Did you mean sign?"),
    ):
        code, out, err = await whistle(*words)
        assert (code, out) == (1, ""), words
        assert remedy in err
        assert "/v1/" not in err


def test_a_page_of_the_api_is_no_remedy_on_the_command_line() -> None:
    assert "--help" in explain({"title": "No", "remedy": "/docs shows what each call takes."})
    assert explain({"title": "No", "remedy": "GET /v1/units/GD"}) == "No · → GET /v1/units/GD"


async def test_a_category_that_is_relabelled_to_nothing_known_is_warned_about(whistle: Whistle) -> None:
    number = await opened(whistle)
    words = ("orders", "act", number, "relabel", "--reason", "x", "--as", "gd-dispatcher-1")
    code, _, err = await whistle(*words, "category=network.slwo")
    assert code == 0, err
    assert "did you mean network.slow?" in err
    code, _, err = await whistle(*words, "category=network.fault")
    assert (code, err) == (0, "")


def test_a_foreign_instance_at_our_address_is_not_taken_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WHISTLE_DATA_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("WHISTLE_API_PORT", str(port))
        assert options.own_address() == f"http://127.0.0.1:{port}"
        said = capfd.readouterr().err
        assert str(tmp_path) in said
        assert "set WHISTLE_DATA_DIR" in said
        instance.note(load())
        assert options.own_address() == f"http://127.0.0.1:{port}"
        assert capfd.readouterr().err == ""
        instance.forget(load())
    assert options.own_address() == f"http://127.0.0.1:{port}"
    assert capfd.readouterr().err == ""
