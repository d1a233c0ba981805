"""Lost workflows: an order that is open in the ledger and does not run in the engine is started again, mid-clock.

The engine's list of what runs lags by seconds and answers few questions a second, so it only raises suspicion: an order
that it lacks, and that has been quiet for a while, is looked up in the engine's own books before anything is done. And
what is started is what the ledger has at that moment, so an order that ended meanwhile stays ended.
"""

from __future__ import annotations

import asyncio
import logging

from api.gateway import Gateway
from api.outcomes import Revival, Silent
from store import orders, pulses
from watch.rounds import AWAY, keep_on

log = logging.getLogger(__name__)

PERIOD = 180.0
"""Seconds between two searches, whichever worker makes them."""
ASK_SECONDS = 15.0
"""How often a worker asks whether it is its turn."""
FIRST_AFTER = 20.0
"""A worker that has just started searches at once, unless another did so within these seconds."""
QUIET_SECONDS = 60.0
"""An order that has done something lately is not suspected: the engine's list does not show it yet."""
PAGE = 1000
"""Orders that are compared at once."""
AT_ONCE = 8
"""Orders that are looked up and started at once."""
PAGE_PAUSE = 0.15
"""Seconds between two pages of the engine's list; it allows ten questions a second."""


class LostAndFound:
    """Looks for lost workflows every `PERIOD` seconds and starts them again; of several one does."""

    def __init__(self, gateway: Gateway, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._gateway = gateway
        self._quiet_seconds = quiet_seconds
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._every = FIRST_AFTER

    async def run(self) -> None:
        """Go on until cancelled."""
        await keep_on("search for lost workflows", self._look, ASK_SECONDS)

    async def _look(self) -> float:
        if not await self._gateway.ready():
            return 1.0
        if await self._gateway.statement(pulses.take_turn, pulses.LOST, self._every):
            await self.once()
        self._every = PERIOD
        return ASK_SECONDS

    async def once(self) -> list[str]:
        """Start again every lost order; which ones. Raises Silent when the engine does not answer."""
        listed: set[str] = set()
        async for page in self._gateway.running():
            listed.update(page)
            await asyncio.sleep(PAGE_PAUSE)
        found: list[str] = []
        after = ""
        while page := await self._gateway.statement(orders.running, after, PAGE, quiet_seconds=self._quiet_seconds):
            after = page[-1]
            suspects = [order_id for order_id in page if order_id not in listed]
            revived = await asyncio.gather(*(self._revive(order_id) for order_id in suspects))
            found += [order_id for order_id, was_lost in zip(suspects, revived, strict=True) if was_lost]
        if found:
            log.error("%s lost workflows were started again from the ledger", len(found))
        return found

    async def _revive(self, order_id: str) -> bool:
        async with self._slots:
            try:
                if await self._gateway.runs(order_id):
                    return False
                outcome = await self._gateway.restart(order_id)
            except Silent:
                raise
            except AWAY as error:
                log.warning("%s has no workflow and cannot be started now: %s", order_id, error)
                return False
            except Exception:
                log.exception("%s has no workflow and cannot be started", order_id)
                return False
        if outcome is Revival.STARTED:
            log.warning("%s had no workflow and was started again from the ledger", order_id)
        return outcome is Revival.STARTED
