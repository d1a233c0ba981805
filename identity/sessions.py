"""Log-ins of browsers: a secret in a cookie, of which the database has the hash alone, and two limits on its life.

A session ends when it has not been used for the idle limit, when its hours are over, when it or all of the person's are
ended, and when the person is made inactive in the directory. With each goes a second secret, the CSRF token, that the
page sends in a header, for a cookie alone does not say that the page itself asked.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from identity.people import Identified, customer
from store import sessions as rows

COOKIE = "__Host-whistle"
"""The cookie's name; the prefix makes browsers demand Secure and Path=/ and refuse one set for other hosts too."""
SECRET_BYTES = 32
"""Of the cookie and of the CSRF token: 256 bits from the system's generator."""
SEEN_SECONDS = 60
"""How often at most it is noted that a session is in use."""

PASSWORD, OIDC, LINK, CODE, DEMO = "password", "oidc", "link", "code", "demo"
"""How somebody logged in."""


class Opened(NamedTuple):
    """The two secrets of a new session: what the cookie holds, and what the page sends back."""

    cookie: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Live:
    """A session that holds now: whose, until when at most (UTC), and whether a password must be changed first."""

    digest: str
    csrf: str
    how: str
    expires_at: datetime
    must_change: bool
    who: Identified


def hashed(cookie: str) -> str:
    """What the database knows a cookie by. It is random throughout, so one round of SHA-256 is enough."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def create(
    session: Session,
    *,
    now: datetime,
    how: str,
    hours: float,
    person: str = "",
    customer: str = "",
    order_id: str = "",
    address: str = "",
) -> Opened:
    """Open a session of a person, or of a customer, perhaps for one order alone; it ends after so many hours.

    Raises:
        ValueError: it is neither a person's nor a customer's, or both.
    """
    if bool(person) == bool(customer):
        raise ValueError("a session is a person's or a customer's")
    opened = Opened(secrets.token_urlsafe(SECRET_BYTES), secrets.token_urlsafe(SECRET_BYTES))
    rows.add(
        session,
        digest=hashed(opened.cookie),
        csrf=opened.csrf,
        how=how,
        now=now,
        expires_at=now + timedelta(hours=hours),
        person=person,
        customer=customer,
        order_id=order_id,
        address=address,
    )
    return opened


def find(session: Session, cookie: str, now: datetime, idle: timedelta) -> Live | None:
    """The session that a cookie stands for, if it still holds; that it was used is noted once a minute."""
    row = rows.find(session, hashed(cookie))
    if row is None or not _holds(row, now, idle):
        return None
    if not row.active:
        rows.end(session, row.hash, now)
        return None
    noted_before = now - timedelta(seconds=SEEN_SECONDS)
    if row.seen_at < noted_before:
        rows.seen(session, row.hash, now, noted_before)
    return _live(row)


def holding(session: Session, digests: Sequence[str], now: datetime, idle: timedelta) -> dict[str, Live]:
    """Those of these sessions that still hold, by hash; to be looked at is no use of them, and keeps none awake."""
    return {row.hash: _live(row) for row in rows.find_all(session, digests) if row.active and _holds(row, now, idle)}


def _holds(row: rows.Row, now: datetime, idle: timedelta) -> bool:
    return row.expires_at > now and row.seen_at + idle > now


def _live(row: rows.Row) -> Live:
    return Live(
        digest=row.hash,
        csrf=row.csrf,
        how=row.how,
        expires_at=row.expires_at,
        must_change=row.must_change and row.how == PASSWORD,
        who=_who(row),
    )


def end(session: Session, digest: str, now: datetime) -> None:
    """End one session."""
    rows.end(session, digest, now)


def end_all(session: Session, who: Identified, now: datetime) -> int:
    """End all sessions of whoever it is; answers how many there were."""
    if who.customer:
        return rows.end_of_customer(session, who.customer, now)
    return rows.end_of_person(session, who.id, now)


def _who(row: rows.Row) -> Identified:
    if row.role is None:
        return customer(row.customer, row.order_id)
    return Identified(
        id=row.person,
        name_zh=row.name_zh,
        name_en=row.name_en,
        role=row.role,
        unit=row.unit,
        province=row.province,
    )
