"""What hands meet on the way: Tab and Enter in lists, what is said after a deed, and room for everything on a page."""

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.api.conftest import AGENT, INSTALL, LEADER, NET, Caller
from tests.console.test_order import Words, at_work, form
from tests.support.browser import PHONE, Console

ZH = Words("zh")
WHISTLE = {"kind": "routine", "matter": "cross_department", "units": ["GD.inst"], "reason": "要装维上门"}


def box(dialog: Locator, field: str) -> Locator:
    """The list of a field of the whistle's form."""
    return dialog.get_by_role("combobox", name=ZH("verbs", f"field.request_whistle.{field}.label"))


_BOTH = """entry => ["[role=status]", ".inbox-owed"]
    .map((one) => entry.querySelector(one).getBoundingClientRect().toJSON())"""


async def rectangle(found: Locator) -> dict[str, Any]:
    """Where something stands."""
    where = await found.bounding_box()
    assert where
    return dict(where)


async def test_tab_leaves_a_list_without_choosing_and_ctrl_enter_sends(console: Console, api: Caller) -> None:
    number = await at_work(api)
    page = await console.at(AGENT, f"/orders/{number}?do=request_whistle")
    dialog = form(page)
    await dialog.get_by_role("radio", name=ZH("verbs", "kind.emergency")).check()
    await box(dialog, "matter").focus()
    await page.keyboard.type("安全")
    await expect(page.locator(".ant-select-item-option-active")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(box(dialog, "units")).to_be_focused()
    await page.keyboard.type("GD.inst")
    await expect(page.locator(".ant-select-item-option-active").last).to_contain_text("GD.inst")
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(box(dialog, "lead")).to_be_focused()
    await expect(box(dialog, "units")).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("ArrowDown")
    await expect(box(dialog, "lead")).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Tab")
    await expect(dialog.get_by_label(ZH("verbs", "field.request_whistle.reason.label"), exact=True)).to_be_focused()
    await page.keyboard.type("杆路倾斜")
    await page.keyboard.press("Control+Enter")
    await expect(dialog).to_be_hidden()
    (blown,) = (await api.get(f"/orders/{number}", AGENT)).json()["order"]["whistles"]
    assert ([one["unit"] for one in blown["attendances"]], blown["lead"]) == (["GD.inst"], "")
    assert (blown["matter"], blown["kind"]) == ("safety_hazard", "emergency")


async def test_the_inbox_says_what_an_open_whistle_waits_for_and_the_lead_ends_it(
    console: Console, api: Caller
) -> None:
    number = await at_work(api)
    await api.act(number, "request_whistle", AGENT, **WHISTLE)
    page = await console.at(NET, f"/inbox/{number}/a1")
    why = form(page).locator("#why-reply")
    await expect(why).to_contain_text(ZH("verbs", "not_now.whistle_undecided"))
    await api.act(number, "decide_whistle", LEADER, whistle="w1", blow=True, reason="确有需要")
    await expect(why).to_contain_text(ZH("verbs", "not_now.whistle_open"))
    await api.act(number, "report_in", INSTALL, whistle="w1", who="李工")
    await api.act(number, "finish_part", INSTALL, whistle="w1", done="重新熔接")
    await expect(why).to_contain_text(ZH("verbs", "not_now.whistle_undisposed"))
    label = ZH("verbs", "verb.dispose.label")
    await form(page).locator(".inbox-ways").get_by_role("button", name=label).click()
    await form(page).get_by_label(ZH("verbs", "field.dispose.result.label"), exact=True).fill("恢复")
    await page.keyboard.press("Control+Enter")
    await expect(why).to_contain_text(ZH("verbs", "not_now.whistle_unverified"))


async def test_a_deed_is_said_once_and_for_a_while(console: Console, api: Caller) -> None:
    number = await api.opened()
    page = await console.at(NET, "/inbox", size=PHONE)
    entry = page.locator(f'[data-order="{number}"]')
    sign, done = ZH("verbs", "verb.sign.label"), ZH("verbs", "verb.sign.done")
    await entry.get_by_role("button", name=re.compile(f"^{sign}")).click()
    told = page.get_by_text(done)
    await expect(told).to_have_count(1)
    bar, below = await entry.evaluate(_BOTH)  # at one moment: what was signed moves to another place of the list
    assert bar["bottom"] + 6 <= below["top"]
    await expect(told).to_have_count(0)


async def taken(page: Page, title: str) -> None:
    """Fill in a complaint, as far as due times are told of it."""
    await page.get_by_label("客户号码").fill("13512340077")
    await page.get_by_label("客户姓名").fill("王女士")
    await page.get_by_role("combobox", name="业务类别").fill("wlgz")
    await expect(page.get_by_role("option").first).to_be_visible()
    await page.keyboard.press("Enter")
    await page.get_by_label("标题").fill(title)
    await page.get_by_label("诉求").fill("自周一起无法上网。")
    await expect(page.locator(".desk-limits > li").first).to_be_visible()


async def test_a_new_complaint_has_room_for_its_help_and_its_due_times(console: Console) -> None:
    page = await console.at(AGENT, "/desk/new")
    await taken(page, "宽带频繁掉线")
    for below in await page.locator(".desk-form .ant-form-item-explain").all():
        end = await rectangle(below)
        item = await rectangle(below.locator("xpath=ancestor::div[contains(@class,'ant-form-item ')][1]"))
        assert end["y"] + end["height"] <= item["y"] + item["height"]
    last = await rectangle(page.locator(".desk-limits > li").last)
    assert last["y"] + last["height"] <= 800, "the last of the due times is in sight"
    await expect(page.locator(".desk-keyed")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".desk-sent")).to_contain_text("办结时限")


async def test_on_a_phone_nothing_comes_after_the_sending(console: Console) -> None:
    page = await console.at(AGENT, "/desk/new", size=PHONE)
    send = await rectangle(page.locator(".desk-send"))
    for before in (".desk-before", ".desk-due"):
        where = await rectangle(page.locator(before))
        assert where["y"] + where["height"] <= send["y"]
    await expect(page.locator(".desk-keyed")).to_be_hidden()
