"""The supervisor's wall: everything that it shows of a place, in one answer that many screens share."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from api.deps import AskerDep, Parts, PartsDep
from api.errors import Problem, declared
from api.filters import demand
from api.views import JSON
from contracts.messages import encode
from identity.people import CENTRE, Identified
from store import posts
from store.posts import Organisation
from store.wall import wall
from store.wall_lines import Wall
from store.wall_reader import PLACES, scope_of

router = APIRouter(tags=["orders"])

KEPT_SECONDS = 2.0
"""For how long one reading of a place serves all who ask for it."""
TOLD_SECONDS = 3600.0
"""How often it is put on record that the same person is shown the same order on the wall."""
_MOST_TOLD = 50_000

Days = Annotated[Literal[1, 7, 30], BeforeValidator(lambda given: int(given) if str(given).isdecimal() else given)]
"""A literal number is not read from the text of an address by itself."""


@dataclass(frozen=True)
class _Reading:
    """The wall of a place, encoded, with the orders on it and when it was begun."""

    body: bytes
    orders: frozenset[str]
    begun: float


@dataclass
class Walls:
    """What this process keeps of the wall: the last reading of each place, and whom it was shown to."""

    readings: dict[tuple[str, int], asyncio.Task[_Reading]] = field(default_factory=dict)
    told: dict[tuple[str, str], float] = field(default_factory=dict)

    async def of(self, parts: Parts, place: str, days: int) -> _Reading:
        """The reading of a place, at most `KEPT_SECONDS` old; who asks while it is read waits for the same one."""
        task = self.readings.get((place, days))
        if task is None or (task.done() and not _fresh(task)):
            task = self.readings[place, days] = asyncio.create_task(_read(parts, place, days))
        return await asyncio.shield(task)

    def news(self, who: Identified, orders: Iterable[str]) -> tuple[str, ...]:
        """Those of the orders that were not put on record for this person within the hour."""
        now = time.monotonic()
        if len(self.told) > _MOST_TOLD:
            self.told = {key: at for key, at in self.told.items() if now - at < TOLD_SECONDS}
        whom = _whom(who)
        return tuple(one for one in sorted(orders) if now - self.told.get((whom, one), -TOLD_SECONDS) >= TOLD_SECONDS)

    def recorded(self, who: Identified, orders: Iterable[str]) -> None:
        """Take in that these are on record by now as shown to this person: not before, or a lost record goes unseen."""
        self.told.update(dict.fromkeys(((_whom(who), one) for one in orders), time.monotonic()))


def _whom(who: Identified) -> str:
    return f"{who.id}>{who.acting_for}"


def _fresh(task: asyncio.Task[_Reading]) -> bool:
    good = not task.cancelled() and task.exception() is None
    return good and time.monotonic() - task.result().begun < KEPT_SECONDS


async def _read(parts: Parts, place: str, days: int) -> _Reading:
    begun = time.monotonic()
    organisation = await parts.write(posts.organisation)
    found = await parts.write(wall, scope_of(organisation, place), days, datetime.now(UTC))
    lists = (found.decisions, found.unreported, found.unsigned, found.breaches, found.worst)
    return _Reading(encode(found), frozenset(line.order_id for lines in lists for line in lines), begun)


@router.get(
    "/wall",
    response_model=Wall,
    responses=declared("unauthenticated", "forbidden", "invalid_request", "unavailable"),
    summary="What stands how in a place, and who has not reported in",
)
async def get_wall(
    request: Request,
    who: AskerDep,
    parts: PartsDep,
    place: Annotated[
        str, Query(max_length=50, description="HQ, a regional centre or a province; left out, one's own.")
    ] = "",
    days: Annotated[Days, Query(description="The days of the three rates, today among them.")] = 1,
) -> Response:
    """For supervisors, team leads and auditors, of their own place or one below it. It names no customer.

    It is read at most every two seconds for a place. An order on it is put on record for each person once an hour.
    """
    asked = await _demanded(parts, who, place)
    walls = _walls(request)
    reading = await walls.of(parts, asked, days)
    if fresh := walls.news(who, reading.orders):
        await parts.record.seen(request, who, *fresh)
        walls.recorded(who, fresh)
    return Response(reading.body, media_type=JSON)


def _walls(request: Request) -> Walls:
    state = request.app.state
    if not hasattr(state, "walls"):
        state.walls = Walls()
    return cast("Walls", state.walls)


async def _demanded(parts: Parts, who: Identified, place: str) -> str:
    """The place whose wall is asked for; raises Problem for one that is none, and for one outside the asker's."""
    own = CENTRE if who.place == "*" else who.place
    if not place or place == own:
        return own
    await demand(parts, who, place=place)
    organisation: Organisation = await parts.read(who, posts.organisation)
    unit = organisation.units[place]
    if unit.kind not in PLACES:
        raise Problem(
            "invalid_request",
            f"{place} is a department and has no wall.",
            field="place",
            remedy=f"Ask for its province: place={unit.province}.",
        )
    if own not in organisation.above(place):
        raise Problem(
            "forbidden", f"{place} is not below {own}.", field="place", remedy=f"Ask for {own} or a place below it."
        )
    return place
