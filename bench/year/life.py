"""One simulated order: what people mean to do and when, time in between, and every event put before the judge.

Nobody acts at once: a deed is put into the order's diary and done when its hour has come. Before it, time's own marks
fire as the workflow would let them: each at its instant, or late when the timer was. What happened makes people plan
their next deeds (`people.REACTIONS`). A deed that the rules refuse is counted and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from math import exp
from random import Random
from typing import Any

from bench.year import habits
from bench.year.judge import Judge
from bench.year.world import Category, World
from domain import commands as c
from domain.errors import Refusal
from domain.events import Event
from domain.model import Actor, Order, Role
from domain.order import decided, next_deadline, passed
from domain.policy import Terms

Deed = Callable[..., None]
Reaction = Callable[["Life", Any], None]
REBUILT = 10
"""Of so many orders one is made anew from its events alone, and compared."""
MOST_EVENTS = 5000
"""A life with more events than this does not end."""


class Life:
    """One order and its people."""

    __slots__ = (
        "_count", "_diary", "_entries", "_reactions", "_wake", "category", "commands", "customer", "deadline", "deeds",
        "events", "judge", "luck", "now", "number", "order", "refusals", "terms", "time_events", "world",
    )  # fmt: skip

    def __init__(self, world: World, number: int, reactions: dict[type[Any], Reaction]) -> None:
        self.world = world
        self.number = number
        self.luck: Random = world.luck(number)
        self.now = world.coming(self.luck)
        self.category: Category
        self.terms: Terms
        self.customer: Actor
        self.order: Order
        self.events: list[Event] = []
        self.judge: Judge
        self.commands: list[str] = []
        self.deeds: list[c.Command] = []
        self.refusals: list[str] = []
        self.time_events = 0
        self.deadline: datetime | None = None
        self._wake: datetime | None = None
        self._reactions = reactions
        self._diary: list[tuple[datetime, int, Deed, tuple[Any, ...]]] = []
        self._entries = 0
        self._count = 0

    # --- plans ------------------------------------------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        """True that often."""
        return self.luck.random() < share

    def hours(self, median: float) -> timedelta:
        """A length of time around that many hours."""
        return timedelta(hours=median * exp(self.luck.gauss(0.0, habits.SPREAD)))

    def plan(self, length: timedelta, deed: Deed, *about: Any, office: bool = True) -> None:
        """Mean to do this after that long; with `office` in office hours."""
        at = self.now + length
        if office:
            at = self.world.in_office(at, self.luck)
        self._entries += 1
        heappush(self._diary, (at, self._entries, deed, about))

    def plan_by_day(self, length: timedelta, deed: Deed, *about: Any) -> None:
        """Mean to do this after that long, on any day, but not at night."""
        self.plan_at(self.world.by_day(self.now + length, self.luck), deed, *about)

    def plan_at(self, at: datetime, deed: Deed, *about: Any) -> None:
        """Mean to do this then."""
        self._entries += 1
        heappush(self._diary, (at, self._entries, deed, about))

    # --- deeds ------------------------------------------------------------------------------------------------------

    def actor(self, who: str, role: Role, unit: str = "") -> Actor:
        """A person in a role."""
        return self.world.actor(who, role, unit)

    def do(self, actor: Actor, body: c.Body, reason: str = "as found") -> bool:
        """Ask for it; False when the rules refuse."""
        self._count += 1
        before, verb = self.order if self.events else None, c.VERBS[type(body)]
        command = c.Command(f"{self.number}.{self._count}", actor, body, reason)
        try:
            events, order = decided(before, command, self.now, self.terms)
        except Refusal as refusal:
            self.refusals.append(f"{verb}: {refusal.code}")
            return False
        self.commands.append(verb)
        self.deeds.append(command)
        if before is not None:
            if order.terms != before.terms:
                self.terms = self.judge.terms = body.terms  # type: ignore[union-attr,assignment]
            self.judge.moved(before, verb, actor.role, order)
        self._happened(before, events, order)
        return True

    def _happened(self, before: Order | None, events: tuple[Event, ...], order: Order) -> None:
        """Take over, judge, and let people make their plans."""
        self.order = order
        self.events += events
        self._look_ahead()
        self.judge.step(before, events, order, self.deadline)
        for event in events:
            reaction = self._reactions.get(type(event.body))
            if reaction is not None:
                reaction(self, event.body)

    def _look_ahead(self) -> None:
        """When time has something to do next, and when the timer will say so."""
        deadline = next_deadline(self.order)
        if deadline != self.deadline:
            self.deadline = self._wake = deadline
            if deadline is not None and self.luck.random() < habits.WAKES_LATE:
                self._wake = deadline + timedelta(hours=self.luck.random() * habits.LATE_HOURS)

    def _time(self) -> None:
        """Let fire what has fallen due by now."""
        events, order = passed(self.order, self.now, self.terms)
        if not events:
            raise AssertionError(f"order {self.number}: the deadline {self.deadline} brought nothing")
        self.time_events += len(events)
        self._happened(self.order, events, order)

    def run(self, begin: Deed) -> None:
        """From `begin` until nobody means to do anything any more and no deadline is left."""
        begin(self)
        diary = self._diary
        while diary or self._wake is not None:
            if len(self.events) > MOST_EVENTS:
                self.judge.wrong(f"more than {MOST_EVENTS} events: it does not end")
                return
            if self._wake is not None and (not diary or self._wake <= diary[0][0]):
                self.now = max(self.now, self._wake)
                self._time()
                continue
            at, _, deed, about = heappop(diary)
            self.now = max(self.now, at)
            if self.deadline is not None and self.deadline <= self.now:  # the timer is late: time comes first
                self._time()
            deed(self, *about)
        self.judge.end(self.order, self.events if self.number % REBUILT == 0 else [])
