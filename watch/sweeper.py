"""The sweeper: marks that should have fired and did not are found in the ledger, and their orders are woken.

Every armed clock is also a row, so it needs nothing of the engine's timers: an order whose next mark is overdue by more
than the tolerance gets a signal, upon which it looks at the clock and fires what is due, exactly once. An order that
the engine has lost altogether is started again from the ledger. Any number of sweepers may run: each mark is taken by
one, and taken again only when it stays overdue (`store.sweeps`), so nothing is given up and nobody is flooded.
"""

from __future__ import annotations

import asyncio
import logging

from api.errors import Problem
from api.gateway import Gateway
from api.outcomes import Gone, Revival, Silent
from store import orders, sweeps
from store.pulses import SWEEPER
from store.sweeps import TOLERANCE, Slip
from watch.rounds import AWAY, Pulse, keep_on

log = logging.getLogger(__name__)

PERIOD = 5.0
"""Seconds between two looks."""
BATCH = 200
"""Marks that are taken at once, the most overdue first."""
AT_ONCE = 16
"""Orders that are woken at once, so that callers are not crowded out."""
STUBBORN = 3
"""At this try it is asked whether the engine has fallen behind the ledger, as after it was restored from a backup."""

WOKEN = "woken"
OUTCOMES: dict[Revival, str] = {
    Revival.STARTED: "restarted",
    Revival.RUNNING: "running",
    Revival.OVER: "over",
    Revival.UNKNOWN: "unknown",
}
"""What is written down of an order that had to be started again; `running`: somebody else was quicker."""


class Sweeper:
    """Looks for missed marks every `PERIOD` seconds and wakes their orders."""

    def __init__(self, gateway: Gateway, tolerance: float = TOLERANCE) -> None:
        self._gateway = gateway
        self._tolerance = tolerance
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._pulse = Pulse(gateway, SWEEPER)

    async def run(self) -> None:
        """Go on until cancelled."""
        await keep_on(SWEEPER, self._look, PERIOD)

    async def once(self) -> list[Slip]:
        """See to one batch of missed marks; which ones."""
        slips = await self._gateway.statement(sweeps.take, self._tolerance, BATCH)
        await asyncio.gather(*(self._see_to(slip) for slip in slips))
        return slips

    async def _look(self) -> float:
        slips = await self.once()
        await self._pulse.beat()
        return PERIOD if len(slips) < BATCH else 0.0

    async def _see_to(self, slip: Slip) -> None:
        async with self._slots:
            say = log.info if slip.tries == 1 else log.error
            try:
                outcome = await self._wake(slip)
                await self._gateway.statement(sweeps.settle, slip, outcome)
            except AWAY as error:
                log.warning("%s, due %s, cannot be woken now: %s", slip.order_id, slip.next_at, error)
                await self._note(slip, f"{type(error).__name__}: {error}"[:200])
            except Exception as error:
                log.exception("%s, due %s, cannot be woken", slip.order_id, slip.next_at)
                await self._note(slip, f"{type(error).__name__}: {error}"[:200])
            else:
                say("%s missed its mark of %s: %s, try %s", slip.order_id, slip.next_at, outcome, slip.tries)

    async def _wake(self, slip: Slip) -> str:
        if slip.tries >= STUBBORN and await self._is_behind(slip.order_id):
            return OUTCOMES[await self._gateway.renew(slip.order_id)]
        try:
            await self._gateway.wake(slip.order_id)
        except Gone:
            return OUTCOMES[await self._gateway.restart(slip.order_id)]
        return WOKEN

    async def _is_behind(self, order_id: str) -> bool:
        """Whether the workflow runs and knows less than the ledger: what it fires then, the ledger has already."""
        recorded = await self._gateway.statement(orders.find, order_id)
        try:
            view = await self._gateway.live(order_id)
        except Problem as problem:
            if problem.code == "unavailable":
                raise Silent(problem.detail) from problem
            return False
        return recorded is not None and view.order.seq < recorded.last_seq

    async def _note(self, slip: Slip, why: str) -> None:
        """Write down why nothing could be done; where even that fails, the row says that there is no outcome yet."""
        try:
            await self._gateway.statement(sweeps.fail, slip, why)
        except AWAY as error:
            log.warning("%s: the outcome cannot be written down: %s", slip.order_id, error)
