"""Archive and replay by the engine: what ended is kept whole, replays clean, and no forgery of it passes."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent

from api.assembly import open_gateway
from api.gateway import Gateway
from audit import replay_material
from audit.engine_replay import Runs, run_replayed, runs_replayed
from audit.replay_finding import Finding, Part
from audit.replay_rules import Lived
from contracts.messages import OrderInput
from contracts.names import workflow_id
from domain import commands as c
from domain.model import Customer, OrderClass
from runtime import keyring, namespaces
from runtime.codec import Codec
from runtime.history import payloads
from runtime.keyring import Keyring
from runtime.plugin import connect
from runtime.settings import Settings
from runtime.stack import EmbeddedStack
from store import demo, histories
from store.history_tables import histories as kept
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.test_chain import owner
from tests.conftest import Database
from tests.domain.lives import PEOPLE
from tests.support.crew import Hand
from tests.support.desk import Desk
from tests.watch.orders import hasty
from watch.archivist import Archivist
from worker import serving

_NUMBERS = itertools.count(1)
Made = sessionmaker[Session]


@pytest.fixture(scope="module")
def settings(hand: Hand, stack: EmbeddedStack, database: Database) -> Settings:
    """The shared servers, and namespaces in which nobody else's orders end."""
    names = [f"archive-{kind}-{hand.name}{next(_NUMBERS)}" for kind in ("real", "rehearsal")]
    namespaces.ensure(stack.settings.temporal_target, names)
    demo.load(database.owner_url)
    urls = {"database_url": database.owner_url, "app_database_url": database.app_url}
    spaces = {"temporal_namespace": names[0], "rehearsal_namespace": names[1]}
    return stack.settings.model_copy(update={**urls, **spaces})


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[Made]:
    engine = make_engine(database.app_url, pool_size=4, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def keys(settings: Settings) -> Keyring:
    return keyring.load(settings.keyring_path)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(settings: Settings) -> AsyncIterator[Gateway]:
    async with open_gateway(settings) as opened:
        yield opened


@dataclass
class Pasts:
    """Two orders that have ended, one of which took several runs, and their material."""

    short: str
    long: str
    made: Made

    def runs(self, order_id: str) -> Runs:
        """What is kept of an order."""
        with self.made() as session:
            (material,) = replay_material.read(session, [order_id])
            return Runs(order_id, tuple(histories.of_order(session, order_id)), Lived(material))


async def begun(desk: Desk, limit: int) -> str:
    """A dispatched order whose limit to sign passes at once: time has brought something about."""
    order_id = desk.number()
    body = c.Register(
        order_id, "no signal", "none since Monday", "network.fault", OrderClass.GENERAL, "GD", "10010",
        Customer("Li", "13800000000"), lead="GD.net", catalogue="1", rehearsal=True,
    )  # fmt: skip
    given = OrderInput(order_id, hasty(0.3, 7200), run_limit=limit)
    await desk.record(await desk.start(given, c.Command(f"{order_id}/register", PEOPLE["agent"], body)))
    return order_id


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pasts(settings: Settings, made: Made, keys: Keyring, gateway: Gateway) -> AsyncIterator[Pasts]:
    """Orders lived in the real engine, ended, and archived."""
    async with serving(settings):
        desk = Desk(await connect(settings, settings.rehearsal_namespace), made, keys)
        short, long = await begun(desk, 0), await begun(desk, 3)
        await asyncio.gather(*(desk.until_recorded(order_id, 5) for order_id in (short, long)))
        await desk.do(short, "net", c.Contact("Li", "he has no signal"))
        for number in range(5):
            await desk.do(long, "agent", c.Note(f"note {number}"))
        for order_id in (short, long):
            await desk.do(order_id, "customer", c.Withdraw("recording 17"))
        archivist = Archivist(gateway, settled=timedelta(0))
        async with asyncio.timeout(60):
            while len(_ended(made, (short, long))) < 2:
                await archivist.once()
                await asyncio.sleep(0.3)
        yield Pasts(short, long, made)
        await desk.close()


def _ended(made: Made, orders: tuple[str, ...]) -> list[str]:
    with made() as session:
        done = (kept.c.status == "completed", kept.c.order_id.in_(orders))
        return list(session.scalars(select(kept.c.run_id).where(*done)))


async def test_what_ended_is_kept_run_by_run_and_replays_clean(pasts: Pasts, keys: Keyring) -> None:
    short, long = pasts.runs(pasts.short), pasts.runs(pasts.long)
    assert [run.status for run in short.runs] == ["completed"]
    assert [run.status for run in long.runs][-2:] == ["continued", "completed"]
    assert len(long.runs) >= 3
    assert [run.continues for run in long.runs] == ["", *(run.run_id for run in long.runs[:-1])]
    assert await runs_replayed(short, keys) == []
    assert await runs_replayed(long, keys) == []


async def test_to_archive_again_changes_nothing_and_the_mark_says_how_far_it_came(
    pasts: Pasts, gateway: Gateway, made: Made, settings: Settings
) -> None:
    assert await Archivist(gateway, settled=timedelta(0)).once() == 0
    with made() as session:
        progress = histories.progress(session)
    assert set(progress) == {settings.temporal_namespace, settings.rehearsal_namespace}
    assert all(one.lag < 30 < one.retention == namespaces.RETENTION.total_seconds() for one in progress.values())


async def test_an_archive_that_was_stopped_halfway_is_completed(
    pasts: Pasts, gateway: Gateway, made: Made, database: Database
) -> None:
    """As after a kill: a run of the middle is not kept, and the mark was not moved past it."""
    gone = pasts.runs(pasts.long).runs[1].run_id
    with owner(database) as connection:
        connection.exec_driver_sql("DELETE FROM histories WHERE run_id = %s", (gone,))
        connection.exec_driver_sql("DELETE FROM archive_marks")
    assert await Archivist(gateway, settled=timedelta(0)).once() == 1
    assert gone in [run.run_id for run in pasts.runs(pasts.long).runs]


def _lose(database: Database, *run_ids: str) -> None:
    with owner(database) as connection:
        for run_id in run_ids:
            assert connection.exec_driver_sql("DELETE FROM histories WHERE run_id = %s", (run_id,)).rowcount == 1


async def test_a_run_that_the_list_did_not_show_is_fetched_because_the_next_one_continues_it(
    pasts: Pasts, gateway: Gateway, made: Made, database: Database
) -> None:
    first, second, *rest = pasts.runs(pasts.long).runs
    _lose(database, first.run_id, second.run_id)
    with owner(database) as connection:
        connection.exec_driver_sql("UPDATE archive_marks SET until = %s", (rest[0].closed_at,))
    assert await Archivist(gateway, settled=timedelta(0)).once() == 2
    assert [run.run_id for run in pasts.runs(pasts.long).runs][:2] == [first.run_id, second.run_id]


async def test_the_last_runs_of_a_chain_that_the_list_did_not_show_are_fetched_by_the_orders_number(
    pasts: Pasts, gateway: Gateway, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [run.run_id for run in pasts.runs(pasts.long).runs]
    await Archivist(gateway, settled=timedelta(0)).once()  # the mark is past them
    _lose(database, *runs[-2:])
    assert await Archivist(gateway, settled=timedelta(0)).once() == 0
    monkeypatch.setattr("watch.archivist.QUIET_SECONDS", 0.0)
    assert await Archivist(gateway, settled=timedelta(0)).once() == 2
    assert [run.run_id for run in pasts.runs(pasts.long).runs] == runs


async def test_the_mark_stays_before_a_run_of_which_the_engine_gave_no_whole_history(
    pasts: Pasts, gateway: Gateway, made: Made, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = pasts.runs(pasts.long).runs[-1]
    before = last.closed_at - timedelta(seconds=1)
    _lose(database, last.run_id)
    with owner(database) as connection:
        connection.exec_driver_sql("UPDATE archive_marks SET until = %s", (before,))
    whole = gateway.history

    async def cut(workflow: str, run_id: str, *, rehearsal: bool = False) -> bytes:
        history = History.FromString(await whole(workflow, run_id, rehearsal=rehearsal))
        del history.events[-1]
        return history.SerializeToString(deterministic=True)

    def mark() -> Any:
        with made() as session:
            return histories.progress(session)[settings.rehearsal_namespace].until

    with monkeypatch.context() as patched:
        patched.setattr(gateway, "history", cut)
        assert await Archivist(gateway, settled=timedelta(0)).once() == 0
        assert mark() == before
    assert await Archivist(gateway, settled=timedelta(0)).once() == 1
    assert mark() > last.closed_at


async def test_the_keys_that_open_a_kept_history_are_known(pasts: Pasts, made: Made, keys: Keyring) -> None:
    with made() as session:
        assert histories.sealed_with(session, keys.codec()[0]) >= 4
        assert histories.sealed_with(session, "another") == 0


# --- forgeries --------------------------------------------------------------------------------------------------------


async def forged(content: bytes, order_id: str, keys: Keyring, forge: Callable[[list[HistoryEvent]], None]) -> bytes:
    """The history with something changed by somebody who has the key: every payload sealed anew, for this workflow."""
    codec = Codec(keys, workflow_id(order_id))
    history = History.FromString(content)
    for event in history.events:
        for payload in payloads(event):
            payload.CopyFrom(codec.decrypt(payload))
    forge(history.events)  # type: ignore[arg-type]  # a list but for its name
    for event in history.events:
        for payload in payloads(event):
            (sealed,) = await codec.encode([payload])
            payload.CopyFrom(sealed)
    return history.SerializeToString(deterministic=True)


def of_type(events: list[HistoryEvent], name: str) -> list[HistoryEvent]:
    wanted = getattr(EventType, f"EVENT_TYPE_{name}")
    return [event for event in events if event.event_type == wanted]


def bend(message: Message, old: str, new: str) -> None:
    """Another text in every payload of a message that has it; at least one has."""
    found = [one for one in payloads(message) if old.encode() in one.data]
    assert found, old
    for one in found:
        one.data = one.data.replace(old.encode(), new.encode())


def later(event: HistoryEvent, seconds: int) -> None:
    event.event_time.seconds += seconds


def _input_of_update(events: list[HistoryEvent]) -> None:
    bend(of_type(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")[1], "he has no signal", "he has signal again")


def _result_of_update(events: list[HistoryEvent]) -> None:
    bend(of_type(events, "WORKFLOW_EXECUTION_UPDATE_COMPLETED")[1], "he has no signal", "he has signal again")


def _both(events: list[HistoryEvent]) -> None:
    _input_of_update(events)
    for event in events:
        for one in payloads(event):
            one.data = one.data.replace(b"he has no signal", b"he has signal again")


def _who(events: list[HistoryEvent]) -> None:
    bend(of_type(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")[1], '"id":"net"', '"id":"it"')


def _input_of_activity(events: list[HistoryEvent]) -> None:
    bend(of_type(events, "ACTIVITY_TASK_SCHEDULED")[0], "ClockBreached", "AssignmentSigned")


def _seq_of_activity(events: list[HistoryEvent]) -> None:
    payload = next(payloads(of_type(events, "ACTIVITY_TASK_COMPLETED")[0]))
    payload.data = b'{"last_seq":99}'


def _length_of_timer(events: list[HistoryEvent]) -> None:
    of_type(events, "TIMER_STARTED")[0].timer_started_event_attributes.start_to_fire_timeout.seconds += 3600


def _summary_of_timer(events: list[HistoryEvent]) -> None:
    of_type(events, "TIMER_STARTED")[0].user_metadata.summary.data = b'"other"'


def _timer_too_early(events: list[HistoryEvent]) -> None:
    fired = of_type(events, "TIMER_FIRED")[0].event_id
    for event in events[: fired - 1]:
        later(event, 3600)


def _time_of_a_step(events: list[HistoryEvent]) -> None:
    """All steps from the second on a little later: commands seem to have come when they did not."""
    for event in events[7:]:
        later(event, 1)


def _attributes(events: list[HistoryEvent]) -> None:
    last = of_type(events, "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")[-1]
    fields = last.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
    fields[next(iter(fields))].data = b'"closed"'


def _terms(events: list[HistoryEvent]) -> None:
    bend(events[0], '"info_requests":', '"info_requests":1')


def _no_queue(events: list[HistoryEvent]) -> None:
    events[0].workflow_execution_started_event_attributes.ClearField("task_queue")


def _an_event_out(events: list[HistoryEvent]) -> None:
    events.remove(of_type(events, "TIMER_STARTED")[0])


def _an_update_renamed(events: list[HistoryEvent]) -> None:
    asked = of_type(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")[1]
    asked.workflow_execution_update_accepted_event_attributes.accepted_request.input.name = "note"


FORGERIES = (
    _input_of_update, _result_of_update, _both, _who, _input_of_activity, _seq_of_activity, _length_of_timer,
    _summary_of_timer, _timer_too_early, _time_of_a_step, _attributes, _terms, _no_queue, _an_event_out,
    _an_update_renamed,
)  # fmt: skip


def resealed(run: Any, content: bytes) -> Any:
    """The run with another content, its row made to fit as whoever owns the database can."""
    events = History.FromString(content).events
    from runtime.history import instant

    return replace(
        run, content=content, events=len(events), started_at=instant(events[0]), closed_at=instant(events[-1])
    )


@pytest.mark.parametrize("forge", FORGERIES)
async def test_what_somebody_with_the_key_forges_is_found(
    pasts: Pasts, keys: Keyring, forge: Callable[[list[HistoryEvent]], None]
) -> None:
    given = pasts.runs(pasts.short)
    (run,) = given.runs
    content = await forged(run.content, pasts.short, keys, forge)
    assert content != run.content
    found = await run_replayed(resealed(run, content), None, given.lived, keys)
    assert found
    assert all(isinstance(one, Finding) and one.part is Part.ENGINE and one.run == run.run_id for one in found)


async def test_sealed_anew_without_a_change_it_is_clean(pasts: Pasts, keys: Keyring) -> None:
    given = pasts.runs(pasts.short)
    (run,) = given.runs
    content = await forged(run.content, pasts.short, keys, lambda events: None)
    assert content != run.content
    assert await run_replayed(replace(run, content=content), None, given.lived, keys) == []


async def test_what_a_next_run_is_started_with_cannot_be_forged(pasts: Pasts, keys: Keyring) -> None:
    given = pasts.runs(pasts.long)

    def notes(events: list[HistoryEvent]) -> None:
        bend(events[-1], '"notes":', '"notes":1')

    first, second = given.runs[0], given.runs[1]
    content = await forged(first.content, pasts.long, keys, notes)
    found = await run_replayed(replace(first, content=content), None, given.lived, keys)
    assert [one.field for one in found] == ["end.input.0.state.notes"]
    found = await run_replayed(second, replace(first, content=content), given.lived, keys)
    assert [one.field for one in found] == ["input.0.state.notes"]

    def state(events: list[HistoryEvent]) -> None:
        bend(events[0], '"notes":', '"notes":1')

    content = await forged(second.content, pasts.long, keys, state)
    fields = [one.field for one in await run_replayed(replace(second, content=content), first, given.lived, keys)]
    assert "input.state.notes" in fields
    assert [one.field for one in await run_replayed(second, None, given.lived, keys)] == ["continues"]


async def test_what_was_touched_without_the_key_is_found(pasts: Pasts, keys: Keyring) -> None:
    given = pasts.runs(pasts.short)
    (run,) = given.runs
    assert [one.field for one in await run_replayed(replace(run, whole=False), None, given.lived, keys)] == ["sha256"]
    history = History.FromString(run.content)
    payload = next(payloads(history.events[0]))
    payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])
    content = history.SerializeToString(deterministic=True)
    found = await run_replayed(replace(run, content=content), None, given.lived, keys)
    assert [one.field for one in found] == ["event 1"]
    found = await run_replayed(replace(run, status="failed", events=3), None, given.lived, keys)
    assert [one.field for one in found] == ["status", "events"]
    found = await run_replayed(replace(run, content=b"\xff\xff"), None, given.lived, keys)
    assert [one.field for one in found] == ["history"]


async def test_an_event_that_the_ledger_lost_or_was_given_is_found(pasts: Pasts, keys: Keyring) -> None:
    given = pasts.runs(pasts.short)
    (run,) = given.runs
    with pasts.made() as session:
        (material,) = replay_material.read(session, [pasts.short])
    last = material.events.pop()
    found = await run_replayed(run, None, Lived(material), keys)
    assert any(one.seq == last.seq and "not in the ledger" in one.recomputed for one in found)
    changed = replace(last, values={**last.values, "reason": "another"})
    material.events.append(changed)
    found = await run_replayed(run, None, Lived(material), keys)
    assert found
    assert all(one.field.endswith(".reason") and "another in the ledger" in one.recomputed for one in found)
    more = replace(
        last, values={**last.values, "seq": last.seq + 1, "type": "NoteAdded"}, data='{"text":"x"}', clocks="[]"
    )
    material.events[-1:] = [last, more]
    found = await run_replayed(run, None, Lived(material), keys)
    assert [(one.field, one.seq) for one in found] == [("events", last.seq + 1)]


def test_the_hash_is_of_the_engines_bytes(pasts: Pasts) -> None:
    with pasts.made() as session:
        row = session.execute(select(kept.c.sha256).where(kept.c.order_id == pasts.short)).scalar_one()
    (run,) = pasts.runs(pasts.short).runs
    assert row == hashlib.sha256(run.content).hexdigest()
    assert msgspec.json.encode(row)
