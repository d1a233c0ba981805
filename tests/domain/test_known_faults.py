"""Faults that systems of this kind have had with clocks, ladders and reopening; docs/faults.md lists them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain import commands as c
from domain import errors
from domain.account import account
from domain.calendar import always, at_local, span
from domain.events import ClockBreached, ClockWarned, OrderClosed, OrderEscalated
from domain.model import Clock, Colour, Satisfaction, State, Ticking, UnitRole
from domain.notice_texts import Param
from domain.notices import notices
from domain.order import due, next_deadline
from domain.policy import Step, WarningMark
from domain.scribe import GONE
from tests.domain.lives import MONDAY, Life, awaiting, closed, dispatched, terms, working

SHANGHAI = "Asia/Shanghai"
NEW_YORK = ZoneInfo("America/New_York")
HAPPY = c.RecordCallback("reached", True, True, Satisfaction.SATISFIED)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(SHANGHAI)).astimezone(UTC)


def clock(life: Life, kind: str) -> Clock:
    return next(one for one in life.at.clocks.values() if one.kind == kind)


def breached(life: Life) -> list[str]:
    return [event.body.key for event in life.events if isinstance(event.body, ClockBreached)]


def climbed(life: Life) -> list[tuple[str, int]]:
    return [(event.body.key, event.body.step) for event in life.events if isinstance(event.body, OrderEscalated)]


def reply_again(life: Life) -> None:
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    life.do("audit", c.AuditReply(accepted=True))


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=1)])
def test_nothing_that_stands_still_is_breached_though_its_due_time_passes(left: timedelta) -> None:
    """A breach while the order is paused (glpi 24481): the due time passes in the middle of the pause."""
    life = working()
    due_at = clock(life, "due").due_at
    life.until(due_at - left)
    life.do("net", c.ReportProgress("nearly done"))
    life.do("net", c.RequestInfo("which street?", "call 1"))
    still = {one.key for one in life.at.clocks.values() if one.status is Ticking.PAUSED}
    assert "due/a1" in still
    life.until(due_at + timedelta(days=3))
    assert life.at.state is State.PENDING_INFO
    assert not still & set(breached(life))
    assert not life.at.overdue
    life.do("customer", c.SupplyInfo("Renmin Road"))
    assert clock(life, "due").due_at == life.terms.calendar.add(life.now, span(f"{left.total_seconds() / 60}wmin"))
    life.until(clock(life, "due").due_at)
    assert breached(life).count("due/a1") == 1


def test_what_was_answered_neither_warns_nor_is_breached_however_long_the_verdict_takes() -> None:
    """A clock keeps running although it was answered (zammad 3140)."""
    life = working()
    life.wait(hours=3)
    life.do("net", c.Reply(life.now, "Li", "mended", life.now))
    owed = {one.key for one in life.at.clocks.values() if one.unit == "GD.net"}
    assert owed
    assert {life.at.clocks[key].status for key in owed} == {Ticking.ANSWERED}
    came = life.wait(days=60)
    assert came, "those who give the verdict have limits of their own"
    assert not [event for event in came if getattr(event.body, "key", "") in owed]
    life.do("audit", c.AuditReply(accepted=True))
    assert not owed & set(life.at.clocks)
    assert not owed & set(breached(life))
    told = account(life.events, "due/a1", lambda digest: life.terms)
    assert told is not None
    assert (told.how, told.worked, told.late) == ("met", 180.0, None), "three hours, and not the auditor's sixty days"


@pytest.mark.parametrize("waited_before", [0, 5])
@pytest.mark.parametrize(
    ("asked", "told", "stood"),
    [
        ("2026-03-11 11:00", "2026-03-11 13:00", 120),
        ("2026-03-11 17:00", "2026-03-12 10:00", 120),  # one hour that evening, one in the morning
        ("2026-03-13 18:30", "2026-03-16 08:30", 0),  # from closing to opening, over a weekend
    ],
)
def test_time_on_hold_counts_from_the_hold_and_not_from_the_orders_creation(
    asked: str, told: str, stood: int, waited_before: int
) -> None:
    """Hold time added to the instant of creation (frappe/helpdesk PR 2449)."""
    life = Life(now=local("2026-03-10 10:00") - timedelta(days=waited_before))
    life.until(local("2026-03-10 10:00"))
    life.do("dispatcher", c.Dispatch("GD.net"))
    life.do("net", c.Sign())
    life.do("net", c.Contact("Li", "he has no signal"))
    before = clock(life, "due")
    life.until(local(asked))
    life.do("net", c.RequestInfo("which street?", "call 1"))
    life.until(local(told))
    life.do("customer", c.SupplyInfo("Renmin Road"))
    after = clock(life, "due")
    assert after.due_at == life.terms.calendar.add(before.due_at, span(f"{stood}wmin"))
    assert after.first_due_at == before.due_at


def test_hours_in_which_nobody_works_bring_no_breach() -> None:
    """Business hours ignored when a breach is judged (chatwoot PR 13392): one hour of work from 17:30 on a Friday."""
    life = Life(now=local("2026-03-06 17:30"), lead="GD.net", catalogue="1")
    assert clock(life, "sign").due_at == local("2026-03-09 09:30")
    life.until(local("2026-03-09 09:30") - timedelta(microseconds=1))
    assert "contact/a1" in breached(life), "24 hours by the clock of physics"
    assert "sign/a1" not in breached(life)
    life.until(local("2026-03-09 09:30"))
    assert breached(life)[-1] == "sign/a1"


def test_whether_a_limit_has_passed_is_the_same_from_every_zone() -> None:
    """An agent in another zone sees the wrong badge (frappe/helpdesk PR 3776)."""
    for zone in (SHANGHAI, "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        life = dispatched()
        at = clock(life, "contact").due_at
        life.until(at - timedelta(microseconds=1))
        assert due(life.at, life.now.astimezone(ZoneInfo(zone)), life.terms) == (), zone
        assert not [one for one in life.at.clocks.values() if one.kind == "contact" and one.status != Ticking.RUNNING]
        fired = due(life.at, at.astimezone(ZoneInfo(zone)), life.terms)
        assert [event.body.key for event in fired if isinstance(event.body, ClockBreached)] == ["contact/a1"], zone
        assert next_deadline(life.at) == at


def around_a_clock_change(step: str, start: datetime) -> list[datetime]:
    """When a ladder of four such steps climbs in New York, for a limit that passes one minute after `start`."""
    own = replace(
        terms("general"),
        calendars={"ny": always("America/New_York")},
        calendar_name="ny",
        places={},
        limits={"contact": "1min"},
        rules={"contact": "classes.general.contact"},
        warnings={},
        ladders={"steady": tuple(Step(step, level, "unit") for level in (1, 2, 3, 4))},
        chains={"contact": "steady"},
        grace=step,
    )
    life = Life(now=start, own=own, lead="GD.net", catalogue="1")
    life.wait(days=10)
    assert climbed(life) == [("contact/a1", number) for number in (1, 2, 3, 4)]
    return [event.at for event in life.events if isinstance(event.body, OrderEscalated)]


@pytest.mark.parametrize("night", [date(2026, 3, 8), date(2026, 11, 1)], ids=["forward", "back"])
def test_hourly_steps_stay_an_hour_apart_and_daily_ones_at_their_hour_when_the_clocks_change(night: date) -> None:
    """Hourly jobs shift at a daylight-saving change (ServiceNow KB0622072)."""
    begin = at_local(night, 0, "America/New_York")
    hours = around_a_clock_change("1h", begin)
    assert [at - begin for at in hours] == [timedelta(hours=count, minutes=1) for count in (1, 2, 3, 4)]
    days = around_a_clock_change("1d", begin - timedelta(hours=12))
    shown = [at.astimezone(NEW_YORK) for at in days]
    assert {(at.hour, at.minute) for at in shown} == {((begin - timedelta(hours=12)).astimezone(NEW_YORK).hour, 1)}
    assert [at.date() for at in shown] == [night + timedelta(days=count) for count in (0, 1, 2, 3)]
    assert days[0] - (begin - timedelta(hours=12, minutes=-1)) != timedelta(days=1), "that day was no 24 hours long"


# --- escalation -------------------------------------------------------------------------------------------------------


def test_no_level_repeats_and_every_ladder_ends() -> None:
    """A level repeats for ever (glpi 1996): nobody does anything for a year and a half."""
    life = dispatched("GD.bill")
    life.wait(days=500)
    steps = Counter(climbed(life))
    assert len(steps) > 10
    assert set(steps.values()) == {1}
    assert next_deadline(life.at) is None
    assert life.events[-1].at < MONDAY + timedelta(days=60)


def satisfied(life: Life) -> None:
    reply_again(life)
    callback = life.at.callback
    assert callback is not None
    life.until(callback.not_before or life.now)
    life.do("caller", HAPPY)


def ended_by_auditor(life: Life) -> None:
    life.do("net", c.RequestTermination("moved abroad"))
    life.do("audit", c.Terminate(True))


ENDINGS: dict[State, Callable[[Life], object]] = {
    State.CLOSED: satisfied,
    State.CANCELLED: lambda life: life.do("customer", c.Withdraw("recording 17")),
    State.TERMINATED: ended_by_auditor,
}


@pytest.mark.parametrize("state", ENDINGS)
def test_an_order_that_ends_in_the_middle_of_its_ladder_climbs_no_further(state: State) -> None:
    """A closed order escalates (znuny 200, zammad 904)."""
    life = working()
    life.until(clock(life, "due").due_at + timedelta(hours=3))
    life.until(next_deadline(life.at) or life.now)
    assert "due/a1" in breached(life)
    level = life.at.level
    ENDINGS[state](life)
    assert life.at.state is state
    after = life.wait(days=400)
    assert {event.type for event in after} <= {"ReopenWindowPassed"}
    assert life.at.level == level
    assert next_deadline(life.at) is None


@pytest.mark.parametrize("who", ["dispatcher", "province"])
def test_a_second_dispatch_never_makes_a_second_lead(who: str) -> None:
    """Two agents are assigned at once (zammad 3156)."""
    life = Life()
    life.do("dispatcher", c.Dispatch("GD.net"))
    if who == "dispatcher":
        with pytest.raises(errors.Refusal):
            life.do(who, c.Dispatch("GD.bill"))
    else:
        life.do(who, c.Dispatch("GD.bill"), reason="it is a matter of the bill")
    leads = [part for part in life.at.assignments if part.role is UnitRole.LEAD and part.status not in GONE]
    assert [part.unit for part in leads] == ["GD.net" if who == "dispatcher" else "GD.bill"]
    assert len([one for one in life.at.clocks.values() if one.kind == "due"]) == 1


# --- reopening --------------------------------------------------------------------------------------------------------


def test_the_time_for_which_an_order_was_closed_is_charged_to_nobody() -> None:
    """Reopening ignores the closed time (glpi PR 9267)."""
    life = closed()
    life.wait(days=9)
    life.do("customer", c.Reopen())
    reopened = life.now
    fresh = [one for one in life.at.clocks.values() if one.kind in ("due", "contact", "progress", "statutory")]
    assert {one.started_at for one in fresh} == {reopened}
    assert {one.worked for one in fresh} == {0.0}
    life.wait(hours=1)
    reply_again(life)
    (met,) = [
        change for event in life.events for change in event.clocks if change.key == "due/a2" and change.clock is None
    ]
    assert (met.change, met.worked) == ("met", 60.0)


def test_a_reopened_order_gets_a_due_time_of_its_own_and_breaches_by_it() -> None:
    """Reopening does not restart the clock (ServiceNow forum 3318195), or keeps the old due date (osTicket PR 5206)."""
    life = closed()
    old = [change.clock for event in life.events for change in event.clocks if change.key == "due/a1" and change.clock]
    life.wait(days=12)
    assert life.now > old[0].due_at
    life.do("customer", c.Reopen())
    due_at = clock(life, "due").due_at
    assert due_at == life.terms.calendar.add(life.now, span(life.terms.limits["due"])) > life.now
    assert not life.at.overdue
    life.until(due_at)
    assert [key for key in breached(life) if key.startswith("due/")] == ["due/a2"]


def test_the_time_of_closing_is_the_last_one() -> None:
    """The close time stays the first one (zammad 1937)."""
    life = closed()
    first = life.at.closed_at
    assert first == life.now
    life.wait(days=3)
    life.do("customer", c.Reopen())
    assert life.at.closed_at is None
    life.wait(hours=2)
    reply_again(life)
    life.do("caller", HAPPY)
    assert life.at.closed_at == life.now == life.events[-1].at
    assert life.rebuilt() == life.at


def shut(window: str) -> Life:
    """Closed under a policy that lets the customer reopen for so long; '' for not at all."""
    life = awaiting()
    limits = {kind: limit for kind, limit in life.terms.limits.items() if kind != "reopen"}
    life.terms = replace(life.terms, limits=limits | ({"reopen": window} if window else {}))
    life.do("caller", HAPPY)
    return life


def closing_words(life: Life) -> dict[str, Param]:
    """What the customer is told when his order closes, with the template's name."""
    event = next(event for event in reversed(life.events) if isinstance(event.body, OrderClosed))
    (notice,) = notices(life.at, life.at, event)
    return {"template": notice.template, **notice.params}


@pytest.mark.parametrize("window", ["15d", "7d", "36h", "3wd"])
def test_there_is_one_window_for_reopening_and_it_is_the_policys(window: str) -> None:
    """Three different reopen windows in one release (DIGIT 925, 1252): told, watched and enforced are the same."""
    life = shut(window)
    until = life.terms.calendar.add(life.now, span(window))
    assert clock(life, "reopen").due_at == until
    assert [event.body.reopen_until for event in life.events if isinstance(event.body, OrderClosed)] == [until]
    assert closing_words(life)["reopen_until"] == until
    late = shut(window)
    life.until(until - timedelta(microseconds=1))
    life.do("customer", c.Reopen())
    assert life.at.round == 2
    late.until(until)
    with pytest.raises(errors.WindowClosed):
        late.do("customer", c.Reopen())


def test_a_policy_that_forbids_reopening_is_obeyed_and_offers_none() -> None:
    """A setting that forbids follow-ups is ignored (zammad 2455, 643)."""
    life = shut("")
    assert closing_words(life)["template"] == "customer.ended"
    with pytest.raises(errors.WindowClosed):
        life.do("customer", c.Reopen())
    for body in (c.Urge("still nothing"), c.Attach("bill.pdf", "application/pdf", "a" * 64)):
        with pytest.raises(errors.NotAllowedNow):
            life.do("customer", body)
    assert life.at.state is State.CLOSED


def test_a_policy_without_rounds_allows_the_final_review_and_nothing_after_it() -> None:
    life = closed()
    life.terms = replace(life.terms, reopen_rounds=0)
    life.do("customer", c.Reopen())
    assert life.at.final_review
    life.do("hq", c.Dispatch("GD.net"))
    life.do("net", c.Sign())
    reply_again(life)
    life.do("caller", HAPPY)
    assert closing_words(life)["template"] == "customer.closed_finally"
    with pytest.raises(errors.AppealOnly):
        life.do("customer", c.Reopen())


# --- notices ----------------------------------------------------------------------------------------------------------


def test_a_warning_at_a_share_of_the_limit_waits_for_the_morning_where_the_policy_says_so() -> None:
    """Mail at midnight though the hours are 9 to 17 (zammad 4432): half of 15 days, from two in the afternoon."""
    found = {}
    for in_hours in (False, True):
        marks = (WarningMark(Colour.BLUE, percent=50, in_hours=in_hours),)
        life = Life(now=local("2026-03-03 14:00"), own=replace(terms("general"), warnings={"statutory": marks}))
        life.wait(days=12)
        found[in_hours] = [event.at for event in life.events if isinstance(event.body, ClockWarned)]
    assert found == {False: [local("2026-03-11 02:00")], True: [local("2026-03-11 09:00")]}
