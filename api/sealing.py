"""What people say, sealed before it is kept anywhere: every field of a command that holds somebody's own words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.commands import COMMANDS, Attach, Body, Register, words
from domain.model import Rating
from vault.seal import Key, Kind

_WORDS: dict[type[Any], tuple[str, ...]] = {command: words(command) for command in COMMANDS.values()}


def sealed(key: Key, body: Body, reason: str) -> tuple[Any, str]:
    """The command and its reason with the asker's own words sealed."""
    changes: dict[str, Any] = {
        name: key.seal(_kind(body), getattr(body, name)) for name in _WORDS[body.__class__] if getattr(body, name)
    }
    rating = getattr(body, "rating", None)
    if isinstance(rating, Rating) and rating.comment:
        changes["rating"] = replace(rating, comment=key.seal(Kind.TEXT, rating.comment))
    return (replace(body, **changes) if changes else body), key.seal(Kind.TEXT, reason)


def registered(key: Key, body: Register, reason: str) -> tuple[Register, str]:
    """The complaint with its words and its customer sealed; the customer has his id in the vault."""
    found, why = sealed(key, body, reason)
    customer = replace(
        body.customer,
        id=key.customer,
        name=key.seal(Kind.NAME, body.customer.name),
        phone=key.seal(Kind.PHONE, body.customer.phone),
        email=key.seal(Kind.EMAIL, body.customer.email),
    )
    return replace(found, customer=customer), why


def _kind(body: Body) -> Kind:
    return Kind.FILE_NAME if isinstance(body, Attach) else Kind.TEXT
