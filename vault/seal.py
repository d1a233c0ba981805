"""Seals: a piece of text, encrypted with its customer's key, that says by itself what it is and whose.

`~pd1~<kind>~<customer>~<payload>~`: the kind is a letter (`Kind`), the customer the id of the key in `customers`, the
payload nonce and ciphertext of AES-256-GCM in URL-safe base64. Kind and customer are authenticated with it. To the
rules, the workflow and the ledger a seal is just a text, so whatever carries it stays as it is; when the key is
destroyed, every copy of it, wherever it lies, is unreadable at once.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
"""Bytes; made at random, of which one key can take four thousand million."""

MARK = b"~pd1~"
SEAL = re.compile(rb"~pd1~([npetf])~([A-Za-z0-9_-]{16})~([A-Za-z0-9_-]{38,})~")
"""A seal in a document's bytes: kind, customer, payload."""
NAME = re.compile(rb"~pd1~n~([A-Za-z0-9_-]{16})~([A-Za-z0-9_-]{38,})~")
"""A customer's name: customer, payload."""


class Kind(StrEnum):
    """What a seal holds, which decides how it is masked."""

    NAME = "n"
    PHONE = "p"
    EMAIL = "e"
    TEXT = "t"
    FILE_NAME = "f"


class Unreadable(Exception):  # noqa: N818 - it names what the seal is
    """A seal whose key is not its own, or that was tampered with."""


@dataclass(frozen=True, slots=True)
class Key:
    """A customer's own key; `names` are what he has called himself, to be struck out of texts about him.

    `shown` is what masks made of his seals lately (`vault.veil`). It lasts no longer than the key is at hand.
    """

    customer: str
    cipher: AESGCM
    names: tuple[str, ...] = ()
    shown: dict[tuple[object, ...], str] = field(default_factory=dict, compare=False, repr=False)

    def seal(self, kind: Kind, text: str) -> str:
        """The text as a seal; an empty one stays empty."""
        if not text:
            return ""
        nonce = os.urandom(NONCE)
        sealed = self.cipher.encrypt(nonce, text.encode(), _bound(kind, self.customer))
        return f"~pd1~{kind}~{self.customer}~{urlsafe_b64encode(nonce + sealed).decode().rstrip('=')}~"

    def open(self, kind: Kind, payload: bytes) -> str:
        """The text of a seal's payload; raises Unreadable."""
        try:
            raw = urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
            return self.cipher.decrypt(raw[:NONCE], raw[NONCE:], _bound(kind, self.customer)).decode()
        except (InvalidTag, ValueError) as error:
            raise Unreadable(self.customer) from error

    def opened(self, seal: str) -> str:
        """The text of a whole seal of this customer's; raises Unreadable."""
        found = SEAL.fullmatch(seal.encode())
        if found is None or found[2].decode() != self.customer:
            raise Unreadable(self.customer)
        return self.open(Kind(found[1].decode()), found[3])

    def seal_bytes(self, content: bytes, label: str) -> bytes:
        """A document's content, bound to its label, such as its id."""
        nonce = os.urandom(NONCE)
        return nonce + self.cipher.encrypt(nonce, content, _bound(label, self.customer))

    def open_bytes(self, sealed: bytes, label: str) -> bytes:
        """The content of `seal_bytes`; raises Unreadable."""
        try:
            return self.cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _bound(label, self.customer))
        except (InvalidTag, ValueError) as error:
            raise Unreadable(self.customer) from error


def new_key() -> bytes:
    """A new customer's key, at random."""
    return AESGCM.generate_key(256)


def wrap(kek: bytes, customer: str, key: bytes) -> str:
    """A customer's key as the database keeps it: sealed with the installation's own."""
    nonce = os.urandom(NONCE)
    return urlsafe_b64encode(nonce + AESGCM(kek).encrypt(nonce, key, customer.encode())).decode()


def unwrap(kek: bytes, customer: str, wrapped: str) -> bytes:
    """A customer's key from what the database keeps; raises Unreadable."""
    raw = urlsafe_b64decode(wrapped)
    try:
        return AESGCM(kek).decrypt(raw[:NONCE], raw[NONCE:], customer.encode())
    except InvalidTag as error:
        raise Unreadable(customer) from error


def _bound(label: str, customer: str) -> bytes:
    return f"{label}:{customer}".encode()
