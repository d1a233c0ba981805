"""Who holds which post in the simulated year, and what everybody asks before acting: is this still mine to do?"""

from __future__ import annotations

from datetime import timedelta

from bench.year import habits
from bench.year.life import Life
from domain.model import Actor, Assignment, Part, Role, State


def desk(life: Life, role: Role) -> Actor:
    """The person of the province who holds that post."""
    province = life.order.province
    return life.actor(f"{province}-{role}", role, f"{province}.svc")


def member(life: Life, unit: str, number: int = 1) -> Actor:
    """A member of a unit."""
    return life.actor(f"{unit}-{number}", Role.UNIT_MEMBER, unit)


def lead_of(life: Life, *states: State) -> Actor | None:
    """The lead's member, if the order has a lead and stands in one of these states."""
    lead = life.order.lead
    return member(life, lead.unit) if lead is not None and life.order.state in states else None


def part_of(life: Life, assignment: str) -> Assignment | None:
    """The assignment, while it is alive."""
    for part in life.order.assignments:
        if part.id == assignment and part.status in (Part.OFFERED, Part.SIGNED, Part.WORKING):
            return part
    return None


def by_night(life: Life) -> bool:
    """Whether this order is worked on round the clock."""
    return life.order.order_class in habits.ROUND_THE_CLOCK


def slow(life: Life, unit: str, median: float) -> timedelta:
    """A length of time by the unit's own pace."""
    return life.hours(median) * life.world.pace(unit)


def asked_for(life: Life, kind: str) -> bool:
    """Whether a request of this kind waits for its decision."""
    return any(request.kind == kind for request in life.order.requests)
