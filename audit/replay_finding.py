"""What a replay finds: one place where what is recorded is not what the rules, or the workflow's code, make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST = 200
"""Characters of a value in a finding; a longer one is cut."""
MOST_FINDINGS = 50
"""Findings of one order; what comes after one is often its consequence."""
ABSENT = "—"
"""Stands for what is not there at all."""


class Part(StrEnum):
    """What was replayed when it was found."""

    RULES = "rules"
    """`decide` over the commands, or time, does not give the recorded event."""
    STATE = "state"
    """`evolve` over the events does not give the recorded row."""
    ANSWER = "answer"
    """What the caller was told is not what followed from the events."""
    ENGINE = "engine"
    """The workflow's code does not give what the engine's history has."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: in which order, at which event (0: of none), in which field, and both values.

    `run` is the engine's run in whose history it stands, '' for what the ledger holds.
    """

    order_id: str
    part: Part
    seq: int
    field: str
    recorded: str
    recomputed: str
    run: str = ""


def shown(value: Any) -> str:
    """A value as it stands in a finding."""
    text = value if isinstance(value, str) else ABSENT if value is None else str(value)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def unreadable(order_id: str, part: Part, error: Exception) -> Finding:
    """What is recorded of an order is nothing that a program can take in, such as an instant before the first year."""
    return Finding(order_id, part, 0, "rows", shown(f"{type(error).__name__}: {error}"), ABSENT)


def differences(recorded: Any, recomputed: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ: the path, and both; what one lacks is None there.

    A member that is empty and that the recorded value lacks is none: an earlier version did not know it.
    """
    if isinstance(recorded, Mapping) and isinstance(recomputed, Mapping):
        for name in sorted({*recorded, *recomputed}):
            if name in recorded or recomputed[name]:
                yield from differences(recorded.get(name), recomputed.get(name), f"{at}.{name}" if at else str(name))
    elif isinstance(recorded, list) and isinstance(recomputed, list):
        for place in range(max(len(recorded), len(recomputed))):
            one = recorded[place] if place < len(recorded) else None
            other = recomputed[place] if place < len(recomputed) else None
            yield from differences(one, other, f"{at}.{place}" if at else str(place))
    elif recorded != recomputed or isinstance(recorded, bool) is not isinstance(recomputed, bool):
        yield at, recorded, recomputed


def unknown(recorded: Any, known: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Members of a recorded JSON value that this program would never write: the path, and what stands there."""
    if recorded == known:
        return
    if isinstance(recorded, Mapping) and isinstance(known, Mapping):
        for name, value in recorded.items():
            where = f"{at}.{name}" if at else str(name)
            if name in known:
                yield from unknown(value, known[name], where)
            else:
                yield where, value
    elif isinstance(recorded, list) and isinstance(known, list):
        for place, (one, other) in enumerate(zip(recorded, known, strict=False)):
            yield from unknown(one, other, f"{at}.{place}" if at else str(place))
