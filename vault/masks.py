"""How personal data look to those who may not see them whole: masked, hidden, or struck out of a text."""

from __future__ import annotations

import re

from vault import addresses, numbers
from vault.folding import folded, places
from vault.names import known

HIDDEN = "***"
ERASED = "[已清除 erased]"
"""What stands where a customer's key was destroyed."""

_DIGIT = re.compile(r"\d")
_CHINESE = re.compile(r"[一-鿿]")


def name(text: str) -> str:
    """`李**`, `J***`."""
    return text[:1] + ("**" if _CHINESE.match(text) else HIDDEN)


def phone(text: str) -> str:
    """`138****5678`; of a short number the last two digits only."""
    digits = "".join(letter for letter in text if letter.isdigit())
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 11 else f"****{digits[-2:]}"


def email(text: str) -> str:
    """`l***@e***.com`."""
    user, _, host = text.partition("@")
    top = host.rpartition(".")[2]
    return f"{user[:1]}{HIDDEN}@{host[:1]}{HIDDEN}.{top}"


def struck(text: str, names: tuple[str, ...] = ()) -> str:
    """A text without numbers, addresses and the names given, however they are written; the rest stays as it is."""
    copy = folded(text)
    spans = known(names).spans(copy) if names else []
    if _DIGIT.search(copy):  # without one there is neither a house's address nor a number
        spans += addresses.houses(copy)
        spans += numbers.spans(copy)
    if "@" in copy:
        spans += addresses.boxes(copy)
    if not spans:
        return text
    at = range(len(text)) if len(copy) == len(text) else places(text)
    kept, done = [], -1
    for start, end in sorted(spans):
        first, last = at[start], at[end] if end < len(copy) else len(text)
        if first > done:
            kept += [text[max(done, 0) : first], HIDDEN]
        done = max(done, last)
    return "".join((*kept, text[done:]))
