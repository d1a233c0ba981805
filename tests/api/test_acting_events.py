"""What was done in an absent colleague's place says so in the ledger, and never counts as two people's."""

from datetime import UTC, datetime, timedelta

from tests.api.conftest import AGENT, LEADER, MANAGER, NET, NET_HEAD, Caller
from tests.api.test_absences import put


async def acting(api: Caller, person: str, absent: str) -> None:
    """Have a person stand in for an absent one, and take it on."""
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    answer = await put(api, absent, MANAGER, until=until, substitute=person)
    assert answer.status_code == 200, answer.text
    taken = await api.post("/acting", {"for": absent, "reason": "on leave"}, person)
    assert taken.status_code == 201, taken.text


async def test_an_event_names_who_acted_and_for_whom(api: Caller) -> None:
    number = await api.opened()
    await acting(api, NET, NET_HEAD)
    answer = await api.post(f"/orders/{number}/sign", None, NET, Acting_For=NET_HEAD)
    assert answer.status_code == 200, answer.text
    answer = await api.post(f"/orders/{number}/note", {"text": "seen for the head"}, NET)
    assert answer.status_code == 200, answer.text
    rows = (await api.get(f"/orders/{number}/events")).json()["items"]
    said = {row["type"]: (row["actor"]["id"], row["actor"]["role"], row["actor"]["acting_for"]) for row in rows}
    assert said["AssignmentSigned"] == (NET, "unit_head", NET_HEAD)
    assert said["NoteAdded"] == (NET, "unit_member", "")


async def test_without_having_taken_it_on_no_command_is_carried_out(api: Caller) -> None:
    number = await api.opened()
    answer = await api.post(f"/orders/{number}/note", {"text": "in whose name?"}, AGENT, Acting_For=LEADER)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (403, "forbidden", "Acting-For")


async def test_nobody_decides_on_what_he_asked_for_in_a_colleagues_place(api: Caller) -> None:
    number = await api.opened()
    await api.act(number, "sign", NET)
    await acting(api, LEADER, AGENT)
    asked = {"kind": "routine", "matter": "repeated_fault", "units": ["GD.inst"], "reason": "third fault"}
    answer = await api.post(f"/orders/{number}/request_whistle", asked, LEADER, Acting_For=AGENT)
    assert answer.status_code == 200, answer.text
    decided = {"whistle": "w1", "blow": True, "reason": "on the list"}
    answer = await api.post(f"/orders/{number}/decide_whistle", decided, LEADER)
    assert (answer.status_code, answer.json()["code"]) == (403, "same_person"), answer.text
