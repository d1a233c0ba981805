"""Whom an event can concern, and when it does: the vocabulary of the table in `notices`.

Each function reads a scene, the event with the order around it, and answers with audiences or with yes or no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain import events as e
from domain.clocks import kind_of
from domain.model import CallbackStatus, Order, Part, Role, State, UnitRole, Whistle, WhistleKind

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Scene:
    """An event with the order around it; `before` is None for the first one."""

    before: Order | None
    after: Order
    event: e.Event

    def unit_of(self, assignment: str) -> str:
        """The unit of an assignment, '' when the order does not know it."""
        for order in (self.after, self.before):
            for part in order.assignments if order else ():
                if part.id == assignment:
                    return part.unit
        return ""

    def whistle(self) -> Whistle:
        """The whistle that the event speaks of; raises KeyError."""
        named = getattr(self.event.body, "whistle", None)
        if isinstance(named, Whistle):
            return named
        for order in (self.after, self.before):
            for whistle in order.whistles if order else ():
                if whistle.id == named:
                    return whistle
        raise KeyError(f"order {self.after.id} has no whistle {named!r}")


Whom = Callable[[Scene], tuple[str, ...]]

_GONE = (Part.RETURN_UPHELD, Part.WITHDRAWN)


def province_of(unit: str) -> str:
    """The province of a unit's id, such as GD for GD.net; headquarters is HQ, a regional centre has none ('')."""
    head = unit.partition(".")[0]
    return "" if head == "R" else head


def _unit(unit: str) -> tuple[str, ...]:
    return (f"unit:{unit}",) if unit else ()


def post(role: Role) -> Whom:
    """Whoever holds that role in the order's province."""
    return lambda scene: (f"role:{role.value}@{scene.after.province}",)


def customer(scene: Scene) -> tuple[str, ...]:
    """The customer."""
    return (CUSTOMER,)


def lead(scene: Scene) -> tuple[str, ...]:
    """The lead unit; while there is none, the dispatcher who must find one."""
    part = scene.after.lead
    return _unit(part.unit) if part else dispatcher(scene)


def parts(role: UnitRole) -> Whom:
    """The units that a dispatch names in that role."""

    def whom(scene: Scene) -> tuple[str, ...]:
        body = scene.event.body
        assert isinstance(body, e.OrderDispatched)
        return tuple(f"unit:{part.unit}" for part in body.assignments if part.role is role)

    return whom


def released(scene: Scene) -> tuple[str, ...]:
    """The units that still had a part before the order went on without them."""
    parts = scene.before.assignments if scene.before else ()
    over = (*_GONE, Part.ACCEPTED, Part.COPIED)
    return tuple(f"unit:{part.unit}" for part in parts if part.status not in over)


def assigned(scene: Scene) -> tuple[str, ...]:
    """The unit of the assignment that the event names."""
    return _unit(scene.unit_of(getattr(scene.event.body, "assignment", "")))


def named(scene: Scene) -> tuple[str, ...]:
    """The unit that the event names, else the lead."""
    return _unit(getattr(scene.event.body, "unit", "")) or lead(scene)


def head(scene: Scene) -> tuple[str, ...]:
    """The head of the unit that the event names, else of the lead."""
    unit = getattr(scene.event.body, "unit", "") or (scene.after.lead.unit if scene.after.lead else "")
    return (f"head:{unit}",) if unit else ()


def target(scene: Scene) -> tuple[str, ...]:
    """The role that a step of the ladder tells, in the province of the unit that owes."""
    body = scene.event.body
    assert isinstance(body, e.OrderEscalated)
    if body.target == "unit":
        return named(scene)
    if body.target == Role.UNIT_HEAD:
        return head(scene) or dispatcher(scene)
    if body.target == Role.HEADQUARTERS:
        return headquarters(scene)
    return (f"role:{body.target}@{province_of(body.unit) or scene.after.province}",)


def headquarters(scene: Scene) -> tuple[str, ...]:
    """Headquarters."""
    return (f"role:{Role.HEADQUARTERS}@HQ",)


def summoned(scene: Scene) -> tuple[str, ...]:
    """The units that a blow summons."""
    body = scene.event.body
    assert isinstance(body, e.WhistleBlown)
    return tuple(f"unit:{unit}" for unit in body.units)


def attending(scene: Scene) -> tuple[str, ...]:
    """All units that the whistle summoned."""
    return tuple(f"unit:{attendance.unit}" for attendance in scene.whistle().attendances)


def whistler(scene: Scene) -> tuple[str, ...]:
    """The person who asked for the whistle."""
    return (f"person:{scene.whistle().requested_by}",)


def whistle_lead(scene: Scene) -> tuple[str, ...]:
    """The unit that leads the joint handling: the one named, else the order's lead."""
    return _unit(scene.whistle().lead) or lead(scene)


def managers_concerned(scene: Scene) -> tuple[str, ...]:
    """Both managers of a whistle across provinces; none when it stays at home."""
    body = scene.event.body
    assert isinstance(body, e.WhistleBlown)
    home = scene.after.province
    others = tuple(place for unit in body.units if (place := province_of(unit)) and place != home)
    return tuple(f"role:{Role.PROVINCE_MANAGER}@{place}" for place in (home, *others)) if others else ()


def approver(scene: Scene) -> tuple[str, ...]:
    """Who must approve the whistle: the manager a hard one, the team lead any other."""
    return (manager if scene.whistle().kind is WhistleKind.HARD else team_lead)(scene)


dispatcher, team_lead = post(Role.DISPATCHER), post(Role.TEAM_LEAD)
auditor, caller, manager = post(Role.REPLY_AUDITOR), post(Role.CALLBACK_AGENT), post(Role.PROVINCE_MANAGER)


def starts_clock(wanted: str) -> Callable[[Scene], bool]:
    """True when the event starts a clock of that kind."""
    return lambda scene: any(kind_of(change.key) == wanted for change in scene.event.clocks)


def has(field: str) -> Callable[[Scene], bool]:
    """True when the event's field says something."""
    return lambda scene: bool(getattr(scene.event.body, field))


def lacks(field: str) -> Callable[[Scene], bool]:
    """True when the event's field is empty."""
    return lambda scene: not getattr(scene.event.body, field)


def promise_broken(scene: Scene) -> bool:
    """The customer is told of the limits that he was promised, not of those between departments."""
    body = scene.event.body
    return isinstance(body, e.ClockBreached) and kind_of(body.key) in ("due", "statutory")


def retimed(scene: Scene) -> tuple[str, ...]:
    """The units of which a limit has moved or ended."""
    before = scene.before.clocks if scene.before else {}
    units = (
        before[change.key].unit
        for change in scene.event.clocks
        if change.key in before and (change.clock is None or change.clock.due_at != before[change.key].due_at)
    )
    return tuple(f"unit:{unit}" for unit in dict.fromkeys(units) if unit)


def promise_moved(scene: Scene) -> bool:
    """True when the date moved by which the customer was promised a result."""
    before = scene.before.clocks if scene.before else {}
    return any(
        kind_of(change.key) == "due" and change.clock is not None and change.clock.due_at != before[change.key].due_at
        for change in scene.event.clocks
        if change.key in before
    )


def back_to_triage(scene: Scene) -> bool:
    """True when the order now stands in conference."""
    return scene.after.state is State.TRIAGE


def emergency(scene: Scene) -> bool:
    """True for a whistle that needed no approval."""
    return scene.whistle().kind is WhistleKind.EMERGENCY


def awaits_approval(scene: Scene) -> bool:
    """True for a whistle that somebody must approve first."""
    return not emergency(scene)


def calls(scene: Scene) -> bool:
    """True when the customer is to be called; one whom sampling leaves out is asked by message."""
    callback = scene.after.callback
    return callback is not None and callback.status in (CallbackStatus.PLANNED, CallbackStatus.DEFERRED)


def asks_by_message(scene: Scene) -> bool:
    """True when the customer is now asked for a rating by message."""
    return scene.after.callback is not None and scene.after.callback.status is CallbackStatus.SMS_SENT


def unhappy(scene: Scene) -> bool:
    """True when the customer says unsolved or dissatisfied, and a manager has to judge it."""
    body = scene.event.body
    if scene.after.callback is None or scene.after.callback.status is not CallbackStatus.UNDER_REVIEW:
        return False
    return isinstance(body, e.CallbackRecorded)
