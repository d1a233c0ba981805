"""The rows of `callbacks`: each call-back that was planned, and what came of it, from an order's events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.callback import TO_CALL
from domain.events import CallbackRecorded, Event
from domain.model import OPEN, Callback, CallbackStatus, Order

Row = dict[str, Any]

FIRST = ("due_at", "province", "unit")
"""Columns that a later change does not overwrite: a call-back that is put off is due since it first was."""
FILLED = ("settled_at", "contacted", "solved")
"""Columns that keep their last value that is not null."""

_AWAITED = (*TO_CALL, CallbackStatus.SMS_SENT)
_STATUS = {
    **dict.fromkeys(_AWAITED, "due"),
    CallbackStatus.UNDER_REVIEW: "completed",
    CallbackStatus.COMPLETED: "completed",
    CallbackStatus.REFUSED: "refused",
    CallbackStatus.LAPSED: "lapsed",
}


def callbacks(before: Order | None, states: Sequence[Order], news: Sequence[Event]) -> list[Row]:
    """The rows that these events changed, each as it stands after the last of them; `states` is the order after each.

    One row for a round, and one more where its limit passed without a reply.
    """
    rows: dict[tuple[int, bool], Row] = {}
    was = before
    for happened, order in zip(news, states, strict=True):
        for row in _changed(was, order, happened):
            key = (row["round"], row["expiry"])
            rows[key] = _over(rows.get(key), row)
        was = order
    return list(rows.values())


def _over(earlier: Row | None, row: Row) -> Row:
    """A row laid over an earlier one of the same batch, as the upsert would lay it."""
    if earlier is None:
        return row
    kept = {name: earlier[name] for name in FIRST}
    return {**row, **kept, **{name: earlier[name] for name in FILLED if row[name] is None}}


def _changed(was: Order | None, order: Order, happened: Event) -> list[Row]:
    before, back = was.callback if was else None, order.callback
    same = back is not None and before is not None and (back.round, back.expiry) == (before.round, before.expiry)
    rows = []
    if was is not None and before is not None and before.status in _AWAITED and not same:
        rows.append(_row(was, before, "replaced" if back is not None else "void", happened.at))
    if back is None or back == before:
        return rows
    if back.status in _AWAITED and order.state not in OPEN:
        return [*rows, _row(order, back, "void", happened.at)]
    status = _STATUS[back.status]
    row = _row(order, back, status, None if status == "due" else happened.at)
    if isinstance(happened.body, CallbackRecorded):
        row |= {"contacted": happened.body.contacted, "by_sms": happened.body.by_sms}
    return [*rows, row]


def _row(order: Order, back: Callback, status: str, settled_at: datetime | None) -> Row:
    return {
        "order_id": order.id,
        "round": back.round,
        "expiry": back.expiry,
        "province": order.province,
        "unit": order.lead.unit if order.lead else "",
        "status": status,
        "due_at": back.not_before or back.planned_at,
        "settled_at": settled_at,
        "contacted": None,
        "solved": back.solved,
        "satisfaction": back.satisfaction or "",
        "by_sms": False,
        "rehearsal": order.rehearsal,
    }
