"""Faults that systems of this kind have had where people meet them; docs/faults.md lists them all."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime
from typing import Any

import pytest

import rulebook
from tests.api.conftest import AGENT, DISPATCHER, LEADER, MANAGER, Caller

ADMIN = "hq-admin"
NATIONAL = rulebook.national().demanded()

USELESS: dict[str, list[Any]] = {
    "no hours at all": [[]] * 7,
    "no days at all": [],
    "an empty shift": [[[540, 540]]] * 7,
}


@pytest.mark.parametrize("week", USELESS.values(), ids=USELESS)
async def test_an_empty_calendar_is_refused_with_the_reason_wherever_it_is_given(api: Caller, week: list[Any]) -> None:
    """An empty calendar gives a server error (zammad 1396)."""
    document = copy.deepcopy(NATIONAL)
    document["version"] = "2026.empty"
    document["calendars"]["office"]["week"] = week
    before = (await api.get("/policies/current")).json()
    checked = (await api.post("/policies/check", {"document": document})).json()
    assert not checked["ok"]
    faults = [fault for fault in checked["faults"] if fault["path"].startswith("calendars.office.week")]
    assert faults
    assert all(fault[word] for fault in faults for word in ("reason_en", "reason_zh", "remedy_en", "remedy_zh"))
    asked = {"order_class": "general", "province": "GD", "opened_at": "2026-11-20T08:40:00Z", "document": document}
    for path, body in (("/policies", {"document": document}), ("/policies/preview", asked)):
        answer = await api.post(path, body, ADMIN)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
        assert [error for error in answer.json()["errors"] if "calendars.office.week" in error["field"]]
    assert (await api.get("/policies/current")).json() == before


async def test_of_two_who_dispatch_at_once_one_gives_the_order_a_lead(api: Caller) -> None:
    """Two agents are assigned at once (zammad 3156)."""
    number = await api.opened(category="something.unheard.of")
    units = ("GD.net", "GD.bill", "GD.inst", "GD.net")
    answers = await asyncio.gather(
        *(api.post(f"/orders/{number}/dispatch", {"lead": unit}, DISPATCHER) for unit in units)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 403} == {"role_forbidden"}
    (done,) = [answer.json() for answer in answers if answer.status_code == 200]
    found = (await api.get(f"/orders/{number}")).json()
    leads = [part["unit"] for part in found["order"]["assignments"] if part["role"] == "lead"]
    assert leads == [done["lead"]] == [found["lead"]]
    events = (await api.get(f"/orders/{number}/events")).json()["items"]
    assert [event["type"] for event in events].count("OrderDispatched") == 1


async def test_badge_and_due_time_are_the_servers_and_name_their_zone(api: Caller) -> None:
    """An agent in another zone sees the wrong badge (frappe/helpdesk PR 3776): nothing is left to his own clock."""
    number = await api.opened()
    seen = [(await api.get(f"/orders/{number}", who)).json() for who in (AGENT, LEADER, DISPATCHER, MANAGER)]
    assert len({(one["overdue"], one["due_at"], one["next_at"]) for one in seen}) == 1
    assert seen[0]["overdue"] is False
    for instant in (seen[0]["due_at"], seen[0]["next_at"], *times(seen[0]["order"])):
        at = datetime.fromisoformat(instant)
        assert at.tzinfo is not None, instant
        assert at.astimezone(UTC).isoformat() == at.isoformat()
    page = (await api.get("/orders", LEADER)).json()["items"]
    assert [(one["overdue"], one["due_at"]) for one in page if one["order_id"] == number] == [
        (False, seen[0]["due_at"])
    ]


def times(value: Any) -> list[str]:
    """Every instant in a JSON value, by the names that instants have here."""
    if isinstance(value, list):
        return [found for one in value for found in times(one)]
    if not isinstance(value, dict):
        return []
    own = [one for name, one in value.items() if isinstance(one, str) and name.endswith("_at")]
    return own + [found for one in value.values() for found in times(one)]


async def test_what_is_over_takes_no_more_from_anybody(api: Caller) -> None:
    """A setting that forbids follow-ups is ignored (zammad 2455, 643): what is not allowed is refused and on record."""
    number = await api.opened()
    customer = "customer:13900000001"
    answer = await api.post(f"/orders/{number}/reopen", {"reason": "not yet"}, customer)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed_now")
    await api.act(number, "withdraw", customer, proof="recording 17", reason="it works again")
    for verb, body in (("urge", {"text": "well?"}), ("reopen", {}), ("note", {"text": "he called again"})):
        who = AGENT if verb == "note" else customer
        answer = await api.post(f"/orders/{number}/{verb}", {**body, "reason": "because"}, who)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed_now"), answer.text
        assert answer.json()["state"] == "cancelled"
