"""A past instant costs what it shows, however much history lies before and behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from audit import difference, travel
from audit.travel import Axis
from store import demo, posts
from store.session import EVERYWHERE, make_engine, sessions
from store.wall_reader import scope_of
from tests.conftest import Database

THEN = datetime(2025, 6, 1, 3, 0, tzinfo=UTC)
"""The middle of the history."""
DAY = timedelta(days=1)
HISTORY = """
    WITH o AS (
        SELECT 'WH2025-' || :days || '-' || lpad(n::text, 8, '0') AS id,
               (ARRAY['GD', 'JS', 'BJ'])[1 + n % 3] AS province,
               (ARRAY['net', 'bill', 'it'])[1 + n / 3 % 3] AS unit, CAST(:then AS timestamptz) + span AS at
        FROM generate_series(0, :days * 40) n,
             LATERAL (SELECT (n / 40.0 - :days / 2.0) * interval '1 day' AS span) s
    ),
    heads AS (
        INSERT INTO order_spans (order_id, seq, state, status, order_class, category, province, channel, level, colour,
            overdue, round, lead_unit, registered_at, closed_at, outcome, over, rehearsal, happened, known)
        SELECT id, seq, state, 'x', 'general', 'network.fault', province, 'app', 1, '', false, 1,
               province || '.' || unit, at, CASE WHEN seq > 1 THEN at + interval '2 days' END, '', false, false, r, r
        FROM o, LATERAL (VALUES (1, 'in_progress', tstzrange(at, at + interval '2 days')),
                                (2, 'closed', tstzrange(at + interval '2 days', NULL))) v (seq, state, r)
    ),
    parts AS (
        INSERT INTO assignment_spans (order_id, id, seq, unit, role, status, dispatched_at, designated, auto_signed,
            due_at, rehearsal, happened, known)
        SELECT id, 'a1', 1, province || '.' || unit, 'lead', 'offered', at, false, false, at + interval '1 day', false,
               r, r
        FROM o, LATERAL (SELECT tstzrange(at, at + interval '2 days') AS r) v
    ),
    calls AS (
        INSERT INTO attendance_spans (order_id, whistle, unit, seq, status, absent, summoned_at, due_at, rehearsal,
            happened, known)
        SELECT id, 'w1', province || '.mkt', 1, 'summoned', true, at, at + interval '1 day', false, r, r
        FROM o, LATERAL (SELECT tstzrange(at, at + interval '2 days') AS r) v
    ),
    clocks AS (
        INSERT INTO deadline_spans (order_id, key, seq, kind, unit, status, started_at, due_at, first_due_at, ended_at,
            breached_at, rehearsal, happened, known)
        SELECT id, kind || '/a1', seq, kind, '', 'running', at, at + interval '1 day', at, ended, breached, false, r, r
        FROM o, LATERAL (VALUES
            ('sign', 1, NULL::timestamptz, NULL::timestamptz, tstzrange(at, at + interval '1 day')),
            ('sign', 2, NULL, at + interval '1 day', tstzrange(at + interval '1 day', at + interval '2 days')),
            ('sign', 3, at + interval '2 days', at + interval '1 day', tstzrange(at + interval '2 days', NULL)),
            ('return_decision', 1, NULL, NULL, tstzrange(at, at + interval '2 days'))
        ) v (kind, seq, ended, breached, r)
    ),
    backs AS (
        INSERT INTO callback_spans (order_id, round, expiry, seq, province, status, due_at, satisfaction, rehearsal,
            happened, known)
        SELECT id, 1, false, seq, province, status, at, '', false, r, r
        FROM o, LATERAL (VALUES (1, 'due', tstzrange(at, at + interval '2 days')),
                                (2, 'completed', tstzrange(at + interval '2 days', NULL))) v (seq, status, r)
    ),
    named AS (
        INSERT INTO whistles (order_id, id, kind, matter, lead, status, requested_by, requested_at, blows, rehearsal)
        SELECT id, 'w1', 'hard', 'x', '', 'blown', 'x', at, 1, false FROM o
    )
    INSERT INTO orders (order_id, last_seq, state, status, order_class, category, title, province, region, channel,
        customer, customer_name, customer_phone, level, colour, overdue, round, lead_unit, registered_at, updated_at,
        outcome, over, rehearsal, terms, snapshot, unit_seq, unit_at, chain)
    SELECT id, 2, 'closed', 'closed', 'general', 'network.fault', 't', province, '', 'app', '', '', '', 1, '', false, 1,
           province || '.' || unit, at, at, '', true, false, '', '', 1, at, ''
    FROM o
"""
TABLES = "order_spans, assignment_spans, attendance_spans, deadline_spans, callback_spans, orders, whistles"


@pytest.fixture(scope="module")
def owner(database: Database) -> Iterator[Engine]:
    demo.load(database.owner_url)
    engine = make_engine(database.owner_url, pool_size=1, sight=EVERYWHERE)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(database.app_url, pool_size=1, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


def filled(owner: Engine, days: int) -> None:
    """A history of so many days, forty orders a day, around the instant."""
    with sessions(owner).begin() as session:
        session.execute(text(f"TRUNCATE {TABLES}"))
        session.execute(text(HISTORY), {"days": days, "then": THEN})
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"ANALYZE {TABLES}")


def read(session: Session) -> dict[str, int]:
    found = session.execute(
        text("SELECT relname, seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname ~ '_spans$'")
    )
    return {row[0]: row[1] for row in found}


ASKED: dict[str, Callable[[Session, Axis], object]] = {
    "board": lambda s, axis: travel.board(s, scope_of(posts.organisation(s), "HQ"), 7, THEN, axis).total.open,
    "board of a province": lambda s, axis: travel.board(s, scope_of(posts.organisation(s), "GD"), 1, THEN, axis).total,
    "inbox": lambda s, axis: travel.inbox(s, "GD.net", THEN, axis).total,
    "inboxes compared": lambda s, axis: len(difference.of_inboxes(s, "GD.net", THEN - DAY, THEN, axis)),
    "boards compared": lambda s, axis: (
        difference.of_boards(s, scope_of(posts.organisation(s), "HQ"), THEN - DAY, THEN, axis).counts
    ),
}


def test_nothing_that_is_read_grows_with_history(owner: Engine, made: sessionmaker[Session]) -> None:
    seen: list[dict[str, object]] = []
    counts: list[dict[str, dict[str, int]]] = []
    for days in (30, 300):
        filled(owner, days)
        seen.append({})
        counts.append({})
        for name, ask in ASKED.items():
            for axis in Axis:
                with made.begin() as session:
                    before = read(session)
                    seen[-1][f"{name} {axis}"] = ask(session, axis)
                    after = read(session)
                counts[-1][f"{name} {axis}"] = {key: n - before.get(key, 0) for key, n in after.items()}
    assert seen[0] == seen[1]
    assert seen[1]["board happened"] == 80
    for name, small in counts[0].items():
        for table, rows in counts[1][name].items():
            assert rows <= 1.3 * small.get(table, 0) + 20, (name, table, small, counts[1][name])
