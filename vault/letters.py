"""A letter as its reader may see it, and the address it goes to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from domain.audiences import CUSTOMER
from domain.notice_texts import one_line
from store.outbox import Outgoing
from store.posts import Organisation
from vault import masks, veil
from vault.rack import Rack
from vault.seal import Key
from vault.veil import RIGHTS, Rights

_BY_NAME = {role.value: rights for role, rights in RIGHTS.items()}
MOST_SUBJECT = 200
"""Characters of each title in a subject, once its seals are opened."""
_TITLES = ("title_zh", "title_en")
_WORDS = (*_TITLES, "body_zh", "body_en")


def rights(audience: str, organisation: Organisation) -> Rights:
    """What the readers of an audience may see in a letter: never more than on the console, for it may be passed on."""
    if audience == CUSTOMER:
        return veil.CUSTOMERS
    kind, _, name = audience.partition(":")
    if kind in ("unit", "head"):
        return veil.UNITS
    if kind == "person":
        person = organisation.people.get(name)
        return RIGHTS[person.role] if person else veil.NOTHING
    return _BY_NAME.get(name.partition("@")[0], veil.NOTHING)


def opened(row: Outgoing, organisation: Organisation, rack: Rack) -> Outgoing:
    """The letter with its seals opened as far as its readers' rights go; a title stays one line, and no long one."""
    words = "\n".join(getattr(row, name) for name in _WORDS).encode()
    keys = rack.fresh(veil.sealed_by(words))
    may = rights(row.audience, organisation)
    shown: dict[str, Any] = {name: _shown(getattr(row, name), may, keys) for name in _WORDS}
    shown |= {name: _subject(shown[name]) for name in _TITLES}
    return replace(row, **shown)


def addressed(addresses: tuple[str, ...], rack: Rack) -> tuple[str, ...]:
    """Where it goes: a customer's address is sealed, and gone where his key was destroyed."""
    keys = rack.fresh(veil.sealed_by("\n".join(addresses).encode()))
    found = (_shown(address, veil.CLEAR, keys) for address in addresses)
    return tuple(address for address in found if address != masks.ERASED)


def names(sealed: tuple[str, ...], rack: Rack) -> tuple[str, ...]:
    """What the customers call themselves whose addresses these are."""
    keys = rack.keys(veil.sealed_by("\n".join(sealed).encode()))
    return tuple(name for key in keys.values() for name in key.names)


def discreet(said: str, recipients: Iterable[str] = (), called: tuple[str, ...] = ()) -> str:
    """What a mail server said, without the addresses and numbers in it, nor the names of those it was said of."""
    for recipient in recipients:
        for known in (recipient, recipient.partition("@")[0]):
            if len(known) > 1:
                said = re.sub(re.escape(known), masks.HIDDEN, said, flags=re.IGNORECASE)
    return masks.struck(said, called)


def _subject(title: str) -> str:
    """What was sealed may have several lines, of which no subject can be made."""
    folded = one_line(title)
    return folded if len(folded) <= MOST_SUBJECT else f"{folded[: MOST_SUBJECT - 1]}…"


def _shown(text: str, may: Rights, keys: Mapping[str, Key]) -> str:
    return veil.unveiled(text.encode(), may, keys, veil.plain).decode()
