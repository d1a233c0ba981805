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


class Faults:
    """Collects what is wrong while a document is gone through."""

    def __init__(self, found: Iterable[Fault] = ()) -> None:
        """`found` is what is known to be wrong already."""
        self._found: list[Fault] = list(found)

    def add(self, path: str, reason: Said, remedy: Said, *, line: int = 0, warning: bool = False) -> None:
        """One more; `reason` and `remedy` are (Chinese, English)."""
        self._found.append(Fault(path, *reason, *remedy, line, warning))

    def warn(self, path: str, reason: Said, remedy: Said) -> None:
        """One more that does not keep the policy from being published."""
        self.add(path, reason, remedy, warning=True)

    def within(self, path: str) -> bool:
        """True when a fault, not a warning, stands at that path or under it: what follows from it is not told."""
        heads = (f"{path}.", f"{path}[")
        return any(not one.warning and (one.path == path or one.path.startswith(heads)) for one in self._found)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def under(path: str, key: str | int) -> str:
    """The path of what stands under a key, or at a place of a list."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def nearest(name: str, known: Iterable[str]) -> Said:
    """What may have been meant by an unknown name, else all that may be written."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"是否指 {near[0]}？", f"did you mean {near[0]}?"
    listed = ", ".join(names)
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
