"""The lab at work: the run whose turn it is, page by page, and the policy that runs in the shadow.

It reads in transactions that can write nothing, and writes its own tables alone. One process does it at a time, by a
lock of the database; what dies begins anew, and what it finds is the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from audit.lab import question as questions
from audit.lab.compare import Pair, compare
from audit.lab.month import DRAWN_FROM, month, rehearsed
from audit.lab.past import Past, Unplayable
from audit.lab.play import play
from audit.lab.reading import PAGE, count, pages, pasts
from audit.lab.report import Report, run
from audit.lab.under import Under
from contracts.messages import encode
from store import lab
from store.lab import Run

log = logging.getLogger(__name__)

MOST_KEPT = 20_000
"""Orders that differ, of which a run keeps in what; beyond, they are in the sums alone."""


class Cancelled(Exception):  # noqa: N818 - it names what happened
    """Somebody does not want the run any more."""


class Lab:
    """Does what the lab is asked; `made` makes sessions of the system's own."""

    def __init__(self, made: sessionmaker[Session]) -> None:
        self._made = made

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that can write nothing."""
        with self._made.begin() as session:
            session.execute(text("SET TRANSACTION READ ONLY"))
            yield session

    def ask(self, query: Callable[..., Any], *given: Any) -> Any:
        """The answer of one query of the store."""
        with self.reading() as session:
            return query(session, *given)

    def once(self) -> Run | None:
        """Do the run whose turn it is, to its end; None when none waits."""
        with self._made.begin() as session:
            taken = lab.take(session)
        if taken is None:
            return None
        try:
            report = self._report(taken)
        except Cancelled:
            log.info("run %s was cancelled", taken.id)
        except Exception as error:  # whatever it stumbles over is said, and the next one has its turn
            log.exception("run %s cannot be done", taken.id)
            self._end(taken, lab.FAILED, error=f"{type(error).__name__}: {error}"[:500])
        except BaseException:  # told to stop
            with self._made.begin() as session:
                lab.give_back(session, taken.id)
            raise
        else:
            self._end(taken, lab.DONE, report=encode(report.told()).decode())
        return taken

    def _report(self, taken: Run) -> Report:
        asked = questions.asked(taken.question)
        tried = questions.under(asked, self.ask)
        kept = _Kept(self._made, taken.id)
        known = taken.asked_at
        selection = msgspec.structs.replace(asked.selection, until=min(asked.selection.until or known, known))
        if asked.month is not None:
            return self._month(asked, selection, tried, kept)
        kept.total = self.ask(count, selection)
        report = Report()
        for found in self._pages(selection, known):
            run(found, tried, kept.add, report)
            kept.done += len(found)
            kept.flush()
        return report

    def _month(self, asked: Any, selection: Any, tried: Under, kept: _Kept) -> Report:
        wanted, base, report = asked.month, questions.recorded(self.ask), Report()
        limit = min(selection.limit or DRAWN_FROM, DRAWN_FROM)
        known = msgspec.structs.replace(selection, limit=limit)
        found = [one for page in self._pages(known, datetime.now(UTC)) for one in page if isinstance(one, Past)]
        kept.total = wanted.orders
        for number, one in enumerate(month(found, wanted.first, wanted.orders, wanted.seed), start=1):
            try:
                pair = rehearsed(one, base, tried)
            except Unplayable as why:
                report.skip(why)
            else:
                report.add(pair)
                kept.add(pair)
            kept.done = number
            if number % PAGE == 0:
                kept.flush()
        kept.flush()
        return report

    def _pages(self, selection: Any, known: datetime) -> Iterator[list[Past | Unplayable]]:
        """The selected orders, each page read in a transaction of its own, so that none stays open for long."""
        after: Any = None
        while True:
            with self.reading() as session:
                numbers, after = pages(session, selection, after, PAGE)
                if not numbers:
                    return
                found = list(pasts(session, numbers, known))
            yield found
            if selection.limit:
                left = selection.limit - len(numbers)
                if left <= 0:
                    return
                selection = msgspec.structs.replace(selection, limit=left)

    def _end(self, taken: Run, state: str, *, report: str = "", error: str = "") -> None:
        with self._made.begin() as session:
            lab.end(session, taken.id, state, report=report, error=error)


class _Kept:
    """What a run has found so far and not yet written down."""

    def __init__(self, made: sessionmaker[Session], run_id: str) -> None:
        self._made = made
        self._run_id = run_id
        self._rows: list[tuple[int, str, str]] = []
        self._position = 0
        self.total = 0
        self.done = 0

    def add(self, pair: Pair) -> None:
        """Keep in what the order differs, if it does."""
        if pair.differs and self._position < MOST_KEPT:
            self._position += 1
            self._rows.append((self._position, pair.order_id, encode(pair.told()).decode()))

    def flush(self) -> None:
        """Write it down; raises Cancelled."""
        with self._made.begin() as session:
            if not lab.go_on(session, self._run_id, self.total, self.done, self._rows):
                raise Cancelled
        self._rows = []


def pair_of(one: Past, tried: Under) -> tuple[Pair, Any]:
    """One order's two lives, and the order as it stands in the lab; raises Unplayable."""
    played = play(one, tried)
    return compare(one, played), played.order
