"""A unit's inbox: what is owed by which verb, what may be done about it, and the customer's earlier orders."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.conftest import AGENT, CALLER, DISPATCHER, INSTALL, LEADER, NET, NET_HEAD, Caller


async def task(api: Caller, order: str, who: str = NET, kind: str = "assignment") -> dict[str, Any]:
    """The order's entry in the inbox of the asker's unit."""
    unit = (await api.get("/me", who)).json()["unit"]
    cursor = ""
    while True:
        page = (await api.get(f"/units/{unit}/inbox", who, cursor=cursor, limit=200)).json()
        for one in page["items"]:
            if one["order_id"] == order and one["kind"] == kind:
                found: dict[str, Any] = one
                return found
        cursor = page["next"]
        assert cursor, f"{order} is not in the inbox of {unit}"


def ways(one: dict[str, Any]) -> dict[str, str]:
    """What may be done, each verb with the code for which it is refused; '' where it is possible."""
    return {way["verb"]: way["code"] for way in one["ways"]}


def others(one: dict[str, Any]) -> list[tuple[str, str, str]]:
    """How far the other units are."""
    return [(other["unit"], other["role"], other["status"]) for other in one["others"]]


def verbs(one: dict[str, Any]) -> list[str]:
    return [owed["verb"] for owed in one["owed"]]


async def test_an_entry_says_what_is_owed_and_what_may_be_done_about_it(api: Caller) -> None:
    order = await api.opened()
    fresh = await task(api, order)
    assert verbs(fresh)[0] == "sign"
    assert {"contact", "reply"} <= set(verbs(fresh))
    assert [owed["due_at"] for owed in fresh["owed"]] == sorted(owed["due_at"] for owed in fresh["owed"])
    assert ways(fresh)["sign"] == ""
    assert not {"reply", "submit_part", "contact"} & set(ways(fresh)), "not before it is signed"
    back = next(way for way in fresh["ways"] if way["verb"] == "request_return")
    assert datetime.fromisoformat(back["until"]) > datetime.now(UTC)
    assert fresh["holders"] == []
    await api.act(order, "sign", NET)
    signed = await task(api, order)
    assert "sign" not in verbs(signed)
    assert signed["holders"] == [NET]
    assert "sign" not in ways(signed), "once is enough"
    assert {verb for verb, code in ways(signed).items() if not code} >= {"contact", "reply", "extend", "ledger"}
    until = next(way["until"] for way in signed["ways"] if way["verb"] == "extend")
    answer = await api.post(f"/orders/{order}/extend", {"until": until, "reason": "零件在途 / parts on their way"}, NET)
    assert answer.status_code == 200, "the latest that is named may be asked for"
    assert ways(await task(api, order))["extend"] == "already_pending"


async def test_who_only_looks_is_offered_nothing(api: Caller) -> None:
    order = await api.opened()
    page = (await api.get("/units/GD.net/inbox", "gd-manager", limit=200)).json()["items"]
    found = next(one for one in page if one["order_id"] == order)
    assert found["ways"] == []
    assert verbs(found)[0] == "sign"


async def test_joint_handling_shows_how_far_the_others_are(api: Caller) -> None:
    order = await api.opened()
    await api.act(order, "sign", NET)
    body = {"kind": "routine", "matter": "cross_department", "units": ["GD.inst"], "reason": "要装维上门 / a visit"}
    await api.act(order, "request_whistle", AGENT, **body)
    copied = ("GD.svc", "copy", "copied")
    assert others(await task(api, order)) == [copied], "nobody is summoned before it is blown"
    await api.act(order, "decide_whistle", LEADER, whistle="w1", blow=True, reason="确有需要 / needed")
    own = await task(api, order)
    assert others(own) == [copied, ("GD.inst", "summoned", "summoned")]
    assert ways(own)["reply"] == "whistle_open"
    called = await task(api, order, INSTALL, "whistle")
    assert verbs(called) == ["answer_whistle", "contact_whistle", "report_in"]
    assert (called["matter"], called["whistle_kind"], called["lead"]) == ("cross_department", "routine", "GD.net")
    await api.act(order, "report_in", INSTALL, whistle="w1", who="李工 / Mr Li")
    there = await task(api, order, INSTALL, "whistle")
    assert verbs(there) == ["finish_part"]
    assert set(ways(there)) == {"finish_part"}
    assert others(await task(api, order))[1] == ("GD.inst", "summoned", "reported_in")


async def summoned(api: Caller, order: str, *units: str, lead: str = "") -> None:
    """A whistle by which those units are called."""
    body = {"kind": "routine", "matter": "cross_department", "units": units, "reason": "要装维上门 / a visit"}
    await api.act(order, "request_whistle", AGENT, **body, **({"lead": lead} if lead else {}))
    await api.act(order, "decide_whistle", LEADER, whistle="w1", blow=True, reason="确有需要 / needed")


async def there_and_done(api: Caller, order: str, *people: str) -> None:
    """The departments report in and finish."""
    for person in people:
        await api.act(order, "report_in", person, whistle="w1", who="李工 / Mr Li")
        await api.act(order, "finish_part", person, whistle="w1", done="重新熔接 / spliced anew")


async def test_the_lead_ends_the_joint_handling_from_his_own_entry(api: Caller) -> None:
    order = await api.opened()
    await api.act(order, "sign", NET)
    await summoned(api, order, "GD.inst")
    await api.act(order, "report_in", INSTALL, whistle="w1", who="李工 / Mr Li")
    own = await task(api, order)
    assert "dispose" not in verbs(own), "not before all are done"
    assert "dispose" not in ways(own)
    await api.act(order, "finish_part", INSTALL, whistle="w1", done="重新熔接 / spliced anew")
    own = await task(api, order)
    assert "dispose" in verbs(own)
    assert ways(own)["dispose"] == ""
    await api.act(order, "dispose", NET, whistle="w1", result="恢复 / restored")
    own = await task(api, order)
    assert "dispose" not in {*verbs(own), *ways(own)}
    assert ways(own)["reply"] == "whistle_open", "until it is verified"


async def test_a_named_lead_without_a_part_ends_it_from_the_whistle_s_entry(api: Caller) -> None:
    order = await api.opened()
    await api.act(order, "sign", NET)
    await summoned(api, order, "GD.inst", lead="GD.inst")
    await there_and_done(api, order, INSTALL)
    called = await task(api, order, INSTALL, "whistle")
    assert verbs(called) == ["dispose"]
    assert ways(called) == {"dispose": ""}
    assert "dispose" not in verbs(await task(api, order))
    await api.act(order, "dispose", INSTALL, whistle="w1", result="恢复 / restored")
    page = (await api.get("/units/GD.inst/inbox", INSTALL, limit=200)).json()["items"]
    assert order not in {one["order_id"] for one in page}, "nothing is left to be done"


async def closed(api: Caller, order: str) -> None:
    await api.act(order, "sign", NET)
    at = datetime.now(UTC)
    done = {"received_at": (at - timedelta(seconds=1)).isoformat(), "done_by": at.isoformat()}
    await api.act(order, "reply", NET, spoke_to="陈女士", done="换了光猫 / modem changed", **done)


async def earlier(api: Caller, order: str, who: str) -> list[str]:
    answer = await api.get(f"/orders/{order}/earlier", who)
    assert answer.status_code == 200, answer.text
    for one in answer.json():
        said = {name: value for name, value in one.items() if name != "order_id" and not name.endswith("_at")}
        assert "139" not in str(said)
    assert "陈" not in answer.text
    return [one["order_id"] for one in answer.json()]


async def test_a_unit_sees_the_earlier_orders_that_it_handled_itself(api: Caller) -> None:
    customer = {"name": "陈女士", "phone": "13900770001"}
    first, second = [await api.opened(customer=customer) for _ in range(2)]
    await closed(api, first)
    elsewhere = await api.opened(customer=customer, category="billing.wrong")
    assert await earlier(api, second, NET) == [first]
    assert set(await earlier(api, second, CALLER)) == {first, elsewhere}
    line = (await api.get(f"/orders/{second}/earlier", NET)).json()[0]
    assert (line["state"], line["lead_unit"], line["outcome"]) == ("replied", "GD.net", "")
    assert (await api.get(f"/orders/{elsewhere}/earlier", NET)).status_code == 404
    await api.post(f"/orders/{elsewhere}/follow", {"person": NET_HEAD}, DISPATCHER)
    assert await earlier(api, elsewhere, NET_HEAD) == [], "who only follows an order is told nothing of its customer"
    assert await earlier(api, second, NET_HEAD) == [first], "what one only follows is not told either"


async def test_the_unit_complained_about_is_told_of_no_other_order(api: Caller) -> None:
    customer = {"name": "陈女士", "phone": "13900770002"}
    first = await api.opened(customer=customer)
    against = await api.opened(customer=customer, against="GD.net")
    third = await api.opened(customer=customer)
    assert await earlier(api, against, NET) == []
    assert await earlier(api, third, NET) == [first], "nor of the complaint against it beside another one"
    assert set(await earlier(api, third, CALLER)) == {first, against}
