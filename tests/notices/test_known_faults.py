"""Faults that systems of this kind have had with what they send; docs/faults.md lists them all."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import to_rows
from domain import commands as c
from domain.events import OrderEscalated
from domain.model import Customer
from store import ledger, outbox, posts, tables
from store.tables import notices as t
from tests.domain.lives import Life, dispatched, working
from tests.notices.conftest import PostOffice, notices_of

Made = sessionmaker[Session]
_NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True)
def _tidy(made: Made) -> Iterator[None]:
    """Nothing of an earlier test is left to be sent, and nobody is renamed after it."""
    with made.begin() as session:
        session.execute(update(t).where(t.c.state != "sent").values(state="rehearsed"))
        unit = tables.units.c.id == "GD.net"
        name = session.scalar(select(tables.units.c.name_en).where(unit))
    yield
    with made.begin() as session:
        session.execute(update(tables.units).where(unit).values(name_en=name))
    posts.forget()


def life_of(**register: Any) -> dict[str, Any]:
    """The fields of an order whose customer has an address."""
    customer = Customer("Li", "13900000066", email="li@example.invalid")
    return {"order_id": f"WH20261123-K{next(_NUMBERS):07d}", "customer": customer, **register}


def record(made: Made, life: Life) -> None:
    """Write down what has happened so far; its letters are of this very moment, or they would be too old to be sent."""
    with made.begin() as session:
        ledger.record(session, life.at.id, to_rows(life.at.id, life.events))
        queued = (t.c.order_id == life.at.id, t.c.state == "queued")
        # One microsecond an event, so that they stay in the order of their events.
        at = func.clock_timestamp() - timedelta(seconds=1) + func.make_interval(0, 0, 0, 0, 0, 0, t.c.seq * 0.000001)
        session.execute(update(t).where(*queued).values(created_at=at, next_attempt_at=at))


def deliver_all(office: PostOffice) -> int:
    sent = total = office.postman.deliver_once()
    while sent:
        sent = office.postman.deliver_once()
        total += sent
    return total


def mailed(made: Made, order_id: str, template: str = "") -> list[dict[str, Any]]:
    with made() as session:
        rows = [row for row in notices_of(session, order_id) if row["channel"] == "email"]
    return [row for row in rows if not template or row["template"] == template]


def letter(office: PostOffice, notice: str) -> EmailMessage:
    (found,) = [one for one in office.box.taken if one["X-Whistle-Notice"] == notice]
    return found


def test_a_notice_tells_its_event_and_not_what_came_later(made: Made, office: PostOffice) -> None:
    """A message's body shows the later state and not the event's (zammad source)."""
    life = working(**life_of())
    due_at = life.at.clocks["due/a1"].due_at
    life.do("net", c.Extend(due_at + timedelta(days=2)))
    life.do("province", c.DecideExtension(granted=True))
    record(made, life)
    (first,) = mailed(made, life.at.id, "customer.dispatched")
    (delayed,) = mailed(made, life.at.id, "customer.delayed")
    before = {
        row["id"]: (row["title_zh"], row["title_en"], row["body_zh"], row["body_en"]) for row in all_of(made, life)
    }

    life.do("province", c.Dispatch("GD.bill"), reason="it is a matter of the bill")
    life.do("customer", c.Withdraw("recording 17"), reason="it works again")
    record(made, life)
    with made.begin() as session:
        session.execute(update(tables.units).where(tables.units.c.id == "GD.net").values(name_en="Renamed Since"))
    posts.forget()
    after = {
        row["id"]: (row["title_zh"], row["title_en"], row["body_zh"], row["body_en"]) for row in all_of(made, life)
    }
    assert {notice: words for notice, words in after.items() if notice in before} == before

    assert deliver_all(office) == len(mailed(made, life.at.id))
    told = letter(office, first["id"]).get_content()
    assert "Guangdong Network Operations" in told
    assert "Renamed" not in told
    assert "Billing" not in told
    told = letter(office, delayed["id"]).get_content()
    assert shown(due_at + timedelta(days=2)) in told


def all_of(made: Made, life: Life) -> list[dict[str, Any]]:
    with made() as session:
        return notices_of(session, life.at.id)


def shown(at: Any) -> str:
    return f"{at + timedelta(hours=8):%Y-%m-%d %H:%M}"


def test_every_message_that_waits_is_sent_and_not_the_last_one_alone(made: Made, office: PostOffice) -> None:
    """The queue keeps only the last message, the others are lost (glpi 554, 3785)."""
    life = working(**life_of())
    for _ in range(6):
        life.do("customer", c.Urge("still nothing"))
        life.do("net", c.ReportProgress("on the way"))
    record(made, life)
    waiting = [row["id"] for row in mailed(made, life.at.id)]
    assert len(waiting) > 14
    assert Counter(row["template"] for row in mailed(made, life.at.id))["customer.urged"] == 6
    assert deliver_all(office) == len(waiting)
    sent = [str(one["X-Whistle-Notice"]) for one in office.box.taken]
    assert Counter(sent) == Counter(waiting)
    to_customer = [notice for notice in sent if notice.endswith("/customer/email")]
    seqs = [int(notice.split("/")[1]) for notice in to_customer]
    assert seqs == sorted(seqs)


def test_each_escalation_of_one_day_is_mailed(made: Made, office: PostOffice) -> None:
    """The second escalation of a day is silent (zammad 4348): an urgent order goes through five levels in a night."""
    life = dispatched(**life_of(order_class="urgent"))
    began = life.now
    life.wait(hours=12)
    record(made, life)
    raised = [event for event in life.events if isinstance(event.body, OrderEscalated)]
    assert len(raised) >= 5
    assert raised[-1].at - began < timedelta(days=1)
    assert {row["seq"] for row in mailed(made, life.at.id, "escalated.by_clock")} == {event.seq for event in raised}
    deliver_all(office)
    arrived = Counter(str(one["X-Whistle-Notice"]) for one in office.box.taken)
    for event in raised:
        own = [notice for notice in arrived if notice.startswith(f"{life.at.id}/{event.seq}/")]
        assert own
        assert {arrived[notice] for notice in own} == {1}


def test_a_letter_that_was_refused_eleven_times_arrives_once(made: Made, office: PostOffice) -> None:
    """Retries send 13 and 25 copies (freescout 1041, 3607)."""
    life = dispatched(**life_of())
    record(made, life)
    refusals = outbox.MOST_ATTEMPTS - 1
    letters = [row["id"] for row in mailed(made, life.at.id)]
    office.box.answers = ["451 try later"] * (refusals * len(letters))
    for _ in range(refusals):
        assert office.postman.deliver_once() == 0
        make_due(made)
    assert office.box.answers == []
    assert deliver_all(office) == len(letters)
    make_due(made)
    assert deliver_all(office) == 0
    assert Counter(str(one["X-Whistle-Notice"]) for one in office.box.taken) == Counter(letters)
    assert {row["attempts"] for row in mailed(made, life.at.id)} == {outbox.MOST_ATTEMPTS}


def make_due(made: Made) -> None:
    """Let every back-off be over."""
    with made.begin() as session:
        waiting = t.c.state.in_(("queued", "retry"))
        session.execute(update(t).where(waiting).values(next_attempt_at=func.clock_timestamp() - timedelta(seconds=1)))


def test_a_unit_that_has_several_posts_in_an_order_is_told_of_an_event_once(made: Made, office: PostOffice) -> None:
    """Twice to a group (escalade 213)."""
    life = working("GD.bill", **life_of())
    life.wait(days=12)
    record(made, life)
    rows = mailed(made, life.at.id)
    assert len(rows) > 20
    assert set(Counter((row["seq"], row["audience"]) for row in rows).values()) == {1}
    assert deliver_all(office) == len(rows)
    arrived = Counter(
        (str(one["X-Whistle-Notice"]).split("/")[1], address)
        for one, recipients in zip(office.box.taken, office.box.recipients, strict=True)
        for address in recipients
    )
    assert {address for _, address in arrived} > {"gd-net@example.invalid", "gd-net-head@example.invalid"}
    assert set(arrived.values()) == {1}, "one event, one letter to an address"
