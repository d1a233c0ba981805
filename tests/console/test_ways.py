"""What the order page offers as owed, beside what the inbox says of the same orders: two programs, one answer."""

import re
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Page, expect

from domain.owed import VERBS
from domain.transitions import MEETS
from tests.api.conftest import AGENT, INSTALL, LEADER, NET, Caller
from tests.support.browser import Console

READINESS = Path(__file__).parents[2] / "console" / "src" / "kit" / "form" / "readiness.ts"
CALLED = {"kind": "routine", "matter": "cross_department", "units": ["GD.inst"], "reason": "要装维上门"}


def met_by() -> dict[str, set[str]]:
    """Which verbs meet a limit of each kind, as the console has it."""
    table = READINESS.read_text().partition("export const MEETS")[2].partition("};")[0]
    return {kind: set(re.findall(r'"(\w+)"', verbs)) for kind, verbs in re.findall(r"(\w+): \[(.*?)\]", table)}


async def offered(page: Page, order: str) -> set[str]:
    """What the order page offers as owed."""
    await page.goto(f"/orders/{order}")
    await expect(page.locator("#actions")).to_be_visible()
    buttons = await page.locator("#actions .owed [data-verb]").all()
    return {str(await button.get_attribute("data-verb")) for button in buttons}


async def owed(api: Caller, order: str, who: str) -> set[str]:
    """What the inbox says is owed and possible now."""
    unit = (await api.get("/me", who)).json()["unit"]
    page = (await api.get(f"/units/{unit}/inbox", who, limit=200)).json()
    assert not page["next"]
    tasks = [one for one in page["items"] if one["order_id"] == order]
    possible = {way["verb"] for task in tasks for way in task["ways"] if not way["code"]}
    return {one["verb"] for task in tasks for one in task["owed"]} & possible


def test_a_limit_is_met_by_the_same_verbs_here_and_there() -> None:
    console = met_by()
    assert set(MEETS) - set(console) == {"reopen"}, "what a customer may do, and owes nobody"
    assert set(console) <= set(MEETS)
    for kind, verbs in console.items():
        assert verbs <= set(MEETS[kind]), kind
    for kind, verb in VERBS.items():
        assert verb in console[kind], kind


async def test_the_order_page_offers_as_owed_what_the_inbox_says_and_nothing_that_the_rules_refuse(
    console: Console, api: Caller
) -> None:
    order = await api.opened()
    pages = {NET: await console.at(NET, f"/orders/{order}")}

    async def compared(*expected: str) -> None:
        for who, page in pages.items():
            assert await offered(page, order) == await owed(api, order, who), who
        assert await owed(api, order, NET) == set(expected)

    await compared("sign", "report_progress")
    await api.act(order, "sign", NET)
    await compared("contact", "report_progress", "reply")
    await api.act(order, "contact", NET, spoke_to="陈女士", summary="周一起断网")
    await api.act(order, "request_whistle", AGENT, **CALLED)
    await compared("report_progress")
    await api.act(order, "decide_whistle", LEADER, whistle="w1", blow=True, reason="确有需要")
    pages[INSTALL] = await console.at(INSTALL, f"/orders/{order}")
    await compared("report_progress")
    await api.act(order, "report_in", INSTALL, whistle="w1", who="李工")
    await api.act(order, "finish_part", INSTALL, whistle="w1", done="重新熔接")
    await compared("report_progress", "dispose")
    await api.act(order, "dispose", NET, whistle="w1", result="恢复")
    await compared("report_progress")
    await api.act(order, "verify_whistle", AGENT, whistle="w1", solved=True)
    await compared("report_progress", "reply")
    now = datetime.now(UTC).isoformat()
    await api.act(order, "reply", NET, received_at=now, done_by=now, spoke_to="陈女士", done="更换光猫")
    await compared()


async def test_a_co_unit_s_missing_part_keeps_the_reply_from_being_offered(console: Console, api: Caller) -> None:
    order = await api.opened(dispatch=False)
    await api.act(order, "dispatch", "gd-dispatcher-1", lead="GD.net", co=["GD.inst"])
    await api.act(order, "sign", NET)
    page = await console.at(NET, f"/orders/{order}")
    assert await offered(page, order) == await owed(api, order, NET) >= {"contact"}
    assert "reply" not in await offered(page, order)
    await api.act(order, "explain_part", NET, unit="GD.inst", reason="等不及")
    assert await offered(page, order) == await owed(api, order, NET) >= {"reply"}
