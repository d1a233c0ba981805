"""Work that one at a time does: the numbers, and that another waits or is sent away."""

from __future__ import annotations

import sqlalchemy as sa

from store import locks
from store.locks import Lock
from tests.conftest import Database


def test_the_numbers_stay() -> None:
    """A version that runs beside this one during an upgrade must meet the same locks."""
    assert {one.name: f"{one.value:X}" for one in Lock} == {
        "MIGRATING": "57484953",
        "NOTARY": "4C4F47",
        "HISTORIAN": "48495354",
        "NIGHTLY_REPLAY": "57484E52",
        "LAB": "4C414230",
        "SHADOW_BEGINS": "4C414233",
    }


def test_one_has_it_until_his_transaction_ends_or_his_connection(database: Database) -> None:
    engine = sa.create_engine(database.app_url, poolclass=sa.NullPool)
    with engine.connect() as one, engine.connect() as another:
        assert locks.take(one, Lock.NOTARY)
        assert not locks.take(another, Lock.NOTARY)
        assert locks.take(another, Lock.HISTORIAN)
        one.rollback()
        assert locks.take(another, Lock.NOTARY)
        another.rollback()
        assert locks.keep(one, Lock.LAB)
        one.rollback()
        assert not locks.keep(another, Lock.LAB)
        locks.wait(another, Lock.SHADOW_BEGINS)
        assert not locks.take(one, Lock.SHADOW_BEGINS)
