"""What people do when something has happened: the table from event to reaction, the customer, and the ladder's reach.

A deed looks first whether it is still called for, as a person would who opens the order before acting.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bench.year import desks, habits, units, whistles
from bench.year.judge import Judge
from bench.year.life import Deed, Life, Reaction
from bench.year.posts import by_night
from domain import commands as c
from domain import events as e
from domain.model import OPEN, Customer, Role, State

SKIPPING = {"12345": Role.REGULATOR, "regulator": Role.REGULATOR, "headquarters": Role.AGENT, "media": Role.AGENT}
"""Who registers what comes by a channel that skips levels."""


def begin(life: Life) -> None:
    """The complaint comes in, mostly dispatched by the catalogue in the same step."""
    world, luck = life.world, life.luck
    province, tier, channel = world.provinces(luck), world.tiers(luck), world.channels(luck)
    category = life.category = world.categories(luck)
    area = "rural" if life.chance(habits.RURAL) else ""
    zone = habits.ZONES.get(province, "Asia/Shanghai")
    life.terms = world.terms(category.order_class, tier, province, area, category.name)
    life.judge = Judge(life.terms, zone)
    life.customer = life.actor("customer", Role.CUSTOMER)
    at_once = life.chance(habits.ANSWERED_AT_ONCE.get(category.order_class, 0.0))
    catalogue = not at_once and life.chance(habits.BY_CATALOGUE)
    units = [f"{province}.{name}" for name in (category.lead, *category.co, *category.copy)]
    parts = 1 + len(category.co)
    register = c.Register(
        order_id=f"Y{life.number}",
        title=category.name,
        text="as told",
        category=category.name,
        order_class=category.order_class,
        province=province,
        channel=channel,
        customer=Customer("customer", f"139{life.number:08d}", zone=zone, tier=tier),
        area=area,
        lead=units[0] if catalogue else "",
        co=tuple(units[1:parts]) if catalogue else (),
        copy=tuple(units[parts:]) if catalogue else (),
        catalogue=category.name if catalogue else "",
    )
    who = SKIPPING.get(channel, Role.CHANNEL if channel == "app" else Role.AGENT)
    life.do(life.actor("regulator" if who is Role.REGULATOR else f"{province}-agent", who, f"{province}.svc"), register)
    if at_once:
        life.plan(timedelta(minutes=3), desks.answer_at_once, office=False)
    if life.chance(habits.URGES):
        life.plan(life.hours(30), urge, office=False)
    if life.chance(habits.WITHDRAWS):
        life.plan(life.hours(20), _withdraw, office=False)
    if life.chance(habits.SUPERVISED):
        life.plan(life.hours(30), desks.supervise)
    if life.chance(habits.RETIMED):
        life.plan(life.hours(6), desks.retime)


def _asked(life: Life, body: Any) -> None:
    if life.chance(habits.CUSTOMER_ANSWERS):
        life.plan(life.hours(6), _supply_info, office=False)


def _supply_info(life: Life) -> None:
    if life.order.state is State.PENDING_INFO:
        life.do(life.customer, c.SupplyInfo("the second one"))


def _closed(life: Life, body: Any) -> None:
    if life.chance(habits.REOPENED):
        life.plan(life.hours(60), _reopen, office=False)


def _reopen(life: Life) -> None:
    if life.order.state is State.CLOSED and not life.order.over:
        life.do(life.customer, c.Reopen(conference=life.chance(0.2)))


def _withdraw(life: Life) -> None:
    if life.order.state in OPEN:
        life.do(life.customer, c.Withdraw("recording 3"))


def urge(life: Life) -> None:
    """The customer presses."""
    if life.order.state in OPEN:
        life.do(life.customer, c.Urge("how much longer?"))


def _urged(life: Life, body: Any) -> None:
    if life.chance(habits.URGES * 2):
        life.plan(life.hours(20), urge, office=False)


def _escalated(life: Life, body: Any) -> None:
    key: str = body.key
    if key and life.chance(habits.HEEDS_LADDER):
        _made_to(life, key)


def _alarmed(life: Life, body: Any) -> None:
    if life.chance(habits.HEEDS_ALARM):
        _made_to(life, body.key)


def _made_to(life: Life, key: str) -> None:
    """Somebody above sees to it that what is owed gets done."""
    kind, *subject = key.split("/")
    if kind == "statutory":
        kind = OWED.get(life.order.state, "due")
    if kind.startswith("whistle") or kind == "appeal_decision":
        whistles.made_to(life, kind, subject)
    elif kind in DUTIES:
        deed, named = DUTIES[kind]
        life.plan(life.hours(2), deed, *(subject[:1] if named else ()), office=not by_night(life))


OWED = {
    State.REGISTERED: "dispatch",
    State.TRIAGE: "dispatch",
    State.REPLIED: "reply_audit",
    State.AWAITING_CALLBACK: "callback",
}
"""What is owed to the customer first, where his own limit passes."""

DUTIES: dict[str, tuple[Deed, bool]] = {
    "dispatch": (desks.dispatch, False),
    "sign": (units.sign, True),
    "contact": (units.contact, True),
    "due": (units.reply, False),
    "co_due": (units.hand_in, True),
    "progress": (units.report_progress, False),
    "return_decision": (desks.decide_return, False),
    "extension_decision": (desks.decide_extension, False),
    "ledger_decision": (desks.decide_ledger, False),
    "termination_decision": (desks.decide_termination, False),
    "reply_audit": (desks.audit, False),
    "callback": (desks.call, False),
    "callback_review": (desks.review, False),
}
"""The deed that meets a clock of each kind, and whether it is about the assignment in the clock's key."""

REACTIONS: dict[type[Any], Reaction] = {
    e.OrderRegistered: desks.registered,
    e.TriageOpened: desks.unowned,
    e.OrderDispatched: units.dispatched,
    e.AssignmentSigned: units.signed,
    e.CustomerContacted: units.told,
    e.ProgressReported: units.told,
    e.ReturnRequested: desks.return_requested,
    e.ReturnUpheld: desks.unowned,
    e.ReturnDenied: units.return_denied,
    e.InformationRequired: _asked,
    e.InformationSupplied: units.informed,
    e.InformationLapsed: units.informed,
    e.ExtensionRequested: desks.deciding("extension", habits.DECIDE),
    e.LedgeringProposed: desks.deciding("ledger", habits.DECIDE),
    e.OrderLedgered: units.ledgered,
    e.LedgerSettled: units.settled,
    e.TerminationRequested: desks.deciding("termination", habits.DECIDE),
    e.ReplySubmitted: desks.replied,
    e.ReplySentBack: units.sent_back,
    e.ReplyAccepted: desks.call_planned,
    e.CallbackPlanned: desks.call_planned,
    e.CallbackAttempted: desks.call_planned,
    e.CallbackRecorded: desks.recorded,
    e.OrderClosed: _closed,
    e.OrderReopened: desks.next_round,
    e.OrderReworked: desks.next_round,
    e.OrderUrged: _urged,
    e.OrderEscalated: _escalated,
    e.DeadEndRaised: _alarmed,
    **whistles.REACTIONS,
}
"""What people do upon each event; upon the others they do nothing that they had not meant to do before."""
