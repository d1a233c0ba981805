"""The rules' functions: `decide`, `due`, `evolve`, `next_deadline` and `allowed`, over the table in `transitions`.

`decide(order, command, now, terms)` answers a command with events or raises a `Refusal`; `due(order, now, terms)` gives
the events that time has brought about up to `now` (`marks` says what a mark does); `decided` and `passed` give the same
with the order as it then stands; `evolve` applies one event; `next_deadline` says when time will next have something to
do; `allowed` which verbs each role may try. All are pure: the same arguments, the same answer, in the workflow, in the
auditor's replay and in a property test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain import assignment, callback, errors, history, marks, retime, transitions, whistle
from domain import commands as c
from domain import events as e
from domain.callback import all_clocks, end_whistles
from domain.clocks import answered, met, next_deadline, next_due, of_kind, paused, start, unpaused
from domain.duties import all_part_clocks, dispatch_clock, offered_clocks
from domain.events import Event
from domain.evolve import evolve
from domain.ladder import TOP, raised, target
from domain.model import SYSTEM, Assignment, Colour, Order, Part, State, UnitRole
from domain.policy import Terms
from domain.scribe import Scribe, required

__all__ = ["allowed", "decide", "decided", "due", "evolve", "next_deadline", "passed"]

_SHA256 = re.compile("[0-9a-f]{64}")


def decide(order: Order | None, command: c.Command, now: datetime, terms: Terms) -> tuple[Event, ...]:
    """The events that the command brings; raises a Refusal, and then nothing has changed."""
    return decided(order, command, now, terms)[0]


def decided(order: Order | None, command: c.Command, now: datetime, terms: Terms) -> tuple[tuple[Event, ...], Order]:
    """As `decide`, with the order as it stands after the events."""
    scribe = Scribe(order, now, terms, command.actor, command.reason, command.id)
    body = command.body
    if isinstance(body, c.Register | c.ImportHistory):
        if order is not None:
            raise errors.NotAllowedNow(f"{order.id} is registered already", state=order.state)
        if isinstance(body, c.Register):
            _register(scribe, body)
        else:
            history.import_history(scribe, body, _dispatch)
        return tuple(scribe.events), scribe.order
    if order is None:
        raise errors.NotAllowedNow(f"{command.verb} comes before registration", allowed=("register",))
    row = transitions.row_for(order.state, command.verb, command.actor.role)
    if command.expected_seq is not None and command.expected_seq != order.seq:
        raise errors.StaleOrder(
            f"the order is at {order.seq}, you looked at {command.expected_seq}",
            field="If-Match",
            state=order.state,
            allowed=transitions.allowed(order.state).get(command.actor.role.value, ()),
            remedy="look again and decide anew",
        )
    if row.reason and not command.reason.strip():
        raise errors.ReasonRequired(f"{command.verb} needs a reason", field="reason", state=order.state)
    RULES[type(body)](scribe, body)
    return tuple(scribe.events), scribe.order


def due(order: Order, now: datetime, terms: Terms, most: int | None = None) -> tuple[Event, ...]:
    """What time has brought about by `now`, in the order in which it fell due; each mark fires once.

    The events carry `now`, when they were noticed; what follows from them counts from when they fell due. With `most`
    at most so many marks fire; the next call goes on where this one stopped.
    """
    return passed(order, now, terms, most)[0]


def passed(order: Order, now: datetime, terms: Terms, most: int | None = None) -> tuple[tuple[Event, ...], Order]:
    """As `due`, with the order as it stands after the events."""
    scribe = Scribe(order, now, terms)
    fired = 0
    while (most is None or fired < most) and (clock := next_due(scribe.order, now)) is not None:
        scribe.now, scribe.fired = clock.next_at or now, clock
        marks.fire(scribe, clock)
        fired += 1
    return tuple(scribe.events), scribe.order


def allowed(order: Order) -> dict[str, tuple[str, ...]]:
    """For each role, the verbs that the table admits in the order's present state."""
    return transitions.allowed(order.state)


def _register(scribe: Scribe, command: c.Register) -> None:
    if scribe.actor.role not in transitions.REGISTERS:
        raise errors.RoleForbidden(
            f"register is not for the role {scribe.actor.role}",
            field="actor.role",
            remedy="ask one of: " + ", ".join(transitions.REGISTERS),
        )
    for field, what in (("title", "a title"), ("text", "what the customer says"), ("category", "a category")):
        required(getattr(command, field), field, what)
    required(command.province, "province", "the province code")
    required(command.customer.name, "customer.name", "the customer's name")
    terms = scribe.terms
    registered = e.OrderRegistered(
        order_id=command.order_id,
        title=command.title,
        text=command.text,
        category=command.category,
        order_class=command.order_class,
        province=command.province,
        channel=command.channel,
        customer=command.customer,
        terms=terms.digest,
        source=command.source,
        area=command.area,
        rehearsal=command.rehearsal,
        against=command.against,
    )
    statutory = start("statutory", "r1", "", scribe.now, terms)
    if command.lead:
        scribe.emit(registered, statutory)
        _dispatch(scribe, c.Dispatch(command.lead, command.co, command.copy), command.catalogue)
    else:
        scribe.emit(registered, statutory, start("dispatch", "s1", "", scribe.now, terms))
    level = terms.skip_levels.get(command.channel, 0)
    if level:  # 越级投诉: it begins where it was heard
        raised(scribe, level)


def _dispatch(scribe: Scribe, command: c.Dispatch, catalogue: str = "") -> None:
    """Dispatch to the units; by the system where a catalogue rule names them."""
    order = scribe.order
    units = (command.lead, *command.co, *command.copy)
    required(command.lead, "lead", "the lead unit")
    if len(dict.fromkeys(units)) != len(units):
        raise errors.InvalidField("a unit is named twice", field="co", remedy="lead, co and copy are different units")
    designated = command.designate or 0 < scribe.terms.returns_per_order <= order.returns or order.final_review
    roles = (UnitRole.LEAD, *(UnitRole.CO for _ in command.co), *(UnitRole.COPY for _ in command.copy))
    parts = tuple(
        Assignment(
            id=order.assignment_id(offset),
            unit=unit,
            role=role,
            status=Part.COPIED if role is UnitRole.COPY else Part.OFFERED,
            round=order.round,
            hop=order.hop + 1,
            dispatched_at=scribe.now,
            designated=designated and role is UnitRole.LEAD,
        )
        for offset, (unit, role) in enumerate(zip(units, roles, strict=True))
    )
    scribe.emit(
        e.OrderDispatched(parts, order.hop + 1, catalogue=catalogue),
        met(order, "dispatch"),
        all_part_clocks(order),
        offered_clocks(scribe, parts),
        by=SYSTEM if catalogue else None,
    )


def _answer_at_once(scribe: Scribe, command: c.AnswerAtOnce) -> None:
    required(command.answer, "answer", "what the customer was told")
    scribe.emit(
        e.OrderAnswered(command.answer),
        met(scribe.order, "dispatch"),
        answered(of_kind(scribe.order, "statutory"), scribe.now),
    )
    planned, starts = callback.planned_callback(scribe)
    scribe.emit(e.CallbackPlanned(planned), starts, by=SYSTEM)


def _decline(scribe: Scribe, command: c.Decline) -> None:
    grounds = scribe.terms.decline_grounds
    if command.ground not in grounds:
        raise errors.InvalidField("ground is not on the list", field="ground", remedy="one of " + ", ".join(grounds))
    required(command.other_route, "other_route", "where the customer can turn")
    scribe.emit(e.OrderDeclined(command.ground, command.other_route), all_clocks(scribe.order))
    end_whistles(scribe)


def _request_info(scribe: Scribe, command: c.RequestInfo) -> None:
    required(command.question, "question", "what the customer is asked")
    required(command.asked_by, "asked_by", "the call or message that asked him")
    order = scribe.order
    assignment.not_returning(scribe)
    if order.infos >= scribe.terms.info_requests:
        raise errors.CapReached(
            "the customer has been asked as often as the policy allows in one round",
            state=order.state,
            remedy="go on with what is known, or call him: a contact pauses nothing",
        )
    if scribe.actor.role in transitions.UNIT:
        scribe.lead_part()
    scribe.emit(
        e.InformationRequired(command.question, command.asked_by),
        paused(order, scribe.now, scribe.terms),
        start("info", f"s{order.seq + 1}", "", scribe.now, scribe.terms),
    )


def _supply_info(scribe: Scribe, command: c.SupplyInfo) -> None:
    required(command.text, "text", "the customer's answer")
    order = scribe.order
    scribe.emit(
        e.InformationSupplied(command.text, order.resume or State.REGISTERED),
        met(order, "info"),
        unpaused(order, scribe.now, scribe.terms),
    )


def _triage(scribe: Scribe, command: c.Triage) -> None:
    order = scribe.order
    again = None if of_kind(order, "dispatch") else dispatch_clock(scribe)
    scribe.emit(e.TriageOpened(), all_part_clocks(order), again)


def _request_termination(scribe: Scribe, command: c.RequestTermination) -> None:
    required(command.ground, "ground", "why no result is possible")
    part = scribe.lead_part()
    assignment.only_one(scribe.order, "termination")
    scribe.emit(e.TerminationRequested(command.ground), assignment.decision_clock(scribe, "termination", part))


def _terminate(scribe: Scribe, command: c.Terminate) -> None:
    request = assignment.pending(scribe, "termination")
    scribe.other_than(scribe.order.handlers, "the decision on a termination")
    if not command.approved:
        scribe.emit(e.TerminationDenied(), met(scribe.order, "termination_decision"))
        return
    scribe.emit(e.OrderTerminated(request.text), all_clocks(scribe.order, met=("termination_decision",)))
    end_whistles(scribe)


def _withdraw(scribe: Scribe, command: c.Withdraw) -> None:
    required(command.proof, "proof", "the recording or message that shows it")
    scribe.emit(e.OrderWithdrawn(command.proof), all_clocks(scribe.order))
    end_whistles(scribe)


def _urge(scribe: Scribe, command: c.Urge) -> None:
    """Counted; the policy's number of urges makes it yellow, its number of contacts one level up."""
    order, terms = scribe.order, scribe.terms
    scribe.emit(e.OrderUrged(order.urges + 1, command.text))
    if scribe.order.urges == terms.urges_to_yellow:
        lead = scribe.order.lead
        scribe.emit(e.OrderSupervised(Colour.YELLOW, "urged", unit=lead.unit if lead else ""), by=SYSTEM)
    if scribe.order.contacts == terms.contacts_to_rise:
        raised(scribe, scribe.order.level + 1)


def _supervise(scribe: Scribe, command: c.Supervise) -> None:
    if command.colour is Colour.NONE:
        raise errors.InvalidField("colour is empty", field="colour", remedy="blue, yellow or red")
    required(command.instruction, "instruction", "what the unit shall do")
    lead = scribe.order.lead
    scribe.emit(e.OrderSupervised(command.colour, command.instruction, unit=lead.unit if lead else ""))


def _escalate(scribe: Scribe, command: c.Escalate) -> None:
    order = scribe.order
    if not order.level < command.level <= TOP:
        raise errors.InvalidField(
            f"level must be above {order.level} and at most {TOP}",
            field="level",
            state=order.state,
            remedy="a level is raised, never lowered",
        )
    lead = order.lead
    scribe.emit(e.OrderEscalated(command.level, target(command.level), unit=lead.unit if lead else ""))


def _note(scribe: Scribe, command: c.Note) -> None:
    required(command.text, "text", "the note")
    scribe.emit(e.NoteAdded(command.text))


def _attach(scribe: Scribe, command: c.Attach) -> None:
    required(command.name, "name", "the document's name")
    if not _SHA256.fullmatch(command.sha256):
        raise errors.InvalidField("sha256 is not 64 hex digits", field="sha256", remedy="hash the document's bytes")
    scribe.emit(e.DocumentAttached(command.name, command.media_type, command.sha256))


Rule = Callable[[Scribe, Any], None]

RULES: dict[type[Any], Rule] = {
    c.AnswerAtOnce: _answer_at_once,
    c.Decline: _decline,
    c.RequestInfo: _request_info,
    c.SupplyInfo: _supply_info,
    c.Triage: _triage,
    c.Dispatch: _dispatch,
    c.Sign: assignment.sign,
    c.Contact: assignment.contact,
    c.RequestReturn: assignment.request_return,
    c.DecideReturn: assignment.decide_return,
    c.Extend: assignment.extend,
    c.DecideExtension: assignment.decide_extension,
    c.Ledger: assignment.ledger,
    c.DecideLedger: assignment.decide_ledger,
    c.Settle: assignment.settle,
    c.ReportProgress: assignment.report_progress,
    c.SubmitPart: assignment.submit_part,
    c.ExplainPart: assignment.explain_part,
    c.Reply: assignment.reply,
    c.AuditReply: assignment.audit_reply,
    c.RecordCallback: callback.record_callback,
    c.RateBySms: callback.rate_by_sms,
    c.ReviewCallback: callback.review_callback,
    c.RequestTermination: _request_termination,
    c.Terminate: _terminate,
    c.Withdraw: _withdraw,
    c.Reopen: callback.reopen,
    c.Urge: _urge,
    c.Supervise: _supervise,
    c.Escalate: _escalate,
    c.Note: _note,
    c.Attach: _attach,
    c.Relabel: retime.relabel,
    c.Reprioritise: retime.reprioritise,
    c.Retier: retime.retier,
    c.MigratePolicy: retime.migrate_policy,
    c.RequestWhistle: whistle.request_whistle,
    c.DecideWhistle: whistle.decide_whistle,
    c.ReviewWhistle: whistle.review_whistle,
    c.AnswerWhistle: whistle.answer_whistle,
    c.ContactWhistle: whistle.contact_whistle,
    c.ReportIn: whistle.report_in,
    c.FinishPart: whistle.finish_part,
    c.Excuse: whistle.excuse,
    c.Dispose: whistle.dispose,
    c.VerifyWhistle: whistle.verify_whistle,
    c.RateAttendance: whistle.rate_attendance,
    c.AppealRating: whistle.appeal_rating,
    c.DecideAppeal: whistle.decide_appeal,
}
