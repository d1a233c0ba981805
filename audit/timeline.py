"""An order as it stood at a past instant, or after one of its events: `evolve` over the events up to there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from contracts.messages import EventRow, from_row
from domain.evolve import evolve
from domain.model import Order
from store import ledger


@dataclass(frozen=True, slots=True)
class Moment:
    """An order as it stood after the event `seq`, and until when it did (None: it stands so today)."""

    order: Order
    seq: int
    at: datetime
    type: str
    until: datetime | None


def moment(rows: Iterable[EventRow], *, seq: int | None = None, at: datetime | None = None) -> Moment | None:
    """The order after the last of these events up to `seq`, or up to the instant `at`; None when none is so early.

    They come in the order of their seqs. The first event past the instant ends it: what was recorded after that one
    was not known then, whatever time it names.
    """
    order: Order | None = None
    last: EventRow | None = None
    for row in rows:
        if (seq is not None and row.seq > seq) or (at is not None and row.at > at):
            return _moment(order, last, row.at)
        order, last = evolve(order, from_row(row)), row
    return _moment(order, last, None)


def as_of(session: Session, order_id: str, *, seq: int | None = None, at: datetime | None = None) -> Moment | None:
    """The order as it stood then; None before its first event, and for an order that is not in sight."""
    limit = None if seq is None else seq + 1
    return moment(ledger.stored(session, order_id, limit=limit), seq=seq, at=at)


def _moment(order: Order | None, last: EventRow | None, until: datetime | None) -> Moment | None:
    if order is None or last is None:
        return None
    return Moment(order=order, seq=last.seq, at=last.at, type=last.type, until=until)
