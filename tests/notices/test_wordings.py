"""A published wording in a letter: the next one has the new words, one that waits keeps its own, none comes twice."""

from __future__ import annotations

from sqlalchemy import func, update
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import to_rows
from domain.model import Customer
from domain.wordings import Wording
from store import ledger, templates
from store.tables import notices as t
from tests.domain.lives import dispatched
from tests.notices.conftest import PostOffice
from vault import customers
from vault.letters import MOST_SUBJECT
from vault.rack import Rack
from vault.seal import Kind

TEMPLATE = "customer.registered"


def _registered(made: sessionmaker[Session], number: int) -> str:
    who = Customer("Li", "13900000077", email="li@example.invalid")
    life = dispatched(order_id=f"WH20261123-T{number:07d}", customer=who)
    with made.begin() as session:
        for _ in range(2):
            ledger.record(session, life.at.id, to_rows(life.at.id, life.events))
        session.execute(update(t).where(t.c.order_id == life.at.id).values(created_at=func.clock_timestamp()))
    return life.at.id


def test_letters_have_the_words_that_were_in_force_when_they_were_written(
    made: sessionmaker[Session], office: PostOffice
) -> None:
    templates.forget()
    first = _registered(made, 1)
    with made.begin() as session:
        ours = Wording("受理通知", "We have it", "编号 {order}", "Your number is {order}.")
        assert templates.publish(session, TEMPLATE, 0, ours, "hq-admin", "plainer") is not None
    templates.forget()
    second = _registered(made, 2)
    while office.postman.deliver_once():
        pass
    told = {
        str(letter["Subject"]): letter.get_content()
        for letter in office.box.taken
        if letter["X-Whistle-Notice"].startswith((f"{first}/1/", f"{second}/1/"))
    }
    assert len([one for one in office.box.taken if "/1/customer/" in one["X-Whistle-Notice"]]) == 2
    assert set(told) == {f"[{first}] 已受理 · Complaint registered", f"[{second}] 受理通知 · We have it"}
    assert f"Your number is {second}." in told[f"[{second}] 受理通知 · We have it"]


def test_a_subject_is_one_short_line_whatever_was_sealed_in_it(
    made: sessionmaker[Session], rack: Rack, office: PostOffice
) -> None:
    with made.begin() as session:
        now = templates.versions(session, "customer.dispatched")[0]
        ours = Wording("已派单：{title}", "Dispatched: {title}", "编号 {order}", "Order {order}.")
        assert templates.publish(session, "customer.dispatched", now.version, ours, "hq-admin", "says what it is about")
    templates.forget()
    order_id = "WH20261123-T0000003"
    with made.begin() as session:
        known = customers.obtain(session, rack.keyring, "13900000078")
        who = Customer("Li", "13900000078", email="li@example.invalid", id=known.customer)
        title = known.seal(Kind.TEXT, "No network\r\nBcc: x@example.invalid " + "long " * 200)
        life = dispatched(order_id=order_id, customer=who, title=title)
        ledger.record(session, order_id, to_rows(order_id, life.events))
        session.execute(update(t).where(t.c.order_id == order_id).values(created_at=func.clock_timestamp()))
    while office.postman.deliver_once():
        pass
    (letter,) = [one for one in office.box.taken if one["X-Whistle-Notice"].startswith(f"{order_id}/2/customer/")]
    subject = str(letter["Subject"])
    assert "Dispatched: No network Bcc: *** long" in subject
    assert letter["Bcc"] is None
    assert len(subject) <= 2 * MOST_SUBJECT + 40
