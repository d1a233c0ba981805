"""The past that time travel reads is compared with the events: whoever changes it is found."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from audit.replay import Replay, engine_for
from notary import sequencer
from store import ledger, policies
from store.historian import Historian
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lives import random_life_of
from tests.audit.replays import Told, eventful, keep
from tests.audit.test_chain import owner
from tests.conftest import Database
from tests.domain.lives import document

Made = sessionmaker[Session]


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[Made]:
    engine = make_engine(database.app_url, 2, sight=EVERYWHERE)
    maker = sessions(engine)
    with maker.begin() as session:
        policies.publish(session, document()["version"], document())
    yield maker
    engine.dispose()


@pytest.fixture(scope="module")
def orders(made: Made) -> list[str]:
    """Orders with rows in every table of the past; of the last the historian has followed the first events alone."""
    late = random_life_of(Told, 3, steps=6)
    with made.begin() as session:
        found = [
            keep(session, life, Random(7))
            for life in (eventful(), *(random_life_of(Told, seed, steps=12) for seed in range(20, 32)))
        ]
        ledger.record(session, late.at.id, late.rows[:2])
    with made.begin() as session:
        while sequencer.sequence(session):
            pass
    scribe = Historian(batch=7, remembered=3)
    while True:
        with made.begin() as session:
            if not scribe.step(session):
                break
    with made.begin() as session:
        ledger.record(session, late.at.id, late.rows[2:])
        while sequencer.sequence(session):
            pass
    return [*found, late.at.id]


@pytest.fixture(scope="module")
def replay(database: Database) -> Iterator[Replay]:
    engine = engine_for(database.app_url)
    yield Replay(engine)
    engine.dispose()


def of_the_past(replay: Replay, orders: list[str]) -> list[tuple[str, str]]:
    return [
        (one.order_id, one.field)
        for order in replay.orders(orders)
        for one in order.findings
        if one.field.partition("[")[0].endswith("_spans")
    ]


def test_what_the_historian_wrote_is_what_the_events_give(replay: Replay, orders: list[str]) -> None:
    assert of_the_past(replay, orders) == []


FORGED = {
    "order_spans": ("level", "level + 1"),
    "assignment_spans": ("unit", "'GD.bill2'"),
    "attendance_spans": ("absent", "NOT absent"),
    "deadline_spans": ("breached_at", "coalesce(breached_at, now()) - interval '1 day'"),
    "callback_spans": ("satisfaction", "'delighted'"),
}
SPANS = {
    **{f"{table}.{column}": f"UPDATE {table} SET {column} = {value}" for table, (column, value) in FORGED.items()},
    **{f"{table}.happened": f"UPDATE {table} SET happened = '[2020-01-01,2020-01-02)'" for table in FORGED},
    **{f"{table}.known": f"UPDATE {table} SET known = '(,)'" for table in FORGED},
    **{f"{table}, taken out": f"DELETE FROM {table}" for table in FORGED},
    **{f"{table}, moved": f"UPDATE {table} SET seq = seq + 1000" for table in FORGED},
}
"""What is done to a row of the past; changing one takes no more than the application's own role."""


@pytest.mark.parametrize("what", SPANS)
def test_a_past_that_was_changed_is_found(database: Database, replay: Replay, orders: list[str], what: str) -> None:
    table = what.replace(",", ".").split(".")[0]
    place = sa.text(f"SELECT order_id, ctid::text AS place FROM {table} WHERE NOT isempty(happened) LIMIT 1")
    again = sa.text(f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))")
    with owner(database) as connection:
        row = connection.execute(place).one()
        named = {"id": row.order_id}
        sound = connection.scalars(
            sa.text(f"SELECT to_jsonb(t)::text FROM {table} t WHERE order_id = :id"), named
        ).all()
        forge = sa.text(f"{SPANS[what]} WHERE ctid = CAST(:place AS tid)")
        assert connection.execute(forge, {"place": row.place}).rowcount == 1
    found = of_the_past(replay, orders)
    with owner(database) as connection:
        connection.execute(sa.text(f"DELETE FROM {table} WHERE order_id = :id"), named)
        connection.execute(again, [{"row": one} for one in sound])
    assert found
    assert all(order_id == row.order_id and field.startswith(f"{table}[") for order_id, field in found)
    if "." in what:
        assert [field.rpartition(".")[2] for _, field in found] == [what.partition(".")[2]]
