"""What is planted: unmistakable data of one customer, and every way in which they might be written somewhere."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

NAME_ZH, NAME_EN = "欧阳楚莘", "Qiaolan Fotherwick"
CALLED = f"{NAME_ZH} {NAME_EN}"
NUMBERS = "139753186"
"""The beginning of every mobile number here; each customer's own ends in two digits more."""
LANDLINE = "02087315964"
IDENTITY_CARD = "44010619870314283X"
EMAIL = "qfotherwick.1987@quillmail-7f3.example"
ADDRESS_ZH = "槐荫棠路5719弄23号6单元1702室"
ADDRESS_EN = "1847 Quillfeather Avenue, Apt 12B"
SENTENCE_ZH = "阳台上的九官鸟学会了断线提示音"
SENTENCE_EN = "my mynah bird has learnt the dial tone by heart"

WORDS = (
    f"{NAME_ZH}（{NAME_EN}, Ms. Fotherwick, 欧阳女士）说: {SENTENCE_ZH} / {SENTENCE_EN}。"
    f"手机 139 7531 8642, 139-7531-8642, +86 139 7531 8642, 座机 020-8731 5964, (020) 87315964, "
    f"身份证 {IDENTITY_CARD}, 440106 19870314 283X, {EMAIL}, 住 {ADDRESS_ZH}; {ADDRESS_EN}."
)
"""What everybody says in every field that takes own words."""


def mobile(number: int) -> str:
    """The number of one of the customers; 42 is the one who is named in all words."""
    return f"{NUMBERS}{number:02}"


@dataclass(frozen=True, slots=True)
class Plant:
    """One thing that must be found nowhere.

    Attributes:
        name: what it is.
        text: as it was given, letter case aside.
        parted: whether it is also looked for with all that parts letters and digits taken out.
        said: it is what was said, which staff read; the rest is hidden from them too.
    """

    name: str
    text: str
    parted: bool = True
    said: bool = False


PLANTS = (
    Plant("Chinese name", NAME_ZH),
    Plant("Latin name", "qiaolan fotherwick"),
    Plant("Latin name, turned round", "fotherwick qiaolan"),
    Plant("family name", "fotherwick"),
    Plant("mobile number", NUMBERS),
    Plant("landline number", LANDLINE[1:]),
    Plant("identity card", IDENTITY_CARD.lower()),
    Plant("e-mail address", EMAIL, parted=False),
    Plant("its domain", "quillmail-7f3", parted=False),
    Plant("Chinese address", "槐荫棠路5719弄"),
    Plant("English address", "1847 quillfeather avenue"),
    Plant("Chinese sentence", SENTENCE_ZH, said=True),
    Plant("English sentence", SENTENCE_EN, said=True),
)

_PARTING = re.compile(rb"[\s().+/_,;:-]+|\xef\xbc[\x88\x89\x8c]|\xe3\x80\x80|\xc2\xb7")
"""Blanks, brackets, points, dashes, commas, in ASCII and of full width."""


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes to look for, and what they are."""

    plant: str
    spelling: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Needles:
    """How some plants may be written: as they are, in letters of one case, and without what parts them."""

    raw: tuple[Needle, ...]
    lower: tuple[Needle, ...]
    joined: tuple[Needle, ...]

    def found(self, hay: bytes) -> Iterator[Needle]:
        """Those that are in these bytes."""
        yield from (needle for needle in self.raw if needle.content in hay)
        if not self.lower:
            return
        lower = hay.lower()
        yield from (needle for needle in self.lower if needle.content in lower)
        joined = _PARTING.sub(b"", lower)
        yield from (needle for needle in self.joined if needle.content in joined)


def plain(plants: tuple[Plant, ...] = PLANTS) -> Needles:
    """The fewest needles, for much hay: UTF-8 and UTF-16 of each plant as it was given."""
    texts = {plant: _as_planted(plant.text) for plant in plants}
    found = [
        Needle(plant.name, codec, text.encode(codec))
        for plant, text in texts.items()
        for codec in ("utf-8", "utf-16-le")
    ]
    return Needles(tuple(found), (), ())


def needles(plants: tuple[Plant, ...] = PLANTS) -> Needles:
    """The needles of these plants."""
    raw: list[Needle] = []
    lower: list[Needle] = []
    joined: list[Needle] = []
    for plant in plants:
        lower += [Needle(plant.name, how, content) for how, content in _folded(plant.text)]
        for text in dict.fromkeys((plant.text, plant.text.title(), _as_planted(plant.text))):
            raw += [Needle(plant.name, how, content) for how, content in _packed(text)]
        if plant.parted:
            joined.append(Needle(plant.name, "joined", _PARTING.sub(b"", plant.text.encode())))
    return Needles(*(tuple(dict.fromkeys(found)) for found in (raw, lower, joined)))


def _as_planted(text: str) -> str:
    start = WORDS.lower().find(text.lower())
    return WORDS[start : start + len(text)] if start >= 0 else text


def _folded(text: str) -> Iterator[tuple[str, bytes]]:
    """Spellings that differ in case alone."""
    utf8 = text.encode()
    yield "UTF-8", utf8
    if text.isascii():
        yield "UTF-16", text.encode("utf-16-le")
    yield "hexadecimal", utf8.hex().encode()
    yield "of full width", "".join(chr(ord(x) + 0xFEE0) if x.isascii() and x.isalnum() else x for x in text).encode()
    if quote(text) != text:
        yield "percent-encoded", quote(text).lower().encode()
    if not text.isascii():
        yield "JSON-escaped", json.dumps(text)[1:-1].lower().encode()
        yield "as Python shows bytes", repr(utf8)[2:-1].encode()
        yield "octal", "".join(f"\\{byte:03o}" for byte in utf8).encode()


def _packed(text: str) -> Iterator[tuple[str, bytes]]:
    """Spellings in which each byte counts; of base64 what is the same wherever the text begins and ends."""
    if not text.isascii():
        for codec in ("utf-16-le", "utf-16-be", "gb18030"):
            yield codec, text.encode(codec)
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + text.encode())
        first = (shift * 8 + 5) // 6
        sure = whole.rstrip(b"=")[first:-1]
        if len(sure) >= 8:
            yield f"base64, offset {shift}", sure
            yield f"base64 for addresses, offset {shift}", sure.translate(bytes.maketrans(b"+/", b"-_"))
