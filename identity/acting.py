"""Acting for an absent colleague: taken on by name, while he is away, by the one whom the directory names.

The substitute takes it on with a reason and for some hours, never beyond the absence, and everything that he then does
in his colleague's place says so. Each request that is meant so names the colleague; whether it may is asked anew, so a
colleague who is back is acted for no more. It reaches one step: whoever acts for somebody does not thereby act for
those for whom that one would, unless the directory leads to him by the chain of its substitutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain.model import Role
from identity.people import Identified
from store import actings, posts
from store.actings import Acting
from store.directory import Person
from store.posts import Organisation

MOST_HOURS = 12
"""Hours after which acting is to be taken on anew."""

_NOT_PEOPLE = (Role.CUSTOMER, Role.CHANNEL, Role.REGULATOR, Role.SYSTEM)


class NotPossible(Exception):  # noqa: N818 - it names what is wrong, like the refusals
    """Acting that may not be; says why and what to do instead.

    Attributes:
        remedy: what to do instead.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Absent:
    """Somebody for whom one may act now, and until when his absence, or that of whoever stands between, is known."""

    person: str
    name_zh: str
    name_en: str
    role: Role
    unit: str
    until: datetime | None


def take_on(session: Session, who: Identified, absent: str, reason: str, hours: float, now: datetime) -> Acting:
    """Put it on record that somebody acts for an absent colleague from now on.

    Raises:
        NotPossible: it is not his to take on, or not now.
    """
    _demand_person(who)
    if who.acting_for:
        raise NotPossible(
            f"You ask in the place of {who.acting_for}; acting is not passed on.", "Ask without the header Acting-For."
        )
    person = _stood_in(posts.organisation(session, 0), who.id, absent, now)
    until = now + timedelta(hours=min(hours, MOST_HOURS))
    return actings.add(session, who.id, absent, now, min(until, person.until or until), reason)


def in_place_of(session: Session, who: Identified, absent: str, now: datetime) -> Identified:
    """The same person in the role and for the unit of the colleague for whom he acts.

    Raises:
        NotPossible: he has not taken it on, its time is over, or the colleague is back.
    """
    _demand_person(who)
    organisation = posts.organisation(session)
    _stood_in(organisation, who.id, absent, now)
    if not actings.running(session, who.id, now, absent):
        raise NotPossible(f"You do not act for {absent[:64]} now.", "Take it on with POST /v1/acting first.")
    colleague = organisation.people[absent]
    return replace(who, role=colleague.role, unit=colleague.unit, province=colleague.province, acting_for=colleague.id)


def give_up(session: Session, who: Identified, absent: str, now: datetime) -> list[Acting]:
    """End it; answers with what ended, nothing when nothing ran."""
    return actings.end(session, who.id, absent, now)


def running(session: Session, who: Identified, now: datetime) -> list[Acting]:
    """For whom somebody acts now."""
    return actings.running(session, who.id, now)


def possible(session: Session, who: Identified, now: datetime) -> list[Absent]:
    """For whom somebody may act now, by id."""
    if who.role in _NOT_PEOPLE or who.scopes is not None:
        return []
    organisation = posts.organisation(session)
    found = []
    for absent in organisation.people:
        try:
            found.append(_stood_in(organisation, who.id, absent, now))
        except NotPossible:
            continue
    return sorted(found, key=lambda one: one.person)


def _demand_person(who: Identified) -> None:
    if who.role in _NOT_PEOPLE or who.scopes is not None:
        raise NotPossible("Only members of staff act for colleagues.", "Have it done by whoever stands in.")


def _stood_in(organisation: Organisation, person: str, absent: str, now: datetime) -> Absent:
    """The absent colleague for whom the directory names this person at that instant; raises NotPossible."""
    colleague, own = organisation.people.get(absent), organisation.people.get(person)
    if colleague is None or not colleague.active or own is None or not own.active:
        raise NotPossible(f"There is no colleague {absent[:64]}.", "GET /v1/acting lists for whom you may act.")
    if absent == person:
        raise NotPossible("Nobody acts for himself.", "Ask without the header Acting-For.")
    if not colleague.away(now):
        raise NotPossible(f"{absent} is not away.", "Ask him, or have his absence put down first.")
    named = organisation.acting(colleague, now)
    if named is None or named.id != person:
        whom = f"it is {named.id}" if named else "the next level up is told"
        raise NotPossible(
            f"The directory does not name you as substitute for {absent}: {whom}.",
            "Have the absence put down with you as substitute.",
        )
    ends = [one.away_until for one in _between(organisation, colleague, person) if one.away_until is not None]
    return Absent(
        colleague.id,
        colleague.name_zh,
        colleague.name_en,
        colleague.role,
        colleague.unit,
        min(ends, default=None),
    )


def _between(organisation: Organisation, absent: Person, person: str) -> Iterator[Person]:
    """The absent colleague and every substitute who is away himself, up to the one who is not."""
    while absent.id != person:
        yield absent
        absent = organisation.people[absent.substitute]
