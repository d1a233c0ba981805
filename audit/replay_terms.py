"""The frozen terms as a replay reads them: by their hash, checked against it and against the published policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from contracts.messages import decode
from domain.policy import Terms, named, resolve


@dataclass(frozen=True, slots=True)
class TermsFound:
    """Terms, None where they cannot be had; and what is wrong with them, '' for nothing."""

    terms: Terms | None
    fault: str = ""


class TermsKept:
    """Every terms that the orders of one replay name, each read and checked once; never those of the running system."""

    def __init__(self, text_of: Callable[[str], str | None], policy_of: Callable[[str], str | None]) -> None:
        self._text_of, self._policy_of = text_of, policy_of
        self._found: dict[str, TermsFound] = {}
        self._policies: dict[str, Mapping[str, Any] | None] = {}

    def of(self, digest: str) -> TermsFound:
        """The terms of that digest."""
        found = self._found.get(digest)
        if found is None:
            found = self._found[digest] = self._read(digest)
        return found

    def _read(self, digest: str) -> TermsFound:
        text = self._text_of(digest)
        if text is None:
            return TermsFound(None, "no such terms are recorded")
        try:
            terms: Terms = decode(text, Terms)
        except msgspec.MsgspecError as error:
            return TermsFound(None, f"cannot be read: {error}")
        if terms.digest != digest or named(terms).digest != digest:
            return TermsFound(terms, "their content has another hash")
        return TermsFound(terms, self._unlike_the_policy(terms))

    def _unlike_the_policy(self, terms: Terms) -> str:
        """What tells that the published policy of that version gives other terms."""
        version = terms.policy_version
        if version not in self._policies:
            text = self._policy_of(version)
            self._policies[version] = None if text is None else msgspec.json.decode(text)
        document = self._policies[version]
        if document is None:
            return ""  # terms that no published policy is known for are all that can be gone by
        about = (terms.order_class, terms.tier, terms.province, terms.area, terms.category, terms.priority)
        try:
            same = resolve(document, *about).digest == terms.digest
        except (KeyError, ValueError, TypeError) as error:
            return f"policy {version} does not give them: {type(error).__name__}: {error}"
        return "" if same else f"policy {version} gives others"
