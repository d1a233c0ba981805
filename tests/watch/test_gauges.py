"""A worker that serves metrics tells how far log and archive are behind, and what the nightly replay found."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy.orm import Session, sessionmaker

from runtime import ports
from runtime.settings import Settings
from store import histories, replays
from store.replays import Kept, Portion
from tests.watch.orders import Clockwork
from watch.gauges import NAMES
from worker import serving

FOUND = Kept("WH20260302-00000001", "state", "", 1, "state", "closed", "in_progress")


async def told(address: str) -> dict[str, float]:
    """The auditor's gauges, as Prometheus reads them."""
    async with httpx.AsyncClient() as prometheus:
        text = (await prometheus.get(f"http://{address}/metrics")).text
    found = re.findall(r"^(whistle_(?:log|archive|replay)_\w+?)(?:\{.*\})? ([0-9.e+-]+)$", text, re.M)
    return {name: float(value) for name, value in found}


async def test_the_gauges_tell_what_waits_and_what_the_last_replay_found(
    settings: Settings, made: sessionmaker[Session], clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watch.gauges.PERIOD", 0.2)
    clockwork.write(clockwork.hasty(sign=3600, contact=7200), ago=1)
    address = f"127.0.0.1:{ports.free_run(1)}"
    async with serving(settings.model_copy(update={"worker_metrics_address": address})), asyncio.timeout(30):
        while "whistle_log_lag_seconds" not in (before := await told(address)):
            await asyncio.sleep(0.1)
        assert not {"whistle_replay_findings", "whistle_archive_lag_seconds"} & before.keys()
        with made.begin() as session:
            report = replays.begin(session, replays.NIGHTLY, None)
            replays.advance(session, report, Portion("", orders=2, findings=(FOUND, FOUND)))
            replays.stage(session, report, replays.DONE)
            histories.mark(session, "somewhere", datetime.now(UTC) - timedelta(hours=1), 86_400)
        while (after := await told(address)).keys() != {*before, *NAMES}:
            await asyncio.sleep(0.1)
        assert after["whistle_replay_findings"] == 2
        assert 0 <= after["whistle_replay_age_seconds"] < 30
        assert 3600 <= after["whistle_archive_lag_seconds"] < 3660
        while (later := await told(address))["whistle_log_lag_seconds"] <= before["whistle_log_lag_seconds"]:
            await asyncio.sleep(0.1)  # no notary is at work here
        assert later["whistle_log_lag_seconds"] > 0
