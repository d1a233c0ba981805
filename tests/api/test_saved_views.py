"""Views of lists: kept for oneself, bounded, and without anybody's number."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from store import saved_views
from tests.api.conftest import AGENT, DISPATCHER, OTHER_AGENT, Caller


async def put(api: Caller, view: str, who: str = AGENT, **content: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer dev:{who}"}
    return await api.http.put(f"/v1/views/{view}", json={"name": "迟到的", **content}, headers=headers)


async def gone(api: Caller, view: str, who: str = AGENT) -> httpx.Response:
    return await api.http.delete(f"/v1/views/{view}", headers={"Authorization": f"Bearer dev:{who}"})


async def mine(api: Caller, who: str = AGENT) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get("/views", who)).json()["items"]
    return found


async def test_a_view_is_kept_changed_and_let_go_and_nobody_else_sees_it(api: Caller) -> None:
    filters = {"state": ["in_progress"], "province": "GD", "overdue": True, "sort": "due"}
    first = await put(api, "a1", filters=filters, columns=["order_id", "due_at"], place=2)
    assert first.status_code == 200, first.text
    kept = first.json()
    assert (kept["name"], kept["columns"], kept["place"]) == ("迟到的", ["order_id", "due_at"], 2)
    assert {name: kept["filters"][name] for name in filters} == filters
    await put(api, "a2", name="mine", filters={"following": True}, place=1)
    assert [view["id"] for view in await mine(api)] == ["a2", "a1"]
    await put(api, "a1", name="渐迟", filters=filters, place=0)
    assert [(view["id"], view["name"]) for view in await mine(api)] == [("a1", "渐迟"), ("a2", "mine")]
    assert await mine(api, OTHER_AGENT) == []
    assert [view["id"] for view in (await gone(api, "a1", OTHER_AGENT)).json()["items"]] == []
    assert [view["id"] for view in (await gone(api, "a1")).json()["items"]] == ["a2"]
    assert [view["id"] for view in (await gone(api, "a1")).json()["items"]] == ["a2"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"filters": {"text": "13900000001"}}, "filters.text"),
        ({"filters": {"text": "陈女士"}}, "filters.text"),
        ({"filters": {"category": "陈女士"}}, "filters.category"),
        ({"name": "陈女士 13900000001"}, "name"),
        ({"filters": {"state": ["nowhere"]}}, "filters.state"),
        ({"filters": {"colour": "red"}}, "filters.colour"),
        ({"columns": ["x"] * 31}, "columns"),
    ],
)
async def test_what_does_not_belong_into_a_view_is_refused(api: Caller, content: dict[str, Any], field: str) -> None:
    answer = await put(api, "b1", **content)
    assert answer.status_code == 422, answer.text
    assert str(answer.json()["field"]).startswith(field)


async def test_nobody_keeps_more_than_fifty(api: Caller) -> None:
    for number in range(saved_views.MOST):
        assert (await put(api, f"c{number}", DISPATCHER)).status_code == 200
    answer = await put(api, "c-more", DISPATCHER)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_request", "view_id")
    assert (await put(api, "c0", DISPATCHER, name="again")).status_code == 200
    assert len(await mine(api, DISPATCHER)) == saved_views.MOST
