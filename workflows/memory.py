"""The window of commands already done, by which a repeated one is known and answered again.

The engine tells repeated updates apart within one run only; this window travels into the next. It is bounded: a
command older than the window is answered by the API from its own keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from contracts.messages import Remembered, encode
from contracts.options import COMMAND_WINDOW
from domain.commands import Command
from domain.errors import CommandReused


def fingerprint(command: Command) -> str:
    """The SHA-256 (hex) over verb, actor, body and reason: two commands with the same one ask for the same."""
    content = encode((command.verb, command.actor, command.body, command.reason))
    return hashlib.sha256(content).hexdigest()


class Memory:
    """The last `COMMAND_WINDOW` commands by id, oldest first."""

    def __init__(self, window: Mapping[str, Remembered]) -> None:
        self._window = dict(window)

    @property
    def window(self) -> dict[str, Remembered]:
        """The window as it travels to the next run."""
        return dict(self._window)

    def recall(self, command_id: str, mark: str) -> Remembered | None:
        """What the command brought, if it was done before; raises CommandReused when its content was another."""
        done = self._window.get(command_id)
        if done is not None and done.fingerprint != mark:
            raise CommandReused(
                "this command id was used before for another command",
                field="id",
                remedy="use a new id for a new command",
            )
        return done

    def keep(self, command_id: str, done: Remembered) -> None:
        """Remember a command, and forget the oldest beyond the window."""
        self._window[command_id] = done
        while len(self._window) > COMMAND_WINDOW:
            del self._window[next(iter(self._window))]
