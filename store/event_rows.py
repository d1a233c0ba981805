"""A row of `events` as the ledger hands it out: which columns are read, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Text, cast

from contracts.messages import EventRow
from domain.events import ClockChange
from domain.model import Actor, Role
from store.tables import events

COLUMNS: tuple[ColumnElement[Any], ...] = (
    *(column for column in events.c if column.name not in ("data", "clocks", "hash", "recorded_at")),
    cast(events.c.data, Text).label("data"),
    cast(events.c.clocks, Text).label("clocks"),
)
"""What `event_row` needs. JSON is read as text: whoever needs it decodes it into records, never into dictionaries."""

_CLOCKS = msgspec.json.Decoder(tuple[ClockChange, ...])


def event_row(row: RowMapping | Mapping[str, Any]) -> EventRow:
    """The event in a row of these columns; raises ValueError or msgspec's errors for what no event can be."""
    return EventRow(
        order_id=row["order_id"],
        seq=row["seq"],
        type=row["type"],
        at=row["at"],
        actor=Actor(row["actor_id"], Role(row["role"]), row["unit"], row["acting_for"]),
        policy_version=row["policy_version"],
        data=msgspec.Raw(row["data"].encode()),
        reason=row["reason"],
        command_id=row["command_id"],
        clocks=_CLOCKS.decode(row["clocks"]),
    )
