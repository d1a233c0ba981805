"""A real mail server in this process that keeps what it takes."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from runtime import ports


class Mailbox:
    """What has arrived.

    Attributes:
        messages: how often each Message-ID was accepted.
        notices: how often a letter of each notice was accepted, by the notice's id.
    """

    def __init__(self) -> None:
        self.messages: Counter[str] = Counter()
        self.notices: Counter[str] = Counter()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Accept a letter."""
        content = envelope.content
        letter = message_from_bytes(content if isinstance(content, bytes) else (content or "").encode())
        self.messages[str(letter["Message-ID"])] += 1
        self.notices[str(letter["X-Whistle-Notice"])] += 1
        return "250 kept"


@contextlib.contextmanager
def receiving() -> Iterator[tuple[Mailbox, int]]:
    """A mailbox and the port on loopback where it takes mail."""
    box, port = Mailbox(), ports.free_run(1)
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()
