"""The one place for timeouts and retry policies."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy

RECORD_TIMEOUT = timedelta(seconds=10)
"""One attempt to write the ledger; a batch takes milliseconds, a hung database must not hold the worker's slot."""

RECORD_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
)
"""The ledger is retried for ever: what time brought about is never given up."""

MARKS_AT_ONCE = 100
"""How many marks one step of an order lets time fire: some 15 ms and 65 KB of events for an order with 600 clocks. The
engine ends a step after 2 s, and `TASK_TIMEOUT` goes for ten commands that come at once, each tried and then done."""

BATCH_BYTES = 128 * 1024
"""Encoded events that one recording takes, but for a single larger one; an order that has more of them unrecorded has
its ledger written before it does another command. The engine takes 2 MiB a message and 4 MiB for all that one step
says: with this, even ten answers in one step, each with a step's marks and its own events on top, stay below. One event
never comes near: what a caller can put into it is bounded by the size of a request (`api.middleware`, 256 KiB)."""

BATCH_ROWS = 250
"""Events that one recording takes at most; the ledger writes them well within `RECORD_TIMEOUT`."""

UPDATE_TIMEOUT = timedelta(seconds=10)
"""How long the gateway waits for an answer before it says that the outcome is not known yet."""

COMMAND_WINDOW = 64
"""How many finished commands an order remembers, to answer a repeated one across continue-as-new."""

RUN_LIMIT = 1500
"""Updates in one run before it continues as new; the server refuses the 2,001st. It also suggests an end at 4 MB of
history, so that what time brings, some 6,000 marks, is repeated within `TASK_TIMEOUT` by whoever takes over."""

CANARY_FIRST = timedelta(seconds=1)
"""How long the canary sleeps before its first sign of life, so that a system that has just started is soon ready."""

CANARY_PERIOD = timedelta(seconds=10)
"""How long the canary sleeps before each further one."""

CANARY_BEATS = 30
"""Signs of life of one run of the canary: five minutes, so that the engine keeps few ended ones."""

CANARY_TIMEOUT = timedelta(minutes=15)
"""How long a run of the canary may take at most; whoever looks after it replaces a silent one much sooner."""

BEAT_TIMEOUT = timedelta(seconds=5)
"""One attempt to write down a sign of life."""

BEAT_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1.0)
"""It is tried again as long as the canary lives: without a database there is none."""

REGISTER_WAIT = timedelta(minutes=1)
"""How long a workflow whose first command was refused waits for a better one before it ends without an order."""

TASK_TIMEOUT = timedelta(seconds=3)
"""How long a worker may take for one step of an order, which takes milliseconds; after that, or when it waited as long
for the worker that has the order in memory, another takes it. So a worker's death costs a caller no more than this."""
