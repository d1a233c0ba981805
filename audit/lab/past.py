"""A past order as the lab plays it: its recorded commands at their instants, and what they brought then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.commands import Command
from domain.events import Event
from domain.evolve import evolve
from domain.model import Order
from domain.order import next_deadline

MOMENT = timedelta(microseconds=1)

NO_COMMANDS = "no_commands"
"""Why an order cannot be played: some of its events came without a command, such as those of another system."""
BROKEN = "broken"
"""Why an order cannot be played: what is recorded of it cannot be read, or no rule knows what to make of it."""


class Unplayable(Exception):  # noqa: N818 - it names what is wrong, like the refusals
    """An order that the lab cannot play; `reason` is a stable word."""

    def __init__(self, order_id: str, reason: str) -> None:
        super().__init__(f"{order_id}: {reason}")
        self.order_id = order_id
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Deed:
    """A recorded command, the instant (UTC) at which it was done, and the events that it brought then."""

    at: datetime
    command: Command
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """A past order, whole.

    `noticed` says of each mark that time fired, by its clock's key and the instant at which it fell due, when that was
    noticed. `until` is how far it is known what time has brought: a mark that is due by then was fired.
    """

    order_id: str
    events: tuple[Event, ...]
    states: tuple[Order, ...]
    deeds: tuple[Deed, ...]
    noticed: Mapping[tuple[str, datetime], datetime]
    until: datetime

    @property
    def order(self) -> Order:
        """The order as it stands after the last of the events."""
        return self.states[-1]


def past(order_id: str, events: Sequence[Event], commands: Mapping[str, Command], as_of: datetime) -> Past:
    """The past of an order, from all its events and its commands by id, as known at `as_of` (UTC).

    Raises:
        Unplayable: an event that no mark and no known command brought, or none at all.
    """
    if not events or not events[0].command_id:
        raise Unplayable(order_id, NO_COMMANDS)
    states: list[Order] = []
    order: Order | None = None
    noticed: dict[tuple[str, datetime], datetime] = {}
    for event in events:
        order = evolve(order, event)
        states.append(order)
        for change in event.clocks:
            if change.fell_due is not None:
                noticed[change.key, change.fell_due] = event.at
    until = max(as_of, events[-1].at)  # a rehearsal's clock runs ahead
    pending = next_deadline(states[-1])
    if pending is not None and pending <= until:
        until = max(events[-1].at, pending - MOMENT)
    return Past(order_id, tuple(events), tuple(states), tuple(_deeds(order_id, events, commands)), noticed, until)


def _deeds(order_id: str, events: Iterable[Event], commands: Mapping[str, Command]) -> list[Deed]:
    found: list[tuple[str, list[Event]]] = []
    for event in events:
        if not event.command_id:
            continue
        if found and found[-1][0] == event.command_id:
            found[-1][1].append(event)
        else:
            found.append((event.command_id, [event]))
    deeds = []
    for command_id, brought in found:
        command = commands.get(command_id)
        if command is None:
            raise Unplayable(order_id, NO_COMMANDS)
        deeds.append(Deed(brought[0].at, command, tuple(brought)))
    return deeds
