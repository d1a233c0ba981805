"""A refusal names its instants in whole seconds, and whoever does as it says is not refused again."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from domain import commands as c
from domain import errors
from domain.model import Colour
from tests.domain.lives import Life, awaiting, dispatched, working

ODD = timedelta(minutes=1, microseconds=433_248)
MISSED = c.RecordCallback("no_answer")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\S+")


def refused(life: Life, who: str, body: c.Body) -> list[datetime]:
    """The instants that the refusal names, none of them with a fraction of a second."""
    with pytest.raises(errors.Refusal) as found:
        life.do(who, body)
    named = INSTANT.findall(f"{found.value.message} {found.value.remedy}")
    assert named
    assert not any("." in one for one in named), named
    return [datetime.fromisoformat(one) for one in named]


def test_the_time_of_the_next_call_is_a_whole_second_at_which_one_may_call() -> None:
    life = awaiting()
    life.until(life.now + ODD)
    life.do("caller", MISSED)
    (at,) = refused(life, "caller", MISSED)
    life.until(at)
    life.do("caller", MISSED)


def test_the_bounds_of_an_extension_may_themselves_be_asked_for() -> None:
    life = working(now=datetime.fromisoformat("2026-03-02T10:00:00.433248+08:00"))
    first, last = refused(life, "net", c.Extend(life.now))
    assert first > life.at.clocks["due/a1"].due_at
    life.do("net", c.Extend(last))


def test_a_return_that_came_late_and_a_reply_from_before_the_order_name_whole_seconds() -> None:
    life = dispatched(now=datetime.fromisoformat("2026-03-02T10:00:00.433248+08:00"))
    life.wait(days=3)
    assert refused(life, "net", c.RequestReturn("12", "GD.bill"))
    life = working(now=datetime.fromisoformat("2026-03-02T10:00:00.433248+08:00"))
    early = life.now - timedelta(days=1)
    first, last = refused(life, "net", c.Reply(early, "Li", "mended", early))
    assert first <= last <= life.now


def test_a_reason_that_is_missing_is_asked_for_by_its_field() -> None:
    life = working()
    with pytest.raises(errors.ReasonRequired) as found:
        life.do("province", c.Supervise(Colour.RED, "now"), "")
    assert "reason" in found.value.remedy
