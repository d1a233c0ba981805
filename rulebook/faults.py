"""What is wrong with a policy: where, why, and what to write instead, in Chinese and English."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a policy.

    Attributes:
        path: where, such as `provinces.HA.limits.complex.due` or `ladders.due[2].level`.
        reason_zh: what is wrong, in Chinese.
        reason_en: the same in English.
        remedy_zh: what to write instead.
        remedy_en: the same in English.
        line: the line of the file, counted from 1; 0 where there is no file.
        warning: True when the policy may be published all the same.
    """

    path: str
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str
    line: int = 0
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.line}: {self.path}" if self.line else self.path
        return f"{place}: {self.reason_zh} / {self.reason_en} → {self.remedy_zh} / {self.remedy_en}"


class Faulty(ValueError):  # noqa: N818 - it says what the document is
    """A policy that may not be used; `faults` are all of them, the warnings included."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults if not fault.warning))


Said = tuple[str, str]
"""A sentence in Chinese and in English."""


class Enough(Exception):  # noqa: N818 - nothing went wrong
    """So much is wrong that the rest need not be looked at."""


class Faults:
    """Collects what is wrong while a document is gone through."""

    def __init__(self, found: Iterable[Fault] = (), *, most: int = 0) -> None:
        """`found` is what is known to be wrong already; after `most` faults `add` raises Enough, 0 = never.

        Of warnings five times as many are kept.
        """
        self._found: list[Fault] = []
        self._heads: set[str] = set()
        self._counted = {True: 0, False: 0}
        self._most = 0
        for fault in found:
            self._keep(fault)
        self._most = most

    def add(self, path: str, reason: Said, remedy: Said, *, line: int = 0, warning: bool = False) -> None:
        """One more; `reason` and `remedy` are (Chinese, English)."""
        self._keep(Fault(path, *reason, *remedy, line, warning))

    def _keep(self, fault: Fault) -> None:
        told, most = self._counted[fault.warning], self._most * (_WARNINGS if fault.warning else 1)
        self._counted[fault.warning] += 1
        if most and told >= most:
            if told == most:
                self._found.append(replace(_MORE, warning=fault.warning))
            if not fault.warning:
                raise Enough
            return
        self._found.append(fault)
        if not fault.warning:
            self._heads.update(_heads(fault.path))

    def warn(self, path: str, reason: Said, remedy: Said) -> None:
        """One more that does not keep the policy from being published."""
        self.add(path, reason, remedy, warning=True)

    def within(self, path: str) -> bool:
        """True when a fault, not a warning, stands at that path or under it: what follows from it is not told."""
        return path in self._heads

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


_WARNINGS = 5
_FEW = 100
"""To compare a name with more takes longer than all else that is looked at."""
_LISTED = 50
_MORE = Fault("", "还有更多问题", "there is more of this", "先改正这些, 再检查一次", "mend these and check again")


def under(path: str, key: str | int) -> str:
    """The path of what stands under a key, or at a place of a list."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def nearest(name: str, known: Iterable[str]) -> Said:
    """What may have been meant by an unknown name, else all that may be written."""
    names = list(known)
    alike = names if len(names) <= _FEW else [one for one in names if one[:2] == name[:2] or one[-2:] == name[-2:]]
    near = difflib.get_close_matches(name, alike[:_FEW], n=1, cutoff=0.6)
    if near:
        return f"是否指 {near[0]}？", f"did you mean {near[0]}?"
    listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
    return (f"可用: {listed}", f"known are: {listed}") if names else ("删去此项", "leave it out")


def located(faults: Iterable[Fault], lines: Mapping[str, int], origins: Mapping[str, str]) -> tuple[Fault, ...]:
    """The faults as the file has them: at the path in the source that each came from, and its line; in line order.

    `origins` leads from a path of the frozen document to the one in the source from which it was made.
    """
    found = [_located(fault, lines, origins) for fault in faults]
    return tuple(sorted(dict.fromkeys(found), key=lambda fault: fault.line))


def _located(fault: Fault, lines: Mapping[str, int], origins: Mapping[str, str]) -> Fault:
    path = fault.path
    for head in _heads(path):
        if head in origins:
            path = origins[head]
            break
    line = fault.line or next((lines[head] for head in _heads(path) if head in lines), 0)
    return replace(fault, path=path, line=line)


def _heads(path: str) -> Iterator[str]:
    """The path, then what it stands under, up to the document."""
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    yield ""
