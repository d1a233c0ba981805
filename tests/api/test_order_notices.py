"""Whom the system told of an order: for desks and those above, in both languages, never a notice's own words."""

from tests.api.conftest import AGENT, LEADER, MANAGER, NET, Caller


async def test_a_desk_sees_whom_the_system_told(api: Caller) -> None:
    number = await api.opened()
    await api.act(number, "urge", AGENT, text="Nobody has called.")
    for who in (AGENT, LEADER, MANAGER, "hq-auditor-1"):
        answer = await api.get(f"/orders/{number}/notices", who)
        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        told = {(one["template"], one["to_zh"], one["channel"], one["state"]) for one in items}
        assert ("unit.dispatched", "广东网络运营部", "console", "sent") in told
        assert ("unit.urged", "广东网络运营部", "console", "sent") in told
        assert any(one["to_en"] == "the customer" for one in items)
        assert [one["seq"] for one in items] == sorted((one["seq"] for one in items), reverse=True)
        assert "Nobody has called." not in answer.text


async def test_a_department_and_another_province_are_told_nothing(api: Caller) -> None:
    number = await api.opened()
    assert (await api.get(f"/orders/{number}/notices", NET)).status_code == 403
    foreign = await api.get(f"/orders/{number}/notices", "js-agent-1")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "order_not_found")
