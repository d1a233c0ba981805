"""Commands as updates: answered in one step, refused without a trace, never done twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from contracts.messages import CommandMessage
from contracts.names import workflow_id
from domain import commands as c
from domain.model import Role
from tests.domain.lives import PEOPLE
from tests.support.desk import Desk
from workflows import display
from workflows.order import LEDGER_AHEAD, NOT_REGISTERED

MOST_ENGINE_EVENTS = 36


async def refusal(waiting: Any) -> ApplicationError:
    """The error with which an update was refused."""
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await waiting
    assert isinstance(caught.value.cause, ApplicationError)
    return caught.value.cause


async def five_commands(desk: Desk) -> str:
    order_id = await desk.register()
    now = datetime.now(UTC)
    await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"))
    await desk.do(order_id, "net", c.Sign())
    await desk.do(order_id, "net", c.Contact("Li", "he has no signal"))
    await desk.do(order_id, "net", c.Reply(now, "Li", "antenna mended", now))
    await desk.do(order_id, "audit", c.AuditReply(accepted=True))
    return order_id


async def test_registering_and_five_commands_take_few_engine_events(desk: Desk) -> None:
    order_id = await five_commands(desk)
    events = await desk.engine_events(order_id)
    assert len(events) <= MOST_ENGINE_EVENTS, events
    assert (await desk.view(order_id)).order.state == "awaiting_callback"
    recorded = await desk.recorded(order_id)
    assert [row.seq for row in recorded] == list(range(1, len(recorded) + 1))
    await desk.keep_history(order_id, "five_commands")


async def test_a_refusal_says_all_and_leaves_no_history(desk: Desk) -> None:
    order_id = await desk.register()
    before = await desk.engine_events(order_id)
    error = await refusal(desk.do(order_id, "net", c.Sign()))
    assert (error.type, error.non_retryable) == ("not_allowed_now", True)
    assert error.details[0]["state"] == "registered"
    assert "request_info" in error.details[0]["allowed"]
    assert "dispatched" in error.details[0]["remedy"]
    error = await refusal(desk.do(order_id, "net", c.Dispatch("GD.net")))
    assert (error.type, error.details[0]["field"]) == ("role_forbidden", "actor.role")
    assert await desk.engine_events(order_id) == before


async def test_an_unreadable_command_is_refused_and_the_order_goes_on(desk: Desk) -> None:
    order_id = await desk.register()
    handle = desk.handle(order_id)
    actor = PEOPLE["dispatcher"]
    for verb, message in (
        ("no_such_verb", CommandMessage("x", actor, b"{}")),  # type: ignore[arg-type]
        ("dispatch", {"id": "x"}),
        ("dispatch", {"id": "x", "actor": {"id": "a", "role": "dispatcher"}, "body": {"led": "GD.net"}}),
        ("dispatch", {"id": "x", "actor": {"id": "a", "role": "nobody"}, "body": {"lead": "GD.net"}}),
    ):
        error = await refusal(handle.execute_update(verb, message))
        assert error.type == "invalid_field", error
    await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"))


async def test_a_repeated_command_is_answered_again_and_done_once(desk: Desk) -> None:
    order_id = await desk.register(key="first")
    first = await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"), key="k", record=False)
    again = await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"), key="k", update_id="anew")
    assert again == first
    assert await desk.seq(order_id) == first.last
    later = await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"), key="k", update_id="later")
    assert (later.first, later.last, later.events) == (first.first, first.last, ())
    error = await refusal(desk.do(order_id, "dispatcher", c.Dispatch("GD.bill"), key="k", update_id="other"))
    assert error.type == "command_reused"
    error = await refusal(desk.do(order_id, "net", c.Sign(), key="first", update_id="second"))
    assert error.type == "command_reused"


async def test_what_a_caller_did_not_record_comes_with_the_next_answer(desk: Desk) -> None:
    order_id = await desk.register()
    lost = await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"), record=False)
    answer = await desk.do(order_id, "net", c.Sign())
    assert [row.seq for row in answer.events] == list(range(lost.first, answer.last + 1))
    assert answer.first == lost.last + 1
    stale = await desk.do(order_id, "net", c.Contact("Li", "he has no signal"), recorded_seq=1)
    assert [row.seq for row in stale.events] == list(range(lost.first, stale.last + 1))
    fresh = await desk.do(order_id, "agent", c.Note("all is recorded"), recorded_seq=stale.last)
    old = await desk.do(order_id, "agent", c.Note("an old reader"), recorded_seq=1)
    assert [row.seq for row in old.events] == [fresh.last, old.last]
    recorded = await desk.recorded(order_id)
    assert [row.seq for row in recorded] == list(range(1, old.last + 1))


async def test_a_ledger_that_is_ahead_is_noticed(desk: Desk) -> None:
    order_id = await desk.register()
    error = await refusal(desk.do(order_id, "agent", c.Note("lost otherwise"), recorded_seq=9))
    assert error.type == LEDGER_AHEAD


async def test_a_refused_registration_ends_without_an_order(desk: Desk) -> None:
    order_id = desk.number()
    error = await refusal(desk.register(order_id, title=" "))
    assert (error.type, error.details[0]["field"]) == ("invalid_field", "title")
    with pytest.raises(WorkflowQueryFailedError) as caught:  # its words are encrypted, and queries bring no details
        await desk.view(order_id)
    assert NOT_REGISTERED
    assert caught.value
    assert await desk.wait(order_id, minutes=2) is False
    assert (await desk.handle(order_id).describe()).status is WorkflowExecutionStatus.COMPLETED
    assert await desk.recorded(order_id) == []


async def test_an_order_that_is_over_ends_when_all_of_it_is_recorded(desk: Desk) -> None:
    order_id = await desk.register()
    await desk.do(order_id, "agent", c.Note("nobody records this"), record=False)
    last = await desk.do(order_id, "customer", c.Withdraw("call 4711"), record=False)
    await desk.handle(order_id).result()
    recorded = await desk.recorded(order_id)
    assert [row.seq for row in recorded] == list(range(1, last.last + 1))
    assert recorded[-1].actor.role is Role.CUSTOMER
    await desk.keep_history(order_id, "withdrawn")


async def test_operators_see_the_order_in_the_engines_own_pages(desk: Desk) -> None:
    order_id = await desk.register()
    await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"))
    await desk.do(order_id, "province", c.Escalate(3))
    shown = (await desk.handle(order_id).describe()).typed_search_attributes
    assert shown[display.STATE_KEY] == "dispatched"
    assert shown[display.PROVINCE_KEY] == "GD"
    assert shown[display.LEVEL_KEY] == 3
    assert shown[display.OVERDUE_KEY] is False
    page = str(await desk.handle(order_id).query("__temporal_workflow_metadata"))
    for text in ("已派单 dispatched", "level 3", "GD.net", "sign/"):
        assert text in page
    names = [name for name in await desk.engine_events(order_id) if "UPSERT" in name]
    assert len(names) == 2
    assert workflow_id(order_id) == f"order/{order_id}"
