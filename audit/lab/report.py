"""Many orders: both sides summed up, what did not fit counted, and each order's differences handed on."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from audit.lab.compare import Pair, compare
from audit.lab.past import BROKEN, Past, Unplayable
from audit.lab.play import How, play
from audit.lab.tally import Side
from audit.lab.under import Under

log = logging.getLogger(__name__)


class Report:
    """Sums over pairs; as large as the organisation and its days, however many orders are added."""

    def __init__(self) -> None:
        self.was = Side()
        self.would = Side()
        self.sums: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.unplayable: Counter[str] = Counter()
        self.due_hours = 0.0

    def add(self, pair: Pair) -> None:
        """Count one order."""
        self.was.add(pair.was)
        self.would.add(pair.would)
        sums = self.sums
        sums["orders"] += 1
        sums["same"] += pair.same
        sums["differ"] += pair.differs
        sums["whole"] += pair.whole
        had, has = bool(pair.was.breaches), bool(pair.would.breaches)
        sums["newly_breached"] += has and not had
        sums["no_longer_breached"] += had and not has
        sums["raised_higher"] += pair.would.level > pair.was.level
        sums["raised_less"] += pair.would.level < pair.was.level
        if pair.was.due_at and pair.would.due_at and pair.was.due_at != pair.would.due_at:
            sums["due_earlier"] += pair.would.due_at < pair.was.due_at
            sums["due_later"] += pair.would.due_at > pair.was.due_at
            self.due_hours += (pair.would.due_at - pair.was.due_at).total_seconds() / 3600
        for fate in pair.fates:
            self.commands[fate.how.value] += 1
            if fate.stood_in:
                self.commands["stood_in"] += 1
            if fate.how is How.REFUSED:
                self.refusals[f"{fate.verb}: {fate.code}"] += 1

    def skip(self, why: Unplayable) -> None:
        """Count an order that could not be played."""
        self.unplayable[why.reason] += 1

    def told(self) -> dict[str, Any]:
        """The report as data; the same orders in the same order give the same bytes."""
        moved = self.sums["due_earlier"] + self.sums["due_later"]
        return {
            "orders": {name: self.sums[name] for name in SUMS},
            "due_moved_hours": round(self.due_hours / moved, 2) if moved else 0.0,
            "commands": {name: self.commands[name] for name in (*How, "stood_in")},
            "refusals": dict(sorted(self.refusals.items(), key=lambda one: (-one[1], one[0]))),
            "unplayable": dict(sorted(self.unplayable.items())),
            "was": self.was.told(),
            "would": self.would.told(),
        }


SUMS = (
    "orders", "same", "differ", "whole", "newly_breached", "no_longer_breached", "raised_higher", "raised_less",
    "due_earlier", "due_later",
)  # fmt: skip


def run(
    pasts: Iterable[Past | Unplayable],
    under: Under,
    each: Callable[[Pair], None] | None = None,
    report: Report | None = None,
) -> Report:
    """Play all of these and sum up; `each` gets every pair as it comes."""
    found = report or Report()
    for one in pasts:
        if isinstance(one, Unplayable):
            found.skip(one)
            continue
        try:
            pair = compare(one, play(one, under))
        except Unplayable as why:
            found.skip(why)
            continue
        except Exception:  # counted as what it is; the others are played
            log.exception("%s cannot be played", one.order_id)
            found.skip(Unplayable(one.order_id, BROKEN))
            continue
        found.add(pair)
        if each is not None:
            each(pair)
    return found
