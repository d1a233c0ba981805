"""The record of who looked at what, written before the answer goes out: those who ask at once share one writing."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request

from identity.people import Identified
from store import accesses
from store.accesses import Access, Outcome
from store.session import LOST

log = logging.getLogger(__name__)

Write = Callable[..., Awaitable[Any]]
_NUMBER = re.compile(r"(WH|R)\d{8}-[A-Z0-9]{2,12}")
"""An order's number. Whatever else stands in its place, such as a telephone's, is not written down."""


class Record:
    """Writes down looks and refusals; `write(step, …)` does a step of one statement as the system."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[tuple[Access, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

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
    try:
        await parts.record.add(access(request, asked_by(request), Outcome.REFUSED, orders=orders, code=code))
    except LOST:
        log.warning("a refusal could not be recorded: %s", code)


def asked_by(request: Request) -> Identified | None:
    """Who asks, where that is known by now."""
    who: Identified | None = getattr(request.state, "asker", None)
    return who
