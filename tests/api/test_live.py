"""The stream of what happens, read over real connections: who is told of what, what is missed, and when it ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from api import hub, live
from api.app import create_app
from api.examples import EXAMPLES
from api.hub import Hub, Stream
from api.protocol import Bounded
from domain import audiences
from domain.model import Role
from identity.people import Identified, customer
from identity.sessions import COOKIE
from runtime.settings import PROJECT, Settings
from store.changes import MANY, MOST_NAMED, Change, _notified
from tests.api.browsers import system
from tests.api.conftest import AGENT, CALLER, CUSTOMER, NET, PHONE, STRANGER, Caller, worker
from tests.conftest import Database
from tests.support.hours import noon

__all__ = ["worker"]
pytestmark = pytest.mark.usefixtures("by_day")

AT_ONCE = 1.0
"""Seconds within which a change is seen by others."""
AT_LAST = 10.0
"""Seconds for which it is waited: the machine may be busy."""
STILL = 1.2
"""Seconds in which it is waited for what must not come."""


@dataclass
class Reader:
    """Somebody who reads a stream, in the background."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    last: str = ""
    ended: bool = False
    came: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def read(self, response: httpx.Response) -> None:
        """Take in what comes until it ends."""
        kind, data, name = "", "", ""
        with contextlib.suppress(httpx.TransportError):
            async for line in response.aiter_lines():
                field_name, _, value = line.partition(": ")
                match field_name:
                    case "event":
                        kind = value
                    case "data":
                        data = value
                    case "id":
                        name = value
                    case "" if not line and kind:
                        self.events.append((kind, json.loads(data)))
                        self.last = name or self.last
                        kind, data, name = "", "", ""
                        self.came.set()
        self.ended = True
        self.came.set()

    def kinds(self) -> list[str]:
        """The kinds of the events that came, without the beats, of which there are more the longer it takes."""
        return [kind for kind, _ in self.events if kind != "beat"]

    def told(self) -> dict[str, int]:
        """The orders that it was told of, each with the latest seq."""
        return {one["id"]: one["seq"] for kind, data in self.events if kind == "orders" for one in data["orders"]}

    async def until(self, wanted: Callable[["Reader"], bool], seconds: float = AT_LAST) -> float:
        """Wait until that is so; after how many seconds it was."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                while not wanted(self):
                    self.came.clear()
                    await self.came.wait()
        except TimeoutError:
            pytest.fail(f"not within {seconds} s; there came {self.events}")
        return time.monotonic() - begun


@asynccontextmanager
async def reading(address: str, who: str = "", last: str = "", **headers: str) -> AsyncIterator[Reader]:
    """A reader of a stream, who has been told where he begins."""
    sent = {**({"Authorization": f"Bearer dev:{who}"} if who else {}), **headers}
    if last:
        sent["Last-Event-ID"] = last
    reader = Reader()
    async with (
        httpx.AsyncClient(base_url=address, timeout=httpx.Timeout(10, read=60)) as http,
        http.stream("GET", "/v1/stream", headers=sent) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        reader.task = asyncio.create_task(reader.read(response))
        await reader.until(lambda one: bool(one.events), 5)
        try:
            yield reader
        finally:
            reader.task.cancel()
            await asyncio.gather(reader.task, return_exceptions=True)


@asynccontextmanager
async def serving_api(settings: Settings) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    """A process of the API, as it were, on a port of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", http=Bounded, timeout_graceful_shutdown=15))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", server
    finally:
        server.should_exit = True
        await running
        listening.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(settings: Settings, worker: None) -> AsyncIterator[str]:
    """The address of a running API."""
    async with serving_api(settings) as (found, _):
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(address: str) -> AsyncIterator[Caller]:
    """Somebody who does things through it."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        yield Caller(http)


@pytest.fixture(scope="module")
def made(database: Database) -> Any:
    with system(database) as found:
        yield found


async def seq_of(api: Caller, number: str, who: str) -> int:
    """The order's seq as somebody is told it."""
    return int((await api.get(f"/orders/{number}", who)).headers["etag"].strip('"'))


async def test_what_one_does_others_are_told_within_a_second(api: Caller, address: str) -> None:
    async with reading(address, "gd-manager") as manager, reading(address, NET) as unit:
        assert manager.kinds()[0] == unit.kinds()[0] == "reset"
        number = await api.opened()
        await manager.until(lambda one: number in one.told())
        await unit.until(lambda one: number in one.told())
        view = await api.act(number, "sign", NET)
        seq = view["order"]["seq"]
        await manager.until(lambda one: one.told()[number] == seq)
        await unit.until(lambda one: one.told()[number] == seq)
        took = []
        for turn in range(5):
            seq = (await api.act(number, "note", AGENT, text=f"note {turn}"))["order"]["seq"]
            took.append(await manager.until(lambda one, seq=seq: one.told()[number] == seq))  # type: ignore[misc]
        assert min(took) < AT_ONCE, "of several, for the machine may be busy"
        assert set(manager.kinds()) <= {"reset", "orders", "notices"}


async def test_nobody_is_told_of_an_order_that_he_does_not_see(api: Caller, address: str) -> None:
    async with (
        reading(address, "js-agent-1") as other_province,
        reading(address, "gd-bill-1") as other_unit,
        reading(address, "hq-supervisor-1") as headquarters,
        reading(address, "south-manager") as region,
        reading(address, STRANGER) as stranger,
        reading(address, CUSTOMER) as customer,
    ):
        number = await api.opened()
        for sees in (headquarters, region, customer):
            await sees.until(lambda one: number in one.told())
        await asyncio.sleep(STILL)
        for blind in (other_province, other_unit, stranger):
            assert blind.kinds() == ["reset"]
        followed = await api.post(f"/orders/{number}/follow", {"person": "js-agent-1"}, "gd-manager")
        assert followed.status_code == 200, followed.text
        await api.act(number, "sign", NET)
        await other_province.until(lambda one: number in one.told())


async def test_an_administrator_and_nobody_have_no_stream(api: Caller) -> None:
    assert (await api.get("/stream", "hq-admin")).status_code == 403
    assert (await api.http.get("/v1/stream")).status_code == 401


async def test_a_unit_is_not_told_of_the_call_back_and_a_customer_only_of_his_own_steps(
    api: Caller, address: str
) -> None:
    number = await api.opened(customer={"name": "Ms Chen", "phone": PHONE, "zone": noon()})
    await api.act(number, "sign", NET)
    before = await seq_of(api, number, CUSTOMER)  # of which he may still be told, late, when his stream begins
    async with (
        reading(address, NET) as unit,
        reading(address, CALLER) as desk,
        reading(address, CUSTOMER) as customer,
    ):
        noted = await api.act(number, "note", AGENT, text="look again")
        await desk.until(lambda one: one.told().get(number) == noted["order"]["seq"])
        await asyncio.sleep(STILL)
        assert customer.told().get(number, 0) <= before < noted["order"]["seq"]
        await api.act(number, "contact", NET, **EXAMPLES["contact"])
        await customer.until(lambda one: one.told().get(number, 0) > before)
        contacted = await seq_of(api, number, NET)
        await unit.until(lambda one: one.told().get(number) == contacted)
        await _replied(api, number)
        called = await api.act(number, "record_callback", CALLER, result="no_answer", contacted=False, solved=False)
        await desk.until(lambda one: one.told()[number] == called["order"]["seq"])
        known = await seq_of(api, number, NET)
        assert known < called["order"]["seq"]
        await unit.until(lambda one: one.told()[number] == known)
        await asyncio.sleep(STILL)
        assert unit.told()[number] == known


async def _replied(api: Caller, number: str) -> None:
    """Bring an order that was signed and contacted to its call-back."""
    now = datetime.now(UTC).isoformat()
    await api.act(number, "reply", NET, **{**EXAMPLES["reply"], "received_at": now, "done_by": now})
    await api.act(number, "audit_reply", "gd-replyauditor-1", accepted=True)


async def test_whoever_comes_back_is_told_of_exactly_what_he_missed(api: Caller, address: str) -> None:
    before = await api.opened()
    async with reading(address, AGENT) as first:
        signed = (await api.act(before, "sign", NET))["order"]["seq"]
        await first.until(lambda one: one.told().get(before) == signed)
        last = first.last
    assert last
    one, other = await api.opened(), await api.opened()
    seq = (await api.act(one, "sign", NET))["order"]["seq"]
    await asyncio.sleep(0.5)
    async with reading(address, AGENT, last) as again:
        await again.until(lambda found: {one, other} <= set(found.told()))
        assert again.kinds()[0] == "resumed"
        assert again.told()[one] == seq
        assert before not in again.told()
        assert "reset" not in again.kinds()
    async with reading(address, "js-agent-1", last) as blind:
        await asyncio.sleep(STILL)
        assert blind.kinds() == ["resumed"]


@pytest.mark.parametrize("last", ["deadbeef-1", "not an id", "A" * 48, "B" * 47 + "="])
async def test_whoever_comes_back_with_another_epoch_reads_everything_anew(address: str, last: str) -> None:
    async with reading(address, AGENT, last) as reader:
        assert reader.kinds() == ["reset"]
        assert reader.last != last


async def test_a_listener_whose_connection_was_killed_has_everybody_read_anew_and_misses_nothing(
    api: Caller, address: str, made: sessionmaker[Session]
) -> None:
    kill = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE application_name = 'whistle listens' AND datname = current_database()"
    )
    async with reading(address, AGENT) as reader:
        before = reader.last
        with made.begin() as session:
            session.execute(text("SET LOCAL statement_timeout = '5s'"))
        await _as_owner(made, kill)
        number = await api.opened()
        await reader.until(lambda one: one.kinds().count("reset") == 2, 10)
        async with reading(address, AGENT, before) as late:
            assert late.kinds() == ["reset"], "an id from before is of no use any more"
        found = await api.get("/orders", AGENT)
        assert number in {line["order_id"] for line in found.json()["items"]}, "what was missed is there to be read"
        seq = (await api.act(number, "sign", NET))["order"]["seq"]
        await reader.until(lambda one: one.told().get(number) == seq)


async def _as_owner(made: sessionmaker[Session], statement: Any) -> None:
    """The listener is of the same role as these sessions, which may end its backend."""

    def step() -> None:
        with made.begin() as session:
            assert session.scalar(statement) >= 1

    await asyncio.to_thread(step)


async def test_a_notice_is_told_to_whom_it_is_for(api: Caller, address: str) -> None:
    async with reading(address, NET) as unit, reading(address, "gd-mkt-1") as other:
        await api.opened()
        await unit.until(lambda one: "notices" in one.kinds(), 3)
        found = await api.get("/notices", NET)
        assert found.json()["items"]
        await asyncio.sleep(STILL)
        assert "notices" not in other.kinds()


async def test_a_stream_ends_with_the_log_in_and_does_not_keep_it_awake(
    address: str, api: Caller, made: sessionmaker[Session]
) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=30) as browser:
        ours = {"Origin": address}
        logged_in = await browser.post("/v1/login/demo", json={"person": "gd-agent-2"}, headers=ours)
        assert logged_in.status_code == 200, logged_in.text
        cookie = {"Cookie": logged_in.headers["set-cookie"].partition(";")[0]}
        assert cookie["Cookie"].startswith(COOKIE)
        used = text("UPDATE sessions SET seen_at = seen_at - interval '10 minutes' WHERE person = 'gd-agent-2'")
        await asyncio.to_thread(_run, made, used)
        before = await asyncio.to_thread(_scalar, made, "SELECT max(seen_at) FROM sessions WHERE person = 'gd-agent-2'")
        async with reading(address, "", "", **cookie) as reader:
            await asyncio.sleep(live.RECHECK_SECONDS + 1)
            assert not reader.ended
            after = await asyncio.to_thread(
                _scalar, made, "SELECT max(seen_at) FROM sessions WHERE person = 'gd-agent-2'"
            )
            once = before.timestamp() + 600 + 60
            assert after.timestamp() <= once, "opening it is a use, looking whether it holds is none"
            number = await api.opened()
            await reader.until(lambda one: number in one.told())
            out = {**cookie, **ours, "X-CSRF-Token": logged_in.json()["csrf"]}
            assert (await browser.post("/v1/logout", headers=out)).status_code == 204
            await reader.until(lambda one: one.ended)
            assert reader.events[-1] == ("bye", {"why": "log_in_over"})


def _run(made: sessionmaker[Session], statement: Any) -> None:
    with made.begin() as session:
        session.execute(statement)


def _scalar(made: sessionmaker[Session], statement: str) -> Any:
    with made() as session:
        return session.scalar(text(statement))


async def test_a_stream_ends_when_its_person_has_another_place(address: str, made: sessionmaker[Session]) -> None:
    move = "UPDATE people SET unit = '{0}.svc', province = '{0}' WHERE id = 'gd-agent-2'"
    async with httpx.AsyncClient(base_url=address) as browser:
        logged_in = await browser.post("/v1/login/demo", json={"person": "gd-agent-2"}, headers={"Origin": address})
    cookie = {"Cookie": logged_in.headers["set-cookie"].partition(";")[0]}
    try:
        async with reading(address, "", "", **cookie) as reader:
            await asyncio.to_thread(_run, made, text(move.format("BJ")))
            await reader.until(lambda one: one.ended, 6)
            assert reader.events[-1] == ("bye", {"why": "changed"})
    finally:
        await asyncio.to_thread(_run, made, text(move.format("GD")))


async def test_nobody_has_streams_without_number(address: str) -> None:
    async with contextlib.AsyncExitStack() as many:
        for _ in range(live.MOST_OF_ONE):
            await many.enter_async_context(reading(address, "gd-teamlead-1"))
        async with httpx.AsyncClient(base_url=address) as http:
            headers = {"Authorization": "Bearer dev:gd-teamlead-1"}
            refused = await http.get("/v1/stream", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    async with reading(address, "gd-teamlead-1") as reader:
        assert reader.kinds() == ["reset"]


async def test_streams_are_no_requests_in_flight(settings: Settings, worker: None, monkeypatch: Any) -> None:
    monkeypatch.setattr("api.middleware.Bounds.__init__.__defaults__", (2, 256 * 1024))
    async with serving_api(settings) as (at, _), contextlib.AsyncExitStack() as many:
        for _ in range(5):
            await many.enter_async_context(reading(at, "gd-manager"))
        async with httpx.AsyncClient(base_url=at) as http:
            answer = await http.get("/v1/me", headers={"Authorization": "Bearer dev:gd-manager"})
        assert answer.status_code == 200


async def test_a_stream_ends_by_itself_and_goes_on_where_it_ended(
    settings: Settings, worker: None, api: Caller
) -> None:
    async with serving_api(settings.model_copy(update={"stream_seconds": 1})) as (at, _):
        async with reading(at, AGENT) as first:
            await first.until(lambda one: one.ended, 5)
            assert first.events[-1] == ("bye", {"why": "again"})
        number = await api.opened()
        await asyncio.sleep(0.5)
        async with reading(at, AGENT, first.last) as second:
            await second.until(lambda one: number in one.told())
            assert second.kinds()[0] == "resumed"


async def test_streams_are_silent_for_no_longer_than_a_beat(address: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.3)
    async with reading(address, "bj-agent-1") as reader:
        await reader.until(lambda one: [kind for kind, _ in one.events].count("beat") >= 2)
        assert reader.last


async def test_who_waits_is_told_so_again_and_hears_no_beat_until_he_is_to_read_anew(
    settings: Settings, worker: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.3)
    async with serving_api(settings) as (at, server), reading(at, AGENT) as reader:
        told: Hub = cast("FastAPI", server.config.app).state.live.hub
        await reader.until(lambda one: "reset" in one.kinds())
        told.listens(False)
        await reader.until(lambda one: one.kinds()[-1] == "waiting")
        before = len(reader.events) - 1
        async with reading(at, "gd-manager") as late:
            await reader.until(lambda one: one.kinds().count("waiting") >= 3)
            told.begin_anew()
            await reader.until(lambda one: one.kinds().count("waiting") >= 5)
            assert {kind for kind, _ in reader.events[before:]} == {"waiting"}
            assert {kind for kind, _ in late.events} == {"waiting"}
            told.listens(True)
            await reader.until(lambda one: one.events[-1][0] == "beat")
            await late.until(lambda one: one.kinds()[-1] == "reset")
        assert reader.kinds()[-1] == "reset"


async def test_the_server_does_not_wait_for_streams_when_it_ends(settings: Settings, worker: None) -> None:
    async with serving_api(settings) as (at, server), reading(at, AGENT) as reader:
        server.should_exit = True
        await reader.until(lambda one: one.ended)


async def test_after_a_new_start_of_the_api_nothing_is_missed(
    settings: Settings, worker: None, api: Caller, tmp_path: Path
) -> None:
    """A process of its own, which is killed as the power cut would, and one more in its place."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    listening.close()
    command = [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port), "--http", "api.protocol:Bounded"]
    environment = {**os.environ, **settings.environment()}

    async def started() -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(*command, "--log-level", "warning", cwd=PROJECT, env=environment)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            for _ in range(300):
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get("/livez")).status_code == 200:
                        return process
                await asyncio.sleep(0.1)
        raise AssertionError("the API does not get ready")

    process = await started()
    try:
        async with reading(f"http://127.0.0.1:{port}", AGENT) as reader:
            number = await api.opened()
            await reader.until(lambda one: number in one.told(), 3)
            process.send_signal(signal.SIGKILL)
            await reader.until(lambda one: one.ended)
        await process.wait()
        missed = await api.opened()
        process = await started()
        async with reading(f"http://127.0.0.1:{port}", AGENT, reader.last) as again:
            assert again.kinds() == ["reset"], "another process remembers nothing, and says so"
            found = await api.get("/orders", AGENT)
            assert missed in {line["order_id"] for line in found.json()["items"]}
            process.terminate()
            await again.until(lambda one: one.ended)
            async with asyncio.timeout(AT_LAST):
                await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _who(role: Role, place: str, person: str = "somebody") -> Identified:
    return Identified(person, "某人", "Somebody", role, unit=f"{place}.net", province=place)


async def test_a_reader_who_takes_nothing_is_kept_as_the_orders_that_changed_and_then_as_a_reset() -> None:
    async def places(order_ids: Any) -> dict[str, frozenset[str]]:
        return {one: frozenset({"GD"}) for one in order_ids}

    made = Hub(places)
    made.listens(True)
    running = asyncio.create_task(made.run())
    slow = Stream(_who(Role.AGENT, "GD"))
    made.join(slow, made.name)
    for seq in range(1, 50):
        made.hear([Change("WH1", seq, seq, seq, ())])
    await asyncio.sleep(hub.TOGETHER_SECONDS * 3)
    assert (slow.orders, slow.reset) == ({"WH1": 49}, False)
    made.hear([Change(f"WH{number}", 1, 1, 1, ()) for number in range(hub.MOST_WAITING + 10)])
    await asyncio.sleep(hub.TOGETHER_SECONDS * 2)
    assert (slow.orders, slow.reset) == ({}, True)
    late = Stream(_who(Role.AGENT, "GD"))
    name = made.name
    made.hear([Change(f"WH{number}", 2, 2, 2, ()) for number in range(hub.KEPT + 1)])
    await asyncio.sleep(hub.TOGETHER_SECONDS * 3)
    made.join(late, name)
    assert late.reset, "what it missed is not remembered any more"
    made.leave(slow)
    made.leave(late)
    assert not made.streams
    running.cancel()


async def test_an_id_tells_its_reader_nothing_of_what_he_is_not_told() -> None:
    async def places(order_ids: Any) -> dict[str, frozenset[str]]:
        return {one: frozenset({"GD"}) for one in order_ids}

    made = Hub(places)
    made.listens(True)
    running = asyncio.create_task(made.run())
    quiet = [made.name for _ in range(20)]
    made.hear([Change(f"WH{number}", 1, None, None, ()) for number in range(300)])
    await asyncio.sleep(hub.TOGETHER_SECONDS * 3)
    busy = [made.name for _ in range(20)]
    assert len({*quiet, *busy}) == 40, "whether anything happened is not to be seen"
    assert {len(name) for name in (*quiet, *busy)} == {48}
    for names, missed in ((quiet, 300), (busy, 0)):
        for name in names[:3]:
            back = Stream(_who(Role.AGENT, "GD"))
            made.join(back, name)
            assert (len(back.orders), back.reset) == (missed, False)
    other = Hub(places)
    other.listens(True)
    stranger = Stream(_who(Role.AGENT, "GD"))
    other.join(stranger, busy[0])
    assert stranger.reset
    running.cancel()


async def test_a_customer_is_told_of_his_notice_however_many_others_were_told_too() -> None:
    def row(audience: str, *holders: str) -> dict[str, object]:
        return {"channel": "console", "audience": audience, "holders": list(holders)}

    many = [row("role:dispatcher@GD", *(f"somebody-{number}" for number in range(MOST_NAMED + 1)))]
    assert _notified([row(audiences.CUSTOMER), *many]) == (audiences.CUSTOMER, MANY)
    assert _notified(many) == (MANY,)
    made = Hub(_nowhere)
    made.listens(True)
    his, another = Stream(customer("a")), Stream(customer("b"))
    for one in (his, another):
        made.join(one, made.name)
    made._tell(Change("WH1", 2, None, 2, (audiences.CUSTOMER, MANY)), frozenset(his.places))
    assert (his.notices, another.notices) == (True, False)


def test_changes_told_together_tell_each_only_of_what_is_for_him() -> None:
    (both,) = hub.merged([Change("WH1", 3, 3, 3, ("one",)), Change("WH1", 5, 4, None, ("one", "other"))])
    assert both == Change("WH1", 5, 4, 3, ("one", "other"))


async def _nowhere(order_ids: Any) -> dict[str, frozenset[str]]:
    return {}


async def test_a_hub_that_cannot_find_out_who_sees_an_order_has_everybody_read_anew() -> None:
    async def places(order_ids: Any) -> dict[str, frozenset[str]]:
        raise ValueError("not to be found out")

    made = Hub(places)
    made.listens(True)
    running = asyncio.create_task(made.run())
    stream = Stream(_who(Role.AGENT, "GD"))
    made.join(stream, made.name)
    assert not stream.reset
    made.hear([Change("WH1", 1, 1, 1, ())])
    await asyncio.wait_for(stream.wake.wait(), 2)
    assert stream.reset
    made.hear([Change("WH1", 2, 2, 2, ())])
    await asyncio.sleep(hub.TOGETHER_SECONDS * 2)
    assert not running.done()
    running.cancel()


async def test_whoever_waits_goes_on_waiting_when_the_places_cannot_be_read_either() -> None:
    async def places(order_ids: Any) -> dict[str, frozenset[str]]:
        raise ValueError("not to be found out")

    made = Hub(places)
    made.listens(True)
    stream = Stream(_who(Role.AGENT, "GD"))
    made.join(stream, made.name)
    made.listens(False)
    made.begin_anew()
    assert (stream.waits, stream.reset) == (True, False)
    made.hear([Change("WH1", 1, 1, 1, ("somebody",))])
    running = asyncio.create_task(made.run())
    await asyncio.sleep(hub.TOGETHER_SECONDS * 2)
    assert (stream.waits, stream.reset, stream.notices, stream.orders) == (True, False, False, {})
    made.listens(True)
    assert (stream.waits, stream.reset) == (False, True)
    running.cancel()
