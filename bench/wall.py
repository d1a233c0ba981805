"""What the supervisor's wall costs: one reading for the country, a region and a province, over many orders.

`python -m bench.wall [--orders N] [--open PERCENT ...]` brings up PostgreSQL in a temporary folder, plants so many
orders with their parts, clocks, whistles and call-backs straight into the tables, and reads the wall of headquarters,
of a regional centre and of a province, twenty times each. The figures are the median and the least, in milliseconds:
on a machine that has other work the least says more of the system.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from datetime import UTC, datetime

import psycopg2
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from bench import temporary
from store import demo, posts, tables
from store.session import EVERYWHERE, make_engine, sessions
from store.wall import wall
from store.wall_reader import scope_of

READINGS = 20
AIM_MS = 150.0
PLACES = ("HQ", "R.west", "GD")

_ORDERS = """
INSERT INTO {orders} SELECT 'WH20260101-' || lpad(n::text, 8, '0'), 1, state, 'x', 'general',
    'category.' || n % 20, 'a title', provinces[1 + n % 31], 'R.x', 'channel.' || n % 6, 'c' || n % 20000, 'x', 'x',
    CASE WHEN open AND n % 9 = 0 THEN 1 + n % 5 ELSE 0 END, '', open AND n % 7 = 0, 1,
    provinces[1 + n % 31] || '.' || departments[1 + n % 6], now() - n * interval '30 s', now() - n * interval '20 s',
    now() + (n % 5000 - 700) * interval '1 min', NULL, CASE WHEN NOT open THEN now() - n * interval '10 s' END, '',
    false, false, 'x', repeat('x', 2000), NULL, 1, now(), ''
FROM (
    SELECT n, n * 7919 % 100 < :open AS open,
           CASE WHEN n * 7919 % 100 < :open THEN 'in_progress' ELSE 'closed' END AS state,
           CAST(:provinces AS text[]) AS provinces, CAST('{{net,bill,mkt,it,inst,svc}}' AS text[]) AS departments
    FROM generate_series(1, :orders) n
) made
"""
_PARTS = """
INSERT INTO {assignments} SELECT order_id, 'a1', lead_unit, 'lead',
    CASE WHEN level = 2 THEN 'offered' ELSE 'working' END, state = 'in_progress', 1, 1, registered_at, false,
    registered_at, level = 3, NULL, false, due_at, false FROM orders
"""
_WHISTLES = """
INSERT INTO {whistles} SELECT order_id, 'w1', 'routine', 'cross_department', lead_unit, 'blown', 'x', registered_at,
    registered_at, 1, NULL, false FROM orders WHERE level > 0
"""
_ATTENDANCES = """
INSERT INTO {attendances} SELECT order_id, 'w1', province || '.it', CASE WHEN level > 3 THEN 'summoned' ELSE 'done' END,
    level > 3, level > 3, registered_at, CASE WHEN level <= 3 THEN now() END, '', false, '', NULL, '', due_at, false
FROM orders WHERE level > 0
"""
_CLOCKS = """
INSERT INTO {deadlines} SELECT order_id, kind || '/a1', kind, lead_unit,
    CASE WHEN state = 'closed' THEN 'ended' WHEN overdue THEN 'breached' ELSE 'running' END, overdue, registered_at,
    due_at, due_at, NULL, closed_at, 'x', false, 1, 1, 'x', 0, 0,
    CASE WHEN overdue OR (kind = 'due' AND right(order_id, 1) = '3') THEN registered_at END
FROM orders, unnest(CAST('{{due,contact,sign,progress}}' AS text[])) kind
"""
_CALLBACKS = """
INSERT INTO {callbacks} SELECT order_id, 1, false, province, lead_unit, 'completed', closed_at, now(), true,
    right(order_id, 1) <> '1', 'satisfied', false, false FROM orders WHERE state = 'closed'
"""


_TABLES = (tables.orders, tables.assignments, tables.whistles, tables.attendances, tables.deadlines, tables.callbacks)
_INTO = {table.name: f"{table.name} ({', '.join(column.name for column in table.c)})" for table in _TABLES}


def plant(url: str, made: sessionmaker[Session], orders: int, share: int) -> None:
    """Fill the tables anew with so many orders, of which a share in percent is open."""
    provinces = list(demo.document("organisation")["provinces"])
    names = ", ".join(table.name for table in _TABLES)
    with made.begin() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text(f"TRUNCATE {names}"))
        given = {"orders": orders, "open": share, "provinces": provinces}
        for statement in (_ORDERS, _PARTS, _WHISTLES, _ATTENDANCES, _CLOCKS, _CALLBACKS):
            session.execute(text(statement.format(**_INTO)), given)
    with contextlib.closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"VACUUM ANALYZE {names}")


def measure(made: sessionmaker[Session], place: str, days: int) -> tuple[float, float]:
    """Median and least of a place's readings, in milliseconds; the first, which fills caches, does not count."""
    took = []
    for _ in range(READINGS + 1):
        begun = time.perf_counter()
        with made.begin() as session:
            found = wall(session, scope_of(posts.organisation(session), place), days, datetime.now(UTC))
        took.append((time.perf_counter() - begun) * 1000)
    assert found.total.open or found.total.closed, "nothing was planted"
    return statistics.median(took[1:]), min(took[1:])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--open", type=int, nargs="+", default=[20, 100], help="per cent that are open")
    chosen = parser.parse_args()
    with temporary.folder() as settings, temporary.servers(settings) as stack:
        owner = sessions(make_engine(stack.owner_url, 1, sight=EVERYWHERE))
        app = sessions(make_engine(stack.app_url, 1, sight=EVERYWHERE))
        print("| orders | open | days of the rates | " + " | ".join(PLACES) + " |")
        print("| --- " * (3 + len(PLACES)) + "|")
        for share in chosen.open:
            plant(stack.owner_url, owner, chosen.orders, share)
            for days in (1, 30):
                took = [measure(app, place, days) for place in PLACES]
                line = [
                    f"{chosen.orders:,}",
                    f"{share} %",
                    str(days),
                    *(f"{median:.0f}, {least:.0f} ms" for median, least in took),
                ]
                print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
