"""One reading of the supervisor's wall: which places it covers, what is counted for each, how rows are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from store.notices import names
from store.posts import Organisation
from store.wall_lines import LEVELS, Figures, PlaceLine, Rates, Share

TOP = "HQ"
PLACES = ("headquarters", "region", "province")
"""The kinds of units that have a wall, from the top."""
SOON = timedelta(hours=2)
"""Within which a unit's limit counts as near."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which place: its provinces and all units at or below it, both None where it is the whole country."""

    place: str
    provinces: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None


def scope_of(organisation: Organisation, place: str) -> Scope:
    """What lies at or below a place."""
    if place == TOP:
        return Scope(place)
    below = [unit for unit in organisation.units.values() if place in organisation.above(unit.id)]
    return Scope(place, tuple(unit.id for unit in below if unit.kind == "province"), tuple(unit.id for unit in below))


@dataclass(slots=True)
class Sum:
    """The figures of one place while they are counted."""

    counts: dict[str, int] = field(default_factory=dict)
    levels: list[int] = field(default_factory=lambda: [0] * (LEVELS + 1))
    rates: list[int] = field(default_factory=lambda: [0] * 8)

    def add(self, name: str, number: int) -> None:
        """Count so many more of the figure with that name."""
        self.counts[name] = self.counts.get(name, 0) + number

    @property
    def figures(self) -> Figures:
        """What was counted."""
        due, completed, *pairs = self.rates
        rates = Rates(due, completed, *(Share(pairs[n], pairs[n + 1]) for n in (0, 2, 4)))
        return Figures(**self.counts, levels=tuple(self.levels), rates=rates)


class Sums:
    """The figures of all places of a scope: what is counted for a province counts for those above it too."""

    def __init__(self, organisation: Organisation, scope: Scope) -> None:
        self._organisation = organisation
        found = [
            unit
            for unit in organisation.units.values()
            if unit.kind in PLACES and (scope.units is None or unit.id in scope.units)
        ]
        self.places = sorted(found, key=lambda unit: (PLACES.index(unit.kind), unit.id))
        self._sums = {unit.id: Sum() for unit in self.places}
        self.total = self._sums[scope.place]

    def at(self, place: str) -> list[Sum]:
        """Those that something at a place counts for; always the whole among them."""
        found = [self._sums[one] for one in self._organisation.above(place) if one in self._sums]
        return found if any(one is self.total for one in found) else [*found, self.total]

    def lines(self) -> tuple[PlaceLine, ...]:
        """One line a place."""
        return tuple(
            PlaceLine(unit.id, unit.kind, unit.parent, unit.name_zh, unit.name_en, self._sums[unit.id].figures)
            for unit in self.places
        )


class Reader:
    """One reading of the wall: the session, what is bound in its queries, and what codes are called."""

    def __init__(self, session: Session, scope: Scope, days: int, now: datetime) -> None:
        known = names(session)
        self.session, self.scope, self.now = session, scope, now
        self.organisation, self._labels = known.organisation, known.labels
        self.zone = self.organisation.zone_of(f"unit:{TOP}")
        self.midnight = _midnight(now, self.zone)
        self.since = _midnight(now, self.zone, days - 1)
        self.sums = Sums(self.organisation, scope)
        self._bound = {
            "now": now, "soon": now + SOON, "midnight": self.midnight, "since": self.since,
            "provinces": list(scope.provinces or ()), "units": list(scope.units or ()),
        }  # fmt: skip

    def rows(self, sql: str, **bound: Any) -> Sequence[Any]:
        """The rows of a statement; {in_province}, {unit}, {x_unit} and {owed} in it are its conditions on place."""
        if self.scope.units is not None:
            filled = sql.format(
                in_province="province = ANY(:provinces)",
                unit="unit = ANY(:units)",
                x_unit="x.unit = ANY(:units)",
                owed="(o.province = ANY(:provinces) OR x.unit = ANY(:units))",
            )
        else:
            filled = sql.format(**dict.fromkeys(("in_province", "unit", "x_unit", "owed"), "true"))
        return self.session.execute(text(filled), {**self._bound, **bound}).all()

    def called(self, code: str) -> tuple[str, str]:
        """What something is called, such as `unit:GD.net`; by its own code where nobody named it."""
        bare = code.partition(":")[2]
        return self._labels.get(code, (bare, bare))

    def owner(self, unit: str, province: str) -> str:
        """Where something counts that a unit owes: the unit's province, and of a desk the order's."""
        known = self.organisation.units.get(unit)
        return (known.province or known.id) if known else province


def _midnight(at: datetime, zone: str, days_before: int = 0) -> datetime:
    """When the local day of an instant began, or one so many days before."""
    day = at.astimezone(ZoneInfo(zone)).date() - timedelta(days=days_before)
    return datetime.combine(day, time(), ZoneInfo(zone))
