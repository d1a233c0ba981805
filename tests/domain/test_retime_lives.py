"""Random lives under random policies, re-timed again and again: the rules of re-timing hold whatever changes when."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from domain import commands as c
from domain.errors import Refusal
from domain.events import Event
from domain.model import OPEN, Clock, OrderClass, Ticking
from domain.order import next_deadline
from domain.transitions import BY_STATE
from tests.domain.lives import DOCUMENT, PEOPLE, Life, awaiting, dispatched, replied, working
from tests.domain.test_properties import SIDE, bodies

KEPT = ("statutory", "reopen", "callback", "extension", "dispatch", "ledger", "info", "return_window")
"""Limits that the random policies leave as they are: without them an order may have nothing to wait for."""
LIVES = 25
"""Lives a test; each is some forty commands, a third of them changes of its terms."""


def policies(luck: Random) -> list[dict[str, Any]]:
    """The shipped policy, and others with limits, warnings, ladders and zones changed or taken away."""
    base = json.loads(DOCUMENT.read_text())
    return [base, *(_changed(copy.deepcopy(base), luck, f"v{number}") for number in range(12))]


def _changed(policy: dict[str, Any], luck: Random, version: str) -> dict[str, Any]:
    policy["version"] = version
    for own in policy["classes"].values():
        for kind in own["limits"]:
            if kind not in KEPT and luck.random() < 0.4:
                spans = ["30min", "2h", "4wh", "1wd", "3d", "2wd end"]
                own["limits"][kind] = luck.choice(spans if kind == "due" else [*spans, None, None])
    if luck.random() < 0.5:
        policy["warnings"] = {
            "due": [{"percent": 60, "colour": "blue"}, {"before": "4wh", "colour": "yellow", "in_hours": True}],
            "progress": [{"percent": 50, "colour": "blue"}],
        }
    if luck.random() < 0.4:
        steps = [{"after": "0min", "level": 2, "target": "unit_head"}, {"after": "1h", "level": 4, "target": "region"}]
        policy["ladders"]["due"] = steps
    if luck.random() < 0.3:
        del policy["chains"]["progress"]
    if luck.random() < 0.4:
        for calendar in policy["calendars"].values():
            calendar["zone"] = luck.choice(["Asia/Urumqi", "America/New_York", "UTC"])
    return policy


def retime(life: Life, luck: Random, known: list[dict[str, Any]]) -> list[Event]:
    """One change of the order's terms; raises Refusal where the table has none."""
    life.document = next(one for one in known if one["version"] == life.at.policy_version)
    match luck.randrange(4):
        case 0:
            life.document = luck.choice(known)
            return life.do("hq", c.MigratePolicy(life.document["version"]))
        case 1:
            tier = luck.choice(["", "normal", "gold", "diamond"])
            return life.do("lead", c.Retier(luck.choice([None, *OrderClass]), tier))
        case 2:
            return life.do("lead", c.Reprioritise(luck.choice(["low", "normal", "high", "critical"])))
        case _:
            return life.do("lead", c.Relabel(luck.choice(["billing.dispute", "network.fault"])))


def judge_change(before: Mapping[str, Clock], came: list[Event]) -> None:
    """What one change may do to each clock."""
    for change in came[0].clocks:
        was, after = before.get(change.key), change.clock
        assert change.change in ("retimed", "cancelled", "started")
        if was is None or after is None:
            continue
        assert after.first_due_at == was.first_due_at
        assert after.status is was.status
        if was.extended or was.status in (Ticking.BREACHED, Ticking.ANSWERED):
            assert after.due_at == was.due_at


def judge_life(life: Life) -> None:
    """What holds at every life's end."""
    assert life.rebuilt() == life.at
    assert life.at.state not in OPEN or life.at.clocks
    if {"ExtensionGranted", "OrderLedgered"} & set(life.types()):
        return  # a date set by hand gives a clock its marks anew
    for kind in ("ClockBreached", "DeadEndRaised"):
        keys = Counter(event.body.key for event in life.events if event.type == kind)  # type: ignore[union-attr]
        assert all(count == 1 for count in keys.values()), (kind, keys)
    reached: dict[str, int] = {}
    for event in life.events:
        if event.type == "OrderEscalated" and event.body.key:  # type: ignore[union-attr]
            key, level = event.body.key, event.body.level  # type: ignore[union-attr]
            assert level > reached.get(key, 0), (key, level)
            reached[key] = level


@pytest.mark.parametrize("seed", range(4))
def test_lives_under_changing_policies_keep_the_rules(seed: int) -> None:
    luck = Random(seed)
    known, retimed = policies(luck), 0
    for _ in range(LIVES):
        begin = luck.choice([dispatched, working, replied, awaiting, Life])
        life = begin(order_class=luck.choice(list(OrderClass)).value)
        for _ in range(40):
            if luck.random() < 0.25:
                life.wait(hours=luck.choice([0.1, 1, 5, 24, 80]))
                continue
            admitted = sorted(verb for state, verb in BY_STATE if state is life.at.state and verb not in SIDE)
            if not admitted:
                break
            before = life.at.clocks
            try:
                if luck.random() < 0.4:
                    judge_change(before, retime(life, luck, known))
                    retimed += 1
                    life.wait(minutes=0)
                    deadline = next_deadline(life.at)
                    assert deadline is None or deadline > life.now
                else:
                    verb = luck.choice(admitted)
                    row = BY_STATE[(life.at.state, verb)]
                    who = sorted(name for name, actor in PEOPLE.items() if actor.role in row.roles)
                    life.do(luck.choice(who), bodies(life, luck)[verb]())
            except Refusal:
                continue
        judge_life(life)
    assert retimed > LIVES
