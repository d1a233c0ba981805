"""What the running system records replays clean, and the reports of the nights are shown to whom they concern."""

from __future__ import annotations

from audit.replaying import Replaying
from runtime.settings import Settings
from store import replays
from store.replays import DONE, RULES, Kept, Portion
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import AGENT, DISPATCHER, NET, Caller

AUDITOR = "hq-auditor-1"


async def test_what_people_did_replays_clean(api: Caller, settings: Settings) -> None:
    order_id = await api.opened()
    await api.act(order_id, "sign", NET)
    await api.act(order_id, "contact", NET, spoke_to="Li", summary="he has no signal")
    await api.act(order_id, "urge", AGENT, text="he called again")
    refused = await api.post(f"/orders/{order_id}/sign", {}, NET)
    assert refused.status_code == 409
    await api.act(order_id, "reprioritise", DISPATCHER, priority="high", reason="a hospital")
    replaying = Replaying(settings.app_database_url or "", None)
    try:
        found = await replaying.check([order_id])
    finally:
        replaying.close()
    assert found.findings == ()
    assert found.events >= 5


async def test_reports_are_shown_with_what_they_found(api: Caller, settings: Settings) -> None:
    kept = Kept("WH20260302-1", "rules", "", 5, "actor_id", "a", "b")
    engine = make_engine(settings.app_database_url or "", 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        report = replays.begin(session, "asked", None)
        assert report.stage == RULES
        report = replays.advance(session, report, Portion("WH20260302-1", orders=1, events=7, findings=(kept,)))
        report = replays.stage(session, report, DONE)
    engine.dispose()
    listed = (await api.get("/audit/replays", AUDITOR)).json()
    (line,) = [one for one in listed["items"] if one["id"] == report.id]
    assert (line["orders"], line["events"], line["findings"], line["stage"]) == (1, 7, 1, "done")
    assert line["ended_at"]
    assert listed["findings"] == []
    one = (await api.get("/audit/replays", AUDITOR, report=report.id)).json()
    assert one["findings"] == [
        {
            "order_id": "WH20260302-1",
            "part": "rules",
            "run": "",
            "seq": 5,
            "field": "actor_id",
            "recorded": "a",
            "recomputed": "b",
        }
    ]
    looks = (await api.get("/accesses", AUDITOR, actor=AUDITOR)).json()["items"]
    told = [(one["outcome"], one["detail"], one["orders"]) for one in looks if one["operation"] == "list_replays"]
    assert ("seen", f"report {report.id}", ["WH20260302-1"]) in told
    assert ("seen", "", []) in told
    missing = await api.get("/audit/replays", AUDITOR, report=report.id + 1000)
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (await api.get("/audit/replays", AGENT)).status_code == 403
