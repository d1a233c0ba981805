"""What every program that verifies a chain must come to: `vectors.json`, made here and read by the console's tests too.

`python -m tests.audit.vectors > tests/audit/vectors.json` writes it; it changes with the definition alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import rfc8785

from contracts.messages import to_rows
from domain import commands as c
from store import chain
from tests.domain.lives import working

PLACE = Path(__file__).parent / "vectors.json"

DOCUMENTS = (
    "null", "true", "[]", "{}", '""', "0", "-0", "-0.0", "1.0", "1.50", "1e0", "1e21", "1E+20",
    "123456789012345680000.0",
    "0.000001", "1e-7", "5e-324", "1.7976931348623157e308", "9007199254740991", "-9007199254740991",
    "333333333.33333329", "1E30", "4.50", "2e-3", "0.000000000000000000000000001", "0.1", "0.30000000000000004",
    "1234.5678", "20160.000000000004", "9.999999999999999e20", "295147905179352830000.0", "1424953923781206.2",
    "[56.0, 1, 0.5e1]", '"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"',
    '"\\b\\t\\n\\f\\r\\u0000\\u001f\\u007f"', '"é\\u0065\\u0301"', '"\u2028\u2029"', '"🐇\\ud83d\\ude02"',
    '"断网三天"', '"</script>"', '{"b": 1, "a": [true, false, null], "": 0}',
    '{"\u20ac": "euro", "\\r": "return", "\ufb33": "dalet", "1": "one", "\\ud83d\\ude00": "face", "\\u00f6": "ö"}',
    '{"10": 1, "9": 2, "A": 3, "a": 4, "aa": 5, "_": 6, "\\u0080": 7}',
    '{"__proto__": {"x": 1}, "constructor": 2}', '[[[{"a": [{"b": {}}]}]]]',
)  # fmt: skip


def proof() -> dict[str, Any]:
    """A life's chain, as `GET /v1/orders/{order_id}/proof` has it."""
    life = working(order_id="WH20260302-VECTORS0")
    life.do("agent", c.Note('她说: "断网"\t三天 🐇 \u2028'))
    life.wait(days=4)
    rows = to_rows(life.at.id, life.events)
    hashes = chain.hashes(rows, "")
    events = [
        {"event": chain.link(row, previous), "hash": own}
        for row, previous, own in zip(rows, ("", *hashes), hashes, strict=False)
    ]
    head = {"seq": len(rows), "hash": hashes[-1]}
    return {"order_id": life.at.id, "form": chain.FORM, "events": events, "head": head}


def vectors() -> dict[str, Any]:
    """Texts of JSON with what RFC 8785 makes of them, and a whole chain."""
    canonical = [{"json": text, "canonical": rfc8785.dumps(msgspec.json.decode(text)).decode()} for text in DOCUMENTS]
    return {"canonical": canonical, "proof": proof()}


def text() -> str:
    """The file."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    print(text(), end="")
