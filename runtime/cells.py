"""Texts in tables: what strangers typed must neither be taken for a formula nor break the file."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FORMULA = re.compile(r"^[\s\u200b-\u200f\u2028-\u202e\u2060\ufeff]*[=+\-@＝＋－＠﹢﹣﹦﹫⁺⁻⁼−|%]|^[\t\r\n]")
_UNWRITTEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def safe_text(text: str) -> str:
    """A text without control characters."""
    return _UNWRITTEN.sub("", text)


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula when it opens a CSV file: one that might be is quoted by `'`."""
    found = safe_text(text)
    return f"'{found}" if _FORMULA.match(found) else found


def safe_row(values: Iterable[object]) -> list[object]:
    """The values of one row of a CSV file: each text as `safe_cell` writes it, all others as they are."""
    return [safe_cell(value) if isinstance(value, str) else value for value in values]
