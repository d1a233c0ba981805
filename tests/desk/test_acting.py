"""`whistle acting`, and commands in the place of an absent colleague."""

import json
from datetime import UTC, datetime, timedelta

from tests.desk.conftest import Whistle

MEMBER, HEAD = "gd-net-1", "gd-net-head"


async def _opened(whistle: Whistle) -> str:
    words = ("--title", "断网", "--text", "三天没有网络", "--phone", "13900006001", "--category", "network.fault")
    code, out, err = await whistle("orders", "open", *words, "--json")
    assert code == 0, err
    number: str = json.loads(out)["order"]["id"]
    return number


async def test_a_substitute_acts_for_the_absent_and_both_are_named(whistle: Whistle) -> None:
    number = await _opened(whistle)
    code, _, err = await whistle("orders", "act", number, "sign", "--acting-for", HEAD, "--as", MEMBER)
    assert (code, f"{HEAD} is not away" in err) == (1, True), err
    code, _, err = await whistle("acting", "take", HEAD, "--reason", "on leave", "--as", MEMBER)
    assert (code, "is not away" in err) == (1, True), err
    code, out, _ = await whistle("acting", "list", "--as", MEMBER)
    assert (code, "nobody to act for" in out) == (0, True)

    until = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M+00:00")
    words = ("away", HEAD, "--until", until, "--substitute", MEMBER, "--as", "gd-manager")
    assert (await whistle("directory", *words))[0] == 0
    _, out, _ = await whistle("acting", "list", "--as", MEMBER)
    assert "可代行 possible" in out
    code, _, err = await whistle("orders", "act", number, "sign", "--acting-for", HEAD, "--as", MEMBER)
    assert (code, "whistle acting take" in err) == (1, True), err
    code, out, err = await whistle("acting", "take", HEAD, "--reason", "on leave", "--hours", "2", "--as", MEMBER)
    assert (code, err) == (0, "")
    assert f"{MEMBER} 代行 for {HEAD}" in out
    _, out, _ = await whistle("acting", "list", "--as", MEMBER)
    assert "代行中 acting" in out
    assert "on leave" in out
    assert "可代行 possible" not in out

    code, out, err = await whistle("orders", "act", number, "sign", "--acting-for", HEAD, "--as", MEMBER)
    assert (code, err) == (0, "")
    assert f"{MEMBER} (unit_head)" in out, "a unit is not told for whom"
    _, out, _ = await whistle("orders", "events", number)
    assert f"AssignmentSigned     {MEMBER} for {HEAD} (unit_head)" in out

    code, out, _ = await whistle("acting", "give", HEAD, "--as", MEMBER, "--json")
    assert (code, [one["absent"] for one in json.loads(out)]) == (0, [HEAD])
    code, out, _ = await whistle("acting", "give", HEAD, "--as", MEMBER)
    assert (code, "nobody was acted for" in out) == (0, True)
    assert (await whistle("directory", "back", HEAD, "--as", "gd-manager"))[0] == 0
