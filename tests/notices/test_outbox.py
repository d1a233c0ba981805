"""Rows, inboxes and the demo organisation on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import to_rows
from domain.model import Customer, Role
from domain.notices import Notice
from store import demo, directory, ledger, notices, outbox, policies, posts, tables, writes
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.domain.lives import Life, dispatched
from tests.notices.conftest import Someone, notices_of

_NUMBERS = itertools.count(1)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def number(prefix: str = "WH") -> str:
    """An order id that no other test has."""
    return f"{prefix}20261123-N{next(_NUMBERS):07d}"


def recorded(session: Session, life: Life) -> Life:
    ledger.record(session, life.at.id, to_rows(life.at.id, life.events))
    return life


def ids(session: Session, who: Someone, order_id: str, **wanted: bool) -> list[str]:
    page, _ = notices.inbox(session, who, **wanted, limit=1000)
    return [entry.template for entry in page if entry.order_id == order_id]


@pytest.fixture
def session(made: sessionmaker[Session]) -> Iterator[Session]:
    with made() as session:
        yield session
        session.rollback()


@pytest.fixture
def owner(database: Database, made: sessionmaker[Session]) -> Iterator[Session]:
    """A session of the role that owns the tables; what it writes is rolled back."""
    engine = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with sessions(engine)() as session:
        yield session
        session.rollback()
    engine.dispose()


def test_loading_the_demo_organisation_again_changes_nothing(database: Database, made: sessionmaker[Session]) -> None:
    def everything() -> list[object]:
        with made() as session:
            rows = (session.execute(select(table).order_by(table.c.id)).all() for table in
                    (tables.units, tables.people, tables.catalogue, tables.policies))  # fmt: skip
            return [row for found in rows for row in found]

    before = everything()
    demo.load(database.owner_url)
    assert everything() == before
    assert len(before) > 1500


def test_every_post_that_a_rule_names_is_held_and_every_login_is_real(session: Session) -> None:
    organisation = posts.organisation(session, kept_seconds=0)
    places = demo.document("organisation")["provinces"]
    assert len(places) == 31
    for place in places:
        for role in (Role.AGENT, Role.TEAM_LEAD, Role.DISPATCHER, Role.REPLY_AUDITOR, Role.CALLBACK_AGENT,
                     Role.PROVINCE_MANAGER, Role.REGIONAL_MANAGER):  # fmt: skip
            audience = f"role:{role}@{place}"
            assert organisation.reached(audience, NOW).post == audience
    for unit in organisation.units.values():
        if unit.kind == "department":
            assert organisation.reached(f"unit:{unit.id}", NOW).post == f"unit:{unit.id}"
            assert organisation.reached(f"head:{unit.id}", NOW).post == f"head:{unit.id}"
    for login in demo.LOGINS:
        if login.role != Role.CUSTOMER:
            person = organisation.people[login.id]
            assert (person.role, person.unit) == (login.role, login.unit)
        assert login.label_zh
        assert login.label_en
    assert {login.role for login in demo.LOGINS} >= {role.value for role in Role} - {Role.SYSTEM, Role.CHANNEL}


def test_the_catalogue_leads_every_category_in_every_province(session: Session) -> None:
    known = {unit.id for unit in directory.units(session)}
    organisation = demo.document("organisation")
    for category, province in itertools.product(organisation["catalogue"], (*organisation["provinces"], "??")):
        entry = directory.catalogue_for(session, category, province)
        assert entry is not None
        assert {entry.lead, *entry.co, *entry.copy} <= known
        assert entry.clause
    assert policies.current(session)[1]["version"] == demo.document("policy")["version"]


def test_recording_an_event_writes_its_notices_once_and_by_name(session: Session) -> None:
    life = dispatched(order_id=number(), customer=Customer("Li", "13900000077", email="li@example.invalid"))
    recorded(session, life)
    recorded(session, life)
    rows = notices_of(session, life.at.id)
    found = [(row["audience"], row["channel"], row["state"]) for row in rows]
    assert found == [
        ("customer", "console", "sent"), ("customer", "email", "queued"),
        ("customer", "console", "sent"), ("customer", "email", "queued"), ("unit:GD.net", "console", "sent"),
    ]  # fmt: skip
    assert rows[0]["id"] == f"{life.at.id}/1/customer/console"
    assert "广东网络运营部" in rows[2]["body_zh"]
    assert "Guangdong Network Operations" in rows[2]["body_en"]
    told = [Notice("customer", "customer.urged", {"order": life.at.id, "number": "1"})]
    for _ in range(2):
        batch = writes.Batch()
        batch.add(notices.INSERT, tables.notices, notices.rows(life.at, 99, told, NOW, notices.names(session)))
        batch.send(session)
    assert len(notices_of(session, life.at.id)) == 7


def test_a_rehearsal_sends_no_mail_and_stays_out_of_the_inboxes(session: Session) -> None:
    life = dispatched(order_id=number("R"), rehearsal=True, customer=Customer("Li", "1", email="li@example.invalid"))
    life.wait(days=30)
    recorded(session, life)
    mail = [row for row in notices_of(session, life.at.id) if row["channel"] == "email"]
    assert len(mail) > 5
    assert {row["state"] for row in mail} == {"rehearsed"}
    assert not ids(session, Someone("gd-net-1"), life.at.id)
    assert ids(session, Someone("gd-net-1"), life.at.id, rehearsal=True)
    session.execute(update(tables.notices).values(next_attempt_at=NOW - timedelta(days=400)))
    assert all(row.order_id != life.at.id for row in outbox.claim(session, 10_000))


def test_an_inbox_shows_a_readers_own_once_read_no_more(session: Session) -> None:
    life = recorded(session, dispatched("GD.bill", order_id=number(), customer=Customer("Li", "13900000088", id="c88")))
    net, bill = Someone("gd-net-1"), Someone("gd-bill-1")
    customer, other = Someone("customer:c88", "c88"), Someone("customer:1", "1")
    by_link, by_another = (Someone(customer.id, "c88", order_id) for order_id in (life.at.id, number()))
    assert ids(session, net, life.at.id) == ["unit.dispatched"]
    assert ids(session, bill, life.at.id) == ["unit.dispatched_co"]
    assert ids(session, customer, life.at.id) == ["customer.dispatched", "customer.registered"]
    assert ids(session, by_link, life.at.id) == ids(session, customer, life.at.id)
    assert not ids(session, other, life.at.id)
    assert not ids(session, by_another, life.at.id)
    mine = f"{life.at.id}/2/unit:GD.net/console"
    assert notices.mark_read(session, bill, [mine], NOW) == 0
    assert notices.mark_read(session, net, [mine], NOW) == 1
    assert notices.mark_read(session, net, [mine], NOW) == 0
    assert not ids(session, net, life.at.id, unread_only=True)
    assert ids(session, net, life.at.id) == ["unit.dispatched"]


def test_pages_of_an_inbox_neither_skip_nor_repeat(session: Session) -> None:
    customer = Someone("customer:c99", "c99")
    for _ in range(4):
        recorded(session, dispatched(order_id=number(), customer=Customer("Li", "13900000099", id="c99")))
    seen, after = list[str](), None
    while True:
        page, after = notices.inbox(session, customer, after=after, limit=3)
        seen += [entry.id for entry in page]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 8


def test_what_a_vacant_post_is_told_the_next_one_up_reads_and_gets_by_mail(owner: Session) -> None:
    def absent(*people: str) -> posts.Organisation:
        owner.execute(update(tables.people).where(tables.people.c.id.in_(people)).values(active=False))
        return posts.organisation(owner, kept_seconds=0)

    assert posts.organisation(owner, 0).addresses("unit:GD.net", NOW) == ("gd-net@example.invalid",)
    organisation = absent("gd-net-1", "gd-net-2")
    assert organisation.reached("unit:GD.net", NOW).post == "unit:GD.net"  # the head is of the unit too
    organisation = absent("gd-net-head")
    assert (
        organisation.addresses("unit:GD.net", NOW)
        == organisation.addresses("head:GD.net", NOW)
        == ("gd-manager@example.invalid",)
    )
    manager = organisation.people["gd-manager"]
    own, stood_in = organisation.read_by(manager)
    assert "role:province_manager@GD" in own
    assert {"unit:GD.net", "head:GD.net"} <= set(stood_in)
    organisation = absent("gd-manager")
    assert organisation.addresses("unit:GD.net", NOW) == ("south-manager@example.invalid",)
    assert organisation.addresses("person:gd-net-1", NOW) == ("south-manager@example.invalid",)
    assert "head:GD.net" in organisation.read_by(organisation.people["south-manager"])[1]
    organisation = absent("south-manager")
    assert organisation.addresses("role:dispatcher@GD", NOW)[0].startswith("gd-dispatcher")
    assert "hq-supervisor-1@example.invalid" in organisation.addresses("role:regional_manager@GD", NOW)
    assert organisation.addresses("unit:NO.such", NOW) == organisation.addresses("role:headquarters@HQ", NOW)


def test_the_outbox_is_read_by_its_index_however_much_was_sent(owner: Session) -> None:
    rows = "select 'x' || n, 'x', 1, 'customer', 'email', 'x', '', '', '', '', {}, false"
    columns = "id, order_id, seq, audience, channel, template, title_zh, title_en, body_zh, body_en, state, rehearsal"
    state = "case when n < 10 then 'queued' else 'sent' end"
    owner.execute(text(f"insert into notices ({columns}) {rows.format(state)} from generate_series(1, 3000) n"))
    owner.execute(text("analyze notices"))
    plan = owner.execute(
        text(
            "explain select id from notices where state in ('queued', 'retry') and next_attempt_at <= clock_timestamp()"
            " order by next_attempt_at, id limit 10 for update skip locked"
        )
    ).scalars()
    assert "notices_unsettled" in "\n".join(plan)


@pytest.mark.parametrize(
    "column", ["title_zh", "body_en", "audience", "template", "order_id", "seq", "post", "holders"]
)
def test_the_application_cannot_change_what_a_notice_said_or_to_whom(made: sessionmaker[Session], column: str) -> None:
    with made() as session, pytest.raises(ProgrammingError, match="permission denied for table notices"):
        session.execute(text(f"UPDATE notices SET {column} = {column}"))
    with made() as session:
        session.execute(text("UPDATE notices SET read_at = now(), state = state WHERE false"))
