"""Committed workflow histories: what running orders of earlier versions look like, so that an edit cannot break them.

They are kept in clear, so that a change of one can be read, and no key is in the repository.

To make them anew, after a change that needs it:

    WRITE_HISTORIES=1 python -m pytest tests/workflows
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec

from runtime.codec import Codec
from runtime.history import payloads
from runtime.keyring import Keyring

FOLDER = Path(__file__).parents[1] / "workflows" / "histories"
WRITE = "WRITE_HISTORIES"
MOST_BYTES = 300_000
_PROCESS = re.compile(r"^\d+@[\w.-]+$")


def names() -> list[str]:
    """The committed histories."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def read(name: str) -> WorkflowHistory:
    """One committed history."""
    return WorkflowHistory.from_json(f"order/{name}", (FOLDER / f"{name}.json").read_text())


async def write(name: str, history: WorkflowHistory, keys: Keyring) -> Path | None:
    """Keep a history for good; None while no new ones are wanted."""
    if not os.environ.get(WRITE):
        return None
    path = FOLDER / f"{name}.json"
    for event in history.events:
        await open_payloads(event, Codec(keys))
    text = json.dumps(_nameless(history.to_json_dict()), indent=1, ensure_ascii=False) + "\n"
    assert len(text) < MOST_BYTES, f"{name} is too long to be kept: {len(text)} bytes"
    path.write_text(text)
    return path


async def open_payloads(message: Message, codec: PayloadCodec) -> None:
    """Decrypt every payload in a message of Temporal's where it stands."""
    for payload in payloads(message):
        (clear,) = await codec.decode([payload])
        payload.CopyFrom(clear)


def has_begun(history: WorkflowHistory) -> bool:
    """True when the run has done at least one step: the replayer waits for ever for one that has not."""
    return any(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED for event in history.events)


def _nameless(value: Any) -> Any:
    """Without the names of the processes that happened to do the work."""
    if isinstance(value, dict):
        return {key: _nameless(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_nameless(inner) for inner in value]
    return "worker" if isinstance(value, str) and _PROCESS.match(value) else value
