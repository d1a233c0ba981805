"""Known weaknesses of the locked dependencies, asked of OSV: `python -m tests.support.audit [--strict]`.

Ends with 1 where a dependency has one. Where OSV cannot be asked, it says so loudly and ends with 0, for whoever works
without a network must be able to test; with `--strict` (`make audit`, before a release) that is a failure too, 2.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.settings import PROJECT

OSV = "https://api.osv.dev/v1/query"
LOCK = PROJECT / "requirements.lock"
TIMEOUT = 15
"""Seconds that one answer may take."""

ACCEPTED: dict[str, str] = {}
"""Weaknesses that do not touch us, by id, each with the reason; none now."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the question.

    Attributes:
        asked: how many dependencies OSV answered for; 0 if it could not be asked.
        weak: one line for each weakness: name, version, id, and where it is mended.
        unknown: what could not be asked, and why; empty if everything was.
    """

    asked: int
    weak: tuple[str, ...] = ()
    unknown: str = ""


def audit(lock: Path = LOCK, osv: str = OSV) -> Verdict:
    """Ask for every dependency in `lock`."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--no-deps"]
    command += ["--vulnerability-service", "osv", "--osv-url", osv, "--timeout", str(TIMEOUT)]
    command += ["--format", "json", "--progress-spinner", "off"]
    for accepted in ACCEPTED:
        command += ["--ignore-vuln", accepted]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return Verdict(0, unknown=(done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1][:300])
    skipped = [f"{one['name']}: {one['skip_reason']}" for one in found if "skip_reason" in one]
    weak = tuple(
        f"{one['name']} {one['version']}: {fault['id']} → {', '.join(fault['fix_versions']) or 'no mended version yet'}"
        for one in found
        for fault in one.get("vulns", ())
    )
    return Verdict(len(found) - len(skipped), weak, "; ".join(skipped))


def main(arguments: Sequence[str], osv: str = OSV) -> int:
    """Ask, and say what came of it; the exit code."""
    verdict = audit(osv=osv)
    for line in verdict.weak:
        print(f"✗ 已知漏洞 known weakness: {line}")
    if verdict.unknown:
        print(
            "!! 未能核查依赖的已知漏洞 / DEPENDENCIES WERE NOT ALL CHECKED FOR KNOWN WEAKNESSES !!\n"
            f"   {verdict.unknown}\n"
            f"   → 联网后执行 make audit / say make audit where {osv} can be reached"
        )
    if verdict.weak:
        return 1
    if not verdict.unknown:
        print(f"{verdict.asked} 个依赖均无已知漏洞 · {verdict.asked} dependencies, none with a known weakness")
    return 2 if verdict.unknown and "--strict" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
