"""What the API would refuse of a case, seen before anything is sent, where the row at fault is at hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from desk.mapping import BadRow
from domain.commands import ForeignStep
from domain.errors import Refusal
from domain.history import in_order
from vault import clear

STEP = re.compile(r"steps\.([1-9]\d*)\.")
"""A step by its place, from 1, as the rules name it."""
_CLEAR = ("activity", "by", "unit", "status", "event")


def impossible(body: dict[str, Any], steps: Sequence[ForeignStep]) -> tuple[int, BadRow] | None:
    """The first step, from 0, whose time cannot be or which holds the customer's name or number in clear, and why."""
    registered = body.get("registered_at")
    try:
        begun = datetime.fromisoformat(registered) if registered else None
        in_order(begun, steps, datetime.now(UTC), numbered=body.get("numbered", False))
    except Refusal as refused:
        place = STEP.match(refused.field)
        name, number = ("time", int(place[1]) - 1) if place else ("registered", 0)
        reason, remedy = f"时间倒流或在未来 / {refused.message}", f"更正时间或时区 / {refused.remedy}"
        return number, BadRow(name, reason, remedy)
    customer = body["customer"]
    for number, step in enumerate(body["steps"]):
        for name in _CLEAR:
            if clear.names(step.get(name, ""), customer["name"], customer["phone"]):
                reason = "含客户姓名或号码 / it holds the customer's name or number"
                return number, BadRow(name, reason, "改用代码, 原文列入 words / map it to a code, the rest to words")
    return None
