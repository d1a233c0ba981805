"""The lab: the same terms give exactly the recorded events; what others change is told, and nothing dropped."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from audit.lab.compare import compare
from audit.lab.past import NO_COMMANDS, Past, Unplayable, past
from audit.lab.play import How, play
from audit.lab.report import run
from audit.lab.under import PARTS, Clause, Layer, laid
from contracts.messages import encode
from domain.evolve import evolve
from domain.model import Order
from store.demo import document
from tests.audit.lab_pasts import changed, lives, past_of, under

PASTS = tuple(past_of(life) for life in lives(1, 120))


def test_the_same_terms_give_exactly_the_recorded_events() -> None:
    recorded = under()
    for one in PASTS:
        played = play(one, recorded)
        assert played.events == one.events, one.order_id
        assert played.order == one.order
        assert {fate.how for fate in played.fates} == {How.SAME}


def test_the_same_document_gives_the_recorded_events_whole_or_in_parts() -> None:
    parts = [Layer(document("policy"), (name,)) for name in PARTS]
    found = run(PASTS[:40], under(*parts)).told()
    assert found["orders"]["same"] == found["orders"]["orders"] == 40
    whole = run(PASTS[:40], under(Layer(document("policy")))).told()
    assert whole["orders"]["same"] == 40


def test_every_recorded_command_has_a_fate_and_the_lives_are_lives() -> None:
    """Whatever the other policy, no command is dropped, and the lab's events make an order by the ordinary rules."""
    hard = under(Layer(changed(sign="5min", contact="10min", due="4h", co_due="3h")))
    hows: set[How] = set()
    for one in PASTS:
        played = play(one, hard)
        own = [fate for fate in played.fates if fate.how is not How.IMPLIED]
        assert [fate.command_id for fate in own] == [deed.command.id for deed in one.deeds]
        hows |= {fate.how for fate in own}
        assert all(fate.code and fate.reason for fate in own if fate.how in (How.REFUSED, How.OVERTAKEN))
        order: Order | None = None
        for event in played.events:
            order = evolve(order, event)
        assert order == played.order
        assert all(first.at <= second.at for first, second in zip(played.events, played.events[1:], strict=False))
    assert {How.RETIMED, How.REFUSED, How.OVERTAKEN} <= hows


def test_shorter_limits_breach_more_and_longer_ones_less() -> None:
    shorter, longer = (
        run(PASTS, under(Layer(changed(contact=limit), ("limits",)))).told() for limit in ("5min", "20d")
    )
    recorded = shorter["was"]["groups"]["breaches_by_kind"]["contact"]
    assert shorter["would"]["groups"]["breaches_by_kind"]["contact"] > recorded
    assert longer["would"]["groups"]["breaches_by_kind"].get("contact", 0) == 0
    assert shorter["orders"]["newly_breached"] > 0
    assert longer["orders"]["no_longer_breached"] > 0
    assert shorter["was"] == longer["was"]


def test_a_longer_limit_to_sign_lets_the_next_act_stand_for_the_signature() -> None:
    late = [one for one in PASTS if any(part.auto_signed for part in one.order.assignments)]
    assert late
    fates = [fate for one in late for fate in play(one, under(Layer(changed(sign="30d"), ("limits",)))).fates]
    implied = [fate for fate in fates if fate.how is How.IMPLIED]
    assert implied
    assert all(fate.verb == "sign" and fate.brought == ("AssignmentSigned",) for fate in implied)


def test_another_ladder_raises_otherwise_and_moves_no_due_time() -> None:
    other = changed()
    for steps in other["ladders"].values():
        for step in steps:
            step["level"] = 5
    found = run(PASTS, under(Layer(other, ("ladder",)))).told()
    was, would = found["was"]["groups"], found["would"]["groups"]
    assert set(was["escalations_by_level"]) > {"5"}
    assert found["orders"]["raised_higher"] > 0
    assert found["orders"]["due_earlier"] == found["orders"]["due_later"] == 0
    assert would["breaches_by_kind"] == was["breaches_by_kind"]


def test_another_calendar_moves_due_times_and_names_the_same_limits() -> None:
    other = changed()
    for calendar in other["calendars"].values():
        calendar["week"] = [[[540, 780]]] * 5 + [[], []]  # mornings only
    found = run(PASTS, under(Layer(other, ("calendar",)))).told()
    assert found["orders"]["due_later"] > 0
    assert found["would"]["groups"]["limits_by_kind"].keys() >= {"sign", "due"}


def test_another_catalogue_moves_the_load_to_the_unit_that_it_names() -> None:
    clause = Clause("broadband.fault", "cs")
    pairs = [compare(one, play(one, under(clauses=(clause,)))) for one in PASTS]
    moved = [pair for pair in pairs if any(fate.stood_in for fate in pair.fates)]
    assert moved
    for pair in moved:
        assert f"{pair.was.province}.cs" in {unit for unit, _, what in pair.would.days if what == "opened"}
        assert f"{pair.was.province}.cs" not in {unit for unit, _, what in pair.was.days if what == "opened"}
    untouched = [pair for pair in pairs if not any(fate.stood_in for fate in pair.fates)]
    assert all(pair.same for pair in untouched)


def test_the_load_ends_where_all_parts_have_ended() -> None:
    found = run(PASTS, under()).told()["was"]["load"]
    last = {row["unit"]: row["open"] for row in found}
    still: dict[str, int] = {}
    for one in PASTS:
        for part in one.order.assignments:
            if one.order.state.value not in ("closed", "cancelled", "terminated", "not_accepted", "merged") and (
                part.status.value in ("offered", "signed", "working", "return_requested")
            ):
                still[part.unit] = still.get(part.unit, 0) + 1
    assert {unit: many for unit, many in last.items() if many} == still
    assert all(row["open"] >= 0 for row in found)


def test_the_same_question_has_the_same_answer_to_the_byte() -> None:
    asked = Layer(changed(sign="20min"))
    first, second = (encode(run(PASTS[:30], under(asked)).told()) for _ in range(2))
    assert first == second


def test_an_event_without_a_command_is_told_and_not_guessed() -> None:
    life = lives(1, 120)[0]
    with pytest.raises(Unplayable) as raised:
        past("Y1", life.events, {}, life.events[-1].at)
    assert raised.value.reason == NO_COMMANDS
    skipped: tuple[Past | Unplayable, ...] = (raised.value, PASTS[1])
    found = run(skipped, under()).told()
    assert found["unplayable"] == {NO_COMMANDS: 1}
    assert found["orders"]["orders"] == 1


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_taken_whole_and_alone(name: str) -> None:
    """Laid over an empty policy and back again, the parts make the whole one."""
    base, over = document("policy"), changed(sign="7min")
    over["grace"], over["calling"]["attempts"], over["caps"]["returns_per_unit"] = "9h", 7, 9
    over["calendar"] = "western"
    over["warnings"]["due"] = []
    made: Any = laid(base, Layer(over, (name,)))
    touched = {key for key in made if made[key] != base.get(key)}
    expected = {"calendar": "calendar", "ladder": "grace", "warnings": "warnings", "limits": "classes",
                "calling": "calling", "caps": "caps"}  # fmt: skip
    assert expected[name] in touched
    assert made["version"] == base["version"]
    again: Any = laid(copy.deepcopy(made), Layer(base, (name,)))
    assert {key: again[key] for key in base} == dict(base)
