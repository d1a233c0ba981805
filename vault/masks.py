"""How personal data look to those who may not see them whole: masked, hidden, or struck out of a text."""

from __future__ import annotations

import re

HIDDEN = "***"
ERASED = "[已清除 erased]"
"""What stands where a customer's key was destroyed."""

_NO_DATE = r"(?!(?<!\d)(?:19|20)\d\d[-.](?:0?[1-9]|1[0-2])[-.](?:0?[1-9]|[12]\d|3[01])(?![\d-]))"
_DIGITS = re.compile(
    rf"(?<![A-Za-z0-9-])[(+（]?{_NO_DATE}\d(?:[ \t().（）-]{{0,2}}{_NO_DATE}\d){{6,}}[xX]?(?![A-Za-z0-9])"
)
"""Seven digits or more, however they are parted: numbers of telephones, identity cards, accounts; but not dates."""
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
    """A text without numbers, addresses and the names given."""
    for known in names:
        if len(known) > 1 and known in text:
            text = text.replace(known, HIDDEN)
    if _DIGIT.search(text):  # without one there is neither an address nor a number
        if _HOUSE_ZH.search(text):
            text = _ADDRESS_ZH.sub(HIDDEN, text)
        text = _DIGITS.sub(HIDDEN, _ADDRESS_EN.sub(HIDDEN, text))
    return _EMAIL.sub(HIDDEN, text) if "@" in text else text
