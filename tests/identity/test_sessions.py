"""Sessions as they are kept: of customers too, by the hash of their cookie alone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from domain.model import Role
from identity import sessions
from store import access_tables as tables
from store.session import NOWHERE, Sight, within

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
IDLE = timedelta(minutes=60)
CUSTOMER = "c-123"


@pytest.fixture(autouse=True, scope="module")
def _a_customer(made: sessionmaker[Session]) -> None:
    with made.begin() as session:
        session.execute(insert(tables.customers).values(id=CUSTOMER, lookup="looked-up", wrapped="w", kek="k1"))


def test_a_customers_session_is_for_his_orders_or_for_one_alone(made: sessionmaker[Session]) -> None:
    with made.begin() as session:
        whole = sessions.create(session, now=NOW, how=sessions.CODE, hours=2, customer=CUSTOMER)
        one = sessions.create(session, now=NOW, how=sessions.LINK, hours=2, customer=CUSTOMER, order_id="WH1")
        found = sessions.find(session, whole.cookie, NOW, IDLE)
        linked = sessions.find(session, one.cookie, NOW, IDLE)
    assert found is not None
    assert linked is not None
    assert (found.who.role, found.who.sight) == (
        Role.CUSTOMER,
        Sight((f"customer:{CUSTOMER}",), f"customer:{CUSTOMER}"),
    )
    assert linked.who.sight == Sight(("order:WH1",), f"customer:{CUSTOMER}")
    assert not found.must_change


def test_an_erased_customer_is_logged_in_no_more(made: sessionmaker[Session]) -> None:
    gone = "c-gone"
    with made.begin() as session:
        session.execute(insert(tables.customers).values(id=gone, lookup="gone", wrapped="w", kek="k1"))
        opened = sessions.create(session, now=NOW, how=sessions.CODE, hours=2, customer=gone)
        assert sessions.find(session, opened.cookie, NOW, IDLE) is not None
        session.execute(update(tables.customers).where(tables.customers.c.id == gone).values(erased_at=NOW))
        assert sessions.find(session, opened.cookie, NOW, IDLE) is None


def test_all_of_somebodys_sessions_end_and_nobody_elses(made: sessionmaker[Session]) -> None:
    with made.begin() as session:
        mine = [sessions.create(session, now=NOW, how=sessions.CODE, hours=2, customer=CUSTOMER) for _ in range(3)]
        other = sessions.create(session, now=NOW, how=sessions.PASSWORD, hours=2, person="gd-agent-1")
        live = sessions.find(session, mine[0].cookie, NOW, IDLE)
        assert live is not None
        assert sessions.end_all(session, live.who, NOW) >= 3
        assert [sessions.find(session, one.cookie, NOW, IDLE) for one in mine] == [None] * 3
        assert sessions.find(session, other.cookie, NOW, IDLE) is not None


def test_a_session_is_a_persons_or_a_customers(made: sessionmaker[Session]) -> None:
    for whose in ({}, {"person": "gd-agent-1", "customer": CUSTOMER}):
        with made.begin() as session, pytest.raises(ValueError, match="person's or a customer's"):
            sessions.create(session, now=NOW, how=sessions.CODE, hours=2, **whose)


def test_nothing_kept_opens_a_session_and_no_persons_own_session_reads_them(made: sessionmaker[Session]) -> None:
    with made.begin() as session:
        opened = sessions.create(session, now=NOW, how=sessions.PASSWORD, hours=2, person="gd-agent-1")
        rows = session.execute(select(tables.sessions)).mappings().all()
        assert all(opened.cookie not in row.values() for row in rows)
        for kept in {value for row in rows for value in row.values() if isinstance(value, str)}:
            assert sessions.find(session, kept, NOW, IDLE) is None
    assert len({opened.cookie, opened.csrf}) == 2
    engine = made.kw["bind"]
    for sight in (NOWHERE, Sight(("GD",), "gd-agent-1")):
        with Session(within(engine, sight)) as session:
            for table in (tables.sessions, tables.accounts, tables.actings, tables.accesses):
                assert session.execute(select(table)).all() == []
