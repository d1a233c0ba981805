"""What time does when a mark falls due: warn, put a breach on record, climb the ladder, end it, or act for somebody."""

from __future__ import annotations

from collections.abc import Callable

from domain import callback
from domain import events as e
from domain.clocks import advanced, gone, mark_at, subject_of, unpaused
from domain.events import ClockChange
from domain.model import Clock, Colour, State, Ticking
from domain.policy import Step
from domain.records import replace
from domain.scribe import Scribe


def fire(scribe: Scribe, clock: Clock) -> None:
    """Fire the clock's present mark and set it on the next."""
    mark = mark_at(clock.kind, clock.step, scribe.terms)
    after = advanced(clock, scribe.terms)
    unit = clock.unit
    if clock.kind == "statutory" and scribe.order.lead is not None:  # the others are owed by the desk that they name
        unit = scribe.order.lead.unit
    if mark.warning is not None:
        warned = e.ClockWarned(clock.key, unit, mark.warning.percent, mark.warning.colour, clock.due_at)
        scribe.emit(warned, ClockChange(clock.key, "warned", after))
    elif mark.climb is not None:
        climbed = _climb(clock, unit, mark.climb, mark.number)
        scribe.emit(climbed, ClockChange(clock.key, "climbed", after))
    elif mark.dead_end:
        scribe.emit(e.DeadEndRaised(clock.key, unit), ClockChange(clock.key, "dead_end", after))
    elif clock.kind in EXPIRY:
        EXPIRY[clock.kind](scribe, clock, unit)
    else:
        _breach(scribe, clock, after, unit)
        if clock.kind == "due":
            callback.plan_at_expiry(scribe)


def _climb(clock: Clock, unit: str, step: Step, number: int) -> e.OrderEscalated:
    """The event of one step of a clock's ladder."""
    return e.OrderEscalated(
        step.level,
        step.target,
        step.colour,
        key=clock.key,
        unit=unit,
        step=number,
        criticised=step.criticised,
        due_at=clock.due_at,
    )


def _breach(scribe: Scribe, clock: Clock, after: Clock, unit: str) -> None:
    breached = ClockChange(clock.key, "breached", replace(after, status=Ticking.BREACHED))
    if clock.kind == "whistle_report_in":
        blown = subject_of(clock.key)[0].partition(".")[0]
        scribe.emit(e.DepartmentAbsent(blown, unit, clock.due_at), breached)
    else:
        scribe.emit(e.ClockBreached(clock.key, unit, clock.due_at), breached)


def _sign_expired(scribe: Scribe, clock: Clock, unit: str) -> None:
    """The system signs for the unit, and the first step of the ladder tells its head."""
    scribe.emit(e.ClockBreached(clock.key, unit, clock.due_at), gone((clock,), "expired"))
    for step in scribe.terms.ladder("sign")[:1]:
        scribe.emit(_climb(clock, unit, step, 1))
    scribe.emit(e.AssignmentSigned(subject_of(clock.key)[0], auto=True))


def _info_expired(scribe: Scribe, clock: Clock, unit: str) -> None:
    back = scribe.order.resume or State.REGISTERED
    resumed = unpaused(scribe.order, scribe.now, scribe.terms)
    scribe.emit(e.InformationLapsed(back), gone((clock,), "expired"), resumed)


def _rating_expired(scribe: Scribe, clock: Clock, unit: str) -> None:
    callback.lapse_rating(scribe, gone((clock,), "expired"))


def _window_expired(scribe: Scribe, clock: Clock, unit: str) -> None:
    rest = tuple(other for other in scribe.order.clocks.values() if other.key != clock.key)
    scribe.emit(e.ReopenWindowPassed(), gone((clock,), "expired"), gone(rest, "cancelled"))


def _target_passed(scribe: Scribe, clock: Clock, unit: str) -> None:
    """The unit's own aim is missed, the limit is not: a warning in blue."""
    warned = e.ClockWarned(clock.key, unit, 100, Colour.BLUE, clock.due_at)
    scribe.emit(warned, gone((clock,), "expired"))


EXPIRY: dict[str, Callable[[Scribe, Clock, str], None]] = {
    "sign": _sign_expired,
    "info": _info_expired,
    "rating": _rating_expired,
    "reopen": _window_expired,
    "target": _target_passed,
}
"""Limits whose passing does more than put a breach on record."""
