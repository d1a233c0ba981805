"""A customer's letter ends with a link to his order, where the installation has an address of its own."""

from __future__ import annotations

import time
from functools import partial

from sqlalchemy import func, update
from sqlalchemy.orm import Session, sessionmaker

from activities.notices import Postman
from contracts.messages import to_rows
from domain.model import Customer
from identity import tracking
from store import ledger
from store.tables import notices as t
from tests.domain.lives import dispatched
from tests.notices.conftest import PostOffice, notices_of
from vault import customers
from vault.rack import Rack

ENTRANCE = "https://whistle.example.net"


def linking(made: sessionmaker[Session], office: PostOffice, rack: Rack) -> Postman:
    def link(session: Session, order_id: str) -> str:
        return tracking.address(session, rack.keyring, order_id, ENTRANCE, 30, time.time())

    return Postman(made, office.server, rack, link)


def written(made: sessionmaker[Session], rack: Rack, order_id: str) -> str:
    """A recorded order with letters to its customer; the customer's id in the vault."""
    with made.begin() as session:
        known = customers.obtain(session, rack.keyring, "13900000077").customer
        who = Customer("Li", "13900000077", email="li@example.invalid", id=known)
        life = dispatched(order_id=order_id, customer=who)
        ledger.record(session, order_id, to_rows(order_id, life.events))
        recent = {"created_at": func.clock_timestamp(), "next_attempt_at": func.clock_timestamp()}
        session.execute(update(t).where(t.c.order_id == order_id).values(recent))
    return known


def test_a_customers_letter_ends_with_a_link_that_opens_his_order(
    made: sessionmaker[Session], office: PostOffice, rack: Rack
) -> None:
    order_id = "WH20261123-LINK0001"
    known = written(made, rack, order_id)
    postman = linking(made, office, rack)
    while postman.deliver_once():
        pass
    bodies = [letter.get_content() for letter in office.box.taken]
    assert bodies
    for body in bodies:
        link = body.strip().splitlines()[-1]
        assert link.startswith(f"{ENTRANCE}/t/{order_id}.")
        with made() as session:
            follow = partial(tracking.followed, session, rack.keyring, link)
            assert follow(time.time()) == (known, order_id)
            assert follow(time.time() + 30 * 86400 + 5) is None
    with made() as session:
        kept = [row["body_zh"] + row["body_en"] for row in notices_of(session, order_id)]
        assert kept
    assert [text for text in kept if "/t/" in text] == [], "a link is kept nowhere"


def test_without_an_address_of_its_own_a_letter_names_none(
    made: sessionmaker[Session], office: PostOffice, rack: Rack
) -> None:
    written(made, rack, "WH20261123-LINK0002")
    while office.postman.deliver_once():
        pass
    assert office.box.taken
    assert [letter for letter in office.box.taken if "/t/" in letter.get_content()] == []
