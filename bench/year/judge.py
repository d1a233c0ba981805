"""What must hold in every life, whatever people do: the invariants of the rules, checked with every event.

The judge keeps its own account of each clock from the events alone, so that it does not believe the state that it
examines. A violation is a line of text; a life without any is as the rules promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain import events as e
from domain.calendar import local_day, local_hour
from domain.clocks import PAUSABLE
from domain.events import ClockChange, Event
from domain.evolve import evolve
from domain.model import OPEN, Clock, Order, Part, Role, State, UnitRole
from domain.policy import Terms
from domain.transitions import BY_STATE

LIVE_LEAD = (Part.OFFERED, Part.SIGNED, Part.WORKING, Part.SUBMITTED, Part.RETURN_REQUESTED)
OWING = (Part.OFFERED, Part.SIGNED, Part.WORKING)
LED = (State.DISPATCHED, State.IN_PROGRESS, State.LEDGERED, State.REPLIED)
"""States in which somebody leads."""
ROUND_ENDS = (e.OrderClosed, e.OrderReopened, e.OrderDeclined, e.OrderWithdrawn, e.OrderTerminated)
"""What may end the customer's own clock."""
ENDS = ("met", "cancelled", "expired")


NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Trace:
    """A clock's life as its events tell it; `end` is met, cancelled or expired once it has ended."""

    kind: str
    started_at: datetime
    first_due_at: datetime
    last: Clock
    steps: int = 0
    warned: int = 0
    breached_at: datetime | None = None
    dead_end: bool = False
    moved_at: datetime = NEVER
    end: str = ""
    ended_at: datetime | None = None


class Judge:
    """The findings about one life."""

    __slots__ = ("_calls", "_heard", "_returns", "_zone", "alarms", "findings", "terms", "traces")

    def __init__(self, terms: Terms, zone: str) -> None:
        self.terms = terms
        self._zone = zone
        self._returns = 0
        self._calls: list[datetime] = []
        self._heard = False
        self.findings: list[str] = []
        self.traces: dict[str, Trace] = {}
        self.alarms = 0

    def wrong(self, what: str) -> None:
        """Put a violation on record."""
        self.findings.append(what)

    # --- the order, step by step ------------------------------------------------------------------------------------

    def step(self, before: Order | None, events: tuple[Event, ...], after: Order, deadline: datetime | None) -> None:
        """Examine what a command or time has brought, and how the order stands after it."""
        seq = before.seq if before is not None else 0
        for event in events:
            seq += 1
            if event.seq != seq or not event.actor.id or not event.policy_version:
                self.wrong(f"event {seq} has a gap before it, or does not say who or under which policy (invariant 8)")
            examine = EVENTS.get(type(event.body))
            if examine is not None:
                examine(self, event)
            for change in event.clocks:
                self._change(event, change)
        if after.seq != seq or (before is not None and after.level < before.level):
            self.wrong(f"the order stands at {after.seq} after event {seq}, or its level fell")
        self._one_lead(after)
        self._stands(after, deadline)

    def moved(self, before: Order, verb: str, role: Role, after: Order) -> None:
        """A command comes from the roles that its row of the table names, and leads only where that says."""
        row = BY_STATE.get((before.state, verb))
        if row is None or role not in row.roles or after.state not in (row.to or (before.state,)):
            self.wrong(f"{verb} by {role} led from {before.state} to {after.state}")
        if verb == "reply" and any(
            part.role is UnitRole.CO and part.status in OWING and not part.explained for part in before.assignments
        ):
            self.wrong("replied while a co part was neither in nor explained (invariant 5)")

    def _one_lead(self, order: Order) -> None:
        """Invariant 5."""
        leads = 0
        for part in order.assignments:
            if part.role is UnitRole.LEAD and part.status in LIVE_LEAD:
                leads += 1
        if leads > 1 or (not leads and order.state in LED):
            self.wrong(f"{leads} leads at {order.seq} in {order.state} (invariant 5)")

    def _stands(self, order: Order, deadline: datetime | None) -> None:
        """Different people, nothing asleep (invariants 4 and 9)."""
        if order.audited_by and (order.audited_by in order.handlers or order.audited_by == order.called_by):
            self.wrong("the reply auditor handled the order or called back (invariant 4)")
        if order.called_by and order.called_by in order.handlers:
            self.wrong("a handler called back (invariant 4)")
        if order.state in OPEN:
            if deadline is None and not self.alarms:
                self.wrong(f"asleep in {order.state}: nothing is awaited and no alarm was raised (invariant 9)")
        elif order.state is not State.CLOSED and (order.clocks or not order.over):
            self.wrong(f"{order.state} is not the end")

    # --- one event --------------------------------------------------------------------------------------------------

    def _unheard(self, event: Event) -> None:
        """A call-back begins, or another round."""
        self._heard = False

    def _recorded(self, event: Event) -> None:
        self._heard = True
        if not event.body.by_sms:  # type: ignore[union-attr]
            self._called(event)

    def _lapsed(self, event: Event) -> None:
        self._heard = True

    def _closed(self, event: Event) -> None:
        if not self._heard:
            self.wrong(f"closed at {event.seq} without the customer's word (invariant 6)")

    def _returned(self, event: Event) -> None:
        if self._returns >= self.terms.returns_per_order:
            self.wrong(f"return {self._returns + 1} at {event.seq} (invariant 3)")
        self._returns += 1

    def _extended(self, event: Event) -> None:
        due = self.traces.get(f"due/{event.body.assignment}")  # type: ignore[union-attr]
        if due is None or due.end or due.breached_at is not None or due.last.due_at <= event.at:
            self.wrong(f"an extension was asked for at {event.seq} when it was too late (invariant 2)")

    def _called(self, event: Event) -> None:
        """Not at night, not too often, not all on one day."""
        rules, calls = self.terms.calling, self._calls
        if not rules.opens <= local_hour(event.at, self._zone) < rules.closes:
            self.wrong(f"called in quiet hours at {event.seq}")
        calls.append(event.at)
        if len(calls) > rules.per_day and event.at - calls[-1 - rules.per_day] < timedelta(days=1):
            self.wrong(f"called more than {rules.per_day} times in a day at {event.seq}")

    def _attempted(self, event: Event) -> None:
        self._called(event)
        body: Any = event.body
        tried = self._calls[-body.number :]
        if body.number > self.terms.calling.attempts:
            self.wrong(f"attempt {body.number} of {self.terms.calling.attempts}")
        if body.exhausted:
            days = len({local_day(at, self._zone) for at in tried})
            if days < min(self.terms.calling.days, self.terms.calling.attempts):
                self.wrong(f"the attempts fell on {days} days")

    # --- one clock --------------------------------------------------------------------------------------------------

    def _change(self, event: Event, change: ClockChange) -> None:
        """Each clock starts once, warns, breaches and climbs in order, and ends once."""
        trace, clock = self.traces.get(change.key), change.clock
        if change.change == "started":
            if trace is not None or clock is None:
                self.wrong(f"{change.key} started twice")
                return
            if clock.kind == "statutory" and not isinstance(event.body, (e.OrderRegistered, e.OrderReopened)):
                self.wrong(f"{event.type} started the customer's clock anew (invariant 1)")
            if not clock.rule or clock.due_at < clock.started_at:
                self.wrong(f"{change.key} names no rule, or is due before it starts")
            self.traces[change.key] = Trace(clock.kind, clock.started_at, clock.first_due_at, clock, moved_at=event.at)
            return
        if trace is None or trace.end:
            self.wrong(f"{change.key} {change.change} while it does not run")
            return
        if change.fell_due is not None:
            if change.fell_due > event.at:
                self.wrong(f"{change.key} {change.change} early")
            if change.fell_due != trace.last.next_at:
                self.wrong(f"{change.key} {change.change} at another instant than it was set for")
        examine = EXAMINED.get(change.change)
        if examine is not None:
            examine(self, trace, event, change)
        if clock is None:
            self._ended(trace, event, change)
            return
        if clock.first_due_at != trace.first_due_at:
            self.wrong(f"{change.key} lost its first due time (invariant 2)")
        if clock.due_at != trace.last.due_at and (change.change not in MOVES or clock.kind == "statutory"):
            self.wrong(f"{change.key} {change.change} moved the due time (invariant 2)")
        trace.last = clock
        if change.change in ("resumed", "retimed"):
            trace.moved_at = event.at

    def _ended(self, trace: Trace, event: Event, change: ClockChange) -> None:
        if change.change not in ENDS:
            self.wrong(f"{change.key} ended by {change.change}")
        if trace.kind == "statutory" and not isinstance(event.body, ROUND_ENDS):
            self.wrong(f"{event.type} ended the customer's clock (invariant 1)")
        trace.end, trace.ended_at = change.change, event.at

    def _warned(self, trace: Trace, event: Event, change: ClockChange) -> None:
        warned = change.clock.warned if change.clock else ()
        trace.warned += 1
        if trace.breached_at is not None or len(warned) != trace.warned or len(dict.fromkeys(warned)) != len(warned):
            self.wrong(f"{change.key} warned twice, or after its breach")

    def _breached(self, trace: Trace, event: Event, change: ClockChange) -> None:
        if trace.breached_at is not None:
            self.wrong(f"{change.key} breached twice")
        trace.breached_at = change.fell_due
        late = max(trace.last.due_at, trace.moved_at)  # missed while it waited for a verdict, or by a new rule
        if change.fell_due != late:
            self.wrong(f"{change.key} breached at another instant than it was due")
        if late == trace.last.due_at and change.worked is not None and abs(change.worked - trace.last.length) > 0.01:
            self.wrong(f"{change.key} breached after {change.worked} of {trace.last.length} minutes")

    def _climbed(self, trace: Trace, event: Event, change: ClockChange) -> None:
        trace.steps += 1
        if getattr(event.body, "step", 0) != trace.steps or trace.breached_at is None or trace.dead_end:
            self.wrong(f"{change.key} left out or repeated a step of its ladder, or climbed before its breach")

    def _dead_end(self, trace: Trace, event: Event, change: ClockChange) -> None:
        if trace.dead_end or trace.breached_at is None:
            self.wrong(f"{change.key} raised its alarm twice, or before its breach")
        trace.dead_end = True
        self.alarms += 1

    def _paused(self, trace: Trace, event: Event, change: ClockChange) -> None:
        if trace.kind not in PAUSABLE or not isinstance(event.body, e.InformationRequired):
            self.wrong(f"{change.key} paused by {event.type} (invariant 2)")

    def _expired(self, trace: Trace, event: Event, change: ClockChange) -> None:
        if change.fell_due != max(trace.last.due_at, trace.moved_at):
            self.wrong(f"{change.key} expired at another instant than it was due")
        if isinstance(event.body, e.ClockBreached):
            trace.breached_at = change.fell_due

    # --- the end ----------------------------------------------------------------------------------------------------

    def end(self, order: Order, events: list[Event]) -> None:
        """When nothing more will happen; given the events, also whether they alone make the order what it is."""
        if events:
            again: Order | None = None
            for event in events:
                again = evolve(again, event)
            if again != order:
                self.wrong("the events alone make another order")
        if order.state not in OPEN and not order.over:
            self.wrong(f"{order.state} and not over")
        running = {key for key, trace in self.traces.items() if not trace.end}
        if running != set(order.clocks):
            self.wrong(f"clocks by the events {sorted(running)}, in the state {sorted(order.clocks)}")


MOVES = ("resumed", "extended", "retimed")
"""What may move a due time."""

EVENTS: dict[type[Any], Any] = {
    e.ReturnRequested: Judge._returned,
    e.ExtensionRequested: Judge._extended,
    e.ReplyAccepted: Judge._unheard,
    e.CallbackPlanned: Judge._unheard,
    e.OrderReworked: Judge._unheard,
    e.OrderReopened: Judge._unheard,
    e.CallbackAttempted: Judge._attempted,
    e.CallbackRecorded: Judge._recorded,
    e.RatingLapsed: Judge._lapsed,
    e.OrderClosed: Judge._closed,
}

EXAMINED: dict[str, Any] = {
    "warned": Judge._warned,
    "breached": Judge._breached,
    "climbed": Judge._climbed,
    "dead_end": Judge._dead_end,
    "paused": Judge._paused,
    "expired": Judge._expired,
}
