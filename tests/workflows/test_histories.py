"""Orders that earlier versions began go on under this one."""

from __future__ import annotations

import asyncio

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from runtime.plugin import WhistlePlugin
from tests.support import histories
from workflows.order import OrderWorkflow


@pytest.mark.parametrize("sandbox", [True, False], ids=["sandbox", "bare"])
@pytest.mark.parametrize("name", histories.names())
async def test_a_committed_history_replays(name: str, sandbox: bool) -> None:
    replayer = Replayer(workflows=[OrderWorkflow], plugins=[WhistlePlugin(None, sandbox=sandbox)])
    async with asyncio.timeout(60):
        await replayer.replay_workflow(histories.read(name))


async def test_a_history_that_another_code_made_does_not_replay() -> None:
    replayer = Replayer(workflows=[OrderWorkflow], plugins=[WhistlePlugin(None)])
    text = histories.read("ladder").to_json().replace('"name": "record"', '"name": "other"')
    forged = WorkflowHistory.from_json("order/forged", text)
    async with asyncio.timeout(60):
        with pytest.raises(workflow.NondeterminismError):
            await replayer.replay_workflow(forged)


def test_there_are_committed_histories() -> None:
    assert {"five_commands", "withdrawn", "ladder", "moved_on"} <= set(histories.names())
