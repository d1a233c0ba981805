"""The console's frame: log-in, the rooms that a role may enter, both languages, and no way past them."""

import re

import pytest
from playwright.async_api import expect

from tests.support.browser import PHONE, Console, axe, scrolls_sideways

HOMES = {
    "gd-agent-1": "/desk",
    "gd-net-1": "/inbox",
    "gd-caller-1": "/callbacks",
    "gd-manager": "/wall",
    "hq-auditor-1": "/audit",
    "hq-admin": "/admin",
}


@pytest.mark.parametrize(("person", "home"), HOMES.items())
async def test_each_role_begins_in_its_room(console: Console, person: str, home: str) -> None:
    page = await console.at(person)
    await expect(page).to_have_url(re.compile(home))
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def test_somebody_logs_in_by_the_page_and_goes_where_he_wanted(console: Console) -> None:
    page = await console.visitor("en")
    await page.goto("/account")
    await page.get_by_label("Find by name, role or unit").fill("gd-agent-1")
    await page.locator(".demo-person").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    assert page.url.endswith("/account")


async def test_a_wrong_password_is_refused_in_words(console: Console) -> None:
    page = await console.visitor()
    await page.goto("/login")
    await page.get_by_label("工号").fill("gd-agent-1")
    await page.get_by_label("密码").fill("certainly not this")
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("登录失败")


async def test_a_room_of_others_is_not_entered(console: Console) -> None:
    page = await console.at("gd-agent-1", "/admin")
    await expect(page.get_by_text("您的角色无权进入此页面")).to_be_visible()
    assert await page.get_by_role("link", name="管理").count() == 0


async def test_the_language_is_switched_and_kept(console: Console) -> None:
    page = await console.at("gd-agent-1", "/account", lang="zh")
    await expect(page.get_by_role("heading", level=1)).to_have_text("我的账号")
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    assert await page.evaluate("document.documentElement.lang") == "en"


async def test_logging_out_leaves_nothing_behind(console: Console) -> None:
    page = await console.at("gd-agent-1", "/account", lang="en")
    await page.get_by_role("button", name=re.compile("^Me:")).click()
    await page.get_by_text("Log out", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log in to Whistle")
    await page.goto("/account")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log in to Whistle")


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_frame_has_no_serious_barrier_and_fits_a_phone(console: Console, lang: str) -> None:
    page = await console.visitor(lang, PHONE)
    await page.goto("/login")
    await expect(page.locator(".demo-person").first).to_be_visible()
    assert await axe(page) == []
    assert not await scrolls_sideways(page)
    inside = await console.at("gd-agent-1", "/account", lang=lang, size=PHONE)
    await expect(inside.get_by_role("heading", level=1)).to_be_visible()
    assert await axe(inside) == []
    assert not await scrolls_sideways(inside)
