"""Time does its part: ladders are climbed over days, nothing fires twice, and what fell due meanwhile fires at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.messages import EventRow, OrderInput, from_row, to_rows
from domain import commands as c
from domain.events import OrderEscalated
from domain.evolve import evolve
from domain.model import Order, State, WhistleKind
from tests.domain.lives import PEOPLE, Life, closed, terms
from tests.support.desk import Desk
from workflows import display

SKIP_LATENESS = timedelta(seconds=5)
"""Each skip of the clock takes about a second of the real one, which the workflow's clock counts too."""


def rungs(rows: list[EventRow], key: str) -> list[int]:
    """The levels to which a clock's ladder raised the order, in order."""
    bodies = [from_row(row).body for row in rows]
    return [body.level for body in bodies if isinstance(body, OrderEscalated) and body.key.startswith(key)]


async def until(desk: Desk, order_id: str, key: str, level: int) -> list[EventRow]:
    """The ledger, when days enough have passed for a clock's ladder to reach a level, whatever holidays lie ahead."""
    for _ in range(40):
        assert await desk.wait(order_id, days=1)
        rows = await desk.recorded(order_id)
        if level in rungs(rows, key):
            return rows
    engine = (await desk.engine_events(order_id))[-20:]
    skipping = await desk.skipping(order_id)
    raise AssertionError(f"{key} rose to {rungs(rows, key)} only: {[row.type for row in rows]} {engine} {skipping}")


async def test_a_department_that_never_reports_climbs_to_headquarters(desk: Desk) -> None:
    order_id = await desk.register()
    await desk.do(order_id, "agent", c.RequestWhistle(WhistleKind.EMERGENCY, "cross_department", ("GD.bill",)))
    await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"))
    await desk.do(order_id, "net", c.Sign())
    await desk.do(order_id, "net", c.Contact("Li", "he has no signal"))
    rows = await until(desk, order_id, "whistle_report_in/", 5)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    absent = [row for row in rows if row.type == "DepartmentAbsent"]
    assert len(absent) == 1
    assert rungs(rows, "whistle_report_in/")[-1] == 5
    assert rungs(rows, "whistle_report_in/") == sorted(rungs(rows, "whistle_report_in/"))
    late = [
        row.at - change_due
        for row in rows
        for change_due in [getattr(from_row(row).body, "due_at", None)]
        if row.type in ("ClockBreached", "DepartmentAbsent")
    ]
    assert all(timedelta(0) <= lateness < SKIP_LATENESS for lateness in late), late
    order = (await desk.view(order_id)).order
    assert (order.level, order.overdue) == (5, True)
    shown = (await desk.handle(order_id).describe()).typed_search_attributes
    assert (shown[display.LEVEL_KEY], shown[display.OVERDUE_KEY]) == (5, True)


async def test_a_lead_that_never_signs_is_signed_for_and_climbs(desk: Desk) -> None:
    order_id = await desk.register(lead="GD.net", catalogue="1")
    rows = await until(desk, order_id, "contact/", 2)
    types = [row.type for row in rows]
    assert types.index("ClockBreached") < types.index("AssignmentSigned")
    assert from_row(rows[types.index("AssignmentSigned")]).body.auto  # type: ignore[union-attr]
    assert rungs(rows, "sign/") == [2]
    assert rungs(rows, "contact/") == [1, 2]
    assert (await desk.view(order_id)).order.state is State.IN_PROGRESS
    await desk.do(order_id, "net", c.Contact("Li", "at last"))
    await desk.keep_history(order_id, "ladder")


async def test_a_wake_up_records_what_nobody_recorded(desk: Desk) -> None:
    order_id = await desk.register()
    answer = await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"), record=False)
    assert await desk.seq(order_id) < answer.last
    await desk.wake(order_id)
    rows = await desk.until_recorded(order_id, answer.last)
    assert [row.seq for row in rows] == list(range(1, answer.last + 1))


async def test_commands_during_a_recording_are_neither_lost_nor_doubled(desk: Desk) -> None:
    order_id = await desk.register()
    last = 0
    for number in range(5):
        await desk.do(order_id, "agent", c.Note(f"note {number}"), record=False)
        await desk.wake(order_id)
        last = (await desk.do(order_id, "agent", c.Note(f"beside the recording {number}"), record=False)).last
    await desk.wake(order_id)
    rows = await desk.until_recorded(order_id, last)
    assert [row.seq for row in rows] == list(range(1, last + 1))


def after(life: Life, count: int) -> Order:
    """The order as it stood after its first events."""
    order: Order | None = None
    for event in life.events[:count]:
        order = evolve(order, event)
    assert order is not None
    return order


async def begun_days_ago(desk: Desk, days: int) -> Life:
    """An order whose ledger ends some days ago, with the engine knowing nothing of it."""
    life = Life(now=datetime.now(UTC) - timedelta(days=days), order_id=desk.number(), lead="GD.net", catalogue="1")
    life.do("net", c.Sign())
    await desk.keep(life.at.id, to_rows(life.at.id, life.events))
    return life


async def test_an_order_rebuilt_mid_clock_catches_up_once(desk: Desk) -> None:
    life = await begun_days_ago(desk, 6)
    before = len(life.events)
    expected = life.until(datetime.now(UTC))
    assert len(expected) > 2
    await desk.rebuild(after(life, before), life.terms)
    rows = await desk.until_recorded(life.at.id, life.at.seq)
    assert [row.type for row in rows] == life.types()
    assert [row.seq for row in rows] == list(range(1, life.at.seq + 1))
    await desk.wake(life.at.id)
    await desk.do(life.at.id, "net", c.Contact("Li", "late"))
    assert [row.type for row in await desk.recorded(life.at.id)] == [*life.types(), "CustomerContacted"]


async def test_a_command_that_comes_late_finds_what_time_had_brought(desk: Desk) -> None:
    life = await begun_days_ago(desk, 6)
    before = len(life.events)
    expected = [event.type for event in life.until(datetime.now(UTC))]
    command = c.Command("late", PEOPLE["net"], c.Contact("Li", "late"))
    answer = await desk.start(OrderInput(life.at.id, terms(), after(life, before)), command)
    assert [row.type for row in answer.events] == [*expected, "CustomerContacted"]
    assert answer.first == answer.last == before + len(expected) + 1
    await desk.record(answer)
    assert [row.seq for row in await desk.recorded(life.at.id)] == list(range(1, answer.last + 1))


async def test_an_order_that_was_over_is_taken_up_again(desk: Desk) -> None:
    life = closed(order_id=desk.number())  # some Monday long ago, at an hour when customers may be called
    life.until(datetime.now(UTC))
    assert life.at.over
    order_id = life.at.id
    await desk.keep(order_id, to_rows(order_id, life.events))
    command = c.Command("again", PEOPLE["hq"], c.Reopen(), "the regulator asks")
    answer = await desk.start(OrderInput(order_id, life.terms, life.at), command)
    await desk.record(answer)
    assert answer.events[0].type == "OrderReopened"
    await desk.do(order_id, "net", c.Contact("Li", "we come again"))
    assert (await desk.view(order_id)).order.round == 2
