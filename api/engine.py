"""What is asked of the engine beside commands: whether it answers, whether an order runs, to wake or start one.

Functions over a client; `api.gateway` chooses the namespace, and knows the ledger. Where the engine does not answer
they raise `Silent`, and whoever asked tries again later.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio.api.history.v1 import History
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.errors import Problem, unavailable
from api.outcomes import Gone, Silent
from contracts.messages import OrderInput, View
from contracts.names import (
    CANARY_ID,
    CANARY_WORKFLOW,
    ORDER_WORKFLOW,
    ORDERS_QUEUE,
    VIEW_QUERY,
    WAKE_SIGNAL,
    order_of,
    workflow_id,
)
from contracts.options import CANARY_TIMEOUT, TASK_TIMEOUT, UPDATE_TIMEOUT
from domain.model import Order
from workflows import display

T = TypeVar("T")

READY_TIMEOUT = timedelta(seconds=3)
"""How long the engine may take to say that it is there."""
PAGE = 1000
"""Workflows in one page of the engine's list of those that run; it allows few pages a second."""
_RUNNING = f"WorkflowType = '{ORDER_WORKFLOW}' AND ExecutionStatus = 'Running'"


_ENDED = "WorkflowType = '{type}' AND ExecutionStatus != 'Running' AND CloseTime >= '{since}' AND CloseTime < '{until}'"
"""An interval of the ends of orders' runs."""


def start_options(order: Order) -> dict[str, Any]:
    """How an order's workflow is started, whoever starts it."""
    return {
        "id": workflow_id(order.id),
        "task_queue": ORDERS_QUEUE,
        "search_attributes": display.of(order),
        "task_timeout": TASK_TIMEOUT,
        "static_summary": f"{order.province} · {order.category}",
    }


async def answers(client: Client) -> bool:
    """Whether the engine answers, from its front down to its database: it looks for an order that never was."""
    try:
        await client.get_workflow_handle(workflow_id("readyz")).describe(rpc_timeout=READY_TIMEOUT)
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    except RuntimeError:  # not even connected
        return False
    return True


async def wake(client: Client, order_id: str) -> None:
    """Have an order look at its clock; raises Gone when no workflow of it runs."""
    with _understood():
        await client.get_workflow_handle(workflow_id(order_id)).signal(WAKE_SIGNAL, rpc_timeout=UPDATE_TIMEOUT)


async def start(client: Client, given: OrderInput, order: Order) -> bool:
    """Start an order without a command; False when it runs already."""
    with _understood():
        try:
            await client.start_workflow(
                ORDER_WORKFLOW,
                given,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                rpc_timeout=UPDATE_TIMEOUT,
                **start_options(order),
            )
        except WorkflowAlreadyStartedError:
            return False
    return True


async def end(client: Client, order_id: str, reason: str) -> None:
    """End an order's workflow, so that it can be started again from the ledger; one that has ended is left alone."""
    try:
        with _understood():
            handle = client.get_workflow_handle(workflow_id(order_id))
            await handle.terminate(reason=reason, rpc_timeout=UPDATE_TIMEOUT)
    except Gone:
        return


async def runs(client: Client, order_id: str) -> bool:
    """Whether a workflow of this order runs, asked of the engine's own books and not of its list."""
    try:
        with _understood():
            found = await client.get_workflow_handle(workflow_id(order_id)).describe(rpc_timeout=UPDATE_TIMEOUT)
    except Gone:
        return False
    return found.status is WorkflowExecutionStatus.RUNNING


async def running(client: Client) -> AsyncIterator[list[str]]:
    """The orders that run by the engine's list, page by page; the list lags behind by seconds and may be incomplete."""
    pages = client.list_workflows(_RUNNING, page_size=PAGE, rpc_timeout=UPDATE_TIMEOUT)
    while True:
        with _understood():
            await pages.fetch_next_page(page_size=PAGE)
        yield [order_of(found.id) for found in pages.current_page or ()]
        if not pages.next_page_token:
            return


async def ended(client: Client, since: datetime, until: datetime) -> AsyncIterator[list[tuple[str, str]]]:
    """The orders' runs that ended in `[since, until)` by the engine's list, page by page: workflow id and run id."""
    query = _ENDED.format(type=ORDER_WORKFLOW, since=since.isoformat(), until=until.isoformat())
    pages = client.list_workflows(query, page_size=PAGE, rpc_timeout=UPDATE_TIMEOUT)
    while True:
        with _understood():
            await pages.fetch_next_page(page_size=PAGE)
        yield [(found.id, found.run_id) for found in pages.current_page or ()]
        if not pages.next_page_token:
            return


async def latest_run(client: Client, order_id: str) -> str:
    """The run id of an order's latest run; '' where the engine has none, or it is still running."""
    try:
        with _understood():
            found = await client.get_workflow_handle(workflow_id(order_id)).describe(rpc_timeout=UPDATE_TIMEOUT)
    except Gone:
        return ""
    return "" if found.status is WorkflowExecutionStatus.RUNNING else found.run_id


async def history(client: Client, workflow: str, run_id: str) -> bytes:
    """A run's whole history as the engine gives it: a protobuf `History`, payloads sealed; raises Gone, Silent."""
    with _understood():
        found = await client.get_workflow_handle(workflow, run_id=run_id).fetch_history(rpc_timeout=UPDATE_TIMEOUT)
    return History(events=found.events).SerializeToString(deterministic=True)


async def retention(client: Client) -> timedelta:
    """How long the engine keeps what has ended in the client's namespace; raises Silent without an answer."""
    with _understood():
        found = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace), timeout=UPDATE_TIMEOUT
        )
    return found.config.workflow_execution_retention_ttl.ToTimedelta()


async def begun_before(client: Client, instant: datetime) -> int:
    """How many workflows that began before then the engine still keeps, running or ended, by its list."""
    with _understood():
        found = await client.count_workflows(f"StartTime < '{instant.isoformat()}'", rpc_timeout=UPDATE_TIMEOUT)
    return found.count


async def keep_canary(client: Client, *, anew: bool) -> None:
    """See to it that the canary runs; `anew` replaces one that has fallen silent, for its timer may be lost."""
    policy = WorkflowIDConflictPolicy.TERMINATE_EXISTING if anew else WorkflowIDConflictPolicy.USE_EXISTING
    with _understood():
        await client.start_workflow(
            CANARY_WORKFLOW,
            id=CANARY_ID,
            task_queue=ORDERS_QUEUE,
            id_conflict_policy=policy,
            execution_timeout=CANARY_TIMEOUT,
            task_timeout=TASK_TIMEOUT,
            rpc_timeout=UPDATE_TIMEOUT,
        )


async def view(client: Client, order_id: str) -> View:
    """The order as its workflow holds it; raises Problem when there is none, or no answer."""
    handle = client.get_workflow_handle(workflow_id(order_id))
    found: View = await answered(order_id, handle.query(VIEW_QUERY, result_type=View, rpc_timeout=UPDATE_TIMEOUT))
    return found


async def answered(order_id: str, asking: Awaitable[T]) -> T:
    """What the engine says of a running order; raises Problem when there is none, or no answer."""
    try:
        return await asking
    except (RPCError, WorkflowQueryFailedError) as error:
        if isinstance(error, RPCError) and error.status is not RPCStatusCode.NOT_FOUND:
            raise unavailable("The engine") from error
        raise Problem(
            "order_not_found", f"The engine runs no order {order_id}.", remedy="The ledger may have it; ask there."
        ) from error
    except RuntimeError as error:  # not even connected
        raise unavailable("The engine") from error


@contextmanager
def _understood() -> Iterator[None]:
    """Raise Gone for what is not there, Silent for an engine that does not answer."""
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise Gone from error
        raise Silent(str(error)) from error
    except WorkflowAlreadyStartedError:
        raise
    except (TimeoutError, RuntimeError) as error:  # no answer, not even connected
        raise Silent(str(error)) from error
