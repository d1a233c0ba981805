"""Who is away, until when, and who stands in: set and taken back, with a lasting record of who said so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from domain.model import Actor, Role
from store.directory import Person
from store.posts import DESKS, MOST_SUBSTITUTES, Organisation
from store.tables import absences as t
from store.tables import people

_MANAGERS = (Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER, Role.HEADQUARTERS)
_COLLEAGUES: dict[Role, tuple[Role, ...]] = {
    Role.UNIT_MEMBER: (Role.UNIT_MEMBER, Role.UNIT_HEAD),
    Role.UNIT_HEAD: (Role.UNIT_HEAD, Role.UNIT_MEMBER),
    **{desk: (desk, Role.TEAM_LEAD) for desk in DESKS},
}
"""Who of the same unit may stand in for a role; for those not named here only somebody of the same role."""
_NAMED = 6
"""Substitutes that a refusal names as possible."""


class NotPossible(ValueError):  # noqa: N818 - it names what is wrong, like the refusals
    """An absence that cannot be; says which field is to blame and what to do instead.

    Attributes:
        field: from, until or substitute.
        remedy: what to do instead.
    """

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.field = field
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Absence:
    """From when until when (UTC) a person is away, and who stands in.

    `until` None is until he is said to be back; without a `substitute` what he is told goes to the next level up.
    """

    start: datetime
    until: datetime | None = None
    substitute: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said about a person's absence; without `away_from` that he is back. Instants are UTC."""

    id: int
    person: str
    at: datetime
    actor_id: str
    role: str
    away_from: datetime | None
    away_until: datetime | None
    substitute: str


_SAID = tuple(t.c[name] for name in Said.__dataclass_fields__)


def may_say(organisation: Organisation, actor: Actor, person: Person) -> bool:
    """True for the person himself, the heads of his unit, province and region, headquarters and administrators."""
    if actor.id == person.id or actor.role in (Role.ADMINISTRATOR, Role.HEADQUARTERS):
        return True
    if actor.role is Role.UNIT_HEAD:
        return actor.unit == person.unit
    above = actor.role in (Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER)
    return above and actor.unit in _line(organisation, person.unit)


@contextmanager
def alone(session: Session) -> Iterator[None]:
    """One transaction in which nobody else says who is away, committed at its end: so no two can close a circle.

    For a session, of single statements or not, that has done nothing yet; read the organisation within.
    """
    session.connection(execution_options={"isolation_level": "READ COMMITTED"})
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("absences", 0))))
    yield
    session.commit()


def say_away(
    session: Session, organisation: Organisation, person: Person, absence: Absence, actor: Actor, now: datetime
) -> Person:
    """Put a person of the organisation, just read, down as away; saying the same again changes nothing.

    Answers with him as he then stands. Where others may write too, read the organisation `alone`. Once it is committed,
    `posts.forget` lets this process know at once; others know as soon as they read the directory again.

    Raises:
        NotPossible: the times are out of order, or the substitute cannot stand in.
    """
    check(organisation, person, absence, now)
    changed = replace(person, away_from=absence.start, away_until=absence.until, substitute=absence.substitute)
    return _kept(session, person, changed, actor, now)


def say_back(session: Session, person: Person, actor: Actor, now: datetime) -> Person:
    """Put a person down as back and answer with him; of one who was not away nothing is written."""
    return _kept(session, person, replace(person, away_from=None, away_until=None, substitute=""), actor, now)


def said_of(session: Session, person_id: str, limit: int = 200) -> list[Said]:
    """What was said of a person's absences, the latest first."""
    found = select(*_SAID).where(t.c.person == person_id).order_by(t.c.id.desc()).limit(limit)
    return [Said(*row) for row in session.execute(found)]


def possible_substitutes(organisation: Organisation, person: Person) -> Iterator[Person]:
    """Who may stand in for a person, his own unit first."""
    candidates = [one for one in organisation.people.values() if one.active and fits(organisation, one, person)]
    line = _line(organisation, person.unit)
    nearest = {unit: distance for distance, unit in enumerate(line)}
    yield from sorted(candidates, key=lambda one: (nearest.get(one.unit, len(line)), one.role != person.role, one.id))


def fits(organisation: Organisation, substitute: Person, person: Person) -> bool:
    """True for one who can act in the person's stead: the rules go by role and unit, and so does this.

    That is a colleague of the same unit as `_COLLEAGUES` has it; a manager of the place or of one above it; for a
    manager also another of the same role below the same place.
    """
    if substitute.id == person.id:
        return False
    if substitute.unit == person.unit and substitute.role in _COLLEAGUES.get(person.role, (person.role,)):
        return True
    line = _line(organisation, person.unit)
    if substitute.role in _MANAGERS and substitute.unit in line:
        return True
    same = substitute.role == person.role and person.role in _MANAGERS
    return same and _line(organisation, substitute.unit)[1:2] == line[1:2]


def _line(organisation: Organisation, unit: str) -> list[str]:
    """A unit and those above it, upwards."""
    line: list[str] = []
    while unit and unit not in line:
        line.append(unit)
        found = organisation.units.get(unit)
        unit = found.parent if found else ""
    return line


def check(organisation: Organisation, person: Person, absence: Absence, now: datetime) -> None:
    """Whether the person can be away like that; raises NotPossible."""
    if absence.until is not None and absence.until <= absence.start:
        raise NotPossible("until", "until is not after from", "give a later one, or none: until he is said to be back")
    if absence.until is not None and absence.until <= now:
        raise NotPossible("until", "until has passed", "give one to come; what was told meanwhile stays as it was")
    if not absence.substitute:
        return
    substitute = organisation.people.get(absence.substitute)
    reason = _unfit(organisation, person, substitute, absence.substitute)
    if reason or substitute is None:
        raise NotPossible("substitute", reason, _others(organisation, person))
    circle = _circle(organisation, person, absence, substitute)
    if circle:
        raise NotPossible("substitute", "the substitutes form a circle: " + " → ".join(circle), "name somebody else")


def _unfit(organisation: Organisation, person: Person, substitute: Person | None, named: str) -> str:
    """Why somebody cannot stand in, '' when he can."""
    if substitute is None:
        return f"there is no person {named}"
    if substitute.id == person.id:
        return "nobody stands in for himself"
    if not substitute.active:
        return f"{named} has left"
    if not fits(organisation, substitute, person):
        return f"{named} ({_seat(substitute)}) cannot act for {person.id} ({_seat(person)})"
    return ""


def _seat(person: Person) -> str:
    return f"{person.role} of {person.unit or 'no unit'}"


def _circle(organisation: Organisation, person: Person, absence: Absence, substitute: Person) -> list[str]:
    """The ids of a circle of substitutes whose absences overlap with this one; none when there is no circle."""
    passed = [person.id]
    following: Person | None = substitute
    while following is not None and len(passed) <= MOST_SUBSTITUTES + 1:
        passed.append(following.id)
        if following.id == person.id:
            return passed
        if not _overlaps(following, absence):
            return []
        following = organisation.people.get(following.substitute)
    return []


def _overlaps(person: Person, absence: Absence) -> bool:
    if person.away_from is None:
        return False
    begins_before_the_end = absence.until is None or person.away_from < absence.until
    return begins_before_the_end and (person.away_until is None or absence.start < person.away_until)


def _others(organisation: Organisation, person: Person) -> str:
    names = [one.id for one in possible_substitutes(organisation, person)][:_NAMED]
    return "name one of: " + ", ".join(names) if names else "leave it out: the next level up is told"


def _kept(session: Session, before: Person, after: Person, actor: Actor, now: datetime) -> Person:
    if after == before:
        return after
    values = {"away_from": after.away_from, "away_until": after.away_until, "substitute": after.substitute}
    changed = update(people).where(people.c.id == after.id).values(values).returning(people.c.id).cte("changed")
    said = {"at": now, "actor_id": actor.id, "role": actor.role.value, **values}
    row = select(changed.c.id, *(literal(value, t.c[name].type) for name, value in said.items()))
    session.execute(insert(t).from_select(["person", *said], row))
    return after
