"""The escalation chain: what each level is called, and whom it tells."""

from __future__ import annotations

TARGETS: tuple[str, ...] = ("", "unit", "unit_head", "province_manager", "regional_manager", "headquarters")
"""The role that is told at each level: 0 nobody, 1 the unit itself, up to 5 headquarters."""

TOP = len(TARGETS) - 1


def target(level: int) -> str:
    """The role that a level tells."""
    return TARGETS[level]
