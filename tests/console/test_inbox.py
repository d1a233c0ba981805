"""The department inbox: one click to sign, several at once, the reply's elements, a cited return, and a stale click."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import ViewportSize, expect

from tests.api.conftest import AGENT, CUSTOMER, INSTALL, LEADER, MANAGER, NET, NET_HEAD, Caller, key
from tests.support.browser import LOOKS, Console, axe, fits, goes, unheard

SIGN = {"zh": "签收", "en": "Sign for it"}
REPLY = {"zh": "回单", "en": "Reply"}
WRONG = {
    "zh": {"#received_at": "接单时间须在登记之后、当前时间之前", "#done_by": "办结时间不能早于接单时间"},
    "en": {
        "#received_at": "The receipt must lie between the registration and now",
        "#done_by": "The end must not be before the receipt",
    },
}


async def now(api: Caller, order: str) -> dict[str, Any]:
    """The order as it is."""
    found: dict[str, Any] = (await api.get(f"/orders/{order}", MANAGER)).json()["order"]
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_one_click_signs_and_the_next_duty_comes_up(api: Caller, console: Console, lang: str) -> None:
    order = await api.opened()
    page = await console.at(NET, "/inbox", lang=lang)
    mine = page.locator(f'[data-order="{order}"]')
    await mine.get_by_role("button", name=re.compile(f"^{SIGN[lang]}")).click()
    await expect(mine.get_by_role("status").first).to_be_visible()
    assert (await now(api, order))["state"] == "in_progress"
    await expect(mine.get_by_text({"zh": "首次联系", "en": "First contact"}[lang])).to_be_visible()
    await expect(mine.get_by_role("button", name=re.compile(f"^{SIGN[lang]}"))).to_have_count(0)


async def test_a_stale_click_is_refused_with_the_reason_and_the_fresh_row(api: Caller, console: Console) -> None:
    order = await api.opened()
    page = await console.at(NET, "/inbox")
    mine = page.locator(f'[data-order="{order}"]')
    button = mine.get_by_role("button", name=re.compile("^签收"))
    await expect(button).to_be_visible()
    async with unheard(page, re.compile(r"/v1/(stream|units/.*/inbox)")):
        await api.act(order, "sign", NET_HEAD)
        await button.click()
        await expect(mine.get_by_role("alert")).to_contain_text("同样的事项已在办理或待审批")
    await expect(button).to_have_count(0)
    await expect(mine.get_by_text("首次联系")).to_be_visible()


async def test_several_are_signed_at_once_after_a_preview(api: Caller, console: Console) -> None:
    orders = [await api.opened() for _ in range(3)]
    page = await console.at(NET, "/inbox")
    for order in orders:
        await page.get_by_label(f"选择工单 {order}").check()
    await page.get_by_role("button", name="一并签收或应哨（3）").click()
    await expect(page.locator(".inbox-preview li")).to_have_count(3)
    await page.locator(".ant-popconfirm .ant-btn-primary").click()
    for order in orders:
        await expect(page.locator(f'[data-order="{order}"]').get_by_role("status")).to_have_text("已签收")
        assert (await now(api, order))["state"] == "in_progress"


async def test_a_department_reports_in_and_the_lead_sees_it(api: Caller, console: Console) -> None:
    order = await api.opened()
    await api.act(order, "sign", NET)
    body = {"kind": "routine", "matter": "cross_department", "units": ["GD.inst"], "reason": "需要装维上门"}
    await api.act(order, "request_whistle", AGENT, **body)
    await api.act(order, "decide_whistle", LEADER, whistle="w1", blow=True, reason="确有需要")
    lead = await console.at(NET, f"/inbox/{order}/a1")
    await expect(lead.get_by_role("row", name=re.compile("哨 w1 召集.*待应哨"))).to_be_visible()
    await expect(lead.get_by_text("“回单”暂不可办：召集的部门尚未全部完成")).to_be_visible()
    page = await console.at(INSTALL, "/inbox")
    mine = page.locator(f'[data-order="{order}"]')
    await mine.get_by_role("button", name=re.compile("^应哨")).click()
    await expect(mine.get_by_role("status")).to_have_text("已应哨")
    await mine.get_by_role("link").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="报到", exact=True).click()
    await expect(dialog.get_by_label("到场人员")).not_to_have_value("")
    await dialog.locator("form").get_by_role("button", name="报到").click()
    await expect(dialog.get_by_role("button", name="完成任务")).to_be_visible()
    assert (await now(api, order))["whistles"][0]["attendances"][0]["status"] == "reported_in"
    await lead.reload()
    await expect(lead.get_by_role("row", name=re.compile("哨 w1 召集.*已报到"))).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_reply_asks_for_four_elements_and_says_what_the_audit_looks_at(
    api: Caller, console: Console, lang: str
) -> None:
    spoke_to, done, missing = {
        "zh": ("二、联系了哪位客户", "三、采取的措施和结果", "请写明措施和结果"),
        "en": ("2. Whom you spoke to", "3. What was done, and the result", "Say what was done, and the result"),
    }[lang]
    order = await api.opened()
    await api.act(order, "sign", NET)
    page = await console.at(NET, f"/inbox/{order}/a1?do=reply", lang=lang)
    form = page.get_by_role("dialog").locator("form")
    send = form.get_by_role("button", name=REPLY[lang], exact=True)
    await send.click()
    await expect(form.get_by_text(missing, exact=True)).to_be_visible()
    for check in ("contact", "done", "evidence"):
        await expect(form.locator(f'[data-check="{check}"]')).to_have_attribute("data-met", "false")
    await form.get_by_label(spoke_to).fill("机主本人，电话")
    for box, wrong in (("#received_at", "2020-01-01T00:00"), ("#done_by", "2020-01-01T00:00")):
        right = await form.locator(box).input_value()
        await form.locator(box).fill(wrong)
        await expect(form.locator(f'[data-check="{box[1:]}"]')).to_have_attribute("data-met", "false")
        await send.click()
        await expect(form.get_by_text(WRONG[lang][box], exact=True)).to_be_visible()
        await form.locator(box).fill(right)
        await expect(form.get_by_text(WRONG[lang][box], exact=True)).to_have_count(0)
    await form.get_by_label(done).fill("光猫老化导致断线，已上门更换并测速，下行 300M 稳定，客户在场确认恢复正常使用。")
    await expect(form.locator('[data-check="done"]')).to_have_attribute("data-met", "true")
    at = datetime.fromisoformat(await form.locator("#received_at").input_value())
    there = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=8)
    assert abs(at - there) < timedelta(minutes=5), "in the unit's own zone"
    await send.click()
    await expect(form).to_have_count(0)
    assert (await now(api, order))["state"] == "replied"


async def test_evidence_is_attached_and_counted(api: Caller, console: Console) -> None:
    order = await api.opened()
    await api.act(order, "sign", NET)
    his = {"Authorization": f"Bearer dev:{CUSTOMER}", "Idempotency-Key": key(), "Content-Type": "text/plain"}
    sent = await api.http.post(
        f"/v1/orders/{order}/files", content=b"no signal", headers={**his, "X-File-Name": "his.txt"}
    )
    assert sent.status_code == 201, sent.text
    page = await console.at(NET, f"/inbox/{order}/a1?do=reply")
    form = page.get_by_role("dialog").locator("form")
    await expect(form.get_by_text("承办单位已上传材料 0 份")).to_be_visible()
    await expect(form.locator('[data-check="evidence"]')).to_have_attribute("data-met", "false")
    proof = {"name": "测速记录.txt", "mimeType": "text/plain", "buffer": "下行 300M".encode()}
    await form.locator("input[type=file]").set_input_files(proof)  # type: ignore[arg-type]
    await expect(form.get_by_text("承办单位已上传材料 1 份")).to_be_visible()
    await expect(form.locator('[data-check="evidence"]')).to_have_attribute("data-met", "true")


async def test_a_return_cites_a_clause_that_names_the_unit(api: Caller, console: Console) -> None:
    order = await api.opened()
    page = await console.at(NET, f"/inbox/{order}/a1?do=request_return")
    form = page.get_by_role("dialog").locator("form")
    await form.get_by_label("引用派单目录条款").click()
    option = page.locator(".ant-select-item-option").filter(has_not_text="网络").first
    cited = await option.inner_text()
    await option.click()
    await expect(form.get_by_text(cited.partition("→ ")[2], exact=True)).to_be_visible()
    await form.get_by_label("为什么不属于本单位").fill("故障点在户内线，属装维职责")
    await form.get_by_role("button", name="申请退单").click()
    await expect(form).to_have_count(0)
    events = (await api.get(f"/orders/{order}/events", MANAGER, limit=200)).json()["items"]
    asked = next(one["data"] for one in events if one["type"] == "ReturnRequested")
    assert cited.startswith(asked["clause"])
    assert asked["suggested_unit"] not in ("", "GD.net")


async def test_the_number_is_shown_for_a_reason_and_earlier_orders_without_the_customer(
    api: Caller, console: Console
) -> None:
    customer = {"name": "司马女士", "phone": "13900880001"}
    first = await api.opened(customer=customer, title="上月已报修一次")
    second = await api.opened(customer=customer)
    page = await console.at(NET, f"/inbox/{second}/a1")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("link", name="上月已报修一次")).to_have_attribute("href", f"/orders/{first}")
    said = await dialog.inner_text()
    assert "司" not in said
    assert "0001" not in said
    await dialog.get_by_role("button", name="显示电话").click()
    await expect(dialog.get_by_role("link", name="13900880001")).to_be_visible()


async def test_the_head_sees_who_holds_what_and_who_is_away(api: Caller, console: Console) -> None:
    order = await api.opened()
    await api.act(order, "sign", NET)
    head = {"Authorization": f"Bearer dev:{NET_HEAD}"}
    away = {"from": (datetime.now(UTC) - timedelta(hours=1)).isoformat(), "substitute": NET_HEAD}
    answer = await api.http.put("/v1/people/gd-net-2/absence", json=away, headers=head)
    assert answer.status_code == 200, answer.text
    page = await console.at(NET_HEAD, "/inbox")
    people = page.locator(".inbox-people")
    await expect(people.get_by_text(re.compile("缺勤至.*代理人"))).to_be_visible()
    await expect(people.get_by_text(re.compile(r"经手 [1-9]\d* 张")).first).to_be_visible()
    await expect(page.locator(f'[data-order="{order}"]').get_by_text("经手：")).to_be_visible()
    await api.http.delete("/v1/people/gd-net-2/absence", headers=head)


@pytest.mark.parametrize(("lang", "size"), LOOKS, ids=["zh", "en"])
async def test_the_inbox_has_no_serious_barrier_and_fits_a_phone(
    api: Caller, console: Console, lang: str, size: ViewportSize
) -> None:
    order = await api.opened()
    await api.act(order, "sign", NET)
    page = await console.at(NET, "/inbox", lang=lang, size=size)
    await expect(page.locator(f'[data-order="{order}"]')).to_be_visible()
    assert await axe(page) == []
    assert await fits(page)
    await goes(page, f"/inbox/{order}/a1?do=reply")
    await expect(page.get_by_role("dialog").locator("form")).to_be_visible()
    assert await axe(page) == []
    assert await fits(page)
