"""The proof of one order: its links as they are stored, with their hashes, and what is wrong with them, if anything.

A proof is everything that a verifier needs, in no need of database or keys. What it shows is that no event of the order
was changed, removed, added or moved after it was recorded, and that the head names the last one. Whoever recomputes
every hash after his change, the head's too, is not found by it alone: that takes a witness outside the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import rfc8785
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from store import chain, tables
from store.chain import Link


class Fault(StrEnum):
    """What is wrong with an event of a chain, or with its head."""

    CHANGED = "changed"
    """Its hash is not that of what is recorded."""
    UNLINKED = "unlinked"
    """It does not name the hash of the event before it."""
    MISPLACED = "misplaced"
    """Its seq is not the next one, or it is another order's."""
    UNHEADED = "unheaded"
    """The head does not name the last event."""
    UNKNOWN = "unknown"
    """The proof is of a form that is not known here, so nothing of it is shown."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One event's link, and the hash that is recorded with it."""

    event: Link
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """What the order's head row names as its last event."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Proof:
    """An order's links, in the order of their seqs, and its head. `form` names how they are hashed."""

    order_id: str
    form: str
    events: tuple[Sealed, ...]
    head: Head


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong, and with which event; for the head its seq."""

    seq: int
    fault: Fault


_HASH = re.compile(r"[0-9a-f]{64}")

_E, _O = tables.events.c, tables.orders.c
_TEXTS = ("data", "clocks")
_STORED = (
    select(
        _O.last_seq,
        _O.chain,
        _O.order_id.label("of"),
        *(column for column in tables.events.c if column.name not in _TEXTS),
        *(cast(_E[name], Text).label(name) for name in _TEXTS),
    )
    .select_from(tables.orders.outerjoin(tables.events, _E.order_id == _O.order_id))
    .order_by(_E.seq)
)
"""One statement, so that events and head are of one instant."""


def proof(session: Session, order_id: str) -> Proof | None:
    """The order's proof; None for an order that is not in sight.

    What each link names as `previous` is the hash that is stored with the event before it.
    """
    rows = session.execute(_STORED.where(_O.order_id == order_id)).mappings().all()
    if not rows:
        return None
    events: list[Sealed] = []
    for row in rows:
        if row["seq"] is not None:
            previous = events[-1].hash if events else ""
            events.append(Sealed(chain.stored_link(dict(row), previous), row["hash"]))
    return Proof(order_id, chain.FORM, tuple(events), Head(rows[0]["last_seq"], rows[0]["chain"]))


def faults(given: Proof) -> list[Found]:
    """Everything that is wrong with a proof; empty when it holds."""
    found: list[Found] = []
    previous = ""
    for place, sealed in enumerate(given.events, start=1):
        event = sealed.event
        seq = event.get("seq")
        wrong = [
            Fault.MISPLACED
            if type(seq) is not int or seq != place or event.get("order_id") != given.order_id
            else None,
            Fault.UNLINKED if event.get("previous") != previous else None,
            Fault.CHANGED if _HASH.fullmatch(sealed.hash) is None or _hash(event) != sealed.hash else None,
        ]
        found += [Found(place, fault) for fault in wrong if fault is not None]
        previous = sealed.hash
    if given.head != Head(len(given.events), previous) or not given.events:
        found.append(Found(given.head.seq, Fault.UNHEADED))
    if given.form != chain.FORM:
        found.append(Found(given.head.seq, Fault.UNKNOWN))
    return found


def _hash(event: Mapping[str, Any]) -> str:
    """The hash of a link, '' for one that cannot be hashed or has other members than a link."""
    if set(event) != set(chain.FIELDS):
        return ""
    try:
        return chain.digest(event)
    except rfc8785.CanonicalizationError:
        return ""
