"""Where a request comes from and whom it asks for: the address behind trusted proxies, and the Host.

An address that a proxy forwards is believed only from the proxies of the setting `trusted_proxies`, from right to left
until one that is no such proxy; so nobody chooses under whose address he is counted. A Host that is not ours is
refused: neither links nor log-ins are ever made for a name that somebody else picked.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import Problem
from runtime.networks import Address, Hosts, as_address, hosts
from runtime.settings import Settings

PROBES = ("/livez", "/readyz")
"""Answered however busy the process is, to anybody and under any name."""

_LOOPBACK = "localhost, 127.0.0.0/8, ::1"
_HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?")


def served(settings: Settings) -> Hosts:
    """The names under which this installation answers."""
    own = [_LOOPBACK, settings.allowed_hosts, urlsplit(settings.public_url).hostname or ""]
    if settings.api_host not in ("0.0.0.0", "::"):  # nosec B104  # looks, binds nothing
        own.append(settings.api_host)
    return hosts(",".join(own))


class Origin:
    """ASGI middleware: puts the caller's own address and scheme into the scope, and refuses a Host that is not ours."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._served = served(settings)
        self._proxies = hosts(settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        self._believe(scope, headers)
        problem = None if scope["path"] in PROBES else self._objection(headers.getlist("host"))
        if problem is not None:
            await problem.response(scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope, headers: Headers) -> None:
        peer, port = scope.get("client") or ("", 0)
        if not self._trusts(as_address(peer)):
            return
        forwarded = ",".join(headers.getlist("x-forwarded-for")).split(",")
        found = as_address(peer)
        while forwarded and self._trusts(found):
            named = as_address(forwarded.pop().strip())
            if named is None:
                break
            found = named
        scope["client"] = (str(found), port)
        scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        if scheme in ("http", "https"):
            scope["scheme"] = scheme

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and self._proxies.has(address)

    def _objection(self, named: list[str]) -> Problem | None:
        found = _HOST.fullmatch(named[0]) if len(named) == 1 else None
        if found is None:
            return Problem(
                "malformed_request", "The request names no host, or not one alone.", field="Host", remedy="Name one."
            )
        host = (found[1] or found[2]).lower().rstrip(".")
        if self._served.names_host(host):
            return None
        return Problem(
            "misdirected",
            f"Nothing is served here under the name {host[:100]}.",
            field="Host",
            remedy="Use the installation's public address; the operator may add names with WHISTLE_ALLOWED_HOSTS.",
        )
