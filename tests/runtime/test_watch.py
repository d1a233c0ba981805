"""A part that died or got stuck is started again; a part that keeps failing is given time."""

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime import ports, watch
from runtime.console import Console
from runtime.process import Child
from runtime.stack import EmbeddedStack
from runtime.watch import Program, Watch
from tests.support.crew import free_settings


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Program]:
    """A real little server that serves an empty folder."""
    port = ports.free_run(1)
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    child = Child("little server", command, log=tmp_path / "server.log", cwd=tmp_path / "empty")
    program = Program(child, lambda: ports.is_listening(port))
    program.restart()
    child.wait_until(program.answers, 20)
    yield program
    program.stop()


def _until(condition: Callable[[], bool], look: Callable[[], None], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        look()
        time.sleep(0.05)


def test_a_killed_part_is_started_again(server: Program) -> None:
    heard = io.StringIO()
    watching = Watch([server], Console(heard))
    first = server.child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    _until(lambda: server.child.running and server.child.pid != first, watching.look)
    server.child.wait_until(server.answers, 20)
    assert "little server ended (code -9) and will be started again" in heard.getvalue()


def test_a_stuck_part_is_started_again(server: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0.05)
    program = Program(server.child, lambda: False)
    watching = Watch([program], Console(io.StringIO()), stuck_seconds=0.5)
    first = server.child.pid
    _until(lambda: server.child.running and server.child.pid != first, watching.look)


def test_a_part_that_keeps_failing_is_tried_ever_more_seldom(tmp_path: Path) -> None:
    heard = io.StringIO()
    child = Child("hopeless", [sys.executable, "-c", "raise SystemExit(3)"], log=tmp_path / "log")
    program = Program(child)
    program.restart()
    watching = Watch([program], Console(heard))
    end = time.monotonic() + 4
    while time.monotonic() < end:
        watching.look()
        time.sleep(0.02)
    assert 2 <= heard.getvalue().count("was started again") <= 4


def test_a_part_that_does_not_listen_is_killed_in_the_end(tmp_path: Path) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(99)"
    )
    child = Child("deaf", [sys.executable, "-c", program], log=tmp_path / "log", stop_seconds=0.5)
    child.start()
    child.wait_until(lambda: "deaf" in (tmp_path / "log").read_text(), 20)
    child.stop()
    assert child.exit_code == -signal.SIGKILL


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[EmbeddedStack]:
    """Servers that may be killed, for no other test uses them."""
    with EmbeddedStack(free_settings(tmp_path), Console()) as running:
        yield running


def test_postgresql_and_temporal_come_back_after_being_killed(stack: EmbeddedStack) -> None:
    assert stack.postgres is not None
    assert stack.temporal is not None
    watching = Watch([stack.postgres, stack.temporal], Console())
    for part in (stack.postgres, stack.temporal):
        pid = part.child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _until(lambda: not part.child.running, lambda: None)  # noqa: B023  # called at once
        if part is stack.postgres:
            assert not stack.temporal.answers()
        _until(stack.postgres.answers, watching.look, 60)
        _until(stack.temporal.answers, watching.look, 60)
