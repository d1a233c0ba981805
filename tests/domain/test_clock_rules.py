"""Clocks: warnings, decisions, calendars of units, hops, and what each leaves on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain import commands as c
from domain.calendar import office
from domain.clocks import next_deadline
from domain.events import ClockBreached, ClockChange, ClockWarned, DeadEndRaised, Event, OrderEscalated
from domain.model import Actor, Clock, Colour, OrderClass, Role, State, WhistleKind
from domain.order import due
from domain.policy import Step, UnitTerms, WarningMark, resolve
from tests.domain.lives import Life, closed, dispatched, document, replied, working

SHANGHAI = ZoneInfo("Asia/Shanghai")


def changes(life: Life, key: str) -> Iterator[tuple[Event, ClockChange]]:
    for event in life.events:
        yield from ((event, change) for change in event.clocks if change.key == key)


def change_names(life: Life, key: str) -> list[str]:
    return [change.change for _, change in changes(life, key)]


def ended(life: Life, key: str) -> ClockChange:
    return [change for _, change in changes(life, key) if change.clock is None][-1]


def clock(life: Life, key: str) -> Clock:
    return life.at.clocks[key]


def warned(life: Life, key: str) -> list[datetime]:
    return [event.at for event in life.events if isinstance(event.body, ClockWarned) and event.body.key == key]


def with_warnings(*marks: WarningMark, kind: str = "due") -> Life:
    life = Life()
    life.terms = replace(life.terms, warnings={kind: marks})
    life.do("dispatcher", c.Dispatch("GD.net"))
    return life


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def test_warnings_at_shares_and_at_distances_fire_in_the_order_of_their_instants_once_each() -> None:
    life = with_warnings(
        WarningMark(Colour.YELLOW, before="1wd"),
        WarningMark(Colour.BLUE, percent=50),
        WarningMark(Colour.YELLOW, percent=90),
        WarningMark(Colour.YELLOW, before="30min"),
    )
    life.wait(days=30)
    # Dispatched on Monday at ten, due the next Monday at ten.
    assert warned(life, "due/a1") == [
        local("2026-03-04 14:30"),
        local("2026-03-06 10:00"),
        local("2026-03-06 14:30"),
        local("2026-03-09 09:30"),
    ]


def test_a_warning_that_belongs_into_working_hours_is_given_there_and_never_after_the_due_time() -> None:
    at_night = WarningMark(Colour.BLUE, before="12h")
    plain, civil = with_warnings(at_night), with_warnings(replace(at_night, in_hours=True))
    late = with_warnings(WarningMark(Colour.BLUE, before="61min", in_hours=True))
    for life in (plain, civil, late):
        life.wait(days=10)
    assert warned(plain, "due/a1") == [local("2026-03-08 22:00")]  # Sunday night
    assert warned(civil, "due/a1") == [local("2026-03-09 09:00")]
    # 08:59: the opening is one hour before the limit.
    assert warned(late, "due/a1") == [local("2026-03-09 09:00")]


def test_a_warning_whose_next_opening_lies_past_the_limit_is_given_at_the_last_closing() -> None:
    life = Life("urgent")
    life.terms = replace(life.terms, warnings={"due": (WarningMark(Colour.BLUE, before="2h", in_hours=True),)})
    life.until(local("2026-03-06 20:00"))  # Friday evening: due on Saturday at 20:00
    life.do("dispatcher", c.Dispatch("GD.net"))
    assert clock(life, "due/a1").due_at == local("2026-03-07 20:00")
    assert clock(life, "due/a1").next_at == local("2026-03-07 20:00")  # Friday's closing had passed already


@pytest.mark.parametrize("pause_hours", [1, 30, 100])
def test_no_pause_repeats_a_warning_or_loses_one(pause_hours: int) -> None:
    life = working()
    life.until(local("2026-03-04 16:00"))  # past the half
    assert len(warned(life, "due/a1")) == 1
    life.do("net", c.RequestInfo("which line?", "call-1"))
    life.wait(hours=pause_hours)
    life.do("customer", c.SupplyInfo("the blue one"))
    life.wait(days=60)
    assert len(warned(life, "due/a1")) == 2


def test_an_extension_repeats_no_warning() -> None:
    life = working()
    life.until(local("2026-03-06 17:00"))  # past three quarters
    assert len(warned(life, "due/a1")) == 2
    life.do("net", c.Extend(local("2026-03-12 10:00")))
    life.do("province", c.DecideExtension(True))
    assert clock(life, "due/a1").extended
    life.wait(days=60)
    assert len(warned(life, "due/a1")) == 2


def test_a_due_time_after_a_pause_lies_in_working_hours() -> None:
    life = working()
    life.wait(hours=7, minutes=59)  # 17:59, one minute before closing
    life.do("net", c.RequestInfo("which line?", "call-1"))
    life.until(local("2026-03-04 22:30"))
    life.do("customer", c.SupplyInfo("the blue one"))
    at = clock(life, "due/a1").due_at.astimezone(SHANGHAI)
    assert 9 <= at.hour < 18
    assert at.weekday() < 5


def test_a_unit_in_another_zone_works_by_its_own_hours() -> None:
    life = Life()
    away = office("Europe/London", 540, 1020)
    life.terms = replace(life.terms, calendars={**life.terms.calendars, "london": away}, places={"GD.net": "london"})
    life.do("dispatcher", c.Dispatch("GD.net", co=("GD.bill",)))
    # Ten in Shanghai is two in the morning in London: an hour of work there ends at ten o'clock.
    assert clock(life, "sign/a1").due_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert clock(life, "sign/a2").due_at == local("2026-03-02 11:00")


def test_a_units_own_limit_wins_and_may_take_a_clock_away() -> None:
    life = Life()
    own = UnitTerms({"due": "2wd", "contact": ""}, {"due": "units.GD.net.*.due", "contact": "units.GD.net.*.contact"})
    life.terms = replace(life.terms, units={"GD.net": own})
    life.do("dispatcher", c.Dispatch("GD.net"))
    assert clock(life, "due/a1").due_at == local("2026-03-04 10:00")
    assert clock(life, "due/a1").rule == "units.GD.net.*.due"
    assert "contact/a1" not in life.at.clocks


def test_every_clock_names_its_rule_and_the_hop_it_is_charged_to() -> None:
    life = dispatched()
    life.do("net", c.RequestReturn("3.2", "GD.bill"))
    life.do("dispatcher", c.DecideReturn(True))
    life.do("dispatcher", c.Dispatch("GD.bill"))
    hops = {change.key: change.clock.hop for event in life.events for change in event.clocks if change.clock}
    assert (hops["due/a1"], hops["due/a2"]) == (1, 2)
    for _, change in changes(life, "due/a1"):
        assert change.clock is None or change.clock.rule == "classes.general.due"


def test_the_end_of_a_clock_says_what_was_used_and_what_was_paused() -> None:
    life = working()
    life.wait(hours=2)
    life.do("net", c.RequestInfo("which line?", "call-1"))
    life.wait(hours=24)
    life.do("customer", c.SupplyInfo("the blue one"))
    life.wait(hours=3)
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    met = ended(life, "due/a1")
    assert met.change == "met"
    assert met.worked == pytest.approx(5 * 60)
    assert met.paused == pytest.approx(24 * 60)


def test_the_time_worked_is_on_record_at_the_very_first_close() -> None:
    life = closed()
    for key in ("due/a1", "contact/a1", "sign/a1", "statutory/r1", "reply_audit/a1/6"):
        if key in {change.key for event in life.events for change in event.clocks}:
            assert ended(life, key).worked is not None, key


def test_a_breach_on_record_never_grows_after_it_is_mended() -> None:
    life = dispatched()
    life.wait(hours=30)
    life.do("net", c.Contact("Li", "late, but called"))
    first = ended(life, "contact/a1")
    life.wait(days=20)
    assert ended(life, "contact/a1") == first
    assert change_names(life, "contact/a1").count("breached") == 1


def test_each_mark_says_when_it_fell_due_however_late_it_was_noticed() -> None:
    life = dispatched()
    armed = next_deadline(life.at)
    late = life.now = life.now + timedelta(days=3)
    life.events += (fired := due(life.at, late, life.terms))
    first = next(change for event in fired for change in event.clocks if change.fell_due)
    assert first.fell_due == armed
    for event in fired:
        assert event.at == late
        assert all(change.fell_due is None or change.fell_due <= late for change in event.clocks)
    assert sum(1 for event in fired if isinstance(event.body, ClockBreached) and event.body.key == "contact/a1") == 1


DECISIONS = {
    "extension_decision": (c.Extend(local("2026-03-10 10:00")), c.DecideExtension(False)),
    "ledger_decision": (c.Ledger("new mast", local("2026-05-01 10:00")), c.DecideLedger(False)),
}


@pytest.mark.parametrize("kind", DECISIONS)
def test_whoever_must_decide_has_a_clock_of_his_own(kind: str) -> None:
    asked, decided = DECISIONS[kind]
    life = working()
    life.do("net", asked)
    (key,) = [key for key in life.at.clocks if key.startswith(kind)]
    life.do("province", decided)
    assert ended(life, key).change == "met"


@pytest.mark.parametrize("kind", DECISIONS)
def test_a_decision_that_nobody_takes_climbs_to_the_managers_and_ends_in_an_alarm(kind: str) -> None:
    asked, _ = DECISIONS[kind]
    life = working()
    life.do("net", asked)
    (key,) = [key for key in life.at.clocks if key.startswith(kind)]
    life.wait(days=30)
    names = change_names(life, key)
    assert names[:2] == ["started", "breached"]
    assert names.count("climbed") == len(life.terms.ladder(kind))
    assert any(isinstance(event.body, DeadEndRaised) and event.body.key == key for event in life.events)


def test_a_reply_ends_the_wait_for_decisions_on_what_it_makes_moot() -> None:
    life = working()
    life.do("net", c.Extend(local("2026-03-10 10:00")))
    life.do("net", c.RequestTermination("the customer cannot be found"))
    life.do("net", c.Reply(life.now, "Li", "mended after all", life.now))
    assert not [key for key in life.at.clocks if "decision" in key]


def test_a_termination_has_a_clock_until_it_is_decided() -> None:
    life = working()
    life.do("net", c.RequestTermination("moved abroad"))
    (key,) = [key for key in life.at.clocks if key.startswith("termination_decision")]
    life.do("audit", c.Terminate(False))
    assert ended(life, key).change == "met"
    life.do("net", c.RequestTermination("moved abroad for good"))
    life.do("audit", c.Terminate(True))
    assert life.at.state is State.TERMINATED
    assert not life.at.clocks


def emergency(life: Life) -> Life:
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, "network_outage", ("GD.bill",)))
    return life


def test_an_emergency_whistle_is_reviewed_within_a_limit_even_after_the_order_closed() -> None:
    life = emergency(working())
    assert "whistle_review/w1" in life.at.clocks
    life.do("bill", c.ReportIn("w1", "Wang, 1380"))
    life.do("bill", c.FinishPart("w1", "mended"))
    life.do("net", c.Dispose("w1", "mended"))
    life.do("agent", c.VerifyWhistle("w1", True))
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", c.RecordCallback("reached", True, True, c.Satisfaction.SATISFIED))
    assert life.at.state is State.CLOSED
    assert "whistle_review/w1" in life.at.clocks
    life.do("lead", c.ReviewWhistle("w1", True))
    assert ended(life, "whistle_review/w1").change == "met"


def test_what_is_charged_to_nobody_goes_by_the_calendar_of_the_orders_province() -> None:
    own = resolve(document(), OrderClass.GENERAL, "normal", "XJ")
    life = Life(own=own, province="XJ", lead="XJ.net", catalogue="1", now=local("2026-03-02 12:00"))
    unit = Actor("xj", Role.UNIT_MEMBER, "XJ.net")
    life.do(unit, c.Sign())
    life.do(unit, c.Reply(life.now, "Li", "mended", life.now))
    (key,) = [key for key in life.at.clocks if key.startswith("reply_audit")]
    life.now = local("2026-03-02 18:30")  # still at work in the west, not in the rest of the country
    assert life.terms.calendar_of("").next_working(life.now) == life.now
    assert life.terms.calendar_of("") == life.terms.calendar_of("XJ.net") != life.terms.calendar_of("GD.net")
    assert clock(life, key).due_at == local("2026-03-03 12:00")


def test_the_units_own_aim_warns_once_in_blue_and_is_no_breach() -> None:
    life = working()
    life.until(local("2026-03-04 10:01"))
    assert [event.body.colour for event in life.events if isinstance(event.body, ClockWarned)] == [Colour.BLUE]
    assert ended(life, "target/a1").change == "expired"
    assert not life.at.overdue or any("progress" in key for key in life.at.clocks)


@pytest.mark.parametrize(("channel", "level"), [("regulator", 4), ("12345", 3), ("media", 3), ("10010", 0)])
def test_a_complaint_over_somebodys_head_begins_at_the_level_that_heard_it(channel: str, level: int) -> None:
    life = Life(channel=channel, lead="GD.net", catalogue="c1")
    assert life.at.level == level
    raised = [event for event in life.events if isinstance(event.body, OrderEscalated)]
    assert [event.actor.id for event in raised] == ["system"] * bool(level)


def test_a_ladder_climbs_each_step_once_in_order_and_stops_the_moment_the_duty_is_met() -> None:
    life = dispatched()
    life.wait(days=3)
    steps = [event.body.step for event in life.events if isinstance(event.body, OrderEscalated)
             and event.body.key == "contact/a1"]  # fmt: skip
    assert steps == list(range(1, len(steps) + 1))
    assert steps
    life.do("net", c.Contact("Li", "late, but called"))
    life.wait(days=120)
    after = [
        event for event in life.events if isinstance(event.body, OrderEscalated) and event.body.key == "contact/a1"
    ]
    assert len(after) == len(steps)


def test_an_answered_duty_does_not_escalate_months_later() -> None:
    life = replied()
    until = len(life.events)
    life.do("audit", c.AuditReply(accepted=True))
    life.wait(days=120)
    late = [
        event.body.key for event in life.events[until:] if isinstance(event.body, OrderEscalated) and event.body.key
    ]
    assert not [key for key in late if key.split("/")[0] in ("due", "contact", "sign", "reply_audit", "progress")]


def test_edits_reset_no_clock() -> None:
    life = dispatched()
    before = dict(life.at.clocks)
    life.do("agent", c.Note("called again"))
    life.do("agent", c.Attach("bill.pdf", "application/pdf", "a" * 64))
    life.do("customer", c.Urge("still nothing"))
    assert dict(life.at.clocks) == before


def test_what_time_brings_late_is_the_same_as_what_it_brings_in_time() -> None:
    """A ladder goes on after a standstill in the middle: no step is skipped, none comes twice."""
    punctual, asleep = dispatched(), dispatched()
    punctual.wait(days=40)
    asleep.wait(days=2)
    asleep.now = asleep.now + timedelta(days=38)
    asleep.until(asleep.now)
    assert [(event.type, event.body) for event in punctual.events if event.actor.id == "system"] == [
        (event.type, event.body) for event in asleep.events if event.actor.id == "system"
    ]


def test_one_clock_never_overrules_another() -> None:
    life = dispatched("GD.bill")
    lives = {key: one.due_at for key, one in life.at.clocks.items()}
    life.do("bill", c.Sign())
    life.do("net", c.Sign())
    assert {key: one.due_at for key, one in life.at.clocks.items()} == {
        key: at for key, at in lives.items() if not key.startswith("sign/")
    }


def test_the_state_of_a_limit_is_the_same_wherever_one_looks_from() -> None:
    life = dispatched()
    life.until(clock(life, "contact/a1").due_at)
    assert life.at.overdue
    assert all(one.due_at.tzinfo is UTC for one in life.at.clocks.values())


def test_a_class_of_the_highest_urgency_escalates_like_the_others() -> None:
    life = Life("urgent", lead="GD.net", catalogue="c1")
    life.wait(hours=5)
    assert max(event.body.level for event in life.events if isinstance(event.body, OrderEscalated)) == 5


def test_telling_alone_changes_nothing_else() -> None:
    life = Life()
    life.terms = replace(life.terms, ladders={**life.terms.ladders, "unit": (Step("0min", 1, "unit"),)})
    life.do("dispatcher", c.Dispatch("GD.net"))
    before = life.at
    life.until(clock(life, "contact/a1").due_at)
    assert (life.at.priority, life.at.order_class, life.at.category) == (
        before.priority,
        before.order_class,
        before.category,
    )
    assert life.at.colour is Colour.NONE
