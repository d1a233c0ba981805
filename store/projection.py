"""What the lists keep of an order: plain rows for the derived tables, from its state and its clock changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from contracts.messages import EventRow, encode
from domain.callback import TO_CALL
from domain.clocks import kind_of, next_deadline, of_kind
from domain.events import CallbackAttempted, CallbackRecorded, ClockBreached, ClockChange, Event, OrderEscalated
from domain.model import OPEN, STATUS, Blow, Clock, Order, Part, Presence, State, Ticking, Whistle
from domain.sight import of_callback
from domain.whistle import leading
from store.tables import NEVER

Row = dict[str, Any]

_LIVE_PARTS = (Part.OFFERED, Part.SIGNED, Part.WORKING, Part.SUBMITTED, Part.RETURN_REQUESTED, Part.COPIED)
_LIVE_BLOWS = (Blow.BLOWN, Blow.JOINT_HANDLING, Blow.DISPOSED)
_LIVE_PRESENCES = (Presence.SUMMONED, Presence.SIGNED, Presence.CONTACTED, Presence.REPORTED_IN)
_CLOSED = (State.CLOSED, State.NOT_ACCEPTED, State.CANCELLED, State.TERMINATED, State.MERGED)


def event(row: EventRow) -> Row:
    """The row of `events`."""
    return {
        "order_id": row.order_id,
        "seq": row.seq,
        "type": row.type,
        "at": row.at,
        "actor_id": row.actor.id,
        "role": row.actor.role,
        "unit": row.actor.unit,
        "reason": row.reason,
        "policy_version": row.policy_version,
        "command_id": row.command_id,
        "data": row.data,
        "clocks": row.clocks,
        "acting_for": row.actor.acting_for,
    }


def head(order: Order, events: Sequence[Event]) -> Row:
    """The row of `orders` after these events, without the region.

    `unit_seq` and `unit_at` are those of the last of them that handling units are told of, None where none is: a seq
    that moves would tell them of a call-back.
    """
    lead, last = order.lead, events[-1]
    told = [one for one in events if not of_callback(one.type, getattr(one.body, "key", ""))]
    return {
        "order_id": order.id,
        "last_seq": order.seq,
        "state": order.state,
        "status": STATUS[order.state],
        "order_class": order.order_class,
        "category": order.category,
        "title": order.title,
        "province": order.province,
        "channel": order.channel,
        "customer": order.customer.id,
        "customer_name": order.customer.name,
        "customer_phone": order.customer.phone,
        "level": order.level,
        "colour": order.colour,
        "overdue": order.overdue,
        "round": order.round,
        "lead_unit": lead.unit if lead else "",
        "registered_at": order.registered_at,
        "updated_at": last.at,
        "due_at": min((clock.due_at for clock in of_kind(order, "due")), default=None),
        "next_at": next_deadline(order),
        "closed_at": order.closed_at,
        "outcome": order.outcome or "",
        "over": order.over,
        "rehearsal": order.rehearsal,
        "terms": order.terms,
        "snapshot": encode(order).decode(),
        "callback_at": _call_at(order),
        "unit_seq": told[-1].seq if told else None,
        "unit_at": told[-1].at if told else None,
    }


def _call_at(order: Order) -> datetime | None:
    back = order.callback
    awaited = back is not None and back.status in TO_CALL and order.state in OPEN
    return (back.not_before or back.planned_at) if back is not None and awaited else None


def sights(order: Order | None) -> list[Row]:
    """Where the order is seen from, without the units above.

    Its province, every unit that was ever party to it, its customer, and whoever took it.
    """
    if order is None:
        return []
    units = (part.unit for part in order.assignments)
    summoned = (one.unit for blown in order.whistles for one in blown.attendances)
    people = [f"customer:{order.customer.id}"] if order.customer.id else []
    if not order.registered_by.startswith("customer:"):
        people.append(f"person:{order.registered_by}")
    places = dict.fromkeys((order.province, *units, *summoned, *people))
    return [
        {
            "order_id": order.id,
            "place": place,
            "rehearsal": order.rehearsal,
            "registered_at": order.registered_at,
        }
        for place in places
    ]


def assignments(order: Order | None) -> list[Row]:
    """The rows of `assignments`."""
    if order is None:
        return []
    closed = order.state in _CLOSED
    return [
        {
            "order_id": order.id,
            "id": part.id,
            "unit": part.unit,
            "role": part.role,
            "status": part.status,
            "active": not closed and part.status in _LIVE_PARTS,
            "round": part.round,
            "hop": part.hop,
            "dispatched_at": part.dispatched_at,
            "designated": part.designated,
            "signed_at": part.signed_at,
            "auto_signed": part.auto_signed,
            "contacted_at": part.contacted_at,
            "explained": part.explained,
            "due_at": _owed(order, part.unit),
            "rehearsal": order.rehearsal,
        }
        for part in order.assignments
    ]


def whistles(order: Order | None) -> list[Row]:
    """The rows of `whistles`."""
    if order is None:
        return []
    return [
        {
            "order_id": order.id,
            "id": blown.id,
            "kind": blown.kind,
            "matter": blown.matter,
            "lead": blown.lead,
            "status": blown.status,
            "requested_by": blown.requested_by,
            "requested_at": blown.requested_at,
            "blown_at": blown.blown_at,
            "blows": blown.blows,
            "valid": blown.valid,
            "rehearsal": order.rehearsal,
        }
        for blown in order.whistles
    ]


def _ends(order: Order, blown: Whistle, unit: str) -> bool:
    """Whether a unit that is through is to end the joint handling still, without a part of its own that tells it."""
    part = any(one.unit == unit and one.status in _LIVE_PARTS for one in order.assignments)
    return blown.status is not Blow.DISPOSED and not part and leading(order, blown) == unit


def attendances(order: Order | None) -> list[Row]:
    """The rows of `attendances`."""
    if order is None:
        return []
    return [
        {
            "order_id": order.id,
            "whistle": blown.id,
            "unit": one.unit,
            "status": one.status,
            "active": blown.status in _LIVE_BLOWS and (one.status in _LIVE_PRESENCES or _ends(order, blown, one.unit)),
            "absent": one.absent,
            "summoned_at": one.summoned_at,
            "reported_in_at": one.reported_in_at,
            "reported_in_by": one.reported_in_by,
            "accepted": one.accepted,
            "substitute": one.substitute,
            "rating": one.rating,
            "appeal": one.appeal,
            "due_at": _owed(order, one.unit),
            "rehearsal": order.rehearsal,
        }
        for blown in order.whistles
        for one in blown.attendances
    ]


def _owed(order: Order, unit: str) -> datetime:
    """What the unit owes next in this order."""
    ticking = (Ticking.RUNNING, Ticking.BREACHED)
    return min(
        (clock.due_at for clock in order.clocks.values() if clock.unit == unit and clock.status in ticking),
        default=NEVER,
    )


STICKY = ("late",)
FIRST = ("round", "breached_at")
FILLED = ("worked_minutes", "paused_minutes")
"""Columns of `deadlines` that a later change of the clock does not simply overwrite; see `store.writes.upsert`."""


def deadlines(before: Order | None, states: Sequence[Order], news: Sequence[Event]) -> list[Row]:
    """The rows of `deadlines` that these events changed, each as it stands after the last of them.

    `states` has the order after each event.
    """
    rounds = {happened.seq: order.round for happened, order in zip(news, states, strict=True)}
    rows: dict[str, Row] = {}
    for happened, change, clock in _changes(before, news):
        row = _deadline(states[-1], change, clock, happened) | {"round": rounds[happened.seq]}
        earlier = rows.get(change.key)
        if earlier is not None:
            row["late"] |= earlier["late"]
            row |= {name: earlier[name] for name in FIRST if earlier[name] is not None}
            row |= {name: earlier[name] for name in FILLED if row[name] is None}
        rows[change.key] = row
    return list(rows.values())


def _deadline(order: Order, change: ClockChange, clock: Clock, happened: Event) -> Row:
    gone = change.clock is None
    passed = isinstance(happened.body, ClockBreached) and happened.body.key == change.key  # it may end at its breach
    return {
        "order_id": order.id,
        "key": change.key,
        "kind": clock.kind,
        "unit": clock.unit,
        "status": "ended" if gone else clock.status,
        "late": passed or clock.status is Ticking.BREACHED,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "first_due_at": clock.first_due_at,
        "next_at": None if gone else clock.next_at,
        "ended_at": happened.at if gone else None,
        "how": change.change,
        "rehearsal": order.rehearsal,
        "hop": clock.hop,
        "rule": clock.rule,
        "worked_minutes": change.worked,
        "paused_minutes": change.paused,
        "breached_at": clock.due_at if passed or change.change == "breached" else None,
    }


def firings(before: Order | None, after: Order, news: Sequence[Event]) -> list[Row]:
    """The rows of `firings`: each mark that time fired, with when it was due and when that was noticed."""
    rows: dict[tuple[int, str], Row] = {}
    for happened, change, clock in _changes(before, news):
        if change.fell_due is not None:
            row = {
                "order_id": after.id,
                "seq": happened.seq,
                "key": change.key,
                "kind": clock.kind,
                "unit": clock.unit,
                "change": change.change,
                "due_at": change.fell_due,
                "fired_at": happened.at,
                "late_seconds": (happened.at - change.fell_due).total_seconds(),
                "rehearsal": after.rehearsal,
            }
            rows.setdefault((happened.seq, change.key), row)
    return list(rows.values())


def criticisms(after: Order, news: Iterable[Event]) -> list[Row]:
    """The rows of `criticisms`: each unit that a step of a ladder puts on the public list."""
    return [
        {
            "order_id": after.id,
            "seq": happened.seq,
            "unit": happened.body.unit,
            "province": after.province,
            "key": happened.body.key,
            "kind": kind_of(happened.body.key),
            "level": happened.body.level,
            "due_at": happened.body.due_at,
            "at": happened.at,
            "rehearsal": after.rehearsal,
        }
        for happened in news
        if isinstance(happened.body, OrderEscalated) and happened.body.criticised
    ]


def _changes(before: Order | None, news: Iterable[Event]) -> Iterator[tuple[Event, ClockChange, Clock]]:
    """Each clock change with the clock that it is about: as it stands, or as it was before it left the state.

    A clock that ended before it began is left out: nothing was ever owed.
    """
    known: dict[str, Clock] = dict(before.clocks) if before else {}
    for happened in news:
        for change in happened.clocks:
            clock = change.clock or known.get(change.key)
            if clock is not None:
                known[change.key] = clock
                yield happened, change, clock


def calls(after: Order, news: Iterable[Event]) -> list[Row]:
    """The rows of `calls`: each time somebody called the customer."""
    return [
        {
            "id": happened.command_id or f"{after.id}/{happened.seq}",
            "order_id": after.id,
            "callee": after.customer.id,
            "at": happened.at,
            "rehearsal": after.rehearsal,
        }
        for happened in news
        if after.customer.id and _by_phone(happened)
    ]


def _by_phone(happened: Event) -> bool:
    body = happened.body
    return isinstance(body, CallbackAttempted) or (isinstance(body, CallbackRecorded) and not body.by_sms)
