"""What leaves the system: every seal in a document opened, masked or hidden, as far as its reader's rights go.

A document is bytes with seals somewhere inside. Nothing is opened that the rights do not name, and nothing is left
sealed, so a place that forgets to think of personal data shows too little, never too much.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from domain.model import Role
from vault import masks
from vault.seal import NAME, SEAL, Key, Kind, Unreadable


class Shown(StrEnum):
    """How much of a kind of data somebody sees.

    `struck` is a text without numbers, addresses and the customer's names.
    """

    CLEAR = "clear"
    MASKED = "masked"
    STRUCK = "struck"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a reader sees of each kind."""

    name: Shown
    phone: Shown
    email: Shown
    text: Shown

    def of(self, kind: Kind) -> Shown:
        """The right for a kind; a file's name is a text."""
        return getattr(self, _FIELD[kind])  # type: ignore[no-any-return]


_FIELD = {Kind.NAME: "name", Kind.PHONE: "phone", Kind.EMAIL: "email", Kind.TEXT: "text", Kind.FILE_NAME: "text"}

CLEAR = Rights(Shown.CLEAR, Shown.CLEAR, Shown.CLEAR, Shown.CLEAR)
"""Whoever was shown it for a reason that is on record, and the sealed mail to the customer himself."""
NOTHING = Rights(Shown.HIDDEN, Shown.HIDDEN, Shown.HIDDEN, Shown.HIDDEN)
"""Whoever is not known."""
CUSTOMERS = Rights(Shown.MASKED, Shown.MASKED, Shown.MASKED, Shown.STRUCK)
"""The customer: what was said, without numbers, for his link may be passed on."""
DESKS = Rights(Shown.MASKED, Shown.MASKED, Shown.MASKED, Shown.STRUCK)
"""Frontline, call-back, supervisors, auditors: masked; what is behind takes a reason (`reveal`)."""
UNITS = Rights(Shown.HIDDEN, Shown.HIDDEN, Shown.HIDDEN, Shown.STRUCK)
"""The units that handle a complaint, which may be about them: the matter, not the person."""
OPERATORS = NOTHING
"""Administrators: settings, no orders."""

RIGHTS: dict[Role, Rights] = {
    Role.AGENT: DESKS,
    Role.TEAM_LEAD: DESKS,
    Role.DISPATCHER: DESKS,
    Role.REPLY_AUDITOR: DESKS,
    Role.CALLBACK_AGENT: DESKS,
    Role.PROVINCE_MANAGER: DESKS,
    Role.REGIONAL_MANAGER: DESKS,
    Role.HEADQUARTERS: DESKS,
    Role.AUDITOR: DESKS,
    Role.UNIT_MEMBER: UNITS,
    Role.UNIT_HEAD: UNITS,
    Role.CHANNEL: UNITS,
    Role.REGULATOR: UNITS,
    Role.CUSTOMER: CUSTOMERS,
    Role.ADMINISTRATOR: OPERATORS,
    Role.SYSTEM: NOTHING,
}
"""What each role sees without asking for more."""

_MASK: dict[Kind, Callable[[str], str]] = {
    Kind.NAME: masks.name,
    Kind.PHONE: masks.phone,
    Kind.EMAIL: masks.email,
    Kind.TEXT: masks.struck,
    Kind.FILE_NAME: masks.struck,
}

SHORT = 600
"""Characters of a payload up to which what a mask made of it is kept: names, numbers and titles, no long texts."""
MOST_KEPT = 24
"""Of one customer's seals so many."""

_KINDS = {kind.value.encode(): kind for kind in Kind}
Escape = Callable[[str], bytes]
"""How a text is put into a document of some sort."""


def in_json(text: str) -> bytes:
    """A text within a JSON string."""
    return msgspec.json.encode(text)[1:-1]


def plain(text: str) -> bytes:
    """A text as it is."""
    return text.encode()


def sealed_by(document: bytes) -> set[str]:
    """The customers whose seals are in a document."""
    return {found[1].decode() for found in SEAL.findall(document)}


def unveiled(document: bytes, rights: Rights, keys: Mapping[str, Key], escape: Escape = in_json) -> bytes:
    """The document with every seal replaced by what the rights show of it; `keys` are those that could be had."""
    hidden, erased = escape(masks.HIDDEN), escape(masks.ERASED)
    said = _said(document, keys) if rights.text is Shown.STRUCK else {}
    named = _named(said, keys)

    def shown(found: re.Match[bytes]) -> bytes:
        kind = _KINDS[found[1]]
        right = rights.of(kind)
        if right is Shown.HIDDEN:
            return hidden
        key = keys.get(found[2].decode())
        if key is None:
            return erased
        names = named.get(key.customer, key.names) if right is Shown.STRUCK else ()
        seal = (right, kind, found[3], names)
        text = key.shown.get(seal)
        if text is None:
            try:
                opened = said.get((found[2], found[3])) if kind is Kind.NAME else None
                text = _as(right, kind, opened or key.open(kind, found[3]), names)
            except Unreadable:
                return hidden
            if right is not Shown.CLEAR and len(found[3]) <= SHORT and len(key.shown) < MOST_KEPT:
                key.shown[seal] = text
        return escape(text)

    return SEAL.sub(shown, document)


def _as(right: Shown, kind: Kind, text: str, names: tuple[str, ...]) -> str:
    """A text as a right shows it."""
    if right is Shown.CLEAR:
        return text
    return masks.struck(text, names) if right is Shown.STRUCK else _MASK[kind](text)


def _said(document: bytes, keys: Mapping[str, Key]) -> dict[tuple[bytes, bytes], str]:
    """The names in the document, by customer and payload."""
    found = {}
    for seal in NAME.findall(document):
        key = keys.get(seal[0].decode())
        with suppress(Unreadable):
            if key is not None:
                found[seal] = key.open(Kind.NAME, seal[1])
    return found


def _named(said: Mapping[tuple[bytes, bytes], str], keys: Mapping[str, Key]) -> dict[str, tuple[str, ...]]:
    """The names of those who are called in the document as their keys do not know yet, with those that they know."""
    found: dict[str, tuple[str, ...]] = {}
    for (customer, _), name in said.items():
        key = keys[customer.decode()]
        known = found.get(key.customer, key.names)
        if name not in known:
            found[key.customer] = (*known, name)
    return found
