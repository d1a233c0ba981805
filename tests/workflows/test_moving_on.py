"""Continuing as new: forced by a low limit while commands keep arriving, none is lost, none is done twice."""

from __future__ import annotations

import asyncio
import itertools

from contracts.messages import Answer
from contracts.options import TASK_TIMEOUT
from domain import commands as c
from tests.support.desk import Desk

LIMIT = 7
CALLERS = 6
NOTES = 10


async def notes(desk: Desk, order_id: str, caller: int) -> dict[str, Answer]:
    """One caller's notes, one after another, every third sent twice at once; the answers by command id."""
    answers: dict[str, Answer] = {}
    for number in range(NOTES):
        key = f"{order_id}/{caller}/{number}"
        body = c.Note(f"note {number} of {caller}")
        twice = 2 if number % 3 == 0 else 1
        both = await asyncio.gather(
            *(desk.do(order_id, "agent", body, key=key, update_id=f"{key}~{copy}") for copy in range(twice))
        )
        assert len({(answer.first, answer.last) for answer in both}) == 1
        answers[key] = both[0]
    return answers


async def test_no_command_is_lost_or_doubled_while_runs_follow_one_another(desk: Desk) -> None:
    order_id = await desk.register(limit=LIMIT)
    async with asyncio.timeout(120):
        given = await asyncio.gather(*(notes(desk, order_id, caller) for caller in range(CALLERS)))
    answers = {key: answer for one in given for key, answer in one.items()}
    rows = await desk.recorded(order_id)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert sorted(row.command_id for row in rows[1:]) == sorted(answers)
    for row in rows[1:]:
        assert (answers[row.command_id].first, answers[row.command_id].last) == (row.seq, row.seq)
    runs = await desk.runs(order_id)
    assert len(runs) > 3
    order = (await desk.view(order_id)).order
    assert (order.seq, order.notes) == (len(rows), CALLERS * NOTES)
    if len(runs[0].events) < 12:  # a run that has done something is worth keeping
        await desk.do(order_id, "agent", c.Note("one more"))
        await desk.do(order_id, "agent", c.Note("and another"))
    await desk.keep_history(order_id, "moved_on")


async def test_a_repeat_is_known_in_a_later_run_and_what_was_unrecorded_travels(desk: Desk) -> None:
    order_id = await desk.register(limit=2)
    first = await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"), key="dispatch", record=False)
    keys = itertools.count()
    while len(await desk.runs(order_id)) < 3:
        await desk.do(order_id, "agent", c.Note("on"), key=f"n{next(keys)}", record=False)
    again = await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"), key="dispatch", record=False)
    assert (again.first, again.last) == (first.first, first.last)
    assert again.events[0].seq == first.first
    await desk.record(again)
    assert await desk.seq(order_id) == again.events[-1].seq
    described = await desk.handle(order_id).describe()
    config = described.raw_description.execution_config
    assert config.default_workflow_task_timeout.ToTimedelta() == TASK_TIMEOUT
    shown = described.typed_search_attributes
    assert {pair.key.name: pair.value for pair in shown}["WhistleState"] == "dispatched"
