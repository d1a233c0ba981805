"""Who holds a post, and who stands in for one that is vacant: audiences turned into people.

An audience (`domain.audiences`) names a post, not a person. Where nobody active holds it, what is said to it goes to
the next level up: unit, its head, the province manager, the regional manager, headquarters. So a notice always has a
reader, and an e-mail an address.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from domain.model import Role
from store import directory
from store.directory import Person, Unit
from store.tables import people

_KEPT_SECONDS = 10.0
_UNIT_ROLES = (Role.UNIT_MEMBER, Role.UNIT_HEAD)
_TOP = f"role:{Role.HEADQUARTERS}@HQ"


@dataclass(frozen=True)
class Organisation:
    """The directory at one moment, by post; `people` has those who left too."""

    units: dict[str, Unit]
    people: dict[str, Person]
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
            places = (unit.id for unit in self.units.values() if unit.parent == person.unit)
            return (own, *(f"role:{person.role}@{place}" for place in places))
        return (own, f"role:{person.role}@{person.province or person.unit}")

    def chain(self, audience: str) -> Iterator[str]:
        """The audience itself and those who stand in for it, upwards."""
        yield audience
        kind, _, name = audience.partition(":")
        role, _, place = name.partition("@")
        if kind == "person":
            person = self.people.get(name)
            name = person.unit if person else ""
        if kind in ("unit", "person") and name:
            yield f"head:{name}"
        if kind != "role":
            unit = self.units.get(name)
            role, place = "", (unit.province if unit else name.partition(".")[0])
        above = (Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER)
        for post in above[above.index(Role(role)) + 1 if role in above else 0 :]:
            yield f"role:{post}@{place}"
        yield _TOP

    def reached(self, audience: str) -> tuple[str, tuple[Person, ...]]:
        """The first post of the chain that somebody holds, and who; ('', ()) when even headquarters is empty."""
        for post in self.chain(audience):
            holders = self._holders.get(post)
            if holders:
                return post, tuple(holders)
        return "", ()

    def addresses(self, audience: str) -> tuple[str, ...]:
        """Where mail to an audience goes: a unit's own box, else the people's; of the first post that has any."""
        for post in self.chain(audience):
            holders = self._holders.get(post, [])
            unit = self.units.get(post[5:]) if post.startswith("unit:") else None
            if unit is not None and unit.email and holders:
                return (unit.email,)
            found = tuple(person.email for person in holders if person.email)
            if found:
                return found
        return ()

    def read_by(self, person: Person) -> tuple[str, ...]:
        """Every audience whose notices a person reads: his own posts, and the vacant ones that he stands in for."""
        own = self.posts_of(person)
        return (*own, *(audience for post in own for audience in self._vacant.get(post, ()) if audience not in own))

    @cached_property
    def _vacant(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for audience in self._all_audiences():
            if audience not in self._holders:
                found.setdefault(self.reached(audience)[0], []).append(audience)
        return found

    def _all_audiences(self) -> Iterable[str]:
        for unit in self.units.values():
            yield f"unit:{unit.id}"
            yield f"head:{unit.id}"
        for person in self.people.values():
            yield f"person:{person.id}"
        for place in dict.fromkeys(unit.province for unit in self.units.values() if unit.province):
            for role in Role:
                yield f"role:{role}@{place}"


_KEPT: WeakKeyDictionary[Engine, tuple[float, Organisation]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def organisation(session: Session, kept_seconds: float = _KEPT_SECONDS) -> Organisation:
    """The directory as it was at most `kept_seconds` ago."""
    bind = session.get_bind()
    engine = bind.engine if isinstance(bind, Connection) else bind
    with _LOCK:
        kept = _KEPT.get(engine)
    if kept is not None and kept[0] + kept_seconds > time.monotonic():
        return kept[1]
    found = Organisation(
        {unit.id: unit for unit in directory.units(session)},
        {person.id: person for person in (Person(**row) for row in session.execute(select(people)).mappings())},
    )
    with _LOCK:
        _KEPT[engine] = (time.monotonic(), found)
    return found
