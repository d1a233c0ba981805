"""The lab through HTTP: asked for, done by its own process, shown side by side; the shadow; and who may."""

import asyncio
import copy
import os
import sys
from typing import Any

import pytest

from runtime.settings import Settings
from store.demo import document
from tests.api.conftest import AGENT, NET, Caller

HQ, COLLEAGUE, AUDITOR = "hq-supervisor-1", "hq-supervisor-2", "hq-auditor-1"


def strict() -> dict[str, Any]:
    """The shipped policy with an hour for every result, as another version."""
    made: dict[str, Any] = copy.deepcopy(document("policy"))
    made["version"] = "2027.1"
    for own in made["classes"].values():
        if own["limits"].get("due"):
            own["limits"]["due"] = "1h"
    return made


async def worked(settings: Settings) -> int:
    """Have the lab's process do what is to be done, as a worker does; its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "audit.lab",
        env={**os.environ, "WHISTLE_APP_DATABASE_URL": settings.app_database_url or ""},
    )
    return await process.wait()


async def lived(api: Caller) -> str:
    """An order that its unit has signed and on which it has spoken to the customer."""
    number = await api.opened()
    await api.act(number, "sign", NET)
    await api.act(number, "contact", NET, spoke_to="Chen", summary="no light on the modem")
    return number


async def test_a_run_is_done_by_a_process_of_its_own_and_told_side_by_side(api: Caller, settings: Settings) -> None:
    numbers = [await lived(api), await lived(api)]
    recorded = (await api.post("/audit/lab", {}, HQ)).json()
    asked = {"layers": [{"document": strict(), "parts": ["limits"]}], "province": "GD"}
    answer = await api.post("/audit/lab", asked, AUDITOR)
    assert answer.status_code == 202, answer.text
    tried = answer.json()
    assert (tried["state"], tried["policy"], tried["asked_by"]) == ("waiting", "2027.1", AUDITOR)
    assert tried["asked"]["layers"] == [{"version": "2027.1", "parts": ["limits"]}]

    assert await worked(settings) == 0

    same = (await api.get(f"/audit/lab/{recorded['id']}", HQ)).json()
    assert same["run"]["state"] == "done", same
    assert same["report"]["orders"]["same"] == same["report"]["orders"]["orders"] == 2
    found = (await api.get(f"/audit/lab/{tried['id']}", HQ)).json()["report"]
    assert found["orders"]["due_earlier"] == 2
    assert found["would"]["groups"]["limits_by_kind"]["due"] == 2
    page = (await api.get(f"/audit/lab/{tried['id']}/orders", AUDITOR, limit=1)).json()
    rest = (await api.get(f"/audit/lab/{tried['id']}/orders", AUDITOR, cursor=page["next"])).json()
    assert sorted(one["order_id"] for one in (*page["items"], *rest["items"])) == sorted(numbers)
    assert all(one["due_moved_hours"] < 0 and one["whole"] for one in rest["items"])
    load = (await api.get(f"/audit/lab/{tried['id']}/load", HQ, unit="GD.net")).json()
    assert [row["open"] for row in load["was"]] == [row["open"] for row in load["would"]] == [2]
    listed = (await api.get("/audit/lab", HQ)).json()
    assert [one["id"] for one in listed] == [tried["id"], recorded["id"]]


async def test_what_cannot_be_tried_is_refused_with_its_faults(api: Caller) -> None:
    broken = {**strict(), "classes": {}}
    for body, field in (
        ({"layers": [{"document": broken}]}, "classes"),
        ({"layers": [{}]}, "layers.0"),
        ({"layers": [{"version": "2026.3", "parts": ["weather"]}]}, "layers.0.parts.0"),
        ({"limit": 10**9}, "limit"),
    ):
        answer = await api.post("/audit/lab", body, HQ)
        assert answer.status_code == 422, answer.text
        assert answer.json()["field"].startswith(field), answer.text
    assert (await api.post("/audit/lab", {"layers": [{"version": "1066.1"}]}, HQ)).status_code == 404
    assert (await api.get("/audit/lab/nix", HQ)).status_code == 404


async def test_a_run_can_be_taken_back(api: Caller) -> None:
    run = (await api.post("/audit/lab", {}, HQ)).json()
    taken_back = (await api.post(f"/audit/lab/{run['id']}/cancel", None, COLLEAGUE)).json()
    assert (taken_back["state"], taken_back["cancelled_by"]) == ("cancelled", COLLEAGUE)
    again = (await api.post(f"/audit/lab/{run['id']}/cancel", None, HQ)).json()
    assert again["cancelled_by"] == COLLEAGUE
    assert (await api.get(f"/audit/lab/{run['id']}", HQ)).json()["report"] is None


@pytest.mark.parametrize(("path", "operation"), [("/audit/lab", "list_lab_runs"), ("/audit/shadows", "list_shadows")])
async def test_who_looks_at_the_lab_is_on_record(api: Caller, path: str, operation: str) -> None:
    before = await looks(api, operation)
    assert (await api.get(path, COLLEAGUE)).status_code == 200
    assert await looks(api, operation) == [(COLLEAGUE, "seen", ""), *before]


async def test_who_looks_at_a_run_or_stops_it_is_on_record(api: Caller) -> None:
    run = (await api.post("/audit/lab", {}, HQ)).json()["id"]
    assert (await api.get(f"/audit/lab/{run}", COLLEAGUE)).status_code == 200
    assert (await api.get(f"/audit/lab/{run}/load", COLLEAGUE, unit="GD.net")).status_code == 200
    assert (await api.post(f"/audit/lab/{run}/cancel", None, COLLEAGUE)).status_code == 200
    for operation, outcome in (("get_lab_run", "seen"), ("get_lab_load", "seen"), ("cancel_lab_run", "changed")):
        assert (COLLEAGUE, outcome, run) in await looks(api, operation)


async def looks(api: Caller, operation: str) -> list[tuple[str, str, str]]:
    """Who did what with an operation, the newest first."""
    found = (await api.get("/accesses", AUDITOR, actor=COLLEAGUE, limit=200)).json()["items"]
    return [(one["actor_id"], one["outcome"], one["detail"]) for one in found if one["operation"] == operation]


@pytest.mark.parametrize("who", [AGENT, NET, "gd-manager", "hq-admin"])
async def test_it_is_for_headquarters_and_auditors(api: Caller, who: str) -> None:
    for path in ("/audit/lab", "/audit/shadows"):
        assert (await api.get(path, who)).status_code == 403
        assert (await api.post(path, {}, who)).status_code == 403


async def test_a_shadow_is_started_once_seen_and_stopped(api: Caller) -> None:
    asked = {"layers": [{"document": strict()}]}
    answer = await api.post("/audit/shadows", asked, HQ)
    assert answer.status_code == 201, answer.text
    shadow = answer.json()
    assert shadow["behind"]
    again = await api.post("/audit/shadows", asked, AUDITOR)
    assert (again.status_code, again.json()["code"]) == (409, "lab_busy")
    found = (await api.get(f"/audit/shadows/{shadow['id']}", AUDITOR)).json()
    assert found["sums"]["orders"] == 0
    assert (await api.get(f"/audit/shadows/{shadow['id']}/orders", HQ)).json() == {"items": [], "next": ""}
    stopped = (await api.post(f"/audit/shadows/{shadow['id']}/stop", None, HQ)).json()
    assert stopped["stopped_by"] == HQ
    assert [one["id"] for one in (await api.get("/audit/shadows", HQ)).json()] == [shadow["id"]]
