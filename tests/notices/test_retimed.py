"""Whoever has another due time is told of it in both languages, and nobody when nothing moved."""

from __future__ import annotations

from datetime import datetime

from domain import commands as c
from domain.notice_texts import render, written
from domain.notices import Notice, notices
from tests.domain.lives import Life, working


def told(life: Life, who: str, body: c.Body) -> dict[str, Notice]:
    """What the command's own event tells, by audience."""
    before = life.at
    (event,) = life.do(who, body, reason="he is a gold customer")
    return {notice.audience: notice for notice in notices(before, life.at, event)}


def test_every_unit_and_the_customer_are_told_of_another_due_time() -> None:
    life = working("GD.bill")
    was = life.at.clocks["due/a1"].due_at
    found = told(life, "dispatcher", c.Retier(tier="gold"))
    assert {audience: notice.template for audience, notice in found.items()} == {
        "unit:GD.net": "unit.retimed",
        "unit:GD.bill": "unit.retimed",
        "customer": "customer.retimed",
    }
    customer = found["customer"]
    assert customer.params["was_due"] == was
    found_due = customer.params["due"]
    assert isinstance(found_due, datetime)
    words = render(customer.template, customer.params, {})
    assert written(found_due, "UTC") in words.body_zh
    assert written(was, "UTC") in words.body_en
    bill = render("unit.retimed", found["unit:GD.bill"].params, {})
    assert "he is a gold customer" in bill.body_zh
    assert "–" not in bill.body_en


def test_the_lead_hears_of_a_priority_with_the_due_time_and_the_customer_only_of_a_date_that_moved() -> None:
    life = working()
    found = told(life, "dispatcher", c.Reprioritise("low"))
    assert {audience: notice.template for audience, notice in found.items()} == {"unit:GD.net": "unit.reprioritised"}
    found = told(life, "dispatcher", c.Reprioritise("critical"))
    assert {audience: notice.template for audience, notice in found.items()} == {
        "unit:GD.net": "unit.reprioritised",
        "customer": "customer.retimed",
    }
    assert found["unit:GD.net"].params["due"]


def test_a_correction_that_moves_nothing_tells_nobody() -> None:
    assert told(working(), "lead", c.Relabel("billing.dispute")) == {}


def test_a_limit_that_is_gone_is_told_to_its_unit_alone() -> None:
    life = working()
    policy = {**life.document, "version": "2027.1"}
    general = policy["classes"]["general"]
    policy["classes"] = {**policy["classes"], "general": {**general, "limits": {**general["limits"], "progress": None}}}
    life.document = policy
    found = told(life, "hq", c.MigratePolicy("2027.1"))
    assert {audience: notice.template for audience, notice in found.items()} == {"unit:GD.net": "unit.retimed"}
