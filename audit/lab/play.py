"""One past order played again in virtual time, under other terms: `play(past, under)`."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as copied
from datetime import datetime
from enum import StrEnum
from typing import Any

from audit.lab.past import Deed, Past, Unplayable
from audit.lab.under import Clause, Under
from domain import commands as c
from domain.clocks import next_due
from domain.errors import InvalidField, Refusal
from domain.events import Event
from domain.evolve import evolve
from domain.model import Actor, Order, Part, Role
from domain.order import decided, passed
from domain.policy import Terms

NO_POLICY = "no_policy"
"""Why an order cannot be played: the version that it ran by is not kept, or names nothing for it."""
MOST_MARKS = 5000
"""A life with more marks than this does not end."""
_UNITS = (Role.UNIT_MEMBER, Role.UNIT_HEAD)


class How(StrEnum):
    """What became of a recorded command.

    `same`: the same events with the same limits. `retimed`: the same events, limits moved. `different`: other events.
    `refused`: the rules refuse it now. `implied`: a signature that stands for one of the system.
    `overtaken`: a signature after the system's. `set_aside`: a migration, which has no meaning under another policy.
    """

    SAME = "same"
    RETIMED = "retimed"
    DIFFERENT = "different"
    REFUSED = "refused"
    IMPLIED = "implied"
    OVERTAKEN = "overtaken"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Fate:
    """A recorded command and what became of it; `code` and `reason` of a refusal, `brought` the events' names else."""

    at: datetime
    command_id: str
    verb: str
    unit: str
    how: How
    code: str = ""
    reason: str = ""
    brought: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    stood_in: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """The life in the lab: its events, the order after each of them, and what became of each recorded command."""

    events: tuple[Event, ...]
    states: tuple[Order, ...]
    fates: tuple[Fate, ...]
    terms: Terms

    @property
    def order(self) -> Order:
        """The order as it stands at the end."""
        return self.states[-1]


def play(past: Past, under: Under) -> Played:
    """Play it; raises Unplayable when there are no terms for it."""
    try:
        return _Stage(past, under).run()
    except (LookupError, ValueError) as error:
        raise Unplayable(past.order_id, NO_POLICY) from error


class _Stage:
    def __init__(self, past: Past, under: Under) -> None:
        self._past = past
        self._under = under
        first = past.deeds[0].command.body
        if not isinstance(first, c.Register):
            raise Unplayable(past.order_id, "no_registration")
        digest: str = getattr(past.events[0].body, "terms", "")
        self._terms = under.at_registration(first, digest)
        self._order: Order | None = None
        self._now = past.deeds[0].at
        self._events: list[Event] = []
        self._fates: list[Fate] = []
        self._stand_ins: dict[str, str] = {}

    def run(self) -> Played:
        for deed in self._past.deeds:
            self._pass_until(deed.at)
            self._now = max(self._now, deed.at)
            self._do(deed)
        self._pass_until(self._past.until)
        states: list[Order] = []
        order: Order | None = None
        for event in self._events:
            order = evolve(order, event)
            states.append(order)
        return Played(tuple(self._events), tuple(states), tuple(self._fates), self._terms)

    # --- time -------------------------------------------------------------------------------------------------------

    def _pass_until(self, end: datetime) -> None:
        """Fire every mark that is due by then, each at its instant, or when it was noticed in time past."""
        noticed, marks = self._past.noticed, 0
        while self._order is not None and (clock := next_due(self._order, end)) is not None:
            due = clock.next_at
            assert due is not None
            self._now = max(self._now, due, min(noticed.get((clock.key, due), due), end))
            events, self._order = passed(self._order, self._now, self._terms, 1)
            self._events += events
            marks += 1
            if marks > MOST_MARKS:
                raise Unplayable(self._past.order_id, "endless")

    # --- commands ---------------------------------------------------------------------------------------------------

    def _do(self, deed: Deed) -> None:
        command = copied(deed.command, expected_seq=None)
        body, stood_in = command.body, ""
        if isinstance(body, c.MigratePolicy) and self._under.whole:
            self._fates.append(self._fate(deed, How.SET_ASIDE))
            return
        if self._order is None:
            command, stood_in = self._registered(command)
        else:
            if isinstance(body, c.Dispatch):
                self._stand_ins = {}
            command = copied(command, body=self._under.completed(self._order, body))
            command, stood_in = self._by_stand_in(command)
        try:
            brought = self._decide(command)
        except Refusal as refusal:
            brought = self._after_signing(deed, command)
            if not brought:
                how, code, why = self._how_refused(command), refusal.code, refusal.message
                self._fates.append(self._fate(deed, how, code=code, reason=why, stood_in=stood_in))
                return
        self._fates.append(
            self._fate(
                deed,
                _compared(deed.events, brought),
                brought=tuple([event.type for event in brought]),
                stood_in=stood_in,
            )
        )

    def _decide(self, command: c.Command) -> tuple[Event, ...]:
        events, order = decided(self._order, command, self._now, self._terms)
        if self._order is not None and order.terms != self._terms.digest:
            terms: Terms | None = getattr(command.body, "terms", None)
            if terms is None or terms.digest != order.terms:
                raise InvalidField("the new terms are missing", field="terms")
            self._terms = terms
        self._order = order
        self._events += events
        return events

    def _after_signing(self, deed: Deed, command: c.Command) -> tuple[Event, ...]:
        """The command's events after a signature by the same person, where the system had signed.

        () if that is no help; nothing has changed then.
        """
        order, actor = self._order, command.actor
        if order is None or actor.role not in _UNITS or isinstance(command.body, c.Sign):
            return ()
        if not any(part.unit == actor.unit and part.status is Part.OFFERED for part in order.assignments):
            return ()
        if not _signed_by_the_system(self._past, actor, deed.at):
            return ()
        kept = (self._order, self._terms, len(self._events))
        try:
            signature = c.Command(command.id, actor, c.Sign(), command.reason)
            signed = self._decide(signature)
            brought = self._decide(command)
        except Refusal:
            self._order, self._terms = kept[:2]
            del self._events[kept[2] :]
            return ()
        named = tuple([event.type for event in signed])
        self._fates.append(Fate(deed.at, command.id, "sign", actor.unit, How.IMPLIED, brought=named))
        return brought

    def _how_refused(self, command: c.Command) -> How:
        """Overtaken, for a signature where the system has signed; else refused."""
        parts = self._order.assignments if self._order is not None and isinstance(command.body, c.Sign) else ()
        signed = any(part.unit == command.actor.unit and part.auto_signed for part in parts)
        return How.OVERTAKEN if signed else How.REFUSED

    # --- the catalogue ----------------------------------------------------------------------------------------------

    def _registered(self, command: c.Command) -> tuple[c.Command, str]:
        """The registration, with the units of the clause that is tried; '' or the lead that stands in."""
        body = command.body
        assert isinstance(body, c.Register)
        clause = self._under.clause(body)
        if clause is None:
            return command, ""
        lead, co, copy = _units(clause, body.province)
        self._stand_ins = _instead(body, lead, co)
        changed = copied(body, lead=lead, co=co, copy=copy)
        return copied(command, body=changed), lead if lead != body.lead else ""

    def _by_stand_in(self, command: c.Command) -> tuple[c.Command, str]:
        actor = command.actor
        unit = self._stand_ins.get(actor.unit, "") if actor.role in _UNITS else ""
        body: Any = command.body
        if isinstance(body, c.ExplainPart) and body.unit in self._stand_ins:
            command = copied(command, body=copied(body, unit=self._stand_ins[body.unit]))
        if not unit:
            return command, ""
        return copied(command, actor=copied(actor, unit=unit)), unit

    def _fate(self, deed: Deed, how: How, **told: Any) -> Fate:
        recorded = tuple([event.type for event in deed.events])
        command = deed.command
        return Fate(deed.at, command.id, command.verb, command.actor.unit, how, recorded=recorded, **told)


def _units(clause: Clause, province: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    def whole(unit: str) -> str:
        return unit if "." in unit else f"{province}.{unit}"

    return whole(clause.lead), tuple(map(whole, clause.co)), tuple(map(whole, clause.copy))


def _instead(body: c.Register, lead: str, co: tuple[str, ...]) -> dict[str, str]:
    """Which unit does what the recorded one did: lead for lead, co for co by their places; those beyond have nobody."""
    pairs = ((body.lead, lead), *zip(body.co, co, strict=False))
    return {was: now for was, now in pairs if was != now}


def _signed_by_the_system(past: Past, actor: Actor, at: datetime) -> bool:
    """Whether the unit's part was signed by the system by then, in time past."""
    known: Order | None = None
    for event, order in zip(past.events, past.states, strict=True):
        if event.at > at:
            break
        known = order
    return known is not None and any(part.unit == actor.unit and part.auto_signed for part in known.assignments)


def _compared(recorded: tuple[Event, ...], brought: tuple[Event, ...]) -> How:
    if [event.type for event in recorded] != [event.type for event in brought]:
        return How.DIFFERENT
    for one, other in zip(recorded, brought, strict=True):
        if [_limit(change) for change in one.clocks] != [_limit(change) for change in other.clocks]:
            return How.RETIMED
    return How.SAME


def _limit(change: Any) -> tuple[Any, ...]:
    return (change.key, change.change, change.clock.due_at if change.clock else None)
