"""How late each clock fired is on record, and the report and the metric give the distribution."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

import httpx
import pytest

from runtime import ports
from runtime.faults import SetupError
from runtime.settings import Settings
from tests.watch.orders import Clockwork
from worker import measuring, serving

READER = {"Authorization": "Bearer dev:hq-auditor-1"}


async def test_the_report_and_the_metric_tell_what_fired(
    settings: Settings, http: httpx.AsyncClient, clockwork: Clockwork
) -> None:
    address = f"127.0.0.1:{ports.free_run(1)}"
    async with serving(settings.model_copy(update={"worker_metrics_address": address})):
        orders = [await clockwork.open(sign=2, contact=3) for _ in range(4)]
        late = [await clockwork.until_fired(order_id, "contact") for order_id in orders]
        async with httpx.AsyncClient() as prometheus:
            told = (await prometheus.get(f"http://{address}/metrics")).text
    missed = clockwork.write(clockwork.hasty(sign=60, contact=3600), ago=120)
    async with serving(settings):
        await clockwork.start(missed)
        await clockwork.until_fired(missed, "sign")

    report = (await http.get("/v1/operations/clocks", params={"hours": 1}, headers=READER)).json()
    kinds = {kind["kind"]: kind for kind in report["kinds"]}
    assert kinds["contact"]["count"] >= 4
    assert kinds["sign"]["count"] >= 5
    assert kinds[""]["count"] == sum(kind["count"] for name, kind in kinds.items() if name)
    assert [kind["early"] for kind in report["kinds"]] == [0] * len(kinds)
    assert kinds["contact"]["p50"] <= kinds["contact"]["p99"] <= kinds["contact"]["max"]
    assert kinds["contact"]["max"] >= max(one["contact"][0] for one in late)
    (overdue, *_) = report["late"]
    assert overdue["order_id"] == missed
    assert overdue["late_seconds"] > 59
    assert kinds["sign"]["over"] >= 1
    gap = datetime.fromisoformat(overdue["fired_at"]) - datetime.fromisoformat(overdue["due_at"])
    assert gap.total_seconds() == pytest.approx(overdue["late_seconds"], abs=0.01)
    assert report["swept"] == {"outcomes": {}, "tries": 0, "latest": 0.0}

    counted = re.search(r'^whistle_clock_lateness_seconds_count\{[^}]*kind="contact"[^}]*\} (\d+)', told, re.M)
    assert counted, told[:3000]
    assert int(counted[1]) >= 4
    assert 'le="10"' in told

    alone = (await http.get("/v1/operations/clocks", params={"kind": "contact"}, headers=READER)).json()
    assert [kind["kind"] for kind in alone["kinds"]] == ["", "contact"]
    never = (await http.get("/v1/operations/clocks", params={"hours": 0.00001}, headers=READER)).json()
    assert never["kinds"] == []


async def test_the_report_is_not_for_everybody(http: httpx.AsyncClient) -> None:
    for who in ("gd-agent-1", "customer:13900000001"):
        answer = await http.get("/v1/operations/clocks", headers={"Authorization": f"Bearer dev:{who}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await http.get("/v1/operations/clocks", params={"hours": 0}, headers=READER)).status_code == 422


async def test_a_metrics_address_that_is_taken_is_said_so(settings: Settings) -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    async with server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(SetupError, match="WHISTLE_WORKER_METRICS_ADDRESS"):
            measuring(settings.model_copy(update={"worker_metrics_address": address}))
