"""The module's own database with the demo organisation, and a mail server that does what a test wants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from activities.notices import MailServer, Postman
from runtime import keyring, ports
from store import demo
from store.session import EVERYWHERE, make_engine, sessions
from store.tables import notices as t
from tests.conftest import Database
from vault.rack import Rack


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    """What makes sessions of the application's role, over the demo organisation."""
    demo.load(database.owner_url)
    engine: Engine = make_engine(database.app_url, pool_size=8, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def rack(made: sessionmaker[Session], tmp_path_factory: pytest.TempPathFactory) -> Rack:
    """The customers' keys, with an installation's key of the module's own."""
    return Rack(made, keyring.ensure(tmp_path_factory.mktemp("keys") / "keys.json"))


@dataclass(frozen=True)
class Someone:
    """A reader of an inbox: a person by `id`, or a customer by his id in the vault."""

    id: str
    customer: str = ""
    order_id: str = ""


def notices_of(session: Session, order_id: str) -> list[dict[str, Any]]:
    """Every notice of an order on every channel, oldest first."""
    found = select(t).where(t.c.order_id == order_id).order_by(t.c.seq, t.c.id)
    return [dict(row) for row in session.execute(found).mappings()]


@dataclass
class Mailbox:
    """What a real SMTP server took; `answers` are given to the next messages instead of taking them."""

    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 no such box"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(cast("EmailMessage", message_from_bytes(envelope.content, policy=default)))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"


@dataclass
class PostOffice:
    """A mail server on a free port, with its box and a postman that goes to it."""

    box: Mailbox
    server: MailServer
    postman: Postman


@pytest.fixture
def office(made: sessionmaker[Session], rack: Rack) -> Iterator[PostOffice]:
    box = Mailbox()
    port = ports.free_run(1)
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    server = MailServer("127.0.0.1", port, "whistle@example.invalid", timeout=2.0)
    yield PostOffice(box, server, Postman(made, server, rack))
    controller.stop()


class RudeServer:
    """Takes a call and is rude: says nothing at all, or hangs up before it got the message, or without an answer."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.conversations = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.server = MailServer("127.0.0.1", self._socket.getsockname()[1], "whistle@example.invalid", timeout=1.0)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self.conversations += 1
            with line, line.makefile("rb") as said:
                self._converse(line, said)

    def _converse(self, line: socket.socket, said: Any) -> None:
        if self.at == "greeting":
            said.read()
            return
        line.sendall(b"220 rude\r\n")
        for words in said:
            verb = words[:4].upper()
            if verb == b"DATA":
                if self.at == "data":
                    return
                line.sendall(b"354 go on\r\n")
                for text in said:
                    if text == b".\r\n":
                        return
            line.sendall(b"250 fine\r\n")
