"""`whistle up` as a person runs it: all parts come up, come back when killed, and leave nothing when asked to stop."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg2
import pytest

from runtime import instance, keyring, ports
from runtime.folder import DataFolder
from runtime.postgres import DATABASE, OWNER
from runtime.settings import PROJECT, Settings, load
from runtime.temporal import PORT_COUNT
from store import demo

_PROGRAM = "import sys; from runtime.settings import load; from runtime.supervisor import up; sys.exit(up(load()))"


class _Run:
    """One `whistle up` and what it says."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", _PROGRAM],
            cwd=PROJECT,
            env={**os.environ, **settings.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.append(line.rstrip())

    @property
    def said(self) -> str:
        return "\n".join(self._said)

    def wait_for(self, text: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < end, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.05)

    def pid_of(self, log: str) -> int:
        return int((self.settings.logs / f"{log}.pid").read_text().split()[0])

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.settings.api_url}/readyz", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait_until_ready(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not self.is_ready():
            assert time.monotonic() < end, self.said
            time.sleep(0.1)

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(90)
        self._reader.join(10)
        return code


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    first = ports.free_run(PORT_COUNT + 5)
    return load(
        data_dir=tmp_path_factory.mktemp("up"),
        temporal_port=first,
        postgres_port=first + PORT_COUNT,
        api_port=first + PORT_COUNT + 1,
        ui_port=first + PORT_COUNT + 2,
        witness_port=first + PORT_COUNT + 3,
    )


@pytest.fixture
def run(settings: Settings) -> Iterator[_Run]:
    running = _Run(settings)
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGTERM)


def _left_below(path: Path) -> list[int]:
    """Return the processes that name `path`, work below it, or carry it in their environment."""
    found = []
    for process in psutil.process_iter(["pid"]):
        try:
            facts = " ".join([*process.cmdline(), process.cwd(), *process.environ().values()])
        except psutil.Error:
            continue
        if str(path) in facts and process.pid != os.getpid():
            found.append(process.pid)
    return found


def _query(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    password = DataFolder(settings.data_dir).passwords().owner
    connection = psycopg2.connect(
        host="127.0.0.1", port=settings.postgres_port, user=OWNER, password=password, dbname=DATABASE
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def test_the_first_start_says_where_to_look_and_parts_come_back(run: _Run, settings: Settings) -> None:
    run.wait_for("to stop: Ctrl-C", 120)
    for role in {role for _, role, *_ in demo.LOGINS}:
        assert role in run.said.split()
    assert f"export WHISTLE_DATA_DIR={settings.data_dir}" in run.said
    found = instance.find(load(data_dir=settings.data_dir))
    assert found
    assert (found.pid, found.settings.api_url) == (run.process.pid, settings.api_url)
    assert f"{settings.api_url}/docs" in run.said
    assert run.is_ready()
    kek, _ = keyring.load(settings.keyring_path).kek()
    _query(settings, "create table kept_between_runs (value int, kek text)")
    _query(settings, f"insert into kept_between_runs values (42, '{kek}')")

    for log, name in (
        ("worker-1", "worker"),
        ("witness-2", "witness 2"),
        ("api", "API"),
        ("temporal", "Temporal"),
        ("postgres", "PostgreSQL"),
    ):
        os.kill(run.pid_of(log), signal.SIGKILL)
        run.wait_for(f"{name} was started again", 60)
    run.wait_until_ready()

    assert run.stop(signal.SIGINT) == 0
    assert "everything has stopped" in run.said
    assert instance.find(settings) is None
    assert _left_below(settings.data_dir) == []
    assert all(ports.is_free(settings.temporal_port + offset) for offset in range(PORT_COUNT + 5))


def test_the_second_start_finds_all_data(run: _Run, settings: Settings) -> None:
    run.wait_for("to stop: Ctrl-C", 60)
    kek, _ = keyring.load(settings.keyring_path).kek()
    assert _query(settings, "select value, kek from kept_between_runs") == [(42, kek)], "data and keys are the same"

    other = _Run(settings)
    assert other.process.wait(30) == 1
    assert f"in use by another instance (pid {run.process.pid})" in other.said
    assert "has stopped" not in other.said
    assert instance.find(settings) is not None
    assert run.stop(signal.SIGTERM) == 0
    assert _left_below(settings.data_dir) == []


def test_a_killed_supervisor_leaves_nothing_behind(run: _Run, settings: Settings) -> None:
    run.wait_for("to stop: Ctrl-C", 60)
    run.process.kill()
    run.process.wait()
    end = time.monotonic() + 40
    while (left := _left_below(settings.data_dir)) and time.monotonic() < end:
        time.sleep(0.2)
    assert left == []
