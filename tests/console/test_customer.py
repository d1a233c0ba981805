"""The customer's pages in a real browser on a phone, without script: both languages, no barrier, nothing sideways."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from api.pages.speech import say
from tests.api.conftest import Caller
from tests.support.browser import DESKTOP, PHONE, Console, axe, scrolls_sideways
from tests.support.pages import closed, own, path_of, replied

pytestmark = pytest.mark.usefixtures("by_day")
LANGUAGES = pytest.mark.parametrize("lang", ["zh", "en"])


async def sound(page: Page) -> None:
    """Nothing serious for axe, nothing beyond the edge of a phone, and the page says its language."""
    assert await axe(page) == []
    assert not await scrolls_sideways(page)
    assert await page.locator("html").get_attribute("lang") in ("zh-CN", "en")
    assert await page.locator("h1").count() == 1


async def without_script(console: Console, lang: str) -> Page:
    """A phone whose browser runs no script."""
    return await console.visitor(lang, PHONE, java_script_enabled=False)


async def looked_at(console: Console, page: Page, lang: str) -> None:
    """Look at the same page with a browser that runs axe, in the same visit."""
    other = await console.visitor(lang, PHONE)
    await other.context.add_cookies(await page.context.cookies())
    await other.goto(page.url)
    await sound(other)


async def enter(page: Page, api: Caller, order_id: str) -> None:
    link = (await api.post(f"/orders/{order_id}/link")).json()["link"]
    await page.goto(path_of(link))
    await page.get_by_role("main").get_by_role("button").click()


async def enter_by_code(page: Page, lang: str, order_id: str, phone: str, to: str = "") -> None:
    await page.goto(f"/t?order={order_id}&to={to}")
    await page.get_by_label(say(lang, "in.phone")).fill(phone)
    await page.get_by_role("button", name=say(lang, "in.send")).click()
    code = re.search(r"\d{6}", await page.get_by_role("note").inner_text())
    assert code is not None
    await page.get_by_label(say(lang, "code.field")).fill(code[0])
    await page.get_by_role("button", name=say(lang, "code.enter")).click()


@LANGUAGES
async def test_a_link_leads_to_the_order_and_its_urge(console: Console, api: Caller, lang: str) -> None:
    _, order_id = await own(api)
    page = await without_script(console, lang)
    await enter(page, api, order_id)
    await expect(page).to_have_url(re.compile(f"/my/{order_id}$"))
    await expect(page.get_by_role("heading", name=say(lang, "order.next"))).to_be_visible()
    await page.get_by_label(re.compile(re.escape(say(lang, "do.urge.text")))).fill("Nobody has called yet")
    await page.get_by_role("button", name=say(lang, "do.urge.send"), exact=True).click()
    await expect(page.locator("#said")).to_have_text(say(lang, "done.urge"))
    await page.reload()
    await expect(page.get_by_text("Nobody has called yet")).to_have_count(1)
    await looked_at(console, page, lang)


@LANGUAGES
async def test_the_ways_in_have_no_barrier(console: Console, api: Caller, lang: str) -> None:
    phone, order_id = await own(api)
    page = await console.visitor(lang, PHONE)
    for path in ("/t", "/t/WH20260302-K7QF2A9B.1.x", f"/my/{order_id}", "/my/a/b/c"):
        await page.goto(path)
        await sound(page)
    await page.goto(f"/t?order={order_id}")
    await page.get_by_label(say(lang, "in.phone")).fill(phone)
    await page.get_by_role("button", name=say(lang, "in.send")).click()
    await sound(page)
    await page.get_by_label(say(lang, "code.field")).fill("000000")
    await page.get_by_role("button", name=say(lang, "code.enter")).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await sound(page)


@LANGUAGES
async def test_a_closed_order_is_reopened_and_another_withdrawn_by_the_phone_alone(
    console: Console, api: Caller, lang: str
) -> None:
    phone, order_id = await closed(api)
    page = await without_script(console, lang)
    await enter(page, api, order_id)
    await page.get_by_role("link", name=say(lang, "do.by_phone.go")).click()
    await expect(page.get_by_label(say(lang, "in.order"))).to_have_value(order_id)
    await enter_by_code(page, lang, order_id, phone, "reopen")
    await looked_at(console, page, lang)
    reason = page.locator("#reopen-reason")
    await reason.fill("The same fault is back")
    await page.get_by_role("button", name=say(lang, "do.reopen.send")).click()
    await expect(page.locator("#said")).to_have_text(say(lang, "done.reopen"))

    await page.goto(f"/my/{order_id}/withdraw")
    await looked_at(console, page, lang)
    await page.get_by_label(re.compile(re.escape(say(lang, "do.withdraw.reason")))).fill("It works again")
    await page.get_by_label(say(lang, "do.withdraw.confirmed")).check()
    await page.get_by_role("button", name=say(lang, "do.withdraw.send")).click()
    await expect(page.locator("#said")).to_have_text(say(lang, "done.withdraw"))
    await looked_at(console, page, lang)


@LANGUAGES
async def test_the_whole_way_is_told_and_the_list_leads_there(console: Console, api: Caller, lang: str) -> None:
    phone, order_id = await replied(api)
    page = await without_script(console, lang)
    await enter_by_code(page, lang, order_id, phone)
    await expect(page.get_by_text(say(lang, "told.awaiting_callback"))).to_be_visible()
    await page.get_by_role("link", name=say(lang, "all_orders")).click()
    await looked_at(console, page, lang)
    await page.get_by_role("link", name=re.compile("断网")).click()
    await expect(page).to_have_url(re.compile(order_id))
    await page.get_by_role("button", name=say(lang, "leave")).click()
    await expect(page.get_by_role("heading", name=say(lang, "in.left"))).to_be_visible()


async def test_by_keyboard_alone(console: Console, api: Caller) -> None:
    _, order_id = await own(api)
    link = (await api.post(f"/orders/{order_id}/link")).json()["link"]
    page = await without_script(console, "en")
    await page.goto(path_of(link))
    for key in ("Tab", "Tab", "Tab", "Enter"):  # past the skip link and the language, to the button
        await page.keyboard.press(key)
    await expect(page).to_have_url(re.compile(f"/my/{order_id}$"))
    for key in ("Tab", "Tab", "Tab", "Tab"):  # skip link, language, leave, the words of an urge
        await page.keyboard.press(key)
    await page.keyboard.type("Please hurry")
    for key in ("Tab", "Enter"):
        await page.keyboard.press(key)
    await expect(page.locator("#said")).to_have_text(say("en", "done.urge"))
    await expect(page.get_by_text("Please hurry")).to_have_count(1)


async def test_with_script_news_are_announced(console: Console, api: Caller) -> None:
    _, order_id = await own(api)
    page = await console.visitor("en", DESKTOP)
    await page.clock.install()
    await enter(page, api, order_id)
    await expect(page.get_by_role("heading", name=say("en", "order.next"))).to_be_visible()
    await api.act(order_id, "sign", "gd-net-1")
    await page.clock.fast_forward(61_000)
    await expect(page.get_by_text(say("en", "order.moved_on"))).to_be_visible()


async def test_a_page_is_small_and_asks_for_little(console: Console, api: Caller, record_property: Any) -> None:
    _, order_id = await own(api)
    page = await console.visitor("zh", PHONE)
    await enter(page, api, order_id)
    await page.goto(f"/my/{order_id}", wait_until="load")
    bytes_of = await page.evaluate(
        """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
                 .map((one) => [new URL(one.name).pathname, one.encodedBodySize])"""
    )
    record_property("bytes", bytes_of)
    assert sum(size for _, size in bytes_of) < 24 * 1024, bytes_of
    assert len(bytes_of) <= 3


async def test_with_script_a_form_goes_out_once(console: Console, api: Caller) -> None:
    _, order_id = await own(api)
    page = await console.visitor("en", DESKTOP)
    await enter(page, api, order_id)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    await page.locator("#urge button").dblclick()
    await expect(page.locator("#said")).to_have_text(say("en", "done.urge"))
    assert sent == ["POST"]
