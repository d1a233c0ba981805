"""What the simulated year is played in: policy, organisation, the calendar of comings, and each order's luck."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Generic, TypeVar

import rulebook
from bench.year import habits
from domain.calendar import Calendar
from domain.model import Actor, Order, OrderClass
from domain.policy import Terms, resolve
from store.demo import document

T = TypeVar("T")
BEIJING = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Category:
    """One row of the dispatch catalogue."""

    name: str
    order_class: OrderClass
    lead: str
    co: tuple[str, ...]
    copy: tuple[str, ...]


class Draw(Generic[T]):
    """A choice among several by weight."""

    def __init__(self, weights: Mapping[T, int]) -> None:
        self._names = tuple(weights)
        self._sums = tuple(accumulate(weights.values()))

    def __call__(self, luck: Random) -> T:
        """One of them."""
        return self._names[bisect(self._sums, luck.random() * self._sums[-1])]


class World:
    """One policy, one organisation, one year; what happens to an order follows from the seed and its number alone."""

    def __init__(self, seed: int, policy: dict[str, Any], year: int) -> None:
        self.seed = seed
        self.policy = policy
        self.year = year
        catalogue = document("organisation")["catalogue"]
        self.catalogue = {
            name: Category(name, OrderClass(row["class"]), row["lead"], tuple(row["co"]), tuple(row["copy"]))
            for name, row in catalogue.items()
        }
        self.categories = Draw({row: habits.CATEGORIES.get(name, 1) for name, row in self.catalogue.items()})
        self.provinces, self.channels, self.tiers = (
            Draw(weights) for weights in (habits.PROVINCES, habits.CHANNELS, habits.TIERS)
        )
        self._resolved = cache(partial(resolve, policy))
        self.actor = cache(Actor)
        self.pace = cache(self._pace)
        self._working = self._working_days()
        self._midnight = datetime(year, 1, 1, tzinfo=UTC) - BEIJING
        self._comings = tuple(accumulate(self._weights()))

    def luck(self, number: int) -> Random:
        """The luck of one order: the same for the same seed and number."""
        return Random(f"{self.seed}/{number}")

    def coming(self, luck: Random) -> datetime:
        """When a complaint comes in (UTC)."""
        hour = bisect(self._comings, luck.random() * self._comings[-1])
        return self._midnight + timedelta(hours=hour, microseconds=int(luck.random() * 3_600_000_000))

    def in_office(self, at: datetime, luck: Random) -> datetime:
        """The instant itself in office hours, else some minutes after the next opening."""
        local = at + BEIJING
        day, minute = local.toordinal(), local.hour * 60 + local.minute
        opens, closes = habits.OFFICE
        if self._works(day) and opens <= minute < closes:
            return at
        if minute >= opens:
            day += 1
        while not self._works(day):
            day += 1
        return self._soon_after(day, opens, luck)

    def by_day(self, at: datetime, luck: Random) -> datetime:
        """The instant itself by day, on whatever day, else some minutes after the next morning has come."""
        local = at + BEIJING
        minute = local.hour * 60 + local.minute
        opens, closes = habits.DAYTIME
        if opens <= minute < closes:
            return at
        return self._soon_after(local.toordinal() + (minute >= closes), opens, luck)

    @staticmethod
    def _soon_after(day: int, minute: int, luck: Random) -> datetime:
        opening = datetime.fromordinal(day).replace(tzinfo=UTC) - BEIJING + timedelta(minutes=minute)
        return opening + timedelta(seconds=int(luck.random() * 2400))

    def terms_for(self, order: Order, **changed: Any) -> Terms:
        """What the API would resolve for an order that turns out to be something else; by no means shared."""
        return self._resolved(
            changed.get("order_class", order.order_class),
            changed.get("tier", order.customer.tier),
            order.province,
            order.area,
            changed.get("category", order.category),
            changed.get("priority", order.priority),
        )

    def terms(self, order_class: OrderClass, tier: str, province: str, area: str, category: str) -> Terms:
        """The terms of an order; those that the policy does not tell apart share them, for resolving takes a while."""
        policy, head = self.policy, category.partition(".")[0]
        return self._resolved(
            order_class,
            tier,
            province if province in policy.get("provinces", {}) else "",
            area if area in policy.get("areas", {}) else "",
            category if not policy.get("categories", {}).keys().isdisjoint((head, category)) else "",
        )

    def _pace(self, unit: str) -> float:
        """How many times longer than the median this unit takes."""
        return 0.6 + 1.1 * Random(f"{self.seed}/{unit}").random() ** 2

    def _works(self, day: int) -> bool:
        known = self._working.get(day)
        return date.fromordinal(day).weekday() < 5 if known is None else known

    def _working_days(self) -> dict[int, bool]:
        """The days of the year, and of the next, on which offices work by the policy's own calendar."""
        office: Calendar = self.terms(OrderClass.GENERAL, "normal", "GD", "", "").calendar
        first, last = date(self.year, 1, 1).toordinal(), date(self.year + 1, 12, 31).toordinal()
        return {day: office.works_on(date.fromordinal(day)) for day in range(first, last + 1)}

    def _weights(self) -> list[float]:
        """How many complaints come in each hour of the year, relative to one another."""
        first = date(self.year, 1, 1).toordinal()
        days = date(self.year + 1, 1, 1).toordinal() - first
        weights = []
        for day in range(first, first + days):
            weekday = date.fromordinal(day).weekday()
            off = weekday < 5 and not self._works(day)
            whole = habits.WEEKDAYS[weekday] * (habits.DAY_OFF if off else 1.0)
            weights += [whole * hour for hour in habits.HOURS]
        return weights


def load(path: Path | None) -> dict[str, Any]:
    """The frozen policy document of a file, YAML or JSON, or the shipped one; raises OSError, ValueError or Faulty."""
    return document("policy") if path is None else rulebook.load(path).demanded()
