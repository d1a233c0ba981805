"""Text search that finds every substring, in Chinese and Latin alike, down to one character.

PostgreSQL's trigrams need three characters, and see no Chinese at all in a database whose character type is C. So each
order keeps its own grams: every pair of neighbouring characters, and every single one, of its folded text. A search
asks an array index for the orders that have all the grams of what was typed, and then compares the text itself.
"""

from __future__ import annotations

import itertools
import unicodedata

LONGEST = 100
"""Characters of a search that count; the rest is ignored."""


def fold(text: str) -> str:
    """The text as it is compared: compatibility forms unified, lower case, runs of blanks made one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def searchable(order_id: str, title: str, customer: str, phone: str) -> str:
    """The folded text of one order; a line break keeps a search from matching across two fields."""
    return "\n".join(fold(part) for part in (order_id, title, customer, phone))


def grams(folded: str) -> list[str]:
    """Every single character and every pair in the text, each once, in order."""
    pairs = (first + second for first, second in itertools.pairwise(folded))
    return sorted(gram for gram in {*folded, *pairs} if not gram.isspace() and "\n" not in gram)


def wanted(folded: str) -> list[str]:
    """The grams that a text must have to contain this one: its pairs, or its only character."""
    return grams(folded) if len(folded) < 2 else [gram for gram in grams(folded) if len(gram) == 2]


def pattern(folded: str) -> str:
    """The LIKE pattern for texts that contain this one."""
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
