"""A unit's part: sign, contact, return, extend, ledger, report progress, hand in, reply, and the audit of the reply.

Each rule is one function `(scribe, command)`; the table has already admitted the state and the role.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain import clocks, errors
from domain import commands as c
from domain import events as e
from domain.callback import planned_callback
from domain.clocks import gone, met, of_kind, start
from domain.duties import DECISIONS, all_part_clocks, dispatch_clock, progress_clock
from domain.events import ClockChange
from domain.model import Assignment, Blow, Clock, Order, Part, Request, Role, State, Ticking, UnitRole
from domain.policy import Terms
from domain.records import replace
from domain.scribe import Scribe, required


def sign(scribe: Scribe, command: c.Sign) -> None:
    """The lead's signature moves the order into work; a co unit's only its own part."""
    part = scribe.own_part(UnitRole.LEAD, UnitRole.CO)
    if part.status is not Part.OFFERED:
        raise errors.AlreadyPending(f"{part.unit} has signed already", state=scribe.order.state)
    scribe.emit(e.AssignmentSigned(part.id), met(scribe.order, "sign", part.id))


def _seen(scribe: Scribe, part: Assignment) -> None:
    """Refuse what comes before the unit has signed; raises NotAllowedNow."""
    if part.status is Part.OFFERED:
        raise errors.NotAllowedNow(f"{part.unit} has not signed yet", state=scribe.order.state, remedy="sign first")


def contact(scribe: Scribe, command: c.Contact) -> None:
    """A contact record meets the first-contact clock and counts as word to the customer."""
    required(command.spoke_to, "spoke_to", "whom you spoke to")
    required(command.summary, "summary", "what was said")
    part = scribe.own_part(UnitRole.LEAD, UnitRole.CO)
    _seen(scribe, part)
    scribe.emit(
        e.CustomerContacted(part.id, command.spoke_to, command.summary, command.record),
        met(scribe.order, "contact", part.id),
        _progressed(scribe, part),
    )


def report_progress(scribe: Scribe, command: c.ReportProgress) -> None:
    """Word to the customer; the next limit for it starts."""
    required(command.text, "text", "what the customer shall read")
    part = scribe.own_part(UnitRole.LEAD, UnitRole.CO)
    scribe.emit(e.ProgressReported(command.text), _progressed(scribe, part))


def _progressed(scribe: Scribe, part: Assignment) -> tuple[ClockChange | None, ...]:
    if part.role is not UnitRole.LEAD or scribe.order.state is State.REPLIED:
        return ()
    return (*met(scribe.order, "progress", part.id), progress_clock(scribe, part))


def request_return(scribe: Scribe, command: c.RequestReturn) -> None:
    """Not mine: within the window, at most once a unit and twice an order, never when designated (invariant 3)."""
    required(command.clause, "clause", "the clause of the dispatch catalogue")
    required(command.suggested_unit, "suggested_unit", "the unit that should have it")
    order, terms = scribe.order, scribe.terms
    part = scribe.lead_part()
    if part.designated:
        raise errors.Designated(f"{part.unit} is designated and keeps the order", state=order.state)
    not_returning(scribe)
    if command.suggested_unit == part.unit:
        raise errors.InvalidField("suggested_unit is the returning unit", field="suggested_unit", state=order.state)
    window = clocks.limit("return_window", part.dispatched_at, terms, part.unit)
    if window is None:
        raise errors.CapReached(f"{order.order_class} orders may not be returned", state=order.state)
    if scribe.now > window:
        raise errors.TooLate(f"a return had to be asked by {errors.not_after(window)}", state=order.state)
    earlier = sum(1 for past in order.assignments if past.unit == part.unit and past.return_asked_by)
    if earlier >= terms.returns_per_unit or order.returns >= terms.returns_per_order:
        raise errors.CapReached("the returns of this unit or order are used up", state=order.state)
    scribe.emit(
        e.ReturnRequested(part.id, command.clause, command.suggested_unit),
        met(order, "sign", part.id),
        start("return_decision", part.id, "", scribe.now, terms),
    )


def decide_return(scribe: Scribe, command: c.DecideReturn) -> None:
    """Another person decides; the order's second return is decided by a third party and is final."""
    order = scribe.order
    part = next((one for one in order.assignments if one.status is Part.RETURN_REQUESTED), None)
    if part is None:
        raise errors.UnknownSubject("no return waits for a decision", state=order.state)
    scribe.other_than((part.return_asked_by,), "the decision on a return")
    final = order.returns + 1 >= scribe.terms.returns_per_order
    if final:
        if scribe.actor.role is Role.DISPATCHER:
            raise errors.RoleForbidden(
                "the second return is decided by a third party",
                field="actor.role",
                state=order.state,
                remedy="ask the province service manager or above",
            )
        scribe.other_than((order.dispatched_by,), "the decision on the second return")
    if not command.upheld:
        unsigned = part.status_before_return == Part.OFFERED
        again = start("sign", f"{part.id}/{order.seq + 1}", part.unit, scribe.now, scribe.terms) if unsigned else None
        scribe.emit(e.ReturnDenied(part.id), met(order, "return_decision", part.id), again)
        return
    scribe.emit(
        e.ReturnUpheld(part.id, final),
        all_part_clocks(order, met=("return_decision",)),
        dispatch_clock(scribe),
    )


def not_returning(scribe: Scribe) -> None:
    """Refuse while a return waits for its decision; raises AlreadyPending."""
    if any(part.status is Part.RETURN_REQUESTED for part in scribe.order.assignments):
        raise errors.AlreadyPending("a return waits for its decision", state=scribe.order.state)


def only_one(order: Order, kind: str) -> None:
    """Refuse a second request of a kind while one waits; raises AlreadyPending."""
    if any(request.kind == kind for request in order.requests):
        raise errors.AlreadyPending(f"a request for {kind} waits for its decision", state=order.state)


def pending(scribe: Scribe, kind: str) -> Request:
    """The request that waits for a decision by another person; raises UnknownSubject or SamePerson."""
    for request in scribe.order.requests:
        if request.kind == kind:
            scribe.other_than((request.by,), f"the decision on a request for {kind}")
            return request
    raise errors.UnknownSubject(f"no request for {kind} waits for a decision", state=scribe.order.state)


def decision_clock(scribe: Scribe, kind: str, part: Assignment) -> ClockChange | None:
    """The limit for deciding on what this part's unit has just asked for: an extension, a ledgering, a termination."""
    return start(f"{kind}_decision", f"{part.id}/{scribe.order.seq + 1}", "", scribe.now, scribe.terms)


def decisions_end(order: Order, met: str = "") -> tuple[ClockChange, ...]:
    """The end of all limits for decisions: the kind `met` is met, what else was asked is no longer asked."""
    return tuple(
        change for kind in DECISIONS for change in gone(of_kind(order, kind), "met" if kind == met else "cancelled")
    )


def _in_time(scribe: Scribe, part: Assignment, what: str, done: str = "asked") -> Clock:
    """The part's due clock, not yet passed: what moves a due time comes before it (invariant 2); raises TooLate."""
    due = of_kind(scribe.order, "due", part.id)
    if not due or due[0].status is Ticking.BREACHED or scribe.now >= due[0].due_at:
        raise errors.TooLate(
            f"{what} must be {done} before the due time",
            state=scribe.order.state,
            remedy="reply, and say why it is late" if done == "asked" else "deny it: the miss stays on record",
        )
    return due[0]


def _moved(scribe: Scribe, part: Assignment, until: datetime) -> tuple[ClockChange | None, ...]:
    due = of_kind(scribe.order, "due", part.id)
    if any(clock.status is Ticking.BREACHED for clock in due):
        subject = f"{part.id}/{scribe.order.seq + 1}"
        plan = start("due", subject, part.unit, scribe.now, scribe.terms, due=until, rule="ledger plan")
        assert plan is not None
        assert plan.clock is not None
        return (replace(plan, clock=replace(plan.clock, extended=True)),)
    return tuple(clocks.extended(clock, until, scribe.now, scribe.terms) for clock in due)


def latest_extension(order: Order, due: Clock, terms: Terms) -> datetime | None:
    """The latest due time (UTC) that may be asked for instead of that one, None where the policy knows no extension."""
    latest = clocks.limit("extension", due.due_at, terms, due.unit)
    statutory = of_kind(order, "statutory")
    return min(latest, statutory[0].due_at) if latest is not None and statutory else latest


def extend(scribe: Scribe, command: c.Extend) -> None:
    """Asked before the due time, within the policy's most, never past the statutory one (invariant 2)."""
    order, terms = scribe.order, scribe.terms
    part = scribe.lead_part()
    only_one(order, "extension")
    due = _in_time(scribe, part, "an extension")
    latest = latest_extension(order, due, terms)
    if latest is None or order.extensions >= terms.extensions:
        raise errors.CapReached("this order may not be extended (again)", state=order.state)
    if not due.due_at < command.until <= latest:
        raise errors.InvalidField(
            "until is not between the present due time and the latest allowed",
            field="until",
            state=order.state,
            remedy=f"choose a time after {errors.not_before(due.due_at)} and up to {errors.not_after(latest)}",
        )
    scribe.emit(e.ExtensionRequested(part.id, command.until), decision_clock(scribe, "extension", part))


def decide_extension(scribe: Scribe, command: c.DecideExtension) -> None:
    """Granted, the due time moves and the first stays on record."""
    request = pending(scribe, "extension")
    lead = scribe.order.lead
    if lead is None or request.until is None:
        raise errors.UnknownSubject("the lead is gone", state=scribe.order.state)
    if not command.granted:
        scribe.emit(e.ExtensionDenied(lead.id), met(scribe.order, "extension_decision"))
        return
    _in_time(scribe, lead, "an extension", "granted")
    scribe.emit(
        e.ExtensionGranted(lead.id, request.until),
        met(scribe.order, "extension_decision"),
        _moved(scribe, lead, request.until),
    )


def ledger(scribe: Scribe, command: c.Ledger) -> None:
    """Cannot be solved now: a plan with its date, for a manager to approve."""
    required(command.plan, "plan", "what will be done, and when")
    only_one(scribe.order, "ledger")
    part = scribe.lead_part()
    _in_time(scribe, part, "ledgering")
    latest = clocks.limit("ledger", scribe.now, scribe.terms, part.unit)
    if latest is None:
        raise errors.CapReached("this order may not be ledgered", state=scribe.order.state)
    if not scribe.now < command.until <= latest:
        raise errors.InvalidField(
            "until is not between now and the longest that the policy allows",
            field="until",
            state=scribe.order.state,
            remedy=f"give the plan's date, up to {errors.not_after(latest)}",
        )
    scribe.emit(e.LedgeringProposed(command.plan, command.until), decision_clock(scribe, "ledger", part))


def decide_ledger(scribe: Scribe, command: c.DecideLedger) -> None:
    """Approved, the due time moves to the plan's date; the customer's statutory clock does not.

    A due time that has passed meanwhile stays a miss, and the plan's date becomes a limit of its own.
    """
    request = pending(scribe, "ledger")
    lead = scribe.order.lead
    if not command.approved or lead is None or request.until is None:
        scribe.emit(e.LedgeringDenied(), met(scribe.order, "ledger_decision"))
        return
    not_returning(scribe)
    if request.until <= scribe.now:
        raise errors.TooLate(
            "the plan's own date has passed",
            state=scribe.order.state,
            remedy="deny it, and have a new plan proposed if there is still time",
        )
    scribe.emit(
        e.OrderLedgered(request.text, request.until),
        decisions_end(scribe.order, met="ledger_decision"),
        _moved(scribe, lead, request.until),
    )


def settle(scribe: Scribe, command: c.Settle) -> None:
    """The ledgered matter goes on: due as if dispatched now, and not later than the plan's date."""
    required(command.result, "result", "what became possible")
    part = scribe.lead_part()
    sooner = tuple(
        change
        for clock in of_kind(scribe.order, "due", part.id)
        if (change := clocks.begun_anew(clock, scribe.now, scribe.terms)) is not None
    )
    scribe.emit(e.LedgerSettled(command.result), sooner)


def submit_part(scribe: Scribe, command: c.SubmitPart) -> None:
    """A co unit's part is in."""
    required(command.done, "done", "what the unit did")
    part = scribe.own_part(UnitRole.CO)
    if part.status is Part.SUBMITTED:
        raise errors.AlreadyPending("the part is in already", state=scribe.order.state)
    _seen(scribe, part)
    scribe.emit(e.PartSubmitted(part.id, command.done), met(scribe.order, "co_due", part.id))


def explain_part(scribe: Scribe, command: c.ExplainPart) -> None:
    """The lead goes on without a late co part; the co unit's clock goes on against the co unit."""
    scribe.lead_part()
    for part in scribe.order.assignments:
        if part.unit == command.unit and part.role is UnitRole.CO and _owes(part):
            scribe.emit(e.PartExplained(part.id))
            return
    raise errors.UnknownSubject(f"{command.unit} owes no part", field="unit", state=scribe.order.state)


def _owes(part: Assignment) -> bool:
    return part.status in (Part.OFFERED, Part.SIGNED, Part.WORKING) and not part.explained


def reply(scribe: Scribe, command: c.Reply) -> None:
    """The four elements, once every co part is in or explained and every summoned department has finished."""
    order = scribe.order
    part = scribe.lead_part()
    required(command.spoke_to, "spoke_to", "who was spoken to")
    required(command.done, "done", "what was done")
    # Times are typed to the minute.
    if not order.registered_at - timedelta(minutes=1) < command.received_at <= scribe.now:
        raise errors.InvalidField(
            "received_at does not lie between the registration and now",
            field="received_at",
            state=order.state,
            remedy=f"give a time from {errors.not_after(order.registered_at)} to {errors.not_after(scribe.now)}",
        )
    if command.done_by < command.received_at:
        raise errors.InvalidField("done_by lies before received_at", field="done_by", state=order.state)
    not_returning(scribe)
    owing = [one.unit for one in order.assignments if one.role is UnitRole.CO and _owes(one)]
    if owing:
        raise errors.PartOpen(
            "parts are neither in nor explained: " + ", ".join(owing),
            state=order.state,
            remedy="wait for them, or explain each with explain_part",
        )
    if any(one.status in (Blow.REQUESTED, Blow.BLOWN, Blow.JOINT_HANDLING, Blow.DISPOSED) for one in order.whistles):
        raise errors.WhistleOpen(
            "a whistle is still open",
            state=order.state,
            remedy="finish the joint handling, dispose and have it verified; absent units are excused by a manager",
        )
    pending_due = tuple(clock for clock in of_kind(order, "due", part.id))
    scribe.emit(
        e.ReplySubmitted(part.id, command.received_at, command.spoke_to, command.done, command.done_by),
        clocks.answered(pending_due, scribe.now),
        met(order, "progress", part.id),
        met(order, "target", part.id),
        decisions_end(order),
        start("reply_audit", f"{part.id}/{order.seq + 1}", "", scribe.now, scribe.terms),
    )


def audit_reply(scribe: Scribe, command: c.AuditReply) -> None:
    """Never by the handler; sent back, the due time stays as it was."""
    order = scribe.order
    scribe.other_than(order.handlers, "the reply auditor")
    lead = order.lead
    if lead is None:
        raise errors.UnknownSubject("the lead is gone", state=order.state)
    if command.accepted:
        callback, starts = planned_callback(scribe)
        scribe.emit(
            e.ReplyAccepted(callback),
            met(order, "reply_audit", lead.id),
            all_part_clocks(order, met=("due",)),
            clocks.answered(of_kind(order, "statutory"), scribe.now),
            gone(of_kind(order, "callback"), "cancelled"),
            starts,
        )
        return
    if not scribe.reason.strip():
        raise errors.ReasonRequired("a reply is sent back with a reason", field="reason", state=order.state)
    scribe.emit(
        e.ReplySentBack(),
        met(order, "reply_audit", lead.id),
        clocks.resumed(of_kind(order, "due", lead.id), scribe.now, scribe.terms),
        progress_clock(scribe, lead),
    )
