"""The escalation chain: what each level is called, and whom it tells."""

from __future__ import annotations

from domain import events as e
from domain.model import SYSTEM
from domain.scribe import Scribe

TARGETS: tuple[str, ...] = ("", "unit", "unit_head", "province_manager", "regional_manager", "headquarters")
"""The role that is told at each level: 0 nobody, 1 the unit itself, up to 5 headquarters."""

TOP = len(TARGETS) - 1


def target(level: int) -> str:
    """The role that a level tells."""
    return TARGETS[level]


def raised(scribe: Scribe, level: int) -> None:
    """Raise the order to this level, by the policy and not by a clock; never beyond headquarters, never down."""
    level = min(TOP, level)
    if level > scribe.order.level:
        lead = scribe.order.lead
        scribe.emit(e.OrderEscalated(level, target(level), unit=lead.unit if lead else ""), by=SYSTEM)
