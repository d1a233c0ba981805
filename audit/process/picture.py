"""The picture of a process, drawn in one pass over steps that come case by case.

Definitions, as process mining has them: an *activity directly follows* another where it is the next step of the same
case; a case's *variant* is the sequence of its activities; *rework* is an activity that a case has more than once; a
*ping-pong* is work that goes from one place to another and straight back. Times are seconds between two steps; the
median of an even number is the mean of the two in the middle.

Of each case nothing is kept beyond its last step, its sequence of activities and where it stands; what is kept of all
is one number for each time that an edge was taken, for the medians, and one entry for each variant.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case: what was done, when, and where the case lay from then on ('' where nowhere)."""

    case: str
    activity: str
    at: datetime
    place: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """So many times in seconds: the least, the middle one, the mean and the most."""

    n: int
    least: float
    median: float
    mean: float
    most: float


@dataclass(frozen=True, slots=True)
class Edge:
    """One activity that directly follows another, with the time in between."""

    source: str
    target: str
    times: Times


@dataclass(frozen=True, slots=True)
class Node:
    """An activity: how often it was done, in how many cases, how many began or ended with it or did it again.

    `wait` is the time before it, since the step before.
    """

    activity: str
    n: int
    cases: int
    starts: int
    ends: int
    rework_cases: int
    repeats: int
    wait: Times | None


@dataclass(frozen=True, slots=True)
class Variant:
    """A sequence of activities that so many cases took, and how long these were."""

    activities: tuple[str, ...]
    cases: int
    times: Times


@dataclass(frozen=True, slots=True)
class PingPong:
    """Work that went from one place to another and straight back: how often, and in how many cases."""

    place: str
    other: str
    n: int
    cases: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole of it; all lists start with what is most."""

    cases: int
    steps: int
    variants_in_all: int
    durations: Times | None
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    variants: tuple[Variant, ...]
    ping_pong: tuple[PingPong, ...]
    handovers: int


@dataclass(slots=True)
class _Sums:
    n: Counter[str] = field(default_factory=Counter)
    in_cases: Counter[str] = field(default_factory=Counter)
    starts: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    rework: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    edges: dict[tuple[str, str], array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    variants: dict[tuple[str, ...], array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    bounces: Counter[tuple[str, str]] = field(default_factory=Counter)
    bounced: Counter[tuple[str, str]] = field(default_factory=Counter)
    handovers: int = 0
    cases: int = 0


def picture(steps: Iterable[Step], most_variants: int = 50) -> Picture:
    """The picture of these steps, which come case by case, each case's in order."""
    sums = _Sums()
    for _, case in groupby(steps, key=attrgetter("case")):
        _take_in(sums, case)
    return _drawn(sums, most_variants)


def _take_in(sums: _Sums, case: Iterator[Step]) -> None:
    first = before = next(case)
    names: dict[str, str] = {}
    sequence = [names.setdefault(first.activity, first.activity)]
    places = [first.place] if first.place else []
    for step in case:
        sums.edges[before.activity, step.activity].append((step.at - before.at).total_seconds())
        sequence.append(names.setdefault(step.activity, step.activity))
        if step.place and (not places or places[-1] != step.place):
            places.append(step.place)
        before = step
    counted = Counter(sequence)
    sums.cases += 1
    sums.n.update(counted)
    sums.in_cases.update(counted.keys())
    again = {activity: n - 1 for activity, n in counted.items() if n > 1}
    sums.rework.update(again.keys())
    sums.repeats.update(again)
    sums.starts[first.activity] += 1
    sums.ends[before.activity] += 1
    sums.variants[tuple(sequence)].append((before.at - first.at).total_seconds())
    sums.handovers += max(0, len(places) - 1)
    bounces = Counter((there, away) for there, away, back in zip(places, places[1:], places[2:], strict=False)
                      if there == back)  # fmt: skip
    sums.bounces.update(bounces)
    sums.bounced.update(bounces.keys())


def times(found: Iterable[float]) -> Times | None:
    """What is said of so many times; None of none."""
    ordered = sorted(found)
    if not ordered:
        return None
    n, middle = len(ordered), len(ordered) // 2
    median = ordered[middle] if n % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return Times(n, ordered[0], median, sum(ordered) / n, ordered[-1])


def _some(found: Iterable[float]) -> Times:
    said = times(found)
    assert said is not None
    return said


def _drawn(sums: _Sums, most_variants: int) -> Picture:
    waits: dict[str, array[float]] = defaultdict(lambda: array("d"))
    for (_, target), taken in sums.edges.items():
        waits[target].extend(taken)
    nodes = (
        Node(activity, n, sums.in_cases[activity], sums.starts[activity], sums.ends[activity], sums.rework[activity],
             sums.repeats[activity], times(waits.get(activity, ())))
        for activity, n in sums.n.items()
    )  # fmt: skip
    edges = (Edge(source, target, _some(taken)) for (source, target), taken in sums.edges.items())
    ranked = sorted(sums.variants.items(), key=lambda item: (-len(item[1]), item[0]))
    pongs = (PingPong(*pair, n, sums.bounced[pair]) for pair, n in sums.bounces.items())
    return Picture(
        cases=sums.cases,
        steps=sums.n.total(),
        variants_in_all=len(sums.variants),
        durations=times(length for lengths in sums.variants.values() for length in lengths),
        nodes=tuple(sorted(nodes, key=lambda node: (-node.n, node.activity))),
        edges=tuple(sorted(edges, key=lambda edge: (-edge.times.n, edge.source, edge.target))),
        variants=tuple(Variant(sequence, len(found), _some(found)) for sequence, found in ranked[:most_variants]),
        ping_pong=tuple(sorted(pongs, key=lambda one: (-one.n, one.place, one.other))),
        handovers=sums.handovers,
    )
