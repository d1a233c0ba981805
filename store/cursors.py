"""Cursors of paged lists: the sort key of a page's last row, opaque to the caller."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from store.tables import NEVER

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Between these lie all instants that lists are sorted by, but for `NEVER`."""


class BadCursor(ValueError):  # noqa: N818 - it names what is wrong, like the refusals
    """The cursor is not one of ours, or belongs to another list or sorting."""


def make(listing: str, key: Sequence[Any]) -> str:
    """The cursor that continues `listing` after `key`; safe in a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode([listing, *key])).decode().rstrip("=")


def read(cursor: str, listing: str, key_type: Any) -> tuple[Any, ...]:
    """The key in a cursor of this listing, as a tuple of `key_type`; raises BadCursor."""
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, *values = msgspec.json.decode(content, type=list[Any])
        key = tuple(_comparable(part) for part in msgspec.convert(values, key_type))
    except (binascii.Error, ValueError, OverflowError, msgspec.MsgspecError):
        raise BadCursor("this is not a cursor of this list") from None
    if found != listing:
        raise BadCursor(f"the cursor belongs to another list ({found})")
    return key


def _comparable(part: Any) -> Any:
    """A part of a key as the database compares it, instants in UTC; raises ValueError for what no list ends with."""
    match part:
        case str() if "\0" in part:
            raise ValueError("no text of the database")
        case int() if abs(part) > _LARGEST:
            raise ValueError("no integer of the database")
        case datetime():
            if part.tzinfo is None:
                raise ValueError("an instant without a zone")
            instant = part.astimezone(UTC)
            if instant != NEVER and not EARLIEST <= instant < LATEST:
                raise ValueError("an instant beyond all orders")
            return instant
    return part


_LARGEST = 2**31 - 1
