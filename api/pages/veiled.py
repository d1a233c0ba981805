"""What a page tells, unveiled as far as its reader's rights go, before it becomes a page.

A seal that stood in a page itself would be opened as if the page were JSON; so none ever gets there.
"""

from __future__ import annotations

from typing import TypeVar, cast

import msgspec

from api.deps import Parts
from contracts.messages import encode
from identity.people import Identified
from vault import veil

T = TypeVar("T")


async def unveiled(parts: Parts, who: Identified, told: T) -> T:
    """The same lists, records and texts, with every seal in them opened, masked or hidden."""
    return cast("T", await parts.gateway.run(_opened, parts, who, encode(told)))


def _opened(parts: Parts, who: Identified, document: bytes) -> object:
    keys = parts.rack.keys(veil.sealed_by(document))
    return msgspec.json.decode(veil.unveiled(document, veil.RIGHTS[who.role], keys))
