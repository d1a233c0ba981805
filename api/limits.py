"""How often somebody may ask: one table of rules, each counted by address or by identity in a moving window.

The counts are kept in this process; with several API processes each counts for itself. An identity is counted by the
hash of what proves it, never by the proof. IPv6 addresses are counted by their /64, which is one customer's line.

A token or cookie that turned out to be nobody's is counted against its line too. Beyond that bound the line's unknown
ones are not looked up any more; those that have proved good go on, and so does a session that was just opened here.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.console import is_asset
from api.errors import Problem
from api.lines import line as line
from api.origin import PROBES
from identity.sessions import COOKIE
from runtime.settings import Settings


class By(StrEnum):
    """What is counted."""

    ADDRESS = "address"
    IDENTITY = "identity"
    UNPROVEN = "line"
    """The line of whoever sends a token or a cookie that is nobody's; only these count, and only they are bounded."""


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
    Rule("tokens that are nobody's", By.UNPROVEN, r"(?!/v1/(login|oidc|track))", (RateLimitItemPerMinute(60),)),
    Rule("tracking", By.ADDRESS, r"/v1/track", (RateLimitItemPerMinute(60), RateLimitItemPerHour(600))),
    Rule("tracking", By.ADDRESS, r"/t(/|$)", (RateLimitItemPerMinute(60), RateLimitItemPerHour(600)), ("POST",)),
    Rule("documents", By.IDENTITY, r"/(v1/orders|my)/[^/]+/files$", (RateLimitItemPerMinute(60),), ("POST",)),
    Rule("exports", By.IDENTITY, r"/v1/orders\.(csv|xlsx)$", (RateLimitItemPerMinute(20),)),
)
"""What invites guessing, or costs much."""

MOST_PROVEN = 10_000
"""Identities that are remembered as good, the latest."""


def rules(settings: Settings) -> tuple[Rule, ...]:
    """Every rule of this installation; with `rate_per_address` 0 nothing is counted by address, and so on."""
    general = {By.ADDRESS: settings.rate_per_address, By.IDENTITY: settings.rate_per_identity}
    found = [Rule("requests", by, "", (RateLimitItemPerMinute(most),)) for by, most in general.items() if most]
    return (*found, *(rule for rule in STRICT if {**general, By.UNPROVEN: settings.rate_per_address}[rule.by]))


class RateLimits:
    """ASGI middleware: answers 429 with Retry-After to whoever asks too often."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._rules = rules(settings)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._proven: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and scope["path"] not in PROBES and not is_asset(scope):
            proof = fingerprint(Headers(scope=scope))
            problem = self._objection(scope, proof)
            if problem is not None:
                await problem.response(scope["path"])(scope, receive, send)
                return
            send = self._watched(scope, proof, send)
        await self._app(scope, receive, send)

    def _watched(self, scope: Scope, proof: str, send: Send) -> Send:
        """What sends the answer on, and learns from it whether the proof was good."""

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                if scope.get("state", {}).get("asker") is not None:
                    self._remember(proof)
                elif message["status"] == 401 and proof:
                    self._proven.pop(proof, None)
                    self._count_unproven(scope)
                self._remember(opened(message))
            await send(message)

        return watched

    def _count_unproven(self, scope: Scope) -> None:
        for rule in self._rules:
            if rule.by is By.UNPROVEN and rule.matches(scope["method"], scope["path"]):
                for window in rule.windows:
                    self._limiter.hit(window, rule.name, rule.by, line(scope))

    def _remember(self, proof: str) -> None:
        if proof:
            self._proven[proof] = None
            self._proven.move_to_end(proof)
            if len(self._proven) > MOST_PROVEN:
                self._proven.popitem(last=False)

    def _objection(self, scope: Scope, proof: str) -> Problem | None:
        unproven = proof and proof not in self._proven
        who = {By.ADDRESS: line(scope), By.IDENTITY: proof, By.UNPROVEN: line(scope) if unproven else ""}
        for rule in self._rules:
            counted = who[rule.by]
            if not counted or not rule.matches(scope["method"], scope["path"]):
                continue
            hit = self._limiter.test if rule.by is By.UNPROVEN else self._limiter.hit
            for window in rule.windows:
                if not hit(window, rule.name, rule.by, counted):
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


def fingerprint(headers: Headers) -> str:
    """The hash of what proves who asks, a token or a session's cookie; '' when nothing does."""
    return _hashed(headers.get("authorization") or cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))


def opened(answer: Message) -> str:
    """The same of the session that an answer's head opens; '' when it opens none."""
    begin = f"{COOKIE}="
    for sent in Headers(raw=answer.get("headers", [])).getlist("set-cookie"):
        if sent.startswith(begin):
            return _hashed(sent.removeprefix(begin).partition(";")[0].strip('"'))
    return ""


def _hashed(proof: str) -> str:
    return hashlib.blake2b(proof.encode(), digest_size=16).hexdigest() if proof else ""
