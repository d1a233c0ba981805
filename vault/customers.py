"""Customers and their keys in the database: found by number, opened with the installation's own, taken away for good.

Everything here belongs in a session of the system itself: no person's session reads these rows.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.calling import same_number
from runtime.keyring import Keyring
from store.access_tables import customers, sights
from store.tables import commands, order_texts, orders
from vault.seal import Key, Kind, new_key, unwrap, wrap

_RUNNING = select(orders.c.order_id).where(orders.c.customer == bindparam("customer"), ~orders.c.over).limit(1)
_COMING = (
    select(order_texts.c.order_id)
    .join(commands, commands.c.order_id == order_texts.c.order_id)
    .where(order_texts.c.customer == bindparam("customer"), commands.c.state == "pending")
    .limit(1)
)
"""An order of his that is claimed and will be recorded, or one for which something is under way."""

MOST_NAMES = 300
"""Names that are remembered of one number, which families share; of more, as many of the first as of the last."""

_ROW = (customers.c.id, customers.c.wrapped, customers.c.kek, customers.c.called)
_BY_ID = select(*_ROW).where(customers.c.id == func.any(bindparam("ids")))


class StillOpen(Exception):  # noqa: N818 - it names the state
    """The customer has an order that is not over; his data are needed until it is."""

    def __init__(self, order_id: str) -> None:
        super().__init__(order_id)
        self.order_id = order_id


def lookup(keyring: Keyring, phone: str) -> str:
    """The keyed hash by which a number is found, however it is written; '' for what is none."""
    digits = same_number(phone)
    if not digits:
        return ""
    return hmac.new(keyring.index, b"phone\0" + digits.encode(), hashlib.sha256).hexdigest()


def find(session: Session, keyring: Keyring, phone: str) -> str:
    """The id of the customer of that number; '' when there is none."""
    return session.scalar(select(customers.c.id).where(customers.c.lookup == lookup(keyring, phone))) or ""


def obtain(session: Session, keyring: Keyring, phone: str, called: str = "") -> Key:
    """The key of the customer of that number, made if there is none, who calls himself so; raises ValueError.

    He cannot be erased before the transaction ends, so what is sealed in it can be read afterwards.
    """
    hashed = lookup(keyring, phone)
    if not hashed:
        raise ValueError("a customer is known by a telephone number")
    wanted = select(*_ROW).where(customers.c.lookup == hashed).with_for_update(read=True, key_share=True)
    found = session.execute(wanted).one_or_none()
    if found is None:
        made = secrets.token_urlsafe(12)
        kek_id, kek = keyring.kek()
        row = {"id": made, "lookup": hashed, "wrapped": wrap(kek, made, new_key()), "kek": kek_id, "called": ""}
        session.execute(insert(customers).values(row).on_conflict_do_nothing())
        found = session.execute(wanted).one()
    key = _key(keyring, found)
    if not called or called in key.names:
        return key
    names = (*key.names, called)
    if len(names) > MOST_NAMES:
        names = names[: MOST_NAMES // 2] + names[-(MOST_NAMES // 2) :]
    sealed = key.seal(Kind.NAME, msgspec.json.encode(names).decode())
    session.execute(update(customers).where(customers.c.id == key.customer).values(called=sealed))
    return Key(key.customer, key.cipher, names)


def keys(session: Session, keyring: Keyring, ids: Iterable[str]) -> dict[str, Key]:
    """The keys of these customers, by id; those erased or unknown are left out."""
    rows = session.execute(_BY_ID, {"ids": list(ids)})
    return {row.id: _key(keyring, row) for row in rows if row.wrapped is not None}


def rewrap(session: Session, keyring: Keyring, after: str = "", limit: int = 500) -> str:
    """Seal the next customers' keys with the present key of the installation; the last one's id, '' at the end."""
    kek_id, kek = keyring.kek()
    wanted = (customers.c.wrapped.is_not(None), customers.c.kek != kek_id, customers.c.id > after)
    found = session.execute(select(*_ROW).where(*wanted).order_by(customers.c.id).limit(limit).with_for_update()).all()
    for row in found:
        again = wrap(kek, row.id, unwrap(keyring.kek_of(row.kek), row.id, row.wrapped))
        session.execute(update(customers).where(customers.c.id == row.id).values(wrapped=again, kek=kek_id))
    return found[-1].id if found else ""


def left(session: Session, keyring: Keyring) -> dict[str, int]:
    """How many customers' keys are sealed with each key of the installation."""
    counted = select(customers.c.kek, func.count()).where(customers.c.wrapped.is_not(None)).group_by(customers.c.kek)
    return {row[0]: row[1] for row in session.execute(counted)}


def erase(session: Session, customer: str) -> bool:
    """Destroy a customer's key, and by it all that was ever sealed with it; False when it is gone already.

    Who had it done and why, the caller puts on record (`accesses`). Raises StillOpen, and LookupError for an unknown
    customer.
    """
    row = session.execute(select(*_ROW).where(customers.c.id == customer).with_for_update()).one_or_none()
    if row is None:
        raise LookupError(customer)
    running = session.scalar(_RUNNING, {"customer": customer}) or session.scalar(_COMING, {"customer": customer})
    if running is not None:
        raise StillOpen(running)
    if row.wrapped is None:
        return False
    gone = {"wrapped": None, "lookup": None, "called": "", "erased_at": func.clock_timestamp()}
    session.execute(update(customers).where(customers.c.id == customer).values(gone))
    session.execute(order_texts.delete().where(order_texts.c.customer == customer))
    session.execute(sights.delete().where(sights.c.place == f"customer:{customer}"))
    return True


def _key(keyring: Keyring, row: Any) -> Key:
    customer: str = row.id
    key = Key(customer, AESGCM(unwrap(keyring.kek_of(row.kek), customer, row.wrapped)))
    if not row.called:
        return key
    return Key(customer, key.cipher, tuple(msgspec.json.decode(key.opened(row.called), type=list[str])))
