"""A policy in the shadow: of every live order what it would have made of it so far, kept up as the log grows.

An order is played anew, whole, whenever something was recorded of it and whenever time would have moved it under the
shadow's policy; so nothing drifts, and a shadow that stood still for a while comes to the same in the end.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from audit.lab import question as questions
from audit.lab.past import BROKEN, Past, Unplayable
from audit.lab.reading import pasts
from audit.lab.under import Under
from audit.lab.work import Lab, pair_of
from contracts.messages import encode
from domain.order import next_deadline
from store import lab
from store.lab import Shadow
from store.session import LOST

log = logging.getLogger(__name__)

BATCH = 200
"""Of each reason to look at an order, so many at once."""
AGAIN = timedelta(seconds=10)
"""When to look again where the ledger has not yet what time has brought by now."""


class Follower:
    """Keeps the running shadow up; `made` as in `Lab`."""

    def __init__(self, lab_: Lab, made: Any) -> None:
        self._lab = lab_
        self._made = made
        self._under: tuple[str, Under] | None = None

    def once(self, now: datetime | None = None) -> int | None:
        """Look at what is to be looked at by `now`; how many orders that were, None when no shadow runs."""
        with self._made.begin() as session:
            shadow = lab.running_shadow(session)
        if shadow is None:
            self._under = None
            return None
        at = now or datetime.now(UTC)
        try:
            return self._look(shadow, at)
        except LOST:
            raise
        except Exception as error:  # whatever it stumbles over is said, and the runs have their turn
            log.exception("shadow %s cannot go on", shadow.id)
            with self._made.begin() as session:
                lab.fault_shadow(session, shadow.id, f"{type(error).__name__}: {error}")
            return 0

    def _look(self, shadow: Shadow, at: datetime) -> int:
        tried = self._tried(shadow)
        with self._lab.reading() as session:
            due = lab.to_look_at(session, shadow, at, BATCH)
            found = list(pasts(session, due.numbers, at))
        rows = [_row(shadow.id, one, tried, at) for one in found]
        with self._made.begin() as session:
            lab.keep_shadow(session, shadow, due, rows)
        moved = due.position != shadow.position or due.behind != shadow.behind
        return max(len(rows), int(moved))

    def _tried(self, shadow: Shadow) -> Under:
        if self._under is None or self._under[0] != shadow.id:
            self._under = (shadow.id, questions.under(questions.asked(shadow.question), self._lab.ask))
        return self._under[1]


_NOTHING = {
    f"{name}_{side}": 0 for name in ("breaches", "level", "escalations", "notices") for side in ("was", "would")
}


def _row(shadow_id: str, one: Past | Unplayable, tried: Under, at: datetime) -> dict[str, Any]:
    """What is kept of an order."""
    row = {
        "shadow_id": shadow_id, "order_id": one.order_id, "province": "", "seq": 0, "known_at": at, "next_at": None,
        "differs": False, "whole": False, "reason": "", "due_moved_hours": None, "content": "", **_NOTHING,
    }  # fmt: skip
    if isinstance(one, Unplayable):
        return row | {"reason": one.reason}
    try:
        pair, order = pair_of(one, tried)
    except Unplayable as why:
        return row | {"reason": why.reason}
    except Exception:  # one order that no rule knows what to make of stands in no other's way
        log.exception("shadow %s: %s cannot be played", shadow_id, one.order_id)
        return row | {"reason": BROKEN}
    told = pair.told()
    coming = next_deadline(order)
    if coming is not None and coming <= at:
        coming = at + AGAIN
    sides = {
        f"{name}_{side}": many
        for side, life in (("was", pair.was), ("would", pair.would))
        for name, many in (
            ("breaches", len(life.breaches)),
            ("level", life.level),
            ("escalations", len(life.raised)),
            ("notices", life.notices),
        )
    }
    return row | {
        "province": pair.was.province,
        "seq": one.order.seq,
        "next_at": coming,
        "differs": pair.differs,
        "whole": pair.whole,
        "due_moved_hours": told["due_moved_hours"],
        "content": encode(told).decode() if pair.differs else "",
        **sides,
    }
