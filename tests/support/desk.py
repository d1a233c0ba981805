"""A front desk over the real engine and ledger: it sends commands and records their answers, as the API does."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.orm import Session, sessionmaker
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle, WorkflowHistory
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.worker import Replayer

from contracts.messages import Answer, CommandMessage, EventRow, OrderInput, View, encode
from contracts.names import ORDER_WORKFLOW, ORDERS_QUEUE, VIEW_QUERY, WAKE_SIGNAL, workflow_id
from contracts.options import TASK_TIMEOUT
from domain import commands as c
from domain.errors import Refusal
from domain.model import Actor, Customer, Order, OrderClass
from domain.order import decide, evolve
from domain.policy import Terms
from runtime.keyring import Keyring
from runtime.plugin import WhistlePlugin
from runtime.timeskip import fast_forward
from store import ledger
from tests.domain.lives import PEOPLE, terms
from tests.support import histories
from workflows import display
from workflows.order import OrderWorkflow

REPLAY_SECONDS = 120.0


def to_message(command: c.Command, recorded_seq: int = 0) -> CommandMessage:
    """The command on its way to the workflow."""
    return CommandMessage(
        id=command.id,
        actor=command.actor,
        body=msgspec.Raw(encode(command.body)),
        reason=command.reason,
        expected_seq=command.expected_seq,
        recorded_seq=recorded_seq,
    )


def _shown(given: OrderInput, command: c.Command) -> TypedSearchAttributes:
    """What the engine's lists show of the order from its start; nothing of one that will be refused."""
    order = given.state
    with contextlib.suppress(Refusal):
        for event in () if order else decide(None, command, datetime.now(UTC), given.terms):
            order = evolve(order, event)
    return display.of(order) if order else TypedSearchAttributes.empty


class Desk:
    """Orders of one namespace; whatever it started is replayed and ended by `close`."""

    def __init__(self, client: Client, made: sessionmaker[Session], keys: Keyring) -> None:
        self._client = client
        self.keys = keys
        self._made = made
        self._prefix = f"R{secrets.token_hex(4).upper()}-"
        self._numbers = itertools.count(1)
        self._orders: list[str] = []

    def number(self) -> str:
        """A new rehearsal's order id."""
        order_id = f"{self._prefix}{next(self._numbers):03d}"
        self._orders.append(order_id)
        return order_id

    def handle(self, order_id: str) -> WorkflowHandle[Any, Any]:
        """The order's latest run."""
        return self._client.get_workflow_handle(workflow_id(order_id))

    async def register(self, order_id: str = "", *, limit: int = 0, key: str = "", **fields: Any) -> str:
        """Register a complaint as an agent does; the order's id."""
        order_id = order_id or self.number()
        body = c.Register(
            **{
                "order_id": order_id,
                "title": "no signal",
                "text": "no signal since Monday",
                "category": "network.fault",
                "order_class": OrderClass.GENERAL,
                "province": "GD",
                "channel": "10010",
                "customer": Customer("Li", "13800000000"),
                "rehearsal": True,
                **fields,
            }
        )
        given = OrderInput(order_id, terms(body.order_class), run_limit=limit)
        answer = await self.start(given, c.Command(key or f"{order_id}/register", PEOPLE["agent"], body))
        await self.record(answer)
        return order_id

    async def start(self, given: OrderInput, command: c.Command) -> Answer:
        """Send a command together with the start of its workflow."""
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            ORDER_WORKFLOW,
            given,
            id=workflow_id(given.order_id),
            task_queue=ORDERS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=_shown(given, command),
            task_timeout=TASK_TIMEOUT,
        )
        answer: Answer = await self._client.execute_update_with_start_workflow(
            command.verb,
            to_message(command, given.state.seq if given.state else 0),
            start_workflow_operation=operation,
            id=command.id,
            result_type=Answer,
        )
        return answer

    async def rebuild(self, order: Order, frozen: Terms) -> None:
        """Start an order again from its state, without a command."""
        await self._client.start_workflow(
            ORDER_WORKFLOW,
            OrderInput(order.id, frozen, order),
            id=workflow_id(order.id),
            task_queue=ORDERS_QUEUE,
            search_attributes=display.of(order),
            task_timeout=TASK_TIMEOUT,
        )

    async def do(
        self,
        order_id: str,
        who: str | Actor,
        body: c.Body,
        *,
        key: str = "",
        update_id: str = "",
        record: bool = True,
        recorded_seq: int | None = None,
    ) -> Answer:
        """Send a command; its answer is recorded unless the caller is to 'die' before that."""
        actor = PEOPLE[who] if isinstance(who, str) else who
        command = c.Command(key or secrets.token_hex(8), actor, body, "because")
        answer = await self.send(order_id, command, update_id=update_id, recorded_seq=recorded_seq)
        if record:
            await self.record(answer)
        return answer

    async def send(
        self, order_id: str, command: c.Command, *, update_id: str = "", recorded_seq: int | None = None
    ) -> Answer:
        """Send a command, naming what the ledger holds, and record nothing."""
        if recorded_seq is None:
            recorded_seq = await self.seq(order_id)
        answer: Answer = await self.handle(order_id).execute_update(
            command.verb, to_message(command, recorded_seq), id=update_id or command.id, result_type=Answer
        )
        return answer

    async def record(self, answer: Answer) -> None:
        """Write an answer's events into the ledger."""
        await self.keep(answer.order_id, answer.events)

    async def keep(self, order_id: str, rows: tuple[EventRow, ...]) -> None:
        """Write events into the ledger."""

        def write() -> None:
            with self._made.begin() as session:
                ledger.record(session, order_id, rows)

        await asyncio.to_thread(write)

    async def seq(self, order_id: str) -> int:
        """The last seq in the ledger, 0 for an order that it does not have."""

        def read() -> int:
            with self._made() as session:
                found = ledger.head(session, order_id)
                return found.last_seq if found else 0

        return await asyncio.to_thread(read)

    async def recorded(self, order_id: str) -> list[EventRow]:
        """The order's events in the ledger."""

        def read() -> list[EventRow]:
            with self._made() as session:
                return ledger.stored(session, order_id)

        return await asyncio.to_thread(read)

    async def view(self, order_id: str) -> View:
        """The live view."""
        found: View = await self.handle(order_id).query(VIEW_QUERY, result_type=View)
        return found

    async def wake(self, order_id: str) -> None:
        """Have the order look at its clock."""
        await self.handle(order_id).signal(WAKE_SIGNAL)

    async def wait(self, order_id: str, **length: float) -> bool:
        """Let a timedelta pass for this order alone; False when it ended on the way."""
        return await fast_forward(self._client, workflow_id(order_id), timedelta(**length))

    async def skipping(self, order_id: str) -> str:
        """How the engine stands with the order's own clock and its pending steps, for a test's last words."""
        raw = (await self.handle(order_id).describe()).raw_description
        return f"{raw.workflow_extended_info.time_skipping_info} {raw.pending_workflow_task} {raw.pending_activities}"

    async def until_recorded(self, order_id: str, seq: int, seconds: float = 20.0) -> list[EventRow]:
        """The ledger's events as soon as it has this seq."""
        async with asyncio.timeout(seconds):
            while await self.seq(order_id) < seq:
                await asyncio.sleep(0.05)
        return await self.recorded(order_id)

    async def engine_events(self, order_id: str) -> list[str]:
        """The types of the engine's own events in the latest run."""
        found = await self.handle(order_id).fetch_history()
        return [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in found.events]

    async def runs(self, order_id: str) -> list[WorkflowHistory]:
        """The histories of all runs of the order, the latest first."""
        found, run_id = [], ""
        while True:
            handle = self._client.get_workflow_handle(workflow_id(order_id), run_id=run_id or None)
            found.append(await handle.fetch_history())
            run_id = found[-1].events[0].workflow_execution_started_event_attributes.continued_execution_run_id
            if not run_id:
                return found

    async def keep_history(self, order_id: str, name: str) -> Path | None:
        """Write the latest run's history for good, when histories are being made anew."""
        return await histories.write(name, await self.handle(order_id).fetch_history(), self.keys)

    async def close(self) -> None:
        """Replay every run of every order, then end those that still run."""

        async def all_runs() -> AsyncIterator[WorkflowHistory]:
            for order_id in self._orders:
                try:
                    runs = await self.runs(order_id)
                except RPCError:  # a number that was never used
                    continue
                for run in runs:
                    if histories.has_begun(run):
                        yield run

        try:
            async with asyncio.timeout(REPLAY_SECONDS):
                replayer = Replayer(workflows=[OrderWorkflow], plugins=[WhistlePlugin(self.keys)])
                results = await replayer.replay_workflows(all_runs(), raise_on_replay_failure=False)
            assert not results.replay_failures, results.replay_failures
        finally:
            for order_id in self._orders:
                try:
                    await self.handle(order_id).terminate("the test is over")
                except RPCError:  # it has ended by itself
                    continue
