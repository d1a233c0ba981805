"""Customers' names on the real database: none is forgotten, and whoever reads a key anew knows all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker

from runtime import keyring
from runtime.keyring import Keyring
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from vault import customers, veil
from vault.customers import MOST_NAMES
from vault.rack import Rack
from vault.seal import Kind


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return keyring.ensure(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(database.app_url, 2, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


def called(made: sessionmaker[Session], ring: Keyring, phone: str, *names: str) -> str:
    """Whoever has that number, who gave these names one after another."""
    with made.begin() as session:
        for name in names:
            key = customers.obtain(session, ring, phone, name)
    return key.customer


def test_neither_the_first_name_nor_the_last_is_forgotten(made: sessionmaker[Session], ring: Keyring) -> None:
    many = [f"caller {number}" for number in range(MOST_NAMES + 20)]
    customer = called(made, ring, "13900000001", *many)
    names = Rack(made, ring).fresh([customer])[customer].names
    assert (len(names), names[0], names[-1]) == (MOST_NAMES, many[0], many[-1])


def test_a_new_name_is_known_at_once_to_whoever_reads_anew(made: sessionmaker[Session], ring: Keyring) -> None:
    here, there = Rack(made, ring), Rack(made, ring)
    customer = called(made, ring, "13900000002", "李雷")
    old = there.keys([customer])[customer]
    with made.begin() as session:
        here.keep(customers.obtain(session, ring, "13900000002", "韩梅梅"))
    assert here.keys([customer])[customer].names == ("李雷", "韩梅梅")
    assert there.keys([customer])[customer].names == ("李雷",)
    assert there.fresh([customer])[customer].names == there.keys([customer])[customer].names == ("李雷", "韩梅梅")
    there.keep(old)
    assert there.keys([customer])[customer].names == ("李雷", "韩梅梅"), "what was read before is not put back"


def test_whoever_was_erased_is_let_go_by_whoever_reads_anew(made: sessionmaker[Session], ring: Keyring) -> None:
    rack = Rack(made, ring)
    customer = called(made, ring, "13900000003", "李雷")
    assert rack.key(customer) is not None
    with made.begin() as session:
        assert customers.erase(session, customer)
    assert rack.key(customer) is not None
    assert rack.fresh([customer]) == {}
    assert rack.key(customer) is None


def test_the_name_in_a_document_is_struck_out_of_it_before_the_key_knows_it(
    made: sessionmaker[Session], ring: Keyring
) -> None:
    customer = called(made, ring, "13900000004", "李雷")
    key = Rack(made, ring).keys([customer])[customer]
    document = f"{key.seal(Kind.TEXT, '韩梅梅 and 李雷')} {key.seal(Kind.NAME, '韩梅梅')}".encode()
    shown = veil.unveiled(document, veil.UNITS, {customer: key}, veil.plain)
    assert shown.decode() == "*** and *** ***"


@pytest.mark.parametrize("rights", [veil.DESKS, veil.UNITS, veil.CUSTOMERS, veil.CLEAR, veil.NOTHING])
def test_what_a_mask_made_is_kept_with_the_key_and_is_the_same_each_time(
    made: sessionmaker[Session], ring: Keyring, rights: veil.Rights
) -> None:
    rack = Rack(made, ring)
    key = rack.keys([called(made, ring, "13900000005", "李雷")])
    own = next(iter(key.values()))
    seals = [own.seal(Kind.NAME, "李雷"), own.seal(Kind.PHONE, "13900000005"), own.seal(Kind.TEXT, "李雷 13900000005")]
    document = " ".join(seals).encode()
    first = veil.unveiled(document, rights, key, veil.plain)
    assert [veil.unveiled(document, rights, key, veil.plain) for _ in range(3)] == [first] * 3
    other = veil.unveiled(document, veil.UNITS, key, veil.plain)
    assert other == b"*** *** *** ***"
    assert "李雷 13900000005" not in own.shown.values(), "what is shown whole is not kept"
    assert rack.fresh(key)[own.customer].shown == {}, "a key that is read anew remembers nothing"
    assert "李" not in veil.unveiled(document, rights, {}, veil.plain).decode(), "without the key nothing is left"


def test_a_name_s_seal_that_calls_itself_another_kind_is_not_read(made: sessionmaker[Session], ring: Keyring) -> None:
    key = Rack(made, ring).keys([called(made, ring, "13900000006", "李雷")])
    own = next(iter(key.values()))
    seal = own.seal(Kind.NAME, "李雷")
    document = f"{seal} {seal.replace('~n~', '~t~')}".encode()
    assert veil.unveiled(document, veil.DESKS, key, veil.plain).decode() == "李** ***"
    assert veil.unveiled(document, veil.DESKS, key, veil.plain).decode() == "李** ***"


def test_of_one_customer_no_more_is_kept_than_may_be(made: sessionmaker[Session], ring: Keyring) -> None:
    key = Rack(made, ring).keys([called(made, ring, "13900000007", "李雷")])
    own = next(iter(key.values()))
    document = " ".join(own.seal(Kind.TEXT, f"title {n}") for n in range(veil.MOST_KEPT * 2)).encode()
    shown = veil.unveiled(document, veil.DESKS, key, veil.plain).decode()
    assert shown == " ".join(f"title {n}" for n in range(veil.MOST_KEPT * 2))
    assert len(own.shown) == veil.MOST_KEPT
    long = own.seal(Kind.TEXT, "x" * veil.SHORT).encode()
    own.shown.clear()
    assert veil.unveiled(long, veil.DESKS, key, veil.plain) == b"x" * veil.SHORT
    assert own.shown == {}
