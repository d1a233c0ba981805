"""The chain: what is recorded verifies, by a definition spelt out here once more, and nothing passes unseen."""

from __future__ import annotations

import contextlib
import copy
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from audit import proof as proofs
from audit.proof import Fault, Found, Proof, faults
from contracts.messages import EventRow, encode
from domain import commands as c
from domain.model import Actor, Role
from notary import sequencer
from runtime.postgres import OWNER, EmbeddedPostgres
from store import chain, ledger, migrate, projection
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit import vectors
from tests.audit.lives import random_life
from tests.conftest import Database, _create
from tests.store.stories import eventful, rows

Made = sessionmaker[Session]


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[Made]:
    engine = make_engine(database.app_url, 2, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


@contextlib.contextmanager
def owner(database: Database) -> Iterator[sa.Connection]:
    """The database in the hands of its owner, whom no trigger keeps from anything."""
    engine = sa.create_engine(database.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE events DISABLE TRIGGER keep_events"))
        yield connection
        connection.execute(sa.text("ALTER TABLE events ENABLE TRIGGER keep_events"))


def proven(made: Made, order_id: str) -> Proof:
    with made() as session:
        found = proofs.proof(session, order_id)
    assert found is not None
    return msgspec.json.decode(encode(found), type=Proof)  # as it travels


def recorded(made: Made, seed: int, luck: Random | None = None) -> tuple[str, int]:
    """A random life in the ledger, in batches; its number and how many events it has."""
    life = random_life(seed)
    left, order_id, luck = list(life.rows), life.at.id, luck or Random(seed)
    while left:
        size = luck.randint(1, 5)
        with made.begin() as session:
            ledger.record(session, order_id, left[:size])
        left = left[size:]
    return order_id, len(life.rows)


def test_a_hash_is_what_the_definition_says() -> None:
    row = EventRow(
        order_id="WH20260302-1",
        seq=2,
        type="NoteAdded",
        at=datetime(2026, 3, 2, 1, 2, 3, 450, tzinfo=UTC),
        actor=Actor("gd-net-1", Role.UNIT_MEMBER, "GD.net"),
        policy_version="v1",
        data=msgspec.Raw('{"z": 1.50, "a": "\\u00e9\\u2028\\"\\t🐇", "n": 1e21, "m": 1e-7, "i": 10.0}'.encode()),
        reason="",
        command_id="k",
    )
    written = (
        '{"acting_for":"","actor_id":"gd-net-1","at":"2026-03-02T01:02:03.000450Z","clocks":[],"command_id":"k",'
        '"data":{"a":"é\u2028\\"\\t🐇","i":10,"m":1e-7,"n":1e+21,"z":1.5},"order_id":"WH20260302-1",'
        '"policy_version":"v1","previous":"aa","reason":"","role":"unit_member","seq":2,"type":"NoteAdded",'
        '"unit":"GD.net"}'
    )
    assert chain.hashes((row,), "aa") == [hashlib.sha256(written.encode()).hexdigest()]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_recorded_verifies(made: Made, seed: int) -> None:
    order_id, count = recorded(made, seed)
    found = proven(made, order_id)
    assert faults(found) == []
    assert [one.event["seq"] for one in found.events] == list(range(1, count + 1))
    assert found.head.seq == count


def test_one_batch_or_many_make_the_same_chain(made: Made) -> None:
    life = random_life(99)
    with made.begin() as session:
        for row in life.rows:
            ledger.record(session, life.at.id, (row,))
        head = proofs.proof(session, life.at.id)
    assert head is not None
    assert [one.hash for one in head.events] == chain.hashes(life.rows, "")


def test_numbers_as_the_database_writes_them_do_not_matter(made: Made, database: Database) -> None:
    """`worked` and `paused` are fractions; the database may keep 1.0, 1.00 or 1e0 of them."""
    order_id, _ = recorded(made, 5)
    with owner(database) as connection:
        changed = connection.execute(
            sa.text(
                "UPDATE events SET data = (data || '{\"x\": 1.0}')::jsonb WHERE order_id = :id AND seq = 1"
                " RETURNING data::text"
            ),
            {"id": order_id},
        ).scalar_one()
    assert '"x": 1.0' in changed
    assert faults(proven(made, order_id)) != []
    link = proven(made, order_id).events[0].event
    assert chain.digest({**link, "data": {**link["data"], "x": 1}}) == chain.digest(link)


CLEAN = eventful()
"""One long life of which copies are tampered with."""


def clean() -> dict[str, Any]:
    """Its proof as JSON, made without a database."""
    made = rows(CLEAN)
    hashes = chain.hashes(made, "")
    events = [
        {"event": chain.link(row, previous), "hash": own}
        for row, previous, own in zip(made, ("", *hashes), hashes, strict=False)
    ]
    head = {"seq": len(made), "hash": hashes[-1]}
    return {"order_id": CLEAN.at.id, "form": chain.FORM, "events": events, "head": head}


def _leaves(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, (*at, name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _leaves(value, (*at, place))
    else:
        yield at


def _bent(value: Any, luck: Random) -> Any:
    """The same with the least of changes."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + luck.choice([1, -1, 0.001])
    if isinstance(value, str) and value:
        place = luck.randrange(len(value))
        return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
    return luck.choice([" ", 0, "x"])


def _change(proof: dict[str, Any], luck: Random) -> None:
    at = luck.choice(list(_leaves({"events": proof["events"], "head": proof["head"]})))
    node: Any = proof
    for step in at[:-1]:
        node = node[step]
    node[at[-1]] = _bent(node[at[-1]], luck)


def _remove(proof: dict[str, Any], luck: Random) -> None:
    proof["events"].pop(luck.randrange(len(proof["events"])))


def _swap(proof: dict[str, Any], luck: Random) -> None:
    a, b = luck.sample(range(len(proof["events"])), 2)
    proof["events"][a], proof["events"][b] = proof["events"][b], proof["events"][a]


def _insert(proof: dict[str, Any], luck: Random) -> None:
    """A forged event with a right hash of its own, squeezed in."""
    place = luck.randrange(len(proof["events"]) + 1)
    before = proof["events"][place - 1] if place else None
    event = {**luck.choice(proof["events"])["event"], "seq": place + 1, "previous": before["hash"] if before else ""}
    proof["events"].insert(place, {"event": event, "hash": chain.digest(event)})


def _truncate(proof: dict[str, Any], luck: Random) -> None:
    del proof["events"][luck.randrange(len(proof["events"])) :]


def _rehash(proof: dict[str, Any], luck: Random) -> None:
    """A changed event with its hash made anew, as far as one dares without touching what follows."""
    sealed = luck.choice(proof["events"][:-1])
    sealed["event"]["reason"] += "x"
    sealed["hash"] = chain.digest(sealed["event"])


def _drop_field(proof: dict[str, Any], luck: Random) -> None:
    sealed = luck.choice(proof["events"])
    del sealed["event"][luck.choice(chain.FIELDS)]


def _add_field(proof: dict[str, Any], luck: Random) -> None:
    luck.choice(proof["events"])["event"]["note"] = ""


WAYS = (_change, _remove, _swap, _insert, _truncate, _rehash, _drop_field, _add_field)


def test_nothing_is_said_against_what_is_whole() -> None:
    assert faults(msgspec.convert(clean(), Proof)) == []


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_touched_is_found(way: Callable[[dict[str, Any], Random], None], seed: int) -> None:
    proof, luck = copy.deepcopy(_CLEAN), Random(seed)
    way(proof, luck)
    assert faults(msgspec.convert(proof, Proof)), way.__name__


_CLEAN = clean()


def test_a_proof_without_a_single_hash_is_not_whole() -> None:
    proof = copy.deepcopy(_CLEAN)
    for place, sealed in enumerate(proof["events"], start=1):
        sealed["event"] = {"order_id": proof["order_id"], "seq": place, "type": "OrderClosed", "previous": ""}
        sealed["hash"] = ""
    proof["events"][0]["event"] = {**_CLEAN["events"][0]["event"], "data": {"n": 2**60}}  # no canonical form, no hash
    proof["head"]["hash"] = ""
    found = faults(msgspec.convert(proof, Proof))
    assert [(one.seq, one.fault) for one in found] == [
        (place, Fault.CHANGED) for place in range(1, len(proof["events"]) + 1)
    ]


def test_a_proof_of_another_form_is_not_whole() -> None:
    other = msgspec.convert({**_CLEAN, "form": "whistle-events-0"}, Proof)
    assert faults(other) == [Found(other.head.seq, Fault.UNKNOWN)]


BY_OWNER: dict[str, tuple[str, set[Fault]]] = {
    "a word": (
        "UPDATE events SET data = jsonb_set(data, '{title}', '\"other\"') WHERE order_id = :id AND seq = 1",
        {Fault.CHANGED},
    ),
    "a time": (
        "UPDATE events SET at = at + interval '1 microsecond' WHERE order_id = :id AND seq = 2",
        {Fault.CHANGED},
    ),
    "who": ("UPDATE events SET actor_id = 'gd-net-2' WHERE order_id = :id AND seq = 2", {Fault.CHANGED}),
    "for whom": ("UPDATE events SET acting_for = 'x' WHERE order_id = :id AND seq = 2", {Fault.CHANGED}),
    "a limit": (
        (
            "UPDATE events SET clocks = jsonb_set(clocks, '{0,clock,due_at}', '\"2030-01-01T00:00:00Z\"')"
            " WHERE order_id = :id AND seq = 1"
        ),
        {Fault.CHANGED},
    ),
    "the hash too": ("UPDATE events SET hash = repeat('0', 64) WHERE order_id = :id AND seq = 3", {Fault.CHANGED}),
    "a row out of the middle": (
        "DELETE FROM events WHERE order_id = :id AND seq = 3",
        {Fault.CHANGED, Fault.MISPLACED, Fault.UNHEADED},
    ),
    "the tail": (
        "DELETE FROM events WHERE order_id = :id AND seq = (SELECT last_seq FROM orders WHERE order_id = :id)",
        {Fault.UNHEADED},
    ),
    "all of it": ("DELETE FROM events WHERE order_id = :id", {Fault.UNHEADED}),
    "two rows swapped": (
        (
            "UPDATE events SET seq = -seq WHERE order_id = :id AND seq IN (2, 3);"
            "UPDATE events SET seq = 5 + seq WHERE order_id = :id AND seq < 0"
        ),
        {Fault.CHANGED},
    ),
    "the head": ("UPDATE orders SET chain = repeat('a', 64) WHERE order_id = :id", {Fault.UNHEADED}),
}


@pytest.mark.parametrize("what", BY_OWNER)
def test_what_the_owner_of_the_database_changes_is_found(made: Made, database: Database, what: str) -> None:
    order_id, _ = recorded(made, 7)
    statement, kinds = BY_OWNER[what]
    with owner(database) as connection:
        for part in statement.split(";"):
            assert connection.execute(sa.text(part), {"id": order_id}).rowcount > 0
    found = faults(proven(made, order_id))
    assert {one.fault for one in found} == kinds
    assert all(isinstance(one, Found) and one.seq >= 0 for one in found)


def test_an_order_that_nobody_has_has_no_proof(made: Made) -> None:
    with made() as session:
        assert proofs.proof(session, "WH20260302-NOBODYS") is None


def test_a_ledger_from_before_the_chain_is_chained(postgres: EmbeddedPostgres, database: Database) -> None:
    """The database of the release before, with more orders than fit into one batch, goes on as if always chained."""
    name = f"{database.name}_old"
    _create(postgres, name, "template0")
    old = Database(name, postgres.url(OWNER, name), postgres.url("whistle_app", name))
    engine = sa.create_engine(old.owner_url, poolclass=NullPool)
    lives = [random_life(seed, steps=3) for seed in range(chain._BATCH + 3)]
    try:
        with engine.begin() as connection:
            config = migrate.configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "0003")
            columns = {
                table: [row[0] for row in connection.execute(_COLUMNS, {"name": table})]
                for table in ("events", "orders")
            }
            events = [projection.event(row) for life in lives for row in life.rows]
            heads = [{**projection.head(life.at, life.events), "region": "R.south"} for life in lives]
            heads = [
                {**head, "unit_seq": head["unit_seq"] or 0, "unit_at": head["unit_at"] or head["updated_at"]}
                for head in heads
            ]
            for table, given in (("events", events), ("orders", heads)):
                names = ", ".join(f'"{column}"' for column in columns[table] if column in given[0])
                connection.execute(
                    sa.text(
                        f"INSERT INTO {table} ({names}) SELECT {names}"
                        f" FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json))"
                    ),
                    {"rows": encode(given).decode()},
                )
        migrate.upgrade(old.owner_url)
        with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="append-only"):
            connection.execute(sa.text("UPDATE events SET reason = 'x'"))
        app = make_engine(old.owner_url, 1, sight=EVERYWHERE)
        with sessions(app).begin() as session:
            queued = session.execute(sa.text("SELECT order_id, seq FROM unsequenced ORDER BY id")).all()
            assert sorted(map(tuple, queued)) == sorted((row.order_id, row.seq) for life in lives for row in life.rows)
            assert sequencer.sequence(session, len(queued)) == len(queued)
            places = session.execute(sa.text("SELECT order_id, seq, position FROM leaves ORDER BY order_id, seq")).all()
            assert all(one[2] < other[2] for one, other in pairwise(places) if one[0] == other[0])
            for life in lives:
                found = proofs.proof(session, life.at.id)
                assert found is not None
                assert faults(found) == []
                assert [one.hash for one in found.events] == chain.hashes(life.rows, "")
            one = lives[0]
            one.now += timedelta(minutes=1)
            one.do("net", c.Note("goes on"))
            ledger.record(session, one.at.id, one.rows)
            goes_on = proofs.proof(session, one.at.id)
            assert goes_on is not None
            assert faults(goes_on) == []
        app.dispose()
    finally:
        engine.dispose()
        with contextlib.closing(postgres.connect()) as connection_, connection_.cursor() as cursor:
            cursor.execute(f'drop database if exists "{name}" with (force)')


_COLUMNS = sa.text("SELECT column_name FROM information_schema.columns WHERE table_name = :name")


def test_the_vectors_that_other_verifiers_are_tested_by_are_those_of_this_definition() -> None:
    assert vectors.PLACE.read_text() == vectors.text()
    assert faults(msgspec.convert(vectors.proof(), Proof)) == []
