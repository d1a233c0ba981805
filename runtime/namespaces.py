"""Temporal namespaces and search attributes, made where they are missing.

A program of its own (`python -m runtime.namespaces host:port namespace…`): the client's threads then never live in the
supervisor, which forks. It prints `ready` when all is there; what happens at its exit does not matter.
"""

import asyncio
import subprocess
import sys
import time
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import CountWorkflowExecutionsRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from runtime.faults import SetupError
from runtime.settings import PROJECT

RETENTION = timedelta(days=7)
"""How long the server keeps ended workflows; the ledger keeps orders for good."""

SEARCH_ATTRIBUTES = {
    "WhistleState": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "WhistleProvince": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "WhistleLevel": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    "WhistleOverdue": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}
_READY = "ready"


def ensure(target: str, namespaces: list[str], seconds: float = 60.0) -> None:
    """Return when every namespace exists with its search attributes and takes queries on them.

    Raises:
        SetupError: the server at `target` did not let us within `seconds`.
    """
    command = [sys.executable, "-m", "runtime.namespaces", target, str(seconds), *namespaces]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if _READY not in done.stdout.split():
        reason = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        raise SetupError(
            f"Temporal ({target}) 无法就绪: {reason}; 请检查该地址与日志",
            f"Temporal at {target} is not ready: {reason}; check the address and its log",
        )


async def _ensure(target: str, seconds: float, namespaces: list[str]) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            client = await Client.connect(target)
            for namespace in namespaces:
                await _ensure_one(client, namespace)
            return
        except (RPCError, RuntimeError) as error:  # not serving yet, or not yet seen by every part of the server
            if time.monotonic() > end:
                raise SystemExit(str(error).replace("\n", " ")) from None
        await asyncio.sleep(0.2)


async def _ensure_one(client: Client, namespace: str) -> None:
    keep = Duration()
    keep.FromTimedelta(RETENTION)
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=keep)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    operator = client.operator_service
    known = (await operator.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))).custom_attributes
    missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known}
    if missing:
        await operator.add_search_attributes(AddSearchAttributesRequest(namespace=namespace, search_attributes=missing))
    query = "WhistleState = '' and WhistleProvince = '' and WhistleLevel = 0 and WhistleOverdue = true"
    await client.workflow_service.count_workflow_executions(
        CountWorkflowExecutionsRequest(namespace=namespace, query=query)
    )


if __name__ == "__main__":
    asyncio.run(_ensure(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
    print(_READY, flush=True)
