"""The reconciler: keys that a dead API or a silent engine left pending are finished, whoever still waits for them.

A worker runs it beside its other tasks, and cancels it at its end (`open_gateway` is in `api.assembly`):

    async with open_gateway(settings) as gateway:
        await Reconciler(gateway).run()

Several may run at once, for each key is lent to one.
"""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.errors import Problem
from api.gateway import Gateway
from api.keys import HELD_SECONDS, Pending

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

    async def run(self) -> None:
        """Go on until cancelled; a database or an engine that is away for a while only delays."""
        while True:
            taken = 0
            try:
                taken, _ = await self._round(STALE_AFTER)
            except (DBAPIError, PoolTimeout) as error:
                log.warning("pending commands cannot be looked up: %s", error)
            except Exception:
                log.exception("the reconciler stumbled and goes on")
            if taken < BATCH:  # a full batch means that more are waiting
                await asyncio.sleep(PERIOD)

    async def once(self, older_than: float = STALE_AFTER) -> int:
        """Finish the keys that have been pending for more than so many seconds; answers how many were finished."""
        _, finished = await self._round(older_than)
        return finished

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
