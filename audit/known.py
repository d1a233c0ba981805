"""Who knew what of an order at an instant: what was recorded by then, who had looked, who had been told, who could see.

Nobody's mind is read here. The record says what somebody did, was shown, was sent and opened; whatever he was shown he
may have known, and of what came later he cannot have learnt from this system.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contracts.messages import from_row
from domain.evolve import evolve
from domain.model import Order
from store import ledger, posts, projection
from store.access_tables import accesses
from store.spans import happened_at
from store.tables import events, notices

LOOKS = ("seen", "revealed", "exported", "changed")
"""Outcomes of the record of looks by which somebody was shown something."""


@dataclass(frozen=True, slots=True)
class Knower:
    """What one person had done with an order by then.

    `seq` is the last event that he can have known of: the latest that was recorded when he last looked or acted.
    `looks` and `deeds` are counted; `told` are notices that had reached him, `read` those of them that were opened.
    """

    person: str
    role: str
    unit: str
    seq: int
    looks: int
    first_look: datetime | None
    last_look: datetime | None
    operations: tuple[str, ...]
    deeds: int
    last_deed: datetime | None
    told: int
    read: int


@dataclass(frozen=True, slots=True)
class Told:
    """A notice: of which event, to whom, since when it lay with him; when it went out and was opened, if by then."""

    id: str
    seq: int
    audience: str
    holders: tuple[str, ...]
    channel: str
    template: str
    title_zh: str
    title_en: str
    at: datetime
    sent_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Seeing:
    """A place from which the order could be seen, and since which event; `of` is the unit through which it is."""

    place: str
    of: str
    seq: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of an order at an instant (UTC).

    `recorded` is the last event that was on record by then, `happened` the last that had happened: where it is more, it
    was not known yet. State, level and lead unit are those on record then.
    """

    order_id: str
    at: datetime
    recorded: int
    happened: int
    state: str
    level: int
    lead_unit: str
    places: tuple[Seeing, ...]
    people: tuple[Knower, ...]
    told: tuple[Told, ...]


@dataclass(slots=True)
class _Sum:
    role: str = ""
    unit: str = ""
    seq: int = 0
    looks: int = 0
    first_look: datetime | None = None
    last_look: datetime | None = None
    operations: tuple[str, ...] = ()
    deeds: int = 0
    last_deed: datetime | None = None
    told: int = 0
    read: int = 0


def known(session: Session, order_id: str, at: datetime, *, person: str = "", unit: str = "") -> Known | None:
    """What was known of the order, by one person or by a unit and its people where one is named.

    In a session of the system; None for an order of which nothing was on record.
    """
    rows = ledger.stored(session, order_id)
    recorded = _recorded(session, order_id)
    upto = bisect_right(recorded, at)
    if not upto:
        return None
    lived = [from_row(row) for row in rows]
    states: list[Order] = []
    for event in lived[:upto]:
        states.append(evolve(states[-1] if states else None, event))
    told = _told(session, order_id, at)
    people = _people(session, order_id, at, recorded)
    for seq, row in enumerate(rows[:upto], start=1):
        one = people.setdefault(row.actor.id, _Sum())
        one.role, one.unit = one.role or row.actor.role, one.unit or row.actor.unit
        one.deeds, one.last_deed, one.seq = one.deeds + 1, row.at, max(one.seq, seq)
    for notice in told:
        for holder in notice.holders:
            one = people.setdefault(holder, _Sum())
            one.told += 1
            one.read += notice.read_at is not None
    places = _places(session, states, [row.at for row in rows])
    now = states[-1]
    return Known(
        order_id=order_id,
        at=at,
        recorded=upto,
        happened=bisect_right(list(accumulate((happened_at(event) for event in lived), max)), at),
        state=now.state,
        level=now.level,
        lead_unit=now.lead.unit if now.lead else "",
        places=tuple(one for one in places if unit in ("", one.place) and not person),
        people=tuple(_knowers(session, people, person, unit)),
        told=tuple(one for one in told if _concerns(one, person, unit)),
    )


def _recorded(session: Session, order_id: str) -> list[datetime]:
    """When each event was on record, each with all before it."""
    e = events.c
    found = session.scalars(select(e.recorded_at).where(e.order_id == order_id).order_by(e.seq))
    return list(accumulate(found, max))


def _people(session: Session, order_id: str, at: datetime, recorded: Sequence[datetime]) -> dict[str, _Sum]:
    a = accesses.c
    found = session.execute(
        select(
            a.actor_id,
            func.max(a.role).label("role"),
            func.max(a.unit).label("unit"),
            func.count().label("looks"),
            func.min(a.at).label("first"),
            func.max(a.at).label("last"),
            func.array_agg(a.operation.distinct()).label("operations"),
        )
        .where(a.orders.contains([order_id]), a.at <= at, a.outcome.in_(LOOKS), a.actor_id != "")
        .group_by(a.actor_id)
    )
    return {
        row.actor_id: _Sum(
            role=row.role,
            unit=row.unit,
            seq=bisect_right(recorded, row.last),
            looks=row.looks,
            first_look=row.first,
            last_look=row.last,
            operations=tuple(sorted(row.operations)),
        )
        for row in found
    }


def _told(session: Session, order_id: str, at: datetime) -> list[Told]:
    n = notices.c
    found = session.execute(
        select(
            *(n.id, n.seq, n.audience, n.holders, n.channel, n.template, n.title_zh, n.title_en),
            n.created_at.label("at"),
            n.sent_at,
            n.read_at,
        )
        .where(n.order_id == order_id, n.created_at <= at)
        .order_by(n.created_at, n.id)
    ).mappings()
    return [
        Told(
            **{
                **row,
                "holders": tuple(row["holders"]),
                **{name: row[name] if row[name] and row[name] <= at else None for name in ("sent_at", "read_at")},
            }
        )
        for row in found
    ]


def _places(session: Session, states: Iterable[Order], times: Sequence[datetime]) -> list[Seeing]:
    """From where the order could be seen, by the organisation as it is today."""
    organisation = posts.organisation(session)
    found: dict[str, Seeing] = {}
    for order, at in zip(states, times, strict=False):
        for row in projection.sights(order):
            place: str = row["place"]
            above = organisation.above(place) if ":" not in place else ()
            for one in above or (place,):
                found.setdefault(one, Seeing(one, place, order.seq, at))
    return list(found.values())


def _knowers(session: Session, people: dict[str, _Sum], person: str, unit: str) -> Iterable[Knower]:
    known_as = posts.organisation(session).people
    for name, one in sorted(people.items(), key=lambda item: (-item[1].seq, item[0])):
        listed: Any = known_as.get(name)
        role = one.role or (listed.role if listed else "")
        at_unit = one.unit or (listed.unit if listed else "")
        if person in ("", name) and unit in ("", at_unit):
            yield Knower(
                name, role, at_unit, one.seq, one.looks, one.first_look, one.last_look, one.operations,
                one.deeds, one.last_deed, one.told, one.read,
            )  # fmt: skip


def _concerns(told: Told, person: str, unit: str) -> bool:
    """Whether a notice went to that person, or to that unit's post."""
    if person:
        return person in told.holders
    return not unit or told.audience.partition(":")[2].partition("@")[0] == unit
