"""The record of who looked at what, written before the answer goes out: those who ask at once share one writing."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request

from api.lines import line
from identity.people import Identified
from store import accesses
from store.accesses import Access, Outcome
from store.session import LOST

log = logging.getLogger(__name__)

Write = Callable[..., Awaitable[Any]]
_NUMBER = re.compile(r"(WH|R)\d{8}-[A-Z0-9]{2,12}")
"""An order's number. Whatever else stands in its place, such as a telephone's, is not written down."""

QUIET_SECONDS = 60.0
"""How long the refusals of a line's unknown callers are merely counted, once the first of them is written down."""
MOST_LINES = 1000
"""Lines whose refusals are counted apart; those of more are counted together."""

UNKNOWN = ("unauthenticated", "log_in_failed")
"""What is answered to somebody because nobody knows who he is."""


@dataclass(slots=True)
class _Tally:
    """How many refusals of one line were not written down since, and the latest of them."""

    latest: Access
    more: int = 0


class Record:
    """Writes down looks and refusals; `write(step, …)` does a step of one statement as the system."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[tuple[Access, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._tallies: dict[str, _Tally] = {}
        self._adding: set[asyncio.Task[None]] = set()

    async def add(self, access: Access) -> None:
        """Write one down; back when it is written. Raises what the database raises."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((access, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._flush())
        await done

    async def seen(self, request: Request, who: Identified, *orders: str, detail: str = "") -> None:
        """Write down that somebody was shown these orders."""
        await self.add(access(request, who, Outcome.SEEN, orders=orders, detail=detail))

    async def unknown(self, access: Access, of_line: str) -> None:
        """Write down that somebody whom nobody knows was refused; of each line once a minute, then how many more."""
        counted = of_line if of_line in self._tallies or len(self._tallies) < MOST_LINES else ""
        tally = self._tallies.get(counted)
        if tally is not None:
            tally.latest, tally.more = access, tally.more + 1
            return
        self._tallies[counted] = _Tally(access)
        asyncio.get_running_loop().call_later(QUIET_SECONDS, self._tell, counted)
        await self.add(access)

    def _tell(self, counted: str) -> None:
        tally = self._tallies.pop(counted, None)
        if tally is not None and tally.more:
            address = tally.latest.address if counted else ""
            note = replace(tally.latest, orders=(), detail=f"{tally.more} more", address=address)
            task = asyncio.create_task(self._add_late(note))
            self._adding.add(task)
            task.add_done_callback(self._adding.discard)

    async def _add_late(self, note: Access) -> None:
        try:
            await self.add(note)
        except LOST:
            log.warning("%s refusals could not be recorded", note.detail)

    async def close(self) -> None:
        """Write down what was merely counted until now."""
        for counted in tuple(self._tallies):
            self._tell(counted)
        await asyncio.gather(*self._adding)

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._write(accesses.add_lightly, [one for one, _ in batch])
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)


def access(
    request: Request,
    who: Identified | None,
    outcome: Outcome,
    *,
    orders: tuple[str, ...] = (),
    code: str = "",
    detail: str = "",
    reason: str = "",
) -> Access:
    """What is written of a request; `who` is None for one whom nobody knows."""
    return Access(
        actor_id=who.id if who else "",
        role=who.role.value if who else "",
        unit=who.unit if who else "",
        acting_for=who.acting_for if who else "",
        operation=operation(request),
        outcome=outcome,
        orders=orders,
        code=code,
        detail=detail,
        reason=reason,
        address=request.client.host if request.client else "",
    )


def operation(request: Request) -> str:
    """The operation id of the route that a request came to; '' where it came to none."""
    verb = request.scope.get("verb")
    if verb is not None:
        return str(verb)
    return getattr(request.scope.get("endpoint"), "__name__", "")


async def refused(request: Request, code: str) -> None:
    """Write down that somebody, or nobody who is known, was not let see or do something.

    A record that is away does not keep the refusal from being answered.
    """
    parts = getattr(request.app.state, "parts", None)
    if parts is None:
        return
    number = str(request.path_params.get("order_id", ""))[:64]
    orders = (number,) if _NUMBER.fullmatch(number) else ()
    who = asked_by(request)
    note = access(request, who, Outcome.REFUSED, orders=orders, code=code)
    try:
        if who is None and code in UNKNOWN:
            await parts.record.unknown(note, line(request.scope))
        else:
            await parts.record.add(note)
    except LOST:
        log.warning("a refusal could not be recorded: %s", code)


def asked_by(request: Request) -> Identified | None:
    """Who asks, where that is known by now."""
    who: Identified | None = getattr(request.state, "asker", None)
    return who
