"""Bundles, clean and tampered with, and what every verifier must find in them: `bundle_vectors.json`.

Made by the system's own verifier; the console's tests read it too. `python -m tests.audit.bundle_vectors >
tests/audit/bundle_vectors.json` writes it.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from random import Random
from typing import Any

from audit.bundle_check import check
from tests.audit.oddities import oddities
from tests.audit.offline import LOG, TAMPERINGS, TRUST, WITNESSES, Archive, raw

LONGEST = 100_000
"""Longer files are for the verifiers here alone."""
PLACE = Path(__file__).parent / "bundle_vectors.json"


def vectors() -> dict[str, Any]:
    """One whole bundle, and cases: what was put in the place of which of its bytes, and what is found then."""
    archive = Archive(12, 20_260)
    sizes = {number: len(rows) for number, rows in enumerate(archive.lives) if len(rows) > 2}
    which = min(sizes, key=lambda number: sizes[number])
    clean = raw(archive.bundle(which))
    return {
        "trust": {"log": [LOG.verifier.vkey], "witnesses": [one.verifier.vkey for one in WITNESSES], "quorum": 2},
        "order_id": archive.lives[which][0].order_id,
        "clean": clean.decode(),
        "cases": [
            _case(tamper.__name__, clean, tamper(archive, archive.bundle(which), Random(f"vectors {tamper.__name__}")))
            for tamper in TAMPERINGS
        ]
        + [_case(name, clean, data) for name, (data, _) in oddities(archive).items() if len(data) < LONGEST],
    }


def _case(name: str, clean: bytes, data: bytes) -> dict[str, Any]:
    most = min(len(clean), len(data))
    start = next((place for place in range(most) if clean[place] != data[place]), most)
    end = next((place for place in range(most - start) if clean[-1 - place] != data[-1 - place]), most - start)
    return {
        "name": name,
        "at": start,
        "cut": len(clean) - start - end,
        "put": base64.b64encode(data[start : len(data) - end]).decode(),
        "faults": sorted([found.fault, found.seq] for found in check(data, TRUST).faults),
    }


def text() -> str:
    """The file."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    print(text(), end="")
