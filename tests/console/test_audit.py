"""The auditor's room: any moment of an order beside today, its limits, who looked, and the proof of it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import Page, ViewportSize, expect
from sqlalchemy.pool import NullPool

from audit.proof import Proof, faults
from contracts.messages import decode
from tests.api.conftest import AGENT, LEADER, MANAGER, NET, Caller, complaint
from tests.conftest import Database
from tests.support.browser import LOOKS, Console, axe, fits, goes

INSPECTOR = "hq-auditor-1"
STEP = 3


@dataclass
class Lived:
    """A rehearsed order with a pause, a whistle, warnings and breaches behind it, and how many events it has."""

    number: str
    last: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lived(api: Caller) -> AsyncIterator[Lived]:
    answer = await api.post("/orders", complaint(rehearsal=True))
    number = answer.json()["order"]["id"]
    await api.act(number, "sign", NET)
    await api.act(number, "contact", NET, spoke_to="陈女士", summary="她说周一起断网")
    await api.act(number, "request_info", NET, question="哪个房间?", asked_by="call 7", reason="地址不全")
    await _forward(api, number, 3)
    await api.act(number, "supply_info", AGENT, text="三楼")
    await api.act(
        number,
        "request_whistle",
        AGENT,
        kind="emergency",
        matter="cross_department",
        units=["GD.bill", "GD.it"],
        reason="需多部门",
    )
    await _forward(api, number, 60)
    await api.act(number, "urge", AGENT, text="又来催")
    while not await _rests(api, number):
        await _forward(api, number, STEP)
    await api.get(f"/orders/{number}", LEADER)
    events = (await api.get(f"/orders/{number}/events", INSPECTOR, limit=200)).json()["items"]
    yield Lived(number, events[-1]["seq"])


async def _forward(api: Caller, number: str, hours: int) -> None:
    for _ in range(0, hours, STEP):  # a step of many limits takes the engine a while
        answer = await api.post(f"/rehearsal/orders/{number}/fast_forward", {"seconds": STEP * 3600})
        assert answer.status_code == 200, answer.text


async def _rests(api: Caller, number: str) -> bool:
    """Whether it stands still while it is looked at: nothing falls due for an hour of its own time."""
    view = await api.act(number, "note", MANAGER, text="已向省公司说明")
    events = (await api.get(f"/orders/{number}/events", INSPECTOR, limit=200)).json()["items"]
    left = datetime.fromisoformat(view["next_at"]) - datetime.fromisoformat(events[-1]["at"])
    return left > timedelta(hours=1)


async def _count(page: Page, difference: str) -> int:
    return await page.locator(f"tr.audit-{difference}").count()


WORDS = {
    "zh": {
        "title": "审计室",
        "text": "工单编号或标题",
        "go": "查询",
        "here": "此刻",
        "slider": "历史位置",
        "proof": "防篡改验证",
        "whole": "链完整",
        "broken": "链已断",
        "tamper": "篡改副本",
        "undo": "恢复原件",
        "clocks": "时限",
        "why": "^为何：",
        "seen": "谁看过",
        "leader": "班组长",
        "next": "下一事件",
        "all": "显示未变化的字段",
        "same": "与现在完全一致",
    },
    "en": {
        "title": "Auditor's room",
        "text": "Number or title",
        "go": "Search",
        "here": "Here",
        "slider": "Place in the history",
        "proof": "Proof",
        "whole": "The chain is whole",
        "broken": "The chain is broken",
        "tamper": "Tamper",
        "undo": "Back to the original",
        "clocks": "Limits",
        "why": "^Why: ",
        "seen": "Who looked",
        "leader": "Team lead",
        "next": "One event on",
        "all": "Show what is the same",
        "same": "It stood as it stands today",
    },
}


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_an_auditor_goes_from_the_number_to_any_moment_and_to_the_proof(
    console: Console, lived: Lived, lang: str
) -> None:
    say = WORDS[lang]
    page = await console.at(INSPECTOR, "/audit", lang=lang)
    await expect(page.get_by_role("heading", level=1)).to_have_text(say["title"])
    await page.get_by_label(say["text"]).fill(lived.number)
    await page.get_by_role("button", name=re.compile(say["go"])).click()
    await expect(page).to_have_url(re.compile(f"/audit/{lived.number}"))
    await expect(page.get_by_text(say["same"])).to_be_visible()

    slider = page.get_by_role("slider", name=say["slider"])
    await slider.press("Home")
    await expect(page).to_have_url(re.compile("seq=1$"))
    await expect(page.locator("[aria-current=step]")).to_contain_text(say["here"])
    await expect(page.locator("caption").first).to_contain_text(str(lived.last))
    assert await _count(page, "changed") > 0
    assert await _count(page, "added") > 0
    assert await _count(page, "same") == 0
    await page.get_by_text(say["all"]).click()
    assert await _count(page, "same") > 3

    await slider.press("ArrowRight")
    await expect(page).to_have_url(re.compile("seq=2$"))
    await expect(page.locator("tr.audit-removed").first).to_be_visible()  # the limit for signing in has gone since
    await page.get_by_role("button", name=say["next"]).click()
    await expect(page).to_have_url(re.compile("seq=3$"))
    await page.keyboard.press("j")
    await expect(page).to_have_url(re.compile("seq=4$"))

    await page.get_by_role("tab", name=say["clocks"]).click()
    await page.get_by_role("button", name=re.compile(say["why"])).first.click()
    await expect(page.get_by_role("dialog").get_by_role("listitem").nth(1)).to_be_visible()
    await page.keyboard.press("Escape")

    await page.get_by_role("tab", name=say["seen"]).click()
    await expect(page.get_by_role("cell", name=re.compile(f"^{say['leader']}")).first).to_be_visible()

    await page.get_by_role("tab", name=say["proof"]).click()
    await expect(page.locator("[data-whole=true]")).to_contain_text(say["whole"])
    await expect(page.locator("tbody tr[data-broken=false]")).to_have_count(lived.last + 1)
    await page.get_by_role("button", name=say["tamper"], exact=True).click()
    await expect(page.locator("[data-whole=false]")).to_contain_text(say["broken"])
    await expect(page.locator("tbody tr[data-broken=true]")).to_have_count(1)
    await page.get_by_role("button", name=say["undo"]).click()
    await expect(page.locator("[data-whole=true]")).to_be_visible()


async def test_a_moment_has_an_address(console: Console, lived: Lived, api: Caller) -> None:
    page = await console.at(INSPECTOR, f"/audit/{lived.number}?seq=3", lang="en")
    then = (await api.get(f"/orders/{lived.number}/as-of", INSPECTOR, seq=3)).json()
    await expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", "3")
    await expect(page.locator("[aria-current=step] .audit-seq")).to_have_text("3")
    row = page.locator("tr.audit-changed", has=page.get_by_role("rowheader", name="Urges", exact=True))
    assert then["order"]["urges"] == 0
    await expect(row).to_contain_text("1")
    events = (await api.get(f"/orders/{lived.number}/events", INSPECTOR, limit=200)).json()["items"]
    await page.goto(f"/audit/{lived.number}?at={events[4]['at']}")
    await expect(page.get_by_role("slider")).to_have_attribute(
        "aria-valuenow", str(max(one["seq"] for one in events if one["at"] <= events[4]["at"]))
    )
    await page.goto(f"/audit/{lived.number}?seq=99999")
    await expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", str(lived.last))
    await expect(page.get_by_text("It stood as it stands today")).to_be_visible()
    await expect(row).to_have_count(0)


async def test_it_plays_to_the_end(console: Console, api: Caller) -> None:
    number = await api.opened()
    page = await console.at(INSPECTOR, f"/audit/{number}?seq=1", lang="en")
    await page.get_by_role("button", name="Play", exact=True).click()
    last = (await api.get(f"/orders/{number}", INSPECTOR)).json()["order"]["seq"]
    await expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", str(last))
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


async def test_a_row_that_the_database_s_owner_changed_is_shown_as_broken(
    console: Console, api: Caller, database: Database
) -> None:
    number = await api.opened()
    await api.act(number, "sign", NET)
    await api.act(number, "note", AGENT, text="nothing yet")
    engine = sa.create_engine(database.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE events DISABLE TRIGGER keep_events"))
        connection.execute(
            sa.text("UPDATE events SET at = at - interval '1 hour' WHERE order_id = :id AND seq = 3"), {"id": number}
        )
        connection.execute(sa.text("ALTER TABLE events ENABLE TRIGGER keep_events"))
    page = await console.at(INSPECTOR, f"/audit/{number}?tab=proof", lang="zh")
    await expect(page.locator("[data-whole=false]")).to_contain_text("从第 3 个事件开始不符")
    broken = page.locator("tbody tr[data-broken=true]")
    await expect(broken).to_have_count(1)
    await expect(broken).to_contain_text("内容与哈希不符")
    await expect(broken.get_by_role("rowheader")).to_have_text("3")


async def test_what_is_taken_away_is_what_was_shown(console: Console, lived: Lived, tmp_path: Path) -> None:
    page = await console.at(INSPECTOR, f"/audit/{lived.number}", lang="en")
    saved: dict[str, str] = {}
    for entry, name in (
        ("Events as JSON", "events.json"),
        ("Events as CSV", "events.csv"),
        ("Proof file", "proof.json"),
    ):
        await page.get_by_role("button", name="Export").click()
        async with page.expect_download() as coming:
            await page.get_by_role("menuitem", name=entry).locator("a, span").first.click()
        download = await coming.value
        assert download.suggested_filename == f"{lived.number}.{name}"
        await download.save_as(tmp_path / name)
        saved[name] = (tmp_path / name).read_text(encoding="utf-8-sig")
    assert [event["seq"] for event in json.loads(saved["events.json"])] == list(range(1, lived.last + 1))
    assert len(saved["events.csv"].splitlines()) >= lived.last + 1
    assert faults(decode(saved["proof.json"], Proof)) == []
    await page.goto("/audit?overdue=1")
    link = page.get_by_role("link", name=re.compile("CSV"))
    assert await link.get_attribute("href") == "/v1/orders.csv?overdue=true"


@pytest.mark.parametrize(("lang", "size"), LOOKS, ids=["zh", "en"])
async def test_every_part_is_without_serious_barriers_and_fits(
    console: Console, lived: Lived, lang: str, size: ViewportSize
) -> None:
    page = await console.at(INSPECTOR, "/audit?rehearsal=1", lang=lang, size=size)
    await expect(page.get_by_role("grid")).to_be_visible()
    assert await axe(page) == []
    assert await fits(page)
    marks = {"history": ".audit-events", "clocks": "canvas", "accesses": "table", "proof": "[data-whole]"}
    for tab, mark in marks.items():
        await goes(page, f"/audit/{lived.number}?tab={tab}&seq=2")
        await expect(page.locator(mark).first).to_be_visible()
        await expect(page.locator(".audit-table").first).to_be_visible()
        assert await axe(page) == [], tab
        assert await fits(page), tab


async def test_the_print_view_has_all_of_it(console: Console, lived: Lived) -> None:
    page = await console.at(INSPECTOR, f"/audit/{lived.number}?print=1", lang="en")
    for heading in ("History", "Limits", "Who looked", "Proof"):
        await expect(page.get_by_role("heading", name=heading, level=2)).to_be_visible()
    await expect(page.locator(".audit-events > li")).to_have_count(lived.last)
    await expect(page.locator("[data-whole=true]")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.get_by_role("button", name="Print", exact=True)).to_be_hidden()
    assert len(await page.pdf()) > 20_000


async def test_others_do_not_get_in(console: Console, lived: Lived) -> None:
    page = await console.at(MANAGER, f"/audit/{lived.number}", lang="en")
    await expect(page.get_by_role("main")).not_to_contain_text(lived.number)
