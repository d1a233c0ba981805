"""Random commands and time against the real policy: the invariants hold whatever anybody does, and whenever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.messages import decode, encode, from_row, to_row
from domain import commands as c
from domain import history_events
from domain.errors import Refusal
from domain.events import EVENTS, Event
from domain.model import (
    OPEN,
    Colour,
    Order,
    OrderClass,
    Part,
    Presence,
    Rating,
    Role,
    Satisfaction,
    State,
    Ticking,
    UnitRole,
    WhistleKind,
)
from domain.order import evolve, next_deadline
from domain.transitions import BY_STATE, MEETS, TIME
from tests.domain.lives import PEOPLE, Life, awaiting, closed, dispatched, replied, working

UNITS = ("GD.net", "GD.bill", "GD.mkt", "GD.it")
WHISTLING = (
    "decide_whistle", "answer_whistle", "contact_whistle", "report_in", "finish_part", "excuse", "dispose",
    "verify_whistle", "rate_attendance", "appeal_rating", "decide_appeal", "review_whistle",
)  # fmt: skip
SIDE = (
    "withdraw", "decline", "note", "attach", "relabel", "reprioritise", "retier", "migrate_policy", "urge", "escalate",
    "supervise",
)  # fmt: skip
"""Verbs that end a life or move nothing: chosen less often, so that lives are long."""


def bodies(life: Life, luck: Random) -> dict[str, Callable[[], Any]]:
    """A body for every command, mostly sensible, now and then not."""
    order = life.at

    def text() -> str:
        return luck.choice(["done", "修好了", "ok", "mended"]) if luck.random() < 0.95 else ""

    def yes() -> bool:
        return luck.random() < 0.6

    def unit() -> str:
        return luck.choice(UNITS)

    def units(most: int) -> tuple[str, ...]:
        return tuple(luck.sample(UNITS, luck.randint(0, most)))

    def later() -> datetime:
        return life.now + timedelta(hours=luck.choice([-1, 1, 12, 24, 72, 140]))

    def after_due() -> datetime:
        due = [clock.due_at for clock in order.clocks.values() if clock.kind == "due"]
        return due[0] + timedelta(hours=luck.choice([1, 4, 12])) if due else later()

    def whistle() -> str:
        return luck.choice([one.id for one in order.whistles] or ["w9"])

    def rating() -> Rating:
        return Rating(*(luck.randint(1, 5) for _ in range(3)), result=luck.choice([1, 5, 5, 6]))

    def satisfaction() -> Satisfaction:
        return luck.choice(list(Satisfaction))

    matters = [*life.terms.whistle_matters, "weather"]
    grounds = [*life.terms.decline_grounds, "mood"]
    return {
        "answer_at_once": lambda: c.AnswerAtOnce(text()),
        "decline": lambda: c.Decline(luck.choice(grounds), text()),
        "request_info": lambda: c.RequestInfo(text(), text()),
        "supply_info": lambda: c.SupplyInfo(text()),
        "triage": c.Triage,
        "dispatch": lambda: c.Dispatch(unit(), units(1), units(1), yes()),
        "sign": c.Sign,
        "contact": lambda: c.Contact(text(), text()),
        "request_return": lambda: c.RequestReturn(text(), unit()),
        "decide_return": lambda: c.DecideReturn(yes()),
        "extend": lambda: c.Extend(after_due()),
        "decide_extension": lambda: c.DecideExtension(yes()),
        "ledger": lambda: c.Ledger(text(), later()),
        "decide_ledger": lambda: c.DecideLedger(yes()),
        "settle": lambda: c.Settle(text()),
        "report_progress": lambda: c.ReportProgress(text()),
        "submit_part": lambda: c.SubmitPart(text()),
        "explain_part": lambda: c.ExplainPart(unit()),
        "reply": lambda: c.Reply(life.now - timedelta(hours=luck.choice([0, 0, 0, -1])), text(), text(), life.now),
        "audit_reply": lambda: c.AuditReply(yes()),
        "record_callback": lambda: c.RecordCallback(
            luck.choice(["reached", "no_answer", "no_answer", "refused", "dreamt"]),
            yes(),
            yes(),
            satisfaction(),
            text(),
        ),
        "rate_by_sms": lambda: c.RateBySms(yes(), satisfaction(), text()),
        "review_callback": lambda: c.ReviewCallback(yes(), text()),
        "request_termination": lambda: c.RequestTermination(text()),
        "terminate": lambda: c.Terminate(yes()),
        "withdraw": lambda: c.Withdraw(text()),
        "reopen": lambda: c.Reopen(luck.random() < 0.2),
        "urge": lambda: c.Urge(text()),
        "supervise": lambda: c.Supervise(luck.choice(list(Colour)), text()),
        "escalate": lambda: c.Escalate(luck.randint(0, 6)),
        "note": lambda: c.Note(text()),
        "attach": lambda: c.Attach(text(), "text/plain", luck.choice(["a" * 64, "short"])),
        "relabel": lambda: c.Relabel(text()),
        "reprioritise": lambda: c.Reprioritise(luck.choice(["low", "high", "never"])),
        "retier": lambda: c.Retier(luck.choice([None, *OrderClass]), luck.choice(["", "normal", "gold", "diamond"])),
        "migrate_policy": lambda: c.MigratePolicy(luck.choice([life.at.policy_version, ""])),
        "request_whistle": lambda: c.RequestWhistle(luck.choice(list(WhistleKind)), luck.choice(matters), units(3)),
        "decide_whistle": lambda: c.DecideWhistle(whistle(), luck.random() < 0.9),
        "review_whistle": lambda: c.ReviewWhistle(whistle(), yes()),
        "answer_whistle": lambda: c.AnswerWhistle(whistle()),
        "contact_whistle": lambda: c.ContactWhistle(whistle(), text()),
        "report_in": lambda: c.ReportIn(whistle(), text()),
        "finish_part": lambda: c.FinishPart(whistle(), text()),
        "excuse": lambda: c.Excuse(whistle(), unit(), text()),
        "dispose": lambda: c.Dispose(whistle(), text()),
        "verify_whistle": lambda: c.VerifyWhistle(whistle(), yes()),
        "rate_attendance": lambda: c.RateAttendance(whistle(), unit(), rating()),
        "appeal_rating": lambda: c.AppealRating(whistle(), text()),
        "decide_appeal": lambda: c.DecideAppeal(whistle(), unit(), rating() if yes() else None),
    }


BROUGHT_BY_TIME = {
    "AssignmentSigned": "sign",
    "InformationLapsed": "info",
    "CallbackPlanned": "due",
    "RatingLapsed": "rating",
    "ReopenWindowPassed": "reopen",
    "DepartmentAbsent": "whistle_report_in",
}
"""Events of the system's own, and the limit in `TIME` that brings each."""


class Anything(RuleBasedStateMachine):
    """One order, anybody, any command, any waiting."""

    life: Life

    @initialize(
        order_class=st.sampled_from(OrderClass),
        lead=st.sampled_from(["", "GD.net"]),
        co=st.sampled_from([(), ("GD.bill",)]),
        station=st.integers(0, 5),
    )
    def register(self, order_class: OrderClass, lead: str, co: tuple[str, ...], station: int) -> None:
        """Lives begin at different stations, so that the later ones are visited as often as the first."""
        if station == 0 or not lead:
            self.life = Life(order_class.value, lead=lead, co=co if lead else (), catalogue="1" if lead else "")
        else:
            begin = (dispatched, working, replied, awaiting, closed)[station - 1]
            self.life = begin(order_class=order_class.value)

    @rule(seed=st.integers(0, 2**32))
    def commands(self, seed: int) -> None:
        """A few commands by whoever fits, chosen by a seed: mostly what the table admits, sometimes anything at all."""
        luck = Random(seed)
        for _ in range(luck.randint(1, 12)):
            if luck.random() < 0.2:
                self.life.wait(hours=luck.choice([0.1, 0.5, 2.1, 13]))
            self._command(luck)

    def _command(self, luck: Random) -> None:
        before = self.life.at
        strategies = bodies(self.life, luck)
        admitted = sorted(verb for state, verb in BY_STATE if state is before.state)
        moving = [verb for verb in admitted if verb not in SIDE]
        wild = not admitted or luck.random() < 0.05
        verb = luck.choice(sorted(strategies) if wild else moving if luck.random() < 0.85 and moving else admitted)
        row = BY_STATE.get((before.state, verb))
        fitting = sorted(who for who, actor in PEOPLE.items() if row and actor.role in row.roles)
        if "net" in fitting and before.lead and luck.random() < 0.6:
            fitting = [before.lead.unit.removeprefix("GD.")]
        if before.whistles and not wild and luck.random() < 0.5:
            verb, fitting = self._about_a_whistle(before, luck, admitted)
            row = BY_STATE.get((before.state, verb))
        who = luck.choice(sorted(PEOPLE) if wild or not fitting else fitting)
        count, snapshot = len(self.life.events), encode(before)
        try:
            self.life.do(who, strategies[verb](), reason=luck.choice(["because", "because", "because", ""]))
        except Refusal:
            assert encode(self.life.at) == snapshot
            assert len(self.life.events) == count
            return
        assert row is not None
        assert PEOPLE[who].role in row.roles
        assert self.life.at.state in (row.to or (before.state,))
        self._judge(before, self.life.events[count:])

    @staticmethod
    def _about_a_whistle(order: Order, luck: Random, admitted: list[str]) -> tuple[str, list[str]]:
        """A verb of the whistle's life and those whom it concerns."""
        whistle = luck.choice(order.whistles)
        verb = luck.choice([verb for verb in admitted if verb in WHISTLING] or admitted)
        row = BY_STATE[(order.state, verb)]
        concerned = [one.unit for one in whistle.attendances] if verb != "dispose" else [whistle.lead]
        units = row.roles[0] is Role.UNIT_MEMBER
        return verb, sorted(
            who for who, actor in PEOPLE.items() if (actor.unit in concerned if units else actor.role in row.roles)
        )

    @rule(hours=st.sampled_from([1, 1, 1, 24, 24, 80, 400]))
    def wait(self, hours: float) -> None:
        before, count = self.life.at, len(self.life.events)
        may = {to for row in TIME for to in row.to} | {before.state}
        self.life.wait(hours=hours)
        assert self.life.at.state in may
        self._judge(before, self.life.events[count:])

    @precondition(lambda self: self.life.at.state is State.CLOSED)
    @rule()
    def sit_still(self) -> None:
        self.life.wait(hours=500)
        assert self.life.at.over

    def _judge(self, before: Order, came: list[Event]) -> None:
        order = before
        SEEN.update(event.type for event in came)
        for event in came:
            was, order = order, evolve(order, event)
            self._closed_only_by_the_customer(was, order, event)
            self._customer_clock_kept(was, order, event)
            self._time_keeps_to_its_table(was, event)
            assert event.actor.id
            assert event.policy_version
            if event.type in ("ClockBreached", "DepartmentAbsent"):
                assert event.at >= event.body.due_at, "nothing fires early"
            assert from_row(decode(encode(to_row(order.id, event)), type(to_row(order.id, event)))) == event

    @staticmethod
    def _time_keeps_to_its_table(was: Order, event: Event) -> None:
        kind = BROUGHT_BY_TIME.get(event.type)
        if event.actor.role is not Role.SYSTEM or kind is None:
            return
        if event.type != "CallbackPlanned" or event.body.callback.expiry:
            assert any(row.kind == kind and was.state in row.states for row in TIME), (kind, was.state)

    @staticmethod
    def _closed_only_by_the_customer(was: Order, order: Order, event: Event) -> None:
        """Invariant 6."""
        if order.state is State.CLOSED and was.state is not State.CLOSED:
            assert was.callback is not None
            assert was.callback.status in ("completed", "refused", "lapsed", "under_review")

    @staticmethod
    def _customer_clock_kept(was: Order, order: Order, event: Event) -> None:
        """Invariants 1 and 2: the statutory clock is never paused, moved or started anew inside a round."""
        before = {key: clock.due_at for key, clock in was.clocks.items() if clock.kind == "statutory"}
        after = {key: clock.due_at for key, clock in order.clocks.items() if clock.kind == "statutory"}
        for key, due_at in after.items():
            assert before.get(key, due_at) == due_at
            assert order.clocks[key].status != "paused"
        assert set(after) == set(before) or event.type in (
            "OrderRegistered", "OrderClosed", "OrderReopened", "OrderDeclined", "OrderWithdrawn", "OrderTerminated",
        )  # fmt: skip

    def teardown(self) -> None:
        """The events alone give the state, also after a passage through JSON."""
        if hasattr(self, "life"):
            assert self.life.rebuilt() == self.life.at
            assert decode(encode(self.life.at), Order) == self.life.at
            assert [event.seq for event in self.life.events] == list(range(1, len(self.life.events) + 1))
            marks = [
                (change.key, change.change, change.clock.step if change.clock else None)
                for event in self.life.events
                for change in event.clocks
                if change.change in ("warned", "breached", "climbed", "dead_end", "expired")
            ]
            extended = any(event.type in ("ExtensionGranted", "OrderLedgered") for event in self.life.events)
            assert extended or len(marks) == len(set(marks))

    @invariant()
    def exactly_one_lead_and_caps(self) -> None:
        """Invariants 3 and 5."""
        if not hasattr(self, "life"):
            return
        order = self.life.at
        live = [
            part
            for part in order.assignments
            if part.role is UnitRole.LEAD and part.status not in (Part.RETURN_UPHELD, Part.WITHDRAWN, Part.ACCEPTED)
        ]
        assert len(live) <= 1
        if order.state in (State.DISPATCHED, State.IN_PROGRESS, State.LEDGERED, State.REPLIED):
            assert len(live) == 1
        assert order.returns <= self.life.terms.returns_per_order
        asked = [part.unit for part in order.assignments if part.return_asked_by]
        assert all(asked.count(unit) <= self.life.terms.returns_per_unit for unit in asked)

    @invariant()
    def duties_are_different_people(self) -> None:
        """Invariant 4."""
        if hasattr(self, "life"):
            order = self.life.at
            assert not {order.audited_by, order.called_by} & set(order.handlers)
            assert not order.audited_by or order.audited_by != order.called_by

    @invariant()
    def nothing_sleeps_silently(self) -> None:
        """Invariant 9: an open order always has a running clock, or its alarm was raised."""
        if hasattr(self, "life"):
            order = self.life.at
            if order.state in OPEN:
                assert order.clocks, f"{order.state} with no clock at all"
                awaited = next_deadline(order) is not None
                assert awaited or "DeadEndRaised" in self.life.types()
            elif order.state is not State.CLOSED:
                assert not order.clocks
                assert order.over

    @invariant()
    def a_ticking_clock_can_be_met_by_somebody(self) -> None:
        if hasattr(self, "life"):
            order = self.life.at
            for clock in order.clocks.values():
                hidden = (
                    clock.status is Ticking.BREACHED and order.state is State.PENDING_INFO
                )  # no pause undoes a breach
                if clock.kind != "statutory" and clock.status in (Ticking.RUNNING, Ticking.BREACHED) and not hidden:
                    assert any((order.state, verb) in BY_STATE for verb in MEETS[clock.kind]), (order.state, clock)

    @invariant()
    def nobody_absent_is_rated_present(self) -> None:
        if hasattr(self, "life"):
            for whistle in self.life.at.whistles:
                for one in whistle.attendances:
                    if one.status in (Presence.REPORTED_IN, Presence.DONE):
                        assert one.reported_in_at is not None

    @invariant()
    def roles_of_staff_stay_out_of_the_system(self) -> None:
        if hasattr(self, "life"):
            assert all(event.actor.role is not Role.SYSTEM or event.actor.id == "system" for event in self.life.events)


Anything.TestCase.settings = settings(
    max_examples=1000,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


class TestAnything(Anything.TestCase):  # type: ignore[misc]
    """The machine, and the proof that its walk comes round everywhere."""


SEEN: Counter[str] = Counter()


def test_the_walk_visits_every_event_but_a_few() -> None:
    """The machine would prove little if every order were refused at the door; it registers and never imports."""
    reachable = {name for name, kind in EVENTS.items() if kind.__module__ != history_events.__name__}
    assert len(reachable - set(SEEN)) <= 10, sorted(reachable - set(SEEN))
