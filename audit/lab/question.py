"""What the lab is asked, as it is kept: which terms over which past orders."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from audit.lab.reading import Selection
from audit.lab.under import Clause, Layer, Under
from contracts.messages import encode
from store import policies

PAST, MONTH = "past", "month"
"""The kinds of runs: over past orders, or over a month made of them."""


class LayerAsked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A policy by its published `version`, or whole as a `document`; with `parts` those alone."""

    version: str = ""
    document: dict[str, Any] | None = None
    parts: tuple[str, ...] = ()


class Month(msgspec.Struct, frozen=True):
    """A month made of past orders: its first day, how many complaints, and the seed that they are drawn by."""

    first: date
    orders: int
    seed: int = 1


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that was asked; no layers: under the recorded terms."""

    layers: tuple[LayerAsked, ...] = ()
    catalogue: tuple[Clause, ...] = ()
    selection: Selection = Selection()
    month: Month | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the question."""
        return hashlib.sha256(encode(self)).hexdigest()

    @property
    def policy(self) -> str:
        """The version that it tries, in a word: that of the last layer, '' for the recorded ones."""
        return next((_version(layer) for layer in reversed(self.layers)), "")


def _version(layer: LayerAsked) -> str:
    return layer.version or str((layer.document or {}).get("version", ""))


def asked(text: str) -> Question:
    """The question in its kept form."""
    return msgspec.json.decode(text, type=Question)


def under(question: Question, ask: Callable[..., Any]) -> Under:
    """The terms that the question gives orders; `ask(query, …)` asks the store. Raises LookupError for a version."""

    def document(version: str) -> dict[str, Any]:
        found: dict[str, Any] = ask(policies.document, version)
        return found

    layers = [
        Layer(layer.document if layer.document is not None else document(layer.version), layer.parts)
        for layer in question.layers
    ]
    return Under(document, lambda digest: ask(policies.terms, digest), layers, question.catalogue)


def recorded(ask: Callable[..., Any]) -> Under:
    """The recorded terms."""
    return under(Question(), ask)
