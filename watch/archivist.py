"""The archivist: what the engine knows of an order that has ended is kept before the engine forgets it.

The engine lists the runs that ended in an interval; the archivist keeps each with its whole history, payloads sealed as
they are, and moves the namespace's mark past the interval only when all of it is kept. Killed at any point it does the
interval again, and what is kept already stays as it is; so it does where the engine gave a history that is not whole.
What the engine has no more is said, and passed over.

The list lags by seconds and may lack an entry. So the mark stays `SETTLED` behind the present; the run that a kept one
continues is fetched by its id where it is not kept; and the ledger is asked too: an order that is over and of which no
last run is kept is fetched by its own number.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from api.gateway import Gateway
from api.outcomes import Gone
from contracts.names import is_rehearsal, order_of, workflow_id
from runtime.history import Incomplete, Outline
from store import histories, pulses
from store.histories import Ended
from store.pulses import ARCHIVIST
from watch.rounds import keep_on

log = logging.getLogger(__name__)

PERIOD = 20.0
"""Seconds between two rounds, whichever worker makes them."""
ASK_SECONDS = 5.0
"""How often a worker asks whether it is its turn."""
SETTLED = timedelta(seconds=60)
"""How long after its end a run is surely in the engine's list."""
INTERVAL = timedelta(hours=6)
"""How much is caught up with before the mark is moved."""
PAGE_PAUSE = 0.15
"""Seconds between two questions of the engine's list; it allows ten a second, of whoever asks."""
AT_ONCE = 4
"""Histories that are fetched at once, so that callers are not crowded out."""
QUIET_SECONDS = 600.0
"""An order that has been over for so long without its last run kept is looked up by its number."""
BATCH = 50
"""Such orders that are looked up in one round."""
NEAR = 0.25
"""At this share of the engine's retention a lag is an alarm: what is not kept then will soon be lost."""


class Archivist:
    """Keeps what has ended, every `PERIOD` seconds; of several one does."""

    def __init__(self, gateway: Gateway, settled: timedelta = SETTLED) -> None:
        self._gateway = gateway
        self._settled = settled
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._after = ""

    async def run(self) -> None:
        """Go on until cancelled."""
        await keep_on(ARCHIVIST, self._look, ASK_SECONDS)

    async def _look(self) -> float:
        if await self._gateway.statement(pulses.take_turn, ARCHIVIST, PERIOD):
            await self.once()
        return ASK_SECONDS

    async def once(self) -> int:
        """Keep all that has ended; how many runs. Raises Silent when the engine does not answer."""
        kept = 0
        for rehearsal in (False, True):
            kept += await self._namespace(rehearsal=rehearsal)
        return kept + await self._overlooked()

    async def _namespace(self, *, rehearsal: bool) -> int:
        name = self._gateway.namespace(rehearsal=rehearsal)
        retention = await self._gateway.retention(rehearsal=rehearsal)
        now = datetime.now(UTC)
        known = (await self._gateway.statement(histories.progress)).get(name)
        since = known.until if known is not None else now - retention
        end, kept, whole = now - self._settled, 0, True
        done = since
        while since < end:
            until = min(since + INTERVAL, end) if known is not None else end  # before the first mark nothing lags
            many, complete = await self._interval(since, until, rehearsal=rehearsal)
            kept, whole, since = kept + many, whole and complete, until
            if whole:
                await self._gateway.statement(histories.mark, name, until, retention.total_seconds())
                done = until
        lag = (datetime.now(UTC) - done).total_seconds()
        if lag > NEAR * retention.total_seconds():
            log.error("%s: histories are archived only up to %s, and kept for %s", name, done, retention)
        return kept

    async def _interval(self, since: datetime, until: datetime, *, rehearsal: bool) -> tuple[int, bool]:
        """Keep what ended in it: how many runs, and whether nothing of it is left to keep."""
        kept, whole, before = 0, True, dict[str, str]()
        async for page in self._gateway.ended(since, until, rehearsal=rehearsal):
            ids = {run_id: workflow for workflow, run_id in page if order_of(workflow)}
            wanted = await self._gateway.statement(histories.missing, list(ids)) if ids else []
            done = await asyncio.gather(*(self._keep(ids[run_id], run_id, rehearsal=rehearsal) for run_id in wanted))
            kept, whole = kept + sum(map(bool, done)), whole and None not in done
            if ids:
                lacking = await self._gateway.statement(histories.lacking, list(ids))
                before |= {wants: ids[run_id] for run_id, wants in lacking.items()}
            await asyncio.sleep(PAGE_PAUSE)
        for run_id, workflow in before.items():
            many, complete = await self._chain(workflow, run_id, rehearsal=rehearsal)
            kept, whole = kept + many, whole and complete
        return kept, whole

    async def _chain(self, workflow: str, run_id: str, *, rehearsal: bool) -> tuple[int, bool]:
        """Keep that run and those before it that are not kept: how many, and whether none of them is left to keep."""
        kept = 0
        while run_id and run_id in await self._gateway.statement(histories.missing, [run_id]):
            done = await self._keep(workflow, run_id, rehearsal=rehearsal)
            if not done:
                return kept, done is not None
            kept += 1
            run_id = (await self._gateway.statement(histories.lacking, [run_id])).get(run_id, "")
            if run_id:
                log.error("%s, run %s: the engine's list did not show it", workflow, run_id)
        return kept, True

    async def _keep(self, workflow: str, run_id: str, *, rehearsal: bool) -> bool | None:
        """Keep one run; False when it is there already or the engine has it no more, None when it is not whole."""
        async with self._slots:
            try:
                content = await self._gateway.history(workflow, run_id, rehearsal=rehearsal)
                outline = await asyncio.to_thread(Outline, content)
            except Gone:
                log.error("%s, run %s: the engine has its history no more", workflow, run_id)
                return False
            except Incomplete as error:
                log.warning("%s, run %s is not kept: %s", workflow, run_id, error)
                return None
            ended = Ended(
                run_id=run_id,
                order_id=order_of(workflow),
                rehearsal=rehearsal,
                status=outline.status,
                continues=outline.continues,
                started_at=outline.started_at,
                closed_at=outline.closed_at,
                events=outline.events,
                content=content,
                keys=outline.keys,
            )
            return await self._gateway.statement(histories.keep, ended)

    async def _overlooked(self) -> int:
        """Fetch by their numbers what the engine's list did not show."""
        retention = (await self._gateway.retention()).total_seconds()
        page = await self._gateway.statement(histories.unarchived, QUIET_SECONDS, retention, self._after, BATCH)
        self._after = page[-1] if len(page) == BATCH else ""
        kept = 0
        for order_id in page:
            run_id = await self._gateway.latest_run(order_id)
            many, _ = await self._chain(workflow_id(order_id), run_id, rehearsal=is_rehearsal(order_id))
            if many:
                log.error("%s has ended, and the engine's list did not show it", order_id)
            kept += many
        return kept
