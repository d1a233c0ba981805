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

UPDATE_TIMEOUT = timedelta(seconds=10)
"""How long the gateway waits for an answer before it says that the outcome is not known yet."""

COMMAND_WINDOW = 64
"""How many finished commands an order remembers, to answer a repeated one across continue-as-new."""

RUN_LIMIT = 1500
"""Updates in one run before it continues as new; the server refuses the 2,001st."""

REGISTER_WAIT = timedelta(minutes=1)
"""How long a workflow whose first command was refused waits for a better one before it ends without an order."""

TASK_TIMEOUT = timedelta(seconds=3)
"""How long a worker may take for one step of an order, which takes milliseconds; after that, or when it waited as long
for the worker that has the order in memory, another takes it. So a worker's death costs a caller no more than this."""
