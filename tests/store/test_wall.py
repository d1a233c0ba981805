"""The supervisor's wall: every number against plain Python over the orders, the rates by hand, and what each costs."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.orm import Session, sessionmaker

from domain import commands as c
from domain.model import (
    OPEN,
    Actor,
    Customer,
    Order,
    Part,
    Presence,
    Role,
    Satisfaction,
    Ticking,
    UnitRole,
    WhistleKind,
)
from runtime.keyring import Keyring
from store import demo, posts
from store.session import EVERYWHERE, make_engine, sessions
from store.tables import callbacks
from store.wall import wall
from store.wall_lines import Rates, Share, Wall
from store.wall_reader import SOON, scope_of
from tests.conftest import Database
from tests.domain.lives import MONDAY, Life
from tests.store.country import Local, above, agent, customer, keep, parents
from tests.store.stories import number

NOW = datetime(2026, 3, 5, 7, 0, tzinfo=UTC)
"""Thursday, three in the afternoon in Shanghai."""
MIDNIGHT = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
AT_TEN = NOW.replace(hour=2)


@dataclass(frozen=True)
class World:
    """The orders that were written down."""

    orders: tuple[Order, ...]
    breaches: tuple[tuple[str, str, str, datetime], ...]
    """Order, province, unit and when, of every breach."""


def life(place: str, at: datetime = MONDAY, lead: str = "net", co: tuple[str, ...] = (), **register: Any) -> Life:
    units = {"lead": f"{place}.{lead}" if lead else "", "co": co}
    return Local(agent(place), province=place, now=at, customer=customer(1), **units, **register)


def replied(place: str, at: datetime) -> Life:
    """An order whose reply was accepted at that instant, so that its call-back is due."""
    made = life(place, at)
    handler = Actor("handler", Role.UNIT_MEMBER, f"{place}.net")
    made.do(handler, c.Sign())
    made.do(handler, c.Contact("Li", "no signal"))
    made.do(handler, c.Reply(made.now, "Li", "mended", made.now))
    made.do("audit", c.AuditReply(accepted=True))
    return made


def said(made: Life, solved: bool, how: Satisfaction, *, contacted: bool = True) -> Life:
    made.do("caller", c.RecordCallback("reached", contacted, solved, how, "as he said"))
    return made


def whistled(place: str, at: datetime, *units: str) -> Life:
    made = life(place, at)
    made.do(agent(place), c.RequestWhistle(WhistleKind.EMERGENCY, "cross_department", units))
    return made


def closed_unreviewed() -> Life:
    """A closed order whose emergency whistle nobody has reviewed yet."""
    made = whistled("BJ", AT_TEN, "BJ.it")
    handler, it = Actor("handler", Role.UNIT_MEMBER, "BJ.net"), Actor("it", Role.UNIT_HEAD, "BJ.it")
    made.do(handler, c.Sign())
    made.do(handler, c.Contact("Li", "no signal"))
    made.do(it, c.ReportIn("w1", "Qian"))
    made.do(it, c.FinishPart("w1", "done"))
    made.do(handler, c.Dispose("w1", "done"))
    made.do(agent("BJ"), c.VerifyWhistle("w1", solved=True))
    made.do(handler, c.Reply(made.now, "Li", "mended", made.now))
    made.do("audit", c.AuditReply(accepted=True))
    return said(made, True, Satisfaction.SATISFIED)


def lives() -> list[Life]:
    """A country in four days: late, summoned, absent, answered, rated, refused, withdrawn, rehearsed."""
    absent = whistled("GD", MONDAY, "GD.bill", "JS.net")
    there = whistled("GD", MONDAY, "GD.it")
    there.do(Actor("it", Role.UNIT_HEAD, "GD.it"), c.ReportIn("w1", "Qian"))
    signed = life("JS", AT_TEN, lead="bill", co=("JS.it",))
    signed.do(Actor("js", Role.UNIT_MEMBER, "JS.bill"), c.Sign())
    refused = replied("GD", AT_TEN)
    refused.do("caller", c.RecordCallback("refused", why="no time"))
    withdrawn = replied("GD", AT_TEN)
    withdrawn.do("customer", c.Withdraw("call 17"))
    unhappy = said(replied("GD", AT_TEN), False, Satisfaction.DISSATISFIED)
    rehearsed = Local(agent("GD"), province="GD", lead="GD.net", now=MONDAY, rehearsal=True, order_id=number("R"))
    return [
        absent, there, signed, refused, withdrawn, unhappy, rehearsed,
        life("GD", MONDAY), life("GD", NOW - timedelta(minutes=20)), life("BJ", AT_TEN, lead=""),
        life("BJ", AT_TEN, category="billing.dispute", channel="app"),
        whistled("BJ", NOW - timedelta(minutes=5), "BJ.bill"),
        said(replied("GD", AT_TEN), True, Satisfaction.SATISFIED),
        said(replied("GD", AT_TEN), True, Satisfaction.BASICALLY, contacted=True),
        said(replied("JS", AT_TEN), True, Satisfaction.DISSATISFIED, contacted=False),
        said(replied("GD", AT_TEN - timedelta(days=3)), True, Satisfaction.SATISFIED),
        replied("GD", AT_TEN), replied("GD", NOW.replace(hour=12) - timedelta(days=1)),
        replied("GD", NOW - timedelta(days=9)),
        Local(agent("ZJ"), province="ZJ", now=NOW, customer=Customer("nobody", "1")),
        closed_unreviewed(),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def world(database: Database, made: sessionmaker[Session], keys: Keyring) -> World:
    demo.load(database.owner_url)
    found, breaches = [], []
    with made.begin() as session:
        for one in lives():
            one.until(NOW)
            keep(session, keys, one)
            found.append(one.at)
            breaches += [] if one.at.rehearsal else list(_breaches(one))
    return World(tuple(found), tuple(breaches))


def _breaches(one: Life) -> Iterator[tuple[str, str, str, datetime]]:
    for event in one.events:
        if event.type in ("ClockBreached", "DepartmentAbsent"):
            change = event.clocks[0]
            assert change.fell_due is not None
            body: Any = event.body
            charged = body.unit if change.key.partition("/")[0] != "statutory" else ""
            yield one.at.id, one.at.province, charged, body.due_at


def seen(made: sessionmaker[Session], place: str = "HQ", days: int = 1) -> Wall:
    with made() as session:
        return wall(session, scope_of(posts.organisation(session), place), days, NOW)


def within(place: str, unit: str, province: str) -> bool:
    """Whether something that a unit owes in an order of a province stands on a place's wall."""
    return place == "HQ" or any(place in above(one) for one in (unit, province) if one)


def covered(world: World, place: str) -> list[Order]:
    real = (order for order in world.orders if not order.rehearsal and order.state in OPEN)
    return [order for order in real if within(place, "", order.province)]


PLACES = ("HQ", "R.south", "R.east", "GD", "JS", "BJ", "ZJ", "XZ")


@pytest.mark.parametrize("place", PLACES)
def test_what_is_open_is_counted_by_level_channel_and_category(
    made: sessionmaker[Session], world: World, place: str
) -> None:
    found, orders = seen(made, place), covered(world, place)
    figures = found.total
    assert (figures.open, figures.overdue) == (len(orders), sum(order.overdue for order in orders))
    levels = Counter(order.level for order in orders)
    assert figures.levels == tuple(levels[level] for level in range(6))
    for lines, name in ((found.channels, "channel"), (found.categories, "category")):
        assert {line.code: line.open for line in lines} == Counter(getattr(order, name) for order in orders)
        assert sum(line.overdue for line in lines) == figures.overdue
    for line in found.places:
        assert line.figures.open == sum(line.id in (*above(order.province), "HQ") for order in orders)
    assert next(line.id for line in found.places) == place


@pytest.mark.parametrize("place", PLACES)
def test_who_has_not_reported_in_or_signed_is_named(made: sessionmaker[Session], world: World, place: str) -> None:
    found = seen(made, place)
    orders = [order for order in world.orders if not order.rehearsal and order.state in OPEN]
    absent = {
        (order.id, one.unit)
        for order in orders
        for whistle in order.whistles
        for one in whistle.attendances
        if one.absent and one.status in (Presence.SUMMONED, Presence.SIGNED, Presence.CONTACTED)
        and within(place, one.unit, order.province)
    }  # fmt: skip
    assert {(line.order_id, line.unit) for line in found.unreported} == absent
    assert found.total.unreported == len(absent)
    unsigned = {
        (order.id, part.unit, "auto_signed" if part.auto_signed else "offered")
        for order in orders
        for part in order.assignments
        if part.role is not UnitRole.COPY and part.status not in (Part.WITHDRAWN, Part.ACCEPTED)
        and (part.status is Part.OFFERED or (part.auto_signed and not part.contacted_at))
        and within(place, part.unit, order.province)
    }  # fmt: skip
    assert {(line.order_id, line.unit, line.state) for line in found.unsigned} == unsigned
    assert found.total.unsigned == len(unsigned)


def test_an_absent_unit_stands_with_its_whistle_its_limit_and_its_clock(
    made: sessionmaker[Session], world: World
) -> None:
    line = next(line for line in seen(made, "JS").unreported if line.unit == "JS.net")
    order = world.orders[0]
    assert (line.order_id, line.subject, line.province, line.state) == (order.id, "w1", "JS", "summoned")
    assert (line.zh, line.matter, line.kind) == ("江苏网络运营部", "cross_department", "emergency")
    clock = next(one for one in order.clocks.values() if one.kind == "whistle_report_in" and one.unit == "JS.net")
    assert (line.key, line.due_at, line.level) == (clock.key, clock.due_at, order.level)
    assert line.since == order.whistles[0].attendances[1].summoned_at
    country = {one.id: one.figures.unreported for one in seen(made).places}
    assert (country["JS"], country["GD"], country["R.east"], country["HQ"]) == (1, 1, 1, 2)


@pytest.mark.parametrize("place", PLACES)
def test_what_lies_with_each_unit(made: sessionmaker[Session], world: World, place: str) -> None:
    expected: dict[str, list[int]] = {}
    for order in world.orders:
        if order.rehearsal or order.state not in OPEN:
            continue
        live = (Part.OFFERED, Part.SIGNED, Part.WORKING, Part.SUBMITTED, Part.RETURN_REQUESTED)
        units = {part.unit for part in order.assignments if part.status in live and part.role is not UnitRole.COPY}
        gone = (Presence.DONE, Presence.RATED, Presence.EXCUSED)
        units |= {one.unit for blown in order.whistles for one in blown.attendances if one.status not in gone}
        for unit in units:
            if not within(place, unit, ""):
                continue
            running = (Ticking.RUNNING, Ticking.BREACHED)
            owed = [clock.due_at for clock in order.clocks.values() if clock.unit == unit and clock.status in running]
            tally = expected.setdefault(unit, [0, 0, 0])
            tally[0] += 1
            tally[1] += bool(owed) and min(owed) <= NOW
            tally[2] += bool(owed) and NOW < min(owed) <= NOW + SOON
    assert {line.unit: [line.open, line.overdue, line.soon] for line in seen(made, place).units} == expected


@pytest.mark.parametrize("place", PLACES)
def test_todays_breaches_registrations_and_ends(made: sessionmaker[Session], world: World, place: str) -> None:
    found = seen(made, place)
    today = sorted(
        (order, unit, at)
        for order, province, unit, at in world.breaches
        if MIDNIGHT <= at <= NOW and within(place, unit, province)
    )
    assert sorted((line.order_id, line.unit, line.due_at) for line in found.breaches) == today
    assert found.total.breaches == len(today)
    real = [order for order in world.orders if not order.rehearsal and within(place, "", order.province)]
    assert found.total.registered == sum(order.registered_at >= MIDNIGHT for order in real)
    assert found.total.closed == sum(order.closed_at is not None and order.closed_at >= MIDNIGHT for order in real)


@pytest.mark.parametrize("place", PLACES)
def test_what_waits_for_a_decision_is_named_even_of_closed_orders(
    made: sessionmaker[Session], world: World, place: str
) -> None:
    waiting = sorted(
        (clock.due_at, order.id, key)
        for order in world.orders
        for key, clock in order.clocks.items()
        if not order.rehearsal
        and (clock.kind.endswith("_decision") or clock.kind in ("whistle_review", "callback_review"))
        and within(place, "", order.province)
    )
    shown = seen(made, place).decisions
    assert [(one.due_at, one.order_id, one.key) for one in shown] == waiting
    assert all(one.verb and Role.PROVINCE_MANAGER in one.roles for one in shown)
    if place == "HQ":
        assert {"whistle_review", "callback_review"} <= {one.clock for one in shown}
        assert "closed" in {one.state for one in shown}


def test_the_three_rates_by_hand(made: sessionmaker[Session], world: World) -> None:
    """Today in Guangdong seven fell due.

    Two satisfied or basically so, one not; one refused, one awaited; one was put off from yesterday night; the
    withdrawn one does not count; and the one of nine days ago has lapsed or waits since then.
    """
    assert seen(made, "GD").total.rates == Rates(6, 3, Share(3, 3), Share(2, 3), Share(2, 3))
    assert seen(made, "JS").total.rates == Rates(1, 1, Share(0, 1), Share(1, 1), Share(0, 1))
    assert seen(made, "BJ").total.rates == Rates(1, 1, Share(1, 1), Share(1, 1), Share(1, 1))
    assert seen(made).total.rates == Rates(8, 5, Share(4, 5), Share(4, 5), Share(3, 5))
    assert seen(made, "GD", 7).total.rates == Rates(7, 4, Share(4, 4), Share(3, 4), Share(3, 4))
    assert seen(made, "GD", 30).total.rates.due == 8
    assert seen(made, "XZ").total.rates == Rates()


def test_the_worst_come_first_with_what_is_owed(made: sessionmaker[Session], world: World) -> None:
    found = seen(made).worst
    by_id = {order.id: order for order in world.orders}
    assert found
    assert [line.level for line in found] == sorted((line.level for line in found), reverse=True)
    assert found[0].level == max(order.level for order in covered(world, "HQ"))
    for line in found:
        clocks = by_id[line.order_id].clocks.values()
        owed = [one.due_at for one in clocks if one.status in (Ticking.RUNNING, Ticking.BREACHED)
                and one.kind not in ("info", "rating", "reopen", "target")]  # fmt: skip
        assert line.due_at == min(owed)


@pytest.mark.parametrize("place", PLACES[1:])
def test_nothing_of_a_foreign_province_shows(made: sessionmaker[Session], world: World, place: str) -> None:
    """Every order on the wall has one of its units, or its province, in the place."""
    found = seen(made, place)
    by_id = {order.id: order for order in world.orders}
    for lines in (found.unreported, found.unsigned, found.breaches, found.worst):
        for line in lines:
            order = by_id[line.order_id]
            units = {order.province, *(part.unit for part in order.assignments)}
            units |= {one.unit for blown in order.whistles for one in blown.attendances}
            assert any(place in above(unit) for unit in units), (place, line)
    assert all(place in above(line.unit) for line in found.units)
    assert all(place in above(line.id) for line in found.places)
    assert {line.id for line in found.places} == {
        unit for unit in parents() if place in above(unit) and ("." not in unit or unit.startswith("R."))
    }


def test_a_rehearsal_is_nowhere(made: sessionmaker[Session], world: World) -> None:
    found = seen(made, days=30)
    for lines in (found.unreported, found.unsigned, found.breaches, found.worst):
        assert not [line for line in lines if line.order_id.startswith("R")]
    assert found.total.open == len(covered(world, "HQ"))


def test_what_became_of_call_backs_can_be_read_from_the_events_alone(
    made: sessionmaker[Session], database: Database, world: World
) -> None:
    """The migration fills the table of an older folder with what the ledger would have written."""
    every = select(callbacks).order_by(callbacks.c.order_id, callbacks.c.round, callbacks.c.expiry)
    owner = make_engine(database.owner_url, 1, sight=EVERYWHERE)
    with sessions(owner).begin() as session:
        written = [dict(row) for row in session.execute(every).mappings()]
        session.execute(delete(callbacks))
        migration = importlib.import_module("store.migrations.versions.0004_console")
        session.execute(text(migration._CALLED))
        assert [dict(row) for row in session.execute(every).mappings()] == written
    owner.dispose()
    assert Counter(row["status"] for row in written) >= Counter(("due", "completed", "refused", "void"))


def test_no_reading_goes_over_a_whole_table_of_history(engine: Engine, world: World) -> None:
    """With sequential scans forbidden nothing is left that needs one: each statement has its index."""
    with sessions(engine)() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        before = _scans(session)
        wall(session, scope_of(posts.organisation(session), "GD"), 30, NOW)
        after = _scans(session)
    grown = {table for table, scans in after.items() if scans > before.get(table, 0)}
    assert not grown & {"orders", "assignments", "attendances", "deadlines", "callbacks", "events"}


def _scans(session: Session) -> dict[str, int]:
    found = session.execute(text("SELECT relname, seq_scan FROM pg_stat_xact_user_tables"))
    return {row.relname: row.seq_scan for row in found}
