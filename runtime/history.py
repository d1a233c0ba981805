"""The engine's histories as bytes: what their first and last event say, and the keys that open their payloads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, SearchAttributes
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent

from contracts.names import order_of

STATUSES = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "continued",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "terminated",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "cancelled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "timed_out",
}
"""How a run can end, by its last event."""


class Incomplete(ValueError):  # noqa: N818 - it names what is wrong
    """A history that has no beginning or no end; what it lacks is in its text."""


class Outline:
    """What stands around a history's payloads; raises Incomplete for one that is not that of a run which has ended."""

    def __init__(self, content: bytes) -> None:
        events = History.FromString(content).events
        if not events or events[0].event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            raise Incomplete("it does not begin with the start of a workflow")
        if events[-1].event_type not in STATUSES:
            raise Incomplete("it does not end with the end of a run")
        begun = events[0].workflow_execution_started_event_attributes
        self.status = STATUSES[events[-1].event_type]
        self.order_id = order_of(begun.workflow_id)
        self.continues = begun.continued_execution_run_id
        self.started_at = instant(events[0])
        self.closed_at = instant(events[-1])
        self.events = len(events)
        self.keys = tuple(sorted({one for event in events for one in _keys(event)}))


def instant(event: HistoryEvent) -> datetime:
    """When an event of the engine's happened (UTC, microseconds, as a workflow sees it)."""
    return event.event_time.ToDatetime(UTC)


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload in a message of the engine's, at any depth; search attributes are none of ours to open."""
    if isinstance(message, Payload):
        yield message
        return
    if isinstance(message, SearchAttributes):
        return
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        inner = value if field.is_repeated else [value]
        for each in inner.values() if hasattr(inner, "values") else inner:
            if isinstance(each, Message):
                yield from payloads(each)


def _keys(event: HistoryEvent) -> Iterator[str]:
    for payload in payloads(event):
        if key := payload.metadata.get("key"):
            yield key.decode(errors="replace")
