"""`check`: everything that is wrong with a policy document, at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rulebook import calendar_faults, ladders, meaning
from rulebook.document import DOCUMENT
from rulebook.faults import Fault, Faults
from rulebook.meaning import Known
from rulebook.shapes import MISSING

__all__ = ["Known", "check"]

_CHECKS = (
    calendar_faults.calendars,
    meaning.statutory,
    meaning.later_than_statutory,
    meaning.no_result,
    meaning.passed,
    meaning.names,
    meaning.calling,
    meaning.caps,
    ladders.ladders,
    ladders.chains,
    ladders.warnings,
    meaning.labels,
    meaning.basis,
)


def check(document: Any, known: Known | None = None, found: Iterable[Fault] = ()) -> tuple[Fault, ...]:
    """All faults of a frozen document, empty when it may be published as it is.

    A fault whose `warning` is true does not forbid publishing. With `known` the names of provinces and units are
    compared with the directory; without it, those of provinces with the document's own `labels`. What was `found` when
    it was frozen comes first, and what only follows from another fault is left out.
    """
    faults = Faults(found)
    usable = DOCUMENT.take(document, "", faults)
    if usable is not MISSING:
        for one in _CHECKS:
            one(usable, faults, known or Known())
    return tuple(dict.fromkeys(faults))
