"""Who is told at an instant: holders, substitutes, the next level up, and never nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from domain import events as e
from domain.model import Actor, Order, OrderClass, Role
from domain.notices import notices
from domain.policy import resolve
from store import absences, demo
from store.absences import Absence, NotPossible
from store.directory import Person, Unit
from store.posts import MOST_SUBSTITUTES, Organisation
from tests.domain.lives import Life

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
PLACES = tuple(demo.document("organisation")["provinces"])
Changes = dict[str, dict[str, Any]]


def away(substitute: str = "", since: datetime = NOW, until: datetime | None = NOW + WEEK) -> dict[str, Any]:
    return {"away_from": since, "away_until": until, "substitute": substitute}


GONE: dict[str, Any] = {"active": False}


@cache
def everybody() -> tuple[dict[str, Unit], dict[str, Person]]:
    organisation = demo.document("organisation")
    units = {row["id"]: Unit(**row) for row in demo.unit_rows(organisation)}
    return units, {row["id"]: Person(**row) for row in demo.people_rows(organisation)}


def organisation(changes: Changes | None = None) -> Organisation:
    """The demo organisation with some people changed."""
    units, people = everybody()
    changed = {name: replace(people[name], **values) for name, values in (changes or {}).items()}
    return Organisation(units, {**people, **changed}, NOW)


def told(here: Organisation, audience: str, at: datetime = NOW) -> list[str]:
    return [one.person.id for one in here.reached(audience, at).holders]


def of_place(wanted: Callable[[Person], bool], **values: Any) -> Changes:
    return {person.id: values for person in everybody()[1].values() if wanted(person)}


def test_an_absent_head_is_replaced_by_his_substitute_and_his_absent_too_by_the_next_level() -> None:
    here = organisation({"gd-net-head": away("gd-net-1")})
    assert told(here, "head:GD.net") == ["gd-net-1"]
    (holder,) = here.reached("head:GD.net", NOW).holders
    assert holder.instead_of == here.people["gd-net-head"]
    here = organisation({"gd-net-head": away("gd-net-1"), "gd-net-1": away()})
    assert here.reached("head:GD.net", NOW).post == "role:province_manager@GD"
    assert told(here, "head:GD.net") == ["gd-manager"]
    here = organisation({"gd-net-head": away("gd-net-1"), "gd-net-1": away("gd-net-2")})
    assert told(here, "head:GD.net") == ["gd-net-2"]


def test_an_absence_counts_from_its_begin_and_is_over_at_its_end() -> None:
    here = organisation({"gd-net-head": away("gd-net-1")})
    before, last, end = NOW - timedelta(seconds=1), NOW + WEEK - timedelta(seconds=1), NOW + WEEK
    assert [told(here, "head:GD.net", at) for at in (before, NOW, last, end)] == [
        ["gd-net-head"], ["gd-net-1"], ["gd-net-1"], ["gd-net-head"],
    ]  # fmt: skip
    for_ever = organisation({"gd-net-head": away("gd-net-1", until=None)})
    assert told(for_ever, "head:GD.net", NOW + 500 * WEEK) == ["gd-net-1"]


def test_a_post_with_somebody_else_present_stays_his_and_the_stand_in_is_told_beside_him() -> None:
    here = organisation({"gd-net-1": away("gd-manager")})
    reached = here.reached("unit:GD.net", NOW)
    assert reached.post == "unit:GD.net"
    assert {one.person.id for one in reached.holders} == {"gd-net-head", "gd-net-2", "gd-manager"}
    among_themselves = organisation({"gd-net-1": away("gd-net-2")})
    assert sorted(told(among_themselves, "unit:GD.net")) == ["gd-net-2", "gd-net-head"]
    assert all(one.instead_of is None for one in among_themselves.reached("unit:GD.net", NOW).holders)


@pytest.mark.parametrize("nobody", [GONE, away()], ids=["vacant", "away"])
def test_a_post_without_anybody_goes_up_level_by_level_to_the_administrators(nobody: dict[str, Any]) -> None:
    changes: Changes = {}
    for lost, post, holders in (
        (("gd-net-1", "gd-net-2"), "unit:GD.net", ["gd-net-head"]),
        (("gd-net-head",), "role:province_manager@GD", ["gd-manager"]),
        (("gd-manager",), "role:regional_manager@GD", ["south-manager"]),
        (("south-manager",), "role:headquarters@HQ", ["hq-supervisor-1", "hq-supervisor-2"]),
        (("hq-supervisor-1", "hq-supervisor-2"), "role:administrator@HQ", ["hq-admin"]),
    ):
        changes |= dict.fromkeys(lost, nobody)
        here = organisation(changes)
        assert (here.reached("unit:GD.net", NOW).post, told(here, "unit:GD.net")) == (post, holders)


def test_a_desk_without_anybody_goes_to_its_team_lead_first() -> None:
    lost = of_place(lambda person: person.province == "QH" and person.role == Role.DISPATCHER, **GONE)
    assert told(organisation(lost), "role:dispatcher@QH") == ["qh-teamlead-1"]
    lost |= {"qh-teamlead-1": GONE}
    assert told(organisation(lost), "role:dispatcher@QH") == ["qh-manager"]


def test_where_all_are_away_one_on_leave_is_told_and_an_empty_organisation_alone_is_silent() -> None:
    all_away = organisation(of_place(lambda person: True, **away()))
    assert told(all_away, "head:GD.net") == ["gd-net-head"]
    assert all_away.addresses("head:GD.net", NOW) == ("gd-net-head@example.invalid",)
    nobody = organisation(of_place(lambda person: True, **GONE))
    assert nobody.reached("head:GD.net", NOW) == ("", ())
    assert nobody.addresses("head:GD.net", NOW) == ()


def test_substitutes_are_followed_five_deep_and_circles_end() -> None:
    line = ["gd-net-head", "js-net-head", "bj-net-head", "sh-net-head", "tj-net-head", "he-net-head", "sx-net-head"]
    assert len(line) == MOST_SUBSTITUTES + 2
    links = [(name, away(following)) for name, following in pairwise(line)]
    assert told(organisation(dict(links[:MOST_SUBSTITUTES])), "head:GD.net") == ["he-net-head"]
    assert told(organisation(dict(links)), "head:GD.net") == ["gd-manager"]
    circle = {"gd-net-head": away("gd-net-1"), "gd-net-1": away("gd-net-head")}
    assert told(organisation(circle), "head:GD.net") == ["gd-manager"]
    lost = {"gd-net-head": away("gd-net-1"), "gd-net-1": GONE}
    assert told(organisation(lost), "head:GD.net") == ["gd-manager"]


def test_a_stand_in_reads_the_posts_that_he_stands_in_for_now_and_no_others() -> None:
    here = organisation({"gd-net-head": away("gd-net-1")})
    own, stood_in = here.read_by(here.people["gd-net-1"])
    assert own == ("person:gd-net-1", "unit:GD.net")
    assert stood_in == ("head:GD.net", "person:gd-net-head")
    assert here.read_by(here.people["gd-manager"])[1] == ("unit:GD", "head:GD")  # posts without people of their own
    full = organisation()
    managers = [full.people[name] for name in ("gd-manager", "south-manager", "hq-supervisor-1")]
    assert max(len(full.read_by(person)[1]) for person in managers) < 50  # what is read is looked up one by one


def test_mail_goes_to_those_told_else_up_the_chain() -> None:
    def box(name: str) -> str:
        return f"{name}@example.invalid"

    here = organisation()
    assert here.addresses("unit:GD.net", NOW, ["gd-net-1"]) == (box("gd-net"),)
    assert here.addresses("head:GD.net", NOW, ["gd-net-1"]) == (box("gd-net-1"),)
    without = organisation({"gd-net-head": {"email": ""}, "gd-manager": {"email": ""}})
    assert without.addresses("head:GD.net", NOW, ["gd-net-head"]) == (box("south-manager"),)
    left = organisation({"gd-net-1": GONE})
    assert left.addresses("head:GD.net", NOW, ["gd-net-1"]) == (box("gd-net-head"),)


def escalations(order_class: OrderClass, place: str) -> list[tuple[Order, e.OrderEscalated]]:
    """Every step of every ladder of a class in a province: of a unit's limit, and of one that nobody has yet."""
    terms = resolve(demo.document("policy"), order_class, "normal", place)
    unassigned = replace(_unassigned(), province=place)
    return [
        (unassigned, e.OrderEscalated(step.level, step.target, step.colour, f"{kind}/x", unit, number))
        for kind in terms.chains
        for number, step in enumerate(terms.ladder(kind), start=1)
        for unit in ("", f"{place}.net")
    ]


@cache
def _unassigned() -> Order:
    life = Life()
    assert life.at.lead is None
    return life.at


def _said(order: Order, body: e.OrderEscalated | e.DeadEndRaised) -> list[str]:
    happened = e.Event(order.seq + 1, NOW, Actor("system", Role.SYSTEM), body, "2026.1")
    return [notice.audience for notice in notices(order, order, happened) if notice.audience != "customer"]


@pytest.mark.parametrize("order_class", list(OrderClass))
def test_every_step_of_every_ladder_finds_real_people_in_every_province(order_class: OrderClass) -> None:
    here = organisation()
    assert len(PLACES) == 31
    for place in PLACES:
        steps = escalations(order_class, place)
        assert len(steps) > 20
        for order, body in steps:
            audiences = _said(order, body)
            assert audiences, body
            for audience in audiences:
                post, holders = here.reached(audience, NOW)
                assert (post, bool(holders)) == (audience, True), (place, body)
                assert {one.person.province for one in holders} <= {place, "", "HQ"}, (place, body)


@pytest.mark.parametrize("order_class", list(OrderClass))
@pytest.mark.parametrize("nobody", [GONE, away()], ids=["vacant", "away"])
def test_a_province_without_anybody_is_silent_at_no_step(order_class: OrderClass, nobody: dict[str, Any]) -> None:
    for place in PLACES:
        here = organisation(of_place(lambda person, place=place: person.province == place, **nobody))  # type: ignore[misc]
        for order, body in escalations(order_class, place):
            for audience in _said(order, body):
                post, holders = here.reached(audience, NOW)
                assert post in (f"role:regional_manager@{place}", "role:headquarters@HQ"), (place, body)
                assert holders


def test_a_dead_end_alarm_reaches_somebody_whoever_is_missing() -> None:
    managers = (Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER, Role.HEADQUARTERS)
    here = organisation(of_place(lambda person: person.role in managers, **GONE))
    for place in PLACES:
        audiences = _said(replace(_unassigned(), province=place), e.DeadEndRaised("dispatch/x", ""))
        assert audiences == [f"role:province_manager@{place}", "role:headquarters@HQ"]
        assert {name for audience in audiences for name in told(here, audience)} == {"hq-admin"}


@pytest.mark.parametrize(
    ("person", "absence", "field", "said"),
    [
        ("gd-net-head", Absence(NOW, NOW), "until", "not after from"),
        ("gd-net-head", Absence(NOW - 2 * WEEK, NOW - WEEK), "until", "has passed"),
        ("gd-net-head", Absence(NOW, None, "gd-net-head"), "substitute", "himself"),
        ("gd-net-head", Absence(NOW, None, "nobody"), "substitute", "no person nobody"),
        ("gd-net-head", Absence(NOW, None, "gd-net-2"), "substitute", "has left"),
        ("gd-net-head", Absence(NOW, None, "gd-bill-head"), "substitute", "cannot act"),
        ("gd-net-head", Absence(NOW, None, "js-manager"), "substitute", "cannot act"),
        ("gd-net-head", Absence(NOW, None, "regulator"), "substitute", "cannot act"),
        ("gd-manager", Absence(NOW, None, "gd-net-head"), "substitute", "cannot act"),
        ("gd-dispatcher-1", Absence(NOW, None, "gd-caller-1"), "substitute", "cannot act"),
        ("gd-net-head", Absence(NOW, None, "gd-net-1"), "substitute", "gd-net-head → gd-net-1 → gd-net-head"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_with_field_and_remedy(
    person: str, absence: Absence, field: str, said: str
) -> None:
    here = organisation({"gd-net-2": GONE, "gd-net-1": away("gd-net-head")})
    with pytest.raises(NotPossible, match=said) as refused:
        absences.check(here, here.people[person], absence, NOW)
    assert refused.value.field == field
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("person", "substitutes"),
    [
        ("gd-net-head", ["gd-net-1", "gd-net-2", "gd-manager", "south-manager", "hq-supervisor-1"]),
        ("gd-dispatcher-1", ["gd-dispatcher-2", "gd-teamlead-1", "gd-manager"]),
        ("gd-manager", ["south-manager", "gx-manager", "hq-supervisor-2"]),
        ("south-manager", ["east-manager", "hq-supervisor-1"]),
        ("hq-supervisor-1", ["hq-supervisor-2"]),
    ],
)
def test_a_substitute_is_of_the_same_unit_or_stands_above_it(person: str, substitutes: list[str]) -> None:
    here = organisation()
    for substitute in substitutes:
        absences.check(here, here.people[person], Absence(NOW, None, substitute), NOW)
    offered = [one.id for one in absences.possible_substitutes(here, here.people[person])]
    assert set(substitutes) <= set(offered)
    assert person not in offered


def test_substitutes_of_one_another_in_different_weeks_are_no_circle() -> None:
    here = organisation({"gd-net-1": away("gd-net-head", since=NOW + WEEK, until=NOW + 2 * WEEK)})
    absences.check(here, here.people["gd-net-head"], Absence(NOW, NOW + WEEK, "gd-net-1"), NOW)
    with pytest.raises(NotPossible, match="circle"):
        absences.check(here, here.people["gd-net-head"], Absence(NOW, NOW + 2 * WEEK, "gd-net-1"), NOW)


def test_whose_absence_somebody_may_say() -> None:
    here = organisation()
    head = here.people["gd-net-head"]

    def may(name: str, whom: Person = head) -> bool:
        who = here.people[name]
        return absences.may_say(here, Actor(who.id, Role(who.role), who.unit), whom)

    yes = ("gd-net-head", "gd-manager", "south-manager", "hq-supervisor-1", "hq-admin")
    no = ("gd-net-1", "gd-bill-head", "js-manager", "east-manager", "gd-dispatcher-1", "hq-auditor-1", "regulator")
    assert [may(name) for name in yes] == [True] * len(yes)
    assert [may(name) for name in no] == [False] * len(no)
    assert may("gd-net-head", here.people["gd-net-1"])
    assert not may("gd-manager", here.people["south-manager"])
