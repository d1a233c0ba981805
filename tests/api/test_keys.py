"""A key gives its answer once and for good, whoever dies in between and however often it is asked."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from temporalio.service import RPCError

from api.errors import Problem
from api.gateway import Gateway
from api.keys import Opening, Pending, restart_input
from contracts.names import ORDER_WORKFLOW, ORDERS_QUEUE, workflow_id
from domain.commands import Note, Sign
from domain.model import Customer, Role
from identity.people import Identified
from runtime.plugin import connect
from runtime.settings import Settings
from store import commands, tables
from tests.api.conftest import AGENT, AUDITOR, CUSTOMER, DISPATCHER, NET, OTHER_AGENT, PHONE, Caller, complaint, key
from vault import veil
from watch.reconciler import Reconciler

WHO = Identified(AGENT, "", "", Role.AGENT, "GD.svc", "GD")
SIGNER = Identified(NET, "", "", Role.UNIT_MEMBER, "GD.net", "GD")


async def test_the_same_key_and_body_get_the_same_bytes_for_good(api: Caller) -> None:
    used = key()
    first = await api.post("/orders", complaint(), use=used)
    second = await api.post("/orders", complaint(), use=used)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["location"] == second.headers["location"]
    number = first.json()["order"]["id"]

    signed = key()
    done = await api.post(f"/orders/{number}/sign", {}, NET, use=signed)
    await api.post(f"/orders/{number}/note", {"text": "moved on"})
    again = await api.post(f"/orders/{number}/sign", {}, NET, use=signed)
    assert (done.status_code, again.content) == (200, done.content)


async def test_a_refusal_is_the_keys_answer_too_and_is_on_record(api: Caller, gateway: Gateway) -> None:
    number, used = await api.opened(), key()
    first = await api.post(f"/orders/{number}/audit_reply", {"accepted": True}, AUDITOR, use=used)
    assert (first.status_code, first.json()["code"]) == (409, "not_allowed_now")
    assert first.headers["content-type"] == "application/problem+json"
    assert first.json()["state"] == "dispatched"
    assert "note" in first.json()["allowed"]
    second = await api.post(f"/orders/{number}/audit_reply", {"accepted": True}, AUDITOR, use=used)
    assert second.content == first.content
    with gateway.books.writes() as session:
        rows = session.execute(
            sa.text("select verb, code, actor_id from refusals where command_id = :key"), {"key": used}
        ).all()
    assert rows == [("audit_reply", "not_allowed_now", AUDITOR)]


async def test_a_refused_registration_leaves_no_order_and_no_workflow(
    api: Caller, gateway: Gateway, settings: Settings
) -> None:
    clause = {"id": "twice@GD", "category": "twice", "province": "GD", "order_class": "fault", "clause": "GD-0"}
    with gateway.books.writes() as session:  # a slip in the catalogue, which only the rules notice
        session.execute(sa.insert(tables.catalogue), {**clause, "lead": "GD.net", "co": ["GD.net"], "copy": []})
    used, asked = key(), complaint(category="twice")
    refused = await api.post("/orders", asked, use=used)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_field"), refused.text
    assert (await api.post("/orders", asked, use=used)).content == refused.content
    with gateway.books.writes() as session:
        claimed = commands.find(session, used)
        assert claimed is not None
        assert not session.scalar(sa.text("select count(*) from orders where order_id = :n"), {"n": claimed.order_id})
    client = await connect(settings, settings.temporal_namespace)
    with pytest.raises(RPCError, match="not found"):
        await client.get_workflow_handle(workflow_id(claimed.order_id)).describe()


async def test_whoever_may_not_complain_for_others_is_refused_before_his_key_is_looked_at(api: Caller) -> None:
    used = key()
    refused = await api.post("/orders", complaint(), NET, use=used)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), refused.text
    assert (await api.post("/orders", complaint(), AGENT, use=used)).status_code == 201


@pytest.mark.parametrize(
    ("verb", "body", "who"),
    [
        ("note", {"text": "another"}, AGENT),
        ("note", {"text": "one", "reason": "why"}, AGENT),
        ("note", {"text": "one"}, OTHER_AGENT),
        ("urge", {"text": "one"}, AGENT),
    ],
)
async def test_another_request_under_the_same_key_is_refused(
    api: Caller, verb: str, body: dict[str, Any], who: str
) -> None:
    number, used = await api.opened(), key()
    assert (await api.post(f"/orders/{number}/note", {"text": "one"}, use=used)).status_code == 200
    answer = await api.post(f"/orders/{number}/{verb}", body, who, use=used)
    assert (answer.status_code, answer.json()["code"]) == (409, "command_reused")


async def test_many_at_once_with_one_key_are_one_command(api: Caller) -> None:
    number, used = await api.opened(), key()
    answers = await asyncio.gather(*(api.post(f"/orders/{number}/note", {"text": "once"}, use=used) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    events = (await api.get(f"/orders/{number}/events")).json()["items"]
    assert [event["type"] for event in events].count("NoteAdded") == 1

    opened = key()
    many = await asyncio.gather(*(api.post("/orders", complaint(), use=opened) for _ in range(6)))
    assert len({answer.content for answer in many}) == 1


async def test_many_commands_at_once_leave_no_gap(api: Caller) -> None:
    number = await api.opened()
    answers = await asyncio.gather(
        *(api.post(f"/orders/{number}/note", {"text": f"note {count}"}) for count in range(8))
    )
    assert {answer.status_code for answer in answers} == {200}
    events = (await api.get(f"/orders/{number}/events")).json()["items"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events].count("NoteAdded") == 8


async def test_if_match_protects_against_what_one_has_not_seen(api: Caller) -> None:
    number = await api.opened()
    view = await api.get(f"/orders/{number}")
    tag = view.headers["etag"]
    assert tag == f'"{view.json()["order"]["seq"]}"'
    moved = await api.post(f"/orders/{number}/note", {"text": "first"}, If_Match=tag)
    assert moved.status_code == 200
    stale = await api.post(f"/orders/{number}/note", {"text": "second"}, If_Match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_order")
    fresh = await api.post(f"/orders/{number}/note", {"text": "second"}, If_Match=moved.headers["etag"])
    assert fresh.status_code == 200


async def test_the_view_waits_for_a_seq_and_then_says_that_it_is_not_there(api: Caller) -> None:
    number = await api.opened()
    seq = (await api.get(f"/orders/{number}")).json()["order"]["seq"]
    waiting = asyncio.create_task(api.get(f"/orders/{number}", min_seq=seq + 1))
    await asyncio.sleep(0.1)
    await api.act(number, "note", AGENT, text="now it is")
    assert (await waiting).json()["order"]["seq"] == seq + 1
    never = await api.get(f"/orders/{number}", min_seq=seq + 100)
    assert (never.status_code, never.json()["code"]) == (503, "not_yet_recorded")
    assert never.headers["retry-after"] == "1"


def _claim(gateway: Gateway, number: str, text: str) -> Pending:
    """Step 1 alone, as of an API that dies right after it."""
    claimed = gateway.books.claim(number, "note", key(), WHO, Note(text), "", None)
    assert isinstance(claimed, Pending)
    return claimed


async def _notes(api: Caller, number: str, used: str) -> list[int]:
    events = (await api.get(f"/orders/{number}/events")).json()["items"]
    return [event["seq"] for event in events if event["command_id"] == used]


async def test_the_reconciler_finishes_a_key_that_died_before_the_engine(api: Caller, gateway: Gateway) -> None:
    number = await api.opened()
    dead = _claim(gateway, number, "left behind")
    assert await Reconciler(gateway).once(older_than=60.0) == 0
    assert await Reconciler(gateway).once(older_than=0.0) == 1
    assert len(await _notes(api, number, dead.key)) == 1
    answer = await api.post(f"/orders/{number}/note", {"text": "left behind"}, use=dead.key)
    assert answer.status_code == 200
    assert len(await _notes(api, number, dead.key)) == 1


async def test_the_reconciler_records_what_the_engine_did_before_the_api_died(api: Caller, gateway: Gateway) -> None:
    number = await api.opened()
    dead = _claim(gateway, number, "done, not recorded")
    await gateway._ask(dead)  # steps 2 and 3; the process dies before step 4
    assert await _notes(api, number, dead.key) == []
    await api.act(number, "note", AGENT, text="somebody else's")  # brings the dead one's event with it
    recorded = await _notes(api, number, dead.key)
    assert len(recorded) == 1
    assert await Reconciler(gateway).once(older_than=0.0) == 1
    assert await _notes(api, number, dead.key) == recorded


async def test_what_is_left_pending_is_finished_within_ten_seconds(api: Caller, gateway: Gateway) -> None:
    number = await api.opened()
    dead = [_claim(gateway, number, f"left {count}") for count in range(3)]
    clock = asyncio.get_running_loop().time
    began = clock()
    looking = asyncio.create_task(Reconciler(gateway).run())
    try:
        while not all([await _notes(api, number, pending.key) for pending in dead]):
            assert clock() - began < 10
            await asyncio.sleep(0.2)
    finally:
        looking.cancel()


async def test_an_engine_behind_the_ledger_is_brought_up_to_it(
    api: Caller, gateway: Gateway, settings: Settings
) -> None:
    """As after a restore of the engine alone: its workflow lacks what the ledger has."""
    number = await api.opened()
    old = gateway.books.known(_claim(gateway, number, "for its terms"))
    assert old is not None
    await api.act(number, "note", AGENT, text="the engine will forget this")
    client = await connect(settings, settings.temporal_namespace)
    await client.get_workflow_handle(workflow_id(number)).terminate("restored, for the test")
    await client.start_workflow(ORDER_WORKFLOW, restart_input(old), id=workflow_id(number), task_queue=ORDERS_QUEUE)
    view = await api.act(number, "sign", NET)
    events = (await api.get(f"/orders/{number}/events")).json()["items"]
    assert [event["seq"] for event in events] == list(range(1, view["order"]["seq"] + 1))
    assert view["order"]["notes"] == 1
    assert (await api.get(f"/orders/{number}/live", NET)).json()["order"] == view["order"]
    await Reconciler(gateway).once(older_than=0.0)


async def test_two_reconcilers_do_not_take_the_same_key(api: Caller, gateway: Gateway) -> None:
    number = await api.opened()
    dead = [_claim(gateway, number, f"number {count}") for count in range(5)]
    await asyncio.sleep(0.3)
    done = await asyncio.gather(*(Reconciler(gateway).once(older_than=0.2) for _ in range(3)))
    assert sum(done) == 5
    for pending in dead:
        assert len(await _notes(api, number, pending.key)) == 1


async def test_a_registration_left_behind_gets_the_number_that_it_was_given(api: Caller, gateway: Gateway) -> None:
    opening = Opening("t", "x", "network.fault", "GD", "hotline", Customer("Ms Chen", PHONE))
    claimed = gateway.books.open(key(), WHO, opening, "")
    assert isinstance(claimed, Pending)
    assert await Reconciler(gateway).once(older_than=0.0) == 1
    assert (await api.get(f"/orders/{claimed.order_id}")).status_code == 200


async def test_a_command_that_the_ledger_has_is_not_done_again_by_a_new_workflow(api: Caller, gateway: Gateway) -> None:
    """Done and recorded, but the key still pending, and the workflow has ended."""
    number = await api.opened(dispatch=False)
    dead = _claim(gateway, number, "recorded by another")
    await gateway._ask(dead)
    await api.act(number, "withdraw", CUSTOMER, proof="recording", reason="fine again")
    await asyncio.sleep(0.5)
    assert await Reconciler(gateway).once(older_than=0.0) == 1
    assert len(await _notes(api, number, dead.key)) == 1
    answer = await api.post(f"/orders/{number}/note", {"text": "recorded by another"}, use=dead.key)
    assert answer.status_code == 200


async def test_a_lost_workflow_is_started_again_from_the_ledger(api: Caller, settings: Settings) -> None:
    number = await api.opened()
    seq = (await api.get(f"/orders/{number}")).json()["order"]["seq"]
    client = await connect(settings, settings.temporal_namespace)
    await client.get_workflow_handle(workflow_id(number)).terminate("lost, for the test")
    view = await api.act(number, "sign", NET)
    assert view["order"]["state"] == "in_progress"
    assert view["order"]["seq"] > seq
    assert (await api.get(f"/orders/{number}/live", NET)).json()["order"] == view["order"]


async def test_a_silent_engine_is_said_to_be_so_and_the_key_is_finished_later(
    api: Caller, gateway: Gateway, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, used = await api.opened(), key()
    away = settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    nowhere = await connect(away, settings.temporal_namespace, lazy=True)
    with monkeypatch.context() as patch:
        patch.setattr(gateway, "_clients", {False: nowhere, True: nowhere})
        answer = await api.post(f"/orders/{number}/note", {"text": "into the void"}, use=used)
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown"), answer.text
        assert int(answer.headers["retry-after"]) >= 1
        assert "same Idempotency-Key" in answer.json()["remedy"]
        assert await Reconciler(gateway).once(older_than=0.0) == 0
        ready = await api.http.get("/readyz")
        assert (ready.status_code, ready.json()["database"], ready.json()["engine"]) == (503, True, False)
        assert "engine" in ready.json()["failing"]
    waiting = asyncio.create_task(api.post(f"/orders/{number}/note", {"text": "into the void"}, use=used))
    await asyncio.sleep(0.2)
    assert await Reconciler(gateway).once(older_than=0.0) == 1
    assert (await waiting).status_code == 200
    assert len(await _notes(api, number, used)) == 1


async def test_a_key_of_an_order_that_never_was_is_not_kept(api: Caller, gateway: Gateway) -> None:
    used = key()
    answer = await api.post("/orders/WH20260101-AAAAAAAA/note", {"text": "x"}, use=used)
    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    number = await api.opened()
    assert (await api.post(f"/orders/{number}/note", {"text": "x"}, use=used)).status_code == 200
    message = _claim(gateway, number, "y").message
    ghost = Pending(key(), "WH20260101-BBBBBBBB", "note", message, 0, fresh=False)
    with gateway.books.writes() as session:
        commands.claim(session, ghost.key, ghost.order_id, ghost.verb, "m", message)
    with pytest.raises(Problem) as raised:
        await gateway.resume(ghost)
    assert raised.value.code == "order_not_found"
    with gateway.books.writes() as session:
        assert commands.find(session, ghost.key) is None


async def test_one_key_on_an_unknown_order_many_at_once_is_not_found_for_all_at_once(api: Caller) -> None:
    used, clock = key(), asyncio.get_running_loop().time
    began = clock()
    path = "/orders/WH20260101-CCCCCCCC/note"
    answers = await asyncio.gather(*(api.post(path, {"text": "x"}, use=used) for _ in range(6)))
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "order_not_found")] * 6
    assert clock() - began < 2


async def _unsigned(api: Caller) -> str:
    """An order that is not dispatched yet, and that a member of the unit sees all the same, for he follows it."""
    number = await api.opened(dispatch=False)
    assert (await api.post(f"/orders/{number}/follow", {"person": NET}, DISPATCHER)).status_code == 200
    return number


async def test_who_was_told_no_is_right_in_the_end(api: Caller, gateway: Gateway) -> None:
    """The key is lent while its first request is refused; what the lender brings about is the key's only answer."""
    number = await _unsigned(api)
    first = gateway.books.claim(number, "sign", key(), SIGNER, Sign(), "", None)
    assert isinstance(first, Pending)
    lent = next(pending for pending in await gateway.stale(0.0, 100) if pending.key == first.key)
    with pytest.raises(Problem) as told:
        await gateway.finish(first)  # refused: nothing is dispatched yet, but that is not for the first to say any more
    assert told.value.code == "command_pending"
    await api.act(number, "dispatch", DISPATCHER, lead="GD.net")
    reply = await gateway.resume(lent)
    assert reply.status == 200
    assert await gateway.resume(lent) == replace(reply, replayed=True)
    again = await api.post(f"/orders/{number}/sign", {}, NET, use=first.key)
    keys = gateway.books.rack.keys(veil.sealed_by(reply.body))
    assert (again.status_code, again.content) == (200, veil.unveiled(reply.body, veil.UNITS, keys))


async def test_a_key_that_was_refused_meanwhile_is_not_sent_again(api: Caller, gateway: Gateway) -> None:
    number = await _unsigned(api)
    first = gateway.books.claim(number, "sign", key(), SIGNER, Sign(), "", None)
    assert isinstance(first, Pending)
    refused = await gateway.finish(first)
    assert refused.status == 409
    await api.act(number, "dispatch", DISPATCHER, lead="GD.net")
    assert (await gateway.resume(first)).body == refused.body
    held_up = replace(first, until=0.0)  # as a process that was stopped right before sending
    assert (await gateway.finish(held_up)).body == refused.body
    assert (await api.get(f"/orders/{number}")).json()["order"]["state"] == "dispatched"
