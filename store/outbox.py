"""The mail side of the notices: who may send which row when, and what became of it.

    queued ──▶ sending ──▶ sent
      ▲  │        ├──────▶ retry ──▶ sending …, after `MOST_ATTEMPTS` refusals ──▶ failed
      └──┘        └──────▶ uncertain

A letter that waited for more than `LONGEST_AGE` is no news any more and becomes `expired`; where there is no mail
server at all, nothing is promised and what was queued becomes `not_sent`. Both are final: a server that is set up later
does not send them.

A row is *claimed* by moving its `next_attempt_at` into the future, which hides it from other postmen for that long; the
instant itself is the claim's token. It is committed as `sending` just before the server may take the message. Whatever
certainly did not arrive is tried again; if nobody can know (the sender died, or the line broke before the server's
word), the row becomes `uncertain`: it is listed for a person and never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Update

from contracts.messages import decode
from domain.audiences import CUSTOMER
from domain.model import Order
from store.posts import Organisation
from store.tables import notices as t
from store.tables import orders

CLAIM = timedelta(minutes=5)
"""How long a claimed row is hidden from other postmen; a batch takes seconds."""
SENDING = timedelta(minutes=2)
"""How long a row may be on its way before its sender counts as dead."""
MOST_ATTEMPTS = 12
"""Refusals after which a row is given up as `failed`; with the back-off that is some five hours."""
FIRST_WAIT, LONGEST_WAIT = 30, 3600
"""Seconds before the second attempt, doubled each time, up to the longest."""

LONGEST_AGE = timedelta(hours=24)
"""How long after its event a letter may still be sent."""
UNSERVED_AGE = timedelta(minutes=1)
"""How long a letter waits where there is no mail server; another worker may be just starting with one."""

_DUE = ("queued", "retry")
_AT_ONCE = 1000
"""Rows that are put down at once; a backlog takes several turns."""
_RECEIPT_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed row; `token` proves the claim."""

    id: str
    order_id: str
    audience: str
    holders: Sequence[str]
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    created_at: datetime
    token: datetime


def claim(session: Session, most: int) -> list[Outgoing]:
    """Rows that are due, oldest first, hidden from others from now on; what others hold is skipped, not waited for.

    Those that are too old are left to `expire`.
    """
    due = (
        select(t.c.id)
        .where(
            t.c.state.in_(_DUE),
            t.c.next_attempt_at <= func.clock_timestamp(),
            t.c.created_at > _from_now(-LONGEST_AGE),
        )
        .order_by(t.c.next_attempt_at, t.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    claiming = update(t).where(t.c.id.in_(due.scalar_subquery())).values(next_attempt_at=_from_now(CLAIM))
    columns = [t.c[name] for name in Outgoing.__dataclass_fields__ if name != "token"]
    found = [Outgoing(*row) for row in session.execute(claiming.returning(*columns, t.c.next_attempt_at))]
    return sorted(found, key=lambda row: (row.created_at, row.id))


def begin(session: Session, row: Outgoing) -> bool:
    """Mark a claimed row as on its way, to be committed before the server gets it; False when it is ours no more."""
    beginning = (
        update(t)
        .where(t.c.id == row.id, t.c.state.in_(_DUE), t.c.next_attempt_at == row.token)
        .values(state="sending", attempts=t.c.attempts + 1, next_attempt_at=_from_now(SENDING))
    )
    return _touched(session, beginning)


def arrived(session: Session, row_id: str, receipt: str) -> None:
    """The server took it, and said so."""
    taken = update(t).where(t.c.id == row_id, t.c.state.in_(("sending", "uncertain")))
    session.execute(taken.values(state="sent", sent_at=func.clock_timestamp(), receipt=receipt[:_RECEIPT_LENGTH]))


def unknown(session: Session, row_id: str, why: str) -> None:
    """It may have arrived or not."""
    lost = update(t).where(t.c.id == row_id, t.c.state == "sending")
    session.execute(lost.values(state="uncertain", receipt=why[:_RECEIPT_LENGTH]))


def refused(session: Session, row: Outgoing, why: str) -> None:
    """It certainly did not arrive: again after a while, or given up after the last attempt."""
    attempts = t.c.attempts + case((t.c.state == "sending", 0), else_=1)
    wait = func.least(FIRST_WAIT * func.power(2, func.greatest(attempts - 1, 0)), LONGEST_WAIT)
    again = (
        update(t)
        .where(t.c.id == row.id, _ours(row))
        .values(
            state=case((attempts >= MOST_ATTEMPTS, "failed"), else_="retry"),
            attempts=attempts,
            next_attempt_at=func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, wait),
            receipt=why[:_RECEIPT_LENGTH],
        )
    )
    session.execute(again)


def give_back(session: Session, claimed: Sequence[Outgoing], wait: timedelta, why: str) -> None:
    """Claimed rows that were not tried, because the server is away: later, and it costs them no attempt."""
    for row in claimed:
        returning = update(t).where(t.c.id == row.id, t.c.state.in_(_DUE), t.c.next_attempt_at == row.token)
        told = {"receipt": why[:_RECEIPT_LENGTH]} if why else {}
        session.execute(returning.values(next_attempt_at=_from_now(wait), **told))


def bury(session: Session) -> int:
    """Rows whose sender died on the way become `uncertain`; how many."""
    dead = update(t).where(t.c.state == "sending", t.c.next_attempt_at < func.clock_timestamp())
    why = "the sender stopped before the server's answer"
    return _count(session, dead.values(state="uncertain", receipt=why))


def expire(session: Session) -> int:
    """Letters that waited too long to be news become `expired`; how many, not all of a backlog at once."""
    return _put_down(session, LONGEST_AGE, "expired", "too old to be sent")


def forgo(session: Session) -> int:
    """Letters that nobody is there to send become `not_sent`; how many, not all of a backlog at once."""
    return _put_down(session, UNSERVED_AGE, "not_sent", "there is no mail server")


def unsettled(session: Session, limit: int = 100) -> list[dict[str, Any]]:
    """What a person must look at, oldest first: mail of which nobody knows whether it arrived, and mail given up."""
    found = select(t).where(t.c.state.in_(("uncertain", "failed"))).order_by(t.c.created_at, t.c.id).limit(limit)
    return [dict(row) for row in session.execute(found).mappings()]


def settle(session: Session, row_id: str, *, did_arrive: bool) -> bool:
    """A person's word on an unsettled row: it arrived after all, or send it again; False when there is none such.

    What is to be sent again must not be older than `LONGEST_AGE`; it would expire.
    """
    settling = update(t).where(t.c.id == row_id, t.c.state.in_(("uncertain", "failed")))
    if did_arrive:
        return _touched(session, settling.values(state="sent", sent_at=func.clock_timestamp()))
    return _touched(session, settling.values(state="queued", attempts=0, next_attempt_at=func.clock_timestamp()))


def addresses(session: Session, row: Outgoing, organisation: Organisation) -> tuple[str, ...]:
    """Where the mail goes: the customer's own address, or those whom the row names, or who stands above them now."""
    if row.audience != CUSTOMER:
        return organisation.addresses(row.audience, datetime.now(UTC), row.holders)
    snapshot = session.scalar(select(orders.c.snapshot).where(orders.c.order_id == row.order_id))
    if snapshot is None:
        return ()
    order: Order = decode(snapshot, Order)
    return (order.customer.email,) if order.customer.email else ()


def _put_down(session: Session, age: timedelta, state: str, why: str) -> int:
    old = (
        select(t.c.id)
        .where(t.c.state.in_(_DUE), t.c.created_at <= _from_now(-age))
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    final = update(t).where(t.c.id.in_(old.scalar_subquery()))
    return _count(session, final.values(state=state, receipt=why))


def _from_now(length: timedelta) -> ColumnElement[datetime]:
    return cast("ColumnElement[datetime]", func.clock_timestamp() + length)


def _ours(row: Outgoing) -> ColumnElement[bool]:
    return (t.c.state == "sending") | (t.c.state.in_(_DUE) & (t.c.next_attempt_at == row.token))


def _count(session: Session, statement: Update) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def _touched(session: Session, statement: Update) -> bool:
    return _count(session, statement) == 1
