"""Bodies on their way in: read whole before anything is begun, and none of them keeps others out.

Who sends slowly takes no place among the requests that are worked on. A body has `FIRST_SECONDS`, and more as it
arrives. A line that lets more than `MOST_OF_A_LINE` hang loses its oldest, and beyond `MOST` the oldest of all goes: a
body that is sent at once is never the oldest for long.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from api.errors import Problem

MOST_OF_A_LINE, MOST = 20, 1024
"""Bodies that may hang at once, of one address (of IPv6 its line) and in all."""
GRACE_SECONDS = 1.0
"""A body younger than this does not hang yet, however many come at once from the same address."""
FIRST_SECONDS, BODY_SECONDS = 5.0, 30.0
"""How long a body may take to arrive: at first, and at the most."""
BYTES_A_SECOND = 8 * 1024
"""For each so many bytes that have arrived it has a second more."""


@dataclass(eq=False, slots=True)
class _Arrival:
    """One body: from which line, since when (the loop's seconds), and until when it is waited for."""

    line: str
    begun: float
    limit: asyncio.Timeout


class Arrivals:
    """The bodies that one process waits for, the oldest first."""

    def __init__(self) -> None:
        self._all: dict[_Arrival, None] = {}
        self._by_line: dict[str, dict[_Arrival, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    async def whole(self, receive: Receive, line: str, most: int) -> bytes | None:
        """A request's body; None when it is longer than `most` bytes.

        Raises:
            Problem: `too_slow`.
            ClientDisconnect: the caller hung up.
        """
        clock = asyncio.get_running_loop().time
        begun, body, more = clock(), bytearray(), True
        try:
            async with asyncio.timeout_at(_until(begun, 0)) as limit:
                arrival = _Arrival(line, begun, limit)
                self._await(arrival)
                try:
                    while more:
                        message = await receive()
                        if message["type"] == "http.disconnect":
                            raise ClientDisconnect
                        body += message.get("body", b"")
                        more = message.get("more_body", False)
                        if len(body) > most:
                            return None
                        if more and arrival in self._all:
                            limit.reschedule(_until(begun, len(body)))
                finally:
                    self._forget(arrival)
        except TimeoutError:
            raise Problem(
                "too_slow",
                f"The body was not whole after {clock() - begun:.0f} s.",
                remedy="Send it again, at once, and not many at a time.",
            ) from None
        return bytes(body)

    def _await(self, arrival: _Arrival) -> None:
        mine = self._by_line.setdefault(arrival.line, {})
        while len(mine) >= MOST_OF_A_LINE and next(iter(mine)).begun < arrival.begun - GRACE_SECONDS:
            self._give_up(next(iter(mine)), arrival.begun)
        while len(self._all) >= MOST:
            self._give_up(next(iter(self._all)), arrival.begun)
        self._all[arrival] = None
        self._by_line.setdefault(arrival.line, {})[arrival] = None

    def _give_up(self, arrival: _Arrival, now: float) -> None:
        self._forget(arrival)
        if not arrival.limit.expired():
            arrival.limit.reschedule(now)

    def _forget(self, arrival: _Arrival) -> None:
        self._all.pop(arrival, None)
        mine = self._by_line.get(arrival.line, {})
        mine.pop(arrival, None)
        if not mine:
            self._by_line.pop(arrival.line, None)


def _until(begun: float, arrived: int) -> float:
    return begun + min(BODY_SECONDS, FIRST_SECONDS + arrived / BYTES_A_SECOND)
