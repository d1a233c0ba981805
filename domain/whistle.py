"""The whistle: the frontline blows, departments report in, nobody leaves before the matter ends.

The sub-lifecycle of an attendance is the small table `STEPS`: which verb takes a summoned unit from where to where.
"""

from __future__ import annotations

from domain import commands as c
from domain import errors, transitions
from domain import events as e
from domain.clocks import gone, met, of_kind, start
from domain.events import ClockChange
from domain.evolve_whistle import whistle_of
from domain.model import Attendance, Blow, Order, Presence, Rating, Role, Whistle, WhistleKind
from domain.scribe import Scribe, required

KINDS = ("whistle_sign", "whistle_contact", "whistle_report_in")
"""The clocks of one attendance; their subject is whistle, blow and unit."""

STEPS: dict[str, tuple[Presence, ...]] = {
    "answer_whistle": (Presence.SUMMONED,),
    "contact_whistle": (Presence.SUMMONED, Presence.SIGNED),
    "report_in": (Presence.SUMMONED, Presence.SIGNED, Presence.CONTACTED),
    "finish_part": (Presence.REPORTED_IN,),
    "excuse": (Presence.SUMMONED, Presence.SIGNED, Presence.CONTACTED, Presence.REPORTED_IN),
}

APPROVERS: dict[WhistleKind, tuple[Role, ...]] = {
    WhistleKind.ROUTINE: (Role.TEAM_LEAD, Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER, Role.HEADQUARTERS),
    WhistleKind.HARD: (Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER, Role.HEADQUARTERS),
    WhistleKind.EMERGENCY: (),
}
"""Who approves which kind; an emergency needs nobody and is reviewed afterwards."""


def subject(whistle: Whistle, unit: str, blow: int) -> str:
    """The subject of an attendance's clocks; each blow has its own, so that earlier results are kept."""
    return f"{whistle.id}.{blow}/{unit}"


def request_whistle(scribe: Scribe, command: c.RequestWhistle) -> None:
    """Ask to summon; an emergency blows at once."""
    order, terms = scribe.order, scribe.terms
    required(command.matter, "matter", "what the departments are needed for")
    if terms.whistle_matters and command.matter not in terms.whistle_matters:
        raise errors.InvalidField(
            f"{command.matter!r} is not on the list of matters that may be whistled",
            field="matter",
            remedy="one of " + ", ".join(terms.whistle_matters),
        )
    if terms.limit("whistle_report_in") is None:
        raise errors.CapReached(f"{order.order_class} orders are not whistled", field="kind", state=order.state)
    units = command.units
    if not units or len(dict.fromkeys(units)) != len(units) or not all(unit.strip() for unit in units):
        raise errors.InvalidField("units must name each department once", field="units", remedy="give 1 or more")
    if len(units) > terms.whistle_units:
        raise errors.InvalidField(f"a whistle summons at most {terms.whistle_units} departments", field="units")
    live = [one for one in order.whistles if one.status in (Blow.REQUESTED, Blow.BLOWN, Blow.JOINT_HANDLING)]
    if len(live) >= terms.whistles_open:
        raise errors.CapReached("as many whistles are open as the policy allows", state=order.state)
    busy = [unit for unit in units if any(one.unit == unit for blown in live for one in blown.attendances)]
    if busy:
        raise errors.AlreadyPending("summoned already: " + ", ".join(busy), field="units", state=order.state)
    if command.lead and command.lead not in units and (order.lead is None or command.lead != order.lead.unit):
        raise errors.InvalidField("lead is neither summoned nor the order's lead", field="lead")
    whistle = Whistle(
        id=f"w{len(order.whistles) + 1}",
        kind=command.kind,
        matter=command.matter,
        lead=command.lead,
        status=Blow.REQUESTED,
        requested_by=scribe.actor.id,
        requested_at=scribe.now,
        attendances=tuple(Attendance(unit, Presence.SUMMONED, scribe.now) for unit in units),
    )
    if command.kind is WhistleKind.EMERGENCY:
        scribe.emit(e.WhistleRequested(whistle), start("whistle_review", whistle.id, "", scribe.now, terms))
        _blow(scribe, whistle, units)
    else:
        scribe.emit(e.WhistleRequested(whistle), start("whistle_decision", whistle.id, "", scribe.now, terms))


def _blow(scribe: Scribe, whistle: Whistle, units: tuple[str, ...], *, again: bool = False) -> None:
    blow = whistle.blows + 1
    starts = (
        start(kind, subject(whistle, unit, blow), unit, scribe.now, scribe.terms) for unit in units for kind in KINDS
    )
    scribe.emit(
        e.WhistleBlown(whistle.id, whistle.kind, units, again),
        met(scribe.order, "whistle_decision", whistle.id),
        starts,
    )


def _find(scribe: Scribe, whistle: str) -> Whistle:
    try:
        return whistle_of(scribe.order, whistle)
    except KeyError:
        known = ", ".join(one.id for one in scribe.order.whistles) or "none"
        raise errors.UnknownSubject(
            f"no whistle {whistle!r} on this order", field="whistle", remedy=f"known: {known}"
        ) from None


def _in(whistle: Whistle, *statuses: Blow) -> None:
    if whistle.status not in statuses:
        raise errors.NotAllowedNow(f"whistle {whistle.id} is {whistle.status}", field="whistle")


def decide_whistle(scribe: Scribe, command: c.DecideWhistle) -> None:
    """Blow it or refuse it as invalid; another person than the requester, of the rank that the kind asks for."""
    whistle = _find(scribe, command.whistle)
    _in(whistle, Blow.REQUESTED)
    scribe.other_than((whistle.requested_by,), "the decision on a whistle")
    approvers = APPROVERS[whistle.kind]
    if scribe.actor.role not in approvers:
        raise errors.RoleForbidden(
            f"a {whistle.kind} whistle is not decided by {scribe.actor.role}",
            field="actor.role",
            remedy="ask one of: " + ", ".join(approvers),
        )
    if command.blow:
        _blow(scribe, whistle, tuple(one.unit for one in whistle.attendances))
    else:
        scribe.emit(e.WhistleRefused(whistle.id), met(scribe.order, "whistle_decision", whistle.id))


def review_whistle(scribe: Scribe, command: c.ReviewWhistle) -> None:
    """An emergency whistle is judged afterwards, once, by another person."""
    whistle = _find(scribe, command.whistle)
    if whistle.kind is not WhistleKind.EMERGENCY or whistle.valid is not None:
        raise errors.NotAllowedNow("only an emergency whistle is reviewed, and once", field="whistle")
    scribe.other_than((whistle.requested_by,), "the review of a whistle")
    scribe.emit(e.WhistleReviewed(whistle.id, command.valid), met(scribe.order, "whistle_review", whistle.id))


def _attendance(scribe: Scribe, whistle: Whistle, unit: str, verb: str) -> Attendance:
    for one in whistle.attendances:
        if one.unit == unit:
            if one.status not in STEPS[verb]:
                raise errors.NotAllowedNow(f"{unit} is {one.status}", field="unit", state=scribe.order.state)
            return one
    raise errors.NotYourUnit(
        f"{unit or '(no unit)'} is not summoned by {whistle.id}",
        field="unit",
        remedy="summoned: " + ", ".join(one.unit for one in whistle.attendances),
    )


def _mine(scribe: Scribe, whistle: Whistle, verb: str) -> Attendance:
    _in(whistle, Blow.BLOWN, Blow.JOINT_HANDLING)
    return _attendance(scribe, whistle, scribe.actor.unit, verb)


def _met(scribe: Scribe, whistle: Whistle, unit: str, *kinds: str) -> tuple[ClockChange, ...]:
    about = subject(whistle, unit, whistle.blows)
    return tuple(change for kind in kinds for change in met(scribe.order, kind, about))


def answer_whistle(scribe: Scribe, command: c.AnswerWhistle) -> None:
    """Heard."""
    whistle = _find(scribe, command.whistle)
    one = _mine(scribe, whistle, "answer_whistle")
    scribe.emit(e.WhistleAnswered(whistle.id, one.unit), _met(scribe, whistle, one.unit, "whistle_sign"))


def contact_whistle(scribe: Scribe, command: c.ContactWhistle) -> None:
    """Spoken to the frontline; that also answers the whistle."""
    required(command.spoke_to, "spoke_to", "whom you spoke to")
    whistle = _find(scribe, command.whistle)
    one = _mine(scribe, whistle, "contact_whistle")
    scribe.emit(
        e.WhistleContacted(whistle.id, one.unit, command.spoke_to),
        _met(scribe, whistle, one.unit, "whistle_sign", "whistle_contact"),
    )


def report_in(scribe: Scribe, command: c.ReportIn) -> None:
    """There, late or not; whatever the ladder had begun stops."""
    required(command.who, "who", "who is there, and how to reach him")
    whistle = _find(scribe, command.whistle)
    one = _mine(scribe, whistle, "report_in")
    scribe.emit(
        e.DepartmentReportedIn(whistle.id, one.unit, command.who, late=one.absent),
        _met(scribe, whistle, one.unit, *KINDS),
    )


def finish_part(scribe: Scribe, command: c.FinishPart) -> None:
    """Done; the unit still stays until the frontline has verified."""
    required(command.done, "done", "what the department did")
    whistle = _find(scribe, command.whistle)
    one = _mine(scribe, whistle, "finish_part")
    scribe.emit(e.DepartmentDone(whistle.id, one.unit, command.done))


def excuse(scribe: Scribe, command: c.Excuse) -> None:
    """Let go, with a named substitute; its clocks end."""
    required(command.substitute, "substitute", "who comes instead")
    whistle = _find(scribe, command.whistle)
    _in(whistle, Blow.BLOWN, Blow.JOINT_HANDLING)
    one = _attendance(scribe, whistle, command.unit, "excuse")
    about = subject(whistle, one.unit, whistle.blows)
    ended = tuple(clock for kind in KINDS for clock in of_kind(scribe.order, kind, about))
    scribe.emit(e.DepartmentExcused(whistle.id, one.unit, command.substitute), gone(ended, "cancelled"))


def leading(order: Order, whistle: Whistle) -> str:
    """The unit that ends the joint handling: the one named, else the order's lead, else the first that was summoned."""
    return whistle.lead or (order.lead.unit if order.lead else whistle.attendances[0].unit)


def dispose(scribe: Scribe, command: c.Dispose) -> None:
    """The whistle's lead, or a manager for him, ends the joint handling once every unit is done or excused."""
    required(command.result, "result", "what came of it")
    whistle = _find(scribe, command.whistle)
    _in(whistle, Blow.BLOWN, Blow.JOINT_HANDLING)
    lead = leading(scribe.order, whistle)
    if scribe.actor.role in transitions.UNIT and scribe.actor.unit != lead:
        raise errors.NotYourUnit(f"{lead} leads this whistle", field="actor.unit")
    away = [one.unit for one in whistle.attendances if one.status not in (Presence.DONE, Presence.EXCUSED)]
    if away:
        raise errors.WhistleOpen(
            "not finished: " + ", ".join(away), state=scribe.order.state, remedy="wait, or have them excused"
        )
    scribe.emit(e.WhistleDisposed(whistle.id, command.result))


def verify_whistle(scribe: Scribe, command: c.VerifyWhistle) -> None:
    """Solved on the spot, or blown again to the same departments."""
    whistle = _find(scribe, command.whistle)
    _in(whistle, Blow.DISPOSED)
    if command.solved:
        scribe.emit(e.WhistleVerified(whistle.id))
        return
    if not scribe.reason.strip():
        raise errors.ReasonRequired("blowing again needs a reason", field="reason", state=scribe.order.state)
    units = tuple(one.unit for one in whistle.attendances if one.status is not Presence.EXCUSED)
    if not units:
        raise errors.UnknownSubject("every department is excused", field="whistle", remedy="blow a new whistle")
    _blow(scribe, whistle, units, again=True)


def scored(rating: Rating) -> None:
    """Refuse a rating outside 1 to 5; raises InvalidField."""
    for field in ("report_in", "cooperation", "quality", "result"):
        if not 1 <= getattr(rating, field) <= 5:
            name = f"rating.{field}"
            raise errors.InvalidField(f"{name} is not 1 to 5", field=name, remedy="1 is poor, 5 is good")


def rate_attendance(scribe: Scribe, command: c.RateAttendance) -> None:
    """Each unit that came is rated once; with the last one the whistle ends."""
    scored(command.rating)
    whistle = _find(scribe, command.whistle)
    _in(whistle, Blow.VERIFIED)
    one = next((one for one in whistle.attendances if one.unit == command.unit), None)
    if one is None or one.status is not Presence.DONE:
        raise errors.UnknownSubject(f"{command.unit} has no rating to get", field="unit", state=scribe.order.state)
    scribe.emit(e.DepartmentRated(whistle.id, one.unit, command.rating))
    rest = whistle_of(scribe.order, whistle.id).attendances
    if all(other.status in (Presence.RATED, Presence.EXCUSED) for other in rest):
        scribe.emit(e.WhistleEnded(whistle.id))


def appeal_rating(scribe: Scribe, command: c.AppealRating) -> None:
    """Once a unit and whistle."""
    required(command.ground, "ground", "why the rating is wrong")
    one = _rated_part(scribe, command.whistle, scribe.actor.unit)
    if one.appeal:
        raise errors.CapReached("a rating is appealed once", state=scribe.order.state)
    if scribe.order.over:  # nobody would keep the time of the decision any more
        raise errors.WindowClosed("the order is over, and with it the time for appealing", state=scribe.order.state)
    scribe.emit(
        e.RatingAppealed(command.whistle, one.unit, command.ground),
        start("appeal_decision", f"{command.whistle}/{one.unit}", "", scribe.now, scribe.terms),
    )


def _rated_part(scribe: Scribe, whistle: str, unit: str) -> Attendance:
    for one in _find(scribe, whistle).attendances:
        if one.unit == unit and one.rating is not None:
            return one
    raise errors.UnknownSubject(f"{unit or '(no unit)'} has no rating here", field="unit", state=scribe.order.state)


def decide_appeal(scribe: Scribe, command: c.DecideAppeal) -> None:
    """A correction is another event; the first rating stays in the ledger."""
    one = _rated_part(scribe, command.whistle, command.unit)
    if one.appeal != "pending":
        raise errors.UnknownSubject("no appeal waits for a decision", state=scribe.order.state)
    if command.rating is not None:
        scored(command.rating)
    scribe.emit(
        e.AppealDecided(command.whistle, one.unit, command.rating),
        met(scribe.order, "appeal_decision", f"{command.whistle}/{one.unit}"),
    )
