"""The nightly replay: what it covers, what it keeps, how it goes on, and that it is told."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from audit.replaying import Replaying
from notary import sequencer
from runtime.settings import PROJECT, Settings
from store import policies, replays
from store.replays import DONE, NIGHTLY, RULES
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lives import random_life_of
from tests.audit.replays import Told, eventful, keep
from tests.audit.test_chain import owner
from tests.conftest import Database
from tests.domain.lives import document
from watch.nightly import last_hour

Made = sessionmaker[Session]


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[Made]:
    engine = make_engine(database.app_url, 3, sight=EVERYWHERE)
    maker = sessions(engine)
    with maker.begin() as session:
        policies.publish(session, document()["version"], document())
    yield maker
    engine.dispose()


@pytest.fixture
def replaying(database: Database) -> Iterator[Replaying]:
    found = Replaying(database.app_url, None, share=1.0)
    yield found
    found.close()


@pytest.fixture(scope="module")
def orders(made: Made) -> list[str]:
    """More than one portion of orders, one of them long over."""
    with made.begin() as session:
        return [
            keep(session, life, Random(7))
            for life in (eventful(), *(random_life_of(Told, seed, steps=4) for seed in range(60)))
        ]


def forge(database: Database, order_id: str, title: str = "x") -> None:
    with owner(database) as connection:
        connection.execute(sa.text("UPDATE orders SET title = :t WHERE order_id = :id"), {"id": order_id, "t": title})


async def test_the_first_night_covers_everything_and_the_next_what_is_open_or_moved(
    made: Made, orders: list[str], replaying: Replaying
) -> None:
    first = await replaying.nightly()
    assert first is not None
    assert (first.kind, first.stage, first.since, first.findings) == (NIGHTLY, DONE, None, 0)
    assert first.orders == len(orders)
    assert first.events > len(orders)
    second = await replaying.nightly()
    assert second is not None
    with made() as session:
        still_open = session.scalar(sa.text("SELECT count(*) FROM orders WHERE NOT over"))
    assert (second.since, second.orders) == (first.until, still_open)
    assert second.orders < first.orders


async def test_what_ended_at_an_instant_long_past_is_covered_by_the_night_after_its_record(
    made: Made, orders: list[str], replaying: Replaying
) -> None:
    """Time may close an order late: its event's own time is then before the last report."""
    await replaying.nightly()
    with made.begin() as session:
        late = keep(session, eventful(), Random(3))
        over, moved = session.execute(
            sa.text("SELECT over, updated_at FROM orders WHERE order_id = :id"), {"id": late}
        ).one()
        (last,) = replays.newest(session, 1, NIGHTLY)
        assert over
        assert moved < last.until
        while sequencer.sequence(session):
            pass
    asked = replaying.every(last.until)
    report = await replaying.nightly()
    again = await replaying.nightly()
    assert report is not None
    assert again is not None
    with made() as session:
        found = replays.concerned(session, "", 1000, position=report.since_position)
    assert late in found
    assert late in asked
    assert (report.since_position, report.orders) == (last.position, len(found))
    assert again.orders < report.orders
    orders.append(late)


async def test_what_is_found_is_kept_by_its_order_and_field(
    made: Made, orders: list[str], replaying: Replaying, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with made() as session:
        open_order: str = session.execute(sa.text("SELECT order_id FROM orders WHERE NOT over LIMIT 1")).scalar_one()
    forge(database, open_order)
    report = await replaying.nightly()
    assert report is not None
    with made() as session:
        found = replays.findings(session, report.id)
    assert report.findings == len(found) == 1
    assert (found[0].order_id, found[0].part, found[0].field, found[0].recorded) == (
        open_order, "state", "orders.title", "x",
    )  # fmt: skip
    assert any(record.levelname == "ERROR" and open_order in record.getMessage() for record in caplog.records)
    forge(database, open_order, "no signal")


POISONS = {
    "commands.claimed_at": "UPDATE commands SET claimed_at = (claimed_at::text || ' BC')::timestamptz",
    "events.at": "UPDATE events SET at = (at::text || ' BC')::timestamptz",
    "orders.updated_at": "UPDATE orders SET updated_at = 'infinity'",
}


@pytest.mark.parametrize("what", POISONS)
async def test_an_order_that_cannot_be_read_stops_no_other(
    made: Made, orders: list[str], replaying: Replaying, database: Database, what: str
) -> None:
    with made() as session:
        poisoned: str = session.execute(sa.text("SELECT min(order_id) FROM orders WHERE NOT over")).scalar_one()
    table = what.split(".")[0]
    with owner(database) as connection:
        connection.execute(sa.text(f"CREATE TABLE sound AS SELECT * FROM {table} WHERE order_id = '{poisoned}'"))
        connection.execute(sa.text(f"{POISONS[what]} WHERE order_id = '{poisoned}'"))
    try:
        report = await replaying.nightly()
        assert report is not None
        with made() as session:
            found = replays.findings(session, report.id)
        assert (report.stage, {one.order_id for one in found}) == (DONE, {poisoned})
        assert report.orders > 1
        named = await replaying.check([poisoned, orders[0]])
        assert {one.order_id for one in named.findings} == {poisoned}
        assert named.orders == 2
    finally:
        column = what.split(".")[1]
        key = {"commands": "key", "events": "seq", "orders": "order_id"}[table]
        with owner(database) as connection:
            connection.execute(
                sa.text(
                    f"UPDATE {table} SET {column} = sound.{column} FROM sound"
                    f" WHERE {table}.order_id = '{poisoned}' AND {table}.{key} = sound.{key}"
                )
            )
            connection.execute(sa.text("DROP TABLE sound"))


async def test_one_that_was_killed_goes_on_where_it_was_and_finds_nothing_twice(
    made: Made, orders: list[str], replaying: Replaying, database: Database
) -> None:
    forged = [orders[1], orders[-1]]
    for order_id in forged:
        forge(database, order_id)
    with made.begin() as session:
        report = replays.begin(session, NIGHTLY, None)
    portion = await replaying._rules_portion(report)
    assert portion is not None
    assert portion.orders < len(orders)
    with made.begin() as session:
        half = replays.advance(session, report, portion)
    whole = await replaying.nightly()
    assert whole is not None
    assert (whole.id, whole.orders, whole.findings) == (report.id, len(orders), 2)
    assert half.orders == portion.orders
    with made() as session:
        assert {one.order_id for one in replays.findings(session, whole.id)} == set(forged)
    for order_id in forged:
        forge(database, order_id, "no signal")


async def test_of_several_processes_one_works(made: Made, replaying: Replaying) -> None:
    with made() as session:
        assert replays.lock(session)
        assert await replaying.nightly() is None
        session.execute(sa.text("SELECT pg_advisory_unlock_all()"))


async def test_the_process_makes_the_report_and_ends(made: Made, orders: list[str], settings: Settings) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "audit.nightly", cwd=PROJECT, env={**os.environ, **settings.environment()}
    )
    async with asyncio.timeout(60):
        assert await program.wait() == 0
    with made() as session:
        (last,) = replays.newest(session, 1, NIGHTLY, ended=True)
    assert (last.stage, last.findings) == (DONE, 0)
    assert last.age < 60


async def test_named_orders_are_replayed_at_once(orders: list[str], replaying: Replaying) -> None:
    found = await replaying.check([orders[0], "WH20260302-NOBODYS"])
    assert (found.orders, found.findings, found.unknown) == (2, (), ("WH20260302-NOBODYS",))
    assert sorted(replaying.every()) == sorted(orders)
    assert set(replaying.every(datetime.now(UTC))) < set(orders)


@pytest.mark.parametrize(
    ("now", "hour"),
    [
        ("2026-03-02T18:29:00+00:00", "2026-03-01T18:30:00+00:00"),
        ("2026-03-02T18:30:00+00:00", "2026-03-02T18:30:00+00:00"),
        ("2026-03-03T02:00:00+00:00", "2026-03-02T18:30:00+00:00"),
    ],
)
def test_the_hour_is_beijings(now: str, hour: str) -> None:
    assert last_hour("02:30", datetime.fromisoformat(now)) == datetime.fromisoformat(hour)


def test_a_report_begins_with_the_rules(made: Made) -> None:
    with made() as session:
        report = replays.begin(session, "asked", None)
        assert (report.stage, report.after, report.ended_at) == (RULES, "", None)
        found = replays.find(session, report.id)
        assert found is not None
        assert (found.id, found.until) == (report.id, report.until)
        assert replays.find(session, report.id + 1) is None
