"""What the year looked like: counts over all lives, and the digest by which two runs are compared."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from statistics import quantiles
from typing import Any

from bench.year.life import Life
from domain import events as e
from domain.events import Event
from domain.model import OPEN, Satisfaction
from domain.worktime import micros

NO_DUTY = ("info", "rating", "reopen")
"""Limits within which nobody owes anything: their passing is no miss."""
SHOWN = 20
"""Violations that are printed; all are counted."""


def essence(event: Event) -> str:
    """One event in a line: what a digest takes of it, instants in microseconds."""
    clocks = ";".join(
        [
            f"{one.key} {one.change} {one.clock.next_at and micros(one.clock.next_at) if one.clock else one.worked}"
            for one in event.clocks
        ]
    )
    name = type(event.body).__name__
    return f"{event.seq}|{name}|{micros(event.at)}|{event.actor.id}|{event.policy_version}|{event.command_id}|{clocks}"


def digest(life: Life) -> bytes:
    """The SHA-256 over the essentials of all events of one life, and where it ended."""
    lines = [essence(event) for event in life.events]
    order = life.order
    lines.append(f"{order.id}|{order.state}|{order.outcome}|{order.level}|{order.colour}|{order.round}")
    return hashlib.sha256("\n".join(lines).encode()).digest()


class Totals:
    """Counts of a year; lives are added in the order of their numbers."""

    def __init__(self) -> None:
        self.orders = 0
        self.events = 0
        self.by_time = 0
        self.commands: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.levels: Counter[int] = Counter()
        self.colours: Counter[str] = Counter()
        self.limits: dict[str, Counter[str]] = defaultdict(Counter)
        self.classes: Counter[str] = Counter()
        self.hours: dict[str, list[float]] = defaultdict(list)
        self.words: Counter[str] = Counter()
        self.steps: Counter[str] = Counter()
        self.violations: list[str] = []
        self.violated = 0
        self._digest = hashlib.sha256()

    def add(self, life: Life) -> None:
        """Count one life."""
        order = life.order
        self.orders += 1
        self.events += len(life.events)
        self.by_time += life.time_events
        self.commands.update(life.commands)
        self.refusals.update(life.refusals)
        self.classes[order.order_class] += 1
        still = "still open, its alarm raised" if order.state in OPEN else ""
        self.outcomes[still or (order.outcome.value if order.outcome else order.state.value)] += 1
        self.levels[order.level] += 1
        self._count_events(life)
        for trace in life.judge.traces.values():
            row = self.limits[trace.kind]
            row["armed"] += 1
            row["late" if trace.breached_at is not None else trace.end or "running"] += 1
        for finding in life.judge.findings:
            self.violated += 1
            if len(self.violations) < SHOWN:
                self.violations.append(f"order {life.number}: {finding}")
        self._digest.update(digest(life))

    def _count_events(self, life: Life) -> None:
        for event in life.events:
            count = COUNTS.get(type(event.body))
            if count is not None:
                count(self, event.body)
        closed = next((event.at for event in life.events if isinstance(event.body, e.OrderClosed)), None)
        if closed is not None:
            taken = (closed - life.order.registered_at).total_seconds() / 3600
            self.hours[life.order.order_class].append(taken)

    def _escalated(self, body: e.OrderEscalated) -> None:
        self.steps[f"to level {body.level}"] += 1
        self.steps["criticised"] += body.criticised
        self.colours[body.colour] += 1

    def _warned(self, body: e.ClockWarned) -> None:
        self.colours[body.colour] += 1

    def _alarmed(self, body: e.DeadEndRaised) -> None:
        self.steps["dead-end alarms"] += 1

    def _lapsed(self, body: e.RatingLapsed) -> None:
        self.words["not rated"] += 1

    def _word(self, body: e.CallbackRecorded) -> None:
        if body.refused:
            self.words["refused to rate"] += 1
        elif body.satisfaction is not None:
            self.words["rated"] += 1
            self.words["solved"] += bool(body.solved)
            self.words["satisfied or basically so"] += body.satisfaction is not Satisfaction.DISSATISFIED

    @property
    def digest(self) -> str:
        """The SHA-256 (hex) over the digests of all lives, in order."""
        return self._digest.hexdigest()

    def lines(self) -> Iterator[str]:
        """The year as text."""
        yield from self._limits()
        yield ""
        yield from self._classes()
        yield ""
        yield _row("outcomes", self.outcomes)
        yield _row("highest level of an order", {str(level): self.levels[level] for level in sorted(self.levels)})
        yield _row("ladder", self.steps)
        yield _row("warnings and steps by colour", {name or "none": many for name, many in self.colours.items()})
        yield from self._ratings()
        yield _row("refused by the rules", dict(self.refusals.most_common(12)))

    def _limits(self) -> Iterator[str]:
        heads = ("armed", "in time", "late", "expired", "cancelled", "running", "kept")
        yield f"{'limit':<22}" + "".join(f"{head:>10}" for head in heads)
        for kind in sorted(self.limits, key=lambda name: -self.limits[name]["armed"]):
            row = self.limits[kind]
            judged = 0 if kind in NO_DUTY else row["met"] + row["late"] + row["expired"]
            kept = f"{row['met'] / judged:.1%}" if judged else "–"
            counts = (row[name] for name in ("armed", "met", "late", "expired", "cancelled", "running"))
            yield f"{kind:<22}" + "".join(f"{many:>10}" for many in counts) + f"{kept:>10}"

    def _classes(self) -> Iterator[str]:
        yield f"{'class':<22}{'orders':>9}{'hours to the first close: p50':>32}{'p90':>8}{'p99':>8}"
        for name, many in self.classes.most_common():
            middle, most, nearly_all = _percentiles(self.hours[name])
            yield f"{name:<22}{many:>9}{middle:>32.1f}{most:>8.1f}{nearly_all:>8.1f}"

    def _ratings(self) -> Iterator[str]:
        words = self.words
        due = words["rated"] + words["not rated"] + words["refused to rate"]
        if due and words["rated"]:
            yield (
                f"call-backs: coverage {words['rated'] / due:.1%} of {due}; of those rated "
                f"{words['solved'] / words['rated']:.1%} solved, "
                f"{words['satisfied or basically so'] / words['rated']:.1%} satisfied or basically so"
            )


COUNTS: dict[type[Any], Callable[[Totals, Any], None]] = {
    e.OrderEscalated: Totals._escalated,
    e.ClockWarned: Totals._warned,
    e.DeadEndRaised: Totals._alarmed,
    e.CallbackRecorded: Totals._word,
    e.RatingLapsed: Totals._lapsed,
}


def _percentiles(hours: Sequence[float]) -> tuple[float, float, float]:
    if len(hours) < 2:
        return (hours[0],) * 3 if hours else (0.0, 0.0, 0.0)
    cuts = quantiles(hours, n=100)
    return cuts[49], cuts[89], cuts[98]


def _row(name: str, counts: Counter[str] | dict[str, int]) -> str:
    return f"{name}: " + ", ".join(f"{what} {many}" for what, many in counts.items())
