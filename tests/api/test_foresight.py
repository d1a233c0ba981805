"""Before a complaint is registered: what is foreseen comes about, and what was said before is found, as one sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from api.gateway import Gateway
from store import access_tables, tables
from store.demo import document
from tests.api.conftest import AGENT, DISPATCHER, MANAGER, NET, Caller, complaint

CATEGORIES = sorted(document("organisation")["catalogue"])
SOON = timedelta(seconds=30)
"""How far apart the two reckonings may be: they are made one after the other."""


async def foreseen(api: Caller, who: str = AGENT, **asked: Any) -> dict[str, Any]:
    answer = await api.post("/orders/foresee", asked, who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def registered(api: Caller, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    answer = await api.post("/orders", complaint(**changes))
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()["order"]
    return order, (await api.get(f"/orders/{order['id']}/deadlines", MANAGER, running="true")).json()


def _compare(told: dict[str, Any], order: dict[str, Any], limits: list[dict[str, Any]]) -> None:
    assert {(one["key"], one["unit"], one["due"]["rule"]) for one in told["limits"]} == {
        (one["key"], one["unit"], one["rule"]) for one in limits
    }
    due = {one["key"]: datetime.fromisoformat(one["due_at"]) for one in limits}
    for one in told["limits"]:
        assert abs(datetime.fromisoformat(one["due"]["due_at"]) - due[one["key"]]) < SOON, one["key"]
        assert one["due"]["explained_zh"]
        assert one["due"]["explained_en"]
    parts = {role: [part["unit"] for part in order["assignments"] if part["role"] == role] for role in ("co", "copy")}
    assert (told["order_class"], told["state"], told["level"]) == (order["order_class"], order["state"], order["level"])
    assert (told["co"], told["copied"]) == (parts["co"], parts["copy"])
    assert told["lead"] == next((part["unit"] for part in order["assignments"] if part["role"] == "lead"), "")


@pytest.mark.parametrize("category", CATEGORIES)
async def test_what_is_foreseen_for_each_category_is_what_registering_brings(api: Caller, category: str) -> None:
    told = await foreseen(api, category=category, province="GD")
    _compare(told, *await registered(api, category=category))
    assert told["catalogue"]


@pytest.mark.parametrize("order_class", ["urgent", "fault", "general", "consult", "complex"])
@pytest.mark.parametrize("tier", ["normal", "diamond"])
async def test_for_each_class_and_tier_too(api: Caller, order_class: str, tier: str) -> None:
    him = {"name": "陈女士", "phone": "13900000001", "tier": tier}
    told = await foreseen(
        api,
        category="network.fault",
        province="GD",
        order_class=order_class,
        customer={"tier": tier},
        channel="hotline",
    )
    _compare(told, *await registered(api, order_class=order_class, customer=him))
    assert any("tiers.diamond" in one["due"]["rule"] for one in told["limits"]) == (tier == "diamond")


@pytest.mark.parametrize("province", ["GD", "BJ", "HA", "CQ", "XJ"])
async def test_for_each_province_by_its_own_rules_and_zone(api: Caller, province: str) -> None:
    told = await foreseen(api, category="network.fault", province=province, order_class="complex")
    answer = await api.post("/orders", complaint(province=province, order_class="complex"))
    number = answer.json()["order"]["id"]
    limits = (await api.get(f"/orders/{number}/deadlines", "hq-supervisor-1", running="true")).json()
    _compare(told, answer.json()["order"], limits)


@pytest.mark.parametrize("more", [{"dispatch": False}, {"category": "nothing.known"}, {"channel": "12345"}])
async def test_without_a_clause_or_by_a_channel_that_skips_levels(api: Caller, more: dict[str, Any]) -> None:
    asked = {"category": "network.fault", "province": "GD", "channel": "hotline", **more}
    _compare(await foreseen(api, **asked), *await registered(api, **asked))


async def test_nothing_is_written_and_nobody_s_name_is_needed(api: Caller, gateway: Gateway) -> None:
    def rows() -> dict[str, int]:
        with gateway.books.system() as session:
            counted = (tables.orders, tables.commands, tables.terms, access_tables.customers, tables.order_texts)
            return {one.name: session.scalar(select(func.count()).select_from(one)) or 0 for one in counted}

    before = rows()
    for order_class in ("urgent", "complex"):
        told = await foreseen(api, category="billing.dispute", province="TJ", order_class=order_class)
        assert [one["key"] for one in told["limits"]]
        assert told["policy"] == document("policy")["version"]
    whole = complaint(customer={"name": "外人", "phone": "13577778888"})
    assert (await foreseen(api, **whole))["lead"] == "GD.net"
    assert rows() == before


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"province": "XX"}, "province"),
        ({"customer": {"tier": "platinum"}}, "customer.tier"),
        ({"against": "GD.nix"}, "against"),
    ],
)
async def test_what_registering_would_refuse_is_refused_by_its_field(
    api: Caller, asked: dict[str, Any], field: str
) -> None:
    answer = await api.post("/orders/foresee", {"category": "network.fault", "province": "GD", **asked})
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


# --- possible duplicates ----------------------------------------------------------------------------------------------


async def similar(api: Caller, who: str = AGENT, **asked: Any) -> list[dict[str, Any]]:
    answer = await api.post("/orders/similar", asked, who)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_the_customer_s_own_orders_come_first_each_with_why(api: Caller) -> None:
    phone = "13566660001"
    him = {"name": "赵先生", "phone": phone}
    same = await api.opened(title="宽带断网两天无人上门", customer=him)
    other = await api.opened(title="话费多扣了三十元", category="billing.dispute", customer=him)
    foreign = await api.opened(title="宽带断网两天没有人处理", customer={"name": "钱女士", "phone": "13566660002"})
    found = await similar(api, customer="135 6666 0001", title="宽带断网两天", category="network.fault", province="GD")
    ids = [one["order"]["order_id"] for one in found]
    assert ids[0] == same
    assert set(ids) >= {same, other, foreign}
    why = {one["order"]["order_id"]: set(one["why"]) for one in found}
    assert why[same] == {"same_customer", "same_category", "similar_title", "open"}
    assert why[other] == {"same_customer", "open"}
    assert why[foreign] == {"same_category", "similar_title", "open"}
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert "赵先生" not in str(found)
    assert phone not in str(found)


async def test_what_a_mask_hides_makes_no_two_orders_alike(api: Caller) -> None:
    hidden = await api.opened(title="来电13599998888", customer={"name": "孙某", "phone": "13566660003"})
    found = await similar(api, title="13599998888", category="network.fault", province="GD")
    assert hidden not in [one["order"]["order_id"] for one in found]


async def test_another_place_s_orders_are_not_found_and_a_unit_may_not_ask(api: Caller) -> None:
    him = {"name": "周先生", "phone": "13566660004"}
    there = await api.post("/orders", complaint(province="BJ", customer=him))
    number = there.json()["order"]["id"]
    assert number not in [one["order"]["order_id"] for one in await similar(api, DISPATCHER, customer=him["phone"])]
    found = await similar(api, "hq-supervisor-1", customer=him["phone"])
    assert [one["order"]["order_id"] for one in found] == [number]
    assert (await api.post("/orders/similar", {"customer": him["phone"]}, NET)).status_code == 403


async def test_a_title_alone_is_too_little(api: Caller) -> None:
    answer = await api.post("/orders/similar", {"title": "断网"})
    assert (answer.status_code, answer.json()["field"]) == (422, "customer")


async def test_what_was_shown_is_on_record_like_a_search(api: Caller) -> None:
    him = {"name": "吴女士", "phone": "13566660005"}
    number = await api.opened(customer=him)
    await similar(api, customer=him["phone"])
    looks = (await api.get("/accesses", "hq-auditor-1", order_id=number)).json()["items"]
    assert [(look["actor_id"], look["detail"]) for look in looks if look["operation"] == "find_similar"] == [
        (AGENT, "similar")
    ]
