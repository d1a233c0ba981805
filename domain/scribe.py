"""The pen of the rules: emits events in order and keeps the state as it stands after each.

A rule reads `scribe.order`, checks, and emits; because the state moves with every event, a rule that emits several sees
its own earlier ones. The checks that many rules share stand here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain import clocks, errors
from domain.events import ClockChange, Event, Happening
from domain.evolve import evolve
from domain.model import SYSTEM, Actor, Assignment, Clock, Order, Part, UnitRole
from domain.policy import Terms
from domain.records import replace

Changes = ClockChange | Iterable[ClockChange | None] | None
GONE = (Part.RETURN_UPHELD, Part.WITHDRAWN, Part.ACCEPTED)


class Scribe:
    """One decision in the making: who asks, when, under which terms, and the events so far.

    Events carry the instant at which the pen was taken up; `now`, from which limits count, may lie before it when
    time's own marks are noticed late: then `fired` is the clock whose mark it is.
    """

    __slots__ = ("_at", "_order", "actor", "command_id", "events", "fired", "now", "reason", "terms")

    def __init__(
        self,
        order: Order | None,
        now: datetime,
        terms: Terms,
        actor: Actor = SYSTEM,
        reason: str = "",
        command_id: str = "",
    ) -> None:
        self._order = order
        self._at = self.now = now
        self.fired: Clock | None = None
        self.terms = terms
        self.actor = actor
        self.reason = reason
        self.command_id = command_id
        self.events: list[Event] = []

    @property
    def order(self) -> Order:
        """The order after the events so far."""
        if self._order is None:
            raise AssertionError("nothing is registered yet")
        return self._order

    def emit(
        self, body: Happening, *changes: Changes, by: Actor | None = None, counted_by: Terms | None = None
    ) -> None:
        """Write down one event with the clock changes it brings; `by` when it is not the asker's own doing.

        `counted_by` are the terms by which the clocks ran until now, when the event itself brings others.
        """
        ran_by = counted_by or self.terms
        hop = getattr(body, "hop", None) or (self._order.hop if self._order else 0)
        brought: list[ClockChange] = []
        for change in changes:
            if change is not None:
                for one in (change,) if isinstance(change, ClockChange) else change:
                    if one is not None:
                        brought.append(self._completed(one, hop, ran_by))
        event = Event(
            seq=(self._order.seq if self._order else 0) + 1,
            at=self._at,
            actor=by or self.actor,
            body=body,
            policy_version=self.terms.policy_version,
            reason=self.reason,
            command_id=self.command_id,
            clocks=tuple(brought),
        )
        self._order = evolve(self._order, event)
        self.events.append(event)

    def _completed(self, change: ClockChange, hop: int, ran_by: Terms) -> ClockChange:
        """The change with what is known here: the hop of a new clock, when a mark fell due, and what was used up."""
        key, what, clock = change.key, change.change, change.clock
        if what == "started":
            return change if clock is None or clock.hop == hop else ClockChange(key, what, replace(clock, hop=hop))
        fell_due = self.fired.next_at if self.fired is not None and self.fired.key == key else None
        ends = clock is None or what == "breached"
        known = self._order.clocks.get(key) if ends and self._order else None
        if known is None:
            return change if fell_due is None else ClockChange(key, what, clock, fell_due)
        used = round(clocks.worked(known, self.now, ran_by), 3)
        return ClockChange(key, what, clock, fell_due, used, round(clocks.stood_still(known, self.now), 3))

    def own_part(self, *roles: UnitRole) -> Assignment:
        """The live assignment of the actor's unit in one of these roles; raises NotYourUnit."""
        for part in reversed(self.order.assignments):
            if part.unit == self.actor.unit and part.role in roles and part.status not in GONE:
                return part
        wanted = " or ".join(roles)
        raise errors.NotYourUnit(
            f"unit {self.actor.unit or '(none)'} is not {wanted} on this order",
            field="actor.unit",
            state=self.order.state,
            remedy="the lead is " + (self.order.lead.unit if self.order.lead else "not named yet"),
        )

    def lead_part(self) -> Assignment:
        """The actor's own lead assignment; raises NotYourUnit."""
        return self.own_part(UnitRole.LEAD)

    def other_than(self, others: Iterable[str], duty: str) -> None:
        """Refuse the actor when he, or whom he acts for, is one of these people; raises SamePerson."""
        if not set(self.actor.people).isdisjoint(others):
            raise errors.SamePerson(
                f"{duty} must be another person than the one who did the work before it",
                field="actor.id",
                state=self.order.state,
                remedy="let a colleague do it",
            )


def required(value: str, field: str, what: str) -> None:
    """Refuse an empty text; raises InvalidField that names the field."""
    if not value.strip():
        raise errors.InvalidField(f"{field} is empty", field=field, remedy=f"give {what}")
