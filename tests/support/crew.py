"""Tests on several processes at once: one PostgreSQL and one Temporal for all, namespaces and databases for each.

The first process, which hands the test files out, starts the servers while the others collect, and stops them when all
have ended; should it be killed, they end with it. A file's tests run in order in one process. What starts servers of
its own runs in one process too, one after another, and first, for it takes longest.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from runtime import engine, namespaces, ports
from runtime.console import Console
from runtime.faults import SetupError
from runtime.folder import DataFolder
from runtime.postgres import EmbeddedPostgres
from runtime.settings import Settings, load
from runtime.stack import EmbeddedStack
from runtime.temporal import PORT_COUNT, EmbeddedTemporal

_SYSTEMS = "systems"
_ALONE = ("test_up.py", "test_faults.py", "test_watch.py")
_OWN_SERVERS = ("tests/chaos/", "tests/privacy/", *(f"tests/runtime/{name}" for name in _ALONE))
_SLOW = (
    "tests/console/test_order.py",
    "tests/workflows/test_storm.py",
    "tests/access/",
    "tests/workflows/test_sleep.py",
    "tests/console/",
    "tests/workflows/",
    "tests/watch/",
    "tests/domain/test_properties.py",
    "tests/notices/",
    "tests/test_secrets.py",
    "tests/desk/test_tour.py",
    "tests/api/",
    "tests/desk/",
)
"""Beginnings of files, the slowest first, so that no long one is left to the end."""

_BACK = 5
"""How much nicer to others a process is that runs no whole system."""
_SPARE = 4
"""Times as many namespaces as processes may skip time: a process that died is followed by one with a new name."""


def settings(folder: Path, first: int, name: str = "") -> Settings:
    """Settings of the stack in `folder` on the ports from `first`; as the worker `name` sees it, if one is named."""
    own: dict[str, Any] = {}
    if name:
        own = {"temporal_namespace": f"whistle-{name}", "rehearsal_namespace": _rehearsals(name)}
        own["keys_file"] = folder / f"keys-{name}.json"
    return load(
        data_dir=folder,
        temporal_port=first,
        postgres_port=first + PORT_COUNT,
        api_port=first + PORT_COUNT + 1,
        ui_port=first + PORT_COUNT + 2,
        witness_port=first + PORT_COUNT + 3,
        ui_enabled=False,
        allowed_hosts="api",  # as the tests' clients call it
        **own,
    )


def free_settings(folder: Path) -> Settings:
    """Settings of a stack in `folder` on ports that are free now."""
    return settings(folder, ports.free_run(PORT_COUNT + 5))


def _rehearsals(name: str) -> str:
    return f"rehearsal-{name}"


@contextlib.contextmanager
def in_sight(config: pytest.Config) -> Iterator[None]:
    """What is said inside is shown at once; what cannot be set up ends the run with one line."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        try:
            yield
        except SetupError as error:
            pytest.exit(str(error), returncode=1)


class Crew:
    """The part of the process that hands tests out: a plugin of pytest's, and of xdist's."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings: Settings

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionstart(self) -> Iterator[None]:
        """Start the servers while the workers, which xdist has just started, collect."""
        factory: pytest.TempPathFactory = self._config._tmp_path_factory  # type: ignore[attr-defined]
        self._settings = free_settings(factory.mktemp("stack"))
        yield
        names = [_rehearsals(f"gw{number}") for number in range(_SPARE * len(self._config.option.tx))]
        with in_sight(self._config):
            engine.find_ui(self._settings, Console())
            stack = EmbeddedStack(self._settings, Console(), skipping=names)
            stack.up()
        self._config.add_cleanup(lambda: shutil.rmtree(self._settings.data_dir, ignore_errors=True))
        self._config.add_cleanup(stack.down)  # the last added is done first

    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where the servers will be."""
        node.workerinput["stack"] = (str(self._settings.data_dir), self._settings.temporal_port)

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> _Files:
        """Hand out whole files."""
        return _Files(config, log)


class _Files(LoadFileScheduling):  # type: ignore[misc]
    """Files in the order in which they had better begin."""

    def _split_scope(self, nodeid: str) -> str:
        return _SYSTEMS if nodeid.startswith(_OWN_SERVERS) else str(super()._split_scope(nodeid))

    def _assign_work_unit(self, node: Any) -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=_rank), last=False)
        super()._assign_work_unit(node)


def _rank(scope: str) -> int:
    if scope == _SYSTEMS:
        return -1
    return next((rank for rank, slow in enumerate(_SLOW) if scope.startswith(slow)), len(_SLOW))


class Guest(EmbeddedStack):
    """The crew's servers as one of its workers sees them: nothing is started or stopped but its own namespaces."""

    def up(self) -> None:
        """Make the namespaces; the servers answer already."""
        given = self.settings
        folder = DataFolder(given.data_dir)
        self.postgres = EmbeddedPostgres(given, folder)
        self.temporal = EmbeddedTemporal(given, engine.find(given, Console(io.StringIO())), self.postgres, folder)
        namespaces.ensure(given.temporal_target, [given.temporal_namespace, given.rehearsal_namespace])
        addresses = {"database_url": self.postgres.url(), "app_database_url": self.postgres.url("whistle_app")}
        self.settings = given.model_copy(update={**addresses, "temporal_address": given.temporal_target})

    def down(self) -> None:
        """Leave all as it is."""


class Hand:
    """What one process of the run may call its own.

    Attributes:
        name: the worker's name such as `gw0`, '' when there is but one process.
    """

    def __init__(self, config: pytest.Config) -> None:
        given: dict[str, Any] = getattr(config, "workerinput", {})
        self.name: str = given.get("workerid", "")
        self._stack: tuple[str, int] | None = given.get("stack")
        self._stepped_back = False
        if self.name:  # free ports are looked for before they are taken, so each worker looks elsewhere
            number, count = int(self.name.removeprefix("gw")), int(given["workercount"])
            ports.RANGE = _slice(ports.RANGE, number % count, count)

    def step_back(self, nodeid: str) -> None:
        """Let whole systems have the processors first: how long they take to start is measured."""
        if self.name and not self._stepped_back and not nodeid.startswith(_OWN_SERVERS):
            os.nice(_BACK)
            self._stepped_back = True

    def settings(self, make: Callable[[str], Path]) -> Settings:
        """Settings of the stack: the crew's, or those of one in a new folder that `make` makes under a name."""
        if self._stack is None:
            return free_settings(make("stack"))
        folder, first = self._stack
        return settings(Path(folder), first, self.name)

    def stack(self, settings: Settings) -> EmbeddedStack:
        """The stack on those settings, not yet up."""
        return EmbeddedStack(settings, Console()) if self._stack is None else Guest(settings)


def _slice(whole: range, number: int, count: int) -> range:
    """The part `number` of `count` equal parts, but for the first, which the servers of all have their ports from."""
    each = len(whole) // (count + 1)
    return whole[(number + 1) * each : (number + 2) * each]
