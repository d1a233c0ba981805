"""Passwords as rows: what argon2 made of them, how often in a row a wrong one came, and until when that locks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.model import Role
from store.access_tables import accounts as t
from store.tables import people


@dataclass(frozen=True, slots=True)
class Account:
    """The password of a person who may log in; `role` is the one that the directory gives him now. Instants are UTC.

    `must_change` marks a password that somebody else has given him, at `changed_at`.
    """

    person: str
    role: Role
    hash: str
    must_change: bool
    failures: int
    locked_until: datetime | None
    changed_at: datetime


def held(session: Session, person: str) -> Account | None:
    """The account of an active person, its row held until the transaction ends; None where there is none."""
    row = session.execute(
        select(t.c.person, people.c.role, t.c.hash, t.c.must_change, t.c.failures, t.c.locked_until, t.c.changed_at)
        .join(people, people.c.id == t.c.person)
        .where(t.c.person == person, people.c.active)
        .with_for_update(of=t)
    ).one_or_none()
    return None if row is None else Account(**{**row._mapping, "role": Role(row.role)})


def count(session: Session, person: str, failures: int, locked_until: datetime | None) -> None:
    """Keep how often in a row a wrong password came, and until when that locks the account."""
    session.execute(update(t).where(t.c.person == person).values(failures=failures, locked_until=locked_until))


def rehash(session: Session, person: str, hash_now: str) -> None:
    """Keep the same password in another form."""
    session.execute(update(t).where(t.c.person == person).values(hash=hash_now))


def put(session: Session, person: str, hash_now: str, now: datetime, *, must_change: bool) -> None:
    """Give a person this password; one whom wrong ones had locked out is let in again."""
    values = {
        "hash": hash_now,
        "must_change": must_change,
        "failures": 0,
        "locked_until": None,
        "changed_at": now,
    }
    statement = insert(t).values(person=person, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[t.c.person], set_=values))


def any_administrator(session: Session) -> bool:
    """True when some active administrator has a password of his own or one given to him."""
    found = exists().where(
        t.c.person == people.c.id, people.c.active, people.c.role == Role.ADMINISTRATOR.value, t.c.hash != ""
    )
    return bool(session.scalar(select(found)))


def enter_administrator(session: Session, person: str, name_zh: str, name_en: str) -> Role:
    """Enter a person as administrator unless the directory has the id already; answers with the role that it has."""
    values = {"id": person, "name_zh": name_zh, "name_en": name_en, "role": Role.ADMINISTRATOR.value}
    session.execute(insert(people).values(values).on_conflict_do_nothing())
    return Role(session.scalars(select(people.c.role).where(people.c.id == person)).one())
