"""What is recorded of an order that another system has kept until now: its beginning, each step, and how it goes on.

These events are written down at the instant of the import, by whoever imports; what happened there stands in them with
its own time and author.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.model import Customer, OrderClass, Outcome, State


@dataclass(frozen=True, slots=True)
class OrderImported:
    """An order of another system was taken in: `case` is its number there, `registered_at` when it began there."""

    order_id: str
    system: str
    case: str
    registered_at: datetime
    title: str
    text: str
    category: str
    order_class: OrderClass
    province: str
    channel: str
    customer: Customer
    terms: str
    area: str = ""
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepImported:
    """One step of its history: `at` and `by` are that system's; `state` is how the order stood after it, in our words.

    `reopened` where it left a resolved or closed state, `moved` where another unit had it than before.
    """

    number: int
    activity: str
    at: datetime
    by: str
    state: State
    unit: str = ""
    status: str = ""
    event: str = ""
    reopened: bool = False
    moved: bool = False
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HistoryEnded:
    """It had ended there, at `closed_at`: nothing is owed for it here.

    `reopens` and `moves` are counted from the steps; the `said_` ones are that system's own, None where it has none.
    """

    outcome: Outcome
    closed_at: datetime
    reopens: int
    moves: int
    said_reopens: int | None = None
    said_moves: int | None = None


@dataclass(frozen=True, slots=True)
class OrderTakenOver:
    """It was open there and goes on here, by our policy, its clocks from now; the counts as in `HistoryEnded`."""

    to: State
    reopens: int
    moves: int
    said_reopens: int | None = None
    said_moves: int | None = None


BOOKKEEPING = ("OrderImported", "HistoryEnded")
"""What an import itself adds: no steps of the order, and recorded long after them."""
