"""Service tokens: how a program shows as whom it acts, and for what.

A token reads `whs_<id>_<secret>`. The secret is 256 bits from the system's generator, so the database keeps one round
of SHA-256 and no slow hash. It is shown once, when it is made, by an administrator
or, if it opens orders, by headquarters. A program has what the person has as whom
it acts, and of that only what the token's scopes name (`identity.scopes`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from domain.model import Role
from identity import scopes as scope_table
from identity.people import Identified, recognised
from store import directory
from store import tokens as rows
from store.tokens import Token

PREFIX = "whs_"
MOST_DAYS = 400
"""Days that a token may be good for."""
MOST_NAME = 64
"""Characters of a token's name."""
BELIEVED_SECONDS = 5.0
"""How long a token is believed without asking the database again; so long a revocation may take to act."""
MOST_BELIEVED = 10_000
"""Tokens believed at once; beyond it all are asked anew."""

_FORM = re.compile(r"whs_([a-z0-9]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
T = TypeVar("T")


class NotPossible(ValueError):  # noqa: N818 - it names what is wrong
    """A token that cannot be made; says which field is to blame and what to do instead.

    Attributes:
        field: person, scopes or days.
        remedy: what to do instead.
    """

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.field = field
        self.remedy = remedy


class NotGiven(NotPossible):
    """A token that somebody else could make."""


class Run(Protocol):
    """Runs a step `step(session, …)` in a session of the system itself, off the event loop."""

    def __call__(self, step: Callable[..., T], /, *arguments: object) -> Awaitable[T]:
        """The step's answer."""
        ...


def hashed(token: str) -> str:
    """What the database knows a token by."""
    return hashlib.sha256(token.encode()).hexdigest()


def create(
    session: Session, *, person: str, name: str, scopes: tuple[str, ...], days: int, by: Identified, now: datetime
) -> tuple[str, Token]:
    """A new token for acting as that person, good for so many days, and its row; the token cannot be had again.

    Raises:
        NotGiven: the maker, who sees no orders, would open them by it.
        NotPossible: the person is not there, or neither a program nor the maker himself; a scope is unknown, or the
            days are too many.
    """
    unknown = [scope for scope in scopes if not scope_table.known(scope)]
    if unknown or not scopes:
        named = f"There is no scope {unknown[0][:64]}." if unknown else "A token without a scope opens nothing."
        raise NotPossible("scopes", named, f"Choose among {', '.join(scope_table.SCOPES)}.")
    about_orders = [scope for scope in scopes if scope_table.of_orders(scope)]
    if about_orders and by.role is not Role.HEADQUARTERS:
        named = f"A token with {', '.join(about_orders)} would open orders, of which your role sees none."
        raise NotGiven("scopes", named, "Have headquarters make it, or leave these scopes out.")
    if not 1 <= days <= MOST_DAYS:
        raise NotPossible("days", f"A token is good for 1 to {MOST_DAYS} days.", "Make a new one before it expires.")
    found = directory.person(session, person)
    held = (*scope_table.PROGRAMS, *(scope_table.MAKERS if person == by.id else ()))
    if found is None or not found.active or found.role not in held:
        remedy = "A program acts as a channel or a regulator of its own, or as whoever makes its token."
        raise NotPossible("person", f"There is no such program {person[:64]}.", remedy)
    token_id = "".join(secrets.choice(_LETTERS) for _ in range(12))
    token = f"{PREFIX}{token_id}_{secrets.token_urlsafe(32)}"
    kept = tuple(sorted(set(scopes)))
    expires_at = now + timedelta(days=days)
    row = rows.add(
        session, token_id, hashed(token), name=name, person=person, scopes=kept, by=by.id, expires_at=expires_at
    )
    return token, row


def find(session: Session, token: str) -> Identified | None:
    """As whom a token acts now; None for one that is unknown, revoked or expired, or whose person left."""
    match = _FORM.fullmatch(token)
    found = rows.running(session, match[1]) if match else None
    if found is None or not hmac.compare_digest(found[0], hashed(token)):
        return None
    row = found[1]
    person = directory.person(session, row.person)
    if person is None or not person.active:
        return None
    rows.note_use(session, row.id)
    return replace(recognised(person), scopes=row.scopes)


class TokenIdentity:
    """Recognises service tokens, each at most every `BELIEVED_SECONDS` in the database.

    `run` does a step as the system; `clock` gives seconds.
    """

    def __init__(self, run: Run, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._clock = clock
        self._believed: dict[str, tuple[float, Identified]] = {}

    async def identify(self, token: str) -> Identified | None:
        """As whom the token acts; None when it is not good."""
        if not _FORM.fullmatch(token):
            return None
        digest, now = hashed(token), self._clock()
        kept = self._believed.get(digest)
        if kept is not None and kept[0] > now:
            return kept[1]
        found = await self._run(find, token)
        self._believed.pop(digest, None)
        if found is not None:
            if len(self._believed) >= MOST_BELIEVED:
                self._believed.clear()
            self._believed[digest] = (now + BELIEVED_SECONDS, found)
        return found
