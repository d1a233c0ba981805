"""The lab on the ledger: runs to their end, begun anew, cancelled; the shadow; and no trace outside its own tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from audit.lab import question as questions
from audit.lab.past import BROKEN
from audit.lab.question import LayerAsked, Month, Question
from audit.lab.reading import Selection
from audit.lab.shadow import Follower
from audit.lab.work import Lab
from contracts.messages import encode, to_rows
from domain.model import OrderClass
from store import lab, ledger
from store.columns import metadata
from store.lab import Run, Shadow
from store.lab_tables import NEW, lab_shadow_orders
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lab_ledger import keep, sequence
from tests.audit.lab_pasts import changed, lives
from tests.audit.test_chain import owner
from tests.conftest import Database

MANY = 24
BY_THEN = datetime(2026, 9, 1, tzinfo=UTC)
LIVES = tuple(one for one in lives(1, 60) if one.order.registered_at < BY_THEN)[: MANY + 8]
OWN = {table.name for table in NEW}


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(database.app_url, pool_size=3, sight=EVERYWHERE)
    maker = sessions(engine)
    keep(maker, LIVES[:MANY])
    yield maker
    engine.dispose()


def ask(made: sessionmaker[Session], question: Question, kind: str = questions.PAST) -> Run:
    with made.begin() as session:
        found = lab.ask(
            session, kind, "hq-1", "headquarters", question.policy, question.digest, encode(question).decode()
        )
    assert found is not None
    return found


def done(made: sessionmaker[Session], question: Question, kind: str = questions.PAST) -> tuple[Run, dict[str, Any]]:
    wanted = ask(made, question, kind)
    assert Lab(made).once() is not None
    with made.begin() as session:
        found = lab.run(session, wanted.id)
    assert found is not None
    assert found.state == lab.DONE, found.error
    return found, msgspec.json.decode(found.report)


def rest_of(made: sessionmaker[Session]) -> dict[str, Any]:
    """What every table holds but the lab's own: how many rows, and a hash over all of them."""
    found: dict[str, Any] = {}
    with made.begin() as session:
        for table in metadata.sorted_tables:
            if table.name not in OWN:
                asked = text(
                    f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table.name} t"
                )
                found[table.name] = tuple(session.execute(asked).one())
    return found


def test_recorded_terms_give_the_recorded_events_of_every_order_in_the_ledger(made: sessionmaker[Session]) -> None:
    run, report = done(made, Question())
    assert report["orders"]["orders"] == report["orders"]["same"] == MANY
    assert report["unplayable"] == {}
    assert report["was"] == report["would"]
    assert (run.total, run.done) == (MANY, MANY)
    with made.begin() as session:
        assert lab.found(session, run.id, 0, 10) == []


def test_another_policy_is_told_side_by_side_and_order_by_order(made: sessionmaker[Session]) -> None:
    run, report = done(made, Question(layers=(LayerAsked(document=changed(contact="5min")),)))
    assert run.policy == "2027.1"
    assert report["would"]["totals"]["breaches"] > report["was"]["totals"]["breaches"]
    with made.begin() as session:
        found = [msgspec.json.decode(content) for _, content in lab.found(session, run.id, 0, 100)]
    assert len(found) == report["orders"]["differ"]
    newly = [one for one in found if one["would"].get("breaches") and not one["was"].get("breaches")]
    assert len(newly) == report["orders"]["newly_breached"]
    again = done(made, Question(layers=(LayerAsked(document=changed(contact="5min")),)))[1]
    assert again == report


def test_the_selection_selects(made: sessionmaker[Session]) -> None:
    orders = [life.order for life in LIVES[:MANY]]
    middle = sorted(one.registered_at for one in orders)[MANY // 2]
    first = orders[0]
    for selection, expected in (
        (Selection(province=first.province), [one for one in orders if one.province == first.province]),
        (Selection(category=first.category), [one for one in orders if one.category == first.category]),
        (Selection(order_class=OrderClass.FAULT), [one for one in orders if one.order_class is OrderClass.FAULT]),
        (Selection(since=middle), [one for one in orders if one.registered_at >= middle]),
        (Selection(until=middle), [one for one in orders if one.registered_at < middle]),
        (Selection(policy_version="2026.3"), orders),
        (Selection(policy_version="none"), []),
        (Selection(limit=3), orders[:3]),
    ):
        report = done(made, Question(selection=selection))[1]
        assert report["orders"]["orders"] == len(expected), selection


def test_a_run_whose_process_died_begins_anew_and_in_the_end_is_said_to_have_died(made: sessionmaker[Session]) -> None:
    wanted = ask(made, Question(layers=(LayerAsked(document=changed(sign="5min")),)))
    with made.begin() as session:
        taken = lab.take(session)
        assert taken is not None
        lab.go_on(session, taken.id, MANY, 1, [(1, "Y1", "{}")])
    finished = Lab(made).once()
    assert finished is not None
    with made.begin() as session:
        run = lab.run(session, wanted.id)
        assert run is not None
        assert (run.state, run.attempts, run.done) == (lab.DONE, 2, MANY)
        assert len(lab.found(session, run.id, 0, 100)) == msgspec.json.decode(run.report)["orders"]["differ"]
    lost = ask(made, Question())
    for _ in range(lab.ATTEMPTS):
        with made.begin() as session:
            assert lab.take(session) is not None
    assert Lab(made).once() is None
    with made.begin() as session:
        run = lab.run(session, lost.id)
    assert run is not None
    assert (run.state, run.error) == (lab.FAILED, "died")


def test_a_run_whose_process_is_told_to_stop_waits_again_and_has_not_died(
    made: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ask(made, Question())

    def stop(session: Session, *given: object) -> bool:
        raise SystemExit(0)

    with monkeypatch.context() as patched:
        patched.setattr(lab, "go_on", stop)
        with pytest.raises(SystemExit):
            Lab(made).once()
    with made.begin() as session:
        run = lab.run(session, wanted.id)
    assert run is not None
    assert (run.state, run.attempts) == (lab.WAITING, 0)
    assert Lab(made).once() is not None


def test_a_cancelled_run_stops_and_a_hopeless_one_says_why(made: sessionmaker[Session]) -> None:
    wanted = ask(made, Question())
    with made.begin() as session:
        taken = lab.take(session)
        assert taken is not None
        lab.cancel(session, wanted.id, "hq")
        assert not lab.go_on(session, wanted.id, 1, 1, [])
    assert Lab(made).once() is None
    unknown = ask(made, Question(layers=(LayerAsked(version="1999.1"),)))
    Lab(made).once()
    with made.begin() as session:
        run = lab.run(session, unknown.id)
    assert run is not None
    assert (run.state, run.error) == (lab.FAILED, "LookupError: 1999.1")


def test_only_so_many_runs_wait(made: sessionmaker[Session]) -> None:
    asked = [ask(made, Question()) for _ in range(lab.MOST_WAITING)]
    with made.begin() as session:
        assert lab.ask(session, questions.PAST, "hq-1", "headquarters", "", "d", encode(Question()).decode()) is None
        for one in asked:
            lab.cancel(session, one.id, "hq")


def test_a_month_of_the_real_mix_is_the_same_for_the_same_seed(made: sessionmaker[Session]) -> None:
    month = Month(first=date(2026, 9, 1), orders=60, seed=7)
    layer = LayerAsked(document=changed(due="1wd"), parts=("limits",))
    _, report = done(made, Question(month=month), questions.MONTH)
    assert report["orders"]["orders"] == 60
    assert report["was"] == report["would"]
    assert report["orders"]["differ"] == report["orders"]["orders"] - report["orders"]["whole"]
    _, tried = done(made, Question(layers=(layer,), month=month), questions.MONTH)
    assert tried["was"] == report["was"]
    assert tried["would"]["totals"]["breaches"] > tried["was"]["totals"]["breaches"]
    _, other = done(made, Question(month=Month(month.first, 60, 8)), questions.MONTH)
    assert other["was"] != report["was"]
    opened = [row["day"] for row in report["was"]["load"] if row["opened"]]
    assert min(opened) >= "2026-09-01"


def begun(made: sessionmaker[Session], **limits: str) -> Shadow:
    question = Question(layers=(LayerAsked(document=changed(**limits)),))
    with made.begin() as session:
        found = lab.begin_shadow(
            session, "hq-1", "headquarters", question.policy, question.digest, encode(question).decode()
        )
    assert found is not None
    return found


def test_a_shadow_follows_live_orders_and_leaves_no_trace_outside_its_tables(made: sessionmaker[Session]) -> None:
    """An order comes in half, is followed, goes on; time alone moves it too; nothing else has changed by a byte."""
    life = max(LIVES[MANY:], key=lambda one: len(one.events))
    half = len(life.events) // 2
    whole = list(life.events)
    life.events = whole[:half]
    keep(made, [life])
    sequence(made, life, 1, half)
    shadow = begun(made, contact="5min", due="2h")
    follower = Follower(Lab(made), made)
    before = rest_of(made)
    now = whole[half - 1].at + timedelta(seconds=1)
    assert follower.once(now)
    with made.begin() as session:
        rows = {row.order_id: row for row in session.execute(select(lab_shadow_orders))}
        assert rows[life.order.id].seq == half
        assert rows[life.order.id].reason == ""
        running = lab.running_shadow(session)
        assert running is not None
        assert running.behind == lab.ALL_IN
    assert rest_of(made) == before
    assert follower.once(now) == 0  # nothing new, nothing due

    coming = rows[life.order.id].next_at
    if coming is not None and coming < whole[half].at:
        assert follower.once(coming + timedelta(seconds=1))
    with made.begin() as session:
        ledger.record(session, life.order.id, to_rows(life.order.id, whole))
    life.events = whole
    sequence(made, life, half + 1, len(whole))
    before = rest_of(made)
    assert follower.once(whole[-1].at + timedelta(seconds=1))
    assert rest_of(made) == before
    with made.begin() as session:
        row = session.execute(select(lab_shadow_orders).where(lab_shadow_orders.c.order_id == life.order.id)).one()
        assert row.seq == len(whole)
        sums = lab.shadow_sums(session, shadow.id)
        assert sums["orders"] >= 1
        stopped = lab.stop_shadow(session, shadow.id, "hq-1")
        assert stopped is not None
        assert stopped.stopped_by == "hq-1"
    assert follower.once() is None


def test_one_shadow_at_a_time_and_a_new_one_begins_empty(made: sessionmaker[Session]) -> None:
    first = begun(made)
    with made.begin() as session:
        assert lab.begin_shadow(session, "hq-2", "headquarters", "x", "d", "{}") is None
        lab.stop_shadow(session, first.id, "hq-2")
    second = begun(made)
    with made.begin() as session:
        assert session.scalar(select(func.count()).select_from(lab_shadow_orders)) == 0
        lab.stop_shadow(session, second.id, "hq-2")


def test_what_the_lab_reads_by_cannot_write(made: sessionmaker[Session]) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"), Lab(made).reading() as session:
        session.execute(text("UPDATE orders SET level = 5"))


def test_an_order_that_cannot_be_read_is_named_and_stands_in_no_others_way(
    made: sessionmaker[Session], database: Database
) -> None:
    """An instant that no program of ours can read: the shadow and a run play all the others, and say which not."""
    lived = sorted(LIVES[:MANY], key=lambda life: life.order.id)
    bad, *good = [life.order.id for life in lived]
    shadow = begun(made, contact="5min")
    for life in lived:
        sequence(made, life, 1, 1)
    with owner(database) as connection:
        (kept,) = connection.exec_driver_sql("SELECT at FROM events WHERE order_id = %s AND seq = 2", (bad,)).one()
        before_christ = "UPDATE events SET at = (at::text || ' BC')::timestamptz WHERE order_id = %s AND seq = 2"
        connection.exec_driver_sql(before_christ, (bad,))
    try:
        assert Follower(Lab(made), made).once(BY_THEN)
        with made.begin() as session:
            rows = {row.order_id: row.reason for row in session.execute(select(lab_shadow_orders))}
        assert rows[bad] == BROKEN
        assert {rows[number] for number in good} == {""}
        _, report = done(made, Question())
        assert report["unplayable"] == {BROKEN: 1}
        assert report["orders"]["orders"] >= len(good)
    finally:
        with owner(database) as connection:
            connection.exec_driver_sql("UPDATE events SET at = %s WHERE order_id = %s AND seq = 2", (kept, bad))
        with made.begin() as session:
            lab.stop_shadow(session, shadow.id, "hq-1")


def test_a_shadow_that_stumbles_says_over_what_and_runs_have_their_turn(
    made: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(session: Session, *given: object) -> Any:
        raise AttributeError("no rule for this")

    shadow = begun(made)
    with monkeypatch.context() as patched:
        patched.setattr(lab, "to_look_at", stumble)
        assert Follower(Lab(made), made).once() == 0
    with made.begin() as session:
        running = lab.running_shadow(session)
        assert running is not None
        assert running.error == "AttributeError: no rule for this"
        lab.stop_shadow(session, shadow.id, "hq-1")
