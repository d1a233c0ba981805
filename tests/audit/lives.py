"""Random lives of orders, with the state after each event as it was lived."""

from __future__ import annotations

from random import Random
from typing import Any, TypeVar

from contracts.messages import EventRow, to_rows
from domain.errors import Refusal
from domain.events import Event
from domain.model import Order
from domain.order import evolve
from domain.transitions import BY_STATE
from tests.domain.lives import PEOPLE, Life
from tests.domain.test_properties import SIDE, bodies
from tests.store.stories import number


class Watched(Life):
    """A life that keeps what it was after each event."""

    def __init__(self, **register: Any) -> None:
        self.states: list[Order] = []
        super().__init__(**register)

    def _apply(self, events: tuple[Event, ...]) -> list[Event]:
        for event in events:
            self.states.append(evolve(self.states[-1] if self.states else None, event))
        return super()._apply(events)

    @property
    def rows(self) -> tuple[EventRow, ...]:
        """Its events as they go to the ledger."""
        return to_rows(self.at.id, self.events)


W = TypeVar("W", bound=Watched)


def random_life(seed: int, steps: int = 40) -> Watched:
    """Somebody who may, does something that might be, again and again, and time passes."""
    return random_life_of(Watched, seed, steps)


def random_life_of(kind: type[W], seed: int, steps: int = 40) -> W:
    """The same as a life of that kind."""
    luck = Random(seed)
    life = kind(order_id=number(), lead="GD.net", co=("GD.bill",) if luck.random() < 0.4 else (), catalogue="1")
    for _ in range(steps):
        if luck.random() < 0.35:
            life.wait(hours=luck.choice([0.37, 1, 5.2, 26, 90]))
        rows = [row for (state, verb), row in BY_STATE.items() if state is life.at.state]
        if not rows:
            break
        moving = [row for row in rows if row.verb not in SIDE]
        row = luck.choice(moving if moving and luck.random() < 0.8 else rows)
        made = bodies(life, luck).get(row.verb)
        fitting = sorted(who for who, actor in PEOPLE.items() if actor.role in row.roles)
        if made is None or not fitting:
            continue
        try:
            life.do(luck.choice(fitting), made(), reason=luck.choice(["because", '理由「乙」\u2028"\\\t', "🐇 é"]))
        except Refusal:
            continue
    return life
