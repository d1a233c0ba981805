"""A history of the engine, opened: its payloads in clear, and what its events have that the code can recompute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.bridge.proto.workflow_commands import WorkflowCommand

from runtime.codec import Codec, UnreadablePayload
from runtime.history import payloads
from runtime.keyring import Keyring

Key = tuple[str, str]
"""What something is (activity, timer, update, attributes, end) and its id in the run."""
Facts = dict[str, Any]


@dataclass(slots=True)
class Opened:
    """A history whose payloads are in clear, and what could not be opened: the event's id, and why."""

    events: list[HistoryEvent]
    closed: list[tuple[int, str]] = field(default_factory=list)


def opened(content: bytes, workflow: str, keys: Keyring | None) -> Opened:
    """The events of a history, opened as the workflow's own; without keys they are in clear already."""
    found = Opened(list(History.FromString(content).events))
    if keys is not None:
        codec = Codec(keys, workflow)
        for event in found.events:
            for payload in payloads(event):
                try:
                    payload.CopyFrom(codec.decrypt(payload))
                except UnreadablePayload as error:
                    found.closed.append((event.event_id, str(error)))
    return found


def recorded(events: Sequence[HistoryEvent]) -> dict[Key, Facts]:
    """What the history says that the code asked for and answered."""
    found: dict[Key, Facts] = {}
    attributes = 0
    for event in events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                asked = event.activity_task_scheduled_event_attributes
                found["activity", asked.activity_id] = {
                    "type": asked.activity_type.name,
                    "task_queue": asked.task_queue.name,
                    "input": values(asked.input),
                    "timeout": str(asked.start_to_close_timeout.ToTimedelta()),
                    "summary": _summary(event),
                }
            case EventType.EVENT_TYPE_TIMER_STARTED:
                timer = event.timer_started_event_attributes
                length = str(timer.start_to_fire_timeout.ToTimedelta())
                found["timer", timer.timer_id] = {"length": length, "summary": _summary(event)}
            case EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
                attributes += 1
                changed = event.upsert_workflow_search_attributes_event_attributes.search_attributes
                found["attributes", str(attributes)] = _attributes(changed.indexed_fields)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                update = event.workflow_execution_update_accepted_event_attributes
                found["accepted", update.protocol_instance_id] = {}
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
                done = event.workflow_execution_update_completed_event_attributes
                found["update", done.meta.update_id] = (
                    {"result": values(done.outcome.success)}
                    if done.outcome.HasField("success")
                    else {"failure": done.outcome.failure.application_failure_info.type}
                )
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
                on = event.workflow_execution_continued_as_new_event_attributes
                found["end", ""] = {"continued": on.workflow_type.name, "input": values(on.input)}
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
                result = event.workflow_execution_completed_event_attributes.result
                found["end", ""] = {"completed": values(result)}
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
                failure = event.workflow_execution_failed_event_attributes.failure
                found["end", ""] = {"failed": failure.application_failure_info.type}
    return found


def recomputed(commands: Sequence[WorkflowCommand]) -> dict[Key, Facts]:
    """What the code asks for and answers, in the same words."""
    found: dict[Key, Facts] = {}
    attributes = 0
    for command in commands:
        match command.WhichOneof("variant"):
            case "schedule_activity":
                asked = command.schedule_activity
                found["activity", asked.activity_id] = {
                    "type": asked.activity_type,
                    "task_queue": asked.task_queue,
                    "input": [value(one) for one in asked.arguments],
                    "timeout": str(asked.start_to_close_timeout.ToTimedelta()),
                    "summary": _summary(command),
                }
            case "start_timer":
                timer = command.start_timer
                length = str(timer.start_to_fire_timeout.ToTimedelta())
                found["timer", str(timer.seq)] = {"length": length, "summary": _summary(command)}
            case "upsert_workflow_search_attributes":
                attributes += 1
                changed = command.upsert_workflow_search_attributes.search_attributes
                found["attributes", str(attributes)] = _attributes(changed.indexed_fields)
            case "update_response":
                _update(found, command)
            case "continue_as_new_workflow_execution":
                on = command.continue_as_new_workflow_execution
                inputs = [value(one) for one in on.arguments]
                found["end", ""] = {"continued": on.workflow_type or "Order", "input": inputs}
            case "complete_workflow_execution":
                result = command.complete_workflow_execution.result
                found["end", ""] = {"completed": [value(result)] if result.ByteSize() else []}
            case "fail_workflow_execution":
                failure = command.fail_workflow_execution.failure
                found["end", ""] = {"failed": failure.application_failure_info.type}
    return found


def _update(found: dict[Key, Facts], command: WorkflowCommand) -> None:
    response = command.update_response
    match response.WhichOneof("response"):
        case "accepted":
            found["accepted", response.protocol_instance_id] = {}
        case "completed":
            found["update", response.protocol_instance_id] = {"result": [value(response.completed)]}
        case "rejected":
            refused = {"failure": response.rejected.application_failure_info.type}
            found["update", response.protocol_instance_id] = refused


def started(events: Sequence[HistoryEvent]) -> list[Any]:
    """What the run was started with."""
    return values(events[0].workflow_execution_started_event_attributes.input)


def continued(events: Sequence[HistoryEvent]) -> list[Any]:
    """What the run started the next one with; nothing when it did not."""
    return values(events[-1].workflow_execution_continued_as_new_event_attributes.input)


def values(given: Payloads) -> list[Any]:
    """Several payloads as JSON."""
    return [value(one) for one in given.payloads]


def value(payload: Payload) -> Any:
    """A payload as JSON; what is none, or cannot be read, as its bytes in hexadecimal."""
    try:
        return msgspec.json.decode(payload.data) if payload.data else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return payload.data.hex()


def updates(events: Sequence[HistoryEvent]) -> Iterator[tuple[int, str, str, list[Any]]]:
    """Each update that was accepted: the event's id, the update's, its verb, and its arguments."""
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            asked = event.workflow_execution_update_accepted_event_attributes.accepted_request
            yield event.event_id, asked.meta.update_id, asked.input.name, values(asked.input.args)


def _summary(of: HistoryEvent | WorkflowCommand) -> Any:
    return value(of.user_metadata.summary) if of.user_metadata.HasField("summary") else None


def _attributes(fields: Any) -> Facts:
    return {name: value(fields[name]) for name in sorted(fields)}
