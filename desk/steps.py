"""The words that the tour's story is written in: steps, branches, and short ways to write them.

`Act` is somebody doing something; `Later`, `Calling` and `Climb` let time pass; `See` says how the order must stand
then. People are named by their desk (`agent`, `dispatcher`, `province_manager` …), departments of the branch's
province by their short name (`net`, `inst`, `bill` …), and `customer` is the one who complained.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PROVINCE, REGION = "GD", "R.south"


@dataclass(frozen=True, slots=True)
class Time:
    """An instant: `plus` hours after `now`, after the lead's `due` time, or after the order was `registered`."""

    base: str
    plus: float = 0.0


@dataclass(frozen=True, slots=True)
class Act:
    """`who` asks for `verb`; with `refused` the rules must say no, with that code."""

    who: str
    verb: str
    body: dict[str, Any] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """So many hours pass."""

    hours: float


@dataclass(frozen=True, slots=True)
class Calling:
    """Time passes until the customer may be called."""


@dataclass(frozen=True, slots=True)
class Climb:
    """Time passes from mark to mark of this clock of this unit, until the order has reached the level."""

    kind: str
    unit: str
    level: int


@dataclass(frozen=True, slots=True)
class See:
    """How the order must stand: fields of it, and the values that they must have."""

    fields: dict[str, Any]


Step = Act | Later | Calling | Climb | See


@dataclass(frozen=True, slots=True)
class Branch:
    """One complaint: its names in both languages, what is special about it, and its steps."""

    name: str
    zh: str
    en: str
    category: str
    steps: tuple[Step, ...]
    dispatch: bool = True


def act(who: str, verb: str, /, **body: Any) -> Act:
    """Somebody does something."""
    return Act(who, verb, body)


def refused(code: str, who: str, verb: str, /, **body: Any) -> Act:
    """Somebody tries what the rules forbid."""
    return Act(who, verb, body, refused=code)


def see(**fields: Any) -> See:
    """The order must stand like this."""
    return See(fields)


def unit(name: str) -> str:
    """The id of the branch's department of that short name."""
    return f"{PROVINCE}.{name}"
