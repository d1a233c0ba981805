"""Calls to customers through HTTP: the limits of a number hold for callers at once, and the work list says when."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.gateway import Gateway
from api.keys import Pending
from contracts.messages import decode
from domain.commands import RecordCallback
from domain.model import Role
from identity.people import Identified
from tests.api.conftest import AGENT, CALLER, MANAGER, NET, Caller, key
from tests.support.hours import noon
from vault import customers

pytestmark = pytest.mark.usefixtures("by_day")

MISS = {"result": "no_answer"}
_PHONES = itertools.count(10)


def phone() -> str:
    """A number that no other test has."""
    return f"137000000{next(_PHONES)}"


async def to_call(api: Caller, number: str, **changes: Any) -> str:
    """An order that was answered on the spot, so that its customer is to be called."""
    customer = {"name": "Ms Chen", "phone": number, "zone": noon()}
    order = await api.opened(dispatch=False, customer=customer, **changes)
    view = await api.act(order, "answer_at_once", AGENT, answer="It is the weather")
    assert view["order"]["callback"]["status"] == "planned", view["order"]["callback"]
    return order


def called(gateway: Gateway, number: str) -> list[tuple[str, str]]:
    """The calls on record to a number: id and order."""
    found = sa.text("select id, order_id from calls where callee = :customer order by at")
    with gateway.books.writes() as session:
        customer = customers.find(session, gateway.books.rack.keyring, number)
        return [(row.id, row.order_id) for row in session.execute(found, {"customer": customer})]


async def test_callers_at_once_do_not_pass_the_limit_of_a_number_however_it_is_written(
    api: Caller, gateway: Gateway
) -> None:
    number = phone()
    spellings = (number, f"+86 {number}", f"0086{number}", f"{number[:3]}-{number[3:7]}-{number[7:]}", f"86{number}")
    orders = [await to_call(api, spelling) for spelling in spellings]
    answers = await asyncio.gather(*(api.post(f"/orders/{order}/record_callback", MISS, CALLER) for order in orders))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["code"] == "too_many_calls"
            wait = datetime.fromisoformat(problem["remedy"].removeprefix("call at ")) - datetime.now(UTC)
            assert 0 < wait.total_seconds() <= 301  # told in whole seconds
    made = {order for order, answer in zip(orders, answers, strict=True) if answer.status_code == 200}
    assert {order for _, order in called(gateway, number)} == made

    listed = (await api.get("/callbacks", CALLER, limit=200)).json()["items"]
    mine = {line["order_id"]: line for line in listed if line["order_id"] in orders}
    assert set(mine) == set(orders)
    for order, line in mine.items():
        assert line["calls_today"] == 3
        assert (line["status"], line["attempts"]) == (("attempting", 1) if order in made else ("planned", 0))
        assert line["may_call_at"] >= line["not_before"]
        assert datetime.fromisoformat(line["may_call_at"]) > datetime.now(UTC)


async def test_no_spelling_of_a_number_gets_it_more_calls(api: Caller, gateway: Gateway) -> None:
    number = phone()
    heads = ("", "+86 0", "86 0", "+0086 ", "0 0086 ", "17951 ", "+86 12593 0", "00")
    orders = [await to_call(api, head + number) for head in heads]
    answers = await asyncio.gather(*(api.post(f"/orders/{order}/record_callback", MISS, CALLER) for order in orders))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 5
    assert len(called(gateway, number)) == 3


async def test_a_refused_call_leaves_its_place_free(api: Caller, gateway: Gateway) -> None:
    number = phone()
    order = await api.opened(dispatch=False, customer={"name": "Ms Chen", "phone": number, "zone": noon()})
    refused = await api.post(f"/orders/{order}/record_callback", MISS, CALLER)
    assert refused.status_code == 409, refused.text
    assert not called(gateway, number)


async def test_the_same_key_is_one_call(api: Caller, gateway: Gateway) -> None:
    number = phone()
    order, used = await to_call(api, number), key()
    answers = [await api.post(f"/orders/{order}/record_callback", MISS, CALLER, use=used) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 1
    assert called(gateway, number) == [(used, order)]
    other = await api.post(f"/orders/{order}/record_callback", {"result": "refused", "why": "no"}, CALLER, use=used)
    assert other.json()["code"] == "command_reused"
    assert called(gateway, number) == [(used, order)]


async def test_a_call_whose_sender_died_keeps_its_place_and_is_finished_by_what_it_was_claimed_with(
    api: Caller, gateway: Gateway
) -> None:
    number = phone()
    first, second = await to_call(api, number), await to_call(api, number)
    await api.act(first, "record_callback", CALLER, **MISS)
    who = Identified(CALLER, "", "", Role.CALLBACK_AGENT, "GD.svc", "GD")
    used, missed = key(), RecordCallback("no_answer")
    claimed = await gateway.run(gateway.books.claim, second, "record_callback", used, who, missed, "", None)
    assert isinstance(claimed, Pending)
    assert [order for _, order in called(gateway, number)] == [first, second]
    third = await to_call(api, number)
    await api.act(third, "record_callback", CALLER, **MISS)
    with gateway.books.writes() as session:  # nobody has it in hand any more
        session.execute(sa.text("update commands set tried_at = now() - interval '1 h' where key = :k"), {"k": used})
    taken = [one for one in await gateway.stale(60, 50) if one.key == used]
    assert len(decode(taken[0].message.body, RecordCallback).recent) == 1
    reply = await gateway.resume(taken[0])
    assert reply.status == 200
    assert len(called(gateway, number)) == 3


async def test_what_the_server_fills_no_request_may_carry(api: Caller) -> None:
    order = await to_call(api, phone())
    answer = await api.post(f"/orders/{order}/record_callback", {**MISS, "recent": []}, CALLER)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_the_next_attempt_is_refused_until_the_instant_that_the_order_names(api: Caller) -> None:
    order = await to_call(api, phone())
    view = await api.act(order, "record_callback", CALLER, **MISS)
    not_before = view["order"]["callback"]["not_before"]
    again = await api.post(f"/orders/{order}/record_callback", MISS, CALLER)
    assert again.json()["code"] == "too_soon"
    named = datetime.fromisoformat(again.json()["remedy"].removeprefix("call at "))
    assert timedelta() <= named - datetime.fromisoformat(not_before) < timedelta(seconds=1)
    assert named.microsecond == 0


async def test_the_work_list_is_of_a_province_in_pages_and_not_for_those_who_handle(api: Caller) -> None:
    orders = [await to_call(api, phone(), province="JS") for _ in range(3)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await api.get("/callbacks", "js-manager", province="JS", ready=True, limit=2, cursor=cursor)).json()
        seen += [line["order_id"] for line in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == orders
    assert (await api.get("/callbacks", MANAGER, province="JS")).json()["items"] == []  # another province's are not his
    reached = {"result": "reached", "contacted": True, "solved": True, "satisfaction": "satisfied"}
    await api.act(orders[0], "record_callback", "js-caller-1", **reached)
    left = (await api.get("/callbacks", "js-caller-1", province="JS")).json()["items"]
    assert [line["order_id"] for line in left] == orders[1:]
    for who in (NET, "customer:13900000001"):
        assert (await api.get("/callbacks", who)).json()["code"] == "forbidden"
    assert (await api.get("/callbacks", CALLER, cursor="nonsense")).json()["field"] == "cursor"
