"""Whether an event's JSON, as text, is what a program can read back: the hash knows a number by its double alone.

`1`, `1.0` and `1.00000000000000000001` have the same hash, for RFC 8785 writes all three alike. No program of ours
wrote the second where a whole number belongs, or the third anywhere, and the second cannot be read back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_type_hints

import msgspec

from domain.events import EVENTS, ClockChange
from domain.model import Clock

_FRACTION = re.compile(r"[:\[,] ?-?[0-9]+\.[0-9]")
"""Where PostgreSQL's text of JSON may have a number with a fraction; it writes none with an exponent."""
_KINDS = {name: kind for of in (Clock, ClockChange) for name, kind in get_type_hints(of).items()}
_WHOLE = "|".join(sorted(name for name, kind in _KINDS.items() if kind in (int, tuple[int, ...])))
_MISPLACED = re.compile(rf'"(?:{_WHOLE})": (?:\[[^]]*)?-?[0-9]+\.')
"""The same behind the names of a clock's whole numbers; its other numbers have fractions."""
_POINT = re.compile(r"\.[0-9]")
_DIGITS = bytes(0x30 if byte == 0x2E or 0x30 <= byte <= 0x39 else 0xFF for byte in range(256))
_LONG = b"0" * 17
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

    Decoded is only what has a fraction where a whole number may belong, or many digits.
    """
    data, clocks = row["data"], row["clocks"]
    for text in (data, clocks):
        if _LONG in text.encode().translate(_DIGITS):
            _NUMBERS.decode(text)
    if _POINT.search(data) and _FRACTION.search(data) and (body := _BODIES.get(row["type"])) is not None:
        body.decode(data)
    if _MISPLACED.search(clocks):
        _CLOCKS.decode(clocks)
