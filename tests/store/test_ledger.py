"""The ledger: whatever order, number or haste batches come in, it holds each event once, without a gap."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from activities.ledger import LedgerActivities
from contracts.messages import EventRow, RecordRequest, from_row
from domain import commands as c
from store import ledger, orders, tables
from store.ledger import LedgerFork, LedgerGap
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.domain.lives import Life
from tests.store.stories import closing, eventful, number, quiet, rows

Made = sessionmaker[Session]

DERIVED = (
    tables.orders,
    tables.assignments,
    tables.whistles,
    tables.attendances,
    tables.deadlines,
    tables.notices,
)


def write(made: Made, order_id: str, batch: tuple[EventRow, ...]) -> int:
    with made.begin() as session:
        return ledger.record(session, order_id, batch).seq


def seqs(made: Made, order_id: str) -> list[int]:
    with made() as session:
        return [row.seq for row in orders.events(session, order_id)]


def everything(made: Made, order_id: str, *without: str) -> list[Any]:
    """Every row that the ledger keeps of an order, but for the instants that the database itself gives."""
    left_out = ("created_at", "next_attempt_at", *without)
    with made() as session:
        return [
            sorted(
                str({key: value for key, value in row.items() if key not in left_out})
                for row in session.execute(select(table).where(table.c.order_id == order_id)).mappings()
            )
            for table in DERIVED
        ]


@pytest.mark.parametrize("story", [quiet, closing, eventful])
def test_the_snapshot_is_what_the_events_alone_make(made: Made, story: Callable[[], Life]) -> None:
    life = story()
    order_id = life.at.id
    write(made, order_id, rows(life))
    with made() as session:
        head = ledger.head(session, order_id)
        assert head is not None
        assert head.order == ledger.replay(session, order_id) == life.at
        assert head.last_seq == len(life.events)
        assert [from_row(row) for row in orders.events(session, order_id)] == life.events


@pytest.mark.parametrize("story", [quiet, eventful])
def test_one_batch_or_many_leave_the_same_rows(made: Made, story: Callable[[], Life]) -> None:
    life = story()
    whole, order_id = rows(life), life.at.id
    for row in whole:
        write(made, order_id, (row,))
    piecemeal = everything(made, order_id, "chain")  # which speaks of the number
    with made.begin() as session:  # the same story once more, under another number and in one batch
        other = number()
        renamed = tuple(_renamed(row, order_id, other) for row in whole)
        ledger.record(session, other, renamed)
    at_once = [[line.replace(other, order_id) for line in lines] for lines in everything(made, other, "chain")]
    assert [sorted(lines) for lines in at_once] == piecemeal


def _renamed(row: EventRow, old: str, new: str) -> EventRow:
    """The same event of another order."""
    return msgspec.structs.replace(
        row, order_id=new, data=msgspec.Raw(bytes(row.data).replace(old.encode(), new.encode()))
    )


def test_a_repeated_batch_changes_nothing(made: Made) -> None:
    life = quiet()
    batch = rows(life)
    write(made, life.at.id, batch)
    before = everything(made, life.at.id)
    assert write(made, life.at.id, batch) == len(batch)
    assert write(made, life.at.id, tuple(reversed(batch))) == len(batch)
    assert write(made, life.at.id, ()) == len(batch)
    assert everything(made, life.at.id) == before


def test_a_late_attempt_cannot_move_the_head_back(made: Made) -> None:
    life = quiet()
    early = rows(life)
    life.do("net", c.ReportProgress("on the way"))
    write(made, life.at.id, rows(life))
    before = everything(made, life.at.id)
    write(made, life.at.id, early)
    assert everything(made, life.at.id) == before


def test_overlapping_batches_add_only_what_is_new(made: Made) -> None:
    life = quiet()
    whole = rows(life)
    write(made, life.at.id, whole[:3])
    write(made, life.at.id, whole[1:])
    assert seqs(made, life.at.id) == [row.seq for row in whole]


def test_a_gap_is_refused_and_says_where(made: Made) -> None:
    life = quiet()
    whole = rows(life)
    with pytest.raises(LedgerGap) as first:
        write(made, life.at.id, whole[1:])
    assert (first.value.have, first.value.got) == (0, 2)
    write(made, life.at.id, whole[:2])
    with pytest.raises(LedgerGap) as second:
        write(made, life.at.id, (*whole[:2], whole[3]))
    assert (second.value.have, second.value.got) == (2, 4)
    assert seqs(made, life.at.id) == [1, 2]


def test_events_of_another_order_and_of_none_are_refused(made: Made) -> None:
    one, other = quiet(), quiet()
    with pytest.raises(ValueError, match="not all"):
        write(made, one.at.id, rows(other))
    with pytest.raises(ValueError, match="unknown"):
        write(made, one.at.id, ())


def test_a_transaction_that_dies_leaves_nothing(made: Made) -> None:
    life = quiet()
    with made() as session:
        ledger.record(session, life.at.id, rows(life)[:2])
        session.rollback()
    assert everything(made, life.at.id) == [[] for _ in DERIVED]
    assert seqs(made, life.at.id) == []
    write(made, life.at.id, rows(life)[:2])
    with made() as session:
        ledger.record(session, life.at.id, rows(life))
        session.rollback()
    assert seqs(made, life.at.id) == [1, 2]


def test_writers_at_the_same_time_write_each_event_once(made: Made) -> None:
    lives = [eventful() for _ in range(4)]
    faults: list[BaseException] = []
    start = threading.Barrier(8)

    def writer(turn: int) -> None:
        start.wait()
        for life in lives:
            whole = rows(life)
            done = 0
            while done < len(whole):
                try:
                    done = write(made, life.at.id, whole[max(0, done - turn) : done + turn + 1])
                except LedgerGap as gap:
                    done = gap.have
                except BaseException as fault:
                    faults.append(fault)
                    raise

    threads = [threading.Thread(target=writer, args=(turn,)) for turn in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    for life in lives:
        assert seqs(made, life.at.id) == list(range(1, len(life.events) + 1))
        with made() as session:
            assert ledger.replay(session, life.at.id) == life.at


def test_two_who_begin_the_same_order_both_succeed(made: Made) -> None:
    life = quiet()
    order_id, whole = life.at.id, rows(life)
    answers: list[int] = []
    with made() as first:
        ledger.record(first, order_id, whole[:2])
        second = threading.Thread(target=lambda: answers.append(write(made, order_id, whole)))
        second.start()
        second.join(0.3)
        assert second.is_alive()  # it waits for the first to commit or to fail
        first.commit()
    second.join(10)
    assert answers == [len(whole)]
    assert seqs(made, order_id) == [row.seq for row in whole]


def test_the_activity_records_and_may_be_repeated(made: Made) -> None:
    life = quiet()
    activities = LedgerActivities(made)
    for _ in range(2):
        assert activities.record(RecordRequest(life.at.id, rows(life))).last_seq == len(life.events)


def test_the_derived_rows_follow_the_order(made: Made) -> None:
    life = eventful()
    write(made, life.at.id, rows(life))
    with made() as session:
        attended = session.execute(
            select(tables.attendances).where(tables.attendances.c.order_id == life.at.id)
        ).mappings()
        by_unit = {row["unit"]: row for row in attended}
        assert by_unit["GD.it"]["absent"]
        assert not by_unit["GD.bill"]["absent"]
        assert by_unit["GD.bill"]["rating"]["quality"] == 5
        assert not any(row["active"] for row in by_unit.values())
        clocks = orders.deadlines(session, life.at.id)
        assert {clock.key for clock in clocks if clock.ended_at is None} == set(life.at.clocks)
        late = {clock.key for clock in clocks if clock.late}
        breached = {event.body.key for event in life.events if event.type == "ClockBreached"}  # type: ignore[union-attr]
        assert breached <= late
        listed = orders.search(session, orders.OrderQuery(EVERYWHERE, limit=200)).items
        line = next(line for line in listed if line.order_id == life.at.id)
        assert (line.state, line.over, line.outcome) == ("closed", True, life.at.outcome)
        assert line.next_at is None


def test_the_region_is_the_parent_of_the_province(made: Made) -> None:
    with made.begin() as session:
        for identity, parent in (("HQ", ""), ("R.test", "HQ"), ("ZZ", "R.test")):
            session.execute(
                insert(tables.units).values(id=identity, parent=parent, kind="unit", name_zh=identity, name_en=identity)
            )
    known, unknown = quiet(province="ZZ"), quiet(province="YY")
    for life in (known, unknown):
        write(made, life.at.id, rows(life))
    with made() as session:
        found = [orders.find(session, life.at.id) for life in (known, unknown)]
    assert [one.region for one in found if one] == ["R.test", ""]


@pytest.mark.parametrize(
    "change", ["UPDATE events SET reason = 'x'", "DELETE FROM events", "TRUNCATE events", "DELETE FROM orders"]
)
def test_the_application_cannot_change_or_delete_what_happened(made: Made, change: str) -> None:
    life = quiet()
    write(made, life.at.id, rows(life))
    with made() as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text(change))


@pytest.mark.parametrize("table", ["terms", "policies", "refusals"])
def test_the_application_cannot_change_what_is_on_record(made: Made, table: str) -> None:
    column = tables.metadata.tables[table].columns.keys()[1]
    for change in (f"UPDATE {table} SET {column} = NULL", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with made() as session, pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(change))


@pytest.mark.parametrize("change", ["UPDATE events SET reason = 'x'", "DELETE FROM events", "TRUNCATE events"])
def test_not_even_the_owner_changes_events(made: Made, database: Database, change: str) -> None:
    life = quiet()
    write(made, life.at.id, rows(life))
    owner = make_engine(database.owner_url, pool_size=1, sight=EVERYWHERE)
    try:
        with sessions(owner)() as session, pytest.raises(DBAPIError, match="append-only"):
            session.execute(text(change))
    finally:
        owner.dispose()
    with made() as session:
        count = session.scalar(select(func.count()).select_from(tables.events))
    assert count


@pytest.mark.parametrize("changed", ["type", "at"])
def test_another_event_under_a_recorded_seq_is_refused_and_leaves_nothing(made: Made, changed: str) -> None:
    """Whoever gives it lives in a past that the ledger has left, as an engine restored from a backup does."""
    life = eventful()
    whole, order_id = rows(life), life.at.id
    write(made, order_id, whole[:-1])
    before = everything(made, order_id)
    other = {"type": "NoteAdded"} if changed == "type" else {"at": whole[-2].at + timedelta(seconds=1)}
    forked = (msgspec.structs.replace(whole[-2], **other), whole[-1])
    with pytest.raises(LedgerFork), made.begin() as session:
        ledger.record(session, order_id, forked)
    assert everything(made, order_id) == before
    write(made, order_id, whole)
