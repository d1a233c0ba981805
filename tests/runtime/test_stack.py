"""The stack on real servers: its namespaces, where time may be skipped, and what is left when it is gone."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from runtime import namespaces
from runtime.faults import SetupError
from runtime.namespaces import RETENTION
from runtime.postgres import wait_for
from runtime.stack import EmbeddedStack


@workflow.defn(sandboxed=False)
class Sleeper:
    """Sleeps for hours."""

    @workflow.run
    async def run(self, hours: int) -> str:
        """Return after that long."""
        await workflow.sleep(timedelta(hours=hours))
        return "awake"


async def _nine_hours_pass(target: str, namespace: str) -> str:
    client = await Client.connect(target, namespace=namespace)
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    async with Worker(client, task_queue="sleepers", workflows=[Sleeper]):
        handle = await client.start_workflow(Sleeper.run, 9, id=f"sleeper-{namespace}", task_queue="sleepers")
        try:
            await skipper.fast_forward(handle, timedelta(hours=9))
        except RPCError:
            await handle.terminate()
            raise
        return await handle.result()


async def test_both_namespaces_keep_ended_orders_for_a_week(stack: EmbeddedStack) -> None:
    client = await Client.connect(stack.temporal_target)
    for name in (stack.settings.temporal_namespace, stack.settings.rehearsal_namespace):
        found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))
        assert found.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION


async def test_time_may_be_skipped_in_the_rehearsal_namespace(stack: EmbeddedStack) -> None:
    assert await _nine_hours_pass(stack.temporal_target, stack.settings.rehearsal_namespace) == "awake"


async def test_real_orders_time_cannot_be_skipped(stack: EmbeddedStack) -> None:
    with pytest.raises(RPCError, match=r"(?i)time.?skipping"):
        await _nine_hours_pass(stack.temporal_target, stack.settings.temporal_namespace)


def test_what_has_an_address_is_used_and_nothing_is_started(
    stack: EmbeddedStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = stack.settings.model_copy(update={"data_dir": tmp_path})
    with EmbeddedStack(given) as outer:
        assert (outer.postgres, outer.temporal, outer.ui) == (None, None, None)
        assert outer.temporal_target == stack.temporal_target
        assert outer.app_url == stack.app_url
    assert f"using the Temporal server at {stack.temporal_target}" in capsys.readouterr().out
    assert stack.temporal is not None
    assert stack.temporal.answers()


def test_an_address_where_nobody_answers_is_one_line() -> None:
    with pytest.raises(SetupError, match=r"the database does not answer: .*refused.*WHISTLE_DATABASE_URL") as failure:
        wait_for("postgresql+psycopg2://nobody:no@127.0.0.1:9/none", 0)
    assert "no@" not in str(failure.value)
    with pytest.raises(SetupError, match=r"Temporal at 127\.0\.0\.1:9 is not ready"):
        namespaces.ensure("127.0.0.1:9", ["whistle"], 0)
