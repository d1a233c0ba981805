"""Who holds a post, and who stands in for one that is vacant: audiences turned into people, at an instant.

An audience (`domain.audiences`) names a post, not a person. Its holders are those who are active and present then. For
whoever is away his substitute stands in, or that one's own, `MOST_SUBSTITUTES` deep. Where that leaves nobody, what is
said goes to the next level up: unit, its head, the province manager, the regional manager, headquarters, and last the
administrators; from a desk by way of its team lead. Where everybody is away, somebody on leave is told: a notice
always has a reader, and a letter an address.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from domain.model import Role
from store import directory
from store.directory import Person, Unit
from store.session import pool_of

MOST_SUBSTITUTES = 5
"""How far substitutes of substitutes are followed."""
DESKS = (Role.AGENT, Role.DISPATCHER, Role.REPLY_AUDITOR, Role.CALLBACK_AGENT)
"""Who sits at a desk, under a team lead."""

_KEPT_SECONDS = 10.0
_UNIT_ROLES = (Role.UNIT_MEMBER, Role.UNIT_HEAD)
_ABOVE = (Role.TEAM_LEAD, Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER)
"""Who stands above a desk, in order; a unit's head comes under the province manager."""
_CENTRAL = (Role.HEADQUARTERS, Role.ADMINISTRATOR)
"""These hold one post for the whole organisation, and are the end of every chain."""


class Holder(NamedTuple):
    """Who is told; `instead_of` is the person who holds the post and is away, None for the holder himself."""

    person: Person
    instead_of: Person | None = None


class Reached(NamedTuple):
    """The post at which an audience was found, the audience itself or one above it, and who is told there."""

    post: str
    holders: tuple[Holder, ...]


@dataclass(frozen=True)
class Organisation:
    """The directory as it was read at the instant `at` (UTC), by post; `people` has those who left too."""

    units: dict[str, Unit]
    people: dict[str, Person]
    at: datetime
    _holders: dict[str, list[Person]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for person in self.people.values():
            for post in self.posts_of(person) if person.active else ():
                self._holders.setdefault(post, []).append(person)

    def posts_of(self, person: Person) -> tuple[str, ...]:
        """The audiences that a person is by himself."""
        own = f"person:{person.id}"
        if person.role in _UNIT_ROLES:
            head = (f"head:{person.unit}",) if person.role == Role.UNIT_HEAD else ()
            return (own, f"unit:{person.unit}", *head)
        if person.role == Role.REGIONAL_MANAGER:
            return (own, *(f"role:{person.role}@{place}" for place in self._below.get(person.unit, ())))
        if person.role in _CENTRAL:
            return (own, f"role:{person.role}@HQ")
        return (own, f"role:{person.role}@{person.province or person.unit}")

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        """The units directly below each unit, such as the provinces of a regional centre."""
        found: dict[str, list[str]] = {}
        for unit in self.units.values():
            found.setdefault(unit.parent, []).append(unit.id)
        return found

    def related(self, one: str, other: str) -> bool:
        """Whether two units are the same, or one of them stands above the other."""
        return one in self.above(other) or other in self.above(one)

    def above(self, unit: str) -> tuple[str, ...]:
        """The unit and all above it, headquarters last; none for one that is not there."""
        found: list[str] = []
        while unit in self.units and unit not in found:
            found.append(unit)
            unit = self.units[unit].parent
        return tuple(found)

    def chain(self, audience: str) -> Iterator[str]:
        """The audience itself and those who stand in for it, upwards; the last are the administrators."""
        yield audience
        kind, _, name = audience.partition(":")
        role, _, place = name.partition("@")
        if kind == "person":
            person = self.people.get(name)
            name = person.unit if person else ""
        if kind in ("unit", "person") and name:
            yield f"head:{name}"
        above: tuple[Role, ...] = _ABOVE[1:]
        if kind != "role":
            unit = self.units.get(name)
            place = unit.province if unit else name.partition(".")[0]
        elif role in _ABOVE:
            above = _ABOVE[_ABOVE.index(Role(role)) + 1 :]
        else:
            above = _ABOVE if role in DESKS else ()
        for post in above:
            yield f"role:{post}@{place}"
        for post in _CENTRAL:
            yield f"role:{post}@HQ"

    def present(self, post: str, at: datetime) -> tuple[Holder, ...]:
        """Who holds a post at that instant or stands in for one who does, each person once, himself before another."""
        found: dict[str, Holder] = {}
        for person in self._holders.get(post, ()):
            acting = self.acting(person, at)
            if acting is person:
                found[person.id] = Holder(person)
            elif acting is not None:
                found.setdefault(acting.id, Holder(acting, person))
        return tuple(found.values())

    def acting(self, person: Person, at: datetime) -> Person | None:
        """The person himself, or whoever stands in for him at that instant; None when nobody does."""
        passed = [person.id]
        while person.away(at):
            substitute = self.people.get(person.substitute)
            if substitute is None or not substitute.active or substitute.id in passed:
                return None
            if len(passed) > MOST_SUBSTITUTES:
                return None
            passed.append(substitute.id)
            person = substitute
        return person

    def reached(self, audience: str, at: datetime) -> Reached:
        """Where something said to an audience at that instant arrives, and at whom.

        Nobody at all only where neither the chain nor the administrators have a single active person.
        """
        return next((level for level in self._levels(audience, at) if level.holders), Reached("", ()))

    def _levels(self, audience: str, at: datetime) -> Iterator[Reached]:
        """Every level of the chain with those present, then again with those on leave: better one of them than none."""
        posts = tuple(self.chain(audience))
        for post in posts:
            yield Reached(post, self.present(post, at))
        for post in posts:
            yield Reached(post, tuple(map(Holder, self._holders.get(post, ()))))

    def addresses(self, audience: str, at: datetime, holders: Iterable[str] = ()) -> tuple[str, ...]:
        """Where a letter to an audience goes: to the unit's own box, or to those told of it, the ids in `holders`.

        Where they have no address, to the first post of the chain at that instant that has any.
        """
        told = tuple(self.people[person] for person in holders if person in self.people)
        for post, people in (
            (audience, tuple(person for person in told if person.active)),
            *((post, tuple(one.person for one in found)) for post, found in self._levels(audience, at)),
        ):
            box = self.box(post) if people else ""
            found = (box,) if box else tuple(person.email for person in people if person.email)
            if found:
                return found
        return ()

    def box(self, audience: str) -> str:
        """A unit's own mail box, '' for other audiences and for a unit without one."""
        unit = self.units.get(audience[5:]) if audience.startswith("unit:") else None
        return unit.email if unit else ""

    def read_by(self, person: Person) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The audiences that a person reads: those of his own posts, and those that he stands in for now."""
        own = self.posts_of(person)
        return own, tuple(audience for audience in self._stood_in.get(person.id, ()) if audience not in own)

    def zone_of(self, audience: str) -> str:
        """The time zone in which an audience of staff lives: its unit's, its place's or, of a person, his unit's.

        Headquarters' for a unit that the directory does not have, and UTC where it has none at all.
        """
        kind, _, name = audience.partition(":")
        if kind == "person":
            person = self.people.get(name)
            name = (person.unit or person.province) if person else ""
        place = name.partition("@")[2] or name
        unit = self.units.get(place) or self.units.get(place.partition(".")[0]) or self.units.get("HQ")
        return unit.zone if unit else "UTC"

    @cached_property
    def names(self) -> dict[str, tuple[str, str]]:
        """What units and people are called (zh, en), under `unit:<id>` and `person:<id>`."""
        called = {f"unit:{unit.id}": (unit.name_zh, unit.name_en) for unit in self.units.values()}
        return called | {f"person:{one.id}": (one.name_zh, one.name_en) for one in self.people.values()}

    @cached_property
    def _stood_in(self) -> dict[str, list[str]]:
        """By person, the audiences of which no holder is present and that come to him."""
        found: dict[str, list[str]] = {}
        for audience in self._all_audiences():
            if all(person.away(self.at) for person in self._holders.get(audience, ())):
                for holder in self.reached(audience, self.at).holders:
                    found.setdefault(holder.person.id, []).append(audience)
        return found

    def _all_audiences(self) -> Iterable[str]:
        for unit in self.units.values():
            yield f"unit:{unit.id}"
            yield f"head:{unit.id}"
        for person in self.people.values():
            yield f"person:{person.id}"
        for place in dict.fromkeys(unit.province for unit in self.units.values() if unit.province):
            for role in (*DESKS, *_ABOVE):
                yield f"role:{role}@{place}"
        for role in _CENTRAL:
            yield f"role:{role}@HQ"


_KEPT: WeakKeyDictionary[Pool, tuple[float, Organisation]] = WeakKeyDictionary()
_LOCK = threading.Lock()
_changes = [0]


def organisation(session: Session, kept_seconds: float = _KEPT_SECONDS) -> Organisation:
    """The directory as it was at most `kept_seconds` ago."""
    pool = pool_of(session)
    with _LOCK:
        kept, change = _KEPT.get(pool), _changes[0]
    if kept is not None and kept[0] + kept_seconds > time.monotonic():
        return kept[1]
    read_at = time.monotonic()
    found = Organisation(
        {unit.id: unit for unit in directory.units(session)},
        {person.id: person for person in directory.everybody(session)},
        datetime.now(UTC),
    )
    with _LOCK:
        if change == _changes[0] and found.people:  # a session of nobody sees none, and is not to speak for others
            _KEPT[pool] = (read_at, found)
    return found


def forget() -> None:
    """Read the directory anew when it is next asked for; to be called once a change of it is committed."""
    with _LOCK:
        _changes[0] += 1
        _KEPT.clear()
