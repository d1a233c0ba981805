"""New terms in the engine: the workflow runs by them at once, across runs and after a rebuild from the ledger."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from contracts.messages import EventRow
from domain import commands as c
from domain.model import Clock, Order, OrderClass
from domain.policy import Terms
from domain.retime import renewed
from store import ledger, policies
from tests.domain.lives import DOCUMENT
from tests.support.desk import Desk


def document(version: str = "", **changed: Any) -> dict[str, Any]:
    """The shipped policy, or another version of it with limits of general orders changed."""
    found: dict[str, Any] = copy.deepcopy(json.loads(DOCUMENT.read_text()))
    if version:
        found["version"] = version
        found["classes"]["general"]["limits"].update(changed)
    return found


def due(order: Order) -> Clock:
    """The lead's clock."""
    return next(clock for clock in order.clocks.values() if clock.kind == "due")


def types(rows: list[EventRow], key: str) -> list[str]:
    """What happened to a clock of that kind, in order."""
    return [change.change for row in rows for change in row.clocks if change.key.startswith(key)]


async def working(desk: Desk, limit: int = 0) -> str:
    """An order in work at GD.net."""
    order_id = await desk.register(limit=limit, lead="GD.net", catalogue="1")
    await desk.do(order_id, "net", c.Sign())
    await desk.do(order_id, "net", c.Contact("Li", "he has no signal"))
    return order_id


async def retimed(desk: Desk, order_id: str, who: str, body: Any, key: str = "", **policy: Any) -> Terms:
    """Send a command with the terms that the order shall have."""
    new = renewed((await desk.view(order_id)).order, body, document(**policy))
    await desk.do(order_id, who, replace(body, terms=new), key=key)
    return new


async def test_a_priority_holds_at_once_and_in_the_next_run_and_the_breach_comes_by_it(desk: Desk) -> None:
    order_id = await working(desk, limit=5)
    before = due((await desk.view(order_id)).order)
    new = await retimed(desk, order_id, "dispatcher", c.Reprioritise("critical"))
    for number in range(5):
        await desk.do(order_id, "agent", c.Note(f"note {number}"))
    assert len(await desk.runs(order_id)) > 1
    order = (await desk.view(order_id)).order
    assert order.terms == new.digest
    assert due(order).due_at < before.due_at
    while due((await desk.view(order_id)).order).status != "breached":
        assert await desk.wait(order_id, days=1)
    rows = await desk.recorded(order_id)
    breach = next(row for row in rows for change in row.clocks if (change.key, change.change) == ("due/a1", "breached"))
    assert timedelta(0) <= breach.at - due(order).due_at < timedelta(seconds=5)
    assert types(rows, "due/a1")[:5] == ["started", "retimed", "warned", "warned", "breached"]


async def test_terms_that_are_missing_or_forged_are_refused_and_leave_no_history(desk: Desk) -> None:
    order_id = await working(desk)
    order = (await desk.view(order_id)).order
    new = renewed(order, c.Reprioritise("high"), document())
    count = len(await desk.engine_events(order_id))
    for terms in (None, replace(new, limits={**new.limits, "due": "90wd"})):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await desk.do(order_id, "dispatcher", c.Reprioritise("high", terms))
        cause = refused.value.cause
        assert isinstance(cause, ApplicationError)
        assert (cause.type, cause.details[0]["field"]) == ("invalid_field", "terms")
    stale = renewed(replace(order, province="JS"), c.Reprioritise("high"), document())
    with pytest.raises(WorkflowUpdateFailedError) as late:
        await desk.do(order_id, "dispatcher", c.Reprioritise("high", stale))
    assert isinstance(late.value.cause, ApplicationError)
    assert late.value.cause.type == "stale_order"
    assert len(await desk.engine_events(order_id)) == count
    assert (await desk.view(order_id)).order == order


async def test_a_limit_that_is_used_up_by_the_new_terms_is_breached_at_once(desk: Desk) -> None:
    order_id = await working(desk)
    while (await desk.view(order_id)).order.registered_at + timedelta(days=2) > await now(desk, order_id):
        assert await desk.wait(order_id, days=1)
    seq = await desk.seq(order_id)
    await retimed(desk, order_id, "hq", c.MigratePolicy("9999.1"), version="9999.1", due="1min")
    rows = await desk.until_recorded(order_id, seq + 2)
    came = [row.type for row in rows if row.seq > seq]
    assert came[0] == "PolicyMigrated"
    lived = types(rows, "due/a1")
    assert lived[lived.index("retimed") :][:3] == ["retimed", "breached", "climbed"]
    assert lived.count("breached") == 1
    assert {row.policy_version for row in rows if row.seq > seq} == {"9999.1"}


async def now(desk: Desk, order_id: str) -> Any:
    """The order's own clock, as its last recorded event shows it after a note."""
    await desk.do(order_id, "agent", c.Note("what time is it?"))
    return (await desk.recorded(order_id))[-1].at


async def test_an_order_that_was_lost_comes_back_under_its_new_terms(desk: Desk, made: sessionmaker[Session]) -> None:
    order_id = await working(desk)
    new = await retimed(desk, order_id, "dispatcher", c.Retier(OrderClass.URGENT, "diamond"), key="once-and-for-all")
    await desk.handle(order_id).terminate("lost")
    with made.begin() as session:
        policies.save_terms(session, new)
        head = ledger.head(session, order_id)
        assert head is not None
        frozen = policies.terms(session, head.order.terms)
    assert frozen == new
    await desk.rebuild(head.order, frozen)
    order = (await desk.view(order_id)).order
    assert (order.order_class, order.customer.tier, order.terms) == (OrderClass.URGENT, "diamond", new.digest)
    assert due(order).due_at - due(order).started_at == timedelta(hours=12)
    await retimed(desk, order_id, "dispatcher", c.Retier(OrderClass.GENERAL, "normal"))
    assert due((await desk.view(order_id)).order).rule == "classes.general.due"
