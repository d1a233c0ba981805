"""The one metadata of all tables, and the kinds of columns that they are made of."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, Text, func

metadata = MetaData()


def words(name: str, default: str | None = None) -> Column[str]:
    """Text, never null."""
    return Column(name, Text, nullable=False, server_default=default)


def number(name: str) -> Column[int]:
    """A whole number, never null."""
    return Column(name, Integer, nullable=False)


def flag(name: str) -> Column[bool]:
    """True or false, never null."""
    return Column(name, Boolean, nullable=False)


def instant(name: str, *, required: bool = False) -> Column[object]:
    """An instant, in UTC; null unless it is required."""
    return Column(name, DateTime(timezone=True), nullable=not required)


def now(name: str) -> Column[object]:
    """An instant that is the database's own clock where none is given."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())
