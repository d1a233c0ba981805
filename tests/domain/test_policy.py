"""The default policy gives every class, tier and place the limits that the field's rules name."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.calendar import span
from domain.clocks import plan
from domain.model import OrderClass, Role
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


def terms(order_class: OrderClass, tier: str = "normal", province: str = "GD", area: str = "") -> Terms:
    return resolve(POLICY, order_class, tier, province, area)


@pytest.mark.parametrize("kind", TABLE)
def test_the_table_of_limits(kind: str) -> None:
    found = tuple(terms(order_class).limits.get(kind) for order_class in OrderClass)
    assert found == TABLE[kind]


@pytest.mark.parametrize(
    ("order_class", "tier"), list(itertools.product(OrderClass, [*POLICY["tier_factors"], "unheard of"]))
)
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


@pytest.mark.parametrize("order_class", OrderClass)
def test_every_clock_that_runs_has_a_ladder_or_an_end_of_its_own(order_class: OrderClass) -> None:
    no_clock = ("register", "target", "extension", "return_window", "ledger")
    ends_by_itself = ("info", "reopen")
    found = terms(order_class)
    for kind in found.limits:
        if kind not in (*no_clock, *ends_by_itself):
            assert plan(kind, found)[-1].dead_end, f"nothing follows a breach of {kind}"


def test_a_tier_only_shortens_and_never_what_is_owed_to_everybody() -> None:
    calendar = terms(OrderClass.GENERAL).calendar
    start = MONDAY
    for order_class, tier in itertools.product(OrderClass, POLICY["tier_factors"]):
        normal, found = terms(order_class).limits, terms(order_class, tier).limits
        assert found.keys() == normal.keys()
        for kind, limit in found.items():
            assert calendar.add(start, span(limit)) <= calendar.add(start, span(normal[kind]))
            if kind in POLICY["tier_exempt"]:
                assert limit == normal[kind]
    assert terms(OrderClass.FAULT, "diamond").limits["due"] == "1440min"
    assert terms(OrderClass.GENERAL, "gold").limits["due"] == "3.75wd"


def test_the_most_specific_place_wins() -> None:
    assert terms(OrderClass.FAULT, area="rural/Conghua").limits["due"] == "72h"
    assert terms(OrderClass.FAULT, area="Tianhe").limits["due"] == "48h"
    assert terms(OrderClass.COMPLEX, province="HA").limits["due"] == "5wd"
    assert terms(OrderClass.COMPLEX, province="HA").limits["sign"] == "1wh"


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
        (POLICY["tier_factors"], "tiers"),
        (tuple(OrderClass), "classes"),
        (kinds, "kinds"),
        (document("organisation")["catalogue"], "categories"),
        ("012345", "levels"),
    ):
        for code in codes:
            assert labels[section][code]["zh"], code
            assert labels[section][code]["en"], code
    assert kinds <= set(POLICY["basis"])
