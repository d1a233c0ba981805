"""Lists: every filter and sorting, pages that neither repeat nor lose a row, and indexes under all of them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, Select, text
from sqlalchemy.orm import Session, sessionmaker

from domain import commands as c
from domain.model import Customer, State, WhistleKind
from store import inbox, ledger, orders, sweeps
from store.orders import BadCursor, OrderQuery, Sort
from store.session import EVERYWHERE, make_engine
from tests.conftest import Database
from tests.domain.lives import MONDAY, Life
from tests.store.stories import closing, number, quiet, rows

Made = sessionmaker[Session]
MANY = 20_000


def keep(made: Made, life: Life) -> str:
    with made.begin() as session:
        ledger.record(session, life.at.id, rows(life))
    return life.at.id


def ids(made: Made, query: OrderQuery) -> list[str]:
    with made() as session:
        return [line.order_id for line in orders.search(session, query).items]


@pytest.fixture(scope="module")
def town(made: Made) -> dict[str, str]:
    """Five orders, each different from the others in some filter; by nickname."""
    new: dict[str, Any] = {"title": "no signal", "customer": Customer("Li Lei", "13800000001")}
    waiting = Life(order_id=number(), province="BJ", **new)
    late = Life(order_id=number(), province="ZJ", lead="ZJ.net", category="billing.wrong", **new)
    late.wait(days=12)
    urged = quiet(province="SH", **new)
    urged.do("province", c.Escalate(level=2))
    rehearsal = quiet(**{**new, "order_id": number("R")}, rehearsal=True)
    lives = {"waiting": waiting, "late": late, "urged": urged, "closed": closing(), "rehearsal": rehearsal}
    return {name: keep(made, life) for name, life in lives.items()}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (OrderQuery(), {"waiting", "late", "urged", "closed"}),
        (OrderQuery(rehearsal=True), {"rehearsal"}),
        (OrderQuery(state=(State.REGISTERED,)), {"waiting"}),
        (OrderQuery(state=(State.REGISTERED, State.CLOSED)), {"waiting", "closed"}),
        (OrderQuery(status="inProgress"), {"late", "urged"}),
        (OrderQuery(status="closed"), {"closed"}),
        (OrderQuery(unit="ZJ.net"), {"late"}),
        (OrderQuery(province="BJ"), {"waiting"}),
        (OrderQuery(category="billing.wrong"), {"late"}),
        (OrderQuery(phone="13800000001"), {"waiting", "late", "urged"}),
        (OrderQuery(phone="1380000000"), set()),
        (OrderQuery(level=2), {"late", "urged"}),
        (OrderQuery(overdue=True), {"late"}),
        (OrderQuery(overdue=False), {"waiting", "urged", "closed"}),
        (OrderQuery(province="SH", overdue=True), set()),
        (OrderQuery(sort=Sort.DUE), {"late", "urged"}),
    ],
)
def test_each_filter_finds_what_it_says(made: Made, town: dict[str, str], query: OrderQuery, found: set[str]) -> None:
    assert set(ids(made, query)) == {town[name] for name in found}


SEARCHES = [
    ("宽", True),
    ("宽带", True),
    ("带故", True),
    ("宽带故障", True),
    ("带障", False),
    ("ＷＩＦＩ", True),
    ("wifi", True),
    ("iF", True),
    ("100%", True),
    ("100_", False),
    ("欧阳", True),
    ("娜娜", True),
    ("8613912345", True),
    ("娜娜 861", False),
    ("  掉线   100% ", True),
    ("\\", False),
]


@pytest.mark.parametrize(("typed", "hit"), SEARCHES)
def test_any_part_of_title_name_phone_and_number_is_found(made: Made, typed: str, hit: bool) -> None:
    order_id = number()
    keep(
        made,
        quiet(order_id=order_id, title="家里宽带故障，WiFi 掉线 100%", customer=Customer("欧阳娜娜", "+8613912345678")),
    )
    assert (order_id in ids(made, OrderQuery(text=typed, limit=200))) is hit
    for part in (order_id, order_id.lower(), order_id[-6:]):
        assert order_id in ids(made, OrderQuery(text=part, limit=200))


def pages(made: Made, query: OrderQuery, between: Any = None) -> Iterator[str]:
    while True:
        with made() as session:
            page = orders.search(session, query)
        yield from (line.order_id for line in page.items)
        if not page.next:
            return
        query = replace(query, cursor=page.next)
        if between is not None:
            between()


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_neither_repeat_nor_lose_a_row_while_others_are_added(made: Made, sort: Sort) -> None:
    query = OrderQuery(category=f"paging.{sort}", sort=sort, limit=3)
    mine = [keep(made, quiet(category=query.category)) for _ in range(10)]  # all with the same sort keys but the id

    def add() -> None:
        keep(made, quiet(category=query.category))
        keep(made, quiet(category=query.category, now=MONDAY.replace(hour=3)))

    seen = list(pages(made, query, add))
    assert len(seen) == len(set(seen))
    found = [order_id for order_id in seen if order_id in mine]
    assert found == (mine if sort in (Sort.OLDEST, Sort.DUE) else mine[::-1])


@pytest.mark.parametrize("cursor", ["x", "AAAA", "!!!!", "WyJuZXdlc3QiXQ", "é"])
def test_a_foreign_cursor_is_refused(made: Made, cursor: str) -> None:
    with made() as session:
        with pytest.raises(BadCursor):
            orders.search(session, OrderQuery(cursor=cursor))
        with pytest.raises(BadCursor):
            orders.inbox(session, "GD.net", cursor=cursor)


def test_a_cursor_of_another_sorting_is_refused(made: Made) -> None:
    for _ in range(2):
        keep(made, quiet())
    with made() as session:
        cursor = orders.search(session, OrderQuery(limit=1)).next
        with pytest.raises(BadCursor, match="another list"):
            orders.search(session, OrderQuery(limit=1, sort=Sort.OLDEST, cursor=cursor))


def test_an_inbox_has_parts_and_summons_the_most_urgent_first(made: Made) -> None:
    life = Life(order_id=number(), lead="XZ.net", copy=("XZ.svc",))
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, "cross_department", ("XZ.svc", "XZ.net")))
    urgent = Life("fault", order_id=number(), lead="XZ.net")
    for one in (life, urgent):
        keep(made, one)
    with made() as session:
        owed = orders.inbox(session, "XZ.net").items
        assert [task.due_at for task in owed] == sorted(task.due_at for task in owed if task.due_at)
        assert sorted((task.kind, task.role) for task in owed) == [
            ("assignment", "lead"),
            ("assignment", "lead"),
            ("whistle", "summoned"),
        ]
        watched = orders.inbox(session, "XZ.svc").items
        assert {(task.kind, task.role) for task in watched} == {("assignment", "copy"), ("whistle", "summoned")}
        cursor, seen = "", list[tuple[str, str]]()
        while True:
            page = orders.inbox(session, "XZ.net", cursor=cursor, limit=1)
            seen += [(task.order_id, task.subject) for task in page.items]
            if not (cursor := page.next):
                break
    assert seen == [(task.order_id, task.subject) for task in owed]
    life.do("customer", c.Withdraw("call 17"))
    keep(made, life)
    with made() as session:
        assert {task.order_id for task in orders.inbox(session, "XZ.net").items} == {urgent.at.id}


def test_orders_that_still_need_a_workflow_are_told_in_batches(made: Made) -> None:
    closed, over, open_one = closing(), closing(), quiet()
    over.wait(days=40)
    for life in (closed, over, open_one):
        keep(made, life)
    with made() as session:
        told: list[str] = []
        while batch := orders.running(session, told[-1] if told else "", 2):
            told += batch
        assert told == sorted(told)
        assert {closed.at.id, open_one.at.id} <= set(told)
        assert over.at.id not in told
        missed = [slip.order_id for slip in sweeps.take(session, 60, 10_000)]
        assert open_one.at.id in missed
        assert over.at.id not in missed
        session.rollback()


@pytest.fixture(scope="module")
def crowd(engine: Engine, database: Database) -> Iterator[Engine]:
    """Twenty thousand orders, evenly mixed, beside those of the other tests."""
    owner = make_engine(database.owner_url, pool_size=1, sight=EVERYWHERE)
    with owner.begin() as connection:
        connection.execute(text(_CROWD_ORDERS), {"many": MANY})
        connection.execute(text(_CROWD_TEXTS))
        connection.execute(text(_CROWD_PARTS))
        connection.execute(text(_CROWD_CALLS))
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    yield engine
    owner.dispose()


def plan(engine: Engine, statement: Select[Any]) -> set[str]:
    """The kinds of steps that PostgreSQL would take."""
    compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        explained = connection.exec_driver_sql("EXPLAIN (FORMAT JSON) " + str(compiled))
        return set(_steps(explained.scalar_one()[0]["Plan"]))


def _steps(node: dict[str, Any]) -> Iterator[str]:
    yield node["Node Type"]
    for child in node.get("Plans", ()):
        yield from _steps(child)


MAIN = [
    OrderQuery(),
    OrderQuery(rehearsal=True),
    OrderQuery(sort=Sort.OLDEST),
    OrderQuery(sort=Sort.UPDATED),
    OrderQuery(sort=Sort.DUE),
    OrderQuery(sort=Sort.LEVEL),
    OrderQuery(state=(State.TRIAGE,)),
    OrderQuery(status="pending"),
    OrderQuery(unit="P7.u3"),
    OrderQuery(province="P7"),
    OrderQuery(category="c5"),
    OrderQuery(level=2),
    OrderQuery(overdue=True),
    OrderQuery(sort=Sort.DUE, province="P7"),
    OrderQuery(sort=Sort.UPDATED, state=(State.IN_PROGRESS, State.TRIAGE)),
]


@pytest.mark.parametrize("query", MAIN, ids=str)
@pytest.mark.parametrize("further", [False, True], ids=["first", "further"])
def test_lists_walk_an_index_and_sort_nothing(crowd: Engine, made: Made, query: OrderQuery, further: bool) -> None:
    if further:
        with made() as session:
            query = replace(query, cursor=orders.search(session, replace(query, limit=1)).next)
        if not query.cursor:
            pytest.skip("one page holds them all")
    steps = plan(crowd, orders.statement(query).limit(51))
    assert not steps & {"Seq Scan", "Sort", "Incremental Sort"}, steps


@pytest.mark.parametrize(
    "query",
    [
        OrderQuery(sort=Sort.DUE, unit="P5.u4"),
        OrderQuery(phone="phone7"),
        OrderQuery(province="P7", state=(State.TRIAGE,), overdue=True),
        OrderQuery(text="鑫"),
        OrderQuery(text="鑫鑫"),
        OrderQuery(text="故障19999"),
        OrderQuery(text="障", province="P7"),
    ],
    ids=str,
)
def test_narrow_lists_never_read_the_whole_table(crowd: Engine, query: OrderQuery) -> None:
    assert "Seq Scan" not in plan(crowd, orders.statement(query).limit(51))


@pytest.mark.parametrize("after", [False, True])
def test_an_inbox_reads_only_the_top_of_two_indexes(crowd: Engine, made: Made, after: bool) -> None:
    cursor = ""
    if after:
        with made() as session:
            cursor = orders.inbox(session, "P7.u3", limit=1).next
        assert cursor
    steps = plan(crowd, inbox.statement("P7.u3", cursor, 51, rehearsal=False))
    assert "Merge Append" in steps
    assert not steps & {"Seq Scan", "Bitmap Heap Scan"}, steps


_CROWD_ORDERS = """
INSERT INTO orders
SELECT 'WHX' || lpad(n::text, 8, '0'), 3, (ARRAY['triage', 'in_progress', 'closed', 'pending_info'])[1 + n % 4],
       'inProgress', 'general', 'c' || n % 23,
       '宽带故障' || n || CASE WHEN n % 1000 = 0 THEN '鑫鑫' ELSE '' END,
       'P' || n % 31, 'R', 'hotline',
       'name', 'phone' || n % 5000, CASE WHEN n % 9 = 0 THEN n % 5 ELSE 0 END, '', n % 11 = 0, 1,
       CASE WHEN n % 3 = 0 THEN 'P7.u3' ELSE 'P' || n % 31 || '.u' || n % 6 END,
       now() - n * interval '1 min', now() - (n * 7919 % 20011) * interval '1 min',
       CASE WHEN n % 4 < 2 THEN now() + (n * 104729 % 20021) * interval '1 min' END, NULL, NULL, '', n % 4 = 2,
       n % 50 = 0, '', '{}'
FROM generate_series(1, :many) n
"""
_CROWD_TEXTS = """
INSERT INTO order_texts
SELECT order_id, title, (SELECT array_agg(DISTINCT substr(title, i, w)) FROM generate_series(1, length(title)) i,
                         generate_series(1, 2) w WHERE i + w <= length(title) + 1)
FROM orders WHERE order_id LIKE 'WHX%'
"""
_CROWD_PARTS = """
INSERT INTO assignments
SELECT order_id, 'a1', lead_unit, 'lead', 'working', true, 1, 1, registered_at, false, NULL, false, NULL, false,
       coalesce(due_at, '9999-12-31Z'), rehearsal
FROM orders WHERE order_id LIKE 'WHX%'
"""
_CROWD_CALLS = """
INSERT INTO attendances
SELECT order_id, 'w1', lead_unit, 'summoned', true, false, registered_at, NULL, '', false, '', NULL, '',
       coalesce(due_at, '9999-12-31Z'), rehearsal
FROM orders WHERE order_id LIKE 'WHX%'
"""
