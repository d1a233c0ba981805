"""Clocks: limits that are watched, with their warnings, the breach, the ladder and the dead end.

A clock runs through the *plan* of its kind: the policy's warnings, then the breach, then the steps of its ladder, then
the dead-end alarm. It carries only the instant of its next mark. Warnings are placed between start and due time and
placed anew when either moves, each given once; what follows the breach is counted from mark to mark, never from the
moment at which one happened to fire, so a late wake-up shifts nothing.

A limit is used up in runs: `worked` is what was used before `since`, when the clock last began to run. So a pause takes
nothing from it and adds nothing to it, whatever weekend it spans. Each clock counts by the calendar of its unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.calendar import span
from domain.events import ClockChange
from domain.model import Clock, Order, Ticking
from domain.policy import Step, Terms, WarningMark
from domain.records import replace

PAUSABLE = (
    *("dispatch", "sign", "contact", "due", "co_due", "progress", "target"),
    *("extension_decision", "ledger_decision", "termination_decision"),
)
"""Only these stop while the customer is asked for information (invariant 2): what the units owe, and decisions that
cannot be taken meanwhile."""

LIVE = (Ticking.RUNNING, Ticking.BREACHED)
"""While a clock is one of these, its next mark is awaited."""

MOMENT = timedelta(microseconds=1)
"""The smallest step of time."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of a plan: a warning, the breach (neither), a step of the ladder, or the dead end."""

    warning: WarningMark | None = None
    climb: Step | None = None
    number: int = 0
    dead_end: bool = False


_BREACH, _DEAD_END = Mark(), Mark(dead_end=True)


def mark_at(kind: str, step: int, terms: Terms) -> Mark:
    """The mark at that place of the plan of this kind; raises IndexError past its end."""
    warnings = terms.warnings.get(kind, ())
    if step < len(warnings):
        return Mark(warning=warnings[step])
    number, climbs = step - len(warnings), terms.ladder(kind)
    if not number:
        return _BREACH
    if climbs and number == len(climbs) + 1:
        return _DEAD_END
    return Mark(climb=climbs[number - 1], number=number)


def marks_of(kind: str, terms: Terms) -> int:
    """How many marks the plan of this kind has; a ladder ends with the dead end, and without one there is none."""
    climbs = len(terms.ladder(kind))
    return len(terms.warnings.get(kind, ())) + 1 + (climbs + 1 if climbs else 0)


def kind_of(key: str) -> str:
    """The kind of limit, which a clock's key begins with."""
    return key.partition("/")[0]


def subject_of(key: str) -> tuple[str, ...]:
    """What stands behind the kind in a clock's key: an assignment's id, or whistle and blow with the unit."""
    return tuple(key.split("/")[1:])


def limit(kind: str, start: datetime, terms: Terms, unit: str = "") -> datetime | None:
    """When a limit of this kind that starts now passes for a unit (UTC); None when the policy has none."""
    found = terms.limit(kind, unit)
    return None if found is None else terms.calendar_of(unit).add(start, span(found[0]))


def start(
    kind: str, subject: str, unit: str, now: datetime, terms: Terms, *, due: datetime | None = None, rule: str = ""
) -> ClockChange | None:
    """A new clock; None when the policy has no limit of this kind and no `due` is given (with the `rule` that set it).

    Whoever writes the event down (the scribe) adds the hop.
    """
    calendar, working = terms.calendar_of(unit), False
    if due is None:
        found = terms.limit(kind, unit)
        if found is None:
            return None
        length, rule = span(found[0]), found[1]
        due, working = calendar.add(now, length), length.working
    clock = Clock(
        key=f"{kind}/{subject}",
        kind=kind,
        unit=unit,
        started_at=now,
        due_at=due,
        first_due_at=due,
        length=calendar.between(now, due) if working else _elapsed(now, due),
        working=working,
        next_at=due,
        rule=rule,
        since=now,
    )
    return ClockChange(clock.key, "started", armed(clock, now, terms) if kind in terms.warnings else clock)


def _minutes(start_at: datetime, end: datetime, clock: Clock, terms: Terms) -> float:
    """The minutes between two instants as the clock's limit counts them."""
    return terms.calendar_of(clock.unit).between(start_at, end) if clock.working else _elapsed(start_at, end)


def worked(clock: Clock, now: datetime, terms: Terms) -> float:
    """Minutes of the limit that are used up by `now`, counted as the limit counts."""
    if clock.status is Ticking.PAUSED:
        return clock.worked
    since = clock.since or clock.started_at
    if clock.answered_at is not None:
        now = min(now, clock.answered_at)
    return clock.worked + _minutes(since, now, clock, terms)


def stood_still(clock: Clock, now: datetime) -> float:
    """Elapsed minutes for which the clock was paused by `now`."""
    if clock.status is not Ticking.PAUSED or clock.paused_at is None:
        return clock.paused
    return clock.paused + _elapsed(clock.paused_at, now)


def _elapsed(begin: datetime, end: datetime) -> float:
    return (end - begin).total_seconds() / 60 if end > begin else 0.0


def armed(clock: Clock, now: datetime, terms: Terms) -> Clock:
    """The clock set on its next mark up to the breach; warnings whose instant has passed would say nothing any more."""
    warnings = terms.warnings.get(clock.kind, ())
    coming = [
        (at, step)
        for step, warning in enumerate(warnings)
        if step not in clock.warned
        for at in (_warned_at(clock, warning, terms),)
        if now < at < clock.due_at
    ]
    at, step = min(coming) if coming else (clock.due_at, len(warnings))
    return replace(clock, step=step, next_at=at, status=Ticking.RUNNING)


def _warned_at(clock: Clock, warning: WarningMark, terms: Terms) -> datetime:
    """When a warning falls due; before `since` for one that lies in the time used up before the clock's last pause."""
    calendar = terms.calendar_of(clock.unit)
    if warning.before:
        at = calendar.back(clock.due_at, span(warning.before))
    else:
        since = clock.since or clock.started_at
        left = clock.length * warning.percent / 100 - clock.worked
        at = calendar.later(since, left, working=clock.working) if left > 0 else clock.started_at
    if warning.in_hours:
        opening = calendar.next_working(at)
        at = opening if opening < clock.due_at else calendar.previous_working(at)
    return at


def advanced(clock: Clock, terms: Terms) -> Clock:
    """The clock after its present mark has fired, set on the next one."""
    if clock.next_at is None:
        return clock
    if clock.step < len(terms.warnings.get(clock.kind, ())):
        return _after_warning(clock, terms)
    calendar, step = terms.calendar_of(clock.unit), clock.step + 1
    if step >= marks_of(clock.kind, terms):
        return replace(clock, step=step, next_at=None)
    climb = mark_at(clock.kind, step, terms).climb
    return replace(clock, step=step, next_at=calendar.add(clock.next_at, span(climb.after if climb else terms.grace)))


def _after_warning(clock: Clock, terms: Terms) -> Clock:
    """Set on what comes next; a second warning at the very same instant is due as well."""
    assert clock.next_at is not None
    return armed(replace(clock, warned=(*clock.warned, clock.step)), clock.next_at - MOMENT, terms)


def of_kind(order: Order, kind: str, subject: str = "") -> tuple[Clock, ...]:
    """The order's clocks of a kind; with `subject` only those of that assignment, or of that whistle, blow and unit."""
    found = [clock for clock in order.clocks.values() if clock.kind == kind]
    if subject and found:
        head = f"{kind}/{subject}"
        found = [clock for clock in found if clock.key == head or clock.key.startswith(head + "/")]
    return tuple(found)


def gone(clocks: tuple[Clock, ...], change: str) -> tuple[ClockChange, ...]:
    """These clocks leave the state: met, cancelled or expired."""
    return tuple([ClockChange(clock.key, change, None) for clock in clocks])


def met(order: Order, kind: str, subject: str = "") -> tuple[ClockChange, ...]:
    """The duty is done, in time or late."""
    return gone(of_kind(order, kind, subject), "met")


def answered(clocks: tuple[Clock, ...], now: datetime) -> tuple[ClockChange, ...]:
    """Something was handed in; the clocks wait for the verdict, and what it takes is not the unit's time."""
    return tuple(
        ClockChange(clock.key, "answered", replace(clock, status=Ticking.ANSWERED, answered_at=now)) for clock in clocks
    )


def due_now(clock: Clock, now: datetime) -> Clock:
    """The clock whose next mark is due now if it lies in the past: nobody could have been told of it before."""
    past = clock.next_at is not None and clock.next_at < now and clock.status in (Ticking.RUNNING, Ticking.BREACHED)
    return replace(clock, next_at=now) if past else clock


def resumed(clocks: tuple[Clock, ...], now: datetime, terms: Terms) -> tuple[ClockChange, ...]:
    """The verdict was no: the clocks run on to the due time that they had; one that passed meanwhile is missed now.

    A clock that was in breach is in breach again, at the same step: nothing fires twice.
    """
    changes = []
    for clock in clocks:
        if clock.status is Ticking.ANSWERED:
            waited = replace(clock, answered_at=None)
            if _past_breach(clock, terms):
                waited = replace(waited, status=Ticking.BREACHED)
            else:
                waited = armed(waited, now, terms)
            changes.append(ClockChange(clock.key, "resumed", due_now(waited, now)))
    return tuple(changes)


def _past_breach(clock: Clock, terms: Terms) -> bool:
    return clock.step > len(terms.warnings.get(clock.kind, ()))


def paused(order: Order, now: datetime, terms: Terms) -> tuple[ClockChange, ...]:
    """What may pause, pauses; a clock that is already in breach goes on."""
    return tuple(
        ClockChange(clock.key, "paused", stopped(clock, now, terms))
        for clock in order.clocks.values()
        if clock.kind in PAUSABLE and clock.status is Ticking.RUNNING
    )


def stopped(clock: Clock, now: datetime, terms: Terms) -> Clock:
    """The clock standing still from now on, with what it has used up so far."""
    return replace(clock, status=Ticking.PAUSED, paused_at=now, worked=worked(clock, now, terms))


def unpaused(order: Order, now: datetime, terms: Terms) -> tuple[ClockChange, ...]:
    """The paused clocks run on with the time that was left to them, counted as their limit counts it.

    No pause makes a due time earlier, as where what is left ends at a closing and the due time was the opening after;
    and the result's due time never passes the statutory one, which did not stand still.
    """
    changes = []
    cap = max((clock.due_at for clock in of_kind(order, "statutory")), default=None)
    for clock in order.clocks.values():
        if clock.status is Ticking.PAUSED:
            left = clock.length - clock.worked
            due_at = max(clock.due_at, terms.calendar_of(clock.unit).later(now, left, working=clock.working))
            length = clock.length
            if clock.kind == "due" and cap is not None and clock.due_at <= cap < due_at:
                due_at, length = cap, clock.worked + _minutes(now, cap, clock, terms)
            running = replace(
                clock, length=length, due_at=due_at, since=now, paused=stood_still(clock, now), paused_at=None
            )
            changes.append(ClockChange(clock.key, "resumed", due_now(armed(running, now, terms), now)))
    return tuple(changes)


def begun_anew(clock: Clock, now: datetime, terms: Terms) -> ClockChange | None:
    """The limit of this clock as if it began now, by the policy; None when that is no sooner, or it is missed."""
    found = terms.limit(clock.kind, clock.unit)
    if found is None or clock.status is Ticking.BREACHED:
        return None
    calendar, length = terms.calendar_of(clock.unit), span(found[0])
    due_at = calendar.add(now, length)
    if due_at >= clock.due_at:
        return None
    fresh = replace(clock, due_at=due_at, since=now, worked=0.0, working=length.working, rule=found[1], extended=False)
    fresh = replace(fresh, paused=_elapsed(clock.started_at, now))  # a ledgered matter stood still
    counted = replace(fresh, length=_minutes(now, due_at, fresh, terms))
    return ClockChange(clock.key, "retimed", armed(counted, now, terms))


def extended(clock: Clock, until: datetime, now: datetime, terms: Terms) -> ClockChange:
    """The target moves; the first due time stays on record."""
    length = worked(clock, now, terms) + _minutes(now, until, clock, terms)
    moved = replace(clock, due_at=until, length=length, extended=True)
    return ClockChange(clock.key, "extended", armed(moved, now, terms))


def next_deadline(order: Order) -> datetime | None:
    """The earliest instant (UTC) at which time has something to do; None when nothing is awaited."""
    times = [clock.next_at for clock in order.clocks.values() if clock.next_at is not None and clock.status in LIVE]
    return min(times) if times else None


def next_due(order: Order, now: datetime) -> Clock | None:
    """The clock whose mark has fallen due longest ago; None when none has."""
    late = [
        (clock.next_at, clock.key, clock)
        for clock in order.clocks.values()
        if clock.next_at is not None and clock.next_at <= now and clock.status in LIVE
    ]
    return min(late)[2] if late else None
