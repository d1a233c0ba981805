"""Servers outside that repeat whatever they are told: for mail, and for messages to phones."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from runtime import ports
from tests.privacy.plants import EMAIL, NAME_EN, mobile

DOMAIN = EMAIL.partition("@")[2]
"""Where the customers have their mail."""


@dataclass
class Echo:
    """A mail server that repeats addresses, names and numbers in what it says; the first letter to each is refused.

    Attributes:
        taken: the letters that were taken, each with its recipients.
        held: addresses whose letters are refused for as long as they are here.
    """

    taken: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    _met: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - its name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse what is held, and whoever comes first."""
        if address in self.held or (address.endswith(DOMAIN) and address not in self._met):
            self._met.add(address)
            return f"550 5.1.1 <{address}> {NAME_EN} ({mobile(42)}) has no mailbox here"
        envelope.rcpt_tos.append(address)
        return f"250 {address} is known"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Keep the letter."""
        content = envelope.content
        self.taken.append((tuple(envelope.rcpt_tos), content if isinstance(content, bytes) else b""))
        return f"250 2.0.0 queued for {', '.join(envelope.rcpt_tos)} as 7Q"


@contextlib.contextmanager
def mail() -> Iterator[tuple[Echo, int]]:
    """The mail server, and its port on loopback."""
    echo, port = Echo(), ports.free_run(1)
    controller = Controller(echo, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield echo, port
    finally:
        controller.stop()


@contextlib.contextmanager
def messages() -> Iterator[tuple[list[bytes], int]]:
    """A gateway for messages that repeats what it was sent and takes none; what was sent, and its port on loopback."""
    sent: list[bytes] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent.append(body)
            self.send_response(400)
            self.end_headers()
            self.wfile.write(b"not taken: " + body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield sent, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
