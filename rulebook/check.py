"""`check`: everything that is wrong with a policy document, at once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from rulebook import calendar_faults, ladders, meaning, times
from rulebook.document import DOCUMENT
from rulebook.faults import Enough, Fault, Faults
from rulebook.meaning import Known
from rulebook.shapes import MISSING

__all__ = ["Known", "check"]

MOST_FAULTS = 200
"""Then the rest is not looked at: whoever mends these will check again."""
_CHECKS = (
    calendar_faults.calendars,
    times.limits,
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
    faults = Faults(found, most=MOST_FAULTS)
    with suppress(Enough):
        usable = DOCUMENT.take(document, "", faults)
        for one in _CHECKS if usable is not MISSING else ():
            one(usable, faults, known or Known())
    return tuple(dict.fromkeys(faults))
