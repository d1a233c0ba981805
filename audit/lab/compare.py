"""One order's two lives side by side: what happened, what would have been, and whether the lab can vouch for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.lab.past import Past
from audit.lab.play import Fate, How, Played
from audit.lab.tally import Life, hours_between, life

UNCERTAIN = (How.DIFFERENT, How.REFUSED, How.IMPLIED)
"""A life in which a command came to be one of these went another way than the recorded one from there on."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One order: `was` is what happened, `would` what the lab made of it.

    `same` when both have exactly the same events. `whole` when every recorded command was done as it was: then all that
    differs is time's own doing.
    """

    order_id: str
    was: Life
    would: Life
    fates: tuple[Fate, ...]
    same: bool
    whole: bool

    @property
    def differs(self) -> bool:
        """Whether anything that is compared is another."""
        return any(one != other for one, other in self.compared().values()) or not self.whole

    def compared(self) -> dict[str, tuple[Any, Any]]:
        """What was and what would have been, field by field."""
        return {name: (_value(self.was, name), _value(self.would, name)) for name in COMPARED}

    def told(self) -> dict[str, Any]:
        """The pair as data: what differs, with both values, and the commands that did not come out the same."""
        changed = {name: pair for name, pair in self.compared().items() if pair[0] != pair[1]}
        return {
            "order_id": self.order_id,
            "province": self.was.province,
            "order_class": self.was.order_class,
            "registered_at": self.was.registered_at,
            "whole": self.whole,
            "was": {name: pair[0] for name, pair in changed.items()},
            "would": {name: pair[1] for name, pair in changed.items()},
            "due_moved_hours": hours_between(self.was.due_at, self.would.due_at),
            "commands": [_fate(fate) for fate in self.fates if fate.how not in (How.SAME, How.RETIMED)],
        }


COMPARED = (
    "breaches", "level", "colour", "escalations", "warnings", "dead_ends", "criticised", "notices", "due_at", "state",
    "outcome", "closed_at",
)  # fmt: skip
"""What is compared of two lives."""


def compare(past: Past, played: Played) -> Pair:
    """Both lives of one order."""
    return Pair(
        order_id=past.order_id,
        was=life(past.events, past.states),
        would=life(played.events, played.states),
        fates=played.fates,
        same=past.events == played.events,
        whole=not any(fate.how in UNCERTAIN for fate in played.fates),
    )


def _value(one: Life, name: str) -> Any:
    if name == "breaches":
        return dict(sorted(Counter(f"{kind} {unit}".strip() for kind, unit in one.breaches).items()))
    if name == "escalations":
        return len(one.raised)
    found = getattr(one, name)
    return found.isoformat() if isinstance(found, datetime) else found


def _fate(fate: Fate) -> dict[str, Any]:
    return {
        "at": fate.at,
        "verb": fate.verb,
        "unit": fate.unit,
        "how": fate.how.value,
        "code": fate.code,
        "reason": fate.reason,
        "recorded": list(fate.recorded),
        "brought": list(fate.brought),
        "stood_in": fate.stood_in,
    }
