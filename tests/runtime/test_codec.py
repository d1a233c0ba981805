"""Nothing that is sent to Temporal can be read there, nor be put into another workflow, nor come from elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.orm import Session, sessionmaker
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.converter import (
    ActivitySerializationContext,
    CompositePayloadConverter,
    DataConverter,
    EncodingPayloadConverter,
    JSONPlainPayloadConverter,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from contracts.names import ORDER_WORKFLOW, ORDERS_QUEUE, workflow_id
from contracts.options import TASK_TIMEOUT
from domain import commands as c
from runtime import keyring
from runtime.codec import ENCODING, Codec, UnreadablePayload
from runtime.history import payloads
from runtime.keyring import Keyring
from runtime.plugin import WhistlePlugin, connect, converter
from runtime.settings import Settings
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.domain.lives import PEOPLE
from tests.support import histories
from tests.support.desk import Desk, to_message
from worker import Share, workers
from workflows.order import OrderWorkflow


class Sealed(EncodingPayloadConverter):
    """Takes what is encrypted as it is."""

    encoding = ENCODING.decode()

    def to_payload(self, value: object) -> Payload | None:
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Payload:
        return payload


class AsTheyAre(CompositePayloadConverter):
    """What somebody without keys has: payloads as they are."""

    def __init__(self) -> None:
        super().__init__(Sealed(), JSONPlainPayloadConverter())


HERE = WorkflowSerializationContext("whistle", "order/WH1")
THERE = WorkflowSerializationContext("whistle", "order/WH2")
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data='"周一起没有网络"'.encode())
SECRETS = ("no signal since Monday", "13800000000", "quite secret cause", "he has no signal", "Zeng Guofan")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def ring(path: Path) -> Keyring:
    return keyring.ensure(path)


async def _sent(ring: Keyring, context: SerializationContext = HERE) -> Payload:
    (payload,) = await Codec(ring).with_context(context).encode([CLEAR])
    return payload


async def test_a_payload_comes_back_in_its_own_workflow(ring: Keyring) -> None:
    sent = await _sent(ring)
    assert dict(sent.metadata) == {
        "encoding": ENCODING,
        "key": ring.codec()[0].encode(),
        "workflow": b"order/WH1",
    }
    assert CLEAR.data not in sent.data
    assert await Codec(ring).with_context(HERE).decode([sent]) == [CLEAR]


async def test_an_activity_reads_what_its_workflow_wrote(ring: Keyring) -> None:
    of_activity = ActivitySerializationContext("whistle", "1", "record", "ledger", "order/WH1", "Order", False)
    assert await Codec(ring).with_context(of_activity).decode([await _sent(ring)]) == [CLEAR]
    assert await Codec(ring).with_context(HERE).decode([await _sent(ring, of_activity)]) == [CLEAR]


async def test_the_same_text_never_looks_the_same(ring: Keyring) -> None:
    sent = {(await _sent(ring)).data for _ in range(100)}
    assert len(sent) == 100
    assert len({data[:12] for data in sent}) == 100


async def test_a_payload_in_another_workflow_is_not_read(ring: Keyring) -> None:
    with pytest.raises(UnreadablePayload, match=r"order/WH1.*order/WH2"):
        await Codec(ring).with_context(THERE).decode([await _sent(ring)])


async def test_a_payload_does_not_get_elsewhere_by_another_label(ring: Keyring) -> None:
    sent = await _sent(ring)
    sent.metadata["workflow"] = b"order/WH2"
    for codec in (Codec(ring), Codec(ring).with_context(THERE)):
        with pytest.raises(UnreadablePayload):
            await codec.decode([sent])


@pytest.mark.parametrize("at", [0, 11, 12, -1])
async def test_a_changed_byte_is_noticed(ring: Keyring, at: int) -> None:
    sent = await _sent(ring)
    changed = bytearray(sent.data)
    changed[at] ^= 1
    with pytest.raises(UnreadablePayload):
        await Codec(ring).with_context(HERE).decode([Payload(metadata=sent.metadata, data=bytes(changed))])


@pytest.mark.parametrize("length", [0, 5, 12, 27])
async def test_what_was_cut_off_is_noticed(ring: Keyring, length: int) -> None:
    sent = await _sent(ring)
    with pytest.raises(UnreadablePayload):
        await Codec(ring).with_context(HERE).decode([Payload(metadata=sent.metadata, data=sent.data[:length])])


@pytest.mark.parametrize("encoding", ["json/plain", "binary/null", "binary/plain", "", "binary/encrypted "])
async def test_what_comes_in_clear_is_not_read(ring: Keyring, encoding: str) -> None:
    clear = Payload(metadata={"encoding": encoding.encode()}, data=b"{}")
    for codec in (Codec(ring), Codec(ring).with_context(HERE)):
        with pytest.raises(UnreadablePayload, match="in clear"):
            await codec.decode([clear])
    with pytest.raises(UnreadablePayload, match="in clear"):
        await Codec(ring).decode([Payload()])


async def test_what_belongs_to_no_workflow_is_not_sent(ring: Keyring) -> None:
    alone = ActivitySerializationContext("whistle", "1", "record", "ledger", None, None, False)
    for codec in (Codec(ring), Codec(ring).with_context(alone)):
        with pytest.raises(UnreadablePayload, match="no workflow"):
            await codec.encode([CLEAR])


async def test_an_operator_reads_it_where_it_stands(ring: Keyring) -> None:
    assert await Codec(ring).decode([await _sent(ring)]) == [CLEAR]


async def test_after_a_rotation_old_payloads_are_read_until_their_key_is_dropped(ring: Keyring, path: Path) -> None:
    old = await _sent(ring)
    old_id, new_id = ring.codec()[0], keyring.add_codec(path)
    fresh = keyring.load(path)
    new = await _sent(fresh)
    assert new.metadata["key"] == new_id.encode()
    assert await Codec(ring).with_context(HERE).decode([old, new]) == [CLEAR, CLEAR], (
        "a process that runs on reads both"
    )
    keyring.drop_codec(path, old_id)
    with pytest.raises(UnreadablePayload, match=old_id):
        await Codec(keyring.load(path)).with_context(HERE).decode([old])


async def test_a_failure_shows_nothing_but_its_type(ring: Keyring) -> None:
    made = converter(ring).with_context(HERE)
    failure = Failure()
    try:
        try:
            raise ValueError("the number 13800000000 is quite secret")
        except ValueError as cause:
            raise ApplicationError("quite secret cause", {"field": "text"}, type="invalid_field") from cause
    except ApplicationError as error:
        await made.encode_failure(error, failure)
    wire = failure.SerializeToString()
    for word in (b"secret", b"1380", b"Traceback", b"test_codec", b'field"'):
        assert word not in wire
    assert failure.application_failure_info.type == "invalid_field"
    back = await made.decode_failure(failure)
    assert isinstance(back, ApplicationError)
    assert (back.message, list(back.details), back.type) == ("quite secret cause", [{"field": "text"}], "invalid_field")
    assert "13800000000" in str(back.__cause__)


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    """Sessions of the application's role that see all orders."""
    engine = make_engine(database.app_url, pool_size=4, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def keys(settings: Settings) -> Keyring:
    return keyring.load(settings.keyring_path)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(settings: Settings) -> Client:
    return await connect(settings, settings.rehearsal_namespace)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(client: Client, made: sessionmaker[Session], keys: Keyring) -> AsyncIterator[Desk]:
    """Orders on the real engine, and the worker's own workers behind them."""
    async with AsyncExitStack() as running:
        threads = running.enter_context(ThreadPoolExecutor(4))
        for worker in workers(client, Share(4, 20, 4), made, threads):
            await running.enter_async_context(worker)
        desk = Desk(client, made, keys)
        yield desk
        await desk.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outsider(settings: Settings) -> Client:
    """Somebody who reaches the engine and has no key."""
    return await Client.connect(
        settings.temporal_target,
        namespace=settings.rehearsal_namespace,
        data_converter=DataConverter(payload_converter_class=AsTheyAre),
    )


async def _busy_order(desk: Desk) -> str:
    """An order with commands, a refusal, a query, a signal, and what time brought about."""
    order_id = await desk.register(title="Zeng Guofan has no signal")
    await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"))
    await desk.do(order_id, "net", c.Sign())
    await desk.do(order_id, "net", c.Contact("Li", "he has no signal"))
    await desk.do(order_id, "agent", c.Note("a quite secret cause"))
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await desk.do(order_id, "net", c.Sign())
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.details[0]["message"], "the caller is told in words"
    assert (await desk.view(order_id)).order.title == "Zeng Guofan has no signal"
    await desk.wake(order_id)
    before = await desk.seq(order_id)
    assert await desk.wait(order_id, days=3)
    recorded = await desk.until_recorded(order_id, before + 1)
    assert any(row.actor.id == "system" for row in recorded), "time has brought something about"
    return order_id


@pytest.mark.asyncio(loop_scope="session")
async def test_the_engine_holds_nothing_that_can_be_read(desk: Desk, outsider: Client, keys: Keyring) -> None:
    order_id = await _busy_order(desk)
    handle = outsider.get_workflow_handle(workflow_id(order_id))
    history = await handle.fetch_history()
    found = [payload for event in history.events for payload in payloads(event)]
    assert len(found) > 20
    assert {payload.metadata["encoding"] for payload in found} == {ENCODING}
    assert {payload.metadata["workflow"].decode() for payload in found} == {workflow_id(order_id)}
    described = (await handle.describe()).raw_description
    wire = b"".join(event.SerializeToString() for event in history.events) + described.SerializeToString()
    for secret in SECRETS:
        assert secret.encode() not in wire
    clear = [Payload.FromString(payload.SerializeToString()) for payload in found]
    for payload in clear:
        await histories.open_payloads(payload, Codec(keys))
    told = b"".join(payload.data for payload in clear).decode()
    assert all(secret in told for secret in SECRETS), "it is all there for a holder of the key"


async def _sealed(client: Client, order_id: str, value: object) -> RawValue:
    """The value as the order's own clients would send it, for a client that hands payloads on as they are."""
    context = WorkflowSerializationContext(client.namespace, workflow_id(order_id))
    (payload,) = await client.data_converter.with_context(context).encode([value])
    return RawValue(payload)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_refusal_on_its_way_tells_nobody_why(desk: Desk, outsider: Client, client: Client) -> None:
    order_id = await desk.register()
    command = await _sealed(client, order_id, to_message(c.Command("dark", PEOPLE["net"], c.Sign()), 1))
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await outsider.get_workflow_handle(workflow_id(order_id)).execute_update("sign", command, id="dark")
    seen = refused.value.cause
    assert isinstance(seen, ApplicationError)
    assert (seen.message, seen.type) == ("Encoded failure", "not_allowed_now")
    assert seen.failure is not None
    assert {payload.metadata["encoding"] for payload in payloads(seen.failure)} == {ENCODING}
    assert len(list(payloads(seen.failure))) == 2, "its words, and its details"


async def _first_failure(client: Client, order_id: str) -> HistoryEvent:
    """The first failed step of an order."""
    handle = client.get_workflow_handle(workflow_id(order_id))
    async with asyncio.timeout(20):
        while True:
            async for event in handle.fetch_history_events():
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                    return event
            await asyncio.sleep(0.1)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("how", ["moved", "in clear"])
async def test_an_order_does_not_listen_to_whoever_has_no_key(
    desk: Desk, outsider: Client, client: Client, how: str
) -> None:
    order_id, other = await desk.register(), desk.number()
    started = (await outsider.get_workflow_handle(workflow_id(order_id)).fetch_history()).events[0]
    taken = Payload.FromString(
        started.workflow_execution_started_event_attributes.input.payloads[0].SerializeToString()
    )
    if how == "in clear":
        await histories.open_payloads(taken, Codec(desk.keys))
    handle = await outsider.start_workflow(
        ORDER_WORKFLOW, RawValue(taken), id=workflow_id(other), task_queue=ORDERS_QUEUE, task_timeout=TASK_TIMEOUT
    )
    try:
        failed = (await _first_failure(outsider, other)).workflow_task_failed_event_attributes.failure
        assert (failed.message, failed.stack_trace) == ("Encoded failure", "")
        error = await client.data_converter.with_context(
            WorkflowSerializationContext(client.namespace, workflow_id(other))
        ).decode_failure(failed)
        assert ("in clear" if how == "in clear" else "another workflow's") in str(error)
        assert await desk.seq(other) == 0
    finally:
        await handle.terminate("the test is over")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_running_order_is_replayed_with_the_keys_and_not_without(desk: Desk, client: Client) -> None:
    order_id = await desk.register()
    await desk.do(order_id, "dispatcher", c.Dispatch("GD.net"))
    history = await desk.handle(order_id).fetch_history()
    async with asyncio.timeout(60):
        await Replayer(workflows=[OrderWorkflow], plugins=[WhistlePlugin(desk.keys)]).replay_workflow(history)
        with pytest.raises(Exception, match="KeyError"):
            await Replayer(workflows=[OrderWorkflow], plugins=[WhistlePlugin(None)]).replay_workflow(history)


@pytest.mark.asyncio(loop_scope="session")
async def test_keys_change_while_commands_run_and_nothing_fails(
    settings: Settings, desk: Desk, outsider: Client, keys: Keyring
) -> None:
    """The worker in this process keeps its keyring; each new key reaches it by the file alone."""
    order_id, first = await desk.register(), keys.codec()[0]
    made, over = [first], asyncio.Event()

    async def command() -> None:
        number = 0
        while not over.is_set():
            await desk.do(order_id, "agent", c.Note(f"note {number}"))
            number += 1

    busy = asyncio.create_task(command())
    for _ in range(3):
        await asyncio.sleep(1.2)
        made.append(await asyncio.to_thread(keyring.add_codec, settings.keyring_path))
    await asyncio.sleep(1.2)
    over.set()
    await busy
    history = await outsider.get_workflow_handle(workflow_id(order_id)).fetch_history()
    used = {payload.metadata["key"].decode() for event in history.events for payload in payloads(event)}
    assert used == set(made)
    async with asyncio.timeout(60):
        await Replayer(workflows=[OrderWorkflow], plugins=[WhistlePlugin(desk.keys)]).replay_workflow(history)
