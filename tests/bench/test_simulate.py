"""The simulated year: replayable to the byte, judged without mercy, and a place to try a policy."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from bench import simulate
from bench.simulate import lived, year
from bench.year.judge import Judge
from bench.year.life import Life
from bench.year.totals import digest
from bench.year.world import World, load
from domain import events as e
from domain.events import Event
from domain.order import evolve, next_deadline

ORDERS = 300
Falsify = Callable[[list[Event]], list[Event]]


@lru_cache
def world(seed: int = 7) -> World:
    return World(seed, load(None), 2026)


def test_the_same_seed_gives_the_same_year_and_no_invariant_is_broken() -> None:
    first, second, other = (year(World(seed, load(None), 2026), ORDERS) for seed in (7, 7, 8))
    assert first.digest == second.digest != other.digest
    assert first.violations == other.violations == []
    assert list(first.lines()) == list(second.lines())


def test_a_life_that_is_over_is_freed_without_looking_for_circles() -> None:
    lived(world(), 1)
    gc.collect()
    gc.disable()
    try:
        for number in range(1, 100):
            lived(world(), number)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_an_order_alone_is_the_same_as_among_the_others() -> None:
    among = {number: digest(lived(world(), number)) for number in range(1, 40)}
    assert among[17] == digest(lived(World(7, load(None), 2026), 17))
    assert len(set(among.values())) == len(among)


def test_the_year_goes_everywhere() -> None:
    seen = {event.type for number in range(1, ORDERS + 1) for event in lived(world(), number).events}
    missing = {"DepartmentAbsent", "OrderReworked", "OrderReopened", "InformationRequired", "CallbackAttempted"} - seen
    assert not missing
    assert len(seen) >= 40


def test_another_policy_meets_the_same_people() -> None:
    strict = copy.deepcopy(load(None))
    strict["version"] = "strict"
    strict["classes"]["general"]["limits"]["due"] = "1wh"
    usual, hard = year(world(), ORDERS), year(World(7, strict, 2026), ORDERS)
    assert hard.violations == []
    assert hard.limits["due"]["late"] > 2 * usual.limits["due"]["late"]
    assert lived(world(), 3).events[0].at == lived(World(7, strict, 2026), 3).events[0].at


def judged(life: Life, falsify: Falsify) -> list[str]:
    """What the judge finds in the life's events when somebody has falsified them."""
    judge, order = Judge(life.terms, life.order.customer.zone), None
    for _, step in groupby(falsify(list(life.events)), key=lambda event: (event.command_id, event.at)):
        before, came = order, []
        for event in step:
            came.append(replace(event, seq=(order.seq if order else 0) + 1))
            order = evolve(order, came[-1])
        assert order is not None
        judge.step(before, tuple(came), order, next_deadline(order))
    assert order is not None
    judge.end(order, [])
    return judge.findings


def with_change(change: str) -> Life:
    """A life in which a clock met with this."""
    for number in range(1, ORDERS):
        life = lived(world(), number)
        if life.order.state == "closed" and any(one.change == change for event in life.events for one in event.clocks):
            return life
    raise AssertionError(f"no {change} in {ORDERS} lives")


def changed(change: str, falsify: Callable[[Event, int], Event]) -> Falsify:
    """Falsify the first event that brings such a change of a clock."""

    def apply(events: list[Event]) -> list[Event]:
        for at, event in enumerate(events):
            for index, one in enumerate(event.clocks):
                if one.change == change:
                    return [*events[:at], falsify(event, index), *events[at + 1 :]]
        raise AssertionError(change)

    return apply


def clock_of(event: Event, index: int, **changes: Any) -> Event:
    """The event with another clock in one of its changes."""
    one = event.clocks[index]
    assert one.clock is not None
    other = replace(one, clock=replace(one.clock, **changes))
    return replace(event, clocks=(*event.clocks[:index], other, *event.clocks[index + 1 :]))


def early(event: Event, index: int) -> Event:
    return replace(event, at=event.at - timedelta(hours=1))


def twice(change: str) -> Falsify:
    def apply(events: list[Event]) -> list[Event]:
        hits = (at for at, event in enumerate(events) if any(one.change == change for one in event.clocks))
        at = next(hit for hit in hits if hit)
        return [*events[: at + 1], events[at], *events[at + 1 :]]

    return apply


def unheard(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event.body, e.CallbackRecorded | e.RatingLapsed)]


FALSIFIED: dict[str, tuple[str, Falsify, str]] = {
    "a breach before its time": ("breached", changed("breached", early), "early"),
    "a warning before its time": ("warned", changed("warned", early), "early"),
    "a breach twice": ("breached", twice("breached"), "twice"),
    "a step of a ladder twice": ("climbed", twice("climbed"), "repeated"),
    "a clock that starts twice": ("started", twice("started"), "twice"),
    "a due time that moves by itself": (
        "warned",
        changed("warned", lambda event, index: clock_of(event, index, due_at=event.at + timedelta(days=9))),
        "moved the due time",
    ),
    "a first due time that is forgotten": (
        "warned",
        changed("warned", lambda event, index: clock_of(event, index, first_due_at=event.at)),
        "lost its first due time",
    ),
    "closed without the customer's word": ("met", unheard, "without the customer's word"),
}


@pytest.mark.parametrize("what", FALSIFIED)
def test_the_judge_sees(what: str) -> None:
    change, falsify, told = FALSIFIED[what]
    life = with_change(change)
    assert judged(life, lambda events: events) == []
    assert any(told in finding for finding in judged(life, falsify)), judged(life, falsify)


def test_the_command_line_tells_one_life_and_a_policy_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["simulate", "--order", "3", "--seed", "7"])
    assert simulate.main() == 0
    assert "OrderRegistered" in capsys.readouterr().out
    broken = tmp_path / "policy.yaml"
    broken.write_text("version: [")
    monkeypatch.setattr("sys.argv", ["simulate", "--policy", str(broken)])
    with pytest.raises(SystemExit):
        simulate.main()
    assert "policy.yaml" in capsys.readouterr().err
