"""The agent's desk in a real browser: complaints by keys alone, lists, views, and many orders at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, Route, ViewportSize, expect

from tests.api.conftest import AGENT, LEADER, NET, Caller
from tests.support.browser import LOOKS, PATIENCE, Console, axe, fits, goes

WORDS = {
    "zh": {
        "phone": "客户号码",
        "title": "标题",
        "sent": "已登记，工单号",
        "new": "受理投诉",
        "search": "客户号码、工单号或标题",
        "views": "我的视图",
        "urge": "改为催办此单",
        "undo": "撤销 2 张",
    },
    "en": {
        "phone": "Customer's number",
        "title": "Title",
        "sent": "Registered under the number",
        "new": "New complaint",
        "search": "Customer's number, order number or title",
        "views": "My views",
        "urge": "Urge this one instead",
        "undo": "Undo 2",
    },
}
LANGUAGES = pytest.mark.parametrize("lang", ["zh", "en"])
ENGLISH = pytest.mark.parametrize("lang", ["en"])
"""For what is much like something that is done in Chinese here."""
KEYS_BESIDE_TEXT = 9
"""Keys that a complaint takes besides what is typed: from field to field, the choice, the sending, and `n` before."""


@dataclass
class Keys:
    """Somebody's hands on the keyboard, and how many keys they pressed besides letters."""

    page: Page
    pressed: int = 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.pressed += 1
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)


async def filled(keys: Keys, lang: str, *, phone: str = "13512340001", title: str = "断网三天无人上门") -> None:
    """Type a complaint from the first field to the last, without the mouse."""
    await expect(keys.page.get_by_label(WORDS[lang]["phone"], exact=True)).to_be_focused()
    await keys.type(phone)
    await keys.press("Tab")
    await keys.type("王女士")
    await keys.press("Tab")
    await keys.type("wlgz")
    await expect(keys.page.get_by_role("option").first).to_be_visible()  # the categories have been read
    await keys.press("Enter", "Tab", "Tab")
    await keys.type(title)
    await keys.press("Tab")
    await keys.type("自周一起无法上网，预约两次均无人上门。")


async def number_of(page: Page) -> str:
    shown = page.locator("[data-number]")
    await expect(shown).to_be_visible()
    return str(await shown.get_attribute("data-number"))


async def count_of(api: Caller, phone: str) -> int:
    answer = await api.post("/orders/search", {"customer": phone, "limit": 50})
    return len(answer.json()["items"])


@LANGUAGES
async def test_a_complaint_is_opened_by_few_keys_alone(console: Console, api: Caller, lang: str) -> None:
    phone = {"zh": "13512340001", "en": "13512340002"}[lang]
    page = await console.at(AGENT, "/desk", lang=lang)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    keys = Keys(page)
    await keys.press("n")
    await filled(keys, lang, phone=phone)
    limits = page.locator(".desk-limits > li")
    await expect(limits.first).to_be_visible()
    foreseen = {str(await one.get_attribute("data-kind")) for one in await limits.all()}
    await keys.press("Control+Enter")
    number = await number_of(page)
    assert keys.pressed <= KEYS_BESIDE_TEXT
    await expect(page.get_by_text(WORDS[lang]["sent"])).to_be_visible()
    view = (await api.get(f"/orders/{number}", AGENT)).json()
    assert (view["order"]["category"], view["order"]["province"], view["lead"]) == ("network.fault", "GD", "GD.net")
    assert foreseen == {key.partition("/")[0] for key in view["order"]["clocks"]}
    await keys.press("n")
    await expect(page.get_by_label(WORDS[lang]["phone"], exact=True)).to_be_focused()
    assert await page.get_by_label(WORDS[lang]["title"], exact=True).input_value() == ""


async def test_a_customer_in_another_zone_is_taken_with_it(console: Console, api: Caller) -> None:
    page = await console.at(AGENT, "/desk/new")
    keys = Keys(page)
    await filled(keys, "zh", phone="13512340011")
    zone = page.get_by_label("客户所在时区")
    await zone.click()
    await zone.fill("Urumqi")
    await zone.press("Enter")
    await keys.press("Control+Enter")
    number = await number_of(page)
    assert (await api.get(f"/orders/{number}", AGENT)).json()["order"]["customer"]["zone"] == "Asia/Urumqi"


async def test_entering_twice_makes_one_order(console: Console, api: Caller) -> None:
    page = await console.at(AGENT, "/desk/new")
    keys = Keys(page)
    await filled(keys, "zh", phone="13512340003")
    await keys.press("Control+Enter", "Control+Enter", "Control+Enter")
    await number_of(page)
    assert await count_of(api, "13512340003") == 1


async def test_a_reload_loses_nothing_and_a_log_out_leaves_nothing(console: Console) -> None:
    page = await console.at(AGENT, "/desk/new")
    await filled(Keys(page), "zh", phone="13512340004", title="话费有误")
    await page.reload()
    await expect(page.get_by_label("标题", exact=True)).to_have_value("话费有误")
    await expect(page.get_by_label("客户号码", exact=True)).to_have_value("13512340004")
    await page.locator(".shell-head button").last.click()
    await page.get_by_role("menuitem", name="退出登录").press("Enter")
    await expect(page).to_have_url(re.compile("/login"))
    assert await page.evaluate("JSON.stringify({...sessionStorage})") == "{}"


async def test_what_is_missing_is_said_at_its_field_and_the_first_has_the_cursor(console: Console) -> None:
    page = await console.at(AGENT, "/desk/new")
    await expect(page.get_by_label("客户号码", exact=True)).to_be_focused()
    await page.get_by_label("标题", exact=True).fill("只有标题")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_label("客户号码", exact=True)).to_be_focused()
    await expect(page.get_by_text("必填", exact=True)).to_have_count(4)
    assert await page.locator("[data-number]").count() == 0


@ENGLISH
async def test_the_same_matter_is_shown_while_typing_and_urged_instead(
    console: Console, api: Caller, lang: str
) -> None:
    phone = {"zh": "13512340005", "en": "13512340006"}[lang]
    first = await api.opened(title="断网三天无人上门处理", customer={"name": "王女士", "phone": phone})
    page = await console.at(AGENT, "/desk/new", lang=lang)
    await filled(Keys(page), lang, phone=phone)
    alike = page.locator(f".desk-before [data-order={first}]")
    await expect(alike).to_be_visible()
    await alike.get_by_role("button", name=WORDS[lang]["urge"]).press("Enter")
    await expect(page.get_by_label(WORDS[lang]["title"], exact=True)).to_have_value("")
    view = (await api.get(f"/orders/{first}", AGENT)).json()
    assert view["order"]["urges"] == 1
    assert await count_of(api, phone) == 1


async def test_documents_follow_once_there_is_a_number(console: Console, api: Caller) -> None:
    page = await console.at(AGENT, "/desk/new")
    await filled(Keys(page), "zh", phone="13512340007")
    files = [
        {"name": "测速.txt", "mimeType": "text/plain", "buffer": "下行 0.2 Mbit/s".encode()},
        {"name": "not.txt", "mimeType": "text/plain", "buffer": b"\x00\x01\x02"},
    ]
    await page.locator("#new-files").set_input_files(files)  # type: ignore[arg-type]
    await page.keyboard.press("Control+Enter")
    number = await number_of(page)
    await expect(page.locator(".desk-files [data-step=sent]")).to_have_count(1)
    await expect(page.locator(".desk-files [data-step=refused]")).to_have_count(1)
    kept = (await api.get(f"/orders/{number}/files", AGENT)).json()
    assert len(kept["items"] if isinstance(kept, dict) else kept) == 1


async def test_who_takes_no_complaints_is_offered_none(console: Console) -> None:
    page = await console.at(LEADER, "/desk/new")
    await expect(page.get_by_role("heading", level=1)).to_have_text("工单")
    assert await page.get_by_role("button", name="受理投诉").count() == 0
    await page.keyboard.press("n")
    assert await page.locator("#new-phone").count() == 0


# --- the list ---------------------------------------------------------------------------------------------------------


async def test_the_list_is_walked_by_keys_and_its_filters_stand_in_the_address(console: Console, api: Caller) -> None:
    him = {"name": "李先生", "phone": "13512340008"}
    await api.opened(title="桔子 一", category="billing.dispute", customer=him)
    newest = await api.opened(title="桔子 二", category="billing.dispute", customer=him)
    page = await console.at(AGENT, "/desk?category=billing.dispute&scope=all&text=%E6%A1%94%E5%AD%90")
    rows = page.locator("[data-order]")
    await expect(rows).to_have_count(2)
    await page.keyboard.press("j")
    await expect(page.locator(".orders-active")).to_have_attribute("data-order", newest)
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"/orders/{newest}"))
    await page.go_back()
    await expect(rows).to_have_count(2)
    await page.keyboard.press("/")
    await expect(page.get_by_label(WORDS["zh"]["search"])).to_be_focused()
    await page.get_by_label(WORDS["zh"]["search"]).fill("135 1234 0008")
    await expect(page).not_to_have_url(re.compile("text="))
    await expect(rows).to_have_count(2)
    assert "13512340008" not in page.url
    assert "0008" not in page.url


async def test_one_s_own_orders_are_those_that_one_follows(console: Console, api: Caller) -> None:
    mine = await api.opened(title="梨子 mine")
    theirs = (await api.post("/orders", {**_complaint("梨子 theirs")}, "gd-agent-2")).json()["order"]["id"]
    page = await console.at(AGENT, "/desk?text=%E6%A2%A8%E5%AD%90")
    await expect(page.locator(f"[data-order={mine}]")).to_be_visible()
    assert await page.locator(f"[data-order={theirs}]").count() == 0
    await page.get_by_text("全部可见", exact=True).click()
    await expect(page.locator(f"[data-order={theirs}]")).to_be_visible()
    await expect(page).to_have_url(re.compile("scope=all"))


def _complaint(title: str) -> dict[str, object]:
    him = {"name": "李先生", "phone": "13512340009"}
    return {
        "title": title,
        "text": "断网",
        "category": "network.fault",
        "province": "GD",
        "channel": "hotline",
        "customer": him,
    }


@ENGLISH
async def test_a_view_is_kept_taken_and_let_go(console: Console, lang: str) -> None:
    page = await console.at(AGENT, "/desk?scope=all&overdue=true&sort=due&column=number&column=due", lang=lang)
    await page.get_by_role("button", name=WORDS[lang]["views"]).click()
    name = {"zh": "视图名称", "en": "Name of the view"}[lang]
    await page.get_by_label(name).fill(f"迟到 {lang}")
    await page.keyboard.press("Enter")
    kept = page.get_by_role("button", name=f"迟到 {lang}", exact=True)
    await expect(kept).to_be_visible()
    await page.goto("/desk")
    await page.get_by_role("button", name=WORDS[lang]["views"]).click()
    await kept.click()
    await expect(page).to_have_url(re.compile("overdue=true"))
    for part in ("scope=all", "sort=due", "column=number", "column=due"):
        assert part in page.url
    await page.get_by_role("button", name=WORDS[lang]["views"]).click()
    await page.get_by_role("button", name=re.compile(f"迟到 {lang}")).last.click()
    await expect(kept).to_have_count(0)


# --- many at once -----------------------------------------------------------------------------------------------------


async def _chosen(console: Console, word: str, many: int, lang: str = "zh", who: str = LEADER) -> Page:
    page = await console.at(who, f"/desk?scope=all&text={word}", lang=lang)
    await expect(page.locator("[data-order]")).to_have_count(many)
    for _ in range(many):
        await page.keyboard.press("j")
        await page.keyboard.press("x")
    return page


async def _raised(console: Console, word: str, lang: str = "zh") -> Page:
    """The dialogue after the priority of the two orders of that word was changed."""
    page = await _chosen(console, word, 2, lang)
    await page.get_by_role("button", name={"zh": "调整优先级", "en": "Set the priority"}[lang]).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("[data-step=can]")).to_have_count(2)
    await dialog.get_by_label({"zh": "优先级", "en": "Priority"}[lang]).click()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await dialog.locator("#bulk-reason").fill("媒体关注")
    await dialog.locator(".ant-modal-footer .ant-btn-primary").click()
    await expect(dialog.locator("[data-step=done]")).to_have_count(2)
    return page


async def _priorities(api: Caller, orders: list[str]) -> set[str]:
    return {(await api.get(f"/orders/{number}", LEADER)).json()["order"]["priority"] for number in orders}


@ENGLISH
async def test_priorities_are_changed_for_many_shown_one_by_one_and_taken_back(
    console: Console, api: Caller, lang: str
) -> None:
    word = {"zh": "apricotzh", "en": "apricoten"}[lang]
    orders = [await api.opened(title=f"{word} {n}") for n in range(2)]
    page = await _raised(console, word, lang)
    dialog = page.get_by_role("dialog")
    assert "normal" not in await _priorities(api, orders)
    await dialog.get_by_role("button", name=WORDS[lang]["undo"]).click()
    await expect(dialog.locator("[data-step=undone]")).to_have_count(2)
    assert await _priorities(api, orders) == {"normal"}


async def test_what_nobody_knows_to_be_taken_back_is_asked_for_again_and_never_done_anew(
    console: Console, api: Caller
) -> None:
    orders = [await api.opened(title=f"loquat {n}") for n in range(2)]
    page = await _raised(console, "loquat")
    dialog = page.get_by_role("dialog")
    keys: list[str] = []

    async def lost(route: Route) -> None:
        """It arrives and is carried out, and its answer is lost on the way."""
        keys.append(route.request.headers["idempotency-key"])
        await route.fetch(timeout=PATIENCE)
        await route.abort()

    await page.route("**/reprioritise", lost)
    await dialog.get_by_role("button", name="撤销 2 张").click()
    await expect(dialog.locator("[data-step=unsure]")).to_have_count(2)
    assert len(set(keys)) == 2, "one key for each order, however often it is asked"
    assert await dialog.get_by_role("button", name="重试").count() == 0
    await page.unroute("**/reprioritise")
    await dialog.get_by_role("button", name="再次撤销 2 张").click()
    await expect(dialog.locator("[data-step=undone]")).to_have_count(2)
    assert await _priorities(api, orders) == {"normal"}
    for number in orders:
        events = (await api.get(f"/orders/{number}/events", LEADER)).json()
        kinds = [one["type"] for one in events["items"]]
        assert kinds.count("OrderReprioritised") == 2, kinds


async def test_what_went_on_meanwhile_is_refused_for_that_order_alone(console: Console, api: Caller) -> None:
    moved = await api.opened(title="quince 1")
    kept = await api.opened(title="quince 2")
    page = await _chosen(console, "quince", 2)
    await page.get_by_role("button", name="添加备注").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("[data-step=can]")).to_have_count(2)
    await api.act(moved, "sign", NET)
    await dialog.locator("#bulk-text").fill("已联系客户")
    await dialog.locator(".ant-modal-footer .ant-btn-primary").click()
    await expect(dialog.locator(f"[data-order={kept}]")).to_have_attribute("data-step", "done")
    await expect(dialog.locator(f"[data-order={moved}]")).to_have_attribute("data-step", "refused")
    await expect(dialog.locator(f"[data-order={moved}]")).to_contain_text("工单已有新变化")
    assert await dialog.get_by_role("button", name=re.compile("撤销")).count() == 0


async def test_only_what_the_role_may_do_with_all_of_them_is_offered(console: Console, api: Caller) -> None:
    ended = await api.opened(title="medlar 1")
    await api.opened(title="medlar 2")
    reason = {"reason": "恢复了", "proof": "录音 1"}
    await api.act(ended, "withdraw", "customer:13900000001", **reason)
    page = await _chosen(console, "medlar", 2)
    bar = page.locator(".desk-bulk")
    await expect(bar.get_by_role("button", name="关注", exact=True)).to_be_visible()
    assert await bar.get_by_role("button", name="添加备注").count() == 0
    await page.keyboard.press("x")
    await expect(bar.get_by_text("已选 1 张")).to_be_visible()
    await page.keyboard.press("x")
    await page.keyboard.press("Escape")
    await expect(bar).to_have_count(0)


# --- for everybody ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "size"), LOOKS, ids=["zh", "en"])
async def test_no_serious_barrier_and_nothing_wider_than_the_window(
    console: Console, api: Caller, lang: str, size: ViewportSize
) -> None:
    him = {"name": "钱女士", "phone": "13512340010"}
    await api.opened(title="断网三天无人上门", customer=him)
    page = await console.at(AGENT, "/desk", lang=lang, size=size)
    await expect(page.locator("[data-order]").first).to_be_visible()
    assert await axe(page) == []
    assert await fits(page)
    await goes(page, "/desk/new")
    await filled(Keys(page), lang, phone=him["phone"])
    await expect(page.locator(".desk-before [data-order]").first).to_be_visible()
    await expect(page.locator(".desk-limits > li").first).to_be_visible()
    assert await axe(page) == []
    assert await fits(page)
    await page.keyboard.press("Control+Enter")
    await number_of(page)
    assert await axe(page) == []
    assert await fits(page)
