"""The process that a watcher starts: what it ended with is logged, and it has the watcher's settings."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.lab.__main__ import BUSY
from runtime.settings import Settings, load
from watch.child import Child

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Settings that no environment has."""
    return load(app_database_url="postgresql://nobody@127.0.0.1:1/none")


async def _ended(child: Child) -> int:
    await child.start()
    assert child.runs
    async with asyncio.timeout(30):
        while child.runs:
            await asyncio.sleep(0.01)
    return child.ended()


@pytest.mark.parametrize(("code", "level"), [(1, logging.ERROR), (2, logging.ERROR), (BUSY, logging.INFO)])
async def test_what_it_failed_with_is_an_error_unless_another_is_at_work(
    settings: Settings, caplog: pytest.LogCaptureFixture, code: int, level: int
) -> None:
    caplog.set_level(logging.INFO, "watch.child")
    child = Child("lab", settings, "-c", f"raise SystemExit({code})")
    assert await _ended(child) == code
    assert [record.levelno for record in caplog.records] == [level]
    assert child.ended() == 0  # it is said once


async def test_it_has_the_watchers_settings_and_nothing_is_said_of_one_that_did_its_work(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "watch.child")
    wanted = "from runtime.settings import load; assert '127.0.0.1:1/none' in load().app_database_url"
    assert await _ended(Child("lab", settings, "-c", wanted)) == 0
    assert caplog.records == []


async def test_it_is_stopped(settings: Settings) -> None:
    child = Child("lab", settings, "-c", "import time; time.sleep(600)")
    await child.start()
    await child.stop()
    assert not child.runs
    assert child.ended() == 0


def test_the_lab_says_what_it_lacks() -> None:
    without = {name: value for name, value in os.environ.items() if not name.startswith("WHISTLE_")}
    ended = subprocess.run(
        [sys.executable, "-m", "audit.lab"], cwd=PROJECT, env=without, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "WHISTLE_APP_DATABASE_URL is not set" in ended.stderr
