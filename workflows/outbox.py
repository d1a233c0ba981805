"""The events that the ledger may not hold yet.

An event leaves only when somebody who knows says that it is in the ledger: a caller, whose command names the last seq
that he read there, or the workflow's own activity, which wrote it. So whatever is dropped is committed, and rows handed
out always follow the ledger's last one without a gap.

The engine bounds each message, so rows leave in batches, and an outbox that outgrows one batch is `heavy`: then the
workflow records, and neither continues as new nor answers with all of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.messages import EventRow, encode
from contracts.options import BATCH_BYTES, BATCH_ROWS


class Outbox:
    """Rows in the order of their seq, without gaps, each with its size in bytes as it will be sent."""

    def __init__(self, rows: Iterable[EventRow] = ()) -> None:
        self._rows: list[tuple[EventRow, int]] = []
        self.add(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> tuple[EventRow, ...]:
        """All rows that may be missing in the ledger."""
        return tuple(row for row, _ in self._rows)

    @property
    def last_seq(self) -> int:
        """The seq of the latest row, 0 without any."""
        return self._rows[-1][0].seq if self._rows else 0

    @property
    def heavy(self) -> bool:
        """True when there is more than one batch may carry."""
        return self.heavy_after(0)

    def heavy_after(self, recorded_seq: int) -> bool:
        """The same for the rows after this seq."""
        return sum(size for row, size in self._rows if row.seq > recorded_seq) > BATCH_BYTES

    def add(self, rows: Iterable[EventRow]) -> None:
        """Keep new rows until they are known to be recorded."""
        self._rows.extend((row, len(encode(row))) for row in rows)

    def drop(self, recorded_seq: int) -> None:
        """Forget what is recorded, up to and including this seq; a lower seq than before changes nothing."""
        self._rows = [(row, size) for row, size in self._rows if row.seq > recorded_seq]

    def after(self, recorded_seq: int) -> tuple[EventRow, ...]:
        """The rows after this seq, as far as they are still here."""
        return tuple(row for row, _ in self._rows if row.seq > recorded_seq)

    def batch(self, until_seq: int) -> tuple[EventRow, ...]:
        """The first rows up to this seq, as many as one recording takes; at least one if there is any."""
        chosen: list[EventRow] = []
        room = BATCH_BYTES
        for row, size in self._rows[:BATCH_ROWS]:
            room -= size
            if row.seq > until_seq or (chosen and room < 0):
                break
            chosen.append(row)
        return tuple(chosen)
