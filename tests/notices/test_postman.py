"""Mail to a real SMTP server: once, whole, and never a delay for anybody else."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from activities.notices import MailServer, Postman, forgo
from contracts.messages import to_rows
from domain.model import Customer
from runtime import ports
from runtime.settings import load
from store import ledger, outbox, pulses
from store.tables import notices as t
from tests.conftest import Database
from tests.domain.lives import dispatched
from tests.notices.conftest import PostOffice, RudeServer, notices_of
from vault.rack import Rack
from worker import delivering

_NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True)
def _empty(made: sessionmaker[Session]) -> None:
    """Nothing of an earlier test is left to be sent."""
    with made.begin() as session:
        session.execute(update(t).where(t.c.state != "sent").values(state="rehearsed"))


def written(made: sessionmaker[Session], email: str = "li@example.invalid", days: int = 0, hours: int = 0) -> str:
    """A recorded order with two letters to the customer, more after some days; all of so many hours ago."""
    life = dispatched(order_id=f"WH20261123-P{next(_NUMBERS):07d}", customer=Customer("Li", "13900000055", email=email))
    life.wait(days=days)
    with made.begin() as session:
        ledger.record(session, life.at.id, to_rows(life.at.id, life.events))
        ago = func.clock_timestamp() - timedelta(hours=hours)
        session.execute(update(t).where(t.c.order_id == life.at.id).values(created_at=ago))
    return life.at.id


def mail(made: sessionmaker[Session], order_id: str) -> list[dict[str, Any]]:
    with made() as session:
        return [row for row in notices_of(session, order_id) if row["channel"] == "email"]


def states(made: sessionmaker[Session], order_id: str) -> list[str]:
    return [row["state"] for row in mail(made, order_id)]


def make_due(made: sessionmaker[Session]) -> None:
    """Let the back-off and every lease be over."""
    with made.begin() as session:
        unsettled = t.c.state.in_(("queued", "retry", "sending"))
        session.execute(update(t).where(unsettled).values(next_attempt_at=func.clock_timestamp() - timedelta(days=1)))


def heard(made: sessionmaker[Session]) -> pulses.Pulse | None:
    """The postman's last sign of life."""
    with made() as session:
        return pulses.all_of(session).get(pulses.POSTMAN)


def deliver_all(postman: Postman) -> int:
    sent = total = postman.deliver_once()
    while sent:
        sent = postman.deliver_once()
        total += sent
    return total


def test_a_letter_arrives_once_whole_and_under_a_lasting_id(made: sessionmaker[Session], office: PostOffice) -> None:
    order_id = written(made)
    assert deliver_all(office.postman) == 2
    assert deliver_all(office.postman) == 0
    first, second = office.box.taken
    assert office.box.recipients == [["li@example.invalid"]] * 2
    assert first["Subject"] == f"[{order_id}] 已受理 · Complaint registered"
    assert first["X-Whistle-Notice"] == f"{order_id}/1/customer/email"
    assert first["Message-ID"] != second["Message-ID"]
    assert "您反映的" in first.get_content()
    assert order_id in first.get_content()
    for row in mail(made, order_id):
        assert row["state"] == "sent"
        assert row["receipt"].startswith("250")
        assert row["attempts"] == 1
        assert row["sent_at"] is not None


def test_escalations_go_to_the_units_and_the_managers(made: sessionmaker[Session], office: PostOffice) -> None:
    order_id = written(made, email="", days=12)
    deliver_all(office.postman)
    reached = {address for recipients in office.box.recipients for address in recipients}
    assert {"gd-net@example.invalid", "gd-net-head@example.invalid", "gd-manager@example.invalid",
            "south-manager@example.invalid", "hq-supervisor-1@example.invalid"} <= reached  # fmt: skip
    assert set(states(made, order_id)) == {"sent"}


def test_a_refused_letter_is_tried_again_later_and_in_the_end_listed(
    made: sessionmaker[Session], office: PostOffice
) -> None:
    order_id = written(made)
    office.box.answers = ["451 try later", "550 never"]
    assert deliver_all(office.postman) == 0
    assert states(made, order_id) == ["retry", "retry"]
    assert deliver_all(office.postman) == 0  # not before its time
    make_due(made)
    assert deliver_all(office.postman) == 2
    assert [row["attempts"] for row in mail(made, order_id)] == [2, 2]

    lost = written(made, email="nobody@example.invalid")
    office.box.unknown = ["nobody@example.invalid"]
    for _ in range(outbox.MOST_ATTEMPTS):
        make_due(made)
        office.postman.deliver_once()
    assert states(made, lost) == ["failed", "failed"]
    assert mail(made, lost)[0]["attempts"] == outbox.MOST_ATTEMPTS
    with made() as session:
        assert [row["order_id"] for row in outbox.unsettled(session)] == [lost, lost]
        assert "550 no such box" in outbox.unsettled(session)[0]["receipt"]


def test_one_bad_letter_does_not_hold_up_the_others(made: sessionmaker[Session], office: PostOffice) -> None:
    office.box.unknown = ["nobody@example.invalid"]
    bad, broken, good = (written(made, to) for to in ("nobody@example.invalid", "a\nBcc: b@c", "li@example.invalid"))
    office.postman.deliver_once()
    assert set(states(made, bad)) == set(states(made, broken)) == {"retry"}
    assert set(states(made, good)) == {"sent"}


def test_the_back_off_doubles_up_to_its_longest(made: sessionmaker[Session], office: PostOffice) -> None:
    order_id = written(made, email="nobody@example.invalid")
    office.box.unknown = ["nobody@example.invalid"]
    waits = []
    for _ in range(outbox.MOST_ATTEMPTS - 1):
        make_due(made)
        office.postman.deliver_once()
        with made() as session:
            due = session.scalar(
                select(func.extract("epoch", t.c.next_attempt_at - func.clock_timestamp())).where(
                    t.c.id == f"{order_id}/1/customer/email"
                )
            )
        waits.append(round(float(due or 0) / 10) * 10)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]


def test_a_server_that_is_away_costs_no_attempt_and_nothing_is_lost(made: sessionmaker[Session], rack: Rack) -> None:
    order_id = written(made)
    nobody = Postman(made, MailServer("127.0.0.1", ports.free_run(1), "whistle@example.invalid", timeout=1.0), rack)
    for _ in range(3):
        make_due(made)
        assert nobody.deliver_once() == 0
    rows = mail(made, order_id)
    assert [(row["state"], row["attempts"]) for row in rows] == [("queued", 0)] * 2
    assert "server away" in rows[0]["receipt"]


def test_a_server_that_says_nothing_holds_up_nobody_but_the_mail(
    made: sessionmaker[Session], rude: Callable[[str], RudeServer], office: PostOffice, rack: Rack
) -> None:
    order_id = written(made)
    silent = rude("greeting")
    postman = Postman(made, silent.server, rack)
    postman.start()
    wait_for(lambda: silent.conversations > 0)
    began = time.monotonic()
    written(made)
    assert time.monotonic() - began < silent.server.timeout, "nobody waited for the server, which never answers"
    postman.stop()
    assert states(made, order_id) == ["queued", "queued"]
    make_due(made)
    assert deliver_all(office.postman) == 4


@pytest.fixture
def rude() -> Iterator[Callable[[str], RudeServer]]:
    servers = list[RudeServer]()

    def start(at: str) -> RudeServer:
        servers.append(RudeServer(at))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_a_line_that_breaks_before_the_letter_was_whole_means_again(
    made: sessionmaker[Session], rude: Callable[[str], RudeServer], office: PostOffice, rack: Rack
) -> None:
    order_id = written(made)
    assert Postman(made, rude("data").server, rack).deliver_once() == 0
    assert states(made, order_id) == ["retry", "retry"]
    make_due(made)
    assert deliver_all(office.postman) == 2


def test_a_line_that_breaks_before_the_answer_means_nobody_knows_and_never_again(
    made: sessionmaker[Session], rude: Callable[[str], RudeServer], office: PostOffice, rack: Rack
) -> None:
    order_id = written(made)
    assert Postman(made, rude("answer").server, rack).deliver_once() == 0
    assert states(made, order_id) == ["uncertain", "uncertain"]
    make_due(made)
    assert deliver_all(office.postman) == 0
    assert not office.box.taken
    first, second = (row["id"] for row in mail(made, order_id))
    with made.begin() as session:
        assert [row["id"] for row in outbox.unsettled(session)] == [first, second]
        assert outbox.settle(session, first, did_arrive=True)
        assert outbox.settle(session, second, did_arrive=False)
        assert not outbox.settle(session, first, did_arrive=False)
    assert deliver_all(office.postman) == 1
    assert states(made, order_id) == ["sent", "sent"]


def test_a_sender_that_died_on_the_way_leaves_a_doubt_and_one_that_died_before_leaves_none(
    made: sessionmaker[Session], office: PostOffice, rack: Rack
) -> None:
    order_id = written(made)
    with made.begin() as session:
        on_the_way, claimed_only = outbox.claim(session, 10)
        assert outbox.begin(session, on_the_way)
    assert deliver_all(office.postman) == 0  # both are still somebody's
    assert claimed_only.order_id == order_id
    make_due(made)
    assert deliver_all(Postman(made, office.server, rack)) == 1
    assert states(made, order_id) == ["uncertain", "sent"]


def test_two_postmen_share_the_outbox_and_no_letter_goes_twice(
    made: sessionmaker[Session], office: PostOffice, rack: Rack
) -> None:
    orders = [written(made) for _ in range(15)]
    postmen = [Postman(made, office.server, rack) for _ in range(3)]
    for postman in postmen:
        postman.start()
    wait_for(lambda: all(set(states(made, order_id)) == {"sent"} for order_id in orders))
    for postman in postmen:
        postman.stop()
    ids = [str(letter["X-Whistle-Notice"]) for letter in office.box.taken]
    assert len(ids) == len(set(ids)) == 30


def test_a_claim_that_was_taken_over_is_not_sent_by_the_first_who_had_it(made: sessionmaker[Session]) -> None:
    written(made)
    with made.begin() as session:
        slow = outbox.claim(session, 10)
    make_due(made)
    with made.begin() as session:
        quick = outbox.claim(session, 10)
        assert not outbox.begin(session, slow[0])
        outbox.refused(session, slow[0], "too late to say so")
        assert outbox.begin(session, quick[0])


def test_the_thread_delivers_what_comes_and_stops_quickly(made: sessionmaker[Session], office: PostOffice) -> None:
    office.postman.start()
    order_id = written(made)
    wait_for(lambda: states(made, order_id) == ["sent", "sent"])
    wait_for(lambda: heard(made) is not None)
    office.postman.stop()
    assert "postman" not in {thread.name for thread in threading.enumerate()}


def test_mail_that_waited_for_more_than_a_day_is_not_sent_any_more(
    made: sessionmaker[Session], office: PostOffice
) -> None:
    old, young = written(made, hours=25), written(made, hours=23)
    assert deliver_all(office.postman) == 2
    assert states(made, old) == ["expired", "expired"]
    assert states(made, young) == ["sent", "sent"]
    with made() as session:
        assert outbox.unsettled(session) == []


def test_without_a_mail_server_nothing_stays_queued_and_a_later_one_sends_no_backlog(
    made: sessionmaker[Session], office: PostOffice
) -> None:
    old, fresh = written(made, hours=1), written(made)
    assert forgo(made) == 2
    assert states(made, old) == ["not_sent", "not_sent"]
    assert states(made, fresh) == ["queued", "queued"]  # a minute's grace
    assert forgo(made) == 0
    make_due(made)
    assert deliver_all(office.postman) == 2
    assert states(made, old) == ["not_sent", "not_sent"]
    with made() as session:
        assert outbox.unsettled(session) == []


async def test_a_worker_without_a_mail_server_marks_what_it_will_not_send(
    made: sessionmaker[Session], database: Database
) -> None:
    order_id = written(made, hours=1)
    async with delivering(load(smtp_host=None), made):
        await asyncio.to_thread(wait_for, lambda: states(made, order_id) == ["not_sent", "not_sent"])


def wait_for(what: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
