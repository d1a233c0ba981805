"""The past by its index is the past by the events: board and inbox at random instants against the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from audit import travel
from contracts.messages import to_rows
from store import demo, ledger, posts
from store.historian import Historian
from store.inbox import statement
from store.session import EVERYWHERE, make_engine, sessions
from store.tables import NEVER
from store.wall import wall
from store.wall_lines import Wall
from store.wall_reader import scope_of
from tests.audit.lives import Watched, random_life
from tests.conftest import Database

Made = sessionmaker[Session]
SEEDS = range(36)
UNITS = ("GD.net", "GD.bill", "GD.it", "GD.mkt")


def sequenced(session: Session) -> None:
    """Give what waits its places in the log, oldest first."""
    session.execute(
        text(
            """
            INSERT INTO leaves (position, order_id, seq, hash)
            SELECT (SELECT count(*) FROM leaves) + row_number() OVER (ORDER BY u.id) - 1, order_id, seq, e.hash
            FROM unsequenced u JOIN events e USING (order_id, seq)
            """
        )
    )
    session.execute(text("DELETE FROM unsequenced"))


def follow(made: Made, scribe: Historian) -> None:
    """Let the historian go on until there is nothing more."""
    while True:
        with made.begin() as session:
            if not scribe.step(session):
                return


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    engine = make_engine(database.app_url, pool_size=3, sight=EVERYWHERE)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def made(engine: Engine) -> Made:
    return sessions(engine)


@pytest.fixture(scope="module")
def lives(database: Database, made: Made) -> list[Watched]:
    """Random lives, recorded piece by piece in turns while the historian follows in small steps."""
    demo.load(database.owner_url)
    found = [random_life(seed) for seed in SEEDS]
    luck, scribe = Random(7), Historian(batch=40, remembered=9)
    done = dict.fromkeys(range(len(found)), 0)
    while waiting := [place for place, life in enumerate(found) if done[place] < len(life.rows)]:
        for place in luck.sample(waiting, min(6, len(waiting))):
            upto = done[place] + luck.randint(1, 30)
            with made.begin() as session:
                ledger.record(session, found[place].at.id, found[place].rows[done[place] : upto])
            done[place] = min(upto, len(found[place].rows))
        with made.begin() as session:
            sequenced(session)
        if luck.random() < 0.5:
            follow(made, scribe)
    follow(made, scribe)
    return found


def instants(lives: list[Watched], count: int, seed: int = 1) -> list[datetime]:
    """Random instants, some exactly those of an event."""
    luck = Random(seed)
    begin, end = min(one.rows[0].at for one in lives), max(one.rows[-1].at for one in lives)
    near = [luck.choice(luck.choice(lives).rows).at for _ in range(count // 2)]
    return [*near, *(begin + luck.random() * (end - begin) * luck.random() for _ in range(count - len(near)))]


def replayed(session: Session, lives: list[Watched], at: datetime) -> None:
    """In this transaction, a ledger that has nothing but what had happened by then."""
    session.execute(text("ALTER TABLE events DISABLE TRIGGER USER"))
    tables = "orders, events, assignments, attendances, whistles, deadlines, callbacks, firings, criticisms, calls"
    session.execute(text(f"TRUNCATE {tables}, notices, sights"))
    for life in lives:
        upto = next((place for place, row in enumerate(life.rows) if row.at > at), len(life.rows))
        if upto:
            ledger.record(session, life.at.id, to_rows(life.at.id, life.events[:upto]))


@pytest.fixture(scope="module")
def past(database: Database) -> Iterator[Made]:
    """Sessions that may empty the ledger, to fill it anew up to an instant."""
    url = database.owner_url
    engine = make_engine(url, pool_size=1, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


def test_board_and_inbox_are_what_the_lists_showed_then(made: Made, past: Made, lives: list[Watched]) -> None:
    for place, at in enumerate(instants(lives, 12)):
        scope_at = ("HQ", "GD", "R.south")[place % 3]
        with past() as session:
            replayed(session, lives, at)
            scope = scope_of(posts.organisation(session), scope_at)
            expected = wall(session, scope, 7, at)
            tasks = {unit: listed(session, unit) for unit in UNITS}
            session.rollback()
        with made() as session:
            found = travel.board(session, scope, 7, at)
            inboxes = {unit: travel.inbox(session, unit, at, limit=200) for unit in UNITS}
        assert comparable(found) == comparable(expected), at
        for unit in UNITS:
            assert [
                (one.kind, one.order_id, one.subject, one.role, one.status, one.since, one.due_at, one.absent,
                 one.state, one.level, one.colour, one.overdue, one.round) for one in inboxes[unit].items
            ] == tasks[unit], (unit, at)  # fmt: skip


def comparable(found: Wall) -> Wall:
    """The wall without what the order of equals decides."""
    return replace(found, units=tuple(sorted(found.units, key=lambda unit: unit.unit)))


def listed(session: Session, unit: str) -> list[Any]:
    rows = session.execute(statement(unit, "", 200, rehearsal=False)).all()
    return [
        (row.kind, row.order_id, row.subject, row.role, row.status, row.since,
         None if row.due_at == NEVER else row.due_at, row.absent,
         row.state, row.level, row.colour, row.overdue, row.round) for row in rows
    ]  # fmt: skip
