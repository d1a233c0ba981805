"""An order as it stood, and its proof, over HTTP: who is shown what, and that the proof verifies as it comes."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from api.gateway import Gateway
from audit.proof import Fault, Proof, faults
from tests.api import conftest as posts
from tests.api.conftest import AGENT, CUSTOMER, MANAGER, NET, PHONE, Caller
from tests.conftest import Database

INSPECTOR, ADMIN = "hq-auditor-1", "hq-admin"


async def lived(api: Caller) -> str:
    """An order that was signed, contacted and noted on."""
    number = await api.opened()
    await api.act(number, "sign", NET)
    await api.act(number, "contact", NET, spoke_to="陈女士", summary="她说周一起断网")
    await api.act(number, "note", AGENT, text="her number is 13900000001")
    return number


async def test_an_order_is_shown_as_it_stood_after_each_event(api: Caller) -> None:
    number = await api.opened()
    seen = [(await api.get(f"/orders/{number}", INSPECTOR)).json()]
    for verb, who, body in (
        ("sign", NET, {}),
        ("contact", NET, {"spoke_to": "陈女士", "summary": "断网"}),
        ("note", AGENT, {"text": "called again"}),
    ):
        await api.act(number, verb, who, **body)
        seen.append((await api.get(f"/orders/{number}", INSPECTOR)).json())
    events = (await api.get(f"/orders/{number}/events", INSPECTOR)).json()["items"]
    for today in seen:
        seq = today["order"]["seq"]
        then = (await api.get(f"/orders/{number}/as-of", INSPECTOR, seq=seq)).json()
        standing = then.pop("as_of")
        assert then == today
        assert (standing["seq"], standing["last"]) == (seq, events[-1]["seq"])
        assert (standing["at"], standing["type"]) == (events[seq - 1]["at"], events[seq - 1]["type"])
        assert standing["until"] == (events[seq]["at"] if seq < len(events) else None)
        between = (await api.get(f"/orders/{number}/as-of", INSPECTOR, at=standing["at"])).json()
        assert between["as_of"]["seq"] >= seq
    now = (await api.get(f"/orders/{number}/as-of", INSPECTOR)).json()
    assert now["as_of"]["seq"] == events[-1]["seq"]


async def test_it_is_masked_then_as_it_is_today(api: Caller) -> None:
    number = await lived(api)
    for who in (INSPECTOR, MANAGER, AGENT):
        then = await api.get(f"/orders/{number}/as-of", who, seq=1)
        assert then.status_code == 200
        assert PHONE not in then.text
        assert then.json()["order"]["customer"]["name"] == "陈**"


async def test_what_cannot_be_asked_is_said(api: Caller) -> None:
    number = await lived(api)
    first = (await api.get(f"/orders/{number}/events", INSPECTOR)).json()["items"][0]
    before = (datetime.fromisoformat(first["at"]) - timedelta(seconds=1)).isoformat()
    for query, field in (({"seq": 999}, "seq"), ({"at": before}, "at"), ({"seq": 1, "at": first["at"]}, "at")):
        answer = await api.get(f"/orders/{number}/as-of", INSPECTOR, **query)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_request", field)
        assert answer.json()["remedy"]


@pytest.mark.parametrize("who", [NET, CUSTOMER, ADMIN, "regulator"])
async def test_the_past_is_for_desks_supervisors_and_auditors(api: Caller, who: str) -> None:
    number = await lived(api)
    assert (await api.get(f"/orders/{number}/as-of", who, seq=1)).status_code == 403
    assert (await api.get(f"/orders/{number}/proof", who)).status_code == 403


@pytest.mark.parametrize("who", [AGENT, MANAGER, posts.CALLER, "hq-supervisor-1"])
async def test_the_proof_is_for_auditors(api: Caller, who: str) -> None:
    number = await lived(api)
    assert (await api.get(f"/orders/{number}/proof", who)).status_code == 403


async def test_the_proof_verifies_and_shows_nothing_in_clear(api: Caller, gateway: Gateway) -> None:
    number = await lived(api)
    answer = await api.get(f"/orders/{number}/proof", INSPECTOR)
    assert answer.status_code == 200
    found = msgspec.json.decode(answer.content, type=Proof)
    assert faults(found) == []
    events = (await api.get(f"/orders/{number}/events", INSPECTOR)).json()["items"]
    assert [one.event["type"] for one in found.events] == [event["type"] for event in events]
    assert "陈女士" not in answer.text
    assert PHONE not in answer.text
    looks = sa.text(
        "SELECT operation FROM accesses WHERE actor_id = :who AND orders @> ARRAY[:id] AND operation = 'get_proof'"
    )
    with gateway.books.writes() as session:
        assert session.scalars(looks, {"who": INSPECTOR, "id": number}).all() == ["get_proof"]


async def test_an_order_of_nobodys_has_neither(api: Caller) -> None:
    for path in ("as-of", "proof"):
        answer = await api.get(f"/orders/WH20260302-NOBODYS/{path}", INSPECTOR)
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


async def test_a_row_that_the_owner_changed_is_found(api: Caller, database: Database) -> None:
    number = await lived(api)
    engine = sa.create_engine(database.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE events DISABLE TRIGGER keep_events"))
        connection.execute(
            sa.text("UPDATE events SET actor_id = 'gd-net-2' WHERE order_id = :id AND seq = 2"), {"id": number}
        )
        connection.execute(sa.text("ALTER TABLE events ENABLE TRIGGER keep_events"))
    found = msgspec.json.decode((await api.get(f"/orders/{number}/proof", INSPECTOR)).content, type=Proof)
    assert [(one.seq, one.fault) for one in faults(found)] == [(2, Fault.CHANGED)]
    await api.act(number, "note", AGENT, text="life goes on, and the break stays where it is")
    found = msgspec.json.decode((await api.get(f"/orders/{number}/proof", INSPECTOR)).content, type=Proof)
    assert [(one.seq, one.fault) for one in faults(found)] == [(2, Fault.CHANGED)]


async def test_an_erasure_breaks_no_link(api: Caller) -> None:
    customer = {"name": "司马女士", "phone": "13655554444"}
    number = await api.opened(customer=customer)
    before = (await api.get(f"/orders/{number}/proof", INSPECTOR)).content
    await api.act(number, "withdraw", "customer:13655554444", proof="recording 1", reason="solved itself")
    erased = await api.post("/customers/erase", {"phone": customer["phone"], "reason": "asked for it"}, ADMIN)
    assert erased.json() == {"erased": True}, erased.text
    after = msgspec.json.decode((await api.get(f"/orders/{number}/proof", INSPECTOR)).content, type=Proof)
    assert faults(after) == []
    earlier = msgspec.json.decode(before, type=Proof)
    assert after.events[: len(earlier.events)] == earlier.events
