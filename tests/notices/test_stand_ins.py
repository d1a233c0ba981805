"""Absences on real rows: who is told in whose place, on record, once, and in his own inbox."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import to_rows
from domain import commands as c
from domain import events as e
from domain.model import Actor, Customer, Role
from domain.notices import notices as told_by
from store import absences, ledger, notices, outbox, posts, tables
from store.absences import Absence
from tests.domain.lives import MONDAY, Life, dispatched
from tests.notices.conftest import PostOffice, Someone, notices_of

_NUMBERS = itertools.count(1)
ADMIN = Actor("hq-admin", Role.ADMINISTRATOR, "HQ")
WEEK = timedelta(days=7)
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def everybody_is_present(made: sessionmaker[Session]) -> Iterator[None]:
    """Nobody is away before a test, nor after it; nothing of it is left to be sent."""
    yield
    with made.begin() as session:
        everyone = tables.people
        session.execute(update(everyone).values(away_from=None, away_until=None, substitute="", active=True))
        unsent = tables.notices.c.state != "sent"
        session.execute(update(tables.notices).where(unsent).values(state="rehearsed"))
    posts.forget()


@pytest.fixture
def away(made: sessionmaker[Session]) -> Callable[..., None]:
    """Puts somebody down as away for a week of the orders' time."""

    def put(person: str, substitute: str = "", start: datetime = MONDAY - WEEK, until: datetime | None = None) -> None:
        with made.begin() as session:
            here = posts.organisation(session, 0)
            absence = Absence(start, until, substitute)
            absences.say_away(session, here, here.people[person], absence, ADMIN, MONDAY)
        posts.forget()

    return put


def back(made: sessionmaker[Session], person: str) -> None:
    with made.begin() as session:
        absences.say_back(session, posts.organisation(session, 0).people[person], ADMIN, MONDAY)
    posts.forget()


def leave(made: sessionmaker[Session], *people: str) -> None:
    with made.begin() as session:
        session.execute(update(tables.people).where(tables.people.c.id.in_(people)).values(active=False))
    posts.forget()


def raised(made: sessionmaker[Session], level: int = 2) -> list[Row]:
    """The notices of an order that a manager raises to a level by hand, its last event's alone."""
    life = dispatched(order_id=f"WH20261123-S{next(_NUMBERS):07d}")
    life.do("province", c.Escalate(level))
    return kept(made, life)[-1]


def kept(made: sessionmaker[Session], life: Life) -> list[list[Row]]:
    """The notices of a recorded life, event by event."""
    with made.begin() as session:
        ledger.record(session, life.at.id, to_rows(life.at.id, life.events))
        rows = notices_of(session, life.at.id)
    return [[row for row in rows if row["seq"] == event.seq] for event in life.events]


def mailed(rows: list[Row]) -> list[str]:
    return sorted(person for row in rows if row["channel"] == "email" for person in row["holders"])


def fresh(session: Session) -> None:
    """Have what is queued be of this very moment, or it would be too old to be sent."""
    queued = tables.notices.c.state == "queued"
    session.execute(update(tables.notices).where(queued).values(created_at=func.clock_timestamp()))


def seen(made: sessionmaker[Session], person: str, order_id: str) -> list[str]:
    """What a person's inbox shows of an order, as the English words."""
    with made() as session:
        page, _ = notices.inbox(session, Someone(person), limit=200)
    return [entry.body_en for entry in page if entry.order_id == order_id]


def test_while_the_head_is_away_his_substitute_is_told_and_the_notice_says_for_whom(
    made: sessionmaker[Session], away: Callable[..., None]
) -> None:
    away("gd-net-head", "gd-net-1")
    rows = raised(made)
    order_id = rows[0]["order_id"]
    by_id = {row["id"].partition("/")[2].partition("/")[2]: row for row in rows}
    assert set(by_id) == {
        "head:GD.net/console", "head:GD.net/console/person:gd-net-1", "head:GD.net/email/person:gd-net-1",
    }  # fmt: skip
    assert {row["post"] for row in rows} == {"head:GD.net"}
    assert {tuple(row["holders"]) for row in rows} == {("gd-net-1",)}
    with made() as session:
        head = posts.organisation(session).people["gd-net-head"]
    copy = by_id["head:GD.net/console/person:gd-net-1"]
    assert copy["body_zh"].startswith(f"（代{head.name_zh}（广东网络运营部负责人）接收）")
    assert copy["body_en"].startswith(f"(Received for {head.name_en}, the head of Guangdong Network Operations.) ")
    assert copy["title_zh"].startswith("【代收】")
    own = by_id["head:GD.net/console"]
    assert own["body_en"] == copy["body_en"].partition(".) ")[2]
    (his,) = seen(made, "gd-net-1", order_id)[:1]
    assert his == copy["body_en"]
    assert Counter(seen(made, "gd-net-1", order_id))[own["body_en"]] == 0  # not twice


def test_where_the_substitute_is_away_too_the_next_level_is_told(
    made: sessionmaker[Session], away: Callable[..., None]
) -> None:
    away("gd-net-head", "gd-net-1")
    away("gd-net-1")
    rows = raised(made)
    assert mailed(rows) == ["gd-manager"]
    assert {row["post"] for row in rows} == {"role:province_manager@GD"}
    copy = next(row for row in rows if row["audience"] == "person:gd-manager")
    assert copy["body_zh"].startswith("（代广东网络运营部负责人接收）")
    assert copy["body_en"].startswith("(Received for the head of Guangdong Network Operations.) ")


def test_a_vacant_post_goes_to_the_next_level_and_waits_for_whoever_gets_it(made: sessionmaker[Session]) -> None:
    leave(made, "gd-net-head")
    rows = raised(made)
    order_id = rows[0]["order_id"]
    assert mailed(rows) == ["gd-manager"]
    assert len(seen(made, "gd-manager", order_id)) == 1
    with made.begin() as session:
        mine = f"{order_id}/{rows[0]['seq']}/head:GD.net/console/person:gd-manager"
        assert notices.mark_read(session, Someone("gd-manager"), [mine], MONDAY) == 1
        session.execute(update(tables.people).where(tables.people.c.id == "gd-net-head").values(active=True))
    posts.forget()
    with made() as session:
        page, _ = notices.inbox(session, Someone("gd-net-head"), unread_only=True, limit=200)
    assert "escalated.by_hand" in [entry.template for entry in page if entry.order_id == order_id]


def test_what_a_post_was_told_before_it_fell_vacant_the_next_level_reads(made: sessionmaker[Session]) -> None:
    rows = raised(made)
    order_id = rows[0]["order_id"]
    assert mailed(rows) == ["gd-net-head"]
    assert not seen(made, "gd-manager", order_id)
    leave(made, "gd-net-head")
    assert len(seen(made, "gd-manager", order_id)) == 1


def test_a_person_who_is_back_is_told_again(made: sessionmaker[Session], away: Callable[..., None]) -> None:
    away("gd-net-head", "gd-net-1")
    assert mailed(raised(made)) == ["gd-net-1"]
    back(made, "gd-net-head")
    assert mailed(raised(made)) == ["gd-net-head"]
    away("gd-net-head", "gd-net-1", until=MONDAY + timedelta(seconds=1))
    assert mailed(raised(made)) == ["gd-net-1"]
    away("gd-net-head", "gd-net-1", start=MONDAY + timedelta(seconds=1))
    assert mailed(raised(made)) == ["gd-net-head"]


def test_the_second_escalation_of_a_day_is_told_like_the_first(
    made: sessionmaker[Session], away: Callable[..., None]
) -> None:
    away("gd-manager", "south-manager")
    life = dispatched(order_id=f"WH20261123-S{next(_NUMBERS):07d}")
    life.do("province", c.Escalate(2))
    life.wait(hours=1)
    life.do("region", c.Escalate(3))
    first, second = (rows for rows in kept(made, life) if {"escalated.by_hand"} & {row["template"] for row in rows})
    assert (mailed(first), mailed(second)) == (["gd-net-head"], ["south-manager"])


def test_one_event_sends_a_person_one_letter_however_many_posts_he_answers_for(made: sessionmaker[Session]) -> None:
    life = dispatched(order_id=f"WH20261123-S{next(_NUMBERS):07d}")
    alarm = replace(life.events[-1], seq=99, body=e.DeadEndRaised("due/a1", "GD.net"))
    leave(made, "gd-manager", "south-manager")
    with made() as session:
        rows = notices.rows(life.at, 99, told_by(life.at, life.at, alarm), MONDAY, notices.names(session))
    assert {row["audience"] for row in rows if row["channel"] == "console"} >= {
        "role:province_manager@GD", "role:headquarters@HQ",
    }  # fmt: skip
    assert mailed(rows) == ["hq-supervisor-1", "hq-supervisor-2"]
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids))
    assert not [row for row in rows if row["audience"].startswith("person:hq")]  # told in their own right


def test_a_letter_for_a_post_goes_to_those_whom_its_row_names(
    made: sessionmaker[Session], office: PostOffice, away: Callable[..., None]
) -> None:
    away("gd-net-head", "gd-net-1")
    raised(made)
    with made.begin() as session:
        fresh(session)
    back(made, "gd-net-head")  # between the event and the letter
    assert office.postman.deliver_once() == 1
    assert office.box.recipients == [["gd-net-1@example.invalid"]]
    assert "Received for" in office.box.taken[0].get_content()


def test_three_hundred_letters_of_one_moment_all_arrive_once(made: sessionmaker[Session], office: PostOffice) -> None:
    customer = Customer("Li", "13900000044", email="li@example.invalid")
    lives = [dispatched(order_id=f"WH20261123-S{next(_NUMBERS):07d}", customer=customer) for _ in range(150)]
    with made.begin() as session:
        for life in lives:
            ledger.record(session, life.at.id, to_rows(life.at.id, life.events))
        fresh(session)
    sent = 0
    while taken := office.postman.deliver_once():
        sent += taken
    assert sent == 300
    found = Counter(str(letter["X-Whistle-Notice"]) for letter in office.box.taken)
    assert set(found) == {f"{life.at.id}/{seq}/customer/email" for life in lives for seq in (1, 2)}
    assert set(found.values()) == {1}
    with made() as session:
        assert not outbox.claim(session, 10)


def test_who_said_it_stays_on_record_and_nobody_can_change_it(
    made: sessionmaker[Session], away: Callable[..., None]
) -> None:
    away("js-net-head", "js-net-1", until=MONDAY + WEEK)
    away("js-net-head", "js-net-1", until=MONDAY + WEEK)
    back(made, "js-net-head")
    back(made, "js-net-head")
    with made() as session:
        latest, first = absences.said_of(session, "js-net-head")
    assert (first.actor_id, first.role, first.at) == ("hq-admin", "administrator", MONDAY)
    assert (first.away_from, first.away_until, first.substitute) == (MONDAY - WEEK, MONDAY + WEEK, "js-net-1")
    assert (latest.away_from, latest.away_until, latest.substitute) == (None, None, "")
    for change in ("UPDATE absences SET substitute = 'x'", "DELETE FROM absences"):
        with made() as session, pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(change))


def test_a_full_inbox_is_read_from_the_top_of_its_index(made: sessionmaker[Session]) -> None:
    row = {
        "order_id": "f", "seq": 1, "audience": "unit:GD.it", "channel": "console", "template": "x", "title_zh": "",
        "title_en": "", "body_zh": "", "body_en": "", "state": "sent", "rehearsal": False,
    }  # fmt: skip
    with made() as session:
        many = [{**row, "id": f"f{n:05d}", "created_at": MONDAY - timedelta(seconds=n)} for n in range(20_000)]
        session.execute(insert(tables.notices), many)
        page, _ = notices.inbox(session, Someone("gd-it-1"), limit=50)
        assert [entry.id for entry in page[:3]] == ["f00000", "f00001", "f00002"]
        wanted = [tables.notices.c.channel == "console", tables.notices.c.rehearsal.is_(False)]
        page_sql = notices.newest(session, Someone("gd-it-1"), wanted, 51)
        sql = page_sql.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = "\n".join(session.execute(text(f"explain (analyze, buffers off) {sql}")).scalars())
        assert "notices_inbox" in plan
        assert "rows=20000" not in plan
        session.rollback()
