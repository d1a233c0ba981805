"""The customer's ways in without an account: a signed link to one order, and a code sent to the phone of his orders.

A link reads `<order>.<expiry>.<signature>`. It is signed with a key of its own over order, expiry and customer's id,
which does not stand in it: after an erasure, or for an order of somebody else, it fits nothing. It is kept nowhere.

A code of six digits is asked for with an order's number and a phone. Whether the two belong together is never told:
the same is written, under a keyed hash, with a code that nobody has when they do not. Hashes are keyed with the
installation's own, so the database alone does not give codes, numbers or addresses away.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from domain.calling import same_number
from runtime.keyring import Keyring
from store import challenges, tracking
from vault import customers

SIGNATURE_BYTES = 16
"""Of HMAC-SHA256, so many bytes: 128 bits, short enough for an SMS."""
CODE_DIGITS = 6
CODE_SECONDS = 600
"""How long a code is good."""
CODE_TRIES = 5
"""How often one may be typed."""
HOUR = 3600.0
CODES_OF_NUMBER = 3
"""Codes that are really sent to one number an hour, over all processes."""
CODES_OF_PAIR = 3
"""How often an hour a code may be asked for with one order and one number."""
CODES_OF_ADDRESS = 10
"""Codes an hour from one address."""
TRIES_OF_ADDRESS = 60
"""Codes typed an hour from one address."""
SESSION_HOURS = 2
"""Hours that a customer's session lasts."""

_LINK = re.compile(r"(?:.*/t[/#])?([A-Z0-9][A-Z0-9-]{0,39})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{22})")
_KIND = "code"


class TooOften(Exception):  # noqa: N818 - it names what happened
    """Codes were asked for, or typed, too often; `seconds` until the next may be.

    It is raised alike for what belongs together and for what does not.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Sent:
    """A code that was made, and the number that it goes to: '' when order and number do not belong together.

    It is '' too when enough have gone to the number. It is written in the one way of `domain.calling.same_number`: a
    spelling that only looks the same to us cannot lead the code to another telephone.
    """

    code: str
    phone: str


def sign(keyring: Keyring, order_id: str, customer: str, expires: int) -> str:
    """A link to the order, good until that second of the epoch: `<order>.<expiry>.<signature>`."""
    return f"{order_id}.{expires}.{_signature(keyring, order_id, customer, expires)}"


def address(session: Session, keyring: Keyring, order_id: str, entrance: str, days: int, now: float) -> str:
    """The whole address of a link to the order, good for so many days; '' for a customer who is not there any more."""
    customer = tracking.customer_of(session, order_id)
    return f"{entrance}/t/{sign(keyring, order_id, customer, int(now) + days * 86400)}" if customer else ""


def followed(session: Session, keyring: Keyring, link: str, now: float) -> tuple[str, str] | None:
    """Customer and order of a link, or of an address that ends with one, at that second; None if it is not valid."""
    match = _LINK.fullmatch(link.strip())
    if match is None:
        return None
    order_id, expires, given = match[1], int(match[2]), match[3]
    customer = tracking.customer_of(session, order_id)
    wanted = _signature(keyring, order_id, customer, expires)
    good = hmac.compare_digest(wanted, given) and customer != "" and now < expires
    return (customer, order_id) if good else None


def request(session: Session, keyring: Keyring, *, order_id: str, phone: str, address: str) -> Sent:
    """Make a code for order and phone, in place of an earlier one; the caller sends it once this is committed.

    What is read and written is the same whether or not the two belong together. Asking with other people's orders does
    not use up the codes of a number; when those are used up, no more is sent, and nothing says so. Raises TooOften.
    """
    number = same_number(phone)
    _count(session, keyring, CODES_OF_ADDRESS, "asked address", address)
    _count(session, keyring, CODES_OF_PAIR, "asked pair", order_id, number)
    found = customers.find(session, keyring, phone)
    owner = tracking.customer_of(session, order_id)
    belongs = found != "" and found == owner
    nobody = secrets.token_hex(16)
    spent = challenges.count(session, _hash(keyring, "sent", number if belongs else nobody), CODES_OF_NUMBER, HOUR) > 0
    sent = belongs and not spent
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    key = _hash(keyring, "wait", order_id, nobody if spent else number)  # the code that he has stays good
    kept = _hash(keyring, "code", key, code if sent else nobody)
    data = json.dumps({"code": kept, "customer": found if sent else ""})
    challenges.put(session, key, _KIND, data, CODE_SECONDS)
    return Sent(code, f"+{number}" if sent else "")


def confirmed(session: Session, keyring: Keyring, *, order_id: str, phone: str, code: str, address: str) -> str:
    """The customer whose code that is, once; '' for a wrong one. Commit either way: a try counts. Raises TooOften."""
    _count(session, keyring, TRIES_OF_ADDRESS, "typed address", address)
    key = _hash(keyring, "wait", order_id, same_number(phone))
    data = challenges.attempt(session, key, _KIND, CODE_TRIES)
    waiting = json.loads(data) if data is not None else {"code": "", "customer": ""}
    right = hmac.compare_digest(waiting["code"], _hash(keyring, "code", key, code))
    customer: str = waiting["customer"]
    if not right or not customer or tracking.customer_of(session, order_id) != customer:
        return ""
    return customer if challenges.take(session, key, _KIND) is not None else ""


def message(code: str) -> str:
    """What is sent to the phone."""
    minutes = CODE_SECONDS // 60
    return (
        f"您的工单查询验证码为 {code}, {minutes} 分钟内有效, 请勿告知他人。"
        f"Your code is {code}; it is good for {minutes} minutes. Tell nobody."
    )


def _count(session: Session, keyring: Keyring, most: int, *what: str) -> None:
    seconds = challenges.count(session, _hash(keyring, *what), most, HOUR)
    if seconds:
        raise TooOften(seconds)


def _signature(keyring: Keyring, order_id: str, customer: str, expires: int) -> str:
    said = b"\0".join(part.encode() for part in ("track", order_id, str(expires), customer))
    made = hmac.new(keyring.links, said, hashlib.sha256).digest()[:SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _hash(keyring: Keyring, *parts: str) -> str:
    """A keyed hash; no part can hold the character NUL, so no two lists of parts are taken for each other."""
    said = b"\0".join(part.encode() for part in ("tracking", *parts))
    return hmac.new(keyring.index, said, hashlib.sha256).hexdigest()
