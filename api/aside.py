"""Questions that take seconds, asked beside the orders: one at a time, on a thread and a connection of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import func, select

from api.errors import Problem
from store.session import EVERYWHERE, make_engine, sessions

MOST = 4
"""Questions of one process, that which is being answered and those that wait for it."""
MOST_STREAMS = 2
"""Logs that one process writes at once: each page takes one of the orders' threads for a moment."""
STATEMENT_SECONDS = 60
RETRY_SECONDS = 5
T = TypeVar("T")


class Aside:
    """Where one process answers what would hold up the orders; it connects when it is first asked."""

    def __init__(self, database: str) -> None:
        self._engine = make_engine(database, 1, sight=EVERYWHERE)
        self._sessions = sessions(self._engine)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self.many = self.streams = 0

    async def read(self, query: Callable[..., T], *arguments: Any) -> T:
        """The answer of `query(session, …)`, in one transaction of the system's that cannot write.

        A place is taken until the query has ended, even when nobody waits for it any more.

        Raises:
            Problem: `too_many_requests`, so many are asked already.
        """
        if self.many >= MOST:
            raise _busy("Several such questions are being answered.")
        self.many += 1
        loop = asyncio.get_running_loop()
        asked = self._thread.submit(self._read, query, arguments)
        asked.add_done_callback(lambda _: self._later(loop))
        return await asyncio.wrap_future(asked)

    def _read(self, query: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        with self._sessions.begin() as session:
            timeout = func.set_config("statement_timeout", f"{STATEMENT_SECONDS}s", True)
            session.execute(select(func.set_config("transaction_read_only", "on", True), timeout))
            return query(session, *arguments)

    def _later(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._ended)

    def _ended(self) -> None:
        self.many -= 1

    @contextmanager
    def stream(self) -> Iterator[None]:
        """A place for one log on its way out; raises Problem where there is none."""
        if self.streams >= MOST_STREAMS:
            raise _busy("Several logs are being written.")
        self.streams += 1
        try:
            yield
        finally:
            self.streams -= 1

    def close(self) -> None:
        """Answer nothing any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()


def _busy(detail: str) -> Problem:
    return Problem("too_many_requests", detail, remedy="Ask again after the given seconds.", retry_after=RETRY_SECONDS)
