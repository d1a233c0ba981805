"""Search over sealed texts: keyed hashes of their pieces, which tell nothing without the installation's key.

Each order keeps a mark for every single character and every pair of neighbours in its number and title, and one for
the whole of its customer's name and of each of his numbers. A search for part of a text asks for all its pairs, and
the few orders that have them are opened and compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import insert
from sqlalchemy.orm import Session

from domain.calling import same_number
from domain.commands import ImportHistory, Register
from runtime.keyring import Keyring
from store.tables import order_texts
from store.texts import fold, grams, wanted

_PIECE, _NAME, _PHONE = b"g", b"n", b"p"


def add(session: Session, keyring: Keyring, customer: str, complaint: Register | ImportHistory) -> None:
    """Write the marks of a complaint down, which is given as it was before it was sealed; once an order."""
    marks = marks_of(keyring, complaint.order_id, complaint.title, complaint.customer.name, complaint.customer.phone)
    session.execute(insert(order_texts).values(order_id=complaint.order_id, customer=customer, marks=marks))


def marks_of(keyring: Keyring, order_id: str, title: str, name: str, phone: str) -> list[int]:
    """All marks of an order, each once."""
    pieces = grams(fold(order_id) + "\n" + fold(title))
    found = [_mark(keyring, _PIECE, piece) for piece in pieces]
    return sorted({*found, *whole(keyring, name), *whole(keyring, phone)})


def marks_wanted(keyring: Keyring, text: str) -> list[int]:
    """The marks that an order must have for its number or title to contain this text; none for an empty one."""
    return sorted({_mark(keyring, _PIECE, piece) for piece in wanted(fold(text))})


def whole(keyring: Keyring, text: str) -> Iterable[int]:
    """The marks under which a whole name or number is found."""
    digits = same_number(text)
    if digits and sum(letter.isdigit() for letter in text) >= 5:
        return (_mark(keyring, _PHONE, digits),)
    return (_mark(keyring, _NAME, fold(text)),) if fold(text) else ()


def _mark(keyring: Keyring, kind: bytes, piece: str) -> int:
    digest = hashlib.blake2b(piece.encode(), digest_size=8, key=keyring.index, person=kind).digest()
    return int.from_bytes(digest, "big", signed=True)
