"""Customers' links and codes on the real database: what is valid, for whom, how long and how often."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from identity import tracking
from identity.tracking import Sent, TooOften
from runtime import keyring
from runtime.keyring import Keyring
from store import challenges
from store.access_tables import challenges as t
from store.access_tables import customers
from store.tables import orders
from vault import customers as vault

Made = sessionmaker[Session]
NUMBERS = count(1)
HOUR = 3600


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return keyring.ensure(tmp_path_factory.mktemp("keys") / "keys.json")


class Case:
    """A customer with a phone of his own and one order."""

    def __init__(self, made: Made, ring: Keyring) -> None:
        number = next(NUMBERS)
        self.made, self.ring = made, ring
        self.phone = f"139{number:08}"
        self.address = f"198.51.100.{number}"
        self.order = f"WH20261122-{number:08}"
        with made.begin() as session:
            self.customer = vault.obtain(session, ring, self.phone).customer
            order(session, self.order, self.customer)

    def asks(self, order_id: str = "", phone: str = "", address: str = "") -> Sent:
        with self.made.begin() as session:
            return tracking.request(
                session,
                self.ring,
                order_id=order_id or self.order,
                phone=phone or self.phone,
                address=address or self.address,
            )

    def types(self, code: str, order_id: str = "", phone: str = "") -> str:
        with self.made.begin() as session:
            return tracking.confirmed(
                session,
                self.ring,
                order_id=order_id or self.order,
                phone=phone or self.phone,
                code=code,
                address=self.address,
            )

    def follows(self, link: str, now: float | None = None) -> tuple[str, str] | None:
        with self.made() as session:
            return tracking.followed(session, self.ring, link, time.time() if now is None else now)

    def link(self, seconds: int = HOUR) -> str:
        return tracking.sign(self.ring, self.order, self.customer, int(time.time()) + seconds)


def order(session: Session, order_id: str, customer: str) -> None:
    """The head row of an order, with what its columns demand."""
    now = datetime.now(UTC)
    fixed = {"order_id": order_id, "customer": customer, "registered_at": now, "updated_at": now}
    rest = {
        column.name: {"TEXT": "", "INTEGER": 0, "BOOLEAN": False, "DATETIME": now}[str(column.type)]
        for column in orders.columns
        if not column.nullable and column.name not in fixed and column.server_default is None
    }
    session.execute(insert(orders).values({**rest, **fixed}))


@pytest.fixture
def case(made: Made, ring: Keyring) -> Case:
    return Case(made, ring)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_link_opens_its_order_until_it_expires(case: Case) -> None:
    link = case.link()
    assert case.follows(link) == (case.customer, case.order)
    assert case.follows(f" https://whistle.example.net/t/{link} ") == (case.customer, case.order)
    assert case.follows(link, time.time() + HOUR + 1) is None


def test_a_link_that_was_changed_anywhere_is_not_valid(case: Case, made: Made, ring: Keyring) -> None:
    other = Case(made, ring)
    order_id, expires, signature = case.link().split(".")
    turned = "A" if signature[0] != "A" else "B"
    changed = [
        f"{other.order}.{expires}.{signature}",
        f"{order_id}.{int(expires) + 1}.{signature}",
        f"{order_id}.{expires}.{turned}{signature[1:]}",
        f"{order_id}.{expires}.{signature[:-1]}",
        f"{order_id}.{expires}",
        f"{order_id}.0{expires}.{signature}",
        f"{order_id}.{expires}.{signature}x",
        f"WH20261122-NOBODY00.{expires}.{signature}",
        "",
        "." * 400,
    ]
    assert [link for link in changed if case.follows(link) is not None] == []


def test_a_link_signed_for_another_customer_or_with_another_key_is_not_valid(
    case: Case, made: Made, ring: Keyring, tmp_path: Path
) -> None:
    other = Case(made, ring)
    until = int(time.time()) + HOUR
    foreign = tracking.sign(keyring.ensure(tmp_path / "keys.json"), case.order, case.customer, until)
    assert case.follows(tracking.sign(ring, case.order, other.customer, until)) is None
    assert case.follows(tracking.sign(ring, case.order, "", until)) is None
    assert case.follows(foreign) is None


def test_after_an_erasure_neither_link_nor_code_opens_anything(case: Case) -> None:
    link, code = case.link(), case.asks().code
    with case.made.begin() as session:
        session.execute(
            update(customers)
            .where(customers.c.id == case.customer)
            .values(erased_at=func.clock_timestamp(), lookup=None, wrapped=None)
        )
    assert case.follows(link) is None
    assert case.types(code) == ""
    assert case.asks(address="198.51.100.250").phone == ""


def test_a_code_is_good_once_for_its_own_order_and_number(case: Case, made: Made, ring: Keyring) -> None:
    other = Case(made, ring)
    sent = case.asks()
    assert sent.phone == f"+86{case.phone}"
    assert case.types(sent.code, order_id=other.order) == ""
    assert case.types(sent.code, phone=other.phone) == ""
    assert case.types(sent.code) == case.customer
    assert case.types(sent.code) == ""


def test_a_code_goes_to_the_number_itself_however_it_was_spelled(case: Case) -> None:
    sent = case.asks(phone=f"0086 {case.phone[:3]}-{case.phone[3:]}")
    assert sent.phone == f"+86{case.phone}"
    assert case.types(sent.code) == case.customer


def test_order_and_number_that_do_not_belong_together_give_a_code_that_opens_nothing(
    case: Case, made: Made, ring: Keyring
) -> None:
    other = Case(made, ring)
    for order_id, phone in (
        (other.order, case.phone),
        ("WH20261122-NOBODY00", case.phone),
        (case.order, "13700000000"),
    ):
        sent = case.asks(order_id=order_id, phone=phone)
        assert len(sent.code) == 6
        assert sent.phone == ""
        assert case.types(sent.code, order_id=order_id, phone=phone) == ""


def test_the_database_is_asked_the_same_whether_or_not_they_belong_together(case: Case, engine: Engine) -> None:
    said: list[str] = []

    def listen(connection: object, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        told = []
        for phone in (case.phone, "13700000001"):
            said.clear()
            case.asks(phone=phone)
            told.append(list(said))
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    assert len(told[0]) > 4
    assert told[0] == told[1]


def test_five_tries_and_no_more_however_many_come_at_once(case: Case) -> None:
    code = case.asks().code
    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(case.types, [wrong(code)] * 12)) == {""}
    assert case.types(code) == ""
    with case.made() as session:
        tries = session.scalars(select(t.c.tries).where(t.c.kind == "code", t.c.tries > 0)).all()
    assert max(tries) == tracking.CODE_TRIES


def test_the_fifth_try_still_counts(case: Case) -> None:
    code = case.asks().code
    assert [case.types(wrong(code)) for _ in range(4)] == [""] * 4
    assert case.types(code) == case.customer


def test_of_many_who_type_the_right_code_at_once_one_comes_in(case: Case) -> None:
    code = case.asks().code
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(case.types, [code] * 8)) == [""] * 7 + [case.customer]


def test_a_code_is_over_after_ten_minutes_and_a_new_one_takes_its_place(case: Case) -> None:
    first = case.asks().code
    second = case.asks().code
    if first != second:
        assert case.types(first) == ""
    assert case.types(second) == case.customer
    third = case.asks().code
    with case.made.begin() as session:
        session.execute(update(t).where(t.c.kind == "code").values(expires_at=func.clock_timestamp()))
    assert case.types(third) == ""


def test_a_code_is_asked_for_three_times_an_hour_whether_or_not_order_and_number_belong_together(
    case: Case, made: Made, ring: Keyring
) -> None:
    other = Case(made, ring)
    for phone in (case.phone, other.phone):
        for _ in range(tracking.CODES_OF_PAIR):
            case.asks(phone=phone)
        with pytest.raises(TooOften) as refused:
            case.asks(phone=phone, address="203.0.113.9")
        assert 3590 <= refused.value.seconds <= 3600
    with pytest.raises(TooOften):
        case.asks(phone=f"+86 {case.phone}", address="203.0.113.9")


def test_nobody_uses_up_the_codes_of_a_number_with_orders_of_others(case: Case, made: Made, ring: Keyring) -> None:
    strangers = [Case(made, ring) for _ in range(4)]
    for stranger in strangers:
        for _ in range(tracking.CODES_OF_PAIR):
            assert stranger.asks(phone=case.phone).phone == ""
    for _ in range(tracking.CODES_OF_NUMBER):
        sent = case.asks()
        assert sent.phone == f"+86{case.phone}"
    assert case.types(sent.code) == case.customer


def test_no_more_than_three_codes_an_hour_are_sent_to_one_number_and_nothing_says_so(case: Case) -> None:
    own = [f"{case.order}-{part}" for part in range(3)]
    with case.made.begin() as session:
        for order_id in own:
            order(session, order_id, case.customer)
    first = [case.asks(order_id) for order_id in own]
    assert [sent.phone for sent in first] == [f"+86{case.phone}"] * 3
    for order_id in (case.order, own[0]):
        silent = case.asks(order_id)
        assert (len(silent.code), silent.phone) == (6, "")
        assert case.types(silent.code, order_id) == ""
    assert case.types(first[0].code, own[0]) == case.customer, "what came before is good still"


def test_ten_codes_an_hour_from_one_address(case: Case) -> None:
    for number in range(tracking.CODES_OF_ADDRESS):
        case.asks(phone=f"1380000{number:04}")
    with pytest.raises(TooOften):
        case.asks(phone="13811111111")
    assert case.asks(phone="13811111111", address="203.0.113.10").phone == ""


def test_limits_hold_for_those_who_ask_at_once_and_move_with_time(case: Case) -> None:
    def asks(number: int) -> bool:
        try:
            case.asks(address=f"203.0.113.{100 + number}")
        except TooOften:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(asks, range(8))) == tracking.CODES_OF_NUMBER
    with case.made.begin() as session:
        assert challenges.count(session, "something", 2, 1.0) == 0
        assert challenges.count(session, "something", 2, 1.0) == 0
        assert challenges.count(session, "something", 2, 1.0) == 1
        time.sleep(1.05)
        assert challenges.count(session, "something", 2, 1.0) == 0


def test_nothing_that_is_kept_gives_code_number_or_address_away(case: Case) -> None:
    code = case.asks().code
    with case.made() as session:
        kept = " ".join(f"{row.hash} {row.data}" for row in session.execute(select(t)))
    assert case.phone not in kept
    assert case.address not in kept
    assert f'"{code}"' not in kept


def test_a_challenge_is_taken_once_and_old_ones_are_swept_out(case: Case) -> None:
    with case.made.begin() as session:
        challenges.put(session, "one", "oidc", "/orders", 60)
        assert challenges.take(session, "one", "code") is None
        assert challenges.take(session, "one", "oidc") == "/orders"
        assert challenges.take(session, "one", "oidc") is None
        past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 2)
        session.execute(update(t).where(t.c.hash == "one").values(expires_at=past))
    with case.made.begin() as session:
        challenges.put(session, "two", "oidc", "/", 60)
        assert session.scalar(select(t.c.hash).where(t.c.hash == "one")) is None
        assert session.scalar(select(t.c.hash).where(t.c.hash == "two")) == "two"
