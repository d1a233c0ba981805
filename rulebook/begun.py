"""Clocks that have begun, each told as a preview tells it: its rule, and how its due time comes about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.model import Clock
from domain.policy import Terms
from rulebook.faults import Said
from rulebook.preview import Due, cut, due_of


def begun(
    document: Mapping[str, Any], terms: Terms, clocks: Iterable[Clock], provinces: Mapping[str, Said] | None = None
) -> tuple[tuple[Clock, Due], ...]:
    """Each clock with its limit in words, the earliest due first; `terms` are the order's, `document` theirs.

    A clock that the statutory answer cut short is told so. One whose kind the policy has no limit for is left out.
    """
    whole = tuple(clocks)
    found = [(clock, due_of(document, terms, clock.kind, clock.unit, clock.started_at, provinces)) for clock in whole]
    statutory = next((due for clock, due in found if clock.kind == "statutory"), None)
    told = []
    for clock, due in found:
        if due is not None and statutory is not None and clock.due_at < due.due_at:
            due = cut(due, statutory)
        if due is not None:
            told.append((clock, due))
    return tuple(sorted(told, key=lambda one: (one[1].due_at, one[0].key)))
