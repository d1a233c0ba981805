"""Who asks. Routes and rules see an `Identified` only; how it was found out is this module's business alone.

Three ways in: a bearer token of a program (`identity.tokens`), the cookie of a browser's session (`identity.sessions`),
and in development the demo log-in. A bearer token is what a caller puts into each request himself; a cookie is sent by
the browser whoever had it ask, so with a cookie whatever changes something must also show that our own page asked.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from api.errors import Problem
from identity import acting, people, sessions
from identity.people import Identified
from identity.sessions import Live

CACHE_SECONDS = 10.0
"""How long a person is believed to be who he was."""
SESSION_SECONDS = 4.0
"""How long a session is believed to hold: log-out is known to every process in less than five seconds."""
CACHE_SIZE = 10_000
"""People kept at once; beyond it all are read anew."""

CSRF_HEADER = "X-CSRF-Token"
ACTING_HEADER = "Acting-For"
ONLY_READS = "whistle_only_reads"
"""Set in the scope of a request that changes nothing although it is posted, and comes from a page that may ask it."""
SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing, and so need not show who had the browser ask."""

Run = Callable[..., Awaitable[Any]]
"""Does `step(session, …)` as the system, off the event loop."""


class Identity(Protocol):
    """Finds out who asks."""

    async def identify(self, connection: HTTPConnection) -> Identified:
        """The person behind a request; raises Problem `unauthenticated`."""
        ...


class ByToken(Protocol):
    """Finds out as whom a program acts by the token that it sends."""

    async def identify(self, token: str) -> Identified | None:
        """As whom the token acts; None when it is not good."""
        ...


class DemoIdentity:
    """The development log-in: `Authorization: Bearer dev:<person id>` is believed.

    `look_up` finds a person by id. A customer is whoever names his phone number: `dev:customer:<phone>`; `customer`
    finds his id in the vault by that, or makes one.
    """

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Identified | None]],
        customer: Callable[[str], Awaitable[str]],
    ) -> None:
        self._look_up = look_up
        self._customer = customer
        self._cache: dict[str, tuple[float, Identified]] = {}

    async def identify(self, token: str) -> Identified | None:
        """The person named by the token `dev:<person id>`; None when there is none."""
        prefix, _, person_id = token.partition(":")
        if prefix != "dev" or not person_id:
            return None
        kept = self._cache.get(person_id)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        kind, _, phone = person_id.partition(":")
        if kind == "customer" and phone:
            known = await self._customer(phone)
            found = people.customer(known) if known else None
        else:
            found = await self._look_up(person_id)
        if found is not None:
            if len(self._cache) >= CACHE_SIZE:
                self._cache.clear()
            self._cache[person_id] = (time.monotonic() + CACHE_SECONDS, found)
        return found


class CookieIdentity:
    """Recognises the sessions of browsers. `run` does a step as the system; `idle` is how long one may lie unused.

    `public_url` is where people reach the system from outside, where that is not what `Host` says. Without `demo` a
    session that was opened by a demo log-in does not hold, whatever the database says of it.
    """

    def __init__(self, run: Run, idle: timedelta, public_url: str = "", *, demo: bool = False) -> None:
        self._run = run
        self._idle = idle
        self._public_url = public_url.lower().rstrip("/")
        self._demo = demo
        self._cache: dict[str, tuple[float, Live]] = {}

    async def live(self, connection: HTTPConnection) -> Live:
        """The session that the request's cookie stands for; raises Problem `unauthenticated` and `csrf`."""
        found = await self._found(connection)
        if found is None and not connection.cookies.get(sessions.COOKIE):
            raise Problem(
                "unauthenticated",
                "The request does not say who asks.",
                remedy="Log in with POST /v1/login, or send Authorization: Bearer with a token.",
            )
        if found is None:
            raise Problem("unauthenticated", "The log-in is over.", remedy="Log in again with POST /v1/login.")
        if connection.scope["method"] not in SAFE and not connection.scope.get(ONLY_READS):
            self.demand_own_page(connection)
            sent = connection.headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(sent.encode(), found.csrf.encode()):
                raise Problem(
                    "csrf",
                    f"The header {CSRF_HEADER} is missing, or is not this session's.",
                    field=CSRF_HEADER,
                    remedy="Send the csrf of GET /v1/session.",
                )
        return found

    async def known(self, connection: HTTPConnection) -> Live | None:
        """The session that the request brought along, whatever may be done with it; None when there is none."""
        return await self._found(connection)

    async def holding(self, digests: Sequence[str]) -> dict[str, Live]:
        """Those of these sessions that still hold, by hash, as the database has them now; it counts as no use."""
        found: dict[str, Live] = await self._run(sessions.holding, list(digests), datetime.now(UTC), self._idle)
        return {digest: live for digest, live in found.items() if self._demo or live.how != sessions.DEMO}

    def demand_own_page(self, connection: HTTPConnection) -> None:
        """Return if a page of our own had the browser ask; raises Problem `csrf`."""
        site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
        wrong_site = site is not None and site.lower() != "same-origin"
        wrong_origin = origin is not None and not self._is_ours(origin.lower(), connection)
        if wrong_site or wrong_origin or (site is None and origin is None):
            raise Problem(
                "csrf",
                "The request does not come from this system's own pages.",
                field="Sec-Fetch-Site" if wrong_site else "Origin",
                remedy="Send it from there; a program sends Authorization: Bearer with a service token instead.",
            )

    def demand_own_form(self, connection: HTTPConnection, wanted: str, sent: str) -> None:
        """Return if a form was sent from a page of our own; raises Problem `csrf`.

        The form carries a token where a script sends a header, and that is what counts: a page without referrers makes
        a browser send the Origin `null` with its own forms too.
        """
        self.demand_no_foreign_page(connection)
        if not wanted or not hmac.compare_digest(sent.encode(), wanted.encode()):
            raise _stray_form()

    def demand_no_foreign_page(self, connection: HTTPConnection) -> None:
        """Return unless the browser says that another site's page sent the form; raises Problem `csrf`.

        To be asked first, and alone where there is no session: a browser sends no cookie along with a foreign form,
        so it would come without a token to compare, and whatever it were answered would be kept by the browser.
        """
        site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin", "null")
        foreign = site is not None and site.lower() != "same-origin"
        if foreign or (origin != "null" and not self._is_ours(origin.lower(), connection)):
            raise _stray_form()

    def _is_ours(self, origin: str, connection: HTTPConnection) -> bool:
        """True for the address set as ours, and for the one that was asked, unless that is a step down from https."""
        if self._public_url and origin == self._public_url:
            return True
        try:
            said = urlsplit(origin)
        except ValueError:  # no address at all
            return False
        plain_only = connection.scope["scheme"] == "http" and not self._public_url.startswith("https:")
        same_host = said.netloc != "" and said.netloc == connection.headers.get("host", "").lower()
        return same_host and (said.scheme == "https" or (said.scheme == "http" and plain_only))

    def forget(self) -> None:
        """Ask the database anew for every session; to be called once some of them have ended."""
        self._cache.clear()

    async def _found(self, connection: HTTPConnection) -> Live | None:
        cookie = connection.cookies.get(sessions.COOKIE, "")
        if not cookie:
            return None
        now, clock = datetime.now(UTC), time.monotonic()
        digest = sessions.hashed(cookie)
        kept = self._cache.get(digest)
        if kept is not None and kept[0] > clock and kept[1].expires_at > now:
            return kept[1]
        found: Live | None = await self._run(sessions.find, cookie, now, self._idle)
        self._cache.pop(digest, None)
        if found is not None and found.how == sessions.DEMO and not self._demo:
            return None
        if found is not None:
            if len(self._cache) >= CACHE_SIZE:
                self._cache.clear()
            self._cache[digest] = (clock + SESSION_SECONDS, found)
        return found


def _stray_form() -> Problem:
    return Problem(
        "csrf",
        "The form does not come from this system's own page, or is older than the log-in.",
        field="token",
        remedy="Open the page anew and send it from there.",
    )


class Ways:
    """Every way in, and on from it into the place of an absent colleague: the header `Acting-For` names him.

    Without `demo` no demo log-in is believed, without `tokens` no service token.
    """

    def __init__(
        self, cookies: CookieIdentity, run: Run, tokens: ByToken | None = None, demo: ByToken | None = None
    ) -> None:
        self._cookies = cookies
        self._run = run
        self._tokens = tokens
        self._demo = demo

    async def identify(self, connection: HTTPConnection) -> Identified:
        """The person behind a request.

        Raises:
            Problem: nobody is known by it, the page that asks is not ours, a password must be changed first, or the
                colleague whom it names is not to be acted for.
        """
        who = await self._himself(connection)
        absent = connection.headers.get(ACTING_HEADER)
        if absent is None:
            return who
        try:
            found: Identified = await self._run(acting.in_place_of, who, absent, datetime.now(UTC))
        except acting.NotPossible as error:
            raise Problem("forbidden", f"{error}", field=ACTING_HEADER, remedy=error.remedy) from error
        return found

    async def _himself(self, connection: HTTPConnection) -> Identified:
        header = connection.headers.get("authorization")
        if header is None:
            live = await self._cookies.live(connection)
            if live.must_change:
                raise Problem(
                    "password_change_required",
                    "The password was given to you by somebody else.",
                    remedy="Choose your own with POST /v1/password; until then nothing else is open.",
                )
            return live.who
        scheme, _, token = header.partition(" ")
        way = self._demo if token.strip().startswith("dev:") else self._tokens
        found = await way.identify(token.strip()) if scheme.lower() == "bearer" and way is not None else None
        if found is None and way is self._demo and way is not None:
            raise Problem(
                "unauthenticated",
                f"There is no person {token.strip()[4:68]}.",
                remedy="Send Authorization: Bearer dev:<person id>; GET /v1/people lists the demo log-ins.",
            )
        if found is None:
            raise Problem(
                "unauthenticated",
                "The token in Authorization is not good here.",
                remedy="Log in with POST /v1/login, or ask an administrator for a service token.",
            )
        return found
