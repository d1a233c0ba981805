"""The customer's pages without script, on the real engine: what he is told, and what he does."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from api.headers import PAGE_POLICY
from api.pages.dress import FILES, SCRIPT, STYLE
from tests.api.browsers import Browser
from tests.api.conftest import AGENT, AUDITOR, LEADER, MANAGER, NET, Caller
from tests.api.documents import png
from tests.support.pages import Page, by_code, by_link, called, closed, events_of, own, replied

PNG = png()


# --- what he is told --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ("已交给承办部门", "主办：广东网络运营部", "承办部门与您联系", "给出办理结果", "北京时间 (UTC+08:00)")),
        ("en", ("Handed to the department", "Lead:", "You get a result", "Last day for an answer", "Beijing time")),
    ],
)
async def test_he_reads_who_has_it_what_comes_next_and_until_when(
    api: Caller, app: FastAPI, lang: str, said: tuple[str, ...]
) -> None:
    _, order_id = await own(api, text="Call me under 13912345678, <script>alert(1)</script>")
    page = (await by_link(api, app, order_id, lang)).page
    for words in said:
        assert words in page.text
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in page.answer.text
    due = (await api.get(f"/orders/{order_id}", LEADER)).json()["due_at"]
    shown = datetime.fromisoformat(due).timestamp()
    times = [datetime.fromisoformat(at).timestamp() for at in re.findall(r'datetime="([^"]+)"', page.answer.text)]
    assert shown in times
    assert "13912345678" not in page.answer.text
    assert "<script>alert" not in page.answer.text
    assert "gd-agent" not in page.answer.text


async def test_the_steps_are_told_in_the_words_of_the_notices(api: Caller, app: FastAPI) -> None:
    _, order_id = await replied(api)
    page = (await by_link(api, app, order_id, "en")).page
    steps = ("The result passed our check", "Visit agreed for tomorrow", "The department has signed in")
    told_at = [page.text.index(words) for words in ("Result", *steps[1:], "Complaint registered")]
    assert told_at == sorted(told_at), "the newest first"
    assert "If nobody reached you, please urge" in page.text
    assert "Waiting for your rating" in page.text


async def test_what_was_done_is_told_once_the_reply_was_accepted_and_not_before(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    now = datetime.now(UTC).isoformat()
    await api.act(order_id, "sign", NET)
    await api.act(order_id, "contact", NET, spoke_to="Ms Chen", summary="Visit agreed")
    visitor = await by_code(app, order_id, phone)
    for done, accepted in (("Cable looked at", False), ("Joint repaired", True)):
        await api.act(order_id, "reply", NET, received_at=now, spoke_to="Master Zhu", done=done, done_by=now)
        assert done not in (await visitor.open(f"/my/{order_id}")).text
        await api.act(order_id, "audit_reply", AUDITOR, accepted=accepted, reason="the cause is missing")
    text = (await visitor.open(f"/my/{order_id}")).text
    assert "Joint repaired" in text
    assert not [word for word in ("Cable looked at", "Master Zhu", "the cause is missing") if word in text]


async def test_a_later_date_stands_beside_the_first_with_its_reason(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api, category="billing.dispute")
    lead = (await api.get(f"/orders/{order_id}")).json()["lead"]
    unit = {"GD.net": NET}.get(lead) or (await api.get("/people", role="unit_member", at=lead)).json()[0]["id"]
    await api.act(order_id, "sign", unit)
    view = (await api.get(f"/orders/{order_id}")).json()
    first = datetime.fromisoformat(view["due_at"])
    until = datetime.fromtimestamp(first.timestamp() + 3600, UTC).isoformat()
    await api.act(order_id, "extend", unit, until=until, reason="A part must be ordered")
    await api.act(order_id, "decide_extension", MANAGER, granted=True, reason="The part comes on Friday")
    page = (await by_link(api, app, order_id, "en")).page
    assert "The date has changed" in page.text
    assert "Reason: The part comes on Friday" in page.text
    assert "First promised" in page.text


async def test_when_it_is_late_the_page_says_so_first(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api, rehearsal=True)
    await api.post(f"/rehearsal/orders/{order_id}/fast_forward", {"seconds": 4 * 86400})
    page = (await by_link(api, app, order_id, "en")).page
    assert "We are sorry: we are late" in page.text
    assert "It is being escalated; you need not complain again." in page.text
    assert page.text.index("We are sorry") < page.text.index("Who is working on it")


async def test_the_pages_carry_the_headers_of_pages_and_load_two_small_files(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    answer = visitor.page.answer
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert re.search(r"<style|style=|onclick|javascript:|https?://", answer.text) is None
    loaded = re.findall(r'(?:src|href)="(/my-page[^"]+)"', answer.text)
    assert [path.partition("?")[0] for path in loaded] == [STYLE, SCRIPT]
    for path in loaded:
        found = await visitor.browser.http.get(path)
        assert found.content == FILES[path.partition("?")[0]][0]
        assert "immutable" in found.headers["cache-control"]
    assert len(answer.content) + sum(len(content) for content, _ in FILES.values()) < 24 * 1024


async def test_the_language_is_switched_and_stays(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id, "zh")
    page = await visitor.open(f"/my/{order_id}?lang=en")
    assert "What comes next" in page.text
    assert "What comes next" in (await visitor.open(f"/my/{order_id}")).text


async def test_nothing_on_the_way_is_an_error_in_json(app: FastAPI) -> None:
    browser = Browser(app)
    for answer in (
        await browser.http.get("/my/a/b/c"),
        await browser.http.put("/t"),
        await browser.http.post("/t", json={}),
        await browser.http.post("/t", content=b"\xff", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        await browser.http.post("/t", data={"token": "x" * 300_000}),
        await browser.http.get("/my/" + "x" * 9000),
    ):
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"].startswith("text/html"), answer.text
        assert Page(answer).text


# --- what he does -----------------------------------------------------------------------------------------------------


async def test_an_urge_takes_effect_once_however_often_it_is_sent(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    action = f"/my/{order_id}/urge"
    for _ in range(2):
        sent = await visitor.send(action, text="Nobody has called", follow=False)
        where, _, anchor = sent.answer.headers["location"].partition("#")
        assert (sent.status, anchor) == (303, "said")
        assert where.startswith(f"/my/{order_id}?done=urge.")
    page = await visitor.open(where)
    assert "已收到您的催办" in page.text
    assert "已催办 1 次" in page.text
    assert "Nobody has called" in page.text
    assert len(await events_of(api, order_id, "OrderUrged")) == 1


async def test_what_was_asked_is_answered(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    await api.act(
        order_id,
        "request_info",
        AGENT,
        question="Which line?",
        asked_by="SMS of today",
        reason="Two lines are on the contract",
    )
    visitor = await by_link(api, app, order_id)
    assert "Which line?" in visitor.page.text
    assert "您回答我们的问题" in visitor.page.text
    page = await visitor.send(f"/my/{order_id}/supply_info", text="")
    assert page.status == 422
    page = await visitor.send(f"/my/{order_id}/supply_info", text="The one upstairs")
    assert (page.status, "已收到您的补充信息" in page.text) == (200, True)
    assert "The one upstairs" in page.text


async def test_a_stale_form_is_refused_with_the_reason_the_words_and_the_fresh_state(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api, dispatch=False)
    old = await by_code(app, order_id, phone)
    new = await by_code(app, order_id, phone)
    await new.open(f"/my/{order_id}/withdraw")
    await new.send(f"/my/{order_id}/withdraw", reason="It works again", confirmed="yes")
    page = await old.send(f"/my/{order_id}/urge", text="Hurry")
    assert page.status == 409
    for words in ("当前状态不允许此操作", "这件投诉的状态已经变化", "您已撤回"):
        assert words in page.text


async def test_withdrawing_asks_once_more_and_needs_the_phone(api: Caller, app: FastAPI) -> None:
    phone, order_id = await own(api)
    guest = await by_link(api, app, order_id)
    page = await guest.open(f"/my/{order_id}/withdraw")
    assert f"/my/{order_id}/withdraw" not in page.forms
    assert f"/t?order={order_id}&amp;to=withdraw" in page.answer.text
    await guest.open(f"/my/{order_id}")
    forced = {**guest.page.forms[f"/my/{order_id}/urge"], "reason": "because", "confirmed": "yes"}
    page = await guest.post(f"/my/{order_id}/withdraw", forced)
    assert (page.status, "需要先确认号码是您本人的" in page.text) == (403, True)

    visitor = await by_code(app, order_id, phone)
    await visitor.open(f"/my/{order_id}/withdraw")
    page = await visitor.send(f"/my/{order_id}/withdraw", reason="It works again")
    assert (page.status, "It works again" in page.text) == (422, True)
    page = await visitor.send(f"/my/{order_id}/withdraw", reason="", confirmed="yes")
    assert (page.status, "必须说明理由" in page.text) == (422, True)
    assert (await api.get(f"/orders/{order_id}")).json()["order"]["state"] == "dispatched"
    page = await visitor.send(f"/my/{order_id}/withdraw", reason="It works again", confirmed="yes")
    assert (page.status, "已按您的要求撤回" in page.text) == (200, True)
    event = (await events_of(api, order_id, "OrderWithdrawn"))[0]
    assert "验证码" in event["data"]["proof"]


async def test_a_closed_order_is_reopened_inside_its_window_with_a_reason(api: Caller, app: FastAPI) -> None:
    phone, order_id = await closed(api)
    guest = await by_link(api, app, order_id)
    assert "您可以在" in guest.page.text
    assert f"/my/{order_id}/reopen" not in guest.page.forms
    visitor = await by_code(app, order_id, phone, "en", to="reopen")
    page = await visitor.send(f"/my/{order_id}/reopen", reason="")
    assert (page.status, "A reason is required" in page.text) == (422, True)
    page = await visitor.send(f"/my/{order_id}/reopen", reason="The same fault is back")
    assert (page.status, "It is open again under the same number." in page.text) == (200, True)
    assert "Round 2" in page.text
    assert (await events_of(api, order_id, "OrderReopened"))[0]["reason"] == "The same fault is back"


async def test_an_order_asked_for_by_message_is_rated(api: Caller, app: FastAPI) -> None:
    phone, order_id = await replied(api, rehearsal=True)
    for _ in range(3):
        view = await called(api, order_id, result="no_answer")
    assert view["order"]["callback"]["status"] == "sms_sent"
    guest = await by_link(api, app, order_id)
    assert f"/my/{order_id}/rate_by_sms" not in guest.page.forms
    visitor = await by_code(app, order_id, phone, "en", to="rate_by_sms")
    action = f"/my/{order_id}/rate_by_sms"
    page = await visitor.send(action, solved="no", satisfaction="dissatisfied")
    assert page.status == 422, "all three are asked"
    answers = {"contacted": "yes", "solved": "no", "satisfaction": "dissatisfied"}
    page = await visitor.send(action, **answers)
    assert page.status == 422, "an unhappy rating says why"
    assert 'aria-invalid="true" aria-describedby="said"' in page.answer.text
    assert 'value="dissatisfied" required checked' in page.answer.text
    page = await visitor.send(action, **answers, why="It fails every night")
    assert (page.status, "Thank you for your rating." in page.text) == (200, True)
    assert "A manager is reviewing it" in page.text
    assert "It fails every night" in page.text
    recorded = (await events_of(api, order_id, "CallbackRecorded"))[0]["data"]
    told = {name: recorded[name] for name in ("contacted", "solved", "satisfaction", "by_sms")}
    assert told == {"contacted": True, "solved": False, "satisfaction": "dissatisfied", "by_sms": True}


async def test_documents_are_taken_listed_and_given_back(api: Caller, app: FastAPI) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    action = f"/my/{order_id}/files"
    files = {"file": ("光猫.png", io.BytesIO(PNG), "application/octet-stream")}
    page = await visitor.send(action, files=files)
    assert (page.status, "材料已收到" in page.text) == (200, True), page.text
    assert "光猫.png" in page.text
    link = re.search(rf'href="(/v1/orders/{order_id}/files/[^"]+)" download', page.answer.text)
    assert link is not None
    assert (await visitor.browser.http.get(link[1])).content == PNG
    attached = (await events_of(api, order_id, "DocumentAttached"))[0]["data"]
    assert attached["media_type"] == "image/png"


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("run.exe", b"MZ", 422, "不接受该文件"),
        ("photo.png", b"no picture", 422, "不接受该文件"),
        ("noextension", b"text", 422, "不接受该文件"),
        ("", b"", 422, "请求内容无效"),
        ("a.txt", b"x" * (20 * 2**20 + 1), 413, "请求过大"),
    ],
)
async def test_other_documents_are_refused_in_words(
    api: Caller, app: FastAPI, name: str, content: bytes, status: int, said: str
) -> None:
    _, order_id = await own(api)
    visitor = await by_link(api, app, order_id)
    page = await visitor.send(f"/my/{order_id}/files", files={"file": (name, content, "text/plain")})
    assert (page.status, said in page.text) == (status, True), page.text
    assert await events_of(api, order_id, "DocumentAttached") == []
