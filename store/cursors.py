"""Cursors of paged lists: the sort key of a page's last row, opaque to the caller."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec


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
        key: tuple[Any, ...] = msgspec.convert(values, key_type)
        if any(map(_beyond_the_database, key)):
            raise ValueError
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise BadCursor("this is not a cursor of this list") from None
    if found != listing:
        raise BadCursor(f"the cursor belongs to another list ({found})")
    return key


def _beyond_the_database(part: Any) -> bool:
    """Whether the database could not even compare this: a text with NUL, a number that is no integer of its."""
    return (isinstance(part, str) and "\0" in part) or (isinstance(part, int) and abs(part) > _LARGEST)


_LARGEST = 2**31 - 1
