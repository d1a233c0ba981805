"""Through HTTP: whoever did the work and then changed desks neither judges it nor asks the customer about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import insert, update

from api.gateway import Gateway
from api.identity import CACHE_SECONDS
from domain.model import Role
from store.tables import people
from tests.api.conftest import AUDITOR, CALLER, DISPATCHER, LEADER, MANAGER, NET, NET_HEAD, Caller
from tests.support.hours import noon

SATISFIED = {"result": "reached", "contacted": True, "solved": True, "satisfaction": "satisfied"}
UNHAPPY = {**SATISFIED, "solved": False, "satisfaction": "dissatisfied", "why": "It still drops"}
PLACES = {Role.UNIT_MEMBER: "GD.net", Role.PROVINCE_MANAGER: "GD"}
"""Where whoever holds a role stands; everybody else in the service department."""

Made = Callable[[Caller, str, str], Awaitable[None]]


async def _signed(api: Caller, number: str, who: str) -> None:
    await api.act(number, "sign", who)


async def _replied(api: Caller, number: str, who: str) -> None:
    await _signed(api, number, who)
    now = datetime.now(UTC).isoformat()
    await api.act(number, "contact", who, spoke_to="Ms Chen", summary="a visit tomorrow")
    await api.act(number, "reply", who, received_at=now, spoke_to="Ms Chen", done="mended", done_by=now)


async def _only_signed(api: Caller, number: str, who: str) -> None:
    await _signed(api, number, who)
    now = datetime.now(UTC).isoformat()
    await api.act(number, "reply", NET_HEAD, received_at=now, spoke_to="Ms Chen", done="mended", done_by=now)


async def _awaiting(api: Caller, number: str, who: str) -> None:
    await _replied(api, number, who)
    await api.act(number, "audit_reply", AUDITOR, accepted=True)


async def _audited(api: Caller, number: str, who: str) -> None:
    await _replied(api, number, NET)
    await api.act(number, "audit_reply", who, accepted=True)


async def _unhappy(api: Caller, number: str, who: str) -> None:
    await _awaiting(api, number, who)
    await api.act(number, "record_callback", CALLER, **UNHAPPY)


async def _audited_unhappy(api: Caller, number: str, who: str) -> None:
    await _audited(api, number, who)
    await api.act(number, "record_callback", CALLER, **UNHAPPY)


async def _called(api: Caller, number: str, who: str) -> None:
    await _awaiting(api, number, NET)
    await api.act(number, "record_callback", who, **UNHAPPY)


async def _return(api: Caller, number: str, who: str) -> None:
    await api.act(number, "request_return", who, clause="3.2", suggested_unit="GD.bill", reason="a matter of money")


async def _extension(api: Caller, number: str, who: str) -> None:
    await _signed(api, number, who)
    due = datetime.fromisoformat((await api.get(f"/orders/{number}")).json()["due_at"])
    await api.act(number, "extend", who, until=(due + timedelta(hours=20)).isoformat(), reason="a permit")


async def _ledgered(api: Caller, number: str, who: str) -> None:
    await _signed(api, number, who)
    until = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    await api.act(number, "contact", who, spoke_to="Ms Chen", summary="no room for a mast")
    await api.act(number, "ledger", who, plan="a mast in May", until=until, reason="no room")


async def _termination(api: Caller, number: str, who: str) -> None:
    await _signed(api, number, who)
    await api.act(number, "request_termination", who, ground="the account is closed", reason="nothing is left")


async def _routine(api: Caller, number: str, who: str) -> None:
    await _whistled(api, number, who, "routine", "repeated_fault")


async def _emergency(api: Caller, number: str, who: str) -> None:
    await _whistled(api, number, who, "emergency", "network_outage")


async def _whistled(api: Caller, number: str, who: str, kind: str, matter: str) -> None:
    await api.act(number, "request_whistle", who, kind=kind, matter=matter, units=["GD.it"], reason="the third fault")


@dataclass(frozen=True)
class Pair:
    """Two duties: who holds the first and how it is done, who then holds the second, and who else may do that."""

    first: Role
    made: Made
    second: Role
    verb: str
    body: dict[str, Any]
    other: str


REASON = {"reason": "it is so"}
REVIEW = {"rework": False, "explanation": "It was measured again", **REASON}
PAIRS: dict[str, Pair] = {
    "the handler audits the reply": Pair(
        Role.UNIT_MEMBER, _replied, Role.REPLY_AUDITOR, "audit_reply", {"accepted": True}, AUDITOR
    ),
    "whoever signed audits the reply": Pair(
        Role.UNIT_MEMBER, _only_signed, Role.REPLY_AUDITOR, "audit_reply", {"accepted": True}, AUDITOR
    ),
    "the handler calls back": Pair(
        Role.UNIT_MEMBER, _awaiting, Role.CALLBACK_AGENT, "record_callback", SATISFIED, CALLER
    ),
    "the auditor calls back": Pair(
        Role.REPLY_AUDITOR, _audited, Role.CALLBACK_AGENT, "record_callback", SATISFIED, CALLER
    ),
    "the handler reviews the call-back": Pair(
        Role.UNIT_MEMBER, _unhappy, Role.PROVINCE_MANAGER, "review_callback", REVIEW, MANAGER
    ),
    "the auditor reviews the call-back": Pair(
        Role.REPLY_AUDITOR, _audited_unhappy, Role.PROVINCE_MANAGER, "review_callback", REVIEW, MANAGER
    ),
    "the caller reviews the call-back": Pair(
        Role.CALLBACK_AGENT, _called, Role.PROVINCE_MANAGER, "review_callback", REVIEW, MANAGER
    ),
    "the handler decides his own return": Pair(
        Role.UNIT_MEMBER, _return, Role.DISPATCHER, "decide_return", {"upheld": True, **REASON}, DISPATCHER
    ),
    "the handler extends his own time": Pair(
        Role.UNIT_MEMBER, _extension, Role.PROVINCE_MANAGER, "decide_extension", {"granted": True, **REASON}, MANAGER
    ),
    "the handler ledgers by himself": Pair(
        Role.UNIT_MEMBER, _ledgered, Role.PROVINCE_MANAGER, "decide_ledger", {"approved": True, **REASON}, MANAGER
    ),
    "the handler ends it by himself": Pair(
        Role.UNIT_MEMBER, _termination, Role.REPLY_AUDITOR, "terminate", {"approved": True, **REASON}, AUDITOR
    ),
    "the whistler approves his own whistle": Pair(
        Role.AGENT, _routine, Role.TEAM_LEAD, "decide_whistle", {"whistle": "w1", "blow": True, **REASON}, LEADER
    ),
    "the whistler reviews his own whistle": Pair(
        Role.AGENT, _emergency, Role.TEAM_LEAD, "review_whistle", {"whistle": "w1", "valid": True, **REASON}, LEADER
    ),
}


def person(pair: str) -> str:
    """The log-in of whoever holds both duties of a pair, one after the other."""
    return f"mover-{list(PAIRS).index(pair)}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def moved(api: Caller, gateway: Gateway, by_day: None) -> dict[str, str]:
    """For each pair an order on which somebody did the first duty, before he was given the second one's desk."""

    def row(who: str, role: Role) -> dict[str, Any]:
        unit = PLACES.get(role, "GD.svc")
        return {"id": who, "name_zh": "换岗", "name_en": "Mover", "role": role.value, "unit": unit, "province": "GD"}

    with gateway.books.writes() as session:
        session.execute(insert(people), [row(person(pair), one.first) for pair, one in PAIRS.items()])
    orders: dict[str, str] = {}
    for number, (pair, one) in enumerate(PAIRS.items()):
        customer = {"name": "Ms Chen", "phone": f"1360000{number:04d}", "zone": noon()}
        orders[pair] = await api.opened(customer=customer)
        await one.made(api, orders[pair], person(pair))
    with gateway.books.writes() as session:
        for pair, one in PAIRS.items():
            session.execute(update(people).where(people.c.id == person(pair)).values(row(person(pair), one.second)))
    await asyncio.sleep(CACHE_SECONDS + 0.2)  # after which everybody is known by his new desk
    return orders


@pytest.mark.parametrize("pair", PAIRS)
async def test_nobody_judges_his_own_work_from_another_desk(api: Caller, moved: dict[str, str], pair: str) -> None:
    one, number, who = PAIRS[pair], moved[pair], person(pair)
    assert (await api.get("/me", who)).json()["role"] == one.second
    before = (await api.get(f"/orders/{number}")).headers["etag"]
    answer = await api.post(f"/orders/{number}/{one.verb}", one.body, who)
    assert (answer.status_code, answer.json()["code"]) == (403, "same_person"), answer.text
    assert (await api.get(f"/orders/{number}")).headers["etag"] == before
    done = await api.act(number, one.verb, one.other, **one.body)
    assert done["command"]["last"] >= done["command"]["first"]
