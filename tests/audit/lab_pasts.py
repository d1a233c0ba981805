"""Pasts for the lab: lives of the simulated year with the commands that made them."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from audit.lab.past import Past, past
from audit.lab.under import Clause, Layer, Under
from bench.simulate import lived
from bench.year.life import Life
from bench.year.world import World
from domain.model import OrderClass
from domain.policy import Terms
from store.demo import document


class AsResolved(World):
    """The simulated year, its orders' terms resolved as the API does it."""

    def terms(self, order_class: OrderClass, tier: str, province: str, area: str, category: str) -> Terms:
        """The terms of an order."""
        return self._resolved(order_class, tier, province, area, category)


@cache
def world() -> World:
    """The simulated year under the shipped policy."""
    return AsResolved(2026, document("policy"), 2026)


@cache
def lives(first: int, last: int) -> tuple[Life, ...]:
    """So many of its lives."""
    return tuple(lived(world(), number) for number in range(first, last + 1))


def first_terms(life: Life) -> Terms:
    """The terms that a life began with."""
    body: Any = life.deeds[0].body
    return world().terms(body.order_class, body.customer.tier, body.province, body.area, body.category)


def past_of(life: Life) -> Past:
    """The life as the lab plays it."""
    commands = {deed.id: deed for deed in life.deeds}
    return past(life.order.id, life.events, commands, life.events[-1].at)


def under(*layers: Layer, clauses: tuple[Clause, ...] = ()) -> Under:
    """The lab's terms over the shipped policy."""
    frozen = {terms.digest: terms for life in lives(1, 120) for terms in (first_terms(life),)}
    return Under(lambda version: document("policy"), frozen.__getitem__, layers, clauses)


def changed(**limits: str) -> dict[str, Any]:
    """The shipped policy as another version, with these limits for all classes that have one."""
    made: dict[str, Any] = copy.deepcopy(document("policy"))
    made["version"] = "2027.1"
    for own in made["classes"].values():
        own["limits"].update({kind: limit for kind, limit in limits.items() if own["limits"].get(kind)})
    return made
