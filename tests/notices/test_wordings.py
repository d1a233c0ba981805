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
