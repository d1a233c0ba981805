"""Whether an event's JSON, as text, is what a program can read back: the hash knows a number by its double alone.

`1`, `1.0` and `1.00000000000000000001` have the same hash, for RFC 8785 writes all three alike. No program of ours
wrote the second where a whole number belongs, or the third anywhere, and the second cannot be read back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from domain.events import EVENTS, ClockChange

_FRACTION = re.compile(r"[:\[,] ?-?[0-9]+\.[0-9]")
"""Where PostgreSQL's text of JSON may have a number with a fraction; it writes none with an exponent."""
_LONG = re.compile(r"[0-9.]{17}")
"""More than fifteen digits; any number of fewer is its double's own."""


def _exact(text: str) -> float:
    if Decimal(text) != Decimal(repr(float(text))):
        raise ValueError(f"{text} is no double")
    return float(text)


_NUMBERS = msgspec.json.Decoder(float_hook=_exact)
_CLOCKS = msgspec.json.Decoder(tuple[ClockChange, ...])
_BODIES = {name: msgspec.json.Decoder(body) for name, body in EVENTS.items()}


def demand_readable(row: Mapping[str, Any]) -> None:
    """Raise ValueError (msgspec's errors are such) where `data` or `clocks` has a number that is not as it was written.

    Decoded is only what has a fraction: a text without one has no number that could be written otherwise.
    """
    data, clocks = row["data"], row["clocks"]
    for text in (data, clocks):
        if _LONG.search(text):
            _NUMBERS.decode(text)
    if _FRACTION.search(data) and (body := _BODIES.get(row["type"])) is not None:
        body.decode(data)
    if _FRACTION.search(clocks):
        _CLOCKS.decode(clocks)
