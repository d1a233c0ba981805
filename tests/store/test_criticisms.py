"""The public-criticism list: every filter, pages that neither repeat nor lose an entry, and an index under each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from store import demo
from store.criticisms import CriticismQuery, criticisms, statement
from store.cursors import BadCursor
from store.session import EVERYWHERE, make_engine, sessions
from store.tables import criticisms as t
from tests.conftest import Database

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
UNITS = ("GD.net", "GD.bill", "JS.net", "QH.mkt")
COUNT = 12_000


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    """A list with four criticisms an hour, two of them at the same instant, and some of rehearsals."""
    demo.load(database.owner_url)
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    made = sessions(engine)
    with made.begin() as session:
        session.execute(insert(t), [row(number) for number in range(COUNT)])
        session.execute(
            insert(t), [{**row(number), "order_id": f"R{number}", "rehearsal": True} for number in range(9)]
        )
    owner = make_engine(database.owner_url, 1, autocommit=True, sight=EVERYWHERE)
    with sessions(owner)() as session:
        session.execute(text("analyze criticisms"))
    owner.dispose()
    yield made
    engine.dispose()


def row(number: int) -> dict[str, Any]:
    unit = UNITS[number % len(UNITS)]
    at = BEGIN + timedelta(minutes=30 * (number // 2))
    return {
        "order_id": f"WH{number // 3:05d}", "seq": 5 + number % 3, "unit": unit, "province": unit[:2], "key": "due/a1",
        "kind": "due", "level": 2 + number % 3, "due_at": at - timedelta(days=1), "at": at, "rehearsal": False,
    }  # fmt: skip


def listed(made: sessionmaker[Session], limit: int = 200, **wanted: Any) -> list[tuple[str, int]]:
    """Every entry of a query, page by page."""
    found: list[tuple[str, int]] = []
    cursor = ""
    with made() as session:
        while True:
            page = criticisms(session, CriticismQuery(EVERYWHERE, **wanted, cursor=cursor, limit=limit))
            found += [(one.order_id, one.seq) for one in page.items]
            cursor = page.next
            if not cursor:
                return found


def expected(**wanted: Any) -> list[tuple[str, int]]:
    rows = [
        one
        for one in map(row, range(COUNT))
        if all(one[name] == wanted[name] for name in ("unit", "province") if name in wanted)
        and wanted.get("start", BEGIN) <= one["at"] < wanted.get("until", datetime.max.replace(tzinfo=UTC))
    ]
    return [(one["order_id"], one["seq"]) for one in sorted(rows, key=_key, reverse=True)]


def _key(one: dict[str, Any]) -> tuple[datetime, str, int]:
    return one["at"], one["order_id"], one["seq"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"unit": "GD.net"},
        {"province": "GD"},
        {"province": "JS", "unit": "JS.net"},
        {"start": BEGIN + timedelta(days=2), "until": BEGIN + timedelta(days=3)},
        {"province": "GD", "start": BEGIN + timedelta(days=100)},
        {"province": "XX"},
    ],
    ids=str,
)
def test_each_filter_gives_its_own_latest_first_page_by_page(
    made: sessionmaker[Session], wanted: dict[str, Any]
) -> None:
    assert listed(made, **wanted) == expected(**wanted)
    until = wanted.get("until", BEGIN + timedelta(days=2))
    small = {**wanted, "until": until}
    assert listed(made, limit=7, **small) == expected(**small)


def test_an_entry_names_unit_and_duty_in_both_languages(made: sessionmaker[Session]) -> None:
    with made() as session:
        entry = criticisms(session, CriticismQuery(EVERYWHERE, unit="GD.net", limit=1)).items[0]
    assert (entry.unit_zh, entry.unit_en) == ("广东网络运营部", "Guangdong Network Operations")
    assert (entry.clock, entry.clock_zh, entry.clock_en) == ("due", "办结", "The result")
    assert entry.due_at == entry.at - timedelta(days=1)


def test_rehearsals_are_a_list_of_their_own(made: sessionmaker[Session]) -> None:
    assert [order for order, _ in listed(made, rehearsal=True)] == [f"R{number}" for number in range(8, -1, -1)]


@pytest.mark.parametrize("wanted", [{}, {"unit": "GD.net"}, {"province": "GD"}], ids=str)
def test_a_page_is_read_from_an_index_that_gives_the_order(made: sessionmaker[Session], wanted: dict[str, Any]) -> None:
    with made() as session:
        after = criticisms(session, CriticismQuery(EVERYWHERE, **wanted, limit=50)).next
        for cursor in ("", after):
            query = statement(CriticismQuery(EVERYWHERE, **wanted, cursor=cursor)).limit(51)
            sql = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            plan = "\n".join(session.execute(text(f"explain {sql}")).scalars())
            assert "criticisms_" in plan, plan
            assert "Sort" not in plan, plan


def test_a_cursor_of_another_list_is_refused_and_the_list_cannot_be_changed(made: sessionmaker[Session]) -> None:
    with made() as session, pytest.raises(BadCursor):
        criticisms(session, CriticismQuery(EVERYWHERE, cursor="x"))
    for change in ("UPDATE criticisms SET unit = 'x'", "DELETE FROM criticisms"):
        with made() as session, pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(change))
