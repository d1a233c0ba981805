"""The shapes of the supervisor's wall: figures, rates, and the lines of its lists (see `store.wall`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

LEVELS = 5
"""The highest level of escalation."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many yes of so many answers."""

    yes: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Rates:
    """The three rates with what their coverage is made of: call-backs that fell due, and those completed."""

    due: int = 0
    completed: int = 0
    response: Share = Share()
    resolution: Share = Share()
    satisfaction: Share = Share()


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a place; `levels` are the open orders by level, from 0 to 5."""

    open: int = 0
    overdue: int = 0
    levels: tuple[int, ...] = (0,) * (LEVELS + 1)
    unreported: int = 0
    unsigned: int = 0
    breaches: int = 0
    registered: int = 0
    closed: int = 0
    rates: Rates = Rates()


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place of the tree: headquarters, a regional centre or a province."""

    id: str
    kind: str
    parent: str
    zh: str
    en: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class UnitLoad:
    """What lies with a unit: orders in which it owes something, overdue ones, and those due within two hours."""

    unit: str
    province: str
    zh: str
    en: str
    open: int
    overdue: int
    soon: int


@dataclass(frozen=True, slots=True)
class Count:
    """Open orders of a channel or category, and how many of them are overdue."""

    code: str
    zh: str
    en: str
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A unit that has not reported in or not signed; `subject` is the whistle or assignment, `key` its clock.

    `state` is how far it has come: summoned, signed or contacted; offered, or auto_signed where the system signed for
    it. `since` is when it was summoned or dispatched to, `due_at` the limit (UTC), None where it has none.
    """

    order_id: str
    subject: str
    unit: str
    province: str
    zh: str
    en: str
    state: str
    kind: str
    matter: str
    matter_zh: str
    matter_en: str
    since: datetime
    due_at: datetime | None
    key: str
    level: int
    colour: str
    category: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What waits for a decision: by which clock, by which verb it is made, and which `roles` may make it now.

    `unit` has the order's lead, whose request or conduct it mostly is; the order may be closed already.
    """

    order_id: str
    key: str
    clock: str
    clock_zh: str
    clock_en: str
    verb: str
    roles: tuple[str, ...]
    unit: str
    province: str
    zh: str
    en: str
    state: str
    since: datetime
    due_at: datetime
    level: int


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that passed; `GET /v1/orders/{order_id}/clocks/{key}` tells why."""

    order_id: str
    key: str
    clock: str
    clock_zh: str
    clock_en: str
    unit: str
    province: str
    zh: str
    en: str
    due_at: datetime
    ended_at: datetime | None
    level: int


@dataclass(frozen=True, slots=True)
class Worst:
    """An open order among those that stand worst, by level and time; `due_at` is the limit of what is owed first."""

    order_id: str
    category: str
    category_zh: str
    category_en: str
    province: str
    unit: str
    zh: str
    en: str
    level: int
    colour: str
    overdue: bool
    clock: str
    clock_zh: str
    clock_en: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wall:
    """Everything at once, as of `at` (UTC); the days begin at midnight in `zone`, the first of them at `since`."""

    at: datetime
    place: str
    zone: str
    days: int
    today: date
    since: datetime
    total: Figures
    places: tuple[PlaceLine, ...]
    units: tuple[UnitLoad, ...]
    channels: tuple[Count, ...]
    categories: tuple[Count, ...]
    decisions: tuple[Decision, ...]
    unreported: tuple[Missing, ...]
    unsigned: tuple[Missing, ...]
    breaches: tuple[Breach, ...]
    worst: tuple[Worst, ...]
