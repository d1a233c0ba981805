"""Who is told of what: one table from event to audiences and templates.

Told is whoever is now asked to do something, and the customer of all that moves his matter (工单透明化); whoever has
just acted is not told of it. One event tells one audience once. The handling units never learn from a notice who the
complainant is or what he said at the call-back (invariant 4).

An audience is `customer`, `unit:GD.net`, `head:GD.net`, `person:<id>` or `role:dispatcher@GD`; who holds a post, and
who stands in for one that is vacant, the directory decides when it is read or sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain import audiences as to
from domain import events as e
from domain.audiences import Scene, Whom
from domain.clocks import kind_of
from domain.model import Order, Ticking, UnitRole
from domain.notice_texts import OFFERED, Param


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one audience; `params` fill the template, instants (UTC) as such: `render` knows whose zone."""

    audience: str
    template: str
    params: dict[str, Param]


@dataclass(frozen=True, slots=True)
class Line:
    """These audiences get this template, if `when` says so."""

    whom: Whom
    template: str
    when: Callable[[Scene], bool] | None = None


def notices(before: Order | None, after: Order, event: e.Event) -> tuple[Notice, ...]:
    """The messages that an event sends, at most one an audience, in the table's order."""
    scene, found = Scene(before, after, event), dict[str, Notice]()
    for line in TOLD.get(type(event.body), ()):
        if line.when is not None and not line.when(scene):
            continue
        for audience in line.whom(scene):
            if audience and audience not in found:
                found[audience] = Notice(audience, line.template, _params(line.template, audience, scene))
    return tuple(found.values())


_CALL_OR_ASK = (
    Line(to.caller, "desk.call_back", to.calls),
    Line(to.customer, "customer.asked_by_message", to.asks_by_message),
)

WAITING = ("customer.asked_by_message", "customer.rate_by_message")
"""What a customer is not sent at night: these letters wait until the call-back's `not_before`."""

_RETIMED = (
    Line(to.retimed, "unit.retimed"),
    Line(to.customer, "customer.retimed", to.promise_moved),
)
"""Whoever has another due time now is told of it; a change that moves nothing tells nobody."""

TOLD: dict[type, tuple[Line, ...]] = {
    e.OrderRegistered: (
        Line(to.customer, "customer.registered"),
        Line(to.dispatcher, "desk.to_dispatch", to.starts_clock("dispatch")),
    ),
    e.OrderAnswered: (Line(to.customer, "customer.answered"),),
    e.OrderDeclined: (Line(to.customer, "customer.declined"),),
    e.InformationRequired: (Line(to.customer, "customer.info_required"),),
    e.InformationSupplied: (Line(to.lead, "unit.info_supplied"),),
    e.InformationLapsed: (Line(to.lead, "unit.info_lapsed"), Line(to.customer, "customer.info_lapsed")),
    e.OrderTakenOver: (Line(to.dispatcher, "desk.to_dispatch", to.starts_clock("dispatch")),),
    e.TriageOpened: (Line(to.dispatcher, "desk.triage"), Line(to.released, "unit.released")),
    e.OrderDispatched: (
        Line(to.parts(UnitRole.LEAD), "unit.dispatched"),
        Line(to.parts(UnitRole.CO), "unit.dispatched_co"),
        Line(to.parts(UnitRole.COPY), "unit.copied"),
        Line(to.customer, "customer.dispatched"),
    ),
    e.AssignmentSigned: (Line(to.assigned, "unit.auto_signed", to.has("auto")),),
    e.CustomerContacted: (Line(to.customer, "customer.contacted"),),
    e.ReturnRequested: (Line(to.dispatcher, "desk.return_requested"),),
    e.ReturnUpheld: (Line(to.assigned, "unit.return_upheld"), Line(to.dispatcher, "desk.triage", to.has("final"))),
    e.ReturnDenied: (Line(to.assigned, "unit.return_denied"),),
    e.ExtensionRequested: (Line(to.manager, "desk.extension_requested"),),
    e.ExtensionGranted: (Line(to.assigned, "unit.extension_granted"), Line(to.customer, "customer.delayed")),
    e.ExtensionDenied: (Line(to.assigned, "unit.extension_denied"),),
    e.LedgeringProposed: (Line(to.manager, "desk.ledgering_proposed"),),
    e.OrderLedgered: (Line(to.lead, "unit.ledgered"), Line(to.customer, "customer.ledgered")),
    e.LedgeringDenied: (Line(to.lead, "unit.ledgering_denied"),),
    e.LedgerSettled: (Line(to.customer, "customer.settled"), Line(to.manager, "desk.settled")),
    e.ProgressReported: (Line(to.customer, "customer.progress"),),
    e.PartSubmitted: (Line(to.lead, "unit.part_submitted"),),
    e.PartExplained: (Line(to.assigned, "unit.part_explained"),),
    e.ReplySubmitted: (Line(to.auditor, "desk.audit_reply"),),
    e.ReplyAccepted: (*_CALL_OR_ASK, Line(to.customer, "customer.replied")),
    e.ReplySentBack: (Line(to.lead, "unit.reply_sent_back"),),
    e.CallbackPlanned: _CALL_OR_ASK,
    e.CallbackAttempted: (Line(to.customer, "customer.rate_by_message", to.asks_by_message),),
    e.CallbackRecorded: (Line(to.manager, "desk.review_callback", to.unhappy),),
    e.OrderReworked: (Line(to.lead, "unit.rework"), Line(to.customer, "customer.rework")),
    e.OrderClosed: (
        Line(to.customer, "customer.closed_finally", to.has("appeal_notice")),
        Line(to.customer, "customer.closed", to.has("reopen_until")),
        Line(to.customer, "customer.ended"),
    ),
    e.TerminationRequested: (Line(to.auditor, "desk.termination_requested"),),
    e.OrderTerminated: (Line(to.customer, "customer.terminated"), Line(to.released, "unit.terminated")),
    e.TerminationDenied: (Line(to.lead, "unit.termination_denied"),),
    e.OrderWithdrawn: (Line(to.customer, "customer.withdrawn"), Line(to.released, "unit.withdrawn")),
    e.OrderReopened: (
        Line(to.customer, "customer.reopened"),
        Line(to.dispatcher, "desk.triage", to.back_to_triage),
        Line(to.lead, "unit.reopened"),
        Line(to.manager, "desk.final_review", to.has("final_review")),
    ),
    e.OrderUrged: (Line(to.lead, "unit.urged"), Line(to.customer, "customer.urged")),
    e.OrderSupervised: (Line(to.named, "unit.supervised", to.lacks("key")),),
    e.OrderEscalated: (
        Line(to.target, "escalated.by_clock", to.has("key")),
        Line(to.target, "escalated.by_hand"),
        Line(to.named, "unit.criticised", to.has("criticised")),
        Line(to.head, "unit.criticised", to.has("criticised")),
    ),
    e.ClockWarned: (Line(to.named, "unit.warned", to.has("percent")), Line(to.named, "unit.due_soon")),
    e.ClockBreached: (Line(to.customer, "customer.late", to.promise_broken),),
    e.DeadEndRaised: (Line(to.manager, "alarm.dead_end"), Line(to.headquarters, "alarm.dead_end")),
    e.OrderRelabelled: _RETIMED,
    e.OrderReprioritised: (Line(to.lead, "unit.reprioritised"), *_RETIMED),
    e.OrderRetiered: _RETIMED,
    e.PolicyMigrated: _RETIMED,
    e.WhistleRequested: (Line(to.approver, "desk.whistle_requested", to.awaits_approval),),
    e.WhistleRefused: (Line(to.whistler, "whistler.refused"),),
    e.WhistleBlown: (
        Line(to.summoned, "unit.summoned_again", to.has("again")),
        Line(to.summoned, "unit.summoned"),
        Line(to.managers_concerned, "desk.whistle_across"),
        Line(to.team_lead, "desk.whistle_to_review", to.emergency),
    ),
    e.WhistleReviewed: (Line(to.whistler, "whistler.reviewed"),),
    e.DepartmentReportedIn: (Line(to.whistler, "whistler.reported_in"),),
    e.DepartmentAbsent: (Line(to.whistler, "whistler.absent"), Line(to.whistle_lead, "whistler.absent")),
    e.DepartmentDone: (Line(to.whistle_lead, "unit.department_done"),),
    e.DepartmentExcused: (Line(to.named, "unit.excused"), Line(to.whistler, "whistler.excused")),
    e.WhistleDisposed: (Line(to.whistler, "whistler.verify"),),
    e.WhistleVerified: (Line(to.attending, "unit.whistle_verified"),),
    e.DepartmentRated: (Line(to.named, "unit.rated"),),
    e.RatingAppealed: (Line(to.manager, "desk.rating_appealed"),),
    e.AppealDecided: (Line(to.named, "unit.appeal_decided"), Line(to.whistler, "unit.appeal_decided")),
}

SILENT: tuple[type, ...] = (
    e.RatingLapsed,  # the closing that follows tells the customer
    e.ReopenWindowPassed,
    e.NoteAdded,
    e.DocumentAttached,
    e.WhistleAnswered,
    e.WhistleContacted,
    e.WhistleEnded,
    e.OrderImported,  # what was told then was told there
    e.StepImported,
    e.HistoryEnded,
)
"""Events that tell nobody: they ask nothing of anyone and are seen in the order itself."""


_LIMITS = {
    "due": "due",
    "co_due": "co_due",
    "sign_due": "sign",
    "statutory_due": "statutory",
    "report_in_due": "whistle_report_in",
    "sms_until": "rating",
}
"""Parameters that name the end of a running clock, with its kind."""


def _params(template: str, audience: str, scene: Scene) -> dict[str, Param]:
    return {name: _param(_value(name, audience, scene)) for name in OFFERED[template]}


def _value(name: str, audience: str, scene: Scene) -> object:
    order, body = scene.after, scene.event.body
    told = audience.partition(":")[2]
    if name in _LIMITS:
        return _clock_due(order, _LIMITS[name], told)
    if name == "order":
        return order.id
    if name == "title":
        return order.title
    if name == "was_due":
        return _clock_due(scene.before, "due", told) if scene.before else None
    if name == "nearest_due":
        return _nearest(order, told)
    if name == "reason":
        return scene.event.reason
    if name == "actor_unit":
        return scene.event.actor.unit or scene.unit_of(getattr(body, "assignment", ""))
    if name == "lead":
        return order.lead.unit if order.lead else ""
    if name == "clock":
        return kind_of(getattr(body, "key", ""))
    if name == "matter":
        return scene.whistle().matter
    if name == "whistle_kind":
        return scene.whistle().kind
    if name in ("level", "round", "category", "priority") and not hasattr(body, name):
        return getattr(order, name)
    if name == "unit" and not getattr(body, "unit", ""):
        return told if audience.startswith(("unit:", "head:")) else (order.lead.unit if order.lead else "")
    return getattr(body, name)


def _clock_due(order: Order, kind: str, unit: str) -> datetime | None:
    """When the clock of that kind runs out, the told unit's own where it has one."""
    clocks = [clock for clock in order.clocks.values() if clock.kind == kind]
    own = [clock.due_at for clock in clocks if clock.unit == unit]
    return min(own or [clock.due_at for clock in clocks], default=None)


def _nearest(order: Order, unit: str) -> datetime | None:
    """What the unit owes first, of what is not late yet."""
    due = (clock.due_at for clock in order.clocks.values() if clock.unit == unit and clock.status is Ticking.RUNNING)
    return min(due, default=None)


def _param(value: object) -> Param:
    if isinstance(value, datetime):
        return value
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)
