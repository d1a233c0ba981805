"""A month made of past orders: arrivals drawn from the real mix, people's reactions as they were, any policy.

Each complaint of the month is a past one, moved by whole weeks: it comes on the weekday and at the hour at which it
came, and people act as long after it as they acted. Instants that they named (a date in a plan, when they spoke to the
customer) move along. What differs is the calendar that it falls into, and the policy. The same seed draws the same
month.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from dataclasses import replace as copied
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from audit.lab.compare import Pair, compare
from audit.lab.past import Deed, Past
from audit.lab.play import play
from audit.lab.tally import ZONE
from audit.lab.under import Under

DRAWN_FROM = 5000
"""Past orders that a month is drawn from, at most."""
TAIL = timedelta(days=45)
"""How long after the month's last day time goes on, so that what it brought comes to its end."""
_WEEK = timedelta(days=7)


def month(pasts: Sequence[Past], first: date, orders: int, seed: int) -> Iterator[Past]:
    """So many orders of the month that begins on `first`; raises ValueError when there is nothing to draw from."""
    if not pasts:
        raise ValueError("there are no past orders to draw a month from")
    luck = Random(f"{seed}/{first}")
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + TAIL
    chosen = [luck.choice(pasts) for _ in range(orders)]
    for number, one in enumerate(chosen, start=1):
        yield _moved(one, f"M{number}", _weeks(one.deeds[0].at, first, last, luck), end)


def rehearsed(one: Past, base: Under, tried: Under) -> Pair:
    """An order of the month under both: `was` under the terms of the past, `would` under those that are tried.

    Raises:
        Unplayable: there are no terms for it.
    """
    before = play(one, base)
    lived = copied(one, events=before.events, states=before.states, deeds=one.deeds)
    return compare(lived, play(one, tried))


def _weeks(at: datetime, first: date, last: date, luck: Random) -> timedelta:
    """By how many weeks to move it so that it comes on one of the days from `first` until `last`."""
    day = at.astimezone(ZONE).date()
    least = -((day - first).days // 7)
    most = (last - day - timedelta(days=1)).days // 7
    return _WEEK * luck.randint(least, max(least, most))


def _moved(one: Past, number: str, by: timedelta, end: datetime) -> Past:
    deeds = tuple(
        Deed(deed.at + by, copied(deed.command, body=_later(deed.command.body, by)), deed.events) for deed in one.deeds
    )
    first = deeds[0].command
    named = copied(first, body=copied(first.body, order_id=number))  # type: ignore[arg-type]
    deeds = (copied(deeds[0], command=named), *deeds[1:])
    return Past(number, one.events, one.states, deeds, {}, max(end, deeds[-1].at))


def _later(value: Any, by: timedelta) -> Any:
    """The record with every instant in it moved; terms have none of their own."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, tuple):
        return tuple(_later(item, by) for item in value)
    if is_dataclass(value) and not isinstance(value, type) and not hasattr(value, "calendars"):
        changed = {
            item.name: later
            for item in fields(value)
            for known in (getattr(value, item.name),)
            for later in (_later(known, by),)
            if later is not known and later != known
        }
        return copied(value, **changed) if changed else value
    return value
