"""Zones in which it is a certain hour now, so that what goes by the customer's hour is tried at any time of day."""

from __future__ import annotations

from datetime import UTC, datetime


def zone_at(hour: int) -> str:
    """A zone in which it is that hour now, at most twelve hours from Greenwich."""
    west = (datetime.now(UTC).hour - hour + 12) % 24 - 12
    return f"Etc/GMT{west:+d}"


def noon() -> str:
    """A zone in which customers may be called now, and for some hours yet."""
    return zone_at(12)


def midnight() -> str:
    """A zone in which nobody may be called now, nor for some hours yet."""
    return zone_at(0)
