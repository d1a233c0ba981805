"""The whistle in the simulated year: the frontline blows, departments come or do not, and are rated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bench.year import habits
from bench.year.life import Life, Reaction
from domain import commands as c
from domain import events as e
from domain.model import OPEN, Actor, Attendance, Blow, Presence, Rating, Role, Whistle, WhistleKind

DEPARTMENTS = ("net", "bill", "mkt", "it", "inst", "gov")
LIVE = (Blow.REQUESTED, Blow.BLOWN, Blow.JOINT_HANDLING, Blow.DISPOSED)


def may_be_asked_for(life: Life) -> None:
    """Now and then the frontline means to blow."""
    if life.chance(habits.WHISTLED.get(life.order.order_class, 0.0)):
        life.plan(life.hours(1.0), _request, office=False)


def pending(life: Life) -> bool:
    """Whether a whistle stands in the way of a reply."""
    return any(whistle.status in LIVE for whistle in life.order.whistles)


def _agent(life: Life) -> Actor:
    return life.actor(f"{life.order.province}-whistler", Role.AGENT, f"{life.order.province}.svc")


def _team_lead(life: Life) -> Actor:
    return life.actor(f"{life.order.province}-team-lead", Role.TEAM_LEAD, f"{life.order.province}.svc")


def _manager(life: Life) -> Actor:
    return life.actor(f"{life.order.province}-whistle-manager", Role.PROVINCE_MANAGER, life.order.province)


def _department(life: Life, unit: str) -> Actor:
    return life.actor(f"{unit}-on-duty", Role.UNIT_MEMBER, unit)


def _find(life: Life, whistle: str, *statuses: Blow) -> Whistle | None:
    """The whistle, while it stands in one of these and the order is open."""
    for one in life.order.whistles:
        if one.id == whistle and one.status in statuses and life.order.state in OPEN:
            return one
    return None


def _request(life: Life) -> None:
    if life.order.state not in OPEN or life.order.whistles:
        return
    kinds = (WhistleKind.EMERGENCY, WhistleKind.ROUTINE, WhistleKind.ROUTINE, WhistleKind.HARD)
    units = tuple(f"{life.order.province}.{name}" for name in life.luck.sample(DEPARTMENTS, life.luck.randint(1, 4)))
    matter = life.luck.choice(life.terms.whistle_matters)
    life.do(_agent(life), c.RequestWhistle(life.luck.choice(kinds), matter, units, units[0]))


def _requested(life: Life, body: Any) -> None:
    whistle: Whistle = body.whistle
    if whistle.kind is WhistleKind.EMERGENCY:
        life.plan(life.hours(4), _review, whistle.id)
    else:
        life.plan(life.hours(0.4), _decide, whistle.id, office=False)


def _decide(life: Life, whistle: str) -> None:
    found = _find(life, whistle, Blow.REQUESTED)
    if found is not None:
        actor = _manager(life) if found.kind is WhistleKind.HARD else _team_lead(life)
        life.do(actor, c.DecideWhistle(whistle, not life.chance(habits.REFUSED_WHISTLE)))


def _review(life: Life, whistle: str) -> None:
    if any(one.id == whistle and one.valid is None for one in life.order.whistles) and life.order.state in OPEN:
        life.do(_team_lead(life), c.ReviewWhistle(whistle, life.chance(0.9)))


def _blown(life: Life, body: Any) -> None:
    for unit in body.units:
        if life.chance(habits.COMES):
            _set_out(life, body.whistle, unit)


def _set_out(life: Life, whistle: str, unit: str) -> None:
    """A department means to answer, to speak to the frontline, and to come."""
    pace = life.world.pace(unit) * habits.COMES_AFTER
    base = 0.35 if life.order.order_class.value == "urgent" else 9.0
    life.plan(life.hours(base * 0.05) * pace, _answer, whistle, unit, office=False)
    life.plan(life.hours(base * 0.2) * pace, _speak, whistle, unit, office=False)
    life.plan(life.hours(base) * pace, _come, whistle, unit, office=False)


def _attendance(life: Life, whistle: str, unit: str, *statuses: Presence) -> Attendance | None:
    found = _find(life, whistle, Blow.BLOWN, Blow.JOINT_HANDLING)
    for one in found.attendances if found else ():
        if one.unit == unit and one.status in statuses:
            return one
    return None


def _answer(life: Life, whistle: str, unit: str) -> None:
    if _attendance(life, whistle, unit, Presence.SUMMONED):
        life.do(_department(life, unit), c.AnswerWhistle(whistle))


def _speak(life: Life, whistle: str, unit: str) -> None:
    if _attendance(life, whistle, unit, Presence.SUMMONED, Presence.SIGNED):
        life.do(_department(life, unit), c.ContactWhistle(whistle, "the agent"))


def _come(life: Life, whistle: str, unit: str) -> None:
    if _attendance(life, whistle, unit, Presence.SUMMONED, Presence.SIGNED, Presence.CONTACTED):
        life.do(_department(life, unit), c.ReportIn(whistle, "the one on duty"))


def _came(life: Life, body: Any) -> None:
    life.plan(life.hours(3), _finish, body.whistle, body.unit, office=False)


def _finish(life: Life, whistle: str, unit: str) -> None:
    if _attendance(life, whistle, unit, Presence.REPORTED_IN):
        life.do(_department(life, unit), c.FinishPart(whistle, "done"))


def _finished(life: Life, body: Any) -> None:
    whistle: str = body.whistle
    found = _find(life, whistle, Blow.BLOWN, Blow.JOINT_HANDLING)
    if found and all(one.status in (Presence.DONE, Presence.EXCUSED) for one in found.attendances):
        life.plan(timedelta(minutes=30), _dispose, whistle, office=False)


def _dispose(life: Life, whistle: str) -> None:
    found = _find(life, whistle, Blow.BLOWN, Blow.JOINT_HANDLING)
    if found and all(one.status in (Presence.DONE, Presence.EXCUSED) for one in found.attendances):
        life.do(_manager(life), c.Dispose(whistle, "settled together"))


def _disposed(life: Life, body: Any) -> None:
    life.plan(life.hours(1), _verify, body.whistle)


def _verify(life: Life, whistle: str) -> None:
    found = _find(life, whistle, Blow.DISPOSED)
    if found is not None:
        again = found.blows < 2 and life.chance(habits.BLOWN_AGAIN)
        again = again and any(one.status is not Presence.EXCUSED for one in found.attendances)
        life.do(_agent(life), c.VerifyWhistle(whistle, not again))


def _verified(life: Life, body: Any) -> None:
    life.plan(life.hours(2), _rate, body.whistle)


def _rate(life: Life, whistle: str) -> None:
    found = _find(life, whistle, Blow.VERIFIED)
    for one in found.attendances if found else ():
        if one.status is Presence.DONE:
            first, second, third, fourth = (life.luck.randint(2, 5) for _ in range(4))
            life.do(_agent(life), c.RateAttendance(whistle, one.unit, Rating(first, second, third, fourth)))


def _rated(life: Life, body: Any) -> None:
    if life.chance(habits.APPEALS):
        life.plan(life.hours(5), _appeal, body.whistle, body.unit)


def _appeal(life: Life, whistle: str, unit: str) -> None:
    if life.order.state in OPEN:
        life.do(_department(life, unit), c.AppealRating(whistle, "we were there in time"))


def _appealed(life: Life, body: Any) -> None:
    life.plan(life.hours(8), _decide_appeal, body.whistle, body.unit)


def _decide_appeal(life: Life, whistle: str, unit: str) -> None:
    for one in life.order.whistles:
        if one.id == whistle and life.order.state in OPEN:
            pending_appeal = any(part.unit == unit and part.appeal == "pending" for part in one.attendances)
            if pending_appeal:
                corrected = Rating(4, 4, 4, 4) if life.chance(0.3) else None
                life.do(_manager(life), c.DecideAppeal(whistle, unit, corrected))


def _excuse(life: Life, whistle: str, unit: str) -> None:
    if _attendance(life, whistle, unit, Presence.SUMMONED, Presence.SIGNED, Presence.CONTACTED):
        life.do(_manager(life), c.Excuse(whistle, unit, f"{unit}'s neighbour"))
        _finished_after_excuse(life, whistle)


def _finished_after_excuse(life: Life, whistle: str) -> None:
    life.plan(timedelta(minutes=30), _dispose, whistle, office=False)


def made_to(life: Life, kind: str, subject: list[str]) -> None:
    """Somebody above sees to it: a department comes after all or is excused, a decision is taken."""
    whistle = subject[0].partition(".")[0]
    if kind == "whistle_decision":
        life.plan(life.hours(0.5), _decide, whistle, office=False)
    elif kind == "whistle_review":
        life.plan(life.hours(0.5), _review, whistle)
    elif kind == "appeal_decision":
        life.plan(life.hours(0.5), _decide_appeal, whistle, subject[1])
    elif life.chance(0.15):
        life.plan(life.hours(0.5), _excuse, whistle, subject[1], office=False)
    else:
        life.plan(life.hours(0.5), _come, whistle, subject[1], office=False)


REACTIONS: dict[type[Any], Reaction] = {
    e.WhistleRequested: _requested,
    e.WhistleBlown: _blown,
    e.DepartmentReportedIn: _came,
    e.DepartmentDone: _finished,
    e.WhistleDisposed: _disposed,
    e.WhistleVerified: _verified,
    e.DepartmentRated: _rated,
    e.RatingAppealed: _appealed,
}
