"""What every request passes before it reaches a route: bounds on number, size and media type, and the last net."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, unexpected

log = logging.getLogger(__name__)

MAX_IN_FLIGHT = 256
"""Requests that one process works on at once; the engine and the database queue long before."""
MAX_BODY = 256 * 1024
"""Bytes of a request's body; the longest command is far below."""

PROBES = ("/livez", "/readyz")
"""Answered however busy the process is, and to anybody."""


class Bounds:
    """ASGI middleware: refuses what is too much, too large or not JSON, and turns a stray error into a problem."""

    def __init__(self, app: ASGIApp, max_in_flight: int = MAX_IN_FLIGHT, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._max_in_flight = max_in_flight
        self._max_body = max_body
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in PROBES:
            await self._guarded(scope, receive, send)
            return
        problem = self._objection(scope)
        if problem is not None:
            await problem.response(scope["path"])(scope, receive, send)
            return
        self._in_flight += 1
        try:
            await self._guarded(scope, receive, send)
        finally:
            self._in_flight -= 1

    def _objection(self, scope: Scope) -> Problem | None:
        if self._in_flight >= self._max_in_flight:
            return Problem(
                "too_many_requests",
                f"{self._in_flight} requests are being worked on.",
                remedy="Ask again after the given seconds, with the same key.",
                retry_after=1,
            )
        if b"%00" in scope["query_string"] or "\0" in scope["path"]:
            return Problem("malformed_request", "The address contains the character NUL.", remedy="Leave it out.")
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            return None
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._max_body:
            return self._too_large()
        has_body = length not in ("", "0") or "transfer-encoding" in headers
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if has_body and media_type != "application/json":
            return Problem(
                "unsupported_media_type",
                f"The body is {media_type or 'of no named type'}.",
                remedy="Send JSON with Content-Type: application/json.",
            )
        return None

    def _too_large(self) -> Problem:
        return Problem(
            "too_large", f"The body is larger than {self._max_body} bytes.", remedy="Attach documents by hash."
        )

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body:
                raise self._too_large()
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        response: Response
        try:
            await self._app(scope, counted, watched)
            return
        except ClientDisconnect:  # he hung up before the request was whole: nothing was begun, nobody is to be told
            return
        except Problem as problem:
            response = problem.response(scope["path"])
        except Exception as error:
            response = unexpected(scope["path"], error).response(scope["path"])
        if not started:
            await response(scope, receive, send)
