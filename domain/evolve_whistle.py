"""What the events of a whistle make of an order: the part of `evolve` that speaks of blows and attendances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain import events as e
from domain.model import Attendance, Blow, Order, Presence, Rating, Whistle
from domain.records import replace

Changes = dict[str, Any]
"""The fields of an order that an event changes, with what they then hold; the order itself is copied once an event."""
Apply = Callable[[Order, Any, e.Event], Changes]


def handled(order: Order, event: e.Event) -> Changes:
    """The actor among those who handled the order: he may neither audit it nor call back."""
    fresh = tuple(person for person in event.actor.people if person not in order.handlers)
    if not fresh or event.actor.id == "system":
        return {}
    return {"handlers": (*order.handlers, *fresh)}


def whistle_of(order: Order, whistle: str) -> Whistle:
    """The whistle with that id; raises KeyError."""
    for blown in order.whistles:
        if blown.id == whistle:
            return blown
    raise KeyError(whistle)


def _with_whistle(order: Order, whistle: str, **changes: Any) -> Changes:
    return {"whistles": tuple(replace(blown, **changes) if blown.id == whistle else blown for blown in order.whistles)}


def _attended(order: Order, whistle: str, unit: str, **changes: Any) -> tuple[Attendance, ...]:
    """The whistle's attendances with that unit's changed; raises KeyError when there is no such whistle."""
    attendances = whistle_of(order, whistle).attendances
    return tuple(replace(one, **changes) if one.unit == unit else one for one in attendances)


def _with_attendance(order: Order, whistle: str, unit: str, **changes: Any) -> Changes:
    return _with_whistle(order, whistle, attendances=_attended(order, whistle, unit, **changes))


def _whistle_requested(order: Order, body: e.WhistleRequested, event: e.Event) -> Changes:
    return {"whistles": (*order.whistles, body.whistle)}


def _whistle_refused(order: Order, body: e.WhistleRefused, event: e.Event) -> Changes:
    return _with_whistle(order, body.whistle, status=Blow.REFUSED_INVALID, valid=False)


def _whistle_blown(order: Order, body: e.WhistleBlown, event: e.Event) -> Changes:
    blown = whistle_of(order, body.whistle)
    summoned = tuple(Attendance(unit=unit, status=Presence.SUMMONED, summoned_at=event.at) for unit in body.units)
    kept = tuple(one for one in blown.attendances if one.unit not in body.units)
    return _with_whistle(
        order,
        body.whistle,
        status=Blow.BLOWN,
        blown_at=event.at,
        blows=blown.blows + 1,
        attendances=(*kept, *summoned),
    )


def _whistle_reviewed(order: Order, body: e.WhistleReviewed, event: e.Event) -> Changes:
    return _with_whistle(order, body.whistle, valid=body.valid)


def _whistle_answered(order: Order, body: e.WhistleAnswered, event: e.Event) -> Changes:
    return _with_attendance(order, body.whistle, body.unit, status=Presence.SIGNED)


def _whistle_contacted(order: Order, body: e.WhistleContacted, event: e.Event) -> Changes:
    return _with_attendance(order, body.whistle, body.unit, status=Presence.CONTACTED)


def _reported_in(order: Order, body: e.DepartmentReportedIn, event: e.Event) -> Changes:
    present = _attended(
        order,
        body.whistle,
        body.unit,
        status=Presence.REPORTED_IN,
        reported_in_at=event.at,
        reported_in_by=event.actor.id,
    )
    return _with_whistle(order, body.whistle, status=Blow.JOINT_HANDLING, attendances=present)


def _absent(order: Order, body: e.DepartmentAbsent, event: e.Event) -> Changes:
    return _with_attendance(order, body.whistle, body.unit, absent=True)


def _department_done(order: Order, body: e.DepartmentDone, event: e.Event) -> Changes:
    return _with_attendance(order, body.whistle, body.unit, status=Presence.DONE)


def _excused(order: Order, body: e.DepartmentExcused, event: e.Event) -> Changes:
    return _with_attendance(order, body.whistle, body.unit, status=Presence.EXCUSED, substitute=body.substitute)


def _verified(order: Order, body: e.WhistleVerified, event: e.Event) -> Changes:
    accepted = tuple(replace(one, accepted=True) for one in whistle_of(order, body.whistle).attendances)
    return _with_whistle(order, body.whistle, status=Blow.VERIFIED, attendances=accepted)


def _rated(order: Order, body: e.DepartmentRated, event: e.Event) -> Changes:
    return _with_attendance(order, body.whistle, body.unit, status=Presence.RATED, rating=body.rating)


def _appealed(order: Order, body: e.RatingAppealed, event: e.Event) -> Changes:
    return _with_attendance(order, body.whistle, body.unit, appeal="pending")


def _appeal_decided(order: Order, body: e.AppealDecided, event: e.Event) -> Changes:
    changes: dict[str, str | Rating] = {"appeal": "upheld" if body.rating else "denied"}
    if body.rating is not None:
        changes["rating"] = body.rating
    return _with_attendance(order, body.whistle, body.unit, **changes)


WHISTLES: dict[type[Any], Apply] = {
    e.WhistleRequested: _whistle_requested,
    e.WhistleRefused: _whistle_refused,
    e.WhistleBlown: _whistle_blown,
    e.WhistleReviewed: _whistle_reviewed,
    e.WhistleAnswered: _whistle_answered,
    e.WhistleContacted: _whistle_contacted,
    e.DepartmentReportedIn: _reported_in,
    e.DepartmentAbsent: _absent,
    e.DepartmentDone: _department_done,
    e.DepartmentExcused: _excused,
    e.WhistleDisposed: lambda order, body, event: _with_whistle(order, body.whistle, status=Blow.DISPOSED),
    e.WhistleVerified: _verified,
    e.DepartmentRated: _rated,
    e.RatingAppealed: _appealed,
    e.AppealDecided: _appeal_decided,
    e.WhistleEnded: lambda order, body, event: _with_whistle(order, body.whistle, status=Blow.ENDED),
}
