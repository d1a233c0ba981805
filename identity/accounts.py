"""Accounts of staff: a log-in by password step by step, the lock against guessing, and what administrators do.

A try is counted before the password is looked at, in the database and with the row held. So however many come at once,
at however many processes, no more passwords are compared than the lock allows: the fifth wrong one in a row locks for
15 minutes, each further one that comes when the lock is over for twice as long as before, up to a day. While it is
locked, up to four more are compared, so that somebody who remembers the right one can be told why it does not help.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from domain.model import Role
from identity import passwords
from store import accounts as rows
from store import directory, sessions
from store.directory import Person

FREE_FAILURES = 5
"""Wrong passwords in a row that lock an account."""
FIRST_LOCK = timedelta(minutes=15)
"""How long the first lock lasts; each next one twice as long."""
LONGEST_LOCK = timedelta(hours=24)
ID = re.compile(r"[\w@.:+-]{1,64}", re.ASCII)
"""What a person's id is made of."""
ONE_TIME_HOURS = 24
"""For how long a password that was given to somebody opens the door."""


class Unknown(LookupError):  # noqa: N818 - it names what is wrong
    """No active person of that id."""


class NoAccount(LookupError):  # noqa: N818 - it names what is wrong
    """The person has no password."""


class Verdict(StrEnum):
    """What comes of a password that was compared."""

    RIGHT = "right"
    WRONG = "wrong"
    """Person and password do not belong together; nothing says which of them is wrong."""
    LOCKED = "locked"
    """It is right, but wrong ones have locked the account."""
    EXPIRED = "expired"
    """It is right, but was given for a day that is over."""


@dataclass(frozen=True, slots=True)
class Count:
    """Where an account stands once a try is counted as wrong, and whether its password is to be compared at all."""

    failures: int
    locked_until: datetime | None
    compare: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was counted: the hash to compare with, '' for nobody's.

    `locked_until` is the lock that was on before it came, `locks` whether it puts one on if it is wrong.
    """

    person: str = ""
    role: Role | None = None
    hash: str = ""
    locked_until: datetime | None = None
    locks: bool = False


def counted(failures: int, locked_until: datetime | None, now: datetime) -> Count:
    """Where an account of so many failures stands when one more try comes.

    While a lock is on, tries go up to the next multiple of `FREE_FAILURES` less one, and none is compared beyond.
    """
    if locked_until is not None and now < locked_until:
        compare = (failures + 1) % FREE_FAILURES != 0
        return Count(failures + compare, locked_until, compare)
    if failures < FREE_FAILURES - 1:
        return Count(failures + 1, None, True)
    locks = failures // FREE_FAILURES
    length = min(FIRST_LOCK * 2 ** min(locks, 10), LONGEST_LOCK)
    return Count((locks + 1) * FREE_FAILURES, now + length, True)


def attempt(session: Session, person: str, now: datetime) -> Attempt:
    """Count a try as wrong until it turns out right; the transaction must be over before the password is compared."""
    account = rows.held(session, person)
    if account is None:
        return Attempt()
    count = counted(account.failures, account.locked_until, now)
    rows.count(session, person, count.failures, count.locked_until)
    before = account.locked_until if account.locked_until and now < account.locked_until else None
    return Attempt(
        person=person,
        role=account.role,
        hash=account.hash if count.compare else "",
        locked_until=before,
        locks=before is None and count.locked_until is not None,
    )


def judge(session: Session, made: Attempt, right: bool, now: datetime, rehashed: str = "") -> Verdict:
    """What comes of a password that was compared; with `RIGHT` the count of wrong ones begins anew.

    `rehashed` is the same password in the present form, if it was kept in an older one.
    """
    account = rows.held(session, made.person) if right else None
    if account is None or account.hash != made.hash:  # it may have been changed while it was compared
        return Verdict.WRONG
    if made.locked_until is not None:
        return Verdict.LOCKED
    if account.must_change and account.changed_at + timedelta(hours=ONE_TIME_HOURS) <= now:
        return Verdict.EXPIRED
    rows.count(session, made.person, 0, None)
    if rehashed:
        rows.rehash(session, made.person, rehashed)
    return Verdict.RIGHT


def change(session: Session, person: str, hash_now: str, now: datetime) -> None:
    """Give a person the password of his own choice; all his sessions end."""
    rows.put(session, person, hash_now, now, must_change=False)
    sessions.end_of_person(session, person, now)


def reset(session: Session, person: str, hash_now: str, now: datetime) -> datetime:
    """Give a person a password for one log-in, unlock him, and end all his sessions; answers until when it is good.

    Raises:
        Unknown: there is no such active person.
    """
    known(session, person)
    rows.put(session, person, hash_now, now, must_change=True)
    sessions.end_of_person(session, person, now)
    return now + timedelta(hours=ONE_TIME_HOURS)


def unlock(session: Session, person: str) -> bool:
    """Forget the wrong passwords of a person; answers whether his account was locked or on the way there.

    Raises:
        Unknown: there is no such active person.
        NoAccount: he has no password.
    """
    known(session, person)
    account = rows.held(session, person)
    if account is None:
        raise NoAccount(person)
    rows.count(session, person, 0, None)
    return account.failures > 0


def log_out(session: Session, person: str, now: datetime) -> int:
    """End all sessions of a person; answers how many there were.

    Raises:
        Unknown: there is no such person.
    """
    if directory.person(session, person) is None:
        raise Unknown(person)
    return sessions.end_of_person(session, person, now)


def known(session: Session, person: str) -> Person:
    """The active person of that id; raises Unknown."""
    found = directory.person(session, person)
    if found is None or not found.active:
        raise Unknown(person)
    return found


def first_administrator(session: Session, person: str, now: datetime, name_zh: str = "", name_en: str = "") -> str:
    """Make a person an administrator who may log in, entering him if the directory does not have him.

    Answers with his password for one log-in. To be run by the database's owner, for whom it is also the way back in.

    Raises:
        ValueError: somebody of another role has that id, or it is not made of what ids are made of.
        Unknown: he has left.
    """
    if not ID.fullmatch(person):
        raise ValueError("an id is 1 to 64 letters, digits and @ . : + _ -")
    role = rows.enter_administrator(session, person, name_zh or person, name_en or person)
    if role is not Role.ADMINISTRATOR:
        raise ValueError(f"{person} is in the directory already, with the role {role}")
    password = passwords.one_time()
    reset(session, person, passwords.hash_now(password), now)
    return password
