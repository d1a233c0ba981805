"""The events that the ledger may not hold yet.

An event leaves only when somebody who knows says that it is in the ledger: a caller, whose command names the last seq
that he read there, or the workflow's own activity, which wrote it. So whatever is dropped is committed, and rows handed
out always follow the ledger's last one without a gap.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.messages import EventRow


class Outbox:
    """Rows in the order of their seq, without gaps."""

    def __init__(self, rows: Iterable[EventRow] = ()) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> tuple[EventRow, ...]:
        """All rows that may be missing in the ledger."""
        return tuple(self._rows)

    def add(self, rows: Iterable[EventRow]) -> None:
        """Keep new rows until they are known to be recorded."""
        self._rows.extend(rows)

    def drop(self, recorded_seq: int) -> None:
        """Forget what is recorded, up to and including this seq; a lower seq than before changes nothing."""
        self._rows = [row for row in self._rows if row.seq > recorded_seq]

    def after(self, recorded_seq: int) -> tuple[EventRow, ...]:
        """The rows after this seq, as far as they are still here."""
        return tuple(row for row in self._rows if row.seq > recorded_seq)
