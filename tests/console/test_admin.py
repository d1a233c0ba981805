"""The administrator's room in a real browser: who works here, by which rules, in which words; in both languages."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.api.conftest import AGENT, Caller
from tests.support.browser import LOOKS, Console, axe, fits

ADMIN, HEAD, AUDITOR = "hq-admin", "hq-supervisor-1", "hq-auditor-1"
SECTIONS = {
    "organisation": ("组织", "Organisation"),
    "people": ("人员", "People"),
    "catalogue": ("派单目录", "Catalogue"),
    "policies": ("政策", "Policies"),
    "calendars": ("日历", "Calendars"),
    "templates": ("通知模板", "Notice templates"),
    "tokens": ("服务令牌", "Service tokens"),
    "keys": ("密钥", "Secret keys"),
    "system": ("系统状态", "System"),
}
_NUMBERS = itertools.count(1)


async def _settled(page: Page) -> None:
    """Wait until nothing is being read."""
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.locator(".ant-skeleton")).to_have_count(0)


@pytest.mark.parametrize(("lang", "size"), LOOKS, ids=["zh", "en"])
@pytest.mark.timeout(300)
async def test_every_part_is_reached_has_no_serious_barrier_and_fits(
    console: Console, lang: str, size: ViewportSize
) -> None:
    page = await console.at(ADMIN, "/admin", lang=lang, size=size)
    for name, titles in SECTIONS.items():
        await page.get_by_role("link", name=titles[lang == "en"], exact=True).click()
        await expect(page).to_have_url(re.compile(f"/admin/{name}"))
        await _settled(page)
        assert await axe(page) == [], name
        assert await fits(page), name


async def test_a_unit_is_added_after_it_was_shown_what_will_change(console: Console, api: Caller) -> None:
    unit = f"GD.lab{next(_NUMBERS)}"
    page = await console.at(ADMIN, "/admin/organisation?unit=GD", lang="zh")
    await page.get_by_role("button", name="新增部门").click()
    drawer = page.get_by_role("dialog")
    await drawer.get_by_label("编号").fill("GD.net lab")
    await drawer.get_by_label("中文名称").fill("广东实验室")
    await drawer.get_by_label("英文名称").fill("Guangdong Lab")
    await drawer.get_by_role("button", name="检查").click()
    await expect(drawer.get_by_text("不能作编号")).to_be_visible()  # told at its field, and nothing written
    await drawer.get_by_label("编号").fill(unit)
    await drawer.get_by_role("button", name="检查").click()
    await expect(drawer.get_by_text("– → 广东实验室")).to_be_visible()
    assert (await api.get(f"/units/{unit}", ADMIN)).status_code == 404
    await drawer.get_by_role("button", name="保存").click()
    await expect(drawer).to_be_hidden()
    found = (await api.get(f"/units/{unit}", ADMIN)).json()
    assert (found["name_en"], found["parent"], found["kind"]) == ("Guangdong Lab", "GD", "department")
    await page.get_by_label("按名称或编号查找单位").fill("实验室")
    await page.get_by_role("button", name=re.compile("广东实验室")).first.click()
    await expect(page.get_by_role("heading", name=re.compile("广东实验室"))).to_be_visible()


async def test_a_person_is_added_moved_and_let_in_again(console: Console, api: Caller) -> None:
    person = f"gd-new-{next(_NUMBERS)}"
    page = await console.at(ADMIN, "/admin/people", lang="en")
    await page.get_by_role("button", name="Add a person").click()
    drawer = page.get_by_role("dialog")
    await drawer.get_by_label("Id", exact=True).fill(person)
    await drawer.get_by_label("Name in Chinese").fill("新同事")
    await drawer.get_by_label("Name in English").fill("New Colleague")
    await drawer.get_by_label("Role").click()
    await page.get_by_title("Hotline agent", exact=True).click()
    await drawer.get_by_label("Unit", exact=True).fill("GD.svc")
    await page.get_by_title(re.compile(r"\(GD\.svc\)")).click()
    await drawer.get_by_role("button", name="Check").click()
    await drawer.get_by_role("button", name="Save").click()
    await expect(drawer).to_be_hidden()
    await page.get_by_label("Find by name, id or unit").fill(person)
    await page.get_by_role("button", name="Actions for New Colleague").click()
    await page.get_by_role("menuitem", name="Reset the password").click()
    await page.get_by_role("button", name="Reset the password").click()
    shown = page.get_by_test_id("one-time")
    await expect(shown).to_be_visible()
    password = (await shown.inner_text()).strip()
    visitor = await console.visitor("en")
    answer = await visitor.request.post(
        "/v1/login", data={"person": person, "password": password}, headers={"Origin": console.address}
    )
    assert answer.ok, await answer.text()
    assert (await answer.json())["must_change"] is True


async def test_changes_that_were_not_saved_are_not_lost_by_a_slip(console: Console) -> None:
    page = await console.at(ADMIN, "/admin/templates/customer.urged", lang="en")
    title = page.get_by_label("Title in English")
    await title.fill("Half a thought")
    await page.get_by_role("link", name="Catalogue").click()
    asked = page.get_by_role("dialog", name="There are unsaved changes")
    await asked.get_by_role("button", name="Go on editing").click()
    await expect(title).to_have_value("Half a thought")
    await page.get_by_role("link", name="Catalogue").click()
    await asked.get_by_role("button", name="Discard the changes").click()
    await expect(page).to_have_url(re.compile("/admin/catalogue"))


async def test_a_policys_changes_are_not_undone_by_one_click(console: Console, api: Caller) -> None:
    version = (await api.get("/policies/current", ADMIN)).json()["version"]
    page = await console.at(ADMIN, f"/admin/policies/{version}", lang="en")
    area = page.get_by_role("textbox", name=re.compile(version))
    begun = await area.input_value()
    await area.fill("mine: 1")
    await page.get_by_role("button", name="Undo the changes").click()
    await page.get_by_role("button", name="Go on editing").click()
    await expect(area).to_have_value("mine: 1")
    await page.get_by_role("button", name="Undo the changes").click()
    await page.get_by_role("button", name="Discard the changes").click()
    await expect(area).to_have_value(begun)


@pytest.mark.timeout(300)
async def test_a_policy_is_written_checked_tried_compared_and_published(console: Console, api: Caller) -> None:
    before = (await api.get("/policies/current", ADMIN)).json()
    version = f"2026.{100 + next(_NUMBERS)}"
    page = await console.at(ADMIN, "/admin/policies", lang="zh")
    await page.get_by_role("link", name=before["version"], exact=True).click()
    area = page.get_by_role("textbox", name=re.compile("的文本"))
    text = await area.input_value()
    publish = page.get_by_role("button", name="发布", exact=True)
    await expect(publish).to_be_disabled()
    await area.fill(text.replace(f"version: '{before['version']}'", "version: 7"))
    fault = page.locator(".admin-faults li").first
    await expect(fault).to_contain_text("第 1 行")
    await expect(page.locator(".admin-gutter .bad")).to_have_text("1")
    await expect(publish).to_be_disabled()
    await fault.get_by_role("button").click()
    assert await area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)") == "version: 7"

    document = before["document"]["classes"]["general"]["limits"]
    changed = text.replace(f"version: '{before['version']}'", f"version: '{version}'").replace(
        f"due: {document['due']}", "due: 4wd"
    )
    assert changed.count("due: 4wd") > text.count("due: 4wd")
    await area.fill(changed)
    await expect(page.get_by_text("检查通过")).to_be_visible()
    await page.get_by_text(re.compile(r"^改动（[1-9]")).click()
    await expect(page.get_by_text(re.compile("办结时限: .*→ 4 个工作日")).first).to_be_visible()
    await page.get_by_text("时限试算", exact=True).click()
    row = page.get_by_role("row", name=re.compile("办结时限")).first
    await expect(row).to_contain_text("有变化")
    await expect(row).to_contain_text("4 个工作日")
    assert await axe(page) == []

    await publish.click()
    asked = page.get_by_role("dialog", name=re.compile(version))
    await expect(asked.get_by_role("button", name="发布")).to_be_disabled()
    await asked.get_by_label("我已核对以上改动").check()
    await asked.get_by_role("button", name="发布").click()
    await expect(page.get_by_role("row", name=re.compile(re.escape(version)))).to_contain_text("现行")
    assert (await api.get("/policies/current", ADMIN)).json()["version"] == version


async def test_the_year_of_a_calendar_shows_holidays_and_make_up_days_in_words(console: Console) -> None:
    page = await console.at(AUDITOR, "/admin/calendars", lang="en")
    await expect(page.get_by_role("table", name=re.compile("^October"))).to_be_visible()
    while int(await page.locator(".admin-year").inner_text()) > 2026:
        await page.get_by_role("button", name="The year before").click()
    await expect(page.get_by_role("table", name="October 2026")).to_be_visible()
    await expect(page.get_by_title("2026-10-01 National Day closed")).to_be_visible()
    await expect(page.get_by_title(re.compile("^2026-10-10 make-up day for National Day 09:00"))).to_be_visible()
    await page.get_by_role("button", name="The year after").click()
    await expect(page.get_by_role("table", name="October 2027")).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_wording_is_previewed_in_two_languages_and_is_what_the_customer_reads(
    console: Console, api: Caller, lang: str
) -> None:
    zh = lang == "zh"
    mark = f"No. {next(_NUMBERS)}"
    page = await console.at(HEAD, "/admin/templates/customer.urged", lang=lang)
    preview = page.get_by_test_id("preview")
    await page.get_by_label("英文正文" if zh else "Text in English").fill("Order {order}: {nobody}")
    flaw = page.locator("#flaws-body_en")
    await expect(flaw).to_contain_text("没有字段 nobody" if zh else "no field nobody")
    await page.get_by_label("修改原因" if zh else "Why", exact=True).fill("plainer words")
    publish = page.get_by_role("button", name="发布" if zh else "Publish", exact=True)
    await expect(publish).to_be_disabled()
    english = page.get_by_label("英文正文" if zh else "Text in English")
    await english.fill(f"{mark}: reminder {{number}} about ")
    await page.get_by_role("button", name=re.compile(r"^\{order\}")).click()
    await expect(english).to_have_value(f"{mark}: reminder {{number}} about {{order}}")
    await expect(flaw).to_be_empty()
    await page.get_by_label("中文正文" if zh else "Text in Chinese").fill(f"{mark}：{{order}} 第 {{number}} 次催办")
    await expect(preview).to_contain_text(f"{mark}：W2611230001 第 2 次催办")
    await expect(preview).to_contain_text(f"{mark}: reminder 2 about W2611230001")

    number = await api.opened()
    await api.act(number, "urge", AGENT, text="when?")
    await page.get_by_label("用真实工单试填" if zh else "Try it with an order").fill(number)
    await expect(preview).to_contain_text(f"{mark}: reminder 1 about {number}")
    assert await axe(page) == []
    await publish.click()
    await expect(page.get_by_text(re.compile("版已发布" if zh else "is in force$"))).to_be_visible()
    await api.act(number, "urge", AGENT, text="and now?")
    told = (await api.get("/notices", "customer:13900000001")).json()["items"]
    assert told[0]["body_en"] == f"{mark}: reminder 2 about {number}"


async def test_a_wording_that_somebody_else_replaced_meanwhile_is_refused_with_the_reason(
    console: Console, api: Caller
) -> None:
    page = await console.at(ADMIN, "/admin/templates/unit.urged", lang="en")
    await page.get_by_label("Title in English").fill("Mine")
    await page.get_by_label("Why", exact=True).fill("mine")
    current = (await api.get("/templates/unit.urged", HEAD)).json()["current"]
    texts = {name: current[name] for name in ("title_zh", "title_en", "body_zh", "body_en")}
    other = await api.http.put(
        "/v1/templates/unit.urged",
        json={**texts, "title_en": f"Theirs {next(_NUMBERS)}", "reason": "theirs"},
        headers={"Authorization": f"Bearer dev:{HEAD}"},
    )
    assert other.status_code == 200, other.text
    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(page.get_by_text("Another wording was published meanwhile")).to_be_visible()
    await expect(page.get_by_text(re.compile("^Theirs"))).to_have_count(2)  # as the heading, and beside one's own words
    await expect(page.get_by_label("Title in English")).to_have_value("Mine")
    await page.get_by_role("button", name="Go on with mine").click()
    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(page.get_by_text(re.compile("is in force$"))).to_be_visible()
    assert (await api.get("/templates/unit.urged", HEAD)).json()["current"]["title_en"] == "Mine"


async def test_a_token_is_made_shown_once_and_taken_back(console: Console, api: Caller) -> None:
    name = f"website-{next(_NUMBERS)}"
    page = await console.at(ADMIN, "/admin/tokens", lang="zh")
    await page.get_by_role("button", name="新建令牌").click()
    drawer = page.get_by_role("dialog")
    await drawer.get_by_label("用途").fill(name)
    await drawer.get_by_label("以谁的身份").fill("web-channel")
    await page.get_by_title(re.compile(r"\(web-channel\)")).click()
    await drawer.get_by_label("授权范围").fill("directory:read")
    await page.get_by_title(re.compile(r"\(directory:read\)")).click()
    await page.keyboard.press("Escape")
    await drawer.get_by_role("button", name="新建令牌").click()
    shown = page.get_by_test_id("new-token")
    await expect(shown).to_contain_text("whs_")
    token = (await shown.inner_text()).strip()
    units = await api.http.get("/v1/units", headers={"Authorization": f"Bearer {token}"})
    assert units.status_code == 200
    await page.get_by_role("button", name="关闭").first.click()
    await page.get_by_role("button", name=f"收回“{name}”").click()
    await page.get_by_role("button", name=re.compile("确 ?定")).click()
    await expect(page.get_by_role("row", name=re.compile(name))).to_contain_text("已收回")


async def test_whoever_may_only_look_is_offered_nothing_to_do(console: Console) -> None:
    page = await console.at(AUDITOR, "/admin/organisation?unit=GD", lang="en")
    await _settled(page)
    assert await page.get_by_role("button", name="Edit").count() == 0
    await page.get_by_role("link", name="Notice templates").click()
    await page.get_by_role("link", name="Handed to a department").click()
    await expect(page.get_by_label("Text in English")).to_have_attribute("readonly", "")
    assert await page.get_by_role("button", name="Publish").count() == 0
    await page.get_by_role("link", name="Secret keys").click()
    await _settled(page)
    assert await page.get_by_role("button", name=re.compile("New key")).count() == 0
