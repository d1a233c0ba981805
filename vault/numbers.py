"""Where numbers of persons stand in a text, folded (`vault.folding`): telephones, identity cards, accounts.

Seven digits or more are one, however they are parted, whatever they touch and with O for 0. What has the exact form of
a date, a time, an amount of money, an order's number or an id of ours is no part of one.
"""

from __future__ import annotations

import re

_OTHER = r"[^\w%¥$€£=\x01]|_"
_GAP = rf"(?:{_OTHER}){{0,3}}+"
_OVER = rf"{_GAP}(?:\x01++{_GAP})*+"
"""Between two digits of a number, with what is excused in between: it parts no number."""
_RUN = re.compile(rf"\d(?:{_OVER}\d){{0,5}}+((?:{_OVER}\d)++(?: ?x(?![^\W_]))?)?+")
"""Digits with so little in between; a number when it has a first group, which begins with the seventh."""
_LETTERS = re.compile(r"[oli](?:(?<=o)(?<![a-z]o)o*+(?![a-z])|(?<=\d[oli])[oli]*+(?=\d))")
"""Letters that stand for digits."""

_MONTH = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_PLAIN = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_AMOUNT = r"(?:\d{1,3}(?:,\d{3}){1,2}|\d{1,6})(?:\.\d{1,2})?"
_CLOCK = (
    r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?![\d:])"
    r"(?: ?z(?![^\W_])| ?[ap]m(?![^\W_])| ?[+-](?:0\d|1[0-4]):?[0-5]\d(?![\d:]))?"
)
_NAMED = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_BEHIND = r"(?:t(?:[01]\d|2[0-4])[0-5]\d(?:[0-5]\d)?z?(?![^\W_])|-\d{1,6})?"
_DATE = "|".join(
    (
        # 2026-03-02, 2026/3/2 or 2026.3.2, with a time or without
        rf"(?<!\d[-./])(?:19|20)\d\d([-./]){_MONTH}\1{_DAY}(?!\d|[-./]\d)(?:(?:t| ){_CLOCK})?",
        # 2/3/2026, 22.11.2026
        rf"(?<!\d[-./]){_DAY}([-./]){_DAY}\2(?:19|20)\d\d(?!\d|[-./]\d)",
        # 20261122, also with a time or a short number behind
        rf"(?<!\d[-./ ])20[0-4]\d{_PLAIN}{_BEHIND}(?!\d|[-./]\d)",
        # 2 March 2026
        rf"{_DAY}(?:st|nd|rd|th)? {_NAMED},? (?:19|20)\d\d(?!\d)",
        # 10:30, 10:30:05.25+08:00
        rf"(?<!:){_CLOCK}",
        # 1,280.00元
        rf"(?<!\d[.,]){_AMOUNT} ?(?:元|rmb|cny|usd|eur)",
    )
)
_ID = "|".join(
    (
        rf"(?:wh|r)20\d\d{_PLAIN}-[a-z2-7]{{8}}(?![^\W_])",
        r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![^\W_])",
        r"(?=\d{0,63}[a-f])[0-9a-f]{64}(?![^\W_])",
    )
)
"""An order's number, a UUID, a SHA-256."""
_EXCUSED = re.compile(
    rf"(?=\d)(?<!\d)(?:{_DATE})"
    rf"|(?=[0-9a-fwr])(?<![^\W_])(?:{_ID})"
    rf"|(?=[adfjmnos])(?<![a-z]){_NAMED} {_DAY}(?:st|nd|rd|th)?,? (?:19|20)\d\d(?!\d)"
    rf"|[¥$€£] ?{_AMOUNT}(?!,?\d)"
)


def spans(copy: str) -> list[tuple[int, int]]:
    """Where numbers stand in a folded text."""
    bare = _LETTERS.sub(lambda found: "0" * len(found[0]), copy)
    if not _numbers(bare):
        return []
    pieces, done = [], 0
    for found in _EXCUSED.finditer(copy):
        pieces += [bare[done : found.start()], "\x01" * len(found[0])]
        done = found.end()
    return _numbers("".join((*pieces, bare[done:])))


def _numbers(bare: str) -> list[tuple[int, int]]:
    return [(_before(bare, found.start()), found.end()) for found in _RUN.finditer(bare) if found[1]]


def _before(bare: str, start: int) -> int:
    """Where a number begins with the plus and the brackets before it."""
    while start and bare[start - 1] in "+(":
        start -= 1
    return start
