"""One conversation with a mail server, cut so that it is always known whether a message can have arrived.

smtplib's own `send_message` cannot tell a line that broke before the message was whole from one that broke before the
answer; here the message's last line, after which the server may take it, is sent by itself.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_OK = 250
_GO_ON = 354
_END = b".\r\n"
_LEADING_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes and whom it is from; `timeout` is in seconds, for each answer of the server."""

    host: str
    port: int
    sender: str
    timeout: float = 10.0


class Away(Exception):  # noqa: N818 - these three name what happened
    """The server cannot be reached, or does not greet."""


class Refused(Exception):  # noqa: N818
    """The message certainly did not arrive: the server said no, or never got the whole of it."""


class Unknown(Exception):  # noqa: N818
    """The server had the whole message and nobody heard its answer."""


class Line:
    """A connection to the server, opened when it is needed and again after it broke."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def send(self, recipients: Sequence[str], message: bytes, before: Callable[[], bool]) -> str | None:
        """Send one message (CRLF lines) and return the server's receipt.

        `before` is called when the server has accepted sender and recipients, just before it gets the message; when it
        says False nothing is sent and None returned.

        Raises:
            Away: there is no connection to be had; nothing was sent.
            Refused: it did not arrive.
            Unknown: it may have arrived.
        """
        smtp = self.open()
        try:
            accepted = self._envelope(smtp, recipients)
            if not before():
                smtp.rset()
                return None
            self._expect(smtp.docmd("data"), _GO_ON)
            smtp.send(_LEADING_DOT.sub(b"..", message))
        except (OSError, smtplib.SMTPException) as error:
            self._reset(error)
            raise Refused(_why(error)) from error
        try:
            smtp.send(_END)
            answer = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            raise Unknown(f"no answer after the whole message: {_why(error)}") from error
        if answer[0] != _OK:
            raise Refused(_said(answer))
        return _said(answer) + accepted

    def open(self) -> smtplib.SMTP:
        """The connection; raises Away."""
        if self._smtp is None:
            server = self._server
            try:
                smtp = smtplib.SMTP(
                    server.host,
                    server.port,
                    local_hostname=server.sender.rpartition("@")[2],
                    timeout=server.timeout,
                )
                smtp.ehlo_or_helo_if_needed()
            except (OSError, smtplib.SMTPException) as error:
                raise Away(_why(error)) from error
            self._smtp = smtp
        return self._smtp

    def close(self) -> None:
        """Take leave of the server."""
        if self._smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self.hang_up()

    def hang_up(self) -> None:
        """Drop the connection."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _envelope(self, smtp: smtplib.SMTP, recipients: Sequence[str]) -> str:
        """Name sender and recipients; what to add to the receipt when some of several were refused."""
        self._expect(smtp.mail(self._server.sender), _OK)
        refused = []
        for recipient in recipients:
            answer = smtp.rcpt(recipient)
            if answer[0] not in (_OK, 251):
                refused.append(f"{recipient}: {_said(answer)}")
        if len(refused) == len(recipients):
            raise smtplib.SMTPException("; ".join(refused) or "no recipient")
        return f" (refused for {'; '.join(refused)})" if refused else ""

    def _expect(self, answer: tuple[int, bytes], wanted: int) -> None:
        if answer[0] != wanted:
            raise smtplib.SMTPException(_said(answer))

    def _reset(self, error: Exception) -> None:
        """After a refusal the line is used again; after anything else it is dropped."""
        if isinstance(error, smtplib.SMTPServerDisconnected) or not isinstance(error, smtplib.SMTPException):
            self.hang_up()
            return
        try:
            self.open().rset()
        except (OSError, smtplib.SMTPException, Away):
            self.hang_up()


def _said(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {answer[1].decode(errors='replace')}"


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
