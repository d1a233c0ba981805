"""Whatever is done to the ledger is found, by hand and by whoever has everything; an untouched one raises no alarm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from audit.ledger_books import DatabaseBooks, books
from audit.ledger_check import LISTED, Fault, Held, Report, check
from audit.ledger_times import Times
from bench import tampering
from bench.tampering import OF_EVENTS, OF_THE_LOG, SIGNER, TRUSTED, WITNESS, Rows, Skill
from notary import sequencer, tree
from notary.keys import LogKeys
from notary.note import Checkpoint, Kind, Note, Signer, sign
from runtime.postgres import EmbeddedPostgres
from store import ledger
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lives import random_life
from tests.conftest import Database

KEYS = LogKeys(SIGNER.name, (SIGNER,), (SIGNER.verifier,))


@pytest.fixture(scope="module")
def filled(database: Database) -> Database:
    """A ledger with some orders whose events came by turns, sequenced and signed twice."""
    engine = make_engine(database.app_url, 2, sight=EVERYWHERE)
    made = sessions(engine)
    left = [list(random_life(seed, steps=6).rows)[:8] for seed in range(300, 303)]
    half = sum(map(len, left)) // 2
    while any(left):
        for rows in left:
            if rows:
                with made.begin() as session:
                    ledger.record(session, rows[0].order_id, rows[:2])
                del rows[:2]
        if sum(map(len, left)) <= half:
            half = -1
            _signed(made)
    _signed(made)
    engine.dispose()
    return database


def _signed(made: Any) -> None:
    with made.begin() as session:
        assert sequencer.sequence(session) > 0
    with made.begin() as session:
        assert sequencer.sign(session, KEYS, every=0.0) is not None


@pytest.fixture(scope="module")
def rows(filled: Database) -> Rows:
    """Its rows, read once."""
    with books(filled.owner_url) as found:
        events = [{**row, "age": 3600.0} for row in found.events()]
        heads = {row["order_id"]: (row["last_seq"], row["chain"]) for row in events}
        return Rows(events, heads, list(found.leaves()), list(found.tiles()), list(found.checkpoints()))


@pytest.fixture
def master(filled: Database, postgres: EmbeddedPostgres) -> Iterator[Connection]:
    """The database in the hands of a superuser, whom no trigger keeps from anything; nothing stays done."""
    connection = postgres.connect(database=filled.name)
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    connection.commit()
    yield connection
    connection.rollback()
    connection.close()


def found(connection: Connection, *held: Held) -> Report:
    return check(DatabaseBooks(connection), TRUSTED, held)


def test_ten_thousand_tamperings_are_found(rows: Rows) -> None:
    done, missed = tampering.attempts(rows, 10_000, Random(1))
    assert missed == []
    kinds = {f"{way.__name__}, {skill.name.lower()}" for way in OF_EVENTS for skill in Skill}
    assert set(done) == kinds | {way.__name__ for way in OF_THE_LOG} | {"old dump", "another history"}
    assert sum(done.values()) == 10_000


def test_a_thousand_untouched_ledgers_raise_no_alarm(rows: Rows) -> None:
    order = {(leaf.order_id, leaf.seq): leaf.position for leaf in rows.log}
    recorded = sorted(rows.recorded, key=lambda row: order[row["order_id"], row["seq"]])
    assert tampering.alarms(recorded, 1000, Random(2)) == []


def test_an_untouched_database_raises_no_alarm(rows: Rows, filled: Database) -> None:
    with books(filled.app_url) as mine:  # the application's role sees enough
        report = check(mine, TRUSTED, [tampering.held(rows)])
    assert report.counts == {}
    assert (report.events, report.leaves, report.orders) == (len(rows.recorded), len(rows.log), 3)
    assert (report.checkpoints, report.witnesses) == (2, 1)
    assert report.root == rows.signed[-1].root
    assert tampering.looked_at(rows, tampering.held(rows)) == report


BY_HAND = {
    "UPDATE events SET reason = reason || 'x' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET at = at + interval '1 microsecond' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET at = 'infinity' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET at = '-infinity' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET at = (at::text || ' BC')::timestamptz WHERE {event}": Fault.CHANGED,
    "UPDATE events SET at = at + interval '9000 years' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET data = data || '{{\"x\": 1}}' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET hash = overlay(hash placing 'g' from 7) WHERE {event}": Fault.CHANGED,
    "UPDATE events SET hash = '' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET actor_id = 'nobody' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET clocks = '[{{}}]' WHERE {event}": Fault.CHANGED,
    "UPDATE events SET seq = seq + 500 WHERE {event}": Fault.MISSING,
    "DELETE FROM events WHERE {event}": Fault.ORPHANED,
    "INSERT INTO events SELECT order_id, seq + 500, type, at, actor_id, role, unit, reason, policy_version, command_id,"
    " data, clocks, now() - interval '1 day', acting_for, hash FROM events WHERE {event}": Fault.UNLOGGED,
    "UPDATE orders SET last_seq = last_seq - 1 WHERE {order}": Fault.UNHEADED,
    "UPDATE orders SET chain = '' WHERE {order}": Fault.UNHEADED,
    "DELETE FROM orders WHERE {order}": Fault.UNHEADED,
    "DELETE FROM events WHERE {order}": Fault.UNHEADED,
    "UPDATE leaves SET hash = repeat('ab', 32) WHERE {event}": Fault.RELOGGED,
    "DELETE FROM leaves WHERE {event}": Fault.GAP,
    "UPDATE leaves SET position = position + 1000 WHERE {event}": Fault.GAP,
    "UPDATE leaves SET seq = seq + 500 WHERE {event}": Fault.ORPHANED,
    "UPDATE tiles SET hashes = hashes || hashes": Fault.TILE,
    "DELETE FROM tiles": Fault.TILE,
    "INSERT INTO tiles SELECT 1, 0, hashes FROM tiles": Fault.TILE,
    "UPDATE checkpoints SET root = repeat('ab', 32)": Fault.ROOT,
    "UPDATE checkpoints SET size = size + 100": Fault.ROOT,
    "UPDATE checkpoints SET note = replace(note, 'bench', 'bensh')": Fault.SIGNATURE,
    "INSERT INTO cosignatures SELECT size, '{witness}', '{forged}' FROM checkpoints": Fault.SIGNATURE,
}
"""What a superuser does, and what it is told as at the least."""


NUMBERS = {
    "a whole number as a fraction": ('"hop": 1([,}])', '"hop": 1.0\\1', "data"),
    "a whole number with more digits": ('"hop": 1([,}])', '"hop": 1.00000000000000000001\\1', "data"),
    "a clock's whole number": ('"step": 0([,}])', '"step": 0.0\\1', "clocks"),
    "a fraction with more digits": ('"length": ([0-9]+)[.]0([,}])', '"length": \\1.00000000000000000001\\2', "clocks"),
}
"""What is another number to the database, and the same double: pattern, what takes its place, column."""


@pytest.mark.parametrize("what", NUMBERS)
def test_a_number_that_is_written_otherwise_is_told_though_its_hash_is_the_same(
    rows: Rows, master: Connection, what: str
) -> None:
    pattern, other, column = NUMBERS[what]
    where = f"order_id || '/' || seq = (SELECT max(order_id || '/' || seq) FROM events WHERE {column}::text ~ %s)"
    with master.cursor() as cursor:
        cursor.execute(
            f"UPDATE events SET {column} = regexp_replace({column}::text, %s, %s)::jsonb WHERE {where}",
            (pattern, other, pattern),
        )
        assert cursor.rowcount == 1
    assert found(master, tampering.held(rows)).counts == {Fault.CHANGED: 1}


DATES = {
    "UPDATE events SET recorded_at = recorded_at - interval '20 minutes' WHERE {late}": "recorded_at",
    "UPDATE events SET recorded_at = recorded_at + interval '2 minutes' WHERE {early}": "recorded_at",
    "UPDATE events SET recorded_at = '-infinity' WHERE {late}": "recorded_at",
    "UPDATE checkpoints SET signed_at = signed_at + interval '2 minutes' WHERE size = {size}": "signed_at",
    "UPDATE checkpoints SET signed_at = signed_at - interval '1 day' WHERE size = {size}": "signed_at",
    "UPDATE cosignatures SET at = at - interval '1 day' WHERE size = {size}": "cosignatures.at",
}
"""What says when something was recorded, and is in no hash."""


@pytest.mark.parametrize("change", DATES)
def test_a_time_of_record_that_witnesses_signatures_exclude_is_told(
    rows: Rows, master: Connection, change: str
) -> None:
    """The first checkpoint was cosigned a quarter of an hour ago, the second now, and the events recorded to suit."""
    small, size = (one.size for one in rows.signed)
    place = "(order_id, seq) IN (SELECT order_id, seq FROM leaves WHERE position {})"
    early, late = place.format(f"< {small}"), place.format(f">= {small}")
    now = int(time.time())
    with master.cursor() as cursor:
        cursor.execute(f"UPDATE events SET recorded_at = to_timestamp({now} - 901) WHERE {early}")
        cursor.execute(f"UPDATE events SET recorded_at = to_timestamp({now} - 5) WHERE {late}")
        for one, at in zip(rows.signed, (now - 900, now), strict=True):
            line = WITNESS.sign(Note.parse(one.note).text, at).line
            values = (one.size, WITNESS.name, line, at)
            cursor.execute("INSERT INTO cosignatures VALUES (%s, %s, %s, to_timestamp(%s))", values)
            cursor.execute("UPDATE checkpoints SET signed_at = to_timestamp(%s) WHERE size = %s", (at, one.size))
        assert found(master).good
        cursor.execute(change.format(early=early, late=late, size=size))
        assert cursor.rowcount > 0
    told = found(master)
    assert set(told.counts) == {Fault.MISDATED}
    assert {one.detail for one in told.findings} == {DATES[change]}


def test_what_waited_for_a_notary_that_stood_still_is_not_misdated() -> None:
    """Two hours of events come into the log within ten minutes, one checkpoint after another."""
    times = Times()
    times.add(10, 0.0)
    for minute in range(10):
        times.add(20 + minute, 7200.0 + 60.0 * minute)
    assert times.bounds(5) == (None, 0.0)
    assert times.bounds(10) == (0.0, 7200.0)
    assert all(times.bounds(position)[0] == 0.0 for position in range(20, 29))
    times.add(40, 9000.0)
    assert times.bounds(35) == (7740.0, 9000.0)
    times.add(50, 9600.0)
    assert times.bounds(45) == (9000.0, 9600.0)
    assert times.bounds(50) == (9000.0, None)


@pytest.mark.parametrize("change", BY_HAND)
def test_what_is_changed_by_hand_is_told(rows: Rows, master: Connection, change: str) -> None:
    forged = Signer(WITNESS.name, Kind.WITNESS, WITNESS.seed).sign("another text\n", 1).line.strip()
    for row in Random(change).sample(rows.recorded, 6):
        event = f"order_id = '{row['order_id']}' AND seq = {row['seq']}"
        with master.cursor() as cursor:
            cursor.execute(
                change.format(event=event, order=event.split(" AND ")[0], witness=WITNESS.name, forged=forged + "\n")
            )
            assert cursor.rowcount > 0
        assert found(master, tampering.held(rows)).counts[BY_HAND[change]] > 0
        master.rollback()
    assert found(master, tampering.held(rows)).good


def put(connection: Connection, made: Rows) -> None:
    """Make the database's rows those, whatever it takes."""
    with connection.cursor() as cursor:
        for table in ("events", "leaves", "tiles", "checkpoints"):
            cursor.execute(f"CREATE TEMPORARY TABLE was_{table} AS TABLE {table}")
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("CREATE TEMPORARY TABLE was_orders AS TABLE orders; DELETE FROM orders")
        for row in made.recorded:
            names, values = ", ".join(tampering._OWN), ", ".join(f"%({name})s" for name in tampering._OWN)
            added = f"INSERT INTO events ({names}, recorded_at) SELECT {values}, now() - interval '1 day'"
            cursor.execute(added, row)
        for order_id, (seq, chain) in made.heads.items():
            cursor.execute(
                "INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object("
                "'order_id', %s::text, 'last_seq', %s::int, 'chain', %s::text))).* FROM was_orders o LIMIT 1",
                (order_id, seq, chain),
            )
        for leaf in made.log:
            cursor.execute("INSERT INTO leaves (position, order_id, seq, hash) VALUES (%s, %s, %s, %s)", leaf)
        for tile in made.kept:
            cursor.execute("INSERT INTO tiles (level, index, hashes) VALUES (%s, %s, %s)", tile)
        for one in made.signed:
            cursor.execute("INSERT INTO checkpoints (size, root, note) VALUES (%s, %s, %s)", one[:3])


def test_what_is_recomputed_in_the_database_itself_is_found(rows: Rows, master: Connection) -> None:
    """The same ways and skills, through tables, triggers off, and read back as any check reads it."""
    known = tampering.held(rows)
    put(master, rows)
    assert found(master, known).good, "what is put there untouched raises no alarm"
    master.rollback()
    for number in range(60):
        way, made = tampering.tampered(rows, Random(number))
        try:
            put(master, made)
        except (psycopg2.IntegrityError, psycopg2.DataError):
            pass  # such rows the database itself does not take
        else:
            report = found(master, known)
            assert not report.good, f"{number}: {way}"
            assert report.counts == tampering.looked_at(made, known).counts, f"{number}: {way}"
        master.rollback()


def test_everything_recomputed_with_the_logs_key_shows_in_what_others_hold_alone(rows: Rows) -> None:
    """Without them the check has nothing to go by, and says how many it asked."""
    forged = rows.copy()
    order_id = tampering.moment(forged, Random(5))
    tampering.follow(forged, order_id, Skill.EVERYTHING, [one.size for one in rows.signed])
    alone = check(forged, TRUSTED)
    assert (alone.good, alone.witnesses) == (True, 0)
    known = tampering.held(rows)
    told = check(forged, TRUSTED, [known])
    assert [(one.fault, one.size, one.detail) for one in told.findings] == [(Fault.SPLIT, len(rows.log), WITNESS.name)]


def test_an_old_dump_is_behind_what_others_hold(rows: Rows) -> None:
    old = tampering.old_dump(rows, Random(1))
    assert check(old, TRUSTED).good
    told = check(old, TRUSTED, [tampering.held(rows)])
    assert [(one.fault, one.size) for one in told.findings] == [(Fault.BEHIND, len(rows.log))]


def test_two_readers_who_were_shown_different_histories_find_out(rows: Rows) -> None:
    """Each keeps the checkpoint that he was shown; one check against either ledger tells."""
    other = tampering.other_history(rows, Random(9))
    assert check(other, TRUSTED).good
    shown = [Held("a reader", max(ledger.signed).note) for ledger in (rows, other)]
    for mine in (rows, other):
        told = check(mine, TRUSTED, shown)
        assert [one.fault for one in told.findings] in ([Fault.SPLIT], [Fault.BEHIND])


BAD_WITNESSES: dict[str, Callable[[Rows], Held]] = {
    "no answer": lambda rows: Held("w", None, WITNESS.verifier, "timed out"),
    "no note": lambda rows: Held("w", "what?", WITNESS.verifier),
    "not cosigned": lambda rows: Held("w", max(rows.signed).note, WITNESS.verifier),
    "another log's": lambda rows: Held("w", _note("other.invalid/log", SIGNER.seed)),
    "another key's": lambda rows: Held("w", _note(SIGNER.name, bytes(32))),
}


def _note(origin: str, seed: bytes) -> str:
    return sign(Checkpoint(origin, 0, tree.EMPTY).text, [Signer(origin, Kind.LOG, seed)]).written


@pytest.mark.parametrize("name", BAD_WITNESSES)
def test_a_witness_that_shows_nothing_is_told(rows: Rows, name: str) -> None:
    report = check(rows, TRUSTED, [BAD_WITNESSES[name](rows)])
    assert [one.fault for one in report.findings] == [Fault.UNASKED]
    assert report.witnesses == 0


def test_what_waits_for_too_long_is_told(rows: Rows) -> None:
    waiting = rows.copy()
    last = waiting.log.pop()
    tampering.retile(waiting)
    tampering.resign(waiting, [3], SIGNER)
    report = check(waiting, TRUSTED)
    assert [(one.fault, one.order_id, one.seq) for one in report.findings] == [
        (Fault.UNLOGGED, last.order_id, last.seq),
        (Fault.UNSIGNED, "", None),
    ]


def test_what_is_found_does_not_fill_the_memory(rows: Rows) -> None:
    broken = rows.copy()
    broken.recorded = [{**row, "order_id": f"{row['order_id']}{n}"} for row in rows.recorded for n in range(3)]
    report = check(broken, TRUSTED)
    assert report.counts[Fault.CHANGED] == len(broken.recorded) > LISTED
    assert len([one for one in report.findings if one.fault is Fault.CHANGED]) == LISTED
