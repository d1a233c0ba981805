"""Texts folded for comparison, and cut into the pieces by which search finds every substring.

PostgreSQL's trigrams need three characters, and see no Chinese at all in a database whose character type is C. So a
text is known by its grams: every pair of neighbouring characters, and every single one. `vault.finding` keeps them as
keyed hashes.
"""

from __future__ import annotations

import itertools
import unicodedata


def fold(text: str) -> str:
    """The text as it is compared: compatibility forms unified, lower case, runs of blanks made one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def grams(folded: str) -> list[str]:
    """Every single character and every pair in the text, each once, in order."""
    pairs = (first + second for first, second in itertools.pairwise(folded))
    return sorted(gram for gram in {*folded, *pairs} if not gram.isspace() and "\n" not in gram)


def wanted(folded: str) -> list[str]:
    """The grams that a text must have to contain this one: its pairs, or its only character."""
    return grams(folded) if len(folded) < 2 else [gram for gram in grams(folded) if len(gram) == 2]
