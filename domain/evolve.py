"""What each event makes of an order: `evolve(order, event)`, a table from event type to function, and nothing else.

No rule is checked here: what is in the ledger has happened. Everything an event needs stands in it, so a state is
rebuilt without policy, calendar or clock.
"""

from __future__ import annotations

from typing import Any

from domain import events as e
from domain.evolve_whistle import WHISTLES, Apply, handled
from domain.model import (
    COLOUR_RANK,
    Assignment,
    Calling,
    Colour,
    Order,
    Outcome,
    Part,
    Request,
    State,
    UnitRole,
)
from domain.records import replace


def evolve(order: Order | None, event: e.Event) -> Order:
    """The order after the event; raises ValueError when the event is not the next one."""
    body = event.body
    if isinstance(body, e.OrderRegistered):
        if order is not None or event.seq != 1:
            raise ValueError(f"order {body.order_id} is registered twice")
        after = _registered(body, event)
    else:
        if order is None or event.seq != order.seq + 1:
            raise ValueError(f"event {event.seq} {event.type} does not follow {order.seq if order else 0}")
        apply = APPLY.get(type(body))
        after = apply(order, body, event) if apply else order
    clocks = after.clocks
    if event.clocks:
        clocks = dict(clocks)
        for change in event.clocks:
            if change.clock is None:
                clocks.pop(change.key, None)
            else:
                clocks[change.key] = change.clock
    return replace(after, seq=event.seq, clocks=clocks)


def _registered(body: e.OrderRegistered, event: e.Event) -> Order:
    return Order(
        id=body.order_id,
        seq=0,
        state=State.REGISTERED,
        order_class=body.order_class,
        category=body.category,
        title=body.title,
        province=body.province,
        channel=body.channel,
        customer=body.customer,
        terms=body.terms,
        policy_version=event.policy_version,
        registered_at=event.at,
        registered_by=event.actor.id,
        area=body.area,
        rehearsal=body.rehearsal,
    )


def _to(state: State) -> Apply:
    return lambda order, body, event: replace(order, state=state)


def part_of(order: Order, assignment: str) -> Assignment:
    """The assignment with that id; raises KeyError."""
    for part in order.assignments:
        if part.id == assignment:
            return part
    raise KeyError(assignment)


def _with_part(order: Order, assignment: str, **changes: Any) -> Order:
    return replace(
        order,
        assignments=tuple(replace(part, **changes) if part.id == assignment else part for part in order.assignments),
    )


def _answered(order: Order, body: e.OrderAnswered, event: e.Event) -> Order:
    return replace(handled(order, event), state=State.AWAITING_CALLBACK)


def _declined(order: Order, body: e.OrderDeclined, event: e.Event) -> Order:
    return _over(order, State.NOT_ACCEPTED, Outcome.DECLINED, event)


def _over(order: Order, state: State, outcome: Outcome, event: e.Event) -> Order:
    return replace(order, state=state, outcome=outcome, closed_at=event.at, over=True, requests=(), callback=None)


def _info_required(order: Order, body: e.InformationRequired, event: e.Event) -> Order:
    return replace(order, state=State.PENDING_INFO, resume=order.state, infos=order.infos + 1)


def _info_done(order: Order, body: e.InformationSupplied | e.InformationLapsed, event: e.Event) -> Order:
    return replace(order, state=body.to, resume=None)


def _triage(order: Order, body: e.TriageOpened, event: e.Event) -> Order:
    return replace(order, state=State.TRIAGE, assignments=_withdrawn(order.assignments))


def _withdrawn(parts: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    final = (Part.ACCEPTED, Part.RETURN_UPHELD, Part.WITHDRAWN)
    return tuple(part if part.status in final else replace(part, status=Part.WITHDRAWN) for part in parts)


def _dispatched(order: Order, body: e.OrderDispatched, event: e.Event) -> Order:
    return replace(
        order,
        state=State.DISPATCHED,
        hop=body.hop,
        dispatched_by=event.actor.id,
        requests=(),
        assignments=(*_withdrawn(order.assignments), *body.assignments),
    )


def _signed(order: Order, body: e.AssignmentSigned, event: e.Event) -> Order:
    part = part_of(order, body.assignment)
    signed = _with_part(order, part.id, status=Part.SIGNED, signed_at=event.at, auto_signed=body.auto)
    if part.role is not UnitRole.LEAD:
        return signed
    if order.state is State.PENDING_INFO:
        return replace(signed, resume=State.IN_PROGRESS)
    return replace(signed, state=State.IN_PROGRESS if order.state is State.DISPATCHED else order.state)


def _contacted(order: Order, body: e.CustomerContacted, event: e.Event) -> Order:
    part = part_of(order, body.assignment)
    status = Part.WORKING if part.status is Part.SIGNED else part.status
    return handled(
        _with_part(order, part.id, contacted_at=part.contacted_at or event.at, status=status),
        event,
    )


def _return_requested(order: Order, body: e.ReturnRequested, event: e.Event) -> Order:
    part = part_of(order, body.assignment)
    return _with_part(
        order,
        part.id,
        status=Part.RETURN_REQUESTED,
        status_before_return=part.status.value,
        return_asked_by=event.actor.id,
    )


def _return_upheld(order: Order, body: e.ReturnUpheld, event: e.Event) -> Order:
    returned = _with_part(order, body.assignment, status=Part.RETURN_UPHELD)
    return replace(
        returned,
        returns=order.returns + 1,
        state=State.TRIAGE,
        assignments=_withdrawn(returned.assignments),
        requests=(),
    )


def _return_denied(order: Order, body: e.ReturnDenied, event: e.Event) -> Order:
    part = part_of(order, body.assignment)
    return replace(
        _with_part(order, part.id, status=Part(part.status_before_return), designated=True),
        returns=order.returns + 1,
    )


def _asked(kind: str) -> Apply:
    def apply(order: Order, body: Any, event: e.Event) -> Order:
        request = Request(
            kind=kind,
            by=event.actor.id,
            unit=event.actor.unit,
            at=event.at,
            until=getattr(body, "until", None),
            text=getattr(body, "plan", "") or getattr(body, "ground", ""),
        )
        return replace(order, requests=(*order.requests, request))

    return apply


def _answered_request(order: Order, kind: str) -> Order:
    return replace(order, requests=tuple(request for request in order.requests if request.kind != kind))


def _extension_granted(order: Order, body: e.ExtensionGranted, event: e.Event) -> Order:
    return replace(_answered_request(order, "extension"), extensions=order.extensions + 1)


def _ledgered(order: Order, body: e.OrderLedgered, event: e.Event) -> Order:
    return replace(order, state=State.LEDGERED, ledgered=True, requests=())


def _part_submitted(order: Order, body: e.PartSubmitted, event: e.Event) -> Order:
    return handled(_with_part(order, body.assignment, status=Part.SUBMITTED), event)


def _replied(order: Order, body: e.ReplySubmitted, event: e.Event) -> Order:
    replied = _with_part(order, body.assignment, status=Part.SUBMITTED)
    return replace(handled(replied, event), state=State.REPLIED, requests=())


def _reply_accepted(order: Order, body: e.ReplyAccepted, event: e.Event) -> Order:
    return replace(
        order,
        state=State.AWAITING_CALLBACK,
        audited_by=event.actor.id,
        callback=body.callback,
        assignments=tuple(
            replace(part, status=Part.ACCEPTED) if part.status is Part.SUBMITTED else part
            for part in _withdrawn_unfinished(order.assignments)
        ),
    )


def _withdrawn_unfinished(parts: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    live = (Part.OFFERED, Part.SIGNED, Part.WORKING, Part.RETURN_REQUESTED)
    return tuple(replace(part, status=Part.WITHDRAWN) if part.status in live else part for part in parts)


def _sent_back(order: Order, body: e.ReplySentBack, event: e.Event) -> Order:
    lead = order.lead
    back = _with_part(order, lead.id, status=Part.WORKING) if lead else order
    return replace(back, state=State.IN_PROGRESS, audited_by="")


def _callback(order: Order, **changes: Any) -> Order:
    return replace(order, callback=replace(order.callback, **changes)) if order.callback else order


def _callback_planned(order: Order, body: e.CallbackPlanned, event: e.Event) -> Order:
    return replace(order, callback=body.callback)


def _attempted(order: Order, body: e.CallbackAttempted, event: e.Event) -> Order:
    attempts = (*order.callback.attempts, event.at) if order.callback else ()
    status = Calling.ATTEMPTING
    if body.exhausted:
        status = Calling.SMS_SENT if body.sms_until else Calling.LAPSED
    changed = _callback(order, attempts=attempts, status=status, not_before=body.not_before, moved_from=body.moved_from)
    return replace(changed, called_by=event.actor.id)


def _callback_recorded(order: Order, body: e.CallbackRecorded, event: e.Event) -> Order:
    expiry = order.callback is not None and order.callback.expiry
    status = Calling.REFUSED if body.refused else Calling.COMPLETED
    if body.unhappy and not expiry:
        status = Calling.UNDER_REVIEW
    recorded = _callback(order, status=status, solved=body.solved, satisfaction=body.satisfaction)
    return recorded if body.by_sms else replace(recorded, called_by=event.actor.id)


def _rating_lapsed(order: Order, body: e.RatingLapsed, event: e.Event) -> Order:
    return _callback(order, status=Calling.LAPSED)


def _next_round(order: Order, number: int, part: Assignment | None) -> Order:
    kept = _withdrawn(order.assignments)
    return replace(
        order,
        round=number,
        outcome=None,
        closed_at=None,
        callback=None,
        audited_by="",
        called_by="",
        colour=Colour.NONE,
        extensions=0,
        infos=0,
        requests=(),
        assignments=(*kept, part) if part else kept,
    )


def _reworked(order: Order, body: e.OrderReworked, event: e.Event) -> Order:
    return replace(_next_round(order, body.round, body.assignment), state=body.to, reworks=order.reworks + 1)


def _closed(order: Order, body: e.OrderClosed, event: e.Event) -> Order:
    return replace(
        order,
        state=State.CLOSED,
        outcome=body.outcome,
        closed_at=event.at,
        over=body.appeal_notice,
        requests=(),
    )


def _window_passed(order: Order, body: e.ReopenWindowPassed, event: e.Event) -> Order:
    return replace(order, over=True)


def _reopened(order: Order, body: e.OrderReopened, event: e.Event) -> Order:
    return replace(
        _next_round(order, body.round, body.assignment),
        state=body.to,
        reopens=order.reopens + 1,
        final_review=body.final_review,
        over=False,
    )


def _urged(order: Order, body: e.OrderUrged, event: e.Event) -> Order:
    return replace(order, urges=body.number, contacts=order.contacts + 1)


def _coloured(order: Order, colour: Colour) -> Colour:
    return max(order.colour, colour, key=COLOUR_RANK.__getitem__)


def _supervised(order: Order, body: e.OrderSupervised | e.ClockWarned, event: e.Event) -> Order:
    return replace(order, colour=_coloured(order, body.colour))


def _escalated(order: Order, body: e.OrderEscalated, event: e.Event) -> Order:
    return replace(order, level=max(order.level, body.level), colour=_coloured(order, body.colour))


def _under(body: Any, order: Order) -> Order:
    """The order under the terms that the event names."""
    return replace(order, terms=body.terms or order.terms)


def _retiered(order: Order, body: e.OrderRetiered, event: e.Event) -> Order:
    customer = replace(order.customer, tier=body.tier)
    return _under(body, replace(order, order_class=body.order_class, customer=customer))


def _counted(field: str) -> Apply:
    return lambda order, body, event: replace(order, **{field: getattr(order, field) + 1})


APPLY: dict[type[Any], Apply] = {
    e.OrderAnswered: _answered,
    e.OrderDeclined: _declined,
    e.InformationRequired: _info_required,
    e.InformationSupplied: _info_done,
    e.InformationLapsed: _info_done,
    e.TriageOpened: _triage,
    e.OrderDispatched: _dispatched,
    e.AssignmentSigned: _signed,
    e.CustomerContacted: _contacted,
    e.ReturnRequested: _return_requested,
    e.ReturnUpheld: _return_upheld,
    e.ReturnDenied: _return_denied,
    e.ExtensionRequested: _asked("extension"),
    e.ExtensionGranted: _extension_granted,
    e.ExtensionDenied: lambda order, body, event: _answered_request(order, "extension"),
    e.LedgeringProposed: _asked("ledger"),
    e.OrderLedgered: _ledgered,
    e.LedgeringDenied: lambda order, body, event: _answered_request(order, "ledger"),
    e.LedgerSettled: _to(State.IN_PROGRESS),
    e.PartSubmitted: _part_submitted,
    e.PartExplained: lambda order, body, event: _with_part(order, body.assignment, explained=True),
    e.ReplySubmitted: _replied,
    e.ReplyAccepted: _reply_accepted,
    e.ReplySentBack: _sent_back,
    e.CallbackPlanned: _callback_planned,
    e.CallbackAttempted: _attempted,
    e.CallbackRecorded: _callback_recorded,
    e.RatingLapsed: _rating_lapsed,
    e.OrderReworked: _reworked,
    e.OrderClosed: _closed,
    e.ReopenWindowPassed: _window_passed,
    e.TerminationRequested: _asked("termination"),
    e.TerminationDenied: lambda order, body, event: _answered_request(order, "termination"),
    e.OrderTerminated: lambda order, body, event: _over(order, State.TERMINATED, Outcome.TERMINATED, event),
    e.OrderWithdrawn: lambda order, body, event: _over(order, State.CANCELLED, Outcome.WITHDRAWN, event),
    e.OrderReopened: _reopened,
    e.OrderUrged: _urged,
    e.OrderSupervised: _supervised,
    e.OrderEscalated: _escalated,
    e.ClockWarned: _supervised,
    e.NoteAdded: _counted("notes"),
    e.DocumentAttached: _counted("attachments"),
    e.OrderRelabelled: lambda order, body, event: _under(body, replace(order, category=body.category)),
    e.OrderReprioritised: lambda order, body, event: _under(body, replace(order, priority=body.priority)),
    e.OrderRetiered: _retiered,
    e.PolicyMigrated: lambda order, body, event: _under(body, replace(order, policy_version=body.version)),
    **WHISTLES,
}
"""Events that are absent change nothing but clocks: progress, breaches, dead ends."""
