"""Log-ins of browsers, as rows: added, found with whoever they stand for, kept awake, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, any_, case, insert, literal, select, update
from sqlalchemy.orm import Session

from domain.model import Role
from store.access_tables import accounts, customers
from store.access_tables import sessions as t
from store.tables import people


@dataclass(frozen=True, slots=True)
class Row:
    """A log-in that has not ended, and the person whose it is as the directory has him now ('' for a customer's).

    `active` is false for a person who left and for a customer who was erased; `must_change` says that the person's
    password was given to him and is to be replaced. Instants are UTC.
    """

    hash: str
    person: str
    customer: str
    order_id: str
    csrf: str
    how: str
    seen_at: datetime
    expires_at: datetime
    must_change: bool
    active: bool
    name_zh: str
    name_en: str
    role: Role | None
    unit: str
    province: str


def add(
    session: Session,
    *,
    digest: str,
    csrf: str,
    how: str,
    now: datetime,
    expires_at: datetime,
    person: str = "",
    customer: str = "",
    order_id: str = "",
    address: str = "",
) -> None:
    """Keep a new log-in."""
    session.execute(
        insert(t).values(
            hash=digest,
            person=person,
            customer=customer,
            order_id=order_id,
            csrf=csrf,
            how=how,
            address=address,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
        )
    )


def find(session: Session, digest: str) -> Row | None:
    """The log-in of that hash, unless it was ended; whether it has expired is for the reader to say."""
    return next(iter(find_all(session, (digest,))), None)


def find_all(session: Session, digests: Sequence[str]) -> list[Row]:
    """Those of these log-ins that were not ended."""
    found = session.execute(
        select(
            t.c.hash,
            t.c.person,
            t.c.customer,
            t.c.order_id,
            t.c.csrf,
            t.c.how,
            t.c.seen_at,
            t.c.expires_at,
            accounts.c.must_change,
            case((t.c.person != "", people.c.active), else_=customers.c.erased_at.is_(None)).label("active"),
            people.c.name_zh,
            people.c.name_en,
            people.c.role,
            people.c.unit,
            people.c.province,
        )
        .outerjoin(people, people.c.id == t.c.person)
        .outerjoin(accounts, accounts.c.person == t.c.person)
        .outerjoin(customers, customers.c.id == t.c.customer)
        .where(t.c.hash == any_(literal(list(digests), ARRAY(Text))), t.c.ended_at.is_(None))
    )
    return [_row(one) for one in found]


def _row(found: Any) -> Row:
    return Row(
        hash=found.hash,
        person=found.person,
        customer=found.customer,
        order_id=found.order_id,
        csrf=found.csrf,
        how=found.how,
        seen_at=found.seen_at,
        expires_at=found.expires_at,
        must_change=bool(found.must_change),
        active=bool(found.active),
        name_zh=found.name_zh or "",
        name_en=found.name_en or "",
        role=Role(found.role) if found.role else None,
        unit=found.unit or "",
        province=found.province or "",
    )


def seen(session: Session, digest: str, now: datetime, before: datetime) -> None:
    """Note that it was used, if that was last noted `before`."""
    this = (t.c.hash == digest, t.c.seen_at < before, t.c.ended_at.is_(None))
    session.execute(update(t).where(*this).values(seen_at=now))


def end(session: Session, digest: str, now: datetime) -> int:
    """End one; answers how many that were."""
    return _end(session, t.c.hash == digest, now)


def end_of_person(session: Session, person: str, now: datetime, *, but: str = "") -> int:
    """End all of a person's, but for the one of that hash; answers how many."""
    return _end(session, (t.c.person == person) & (t.c.hash != but), now)


def end_of_people(session: Session, people: Sequence[str], now: datetime) -> int:
    """End all of these people's; answers how many."""
    return _end(session, t.c.person.in_(people), now) if people else 0


def end_of_customer(session: Session, customer: str, now: datetime) -> int:
    """End all of a customer's; answers how many."""
    return _end(session, t.c.customer == customer, now)


def _end(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    ended = update(t).where(which, t.c.ended_at.is_(None)).values(ended_at=now).returning(t.c.hash)
    return len(session.execute(ended).all())
