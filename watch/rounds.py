"""What all watchers share: rounds that go on whatever happens, and signs of life."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import DBAPIError

from api.gateway import Gateway
from api.outcomes import Silent
from store import pulses
from store.session import LOST

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
"""A watcher that is quicker writes down its sign of life no more often than this."""

AWAY: tuple[type[Exception], ...] = (DBAPIError, Silent, *LOST)
"""How it looks when the database or the engine is away for a while."""


class Pulse:
    """A watcher's sign of life, `beat` after each round that did its work."""

    def __init__(self, gateway: Gateway, name: str) -> None:
        self._gateway = gateway
        self._name = name
        self._not_before = 0.0

    async def beat(self) -> None:
        """Write it down, if the last one is some seconds old."""
        now = asyncio.get_running_loop().time()
        if now >= self._not_before:
            await self._gateway.statement(pulses.beat, self._name)
            self._not_before = now + BEAT_SECONDS


async def keep_on(name: str, once: Callable[[], Awaitable[float]], pause: float) -> None:
    """Do rounds until cancelled; `once` answers how many seconds to rest, after a failure it is `pause`.

    A database or an engine that is away only delays, and nothing that one round stumbles over ends the watch.
    """
    while True:
        rest = pause
        try:
            rest = await once()
        except AWAY as error:
            log.warning("the %s cannot do its work now: %s: %s", name, type(error).__name__, error)
        except Exception:
            log.exception("the %s stumbled and goes on", name)
        await asyncio.sleep(rest)
