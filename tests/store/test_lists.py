"""Lists: every filter and sorting, pages that neither repeat nor lose a row, and indexes under all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import encode
from domain import commands as c
from domain.model import Customer, OrderClass, State, WhistleKind
from runtime import keyring
from runtime.keyring import Keyring
from store import access_tables, inbox, ledger, orders, sweeps, tables
from store.orders import BadCursor, OrderQuery, Sort
from store.session import EVERYWHERE, Sight, make_engine, within
from tests.conftest import Database
from tests.domain.lives import MONDAY, Life
from tests.store.plans import asked_index, plan, read_whole
from tests.store.stories import closing, number, quiet, rows
from vault import finding

Made = sessionmaker[Session]
MANY = 20_000
_IN_CROWD = tables.orders.c.order_id.like("WHX%")


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
    new: dict[str, Any] = {"title": "no signal", "customer": Customer("Li Lei", "13800000001", id="c-li")}
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
        (OrderQuery(EVERYWHERE), {"waiting", "late", "urged", "closed"}),
        (OrderQuery(EVERYWHERE, rehearsal=True), {"rehearsal"}),
        (OrderQuery(EVERYWHERE, state=(State.REGISTERED,)), {"waiting"}),
        (OrderQuery(EVERYWHERE, state=(State.REGISTERED, State.CLOSED)), {"waiting", "closed"}),
        (OrderQuery(EVERYWHERE, status="inProgress"), {"late", "urged"}),
        (OrderQuery(EVERYWHERE, status="closed"), {"closed"}),
        (OrderQuery(EVERYWHERE, unit="ZJ.net"), {"late"}),
        (OrderQuery(EVERYWHERE, province="BJ"), {"waiting"}),
        (OrderQuery(EVERYWHERE, category="billing.wrong"), {"late"}),
        (OrderQuery(EVERYWHERE, customer="c-li"), {"waiting", "late", "urged"}),
        (OrderQuery(EVERYWHERE, customer="c-l"), set()),
        (OrderQuery(EVERYWHERE, level=2), {"late", "urged"}),
        (OrderQuery(EVERYWHERE, overdue=True), {"late"}),
        (OrderQuery(EVERYWHERE, overdue=False), {"waiting", "urged", "closed"}),
        (OrderQuery(EVERYWHERE, province="SH", overdue=True), set()),
        (OrderQuery(EVERYWHERE, sort=Sort.DUE), {"late", "urged"}),
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
    ("  掉线   100% ", True),
    ("欧阳", False),
    ("13912345678", False),
    ("\\", False),
]
WHOLE = [
    ("欧阳娜娜", True),
    (" 欧阳娜娜 ", True),
    ("欧阳", False),
    ("娜娜", False),
    ("+8613912345678", True),
    ("139 1234-5678", True),
    ("8613912345", False),
    ("娜娜 861", False),
]
"""What is typed where a customer is looked for: a name or a number is found whole or not at all."""


@pytest.fixture(scope="module")
def findable(made: Made, keys: Keyring) -> str:
    """An order of which the marks are kept, as at its registration."""
    customer = Customer("欧阳娜娜", "+8613912345678", id="c-ouyang")
    complaint = c.Register(
        number(), "家里宽带故障，WiFi 掉线 100%", "text", "network.fault", OrderClass.GENERAL, "GD", "10010", customer
    )
    with made.begin() as session:
        finding.add(session, keys, customer.id, complaint)
    return keep(made, quiet(order_id=complaint.order_id, title=complaint.title, customer=customer))


def found_by(made: Made, marks: Iterable[int]) -> list[str]:
    return ids(made, OrderQuery(EVERYWHERE, marks=tuple(marks), limit=200))


@pytest.mark.parametrize(("typed", "hit"), SEARCHES)
def test_any_part_of_title_and_number_is_found_by_its_marks(
    made: Made, keys: Keyring, findable: str, typed: str, hit: bool
) -> None:
    assert (findable in found_by(made, finding.marks_wanted(keys, typed))) is hit
    for part in (findable, findable.lower(), findable[-6:]):
        assert found_by(made, finding.marks_wanted(keys, part)) == [findable]


@pytest.mark.parametrize(("typed", "hit"), WHOLE)
def test_a_customer_is_found_by_the_whole_of_his_name_or_number_alone(
    made: Made, keys: Keyring, findable: str, typed: str, hit: bool
) -> None:
    assert (findable in found_by(made, finding.whole(keys, typed))) is hit


def test_marks_say_nothing_without_the_key_and_nothing_of_another_installation(
    made: Made, keys: Keyring, findable: str, tmp_path: Path
) -> None:
    other = keyring.ensure(tmp_path / "keys.json")
    assert found_by(made, finding.marks_wanted(keys, "宽带")) == [findable]
    assert not found_by(made, finding.marks_wanted(other, "宽带"))


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
    query = OrderQuery(EVERYWHERE, category=f"paging.{sort}", sort=sort, limit=3)
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
            orders.search(session, OrderQuery(EVERYWHERE, cursor=cursor))
        with pytest.raises(BadCursor):
            orders.inbox(session, "GD.net", cursor=cursor)


def test_a_cursor_of_another_sorting_is_refused(made: Made) -> None:
    for _ in range(2):
        keep(made, quiet())
    with made() as session:
        cursor = orders.search(session, OrderQuery(EVERYWHERE, limit=1)).next
        with pytest.raises(BadCursor, match="another list"):
            orders.search(session, OrderQuery(EVERYWHERE, limit=1, sort=Sort.OLDEST, cursor=cursor))


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
def crowd(engine: Engine, database: Database, keys: Keyring) -> Engine:
    """Twenty thousand orders, evenly mixed, beside those of the other tests; each seen from some six places."""
    owner = make_engine(database.owner_url, pool_size=1, sight=EVERYWHERE)
    snapshot = encode(quiet().at).decode()
    with owner.begin() as connection:
        connection.execute(text(_CROWD_ORDERS), {"many": MANY, "snapshot": snapshot})
        for statement in (_CROWD_SIGHTS, _CROWD_PARTS, _CROWD_CALLS):
            connection.execute(text(statement))
        titles = connection.execute(select(tables.orders.c.order_id, tables.orders.c.title).where(_IN_CROWD)).all()
        marked = [
            {
                "order_id": row.order_id,
                "customer": "c",
                "marks": finding.marks_of(keys, row.order_id, row.title, "", ""),
            }
            for row in titles
        ]
        connection.execute(insert(tables.order_texts), marked)
    owner.dispose()
    plain = create_engine(database.owner_url, isolation_level="AUTOCOMMIT")  # a VACUUM goes alone
    with plain.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    plain.dispose()
    return engine


MAIN = [
    OrderQuery(EVERYWHERE),
    OrderQuery(EVERYWHERE, rehearsal=True),
    OrderQuery(EVERYWHERE, sort=Sort.OLDEST),
    OrderQuery(EVERYWHERE, sort=Sort.UPDATED),
    OrderQuery(EVERYWHERE, sort=Sort.DUE),
    OrderQuery(EVERYWHERE, sort=Sort.LEVEL),
    OrderQuery(EVERYWHERE, state=(State.TRIAGE,)),
    OrderQuery(EVERYWHERE, status="pending"),
    OrderQuery(EVERYWHERE, unit="P7.u3"),
    OrderQuery(EVERYWHERE, province="P7"),
    OrderQuery(EVERYWHERE, category="c5"),
    OrderQuery(EVERYWHERE, level=2),
    OrderQuery(EVERYWHERE, overdue=True),
    OrderQuery(EVERYWHERE, sort=Sort.UPDATED, state=(State.IN_PROGRESS, State.TRIAGE)),
]


def next_page(made: Made, query: OrderQuery) -> OrderQuery:
    """The same list after its first line."""
    with made() as session:
        cursor = orders.search(session, replace(query, limit=1)).next
    if not cursor:
        pytest.skip("one page holds them all")
    return replace(query, cursor=cursor)


@pytest.mark.parametrize("query", MAIN, ids=str)
@pytest.mark.parametrize("further", [False, True], ids=["first", "further"])
def test_lists_walk_an_index_and_sort_nothing(crowd: Engine, made: Made, query: OrderQuery, further: bool) -> None:
    if further:
        query = next_page(made, query)
    found = plan(crowd, orders.statement(query).limit(51))
    assert not found.steps & {"Seq Scan", "Sort", "Incremental Sort"}, found


NARROW = [
    OrderQuery(EVERYWHERE, sort=Sort.DUE, unit="P5.u4"),
    OrderQuery(EVERYWHERE, sort=Sort.DUE, province="P7"),
    OrderQuery(EVERYWHERE, customer="c7"),
    OrderQuery(EVERYWHERE, province="P7", state=(State.TRIAGE,), overdue=True),
]
TYPED = ["鑫", "鑫鑫", "故障19999"]
COMMON = "障"


def of_text(keys: Keyring, typed: str, sight: Sight) -> OrderQuery:
    return OrderQuery(sight, marks=tuple(finding.marks_wanted(keys, typed)))


@pytest.mark.parametrize("query", NARROW, ids=str)
def test_narrow_lists_never_read_the_whole_table(crowd: Engine, query: OrderQuery) -> None:
    statement = orders.statement(query).limit(51)
    assert not plan(crowd, statement).whole
    assert not read_whole(crowd, statement)


PROVINCE = Sight(("P5", "person:p5"), "p5")
CROWDED = Sight(("P7", "person:p7"), "p7")
UNIT = Sight(("P5.u4", "person:u4"), "u4")
CROWDED_UNIT = Sight(("P7.u3", "person:u3"), "u3")
PLACES = {"province": PROVINCE, "crowded": CROWDED, "unit": UNIT, "crowded unit": CROWDED_UNIT}
"""From where some 600 orders are seen, some 7,000, some 100, some 6,600."""


@pytest.mark.parametrize("sight", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
@pytest.mark.parametrize("further", [False, True], ids=["first", "further"])
def test_a_places_list_walks_the_index_of_the_place(
    crowd: Engine, made: Made, sight: Sight, sort: Sort, further: bool
) -> None:
    query = OrderQuery(sight, sort=sort)
    if further:
        query = next_page(made, query)
    statement = orders.statement(query).limit(51)
    found = plan(crowd, statement, sight)
    assert "sights_newest" in found.indexes, found
    assert not found.steps & {"Seq Scan", "Sort", "Incremental Sort"}, found
    assert not read_whole(crowd, statement, sight)


@pytest.mark.parametrize("sight", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("query", [*MAIN, *NARROW], ids=str)
def test_no_list_of_a_place_reads_a_whole_table(crowd: Engine, sight: Sight, query: OrderQuery) -> None:
    statement = orders.statement(replace(query, sight=sight)).limit(51)
    found = plan(crowd, statement, sight)
    assert not found.whole, found
    assert found.indexes & {"sights_newest", "sights_pkey"}, found
    assert not read_whole(crowd, statement, sight)


@pytest.mark.parametrize("sight", [CROWDED, CROWDED_UNIT], ids=["crowded", "crowded unit"])
@pytest.mark.parametrize("sort", [Sort.UPDATED, Sort.DUE, Sort.LEVEL])
@pytest.mark.parametrize("told_units", [False, True], ids=["desk", "unit"])
def test_a_crowded_place_walks_the_sorts_own_index_and_lists_the_same(
    crowd: Engine, made: Made, sight: Sight, sort: Sort, told_units: bool
) -> None:
    query = OrderQuery(sight, sort=sort, told_units=told_units)
    walking = orders.statement(query, crowded=True).limit(51)
    found = plan(crowd, walking, sight)
    assert not found.steps & {"Seq Scan", "Sort", "Incremental Sort", "Hash Join"}, found
    with Session(within(crowd, sight)) as session:
        assert session.execute(walking).all() == session.execute(orders.statement(query).limit(51)).all()
        whole = orders.search(session, query)
        second = orders.search(session, replace(query, cursor=whole.next))
    assert len(whole.items) == len(second.items) == 50
    assert not {one.order_id for one in whole.items} & {one.order_id for one in second.items}


@pytest.mark.parametrize("sight", [EVERYWHERE, *PLACES.values()], ids=["everywhere", *PLACES])
@pytest.mark.parametrize("typed", TYPED)
def test_a_search_asks_the_index_of_marks_and_reads_no_whole_table(
    crowd: Engine, keys: Keyring, sight: Sight, typed: str
) -> None:
    statement = orders.statement(of_text(keys, typed, sight)).limit(51)
    assert not read_whole(crowd, statement, sight)
    assert asked_index(crowd, statement, sight, "order_texts")


@pytest.mark.parametrize("sight", [EVERYWHERE, *PLACES.values()], ids=["everywhere", *PLACES])
def test_a_search_for_what_all_texts_have_reads_the_marks_alone(crowd: Engine, keys: Keyring, sight: Sight) -> None:
    statement = orders.statement(of_text(keys, COMMON, sight)).limit(51)
    assert read_whole(crowd, statement, sight) <= {"order_texts"}


@pytest.mark.parametrize("sight", [EVERYWHERE, *PLACES.values()], ids=["everywhere", *PLACES])
def test_what_a_place_lists_is_what_it_sees(crowd: Engine, made: Made, keys: Keyring, sight: Sight) -> None:
    """Its number of lines, page by page and by search, is that of the orders that its sights name."""
    s = access_tables.sights.c
    mine = select(func.count()).where(s.place == sight.places[0], ~s.rehearsal, s.order_id.like("WHX%"))
    everyone = select(func.count()).select_from(tables.orders).where(_IN_CROWD, ~tables.orders.c.rehearsal)
    with made() as session:
        expected = session.scalar(everyone if sight is EVERYWHERE else mine)
    for query in (OrderQuery(sight, limit=200), replace(of_text(keys, "WHX", sight), limit=200)):
        with Session(within(crowd, sight)) as session:
            count, cursor = 0, ""
            while True:
                page = orders.search(session, replace(query, cursor=cursor))
                count += sum(line.order_id.startswith("WHX") for line in page.items)
                if not (cursor := page.next):
                    break
        assert count == expected


@pytest.mark.parametrize("after", [False, True])
def test_an_inbox_reads_only_the_top_of_two_indexes(crowd: Engine, made: Made, after: bool) -> None:
    cursor = ""
    if after:
        with made() as session:
            cursor = orders.inbox(session, "P7.u3", limit=1).next
        assert cursor
    for sight in (EVERYWHERE, CROWDED_UNIT):
        statement = inbox.statement("P7.u3", cursor, 51, rehearsal=False)
        found = plan(crowd, statement, sight)
        assert "Merge Append" in found.steps
        assert not found.steps & {"Seq Scan", "Bitmap Heap Scan"}, found
        assert not read_whole(crowd, statement, sight)


_CROWD_ORDERS = """
INSERT INTO orders (order_id, last_seq, state, status, order_class, category, title, province, region, channel,
                    customer, customer_name, customer_phone, level, colour, overdue, round, lead_unit, registered_at,
                    updated_at, due_at, next_at, closed_at, outcome, over, rehearsal, terms, snapshot, unit_seq,
                    unit_at, chain)
SELECT 'WHX' || lpad(n::text, 8, '0'), 3, (ARRAY['triage', 'in_progress', 'closed', 'pending_info'])[1 + n % 4],
       'inProgress', 'general', 'c' || n % 23,
       '宽带故障' || n || CASE WHEN n % 1000 = 0 THEN '鑫鑫' ELSE '' END,
       'P' || n % 31, 'R', 'hotline', 'c' || n % 5000,
       'name', 'phone', CASE WHEN n % 9 = 0 THEN n % 5 ELSE 0 END, '', n % 11 = 0, 1,
       CASE WHEN n % 3 = 0 THEN 'P7.u3' ELSE 'P' || n % 31 || '.u' || n % 6 END,
       now() - n * interval '1 min', now() - (n * 7919 % 20011) * interval '1 min',
       CASE WHEN n % 4 < 2 THEN now() + (n * 104729 % 20021) * interval '1 min' END, NULL, NULL, '', n % 4 = 2,
       n % 50 = 0, '', :snapshot, 3,
       now() - (n * 7919 % 20011) * interval '1 min', ''
FROM generate_series(1, :many) n
"""
_CROWD_SIGHTS = """
INSERT INTO sights
SELECT DISTINCT order_id, place, rehearsal, registered_at
FROM orders, unnest(ARRAY[province, region, lead_unit, split_part(lead_unit, '.', 1),
                          'customer:' || customer, 'person:p' || length(title) % 5]) place
WHERE order_id LIKE 'WHX%'
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
