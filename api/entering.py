"""A log-in by password, step by step: counted, compared beside the event loop, judged in one transaction, answered.

What is refused says nothing of the account, and takes the same time whoever is named.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fastapi import Request
from pydantic import SecretStr
from sqlalchemy.orm import Session

from api import record
from api.deps import Parts
from api.errors import Problem
from identity import accounts, passwords, sessions
from identity.accounts import Attempt, Verdict
from identity.passwords import Place
from identity.sessions import Live, Opened
from store import accesses
from store.accesses import Access, Outcome

FLOOR_SECONDS = 0.3
"""The least time in which a log-in is refused: what the database did meanwhile cannot be told from outside."""


class Entered(NamedTuple):
    """A new session: the secrets of it, and whose it is."""

    opened: Opened
    live: Live


class _Judged(NamedTuple):
    verdict: Verdict
    entered: Entered | None = None


async def enter(request: Request, parts: Parts, person: str, typed: SecretStr, before: Live | None) -> Entered:
    """Open a session for whoever knows the password; the one that his browser had `before` ends.

    Raises:
        Problem: `log_in_failed`, `account_locked` or `too_many_requests`.
    """
    started = time.monotonic()
    with _place() as place:
        attempt, right = await _compare(parts, place, person, typed)
        rehashed = await place.hashed(typed.get_secret_value()) if right and passwords.outdated(attempt.hash) else ""
    now = datetime.now(UTC)
    judged = await parts.write(_enter, request, attempt, right, rehashed, before, parts.settings.session_hours, now)
    return await _answered(judged, attempt, started, now)


async def change(request: Request, parts: Parts, live: Live, old: SecretStr, new: SecretStr) -> Entered:
    """Change the password of a session's person who knows the old one; all his sessions end, and a new one is opened.

    Raises:
        Problem: as for `enter`, or `invalid_request` for a password that nobody may have.
    """
    who = live.who
    try:
        if new.get_secret_value() == old.get_secret_value():
            raise passwords.Unfit("it is the old one", "take another one")
        passwords.demand_fit(new.get_secret_value(), who.id, who.name_zh, who.name_en)
    except passwords.Unfit as error:
        raise _unfit(error) from None
    started = time.monotonic()
    with _place() as place:
        attempt, right = await _compare(parts, place, who.id, old)
        hash_now = await place.hashed(new.get_secret_value()) if right else ""
    now = datetime.now(UTC)
    judged = await parts.write(_change, request, attempt, right, hash_now, live, parts.settings.session_hours, now)
    return await _answered(judged, attempt, started, now, field="old")


@contextmanager
def _place() -> Iterator[Place]:
    """A place in the queue, before anything is counted: whoever finds none has not tried. Raises Problem."""
    with ExitStack() as held:
        try:
            place = held.enter_context(passwords.place())
        except passwords.Overrun:
            raise _overrun() from None
        yield place


async def _compare(parts: Parts, place: Place, person: str, typed: SecretStr) -> tuple[Attempt, bool]:
    """Count a try and compare its password."""
    attempt = await parts.write(accounts.attempt, person, datetime.now(UTC))
    return attempt, await place.matches(attempt.hash, typed.get_secret_value())


def _enter(
    session: Session,
    request: Request,
    attempt: Attempt,
    right: bool,
    rehashed: str,
    before: Live | None,
    hours: int,
    now: datetime,
) -> _Judged:
    """Judge a log-in, put it on record, and open the session if it is good."""
    verdict = accounts.judge(session, attempt, right, now, rehashed)
    accesses.add(session, _tried(request, attempt, verdict))
    if verdict is not Verdict.RIGHT:
        return _Judged(verdict)
    if before is not None:
        sessions.end(session, before.digest, now)
    return _opened(session, request, attempt.person, hours, now)


def _change(
    session: Session,
    request: Request,
    attempt: Attempt,
    right: bool,
    hash_now: str,
    live: Live,
    hours: int,
    now: datetime,
) -> _Judged:
    """Judge the old password, put it on record, and change it if it is good."""
    verdict = accounts.judge(session, attempt, right, now)
    if verdict is not Verdict.RIGHT:
        accesses.add(session, _tried(request, attempt, verdict))
        return _Judged(verdict)
    accesses.add(session, record.access(request, live.who, Outcome.CHANGED, detail="password"))
    accounts.change(session, live.who.id, hash_now, now)
    return _opened(session, request, live.who.id, hours, now)


def _opened(session: Session, request: Request, person: str, hours: int, now: datetime) -> _Judged:
    address = request.client.host if request.client else ""
    opened = sessions.create(session, now=now, how=sessions.PASSWORD, hours=hours, person=person, address=address)
    live = sessions.find(session, opened.cookie, now, timedelta(hours=hours))
    if live is None:
        raise _left()  # and all of this transaction with it: neither a log-in nor a wrong password has happened
    return _Judged(Verdict.RIGHT, Entered(opened, live))


def _tried(request: Request, attempt: Attempt, verdict: Verdict) -> Access:
    """What the record says of a try. Of one for nobody it does not repeat the name: it may be a mistyped password."""
    locked = attempt.locked_until is not None or attempt.locks
    failed = verdict is not Verdict.RIGHT
    return Access(
        actor_id=attempt.person,
        role=attempt.role.value if attempt.role else "",
        operation=record.operation(request),
        outcome=Outcome.LOG_IN_FAILED if failed else Outcome.LOGGED_IN,
        code="account_locked" if failed and locked else "log_in_failed" if failed else "",
        detail=sessions.PASSWORD,
        address=request.client.host if request.client else "",
    )


async def _answered(judged: _Judged, attempt: Attempt, started: float, now: datetime, field: str = "") -> Entered:
    if judged.entered is not None:
        return judged.entered
    await asyncio.sleep(max(0.0, started + FLOOR_SECONDS - time.monotonic()))
    raise _refused(judged.verdict, attempt, now, field)


def _refused(verdict: Verdict, attempt: Attempt, now: datetime, field: str) -> Problem:
    if verdict is Verdict.LOCKED and attempt.locked_until is not None:
        until = attempt.locked_until
        return Problem(
            "account_locked",
            f"Wrong passwords have locked this account until {until.isoformat(timespec='seconds')}.",
            remedy="Wait until then, or ask an administrator to unlock it.",
            retry_after=max(1, int((until - now).total_seconds())),
        )
    if verdict is Verdict.EXPIRED:
        detail = f"The password was given for {accounts.ONE_TIME_HOURS} hours, which are over."
        return Problem("log_in_failed", detail, field=field, remedy="Ask an administrator for a new one.")
    return Problem(
        "log_in_failed",
        "Person and password do not belong together.",
        field=field,
        remedy="Check both; after several wrong ones wait, or ask an administrator.",
    )


def _unfit(error: passwords.Unfit) -> Problem:
    remedy = f"{error.remedy[:1].upper()}{error.remedy[1:]}."
    return Problem("invalid_request", f"This cannot be the password: {error}.", field="new", remedy=remedy)


def _left() -> Problem:
    return Problem(
        "log_in_failed",
        "The person was made inactive while he logged in.",
        remedy="Ask an administrator.",
    )


def _overrun() -> Problem:
    return Problem("too_many_requests", "Too many log-ins wait.", remedy="Ask again after a moment.", retry_after=2)
