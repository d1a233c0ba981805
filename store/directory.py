"""The organisation: units, people, and the dispatch catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from domain.model import OrderClass, Role
from store.tables import catalogue as catalogue_rows
from store.tables import people as people_rows
from store.tables import units as unit_rows

EVERYWHERE = "*"
"""The province of a catalogue entry that holds wherever no entry of the province's own does."""


DEPARTMENT = "department"
"""The kind of the units that have members, and so can sign, reply and attend."""

ACTS_FOR: dict[Role, str] = {
    Role.UNIT_MEMBER: DEPARTMENT,
    Role.UNIT_HEAD: DEPARTMENT,
    Role.PROVINCE_MANAGER: "province",
    Role.REGIONAL_MANAGER: "region",
    Role.HEADQUARTERS: "headquarters",
}
"""The kind of unit that a role acts for; the other roles may stand in any."""

ROLES = tuple(role for role in Role if role not in (Role.CUSTOMER, Role.SYSTEM))
"""What somebody of the directory may be: staff or a program, never a customer or the system itself."""

ID = re.compile(r"[A-Za-z0-9@.:+_-]{1,64}")
"""What ids of units and people are made of."""
RESERVED = re.compile(r"(customer|order|person|unit|role|dev):|system$")
"""How an id may not begin: it would read like something else than a unit or a person."""
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: a province, a department, a regional centre or headquarters."""

    id: str
    parent: str
    kind: str
    province: str
    name_zh: str
    name_en: str
    zone: str
    email: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts; `unit` and `province` are '' for those who belong to none.

    He is away from `away_from` until `away_until` (UTC; None there: until he is said to be back), and `substitute` is
    who stands in for him, '' when nobody does.
    """

    id: str
    name_zh: str
    name_en: str
    role: Role
    unit: str
    province: str
    email: str
    active: bool
    away_from: datetime | None = None
    away_until: datetime | None = None
    substitute: str = ""

    def away(self, at: datetime) -> bool:
        """True when he is absent at that instant."""
        return self.away_from is not None and self.away_from <= at and (self.away_until is None or at < self.away_until)


@dataclass(frozen=True, slots=True)
class Entry:
    """A clause of the dispatch catalogue: who leads, who helps and who is told for a category in a province."""

    id: str
    category: str
    province: str
    order_class: OrderClass
    lead: str
    co: tuple[str, ...]
    copy: tuple[str, ...]
    clause: str


_UNIT = tuple(unit_rows.c[name] for name in Unit.__dataclass_fields__)
_PERSON = tuple(people_rows.c[name] for name in Person.__dataclass_fields__)
_ENTRY = tuple(catalogue_rows.c[name] for name in Entry.__dataclass_fields__)


def unit(session: Session, unit_id: str) -> Unit | None:
    """The unit of that id."""
    row = session.execute(select(*_UNIT).where(unit_rows.c.id == unit_id)).one_or_none()
    return None if row is None else Unit(*row)


def units(session: Session, province: str = "", kind: str = "", parent: str = "") -> list[Unit]:
    """All units, or those of a province, of a kind, below a parent; by id."""
    found = select(*_UNIT).where(
        *(
            column == value
            for column, value in (
                (unit_rows.c.province, province),
                (unit_rows.c.kind, kind),
                (unit_rows.c.parent, parent),
            )
            if value
        )
    )
    return [Unit(*row) for row in session.execute(found.order_by(unit_rows.c.id))]


def person(session: Session, person_id: str) -> Person | None:
    """The person of that id, active or not."""
    row = session.execute(select(*_PERSON).where(people_rows.c.id == person_id)).one_or_none()
    return None if row is None else _person(row)


def everybody(session: Session) -> list[Person]:
    """Everybody who is or was in the directory, by id."""
    return [_person(row) for row in session.execute(select(*_PERSON).order_by(people_rows.c.id))]


def people_of(session: Session, role: str = "", unit_or_province: str = "") -> list[Person]:
    """Active people in a role, of a unit or of a whole province (those of its departments too); by id."""
    wanted: list[ColumnElement[bool]] = [people_rows.c.active]
    if role:
        wanted.append(people_rows.c.role == role)
    if unit_or_province:
        wanted.append(or_(people_rows.c.unit == unit_or_province, people_rows.c.province == unit_or_province))
    found = select(*_PERSON).where(*wanted).order_by(people_rows.c.id)
    return [_person(row) for row in session.execute(found)]


def catalogue(session: Session, category: str = "", province: str = "") -> list[Entry]:
    """The clauses of the catalogue, by category and province."""
    c = catalogue_rows.c
    found = select(*_ENTRY)
    if category:
        found = found.where(c.category == category)
    if province:
        found = found.where(c.province.in_([province, EVERYWHERE]))
    return [_entry(row) for row in session.execute(found.order_by(c.category, c.province, c.id))]


def catalogue_for(session: Session, category: str, province: str) -> Entry | None:
    """The clause that holds for a category in a province; the province's own wins over the one for everywhere."""
    c = catalogue_rows.c
    found = (
        select(*_ENTRY)
        .where(c.category == category, c.province.in_([province, EVERYWHERE]))
        .order_by(c.province == EVERYWHERE, c.id)
        .limit(1)
    )
    row = session.execute(found).one_or_none()
    return None if row is None else _entry(row)


def _person(row: Row[Any]) -> Person:
    return Person(**{**row._mapping, "role": Role(row.role)})


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        **{**row._mapping, "order_class": OrderClass(row.order_class), "co": tuple(row.co), "copy": tuple(row.copy)}
    )
