"""Legitimacy: `decide` over the recorded commands, and time, give exactly the events that are recorded.

A history may be whole by its hashes and still one that could never have happened: whoever can write the database and
has every key may recompute all of them. So each event has to follow once more. What brought it is either a command
(`commands.message` is what was sent: actor, body, reason, and the seq that he had looked at) or time, at the event's
own instant; the terms are those that the order names. Time's events come before a command's of the same instant.

After a difference the replay goes on with what is recorded, so that one forged event does not hide the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from audit.replay_finding import ABSENT, Finding, Part, differences, shown, unknown
from audit.replay_material import Material, Row
from audit.replay_terms import TermsFound, TermsKept
from contracts.messages import CommandMessage, EventRow, decode, encode, from_row, to_command, to_row
from contracts.options import MARKS_AT_ONCE
from domain.errors import Refusal
from domain.events import Event
from domain.evolve import evolve
from domain.model import Order
from domain.order import decided, next_deadline, passed
from domain.policy import Terms

SKEW = timedelta(seconds=60)
"""How far the engine's clock and the database's may be apart before an event's time is doubted."""

_BROKEN = (msgspec.MsgspecError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError)
"""What decoding or evolving something raises that no program of ours has written."""


class Lived:
    """An order's events as the rules know them, and the order after each; ends where one cannot be read."""

    def __init__(self, material: Material) -> None:
        self.order_id = material.order_id
        self.rows: list[EventRow] = []
        self.events: list[Event] = []
        self.states: list[Order] = []
        self.broken: Finding | None = None
        order: Order | None = None
        for stored in material.events:
            try:
                row = stored.row()
                event = from_row(row)
                order = evolve(order, event)
            except _BROKEN as error:
                told = f"{type(error).__name__}: {error}"
                self.broken = Finding(material.order_id, Part.STATE, stored.seq, "event", shown(stored.data), told)
                return
            self.rows.append(row)
            self.events.append(event)
            self.states.append(order)

    def before(self, place: int) -> Order | None:
        """The order before the event at that place."""
        return self.states[place - 1] if place else None


def judged(material: Material, lived: Lived, kept: TermsKept) -> Iterator[Finding]:
    """Every event that did not follow from a command or from time, every command without its events."""
    if lived.broken is not None:
        yield lived.broken
    yield from _strangers(material, lived)
    place, done = 0, dict[str, tuple[int, int]]()
    while place < len(lived.events):
        end = _group(lived.events, place)
        event, order = lived.events[place], lived.before(place)
        terms = kept.of(order.terms) if order is not None else None
        if event.command_id:
            if event.command_id in done:
                yield _found(lived, event.seq, "command_id", event.command_id, "its events follow each other")
            done[event.command_id] = (event.seq, lived.events[end - 1].seq)
            yield from _by_command(material, lived, place, end, terms, kept)
        elif order is None:
            yield _found(lived, event.seq, "command_id", ABSENT, "an order begins with a command")
        else:
            yield from _by_time(lived, place, end, terms)
        yield from _terms_fit(lived, place, end - 1, kept)
        place = end
    yield from _commands(material, lived, done)


def _group(events: Sequence[Event], place: int) -> int:
    """Where the events of the same command, or of time at the same instant, end."""
    first, end = events[place], place + 1
    while end < len(events) and events[end].command_id == first.command_id:
        if not first.command_id and events[end].at != first.at:
            break
        end += 1
    return end


def _by_time(lived: Lived, place: int, end: int, found: TermsFound | None) -> Iterator[Finding]:
    """What time brought at one instant, in steps of as many marks as a workflow takes at once."""
    order, at = lived.before(place), lived.events[place].at
    assert order is not None
    assert found is not None
    yield from _not_before(lived, place)
    if found.terms is None:
        yield _found(lived, lived.events[place].seq, "terms", order.terms, found.fault)
        return
    came: list[Event] = []
    while len(came) < end - place:
        fired, order = passed(order, at, found.terms, MARKS_AT_ONCE)
        if not fired:
            break
        came += fired
    yield from _compared(lived, place, end, came)


def _by_command(
    material: Material, lived: Lived, place: int, end: int, found: TermsFound | None, kept: TermsKept
) -> Iterator[Finding]:
    """What the command of these events brings when it is decided once more."""
    first, order = lived.events[place], lived.before(place)
    asked = material.commands.get(first.command_id)
    if asked is None:
        yield _found(lived, first.seq, "command", ABSENT, f"no command {first.command_id} is recorded")
        return
    if found is None:  # a registration brings its terms
        found = kept.of(asked["terms"])
    if found.terms is None:
        yield _found(lived, first.seq, "terms", order.terms if order else asked["terms"], found.fault)
        return
    yield from _not_before(lived, place)
    yield from _in_its_time(material, lived, place, asked)
    late = next_deadline(order) if order is not None else None
    if late is not None and late <= first.at:
        yield _found(lived, first.seq, "at", first.at, f"after what fell due at {late}")
    try:
        message: CommandMessage = decode(asked["message"], CommandMessage)
        command = to_command(asked["verb"], message)
    except _BROKEN as error:
        yield _found(lived, first.seq, "command.message", asked["message"], f"{type(error).__name__}: {error}")
        return
    if message.id != first.command_id:
        yield _found(lived, first.seq, "command.id", message.id, first.command_id)
    try:
        came, _ = decided(order, command, first.at, found.terms)
    except Refusal as refusal:
        yield _found(lived, first.seq, "command", asked["verb"], f"refused: {refusal.code}: {refusal.message}")
        return
    except _BROKEN as error:
        yield _found(lived, first.seq, "command", asked["verb"], f"{type(error).__name__}: {error}")
        return
    yield from _compared(lived, place, end, came)


def _compared(lived: Lived, place: int, end: int, came: Sequence[Event]) -> Iterator[Finding]:
    """Each event that is recorded beside the one that follows."""
    for number in range(max(end - place, len(came))):
        if number >= len(came):
            event = lived.events[place + number]
            yield _found(lived, event.seq, "type", event.type, "nothing follows here")
        elif number >= end - place:
            yield _found(lived, came[number].seq, "type", ABSENT, came[number].type)
        else:
            yield from _same(lived, place + number, came[number])


def _same(lived: Lived, place: int, event: Event) -> Iterator[Finding]:
    recorded = lived.events[place]
    if recorded == event:
        return
    there, follows = plain(lived.rows[place]), plain(to_row(lived.order_id, event))
    for path, one, other in differences(there, follows):
        yield _found(lived, recorded.seq, path, one, other)


def plain(row: EventRow) -> dict[str, Any]:
    """An event as plain values, its body and its clocks as far as this program knows them."""
    return {
        "type": row.type,
        "at": row.at.isoformat(),
        "actor_id": row.actor.id,
        "role": row.actor.role.value,
        "unit": row.actor.unit,
        "acting_for": row.actor.acting_for,
        "reason": row.reason,
        "policy_version": row.policy_version,
        "command_id": row.command_id,
        "data": msgspec.json.decode(encode(from_row(row).body)),
        "clocks": msgspec.json.decode(encode(row.clocks)),
    }


def _strangers(material: Material, lived: Lived) -> Iterator[Finding]:
    """Seqs that are not the next ones, and members of an event that no program of ours writes."""
    for place, (stored, row, event) in enumerate(zip(material.events, lived.rows, lived.events, strict=False), 1):
        if stored.seq != place:
            yield _found(lived, stored.seq, "seq", stored.seq, place)
        known = msgspec.json.decode(encode((event.body, row.clocks)))
        yield from (
            _found(lived, stored.seq, path, value, None)
            for given, name, of in ((stored.data, "data", known[0]), (stored.clocks, "clocks", known[1]))
            for path, value in unknown(msgspec.json.decode(given), of, name)
        )


def _not_before(lived: Lived, place: int) -> Iterator[Finding]:
    if place and lived.events[place].at + SKEW < lived.events[place - 1].at:
        event = lived.events[place]
        yield _found(lived, event.seq, "at", event.at, f"not before {lived.events[place - 1].at}")


def _in_its_time(material: Material, lived: Lived, place: int, asked: Row) -> Iterator[Finding]:
    """An event of a command lies between the command's coming and its answer; a rehearsal's time is its own."""
    event = lived.events[place]
    if lived.states[0].rehearsal:
        return
    claimed: datetime = asked["claimed_at"]
    finished: datetime | None = asked["finished_at"]
    if event.at < claimed - SKEW:
        yield _found(lived, event.seq, "at", event.at, f"not before the command came, {claimed}")
    elif finished is not None and event.at > finished + SKEW:
        yield _found(lived, event.seq, "at", event.at, f"not after the command was answered, {finished}")


def _terms_fit(lived: Lived, first: int, place: int, kept: TermsKept) -> Iterator[Finding]:
    """The order's terms after these events, where they brought others, are whole and made for an order like this."""
    order, before = lived.states[place], lived.before(first)
    if before is not None and before.terms == order.terms:
        return
    found = kept.of(order.terms)
    event = lived.events[place]
    if found.fault:
        yield _found(lived, event.seq, "terms", order.terms, found.fault)
    if found.terms is not None:
        for name, wanted, given in _fitting(order, found.terms):
            if wanted != given:
                yield _found(lived, event.seq, f"terms.{name}", given, wanted)


def _fitting(order: Order, terms: Terms) -> tuple[tuple[str, str, str], ...]:
    return (
        ("policy_version", order.policy_version, terms.policy_version),
        ("order_class", order.order_class, terms.order_class),
        ("tier", order.customer.tier, terms.tier),
        ("province", order.province, terms.province),
        ("priority", order.priority, terms.priority),
    )


def _commands(material: Material, lived: Lived, done: dict[str, tuple[int, int]]) -> Iterator[Finding]:
    """What is recorded of the commands beside their messages: how they stand, and what their callers were told."""
    for key, asked in material.commands.items():
        if asked["state"] == "done" and key not in done and lived.broken is None:
            yield Finding(material.order_id, Part.RULES, 0, f"command {key}", "done", "no event of it is recorded")
        if asked["state"] == "refused" and key in done:
            yield _found(lived, done[key][0], f"command {key}", "refused", "its events are recorded")


def _found(lived: Lived, seq: int, field: str, recorded: Any, recomputed: Any) -> Finding:
    return Finding(lived.order_id, Part.RULES, seq, field, shown(recorded), shown(recomputed))
