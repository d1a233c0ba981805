"""Keeping parts alive: one that died or got stuck is started again, ever more patiently if it keeps failing."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from runtime.console import Console
from runtime.faults import SetupError
from runtime.process import Child

TICK_SECONDS = 0.5
CHECK_SECONDS = 5.0
STUCK_SECONDS = 45.0
"""A part that runs but has not answered for so long is stopped and started again."""

_FIRST_DELAY, _LONGEST_DELAY, _SETTLED_SECONDS = 0.5, 30.0, 60.0


class Part(Protocol):
    """A server that can be watched."""

    child: Child

    def restart(self) -> None:
        """Start it again after it died; an early part returns when it answers."""

    def answers(self) -> bool:
        """Return whether it does its work now."""

    def stop(self) -> None:
        """Stop it."""


class Program:
    """A part of our own: a process, and how to ask whether it works."""

    def __init__(self, child: Child, healthy: Callable[[], bool] = lambda: True) -> None:
        self.child = child
        self._healthy = healthy

    def restart(self) -> None:
        """Start the process."""
        self.child.start()

    def answers(self) -> bool:
        """Return what the process says of itself."""
        return self._healthy()

    def stop(self) -> None:
        """Stop the process."""
        self.child.stop()


@dataclass(slots=True)
class _Watched:
    part: Part
    started: float
    answered: float
    delay: float = _FIRST_DELAY
    not_before: float = 0.0
    noticed: bool = False


class Watch:
    """Looks after parts in their order, so what others stand on is restarted first."""

    def __init__(self, parts: Sequence[Part], console: Console, stuck_seconds: float = STUCK_SECONDS) -> None:
        now = time.monotonic()
        self._watched = [_Watched(part, now, now) for part in parts]
        self._console = console
        self._stuck_seconds = stuck_seconds
        self._next_check = now + CHECK_SECONDS

    def look(self) -> None:
        """Look once at every part and start again what needs it; call every `TICK_SECONDS`."""
        check = time.monotonic() >= self._next_check
        for watched in self._watched:
            if not watched.part.child.running:
                self._revive(watched)
            elif check:
                self._ask(watched)
        if check:
            self._next_check = time.monotonic() + CHECK_SECONDS

    def _ask(self, watched: _Watched) -> None:
        child = watched.part.child
        if watched.part.answers():
            watched.answered = time.monotonic()
            if watched.answered - watched.started > _SETTLED_SECONDS:
                watched.delay = _FIRST_DELAY
        elif time.monotonic() - max(watched.answered, watched.started) > self._stuck_seconds:
            self._console.say(
                f"{child.name} 在运行但 {self._stuck_seconds:.0f} 秒没有应答, 重新启动",
                f"{child.name} runs but has not answered for {self._stuck_seconds:.0f} s; it is started again",
            )
            child.stop()
            self._revive(watched)

    def _revive(self, watched: _Watched) -> None:
        child, now = watched.part.child, time.monotonic()
        if not watched.noticed:
            watched.noticed = True
            if now - watched.started > _SETTLED_SECONDS:
                watched.delay = _FIRST_DELAY
            watched.not_before = now + (watched.delay if watched.delay > _FIRST_DELAY else 0.0)
            self._console.say(
                f"{child.name} 已退出 (代码 {child.exit_code}), 将重新启动",
                f"{child.name} ended (code {child.exit_code}) and will be started again",
            )
        if now < watched.not_before:
            return
        watched.delay = min(watched.delay * 2, _LONGEST_DELAY)
        try:
            watched.part.restart()
        except SetupError as error:
            child.stop()
            watched.not_before = time.monotonic() + watched.delay
            self._console.line(str(error))
            return
        watched.noticed = False
        watched.started = watched.answered = time.monotonic()
        self._console.say(f"{child.name} 已重新启动", f"{child.name} was started again")
