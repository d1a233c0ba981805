"""What a unit owes in an order now, and what its people may do about it, as far as the rules themselves would let them.

The ways are not a second set of rules: each verb is tried with a filled-in body, and what the rule says is the answer.
A refusal for a field's sake is none: the verb is possible, with the right words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain import clocks, errors
from domain import commands as c
from domain.assignment import latest_extension
from domain.clocks import of_kind, subject_of
from domain.model import Actor, Assignment, Blow, Clock, Order, Part, Presence, State, Ticking, UnitRole
from domain.order import decide
from domain.policy import Terms
from domain.transitions import BY_STATE
from domain.whistle import leading

VERBS: dict[str, str] = {
    "sign": "sign",
    "contact": "contact",
    "co_due": "submit_part",
    "progress": "report_progress",
    "target": "reply",
    "due": "reply",
    "whistle_sign": "answer_whistle",
    "whistle_contact": "contact_whistle",
    "whistle_report_in": "report_in",
}
"""What meets a limit that is charged to a unit."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that a unit owes: the verb that gives it, and its limit of that `kind` (UTC).

    `due_at` is None where something is owed without a limit. `first_due_at` is the limit as it first stood, `since`
    when it began, `late` once it has passed, `paused` while the customer is asked.
    """

    verb: str
    kind: str
    due_at: datetime | None
    first_due_at: datetime | None
    since: datetime | None
    late: bool
    paused: bool


@dataclass(frozen=True, slots=True)
class Way:
    """One verb that is the unit's: possible where `code` is '', else refused for what `detail` says.

    `until` bounds it: until when it may be asked for, or the latest time that may be asked for (UTC).
    """

    verb: str
    code: str = ""
    detail: str = ""
    remedy: str = ""
    until: datetime | None = None


def owed(order: Order, unit: str, subject: str) -> tuple[Owed, ...]:
    """What the unit owes by its part or by the whistle of that id, the nearest limit first."""
    live = (Ticking.RUNNING, Ticking.BREACHED, Ticking.PAUSED)
    mine = [
        _by_clock(order, clock)
        for clock in order.clocks.values()
        if clock.unit == unit and clock.status in live and clock.kind in VERBS and _about(clock, subject)
    ]
    mine.sort(key=lambda one: (one.due_at is None, one.due_at, one.kind))
    return (*mine, *_unlimited(order, unit, subject))


def _about(clock: Clock, subject: str) -> bool:
    """Whether a clock is about a part (`due/a1`) or a whistle (`whistle_sign/w1.2/GD.net`)."""
    return subject_of(clock.key)[0].partition(".")[0] == subject


def _by_clock(order: Order, clock: Clock) -> Owed:
    verb = VERBS[clock.kind]
    if verb == "reply" and order.state is State.LEDGERED:
        verb = "settle"
    return Owed(
        verb,
        clock.kind,
        clock.due_at,
        clock.first_due_at,
        clock.started_at,
        late=clock.status is Ticking.BREACHED,
        paused=clock.status is Ticking.PAUSED,
    )


def _unlimited(order: Order, unit: str, subject: str) -> tuple[Owed, ...]:
    """What no clock watches: a summoned unit's work, and the end of the joint handling."""
    found: list[str] = []
    for blown in order.whistles:
        there = any(one.unit == unit and one.status is Presence.REPORTED_IN for one in blown.attendances)
        if blown.id == subject and blown.status in _AT_WORK and there:
            found.append("finish_part")
    if _finished(order, unit, subject):
        found.append("dispose")
    return tuple(Owed(verb, "", None, None, None, late=False, paused=False) for verb in found)


_AT_WORK = (Blow.BLOWN, Blow.JOINT_HANDLING)


def _finished(order: Order, unit: str, subject: str) -> str:
    """The whistle that the unit is to end now, every other unit being through; '' where there is none.

    It is told by the unit's own part, which need not have been summoned, and by the whistle itself.
    """
    own = any(one.id == subject and one.unit == unit and one.role is not UnitRole.COPY for one in order.assignments)
    return next(
        (
            blown.id
            for blown in order.whistles
            if (own or blown.id == subject)
            and blown.status in _AT_WORK
            and leading(order, blown) == unit
            and all(one.status in (Presence.DONE, Presence.EXCUSED) for one in blown.attendances)
        ),
        "",
    )


Probe = Callable[[Order, str, datetime], "c.Body"]

_PART: dict[str, Probe] = {
    "sign": lambda order, subject, now: c.Sign(),
    "contact": lambda order, subject, now: c.Contact("-", "-"),
    "report_progress": lambda order, subject, now: c.ReportProgress("-"),
    "submit_part": lambda order, subject, now: c.SubmitPart("-"),
    "reply": lambda order, subject, now: c.Reply(now, "-", "-", now),
    "explain_part": lambda order, subject, now: c.ExplainPart(_owing(order)),
    "settle": lambda order, subject, now: c.Settle("-"),
    "request_info": lambda order, subject, now: c.RequestInfo("-", "-"),
    "request_return": lambda order, subject, now: c.RequestReturn("-", "-"),
    "extend": lambda order, subject, now: c.Extend(now),
    "ledger": lambda order, subject, now: c.Ledger("-", now),
    "request_termination": lambda order, subject, now: c.RequestTermination("-"),
    "dispose": lambda order, subject, now: c.Dispose(_ended_by(order, subject), "-"),
}
_WHISTLE: dict[str, Probe] = {
    "answer_whistle": lambda order, subject, now: c.AnswerWhistle(subject),
    "contact_whistle": lambda order, subject, now: c.ContactWhistle(subject, "-"),
    "report_in": lambda order, subject, now: c.ReportIn(subject, "-"),
    "finish_part": lambda order, subject, now: c.FinishPart(subject, "-"),
    "dispose": lambda order, subject, now: c.Dispose(subject, "-"),
}
_FIELDS = (errors.InvalidField, errors.ReasonRequired)
_ONCE = ("sign", "submit_part")
"""Done once; what is done already is no more to be done, and not something that waits."""
_NOT_THIS = (errors.NotAllowedNow, errors.RoleForbidden, errors.NotYourUnit, errors.UnknownSubject)
"""Refusals that say: this is not the unit's to do as things stand. Such a verb is not offered at all."""


def ways(order: Order, actor: Actor, subject: str, now: datetime, terms: Terms) -> tuple[Way, ...]:
    """What the actor may do by his unit's part or the whistle of that id, each as the rules answer when it is tried."""
    found: list[Way] = []
    for verb, probe in (_WHISTLE if any(blown.id == subject for blown in order.whistles) else _PART).items():
        row = BY_STATE.get((order.state, verb))
        if row is None or actor.role not in row.roles:
            continue
        until = _until(order, actor.unit, verb, now, terms)
        try:
            decide(order, c.Command("-", actor, probe(order, subject, now), "-"), now, terms)
        except _FIELDS:
            found.append(Way(verb, until=until))
        except _NOT_THIS:
            continue
        except errors.Refusal as refusal:
            if verb in _ONCE and isinstance(refusal, errors.AlreadyPending):
                continue
            found.append(Way(verb, refusal.code, refusal.message, refusal.remedy, until))
        else:
            found.append(Way(verb, until=until))
    return tuple(found)


def _ended_by(order: Order, subject: str) -> str:
    """The whistle that the unit of that part is to end now; '' where there is none."""
    return next((_finished(order, one.unit, subject) for one in order.assignments if one.id == subject), "")


def _owing(order: Order) -> str:
    """A co unit without which the lead cannot reply; '' where there is none."""
    owing = (Part.OFFERED, Part.SIGNED, Part.WORKING)
    return next(
        (
            one.unit
            for one in order.assignments
            if one.role is UnitRole.CO and one.status in owing and not one.explained
        ),
        "",
    )


def _until(order: Order, unit: str, verb: str, now: datetime, terms: Terms) -> datetime | None:
    part = order.lead
    if part is None or part.unit != unit:
        return None
    match verb:
        case "request_return":
            return clocks.limit("return_window", part.dispatched_at, terms, unit)
        case "ledger":
            return clocks.limit("ledger", now, terms, unit)
        case "extend":
            return _extended(order, part, terms)
        case _:
            return None


def _extended(order: Order, part: Assignment, terms: Terms) -> datetime | None:
    due = of_kind(order, "due", part.id)
    return latest_extension(order, due[0], terms) if due else None
