"""Why a limit was missed can be told from the ledger alone: which hours counted, which were paused, who held it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain import commands as c
from domain.account import CUSTOMER, DESK, Account, account
from domain.account_words import told
from tests.domain.lives import MONDAY, Life


def of(life: Life, key: str) -> Account:
    found = account(life.events, key, lambda digest: life.terms)
    assert found is not None
    return found


def test_a_breach_tells_the_hours_that_counted_the_pause_and_the_unit_that_held_it() -> None:
    life = Life(lead="GD.net", catalogue="c1")
    life.do("net", c.Sign())
    life.wait(hours=4)  # Monday 14:00
    life.do("net", c.RequestInfo("which line?", "call-1"), reason="the line is not named")
    life.wait(days=1)  # Tuesday 14:00
    life.do("customer", c.SupplyInfo("the one at home"))
    life.wait(days=9)
    found = of(life, "due/a1")
    assert found.length == 5 * 540  # five working days of nine hours
    assert found.breached_at == found.due_at > found.first_due_at
    breach = next(entry for entry in found.entries if entry.change == "breached")
    assert breach.worked == pytest.approx(5 * 540)
    assert found.worked > breach.worked  # nobody has replied yet
    assert found.paused == pytest.approx(24 * 60)
    assert [entry.change for entry in found.entries][:4] == ["started", "paused", "resumed", "warned"]
    holders = [(hold.holder, hold.worked) for hold in found.held]
    assert holders[:2] == [("GD.net", 240.0), (CUSTOMER, 0.0)]
    assert found.held[2].holder == "GD.net"
    assert found.held[2].end == life.events[-1].at
    text = "\n".join(told(found, "en", str))
    assert "paused; 4 h of work used; because: the line is not named [net]" in text
    assert "the limit passed unmet: breached; 45 h of work used" in text
    assert "charged to GD.net" in text
    assert "weekend" in text
    zh = "\n".join(told(found, "zh", str))
    assert "暂停" in zh
    assert "周末" in zh


def test_the_customers_clock_tells_every_unit_and_desk_that_had_the_order() -> None:
    life = Life(lead="GD.net", catalogue="c1")
    life.wait(hours=2)
    life.do("bill" if life.at.lead is None else "net", c.RequestReturn("3.2", "GD.bill"))
    life.wait(hours=1)
    life.do("dispatcher", c.DecideReturn(True))
    life.wait(hours=1)
    life.do("dispatcher", c.Dispatch("GD.bill"))
    life.wait(days=20)
    held = [(hold.holder, hold.end - hold.begin) for hold in of(life, "statutory/r1").held]
    assert held[:2] == [("GD.net", timedelta(hours=3)), (DESK, timedelta(hours=1))]


def test_a_duty_met_late_says_by_how_much_and_the_lateness_no_longer_grows() -> None:
    life = Life("urgent", lead="GD.net", catalogue="c1")
    life.wait(minutes=10)
    life.do("net", c.Sign())
    life.wait(minutes=50)
    life.do("net", c.Contact("Li", "spoke"))
    late = of(life, "contact/a1")
    assert late.late == pytest.approx(30)
    life.wait(days=3)
    assert of(life, "contact/a1").late == pytest.approx(30)


def test_an_unknown_clock_has_no_account() -> None:
    assert account(Life().events, "due/a9", lambda digest: Life().terms) is None


def test_the_account_speaks_of_local_time() -> None:
    life = Life("urgent", now=datetime(2026, 3, 2, 2, 0, tzinfo=UTC), lead="GD.net", catalogue="c1")
    assert life.now == MONDAY
    assert any("2026-03-02 10:15" in line for line in told(of(life, "sign/a1"), "en", str))
