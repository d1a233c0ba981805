"""What every request passes before it reaches a route: bounds on number, size and form, and the last net."""

from __future__ import annotations

import logging
import re
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import bodies
from api.arrivals import Arrivals
from api.errors import Problem, unexpected
from api.lines import line
from api.origin import PROBES
from vault.seal import MARK

log = logging.getLogger(__name__)

MAX_IN_FLIGHT = 256
"""Requests that one process works on at once, from when their body is whole; engine and database queue long before."""
MAX_BODY = 256 * 1024
"""Bytes of a request's body; the longest command is far below."""
MAX_ADDRESS = 8 * 1024
"""Bytes of path and query."""
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
"""Bytes of all headers, names and values."""

WITH_BODY, WITHOUT_BODY = ("POST", "PUT", "PATCH"), ("GET", "HEAD", "DELETE", "OPTIONS")
UPLOADS = re.compile(r"/(v1/orders|my)/[^/]+/files")
"""The paths to which documents are posted as they are; the route bounds and judges them itself."""
PAGES = re.compile(r"/(t|my)(/.*)?")
"""The customer's pages, whose forms come as browsers without script send them."""
STREAM = "/v1/stream"
"""What lasts, and is no work while it does; it has a bound of its own."""
LONG = (("PUT", "/v1/directory"),)
"""What takes a long JSON body; the route reads it once it knows who asks."""


class Bounds:
    """ASGI middleware: refuses what is too much, too large or not JSON, and turns a stray error into a problem."""

    def __init__(self, app: ASGIApp, max_in_flight: int = MAX_IN_FLIGHT, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._max_in_flight = max_in_flight
        self._max_body = max_body
        self._in_flight = 0
        self._arrivals = Arrivals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        response: Response
        try:
            await self._passed(scope, receive, watched)
            return
        except ClientDisconnect:  # he hung up before the request was whole: nothing was begun, nobody is to be told
            return
        except Problem as problem:
            response = problem.response(scope["path"])
            if problem.code == "too_slow":
                response.headers["Connection"] = "close"
        except Exception as error:
            response = unexpected(scope["path"], error).response(scope["path"])
        if not started:
            await response(scope, receive, send)

    async def _passed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raises Problem where it is not."""
        probe = scope["path"] in PROBES
        problem = None if probe else self._too_busy() or _odd_head(scope) or self._odd_body(scope)
        if problem is not None:
            raise problem
        whole = receive if _is_upload(scope) or _is_long(scope) else await self._whole(scope, receive)
        if probe:
            await self._app(scope, whole, send)
            return
        if scope["path"] == STREAM:
            await self._app(scope, whole, send)
            return
        problem = self._too_busy()
        if problem is not None:
            raise problem
        self._in_flight += 1
        try:
            await self._app(scope, whole, send)
        finally:
            self._in_flight -= 1

    def _too_busy(self) -> Problem | None:
        if self._in_flight < self._max_in_flight:
            return None
        return Problem(
            "too_many_requests",
            f"{self._in_flight} requests are being worked on.",
            remedy="Ask again after the given seconds, with the same key.",
            retry_after=1,
        )

    def _odd_body(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        has_body = length not in ("", "0") or "transfer-encoding" in headers
        if not has_body or _is_upload(scope):
            return None
        if scope["method"] not in WITH_BODY:
            if scope["method"] not in WITHOUT_BODY:
                return None  # nothing is offered under such a method, and the router says what is
            return Problem("malformed_request", f"{scope['method']} takes no body.", remedy="Leave the body out.")
        if length.isdigit() and int(length) > self._max_body and not _is_long(scope):
            return self._too_large()
        media_type, _, parameters = headers.get("content-type", "").partition(";")
        media_type = media_type.strip().lower()
        wanted = "application/x-www-form-urlencoded" if PAGES.fullmatch(scope["path"]) else "application/json"
        if media_type != wanted:
            return Problem(
                "unsupported_media_type",
                f"The body is {media_type[:100] or 'of no named type'}.",
                remedy=f"Send it with Content-Type: {wanted}.",
            )
        if parameters.strip() and re.sub(r"[\s\"]", "", parameters).lower() not in ("charset=utf-8", "charset=utf8"):
            return Problem(
                "unsupported_media_type", "The body is not said to be UTF-8.", remedy="Send UTF-8, and no charset else."
            )
        if headers.get("content-encoding", "identity").lower() != "identity":
            return Problem("unsupported_media_type", "The body is packed.", remedy="Send it as it is.")
        return None

    def _too_large(self) -> Problem:
        return Problem(
            "too_large",
            f"The body is larger than {self._max_body} bytes.",
            remedy="Documents go to /v1/orders/…/files.",
        )

    async def _whole(self, scope: Scope, receive: Receive) -> Receive:
        """What hands on the body in one piece, read and judged."""
        body = await self._arrivals.whole(receive, line(scope), self._max_body)
        if body is None:
            raise self._too_large()
        if body and not PAGES.fullmatch(scope["path"]):
            bodies.demand(body)
        pieces: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def handed_on() -> Message:
            return pieces.pop() if pieces else await receive()

        return handed_on


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and UPLOADS.fullmatch(scope["path"]) is not None


def _is_long(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) in LONG


def _sealed(given: bytes) -> bool:
    """Whether a seal's mark stands in it, written out or percent-encoded: repeated, it would be opened."""
    return MARK in given or (b"%" in given and MARK in unquote_to_bytes(given))


def _odd_head(scope: Scope) -> Problem | None:
    """The problem of an address or of headers that are too long, or that hold what no text holds."""
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_ADDRESS:
        return Problem("address_too_long", f"The address is longer than {MAX_ADDRESS} bytes.", remedy="Ask for less.")
    if b"%00" in scope["query_string"] or "\0" in scope["path"]:
        return Problem("malformed_request", "The address contains the character NUL.", remedy="Leave it out.")
    headers = scope["headers"]
    if any(_sealed(given) for given in (scope["path"].encode(), scope["query_string"], *(one for _, one in headers))):
        return Problem(
            "malformed_request",
            "The address or a header contains the mark of a sealed text.",
            remedy="Send what is meant itself; sealed texts are only ever given out.",
        )
    if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        return Problem(
            "headers_too_large",
            f"There are more than {MAX_HEADERS} headers, or more than {MAX_HEADER_BYTES} bytes of them.",
            remedy="Leave out what is not needed.",
        )
    return None
