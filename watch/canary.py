"""The canary's keeper: the canary always runs, and one that has fallen silent is replaced.

It must not stand in its own way: if the engine has lost the canary's very timer, the run would wait for ever, although
timers that are set now may ring again.
"""

from __future__ import annotations

from api.gateway import Gateway
from store import pulses
from watch.rounds import keep_on

PERIOD = 10.0
"""Seconds between two looks."""
SILENT_SECONDS = 30.0
"""A canary that was not heard for so long is replaced; a healthy one is heard every ten."""


class CanaryKeeper:
    """Sees every `PERIOD` seconds to it that the canary runs. Any number of keepers share one canary."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def run(self) -> None:
        """Go on until cancelled."""
        await keep_on("canary's keeper", self._look, 1.0)

    async def _look(self) -> float:
        await self.once()
        return PERIOD

    async def once(self) -> None:
        """Start the canary, or replace it; raises Silent when the engine does not answer."""
        heard = (await self._gateway.statement(pulses.all_of)).get(pulses.CANARY)
        silent = heard is None or heard.age > SILENT_SECONDS
        # Only one keeper replaces it: the others would end what the first has just started.
        anew = silent and await self._gateway.statement(pulses.take_turn, "canary's keeper", SILENT_SECONDS)
        await self._gateway.keep_canary(anew=anew)
