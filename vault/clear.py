"""What may stand in the ledger in clear of a case of another system: its codes, and nothing of its customer."""

from __future__ import annotations

import re

from vault.folding import folded
from vault.names import known

_CODE = re.compile(
    r"true|false|yes|no|y|n"
    r"|[a-z]{0,6}[-_/#]?\d{1,10}|[+-]?\d{1,10}(?:\.\d{1,9})?"
    r"|\d{4}-\d\d-\d\d(?:[ t]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}[/.]\d{1,2}[/.]\d{4}(?: \d{1,2}:\d\d(?::\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_LEAST_DIGITS = 7
"""Digits of what is a telephone's number."""


def is_code(value: str) -> bool:
    """Whether a value is a number, a date, a running number or a yes or no: whatever else may be somebody's words."""
    return _CODE.fullmatch(value) is not None


def names(value: str, name: str, phone: str) -> bool:
    """Whether a value holds the customer's name, whole or as he is called, or his number, however it is written."""
    if not value:
        return False
    copy, number = folded(value), _digits(phone)
    if len(number) >= _LEAST_DIGITS and number in _digits(value):
        return True
    return bool(known((name,)).spans(copy))


def _digits(text: str) -> str:
    return "".join(letter for letter in folded(text) if letter.isdecimal())
