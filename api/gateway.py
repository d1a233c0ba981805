"""The one way to Temporal (with `api.engine` at its side): a command's way from its key to its answer.

The spine, in five steps: (1) claim the Idempotency-Key as pending and read what the ledger holds of the order, (2)
send the update, (3) take the answer with all events that the ledger lacks, (4) record them and keep the reply under
the key in one transaction, (5) reply. Every step may be repeated by anybody at any time: the engine knows a repeated
command by its id, the ledger a repeated event by its seq. So a key that is left pending, because this process died or
the engine was silent, is finished by `resume`, for a caller who asks again as for the reconciler.

What was done stays done, but what was refused may be possible a moment later. So a refusal is kept by the latest
attempt alone and only while the ledger holds no event of the command; an attempt that was held up looks first whether
the command is still its own to send; and recorded events take a refusal back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy.exc import DBAPIError
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api import engine
from api.books import Books
from api.errors import Problem, unknown_outcome
from api.keys import HELD_SECONDS, Opening, Pending, restart_input
from api.outcomes import Ahead, Broken, Busy, Gone, Overtaken, Revival, Silent, refusal
from api.views import Reply
from contracts.messages import Answer, CommandMessage, OrderInput, View, to_command
from contracts.names import ORDER_WORKFLOW, is_rehearsal, workflow_id
from contracts.options import UPDATE_TIMEOUT
from domain.commands import Body, Command
from domain.errors import Refusal
from domain.model import Order
from domain.order import decide, evolve
from domain.policy import Terms
from identity.people import Identified
from runtime.timeskip import fast_forward
from store.ledger import LedgerGap
from store.session import LOST
from workflows.order import BUSY_RECORDING, LEDGER_AHEAD

log = logging.getLogger(__name__)
T = TypeVar("T")

SAME_KEY_WAIT = 3.0
"""Seconds that a caller waits for the answer to his own key while another request is at it."""
SAME_KEY_POLL = 0.05
"""Seconds between two looks at such a key."""
BUSY_WAITS = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds before each time of asking an order; one that is recording what time brought about is asked again."""
_LOST: tuple[type[Exception], ...] = (DBAPIError, *LOST)
_PERMANENT = (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED)
_MEANING: dict[str | None, type[Exception]] = {LEDGER_AHEAD: Ahead, BUSY_RECORDING: Busy}


class Gateway:
    """Carries commands to the engine and their events into the ledger.

    `clients` holds the client of real orders under False, that of rehearsals under True. `pool` are the threads that
    the database work runs in; make it as large as the engine's connection pool.
    """

    def __init__(self, books: Books, clients: Mapping[bool, Client], pool: ThreadPoolExecutor) -> None:
        self.books = self._books = books
        self._clients = clients
        self._pool = pool

    async def register(self, key: str, who: Identified, opening: Opening, reason: str = "") -> Reply:
        """Give a complaint its number; the reply is 201 with the view, or the problem of a refusal.

        Raises:
            Problem: the key was used for another command, is being worked on, or the outcome is not known yet.
        """
        return await self._claimed(self._books.open, key, who, opening, reason)

    async def act(
        self,
        order_id: str,
        verb: str,
        key: str,
        who: Identified,
        body: Body,
        reason: str = "",
        expected_seq: int | None = None,
    ) -> Reply:
        """Carry out a command; the reply is 200 with the view, or the problem of a refusal.

        Raises:
            Problem: no such order, or none that he sees; or as in `register`.
        """
        return await self._claimed(self._books.claim, order_id, verb, key, who, body, reason, expected_seq)

    async def finish(self, pending: Pending) -> Reply:
        """Steps 2 to 5 for a claimed key.

        Raises:
            Problem: `outcome_unknown` or `command_pending`; the key stays pending.
        """
        kept: Reply | None = None
        try:
            return await self._carry_out(pending)
        except Refusal as refused:
            kept = await self._closing(pending, self._books.refuse, pending, refused)
        except Broken as broken:
            kept = await self._closing(pending, self._books.give_up, pending, broken.problem)
        except Overtaken:
            pass
        except (Silent, Gone) as silent:
            raise unknown_outcome(pending.verb) from silent
        return kept or await self._overtaken(pending)

    async def resume(self, pending: Pending) -> Reply:
        """Finish a key that somebody left pending, without doing anything twice; raises as `finish`."""
        if not await self._closing(pending, self._books.take_up, pending):
            return await self._beside(pending)
        pending = replace(pending, until=time.monotonic() + HELD_SECONDS)
        known = await self._closing(pending, self._books.known, pending)
        if known is not None and known.done is not None:
            return await self._closing(pending, self._books.settle, pending, known.done)
        if known is None and pending.verb != "register":
            await self._closing(pending, self._books.drop, pending)
            raise Problem("order_not_found", f"There is no order {pending.order_id}.")
        return await self.finish(replace(pending, recorded=known.order.seq if known else 0))

    async def stale(self, older_than: float, limit: int) -> list[Pending]:
        """Keys that have been pending for more than so many seconds, lent to this caller for as long again."""
        return await self.run(self._books.stale, older_than, limit)

    async def live(self, order_id: str) -> View:
        """The order as the workflow holds it, and what is allowed now.

        Raises:
            Problem: the order is not running, or the engine does not answer.
        """
        return await engine.view(self._client(order_id), order_id)

    async def fast_forward(self, order_id: str, seconds: int) -> bool:
        """Move a rehearsal's clock; False when the order ended on the way.

        Raises:
            Problem: the order is not running, or the engine does not answer.
        """
        moving = fast_forward(self._client(order_id), workflow_id(order_id), timedelta(seconds=seconds))
        return await engine.answered(order_id, moving)

    async def ready(self) -> bool:
        """Whether the engine answers, from its front down to its database."""
        return await engine.answers(self._clients[False])

    # --- orders without a command -----------------------------------------------------------------------------------

    async def wake(self, order_id: str) -> None:
        """Have an order look at its clock; raises Gone when its workflow does not run, Silent without an answer."""
        await engine.wake(self._client(order_id), order_id)

    async def restart(self, order_id: str) -> Revival:
        """Start an order that the engine has lost from the ledger, mid-clock; raises Silent without an answer.

        It takes up the clocks where the ledger has them: what fell due meanwhile fires at once, nothing fires twice.
        """
        known = await self.run(self._books.standing, order_id)
        if known is None:
            return Revival.UNKNOWN
        if known.order.over:
            return Revival.OVER
        started = await engine.start(self._client(order_id), restart_input(known), known.order)
        return Revival.STARTED if started else Revival.RUNNING

    async def renew(self, order_id: str) -> Revival:
        """End a workflow that does not do what the ledger awaits, and start the order again; raises as `restart`."""
        await engine.end(self._client(order_id), order_id, "it does not keep its clock; started again from the ledger")
        return await self.restart(order_id)

    async def runs(self, order_id: str) -> bool:
        """Whether the order's workflow runs; raises Silent without an answer."""
        return await engine.runs(self._client(order_id), order_id)

    def running(self) -> AsyncIterator[list[str]]:
        """The real orders that run by the engine's list, which lags, page by page; raises Silent without an answer."""
        return engine.running(self._clients[False])

    async def begun_before(self, instant: datetime) -> int:
        """How many workflows of both namespaces the engine keeps from before then; raises Silent without an answer."""
        counts = [await engine.begun_before(client, instant) for client in self._clients.values()]
        return sum(counts)

    def ended(
        self, since: datetime, until: datetime, *, rehearsal: bool = False
    ) -> AsyncIterator[list[tuple[str, str]]]:
        """The orders' runs that ended in `[since, until)`, workflow and run id; raises Silent without an answer."""
        return engine.ended(self._clients[rehearsal], since, until)

    async def latest_run(self, order_id: str) -> str:
        """The latest run of an order that has ended, '' without one; raises Silent without an answer."""
        return await engine.latest_run(self._client(order_id), order_id)

    async def history(self, workflow: str, run_id: str, *, rehearsal: bool = False) -> bytes:
        """A run's whole history, payloads sealed; raises Gone when the engine has it no more, or Silent."""
        return await engine.history(self._clients[rehearsal], workflow, run_id)

    async def retention(self, *, rehearsal: bool = False) -> timedelta:
        """How long the engine keeps what has ended; raises Silent without an answer."""
        return await engine.retention(self._clients[rehearsal])

    def namespace(self, *, rehearsal: bool = False) -> str:
        """The engine's namespace of real orders, or of rehearsals."""
        return self._clients[rehearsal].namespace

    async def keep_canary(self, *, anew: bool) -> None:
        """See to it that the canary runs, `anew` where it has fallen silent; raises Silent without an answer."""
        await engine.keep_canary(self._clients[False], anew=anew)

    # --- the database -----------------------------------------------------------------------------------------------

    async def statement(self, step: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """Run `step(session, …)`, one statement of the store and a transaction of its own, off the event loop."""
        return await self.run(self._alone, step, arguments, options)

    def _alone(self, step: Callable[..., T], arguments: tuple[Any, ...], options: dict[str, Any]) -> T:
        with self._books.system() as session:
            return step(session, *arguments, **options)

    async def run(self, step: Callable[..., T], *arguments: Any) -> T:
        """Run a step that touches the database, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, step, *arguments)

    # --- the steps --------------------------------------------------------------------------------------------------

    async def _claimed(self, step: Callable[..., Pending | Reply], *arguments: Any) -> Reply:
        """Step 1 and what follows from it."""
        claimed = await self.run(step, *arguments)
        if isinstance(claimed, Reply):
            return claimed
        if claimed.fresh:
            return await self.finish(claimed)
        return await self._beside(claimed)

    async def _beside(self, pending: Pending) -> Reply:
        """Wait a moment for the answer that another request is fetching; a dead one's is fetched by the reconciler."""
        clock = asyncio.get_running_loop().time
        until = clock() + SAME_KEY_WAIT
        while clock() < until:
            reply = await self.run(self._books.answer, pending.key)
            if reply is not None:
                return reply
            await asyncio.sleep(SAME_KEY_POLL)
        raise Problem(
            "command_pending",
            "This key's command is still being carried out.",
            remedy="Ask again with the same key.",
            retry_after=1,
        )

    async def _overtaken(self, pending: Pending) -> Reply:
        """The reply when this attempt may not decide: the command was done after all, or a later attempt has it."""
        known = await self._closing(pending, self._books.known, pending)
        if known is not None and known.done is not None:
            return await self._closing(pending, self._books.settle, pending, known.done)
        return await self._beside(pending)

    async def _in_hand(self, pending: Pending) -> Pending:
        """The same, still this attempt's to send; raises Overtaken when it was held up and another has the key."""
        if time.monotonic() <= pending.until:
            return pending
        if not await self._closing(pending, self._books.take_up, pending):
            raise Overtaken
        return replace(pending, until=time.monotonic() + HELD_SECONDS)

    async def _carry_out(self, pending: Pending) -> Reply:
        answer = await self._ask(pending)
        try:
            return await self._closing(pending, self._books.settle, pending, answer)
        except LedgerGap as gap:
            log.warning("%s: the ledger lacks events before those of %s; asking again", pending.order_id, pending.key)
            pending = replace(pending, recorded=gap.have)
            answer = await self._ask(pending, again=True)
        try:
            return await self._closing(pending, self._books.settle, pending, answer)
        except LedgerGap as gap:
            raise unknown_outcome(pending.verb) from gap

    async def _closing(self, pending: Pending, step: Callable[..., T], *arguments: Any) -> T:
        """A database step after the claim: if it fails, the key stays pending and the caller is told so."""
        try:
            return await self.run(step, *arguments)
        except _LOST as error:
            log.warning("%s: %s could not be recorded: %s", pending.order_id, pending.key, error)
            raise unknown_outcome(pending.verb) from error

    async def _ask(self, pending: Pending, *, again: bool = False) -> Answer:
        """Steps 2 and 3, as soon as the order is not busy; raises Refusal, Silent, or Gone when nobody knows it."""
        for wait in BUSY_WAITS:
            await asyncio.sleep(wait)
            pending = await self._in_hand(pending)
            with suppress(Busy):  # its validator refused, so the engine knows nothing of this update id yet
                return await self._ask_once(pending, again=again)
        raise Silent  # the key stays pending, and whoever resumes it will find the order done with that

    async def _ask_once(self, pending: Pending, *, again: bool) -> Answer:
        if pending.verb == "register":
            assert pending.terms is not None, "a registration is claimed with its terms"
            order = _foresee(pending.message, pending.terms)
            given = OrderInput(order_id=pending.order_id, terms=pending.terms)
            return await self._start(pending, given, order)
        try:
            return await self._update(pending, again=again)
        except Ahead:
            log.error("%s: the engine is behind the ledger; its workflow is started again", pending.order_id)
            await engine.end(self._client(pending.order_id), pending.order_id, "the ledger is ahead of it")
        except Gone:
            pass
        return await self._revive(pending)

    async def _update(self, pending: Pending, *, again: bool) -> Answer:
        handle = self._client(pending.order_id).get_workflow_handle(workflow_id(pending.order_id))
        message = _message(pending)
        # Within one run the engine answers a repeated update id with the first answer, which would be short again.
        update_id = f"{pending.key}~{pending.recorded}" if again else pending.key
        try:
            async with asyncio.timeout(UPDATE_TIMEOUT.total_seconds()):
                answer: Answer = await handle.execute_update(
                    pending.verb, message, id=update_id, result_type=Answer, rpc_timeout=UPDATE_TIMEOUT
                )
        except Exception as error:
            raise _understood(error) from error
        return answer

    async def _start(self, pending: Pending, given: OrderInput, order: Order) -> Answer:
        """Send the command together with the start of its workflow; one that runs already is used."""
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            ORDER_WORKFLOW,
            given,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            **engine.start_options(order),
        )
        client = self._client(pending.order_id)
        try:
            async with asyncio.timeout(UPDATE_TIMEOUT.total_seconds()):
                answer: Answer = await client.execute_update_with_start_workflow(
                    pending.verb,
                    _message(pending),
                    start_workflow_operation=operation,
                    id=pending.key,
                    result_type=Answer,
                    rpc_timeout=UPDATE_TIMEOUT,
                )
        except Exception as error:
            raise _understood(error) from error
        return answer

    async def _revive(self, pending: Pending) -> Answer:
        """Start the order again from the ledger, with the command; raises Refusal before anything is started."""
        known = await self._closing(pending, self._books.known, pending)
        if known is None:
            raise Gone
        if known.done is not None:
            return known.done
        pending = replace(pending, recorded=known.order.seq)
        command = to_command(pending.verb, pending.message)
        # A rehearsal's clock may be ahead of ours; its own workflow judges the time.
        decide(known.order, command, max(datetime.now(UTC), known.updated_at), known.terms)
        return await self._start(pending, restart_input(known), known.order)

    def _client(self, order_id: str) -> Client:
        return self._clients[is_rehearsal(order_id)]


def _message(pending: Pending) -> CommandMessage:
    return msgspec.structs.replace(pending.message, recorded_seq=pending.recorded)


def _foresee(message: CommandMessage, terms: Terms) -> Order:
    """The order as registering will make it; raises Refusal, so that a refused complaint starts no workflow."""
    command: Command = to_command("register", message)
    order: Order | None = None
    for event in decide(None, command, datetime.now(UTC), terms):
        order = evolve(order, event)
    assert order is not None, "registering always brings an event"
    return order


def _understood(error: Exception) -> Exception:
    """What an error of the client means for the command."""
    if isinstance(error, WorkflowUpdateFailedError) and isinstance(error.cause, ApplicationError):
        cause = error.cause
        if cause.type in _MEANING:
            return _MEANING[cause.type]()
        return refusal(cause.type or "", cause.message, cause.details[0] if cause.details else {}) or Broken(cause)
    if isinstance(error, RPCError):
        if error.status is RPCStatusCode.NOT_FOUND:
            return Gone()
        if error.status in _PERMANENT:
            return Broken(error)
    if isinstance(error, (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError, RPCError, RuntimeError)):
        log.warning("the engine did not answer: %s", error)
        return Silent()
    return Broken(error)
