"""What each event makes of an order: `evolve(order, event)`, a table from event type to function, and nothing else.

No rule is checked here: what is in the ledger has happened. Everything an event needs stands in it, so a state is
rebuilt without policy, calendar or clock. The functions name the fields that their event changes; all of one event go
into the order at once, with its number and its clocks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain import events as e
from domain.evolve_whistle import WHISTLES, Apply, Changes, handled
from domain.model import (
    COLOUR_RANK,
    Assignment,
    CallbackStatus,
    Clock,
    Colour,
    Order,
    Outcome,
    Part,
    Request,
    Role,
    State,
    UnitRole,
)
from domain.records import replace

FOR_A_UNIT = (Role.UNIT_MEMBER, Role.UNIT_HEAD)
"""Whoever does anything to an order in these roles has handled it, and may not judge it afterwards."""


def evolve(order: Order | None, event: e.Event) -> Order:
    """The order after the event; raises ValueError when the event is not the next one."""
    body = event.body
    if isinstance(body, e.OrderRegistered | e.OrderImported):
        if order is not None or event.seq != 1:
            raise ValueError(f"order {body.order_id} is registered twice")
        return _registered(body, event) if isinstance(body, e.OrderRegistered) else _imported(body, event)
    if order is None or event.seq != order.seq + 1:
        raise ValueError(f"event {event.seq} {event.type} does not follow {order.seq if order else 0}")
    apply = APPLY.get(type(body))
    changes = apply(order, body, event) if apply else {}
    if event.actor.role in FOR_A_UNIT:
        changes = {**changes, **handled(order, event)}
    return replace(order, seq=event.seq, clocks=_ticking(order.clocks, event), **changes)


def _ticking(clocks: dict[str, Clock], event: e.Event) -> dict[str, Clock]:
    """The clocks after the event; the same ones when it changes none, for no order changes its own."""
    if not event.clocks:
        return clocks
    after = dict(clocks)
    for change in event.clocks:
        if change.clock is None:
            after.pop(change.key, None)
        else:
            after[change.key] = change.clock
    return after


def _registered(body: e.OrderRegistered, event: e.Event) -> Order:
    return replace(_begun(body, event, event.at), against=body.against, rehearsal=body.rehearsal)


def _imported(body: e.OrderImported, event: e.Event) -> Order:
    return replace(_begun(body, event, body.registered_at), imported=f"{body.system}/{body.case}")


def _begun(body: e.OrderRegistered | e.OrderImported, event: e.Event, registered_at: datetime) -> Order:
    return Order(
        id=body.order_id,
        seq=event.seq,
        state=State.REGISTERED,
        order_class=body.order_class,
        category=body.category,
        title=body.title,
        province=body.province,
        channel=body.channel,
        customer=body.customer,
        terms=body.terms,
        policy_version=event.policy_version,
        registered_at=registered_at,
        registered_by=event.actor.id,
        area=body.area,
        clocks=_ticking({}, event),
    )


def _step_imported(order: Order, body: e.StepImported, event: e.Event) -> Changes:
    """As that system tells it: who worked for it there has no duties here, so nobody is among the handlers."""
    return {
        "state": body.state,
        "reopens": order.reopens + body.reopened,
        "round": order.round + body.reopened,
        "hop": order.hop + (body.moved or (not order.hop and bool(body.unit))),
    }


def _history_ended(order: Order, body: e.HistoryEnded, event: e.Event) -> Changes:
    return {"outcome": body.outcome, "closed_at": body.closed_at, "over": True}


def _to(state: State) -> Apply:
    return lambda order, body, event: {"state": state}


def part_of(order: Order, assignment: str) -> Assignment:
    """The assignment with that id; raises KeyError."""
    for part in order.assignments:
        if part.id == assignment:
            return part
    raise KeyError(assignment)


def _with_part(order: Order, assignment: str, **changes: Any) -> Changes:
    parts = order.assignments
    return {"assignments": tuple(replace(part, **changes) if part.id == assignment else part for part in parts)}


def _answered(order: Order, body: e.OrderAnswered, event: e.Event) -> Changes:
    return {"state": State.AWAITING_CALLBACK, **handled(order, event)}


def _over(state: State, outcome: Outcome) -> Apply:
    return lambda order, body, event: {
        "state": state,
        "outcome": outcome,
        "closed_at": event.at,
        "over": True,
        "requests": (),
        "callback": None,
    }


def _info_required(order: Order, body: e.InformationRequired, event: e.Event) -> Changes:
    return {"state": State.PENDING_INFO, "resume": order.state, "infos": order.infos + 1}


def _info_done(order: Order, body: e.InformationSupplied | e.InformationLapsed, event: e.Event) -> Changes:
    return {"state": body.to, "resume": None}


def _triage(order: Order, body: e.TriageOpened, event: e.Event) -> Changes:
    return {"state": State.TRIAGE, "assignments": _withdrawn(order.assignments)}


def _withdrawn(parts: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    final = (Part.ACCEPTED, Part.RETURN_UPHELD, Part.WITHDRAWN)
    return tuple(part if part.status in final else replace(part, status=Part.WITHDRAWN) for part in parts)


def _dispatched(order: Order, body: e.OrderDispatched, event: e.Event) -> Changes:
    return {
        "state": State.DISPATCHED,
        "hop": body.hop,
        "dispatched_by": event.actor.id,
        "requests": (),
        "assignments": (*_withdrawn(order.assignments), *body.assignments),
    }


def _signed(order: Order, body: e.AssignmentSigned, event: e.Event) -> Changes:
    part = part_of(order, body.assignment)
    signed = _with_part(order, part.id, status=Part.SIGNED, signed_at=event.at, auto_signed=body.auto)
    if part.role is not UnitRole.LEAD:
        return signed
    if order.state is State.PENDING_INFO:
        return {**signed, "resume": State.IN_PROGRESS}
    return {**signed, "state": State.IN_PROGRESS} if order.state is State.DISPATCHED else signed


def _contacted(order: Order, body: e.CustomerContacted, event: e.Event) -> Changes:
    part = part_of(order, body.assignment)
    status = Part.WORKING if part.status is Part.SIGNED else part.status
    return _with_part(order, part.id, contacted_at=part.contacted_at or event.at, told_at=event.at, status=status)


def _progressed(order: Order, body: e.ProgressReported, event: e.Event) -> Changes:
    lead = order.lead
    return _with_part(order, lead.id, told_at=event.at) if lead and lead.unit == event.actor.unit else {}


def _return_requested(order: Order, body: e.ReturnRequested, event: e.Event) -> Changes:
    part = part_of(order, body.assignment)
    return _with_part(
        order,
        part.id,
        status=Part.RETURN_REQUESTED,
        status_before_return=part.status.value,
        return_asked_by=event.actor.id,
    )


def _return_upheld(order: Order, body: e.ReturnUpheld, event: e.Event) -> Changes:
    returned = _with_part(order, body.assignment, status=Part.RETURN_UPHELD)
    return {
        "returns": order.returns + 1,
        "state": State.TRIAGE,
        "assignments": _withdrawn(returned["assignments"]),
        "requests": (),
    }


def _return_denied(order: Order, body: e.ReturnDenied, event: e.Event) -> Changes:
    part = part_of(order, body.assignment)
    kept = _with_part(order, part.id, status=Part(part.status_before_return), designated=True)
    return {**kept, "returns": order.returns + 1}


def _asked(kind: str) -> Apply:
    def apply(order: Order, body: Any, event: e.Event) -> Changes:
        request = Request(
            kind=kind,
            by=event.actor.id,
            unit=event.actor.unit,
            at=event.at,
            until=getattr(body, "until", None),
            text=getattr(body, "plan", "") or getattr(body, "ground", ""),
        )
        return {"requests": (*order.requests, request)}

    return apply


def _decided(kind: str) -> Apply:
    return lambda order, body, event: {"requests": tuple(one for one in order.requests if one.kind != kind)}


def _extension_granted(order: Order, body: e.ExtensionGranted, event: e.Event) -> Changes:
    return {**_decided("extension")(order, body, event), "extensions": order.extensions + 1}


def _ledgered(order: Order, body: e.OrderLedgered, event: e.Event) -> Changes:
    return {"state": State.LEDGERED, "ledgered": True, "requests": ()}


def _part_submitted(order: Order, body: e.PartSubmitted | e.ReplySubmitted, event: e.Event) -> Changes:
    return _with_part(order, body.assignment, status=Part.SUBMITTED)


def _replied(order: Order, body: e.ReplySubmitted, event: e.Event) -> Changes:
    return {"state": State.REPLIED, "requests": (), **_part_submitted(order, body, event)}


def _reply_accepted(order: Order, body: e.ReplyAccepted, event: e.Event) -> Changes:
    return {
        "state": State.AWAITING_CALLBACK,
        "audited_by": event.actor.id,
        "callback": body.callback,
        "assignments": tuple(
            replace(part, status=Part.ACCEPTED) if part.status is Part.SUBMITTED else part
            for part in _withdrawn_unfinished(order.assignments)
        ),
    }


def _withdrawn_unfinished(parts: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    live = (Part.OFFERED, Part.SIGNED, Part.WORKING, Part.RETURN_REQUESTED)
    return tuple(replace(part, status=Part.WITHDRAWN) if part.status in live else part for part in parts)


def _sent_back(order: Order, body: e.ReplySentBack, event: e.Event) -> Changes:
    lead = order.lead
    back = _with_part(order, lead.id, status=Part.WORKING) if lead else {}
    return {**back, "state": State.IN_PROGRESS, "audited_by": ""}


def _callback(order: Order, **changes: Any) -> Changes:
    return {"callback": replace(order.callback, **changes)} if order.callback else {}


def _callback_planned(order: Order, body: e.CallbackPlanned, event: e.Event) -> Changes:
    return {"callback": body.callback}


def _attempted(order: Order, body: e.CallbackAttempted, event: e.Event) -> Changes:
    attempts = (*order.callback.attempts, event.at) if order.callback else ()
    status = CallbackStatus.ATTEMPTING
    if body.exhausted:
        status = CallbackStatus.SMS_SENT if body.sms_until else CallbackStatus.LAPSED
    changed = _callback(order, attempts=attempts, status=status, not_before=body.not_before, moved_from=body.moved_from)
    return {**changed, "called_by": event.actor.id}


def _callback_recorded(order: Order, body: e.CallbackRecorded, event: e.Event) -> Changes:
    expiry = order.callback is not None and order.callback.expiry
    status = CallbackStatus.REFUSED if body.refused else CallbackStatus.COMPLETED
    if body.unhappy and not expiry:
        status = CallbackStatus.UNDER_REVIEW
    recorded = _callback(order, status=status, solved=body.solved, satisfaction=body.satisfaction)
    return recorded if body.by_sms else {**recorded, "called_by": event.actor.id}


def _rating_lapsed(order: Order, body: e.RatingLapsed, event: e.Event) -> Changes:
    return _callback(order, status=CallbackStatus.LAPSED)


def _next_round(order: Order, number: int, part: Assignment | None) -> Changes:
    kept = _withdrawn(order.assignments)
    return {
        "round": number,
        "outcome": None,
        "closed_at": None,
        "callback": None,
        "audited_by": "",
        "called_by": "",
        "colour": Colour.NONE,
        "extensions": 0,
        "infos": 0,
        "requests": (),
        "assignments": (*kept, part) if part else kept,
    }


def _reworked(order: Order, body: e.OrderReworked, event: e.Event) -> Changes:
    return {**_next_round(order, body.round, body.assignment), "state": body.to, "reworks": order.reworks + 1}


def _closed(order: Order, body: e.OrderClosed, event: e.Event) -> Changes:
    return {
        "state": State.CLOSED,
        "outcome": body.outcome,
        "closed_at": event.at,
        "over": body.appeal_notice,
        "requests": (),
    }


def _window_passed(order: Order, body: e.ReopenWindowPassed, event: e.Event) -> Changes:
    return {"over": True}


def _reopened(order: Order, body: e.OrderReopened, event: e.Event) -> Changes:
    return {
        **_next_round(order, body.round, body.assignment),
        "state": body.to,
        "reopens": order.reopens + 1,
        "final_review": body.final_review,
        "over": False,
    }


def _urged(order: Order, body: e.OrderUrged, event: e.Event) -> Changes:
    return {"urges": body.number, "contacts": order.contacts + 1}


def _coloured(order: Order, colour: Colour) -> Colour:
    return max(order.colour, colour, key=COLOUR_RANK.__getitem__)


def _supervised(order: Order, body: e.OrderSupervised | e.ClockWarned, event: e.Event) -> Changes:
    return {"colour": _coloured(order, body.colour)}


def _escalated(order: Order, body: e.OrderEscalated, event: e.Event) -> Changes:
    return {"level": max(order.level, body.level), "colour": _coloured(order, body.colour)}


def _under(body: Any, order: Order) -> Changes:
    """The terms that the event names."""
    return {"terms": body.terms or order.terms}


def _retiered(order: Order, body: e.OrderRetiered, event: e.Event) -> Changes:
    customer = replace(order.customer, tier=body.tier)
    return {"order_class": body.order_class, "customer": customer, **_under(body, order)}


def _counted(field: str) -> Apply:
    return lambda order, body, event: {field: getattr(order, field) + 1}


APPLY: dict[type[Any], Apply] = {
    e.OrderAnswered: _answered,
    e.OrderDeclined: _over(State.NOT_ACCEPTED, Outcome.DECLINED),
    e.InformationRequired: _info_required,
    e.InformationSupplied: _info_done,
    e.InformationLapsed: _info_done,
    e.TriageOpened: _triage,
    e.OrderDispatched: _dispatched,
    e.AssignmentSigned: _signed,
    e.CustomerContacted: _contacted,
    e.ProgressReported: _progressed,
    e.ReturnRequested: _return_requested,
    e.ReturnUpheld: _return_upheld,
    e.ReturnDenied: _return_denied,
    e.ExtensionRequested: _asked("extension"),
    e.ExtensionGranted: _extension_granted,
    e.ExtensionDenied: _decided("extension"),
    e.LedgeringProposed: _asked("ledger"),
    e.OrderLedgered: _ledgered,
    e.LedgeringDenied: _decided("ledger"),
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
    e.TerminationDenied: _decided("termination"),
    e.OrderTerminated: _over(State.TERMINATED, Outcome.TERMINATED),
    e.OrderWithdrawn: _over(State.CANCELLED, Outcome.WITHDRAWN),
    e.OrderReopened: _reopened,
    e.OrderUrged: _urged,
    e.OrderSupervised: _supervised,
    e.OrderEscalated: _escalated,
    e.ClockWarned: _supervised,
    e.NoteAdded: _counted("notes"),
    e.DocumentAttached: _counted("attachments"),
    e.OrderRelabelled: lambda order, body, event: {"category": body.category, **_under(body, order)},
    e.OrderReprioritised: lambda order, body, event: {"priority": body.priority, **_under(body, order)},
    e.OrderRetiered: _retiered,
    e.PolicyMigrated: lambda order, body, event: {"policy_version": body.version, **_under(body, order)},
    e.StepImported: _step_imported,
    e.HistoryEnded: _history_ended,
    e.OrderTakenOver: lambda order, body, event: {"state": body.to},
    **WHISTLES,
}
"""Events that are absent change nothing but clocks: progress, breaches, dead ends."""
