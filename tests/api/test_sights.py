"""What is masked for whom, what is shown whole for a reason, and who sees an order wherever it goes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import sqlalchemy as sa

from api.gateway import Gateway
from api.sights import FOR_UNITS, INVITERS, Hidden
from runtime.postgres import APP
from store.session import EVERYWHERE, make_engine
from tests.api import conftest as posts
from tests.api.conftest import AGENT, CUSTOMER, DISPATCHER, INSTALL, LEADER, MANAGER, NET, NET_HEAD, Caller, complaint
from tests.conftest import Database

NAME, PHONE, EMAIL = "司马女士", "13611112222", "sima@example.com"
TITLE = "长安路12号3单元断网, 电话13611112222 / no network"
TEXT = "我是司马女士, 住长安路12号3单元, 请打13611112222. Since 2026-03-02."
WHY = "to call her back"
EVERYTHING = tuple(field.value for field in Hidden)
WHOLE = {"customer.name": NAME, "customer.phone": PHONE, "customer.email": EMAIL, "title": TITLE, "text": TEXT}
HQ, INSPECTOR, ADMIN = "hq-supervisor-1", "hq-auditor-1", "hq-admin"
DESKS = (AGENT, LEADER, DISPATCHER, posts.AUDITOR, posts.CALLER, MANAGER, "south-manager", HQ, INSPECTOR)
ELSEWHERE = "js-net-1"
SECRETS = (NAME, PHONE, EMAIL, "长安路12号")


async def hers(api: Caller, **changes: Any) -> str:
    """Her complaint, which GD.net has."""
    customer = {"name": NAME, "phone": PHONE, "email": EMAIL}
    return await api.opened(title=TITLE, text=TEXT, customer=customer, **changes)


async def reveal(api: Caller, number: str, who: str, *fields: str, **asked: Any) -> tuple[int, dict[str, Any]]:
    answer = await api.post(f"/orders/{number}/reveal", {"fields": fields, "reason": WHY, **asked}, who)
    return answer.status_code, answer.json()


def recorded(gateway: Gateway, number: str, who: str) -> list[tuple[str, str]]:
    """What the record has of somebody's looks at an order, the latest first: outcome and detail."""
    found = sa.text(
        "select outcome, detail from accesses where actor_id = :who and orders @> array[:number] order by id desc"
    )
    with gateway.books.writes() as session:
        return [(row.outcome, row.detail) for row in session.execute(found, {"who": who, "number": number})]


@pytest.mark.parametrize("who", DESKS)
async def test_desks_are_shown_masks_and_for_a_reason_the_whole(api: Caller, gateway: Gateway, who: str) -> None:
    number = await hers(api)
    for path in (f"/orders/{number}", f"/orders/{number}/events", "/orders", f"/orders/{number}/live"):
        said = (await api.get(path, who)).text
        assert not [secret for secret in SECRETS if secret in said], path
    one = (await api.get(f"/orders/{number}", who)).json()["order"]
    assert (one["customer"]["name"], one["customer"]["phone"]) == ("司**", "136****2222")
    assert one["customer"]["email"] == "s***@e***.com"
    assert one["title"] == "***断网, 电话*** / no network"
    status, found = await reveal(api, number, who, *EVERYTHING)
    assert (status, found) == (200, {"order_id": number, "values": WHOLE})
    assert recorded(gateway, number, who)[0] == ("revealed", " ".join(EVERYTHING))


@pytest.mark.parametrize("who", [NET, NET_HEAD])
async def test_a_unit_is_shown_the_matter_and_the_number_alone_for_a_reason(
    api: Caller, gateway: Gateway, who: str
) -> None:
    number = await hers(api)
    for path in (f"/orders/{number}", f"/orders/{number}/events", "/orders", "/units/GD.net/inbox", "/notices"):
        said = (await api.get(path, who)).text
        assert not [secret for secret in (*SECRETS, "司**", "2222") if secret in said], path
    one = (await api.get(f"/orders/{number}", who)).json()["order"]
    assert {one["customer"][name] for name in ("name", "phone", "email")} == {"***"}
    assert one["customer"]["id"] == ""
    assert "Since 2026-03-02" in (await api.get(f"/orders/{number}/events", who)).text
    for field in EVERYTHING:
        status, found = await reveal(api, number, who, field)
        if field in FOR_UNITS:
            assert (status, found["values"]) == (200, {field: WHOLE[field]})
        else:
            assert (status, found["code"], found["field"]) == (403, "forbidden", "fields")
    assert (await reveal(api, number, who, seq=1))[0] == 403
    assert (await reveal(api, number, who, "customer.phone", "customer.name"))[0] == 403
    seen = [outcome for outcome, _ in recorded(gateway, number, who)]
    assert (seen.count("revealed"), seen.count("refused")) == (1, 6)


async def test_the_unit_complained_about_is_not_even_shown_the_number(api: Caller, gateway: Gateway) -> None:
    number = await hers(api, against="GD.net")
    assert (await api.get(f"/orders/{number}")).json()["order"]["against"] == "GD.net"
    status, found = await reveal(api, number, NET, "customer.phone")
    assert (status, found["code"]) == (403, "forbidden")
    assert recorded(gateway, number, NET)[0][0] == "refused"
    await api.post(f"/orders/{number}/follow", {"person": INSTALL}, DISPATCHER)
    status, found = await reveal(api, number, INSTALL, "customer.phone")
    assert (status, found["code"]) == (403, "forbidden"), "a unit that only follows has nobody to call"


@pytest.mark.parametrize("unit", ["GD.moon", "gd.net", "电信"])
async def test_only_a_unit_can_be_complained_about(api: Caller, unit: str) -> None:
    answer = await api.post("/orders", complaint(against=unit))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_field", "against")
    assert "GET /v1/units" in answer.json()["remedy"]


async def test_a_customer_is_not_told_whom_his_complaint_is_against(api: Caller) -> None:
    number = await api.opened(against="GD.bill")
    for path in (f"/orders/{number}", f"/orders/{number}/events", "/orders"):
        said = (await api.get(path, CUSTOMER)).text
        assert number in said
        assert "GD.bill" not in said


@pytest.mark.parametrize("who", [CUSTOMER, ADMIN, "web-channel", "regulator"])
async def test_nobody_else_reveals_anything(api: Caller, who: str) -> None:
    number = await api.opened()
    status, found = await reveal(api, number, who, "customer.phone")
    assert (status, found["code"]) == (403, "forbidden")


async def test_whoever_does_not_see_an_order_reveals_nothing_of_it(api: Caller, gateway: Gateway) -> None:
    number = await hers(api)
    status, found = await reveal(api, number, ELSEWHERE, "customer.phone")
    nowhere = (await reveal(api, "WH20260101-NOTHERE0", ELSEWHERE, "customer.phone"))[1]
    assert (status, found["code"]) == (404, "order_not_found")
    assert json.dumps(found).replace(number, "N") == json.dumps(nowhere).replace("WH20260101-NOTHERE0", "N")
    assert recorded(gateway, number, ELSEWHERE) == [("refused", "")]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"fields": []}, "fields"),
        ({"fields": ["customer.id"]}, "fields.0"),
        ({"seq": 999}, "seq"),
        ({"seq": 0}, "seq"),
        ({"why": "x"}, "why"),
    ],
)
async def test_a_reveal_that_says_not_what_or_why_shows_nothing(
    api: Caller, gateway: Gateway, asked: dict[str, Any], field: str
) -> None:
    number = await hers(api)
    answer = await api.post(f"/orders/{number}/reveal", {"fields": ["customer.phone"], "reason": WHY, **asked}, AGENT)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_request", field)
    assert PHONE not in answer.text
    assert "revealed" not in [outcome for outcome, _ in recorded(gateway, number, AGENT)]


async def test_the_words_of_an_event_are_shown_whole_for_a_reason(api: Caller) -> None:
    number = await hers(api)
    view = await api.act(number, "note", AGENT, text=f"{NAME} will be at 长安路12号")
    shown = (await api.get(f"/orders/{number}/events", after=view["command"]["first"] - 1)).json()["items"][0]
    assert NAME not in shown["data"]["text"]
    status, found = await reveal(api, number, AGENT, seq=view["command"]["first"])
    assert (status, found["values"]["event"]["data"]["text"]) == (200, f"{NAME} will be at 长安路12号")


async def test_nothing_is_shown_before_it_is_on_record(api: Caller, gateway: Gateway, database: Database) -> None:
    number = await hers(api)
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with engine.begin() as connection:
        connection.execute(sa.text("lock table accesses in share mode"))  # the record can be read and not written
        asked = [
            asyncio.create_task(reveal(api, number, AGENT, "customer.phone")),
            asyncio.create_task(api.get(f"/orders/{number}", AGENT)),
            asyncio.create_task(api.get("/orders", AGENT)),
        ]
        done, _ = await asyncio.wait(asked, timeout=1.0)
        assert not done
        assert recorded(gateway, number, AGENT) == []
    await asyncio.gather(*asked)
    assert sorted(outcome for outcome, _ in recorded(gateway, number, AGENT)) == ["revealed", "seen", "seen"]
    engine.dispose()


async def test_where_nothing_can_be_put_on_record_nothing_is_shown(api: Caller, database: Database) -> None:
    number = await hers(api)
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with engine.begin() as connection:
        connection.execute(sa.text(f"revoke insert on accesses from {APP}"))
    try:
        for answer in (
            await api.post(f"/orders/{number}/reveal", {"fields": EVERYTHING, "reason": WHY}, AGENT),
            await api.get(f"/orders/{number}", AGENT),
            await api.get(f"/orders/{number}/events", AGENT),
            await api.get("/orders", AGENT),
        ):
            assert answer.status_code >= 500
            assert not [word for word in (*SECRETS, "司**", "2222") if word in answer.text]
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(f"grant insert on accesses to {APP}"))
        engine.dispose()


async def test_followers_see_an_order_wherever_it_goes(api: Caller, gateway: Gateway) -> None:
    number = await hers(api)
    assert (await api.get(f"/orders/{number}", ELSEWHERE)).status_code == 404
    invited = await api.post(f"/orders/{number}/follow", {"person": ELSEWHERE}, LEADER)
    assert invited.json() == {"order_id": number, "people": sorted([AGENT, ELSEWHERE]), "changed": True}
    again = await api.post(f"/orders/{number}/follow", {"person": ELSEWHERE}, LEADER)
    assert again.json() == {**invited.json(), "changed": False}
    assert (await api.get(f"/orders/{number}", ELSEWHERE)).status_code == 200
    mine = (await api.get("/orders", ELSEWHERE, following=True)).json()["items"]
    assert [line["order_id"] for line in mine] == [number]
    followers = (await api.get(f"/orders/{number}/followers", MANAGER)).json()
    assert followers["people"] == sorted([AGENT, ELSEWHERE])
    assert recorded(gateway, number, LEADER) == [("changed", f"follow {ELSEWHERE}")]
    left = await api.post(f"/orders/{number}/unfollow", {}, ELSEWHERE)
    assert left.json() == {"order_id": number, "people": [AGENT], "changed": True}
    assert (await api.get(f"/orders/{number}", ELSEWHERE)).status_code == 404
    assert recorded(gateway, number, ELSEWHERE)[:2] == [("refused", ""), ("changed", f"unfollow {ELSEWHERE}")]


async def test_only_those_who_lead_have_colleagues_follow(api: Caller) -> None:
    number = await api.opened()
    roles = set()
    for who in (*DESKS, NET, NET_HEAD):
        role = (await api.get("/me", who)).json()["role"]
        answer = await api.post(f"/orders/{number}/follow", {"person": INSTALL}, who)
        if role in INVITERS:
            assert answer.status_code == 200, who
            roles.add(role)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), who
    assert roles == set(INVITERS)
    for nobody in ("gd-nobody", ADMIN, "customer:13900000001"):
        answer = await api.post(f"/orders/{number}/follow", {"person": nobody}, LEADER)
        assert (answer.status_code, answer.json()["field"]) == (422, "person"), nobody
    for who in (CUSTOMER, ADMIN, INSPECTOR):
        assert (await api.post(f"/orders/{number}/follow", {}, who)).status_code == 403, who
    for verb in ("follow", "unfollow"):
        assert (await api.post(f"/orders/{number}/{verb}", {"person": INSTALL}, ELSEWHERE)).status_code == 404
    assert (await api.get(f"/orders/{number}/followers", ELSEWHERE)).status_code == 403
    assert (await api.get(f"/orders/{number}/followers", "js-manager")).status_code == 404
