"""The supervisor's wall and the floor view in a browser: a manager's way in both languages, live, small."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Route, ViewportSize, expect

from runtime import keyring
from runtime.settings import Settings
from tests.api.conftest import Caller
from tests.support.browser import LOOKS, Console, axe, fits
from tests.support.wall import Planter

HQ, MANAGER, LEADER = "hq-supervisor-1", "gd-manager", "gd-teamlead-1"
TURN = 20
"""Seconds for which the floor view speaks one language."""
BIG = {"width": 1920, "height": 1080}
JUST_BREACHED = 3601 / 86_400
"""Days after the whistle of a limit of an hour, which runs at night too, and so passed today at any time of day."""

WORDS = {
    "zh": {
        "title": "广东督办墙", "unreported": "未报到", "supervise": "督办", "reason": "理由", "why": "说明原因",
        "country": "全国", "days7": "近 7 天", "fresh": "数据实时更新", "old": "连接中断",
    },
    "en": {
        "title": "Wall of Guangdong", "unreported": "Not reported in", "supervise": "Supervise", "reason": "Reason",
        "why": "Why:", "country": "The country", "days7": "7 days", "fresh": "Up to date", "old": "Connection lost",
    },
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """The orders that were planted."""

    absent: str
    late: str


@pytest.fixture(scope="module")
def planter(settings: Settings, worker: None) -> Iterator[Planter]:
    made = Planter(settings, keyring.load(settings.keyring_path))
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(planter: Planter) -> World:
    """Departments that have not reported in, parts that nobody signed, limits that passed, in four provinces."""
    for place in ("SC", "SH"):
        planter.late(place)
        planter.unsigned(place, lead="net")
    planter.whistled("BJ", "BJ.it")
    planter.unsigned("GD")
    return World(planter.whistled("GD", "GD.bill", "JS.net"), planter.late("GD"))


async def opened(console: Console, person: str, path: str, lang: str = "zh", **options: object) -> Page:
    page = await console.at(person, path, lang=lang, **options)  # type: ignore[arg-type]
    await expect(page.locator(".tilemap, .floor .figures").first).to_be_visible()
    return page


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_manager_sees_who_is_absent_asks_why_and_supervises(
    console: Console, planter: Planter, world: World, lang: str
) -> None:
    words = WORDS[lang]
    order = planter.whistled("GD", "GD.it")
    page = await opened(console, MANAGER, "/wall", lang)
    await expect(page.get_by_role("heading", level=1)).to_have_text(words["title"])
    rows = page.locator(f'li[data-order="{order}"][data-unit="GD.it"]')
    await expect(rows).to_be_visible()
    await rows.get_by_role("button", name=re.compile("^" + words["supervise"])).click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_role("link", name=order)).to_be_visible()
    await drawer.get_by_role("radio").last.check(force=True)
    for area in await drawer.locator("textarea").all():
        await area.fill("Report in by noon.")
    await drawer.locator("button[type=submit]").click()
    await expect(drawer).to_be_hidden()
    events = (await page.request.get(f"/v1/orders/{order}/events?limit=200")).json
    told = [one for one in (await events())["items"] if one["type"] == "OrderSupervised"]
    assert [one["actor"]["id"] for one in told] == [MANAGER]


@pytest.mark.parametrize("lang", ["en"])
async def test_a_breach_says_why(console: Console, world: World, planter: Planter, lang: str) -> None:
    order = planter.whistled("GD", "GD.inst", days=JUST_BREACHED)
    page = await opened(console, MANAGER, "/wall", lang)
    breach = page.locator(f"li[data-clock][data-order={order}]").first
    await breach.get_by_role("button", name=re.compile("^" + WORDS[lang]["why"])).click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_role("link", name=order)).to_be_visible()
    lines = drawer.locator(".clock-account li")
    await expect(lines.nth(1)).to_be_visible()
    details = drawer.locator("li.clock-account-detail")
    await expect(details.first, "which hours counted stands below the line that they belong to").to_be_visible()
    assert not (await details.first.text_content() or "·").startswith((" ", "·"))


async def test_the_map_leads_to_a_province_and_the_address_leads_back(console: Console, world: World) -> None:
    page = await opened(console, HQ, "/wall?days=7", "zh")
    await expect(page.get_by_role("heading", level=1)).to_have_text("集团总部督办墙")
    tile = page.get_by_role("link", name=re.compile("^广东 "))
    await expect(tile).to_contain_text("✕")
    await tile.focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/wall/GD\?days=7$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("广东督办墙")
    await expect(page.get_by_role("grid").get_by_text(world.absent)).to_be_visible()
    again = await opened(console, HQ, "/wall/GD?days=7", "en")
    await expect(again.get_by_role("heading", level=1)).to_have_text("Wall of Guangdong")
    await expect(again.get_by_role("radio", name="7 days")).to_be_checked()
    await expect(again.locator(f'li[data-order="{world.absent}"]').first).to_be_visible()


async def test_the_figures_are_those_of_the_api(console: Console, api: Caller, world: World) -> None:
    page = await opened(console, HQ, "/wall")
    found = (await api.get("/wall", HQ)).json()["total"]
    for name in ("open", "overdue", "unreported", "unsigned", "breaches", "registered", "closed"):
        await expect(page.locator(f'[data-figure="{name}"] dd')).to_have_text(str(found[name]))
    rates = found["rates"]
    await expect(page.locator('[data-rate="coverage"]')).to_contain_text(
        f"完成 {rates['completed']} / 应访 {rates['due']}"
    )


async def test_what_happens_shows_by_itself(console: Console, api: Caller, planter: Planter, world: World) -> None:
    order = planter.whistled("SX", "SX.it")
    page = await opened(console, HQ, "/wall/SX")
    row = page.locator(f'li[data-order="{order}"][data-unit="SX.it"]')
    await expect(row).to_be_visible()
    await api.act(order, "excuse", HQ, whistle="w1", unit="SX.it", substitute="SX.net", reason="not theirs")
    await expect(row).to_be_hidden()


async def test_only_what_the_role_may_do_is_offered(console: Console, world: World) -> None:
    page = await opened(console, LEADER, "/wall")
    row = page.locator(f'li[data-order="{world.absent}"]').first
    await expect(row.get_by_role("button")).to_have_count(1)
    looker = await opened(console, "hq-auditor-1", "/wall/GD")
    await expect(looker.locator(f'li[data-order="{world.absent}"]').first).to_be_visible()
    await expect(looker.locator(".missing-deeds button")).to_have_count(0)


async def test_a_foreign_place_is_refused_in_words(console: Console, world: World) -> None:
    page = await opened(console, MANAGER, "/wall/JS")
    await expect(page.get_by_role("alert").first).to_contain_text("无权访问")


@pytest.mark.parametrize(("lang", "size"), LOOKS, ids=["zh", "en"])
@pytest.mark.parametrize("path", ["/wall", "/floor"])
async def test_there_is_no_serious_barrier_and_it_fits_a_phone(
    console: Console, world: World, path: str, lang: str, size: ViewportSize
) -> None:
    page = await opened(console, HQ, f"{path}?lang={lang}", lang, size=size)
    assert await axe(page) == []
    assert await fits(page)


async def test_the_floor_never_goes_blank_and_says_since_when(console: Console, world: World) -> None:
    page = await opened(console, HQ, "/floor?lang=zh", size=BIG)
    await expect(page.get_by_text(WORDS["zh"]["fresh"])).to_be_visible()
    count = await page.locator('[data-figure="unreported"] dd').text_content()
    assert int(count or 0) > 0
    await expect(page.locator(".floor-worst li").first).to_be_visible()
    first = await page.locator(".floor-clock span").text_content()

    async def away(route: Route) -> None:
        await route.abort()

    await page.route("**/v1/**", away)
    await expect(page.locator("[data-old=true]")).to_contain_text(WORDS["zh"]["old"])
    await expect(page.locator('[data-figure="unreported"] dd')).to_have_text(count or "")
    assert await page.locator(".floor-clock span").text_content() != first
    await page.unroute("**/v1/**")
    await expect(page.locator("[data-old=false]")).to_contain_text(WORDS["zh"]["fresh"])


async def test_the_floor_speaks_both_languages_in_turns_unless_told(console: Console, world: World) -> None:
    page = await opened(console, HQ, "/floor", size=BIG)
    await page.clock.install()
    even = datetime.fromtimestamp((time.time() // (2 * TURN) + 2) * 2 * TURN, UTC)
    for turn, lang in enumerate(("zh", "en", "zh")):
        await page.clock.pause_at(even + timedelta(seconds=turn * TURN + TURN / 2))
        await expect(page.locator("main.floor")).to_have_attribute("data-lang", lang)
    told = await opened(console, HQ, "/floor?lang=en", "zh", size=BIG)
    await expect(told.get_by_text("The ten most pressing orders")).to_be_visible()


async def test_what_waits_for_ones_decision_is_listed_and_provinces_have_their_names(
    console: Console, world: World
) -> None:
    page = await console.at(MANAGER, "/wall")
    line = page.locator(f'li[data-of="{world.absent}"][data-decides="whistle_review"]')
    await expect(line).to_contain_text("应急哨复核")
    await expect(line.get_by_role("link", name=world.absent)).to_have_attribute("href", f"/orders/{world.absent}")
    await expect(page.locator(".tile-outside").first).to_have_text("黑龙江")
