"""Clocks: limits that are watched, with their warnings, the breach, the ladder and the dead end.

A clock runs through the *plan* of its kind: the policy's warnings, then the breach, then the steps of its ladder, then
the dead-end alarm. It carries only the instant of its next mark; each mark is computed from the one before it, never
from the moment it happened to fire, so a late wake-up shifts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.calendar import Span, span
from domain.events import ClockChange
from domain.model import Clock, Order, Ticking
from domain.policy import Step, Terms, WarningMark

PAUSABLE = ("dispatch", "sign", "contact", "due", "co_due", "progress")
"""Only these stop while the customer is asked for information (invariant 2)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of a plan: a warning, the breach (neither), a step of the ladder, or the dead end."""

    warning: WarningMark | None = None
    climb: Step | None = None
    number: int = 0
    dead_end: bool = False

    @property
    def breach(self) -> bool:
        """True for the mark at which the limit passes."""
        return self.warning is None and self.climb is None and not self.dead_end


def plan(kind: str, terms: Terms) -> tuple[Mark, ...]:
    """The marks of a clock of this kind, in order."""
    steps = terms.ladders.get(kind, ())
    warnings = tuple(Mark(warning=warning) for warning in terms.warnings.get(kind, ()))
    climbs = tuple(Mark(climb=step, number=number) for number, step in enumerate(steps, start=1))
    return (*warnings, Mark(), *climbs, *((Mark(dead_end=True),) if steps else ()))


def subject_of(key: str) -> tuple[str, ...]:
    """What stands behind the kind in a clock's key: an assignment's id, or whistle and blow with the unit."""
    return tuple(key.split("/")[1:])


def limit(kind: str, start: datetime, terms: Terms) -> datetime | None:
    """When a limit of this kind that starts now passes (UTC); None when the policy has none."""
    text = terms.limits.get(kind)
    return None if text is None else terms.calendar.add(start, span(text))


def start(
    kind: str, subject: str, unit: str, now: datetime, terms: Terms, *, due: datetime | None = None
) -> ClockChange | None:
    """A new clock; None when the policy has no limit of this kind and no `due` is given."""
    due_at = due or limit(kind, now, terms)
    if due_at is None:
        return None
    working = due is None and span(terms.limits[kind]).working
    clock = Clock(
        key=f"{kind}/{subject}",
        kind=kind,
        unit=unit,
        started_at=now,
        due_at=due_at,
        first_due_at=due_at,
        length=_minutes(now, due_at, working, terms),
        working=working,
    )
    return ClockChange(clock.key, "started", _armed(clock, now, terms))


def _minutes(start_at: datetime, end: datetime, working: bool, terms: Terms) -> float:
    return terms.calendar.between(start_at, end) if working else (end - start_at).total_seconds() / 60


def _later(at: datetime, minutes: float, working: bool, terms: Terms) -> datetime:
    return terms.calendar.add(at, Span(minutes, "wmin" if working else "min"))


def _mark_time(clock: Clock, marks: tuple[Mark, ...], step: int, before: datetime, terms: Terms) -> datetime:
    """When mark `step` falls due, counted from the mark `before` it (from the start for the first)."""
    mark = marks[step]
    if mark.warning is not None:
        earlier = marks[step - 1].warning if step else None
        share = (mark.warning.percent - (earlier.percent if earlier else 0)) / 100
        return _later(before, clock.length * share, clock.working, terms)
    if mark.climb is not None:
        return terms.calendar.add(before, span(mark.climb.after))
    if mark.dead_end:
        return terms.calendar.add(before, span(terms.grace))
    return clock.due_at


def _armed(clock: Clock, now: datetime, terms: Terms) -> Clock:
    """The clock set on its first mark, past warnings left out: they would say nothing any more."""
    marks, at = plan(clock.kind, terms), clock.started_at
    for step, mark in enumerate(marks):
        at = _mark_time(clock, marks, step, at, terms)
        if mark.breach or at > now:
            return replace(clock, step=step, next_at=at, status=Ticking.RUNNING)
    raise AssertionError("a plan always has its breach")


def advanced(clock: Clock, terms: Terms) -> Clock:
    """The clock after its present mark has fired, set on the next one."""
    marks = plan(clock.kind, terms)
    step = clock.step + 1
    if clock.next_at is None or step >= len(marks):
        return replace(clock, step=step, next_at=None)
    return replace(clock, step=step, next_at=_mark_time(clock, marks, step, clock.next_at, terms))


def of_kind(order: Order, kind: str, subject: str = "") -> tuple[Clock, ...]:
    """The order's clocks of a kind; with `subject` only those of that assignment, or of that whistle, blow and unit."""
    head = f"{kind}/{subject}"
    return tuple(
        clock
        for clock in order.clocks.values()
        if clock.kind == kind and (not subject or clock.key == head or clock.key.startswith(head + "/"))
    )


def gone(clocks: tuple[Clock, ...], change: str) -> tuple[ClockChange, ...]:
    """These clocks leave the state: met, cancelled or expired."""
    return tuple(ClockChange(clock.key, change, None) for clock in clocks)


def met(order: Order, kind: str, subject: str = "") -> tuple[ClockChange, ...]:
    """The duty is done, in time or late."""
    return gone(of_kind(order, kind, subject), "met")


def answered(clocks: tuple[Clock, ...]) -> tuple[ClockChange, ...]:
    """Something was handed in; the clocks stand still and wait for the verdict."""
    return tuple(ClockChange(clock.key, "answered", replace(clock, status=Ticking.ANSWERED)) for clock in clocks)


def resumed(clocks: tuple[Clock, ...], terms: Terms) -> tuple[ClockChange, ...]:
    """The verdict was no: the clocks run on to the due time that they had, and what fell due meanwhile fires at once.

    A clock that was in breach is in breach again, at the same step: nothing fires twice.
    """
    return tuple(
        ClockChange(
            clock.key,
            "resumed",
            replace(clock, status=Ticking.BREACHED if _past_breach(clock, terms) else Ticking.RUNNING),
        )
        for clock in clocks
        if clock.status is Ticking.ANSWERED
    )


def _past_breach(clock: Clock, terms: Terms) -> bool:
    return any(mark.breach for mark in plan(clock.kind, terms)[: clock.step])


def paused(order: Order, now: datetime) -> tuple[ClockChange, ...]:
    """What may pause, pauses; a clock that is already in breach goes on."""
    return tuple(
        ClockChange(clock.key, "paused", replace(clock, status=Ticking.PAUSED, paused_at=now))
        for clock in order.clocks.values()
        if clock.kind in PAUSABLE and clock.status is Ticking.RUNNING
    )


def unpaused(order: Order, now: datetime, terms: Terms) -> tuple[ClockChange, ...]:
    """The paused clocks run on with the time that was left to them, counted as their limit counts it."""
    changes = []
    for clock in order.clocks.values():
        if clock.status is Ticking.PAUSED and clock.paused_at is not None and clock.next_at is not None:
            due_at, next_at = (
                _later(now, _minutes(clock.paused_at, at, clock.working, terms), clock.working, terms)
                for at in (clock.due_at, clock.next_at)
            )
            running = replace(clock, status=Ticking.RUNNING, due_at=due_at, next_at=next_at, paused_at=None)
            changes.append(ClockChange(clock.key, "resumed", running))
    return tuple(changes)


def extended(clock: Clock, until: datetime, now: datetime, terms: Terms) -> ClockChange:
    """The target moves; the first due time stays on record."""
    length = (until - clock.started_at).total_seconds() / 60
    moved = replace(clock, due_at=until, length=length, working=False)
    return ClockChange(clock.key, "extended", _armed(moved, now, terms))


def next_deadline(order: Order) -> datetime | None:
    """The earliest instant (UTC) at which time has something to do; None when nothing is awaited."""
    times = [
        clock.next_at
        for clock in order.clocks.values()
        if clock.next_at is not None and clock.status in (Ticking.RUNNING, Ticking.BREACHED)
    ]
    return min(times, default=None)


def next_due(order: Order, now: datetime) -> Clock | None:
    """The clock whose mark has fallen due longest ago; None when none has."""
    late = [
        (clock.next_at, clock.key, clock)
        for clock in order.clocks.values()
        if clock.next_at is not None and clock.next_at <= now and clock.status in (Ticking.RUNNING, Ticking.BREACHED)
    ]
    return min(late)[2] if late else None
