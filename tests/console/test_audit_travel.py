"""The auditor looks back: the process as it is, board and inbox at an instant, and what changed."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import expect

from runtime.settings import Settings
from store.historian import Historian
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import NET, Caller
from tests.support.browser import Console, axe, scrolls_sideways
from tests.support.notary import round_of

INSPECTOR = "hq-auditor-1"
WORDS = {
    "zh": {"process": "工单实际怎样流转", "past": "看板与收件箱回看", "edges": "哪一步紧接哪一步", "registered": "登记",
           "wait": "工单在哪里等得最久", "units": "主办单位", "tasks": "任务", "came": "进入", "moved": "有变化的工单"},
    "en": {"process": "How orders in fact go", "past": "The board and inboxes as they stood",
           "edges": "Which step directly follows which", "registered": "Registered",
           "wait": "Where orders wait longest", "units": "Lead units", "tasks": "Tasks", "came": "Came in",
           "moved": "Orders that changed"},
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def number(api: Caller, settings: Settings) -> str:
    """An order that was registered, dispatched and signed, and written into the past."""
    made = await api.opened()
    await api.act(made, "sign", NET)
    await asyncio.to_thread(_written, settings)
    return made


def _written(settings: Settings) -> None:
    round_of(settings)
    assert settings.app_database_url is not None
    engine = make_engine(settings.app_database_url, 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        assert Historian().step(session)
    engine.dispose()


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_an_auditor_sees_how_orders_go_and_how_the_board_stood(console: Console, number: str, lang: str) -> None:
    say = WORDS[lang]
    page = await console.at(INSPECTOR, "/audit", lang=lang)
    await page.get_by_role("link", name=say["process"]).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(say["process"])
    edges = page.get_by_role("table", name=say["edges"])
    await expect(edges.get_by_role("row")).not_to_have_count(1)
    await expect(page.get_by_role("table", name=say["wait"])).to_be_visible()
    await expect(page.locator("main canvas")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_text(say["units"], exact=True).click()
    await expect(page).to_have_url(re.compile("by=unit"))
    assert not await scrolls_sideways(page)

    day_before = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    page = await console.at(INSPECTOR, "/audit/past?unit=GD.net", lang=lang)
    await expect(page.get_by_role("heading", level=1)).to_have_text(say["past"])
    tasks = page.get_by_role("table", name=say["tasks"])
    await expect(tasks.get_by_role("link", name=number)).to_be_visible()
    assert await axe(page) == []
    now = await page.evaluate("new Date().toISOString()")
    page = await console.at(INSPECTOR, f"/audit/past?at={day_before}&to={now}&unit=GD.net", lang=lang)
    await expect(page.get_by_role("alert")).to_be_visible()  # the historian has not come so far
    page = await console.at(INSPECTOR, f"/audit/past?at={day_before}", lang=lang)
    await expect(page.get_by_role("table").first.get_by_role("row")).not_to_have_count(1)
    assert await axe(page) == []
