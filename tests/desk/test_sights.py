"""What is masked, who follows, who looked, and what is erased, on the command line."""

import io
import json

import pytest

from tests.desk.conftest import Whistle

HQ = ("--as", "hq-supervisor-1")


async def opened(whistle: Whistle, phone: str, *more: str) -> str:
    words = ("--title", "断网", "--text", "三天没有网络", "--phone", phone, "--name", "欧阳女士", *more)
    code, out, err = await whistle("orders", "open", *words, "--json")
    assert code == 0, err
    number: str = json.loads(out)["order"]["id"]
    return number


async def listed(whistle: Whistle, *words: str) -> list[str]:
    code, out, err = await whistle("orders", "list", *words, "--json")
    assert code == 0, err
    return [line["order_id"] for line in json.loads(out)]


async def test_a_customer_is_found_by_his_whole_number_or_name_alone(whistle: Whistle) -> None:
    number = await opened(whistle, "13900005001")
    for customer in ("13900005001", "+86 139 0000 5001", "欧阳女士"):
        assert number in await listed(whistle, "--customer", customer)
    assert await listed(whistle, "--customer", "13900005001", "--text", "断网") == [number]
    assert await listed(whistle, "--customer", "1390000500") == []
    assert await listed(whistle, "--customer", "欧阳") == []
    assert await listed(whistle, "--text", "13900005001") == []
    code, _, err = await whistle("orders", "list", "--customer", "欧阳女士", "--unit", "GD.net")
    assert (code, "--customer 只可与" in err) == (2, True)
    code, _, err = await whistle("orders", "list", "--customer", "欧阳女士", "--as", "gd-net-1")
    assert (code, "Not yours to see" in err) == (1, True)


async def test_what_is_masked_is_shown_whole_for_a_reason(whistle: Whistle) -> None:
    number = await opened(whistle, "13900005002")
    _, out, _ = await whistle("orders", "show", number)
    assert "139****5002" in out
    assert "欧阳女士" not in out
    words = ("--field", "customer.phone", "--field", "customer.name")
    code, _, err = await whistle("orders", "reveal", number, *words)
    assert (code, "--reason" in err) == (2, True)
    code, out, err = await whistle("orders", "reveal", number, *words, "--reason", "he asked to be called back")
    assert code == 0, err
    assert "电话 phone: 13900005002" in out
    assert "客户 customer: 欧阳女士" in out
    assert "on record" in out
    code, out, _ = await whistle("orders", "reveal", number, "--seq", "1", "--reason", "to read it whole", "--json")
    assert json.loads(out)["values"]["event"]["data"]["text"] == "三天没有网络"
    for wrong in (("--field", "phone"), ()):
        code, _, err = await whistle("orders", "reveal", number, *wrong, "--reason", "x")
        assert (code, "--field customer.name | customer.phone" in err) == (2, True)


async def test_the_record_says_who_looked(whistle: Whistle) -> None:
    number = await opened(whistle, "13900005003")
    await whistle("orders", "show", number, "--as", "gd-manager")
    await whistle("orders", "reveal", number, "--field", "title", "--reason", "the mask hides a place")
    code, out, err = await whistle("accesses", "--order", number, "--json")
    assert code == 0, err
    seen = [(one["actor_id"], one["operation"], one["outcome"]) for one in json.loads(out)]
    assert ("gd-manager", "get_order", "seen") in seen
    assert ("gd-agent-1", "reveal", "revealed") in seen
    code, out, _ = await whistle("accesses", "--order", number, "--outcome", "revealed")
    assert (code, "看全 revealed" in out, "the mask hides a place" in out) == (0, True, True)
    code, out, _ = await whistle("accesses", "--actor", "gd-manager", "--limit", "1")
    assert (code, "gd-manager" in out) == (0, True)
    code, out, _ = await whistle("accesses", "--order", number, "--as", "gd-manager", "--json")
    assert (code, bool(json.loads(out))) == (0, True)
    code, _, err = await whistle("accesses", "--as", "gd-manager")
    assert (code, "Not yours to see" in err) == (1, True)
    code, _, err = await whistle("accesses", "--outcome", "peeked")
    assert (code, "seen, refused" in err) == (2, True)


async def test_whoever_follows_sees_an_order_of_another_place(whistle: Whistle) -> None:
    number = await opened(whistle, "13900005004")
    code, out, _ = await whistle("orders", "follow", number, "bj-net-1", "--as", "gd-dispatcher-1")
    assert (code, "bj-net-1" in out) == (0, True)
    code, _, _ = await whistle("orders", "show", number, "--as", "bj-net-1")
    assert code == 0
    code, out, _ = await whistle("orders", "follow", number, "bj-net-1", "--as", "gd-dispatcher-1")
    assert (code, "nothing changed" in out) == (0, True)
    code, _, _ = await whistle("orders", "unfollow", number, "--as", "bj-net-1")
    assert code == 0
    code, _, err = await whistle("orders", "show", number, "--as", "bj-net-1")
    assert (code, "There is no order" in err) == (1, True)


async def test_what_one_follows_is_listed_apart(whistle: Whistle) -> None:
    followed, other = await opened(whistle, "13900005014"), await opened(whistle, "13900005015")
    assert (await whistle("orders", "follow", followed, "--as", "gd-dispatcher-1"))[0] == 0
    every = await listed(whistle, "--as", "gd-dispatcher-1", "--limit", "0")
    assert {followed, other} <= set(every)
    found = await listed(whistle, "--following", "--as", "gd-dispatcher-1")
    assert followed in found
    assert other not in found


async def test_what_was_said_is_shown_masked_in_lines_without_trailing_blanks(whistle: Whistle) -> None:
    said = "打 13900005016 [red]找我[/red]\n第二行 second line"
    number = await opened(whistle, "13900005016", "--text", said, "--category", "network.fault")
    code, out, err = await whistle("orders", "show", number, "--as", "gd-net-1")
    assert (code, err) == (0, "")
    assert "13900005016" not in out
    assert "[red]找我[/red]" in out
    assert "second line" in out
    assert [line for line in out.splitlines() if line != line.rstrip()] == []


async def test_the_unit_complained_about_is_named(whistle: Whistle) -> None:
    number = await opened(whistle, "13900005005", "--against", "GD.bill")
    _, out, _ = await whistle("orders", "show", number, "--json")
    assert json.loads(out)["order"]["against"] == "GD.bill"


async def test_an_erasure_asks_first_and_leaves_nothing(whistle: Whistle, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await opened(whistle, "13900005006", "--no-dispatch")
    words = ("customers", "erase", "13900005006")
    code, _, err = await whistle(*words)
    assert (code, "--reason" in err) == (2, True)
    code, _, err = await whistle(*words, "--reason", "he asked for it", "--yes")
    assert (code, "尚有未结工单" in err, number in err) == (1, True, False)
    decline = ("ground=not_telecom", "other_route=the court", "--reason", "not ours", "--as", "gd-teamlead-1")
    code, _, err = await whistle("orders", "act", number, "decline", *decline)
    assert code == 0, err
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, out, _ = await whistle(*words, "--reason", "he asked for it")
    assert (code, "nothing was changed" in out) == (1, True)
    code, out, err = await whistle(*words, "--reason", "he asked for it", "--yes")
    assert (code, "已清除" in out) == (0, True), err
    _, out, _ = await whistle("orders", "show", number, *HQ, "--json")
    assert json.loads(out)["order"]["customer"]["phone"] == "[已清除 erased]"
    code, out, _ = await whistle(*words, "--reason", "once more", "--yes")
    assert (code, "nothing of this customer" in out) == (0, True)
