"""The whole system in a folder of its own and on free ports, for a measurement."""

from __future__ import annotations

import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from runtime import ports, provision
from runtime.console import Console
from runtime.settings import Settings, load
from runtime.stack import EmbeddedStack
from runtime.supervisor import application
from runtime.temporal import PORT_COUNT
from runtime.watch import Program

READY_SECONDS = 300.0


@contextmanager
def folder() -> Iterator[Settings]:
    """Settings of a system of its own; its folder is removed afterwards."""
    place = Path(tempfile.mkdtemp(prefix="whistle-bench-"))
    first = ports.free_run(PORT_COUNT + 4)
    try:
        yield load(
            data_dir=place,
            temporal_port=first,
            postgres_port=first + PORT_COUNT,
            api_port=first + PORT_COUNT + 1,
            witness_port=first + PORT_COUNT + 2,
            ui_enabled=False,
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def servers(settings: Settings) -> Iterator[EmbeddedStack]:
    """PostgreSQL and the engine up inside the block, tables and organisation in place."""
    with EmbeddedStack(settings, Console()) as stack:
        provision.tables(stack.owner_url, settings.profile)
        provision.keys(stack.owner_url, settings)
        yield stack


@contextmanager
def programs(settings: Settings) -> Iterator[float]:
    """Workers and API up inside the block; gives the seconds until they were ready, by a canary that rang since."""
    started: list[Program] = []
    begun = time.monotonic()
    try:
        for program in application(settings):
            program.restart()
            started.append(program)
        started[-1].child.wait_until(lambda: is_ready(settings, time.monotonic() - begun), READY_SECONDS)
        yield time.monotonic() - begun
    finally:
        for program in reversed(started):
            program.stop()


def is_ready(settings: Settings, within: float) -> bool:
    """Whether /readyz is green, and the canary rang and the sweeper looked within so many seconds."""
    try:
        with urllib.request.urlopen(f"{settings.api_url}/readyz", timeout=5) as answer:
            found = msgspec.json.decode(answer.read(), type=dict[str, object])
    except OSError:
        return False
    ages = (found["canary"], found["sweeper"])
    return all(isinstance(age, (int, float)) and age < within for age in ages)
