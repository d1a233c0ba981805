"""Faults that systems of this kind have had where they keep their rows; docs/faults.md lists them all."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg2 import sql
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from activities.ledger import LedgerActivities
from contracts.messages import RecordRequest
from domain import commands as c
from domain.events import ClockBreached, OrderEscalated
from domain.model import Customer, Satisfaction
from runtime.postgres import EmbeddedPostgres
from store import ledger, sweeps, tables
from tests.domain.lives import MONDAY, Life, awaiting, dispatched
from tests.store.stories import number, rows

Made = sessionmaker[Session]
MAILED = Customer("Li", "13100000071", email="li@example.invalid")


def counted(session: Session, order_id: str) -> dict[str, int]:
    """How many rows the ledger has of the order, by table."""
    return {
        table.name: session.scalar(select(func.count()).select_from(table).where(table.c.order_id == order_id)) or 0
        for table in (tables.events, tables.orders, tables.firings, tables.notices)
    }


def escalating() -> tuple[Life, int]:
    """An order that time raises by one level, and its last seq before that."""
    life = dispatched(order_id=number(), customer=MAILED)
    life.do("net", c.Sign())
    at = life.at.clocks["contact/a1"].due_at
    life.until(at - timedelta(seconds=1))
    before = life.at.seq
    life.until(at)
    assert [type(event.body) for event in life.events[before:]][:2] == [ClockBreached, OrderEscalated]
    return life, before


def test_level_event_and_notice_are_one_transaction_even_if_its_connection_is_killed(
    made: Made, postgres: EmbeddedPostgres
) -> None:
    """Level stored after the transition: a crash between the two escalates twice (DIGIT)."""
    life, before = escalating()
    order_id = life.at.id
    with made.begin() as session:
        ledger.record(session, order_id, rows(life)[:before])
    with made() as session:
        untouched = counted(session, order_id)
    for _ in range(2):
        with pytest.raises(DBAPIError):
            record_and_die(made, postgres, life, before)
        with made() as session:
            assert counted(session, order_id) == untouched
            head = ledger.head(session, order_id)
            assert head is not None
            assert (head.order.level, head.last_seq) == (0, before)
    for _ in range(2):  # tried again, as the engine does, and once too often
        with made.begin() as session:
            assert ledger.record(session, order_id, rows(life)).level == 1
    with made() as session:
        stored = ledger.stored(session, order_id)
        assert [row.type for row in stored].count("OrderEscalated") == 1
        assert counted(session, order_id)["firings"] == untouched["firings"] + len(stored) - before
        told = select(tables.notices.c.template).where(
            tables.notices.c.order_id == order_id, tables.notices.c.channel == "email", tables.notices.c.seq > before
        )
        assert session.scalars(told).all() == ["escalated.by_clock"]


def record_and_die(made: Made, postgres: EmbeddedPostgres, life: Life, before: int) -> None:
    """Record what followed, and lose the connection between the last write and the commit."""
    with made.begin() as session:
        ledger.record(session, life.at.id, rows(life)[before:])
        assert counted(session, life.at.id)["events"] == life.at.seq, "everything is written, nothing is committed"
        backend = session.scalar(select(func.pg_backend_pid()))
        with contextlib.closing(postgres.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL("select pg_terminate_backend({}, 5000)").format(sql.Literal(backend)))
            assert cursor.fetchone() == (True,)


def test_the_oldest_is_taken_first_however_many_newer_ones_are_overdue(made: Made) -> None:
    """A scan of the newest 100 per status starves the oldest (DIGIT)."""
    one = dispatched(order_id=number())
    with made.begin() as session:
        session.execute(update(tables.orders).values(next_at=None))  # nothing of an earlier test
        ledger.record(session, one.at.id, rows(one))
        columns = [column.name for column in tables.orders.columns]
        given = {
            "order_id": "order_id || '-' || n",
            "next_at": "clock_timestamp() - interval '20 s' - n * interval '1 ms'",
        }
        values = ", ".join(given.get(name, name) for name in columns)
        session.execute(
            text(
                f"INSERT INTO orders ({', '.join(columns)}) SELECT {values} FROM orders, generate_series(1, 500) n "
                "WHERE order_id = :one"
            ),
            {"one": one.at.id},
        )
        oldest = update(tables.orders).where(tables.orders.c.order_id == one.at.id)
        session.execute(oldest.values(next_at=func.clock_timestamp() - timedelta(days=1)))
    with made.begin() as session:
        assert [slip.order_id for slip in sweeps.take(session, 10.0, 1)] == [one.at.id]
    taken = list[str]()
    while True:
        with made.begin() as session:
            batch = sweeps.take(session, 10.0, 100)
        if not batch:
            break
        assert [slip.next_at for slip in batch] == sorted(slip.next_at for slip in batch)
        taken += [slip.order_id for slip in batch]
    assert len(taken) == len(set(taken)) == 500


def by_message(life: Life) -> None:
    """The customer is asked by message instead of a call, and rates."""
    life.terms = replace(life.terms, calling=replace(life.terms.calling, attempts=1))
    callback = life.at.callback
    assert callback is not None
    life.until(callback.not_before or life.now)
    life.do("caller", c.RecordCallback("no_answer"))
    life.do("customer", c.RateBySms(solved=True, satisfaction=Satisfaction.SATISFIED))


def by_phone(life: Life) -> None:
    """The customer is called, and rates."""
    callback = life.at.callback
    assert callback is not None
    life.until(callback.not_before or life.now)
    life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))


@pytest.mark.parametrize("asked", [by_phone, by_message])
def test_the_survey_after_each_close_is_recorded_without_a_duplicate(made: Made, asked: Any) -> None:
    """The survey after the second close crashes on a duplicate key (glpi 5115)."""
    life = awaiting(order_id=number(), customer=MAILED)
    asked(life)
    for _ in range(2):
        life.wait(days=1)
        life.do("customer", c.Reopen())
        life.do("net", c.Reply(life.now, "Li", "mended again", life.now))
        life.do("audit", c.AuditReply(accepted=True))
        asked(life)
    for row in rows(life):
        with made.begin() as session:
            ledger.record(session, life.at.id, (row,))
    with made() as session:
        stored = [row.type for row in ledger.stored(session, life.at.id)]
        assert (stored.count("CallbackRecorded"), stored.count("OrderClosed")) == (3, 3)
        assert ledger.replay(session, life.at.id) == life.at
        closings = select(tables.deadlines.c.round, tables.deadlines.c.how).where(
            tables.deadlines.c.order_id == life.at.id, tables.deadlines.c.kind == "callback"
        )
        assert sorted(session.execute(closings).all()) == [(1, "met"), (2, "met"), (3, "met")]


def test_an_order_that_is_recorded_twice_at_once_tells_everybody_once(made: Made) -> None:
    """Twice on creation (znuny 422): the caller's answer and the engine's own recording write the same events."""
    lives = [dispatched(order_id=number(), customer=MAILED) for _ in range(10)]
    recording, together, faults = LedgerActivities(made), threading.Barrier(4), list[BaseException]()

    def write() -> None:
        try:
            for life in lives:
                together.wait(20)
                recording.record(RecordRequest(life.at.id, rows(life)))
        except BaseException as fault:
            faults.append(fault)
            raise

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not faults
    for life in lives:
        with made() as session:
            told = select(tables.notices.c.audience, tables.notices.c.template, tables.notices.c.channel)
            found = session.execute(told.where(tables.notices.c.order_id == life.at.id)).all()
        assert sorted(map(tuple, found)) == [
            ("customer", "customer.dispatched", "console"),
            ("customer", "customer.dispatched", "email"),
            ("customer", "customer.registered", "console"),
            ("customer", "customer.registered", "email"),
            ("unit:GD.net", "unit.dispatched", "console"),
        ]


def test_a_reopened_order_is_not_late_in_the_lists_and_its_time_of_closing_is_the_last(made: Made) -> None:
    """The old due date is kept after reopening (osTicket PR 5206); the close time stays the first one (zammad 1937)."""
    life = awaiting(order_id=number())
    by_phone(life)
    seen = [in_lists(made, life)]
    life.wait(days=10)
    life.do("customer", c.Reopen())
    seen.append(in_lists(made, life))
    life.wait(hours=1)
    life.do("net", c.Reply(life.now, "Li", "mended again", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    by_phone(life)
    seen.append(in_lists(made, life))
    first, reopened, last = seen
    assert (first["closed_at"], reopened["closed_at"], last["closed_at"]) == (MONDAY, None, life.now)
    assert reopened["due_at"] > MONDAY + timedelta(days=10)
    assert not reopened["overdue"]


def in_lists(made: Made, life: Life) -> dict[str, datetime | None]:
    """The order's row in the lists, after all of it is recorded."""
    with made.begin() as session:
        ledger.record(session, life.at.id, rows(life))
        wanted = [tables.orders.c[name] for name in ("closed_at", "due_at", "overdue")]
        return dict(session.execute(select(*wanted).where(tables.orders.c.order_id == life.at.id)).mappings().one())
