"""The notary: events get their places in the log within a second or two, and the log is signed as it grows.

Every worker has one; the database lets one at a time work. What stops it stops no order: events wait in their queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from api.gateway import Gateway
from notary import sequencer
from notary.cosigning import PERIOD as COSIGNING_PERIOD
from notary.cosigning import Cosigner
from notary.keys import LogKeys, log_keys, witnesses
from notary.sequencer import BATCH, LogFault
from notary.stamps import PERIOD as STAMPING_PERIOD
from notary.stamps import Stamper
from runtime.faults import SetupError
from runtime.settings import Settings
from store.log import Signed
from store.pulses import NOTARY
from watch.rounds import Pulse, keep_on

log = logging.getLogger(__name__)
T = TypeVar("T")

PERIOD = 1.0
"""Seconds between two looks."""
FAULT_SECONDS = 30.0
"""Rest after something that a person has to see to."""


class Notary:
    """Sequences what waits and signs what has grown, every `PERIOD` seconds."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._pulse = Pulse(gateway, NOTARY)
        self._keys: LogKeys | None = None
        self._not_before = 0.0

    async def run(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_on(NOTARY, self._look, PERIOD))
            for witness in witnesses(self._settings):
                cosigner = Cosigner(self._step, self._settings, witness)
                group.create_task(keep_on(f"cosigner of {witness.name}", cosigner.look, COSIGNING_PERIOD))
            if self._settings.tsa_url is not None:
                stamper = Stamper(self._step, self._settings)
                group.create_task(keep_on("stamper", stamper.look, STAMPING_PERIOD))

    async def once(self) -> tuple[int, Signed | None]:
        """One round: how many events were seen to, and the checkpoint that was signed, if one was.

        Raises:
            LogFault: what is kept of the log contradicts itself.
            SetupError: there is no key to sign with; what waited has its place nevertheless.
        """
        done = await self._gateway.run(self._sequence)
        return done, await self._signed()

    async def _look(self) -> float:
        try:
            done = await self._gateway.run(self._sequence)
        except LogFault as fault:
            log.error("the log stands still: %s", fault)
            return FAULT_SECONDS
        clock = asyncio.get_running_loop().time
        if clock() >= self._not_before:
            try:
                await self._signed()
            except (LogFault, SetupError) as fault:
                log.error("the log is not signed: %s", fault)
                self._not_before = clock() + FAULT_SECONDS
            else:
                await self._pulse.beat()
        return PERIOD if done < BATCH else 0.0

    async def _signed(self) -> Signed | None:
        if self._keys is None:
            self._keys = await asyncio.to_thread(log_keys, self._settings)
        return await self._gateway.run(self._sign, self._keys)

    async def _step(self, step: Callable[[Session], T]) -> T:
        return await self._gateway.run(self._stepped, step)

    def _stepped(self, step: Callable[[Session], T]) -> T:
        with self._gateway.books.writes() as session:
            return step(session)

    def _sequence(self) -> int:
        with self._gateway.books.writes() as session:
            return sequencer.sequence(session)

    def _sign(self, keys: LogKeys) -> Signed | None:
        with self._gateway.books.writes() as session:
            return sequencer.sign(session, keys)
