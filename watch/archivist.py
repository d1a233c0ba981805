"""The archivist: what the engine knows of an order that has ended is kept before the engine forgets it.

The engine lists the runs that ended in an interval; the archivist keeps each with its whole history, payloads sealed as
they are, and moves the namespace's mark past the interval only when all of it is kept. Killed at any point it does the
interval again, and what is kept already stays as it is. A run that was continued as new is kept like any other, so a
chain is whole when its last run is.

The list lags by seconds and may lack an entry. So the mark stays `SETTLED` behind the present, and the ledger is asked
too: an order that is over and of which no run is kept is fetched by its own number.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from api.gateway import Gateway
from api.outcomes import Gone
from contracts.names import order_of, workflow_id
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
"""An order that has been over for so long without a kept run is looked up by its number."""
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
        end, kept = now - self._settled, 0
        while since < end:
            until = min(since + INTERVAL, end) if known is not None else end  # before the first mark nothing lags
            kept += await self._interval(since, until, rehearsal=rehearsal)
            await self._gateway.statement(histories.mark, name, until, retention.total_seconds())
            since = until
        lag = (datetime.now(UTC) - since).total_seconds()
        if lag > NEAR * retention.total_seconds():
            log.error("%s: histories are archived only up to %s, and kept for %s", name, since, retention)
        return kept

    async def _interval(self, since: datetime, until: datetime, *, rehearsal: bool) -> int:
        kept = 0
        async for page in self._gateway.ended(since, until, rehearsal=rehearsal):
            ids = {run_id: workflow for workflow, run_id in page if order_of(workflow)}
            wanted = await self._gateway.statement(histories.missing, list(ids)) if ids else []
            done = await asyncio.gather(*(self._keep(ids[run_id], run_id, rehearsal=rehearsal) for run_id in wanted))
            kept += sum(done)
            await asyncio.sleep(PAGE_PAUSE)
        return kept

    async def _keep(self, workflow: str, run_id: str, *, rehearsal: bool) -> bool:
        async with self._slots:
            try:
                content = await self._gateway.history(workflow, run_id, rehearsal=rehearsal)
                outline = await asyncio.to_thread(Outline, content)
            except Gone:
                log.error("%s, run %s: the engine has its history no more", workflow, run_id)
                return False
            except Incomplete as error:
                log.warning("%s, run %s is not kept: %s", workflow, run_id, error)
                return False
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
            if run_id:
                log.error("%s has ended, and the engine's list did not show it", order_id)
                kept += await self._keep(workflow_id(order_id), run_id, rehearsal=False)
        return kept
