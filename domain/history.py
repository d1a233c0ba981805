"""Taking in the history of another system: what may come in, how it is counted, and how an open order goes on.

Nothing is judged by our rules that happened under others: a step is recorded as that system tells it. What is decided
here is what follows: how often the order was reopened and moved, and, where it is open, what is owed from now on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain import callback, errors
from domain import commands as c
from domain import events as e
from domain.clocks import answered, of_kind, start
from domain.model import SYSTEM, Role, State
from domain.scribe import Scribe, required

IMPORTERS: tuple[Role, ...] = (Role.HEADQUARTERS,)
"""Who may take in histories: they are of every province."""

ENDED: tuple[State, ...] = (State.CLOSED, State.NOT_ACCEPTED, State.CANCELLED, State.TERMINATED, State.MERGED)
RESOLVED: tuple[State, ...] = (State.REPLIED, State.AWAITING_CALLBACK, *ENDED)
"""Whatever leaves one of these for another state was reopened."""

MOST_SAID = 1_000_000
"""A count of another system that is larger is no count."""
MOST_STEPS = 5000
"""Steps of one order: what has more is no order's history."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A step with what it was: the state after it, and whether it reopened or moved the order."""

    step: c.ForeignStep
    state: State
    reopened: bool
    moved: bool


def walked(steps: Iterable[c.ForeignStep]) -> tuple[Walked, ...]:
    """The steps, each counted; one that names no state leaves it as it was, the first one finds it registered."""
    found: list[Walked] = []
    state, unit = State.REGISTERED, None
    for step in steps:
        after = step.state or state
        reopened = bool(found) and state in RESOLVED and after not in RESOLVED
        moved = unit is not None and step.unit != unit
        found.append(Walked(step, after, reopened, moved))
        state, unit = after, step.unit
    return tuple(found)


Dispatch = Callable[[Scribe, c.Dispatch, str], None]


def import_history(scribe: Scribe, command: c.ImportHistory, dispatch: Dispatch) -> None:
    """Record the order with its steps; an ended one is over, an open one goes on with a dispatch or a call-back."""
    if scribe.actor.role not in IMPORTERS:
        raise errors.RoleForbidden(
            f"import_history is not for the role {scribe.actor.role}",
            field="actor.role",
            remedy="ask one of: " + ", ".join(IMPORTERS),
        )
    _check(scribe, command)
    steps = walked(command.steps)
    scribe.emit(_beginning(scribe, command))
    for number, one in enumerate(steps, start=1):
        scribe.emit(_step(number, one))
    reopens, moves = sum(one.reopened for one in steps), sum(one.moved for one in steps)
    counted = (reopens, moves, command.said_reopens, command.said_moves)
    if command.outcome is not None:
        scribe.emit(e.HistoryEnded(command.outcome, steps[-1].step.at, *counted))
        return
    _go_on(scribe, command, counted, dispatch)


def _check(scribe: Scribe, command: c.ImportHistory) -> None:
    for name, what in (("title", "a title"), ("text", "what it is about"), ("category", "a category")):
        required(getattr(command, name), name, what)
    required(command.system, "system", "the name of the system it comes from")
    required(command.case, "case", "its number there")
    required(command.province, "province", "the province code")
    required(command.customer.name, "customer.name", "the customer's name")
    if not 0 < len(command.steps) <= MOST_STEPS:
        raise errors.InvalidField(
            f"{len(command.steps)} steps", field="steps", remedy=f"give at least one and at most {MOST_STEPS}"
        )
    for number, step in enumerate(command.steps, start=1):
        required(step.activity, f"steps.{number}.activity", "what was done")
    in_order(command.registered_at, command.steps, scribe.now, numbered=command.numbered)
    for name in ("said_reopens", "said_moves"):
        said = getattr(command, name)
        if said is not None and not 0 <= said <= MOST_SAID:
            raise errors.InvalidField(
                f"{name} is {said}", field=name, remedy=f"give a count from 0 to {MOST_SAID}, or leave it out"
            )
    ended = walked(command.steps)[-1].state in ENDED
    if ended != (command.outcome is not None):
        raise errors.InvalidField(
            "outcome is given for what is open" if not ended else "outcome is missing",
            field="outcome",
            remedy="an ended history says how it ended, an open one does not",
        )


def in_order(
    registered_at: datetime | None, steps: Sequence[c.ForeignStep], now: datetime, *, numbered: bool = False
) -> None:
    """See that time only goes forward: registered, then one step after the other, none later than now.

    `numbered` steps have an order of their own, which their times may contradict.

    Raises InvalidField, which names the first that does not follow.
    """
    before, what = registered_at, "the order's registration"
    if before is not None and before > now:
        raise _in_the_future("the registration", before, "registered_at")
    for number, step in enumerate(steps, start=1):
        if step.at > now:
            raise _in_the_future(f"step {number}", step.at, f"steps.{number}.at")
        if before is not None and step.at < before and (number == 1 or not numbered):
            raise errors.InvalidField(
                f"step {number} was at {step.at.isoformat()}, before {what} at {before.isoformat()}",
                field="registered_at" if number == 1 else f"steps.{number}.at",
                remedy="correct the time or its zone, or order the steps by time; `numbered` keeps their order",
            )
        before, what = step.at, f"step {number}"


def _in_the_future(what: str, at: datetime, field: str) -> errors.InvalidField:
    return errors.InvalidField(
        f"{what} is in the future: {at.isoformat()}", field=field, remedy="check the format and the zone of its time"
    )


def _beginning(scribe: Scribe, command: c.ImportHistory) -> e.OrderImported:
    return e.OrderImported(
        order_id=command.order_id,
        system=command.system,
        case=command.case,
        registered_at=command.registered_at or command.steps[0].at,
        title=command.title,
        text=command.text,
        category=command.category,
        order_class=command.order_class,
        province=command.province,
        channel=command.channel,
        customer=command.customer,
        terms=scribe.terms.digest,
        area=command.area,
        details=command.details,
    )


def _step(number: int, one: Walked) -> e.StepImported:
    step = one.step
    return e.StepImported(
        number=number,
        activity=step.activity,
        at=step.at,
        by=step.by,
        state=one.state,
        unit=step.unit,
        status=step.status,
        event=step.event,
        reopened=one.reopened,
        moved=one.moved,
        details=step.details,
    )


def _go_on(
    scribe: Scribe, command: c.ImportHistory, counted: tuple[int, int, int | None, int | None], dispatch: Dispatch
) -> None:
    """Owe what any order owes from here on: the customer an answer, a unit or the desk the next step."""
    statutory = start("statutory", f"r{scribe.order.round}", "", scribe.now, scribe.terms)
    if scribe.order.state in RESOLVED:
        scribe.emit(e.OrderTakenOver(State.AWAITING_CALLBACK, *counted), statutory)
        planned, starts = callback.planned_callback(scribe)
        answer = answered(of_kind(scribe.order, "statutory"), scribe.now)
        scribe.emit(e.CallbackPlanned(planned), answer, starts, by=SYSTEM)
        return
    found = None if command.lead else start("dispatch", f"s{scribe.order.seq + 1}", "", scribe.now, scribe.terms)
    scribe.emit(e.OrderTakenOver(State.TRIAGE, *counted), statutory, found)
    if command.lead:
        dispatch(scribe, c.Dispatch(command.lead), command.catalogue)
