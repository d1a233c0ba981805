"""Notice templates over HTTP: publish, and the next notice has the new words, by mail too; bad ones are refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from domain.wordings import SHIPPED
from store import templates
from store.access_tables import accesses
from tests.api.conftest import Caller

TEMPLATE = "customer.urged"
WORDS = {
    "title_zh": "您的催办已转达",
    "title_en": "Your reminder was passed on",
    "body_zh": "工单 {order}“{title}”：第 {number} 次催办已转达。",
    "body_en": "Order {order} “{title}”: reminder no. {number} was passed on.",
}
ADMIN, HEAD, AGENT = "hq-admin", "hq-supervisor-1", "gd-agent-1"


async def _put(api: Caller, body: dict[str, Any], who: str = ADMIN, template: str = TEMPLATE, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer dev:{who}", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return await api.http.put(f"/v1/templates/{template}", json=body, headers=sent)


async def _urged(api: Caller, number: str) -> list[dict[str, Any]]:
    """What the customer was told of his reminders, the latest first."""
    found = (await api.get("/notices", "customer:13900000001", limit=50)).json()["items"]
    return [one for one in found if one["order_id"] == number and one["template"] == TEMPLATE]


async def test_a_published_wording_is_what_the_next_notice_says_once_and_the_old_keep_theirs(api: Caller) -> None:
    number = await api.opened()
    await api.act(number, "urge", AGENT, text="when?")
    (old,) = await _urged(api, number)
    assert old["title_zh"] == SHIPPED[TEMPLATE].title_zh
    view = await api.get(f"/templates/{TEMPLATE}", HEAD)
    assert (view.headers["etag"], view.json()["current"]["shipped"]) == ('"0"', True)
    assert {"name": "number", "zh": "第几次催办", "en": "the number of the reminder"} in view.json()["fields"]

    done = await _put(api, {**WORDS, "reason": "plainer"}, HEAD, If_Match=view.headers["etag"])
    assert (done.status_code, done.json()["version"], done.json()["published_by"]) == (200, 1, HEAD)
    await api.act(number, "urge", AGENT, text="and now?")
    new, still = await _urged(api, number)
    assert still == old
    assert (new["title_zh"], new["title_en"]) == (WORDS["title_zh"], WORDS["title_en"])
    assert new["body_zh"] == f"工单 {number}“断网三天 / Three days without network”：第 2 次催办已转达。"
    again = await _put(api, {**WORDS, "reason": "the same words"}, HEAD)
    assert again.json()["version"] == 1

    stale = await _put(api, {**WORDS, "title_en": "Later", "reason": "x"}, ADMIN, If_Match='"0"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_template")
    shipped = {name: getattr(SHIPPED[TEMPLATE], name) for name in ("title_zh", "title_en", "body_zh", "body_en")}
    back = await _put(api, {**shipped, "reason": "back"}, ADMIN, If_Match='"1"')
    assert (back.json()["version"], back.json()["shipped"]) == (2, True)
    await api.act(number, "urge", AGENT, text="third")
    assert [one["title_en"] for one in await _urged(api, number)] == [
        SHIPPED[TEMPLATE].title_en, WORDS["title_en"], SHIPPED[TEMPLATE].title_en,
    ]  # fmt: skip
    versions = (await api.get(f"/templates/{TEMPLATE}", ADMIN)).json()["versions"]
    assert [(one["version"], one["published_by"], one["reason"]) for one in versions] == [
        (2, ADMIN, "back"), (1, HEAD, "plainer"), (0, "", ""),
    ]  # fmt: skip


async def test_who_published_what_and_why_is_on_record(api: Caller, app: FastAPI) -> None:
    await _put(api, {**WORDS, "title_en": "On record", "reason": "to be seen"})
    with app.state.parts.gateway.books.writes() as session:
        row = session.execute(
            select(accesses).where(accesses.c.operation == "put_template").order_by(accesses.c.id.desc()).limit(1)
        ).one()
    assert (row.actor_id, row.outcome, row.reason) == (ADMIN, "changed", "to be seen")
    assert row.detail.endswith(f"of {TEMPLATE}")


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"body_en": ""}, "body_en", "missing"),
        ({"body_zh": "{order} {number} {phone}"}, "body_zh", "unknown_field"),
        ({"body_zh": "{order} {number} {"}, "body_zh", "brace"),
        ({"body_en": "{order!r} {number}"}, "body_en", "form"),
        ({"title_en": "two\nlines"}, "title_en", "control"),
        ({"title_zh": "长" * 61}, "title_zh", "too_long"),
        ({"body_en": "{order} {number} {number} {number}"}, "body_en", "repeated"),
    ],
)
async def test_a_bad_wording_is_refused_with_field_reason_and_remedy(
    api: Caller, changed: dict[str, str], field: str, code: str
) -> None:
    before = (await api.get(f"/templates/{TEMPLATE}", ADMIN)).headers["etag"]
    refused = await _put(api, {**WORDS, **changed, "reason": "tried"})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["field"]) == (422, "invalid_request", field)
    (fault,) = [one for one in problem["errors"] if one["field"] == field]
    assert all(fault[name] for name in ("message", "message_zh", "remedy", "remedy_zh"))
    tried = await api.post("/templates/preview", {**WORDS, **changed, "template": TEMPLATE}, ADMIN)
    found = tried.json()
    assert not found["ok"]
    assert (field, code) in {(one["field"], one["code"]) for one in found["flaws"]}
    assert (await api.get(f"/templates/{TEMPLATE}", ADMIN)).headers["etag"] == before


async def test_a_wording_holds_no_number_of_anybody(api: Caller) -> None:
    refused = await _put(api, {**WORDS, "body_zh": "{order} {number} 请致电 13812345678", "reason": "x"})
    assert (refused.status_code, refused.json()["field"]) == (422, "body_zh")
    assert "13812345678" not in refused.text


async def test_a_preview_has_values_to_try_it_with_or_those_of_an_order(api: Caller) -> None:
    tried = (await api.post("/templates/preview", {**WORDS, "template": TEMPLATE}, ADMIN)).json()
    assert tried["ok"]
    assert tried["words"]["body_en"].startswith("Order W2611230001 “No network in the estate")
    assert (tried["sms_zh"], tried["order"]) == (1, "")
    wrong = {**WORDS, "template": TEMPLATE, "body_zh": "工单 {order} 欠 {nothing}"}
    amiss = (await api.post("/templates/preview", wrong, ADMIN)).json()
    assert (amiss["ok"], amiss["words"]["body_zh"]) == (False, "工单 W2611230001 欠 {nothing}")
    number = await api.opened()
    await api.act(number, "urge", AGENT, text="when?")
    asked = {**WORDS, "template": TEMPLATE, "order": number}
    real = (await api.post("/templates/preview", asked, HEAD)).json()
    assert real["words"]["body_zh"] == f"工单 {number}“断网三天 / Three days without network”：第 1 次催办已转达。"
    assert (real["audience"], real["seq"] > 1) == ("customer", True)
    unseen = await api.post("/templates/preview", asked, ADMIN)
    assert (unseen.status_code, unseen.json()["code"]) == (404, "order_not_found")
    none = await api.post("/templates/preview", {**asked, "template": "customer.closed"}, HEAD)
    assert (none.status_code, none.json()["field"]) == (422, "order")


async def test_whom_a_preview_showed_an_order_is_on_record(api: Caller, app: FastAPI) -> None:
    number = await api.opened()
    await api.act(number, "urge", AGENT, text="when?")
    asked = {**WORDS, "template": TEMPLATE, "order": number}
    assert (await api.post("/templates/preview", asked, HEAD)).status_code == 200
    assert (await api.post("/templates/preview", asked, ADMIN)).status_code == 404
    looks = select(accesses.c.actor_id, accesses.c.outcome, accesses.c.detail).where(
        accesses.c.operation == "preview_template", accesses.c.orders.contains([number])
    )
    with app.state.parts.gateway.books.writes() as session:
        assert session.execute(looks).all() == [(HEAD, "seen", TEMPLATE)]


async def test_two_who_publish_at_once_make_one_version_each_or_one_is_told(api: Caller) -> None:
    before = int((await api.get("/templates/unit.urged", ADMIN)).headers["etag"].strip('"'))
    words = {name: text.replace("{title}", "") for name, text in WORDS.items()}
    at_hand = f'"{before}"'
    answers = await asyncio.gather(
        *(
            _put(
                api,
                {**words, "title_en": f"No. {one}", "reason": "race"},
                template="unit.urged",
                If_Match=at_hand,
            )
            for one in range(5)
        )
    )
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412, 412]
    templates.forget()
    assert (await api.get("/templates/unit.urged", ADMIN)).headers["etag"] == f'"{before + 1}"'


async def test_who_minds_nothing_is_not_refused_when_others_publish_too(api: Caller) -> None:
    words = {name: text.replace("{title}", "") for name, text in WORDS.items()}
    bodies = [{**words, "title_en": f"Free {one}", "reason": "race"} for one in range(4)]
    answers = await asyncio.gather(*(_put(api, body, template="unit.urged") for body in bodies))
    assert [one.status_code for one in answers] == [200] * 4
    assert len({one.json()["version"] for one in answers}) == 4


async def test_a_list_names_every_template_and_is_not_for_the_desk(api: Caller) -> None:
    found = await api.get("/templates", ADMIN)
    assert {one["template"] for one in found.json()} == set(SHIPPED)
    assert (await api.get("/templates", AGENT)).status_code == 403
    assert (await _put(api, {**WORDS, "reason": "x"}, "hq-auditor-1")).status_code == 403
    assert (await api.get("/templates/customer.nobody", ADMIN)).json()["code"] == "not_found"
