"""What became of one clock, told from the ledger's events: what started, stopped and moved it, and who held the order.

Nothing here decides anything: the events say what happened, and the terms under which they were written say how the
hours were counted. So the account of a breach can be made years later and is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar, Span
from domain.clocks import stood_still, worked
from domain.events import ClockChange, Event
from domain.evolve import evolve
from domain.model import Clock, Order, State, Ticking
from domain.policy import Terms
from domain.reckoning import Reckoning, reckon
from domain.records import replace

CUSTOMER = "customer"
"""Who holds an order while the customer is asked for information."""

DESK = "desk"
"""Who holds an order that no unit has: registration, conference, the reply's audit, the call-back."""

_RUNNING = (Ticking.RUNNING, Ticking.BREACHED)
_WITH_DESK = (State.REGISTERED, State.TRIAGE, State.REPLIED, State.AWAITING_CALLBACK)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the clock: when, by whom and why, the due time after it, and what was used up by then.

    `worked` are minutes as the limit counts, `counted` says which hours these were since the clock last began to run.
    """

    at: datetime
    seq: int
    change: str
    actor: str
    role: str
    reason: str
    due_at: datetime | None
    worked: float
    counted: Reckoning | None = None
    level: int = 0
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody had the order meanwhile: a unit, `desk` or `customer`; `worked` minutes as the limit counts."""

    holder: str
    begin: datetime
    end: datetime
    worked: float


@dataclass(frozen=True, slots=True)
class Account:
    """One clock's life so far; instants are UTC, minutes as the limit counts unless said otherwise.

    `rule` is the policy's rule that set the limit, `length` the whole limit, `paused` elapsed minutes of standing
    still; `late` is how long after the due time the duty was met (elapsed minutes), None while open or when in time.
    """

    key: str
    kind: str
    unit: str
    hop: int
    rule: str
    zone: str
    working: bool
    length: float
    started_at: datetime
    first_due_at: datetime
    due_at: datetime
    breached_at: datetime | None
    ended_at: datetime | None
    how: str
    worked: float
    paused: float
    late: float | None
    entries: tuple[Entry, ...]
    held: tuple[Hold, ...]


def account(
    events: Iterable[Event], key: str, terms_of: Callable[[str], Terms], now: datetime | None = None
) -> Account | None:
    """The account of a clock from all events of its order; None when the order never had it.

    One that is still open is told up to `now` (UTC), by default to the order's last event. `terms_of` gives the terms
    of a digest, as the ledger keeps them.
    """
    teller: _Teller | None = None
    order: Order | None = None
    last: datetime | None = None
    for event in events:
        order = evolve(order, event)
        if teller is not None:
            teller.moved(order, event)
        last = event.at
        for change in event.clocks:
            if change.key == key:
                terms = terms_of(order.terms)
                if teller is None and change.clock is not None:
                    teller = _Teller(change.clock, terms, order)
                if teller is not None:
                    teller.changed(change, event, terms)
    return teller.told(max(last, now or last)) if teller and last else None


def holder(order: Order) -> str:
    """Who has the order now: the lead unit, the customer who was asked, or a desk."""
    if order.state is State.PENDING_INFO:
        return CUSTOMER
    lead = order.lead
    return DESK if lead is None or order.state in _WITH_DESK else lead.unit


class _Teller:
    """Follows one clock from event to event."""

    def __init__(self, clock: Clock, terms: Terms, order: Order) -> None:
        self.first = self.clock = clock
        self.terms = terms
        self.entries: list[Entry] = []
        self.held: list[Hold] = []
        self.holder = holder(order)
        self.since = clock.started_at
        self.breached_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.how = ""
        self.worked = self.paused = 0.0

    def moved(self, order: Order, event: Event) -> None:
        """Note when the order changed hands while the clock was there."""
        now_with = holder(order)
        if now_with != self.holder and self.ended_at is None:
            self._let_go(event.at)
            self.holder, self.since = now_with, event.at

    def changed(self, change: ClockChange, event: Event, terms: Terms) -> None:
        """Note one change of the clock itself."""
        before = self.clock
        # A mark that was noticed late counts from when it fell due, as the rules count it.
        at = change.fell_due or event.at
        used, still = worked(before, at, self.terms), stood_still(before, at)
        counted = self._counted(before, at) if change.change in _COUNTED else None
        if change.clock is not None:
            self.clock = change.clock
        elif self.ended_at is None:
            self._let_go(at)
            self.ended_at = event.at
        self.terms = terms
        if change.change in ("breached", "expired") and self.breached_at is None:
            self.breached_at = before.due_at
        self.how = change.change
        self.worked = used if change.worked is None else change.worked
        self.paused = still if change.paused is None else change.paused
        body = event.body
        self.entries.append(
            Entry(
                at=event.at,
                seq=event.seq,
                change=change.change,
                actor=event.actor.id,
                role=event.actor.role.value,
                reason=event.reason or getattr(body, "question", "") or getattr(body, "ground", ""),
                due_at=self.clock.due_at if change.clock is not None else None,
                worked=self.worked,
                counted=counted,
                level=getattr(body, "level", 0),
                percent=getattr(body, "percent", 0),
            )
        )

    def told(self, until: datetime) -> Account:
        """The account, when all events have been gone through; of an open clock as it stands at `until`."""
        if self.ended_at is None:
            self._let_go(until)
            self.worked, self.paused = worked(self.clock, until, self.terms), stood_still(self.clock, until)
        clock = self.clock
        done = clock.answered_at or self.ended_at
        missed = self.how == "met" and self.breached_at is not None
        late = (done - clock.due_at).total_seconds() / 60 if missed and done else None
        return Account(
            key=clock.key,
            kind=clock.kind,
            unit=clock.unit,
            hop=clock.hop,
            rule=clock.rule,
            zone=self._calendar().zone,
            working=clock.working,
            length=clock.length,
            started_at=clock.started_at,
            first_due_at=clock.first_due_at,
            due_at=clock.due_at,
            breached_at=self.breached_at,
            ended_at=self.ended_at,
            how=self.how,
            worked=self.worked,
            paused=self.paused,
            late=late,
            entries=tuple(self.entries),
            held=tuple(self.held),
        )

    def _calendar(self) -> Calendar:
        return self.terms.calendar_of(self.clock.unit)

    def _counted(self, clock: Clock, until: datetime) -> Reckoning | None:
        """The hours that counted in the run that ends now."""
        if clock.status not in _RUNNING:
            return None
        since = clock.since or clock.started_at
        used = worked(clock, until, self.terms) - clock.worked
        return reckon(self._calendar(), since, Span(used, "wmin" if clock.working else "min")) if used > 0 else None

    def _let_go(self, at: datetime) -> None:
        if at > self.since:
            paused = self.clock.status is Ticking.PAUSED
            run = replace(self.clock, since=self.since, worked=0.0)
            used = 0.0 if paused else worked(run, at, self.terms)
            self.held.append(Hold(self.holder, self.since, at, used))


_COUNTED = ("paused", "breached", "met", "expired", "answered", "extended", "retimed", "cancelled")
"""Changes that end a run of the clock or look back on it."""
