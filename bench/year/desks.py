"""What the desks do in the simulated year: find a unit, decide, audit replies, call back, review, correct."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.year import habits, units, whistles
from bench.year.life import Life, Reaction
from bench.year.posts import asked_for, by_night, desk
from domain import commands as c
from domain.calling import first_call
from domain.model import OPEN, CallbackStatus, Colour, OrderClass, Part, Role, Satisfaction, State, UnitRole

MANAGER, DISPATCHER = Role.PROVINCE_MANAGER, Role.DISPATCHER
UNOWNED = (State.REGISTERED, State.TRIAGE)
TO_CALL = (CallbackStatus.PLANNED, CallbackStatus.DEFERRED, CallbackStatus.ATTEMPTING)


def registered(life: Life, body: Any) -> None:
    """What the catalogue did not dispatch is declined or dispatched by a person; now and then a whistle is blown."""
    if life.order.state is State.REGISTERED:
        if life.chance(habits.DECLINED / (1 - habits.BY_CATALOGUE)):
            life.plan(life.hours(0.5), _decline)
        life.plan(life.hours(0.2), dispatch, office=not by_night(life))
    whistles.may_be_asked_for(life)


def unowned(life: Life, body: Any) -> None:
    """An order that nobody has is to be dispatched."""
    if life.order.state is State.TRIAGE:
        life.plan(life.hours(0.6), dispatch, office=not by_night(life))


def dispatch(life: Life) -> None:
    """Name the next unit that has not had it, with the catalogue's co units."""
    order = life.order
    if order.state not in UNOWNED:
        return
    tried = [part.unit for part in order.assignments if part.role is UnitRole.LEAD]
    units = [f"{order.province}.{name}" for name in (life.category.lead, *life.category.co, "svc", "gov")]
    lead = next((unit for unit in units if unit not in tried), units[0])
    co = tuple(f"{order.province}.{name}" for name in life.category.co if f"{order.province}.{name}" != lead)
    role = DISPATCHER if order.returns < 2 else MANAGER
    life.do(desk(life, role), c.Dispatch(lead, co))


def answer_at_once(life: Life) -> None:
    """The agent answers on the spot."""
    if life.order.state is State.REGISTERED:
        life.do(desk(life, Role.AGENT), c.AnswerAtOnce("told on the spot"))


def _decline(life: Life) -> None:
    if life.order.state is State.REGISTERED:
        life.do(desk(life, Role.TEAM_LEAD), c.Decline(life.luck.choice(life.terms.decline_grounds), "elsewhere"))


def return_requested(life: Life, body: Any) -> None:
    """A return is to be decided."""
    life.plan(life.hours(habits.DECIDE), decide_return, office=not by_night(life))


def decide_return(life: Life) -> None:
    """Uphold or deny a return; the last one is the manager's."""
    order = life.order
    if any(part.status is Part.RETURN_REQUESTED for part in order.assignments):
        final = order.returns + 1 >= life.terms.returns_per_order
        actor = desk(life, MANAGER) if final else life.actor(f"{order.province}-dispatcher-2", DISPATCHER)
        life.do(actor, c.DecideReturn(life.chance(habits.RETURN_UPHELD)))


def deciding(kind: str, median: float) -> Reaction:
    """The reaction to a request of this kind: somebody means to decide it."""

    def react(life: Life, body: Any) -> None:
        life.plan(life.hours(median), DECIDE[kind], office=not by_night(life))

    return react


def decide_extension(life: Life) -> None:
    """Grant or deny more time."""
    if asked_for(life, "extension") and life.order.state is State.IN_PROGRESS:
        life.do(desk(life, MANAGER), c.DecideExtension(life.chance(habits.EXTENSION_GRANTED)))


def decide_ledger(life: Life) -> None:
    """Approve or deny a ledgered plan."""
    if asked_for(life, "ledger") and life.order.state is State.IN_PROGRESS:
        life.do(desk(life, MANAGER), c.DecideLedger(life.chance(habits.LEDGER_APPROVED)))


def decide_termination(life: Life) -> None:
    """Approve or deny an end without a result."""
    if asked_for(life, "termination") and life.order.state is State.IN_PROGRESS:
        life.do(desk(life, Role.REPLY_AUDITOR), c.Terminate(life.chance(habits.TERMINATION_APPROVED)))


DECIDE: dict[str, Callable[[Life], None]] = {
    "extension": decide_extension,
    "ledger": decide_ledger,
    "termination": decide_termination,
}


def replied(life: Life, body: Any) -> None:
    """A reply is to be audited."""
    life.plan(life.hours(habits.AUDIT), audit, office=not by_night(life))


def audit(life: Life) -> None:
    """Accept the reply or send it back."""
    if life.order.state is State.REPLIED:
        life.do(desk(life, Role.REPLY_AUDITOR), c.AuditReply(not life.chance(habits.SENT_BACK)))


def call_planned(life: Life, body: Any) -> None:
    """Somebody means to call the customer, or the customer to answer the message."""
    callback = life.order.callback
    if callback is None:
        return
    if callback.status is CallbackStatus.SMS_SENT:
        _message_sent(life)
        return
    begin = max(life.now, callback.not_before or life.now)
    at = begin + timedelta(minutes=life.luck.random() * 240)
    if life.chance(habits.LOOKS_AT_THE_CLOCK):
        at = first_call(at, life.order.customer.zone, life.terms)
    life.plan_at(at, call)


def _message_sent(life: Life) -> None:
    callback = life.order.callback
    if callback is not None and life.chance(habits.RATES_BY_SMS):
        life.plan_at(max(life.now, callback.not_before or life.now) + life.hours(3), _rate_by_sms)


def call(life: Life) -> None:
    """One attempt; outside the customer's hours the caller waits for their next opening, as he is told."""
    order, callback = life.order, life.order.callback
    if callback is None or callback.status not in TO_CALL or order.state not in OPEN:
        return
    recent = tuple(at for at in callback.attempts if life.now - at < timedelta(days=1))
    luck = life.luck.random()
    if luck < habits.REFUSES:
        said = c.RecordCallback("refused", why="no time", recent=recent)
    elif luck < habits.REFUSES + habits.REACHED:
        solved = life.chance(habits.SOLVED) and not callback.expiry
        said = c.RecordCallback("reached", True, solved, _verdict(life, solved), "as it is", recent)
    else:
        said = c.RecordCallback("no_answer", recent=recent)
    if not life.do(desk(life, Role.CALLBACK_AGENT), said):
        life.plan(timedelta(hours=13), call)


def recorded(life: Life, body: Any) -> None:
    """A customer who is not content is looked into."""
    callback = life.order.callback
    if callback is not None and callback.status is CallbackStatus.UNDER_REVIEW:
        life.plan(life.hours(3), review)


def review(life: Life) -> None:
    """Rework it, or close it explained."""
    callback = life.order.callback
    if callback is not None and callback.status is CallbackStatus.UNDER_REVIEW:
        life.do(desk(life, MANAGER), c.ReviewCallback(life.chance(habits.REWORKED), "looked into"))


def _verdict(life: Life, solved: bool) -> Satisfaction:
    share = habits.SATISFIED if solved else 0.1
    if life.chance(share):
        return Satisfaction.SATISFIED
    return Satisfaction.BASICALLY if life.chance(0.5) else Satisfaction.DISSATISFIED


def _rate_by_sms(life: Life) -> None:
    callback = life.order.callback
    if (
        life.order.state is State.AWAITING_CALLBACK
        and callback is not None
        and callback.status is CallbackStatus.SMS_SENT
    ):
        solved = life.chance(habits.SOLVED)
        life.do(life.customer, c.RateBySms(solved, _verdict(life, solved), "as it is"))


def next_round(life: Life, body: Any) -> None:
    """The same lead works on, or a unit is to be found."""
    lead = life.order.lead
    if lead is None:
        unowned(life, body)
    else:
        units.begin_work(life, lead)


def retime(life: Life) -> None:
    """The desk corrects what the order is taken for; its limits follow."""
    order, luck, world = life.order, life.luck, life.world
    if order.state not in OPEN:
        return
    kind = luck.randrange(4)
    if kind == 0:
        priority = luck.choice(("low", "high", "critical"))
        body: c.Body = c.Reprioritise(priority, world.terms_for(order, priority=priority))
    elif kind == 1:
        order_class = luck.choice(tuple(OrderClass))
        body = c.Retier(order_class, terms=world.terms_for(order, order_class=order_class))
    elif kind == 2:
        tier = world.tiers(luck)
        body = c.Retier(tier=tier, terms=world.terms_for(order, tier=tier))
    else:
        category = world.categories(luck).name
        body = c.Relabel(category, world.terms_for(order, category=category))
    life.do(desk(life, Role.TEAM_LEAD if kind else DISPATCHER), body)


def supervise(life: Life) -> None:
    """A supervisor takes it under his eyes."""
    if life.order.state in OPEN:
        life.do(desk(life, MANAGER), c.Supervise(Colour.YELLOW, "see to it"))
