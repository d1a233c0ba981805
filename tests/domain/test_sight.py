"""What each side of an order is shown: no unit learns who complains or how he rates, no customer sees the desks."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from contracts.messages import decode, encode
from domain import commands as c
from domain import sight
from domain.events import EVENTS
from domain.model import OPEN, Customer, Order, Role, Satisfaction
from domain.sight import VIEWS, View
from tests.domain.lives import Life, awaiting, closed
from tests.domain.test_properties import bodies

ANONYMOUS = Customer("sealed-name", "sealed-phone", id="customer-id")
UNITS = [role for role, view in VIEWS.items() if view is View.UNIT]
DESKS = [role for role, view in VIEWS.items() if view is View.DESK]
RATED = c.RecordCallback("reached", True, True, Satisfaction.SATISFIED)


def _random_life(seed: int) -> Life:
    """An order to which many things happened; what was refused is left out."""
    from domain.errors import Refusal
    from tests.domain.lives import PEOPLE

    luck = Random(seed)
    life = Life(customer=ANONYMOUS, lead="GD.net", co=("GD.bill",), catalogue="1")
    for _ in range(40):
        choices = bodies(life, luck)
        verb = luck.choice(sorted(choices))
        try:
            life.do(luck.choice(sorted(PEOPLE)), choices[verb]())
        except Refusal:
            life.wait(minutes=luck.choice((1, 40, 600)))
    return life


def test_every_role_has_its_side() -> None:
    assert set(VIEWS) == set(Role)
    without_orders = {Role.ADMINISTRATOR, Role.SYSTEM}
    assert {role for role in Role if VIEWS[role] is View.UNIT} - without_orders == {Role.UNIT_MEMBER, Role.UNIT_HEAD}
    assert {role for role in Role if VIEWS[role] is View.CUSTOMER} == {Role.CUSTOMER}


def test_what_a_customer_is_shown_of_an_event_is_there() -> None:
    for name, fields in sight.CUSTOMER_EVENTS.items():
        known = {item.name for item in dataclasses.fields(EVENTS[name])}
        assert set(fields) <= known, name
    assert set(sight.RATING_EVENTS) <= set(EVENTS)
    assert set(sight.ROUND_ENDS) <= set(EVENTS)
    assert set(sight.CUSTOMER_REASONS) <= set(sight.CUSTOMER_EVENTS)


@pytest.mark.parametrize("role", UNITS)
def test_a_unit_learns_of_the_rating_only_when_the_round_has_ended(role: Role) -> None:
    life = awaiting(customer=ANONYMOUS)
    life.do("caller", c.RecordCallback("no_answer"))
    assert life.at.callback is not None
    assert life.at.called_by == "caller"
    shown = sight.shown(life.at, role)
    assert shown.callback is None
    assert shown.called_by == ""
    assert not [clock for clock in shown.clocks.values() if clock.kind in sight.CALLBACK_CLOCKS]
    life.wait(days=2)
    life.until(life.now.replace(hour=4, minute=0))
    life.do("caller", RATED)
    final = sight.shown(life.at, role)
    assert final.callback == life.at.callback
    assert final.outcome == life.at.outcome is not None


@pytest.mark.parametrize("role", UNITS)
def test_a_unit_never_learns_whose_other_orders_there_are(role: Role) -> None:
    for life in (awaiting(customer=ANONYMOUS), closed(customer=ANONYMOUS)):
        shown = encode(sight.shown(life.at, role)).decode()
        assert "customer-id" not in shown
    by_himself = closed(customer=ANONYMOUS)
    registered = dataclasses.replace(by_himself.at, registered_by="customer:customer-id")
    assert sight.shown(registered, role).registered_by == "customer"
    assert sight.actor_shown("customer:customer-id", role) == "customer"


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happened_a_unit_sees_no_call_back_of_a_running_round(seed: int) -> None:
    life = _random_life(seed)
    for role in UNITS:
        _check_unit(life, role)


def _check_unit(life: Life, role: Role) -> None:
    order = life.at
    shown = sight.shown(order, role)
    assert shown.customer.id == ""
    if order.state in OPEN:
        assert shown.callback is None
        assert shown.outcome is None
    ended = max((event.seq for event in life.events if event.type in sight.ROUND_ENDS), default=0)
    for event in life.events:
        final = event.seq <= ended
        if not sight.event_shown(event.type, role, final=final):
            assert event.type in sight.RATING_EVENTS
            continue
        content: dict[str, Any] = decode(encode(event.body), dict[str, Any])
        data = sight.data_shown(event.type, content, role, final=final)
        assert "customer-id" not in encode(data).decode()
        if not final:
            assert data.get("callback") is None
            kinds = {one.key.partition("/")[0] for one in sight.changes_shown(event.clocks, order, role, final=final)}
            assert order.state not in OPEN or kinds.isdisjoint(sight.CALLBACK_CLOCKS)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happened_a_customer_sees_nobody_at_the_desks(seed: int) -> None:
    life = _random_life(seed)
    shown = sight.shown(life.at, Role.CUSTOMER)
    staff = {event.actor.id for event in life.events if event.actor.role is not Role.CUSTOMER} - {"system"}
    text = encode(dataclasses.replace(shown, customer=Customer("", ""))).decode()
    assert not [person for person in staff if f':"{person}"' in text]
    assert shown.whistles == ()
    assert shown.requests == ()
    for event in life.events:
        if sight.event_shown(event.type, Role.CUSTOMER, final=True):
            content: dict[str, Any] = decode(encode(event.body), dict[str, Any])
            data = sight.data_shown(event.type, content, Role.CUSTOMER, final=True)
            assert set(data) <= set(sight.CUSTOMER_EVENTS[event.type])
            assert sight.actor_shown(event.actor.id, Role.CUSTOMER) == ""


@pytest.mark.parametrize("role", DESKS)
def test_the_desks_see_the_order_as_it_is(role: Role) -> None:
    life = awaiting(customer=ANONYMOUS)
    assert sight.shown(life.at, role) is life.at
    assert sight.clock_shown("callback", life.at, role)


def test_what_is_shown_is_an_order_still() -> None:
    life = awaiting(customer=ANONYMOUS)
    life.wait(hours=1)
    for role in Role:
        shown = sight.shown(life.at, role)
        assert decode(encode(shown), Order) == shown
        assert shown.registered_at + timedelta(0) == life.at.registered_at
