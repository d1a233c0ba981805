"""What comes in at the edge: odd instants and cursors, units that cannot act, and what a customer may not choose."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from api.books import FRESH_SECONDS
from api.gateway import Gateway
from domain.model import Customer
from store import cursors, policies, tables
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import AGENT, CUSTOMER, DISPATCHER, NET, PHONE, STRANGER, Caller, complaint, key
from tests.conftest import Database

ELSEWHERE = "js-net-1"
"""Of a unit that has nothing to do with the orders here."""


@pytest.mark.parametrize(
    "instant",
    [
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "1999-12-31T23:59:59Z",
        "2000-01-01T07:59:59+08:00",
        "2200-01-01T00:00:00Z",
    ],
)
async def test_an_instant_beyond_all_reason_is_refused_by_its_field(api: Caller, instant: str) -> None:
    number = await api.opened()
    answer = await api.post(f"/orders/{number}/extend", {"until": instant, "reason": "x"}, NET)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_request", "until")
    assert "between the years 2000 and 2200" in answer.json()["detail"]


_LISTS = [
    ("/orders", "newest", ["'"]),
    ("/units/GD.net/inbox", "inbox", ["'", "'"]),
    ("/notices", "notices", ["'"]),
]
"""Lists that are sorted by an instant, and the rest of a cursor's key."""


@pytest.mark.parametrize(
    ("path", "listing", "parts"),
    [
        ("/orders", "newest", [datetime(2026, 3, 2, tzinfo=UTC), "a\0b"]),
        ("/orders", "level", [2**40, datetime(2026, 3, 2, tzinfo=UTC), "a"]),
        ("/units/GD.net/inbox", "inbox", [datetime(2026, 3, 2, tzinfo=UTC), "a", "b\0"]),
        ("/notices", "notices", [datetime(2026, 3, 2, tzinfo=UTC), "\0"]),
    ],
)
async def test_a_cursor_that_no_database_could_read_is_a_bad_one(
    api: Caller, path: str, listing: str, parts: list[Any]
) -> None:
    sort = {"sort": listing} if path == "/orders" else {}
    answer = await api.get(path, cursor=cursors.make(listing, parts), **sort)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_request", "cursor")


@pytest.mark.parametrize(
    "instant",
    [
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "1999-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "9999-12-30T00:00:00Z",
        "-infinity",
    ],
)
@pytest.mark.parametrize(("path", "listing", "texts"), _LISTS)
async def test_a_cursor_at_an_instant_beyond_all_orders_is_a_bad_one(
    api: Caller, path: str, listing: str, texts: list[str], instant: str
) -> None:
    answer = await api.get(path, cursor=cursors.make(listing, [instant, *texts]))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_request", "cursor")


@pytest.mark.parametrize("instant", ["2026-01-01T00:00:00+23:59", "2026-01-01T00:00:00-23:59", "9999-12-31T00:00:00Z"])
@pytest.mark.parametrize(("path", "listing", "texts"), _LISTS)
async def test_an_instant_of_a_cursor_may_be_said_in_any_zone(
    api: Caller, path: str, listing: str, texts: list[str], instant: str
) -> None:
    answer = await api.get(path, cursor=cursors.make(listing, [instant, *texts]))
    assert answer.status_code == 200, answer.text


async def test_a_customers_list_is_his_own_with_his_own_filter_page_by_page(api: Caller) -> None:
    his, foreign = "83001234", "020-83001234"  # the one is a part of the other
    mine = [
        await api.opened(title=f"mine {count}", customer={"name": "Ms Wu", "phone": his}) for count in ("one", "two")
    ]
    await api.opened(title=f"one that names {his}", customer={"name": "Mr Li", "phone": foreign})
    who, seen, cursor = f"customer:{his}", list[str](), ""
    while True:
        page = (await api.get("/orders", who, limit=1, cursor=cursor)).json()
        seen += [line["order_id"] for line in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == mine[::-1]
    found = (await api.get("/orders", who, text="mine two")).json()["items"]
    assert [line["order_id"] for line in found] == mine[1:]


async def test_a_strangers_live_order_looks_like_one_that_is_not_there(api: Caller) -> None:
    number, nowhere = await api.opened(), "WH20260101-NOTHERE0"
    for who, status in ((ELSEWHERE, 404), (STRANGER, 403)):  # the engine's own view is for staff alone
        foreign, absent = [await api.get(f"/orders/{one}/live", who) for one in (number, nowhere)]
        assert foreign.status_code == absent.status_code == status
        assert foreign.text.replace(number, "N") == absent.text.replace(nowhere, "N")
    assert (await api.get(f"/orders/{number}/live", NET)).status_code == 200


async def test_a_customer_chooses_neither_his_tier_nor_his_class_nor_his_channel(api: Caller) -> None:
    asked = complaint(
        customer={"name": "Ms Chen", "phone": PHONE, "tier": "gold"},
        order_class="complex",
        channel="regulator",
        source="12345",
    )
    usual = (await api.post("/orders", complaint())).json()["order"]
    used = key()
    first, again = [await api.post("/orders", asked, CUSTOMER, use=used) for _ in range(2)]
    assert (first.status_code, first.content) == (201, again.content), first.text
    order = first.json()["order"]
    assert (order["customer"]["tier"], order["channel"]) == (Customer("", "").tier, "web")
    assert not await _source(api, order["id"])
    assert order["order_class"] == usual["order_class"] != "complex"
    assert (await api.get(f"/orders/{order['id']}")).json()["order"]["terms"] == usual["terms"]
    taken = (await api.post("/orders", asked, AGENT)).json()["order"]
    assert (taken["channel"], taken["order_class"]) == ("regulator", "complex")
    assert await _source(api, taken["id"]) == "12345"


async def _source(api: Caller, number: str) -> str:
    """Where the registration says that the complaint came from."""
    registered = (await api.get(f"/orders/{number}/events")).json()["items"][0]
    source: str = registered["data"].get("source", "")
    return source


@pytest.mark.parametrize("place", ["GD.net", "HQ", "R.south", "XX", "gd"])
async def test_a_complaint_comes_from_a_province(api: Caller, place: str) -> None:
    answer = await api.post("/orders", complaint(province=place))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_field", "province")
    assert answer.json()["remedy"] == "GET /v1/units?kind=province lists them."


async def test_a_tier_that_no_policy_knows_is_refused_and_leaves_nothing(api: Caller, gateway: Gateway) -> None:
    def kept() -> int:
        with gateway.books.system() as session:
            return session.scalar(select(func.count()).select_from(tables.terms)) or 0

    before = kept()
    for tier in ("made-up-1", "made-up-2", "", "Gold"):
        customer = {"name": "Ms Chen", "phone": PHONE, "tier": tier}
        answer = await api.post("/orders", complaint(customer=customer))
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (422, "invalid_field", "customer.tier")
        assert problem["remedy"].startswith("One of ")
        assert {"normal", "gold"} <= set(problem["remedy"].removeprefix("One of ").rstrip(".").split(", "))
    assert kept() == before


async def test_a_tier_just_published_is_known_and_one_just_dropped_does_not_undo_what_was_registered(
    api: Caller, database: Database
) -> None:
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)

    def publish(version: str, **tiers: Any) -> None:
        with sessions(engine).begin() as session:
            _, document = policies.current(session)
            kept = {name: tier for name, tier in document["tiers"].items() if name != "copper"}
            policies.publish(session, version, {**document, "version": version, "tiers": {**kept, **tiers}})

    copper, used = complaint(customer={"name": "Ms Chen", "phone": PHONE, "tier": "copper"}), key()
    assert (await api.post("/orders", copper)).status_code == 422
    publish("edges.1", copper={"factor": 0.9})
    answer = await api.post("/orders", copper, use=used)
    assert answer.status_code == 201, answer.text
    publish("edges.2")
    engine.dispose()
    await asyncio.sleep(FRESH_SECONDS + 0.1)
    assert (await api.post("/orders", copper)).json()["field"] == "customer.tier"
    again = await api.post("/orders", copper, use=used)
    assert (again.status_code, again.json()["order"]["id"]) == (201, answer.json()["order"]["id"])
    other = await api.post("/orders", {**copper, "title": "another"}, use=used)
    assert other.json()["code"] == "command_reused"


@pytest.mark.parametrize("unit", ["GD", "R.south", "HQ", "GD.moon"])
async def test_only_a_department_can_be_named_to_act(api: Caller, unit: str) -> None:
    number = await api.opened(dispatch=False)
    whistle = {"kind": "emergency", "matter": "network_outage", "reason": "x"}
    for who, verb, body, field in (
        (DISPATCHER, "dispatch", {"lead": unit}, "lead"),
        (DISPATCHER, "dispatch", {"lead": "GD.net", "co": ["GD.it", unit]}, "co"),
        (AGENT, "request_whistle", {**whistle, "units": [unit]}, "units"),
        (AGENT, "request_whistle", {**whistle, "units": ["GD.it"], "lead": unit}, "lead"),
        (NET, "request_return", {"clause": "c", "suggested_unit": unit, "reason": "x"}, "suggested_unit"),
    ):
        answer = await api.post(f"/orders/{number}/{verb}", body, who)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_field", field)
        assert "kind=department" in answer.json()["remedy"]
