"""How personal data look to those who may not see them whole: masked, hidden, or struck out of a text."""

from __future__ import annotations

import re
from functools import lru_cache

HIDDEN = "***"
ERASED = "[已清除 erased]"
"""What stands where a customer's key was destroyed."""

_NO_DATE = r"(?!(?<!\d)(?:19|20)\d\d[-.](?:0?[1-9]|1[0-2])[-.](?:0?[1-9]|[12]\d|3[01])(?![\d-]))"
_PARTED = r"[ \t().（）_–—－-]{0,2}"
_DIGITS = re.compile(rf"(?<![A-Za-z0-9-])[(+（]?{_NO_DATE}\d(?:{_PARTED}{_NO_DATE}\d){{6,}}[xX]?(?![A-Za-z0-9])")
"""Seven digits or more, however they are parted: numbers of telephones, identity cards, accounts; but not dates."""
_NUMBERS = re.compile(
    rf"(?<!\d)(?:[(+（]?(?:00)?86{_PARTED})?[(（]?"
    rf"(?:1[3-9]\d(?:{_PARTED}\d){{8}}|0\d{{2,3}}{_PARTED}[2-8]\d{{2,3}}{_PARTED}\d{{4}}|[1-9]\d{{16}}[\dXx])(?!\d)"
)
"""Mobile and landline numbers and identity cards of China, which are known even where they touch letters."""
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS_ZH = re.compile(
    r"[\w一-鿿]{0,12}(?:路|街|道|巷|弄|胡同|村|镇|小区|花园|家园|苑|大厦|公寓)[\w一-鿿]{0,8}?"
    r"\d+\s*(?:号|弄|幢|栋|座|楼|单元|室)(?:[\w一-鿿-]{0,6}?\d+\s*(?:号|幢|栋|座|楼|层|单元|室|房)){0,4}"
)
_ADDRESS_EN = re.compile(
    r"\b\d{1,6}\s+(?:[A-Z][\w'.-]*\s+){1,4}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|"
    r"Place|Pl|Terrace|Way|Highway|Hwy|Parkway|Pkwy)\b\.?(?:,?\s*(?:Apt|Unit|Suite|#)\.?\s*[\w-]+)?"
)
_DIGIT = re.compile(r"\d")
_HOUSE_ZH = re.compile(r"\d\s*[号弄幢栋座楼单室]")
_CHINESE = re.compile(r"[一-鿿]")
_CHINESE_NAME = re.compile(r"[一-鿿](?:[一-鿿·]*[一-鿿])?")
_LATIN_WORD = re.compile(r"[^\W\d_一-鿿]{2,}(?:['’-][^\W\d_一-鿿]+)*")
_TITLES = ("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "madam")
_CALLED = "(?:先生|女士|小姐|太太|老师|师傅|大爷|大妈|阿姨|总)"
_COMPOUND = (
    "欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "司徒", "令狐", "夏侯", "宇文", "长孙", "南宫",
)  # fmt: skip
MOST_KNOWN = 4096
"""Customers whose names' spellings are kept at hand."""
_LEAST_LETTERS = 4
"""Letters of a part of a Latin name that is struck out by itself; shorter ones are words of many a sentence."""


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


@lru_cache(MOST_KNOWN)
def _parts(names: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """The Chinese names within, each with its family name, and the Latin ones, each as its words."""
    chinese, latin = [], []
    for name in names:
        for found in _CHINESE_NAME.findall(name):
            whole = re.sub(rf"{_CALLED}$", "", found).replace("·", "")
            chinese.append((whole, whole[:2] if whole.startswith(_COMPOUND) else whole[:1]))
        words = [word.lower() for word in _LATIN_WORD.findall(name) if word.lower() not in _TITLES]
        latin += [words] if words else []
    return chinese, latin


def _hinted(text: str, names: tuple[str, ...]) -> bool:
    """Whether a look for the names is worth its time: most texts have nothing of them."""
    chinese, latin = _parts(names)
    lower = text.lower()
    return (
        any(family and family in text for _, family in chinese)
        or any(all(word in lower for word in words) for words in latin)
        or any(word in lower for words in latin for word in words if len(word) >= _LEAST_LETTERS)
        or any(word in lower for words in latin for word in words if any(title in lower for title in _TITLES))
        or any(name in text for name in names if len(name) > 1)
    )


@lru_cache(MOST_KNOWN)
def _spellings(names: tuple[str, ...]) -> re.Pattern[str]:
    """How whoever is called so may be written: with blanks, turned round, by a part of his name, with his title."""
    chinese, latin = _parts(names)
    found = [re.escape(name) for name in names if len(name) > 1]
    for whole, family in chinese:
        found += [r"[\s·]*".join(whole)] if len(whole) > 1 else []
        found += [family + _CALLED] if family else []
    for words in latin:
        for order in (words, words[::-1]):
            found += [_alone(r"[\s,.·-]*".join(map(re.escape, order)))] if len(words) > 1 else []
        found += [_alone(re.escape(word)) for word in words if len(word) >= _LEAST_LETTERS]
        found += [_alone(rf"(?:{'|'.join(_TITLES)})\.?\s+{re.escape(word)}") for word in words]
    return re.compile("|".join(sorted(found, key=len, reverse=True)), re.IGNORECASE)


def _alone(pattern: str) -> str:
    return rf"(?<!\w){pattern}(?!\w)"


def struck(text: str, names: tuple[str, ...] = ()) -> str:
    """A text without numbers, addresses and the names given."""
    if names and _hinted(text, names):
        text = _spellings(names).sub(HIDDEN, text)
    if _DIGIT.search(text):  # without one there is neither an address nor a number
        if _HOUSE_ZH.search(text):
            text = _ADDRESS_ZH.sub(HIDDEN, text)
        text = _DIGITS.sub(HIDDEN, _NUMBERS.sub(HIDDEN, _ADDRESS_EN.sub(HIDDEN, text)))
    return _EMAIL.sub(HIDDEN, text) if "@" in text else text
