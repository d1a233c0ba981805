"""Between which instants an event can have been recorded, by what witnesses signed of the time.

An event that stands in a checkpoint was recorded before the checkpoint was cosigned. One that does not stand in it was
recorded after that, unless it waited for its place in the log; the notary is given `CATCHING_UP` to come after what had
gathered while it stood still. Of times no further apart than `STEP` one is kept, so that memory hardly grows.
"""

from __future__ import annotations

from bisect import bisect_right

STEP = 10.0
"""Seconds by which a bound may be wider than what was signed."""
CATCHING_UP = 600.0
"""Seconds in which the log has caught up with whatever waited."""


class Times:
    """Sizes of the log, growing, and when each was cosigned, in seconds of POSIX."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._at: list[float] = []

    @property
    def last(self) -> float | None:
        """When the last size was cosigned."""
        return self._at[-1] if self._at else None

    def add(self, size: int, at: float) -> None:
        """A size that was cosigned at that time; the last one gives way to it where one near before it stays."""
        if len(self._at) > 1 and at - self._at[-2] < STEP:
            self._sizes[-1], self._at[-1] = size, at
        else:
            self._sizes.append(size)
            self._at.append(at)

    def bounds(self, position: int) -> tuple[float | None, float | None]:
        """After which and before which instant the event at that position was recorded; None: nothing shows it."""
        first = bisect_right(self._sizes, position)
        latest = self._at[first] if first < len(self._at) else None
        if first == 0:
            return None, latest
        behind = (self._at[first - 1] if latest is None else latest) - CATCHING_UP
        before = bisect_right(self._at, behind, 0, first)
        return (self._at[before - 1] if before else None), latest
