"""Policies over HTTP: looked at, tried, checked and published, without touching an order."""

import asyncio
import copy
import json
import threading
import time
from typing import Any

import pytest
from pydantic import BaseModel

import rulebook
from api.app import create_app
from api.migrations import MigrationRequest, PreviewRequest
from api.policies import MOST_AT_ONCE, DocumentRequest, DueTimesRequest
from api.policy_texts import PolicyTextRequest
from runtime.settings import load
from tests.api.conftest import AGENT, CUSTOMER, Caller

ADMIN, SUPERVISOR, MANAGER = "hq-admin", "hq-supervisor-1", "gd-manager"
NATIONAL = rulebook.national().demanded()
OPENED = "2026-11-20T08:40:00Z"  # Friday, 16:40 in Beijing


def changed(version: str, **sections: Any) -> dict[str, Any]:
    """The shipped policy under another version, with some sections of its own."""
    return {**copy.deepcopy(NATIONAL), "version": version, **sections}


async def previewed(api: Caller, **question: Any) -> dict[str, Any]:
    """The due times by kind."""
    asked = {"order_class": "general", "province": "GD", "opened_at": OPENED, **question}
    answer = await api.post("/policies/preview", asked)
    assert answer.status_code == 200, answer.text
    return {item["kind"]: item for item in answer.json()["items"]}


async def test_every_due_time_comes_with_its_rule_and_its_reckoning_in_both_languages(api: Caller) -> None:
    items = await previewed(api, tier="gold", category="network.fault")
    due = items["due"]
    assert (due["limit"], due["due_at"]) == ("3.75wd", "2026-11-26T06:25:00Z")
    assert due["rule"] == "classes.general.due × tiers.gold 0.75"
    assert due["rule_zh"] == "国家级默认政策·一般投诉·办结时限；金卡客户 ×0.75"
    assert due["rule_en"] == "National default policy, general complaint: result; gold customers × 0.75"
    assert due["explained_zh"][0] == "周五 2026-11-20 16:40 开始（Asia/Shanghai）"
    assert any("周末" in line for line in due["explained_zh"])
    assert any("weekend" in line for line in due["explained_en"])
    assert due["explained_en"][-1].startswith("due Thu 2026-11-26 14:25")
    sign = items["sign"]
    assert sign["counts_en"] == "from dispatch"
    assert (sign["limit"], sign["due_at"]) == ("45wmin", "2026-11-20T09:25:00Z")
    assert items["statutory"]["due_at"] == "2026-12-05T08:40:00Z"
    assert items["extension"]["start_at"] == due["due_at"]


async def test_a_province_is_named_as_the_directory_names_it_and_keeps_its_own_hours(api: Caller) -> None:
    henan = await previewed(api, province="HA", order_class="complex")
    assert henan["due"]["rule_zh"] == "河南的政策·复杂疑难·办结时限"
    assert henan["due"]["rule_en"] == "Henan's policy, complex: result"
    west = await previewed(api, province="XJ", unit="XJ.net")
    assert west["sign"]["calendar"] == "western"
    assert west["sign"]["due_at"] == "2026-11-20T09:40:00Z"  # 17:40 is working time there
    assert (await previewed(api, unit="GD.net"))["sign"]["calendar"] == "office"


async def test_a_result_later_than_the_statutory_answer_is_due_with_it(api: Caller) -> None:
    limits = {"complex": {"due": "30d"}}
    document = changed("2026.9", provinces={"HA": {"limits": limits}})
    items = await previewed(api, province="HA", order_class="complex", document=document)
    assert items["due"]["cut"]
    assert items["due"]["due_at"] == items["statutory"]["due_at"] == "2026-12-05T08:40:00Z"
    assert "later than the statutory answer, so due with it" in items["due"]["explained_en"]


async def test_what_nobody_knows_is_refused_with_all_of_it(api: Caller) -> None:
    asked = {
        "order_class": "general",
        "province": "Guangdong",
        "tier": "golden",
        "opened_at": OPENED,
        "unit": "GD.nett",
    }
    answer = await api.post("/policies/preview", asked)
    assert answer.status_code == 422
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert set(errors) == {"province", "tier", "unit"}
    assert errors["tier"]["remedy"] == "did you mean gold?"
    assert errors["unit"]["remedy_zh"] == "是否指 GD.net？"
    naive = await api.post("/policies/preview", {**asked, "province": "GD", "opened_at": "2026-11-20T08:40:00"})
    assert (naive.status_code, naive.json()["field"]) == (422, "opened_at")
    missing = {"order_class": "general", "province": "GD", "opened_at": OPENED, "version": "1999.1"}
    assert (await api.post("/policies/preview", missing)).status_code == 404
    both = {**missing, "document": NATIONAL}
    assert (await api.post("/policies/preview", both)).json()["field"] == "version"


async def test_a_document_is_checked_whole_and_nothing_is_kept(api: Caller) -> None:
    before = (await api.get("/policies")).json()
    wrong = changed("2026.5", tiers={"gold": {"factor": 1.5}}, grace="soon", provinces={"ZZ": {"calendar": "moon"}})
    answer = (await api.post("/policies/check", {"document": wrong})).json()
    assert not answer["ok"]
    faults = {fault["path"]: fault for fault in answer["faults"] if not fault["warning"]}
    assert set(faults) == {"tiers.gold.factor", "grace", "provinces.ZZ", "provinces.ZZ.calendar"}
    assert faults["tiers.gold.factor"]["reason_en"] == "the factor 1.5 would lengthen limits"
    assert (await api.post("/policies/check", {"document": NATIONAL})).json() == {"ok": True, "faults": []}
    assert (await api.get("/policies")).json() == before


async def test_a_published_policy_is_on_record_in_force_and_never_changed(api: Caller) -> None:
    before = (await api.get("/policies/current")).json()
    own = changed("2026.6", grace="2wd")
    answer = await api.post("/policies", {"document": own}, ADMIN)
    assert answer.status_code == 201, answer.text
    assert answer.json()["published"]["published_by"] == ADMIN
    assert answer.json()["before"] == before["version"]
    again = await api.post("/policies", {"document": own}, SUPERVISOR)
    assert (again.status_code, again.json()["changed"]) == (200, False)
    assert again.json()["published"]["published_by"] == ADMIN
    other = await api.post("/policies", {"document": changed("2026.6", grace="3wd")}, ADMIN)
    assert (other.status_code, other.json()["field"]) == (422, "version")
    listed = (await api.get("/policies")).json()
    assert [(one["version"], one["in_force"]) for one in listed[:2]] == [("2026.6", True), (before["version"], False)]
    assert (await api.get("/policies/current")).json() == {"version": "2026.6", "document": own}
    found = (await api.get("/policies/2026.6")).json()
    assert found["document"] == own
    assert found["published"] == listed[0]
    assert (await api.get("/policies/0.0")).status_code == 404


async def test_a_policy_with_faults_is_refused_with_all_of_them_and_the_old_one_stays(api: Caller) -> None:
    before = (await api.get("/policies/current")).json()
    wrong = changed("2026.7", exempt=["register"], calling={**NATIONAL["calling"], "opens": 7})
    answer = await api.post("/policies", {"document": wrong}, ADMIN)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request")
    assert {error["field"] for error in problem["errors"]} == {"exempt", "calling.opens"}
    assert (await api.get("/policies/current")).json() == before


@pytest.mark.parametrize("who", [AGENT, MANAGER, CUSTOMER])
async def test_only_headquarters_publishes(api: Caller, who: str) -> None:
    answer = await api.post("/policies", {"document": changed("2026.8")}, who)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_customers_try_no_policies(api: Caller) -> None:
    asked = {"order_class": "general", "province": "GD", "opened_at": OPENED}
    assert (await api.post("/policies/preview", asked, CUSTOMER)).status_code == 403
    assert (await api.post("/policies/check", {"document": {}}, CUSTOMER)).status_code == 403


BROKEN: dict[str, dict[str, Any]] = {
    "empty": {},
    "nul": {"version": "2026.9\x00"},
    "half a key": {"\ud800": 1},
    "half a character": {"version": "\udfff"},
    "lists": {"title": [[[[]]]]},
    "infinite": {"tiers": {"gold": {"factor": 1e999}}},
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN)
async def test_no_document_breaks_the_check(api: Caller, document: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer dev:{ADMIN}", "Content-Type": "application/json"}
    for path in ("/v1/policies/check", "/v1/policies"):
        answer = await api.http.post(path, content=json.dumps({"document": document}), headers=headers)
        assert answer.status_code in (200, 400, 422), answer.text
        assert answer.status_code != 200 or not answer.json()["ok"]
        assert answer.status_code != 400 or answer.json()["code"] == "malformed_request"  # no JSON at all


def test_every_call_about_policies_shows_an_example_that_is_valid() -> None:
    document = create_app(load(app_database_url="postgresql://nobody@127.0.0.1:1/none")).openapi()
    shown: dict[str, Any] = {}
    for path, operations in document["paths"].items():
        if path.startswith("/v1/policies") and "post" in operations:
            reference = operations["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            shown[path.removeprefix("/v1/policies")] = document["components"]["schemas"][reference.rpartition("/")[2]]
    models: dict[str, type[BaseModel]] = {
        "": DocumentRequest,
        "/check": DocumentRequest,
        "/read": PolicyTextRequest,
        "/preview": DueTimesRequest,
        "/{version}/migration/preview": PreviewRequest,
        "/{version}/migration": MigrationRequest,
    }
    assert set(shown) == set(models)
    for path, model in models.items():
        [example] = shown[path]["examples"]
        model.model_validate(example)
    assert [fault for fault in rulebook.check(shown["/check"]["examples"][0]["document"]) if not fault.warning] == []


async def test_two_documents_are_looked_into_at_once_and_no_more(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks are work for a processor: more of them must not take every thread that the database is asked by."""
    lock, looking, most = threading.Lock(), 0, 0
    check = rulebook.check

    def watched(*arguments: Any) -> tuple[rulebook.Fault, ...]:
        nonlocal looking, most
        with lock:
            looking += 1
            most = max(most, looking)
        time.sleep(0.05)  # a small document is checked before the next one is here
        found = check(*arguments)
        with lock:
            looking -= 1
        return found

    monkeypatch.setattr(rulebook, "check", watched)
    asked = {"order_class": "general", "province": "GD", "opened_at": OPENED}
    calls = [api.post("/policies/check", {"document": NATIONAL}, ADMIN) for _ in range(4)]
    answers = await asyncio.gather(*calls, *(api.post("/policies/preview", asked) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert most == MOST_AT_ONCE


@pytest.mark.parametrize("opened_at", ["9999-12-31T23:00:00Z", "9998-12-20T00:00:00Z", "0001-01-01T00:00:00Z"])
async def test_an_opening_time_beyond_every_calendar_is_refused(api: Caller, opened_at: str) -> None:
    asked = {"order_class": "general", "province": "GD", "opened_at": opened_at}
    answer = await api.post("/policies/preview", asked)
    assert (answer.status_code, answer.json()["field"]) == (422, "opened_at"), answer.text


@pytest.mark.parametrize("at", ["at 2020-01-01T00:00", "at 2100-12-31T23:59"])
async def test_every_fixed_time_that_is_accepted_can_be_previewed(api: Caller, at: str) -> None:
    document = changed("2026.9")
    document["classes"] = copy.deepcopy(NATIONAL["classes"])
    document["classes"]["general"]["limits"] |= {"whistle_decision": at, "due": at, "info": at}
    assert (await previewed(api, document=document))["whistle_decision"]["limit"] == at
