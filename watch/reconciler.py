"""The reconciler: keys that a dead API or a silent engine left pending are finished, whoever still waits for them.

Several may run at once, for each key is lent to one.
"""

from __future__ import annotations

import asyncio
import logging

from api.errors import Problem
from api.gateway import Gateway
from api.keys import HELD_SECONDS, Pending
from store.pulses import RECONCILER
from watch.rounds import Pulse, keep_on

log = logging.getLogger(__name__)

PERIOD = 2.0
"""Seconds between two looks."""
STALE_AFTER = HELD_SECONDS
"""Seconds after which a pending key is thought to be abandoned; with PERIOD this keeps well within ten."""
BATCH = 100
"""Keys that are taken at once."""
AT_ONCE = 8
"""Keys that are worked on at once, so that callers are not crowded out."""


class Reconciler:
    """Looks for abandoned keys every `PERIOD` seconds and finishes them by the gateway's own function."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._pulse = Pulse(gateway, RECONCILER)

    async def run(self) -> None:
        """Go on until cancelled."""
        await keep_on(RECONCILER, self._look, PERIOD)

    async def once(self, older_than: float = STALE_AFTER) -> int:
        """Finish the keys that have been pending for more than so many seconds; answers how many were finished."""
        _, finished = await self._round(older_than)
        return finished

    async def _look(self) -> float:
        taken, _ = await self._round(STALE_AFTER)
        await self._pulse.beat()
        return PERIOD if taken < BATCH else 0.0  # a full batch means that more are waiting

    async def _round(self, older_than: float) -> tuple[int, int]:
        """How many keys were taken, and how many of them finished."""
        stale = await self._gateway.stale(older_than, BATCH)
        return len(stale), sum(await asyncio.gather(*(self._finish(pending) for pending in stale)))

    async def _finish(self, pending: Pending) -> bool:
        async with self._slots:
            try:
                reply = await self._gateway.resume(pending)
            except Problem as problem:
                log.warning("%s %s of %s: %s", pending.key, pending.verb, pending.order_id, problem.code)
                return False
            except Exception:
                log.exception("%s %s of %s stays pending", pending.key, pending.verb, pending.order_id)
                return False
        log.info("%s %s of %s finished: %s", pending.key, pending.verb, pending.order_id, reply.status)
        return True
