"""The default policy gives every class, tier and place the limits that the field's rules name."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.calendar import span
from domain.clocks import Mark, mark_at, marks_of
from domain.model import Colour, OrderClass, Role
from domain.policy import Terms, named, resolve
from store.demo import document

POLICY = document("policy")
TARGETS = ("unit", *Role)
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

TABLE: dict[str, tuple[str | None, ...]] = {
    # urgent, fault, general, consult, complex
    "register": ("5min", "15min", "15min", "15min", "15min"),
    "sign": ("15min", "30min", "1wh", "1wd", "1wh"),
    "contact": ("30min", "2h", "24h", "1wd", "24h"),
    "due": ("24h", "48h", "5wd", "1wd", "15d"),
    "target": (None, None, "48h", None, None),
    "statutory": ("15d", "15d", "15d", "15d", "15d"),
    "progress": ("2h", "24h", "48h", None, "48h"),
    "extension": (None, "24h", "5wd", None, "15d"),
    "return_window": (None, "2h", "1wd", "1wd", "2wd"),
    "return_decision": (None, "1h", "1wd", "4h", "1wd"),
    "whistle_sign": ("5min", "1h", "1h", None, "1h"),
    "whistle_contact": ("10min", "4h", "24h", None, "24h"),
    "whistle_report_in": ("30min", "1wd", "3wd", None, "5wd"),
    "callback": ("1wd", "1wd", "1wd", "1wd", "1wd"),
    "callback_review": ("1wd", "1wd", "1wd", "1wd", "1wd"),
    "reopen": ("15d", "15d", "15d", "15d", "15d"),
}
"""The default policy as the field's rules have it, in the order of `OrderClass`; None is no limit."""


def terms(
    order_class: OrderClass,
    tier: str = "normal",
    province: str = "GD",
    area: str = "",
    category: str = "",
    priority: str = "normal",
    document: dict[str, Any] = POLICY,
) -> Terms:
    return resolve(document, order_class, tier, province, area, category, priority)


def changed(**sections: Any) -> dict[str, Any]:
    """The default policy with these sections instead of its own."""
    return {**copy.deepcopy(POLICY), **sections}


@pytest.mark.parametrize("kind", TABLE)
def test_the_table_of_limits(kind: str) -> None:
    found = tuple(terms(order_class).limits.get(kind) for order_class in OrderClass)
    assert found == TABLE[kind]


@pytest.mark.parametrize(("order_class", "tier"), list(itertools.product(OrderClass, [*POLICY["tiers"], "unheard of"])))
def test_every_class_and_tier_resolves_to_spans_and_ladders_that_can_be_followed(
    order_class: OrderClass, tier: str
) -> None:
    found = terms(order_class, tier)
    for limit in (*found.limits.values(), found.grace, found.calling.gap, found.calling.rating_window):
        assert span(limit).amount > 0
    for kind, steps in found.ladders.items():
        assert span(steps[0].after).amount == 0, f"{kind}: the first step comes with the breach"
        assert [step.level for step in steps] == sorted(step.level for step in steps)
        for step in steps:
            span(step.after)
            assert step.target in TARGETS
    assert set(found.warnings) == {"due", "whistle_report_in", "statutory"}


def plan(kind: str, found: Terms) -> tuple[Mark, ...]:
    """The marks of a clock of this kind, in order."""
    return tuple(mark_at(kind, step, found) for step in range(marks_of(kind, found)))


@pytest.mark.parametrize("order_class", OrderClass)
def test_every_clock_that_runs_has_a_ladder_or_an_end_of_its_own(order_class: OrderClass) -> None:
    no_clock = ("register", "extension", "return_window", "ledger")
    ends_by_itself = ("info", "reopen", "target")
    found = terms(order_class)
    for kind in found.limits:
        if kind not in (*no_clock, *ends_by_itself):
            assert plan(kind, found)[-1].dead_end, f"nothing follows a breach of {kind}"


def test_a_plan_is_warnings_then_the_breach_then_the_ladder_and_its_dead_end() -> None:
    found = terms(OrderClass.GENERAL)
    for kind in found.limits:
        marks, climbs = plan(kind, found), found.ladder(kind)
        warnings = [mark.warning for mark in marks if mark.warning is not None]
        assert warnings == list(found.warnings.get(kind, ()))
        assert [mark == Mark() for mark in marks] == [step == len(warnings) for step in range(len(marks))]
        rest = marks[len(warnings) + 1 :]
        assert [(mark.number, mark.climb) for mark in rest if mark.climb] == [*enumerate(climbs, start=1)]
        assert [mark.dead_end for mark in rest] == ([False] * len(climbs) + [True] if climbs else [])
        with pytest.raises(IndexError):
            mark_at(kind, len(marks), found)


def test_a_tier_only_shortens_and_never_what_is_owed_to_everybody() -> None:
    calendar = terms(OrderClass.GENERAL).calendar
    start = MONDAY
    for order_class, tier in itertools.product(OrderClass, POLICY["tiers"]):
        normal, found = terms(order_class).limits, terms(order_class, tier).limits
        assert found.keys() == normal.keys()
        for kind, limit in found.items():
            assert calendar.add(start, span(limit)) <= calendar.add(start, span(normal[kind]))
            if kind in POLICY["exempt"]:
                assert limit == normal[kind]
    assert terms(OrderClass.FAULT, "diamond").limits["due"] == "1440min"
    assert terms(OrderClass.GENERAL, "gold").limits["due"] == "3.75wd"


def test_the_most_specific_place_wins() -> None:
    assert terms(OrderClass.FAULT, area="rural/Conghua").limits["due"] == "72h"
    assert terms(OrderClass.FAULT, area="Tianhe").limits["due"] == "48h"
    assert terms(OrderClass.COMPLEX, province="HA").limits["due"] == "5wd"
    assert terms(OrderClass.COMPLEX, province="HA").limits["sign"] == "1wh"


def test_the_most_specific_rule_wins_and_is_named() -> None:
    document = changed(
        areas={"rural": {"limits": {"*": {"sign": "50min", "contact": "50min", "due": "50h", "progress": "50h"}}}},
        provinces={"GD": {"limits": {"general": {"contact": "40min", "due": "40h", "progress": "40h"}}}},
        tiers={"gold": {"factor": 0.5, "limits": {"general": {"due": "30h", "progress": "30h"}}}},
        categories={
            "network": {"limits": {"*": {"progress": "20h", "co_due": "20h"}}},
            "network.fault": {"limits": {"general": {"co_due": "10h"}}},
        },
    )
    found = terms(OrderClass.GENERAL, "gold", area="rural/Conghua", category="network.fault", document=document)
    assert {kind: found.limits[kind] for kind in ("sign", "contact", "due", "progress", "co_due")} == {
        "sign": "25min",  # the area's, halved for gold
        "contact": "20min",  # the province's, halved
        "due": "30h",  # the tier's own, which is final
        "progress": "600min",  # the category's head, halved
        "co_due": "300min",  # the category's own, halved
    }
    assert found.rules["sign"] == "areas.rural.*.sign × tiers.gold 0.5"
    assert found.rules["due"] == "tiers.gold.general.due"
    assert found.rules["co_due"] == "categories.network.fault.general.co_due × tiers.gold 0.5"


def test_a_unit_has_the_last_word_and_may_do_without_a_clock() -> None:
    units = {"GD.net": {"limits": {"*": {"sign": "20min", "progress": None}, "urgent": {"sign": "2min"}}}}
    found = terms(OrderClass.GENERAL, "diamond", document=changed(units=units))
    assert found.limit("sign", "GD.net") == ("10min", "units.GD.net.*.sign × tiers.diamond 0.5")
    assert found.limit("sign", "GD.inst") == ("30wmin", "classes.general.sign × tiers.diamond 0.5")
    assert found.limit("progress", "GD.net") is None
    assert found.limit("progress", "GD.inst") is not None
    assert terms(OrderClass.URGENT, document=changed(units=units)).limit("sign", "GD.net") == (
        "2min",
        "units.GD.net.urgent.sign",
    )


def test_priority_and_tier_shorten_one_after_the_other() -> None:
    found = terms(OrderClass.GENERAL, "gold", priority="critical")
    assert found.limits["contact"] == "540min"
    assert found.rules["contact"] == "classes.general.contact × tiers.gold 0.75 × priorities.critical 0.5"
    assert found.limits["statutory"] == "15d"


def test_units_count_by_the_hours_of_their_own_province() -> None:
    found = terms(OrderClass.GENERAL, province="XJ")
    friday = datetime(2026, 11, 20, 8, 40, tzinfo=UTC)  # 16:40 in Beijing
    due = {unit: found.calendar_of(unit).add(friday, span("4wh")) for unit in ("XJ.net", "XZ.net", "GD.net", "XJ")}
    assert due["XJ.net"] == due["XZ.net"] == due["XJ"] == datetime(2026, 11, 23, 3, 10, tzinfo=UTC)  # 11:10
    assert due["GD.net"] == datetime(2026, 11, 23, 3, 40, tzinfo=UTC)  # 11:40
    lunch = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)  # 14:30
    assert found.calendar.next_working(lunch) == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


def test_warnings_and_what_follows_a_breach() -> None:
    for order_class in OrderClass:
        found = terms(order_class)
        for kind, marks in found.warnings.items():
            assert [(mark.percent, mark.colour) for mark in marks] == [(50, "blue"), (75, "yellow")], kind
        assert all(step.colour == "red" for step in found.ladders["due"]), "100 % is red"
        for name, steps in found.ladders.items():
            levels = [step.level for step in steps]
            assert levels == list(range(levels[0], levels[0] + len(levels))), f"{name} skips or repeats a level"


def test_calling_back_is_as_the_field_has_it() -> None:
    rules = terms(OrderClass.GENERAL).calling
    assert (rules.attempts, rules.days, rules.gap) == (3, 2, "2h")
    assert (rules.opens, rules.closes, rules.hard_opens, rules.hard_closes) == (9, 20, 8, 21)
    assert (rules.per_day, rules.per_five_minutes) == (5, 3)


def test_what_stands_beside_the_limits() -> None:
    assert {tier: own["factor"] for tier, own in POLICY["tiers"].items()} == {
        "diamond": 0.5,
        "gold": 0.75,
        "silver": 0.9,
        "normal": 1.0,
    }
    assert POLICY["batch"] == {"orders": 5, "within": "24h"}
    assert POLICY["retention"] == {"escalated": "1095d", "others": "730d"}


def test_caps_of_the_classes() -> None:
    assert [terms(order_class).extensions for order_class in OrderClass] == [0, 1, 1, 0, 1]
    general = terms(OrderClass.GENERAL)
    assert (general.returns_per_unit, general.returns_per_order, general.reopen_rounds) == (1, 2, 2)
    assert (general.urges_to_yellow, general.contacts_to_rise) == (2, 3)
    assert terms(OrderClass.URGENT).returns_per_unit == 0


def test_red_is_criticised_after_one_working_day_and_reaches_headquarters_after_five() -> None:
    found = terms(OrderClass.GENERAL)
    breach = at = MONDAY
    first_criticised = headquarters = None
    for step in found.ladders["due"]:
        at = found.calendar.add(at, span(step.after))
        if step.criticised and first_criticised is None:
            first_criticised = at
        if step.level == 5:
            headquarters = at
    assert first_criticised == found.calendar.add(breach, span("1wd"))
    assert headquarters == found.calendar.add(breach, span("5wd"))


def test_the_digest_names_the_content() -> None:
    one, again = terms(OrderClass.GENERAL), terms(OrderClass.GENERAL)
    assert one.digest == again.digest
    assert one.digest != named(replace(one, grace="2wd")).digest
    assert named(one) == one


def test_every_code_has_a_name_in_both_languages_and_every_limit_a_source() -> None:
    labels, classes = POLICY["labels"], POLICY["classes"]
    kinds = {kind for own in classes.values() for kind in own["limits"]}
    for codes, section in (
        (POLICY["decline_grounds"], "decline_grounds"),
        (POLICY["whistle_matters"], "whistle_matters"),
        (POLICY["tiers"], "tiers"),
        (tuple(OrderClass), "classes"),
        (kinds, "kinds"),
        (document("organisation")["catalogue"], "categories"),
        (document("organisation")["provinces"], "provinces"),
        (POLICY["priorities"], "priorities"),
        (POLICY["ladders"], "ladders"),
        (POLICY["areas"], "areas"),
        ([colour for colour in Colour if colour], "colours"),
        ("012345", "levels"),
    ):
        for code in codes:
            assert labels[section][code]["zh"], code
            assert labels[section][code]["en"], code
    assert kinds <= set(POLICY["basis"])
