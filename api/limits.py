"""How often somebody may ask: one table of rules, each counted by address or by identity in a moving window.

The counts are kept in this process; with several API processes each counts for itself. An identity is counted by the
hash of what proves it, never by the proof. IPv6 addresses are counted by their /64, which is one customer's line.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import Problem
from api.origin import PROBES
from identity.sessions import COOKIE
from runtime.settings import Settings


class By(StrEnum):
    """What is counted."""

    ADDRESS = "address"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Rule:
    """How often paths that match may be asked for; '' matches all. Every window holds."""

    name: str
    by: By
    paths: str
    windows: tuple[RateLimitItem, ...]
    methods: tuple[str, ...] = ()

    def matches(self, method: str, path: str) -> bool:
        """True for a request that counts."""
        return (not self.methods or method in self.methods) and re.match(self.paths, path) is not None


STRICT = (
    Rule("log-in", By.ADDRESS, r"/v1/login(/|$)", (RateLimitItemPerMinute(60), RateLimitItemPerHour(600)), ("POST",)),
    Rule("log-in", By.ADDRESS, r"/v1/oidc/", (RateLimitItemPerMinute(60), RateLimitItemPerHour(600))),
    Rule("tracking", By.ADDRESS, r"/v1/track", (RateLimitItemPerMinute(60), RateLimitItemPerHour(600))),
    Rule("documents", By.IDENTITY, r"/v1/orders/[^/]+/files$", (RateLimitItemPerMinute(60),), ("POST",)),
    Rule("exports", By.IDENTITY, r"/v1/orders\.(csv|xlsx)$", (RateLimitItemPerMinute(20),)),
)
"""What invites guessing, or costs much."""


def rules(settings: Settings) -> tuple[Rule, ...]:
    """Every rule of this installation; with `rate_per_address` 0 nothing is counted by address, and so on."""
    general = {By.ADDRESS: settings.rate_per_address, By.IDENTITY: settings.rate_per_identity}
    found = [Rule("requests", by, "", (RateLimitItemPerMinute(most),)) for by, most in general.items() if most]
    return (*found, *(rule for rule in STRICT if general[rule.by]))


class RateLimits:
    """ASGI middleware: answers 429 with Retry-After to whoever asks too often."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._rules = rules(settings)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and scope["path"] not in PROBES:
            problem = self._objection(scope)
            if problem is not None:
                await problem.response(scope["path"])(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _objection(self, scope: Scope) -> Problem | None:
        who = {By.ADDRESS: line(scope), By.IDENTITY: fingerprint(Headers(scope=scope))}
        for rule in self._rules:
            counted = who[rule.by]
            if not counted or not rule.matches(scope["method"], scope["path"]):
                continue
            for window in rule.windows:
                if not self._limiter.hit(window, rule.name, rule.by, counted):
                    free = self._limiter.get_window_stats(window, rule.name, rule.by, counted).reset_time
                    return _too_many(rule, window, max(1, ceil(free - time.time())))
        return None


def _too_many(rule: Rule, window: RateLimitItem, seconds: int) -> Problem:
    return Problem(
        "too_many_requests",
        f"More than {window.amount} {rule.name} in {window.get_expiry()} s of one {rule.by}.",
        remedy=f"Ask again after {seconds} s, with the same key.",
        retry_after=seconds,
    )


def line(scope: Scope) -> str:
    """The caller's address, of IPv6 the network of his line."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return host


def fingerprint(headers: Headers) -> str:
    """The hash of what proves who asks, a token or a session's cookie; '' when nothing does."""
    proof = headers.get("authorization") or cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    return hashlib.blake2b(proof.encode(), digest_size=16).hexdigest() if proof else ""
