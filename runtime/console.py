"""What a person at the terminal sees while things take long: bilingual lines and one moving line of progress."""

import sys
import time
from typing import TextIO


class Console:
    """Prints lines, and progress that overwrites itself on a terminal and is sparse in a log."""

    def __init__(self, stream: TextIO | None = None, quiet_seconds: float = 15.0) -> None:
        self._stream = stream or sys.stdout
        self._moving = False
        self._quiet_seconds = quiet_seconds
        self._last = 0.0

    def say(self, zh: str, en: str) -> None:
        """Print one line."""
        self._settle()
        print(f"{zh} · {en}", file=self._stream, flush=True)

    def line(self, text: str = "") -> None:
        """Print one line that needs no translation."""
        self._settle()
        print(text, file=self._stream, flush=True)

    def progress(self, zh: str, en: str) -> None:
        """Show how far something is; call as often as you like."""
        now = time.monotonic()
        if self._stream.isatty():
            if now - self._last >= 0.2:
                self._last = now
                self._moving = True
                print(f"\r\x1b[2K{zh} · {en}", end="", file=self._stream, flush=True)
        elif now - self._last >= self._quiet_seconds:
            self._last = now
            print(f"{zh} · {en}", file=self._stream, flush=True)

    def _settle(self) -> None:
        if self._moving:
            print(file=self._stream)
            self._moving = False
