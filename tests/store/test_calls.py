"""Calls to one customer, counted without a race and never lost, and the list of whom to call."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from domain import commands as c
from domain.model import Customer, Satisfaction
from store import calls, ledger, policies
from store.calls import CallLine, CallQuery
from store.cursors import BadCursor
from store.session import EVERYWHERE, Sight, make_engine
from store.tables import calls as table
from store.tables import notices, orders
from tests.conftest import Database
from tests.domain.lives import MONDAY, Life, awaiting, replied, terms
from tests.store.plans import plan, read_whole
from tests.store.stories import number, rows

Made = sessionmaker[Session]
MISS = c.RecordCallback("no_answer")


def keep(made: Made, life: Life) -> Life:
    with made.begin() as session:
        policies.save_terms(session, terms())
        ledger.record(session, life.at.id, rows(life))
    return life


def kept(session: Session, callee: str) -> list[tuple[str, str]]:
    found = select(table.c.id, table.c.order_id).where(table.c.callee == callee).order_by(table.c.at)
    return [(row.id, row.order_id) for row in session.execute(found)]


def test_two_callers_at_once_see_each_other(made: Made) -> None:
    """Ten want to call one customer in the same moment; each sees exactly those who came before."""
    seen: list[int] = []
    start = threading.Barrier(10)

    def call(key: str) -> None:
        start.wait()
        with made.begin() as session:
            seen.append(len(calls.hold(session, "c01")))
            calls.add(session, key, "", "c01")

    callers = [threading.Thread(target=call, args=(f"race-{one}",)) for one in range(10)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
    # The eight connections of the pool come one after the other through the lock.
    assert sorted(seen) == list(range(10))


def test_only_calls_of_the_last_day_count_for_whatever_order_and_no_rehearsals(made: Made) -> None:
    callee = "c02"
    with made.begin() as session:
        for key, order, hours, rehearsal in (
            ("old", "WH-1", 24.1, False),
            ("day", "WH-1", 23.9, False),
            ("none", "", 2, False),
            ("play", "R-1", 1, True),
        ):
            at = func.clock_timestamp() - timedelta(hours=hours)
            session.execute(insert(table).values(id=key, order_id=order, callee=callee, at=at, rehearsal=rehearsal))
        found = calls.hold(session, callee)
    assert [round((datetime.now(UTC) - at).total_seconds() / 3600, 1) for at in found] == [23.9, 2.0]


def test_a_call_is_written_down_once_a_key_and_a_refused_one_frees_its_place(made: Made) -> None:
    with made.begin() as session:
        for _ in range(2):
            calls.add(session, "once", "WH-1", "c03")
        assert kept(session, "c03") == [("once", "WH-1")]
        calls.free(session, "once")
        assert not calls.hold(session, "c03")


def test_what_the_ledger_records_of_a_call_is_never_lost(made: Made) -> None:
    """Its row may be there, or freed by a refusal that the events take back, or gone with a lost table."""
    life = awaiting(order_id=number(), customer=Customer("Li", "13100000004", id="c04"))
    life.do("caller", MISS)
    key = life.events[-1].command_id
    with made.begin() as session:
        assert calls.callee_of(session, life.at.id) == ""
        calls.add(session, key, life.at.id, "c04")
        before = session.scalar(select(table.c.at).where(table.c.id == key))
    keep(made, life)
    with made() as session:
        assert calls.callee_of(session, life.at.id) == "c04"
        assert session.scalar(select(table.c.at).where(table.c.id == key)) == before
    life.wait(hours=3)
    life.do("caller", c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))
    keep(made, life)
    with made() as session:
        assert [order for _, order in kept(session, "c04")] == [life.at.id] * 2


def test_a_rating_by_message_is_no_call(made: Made) -> None:
    life = replied(order_id=number(), customer=Customer("Li", "13100000005", id="c05"))
    life.terms = replace(life.terms, calling=replace(life.terms.calling, sample_percent=0))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("customer", c.RateBySms(solved=True, satisfaction=Satisfaction.SATISFIED))
    keep(made, life)
    with made() as session:
        assert not kept(session, "c05")


def test_a_rehearsals_customer_is_not_counted_with_others(made: Made) -> None:
    life = keep(made, awaiting(order_id=number("R"), rehearsal=True, customer=Customer("Li", "13100000006", id="c06")))
    with made() as session:
        assert calls.callee_of(session, life.at.id) == ""


# --- whom to call -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def waiting(made: Made) -> dict[str, Life]:
    """Customers to be called in three provinces, by nickname; one has been called already, one is done."""

    def to_call(province: str, phone: str, **register: Any) -> Life:
        return awaiting(
            order_id=number(), province=province, customer=Customer(province, phone, id=f"c{phone[-2:]}"), **register
        )

    tried = to_call("QH", "13100000011", now=MONDAY - timedelta(hours=1))
    tried.do("caller", MISS)
    done = to_call("QH", "13100000012")
    done.do("caller", c.RecordCallback("reached", True, True, Satisfaction.SATISFIED))
    lives = {
        "night": to_call("QH", "13100000013", now=MONDAY + timedelta(hours=11)),
        "early": to_call("NX", "13100000014", now=MONDAY - timedelta(hours=1)),
        "tried": tried,
        "done": done,
    }
    for life in lives.values():
        keep(made, life)
    return lives


def listed(made: Made, now: datetime, **wanted: Any) -> list[CallLine]:
    with made() as session:
        return list(calls.to_call(session, CallQuery(EVERYWHERE, limit=200, **wanted), now).items)


def test_the_list_names_whom_to_call_the_earliest_first(made: Made, waiting: dict[str, Life]) -> None:
    mine = {life.at.id: name for name, life in waiting.items()}
    lines = [line for line in listed(made, MONDAY) if line.order_id in mine]
    assert [mine[line.order_id] for line in lines] == ["early", "tried", "night"]
    assert [line.not_before for line in lines] == [
        MONDAY - timedelta(hours=1),
        MONDAY + timedelta(hours=1),
        MONDAY + timedelta(hours=23),
    ]
    assert [(line.status, line.attempts) for line in lines] == [("planned", 0), ("attempting", 1), ("deferred", 0)]
    assert all(line.due_at for line in lines)


def test_the_list_is_narrowed_by_province_and_by_who_may_be_called_by_now(made: Made, waiting: dict[str, Life]) -> None:
    assert {line.customer_name for line in listed(made, MONDAY, province="QH")} == {"QH"}
    ready = {line.order_id for line in listed(made, MONDAY + timedelta(hours=1), province="QH", ready=True)}
    assert ready == {waiting["tried"].at.id}
    assert not listed(made, MONDAY, province="QH", rehearsal=True)


def test_each_line_says_when_quiet_hours_and_other_calls_allow_it(made: Made) -> None:
    life = keep(made, awaiting(order_id=number(), province="XZ", customer=Customer("Li", "13100000015", id="c15")))
    evening = MONDAY + timedelta(hours=11)
    (line,) = listed(made, evening, province="XZ")
    assert (line.not_before, line.may_call_at) == (MONDAY, MONDAY + timedelta(hours=23))
    assert line.may_call_until == MONDAY + timedelta(hours=34), "until eight in the evening of that day"
    (line,) = listed(made, evening - timedelta(hours=2), province="XZ")
    assert line.may_call_now
    assert line.may_call_until == MONDAY + timedelta(hours=10)
    now = life.terms.calendar.next_working(datetime.now(UTC) + timedelta(days=1)) + timedelta(hours=1)
    with made.begin() as session:
        for one in range(3):
            at = now - timedelta(minutes=one)
            session.execute(insert(table).values(id=f"xz-{one}", order_id="", callee="c15", at=at, rehearsal=False))
    (line,) = listed(made, now, province="XZ")
    assert (line.calls_today, line.may_call_at) == (3, now + timedelta(minutes=3))
    assert not line.may_call_now


def test_pages_of_the_list_neither_skip_nor_repeat(made: Made, waiting: dict[str, Life]) -> None:
    seen: list[str] = []
    cursor = ""
    with made() as session:
        while True:
            page = calls.to_call(session, CallQuery(EVERYWHERE, cursor=cursor, limit=1), MONDAY)
            seen += [line.order_id for line in page.items]
            cursor = page.next
            if not cursor:
                break
        assert seen == [line.order_id for line in listed(made, MONDAY)]
        with pytest.raises(BadCursor):
            calls.to_call(session, CallQuery(EVERYWHERE, cursor="nonsense"), MONDAY)


@pytest.fixture(scope="module")
def crowd(engine: Engine, database: Database, made: Made, waiting: dict[str, Life]) -> Engine:
    """Twenty thousand orders more, of which few are to be called."""
    owner = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with owner.begin() as connection:
        names = [column.name for column in orders.columns]
        given = {
            "order_id": "'WHC' || n",
            "province": "'P' || n % 31",
            "callback_at": "CASE WHEN n % 10 = 0 THEN now() + n * interval '1 min' END",
        }
        values = ", ".join(given.get(name, name) for name in names)
        connection.execute(
            text(
                f"INSERT INTO orders ({', '.join(names)}) SELECT {values} FROM orders, generate_series(1, 20000) n "
                "WHERE order_id = :one"
            ),
            {"one": waiting["done"].at.id},
        )
        connection.execute(
            text(
                "INSERT INTO sights SELECT order_id, province, rehearsal, registered_at FROM orders"
                " WHERE order_id LIKE 'WHC%'"
            )
        )
        connection.execute(text("ANALYZE orders, sights"))
    owner.dispose()
    return engine


P7 = Sight(("P7", "person:p7"), "p7")


@pytest.mark.parametrize(
    "query",
    [
        CallQuery(EVERYWHERE),
        CallQuery(EVERYWHERE, province="P7"),
        CallQuery(EVERYWHERE, ready=True),
        CallQuery(P7, province="P7"),
    ],
    ids=str,
)
def test_the_list_walks_an_index_and_sorts_nothing(crowd: Engine, query: CallQuery) -> None:
    statement = calls.statement(query, datetime.now(UTC)).limit(51)
    found = plan(crowd, statement, query.sight)
    assert found.indexes & {"orders_to_call", "orders_to_call_at"}, found
    assert not found.steps & {"Seq Scan", "Sort", "Incremental Sort"}, found
    assert not read_whole(crowd, statement, query.sight)


def test_the_list_of_a_place_reads_no_whole_table(crowd: Engine) -> None:
    statement = calls.statement(CallQuery(P7), datetime.now(UTC)).limit(51)
    assert not plan(crowd, statement, P7).whole
    assert not read_whole(crowd, statement, P7)


# --- the letter that asks ---------------------------------------------------------------------------------------------


def test_the_letter_that_asks_for_a_rating_waits_for_the_morning_and_the_others_do_not(made: Made) -> None:
    night = MONDAY + timedelta(hours=12)
    life = replied(order_id=number(), now=night, customer=Customer("Li", "13100000016", email="li@example.invalid"))
    life.terms = replace(life.terms, calling=replace(life.terms.calling, sample_percent=0))
    life.do("audit", c.AuditReply(accepted=True))
    keep(made, life)
    sent = select(notices.c.template, notices.c.next_attempt_at, notices.c.title_en).where(
        notices.c.order_id == life.at.id, notices.c.audience == "customer", notices.c.channel == "email"
    )
    with made() as session:
        found = {row.template: row.next_attempt_at for row in session.execute(sent)}
    assert found.pop("customer.asked_by_message") == MONDAY + timedelta(hours=23)
    assert "customer.replied" not in found
    assert set(found.values()) == {night}
