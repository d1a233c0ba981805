"""Idempotency-Keys: a command is claimed before it is sent, and its answer is kept under its key for good."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.messages import CommandMessage, decode, encode
from store.tables import commands, events, orders


class Standing(StrEnum):
    """How a claim stands.

    `new`: it is the caller's to send. `pending`: somebody has sent it, or died before; sending it again is harmless.
    `done` and `refused`: the answer is there. `conflict`: the key was used for another request.
    """

    NEW = "new"
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Claim:
    """A key as the ledger has it: `order_id`, `message` and `terms` are those of its first use.

    `recorded_seq` is the order's last recorded seq at this moment (0 for an order not yet there); `answer` is JSON;
    `attempt` counts who has had the command in hand so far: the latest alone may refuse it.
    """

    standing: Standing
    key: str
    order_id: str
    verb: str
    message: CommandMessage
    terms: str
    recorded_seq: int
    answer: str | None = None
    attempt: int = 1


_PENDING = text("'pending'")  # a literal, so that the partial index serves
_RECORDED = literal_column(  # as text, because RETURNING would not relate a subquery to the row it returns
    "coalesce((SELECT last_seq FROM orders WHERE orders.order_id = commands.order_id), 0)", Integer
).label("recorded_seq")
_GIVEN = ("key", "order_id", "verb", "fingerprint", "message", "terms")
_NEW = insert(commands).values({name: bindparam(name) for name in _GIVEN}).on_conflict_do_nothing().returning(_RECORDED)
_NEW_ON = (
    insert(commands)
    .from_select(
        _GIVEN,
        select(*(bindparam(name, type_=commands.c[name].type) for name in _GIVEN)).where(
            exists().where(orders.c.order_id == bindparam("order_id"))
        ),
    )
    .on_conflict_do_nothing()
    .returning(_RECORDED)
)
_OLD = select(commands, _RECORDED).where(commands.c.key == bindparam("key"))

REOPENED = (
    "UPDATE commands SET state = 'pending', answer = NULL, finished_at = NULL"
    " FROM json_populate_recordset(NULL::commands, %(commands)s) r"
    " WHERE commands.key = r.key AND commands.order_id = r.order_id AND commands.state = 'refused'"
)
"""SQL for `writes.Batch.add`, with the `key` and `order_id` of recorded events: what they prove done is not refused."""


def claim(
    session: Session,
    key: str,
    order_id: str,
    verb: str,
    fingerprint: str,
    message: CommandMessage,
    terms: str = "",
) -> Claim:
    """Write the key down as pending, or say how it already stands; commit before sending anything.

    `fingerprint` names the request (who, verb, order, body) and must not contain what differs between two sendings of
    the same request, such as an order id made for a registration: an earlier claim's `order_id` is the one to use.
    `terms` is the digest of the terms that a registration starts with. One round trip, two for a key already there.
    """
    made = session.execute(_NEW, _values(key, order_id, verb, fingerprint, message, terms)).one_or_none()
    if made is not None:
        return Claim(Standing.NEW, key, order_id, verb, message, terms, made.recorded_seq)
    return _claimed(session.execute(_OLD, {"key": key}).one(), fingerprint)


def claim_on(
    session: Session, key: str, order_id: str, verb: str, fingerprint: str, message: CommandMessage
) -> Claim | None:
    """As `claim`, for an order that must be in the ledger; None for one that is not, and nothing was written."""
    made = session.execute(_NEW_ON, _values(key, order_id, verb, fingerprint, message, "")).one_or_none()
    if made is not None:
        return Claim(Standing.NEW, key, order_id, verb, message, "", made.recorded_seq)
    row = session.execute(_OLD, {"key": key}).one_or_none()
    return None if row is None else _claimed(row, fingerprint)


def find(session: Session, key: str, fingerprint: str = "") -> Claim | None:
    """The claim of a key as it stands, CONFLICT where it is not of the request given; None for an unknown key."""
    row = session.execute(_OLD, {"key": key}).one_or_none()
    return None if row is None else _claimed(row, fingerprint or row.fingerprint)


def finish(session: Session, key: str, answer: str) -> str:
    """Store the answer (JSON) of a command that was carried out; the answer that stands is returned.

    The first such answer is kept for good. It takes the place of a refusal: what is in the ledger was done. Raises
    LookupError for a key that was never claimed.
    """
    undone = commands.c.state.in_((Standing.PENDING.value, Standing.REFUSED.value))
    if _closed(session, key, answer, Standing.DONE, undone):
        return answer
    kept: str | None = session.scalar(select(commands.c.answer).where(commands.c.key == key))
    if kept is None:
        raise LookupError(key)
    return kept


def refuse(session: Session, key: str, answer: str, attempt: int) -> str | None:
    """Store a refusal (JSON) as the answer of a pending key; the answer that stands is returned.

    None, and nothing is stored, when the refusal would not be the last word: somebody else has been given the command
    since and may still carry it out, or the ledger has events of it. The order's head is locked first, as by
    `ledger.record`, so that no event of the command slips in unseen. Raises LookupError as `finish`.
    """
    asked = select(commands.c.order_id).where(commands.c.key == key).scalar_subquery()
    session.execute(select(orders.c.order_id).where(orders.c.order_id == asked).with_for_update(read=True))
    recorded = exists().where(events.c.order_id == commands.c.order_id, events.c.command_id == commands.c.key)
    mine = (commands.c.state == _PENDING, commands.c.tries == attempt, ~recorded)
    if _closed(session, key, answer, Standing.REFUSED, *mine):
        return answer
    stands = session.execute(select(commands.c.answer).where(commands.c.key == key)).one_or_none()
    if stands is None:
        raise LookupError(key)
    kept: str | None = stands.answer
    return kept


def renew(session: Session, key: str, attempt: int) -> bool:
    """Keep a pending key in hand for as long again; False when it is answered, or somebody else has it by now."""
    mine = (commands.c.key == key, commands.c.state == _PENDING, commands.c.tries == attempt)
    renewing = update(commands).where(*mine).values(tried_at=func.clock_timestamp()).returning(commands.c.key)
    return session.execute(renewing).one_or_none() is not None


def _closed(session: Session, key: str, answer: str, standing: Standing, *still: ColumnElement[bool]) -> bool:
    closing = (
        update(commands)
        .where(commands.c.key == key, *still)
        .values(state=standing.value, answer=answer, finished_at=func.clock_timestamp())
        .returning(commands.c.key)
    )
    return session.execute(closing).one_or_none() is not None


def abandon(session: Session, key: str) -> bool:
    """Forget a pending key, when it is certain that its command was never done; True if it was there.

    The key may then be used anew. A refused command is not abandoned but finished, with its refusal as the answer.
    """
    gone = delete(commands).where(commands.c.key == key, commands.c.state == _PENDING).returning(commands.c.key)
    return session.execute(gone).one_or_none() is not None


def stale_pending(session: Session, older_than_seconds: float, limit: int = 50) -> list[Claim]:
    """Pending commands that nobody has tried for so long, oldest first; they are the caller's for as long again.

    Two reconcilers never get the same ones: rows that another holds are skipped, and taking one marks it as tried now.
    Whoever had one before may still be at it, but may not refuse it any more. Commit at once; the work follows.
    """
    waiting = (
        select(commands.c.key)
        .where(commands.c.state == _PENDING, commands.c.tried_at < _ago(older_than_seconds))
        .order_by(commands.c.tried_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taking = (
        update(commands)
        .where(commands.c.key.in_(waiting))
        .values(tried_at=func.clock_timestamp(), tries=commands.c.tries + 1)
        .returning(commands, _RECORDED)
    )
    taken = sorted(session.execute(taking), key=lambda row: (row.claimed_at, row.key))
    return [_claimed(row, row.fingerprint) for row in taken]


def _values(
    key: str, order_id: str, verb: str, fingerprint: str, message: CommandMessage, terms: str
) -> dict[str, str]:
    return dict(zip(_GIVEN, (key, order_id, verb, fingerprint, encode(message).decode(), terms), strict=True))


def _ago(seconds: float) -> ColumnElement[object]:
    return func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _claimed(row: Row[Any], fingerprint: str) -> Claim:
    standing = Standing(row.state) if row.fingerprint == fingerprint else Standing.CONFLICT
    return Claim(
        standing=standing,
        key=row.key,
        order_id=row.order_id,
        verb=row.verb,
        message=decode(row.message, CommandMessage),
        terms=row.terms,
        recorded_seq=row.recorded_seq,
        answer=None if standing is Standing.CONFLICT else row.answer,
        attempt=row.tries,
    )
