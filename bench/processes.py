"""What our own processes use: CPU and memory by part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

MARKS = {
    "bench.bare": "bare worker",
    "worker.py": "worker",
    "uvicorn": "API",
    "temporal-server": "engine",
    "postgres": "PostgreSQL",
}
"""What stands in a process's command line, and the part that it belongs to; the first that fits counts."""


def _ours() -> Iterator[tuple[str, psutil.Process]]:
    """Our children and theirs, each with its part."""
    for process in psutil.Process().children(recursive=True):
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        for mark, part in MARKS.items():
            if mark in line:
                yield part, process
                break


def cpu_seconds() -> dict[str, float]:
    """CPU that our children have used so far, by part; PostgreSQL's ended backends included."""
    used: dict[str, float] = {}
    for part, process in _ours():
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        ended = times.children_user + times.children_system if part == "PostgreSQL" else 0.0
        used[part] = used.get(part, 0.0) + times.user + times.system + ended
    return used


def memory() -> dict[str, float]:
    """Memory in MB by part; what several processes share is counted once (their proportional set size)."""
    found: dict[str, float] = {}
    for part, process in _ours():
        try:
            found[part] = found.get(part, 0.0) + process.memory_full_info().pss / 1e6
        except psutil.Error:
            continue
    return found


def disk(folder: Path) -> float:
    """What a folder takes on the disk, in MB."""
    taken = 0
    for path in folder.rglob("*"):
        try:
            taken += path.lstat().st_blocks * 512
        except OSError:  # gone meanwhile
            continue
    return taken / 1e6
