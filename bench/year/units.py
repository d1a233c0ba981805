"""What handling units do in the simulated year: sign, speak to the customer, work, return, ask for more time, reply."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bench.year import habits, whistles
from bench.year.life import Life
from bench.year.posts import by_night, lead_of, member, part_of, slow
from domain import commands as c
from domain.model import OPEN, Assignment, Part, State, UnitRole

WORKING = (State.IN_PROGRESS,)
OWING = (Part.OFFERED, Part.SIGNED, Part.WORKING)


def dispatched(life: Life, body: Any) -> None:
    """Each unit that owes something means to sign, but for those that forget."""
    for part in body.assignments:
        if part.role is not UnitRole.COPY and not life.chance(habits.NEVER_SIGNS):
            life.plan(slow(life, part.unit, habits.SIGN), sign, part.id, office=not by_night(life))


def sign(life: Life, assignment: str) -> None:
    """Sign, if that is still to be done."""
    part = part_of(life, assignment)
    if part is not None and part.status is Part.OFFERED and life.order.state in OPEN:
        life.do(member(life, part.unit), c.Sign())


def signed(life: Life, body: Any) -> None:
    """A co unit works on its part; the lead begins, and thinks of what else it could do."""
    part = part_of(life, body.assignment)
    if part is None:
        return
    office, work = not by_night(life), habits.WORK[life.order.order_class]
    if part.role is UnitRole.CO:
        if not life.chance(habits.NEVER_HANDS_IN):
            life.plan(slow(life, part.unit, work * habits.CO_WORK), hand_in, part.id, office=office)
        return
    begin_work(life, part)
    if life.chance(habits.RETURNS):
        life.plan(slow(life, part.unit, 1.0), _return, part.id, office=office)
    if life.chance(habits.ASKS_CUSTOMER):
        life.plan(slow(life, part.unit, work / 3), _ask_customer, office=office)
    if life.chance(habits.LEDGERS):
        life.plan(slow(life, part.unit, work / 2), _ledger)
    if life.chance(habits.TERMINATES):
        life.plan(slow(life, part.unit, work / 2), _ask_termination)


def begin_work(life: Life, part: Assignment) -> None:
    """The lead begins: it speaks to the customer, works, and replies."""
    office, work = not by_night(life), habits.WORK[life.order.order_class]
    if not life.chance(habits.NEVER_CALLS):
        length = slow(life, part.unit, habits.CONTACT)
        if by_night(life):
            life.plan(length, contact, part.id, office=False)
        else:
            life.plan_by_day(length, contact, part.id)
    if not life.chance(habits.NEVER_REPLIES):
        length = slow(life, part.unit, work)
        life.plan(length, reply, office=office)
        if life.chance(habits.EXTENDS):
            life.plan(length * 0.6, _extend, office=office)


def told(life: Life, body: Any) -> None:
    """The lead has spoken to the customer, and means to do so again."""
    lead = life.order.lead
    if lead is None or getattr(body, "assignment", lead.id) != lead.id or life.chance(habits.FORGETS_TO_TELL):
        return
    length = timedelta(hours=habits.TELLS_EVERY[life.order.order_class] * (0.7 + 0.4 * life.luck.random()))
    if by_night(life):
        life.plan(length, report_progress, office=False)
    else:
        life.plan_by_day(length, report_progress)


def contact(life: Life, assignment: str) -> None:
    """Speak to the customer for the first time."""
    part = part_of(life, assignment)
    if part is not None and part.contacted_at is None and life.order.state in OPEN:
        if part.status is Part.OFFERED:
            sign(life, assignment)
        life.do(member(life, part.unit), c.Contact("the customer", "heard him out"))


def report_progress(life: Life) -> None:
    """A word to the customer."""
    actor = lead_of(life, State.DISPATCHED, State.IN_PROGRESS, State.LEDGERED, State.PENDING_INFO)
    if actor is not None:
        life.do(actor, c.ReportProgress("on the way"))


def hand_in(life: Life, assignment: str) -> None:
    """A co unit's part is in."""
    part = part_of(life, assignment)
    if part is not None and life.order.state in (State.DISPATCHED, State.IN_PROGRESS, State.LEDGERED):
        if part.status is Part.OFFERED:
            sign(life, assignment)
        life.do(member(life, part.unit), c.SubmitPart("done"))


def reply(life: Life) -> None:
    """The reply, once it is possible; what stands in its way is seen to first."""
    order = life.order
    if order.state is State.LEDGERED:
        _settle(life)
    elif order.state is State.DISPATCHED and order.lead is not None:
        sign(life, order.lead.id)
    actor = lead_of(life, *WORKING)
    if actor is None:
        return
    if any(part.status is Part.RETURN_REQUESTED for part in order.assignments) or whistles.pending(life):
        life.plan(life.hours(8), reply)
        return
    for part in order.assignments:
        owes = part.role is UnitRole.CO and part.status in (Part.OFFERED, Part.SIGNED, Part.WORKING)
        if owes and not part.explained:
            if life.chance(0.5):  # it waits another while for the part
                life.plan(life.hours(10), reply)
                return
            life.do(actor, c.ExplainPart(part.unit))
    life.do(actor, c.Reply(order.registered_at, "the customer", "mended", life.now))


def _return(life: Life, assignment: str) -> None:
    part = part_of(life, assignment)
    if part is not None and life.order.state in (State.DISPATCHED, State.IN_PROGRESS) and not part.designated:
        life.do(member(life, part.unit), c.RequestReturn("clause 4", f"{life.order.province}.gov"))


def _ask_customer(life: Life) -> None:
    actor = lead_of(life, *WORKING)
    if actor is not None:
        life.do(actor, c.RequestInfo("which line is it?", "call 17"))


def _extend(life: Life) -> None:
    actor, lead = lead_of(life, *WORKING), life.order.lead
    if actor is None or lead is None:
        return
    due = life.order.clocks.get(f"due/{lead.id}")
    if due is not None and life.now < due.due_at and life.terms.limit("extension") is not None:
        life.do(actor, c.Extend(due.due_at + timedelta(hours=12)))


def _ledger(life: Life) -> None:
    actor, lead = lead_of(life, *WORKING), life.order.lead
    due = life.order.clocks.get(f"due/{lead.id}") if lead else None
    if actor is not None and due is not None and life.now < due.due_at:
        life.do(actor, c.Ledger("a mast in May", life.now + timedelta(days=life.luck.randint(10, 90))))


def ledgered(life: Life, body: Any) -> None:
    """The ledgered matter is settled around its date."""
    life.plan((body.until - life.now) * (0.5 + 0.6 * life.luck.random()), _settle)


def _settle(life: Life) -> None:
    actor = lead_of(life, State.LEDGERED)
    if actor is not None:
        life.do(actor, c.Settle("the mast stands"))


def settled(life: Life, body: Any) -> None:
    """What can go on is answered soon."""
    life.plan(life.hours(12), reply)


def _ask_termination(life: Life) -> None:
    actor = lead_of(life, *WORKING)
    if actor is not None:
        life.do(actor, c.RequestTermination("the line is no longer his"))


def sent_back(life: Life, body: Any) -> None:
    """The reply is written again."""
    life.plan(life.hours(6), reply, office=not by_night(life))


def informed(life: Life, body: Any) -> None:
    """The customer's answer, or his silence, lets the work go on."""
    lead = life.order.lead
    if lead is not None:
        life.plan(slow(life, lead.unit, habits.WORK[life.order.order_class] / 3), reply, office=not by_night(life))


def return_denied(life: Life, body: Any) -> None:
    """The unit keeps the order and signs."""
    part = part_of(life, body.assignment)
    if part is not None and part.status is Part.OFFERED:
        life.plan(slow(life, part.unit, habits.SIGN), sign, part.id)
