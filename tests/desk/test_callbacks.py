"""The work list of call-backs and the sample, on the command line."""

import json

from tests.desk.conftest import Whistle, run
from tests.desk.test_orders import opened


async def test_the_work_list_says_whom_to_call_and_when(whistle: Whistle) -> None:
    number = await opened(whistle, "--no-dispatch")
    code, out, _ = await whistle("orders", "callbacks", "--province", "GD", "--as", "gd-caller-1", "--json")
    assert (code, [line for line in json.loads(out) if line["order_id"] == number]) == (0, [])
    code, _, err = await whistle("orders", "act", number, "answer_at_once", "answer=the weather")
    assert code == 0, err
    code, out, _ = await whistle("orders", "callbacks", "--province", "GD", "--as", "gd-caller-1", "--json")
    (line,) = [line for line in json.loads(out) if line["order_id"] == number]
    assert line["may_call_at"] >= line["not_before"]
    code, out, _ = await whistle("orders", "callbacks", "--as", "gd-caller-1")
    assert code == 0
    assert out.startswith("时间 times: Asia/Shanghai")
    assert number in out
    code, _, err = await whistle("orders", "callbacks", "--as", "gd-net-1")
    assert (code, "Not yours to see" in err) == (1, True)


async def test_what_the_server_fills_is_no_field_of_a_command(whistle: Whistle) -> None:
    code, out, _ = await whistle("orders", "verbs", "record_callback")
    assert "recent" not in out
    code, _, err = await whistle(
        "orders", "act", "WH20260302-ABCDEFGH", "record_callback", "result=reached", "recent=[]"
    )
    assert code == 2
    assert "recent" in err


def test_an_auditor_draws_a_lot_again_without_asking_anybody() -> None:
    words = ("orders", "sample", "wh20260302-abcdefgh", "--seed", "2026", "--percent")
    code, out, _ = run(*words, "20")
    assert (code, out) == (0, "WH20260302-ABCDEFGH  85  抽中 drawn: 否 no (85 ≥ 20)\n")
    code, out, _ = run(*words, "86", "--json")
    assert json.loads(out)["drawn"] is True


async def test_the_sample_goes_by_the_policy_in_force(whistle: Whistle) -> None:
    code, out, _ = await whistle("orders", "sample", "WH20260302-ABCDEFGH", "--json")
    assert code == 0
    assert json.loads(out) == {
        "order_id": "WH20260302-ABCDEFGH",
        "seed": "2026",
        "sample_percent": 100,
        "lot": 85,
        "drawn": True,
    }
