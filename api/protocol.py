"""The server's HTTP parser, which gives up on a head that does not end: `uvicorn --http api.protocol:Bounded`."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 64 * 1024
"""Bytes of address and headers after which nothing more is read; what the application allows is less, and told so."""
HEAD_SECONDS = 20.0
"""How long address and headers may take to arrive."""
ENDLESS = "whistle.endless"
"""Set in the scope of a request whose answer has no end of its own: when the server ends, it is not waited for."""


class Bounded(HttpToolsProtocol):
    """uvicorn's own parser, which by itself keeps as many headers as are sent, for as long as it takes."""

    _in_head = True
    _read = 0
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and count it as long as it is all head."""
        in_head = self._in_head
        super().data_received(data)
        if in_head and self._in_head:
            self._read += len(data)
            if self._read > MAX_HEAD and not self.transport.is_closing():
                self.send_400_response("The request's head is too large.")

    def shutdown(self) -> None:
        """End with the server: at once where the answer would go on for ever."""
        if self.cycle is not None and self.cycle.scope.get(ENDLESS):
            self.transport.close()
        super().shutdown()

    def on_message_begin(self) -> None:
        """Begin to count."""
        if not self._in_head:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self._end()
        super().on_headers_complete()

    def _begin(self) -> None:
        self._in_head, self._read = True, 0
        self._giving_up = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end(self) -> None:
        self._in_head = False
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
