"""What the workflow's code makes of a history, caught as it leaves the code.

The stock replayer only checks that the code asks for the same kinds of things in the same order. Here the runner that
it is given hands every answer of the code on as it is, and keeps a copy: activity inputs, update results and refusals,
lengths of timers, search attributes and what the next run is started from, as clear payloads.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from runtime.keyring import Keyring
from runtime.plugin import converter, runner
from workflows.order import OrderWorkflow

DEADLINE = 30.0
"""Seconds for one history; the longest that an order may have takes some three. One that lacks what the replayer waits
for would never end."""


@dataclass(slots=True)
class Recomputed:
    """The commands that the code gave, in order, and why it could not go on ('' when it could)."""

    commands: list[WorkflowCommand] = field(default_factory=list)
    failure: str = ""


class _Overheard(WorkflowInstance):
    """A workflow's instance whose every answer is copied before it goes its way."""

    def __init__(self, inner: WorkflowInstance, into: Recomputed) -> None:
        self._inner = inner
        self._into = into

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """As the instance itself; what it asks for is copied, for it is encrypted where it stands afterwards."""
        completion = self._inner.activate(act)
        for command in completion.successful.commands:
            copied = WorkflowCommand()
            copied.CopyFrom(command)
            self._into.commands.append(copied)
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:
        """As the instance itself."""
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        """As the instance itself."""
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Any:
        """As the instance itself."""
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        """As the instance itself."""
        return self._inner.get_thread_id()


class _Listening(WorkflowRunner):
    """Runs workflow code as production does, and overhears it."""

    def __init__(self) -> None:
        self._runner = runner(sandbox=False)
        self.into = Recomputed()

    def prepare_workflow(self, defn: Any) -> None:
        """As production does."""
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """As production does, overheard."""
        return _Overheard(self._runner.create_instance(det), self.into)


async def recompute(history: WorkflowHistory, keys: Keyring | None) -> Recomputed:
    """Replay one history; without keys one that is in clear. Never waits for longer than `DEADLINE`."""
    listening = _Listening()
    replayer = Replayer(workflows=[OrderWorkflow], data_converter=converter(keys), workflow_runner=listening)
    try:
        async with asyncio.timeout(DEADLINE):
            await replayer.replay_workflow(history)
    except TimeoutError:
        listening.into.failure = f"the replay did not end within {DEADLINE:.0f} s"
    except Exception as error:
        listening.into.failure = f"{type(error).__name__}: {error}".partition("\n")[0]
    return listening.into
