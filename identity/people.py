"""Who asks, once it is known: a member of staff, a program, or a customer; and from where he sees orders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from domain.model import Actor, Role
from identity.scopes import opened
from store.directory import Person
from store.session import EVERYWHERE, NOWHERE, Sight

CENTRE = "HQ"
"""Headquarters' place: whoever stands there sees all places."""

_EVERYTHING = (Role.HEADQUARTERS, Role.AUDITOR)
_NOTHING = (Role.ADMINISTRATOR,)
_BY_UNIT = (Role.UNIT_MEMBER, Role.UNIT_HEAD, Role.REGIONAL_MANAGER)


@dataclass(frozen=True)
class Identified:
    """A person who has been recognised, in the role and for the unit that he acts for now.

    `acting_for` is the absent colleague in whose place he acts, '' for himself; role, unit and province are then that
    colleague's. `customer` is a customer's id in the vault, `order_id` the one order that his link opens ('' = all of
    his). `scopes` bound what a service token may do; None stands for a person, who is bound by his role alone.
    """

    id: str
    name_zh: str
    name_en: str
    role: Role
    unit: str = ""
    province: str = ""
    acting_for: str = ""
    customer: str = ""
    order_id: str = ""
    scopes: tuple[str, ...] | None = None

    @cached_property
    def actor(self) -> Actor:
        """The person as the rules know him."""
        return Actor(id=self.id, role=self.role, unit=self.unit, acting_for=self.acting_for)

    @cached_property
    def opened(self) -> frozenset[str]:
        """The operations that a service token's scopes open; for people, who have none, nothing."""
        return opened(self.scopes or ())

    @cached_property
    def place(self) -> str:
        """The unit from which he sees orders, with all units below it; `*` for all, '' for none."""
        if self.role in _EVERYTHING:
            return "*"
        if self.role in _NOTHING or self.role is Role.CUSTOMER:
            return ""
        place = self.unit if self.role in _BY_UNIT else self.province or self.unit
        return "*" if place == CENTRE else place

    @cached_property
    def sight(self) -> Sight:
        """What his sessions see, besides his place the orders that he follows."""
        if self.role is Role.CUSTOMER:
            own = f"order:{self.order_id}" if self.order_id else f"customer:{self.customer}"
            return Sight((own,), self.id) if self.customer else NOWHERE
        if self.place == "*":
            return Sight(EVERYWHERE.places, self.id)
        return Sight(tuple(place for place in (self.place, f"person:{self.id}") if place), self.id)


def customer(found: str, order_id: str = "") -> Identified:
    """A customer of that id; with `order_id` he came by a link that opens that order alone."""
    return Identified(
        id=f"customer:{found}",
        name_zh="客户",
        name_en="Customer",
        role=Role.CUSTOMER,
        customer=found,
        order_id=order_id,
    )


def recognised(person: Person) -> Identified:
    """Somebody of the directory, as himself."""
    return Identified(
        id=person.id,
        name_zh=person.name_zh,
        name_en=person.name_en,
        role=Role(person.role),
        unit=person.unit,
        province=person.province,
    )
