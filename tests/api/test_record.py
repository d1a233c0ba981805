"""The record of who looked at what and who was refused what."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from api.gateway import Gateway
from tests.api.conftest import AGENT, CUSTOMER, MANAGER, NET, Caller
from tests.api.test_death import _ready, process  # noqa: F401  # an API in a process of its own

INSPECTOR = "hq-auditor-1"


async def record(api: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/accesses", INSPECTOR, **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("", "get_order"),
        ("/events", "get_events"),
        ("/deadlines", "get_deadlines"),
        ("/live", "get_live"),
    ],
)
async def test_every_look_at_an_order_is_on_record(api: Caller, path: str, operation: str) -> None:
    number = await api.opened()
    assert (await api.get(f"/orders/{number}{path}", NET)).status_code == 200
    (one,) = await record(api, order_id=number, actor=NET)
    assert (one["operation"], one["outcome"], one["orders"]) == (operation, "seen", [number])
    assert (one["role"], one["unit"], one["acting_for"], one["code"]) == ("unit_member", "GD.net", "", "")
    assert one["at"].endswith("Z")


@pytest.mark.parametrize(
    ("path", "who", "query"),
    [
        ("/orders", AGENT, {"text": "Recorded matter"}),
        ("/orders", AGENT, {"sort": "updated"}),
        ("/units/GD.net/inbox", NET, {}),
        ("/orders/search", AGENT, {"customer": "13900000001"}),
        ("/callbacks", MANAGER, {}),
        ("/orders", CUSTOMER, {}),
    ],
)
async def test_a_list_is_on_record_with_all_that_it_showed(
    api: Caller, path: str, who: str, query: dict[str, Any]
) -> None:
    await api.opened(title="Recorded matter")
    answered = await api.opened(title="Recorded matter", dispatch=False)
    await api.act(answered, "answer_at_once", AGENT, answer="It is the weather")
    posted = path == "/orders/search"
    answer = await (api.post(path, {**query, "limit": 200}, who) if posted else api.get(path, who, limit=200, **query))
    shown = [line["order_id"] for line in answer.json()["items"]]
    assert shown
    (latest, *_) = await record(api, outcome="seen", order_id=shown[0])
    assert set(latest["orders"]) == set(shown)
    assert latest["detail"] == ("GD.net" if "inbox" in path else " ".join(query))


async def test_refusals_are_on_record_whoever_asks(api: Caller) -> None:
    number = await api.opened()
    foreign = await api.get(f"/orders/{number}", "js-net-1")
    forbidden = await api.get("/accesses", NET)
    by_role = await api.post(f"/orders/{number}/audit_reply", {"accepted": True}, NET)
    nobody = await api.http.get(f"/v1/orders/{number}")
    unknown = await api.get(f"/orders/{number}", "gd-nobody")
    statuses = [answer.status_code for answer in (foreign, forbidden, by_role, nobody, unknown)]
    assert statuses == [404, 403, 403, 401, 401]
    said = [(one["actor_id"], one["operation"], one["code"]) for one in await record(api, outcome="refused")][:4]
    assert said == [
        ("", "get_order", "unauthenticated"),
        (NET, "audit_reply", "role_forbidden"),
        (NET, "list_accesses", "forbidden"),
        ("js-net-1", "get_order", "order_not_found"),
    ]
    assert len([one for one in await record(api, order_id=number) if one["outcome"] == "refused"]) == 3


async def test_the_record_is_filtered_and_paged_and_looking_into_it_is_on_it(api: Caller) -> None:
    number = await api.opened()
    for _ in range(5):
        await api.get(f"/orders/{number}", MANAGER)
    seen, cursor = list[int](), ""
    while True:
        query = {"order_id": number, "actor": MANAGER, "outcome": "seen", "limit": 2, "cursor": cursor}
        page = (await api.get("/accesses", INSPECTOR, **query)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    mine = await record(api, order_id=number, actor=INSPECTOR)
    assert {one["operation"] for one in mine} == {"list_accesses"}
    begin = (await record(api, order_id=number, actor=MANAGER))[-1]["at"]
    assert len(await record(api, order_id=number, actor=MANAGER, **{"from": begin})) == 5
    assert await record(api, order_id=number, actor=MANAGER, until=begin) == []
    for field, value in (("cursor", "x"), ("outcome", "peeked"), ("from", "now")):
        answer = await api.get("/accesses", INSPECTOR, **{field: value})
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_supervisors_see_the_record_of_orders_that_they_see(api: Caller) -> None:
    number = await api.opened()
    await api.get(f"/orders/{number}", NET)
    found = (await api.get(f"/orders/{number}/accesses", MANAGER)).json()["items"]
    assert NET in {one["actor_id"] for one in found}
    assert all(one["orders"] == [number] for one in found)
    assert (await api.get(f"/orders/{number}/accesses", "js-manager")).status_code == 404
    for who in (AGENT, NET, CUSTOMER, "hq-admin"):
        assert (await api.get(f"/orders/{number}/accesses", who)).status_code == 403
        assert (await api.get("/accesses", who)).status_code == 403
    assert (await api.get("/accesses", MANAGER)).status_code == 403


async def test_nobody_changes_the_record(gateway: Gateway) -> None:
    for change in ("update accesses set actor_id = 'x'", "delete from accesses", "truncate accesses"):
        with pytest.raises(sa.exc.DBAPIError, match="permission denied"), gateway.books.writes() as session:
            session.execute(sa.text(change))


async def test_what_was_answered_is_on_record_though_the_api_is_killed_right_after(
    api: Caller,
    process: tuple[Any, str],  # noqa: F811
) -> None:
    running, address = process
    number = await api.opened()
    revealed = 0
    async with httpx.AsyncClient(base_url=address, timeout=20) as http:
        await _ready(http)
        doomed = Caller(http)
        for _ in range(3):
            await doomed.get(f"/orders/{number}", MANAGER)
        asked = {"fields": ["customer.phone"], "reason": "to call him back"}
        answers = [asyncio.create_task(doomed.post(f"/orders/{number}/reveal", asked, MANAGER)) for _ in range(40)]
        looks = [asyncio.create_task(doomed.get(f"/orders/{number}", MANAGER)) for _ in range(40)]
        await asyncio.wait([*answers, *looks], return_when=asyncio.FIRST_COMPLETED)
        running.kill()
        await asyncio.gather(*answers, *looks, return_exceptions=True)
        revealed = sum(_answered(one) for one in answers)
        looked = sum(_answered(one) for one in looks)
    kept = [one["outcome"] for one in await record(api, order_id=number, actor=MANAGER, limit=200)]
    assert revealed + looked
    assert kept.count("revealed") >= revealed
    assert kept.count("seen") >= looked + 3


def _answered(asked: asyncio.Task[httpx.Response]) -> bool:
    return asked.exception() is None and asked.result().status_code == 200
