"""What a unit owes from the moment it has an order: the clocks of one part, and of the desk that has to find a unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.clocks import of_kind, start
from domain.events import ClockChange
from domain.model import Assignment, Clock, Order, State, Ticking, UnitRole
from domain.records import replace
from domain.scribe import Scribe

DECISIONS = ("extension_decision", "ledger_decision", "termination_decision")
"""The limits for deciding on what a lead has asked for; they end with its part."""

PART_KINDS = ("sign", "contact", "due", "co_due", "progress", "target", "return_decision", *DECISIONS)
"""The kinds of clock that belong to one assignment; their subject is its id."""

_PLACE = {kind: place for place, kind in enumerate(PART_KINDS)}


def all_part_clocks(order: Order, met: tuple[str, ...] = ()) -> tuple[ClockChange, ...]:
    """The end of every clock of every assignment, kind by kind: met for those in `met`, cancelled for the others."""
    owed = [clock for clock in order.clocks.values() if clock.kind in _PLACE]
    owed.sort(key=lambda clock: _PLACE[clock.kind])
    return tuple([ClockChange(clock.key, "met" if clock.kind in met else "cancelled", None) for clock in owed])


def offered_clocks(scribe: Scribe, parts: Iterable[Assignment]) -> tuple[ClockChange | None, ...]:
    """The clocks that start when units get the order: the unit's time counts from dispatch (invariant 1)."""
    changes: list[ClockChange | None] = []
    for part in parts:
        if part.role is UnitRole.COPY:
            continue
        changes.append(start("sign", part.id, part.unit, scribe.now, scribe.terms))
        if part.role is UnitRole.LEAD:
            changes.extend(lead_clocks(scribe, part))
        else:
            changes.append(start("co_due", part.id, part.unit, scribe.now, scribe.terms))
    return tuple(changes)


def lead_clocks(scribe: Scribe, part: Assignment) -> tuple[ClockChange | None, ...]:
    """First contact, result and progress: what a lead owes from the moment it has the order.

    The due time never passes the statutory one, so that a second hop or another round cannot buy time at the
    customer's cost.
    """
    due = start("due", part.id, part.unit, scribe.now, scribe.terms)
    cap = statutory_cap(of_kind(scribe.order, "statutory"), scribe.now, due.clock.due_at) if due and due.clock else None
    if cap is not None:
        due = start("due", part.id, part.unit, scribe.now, scribe.terms, due=cap.due_at, rule=cap.rule)
    return (
        start("contact", part.id, part.unit, scribe.now, scribe.terms),
        start("target", part.id, part.unit, scribe.now, scribe.terms),
        due,
        progress_clock(scribe, part),
    )


def statutory_cap(statutory: tuple[Clock, ...], begun: datetime, due_at: datetime) -> Clock | None:
    """The statutory clock where it cuts off a due time that began to run at `begun`; None where it does not."""
    return next((clock for clock in statutory if begun < clock.due_at < due_at), None)


def progress_clock(scribe: Scribe, part: Assignment) -> ClockChange | None:
    """The limit for the next word to the customer; each has a key of its own, so each result is kept.

    While the customer is asked for information it stands still like the others.
    """
    change = start("progress", f"{part.id}/{scribe.order.seq + 1}", part.unit, scribe.now, scribe.terms)
    if change is None or change.clock is None or scribe.order.state is not State.PENDING_INFO:
        return change
    return replace(change, clock=replace(change.clock, status=Ticking.PAUSED, paused_at=scribe.now))


def next_round_clocks(scribe: Scribe, part: Assignment | None) -> tuple[ClockChange | None, ...]:
    """What is owed in the next round: by the same lead, or by the desk that has to find one."""
    if part is None:
        return (dispatch_clock(scribe),)
    return lead_clocks(scribe, part)


def dispatch_clock(scribe: Scribe) -> ClockChange | None:
    """The limit for finding a unit; an order that nobody has is watched too (invariant 9)."""
    return start("dispatch", f"s{scribe.order.seq + 1}", "", scribe.now, scribe.terms)
