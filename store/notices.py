"""Notices in the database: written with the event that they tell of, and read in the inboxes.

Every notice is one row a channel: `console`, which is its inbox, for everybody; `email` for a customer who has given
an address, and for staff where waiting for the next look into the inbox would be too late (`MAILED`). The row's id is
made of order, seq, audience and channel, so writing it again changes nothing. `store.outbox` sends the mail.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, tuple_, update
from sqlalchemy.orm import Session

from domain.audiences import CUSTOMER
from domain.model import Order
from domain.notice_texts import render
from domain.notices import Notice
from store import directory, policies, posts, writes
from store.tables import notices as t
from store.tables import orders

MAILED = (
    "escalated.by_clock",
    "escalated.by_hand",
    "alarm.dead_end",
    "unit.criticised",
    "unit.summoned",
    "unit.summoned_again",
)
"""What staff get by mail too: escalations, summons, alarms."""

_NAMES_SECONDS = 30.0
_GIVEN = (
    "id", "order_id", "seq", "audience", "channel", "template", "title_zh", "title_en", "body_zh", "body_en",
    "state", "sent_at", "rehearsal", "created_at",
)  # fmt: skip

INSERT = (
    writes.insert(t, without=tuple(column.name for column in t.columns if column.name not in _GIVEN))
    + " ON CONFLICT DO NOTHING"
)
"""SQL for `writes.Batch.add`, with what `rows` makes."""


class Reader(Protocol):
    """Who reads an inbox: a person of the directory by `id`, or a customer by the `phone` number of his orders."""

    @property
    def id(self) -> str:
        """The person's id."""
        ...

    @property
    def phone(self) -> str:
        """A customer's number, '' for staff."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice as its reader sees it; instants are UTC."""

    id: str
    order_id: str
    seq: int
    audience: str
    channel: str
    template: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    state: str
    sent_at: datetime | None
    read_at: datetime | None
    rehearsal: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next one begins after it."""

    created_at: datetime
    id: str


def rows(
    order: Order, seq: int, told: Sequence[Notice], created_at: datetime, names: Mapping[str, tuple[str, str]]
) -> list[dict[str, Any]]:
    """The rows of an event's notices, one a channel; a rehearsal's mail is written down and never sent."""
    made = []
    for notice in told:
        words = render(notice.template, notice.params, names)
        for channel in _channels(order, notice):
            if channel == "console":
                state, sent_at = "sent", created_at
            else:
                state, sent_at = ("rehearsed" if order.rehearsal else "queued"), None
            made.append(
                {
                    "id": f"{order.id}/{seq}/{notice.audience}/{channel}",
                    "order_id": order.id,
                    "seq": seq,
                    "audience": notice.audience,
                    "channel": channel,
                    "template": notice.template,
                    "title_zh": words.title_zh,
                    "title_en": words.title_en,
                    "body_zh": words.body_zh,
                    "body_en": words.body_en,
                    "state": state,
                    "sent_at": sent_at,
                    "rehearsal": order.rehearsal,
                    "created_at": created_at,
                }
            )
    return made


def _channels(order: Order, notice: Notice) -> tuple[str, ...]:
    mailed = bool(order.customer.email) if notice.audience == CUSTOMER else notice.template in MAILED
    return ("console", "email") if mailed else ("console",)


_NAMES: WeakKeyDictionary[Engine, tuple[float, dict[str, tuple[str, str]]]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def names(session: Session) -> Mapping[str, tuple[str, str]]:
    """The names (zh, en) of units, whistle matters and categories, as they were at most 30 seconds ago."""
    bind = session.get_bind()
    engine = bind.engine if isinstance(bind, Connection) else bind
    with _LOCK:
        kept = _NAMES.get(engine)
    if kept is not None and kept[0] + _NAMES_SECONDS > time.monotonic():
        return kept[1]
    found = {f"unit:{unit.id}": (unit.name_zh, unit.name_en) for unit in directory.units(session)}
    try:
        labels = policies.current(session)[1].get("labels", {})
    except LookupError:
        labels = {}
    for group, section in (("matter", "whistle_matters"), ("category", "categories")):
        found |= {f"{group}:{code}": (label["zh"], label["en"]) for code, label in labels.get(section, {}).items()}
    with _LOCK:
        _NAMES[engine] = (time.monotonic(), found)
    return found


_ENTRY = tuple(t.c[name] for name in Entry.__dataclass_fields__)


def inbox(
    session: Session,
    reader: Reader,
    *,
    unread_only: bool = False,
    rehearsal: bool = False,
    after: Cursor | None = None,
    limit: int = 50,
) -> tuple[list[Entry], Cursor | None]:
    """A page of what a reader was told, newest first, and where the next page begins (None at the end)."""
    wanted = [_mine(session, reader), t.c.rehearsal == rehearsal]
    if unread_only:
        wanted.append(t.c.read_at.is_(None))
    if after is not None:
        wanted.append(tuple_(t.c.created_at, t.c.id) < (after.created_at, after.id))
    found = select(*_ENTRY).where(*wanted).order_by(t.c.created_at.desc(), t.c.id.desc()).limit(limit + 1)
    entries = [Entry(*row) for row in session.execute(found)]
    page = entries[:limit]
    return page, Cursor(page[-1].created_at, page[-1].id) if len(entries) > limit else None


def mark_read(session: Session, reader: Reader, ids: Sequence[str], at: datetime) -> int:
    """Mark a reader's notices as read at that instant (UTC); how many were unread. A post's notice is read once."""
    marking = update(t).where(t.c.id.in_(ids), t.c.read_at.is_(None), _mine(session, reader)).values(read_at=at)
    return len(session.execute(marking.returning(t.c.id)).all())


def _mine(session: Session, reader: Reader) -> ColumnElement[bool]:
    """What the reader's inbox holds: his posts', those of vacant posts below him, a customer's own orders'."""
    if reader.phone:
        own = select(orders.c.order_id).where(orders.c.customer_phone == reader.phone)
        return and_(t.c.channel == "console", t.c.audience == CUSTOMER, t.c.order_id.in_(own))
    organisation = posts.organisation(session)
    person = organisation.people.get(reader.id)
    audiences = organisation.read_by(person) if person else (f"person:{reader.id}",)
    return and_(t.c.channel == "console", t.c.audience.in_(audiences))
