"""Replays of many orders: by the rules and by the engine, in portions, each portion kept with what it found.

What is open is replayed by the rules every night, what has ended since the last time by both. A portion's findings and
how far the report has come are committed together, so a replay that is killed goes on where it was; and between two
portions as much time is left free as the last one took, so that it takes half of one core at most, and no connection
but its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from audit import replay_material
from audit.engine_replay import Runs, runs_replayed
from audit.replay import AWAY, Replay, Replayed, engine_for
from audit.replay_finding import Finding, Part, unreadable
from audit.replay_rules import Lived
from runtime.keyring import Keyring
from store import histories, replays
from store.replays import DONE, ENGINE, NIGHTLY, RULES, Kept, Portion, Report
from store.session import EVERYWHERE, make_engine

log = logging.getLogger(__name__)

ORDERS, RUNS = 50, 10
"""Orders and runs in one portion: a second of work, or less."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a replay of named orders, or of all, came to."""

    orders: int
    events: int
    runs: int
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]


class Replaying:
    """Replays over one ledger, with connections of its own: one that reads, one that keeps the report."""

    def __init__(self, url: str, keys: Keyring | None, *, share: float = 0.5) -> None:
        self._reading: Engine = engine_for(url)
        self._writing = make_engine(url, 1, sight=EVERYWHERE)
        self._rules = Replay(self._reading)
        self._keys = keys
        self._rest = (1.0 - share) / share

    def close(self) -> None:
        """Give the connections back."""
        self._reading.dispose()
        self._writing.dispose()

    # --- a report ---------------------------------------------------------------------------------------------------

    async def nightly(self) -> Report | None:
        """Make the nightly report, or go on with the one that was left; None while another process is at it."""
        with Session(self._writing) as session:
            if not replays.lock(session):  # held by this session's one connection until the report is done
                return None
            newest = replays.newest(session, 1, NIGHTLY)
            ended = replays.newest(session, 1, NIGHTLY, ended=True)
            report = newest[0] if newest and newest[0].ended_at is None else None
            if report is None:
                report = replays.begin(session, NIGHTLY, ended[0] if ended else None)
            session.commit()
            return await self._report(session, report)

    async def _report(self, session: Session, report: Report) -> Report:
        for name, portion, following in (
            (RULES, self._rules_portion, ENGINE),
            (ENGINE, self._engine_portion, DONE),
        ):
            while report.stage == name:
                begun = time.monotonic()
                done = await portion(report)
                report = replays.stage(session, report, following) if done is None else _kept(session, report, done)
                session.commit()
                await asyncio.sleep((time.monotonic() - begun) * self._rest)
        say = log.error if report.findings else log.info
        say("replay %s: %s orders, %s runs, %s findings", report.id, report.orders, report.runs, report.findings)
        return report

    async def _rules_portion(self, report: Report) -> Portion | None:
        with Session(self._reading) as session:
            ids = replays.concerned(session, report.after, ORDERS, position=report.since_position)
        if not ids:
            return None
        found = await asyncio.to_thread(lambda: list(self._rules.orders(ids)))
        told = tuple(_as_kept(one) for order in found for one in order.findings)
        return Portion(ids[-1], orders=len(ids), events=sum(one.events for one in found), findings=told)

    async def _engine_portion(self, report: Report) -> Portion | None:
        with Session(self._reading) as session:
            page = replays.archived(session, report.after, RUNS, report.since, report.until)
        if not page:
            return None
        found: list[Finding] = []
        for order_id, runs in groupby(sorted(page, key=lambda one: one[1]), key=lambda one: one[1]):
            found += (await self._runs(order_id, frozenset(run for run, _ in runs)))[1]
        told = tuple(_as_kept(one) for one in found)
        return Portion(page[-1][0], runs=len(page), findings=told)

    async def _runs(self, order_id: str, only: frozenset[str] | None = None) -> tuple[int, list[Finding]]:
        """How many runs of the order are kept, and what their replay found."""
        try:
            kept = self._of(order_id)
            return len(kept.runs), await runs_replayed(kept, self._keys, only)
        except AWAY:
            raise
        except Exception as error:
            return 0, [unreadable(order_id, Part.ENGINE, error)]

    def _of(self, order_id: str) -> Runs:
        with Session(self._reading) as session, session.begin():
            (material,) = replay_material.read(session, [order_id])
            return Runs(order_id, tuple(histories.of_order(session, order_id)), Lived(material))

    # --- at once ----------------------------------------------------------------------------------------------------

    async def check(self, order_ids: Sequence[str], told: Callable[[Checked], None] = lambda _: None) -> Checked:
        """Replay these orders by both, at once, without a report; `told` hears how far it has come."""
        orders = events = runs = 0
        findings: list[Finding] = []
        unknown: list[str] = []
        for begin in range(0, len(order_ids), ORDERS):
            for one in await asyncio.to_thread(self._batch, order_ids[begin : begin + ORDERS]):
                orders, events = orders + 1, events + one.events
                findings += one.findings
                if not one.events and not one.findings:
                    unknown.append(one.order_id)
                    continue
                kept, more = await self._runs(one.order_id)
                runs += kept
                findings += more
            told(Checked(orders, events, runs, tuple(findings), tuple(unknown)))
        return Checked(orders, events, runs, tuple(findings), tuple(unknown))

    def _batch(self, order_ids: Sequence[str]) -> list[Replayed]:
        return list(self._rules.orders(order_ids))

    def every(self, since: datetime | None = None) -> list[str]:
        """All orders, or those that are open or moved after an instant."""
        found: list[str] = []
        with Session(self._reading) as session:
            while page := replays.concerned(session, found[-1] if found else "", 5000, since):
                found += page
        return found


def _kept(session: Session, report: Report, portion: Portion) -> Report:
    for one in portion.findings:
        log.error(
            "%s seq %s %s: recorded %s, recomputed %s", one.order_id, one.seq, one.field, one.recorded, one.recomputed
        )
    return replays.advance(session, report, portion)


def _as_kept(one: Finding) -> Kept:
    return Kept(one.order_id, one.part.value, one.run, one.seq, one.field, one.recorded, one.recomputed)
