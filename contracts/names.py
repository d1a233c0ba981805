"""Every name that two processes must agree on, each beside its inverse."""

from __future__ import annotations

ORDER_WORKFLOW = "Order"
ORDERS_QUEUE = "orders"
LEDGER_QUEUE = "ledger"

RECORD_ACTIVITY = "record"

VIEW_QUERY = "view"
WAKE_SIGNAL = "wake"

STATE_ATTRIBUTE = "WhistleState"
PROVINCE_ATTRIBUTE = "WhistleProvince"
LEVEL_ATTRIBUTE = "WhistleLevel"
OVERDUE_ATTRIBUTE = "WhistleOverdue"

REHEARSAL_PREFIX = "R"
_ORDER = "order/"


def workflow_id(order_id: str) -> str:
    """The workflow id of an order."""
    return _ORDER + order_id


def is_rehearsal(order_id: str) -> bool:
    """True for an order that lives in the rehearsal namespace."""
    return order_id.startswith(REHEARSAL_PREFIX)
