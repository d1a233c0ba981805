"""The past by its index is the past by the events: board and inbox at random instants against the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from audit import difference, known, travel
from audit.travel import Axis
from contracts.messages import to_rows
from domain.clocks import of_kind
from domain.model import OPEN, Order
from store import accesses, demo, historian, ledger, posts, spans
from store.historian import Historian, Progress
from store.inbox import statement
from store.session import EVERYWHERE, make_engine, sessions
from store.span_tables import SPANS
from store.tables import NEVER
from store.wall import wall
from store.wall_lines import Wall
from store.wall_reader import scope_of
from tests.audit.lives import Watched, random_life
from tests.conftest import Database
from tests.domain.lives import MONDAY

Made = sessionmaker[Session]
SEEDS = range(28)
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
    for place, at in enumerate(instants(lives, 9)):
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


@pytest.mark.parametrize("axis", list(Axis))
def test_an_order_has_one_row_at_each_instant_that_says_what_the_events_say(
    made: Made, lives: list[Watched], axis: Axis
) -> None:
    with made() as session:
        for life in lives[:9]:
            times = recorded(session, life.at.id) if axis is Axis.KNOWN else [row.at for row in life.rows]
            for at in [*times, *(one + timedelta(microseconds=1) for one in times), times[0] - timedelta(seconds=1)]:
                upto = sum(one <= at for one in times)
                with travel.then(session, at, axis):
                    rows = session.execute(text("SELECT * FROM orders WHERE order_id = :id"), {"id": life.at.id}).all()
                    clocks = session.execute(
                        text("SELECT key FROM deadlines WHERE order_id = :id AND ended_at IS NULL"), {"id": life.at.id}
                    )
                    assert set(clocks.scalars()) == (set(life.states[upto - 1].clocks) if upto else set())
                assert len(rows) == (1 if upto else 0)
                if upto:
                    was = life.states[upto - 1]
                    assert (rows[0].state, rows[0].level, rows[0].colour, rows[0].overdue, rows[0].lead_unit) == (
                        was.state, was.level, was.colour, was.overdue, was.lead.unit if was.lead else "",
                    )  # fmt: skip


def recorded(session: Session, order_id: str) -> list[datetime]:
    wanted = text("SELECT recorded_at FROM events WHERE order_id = :id ORDER BY seq")
    return list(session.scalars(wanted, {"id": order_id}))


def test_each_step_of_the_historian_is_whole_or_nothing(made: Made, lives: list[Watched]) -> None:
    """Killed within a step, or asked while another works, it leaves no trace; in any steps it writes the same."""
    with made() as session:
        before = {table.name: sorted(map(repr, session.execute(table.select()).all())) for table in SPANS}
        assert all(before.values())
    with made.begin() as session:
        sequence = session.scalar(text("SELECT count(*) FROM leaves"))
        assert historian.progress(session).position == sequence - 1
    life, scribe = random_life(991), Historian(batch=7)
    with made.begin() as session:
        ledger.record(session, life.at.id, life.rows)
    with made.begin() as session:
        assert historian.progress(session).whole_until is not None
        scribe.step(session)
        first = recorded(session, life.at.id)[0]
        assert historian.progress(session) == Progress(sequence - 1, first)
    with made.begin() as session:
        sequenced(session)
    with made() as session:
        assert scribe.step(session) == 7
        with made() as other:
            assert Historian().step(other) is None
        session.rollback()
    follow(made, scribe)
    lives.append(life)
    with made.begin() as session:
        rows = [dict(row) for table in SPANS for row in session.execute(
            table.select().where(table.c.order_id == life.at.id)).mappings()]  # fmt: skip
        at_once = {(one.table, one.seq) for one in spans_of(session, life)}
        assert {(table.name, row.seq) for table in SPANS for row in session.execute(
            table.select().where(table.c.order_id == life.at.id))} == at_once  # fmt: skip
        assert len(rows) == len(spans_of(session, life))
        until = historian.progress(session).whole_until
        assert until is not None
        assert until > first
        after = {table.name: sorted(map(repr, session.execute(
            table.select().where(table.c.order_id != life.at.id)).all())) for table in SPANS}  # fmt: skip
        assert after == before


def spans_of(session: Session, life: Watched) -> list[spans.Span]:
    return spans.spans(zip(life.events, recorded(session, life.at.id), strict=True))


def test_beyond_what_is_written_there_is_no_answer(made: Made, lives: list[Watched]) -> None:
    with made.begin() as session:
        until = travel.reached(session).whole_until
        assert until is not None
        travel.reached(session, until, until - timedelta(days=400))
        with pytest.raises(travel.NotWhole):
            travel.reached(session, until + timedelta(microseconds=1))


def test_the_difference_of_two_boards_is_what_leads_from_one_to_the_other(made: Made, lives: list[Watched]) -> None:
    moments = [MONDAY - timedelta(hours=1), *sorted(instants(lives, 8, seed=3))]
    seen: set[str] = set()
    for before, after in pairwise(moments):
        with made.begin() as session:
            scope = scope_of(posts.organisation(session), "HQ")
            found = difference.of_boards(session, scope, before, after, Axis.HAPPENED)
        expected = {}
        for life in lives:
            old, new = state_at(life, before), state_at(life, after)
            was, is_open = (one is not None and one.state in OPEN for one in (old, new))
            if new is not None and (was or is_open) and (was != is_open or line(old) != line(new)):
                how = "registered" if old is None else "reopened" if not was else "moved" if is_open else "ended"
                expected[life.at.id] = how
        assert {one.order_id: one.how for one in found.lines} == expected
        seen |= set(expected.values())
        assert found.after.open - found.before.open == (
            found.counts["registered"] + found.counts["reopened"] - found.counts["ended"]
        )
        for unit in UNITS:
            with made.begin() as session:
                tasks = difference.of_inboxes(session, unit, before, after, Axis.HAPPENED)
                old_one, new_one = (travel.inbox(session, unit, at, limit=200) for at in (before, after))
            came = sum(one.how == "came" for one in tasks) - sum(one.how == "went" for one in tasks)
            assert new_one.total - old_one.total == came
    assert seen >= {"registered", "moved", "ended"}


def state_at(life: Watched, at: datetime) -> Order | None:
    upto = sum(row.at <= at for row in life.rows)
    return life.states[upto - 1] if upto else None


def line(order: Order | None) -> tuple[Any, ...]:
    assert order is not None
    due = min((one.due_at for one in of_kind(order, "due")), default=None)
    lead = order.lead.unit if order.lead else ""
    return (order.state, order.order_class, order.category, order.level, order.colour, order.overdue, order.round, lead,
            due, order.outcome, order.closed_at)  # fmt: skip


def test_the_difference_of_an_order_names_every_field_that_changed(lives: list[Watched]) -> None:
    for life in lives[:6]:
        for was, now in pairwise(life.states):
            found = {one.path: (one.before, one.after) for one in difference.of_orders(was, now)}
            assert found["seq"] == (was.seq, now.seq)
            assert ("level" in found) == (was.level != now.level)
            assert ("state" in found) == (was.state != now.state)
        assert difference.of_orders(life.at, life.at) == ()


def test_who_looked_was_told_and_could_see(made: Made, lives: list[Watched]) -> None:
    life = max(lives, key=lambda one: len(one.rows))
    with made.begin() as session:
        times = recorded(session, life.at.id)
        looked = accesses.Access(
            "gd-manager", "province_manager", "get_order", accesses.Outcome.SEEN, (life.at.id,), "GD"
        )
        accesses.add(session, looked)
    with made() as session:
        early = known.known(session, life.at.id, times[0] - timedelta(seconds=1))
        first = known.known(session, life.at.id, times[0])
        last = known.known(session, life.at.id, datetime.now(UTC))
        manager = known.known(session, life.at.id, datetime.now(UTC), person="gd-manager")
        unit = known.known(session, life.at.id, datetime.now(UTC), unit="GD.net")
    assert early is None
    assert first is not None
    assert last is not None
    assert manager is not None
    assert unit is not None
    assert (first.recorded, last.recorded) == (1, len(times))
    assert first.happened == len(times)  # the lives are of March, the record is of today
    assert [one.person for one in first.people if one.deeds] == [life.rows[0].actor.id]
    assert sum(one.deeds for one in last.people) == len(times)
    mine = next(one for one in last.people if one.person == "gd-manager")
    assert (mine.looks, mine.seq, mine.operations) == (1, len(times), ("get_order",))
    assert [one.person for one in manager.people] == ["gd-manager"]
    assert {one.place for one in last.places} >= {"GD.net", "GD", "R.south", "HQ", "person:agent"}
    assert next(one for one in last.places if one.place == "R.south").of in ("GD", "GD.net")
    assert [one.place for one in unit.places] == ["GD.net"]
    assert {one.unit for one in unit.people} == {"GD.net"}
    assert all("GD.net" in one.audience for one in unit.told)
    with made() as session:
        rows = session.execute(text("SELECT id FROM notices WHERE order_id = :id AND created_at <= now()"),
                               {"id": life.at.id}).scalars()  # fmt: skip
        assert {one.id for one in last.told} == set(rows)
    assert last.told
