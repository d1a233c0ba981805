"""Every process computes with the zone data of the pinned wheel, whatever the machine has."""

import os
import subprocess
import sys
import zoneinfo
from importlib import resources
from pathlib import Path

import pytest

from runtime import zones
from runtime.settings import PROJECT


def test_the_machines_own_zones_are_not_asked() -> None:
    assert zones.pin() == zones.version()
    assert zoneinfo.TZPATH == ()
    assert zoneinfo.ZoneInfo("Asia/Shanghai").utcoffset(None) is None
    assert "Asia/Shanghai" in zoneinfo.available_timezones()


@pytest.mark.parametrize(
    "begin",
    [
        "from api.app import create_app; from runtime.settings import load; create_app(load())",
        "import cli, sys\ntry: cli.main(['--version'])\nexcept SystemExit: pass",
        "import asyncio, worker as w, runtime.settings as s\ntry: asyncio.run(w.main(s.load()))\nexcept Exception: 0",
    ],
    ids=["api", "command line", "worker"],
)
def test_a_machine_with_wrong_zones_changes_nothing(begin: str, tmp_path: Path) -> None:
    """The machine says that Shanghai is in New York; each of our programs knows better once it has begun."""
    new_york = (resources.files("tzdata.zoneinfo") / "America" / "New_York").read_bytes()
    (tmp_path / "Asia").mkdir()
    (tmp_path / "Asia" / "Shanghai").write_bytes(new_york)
    ask = (
        "\nimport zoneinfo; from datetime import datetime"
        "\nprint('offset', zoneinfo.ZoneInfo('Asia/Shanghai').utcoffset(datetime(2026, 1, 1)).total_seconds())"
    )
    environment = {**os.environ, "PYTHONTZPATH": str(tmp_path)}

    def offset(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip().splitlines()[-1]

    assert offset(ask) == "offset -18000.0"
    assert offset(begin + ask) == "offset 28800.0"
