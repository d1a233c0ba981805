"""The messages between API, workflow, activities and ledger, and the one codec that all of them use.

Domain records are encoded as JSON by msgspec; an event's body travels as raw JSON beside its type, so whoever only
passes it on (gateway, ledger) never decodes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from domain.commands import COMMANDS, TAKEN_IN, Command
from domain.events import EVENTS, ClockChange, Event
from domain.model import Actor, Order
from domain.policy import Terms


class EventRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event as the ledger keeps it; `data` is the body's JSON."""

    order_id: str
    seq: int
    type: str
    at: datetime
    actor: Actor
    policy_version: str
    data: msgspec.Raw
    reason: str = ""
    command_id: str = ""
    clocks: tuple[ClockChange, ...] = ()


class CommandMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """One command on its way to the workflow; the update's name is the verb.

    `recorded_seq` is the last seq of the order that the ledger holds: the workflow forgets what is recorded and answers
    with all that is not.
    """

    id: str
    actor: Actor
    body: msgspec.Raw
    reason: str = ""
    expected_seq: int | None = None
    recorded_seq: int = 0


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a command brought: all events after the caller's `recorded_seq`; the command's own are `first`..`last`."""

    order_id: str
    first: int
    last: int
    events: tuple[EventRow, ...]


class Remembered(msgspec.Struct, frozen=True):
    """A command already done: its fingerprint and the seqs of its events."""

    fingerprint: str
    first: int
    last: int


class OrderInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an order's workflow starts from.

    A new complaint has no `state`. A continued run, and one rebuilt from the ledger, bring the whole state, the events
    that the ledger may not have yet, and the window of commands already done.
    """

    order_id: str
    terms: Terms
    state: Order | None = None
    unrecorded: tuple[EventRow, ...] = ()
    remembered: dict[str, Remembered] = {}
    run_limit: int = 0


class RecordRequest(msgspec.Struct, frozen=True):
    """The events that time brought about, for the ledger."""

    order_id: str
    events: tuple[EventRow, ...]


class Recorded(msgspec.Struct, frozen=True):
    """The ledger's last seq of the order after recording."""

    last_seq: int


class Beat(msgspec.Struct, frozen=True):
    """The canary's timer rang: when it should have, and when it did (UTC)."""

    due: datetime
    fired: datetime


class View(msgspec.Struct, frozen=True):
    """The live view: the state as the workflow holds it, and the commands allowed now by role."""

    order: Order
    allowed: dict[str, tuple[str, ...]]


def encode(value: Any) -> bytes:
    """JSON bytes of any message or domain record."""
    return msgspec.json.encode(value)


def decode(data: bytes | str | msgspec.Raw, as_type: Any) -> Any:
    """The message or domain record of that type; raises msgspec.ValidationError that names the field."""
    decoder = _DECODERS.get(as_type)
    return msgspec.json.decode(data, type=as_type) if decoder is None else decoder.decode(data)


def to_row(order_id: str, event: Event) -> EventRow:
    """The event as the ledger keeps it."""
    return EventRow(
        order_id=order_id,
        seq=event.seq,
        type=event.type,
        at=event.at,
        actor=event.actor,
        policy_version=event.policy_version,
        data=msgspec.Raw(encode(event.body)),
        reason=event.reason,
        command_id=event.command_id,
        clocks=event.clocks,
    )


def from_row(row: EventRow) -> Event:
    """The event as the rules know it; raises KeyError for a type that this version does not know."""
    return Event(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        body=decode(row.data, EVENTS[row.type]),
        policy_version=row.policy_version,
        reason=row.reason,
        command_id=row.command_id,
        clocks=row.clocks,
    )


def to_rows(order_id: str, events: Iterable[Event]) -> tuple[EventRow, ...]:
    """Several events as the ledger keeps them."""
    return tuple(to_row(order_id, event) for event in events)


def to_command(verb: str, message: CommandMessage) -> Command:
    """The command as the rules know it; raises KeyError for an unknown verb, ValidationError for a bad body."""
    return Command(
        id=message.id,
        actor=message.actor,
        body=decode(message.body, TAKEN_IN.get(verb) or COMMANDS[verb]),
        reason=message.reason,
        expected_seq=message.expected_seq,
    )


_KINDS = (
    *(OrderInput, View, Answer, CommandMessage, EventRow, Order, Terms, Actor),
    *(*COMMANDS.values(), *TAKEN_IN.values(), *EVENTS.values()),
)
_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(kind) for kind in _KINDS}
"""Made as this module is read, in one thread: two that meet a type for the first time at once end the process."""
