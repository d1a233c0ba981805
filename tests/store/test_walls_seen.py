"""Who sees which order by the second wall, in every table, against plain Python; and what its functions tell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from runtime.keyring import Keyring
from store import columns, tables, walls
from store.session import EVERYWHERE, NOWHERE, Sight, within
from tests.store.country import Country, Local, above, agent, customer, everything, ids, keep, parents, sights_of
from vault import finding

Made = sessionmaker[Session]
TABLES = columns.metadata.tables


def agree(engine: Engine, country: Country, sight: Sight, whole: dict[str, list[dict[str, Any]]]) -> None:
    """In every table the rows of exactly the orders that plain Python says; of these, all."""
    mine = country.seen(sight) | (ids(whole["orders"]) if "*" in sight.places else set())
    with Session(within(engine, sight)) as session:
        found = everything(session)
    for table, rows in found.items():
        expected = [row for row in whole[table] if _due(table, row, sight, mine)]
        assert _same(rows) == _same(expected), (table, sight)


def _due(table: str, row: dict[str, Any], sight: Sight, mine: set[str]) -> bool:
    match table:
        case "sights":
            return "*" in sight.places or row["place"] in sight.places
        case "notices":
            return row["order_id"] in mine or sight.person in row["holders"]
        case _:
            return row["order_id"] in mine


def _same(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(map(str, rows))


def test_each_kind_of_person_sees_exactly_his_orders_in_every_table(
    engine: Engine, made: Made, country: Country
) -> None:
    with made() as session:
        whole = everything(session)
    counts = {table: len(ids(rows)) for table, rows in whole.items()}
    assert min(counts.values()) > 1, counts  # or a table would prove little
    numbers = {name: len(country.seen(sight)) for name, sight in sights_of(country).items()}
    assert numbers == {
        "unit": 3, "summoned unit": 2, "copied unit of headquarters": 1, "province": 4, "agent": 4, "region": 8,
        "headquarters": 12, "auditor": 12, "customer": 3, "another customer": 2, "link": 1, "link to nothing": 0,
        "follower": 4, "nobody": 0,
    }  # fmt: skip
    for sight in sights_of(country).values():
        agree(engine, country, sight, whole)


UNITS = sorted(parents())
PROVINCES = sorted({unit.partition(".")[0] for unit in UNITS if "." in unit} - {"HQ", "R"})
DEPARTMENTS = [unit for unit in UNITS if unit.partition(".")[0] in PROVINCES and "." in unit]
_POOL = [*PROVINCES[:6], *(unit for unit in DEPARTMENTS if unit[:2] in PROVINCES[:6])]


@st.composite
def registered(draw: st.DrawFn) -> Local:
    """An order of some province, led, shared, copied and whistled for anywhere in six of them."""
    place = draw(st.sampled_from(PROVINCES[:6]))
    units = draw(
        st.lists(st.sampled_from([unit for unit in _POOL if "." in unit]), min_size=1, max_size=4, unique=True)
    )
    return Local(agent(place), province=place, lead=units[0], co=tuple(units[1:2]), copy=tuple(units[2:]),
                 customer=customer(draw(st.integers(90, 93))))  # fmt: skip


PLACES = st.one_of(
    st.sampled_from([*_POOL, "R.north", "R.east", "HQ", "XX"]),
    st.sampled_from([f"customer:c{one}" for one in range(89, 94)]),
    st.sampled_from([f"person:{place.lower()}-agent-1" for place in PROVINCES[:6]]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lives=st.lists(registered(), min_size=1, max_size=3),
    sights=st.lists(st.lists(PLACES, min_size=1, max_size=3), min_size=1, max_size=4),
    alone=st.booleans(),
)
def test_random_sights_of_random_orders_are_those_of_plain_python(
    engine: Engine, made: Made, keys: Keyring, lives: list[Local], sights: list[list[str]], alone: bool
) -> None:
    with made() as session:  # nothing of it is kept
        for life in lives:
            if not session.scalar(select(tables.orders.c.order_id).where(tables.orders.c.order_id == life.at.id)):
                keep(session, keys, life)
        country = Country(tuple(life.at for life in lives), {})
        mine = {order.id for order in country.orders}
        for places in sights:
            sight = Sight((*places, *([f"order:{lives[0].at.id}"] if alone else [])), "somebody")
            session.execute(text(sight.statement))
            for table in walls.OF_ORDERS:
                rows = session.execute(select(TABLES[table].c.order_id)).scalars()
                assert set(rows) & mine <= country.seen(sight), (table, sight)
            assert set(session.scalars(select(tables.orders.c.order_id))) & mine == country.seen(sight)
            assert set(session.scalars(select(tables.events.c.order_id))) & mine == country.seen(sight)
            session.execute(text(EVERYWHERE.statement))
        session.rollback()


@pytest.mark.parametrize("unit", ["GD.net", "GD", "R.south", "HQ", "HQ.net", "no.such"])
def test_the_units_above_one_are_the_same_in_the_database(engine: Engine, country: Country, unit: str) -> None:
    with engine.connect() as connection:
        assert list(connection.scalars(select(func.whistle_above(unit)))) == above(unit)


# --- what the walls' own functions tell -------------------------------------------------------------------------------


def test_a_foreign_order_and_none_are_answered_alike(engine: Engine, country: Country) -> None:
    for sight in sights_of(country).values():
        if "*" in sight.places:
            continue
        seen = country.seen(sight)
        with within(engine, sight).connect() as connection:
            for asked in (*(order.id for order in country.orders), "WH-NO-SUCH", "", "%", None):
                answer = connection.scalar(select(func.whistle_sees(asked)))
                assert bool(answer) is (asked in seen or f"order:{asked}" in sight.places)


def test_a_search_names_only_what_one_sees_whatever_marks_are_tried(
    engine: Engine, made: Made, country: Country, keys: Keyring
) -> None:
    tried: list[list[int]] = [[], *(finding.marks_wanted(keys, typed) for typed in ("WH", "宽带", "signal", "不"))]
    tried += [list(finding.whole(keys, "Li 2")), list(finding.whole(keys, "13900000002"))]
    with made() as session:
        texts = {row.order_id: set(row.marks) for row in session.execute(select(tables.order_texts))}
    hits = 0
    for sight in sights_of(country).values():
        seen = set(texts) if "*" in sight.places else country.seen(sight)
        with within(engine, sight).connect() as connection:
            for marks in tried:
                found = connection.exec_driver_sql("SELECT whistle_found(%s::bigint[])", (marks,)).scalars().all()
                assert sorted(found) == sorted(one for one in seen if set(marks) <= texts[one])
                hits += len(found)
    assert hits > 50


def test_calls_tell_when_a_customer_was_called_and_not_for_what(engine: Engine, made: Made, country: Country) -> None:
    """Whoever knows a customer's id, as nobody can guess it, learns the instants of his calls: they bound his own."""
    with made() as session:
        called = session.execute(
            select(tables.calls.c.callee, tables.calls.c.at).where(tables.calls.c.callee == "c1")
        ).all()
    assert called
    ask = "SELECT * FROM whistle_called(%s::text[], '2020-01-01')"
    with within(engine, NOWHERE).connect() as connection:
        answer = connection.exec_driver_sql(ask, (["c1"],))
        assert list(answer.keys()) == ["callee", "at"]
        assert [tuple(row) for row in answer] == [tuple(row) for row in called]
        for guessed in ([], ["c"], ["%"], ["*"], [None], ["c2"]):
            assert not connection.exec_driver_sql(ask, (guessed,)).all()
