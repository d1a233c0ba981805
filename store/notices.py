"""Notices in the database: written with the event that they tell of, and read in the inboxes.

Every notice is one row a channel: `console`, which is its inbox, for everybody; `email` for a customer who has given
an address, and for staff where waiting for the next look into the inbox would be too late (`MAILED`). Who holds the
post is looked up for the instant of the event and kept with the row. Whoever stands in for somebody gets a row of his
own, addressed to him, that says for whom it is; the post's own row waits for its holder's return. One event sends one
letter a person, however many of its audiences he is. The row's id is made of order, seq, audience and channel, and the
stand-in where there is one, so writing it again changes nothing. `store.outbox` sends the mail.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    and_,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from domain.audiences import CUSTOMER
from domain.model import Order
from domain.notice_texts import Words, called, in_place_of, render
from domain.notices import WAITING, Notice
from domain.wordings import Wording
from store import policies, posts, templates, writes
from store.posts import Holder, Organisation
from store.session import pool_of
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

_log = logging.getLogger(__name__)
_LABELS_SECONDS = 30.0
_GIVEN = (
    "id", "order_id", "seq", "audience", "channel", "template", "title_zh", "title_en", "body_zh", "body_en",
    "state", "sent_at", "rehearsal", "created_at", "post", "holders", "next_attempt_at",
)  # fmt: skip

INSERT = (
    writes.insert(t, without=tuple(column.name for column in t.columns if column.name not in _GIVEN))
    + " ON CONFLICT DO NOTHING"
)
"""SQL for `writes.Batch.add`, with what `rows` makes."""


class Reader(Protocol):
    """Who reads an inbox: a person of the directory by `id`, or a customer, who has an id in the vault."""

    @property
    def id(self) -> str:
        """The person's id."""
        ...

    @property
    def customer(self) -> str:
        """A customer's id, '' for staff."""
        ...

    @property
    def order_id(self) -> str:
        """The one order that a customer's link opens, '' for all of his."""
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


@dataclass(frozen=True, slots=True)
class Names:
    """What a notice must know besides: what things are called, as `render` wants it, and who holds a post.

    `wordings` are those of templates that are not worded as they come with the program.
    """

    labels: Mapping[str, tuple[str, str]]
    organisation: Organisation
    wordings: Mapping[str, Wording] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Telling:
    """A notice with those whom it reaches: who holds the post himself, and who is told in somebody's place."""

    notice: Notice
    post: str
    own: tuple[Holder, ...]
    others: tuple[Holder, ...]


def rows(order: Order, seq: int, told: Sequence[Notice], created_at: datetime, names: Names) -> list[dict[str, Any]]:
    """The rows of an event's notices: one a channel, and one more for each who stands in.

    `created_at` is the instant of the event. A rehearsal's mail is written down and never sent.
    """
    organisation = names.organisation
    made: list[dict[str, Any]] = []
    for channel in ("console", "email"):
        tellings = [
            _telling(notice, organisation, created_at) for notice in told if channel in _channels(order, notice)
        ]
        reached: set[str] = set()
        letters = [letter for one in tellings for letter in _to_the_post(one, channel, organisation, reached)]
        letters += [letter for one in tellings for letter in _to_others(one, names, reached)]
        for one, audience, whom, holders in letters:
            customers = audience == CUSTOMER
            zone = order.customer.zone if customers else organisation.zone_of(audience)
            words = _words(one.notice, names, zone)
            said = in_place_of(words, whom) if whom else words
            for_whom = f"/{audience}" if whom else ""
            made.append(
                {
                    "id": f"{order.id}/{seq}/{one.notice.audience}/{channel}{for_whom}",
                    "order_id": order.id,
                    "seq": seq,
                    "audience": audience,
                    "channel": channel,
                    "template": one.notice.template,
                    "title_zh": said.title_zh,
                    "title_en": said.title_en,
                    "body_zh": said.body_zh,
                    "body_en": said.body_en,
                    "state": "sent" if channel == "console" else "rehearsed" if order.rehearsal else "queued",
                    "sent_at": created_at if channel == "console" else None,
                    "rehearsal": order.rehearsal,
                    "created_at": created_at,
                    "post": one.post,
                    "holders": holders,
                    "next_attempt_at": _not_before(order, one.notice) or created_at,
                }
            )
    return made


def _words(notice: Notice, names: Names, zone: str) -> Words:
    """The notice as it is worded now; the shipped text where another cannot be rendered, for no order waits for it."""
    wording = names.wordings.get(notice.template)
    if wording is not None:
        try:
            return render(notice.template, notice.params, names.labels, zone, wording.texts)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            _log.exception("the published wording of %s cannot be rendered", notice.template)
    return render(notice.template, notice.params, names.labels, zone)


def _not_before(order: Order, notice: Notice) -> datetime | None:
    """When a letter that must not come at night may be sent; None for one that goes at once."""
    return order.callback.not_before if order.callback and notice.template in WAITING else None


_Letter = tuple[_Telling, str, tuple[str, str] | None, list[str]]
"""What is told, to which audience, in whose place (zh, en) if in any, and the people whom it reaches."""


def _channels(order: Order, notice: Notice) -> tuple[str, ...]:
    mailed = bool(order.customer.email) if notice.audience == CUSTOMER else notice.template in MAILED
    return ("console", "email") if mailed else ("console",)


def _telling(notice: Notice, organisation: Organisation, at: datetime) -> _Telling:
    if notice.audience == CUSTOMER:
        return _Telling(notice, CUSTOMER, (), ())
    post, holders = organisation.reached(notice.audience, at)
    own = tuple(one for one in holders if one.instead_of is None and post == notice.audience)
    return _Telling(notice, post, own, tuple(one for one in holders if one not in own))


def _to_the_post(one: _Telling, channel: str, organisation: Organisation, reached: set[str]) -> Iterator[_Letter]:
    """The post's own row, on the console always; by mail to its holders, but for those who have had a letter already.

    A unit's box is nobody's own: it gets its letter, and the people of the unit theirs.
    """
    audience, own = one.notice.audience, [holder.person.id for holder in one.own]
    if channel == "console":
        reached.update(own)
        yield one, audience, None, own + [holder.person.id for holder in one.others]
        return
    if own and organisation.box(audience):
        yield one, audience, None, own
        return
    fresh = [person for person in own if person not in reached]
    reached.update(fresh)
    if fresh or not (own or one.others):  # a letter for nobody stays in sight: it cannot be sent, and is listed
        yield one, audience, None, fresh


def _to_others(one: _Telling, names: Names, reached: set[str]) -> Iterator[_Letter]:
    """A row for each who stands in and is not told of the event in his own right, or in another's place, already."""
    for person, instead_of in one.others:
        if person.id in reached:
            continue
        reached.add(person.id)
        zh, en = called(one.notice.audience, names.labels)
        if instead_of is not None and one.notice.audience != f"person:{instead_of.id}":
            zh, en = f"{instead_of.name_zh}（{zh}）", f"{instead_of.name_en}, {en}"
        yield one, f"person:{person.id}", (zh, en), [person.id]


_LABELS: WeakKeyDictionary[Pool, tuple[float, dict[str, tuple[str, str]]]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def names(session: Session) -> Names:
    """Who holds which post, read at most 10 seconds ago, what units, people, matters and categories are called.

    And how the notices are worded, read at most 5 seconds ago.
    """
    organisation = posts.organisation(session)
    labels = ChainMap(_policy_labels(session), organisation.names)
    return Names(labels, organisation, templates.wordings(session))


def _policy_labels(session: Session) -> dict[str, tuple[str, str]]:
    pool = pool_of(session)
    with _LOCK:
        kept = _LABELS.get(pool)
    if kept is not None and kept[0] + _LABELS_SECONDS > time.monotonic():
        return kept[1]
    try:
        labels = policies.current(session)[1].get("labels", {})
    except LookupError:
        return {}
    found = {
        f"{group}:{code}": (label["zh"], label["en"])
        for group, section in (("matter", "whistle_matters"), ("category", "categories"))
        for code, label in labels.get(section, {}).items()
    }
    with _LOCK:
        _LABELS[pool] = (time.monotonic(), found)
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
    wanted = [t.c.channel == "console", t.c.rehearsal == rehearsal]
    if unread_only:
        wanted.append(t.c.read_at.is_(None))
    if after is not None:
        wanted.append(tuple_(t.c.created_at, t.c.id) < (after.created_at, after.id))
    found = session.execute(newest(session, reader, wanted, limit + 1))
    entries = [Entry(*row) for row in found]
    page = entries[:limit]
    return page, Cursor(page[-1].created_at, page[-1].id) if len(entries) > limit else None


def of_order(session: Session, reader: Reader, order_id: str, limit: int = 500) -> list[Entry]:
    """What a reader was told about one order, newest first."""
    wanted = [t.c.channel == "console", t.c.order_id == order_id]
    return [Entry(*row) for row in session.execute(newest(session, reader, wanted, limit))]


@dataclass(frozen=True, slots=True)
class Sent:
    """That somebody was told of an event of an order, by which way, and what became of it; not in which words."""

    id: str
    seq: int
    audience: str
    channel: str
    template: str
    title_zh: str
    title_en: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    read_at: datetime | None


_SENT = tuple(t.c[name] for name in Sent.__dataclass_fields__)


def sent_of(session: Session, order_id: str, limit: int = 500) -> list[Sent]:
    """Whom the system told of an order, as far as the session sees it, the latest first."""
    latest = (t.c.seq.desc(), t.c.id)
    found = session.execute(select(*_SENT).where(t.c.order_id == order_id).order_by(*latest).limit(limit))
    return [Sent(*row) for row in found]


def newest(session: Session, reader: Reader, wanted: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    """The newest of what a reader may see; for staff the top of each audience by the index, and the top of those."""
    latest = (t.c.created_at.desc(), t.c.id.desc())
    if reader.customer:
        return select(*_ENTRY).where(_customers(reader), *wanted).order_by(*latest).limit(limit)
    own, stood_in = _read_by(session, reader)
    tops = []
    for audiences, condition in ((own, true()), (stood_in, _not_told(reader))):
        named = (
            func.unnest(literal(list(audiences), ARRAY(Text))).table_valued("audience", name="read").render_derived()
        )
        top = (
            select(*_ENTRY)
            .where(t.c.audience == named.c.audience, condition, *wanted)
            .order_by(*latest)
            .limit(limit)
            .lateral()
        )
        tops.append(select(*top.c).select_from(named.join(top, true())))
    both = union_all(*tops[: 2 if stood_in else 1]).subquery()
    return select(*both.c).order_by(both.c.created_at.desc(), both.c.id.desc()).limit(limit)


def unread(session: Session, reader: Reader, ids: Sequence[str]) -> list[str]:
    """Which of these notices are the reader's and not read yet: what he may have marked as read."""
    return list(session.scalars(select(t.c.id).where(t.c.id.in_(ids), _unread_of(session, reader))))


def mark_read(session: Session, reader: Reader, ids: Sequence[str], at: datetime) -> int:
    """Mark a reader's notices as read at that instant (UTC); how many were unread. A post's notice is read once."""
    marking = update(t).where(t.c.id.in_(ids), _unread_of(session, reader))
    return len(session.execute(marking.values(read_at=at).returning(t.c.id)).all())


def _unread_of(session: Session, reader: Reader) -> ColumnElement[bool]:
    if reader.customer:
        mine = _customers(reader)
    else:
        own, stood_in = _read_by(session, reader)
        mine = or_(t.c.audience.in_(own), and_(t.c.audience.in_(stood_in), _not_told(reader)))
    return and_(t.c.read_at.is_(None), t.c.channel == "console", mine)


def _customers(reader: Reader) -> ColumnElement[bool]:
    """What concerns a customer's own orders, or the one that he came for."""
    own = select(orders.c.order_id).where(orders.c.customer == reader.customer)
    one = t.c.order_id == reader.order_id if reader.order_id else true()
    return and_(t.c.audience == CUSTOMER, t.c.order_id.in_(own), one)


def _read_by(session: Session, reader: Reader) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The audiences of a reader's own posts, and of those for which he stands in now."""
    organisation = posts.organisation(session)
    person = organisation.people.get(reader.id)
    return organisation.read_by(person) if person else ((f"person:{reader.id}",), ())


def _not_told(reader: Reader) -> ColumnElement[bool]:
    """Leaves out of the posts that a reader stands in for what he has a row of his own for."""
    return ~t.c.holders.contains([reader.id])
