"""What nobody is told: a unit, of a call-back by a number that moves; a customer, of the desks by his list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.conftest import AUDITOR, CALLER, MANAGER, NET, Caller, complaint

UNHAPPY = {"result": "reached", "contacted": True, "solved": False, "satisfaction": "dissatisfied", "why": "no signal"}


async def _awaiting(api: Caller) -> str:
    """A rehearsal whose reply was accepted, in calling hours."""
    made = await api.post("/orders", complaint(rehearsal=True))
    number: str = made.json()["order"]["id"]
    now = datetime.now(UTC).isoformat()
    await api.act(number, "sign", NET)
    await api.act(number, "contact", NET, spoke_to="Ms Chen", summary="a visit")
    await api.act(number, "reply", NET, received_at=now, spoke_to="Ms Chen", done="mended", done_by=now)
    await api.act(number, "audit_reply", AUDITOR, accepted=True)
    return number


async def _called(api: Caller, number: str, body: dict[str, Any]) -> None:
    for hours in (0, 5, 5, 5, 5):
        if hours:
            await api.post(f"/rehearsal/orders/{number}/fast_forward", {"seconds": hours * 3600})
        answer = await api.post(f"/orders/{number}/record_callback", body, CALLER)
        if answer.json().get("code") != "quiet_hours":
            assert answer.status_code == 200, answer.text
            return
    raise AssertionError("no hour at which customers are called")


async def _seen(api: Caller, number: str, who: str) -> dict[str, Any]:
    """Every number by which a reader could tell that something happened."""
    view = await api.get(f"/orders/{number}", who)
    events = await api.get(f"/orders/{number}/events", who)
    lists = await api.get("/orders", who, rehearsal=True, limit=200)
    line = next(one for one in lists.json()["items"] if one["order_id"] == number)
    return {
        "etag": view.headers["etag"],
        "seq": view.json()["order"]["seq"],
        "next_at": view.json()["next_at"],
        "events": [one["seq"] for one in events.json()["items"]],
        "events etag": events.headers["etag"],
        "next": events.json()["next"],
        "line": {name: line[name] for name in ("last_seq", "updated_at", "next_at", "outcome", "state")},
    }


async def test_no_number_moves_for_a_unit_when_the_customer_was_called(api: Caller) -> None:
    number = await _awaiting(api)
    await api.post(f"/rehearsal/orders/{number}/fast_forward", {"seconds": 60})
    before = await _seen(api, number, NET)
    desk = (await _seen(api, number, MANAGER))["seq"]
    await _called(api, number, UNHAPPY)
    assert (await _seen(api, number, MANAGER))["seq"] > desk
    assert await _seen(api, number, NET) == before


async def test_a_units_view_is_not_stale_for_what_it_was_not_told(api: Caller) -> None:
    number = await _awaiting(api)
    await _called(api, number, UNHAPPY)
    view = await api.get(f"/orders/{number}", NET)
    noted = await api.post(f"/orders/{number}/note", {"text": "still here"}, NET, If_Match=view.headers["etag"])
    assert noted.status_code == 200, noted.text
    again = await api.post(f"/orders/{number}/note", {"text": "twice"}, NET, If_Match=view.headers["etag"])
    assert (again.status_code, again.json()["code"]) == (412, "stale_order")


async def test_when_the_round_has_ended_a_unit_is_told_all_of_it(api: Caller) -> None:
    number = await _awaiting(api)
    await _called(api, number, UNHAPPY)
    await api.act(number, "review_callback", MANAGER, rework=True, explanation="look again", reason="unsolved")
    unit, desk = await _seen(api, number, NET), await _seen(api, number, MANAGER)
    assert unit["seq"] == desk["seq"]
    assert set(desk["events"]) - set(unit["events"]) == set()


async def test_a_customers_list_shows_no_more_than_his_order(api: Caller) -> None:
    number = await api.opened(customer={"name": "陈女士", "phone": "13900007001"})
    await api.act(number, "escalate", MANAGER, level=4, reason="in the press")
    mine = (await api.get("/orders", "customer:13900007001")).json()["items"]
    assert [(one["order_id"], one["level"], one["colour"], one["next_at"]) for one in mine] == [(number, 0, "", None)]
    clocks = [
        change["clock"]
        for event in (await api.get(f"/orders/{number}/events", "customer:13900007001")).json()["items"]
        for change in event["clocks"]
        if change["clock"]
    ]
    assert clocks
    assert {(clock["rule"], clock["step"], tuple(clock["warned"])) for clock in clocks} == {("", 0, ())}


@pytest.mark.parametrize("against", ["GD.net", "GD", "HQ"])
async def test_the_number_is_not_for_the_unit_complained_about_nor_for_one_below_it(api: Caller, against: str) -> None:
    number = await api.opened(against=against)
    asked = {"fields": ["customer.phone"], "reason": "to call"}
    refused = await api.post(f"/orders/{number}/reveal", asked, NET)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_the_account_of_a_clock_names_no_customer_to_a_unit(api: Caller) -> None:
    who = "customer:13900007002"
    body = complaint(customer={"name": "何先生", "phone": "13900007002"})
    number = (await api.post("/orders", body, who)).json()["order"]["id"]
    told = await api.get(f"/orders/{number}/clocks/statutory/r1", NET)
    assert told.status_code == 200, told.text
    assert "customer:" not in told.text
    assert "customer:" in (await api.get(f"/orders/{number}/clocks/statutory/r1", MANAGER)).text
