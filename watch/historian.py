"""The historian's round: what was recorded is written down as it held over time (`store.historian`)."""

from __future__ import annotations

from api.gateway import Gateway
from store.historian import BATCH, Historian
from watch.rounds import Pulse, keep_on

NAME = "historian"
PERIOD = 1.0
"""Seconds between two looks, when there was nothing more to do."""


class HistorianKeeper:
    """Follows the log for as long as the worker lives. Of many workers one does it at a time."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._historian = Historian()
        self._pulse = Pulse(gateway, NAME)

    async def run(self) -> None:
        """Go on until cancelled."""
        await keep_on(NAME, self._look, PERIOD)

    async def once(self) -> int | None:
        """Follow the next events; how many, None while another worker does."""
        try:
            return await self._gateway.run(self._step)
        except BaseException:
            self._historian.forget()
            raise

    async def _look(self) -> float:
        followed = await self.once()
        await self._pulse.beat()
        return PERIOD if followed is None or followed < BATCH else 0.0

    def _step(self) -> int | None:
        with self._gateway.books.writes() as session:
            return self._historian.step(session)
