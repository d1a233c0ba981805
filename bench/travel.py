"""What a look into the past costs as history grows: the board and an inbox at an instant over more and more orders.

    python -m bench.travel --orders 1000 10000 100000

Each size is a whole history of so many orders, whistled or plain, from registration to their end, two hundred a day: so
the days grow with their number, and from some fifty days on about as many are open at any instant. Their rows are
made from events by the product's own `store.spans`. Reported are medians over random instants.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import psycopg2
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from audit import difference, travel
from audit.travel import Axis
from bench import temporary
from store import posts, writes
from store.session import EVERYWHERE, make_engine, sessions
from store.span_tables import SPANS
from store.spans import Span, spans
from store.wall_lines import Wall
from store.wall_reader import Scope, scope_of
from tests.domain.lives import MONDAY
from tests.store.stories import closing, eventful

A_DAY = 200
"""Orders that come in on a day."""
LOOKS = 30
CHUNK = 400


def plant(url: str, made: sessionmaker[Session], count: int) -> None:
    """Fill the tables anew."""
    names = ", ".join((*(table.name for table in SPANS), "orders"))
    with made.begin() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text(f"TRUNCATE {names}"))
        filled(session, count)
    with contextlib.closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"VACUUM ANALYZE {names}")


def filled(session: Session, count: int) -> None:
    """The past of so many orders: two whole lives over and over, moved in time, place and unit."""
    lives = [spans((event, event.at) for event in life.events) for life in (closing(), closing(), eventful())]
    upserts = {table.name: (table, writes.upsert(table)) for table in SPANS}
    places = itertools.cycle(("GD", "JS", "BJ", "ZJ", "SC", "HB"))
    for begin in range(0, count, CHUNK):
        rows: dict[str, list[dict[str, object]]] = {table.name: [] for table in SPANS}
        for number in range(begin, min(begin + CHUNK, count)):
            order_id = f"WH20200101-{number:08d}"
            moved = timedelta(days=number / A_DAY)
            province = next(places)
            for span in lives[number % len(lives)]:
                rows[span.table].append(_moved(span, moved, province).stored(order_id))
        batch = writes.Batch()
        for name, (table, statement) in upserts.items():
            batch.add(statement, table, rows[name])
        batch.send(session)
    session.execute(text(_HEADS))


_HEADS = """
    INSERT INTO orders (order_id, last_seq, state, status, order_class, category, title, province, region, channel,
        customer, customer_name, customer_phone, level, colour, overdue, round, lead_unit, registered_at, updated_at,
        outcome, over, rehearsal, terms, snapshot, unit_seq, unit_at, chain)
    SELECT DISTINCT ON (order_id) order_id, seq, state, status, order_class, category, 't', province, '', channel,
        '', '', '', level, colour, overdue, round, lead_unit, registered_at, registered_at, outcome, over, rehearsal,
        '', '', 1, registered_at, ''
    FROM order_spans ORDER BY order_id, seq DESC
"""


def _moved(span: Span, by: timedelta, province: str) -> Span:
    row = {
        name: value + by
        if hasattr(value, "year") and value.year < 9000
        else value.replace("GD", province, 1)
        if name in ("unit", "lead_unit", "province") and isinstance(value, str)
        else value
        for name, value in span.row.items()
    }
    happened, known = ((begin + by, None if end is None else end + by) for begin, end in (span.happened, span.known))
    return replace(span, row=row, happened=happened, known=known)


LOOKING: dict[str, Callable[[Session, datetime, Scope, Scope], object]] = {
    "board": lambda session, at, country, province: travel.board(session, country, 1, at),
    "board of GD": lambda session, at, country, province: travel.board(session, province, 1, at),
    "inbox of GD.net": lambda session, at, country, province: travel.inbox(session, "GD.net", at),
    "boards a day apart": lambda session, at, country, province: difference.of_boards(
        session, country, at - timedelta(days=1), at, Axis.HAPPENED
    ),
}


def measured(made: sessionmaker[Session], count: int) -> tuple[dict[str, float], float]:
    """Median milliseconds of each look at random instants, and how many orders were open then on average."""
    luck = Random(1)
    length = timedelta(days=count / A_DAY)
    found: dict[str, list[float]] = {name: [] for name in LOOKING}
    opened: list[int] = []
    with made.begin() as session:
        country, province = (scope_of(posts.organisation(session), place) for place in ("HQ", "GD"))
    for _ in range(LOOKS):
        at = MONDAY + length * luck.uniform(0.3, 0.9)
        for name, look in LOOKING.items():
            with made.begin() as session:
                begun = time.perf_counter()
                shown = look(session, at, country, province)
                found[name].append((time.perf_counter() - begun) * 1000)
            if isinstance(shown, Wall) and name == "board":
                opened.append(shown.total.open)
    return {name: statistics.median(times) for name, times in found.items()}, statistics.mean(opened)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    chosen = parser.parse_args()
    with temporary.folder() as settings, temporary.servers(settings) as stack:
        owner = sessions(make_engine(stack.owner_url, 1, sight=EVERYWHERE))
        app = sessions(make_engine(stack.app_url, 1, sight=EVERYWHERE))
        print("| orders | open then | " + " | ".join(LOOKING) + " |")
        print("| --- " * (2 + len(LOOKING)) + "|")
        for count in chosen.orders:
            plant(stack.owner_url, owner, count)
            took, opened = measured(app, count)
            print(
                f"| {count:,} | {opened:.0f} | " + " | ".join(f"{ms:.1f} ms" for ms in took.values()) + " |", flush=True
            )


if __name__ == "__main__":
    main()
