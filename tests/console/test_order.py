"""The order's page on the real system: all that may be done to one order, by those who may, in both languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.api.conftest import AGENT, AUDITOR, CALLER, DISPATCHER, INSTALL, LEADER, MANAGER, NET, PHONE, Caller
from tests.api.documents import pdf
from tests.support.browser import PATIENCE, Console, axe, goes, scrolls_sideways, still
from tests.support.browser import PHONE as NARROW
from tests.support.hours import noon

TEXTS = Path(__file__).parents[2] / "console" / "src" / "texts"
LANGUAGES = ("zh", "en")
MARKS = ("report_in", "cooperation", "quality", "result")
"""What a department's attendance is rated by."""
pytestmark = pytest.mark.usefixtures("by_day")


class Words:
    """The console's texts in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._rooms = {
            room: json.loads((TEXTS / lang / f"{room}.json").read_text()) for room in ("order", "verbs", "audit")
        }

    def __call__(self, room: str, path: str, **given: object) -> str:
        """The text at a path, its holes filled."""
        found: Any = self._rooms[room]
        for part in path.split("."):
            found = found[part]
        return re.sub(r"\{\{(\w+)\}\}", lambda hole: str(given[hole[1]]), found)


async def opened(api: Caller, **changes: Any) -> str:
    """An order of a customer who may be called now; GD.net leads it where it is dispatched."""
    return await api.opened(customer={"name": "陈女士", "phone": PHONE, "zone": noon()}, **changes)


async def at_work(api: Caller, **changes: Any) -> str:
    """The same, signed by GD.net."""
    number = await opened(api, **changes)
    await api.act(number, "sign", NET)
    return number


def form(page: Page) -> Locator:
    """The open form."""
    return page.get_by_role("dialog")


async def begin(page: Page, words: Words, verb: str) -> Locator:
    """Choose an action: as a button where it is owed, else from the menu."""
    label = words("verbs", f"verb.{verb}.label")
    await page.locator("#actions button").first.wait_for()
    owed = page.locator(f"[data-verb={verb}]")
    if await owed.count():
        await owed.click()
    else:
        await page.get_by_role("button", name=words("order", "actions.other")).click()
        await page.get_by_role("menuitem", name=label, exact=True).click()
    await expect(form(page).get_by_role("button", name=label, exact=True)).to_be_visible()
    return form(page)


async def send(page: Page, words: Words, verb: str) -> None:
    """Send the open form."""
    await form(page).get_by_role("button", name=words("verbs", f"verb.{verb}.label"), exact=True).click()


async def act(
    page: Page, words: Words, verb: str, *, fill: dict[str, str] | None = None,
    pick: dict[str, str] | None = None, choose: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Do a command by its form: texts to fill in, options to pick by typing, and choices to make, by field."""
    dialog = await begin(page, words, verb)
    for choice in choose:
        await dialog.get_by_text(words("verbs", choice), exact=True).click()
    for field, typed in (pick or {}).items():
        box = dialog.get_by_role("combobox", name=words("verbs", f"field.{verb}.{field}.label"))
        await box.click()
        await box.fill(typed)
        await box.press("Enter")
        await box.blur()
    for field, text in (fill or {}).items():
        await dialog.get_by_label(words("verbs", f"field.{verb}.{field}.label"), exact=True).fill(text)
    await send(page, words, verb)
    await expect(dialog).to_be_hidden()


async def state(page: Page, words: Words, wanted: str) -> None:
    """Wait until the page shows that state."""
    await expect(page.locator(".marks-line")).to_contain_text(words("verbs", f"state.{wanted}"))


@pytest.mark.timeout(400)  # eight people's pages, one after the other
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_one_order_from_dispatch_to_closing_and_again_through_the_page(
    console: Console, api: Caller, lang: str
) -> None:
    words = Words(lang)
    number = await opened(api, dispatch=False)

    seen: list[Page] = []

    async def of(person: str) -> Page:
        """His page, once the one before was closed: what an open page hears of the others is another test's."""
        while seen:
            await seen.pop().context.close()
        seen.append(await console.at(person, f"/orders/{number}", lang=lang))
        return seen[0]

    dispatcher = await of(DISPATCHER)
    await state(dispatcher, words, "registered")
    await act(dispatcher, words, "dispatch")  # the catalogue's units stand in the form already
    await state(dispatcher, words, "dispatched")
    net = await of(NET)
    await act(net, words, "sign")
    await state(net, words, "in_progress")
    await act(net, words, "contact", fill={"spoke_to": "陈女士", "summary": "约定上门"})
    agent = await of(AGENT)
    dialog = await begin(agent, words, "request_whistle")
    await dialog.get_by_text(words("verbs", "kind.routine")).first.click()
    for field, typed in (("matter", "一个部门" if lang == "zh" else "One department"), ("units", "GD.inst")):
        box = dialog.get_by_role("combobox", name=words("verbs", f"field.request_whistle.{field}.label"))
        await box.click()
        await box.fill(typed)
        await box.press("Enter")
        await box.blur()
    await dialog.get_by_label(words("verbs", "field.request_whistle.reason.label"), exact=True).fill("一起找")
    await send(agent, words, "request_whistle")
    await expect(dialog).to_be_hidden()
    leader = await of(LEADER)
    await act(leader, words, "decide_whistle", choose=("choice.decide_whistle.blow.yes",), fill={"reason": "在清单内"})
    install = await of(INSTALL)
    await act(install, words, "report_in", fill={"who": "吴工三人"})
    if lang == "zh":
        await act(install, words, "finish_part", fill={"done": "重新熔接"})
        await act(await of(NET), words, "dispose", fill={"result": "恢复"})
        agent = await of(AGENT)
        await act(agent, words, "verify_whistle", choose=("choice.verify_whistle.solved.yes",))
        dialog = await begin(agent, words, "rate_attendance")
        for mark in MARKS:
            await dialog.get_by_role("radiogroup", name=words("verbs", f"rating.{mark}")).get_by_text("5").click()
        await send(agent, words, "rate_attendance")
        await expect(dialog).to_be_hidden()
    else:  # the same forms in other words; those of each role's first step were filled in above
        await api.act(number, "finish_part", INSTALL, whistle="w1", done="重新熔接")
        await api.act(number, "dispose", NET, whistle="w1", result="恢复")
        await api.act(number, "verify_whistle", AGENT, whistle="w1", solved=True)
        await api.act(number, "rate_attendance", AGENT, whistle="w1", unit="GD.inst", rating=dict.fromkeys(MARKS, 5))
    net = await of(NET)
    await act(net, words, "reply", fill={"spoke_to": "陈女士", "done": "更换光猫并测速"})
    await state(net, words, "replied")
    auditor = await of(AUDITOR)
    await act(auditor, words, "audit_reply", choose=("choice.audit_reply.accepted.yes",))
    await state(auditor, words, "awaiting_callback")
    caller = await of(CALLER)
    dialog = await begin(caller, words, "record_callback")
    for question in ("contacted", "solved"):
        group = dialog.get_by_role("radiogroup", name=words("verbs", f"field.record_callback.{question}.label"))
        await group.get_by_text(words("verbs", f"choice.record_callback.{question}.yes"), exact=True).click()
    await dialog.get_by_text(words("verbs", "satisfaction.satisfied"), exact=True).click()
    await send(caller, words, "record_callback")
    await expect(dialog).to_be_hidden()
    await state(caller, words, "closed")
    manager = await of(MANAGER)
    await act(manager, words, "reopen", fill={"reason": "同一故障再次出现"})
    await state(manager, words, "in_progress")
    await expect(manager.locator(".marks-line")).to_contain_text(words("order", "head.round_n", round=2))
    timeline = manager.locator("ol.timeline")
    for event in (
        "OrderRegistered", "OrderDispatched", "AssignmentSigned", "CustomerContacted", "WhistleRequested",
        "WhistleBlown",
        "DepartmentReportedIn", "DepartmentDone", "WhistleDisposed", "WhistleVerified", "DepartmentRated",
        "WhistleEnded", "ReplySubmitted", "ReplyAccepted", "CallbackRecorded", "OrderClosed", "OrderReopened",
    ):  # fmt: skip
        title = words("verbs", f"event.{event}")
        await expect(timeline.locator("strong", has_text=re.compile(f"^{re.escape(title)}$")).first).to_be_visible()
    assert "{{" not in await timeline.inner_text()


async def test_a_stale_click_is_refused_with_what_happened_and_keeps_what_was_typed(
    console: Console, api: Caller
) -> None:
    words = Words("zh")
    number = await at_work(api)
    leader = await console.at(LEADER, f"/orders/{number}")
    dialog = await begin(leader, words, "reprioritise")
    await dialog.get_by_text(words("verbs", "priority.critical"), exact=True).click()
    reason = dialog.get_by_label(words("verbs", "field.reprioritise.reason.label"), exact=True)
    await reason.fill("诊所靠这条线")
    agent = await console.at(AGENT, f"/orders/{number}")
    await act(agent, words, "urge", fill={"text": "客户很急"})
    await send(leader, words, "reprioritise")
    refused = dialog.get_by_role("alert").filter(has_text=words("verbs", "refusal.stale_order"))
    await expect(refused).to_be_visible()
    await expect(refused).to_contain_text(words("verbs", "state.in_progress"))
    await expect(dialog).to_contain_text("客户很急")
    await expect(reason).to_have_value("诊所靠这条线")
    assert (await api.get(f"/orders/{number}", LEADER)).json()["order"]["priority"] == "normal"
    await dialog.get_by_role("button", name=words("verbs", "word.seen")).click()
    await send(leader, words, "reprioritise")
    await expect(dialog).to_be_hidden()
    assert (await api.get(f"/orders/{number}", LEADER)).json()["order"]["priority"] == "critical"


async def test_a_refusal_by_the_rules_says_why_in_both_languages(console: Console, api: Caller) -> None:
    number = await at_work(api)
    for lang in LANGUAGES:
        words = Words(lang)
        net = await console.at(NET, f"/orders/{number}?do=extend", lang=lang)
        dialog = form(net)
        until = dialog.get_by_label(words("verbs", "field.extend.until.label"), exact=True)
        await until.fill("2099-01-01T10:00")
        await dialog.get_by_label(words("verbs", "field.extend.reason.label"), exact=True).fill("等待许可")
        await send(net, words, "extend")
        alert = dialog.locator("[data-code=invalid_field]")
        await expect(alert).to_contain_text(words("verbs", "refusal.invalid_field"))
        await expect(alert).to_contain_text(words("verbs", "refusal_field.until"))
        await expect(alert).to_contain_text(words("verbs", "word.times", times="").strip())
        await expect(until).to_have_value("2099-01-01T10:00")


async def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(
    console: Console, api: Caller
) -> None:
    words = Words("zh")
    number = await at_work(api)
    page = await console.at(AGENT, f"/orders/{number}?do=note")
    keys: list[str] = []

    async def lost(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        await route.fetch(timeout=PATIENCE)  # it is done, and nobody hears of it
        await route.abort()

    await page.route("**/note", lost)
    await form(page).get_by_label(words("verbs", "field.note.text.label"), exact=True).fill("客户喜欢晚上接电话")
    await send(page, words, "note")
    await expect(form(page).get_by_role("alert")).to_contain_text(words("verbs", "refusal.offline"))
    await page.unroute("**/note")
    async with page.expect_request("**/note") as again:
        await form(page).get_by_role("button", name=words("verbs", "word.ask_again")).click()
    await expect(form(page)).to_be_hidden()
    assert [(await again.value).headers["idempotency-key"]] == keys
    events = (await api.get(f"/orders/{number}/events", AGENT)).json()["items"]
    assert [event["type"] for event in events].count("NoteAdded") == 1


async def test_what_others_do_comes_by_itself_and_takes_nothing_away(console: Console, api: Caller) -> None:
    words = Words("zh")
    number = await at_work(api)
    page = await console.at(LEADER, f"/orders/{number}")
    dialog = await begin(page, words, "note")
    note = dialog.get_by_label(words("verbs", "field.note.text.label"), exact=True)
    await note.fill("还没写完")
    await expect(page.locator("header [data-live=live]")).to_be_visible()
    await api.act(number, "report_progress", NET, text="今晚抢修")
    await expect(page.locator(".news")).to_contain_text(words("order", "timeline.news", number=1))
    await expect(note).to_have_value("还没写完")
    await page.keyboard.press("Escape")
    await expect(page.locator("ol.timeline")).to_contain_text("今晚抢修")
    await page.locator(".news button").click()
    await expect(page.locator(".news")).to_have_text("")
    await begin(page, words, "note")
    await expect(note).to_have_value("还没写完")


async def test_addresses_lead_to_events_and_parts_and_keys_do_too(console: Console, api: Caller) -> None:
    words = Words("zh")
    number = await at_work(api)
    page = await console.at(AGENT, f"/orders/{number}#e2")
    await expect(page.locator("#e2")).to_have_class(re.compile("named"))
    await expect(page.locator("#e2 .details")).to_contain_text("network.fault@GD")
    await page.goto(f"/orders/{number}?tab=units")
    await expect(page.get_by_role("tabpanel")).to_contain_text("广东网络运营部")
    await page.keyboard.press("w")
    await expect(page.get_by_role("tabpanel")).to_contain_text(words("order", "whistles.none"))
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", selected=True)).to_have_text(words("order", "tab.clocks"))
    await page.get_by_role("button", name=words("order", "clocks.why_of", kind=words("verbs", "clock.due"))).click()
    await expect(page.get_by_role("dialog")).to_contain_text("classes.fault.due")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.keyboard.press("a")
    assert await page.evaluate("document.activeElement.closest('#actions') !== null")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text(words("order", "keys.n"))


async def test_what_is_masked_is_shown_for_a_reason_that_is_on_record(console: Console, api: Caller) -> None:
    words = Words("zh")
    number = await opened(api)
    page = await console.at(AGENT, f"/orders/{number}")
    await expect(page.get_by_text("139****0001")).to_be_visible()
    await page.get_by_role("button", name=words("order", "customer.reveal")).click()
    await page.get_by_label(words("order", "customer.why"), exact=True).fill("核实装机地址")
    await page.get_by_role("button", name=words("order", "customer.show")).click()
    await expect(page.locator("mark")).to_have_text(PHONE)
    await page.get_by_role("button", name=words("order", "customer.hide")).click()
    await expect(page.get_by_text("139****0001")).to_be_visible()
    auditor = await console.at("hq-auditor-1", f"/orders/{number}?tab=accesses")
    row = auditor.get_by_role("row").filter(has_text=words("audit", "outcome.revealed")).first
    await expect(row).to_contain_text("核实装机地址")


async def test_documents_go_in_and_out(console: Console, api: Caller, tmp_path: Path) -> None:
    words = Words("zh")
    number = await at_work(api)
    page = await console.at(AGENT, f"/orders/{number}?tab=files")
    sent = tmp_path / "测速.pdf"
    sent.write_bytes(pdf())
    wrong = tmp_path / "photo.png"
    wrong.write_bytes(pdf())
    await page.get_by_test_id("picker").set_input_files([sent, wrong])
    await expect(page.get_by_role("alert").filter(has_text="photo.png")).to_contain_text(
        words("verbs", "refusal.file_refused")
    )
    async with page.expect_download() as saved:
        await page.get_by_role("button", name=words("order", "files.get_of", name="测速.pdf")).click()
    assert (await (await saved.value).path()).read_bytes() == pdf()


async def test_who_follows_and_the_customers_link(console: Console, api: Caller) -> None:
    words = Words("en")
    number = await opened(api)
    page = await console.at(LEADER, f"/orders/{number}?tab=people", lang="en")
    await page.get_by_role("button", name=words("order", "follow"), exact=True).click()
    await expect(page.get_by_role("button", name=words("order", "unfollow"), exact=True)).to_be_visible()
    await expect(page.get_by_role("tabpanel")).to_contain_text(LEADER)
    await page.get_by_role("button", name=words("order", "people.make")).click()
    link = await page.get_by_role("textbox", name=words("order", "people.link")).input_value()
    answer = await page.request.post("/v1/track/link", data={"link": link}, headers={"Origin": console.address})
    assert answer.ok, await answer.text()


async def test_only_what_the_role_may_do_is_offered(console: Console, api: Caller) -> None:
    number = await at_work(api)
    view = (await api.get(f"/orders/{number}", AGENT)).json()
    for person, role in ((AGENT, "agent"), (NET, "unit_member"), (MANAGER, "province_manager")):
        words = Words("zh")
        page = await console.at(person, f"/orders/{number}")
        await page.get_by_role("button", name=words("order", "actions.other")).click()
        menu = page.locator(".actions-overlay").get_by_role("menuitem")
        await menu.first.wait_for()
        offered = await menu.count() + await page.locator("#actions [data-verb]").count()
        assert offered == len(view["allowed"][role])
    reader = await console.at("hq-auditor-1", f"/orders/{number}")
    await expect(reader.locator("#actions")).to_contain_text(Words("zh")("order", "actions.none"))
    foreign = await console.at("js-agent-1", f"/orders/{number}")
    await expect(foreign.get_by_text(Words("zh")("order", "gone"))).to_be_visible()


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_page_has_no_serious_barrier_on_a_phone_or_on_paper(console: Console, api: Caller, lang: str) -> None:
    words = Words(lang)
    number = await at_work(api)
    body = {"kind": "emergency", "matter": "safety_hazard", "units": ["GD.inst", "GD.it"], "reason": "杆路倾斜"}
    await api.act(number, "request_whistle", AGENT, **body)
    page = await console.at(LEADER, f"/orders/{number}", lang=lang, size=NARROW)
    for tab in ("timeline", "units", "whistles", "clocks", "callback", "files", "people", "notices"):
        await page.get_by_role("tab", name=re.compile(f"^{words('order', f'tab.{tab}')}")).click()
        await still(page)
        assert not await scrolls_sideways(page), tab
        assert await axe(page) == [], tab
    desktop = await console.at(MANAGER, f"/orders/{number}", lang=lang)
    await desktop.locator("ol.timeline .event").first.wait_for()
    assert await axe(desktop) == []
    await desktop.get_by_role("button", name=words("order", "print")).click()
    await expect(desktop.locator(".paper ol.timeline .event").first).to_be_visible()
    assert await axe(desktop) == []
    await desktop.emulate_media(media="print")
    await expect(desktop.locator(".shell-head")).to_be_hidden()
    await expect(desktop.locator(".paper")).to_contain_text(words("verbs", "event.WhistleBlown"))
    printed = await desktop.pdf(format="A4")
    assert printed.startswith(b"%PDF")


async def test_every_form_is_labelled_and_fits_a_phone(console: Console, api: Caller) -> None:
    words = Words("en")
    number = await at_work(api)
    await api.act(number, "request_whistle", AGENT, kind="emergency", matter="safety_hazard", units=["GD.inst"],
                  reason="a pole leans")  # fmt: skip
    page = await console.at(AGENT, f"/orders/{number}", lang="en", size=NARROW)
    await page.locator("#actions button").first.wait_for()
    verbs = json.loads((TEXTS / "en" / "verbs.json").read_text())["field"]
    for verb in sorted(set(verbs) - {"register", "attach"}):
        await goes(page, f"/orders/{number}?do={verb}")
        await expect(
            form(page).get_by_role("button", name=words("verbs", f"verb.{verb}.label"), exact=True)
        ).to_be_visible()
        assert await axe(page, within=".ant-drawer") == [], verb
        assert await form(page).locator("label").count() > 0
        assert not await scrolls_sideways(page), verb
