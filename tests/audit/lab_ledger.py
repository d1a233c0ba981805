"""A ledger with lives of the simulated year in it, their commands too, as the API leaves them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import msgspec
from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from bench.year.life import Life
from contracts.messages import CommandMessage, encode, to_rows
from domain.commands import VERBS, Command
from store import ledger, policies, tables
from store.demo import document
from store.log_tables import leaves
from tests.audit.lab_pasts import first_terms

_PLACES = itertools.count()


def keep(made: sessionmaker[Session], lives: Iterable[Life]) -> list[str]:
    """Write them down; their numbers."""
    numbers = []
    with made.begin() as session:
        policies.publish(session, document("policy")["version"], document("policy"))
    for life in lives:
        with made.begin() as session:
            policies.save_terms(session, first_terms(life))
            ledger.record(session, life.order.id, to_rows(life.order.id, life.events))
            session.execute(insert(tables.commands), [_command(life, deed) for deed in life.deeds])
        numbers.append(life.order.id)
    return numbers


def sequence(made: sessionmaker[Session], life: Life, first: int, last: int) -> None:
    """Give events of an order their places in the log, as the notary does."""
    with made.begin() as session:
        for seq in range(first, last + 1):
            session.execute(
                insert(leaves).values(position=next(_PLACES), order_id=life.order.id, seq=seq, hash="0" * 64)
            )


def _command(life: Life, deed: Command) -> dict[str, str]:
    message = CommandMessage(id=deed.id, actor=deed.actor, body=msgspec.Raw(encode(deed.body)), reason=deed.reason)
    return {
        "key": deed.id,
        "order_id": life.order.id,
        "verb": VERBS[type(deed.body)],
        "fingerprint": "f",
        "message": encode(message).decode(),
        "state": "done",
        "terms": "",
        "answer": "{}",
    }
