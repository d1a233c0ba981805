"""The sequencer: every event has its one place, whoever is killed at it and however many work; what is signed holds."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from psycopg2 import errors
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from notary import sequencer, tree
from notary.keys import LogKeys
from notary.note import Checkpoint, Kind, Note, Signer
from notary.sequencer import LogFault
from store import ledger, log
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lives import random_life
from tests.conftest import Database
from tests.store.stories import number

Made = sessionmaker[Session]
SIGNER = Signer("test.invalid/log", Kind.LOG, bytes(range(32)))
KEYS = LogKeys(SIGNER.name, (SIGNER,), (SIGNER.verifier,))
_SEEDS = itertools.count(1)


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[Made]:
    engine = make_engine(database.app_url, 4, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


@pytest.fixture
def owner(database: Database) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database.owner_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def recorded(made: Made, luck: Random, batches: int | None = None) -> int:
    """A random life in the ledger, or its beginning; how many events."""
    life = random_life(next(_SEEDS), steps=8)
    left, count = list(life.rows), 0
    while left and (batches is None or batches > 0):
        size = luck.randint(1, 4)
        with made.begin() as session:
            ledger.record(session, life.at.id, left[:size])
        count, left = count + len(left[:size]), left[size:]
        batches = None if batches is None else batches - 1
    return count


def drained(made: Made, most: int = 50) -> None:
    """Everything that waits has its place."""
    while True:
        with made.begin() as session:
            if not sequencer.sequence(session, most):
                return


def signed(made: Made) -> log.Signed | None:
    with made.begin() as session:
        return sequencer.sign(session, KEYS, every=0.0)


def demand_whole(owner: sa.Engine) -> int:
    """The log has every event once, without gaps; its tiles and checkpoints are those of its leaves; its size."""
    with owner.connect() as connection:
        events = connection.execute(sa.text("SELECT order_id, seq, hash FROM events ORDER BY 1, 2")).all()
        leaves = connection.execute(sa.text("SELECT position, order_id, seq, hash FROM leaves ORDER BY 1")).all()
        tiles = connection.execute(sa.text("SELECT level, index, hashes FROM tiles")).all()
        checkpoints = connection.execute(sa.text("SELECT size, root, note FROM checkpoints ORDER BY 1")).all()
        assert connection.scalar(sa.text("SELECT count(*) FROM unsequenced")) == 0
    assert [leaf.position for leaf in leaves] == list(range(len(leaves)))
    assert sorted((leaf.order_id, leaf.seq, leaf.hash) for leaf in leaves) == sorted(map(tuple, events))
    seen: dict[str, int] = {}
    for leaf in leaves:
        assert leaf.seq == seen.get(leaf.order_id, 0) + 1
        seen[leaf.order_id] = leaf.seq
    hashes = [tree.leaf_hash(bytes.fromhex(leaf.hash)) for leaf in leaves]
    kept = {(level, index): bytes(hashes) for level, index, hashes in tiles}
    fresh = tree.extended(lambda level, index: kept[level, index], 0, hashes)
    assert kept == {(tile.level, tile.index): tile.hashes for tile in fresh}
    edge = tree.Frontier()
    for checkpoint in checkpoints:
        while edge.size < checkpoint.size:
            edge.append(hashes[edge.size])
        assert edge.root().hex() == checkpoint.root
        note = Note.parse(checkpoint.note)
        assert len(note.verify([SIGNER.verifier])) == 1
        assert Checkpoint.parse(note.text) == Checkpoint(SIGNER.name, checkpoint.size, edge.root())
    return len(leaves)


def test_what_is_recorded_gets_its_place_and_is_signed(made: Made, owner: sa.Engine) -> None:
    count = sum(recorded(made, Random(seed)) for seed in range(30))
    drained(made)
    newest = signed(made)
    assert newest is not None
    assert demand_whole(owner) == newest.size >= count
    assert newest.size > tree.WIDTH, "more than one tile"
    with made() as session:
        assert log.lag(session) == log.Lag(0.0, 0.0)
    assert signed(made) is None, "nothing new"


def test_what_is_recorded_together_waits_together(made: Made) -> None:
    """An event that is rolled back waits for nothing."""
    life = random_life(next(_SEEDS))
    with made() as session:
        ledger.record(session, life.at.id, life.rows)
        session.rollback()
    drained(made)
    with made.begin() as session:
        assert log.leaf(session, life.at.id, 1) is None
        ledger.record(session, life.at.id, life.rows)
    with made() as session:
        assert log.leaf(session, life.at.id, 1) is None
        assert log.lag(session).waiting > 0
    drained(made)
    with made() as session:
        assert log.leaf(session, life.at.id, 1) is not None
        assert log.lag(session).waiting == 0.0
        assert log.lag(session).unsigned > 0
    assert signed(made) is not None


def test_a_row_that_is_committed_after_a_later_one_is_not_lost(made: Made, owner: sa.Engine) -> None:
    """Its id is lower than those that are taken from the queue meanwhile."""
    slow, quick = random_life(next(_SEEDS)), random_life(next(_SEEDS))
    with made() as session:
        ledger.record(session, slow.at.id, slow.rows)
        with made.begin() as other:
            ledger.record(other, quick.at.id, quick.rows)
        drained(made)
        session.commit()
    drained(made)
    demand_whole(owner)


def test_one_works_while_another_holds_the_lock(made: Made) -> None:
    recorded(made, Random(1), batches=1)
    with made.begin() as first:
        assert sequencer.sequence(first, 1) == 1
        with made.begin() as second:
            assert sequencer.sequence(second, 1) == 0
            assert sequencer.sign(second, KEYS, every=0.0) is None


def test_a_checkpoint_waits_for_its_time(made: Made) -> None:
    recorded(made, Random(2))
    drained(made)
    assert signed(made) is not None
    recorded(made, Random(3))
    drained(made)
    with made.begin() as session:
        assert sequencer.sign(session, KEYS, every=3600.0) is None
        assert sequencer.sign(session, KEYS, every=0.0) is not None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE leaves SET hash = '' WHERE position = 0",
        "DELETE FROM leaves",
        "TRUNCATE leaves",
        "UPDATE checkpoints SET root = ''",
        "DELETE FROM checkpoints",
        "DELETE FROM cosignatures",
        "DELETE FROM tiles",
        "UPDATE tiles SET hashes = substring(hashes FROM 1 FOR 32)",
        "UPDATE tiles SET hashes = '\\x00' || hashes",
        "UPDATE tiles SET index = index + 1",
    ],
)
def test_nobody_takes_back_what_the_log_has(made: Made, owner: sa.Engine, change: str) -> None:
    recorded(made, Random(4), batches=1)
    drained(made)
    signed(made)
    with owner.begin() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(sa.text(change))
    with made.begin() as session, pytest.raises(DBAPIError) as refused:
        session.execute(sa.text(change))
    assert isinstance(refused.value.orig, errors.InsufficientPrivilege | errors.RestrictViolation)


def test_a_queue_that_lies_adds_nothing(made: Made, owner: sa.Engine) -> None:
    """Events that have their places, and such as never were."""
    recorded(made, Random(5), batches=2)
    drained(made)
    with made.begin() as session:
        session.execute(
            sa.text(
                "INSERT INTO unsequenced (order_id, seq) SELECT order_id, seq FROM leaves LIMIT 3;"
                "INSERT INTO unsequenced (order_id, seq) VALUES (:one, 1), (:one, 1)"
            ),
            {"one": number()},
        )
    before = demand_size(made)
    with made.begin() as session:
        assert sequencer.sequence(session) == 5
    assert demand_size(made) == before
    demand_whole(owner)


def demand_size(made: Made) -> int:
    with made() as session:
        return log.size(session)


def sequenced_and_signed(session: Session) -> None:
    sequencer.sequence(session)
    sequencer.sign(session, KEYS, every=0.0)


BY_FORCE = {
    "DELETE FROM leaves WHERE position = (SELECT max(position) FROM leaves)": "hashes",
    "UPDATE leaves SET hash = repeat('ab', 32) WHERE position > 5": "does not end with",
    "UPDATE tiles SET hashes = substring(hashes FROM 33) WHERE level = 0": "hashes",
    "UPDATE tiles SET hashes = '\\x00' || substring(hashes FROM 2) WHERE level = 0": "another root",
    "UPDATE checkpoints SET root = repeat('ab', 32)": "another root",
    "INSERT INTO checkpoints (size, root, note) VALUES (1000000, '', '')": "were signed",
}


@pytest.mark.parametrize("change", BY_FORCE)
def test_nothing_is_signed_over_a_log_that_was_changed(made: Made, owner: sa.Engine, change: str) -> None:
    """By whoever may take the triggers away; it stays as it is, for a person to see."""
    recorded(made, Random(6))
    drained(made)
    signed(made)
    recorded(made, Random(7))
    with owner.connect() as connection:
        for table in ("leaves", "tiles", "checkpoints"):
            connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(sa.text(change))
        with Session(connection) as session, pytest.raises(LogFault, match=BY_FORCE[change]):
            sequenced_and_signed(session)
        connection.rollback()
    drained(made)
    assert signed(made) is not None


def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubled(
    made: Made, owner: sa.Engine, database: Database
) -> None:
    """Three workers at once, one of them killed every few milliseconds, while others record."""
    stop, counts = threading.Event(), [0, 0]

    def write(place: int) -> None:
        luck = Random(place)
        while not stop.is_set():
            counts[place] += recorded(made, luck)
            time.sleep(0.02)

    before = demand_size(made)
    writers = [threading.Thread(target=write, args=(place,)) for place in range(len(counts))]
    given = [database.app_url, SIGNER.seed.hex(), SIGNER.name, "70", "3", "11"]
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.notary.nursery", *given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with nursery:
        assert nursery.stdout is not None
        assert nursery.stdout.readline() == "born\n"
        for writer in writers:
            writer.start()
        said = nursery.stdout.readline()
        stop.set()
        for writer in writers:
            writer.join()
        assert said == "killed\n"
        until = time.monotonic() + 60
        while demand_size(made) < before + sum(counts) and time.monotonic() < until:
            time.sleep(0.05)
        rest, _ = nursery.communicate("", timeout=60)
        assert rest == ""
    assert nursery.returncode == 0
    assert sum(counts) > 50
    assert demand_whole(owner) >= before + sum(counts)
