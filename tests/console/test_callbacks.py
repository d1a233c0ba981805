"""The call-back desk: who may be called now, the script, three keys to an outcome, what the rules plan next."""

import itertools
import re
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.api.conftest import AGENT, CALLER, LEADER, MANAGER, Caller
from tests.support.browser import LOOKS, Console, axe, fits, halted, unheard
from tests.support.hours import midnight, noon

pytestmark = pytest.mark.usefixtures("by_day")

_PHONES = itertools.count(10)
GRACE = 3000
"""Milliseconds in which a slip can be taken back."""
ANSWER = "基站检修，今天 18 点前恢复 / mast under repair, back by six"


async def to_call(api: Caller, zone: str = "", **changes: Any) -> str:
    """An order whose customer is to be called, at whose place it is noon unless another zone is given."""
    customer = {"name": "欧阳女士", "phone": f"137110000{next(_PHONES)}", "zone": zone or noon()}
    order = await api.opened(dispatch=False, customer=customer, **changes)
    await api.act(order, "answer_at_once", AGENT, answer=ANSWER)
    return order


async def now(api: Caller, order: str) -> dict[str, Any]:
    """The order as it is."""
    found: dict[str, Any] = (await api.get(f"/orders/{order}", MANAGER)).json()["order"]
    return found


async def called(console: Console, order: str, **options: Any) -> Page:
    """The page of a call."""
    page = await console.at(CALLER, f"/callbacks/{order}", **options)
    await expect(page.locator("[data-reply]")).to_be_visible()
    return page


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_three_keys_record_the_outcome_and_the_next_one_comes_up(
    api: Caller, console: Console, lang: str
) -> None:
    order, following = await to_call(api), await to_call(api)
    page = await called(console, order, lang=lang)
    await expect(page.locator("[data-reply]")).to_have_text(ANSWER)
    await halted(page)
    for key in ("1", "1", "1"):
        await page.keyboard.press(key)
    await expect(page.get_by_text({"zh": "秒后登记", "en": "Recorded in"}[lang])).to_be_in_viewport()
    chosen = page.locator('.calls-outcome [aria-pressed="true"]')
    await expect(chosen).to_have_count(3)
    assert all(text.startswith("✓") for text in await chosen.all_inner_texts())
    await expect(page.locator("[data-said]")).to_have_text(
        {"zh": "联系过，已解决，满意", "en": "Contacted, solved, Satisfied"}[lang]
    )
    assert (await now(api, order))["callback"]["status"] == "planned", "not before it can be taken back no more"
    await page.keyboard.press("Enter")
    await page.clock.resume()
    await expect(page.locator("[data-after]")).to_be_visible()
    view = await now(api, order)
    assert (view["state"], view["outcome"]) == ("closed", "answered_at_once")
    await expect(page).to_have_url(re.compile(rf"/callbacks/WH(?!{order.removeprefix('WH')}$)"))
    await expect(page.locator(f'.calls-line[data-order="{order}"]')).to_have_count(0)
    await expect(page.locator(f'.calls-line[data-order="{following}"]')).to_be_visible()


async def test_whoever_opens_the_desk_has_the_first_before_him(api: Caller, console: Console) -> None:
    await to_call(api)
    page = await console.at(CALLER, "/callbacks")
    await expect(page).to_have_url(re.compile("/callbacks/WH"))
    await expect(page.locator(".calls-line").first).to_have_attribute("data-here", "true")
    await page.keyboard.press("n")
    await expect(page.locator(".calls-number a")).to_be_visible()
    looking = await console.at(LEADER, "/callbacks")
    await expect(looking.get_by_text("请从队列中选择一位客户")).to_be_visible()


async def test_three_clicks_do_it_too_and_a_slip_is_taken_back(api: Caller, console: Console) -> None:
    order = await to_call(api)
    page = await called(console, order)
    outcome = page.locator(".calls-outcome")
    await outcome.get_by_role("button", name="联系过", exact=False).first.click()
    await outcome.get_by_role("button", name="已解决").click()
    await halted(page)
    await outcome.get_by_role("button", name="基本满意").click()
    await expect(page.get_by_text("秒后登记")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.clock.run_for(GRACE)
    await expect(page.get_by_text("秒后登记")).to_have_count(0)
    assert (await now(api, order))["callback"]["status"] == "planned", "what was taken back is not recorded"
    await outcome.get_by_role("button", name="满意", exact=True).click()
    await expect(page.get_by_text("秒后登记")).to_be_visible()
    await page.clock.run_for(GRACE)
    await page.clock.resume()
    await expect(page.locator("[data-after]")).to_be_visible()
    events = (await api.get(f"/orders/{order}/events", MANAGER, limit=200)).json()["items"]
    recorded = [one["data"] for one in events if one["type"] == "CallbackRecorded"]
    assert [(one["satisfaction"], one["solved"], one["contacted"]) for one in recorded] == [("satisfied", True, True)]


async def test_an_unhappy_customer_is_asked_why_and_a_supervisor_looks_at_it(api: Caller, console: Console) -> None:
    order = await to_call(api)
    page = await called(console, order)
    for key in ("1", "2", "3"):
        await page.keyboard.press(key)
    why = page.get_by_label("原因：请写下客户的原话（必填）")
    await expect(why).to_be_focused()
    record = page.get_by_role("button", name=re.compile("^登记"))
    await expect(record).to_be_disabled()
    await page.keyboard.type("晚上还是没有信号")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator('[data-after="under_review"]')).to_contain_text("已转主管复核")
    assert (await now(api, order))["callback"]["status"] == "under_review"


async def test_no_answer_shows_the_next_attempt_that_the_rules_plan(api: Caller, console: Console) -> None:
    order = await to_call(api)
    page = await called(console, order)
    await page.keyboard.press("0")
    await page.keyboard.press("Enter")
    after = page.locator('[data-after="attempting"]')
    await expect(after).to_contain_text("还可拨打 2 次")
    planned = (await now(api, order))["callback"]["not_before"]
    assert await after.locator("time").get_attribute("datetime") == planned
    line = page.locator(f'.calls-line[data-order="{order}"]')
    await expect(line).to_contain_text("最早")
    await line.get_by_role("link").click()
    await expect(page.locator(".calls-outcome").get_by_role("button", name="未接通")).to_be_disabled()
    await expect(page.get_by_text("第 2 次拨打，共 3 次")).to_be_visible()


async def test_a_refusal_needs_the_customers_words(api: Caller, console: Console) -> None:
    order = await to_call(api)
    page = await called(console, order)
    await page.keyboard.press("9")
    await page.get_by_label("原因：请写下客户的原话（必填）").fill("正在开车，不方便")
    await page.get_by_role("button", name="登记为拒绝回访").click()
    await expect(page.locator("[data-after]")).to_contain_text("未评价")
    assert (await now(api, order))["outcome"] == "not_rated"


async def test_nobody_is_called_at_night(api: Caller, console: Console) -> None:
    order = await to_call(api, midnight())
    page = await called(console, order)
    await expect(page.get_by_text("暂不可拨打，最早")).to_be_visible()
    await expect(page.locator(".calls-outcome").get_by_role("button", name="未接通")).to_be_disabled()
    await expect(page.get_by_role("button", name="显示号码")).to_have_count(0)
    await page.keyboard.press("1")
    await expect(page.locator('.calls-outcome [aria-pressed="true"]')).to_have_count(0)


async def test_one_key_shows_the_number_and_that_is_on_record(api: Caller, console: Console) -> None:
    order = await to_call(api)
    page = await called(console, order)
    assert "13711" not in await page.inner_text("main")
    await page.keyboard.press("n")
    number = page.locator(".calls-number a")
    await expect(number).to_have_text(re.compile(r"137110000\d\d"))
    looks = (await api.get(f"/orders/{order}/accesses", MANAGER)).json()["items"]
    assert [(one["outcome"], one["actor_id"]) for one in looks if one["outcome"] == "revealed"] == [
        ("revealed", CALLER)
    ]


async def test_the_script_speaks_both_languages(api: Caller, console: Console) -> None:
    order = await to_call(api)
    page = await called(console, order)
    script = page.locator(".calls-script")
    await expect(script).to_contain_text("这里是 10010 客服中心")
    await script.get_by_text("English", exact=True).click()
    await expect(script.locator('[lang="en"]')).to_contain_text("this is the 10010 service centre")


async def test_a_stale_click_records_nothing_and_says_so(api: Caller, console: Console) -> None:
    order = await to_call(api)
    page = await called(console, order)
    said = {"result": "reached", "contacted": True, "solved": True, "satisfaction": "satisfied"}
    async with unheard(page, re.compile(r"/v1/(stream|callbacks)")):
        # Whoever answered the customer on the spot does not call him; a channel may.
        answer = await api.post(f"/orders/{order}/record_callback", said, "web-channel")
        assert answer.status_code == 200, answer.text
        for key in ("1", "2", "3"):
            await page.keyboard.press(key)
        await page.keyboard.type("晚上还是没有信号")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[data-code=not_allowed_now]")).to_contain_text("可能刚刚有人办理过")
    await expect(page.get_by_role("alert").first).to_contain_text("同事刚刚登记了这次回访")
    events = (await api.get(f"/orders/{order}/events", MANAGER, limit=200)).json()["items"]
    assert [one["type"] for one in events].count("CallbackRecorded") == 1
    await expect(page.get_by_role("button", name="下一位")).to_be_visible()


async def test_a_team_lead_looks_and_records_nothing(api: Caller, console: Console) -> None:
    order = await to_call(api)
    page = await console.at(LEADER, f"/callbacks/{order}")
    await expect(page.get_by_text("回访结果由回访员登记，此处仅供查看")).to_be_visible()
    await expect(page.get_by_role("button", name="未接通")).to_have_count(0)


@pytest.mark.parametrize(("lang", "size"), LOOKS, ids=["zh", "en"])
async def test_the_desk_has_no_serious_barrier_and_fits_a_phone(
    api: Caller, console: Console, lang: str, size: ViewportSize
) -> None:
    order = await to_call(api)
    page = await called(console, order, lang=lang, size=size)
    await expect(page.locator("[data-reply]")).to_be_visible()
    assert await axe(page) == []
    assert await fits(page)
