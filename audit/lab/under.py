"""The terms that orders get in the lab: the recorded ones, a policy's, or the recorded ones with parts of another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as copied
from typing import Any

from domain import commands as c
from domain.model import Order
from domain.policy import Document, Terms, resolve
from domain.retime import renewed

_OVERLAYS = ("areas", "provinces", "tiers", "categories", "units")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a policy document: sections, those of each class, and those of each overlay."""

    sections: tuple[str, ...] = ()
    of_class: tuple[str, ...] = ()
    of_overlay: tuple[str, ...] = ()


PARTS: dict[str, Part] = {
    "calendar": Part(("calendar", "calendars"), of_overlay=("calendar",)),
    "ladder": Part(("ladders", "chains", "grace"), ("ladders", "chains", "grace")),
    "warnings": Part(("warnings",), ("warnings",)),
    "limits": Part(("priorities", "exempt"), ("limits",), ("limits", "factor")),
    "calling": Part(("calling",)),
    "caps": Part(("caps", "skip_levels"), ("caps",)),
}
"""What can be tried of a policy by itself."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A policy document, or the named parts of it; no parts: the whole document."""

    document: Document
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the dispatch catalogue that is tried: who leads, helps and is told, in one province or in all (`*`).

    Units may be named without their province, as in `net`.
    """

    category: str
    lead: str
    co: tuple[str, ...] = ()
    copy: tuple[str, ...] = ()
    province: str = "*"


def laid(base: Document, layer: Layer) -> Document:
    """The document with the layer over it: its parts taken whole from there, all else as it was."""
    if not layer.parts:
        return layer.document
    made, over = dict(base), layer.document
    for name in layer.parts:
        part = PARTS[name]
        _take(made, over, part.sections)
        made["classes"] = {
            key: _taken(own, over["classes"].get(key, {}), part.of_class) for key, own in made["classes"].items()
        }
        if part.of_overlay:
            for section in _OVERLAYS:
                mine, theirs = made.get(section, {}), over.get(section, {})
                made[section] = {
                    key: _taken(mine.get(key, {}), theirs.get(key, {}), part.of_overlay)
                    for key in dict.fromkeys((*mine, *theirs))
                }
    return made


def _take(made: dict[str, Any], over: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if name in over:
            made[name] = over[name]
        else:
            made.pop(name, None)


def _taken(own: Mapping[str, Any], over: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    made = dict(own)
    _take(made, over, names)
    return made


class Under:
    """Gives orders their terms in the lab; alike ones share them.

    `documents(version)` gives a published document, `frozen(digest)` terms that the ledger has; both raise LookupError.
    """

    def __init__(
        self,
        documents: Callable[[str], Document],
        frozen: Callable[[str], Terms],
        layers: Sequence[Layer] = (),
        clauses: Sequence[Clause] = (),
    ) -> None:
        self._documents = documents
        self._frozen = frozen
        self._layers = tuple(layers)
        self._clauses = {(one.category, one.province): one for one in clauses}
        self._laid: dict[str, Document] = {}
        self._resolved: dict[tuple[str, ...], Terms] = {}
        self.whole = any(not layer.parts for layer in self._layers)

    def at_registration(self, body: c.Register, digest: str) -> Terms:
        """The terms of a complaint that was registered under the terms of that digest."""
        if not self._layers:
            return self._frozen(digest)
        version = "" if self.whole else self._frozen(digest).policy_version
        asked = (
            version, body.order_class.value, body.customer.tier, body.province, body.area, body.category,
        )  # fmt: skip
        found = self._resolved.get(asked)
        if found is None:
            found = resolve(
                self._document(version), body.order_class, body.customer.tier, body.province, body.area, body.category
            )
            self._resolved[asked] = found
        return found

    def completed(self, order: Order, body: Any) -> Any:
        """A command that changes the order's terms, with the lab's in the place of the recorded ones."""
        recorded: Terms | None = getattr(body, "terms", None)
        if recorded is None or not self._layers:
            return body
        version = "" if self.whole else recorded.policy_version
        asked = (
            version,
            str(getattr(body, "order_class", None) or order.order_class),
            getattr(body, "tier", "") or order.customer.tier,
            order.province,
            order.area,
            getattr(body, "category", order.category),
            getattr(body, "priority", order.priority),
            "",
        )
        found = self._resolved.get(asked)
        if found is None:
            found = self._resolved[asked] = renewed(order, body, self._document(version))
        return copied(body, terms=found)

    def clause(self, body: c.Register) -> Clause | None:
        """The clause that is tried for a complaint; the province's own wins, and None leaves what was recorded."""
        if not body.catalogue:
            return None
        return self._clauses.get((body.category, body.province)) or self._clauses.get((body.category, "*"))

    def _document(self, version: str) -> Document:
        found = self._laid.get(version)
        if found is None:
            found = self._documents(version) if version else {}
            for layer in self._layers:
                found = laid(found, layer)
            self._laid[version] = found
        return found
