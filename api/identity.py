"""Who asks. Routes and rules see an `Identified` only; how it was found out is this module's business alone."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import HTTPConnection

from api.errors import Problem
from domain.model import Actor, Role

CACHE_SECONDS = 10.0
"""How long a person is believed to be who he was."""
CACHE_SIZE = 10_000
"""People kept at once; beyond it all are read anew."""


@dataclass(frozen=True, slots=True)
class Identified:
    """A person who has been recognised; `phone` is a customer's own number, empty for everybody else."""

    id: str
    name_zh: str
    name_en: str
    role: Role
    unit: str = ""
    province: str = ""
    phone: str = ""

    @property
    def actor(self) -> Actor:
        """The person as the rules know him."""
        return Actor(id=self.id, role=self.role, unit=self.unit)


class Identity(Protocol):
    """Finds out who asks."""

    async def identify(self, connection: HTTPConnection) -> Identified:
        """The person behind a request; raises Problem `unauthenticated`."""
        ...


class NoIdentity:
    """Lets nobody in: what a production installation has until a real log-in is configured."""

    async def identify(self, connection: HTTPConnection) -> Identified:
        """Raise Problem `unauthenticated`."""
        raise _stranger("No log-in is configured on this installation.", "Ask the operator.")


class DemoIdentity:
    """The development log-in: `Authorization: Bearer dev:<person id>` is believed.

    `look_up` finds a person by id. A customer is whoever names his phone number: `dev:customer:<phone>`.
    """

    def __init__(self, look_up: Callable[[str], Awaitable[Identified | None]]) -> None:
        self._look_up = look_up
        self._cache: dict[str, tuple[float, Identified]] = {}

    async def identify(self, connection: HTTPConnection) -> Identified:
        """The person named by the bearer token; raises Problem `unauthenticated`."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        prefix, _, person_id = token.strip().partition(":")
        if scheme.lower() != "bearer" or prefix != "dev" or not person_id:
            raise _stranger("The request does not say who asks.", "Send Authorization: Bearer dev:<person id>.")
        kept = self._cache.get(person_id)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        person = _customer(person_id) or await self._look_up(person_id)
        if person is None:
            raise _stranger(f"There is no person {person_id[:64]}.", "GET /v1/people lists the demo log-ins.")
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[person_id] = (time.monotonic() + CACHE_SECONDS, person)
        return person


def _customer(person_id: str) -> Identified | None:
    kind, _, phone = person_id.partition(":")
    if kind != "customer" or not phone:
        return None
    return Identified(id=person_id, name_zh="客户", name_en="Customer", role=Role.CUSTOMER, phone=phone)


def _stranger(detail: str, remedy: str) -> Problem:
    return Problem("unauthenticated", detail, remedy=remedy)
