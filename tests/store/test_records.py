"""What surrounds the orders: the directory, policies and terms, refusals, and the shape of the database itself."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg2 import sql
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from domain.errors import NotYourUnit
from domain.model import Actor, OrderClass, Role
from runtime.postgres import EmbeddedPostgres
from store import directory, migrate, policies, refusals, tables
from store.session import EVERYWHERE, make_engine
from tests.conftest import Database
from tests.domain.lives import terms

Made = sessionmaker[Session]


@pytest.fixture(scope="module", autouse=True)
def organisation(made: Made) -> None:
    """A small organisation."""
    names = {"name_zh": "名", "name_en": "name"}
    with made.begin() as session:
        for identity, parent, kind, province in (
            ("HQ", "", "headquarters", "HQ"),
            ("R.x", "HQ", "region", ""),
            ("AA", "R.x", "province", "AA"),
            ("AA.net", "AA", "department", "AA"),
            ("BB", "R.x", "province", "BB"),
        ):
            session.execute(
                insert(tables.units).values(id=identity, parent=parent, kind=kind, province=province, **names)
            )
        for identity, role, unit, province, active in (
            ("p1", "unit_member", "AA.net", "AA", True),
            ("p2", "unit_head", "AA.net", "AA", True),
            ("p3", "unit_member", "AA.net", "AA", False),
            ("p4", "province_manager", "BB", "BB", True),
        ):
            session.execute(
                insert(tables.people).values(
                    id=identity, role=role, unit=unit, province=province, active=active, **names
                )
            )
        for identity, category, province, lead in (
            ("1", "network", "*", "HQ.net"),
            ("2", "network", "AA", "AA.net"),
            ("3", "billing", "*", "HQ.bill"),
        ):
            session.execute(
                insert(tables.catalogue).values(
                    id=identity, category=category, province=province, order_class="fault", lead=lead, co=["HQ.it"]
                )
            )


def test_the_directory_finds_units_and_people(made: Made) -> None:
    with made() as session:
        unit = directory.unit(session, "AA.net")
        assert unit is not None
        assert (unit.parent, unit.zone) == ("AA", "Asia/Shanghai")
        assert directory.unit(session, "XX") is None
        assert [unit.id for unit in directory.units(session, province="AA")] == ["AA", "AA.net"]
        assert [unit.id for unit in directory.units(session, parent="R.x", kind="province")] == ["AA", "BB"]
        assert len(directory.units(session)) == 5
        person = directory.person(session, "p3")
        assert person is not None
        assert not person.active
        assert [who.id for who in directory.people_of(session, "", "AA")] == ["p1", "p2"]
        assert [who.id for who in directory.people_of(session, Role.UNIT_HEAD, "AA.net")] == ["p2"]
        assert [who.id for who in directory.people_of(session, Role.PROVINCE_MANAGER)] == ["p4"]


def test_a_provinces_own_clause_wins(made: Made) -> None:
    with made() as session:
        own, everywhere = (directory.catalogue_for(session, "network", province) for province in ("AA", "BB"))
        assert own is not None
        assert everywhere is not None
        assert (own.lead, own.co, own.order_class) == ("AA.net", ("HQ.it",), OrderClass.FAULT)
        assert everywhere.lead == "HQ.net"
        assert directory.catalogue_for(session, "unknown", "AA") is None
        assert [entry.id for entry in directory.catalogue(session, province="AA")] == ["3", "1", "2"]


def test_a_published_policy_is_never_changed_and_the_youngest_holds(made: Made) -> None:
    with made.begin() as session:
        assert policies.publish(session, "v1", {"version": "v1", "limit": 1})
        assert not policies.publish(session, "v1", {"limit": 1, "version": "v1"})
        with pytest.raises(ValueError, match="v1"):
            policies.publish(session, "v1", {"version": "v1", "limit": 2})
        assert policies.publish(session, "v2", {"version": "v2", "limit": 2})
    with made() as session:
        assert policies.current(session) == ("v2", {"version": "v2", "limit": 2})
        assert policies.document(session, "v1")["limit"] == 1
        with pytest.raises(LookupError):
            policies.document(session, "v3")


def test_frozen_terms_come_back_as_they_were(made: Made) -> None:
    frozen = terms("fault", "gold")
    for _ in range(2):
        with made.begin() as session:
            assert policies.save_terms(session, frozen) == frozen.digest
    with made() as session:
        kept = policies.terms(session, frozen.digest)
        assert kept == frozen
        assert kept.digest == frozen.digest
        with pytest.raises(LookupError):
            policies.terms(session, "none")


def test_a_refusal_is_on_record(made: Made) -> None:
    with made.begin() as session:
        for code in ("k1", "k2"):
            refusal = NotYourUnit("not yours", field="unit", state="dispatched")
            refusals.record_refusal(session, "WH-9", "sign", code, Actor("p1", Role.UNIT_MEMBER, "AA.net"), refusal)
    with made() as session:
        kept = tables.refusals
        found = session.execute(select(kept).where(kept.c.order_id == "WH-9").order_by(kept.c.id)).all()
    assert [one.command_id for one in found] == ["k1", "k2"]
    assert (found[0].code, found[0].role, found[0].field) == ("not_your_unit", "unit_member", "unit")


def test_the_migrated_database_is_the_one_the_code_describes(database: Database) -> None:
    owner = make_engine(database.owner_url, pool_size=1, sight=EVERYWHERE)
    try:
        with owner.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, tables.metadata) == []
    finally:
        owner.dispose()
    assert migrate.revision(database.owner_url) == migrate.head()


def test_starters_at_the_same_time_do_not_collide(empty: str) -> None:
    faults: list[BaseException] = []

    def starter() -> None:
        try:
            migrate.upgrade(empty)
        except BaseException as fault:
            faults.append(fault)

    assert migrate.revision(empty) == ""
    threads = [threading.Thread(target=starter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert migrate.revision(empty) == migrate.head()


@pytest.fixture
def empty(postgres: EmbeddedPostgres, database: Database) -> str:
    """The owner's address of a database without tables."""
    name = f"{database.name}_empty"
    connection = postgres.connect()
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("create database {} owner whistle_owner").format(sql.Identifier(name)))
    connection.close()
    return postgres.url(database=name)
