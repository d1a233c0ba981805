"""A whole system of its own, as a person starts it: `up` as a child process, whose parts can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from runtime import keyring, ports
from runtime.folder import DataFolder
from runtime.keyring import Keyring
from runtime.postgres import DATABASE, OWNER
from runtime.process import bind_to_parent
from runtime.settings import PROJECT, Settings, load
from runtime.temporal import PORT_COUNT
from store import demo, policies
from store.session import EVERYWHERE, make_engine, sessions

PARTS = {"worker": "worker-1", "API": "api", "Temporal": "temporal", "PostgreSQL": "postgres"}
"""What can be killed, and the name of its log."""

HASTY = "NX"
"""The province whose limits are seconds long, so that time's own events fall into the kills too."""

_HASTY_LIMITS = {
    "sign": "0.1min",
    "contact": "0.2min",
    "due": "0.5min",
    "whistle_sign": "0.05min",
    "whistle_contact": "0.1min",
    "whistle_report_in": "0.2min",
    "reopen": "0.05min",
}
_PROGRAM = "import sys; from runtime.settings import load; from runtime.supervisor import up; sys.exit(up(load()))"


def free_settings(folder: Path, mail_port: int) -> Settings:
    """Settings of a system on free ports and that folder, whose mail goes to that port."""
    first = ports.free_run(PORT_COUNT + 4)
    return load(
        data_dir=folder,
        temporal_port=first,
        postgres_port=first + PORT_COUNT,
        api_port=first + PORT_COUNT + 1,
        witness_port=first + PORT_COUNT + 2,
        ui_enabled=False,
        worker_count=1,
        api_workers=1,
        smtp_host="127.0.0.1",
        smtp_port=mail_port,
    )


def hasty_policy() -> dict[str, Any]:
    """The default policy with limits of seconds in one province, and call-backs that follow one another quickly."""
    document = demo.document("policy")
    document["version"] += "-hasty"
    document["provinces"] = {**document.get("provinces", {}), HASTY: {"limits": {"*": _HASTY_LIMITS}}}
    document["calling"] |= {"days": 1, "gap": "0.02min", "rating_window": "0.1min", "holidays": True}
    return document


class System:
    """One `whistle up` and its parts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-c", _PROGRAM],
            cwd=PROJECT,
            env={**os.environ, **settings.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=bind_to_parent(signal.SIGTERM),  # a killed test leaves nothing running
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.append(line.rstrip())

    @property
    def said(self) -> str:
        """What the supervisor has printed so far."""
        return "\n".join(self._said)

    def wait_until_up(self, seconds: float = 240.0) -> None:
        """Return once the supervisor says so; raises RuntimeError with its words."""
        end = time.monotonic() + seconds
        while "to stop: Ctrl-C" not in self.said:
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"the system did not come up:\n{self.said}")
            time.sleep(0.1)

    def pid(self, part: str) -> int:
        """The process id of a part, 0 while it is being started again."""
        try:
            return int((self.settings.logs / f"{PARTS[part]}.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return 0

    def kill(self, parts: Sequence[str]) -> dict[str, int]:
        """Send kill -9 to these parts at once; the process ids that died."""
        pids = {part: self.pid(part) for part in parts}
        if not all(pids.values()):
            raise RuntimeError(f"not all of these run: {pids}")
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        return pids

    def is_ready(self) -> bool:
        """Whether the API says that database and engine answer."""
        try:
            with urllib.request.urlopen(f"{self.settings.api_url}/readyz", timeout=3) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def log(self, part: str) -> str:
        """All that a part has logged."""
        return (self.settings.logs / f"{PARTS[part]}.log").read_text(errors="replace")

    def engine(self) -> Engine:
        """Connections to the database as its owner; the caller disposes of them."""
        password = DataFolder(self.settings.data_dir).passwords().owner
        return make_engine(
            f"postgresql+psycopg2://{OWNER}:{password}@127.0.0.1:{self.settings.postgres_port}/{DATABASE}",
            2,
            sight=EVERYWHERE,
        )

    def keyring(self) -> Keyring:
        """The secret keys of the installation."""
        return keyring.load(self.settings.keyring_path)

    def stop(self) -> int:
        """Ask it to end, wait; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(90)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join(10)
        return code


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[System]:
    """A system that is up, under the hasty policy; stopped afterwards, whatever happens."""
    system = System(settings)
    try:
        system.wait_until_up()
        engine = system.engine()
        document = hasty_policy()
        with sessions(engine).begin() as session:
            policies.publish(session, document["version"], document)
        engine.dispose()
        yield system
    finally:
        system.stop()
