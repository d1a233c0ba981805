"""How whoever is called so may be written in a text, folded (`vault.folding`).

With blanks, turned round, by a part of his name, with a title. However many names somebody gave himself, a text is read
once: the spellings are one pattern that branches letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from vault.folding import folded

_CHINESE = re.compile(r"[一-鿿](?:[一-鿿·•‧・]*[一-鿿])?")
_WORD = re.compile(r"[^\W\d_一-鿿]+(?:['’-][^\W\d_一-鿿]+)*")
_TITLES = frozenset(("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "madam"))
_CALLED = ("先生", "女士", "小姐", "太太", "夫人", "老师", "师傅", "大爷", "大妈", "阿姨", "老板", "经理", "同志", "总")
_COMPOUND = (
    "欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "司徒", "令狐", "夏侯", "宇文", "长孙", "南宫",
)  # fmt: skip
_LEAST_LETTERS = 4
"""Letters of a part of a Latin name that is struck out by itself; shorter ones are words of many a sentence."""
_MOST_LETTERS = 100
"""Letters of a name that are looked for; the rest of a longer one is no name."""
MOST_KNOWN = 1024
"""Customers whose names' spellings are kept at hand."""
_GAP = r"[\s·•・.,'_-]*+"
_BREAK = " "
"""Where a gap may be, in a spelling."""
_FEW = 4
"""Branches that are tried one by one; of more, the next letter is looked at first."""


@dataclass(frozen=True, slots=True)
class Known:
    """The spellings of somebody's names: Chinese ones anywhere, others as words of their own.

    `hint` is the one word that stands in every Latin spelling, where there is one: most texts do not have it.
    """

    chinese: re.Pattern[str] | None
    latin: re.Pattern[str] | None
    hint: str = ""

    def spans(self, copy: str) -> list[tuple[int, int]]:
        """Where they stand in a folded text."""
        found = [*self.chinese.finditer(copy)] if self.chinese else []
        if self.latin and self.hint in copy:
            found += self.latin.finditer(copy)
        return [one.span() for one in found]


@lru_cache(MOST_KNOWN)
def known(names: tuple[str, ...]) -> Known:
    """The spellings of these names."""
    chinese: set[str] = set()
    latin: set[str] = set()
    for name in names:
        name = name[:_MOST_LETTERS]
        chinese.update(folded(said) for said in _chinese(name))
        latin.update(folded(said) for said in _latin(name))
    return Known(
        _pattern({_BREAK.join(said) for said in chinese if said}),
        _pattern({said for said in latin if said}, r"(?<![^\W\d_一-鿿])", r"(?![^\W\d_一-鿿])"),
        _shared(latin),
    )


def _shared(spellings: Iterable[str]) -> str:
    words = [set(spelling.split(_BREAK)) for spelling in spellings]
    return max(set.intersection(*words), key=len, default="") if words else ""


def _chinese(name: str) -> Iterator[str]:
    for found in _CHINESE.findall(name):
        whole = re.sub(r"[·•‧・]", "", re.sub(f"(?:{'|'.join(_CALLED)})$", "", found))
        family = whole[:2] if whole.startswith(_COMPOUND) else whole[:1]
        given = whole[len(family) :]
        if len(whole) > 1:
            yield whole
        for part in (family, given if len(given) > 1 else "", whole):
            yield from (part + title for title in _CALLED if part)


def _latin(name: str) -> Iterator[str]:
    said = [folded(word) for word in _WORD.findall(name)]
    words = [re.sub("['’-]", _BREAK, word) for word in said if word not in _TITLES]
    if len("".join(words)) > 1:
        yield _BREAK.join(words)
        yield _BREAK.join(reversed(words))
    for word in words:
        if len(word) >= _LEAST_LETTERS:
            yield word
        if len(word) > 1:
            yield from (title + _BREAK + word for title in _TITLES)
            yield from (word + _BREAK + title for title in map(folded, _CALLED))


def _pattern(spellings: Iterable[str], before: str = "", after: str = "") -> re.Pattern[str] | None:
    tree: dict[str, object] = {}
    for spelling in spellings:
        branch = tree
        for letter in spelling:
            branch = branch.setdefault(letter, {})  # type: ignore[assignment]
        branch[""] = {}
    return re.compile(f"{before}{_branches(tree, after)}") if tree else None


def _branches(tree: dict[str, object], after: str) -> str:
    """The longest spelling first; a branch that ends no spelling is not tried without need."""
    ways = [
        (_GAP if letter == _BREAK else re.escape(letter)) + _branches(branch, after)  # type: ignore[arg-type]
        for letter, branch in tree.items()
        if letter
    ]
    if "" in tree:
        ways.append(after)
    if len(ways) == 1:
        return ways[0]
    letters = "".join(map(re.escape, tree))
    ahead = f"(?=[{letters}])" if len(ways) > _FEW and not {"", _BREAK} & tree.keys() else ""
    return f"{ahead}(?:{'|'.join(ways)})"
