"""What one life came to, and the sums over many: breaches, levels, load by unit and day, notices, rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain import events as e
from domain.clocks import kind_of
from domain.events import Event
from domain.model import OPEN, Order, Part, Satisfaction
from domain.notices import notices

ZONE = ZoneInfo("Asia/Shanghai")
"""Whose days the load is counted by."""
NO_DUTY = ("info", "rating", "reopen", "target")
"""Limits within which nobody owes anything: their passing is no breach."""
_OWED = (Part.OFFERED, Part.SIGNED, Part.WORKING, Part.RETURN_REQUESTED)


@dataclass(slots=True)
class Life:
    """What became of one order: `breaches` are kinds with the unit that owed, `due_at` when its result was first due.

    `days` counts what a unit met on a day: parts that opened (`opened`) and ended (`ended`), summons, escalations.
    """

    order_id: str
    province: str
    order_class: str
    registered_at: datetime
    state: str
    outcome: str
    level: int
    colour: str
    events: int
    breaches: list[tuple[str, str]] = field(default_factory=list)
    raised: list[tuple[str, int]] = field(default_factory=list)
    warnings: int = 0
    dead_ends: int = 0
    criticised: int = 0
    notices: int = 0
    due_at: datetime | None = None
    closed_at: datetime | None = None
    started: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    rates: Counter[str] = field(default_factory=Counter)
    days: Counter[tuple[str, date, str]] = field(default_factory=Counter)


def life(events: Sequence[Event], states: Sequence[Order]) -> Life:
    """What became of an order, from its events and the order after each of them."""
    last, first = states[-1], states[0]
    found = Life(
        order_id=last.id,
        province=last.province,
        order_class=last.order_class.value,
        registered_at=first.registered_at,
        state=last.state.value,
        outcome=last.outcome.value if last.outcome else "",
        level=last.level,
        colour=last.colour.value,
        events=len(events),
    )
    before: Order | None = None
    late: set[str] = set()
    for event, after in zip(events, states, strict=True):
        _limits(found, event, before, late)
        count = COUNTS.get(type(event.body))
        if count is not None:
            count(found, event.body, event)
        if before is None or before.assignments is not after.assignments or before.state is not after.state:
            _parts(found, before, after, event.at)
        for notice in notices(before, after, event):
            found.notices += 1
            found.told[notice.audience.partition(":")[0]] += 1
        before = after
    return found


def _limits(found: Life, event: Event, before: Order | None, late: set[str]) -> None:
    for change in event.clocks:
        kind = kind_of(change.key)
        if change.change == "started":
            found.started[kind] += 1
            if kind == "due" and found.due_at is None and change.clock is not None:
                found.due_at = change.clock.due_at
        elif kind in NO_DUTY:
            continue
        elif change.change in ("breached", "expired"):
            clock = change.clock or (before.clocks.get(change.key) if before else None)
            unit: str = getattr(event.body, "unit", "") or (clock.unit if clock else "")
            found.breaches.append((kind, unit))
            late.add(change.key)
        elif change.change == "met" and change.key not in late:
            found.met[kind] += 1


def _parts(found: Life, before: Order | None, after: Order, at: datetime) -> None:
    had, has = _owing(before), _owing(after)
    if had == has:
        return
    day = at.astimezone(ZONE).date()
    for key, unit in has.items():
        if key not in had:
            found.days[unit, day, "opened"] += 1
    for key, unit in had.items():
        if key not in has:
            found.days[unit, day, "ended"] += 1


def _owing(order: Order | None) -> dict[str, str]:
    if order is None or order.state not in OPEN:
        return {}
    return {part.id: part.unit for part in order.assignments if part.status in _OWED}


def _escalated(found: Life, body: e.OrderEscalated, event: Event) -> None:
    found.raised.append((body.unit, body.level))
    found.criticised += body.criticised
    found.days[body.unit, event.at.astimezone(ZONE).date(), "escalations"] += 1


def _warned(found: Life, body: e.ClockWarned, event: Event) -> None:
    found.warnings += 1


def _alarmed(found: Life, body: e.DeadEndRaised, event: Event) -> None:
    found.dead_ends += 1


def _blown(found: Life, body: e.WhistleBlown, event: Event) -> None:
    day = event.at.astimezone(ZONE).date()
    for unit in body.units:
        found.days[unit, day, "summons"] += 1


def _closed(found: Life, body: Any, event: Event) -> None:
    if found.closed_at is None:
        found.closed_at = event.at


def _recorded(found: Life, body: e.CallbackRecorded, event: Event) -> None:
    rates = found.rates
    rates["settled"] += 1
    if body.refused:
        return
    rates["completed"] += 1
    rates["contacted"] += bool(getattr(body, "contacted", False))
    rates["solved"] += bool(body.solved)
    rates["satisfied"] += body.satisfaction in (Satisfaction.SATISFIED, Satisfaction.BASICALLY)


def _lapsed(found: Life, body: e.RatingLapsed, event: Event) -> None:
    found.rates["settled"] += 1


COUNTS: dict[type[Any], Callable[[Life, Any, Event], None]] = {
    e.OrderEscalated: _escalated,
    e.ClockWarned: _warned,
    e.DeadEndRaised: _alarmed,
    e.WhistleBlown: _blown,
    e.OrderClosed: _closed,
    e.CallbackRecorded: _recorded,
    e.RatingLapsed: _lapsed,
}


class Side:
    """The sums over the lives of one side; as large as the organisation and its days, however many orders there are."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.groups: dict[str, Counter[str]] = {}
        self._days: Counter[tuple[str, date, str]] = Counter()
        self._seconds = 0.0

    def add(self, one: Life) -> None:
        """Count one life."""
        sums = self.sums
        sums["orders"] += 1
        sums["events"] += one.events
        sums["breached_orders"] += bool(one.breaches)
        sums["breaches"] += len(one.breaches)
        sums["limits"] += sum(one.started.values())
        sums["warnings"] += one.warnings
        sums["escalations"] += len(one.raised)
        sums["dead_ends"] += one.dead_ends
        sums["criticised"] += one.criticised
        sums["notices"] += one.notices
        sums["raised_orders"] += one.level > 0
        if one.closed_at is not None:
            sums["closed"] += 1
            self._seconds += (one.closed_at - one.registered_at).total_seconds()
        self._group("level", {str(one.level): 1})
        self._group("ended", {one.outcome or one.state: 1})
        self._group("breaches_by_kind", Counter(kind for kind, _ in one.breaches))
        self._group("breaches_by_unit", Counter(unit for _, unit in one.breaches))
        self._group("breaches_by_province", {one.province: len(one.breaches)} if one.breaches else {})
        self._group("breaches_by_class", {one.order_class: len(one.breaches)} if one.breaches else {})
        self._group("escalations_by_unit", Counter(unit for unit, _ in one.raised))
        self._group("escalations_by_level", Counter(str(level) for _, level in one.raised))
        self._group("limits_by_kind", one.started)
        self._group("met_by_kind", one.met)
        self._group("notices_by_audience", one.told)
        self._group("callbacks", one.rates)
        self._days.update(one.days)

    def _group(self, name: str, counts: Any) -> None:
        self.groups.setdefault(name, Counter()).update(counts)

    def told(self) -> dict[str, Any]:
        """The sums as data, everything in a fixed order: `totals`, `groups`, `rates`, and the load.

        `load` is by unit and day, `days` by day over all units, `units` by unit over all days.
        """
        load = list(self._load())
        return {
            "totals": {**self.sums, "hours_to_close": self._hours()},
            "groups": {name: dict(sorted(counts.items())) for name, counts in sorted(self.groups.items())},
            "rates": self._rates(),
            "days": _by_day(load),
            "units": self._by_unit(load),
            "load": load,
        }

    def _by_unit(self, load: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Each unit's highest number of parts open at a day's end, and its sums."""
        found: dict[str, Counter[str]] = {}
        for row in load:
            sums = found.setdefault(row["unit"], Counter())
            sums["peak"] = max(sums["peak"], row["open"])
            for name in ("opened", "summons", "escalations"):
                sums[name] += row[name]
        breaches = self.groups.get("breaches_by_unit", Counter())
        names = ("peak", "opened", "summons", "escalations")
        return [
            {"unit": unit, **{name: found.get(unit, Counter())[name] for name in names}, "breaches": breaches[unit]}
            for unit in sorted(found.keys() | breaches.keys())
        ]

    def _hours(self) -> float | None:
        closed = self.sums["closed"]
        return round(self._seconds / closed / 3600, 2) if closed else None

    def _rates(self) -> dict[str, float | None]:
        calls = self.groups.get("callbacks", Counter())
        met = sum(self.groups.get("met_by_kind", Counter()).values())
        completed = calls["completed"]
        return {
            "kept": _share(met, met + self.sums["breaches"]),
            "coverage": _share(completed, calls["settled"]),
            "contacted": _share(calls["contacted"], completed),
            "solved": _share(calls["solved"], completed),
            "satisfied": _share(calls["satisfied"], completed),
        }

    def _load(self) -> Iterator[dict[str, Any]]:
        """For each unit, and each day on which something changed, what it met and what was open at the day's end."""
        rows: dict[tuple[str, date], Counter[str]] = {}
        for (unit, day, what), many in self._days.items():
            rows.setdefault((unit, day), Counter())[what] += many
        unit_before, still = "", 0
        for unit, day in sorted(rows):
            row = rows[unit, day]
            still = (still if unit == unit_before else 0) + row["opened"] - row["ended"]
            unit_before = unit
            yield {
                "unit": unit,
                "day": day.isoformat(),
                "open": still,
                "opened": row["opened"],
                "summons": row["summons"],
                "escalations": row["escalations"],
            }


def _by_day(load: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same over all units: what came on a day, and what was open at its end."""
    moved: dict[str, Counter[str]] = {}
    before: dict[str, int] = {}
    for row in load:
        sums = moved.setdefault(row["day"], Counter())
        sums["open"] += row["open"] - before.get(row["unit"], 0)
        before[row["unit"]] = row["open"]
        for name in ("opened", "summons", "escalations"):
            sums[name] += row[name]
    still, days = 0, []
    for day in sorted(moved):
        still += moved[day]["open"]
        days.append({"day": day, "open": still, **{n: moved[day][n] for n in ("opened", "summons", "escalations")}})
    return days


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def hours_between(one: datetime | None, other: datetime | None) -> float | None:
    """The hours from one to the other; None where either is missing."""
    return None if one is None or other is None else round((other - one) / timedelta(hours=1), 2)
