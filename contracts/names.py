"""Every name that two processes must agree on, each beside its inverse."""

from __future__ import annotations

ORDER_WORKFLOW = "Order"
ORDERS_QUEUE = "orders"
LEDGER_QUEUE = "ledger"

RECORD_ACTIVITY = "record"
LEDGER_FORK = "ledger_fork"
"""Error type: the ledger has other events than the workflow; its run fails, and it is started again from the ledger."""

CANARY_WORKFLOW = "Canary"
CANARY_ID = "canary"
BEAT_ACTIVITY = "beat"

VIEW_QUERY = "view"
WAKE_SIGNAL = "wake"

LATENESS_METRIC = "whistle_clock_lateness_seconds"

STATE_ATTRIBUTE = "WhistleState"
PROVINCE_ATTRIBUTE = "WhistleProvince"
LEVEL_ATTRIBUTE = "WhistleLevel"
OVERDUE_ATTRIBUTE = "WhistleOverdue"

REHEARSAL_PREFIX = "R"
_ORDER = "order/"


def workflow_id(order_id: str) -> str:
    """The workflow id of an order."""
    return _ORDER + order_id


def order_of(workflow_id: str) -> str:
    """The order of a workflow id; '' for a workflow that is no order's."""
    return workflow_id.removeprefix(_ORDER) if workflow_id.startswith(_ORDER) else ""


def is_rehearsal(order_id: str) -> bool:
    """True for an order that lives in the rehearsal namespace."""
    return order_id.startswith(REHEARSAL_PREFIX)
