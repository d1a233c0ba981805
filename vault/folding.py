"""A text as it is meant, letter by letter: whoever writes a number in another alphabet's digits writes the number.

Each character is folded to one, or to none: compatibility forms (full-width, circled, mathematical) to the plain one,
Chinese numerals to digits, accents and capitals away, every blank to a space, every dash to a hyphen. What has no width
goes. So a place in the folded text is a place in the text itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

_KEPT: Final = 70_000
"""Characters whose folding is remembered."""
_NUMERALS: Final = {
    letter: str(value)
    for value, letters in enumerate(
        ("零〇○◯", "一壹弌幺", "二两兩贰貳弍", "三叁參叄弎", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
    )
    for letter in letters
}
_ALIKE: Final = {"ο": "o", "о": "o", "−": "-", "⁄": "/", "∶": ":", "٫": ".", "٬": ",", "‧": "·", "∙": "·", "⋅": "·"}
_BLANKS: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters by name, blank to the eye."""
_MARKS: Final = ((0x300, 0x36F), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
"""What is set upon another character: accents, frames, variants."""
_LATIN: Final = 0x250, 0x1E00, 0x1F00


class _Fold(dict[int, str | None]):
    """The folding of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str | None:
        folded = _one(chr(code))
        if len(self) < _KEPT:
            self[code] = folded
        return folded


def _one(letter: str) -> str | None:
    code, category = ord(letter), unicodedata.category(letter)
    if letter.isspace() or letter in _BLANKS:
        return " "
    if category in ("Cf", "Cc") or any(first <= code <= last for first, last in _MARKS):
        return None
    if category == "Pd":
        return "-"
    digit = unicodedata.digit(letter, None)
    if digit is not None:
        return str(digit)
    latin = code < _LATIN[0] or _LATIN[1] <= code < _LATIN[2]
    plain = unicodedata.normalize("NFKD" if latin else "NFKC", letter)
    said = next((one for one in plain if one.isalnum()), plain[0]).lower()[0]
    return _NUMERALS.get(said) or _ALIKE.get(said, said)


_FOLD = _Fold()


def folded(text: str) -> str:
    """The text folded; of the same length, but for what has no width."""
    return text.translate(_FOLD)


def places(text: str) -> Sequence[int]:
    """Where in the text each character of the folded one stands."""
    return [at for at, letter in enumerate(text) if _FOLD[ord(letter)] is not None]
