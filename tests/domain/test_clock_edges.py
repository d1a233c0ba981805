"""Where limits meet: pauses, extensions, plans, verdicts and new rules on one clock, and nobody gains by it."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain import commands as c
from domain import errors
from domain.account import account
from domain.clocks import worked
from domain.model import Customer, OrderClass, Rating, Ticking
from domain.policy import resolve
from tests.domain.lives import Life, document, replied, working
from tests.domain.test_clock_rules import clock, emergency, ended, local

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_pause_outside_working_hours_leaves_the_due_time_where_it_was() -> None:
    """Friday's closing and Monday's opening are the same working time, and not the same due time."""
    life = Life(now=local("2026-03-07 12:00"), lead="GD.net", catalogue="1")  # a Saturday
    life.until(local("2026-03-11 18:30"))
    due_at = clock(life, "due/a1").due_at
    assert due_at == local("2026-03-16 09:00")
    life.do("net", c.RequestInfo("which line?", "call-1"))
    life.wait(minutes=30)
    life.do("customer", c.SupplyInfo("the blue one"))
    assert clock(life, "due/a1").due_at == due_at


def test_no_pause_takes_the_result_past_the_statutory_answer() -> None:
    life = working(order_class="complex")
    life.wait(days=1)
    life.do("net", c.RequestInfo("which line?", "call-1"))
    life.wait(days=5)
    life.do("customer", c.SupplyInfo("the blue one"))
    assert clock(life, "due/a1").due_at == clock(life, "statutory/r1").due_at


def test_a_plan_whose_date_has_passed_is_not_approved() -> None:
    life = working()
    life.do("net", c.Ledger("new mast", local("2026-03-03 10:00")))
    life.until(local("2026-03-04 10:00"))
    with pytest.raises(errors.TooLate, match="own date"):
        life.do("province", c.DecideLedger(True))


def test_a_call_back_keeps_its_limit_whatever_the_tier_becomes() -> None:
    life = replied(customer=Customer("Li", "13800000000", zone="America/New_York"))
    life.do("audit", c.AuditReply(accepted=True))
    (before,) = [one for key, one in life.at.clocks.items() if key.startswith("callback/")]
    life.do("lead", c.Retier(tier="diamond"))
    assert clock(life, before.key).due_at == before.due_at


def test_nothing_is_appealed_when_nobody_keeps_the_time_any_more() -> None:
    life = rated()
    life.wait(days=16)
    assert life.at.over
    with pytest.raises(errors.WindowClosed):
        life.do("bill", c.AppealRating("w1", "it was not our fault"))


def rated() -> Life:
    life = emergency(working())
    life.do("bill", c.ReportIn("w1", "Wang, 1380"))
    life.do("bill", c.FinishPart("w1", "mended"))
    life.do("net", c.Dispose("w1", "mended"))
    life.do("agent", c.VerifyWhistle("w1", True))
    life.do("agent", c.RateAttendance("w1", "GD.bill", Rating(3, 3, 3, 3)))
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", c.RecordCallback("reached", True, True, c.Satisfaction.SATISFIED))
    return life


def test_an_extension_that_is_decided_too_late_hides_no_breach() -> None:
    life = working()
    life.do("net", c.Extend(local("2026-03-12 10:00")))
    life.until(local("2026-03-10 10:00"))  # due on Monday the 9th
    with pytest.raises(errors.TooLate, match="granted before"):
        life.do("province", c.DecideExtension(True))
    life.do("province", c.DecideExtension(False))
    assert clock(life, "due/a1").status is Ticking.BREACHED


def test_a_plan_that_is_approved_too_late_hides_no_breach_and_has_a_limit_of_its_own() -> None:
    life = working()
    life.do("net", c.Ledger("new mast", local("2026-05-01 10:00")))
    life.until(local("2026-03-10 10:00"))
    life.do("province", c.DecideLedger(True))
    assert clock(life, "due/a1").status is Ticking.BREACHED
    (plan,) = [one for key, one in life.at.clocks.items() if key.startswith("due/a1/")]
    assert plan.due_at == local("2026-05-01 10:00")


def test_no_rule_moves_a_plan_that_was_approved_late() -> None:
    life = working()
    life.do("net", c.Ledger("new mast", local("2026-05-01 10:00")))
    life.until(local("2026-03-10 10:00"))
    life.do("province", c.DecideLedger(True))
    (plan,) = [one for key, one in life.at.clocks.items() if key.startswith("due/a1/")]
    life.do("lead", c.Reprioritise("critical"))
    assert clock(life, plan.key).due_at == plan.due_at


def test_settling_gives_a_limit_by_rule_and_not_by_hand() -> None:
    life = working()
    life.do("net", c.Ledger("new mast", local("2026-05-01 10:00")))
    life.do("province", c.DecideLedger(True))
    assert clock(life, "due/a1").extended
    life.do("net", c.Settle("the mast is there"))
    one = clock(life, "due/a1")
    assert (one.due_at, one.extended, one.rule) == (local("2026-03-09 10:00"), False, "classes.general.due")


def test_the_auditors_time_is_not_the_units() -> None:
    life = working()
    life.until(local("2026-03-09 09:00"))  # one hour before the limit
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.wait(hours=5)
    life.do("audit", c.AuditReply(accepted=True))
    assert ended(life, "due/a1").worked == pytest.approx(44 * 60)
    found = account(life.events, "due/a1", lambda digest: life.terms)
    assert found is not None
    assert found.late is None


def test_a_reply_that_is_sent_back_counts_the_audit_after_all() -> None:
    life = replied()
    life.wait(hours=3)
    life.do("audit", c.AuditReply(accepted=False))
    assert worked(clock(life, "due/a1"), life.now, life.terms) == pytest.approx(3 * 60)


def other_version(**limits: str | None) -> dict[str, Any]:
    """The shipped policy in another version, with other limits for the general class."""
    changed: dict[str, Any] = json.loads(json.dumps(document()))
    changed["version"] = "other"
    changed["classes"]["general"]["limits"] |= limits
    return changed


def test_the_hours_of_a_limit_that_vanishes_are_counted_as_it_counted_them() -> None:
    life = working()
    life.until(local("2026-03-03 10:00"))  # nine hours of work, a day and a night
    life.document = other_version(due=None)
    life.document["calendars"]["office"] = {"zone": "Asia/Shanghai", "week": [[[0, 1440]]] * 7}
    life.do("hq", c.MigratePolicy("other"))
    assert ended(life, "due/a1").worked == pytest.approx(9 * 60)


def test_a_desks_lateness_is_not_put_down_to_the_lead() -> None:
    life = replied()
    life.wait(days=20)
    audits = [event.body for event in life.events if getattr(event.body, "key", "").startswith("reply_audit")]
    assert audits
    assert {body.unit for body in audits} == {""}


def test_a_limit_for_a_desk_that_a_new_version_brings_begins_where_it_is_owed() -> None:
    own = resolve(other_version(reply_audit=None), OrderClass.GENERAL, "normal", "GD")
    life = Life(own=own, lead="GD.net", catalogue="1")
    life.do("net", c.Sign())
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    assert not [key for key in life.at.clocks if key.startswith("reply_audit")]
    life.document = {**document(), "version": "next"}
    life.do("hq", c.MigratePolicy("next"))
    assert [key for key in life.at.clocks if key.startswith("reply_audit/a1")]


def test_a_migration_leaves_a_call_back_within_the_hours_in_which_one_may_call() -> None:
    own = resolve(other_version(callback="2h"), OrderClass.GENERAL, "normal", "GD")
    life = Life(own=own, lead="GD.net", catalogue="1")
    life.do("net", c.Sign())
    life.until(local("2026-03-02 21:30"))
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    (before,) = [one for key, one in life.at.clocks.items() if key.startswith("callback/")]
    life.document = {**other_version(callback="3h"), "version": "next"}
    life.do("hq", c.MigratePolicy("next"))
    assert clock(life, before.key).due_at == before.due_at == local("2026-03-03 20:00")
