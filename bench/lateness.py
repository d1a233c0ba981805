"""How late deadlines were, as figures that can be compared."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Fired:
    """One deadline that fired: when it was due, when it was noticed and when that was on record (UTC)."""

    name: str
    due: datetime
    fired: datetime
    recorded: datetime


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Of so many deadlines: what went wrong, and how late they were in seconds."""

    wanted: int
    missed: int
    double: int
    early: int
    moved: int
    firing: tuple[float, float, float, float]
    recording: tuple[float, float, float, float]

    @property
    def right(self) -> bool:
        """None missed, none double, none early, none at another instant than it was set for."""
        return not (self.missed or self.double or self.early or self.moved)

    def row(self, name: str) -> str:
        """One line of the table."""
        firing, recording = (" ".join(f"{value:8.3f}" for value in row) for row in (self.firing, self.recording))
        return f"{name:<14}{self.wanted:>7}{self.missed:>7}{self.double:>7}{self.early:>6}  {firing}  {recording}"


_LATE = " ".join(f"{name:>8}" for name in ("p50", "p90", "p99", "max"))
HEAD = (
    f"{'seconds late':<41}  {'until fired':<35}  until recorded\n"
    f"{'':<14}{'due':>7}{'missed':>7}{'double':>7}{'early':>6}  {_LATE}  {_LATE}"
)


def judged(wanted: dict[str, datetime], found: Iterable[Fired]) -> Punctuality:
    """What became of the wanted deadlines, by name."""
    fired = [one for one in found if one.name in wanted]
    times = Counter(one.name for one in fired)
    return Punctuality(
        wanted=len(wanted),
        missed=len(wanted) - len(times),
        double=sum(many - 1 for many in times.values()),
        early=sum(one.fired < one.due for one in fired),
        moved=sum(one.due != wanted[one.name] for one in fired),
        firing=percentiles([(one.fired - one.due).total_seconds() for one in fired]),
        recording=percentiles([(one.recorded - one.due).total_seconds() for one in fired]),
    )


def percentiles(seconds: Sequence[float]) -> tuple[float, float, float, float]:
    """The 50th, 90th and 99th percentile and the largest."""
    if len(seconds) < 2:
        return (seconds[0],) * 4 if seconds else (0.0,) * 4
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49], cuts[89], cuts[98], max(seconds)


_OF_ORDERS = text(
    """
    SELECT f.order_id AS name, f.due_at AS due, f.fired_at AS fired, e.recorded_at AS recorded
    FROM firings f JOIN events e ON e.order_id = f.order_id AND e.seq = f.seq
    """
)


def of_orders(session: Session) -> list[Fired]:
    """Every mark that time fired in an order."""
    return [Fired(*row) for row in session.execute(_OF_ORDERS)]
