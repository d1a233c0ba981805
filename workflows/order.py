"""One complaint, from the hotline to its end, as one durable workflow.

Commands arrive as updates whose name is the verb. A command is answered in one step: the rules decide, the state moves,
and the events go back in the answer; nothing is awaited, so commands follow one another without locks. Only `run`
waits: for the next deadline, and for the ledger to take what time brought about.

However much is overdue at one wake-up, each step stays small: time's marks are taken in steps of `MARKS_AT_ONCE`, each
recorded before the next. A command that would have to wait for that is told so by the validator, which leaves nothing
in the history; what it waits for, `run` does by itself, so to ask again shortly always helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import msgspec
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from contracts.messages import (
    Answer,
    CommandMessage,
    OrderInput,
    Recorded,
    RecordRequest,
    Remembered,
    View,
    to_command,
    to_rows,
)
from contracts.names import LEDGER_QUEUE, ORDER_WORKFLOW, RECORD_ACTIVITY, VIEW_QUERY, WAKE_SIGNAL
from contracts.options import MARKS_AT_ONCE, RECORD_RETRY, RECORD_TIMEOUT, REGISTER_WAIT, RUN_LIMIT
from domain.clocks import limit
from domain.commands import COMMANDS, Command
from domain.errors import InvalidField, Refusal
from domain.events import Event
from domain.model import Order
from domain.order import allowed, decided, next_deadline, passed
from domain.policy import Terms
from workflows import display, punctuality
from workflows.deadline import Alarm
from workflows.memory import Memory, fingerprint
from workflows.outbox import Outbox

LEDGER_AHEAD = "ledger_ahead"
"""Error type: the ledger holds events that this workflow never saw; it must be started again from the ledger."""

BUSY_RECORDING = "busy_recording"
"""Error type: time has brought about more than one answer may carry, and `run` is recording it; ask again shortly."""

NOT_REGISTERED = "not_registered"
"""Error type: the live view was asked for before the order was registered."""

STARTED_BY_DISPATCH = ("sign", "contact")
"""The nearest limits that a dispatch starts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new command would do: first what time has brought about by now, then the command's own events."""

    overdue: tuple[Event, ...]
    own: tuple[Event, ...]
    order: Order
    terms: Terms

    @property
    def first(self) -> int:
        """The seq of the command's first event."""
        return self.order.seq - len(self.own) + 1


@workflow.defn(name=ORDER_WORKFLOW)
class OrderWorkflow:
    """Holds an order's state, lets the rules decide on commands and time, and keeps events until they are recorded."""

    @workflow.init
    def __init__(self, given: OrderInput) -> None:
        """Take up the state whole: a command may be handled before the first line of `run`."""
        self._id = given.order_id
        self._terms = given.terms
        self._order = given.state
        self._outbox = Outbox(given.unrecorded)
        self._memory = Memory(given.remembered)
        self._run_limit = given.run_limit
        self._alarm = Alarm()
        self._woken = False
        self._commands = 0
        self._full = False
        self._shown = workflow.info().typed_search_attributes
        self._settle()

    @workflow.run
    async def run(self, given: OrderInput) -> None:
        """Keep time until the order is over and the ledger has all of it."""
        if not await self._registered():
            return
        while True:
            if self._let_time_pass() or self._is_over() or self._outbox.heavy:
                await self._record()
            if self._has_ended():
                return
            if self._must_move_on():
                workflow.continue_as_new(self._luggage())
            if self._is_late():  # there was more than one step may take, or the next deadline passed meanwhile
                continue
            self._alarm.set(self._look_at(), workflow.now(), self._next_summary())
            await workflow.wait_condition(self._is_called)

    @workflow.update(dynamic=True, description="One command to the order; the update's name is its verb.")
    def command(self, verb: str, args: Sequence[RawValue]) -> Answer:
        """Do a command; the answer has all events after the caller's `recorded_seq`. Repeated, it is answered again."""
        try:
            message, command = _read(verb, args)
            mark = fingerprint(command)
            done = self._memory.recall(command.id, mark)
            if done is None:
                plan = self._plan(command)
                done = Remembered(mark, plan.first, plan.order.seq)
                self._carry_out(plan)
                self._memory.keep(command.id, done)
            self._outbox.drop(message.recorded_seq)
            self._woken |= self._alarm.lost(workflow.now())  # the command has come in its place: `run` sets it anew
            self._commands += 1
            self._watch_size()
            return Answer(self._id, done.first, done.last, self._outbox.after(message.recorded_seq))
        except Refusal as refusal:
            raise refused(refusal) from None
        except ApplicationError:
            raise
        except Exception as error:  # anything else would suspend the order and hang the caller
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error

    @command.validator
    def check(self, verb: str, args: Sequence[RawValue]) -> None:
        """Refuse what the rules refuse, by trying it: a refusal here leaves nothing in the history."""
        try:
            message, command = _read(verb, args)
            self._compare(message.recorded_seq)
            if self._outbox.heavy_after(message.recorded_seq):
                raise self._busy()
            if self._memory.recall(command.id, fingerprint(command)) is None:
                self._plan(command)
        except Refusal as refusal:
            raise refused(refusal) from None

    @workflow.query(name=VIEW_QUERY, description="The order as it stands and what is allowed now, by role.")
    def view(self) -> View:
        """The live view; raises `not_registered` while there is no order."""
        if self._order is None:
            raise ApplicationError(f"{self._id} is not registered", type=NOT_REGISTERED, non_retryable=True)
        return View(self._order, allowed(self._order))

    @workflow.signal(name=WAKE_SIGNAL, description="Look at the clock now.")
    def wake(self) -> None:
        """Look at the clock at once, whatever the timer says."""
        self._woken = True

    # --- commands ---------------------------------------------------------------------------------------------------

    def _plan(self, command: Command) -> Plan:
        """What the command would do now; raises Refusal, or `busy_recording` when too much is overdue before it.

        Changes nothing: validator and handler both call it.
        """
        order, now = self._order, workflow.now()
        overdue: tuple[Event, ...] = ()
        if order is not None and self._is_late():
            # The timer has not been handled yet: time's own events come first, or a late deed would look punctual.
            overdue, order = passed(order, now, self._terms, MARKS_AT_ONCE)
            deadline = next_deadline(order)
            if deadline is not None and deadline <= now:
                raise self._busy()
        own, order = decided(order, command, now, self._terms)
        return Plan(overdue, own, order, self._terms_of(order, command))

    def _terms_of(self, order: Order, command: Command) -> Terms:
        """The terms that the order names after a command: its own, or the new ones that came with it."""
        if order.terms == self._terms.digest:
            return self._terms
        given: Terms | None = getattr(command.body, "terms", None)
        if given is None or given.digest != order.terms:
            raise InvalidField(f"{command.verb} lacks the order's new terms", field="terms", remedy="send them with it")
        return given

    def _carry_out(self, plan: Plan) -> None:
        punctuality.measure(plan.overdue)
        self._outbox.add(to_rows(self._id, (*plan.overdue, *plan.own)))
        self._order, self._terms = plan.order, plan.terms
        self._settle()

    def _compare(self, recorded_seq: int) -> None:
        seq = self._order.seq if self._order else 0
        if recorded_seq > seq:
            raise ApplicationError(
                f"the ledger has {self._id} up to {recorded_seq}, the engine only up to {seq}",
                type=LEDGER_AHEAD,
                non_retryable=True,
            )

    def _busy(self) -> ApplicationError:
        """For the validator alone: it may not wake `run`, for a replay skips it; the state that it saw does."""
        return ApplicationError(f"{self._id} is recording what time brought about; ask again", type=BUSY_RECORDING)

    # --- time -------------------------------------------------------------------------------------------------------

    def _is_called(self) -> bool:
        """True when `run` has something to do."""
        return (
            self._woken
            or self._alarm.rang
            or self._alarm.wrong_for(self._deadline)
            or self._must_move_on()
            or self._outbox.heavy
            or (self._is_over() and (len(self._outbox) > 0 or self._has_ended()))
        )

    def _is_late(self) -> bool:
        """True when a deadline has passed whose events are not in the state yet."""
        return self._deadline is not None and self._deadline <= workflow.now()

    def _let_time_pass(self) -> bool:
        """Apply what fell due, at most one step's marks; True when the clock called, so that all gets recorded."""
        called = self._woken or self._alarm.rang
        self._woken = False
        self._watch_size()
        if self._order is not None and self._is_late():
            events, self._order = passed(self._order, workflow.now(), self._terms, MARKS_AT_ONCE)
            punctuality.measure(events)
            self._outbox.add(to_rows(self._id, events))
            self._settle()
            return True
        return called

    def _look_at(self) -> datetime | None:
        """The instant to set the timer for: the next deadline, or before dispatch the nearest that it could bring.

        Dispatch nearly always comes early and starts shorter limits; foreseen, they need not move the timer.
        """
        if self._order is None or self._deadline is None or self._order.assignments:
            return self._deadline
        limits = (limit(kind, workflow.now(), self._terms) for kind in STARTED_BY_DISPATCH)
        return min((self._deadline, *(at for at in limits if at is not None)))

    async def _record(self) -> None:
        """Have the ledger take all that it may not hold yet, batch by batch; what comes meanwhile waits."""
        last = self._outbox.last_seq
        while rows := self._outbox.batch(last):
            recorded = await workflow.execute_activity(
                RECORD_ACTIVITY,
                RecordRequest(self._id, rows),
                task_queue=LEDGER_QUEUE,
                start_to_close_timeout=RECORD_TIMEOUT,
                retry_policy=RECORD_RETRY,
                result_type=Recorded,
                summary=f"seq {rows[0].seq}-{rows[-1].seq}",
            )
            self._outbox.drop(recorded.last_seq)

    # --- the run's own life -----------------------------------------------------------------------------------------

    async def _registered(self) -> bool:
        """Wait a moment for the registration, which comes with the start unless it was refused."""
        if self._order is None:
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._order is not None, timeout=REGISTER_WAIT, timeout_summary="等待登记 registration"
                )
        return self._order is not None

    def _is_over(self) -> bool:
        return self._order is not None and self._order.over

    def _has_ended(self) -> bool:
        return self._is_over() and not len(self._outbox) and workflow.all_handlers_finished()

    def _must_move_on(self) -> bool:
        """True when a new run is due and the outbox is fit to travel in its input."""
        return self._full and not self._outbox.heavy and workflow.all_handlers_finished()

    def _watch_size(self) -> None:
        most = self._run_limit or RUN_LIMIT
        self._full = self._commands >= most or workflow.info().is_continue_as_new_suggested()

    def _luggage(self) -> OrderInput:
        """All that the next run needs."""
        return OrderInput(
            order_id=self._id,
            terms=self._terms,
            state=self._order,
            unrecorded=self._outbox.rows,
            remembered=self._memory.window,
            run_limit=self._run_limit,
        )

    def _settle(self) -> None:
        """Bring what follows from the state into line with it: the next deadline, and what operators see."""
        self._deadline: datetime | None = next_deadline(self._order) if self._order else None
        if self._order is not None:
            changes = display.changes(self._shown, self._order)
            if changes:
                workflow.upsert_search_attributes(changes)
                self._shown = display.of(self._order)
            workflow.set_current_details(display.details(self._order, len(self._outbox)))

    def _next_summary(self) -> str:
        return display.summary(display.next_clock(self._order) if self._order else None)


def refused(refusal: Refusal) -> ApplicationError:
    """The refusal as it crosses Temporal: the code is the type, and the one detail holds the rest."""
    detail = {
        "message": refusal.message,
        "field": refusal.field,
        "remedy": refusal.remedy,
        "state": refusal.state,
        "allowed": list(refusal.allowed),
    }
    return ApplicationError(refusal.message, detail, type=refusal.code, non_retryable=True)


def _read(verb: str, args: Sequence[RawValue]) -> tuple[CommandMessage, Command]:
    """The message and the command in it; raises InvalidField for an unknown verb or a malformed one."""
    if verb not in COMMANDS:
        raise InvalidField(f"there is no command {verb!r}", field="verb", remedy="use a verb of the table")
    try:
        (raw,) = args
        message = workflow.payload_converter().from_payload(raw.payload, CommandMessage)
        return message, to_command(verb, message)
    except (msgspec.MsgspecError, ValueError) as error:
        raise InvalidField(f"{verb}: {error}", field="body", remedy="send the fields of this command") from None
