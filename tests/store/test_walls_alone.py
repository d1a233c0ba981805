"""Each wall without the other: what one forgets, the other still keeps.

Everything that reads orders for people is asked here, by the store's own functions.
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text, true
from sqlalchemy.orm import Session, sessionmaker

from contracts.messages import from_row
from domain.account import account
from runtime.keyring import Keyring
from store import calls, criticisms, governed, ledger, notices, orders, policies, sights, walls
from store.calls import CallQuery
from store.criticisms import CriticismQuery
from store.governed import GovernedQuery
from store.orders import OrderQuery, Sort
from store.session import EVERYWHERE, NOWHERE, Sight, make_engine, within
from tests.conftest import Database
from tests.notices.conftest import Someone
from tests.store.country import Country, parents, sights_of
from vault import finding

Made = sessionmaker[Session]
UNITS = [unit for unit in parents() if unit.partition(".")[0] in ("GD", "JS", "ZJ", "BJ", "HQ")]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def reader(sight: Sight) -> Someone:
    """Who reads an inbox from there."""
    mine = [place.removeprefix("customer:") for place in sight.places if place.startswith("customer:")]
    link = [place.removeprefix("order:") for place in sight.places if place.startswith("order:")]
    by_link = sight.person.removeprefix("customer:") if link else ""
    return Someone(sight.person, mine[0] if mine else by_link, link[0] if link else "")


def lists(session: Session, sight: Sight, marks: tuple[int, ...]) -> dict[str, list[str]]:
    """The orders in everything that takes a sight, by what was asked; one line an order shown."""
    queries = {
        **{f"search {sort}": OrderQuery(sight, sort=sort, limit=200) for sort in Sort},
        "search text": OrderQuery(sight, marks=marks, limit=200),
        "search customer": OrderQuery(sight, customer="c1", limit=200),
        "following": OrderQuery(sight, following=True, limit=200),
    }
    found = {name: [line.order_id for line in orders.search(session, one).items] for name, one in queries.items()}
    page = calls.to_call(session, CallQuery(sight, limit=200), NOW)
    found["to_call"] = [line.order_id for line in page.items]
    listed = criticisms.criticisms(session, CriticismQuery(sight, limit=200))
    return found | {"criticisms": [one.order_id for one in listed.items]}


def heads(session: Session, sight: Sight, numbers: list[str]) -> dict[str, list[str]]:
    """The orders of those numbers that are there when asked for one by one."""
    return {
        "head": [one for one in numbers if orders.head(session, one, sight) is not None],
        "customer": [one for one in numbers if sights.customer_of(session, one, sight) is not None],
    }


def unguarded(session: Session, numbers: list[str]) -> dict[str, list[str]]:
    """The orders in everything that takes no sight: it is asked after a head was found, or a unit is one's own."""
    found: dict[str, list[str]] = {
        "ledger head": [one for one in numbers if ledger.head(session, one) is not None],
        "find": [one for one in numbers if orders.find(session, one) is not None],
        "events": [row.order_id for one in numbers for row in orders.events(session, one)],
        "deadlines": [one for one in numbers for _ in orders.deadlines(session, one)],
        "round_ended": [one for one in numbers if orders.round_ended(session, one)],
        "callee": [one for one in numbers if calls.callee_of(session, one)],
        "running": orders.running(session),
        "governed": [one.order.id for one in governed.governed(session, GovernedQuery())],
        "inbox": [task.order_id for unit in UNITS for task in orders.inbox(session, unit, limit=200).items],
        "clocks": [],
    }
    for one in numbers:
        history = [from_row(row) for row in ledger.stored(session, one)]
        told = account(history, "sign/a1", lambda digest: policies.terms(session, digest), NOW)
        found["clocks"] += [one] if told is not None else []
    return found


def told(session: Session, sight: Sight) -> list[str]:
    """The orders in the inbox of notices."""
    page, _ = notices.inbox(session, reader(sight), limit=1000)
    return [entry.order_id for entry in page]


@pytest.fixture
def without_the_first(monkeypatch: pytest.MonkeyPatch) -> int:
    """The first wall forgotten wherever it is asked, and by the lists; in how many places that was."""
    forgotten = [module for module in list(sys.modules.values()) if getattr(module, "seen", None) is sights.seen]
    for module in forgotten:
        monkeypatch.setattr(module, "seen", lambda order_id, sight: true())
    monkeypatch.setattr(orders, "_place", lambda query: "")
    return len(forgotten)


def test_with_the_first_wall_gone_no_foreign_row_comes_out(
    engine: Engine, country: Country, keys: Keyring, without_the_first: int
) -> None:
    assert without_the_first >= 4, "sights, orders, calls and criticisms ask it"
    numbers = [order.id for order in country.orders]
    marks = tuple(finding.marks_wanted(keys, "宽带"))
    foreign: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for sight in sights_of(country).values():
        seen = country.seen(sight)
        with Session(within(engine, sight)) as session:
            asked = {
                **lists(session, sight, marks),
                **heads(session, sight, numbers),
                **unguarded(session, numbers),
                "notices": told(session, sight),
            }
        for what, shown in asked.items():
            foreign[what] += sum(one not in seen for one in shown)
            own[what] += sum(one in seen for one in shown)
        assert set(asked["head"]) == set(asked["search newest"]) == set(asked["search text"]) == seen
    assert all(own.values()), own  # each of them shows somebody something
    assert foreign.total() == 0, foreign


def test_with_the_first_wall_gone_no_foreign_notice_is_marked_as_read(
    engine: Engine, made: Made, country: Country, without_the_first: int
) -> None:
    with made() as session:
        ids = list(session.scalars(text("SELECT id FROM notices")))
    read = 0
    for sight in sights_of(country).values():
        with Session(within(engine, sight)) as session:
            seen = notices.unread(session, reader(sight), ids)
            assert not notices.unread(session, reader(sight), [])
        with made() as session:
            marked = notices.mark_read(session, reader(sight), seen, NOW)
            changed = list(session.scalars(text("SELECT order_id FROM notices WHERE read_at IS NOT NULL")))
            assert len(changed) == marked == len(seen)
            assert set(changed) <= country.seen(sight)
            session.rollback()
        read += marked
    assert read > 10


@contextlib.contextmanager
def without_the_second(database: Database) -> Iterator[None]:
    """The database's own policies switched off by its owner, and on again."""
    owner = make_engine(database.owner_url, 1, sight=EVERYWHERE)

    def switch(how: str) -> None:
        with owner.begin() as connection:
            for table in walls.RULES:
                connection.execute(text(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY"))

    switch("DISABLE")
    try:
        yield
    finally:
        switch("ENABLE")
        owner.dispose()


def test_with_the_second_wall_gone_the_first_gives_the_same_answers(
    engine: Engine, database: Database, country: Country, keys: Keyring
) -> None:
    """For whoever asks as the routes do: what takes no sight only after a head was found."""
    numbers = [order.id for order in country.orders]
    marks = tuple(finding.marks_wanted(keys, "宽带"))

    def answers(sight: Sight) -> dict[str, list[str]]:
        with Session(within(engine, sight)) as session:
            found = {**heads(session, sight, numbers), "notices": told(session, sight)}
            return found | lists(session, sight, marks) | unguarded_of(session, found["head"])

    def unguarded_of(session: Session, mine: list[str]) -> dict[str, list[str]]:
        by_number = ("find", "events", "deadlines", "round_ended", "clocks")
        return {name: shown for name, shown in unguarded(session, mine).items() if name in by_number}

    everyone = sights_of(country)
    with_both = {name: answers(sight) for name, sight in everyone.items()}
    with without_the_second(database):
        with Session(within(engine, NOWHERE)) as session:
            assert len(orders.running(session)) > 5, "the second wall is gone"
        for name, sight in everyone.items():
            alone = answers(sight)
            assert alone == with_both[name], name
            assert set(alone["head"]) == set(alone["customer"]) == country.seen(sight)
            for what, shown in alone.items():
                assert set(shown) <= country.seen(sight), (what, name)
    with Session(within(engine, NOWHERE)) as session:
        assert not orders.running(session), "it stands again"
