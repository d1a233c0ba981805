"""An order as of any instant is what it was when that instant was the present."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy.orm import Session, sessionmaker

from audit import timeline
from domain.evolve import evolve
from store import ledger
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lives import random_life
from tests.conftest import Database

SEEDS = st.integers(0, 2**32)
Made = sessionmaker[Session]


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_after_each_event_it_is_what_it_was_then(seed: int) -> None:
    life = random_life(seed)
    rows = life.rows
    for place, (row, state) in enumerate(zip(rows, life.states, strict=True)):
        found = timeline.moment(rows, seq=row.seq)
        assert found is not None
        assert found.order == state
        assert (found.seq, found.at, found.type) == (row.seq, row.at, row.type)
        assert found.until == (rows[place + 1].at if place + 1 < len(rows) else None)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, where=st.floats(-0.2, 1.2))
def test_at_an_instant_it_is_what_the_prefix_makes(seed: int, where: float) -> None:
    life = random_life(seed)
    rows = life.rows
    asked = rows[0].at + where * (rows[-1].at - rows[0].at)
    count = next((place for place, row in enumerate(rows) if row.at > asked), len(rows))
    found = timeline.moment(rows, at=asked)
    if count == 0:
        assert found is None
        return
    order = None
    for event in life.events[:count]:
        order = evolve(order, event)
    assert found is not None
    assert found.order == order
    assert found.seq == count


def test_what_was_recorded_later_was_not_known_then_whatever_time_it_names() -> None:
    rows = random_life(1).rows
    cut = next(place for place, row in enumerate(rows) if row.at > rows[0].at)
    early = tuple(structs.replace(row, at=rows[0].at - timedelta(days=1)) for row in rows[cut + 1 :])
    found = timeline.moment((*rows[: cut + 1], *early), at=rows[0].at)
    assert found is not None
    assert found.seq == cut


@pytest.mark.parametrize("seed", range(3))
def test_from_the_ledger_it_is_the_same(database: Database, seed: int) -> None:
    life = random_life(seed)
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    made: Made = sessions(engine)
    try:
        with made.begin() as session:
            ledger.record(session, life.at.id, life.rows)
        with made() as session:
            for row, state in zip(life.rows, life.states, strict=True):
                found = timeline.as_of(session, life.at.id, seq=row.seq)
                assert found is not None
                assert found.order == state
            last = timeline.as_of(session, life.at.id)
            assert last is not None
            assert (last.order, last.until) == (life.at, None)
            assert timeline.as_of(session, life.at.id, at=life.rows[0].at - timedelta(seconds=1)) is None
            assert timeline.as_of(session, "WH20260302-NOBODYS") is None
    finally:
        engine.dispose()
