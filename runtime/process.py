"""One child process that cannot outlive us: how every server is started and stopped.

On Linux the kernel itself signals the child when its parent dies (PR_SET_PDEATHSIG), so even a killed supervisor
leaves nothing behind. The kernel watches the *thread* that started the child: start children from a lasting one.
"""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from runtime.faults import SetupError

_PR_SET_PDEATHSIG = 1
_LOG_BYTES = 50 * 1024**2  # beyond this a new log is begun at the next start, the old one kept once
_TELLING = re.compile(r"FATAL|PANIC|\b[Ee]rror\b|\bfatal\b|[A-Za-z]+Error:")
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def bind_to_parent(sig: signal.Signals, before: Callable[[], None] | None = None) -> Callable[[], None]:
    """Return what a child runs between fork and exec so that it gets `sig` when its parent dies.

    `before` runs first: it may change the user, which would undo the binding if it came later.
    """
    parent = os.getpid()

    def prepare() -> None:
        if before is not None:
            before()
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
            if os.getppid() != parent:  # it died before the binding was made
                os._exit(1)

    return prepare


class Child:
    """A server process with a log file, stopped by the signal that it takes as a polite request."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_seconds: float = 20.0,
        become: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self.env = dict(env) if env is not None else None
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.stop_seconds = stop_seconds
        self._become = become
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: int | None = None
        self._note = log.with_suffix(".pid")

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs, else None."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Return whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Return how it ended (negative: by that signal), None while it runs or was never started."""
        return self._process.poll() if self._process is not None else self._ended

    def end_orphan(self) -> None:
        """End the same server if an instance of ours that was killed has left it running, or still ending."""
        try:
            pid, born = self._note.read_text().split()
            orphan = psutil.Process(int(pid))
            if abs(orphan.create_time() - float(born)) > 0.5:  # the number belongs to somebody else by now
                return
            orphan.send_signal(self.stop_signal)
            try:
                orphan.wait(self.stop_seconds)
            except psutil.TimeoutExpired:
                orphan.kill()
                orphan.wait(10)
        except (FileNotFoundError, ValueError, psutil.Error):
            return
        finally:
            self._note.unlink(missing_ok=True)

    def start(self) -> None:
        """Start the process; its output is appended to the log.

        Raises:
            SetupError: the program cannot be started.
        """
        self.sweep()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        with self.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self.env,
                    cwd=self.cwd,
                    start_new_session=True,  # Ctrl-C reaches us alone; we stop children in order
                    preexec_fn=bind_to_parent(self.stop_signal, self._become),
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise SetupError(
                    f"无法启动 {self.name} ({self.argv[0]}): {error}; 请检查该文件是否存在且可执行",
                    f"cannot start {self.name} ({self.argv[0]}): {error}; check that the file exists and may be run",
                ) from None
        with contextlib.suppress(psutil.Error):  # it may have ended already, which the caller will notice
            born = psutil.Process(self._process.pid).create_time()
            self._note.write_text(f"{self._process.pid} {born}")

    def stop(self) -> None:
        """Ask the process to end, wait, and kill it with its group if it does not listen."""
        if self._process is None:
            return
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.sweep()

    def sweep(self) -> None:
        """Kill what a dead process left in its group, such as the processes of a multi-process API."""
        if self._process is not None and self._process.poll() is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._note.unlink(missing_ok=True)
            self._ended, self._process = self._process.returncode, None  # its number may belong to others from now on

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return once `ready()` says so.

        Raises:
            SetupError: the process died, or it was not ready in time; the line quotes the end of its log.
        """
        end = time.monotonic() + seconds
        while True:
            if not self.running:
                raise SetupError(
                    f"{self.name} 启动后退出 (代码 {self.exit_code}): {self.last_words()}; 详见 {self.log}",
                    f"{self.name} ended at start (code {self.exit_code}): {self.last_words()}; see {self.log}",
                )
            if ready():
                return
            if time.monotonic() > end:
                raise SetupError(
                    f"{self.name} 在 {seconds:.0f} 秒内未就绪: {self.last_words()}; 详见 {self.log}",
                    f"{self.name} was not ready within {seconds:.0f} s: {self.last_words()}; see {self.log}",
                )
            time.sleep(0.05)

    def last_words(self) -> str:
        """Return the last line of the log that tells of a failure, else simply the last, shortened."""
        try:
            with self.log.open("rb") as log:
                log.seek(0, os.SEEK_END)
                log.seek(max(0, log.tell() - 4096))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        telling = [line for line in lines if _TELLING.search(line)]
        return (telling or lines or [""])[-1][-300:]
