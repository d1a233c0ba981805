"""Where addresses stand in a text, folded (`vault.folding`): of houses, in Chinese and English, and of mail boxes."""

from __future__ import annotations

import re

_BEFORE = 12
"""Characters before a street that belong to its name or to the town."""
_LOCAL = 64
"""Characters before the @."""
_IN_LOCAL = frozenset("._+%-'~!#$&*/=?^{|}")

_HOUSE_SIGN = re.compile("[号弄栋幢座单楼室]")
_NUMBER = r"(?<![\d十百])[\d十百]{1,6}+"
_UNIT = r" ?(?:号[楼院]?|弄|栋|幢|座|单元|楼)"
_ROOM = r" ?(?:号[楼院]?|弄|栋|幢|座|单元|楼|层|室|房|户)"
_BARE = r"(?:[- ]?\d{2,5}(?![\d点时:月日个次分天元台]))"
_ENDS = "路街巷弄村镇苑乡园厦寓庄屯坊"
_STREET = rf"(?:[{_ENDS}]|(?<![知报频])道|胡同|小区|社区|广场)"
_ADDRESS_ZH = re.compile(
    rf"{_STREET}[^\W{_ENDS}道]{{0,8}}? ?{_NUMBER}{_ROOM}(?:[^\W\d]{{0,4}}?[- ]?{_NUMBER}{_ROOM}){{0,4}}{_BARE}?"
    rf"|{_NUMBER}{_UNIT}(?:(?:[- ]?{_NUMBER}{_ROOM}){{1,5}}+{_BARE}?|{_BARE})"
)
"""A street with a house, or a house with a room."""

_STREETS = (
    "street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|terrace|way|highway|hwy|parkway|"
    "pkwy|crescent|square|sq"
)
_NO_NAME = (
    "the|a|an|on|in|of|at|to|by|for|from|and|or|is|was|are|were|this|that|my|our|your|per|more|than|times?|minutes?|"
    "hours?|days?|weeks?|months?|years?|mbit|mbps|km|metres?|meters?"
)
_WORD = rf"(?!(?:{_NO_NAME})(?![^\W_]))(?:[^\W\d_][\w'.-]{{0,30}}|\d{{1,3}}(?:st|nd|rd|th)),? {{1,3}}"
_ADDRESS_EN = re.compile(
    rf"\d(?<![^\W_]\d)\d{{0,5}}[a-z]? {{1,3}}(?:{_WORD}){{1,4}}?(?:{_STREETS})(?![^\W_])\.?"
    r"(?:,? {0,2}(?:apt|flat|unit|suite|#)\.? {0,2}[\w-]{1,12})?"
)
_HOST = re.compile(r"(?<=[^\s]) ?@ ?(?:[\w-]++[.。])+[^\W\d_][\w-]*+")


def houses(copy: str) -> list[tuple[int, int]]:
    """Where houses' addresses stand in a folded text that has a digit."""
    spans: list[tuple[int, int]] = []
    if _HOUSE_SIGN.search(copy):
        done = 0
        for found in _ADDRESS_ZH.finditer(copy):
            start = found.start()
            earliest = max(done, start - _BEFORE)
            while start > earliest and copy[start - 1].isalnum():
                start -= 1
            done = found.end()
            spans.append((start, done))
    return spans + [found.span() for found in _ADDRESS_EN.finditer(copy)]


def boxes(copy: str) -> list[tuple[int, int]]:
    """Where mail boxes' addresses stand in a folded text that has an @."""
    spans: list[tuple[int, int]] = []
    done = 0
    for found in _HOST.finditer(copy):
        start = found.start()
        earliest = max(done, start - _LOCAL)
        while start > earliest and (copy[start - 1].isalnum() or copy[start - 1] in _IN_LOCAL):
            start -= 1
        if start < found.start():
            done = found.end()
            spans.append((start, done))
    return spans
