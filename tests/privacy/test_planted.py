"""Personal data planted through every way in lie nowhere in clear, are shown to nobody, and are gone when erased."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import quote

import httpx
import psycopg2
import pytest
from google.protobuf.json_format import MessageToDict
from temporalio.client import Client

from contracts.names import workflow_id
from runtime import ports
from runtime.folder import DataFolder
from runtime.postgres import DATABASE, OWNER
from runtime.settings import Settings, load
from runtime.temporal import PORT_COUNT
from tests.chaos.system import System
from tests.privacy import mistakes, places, ways
from tests.privacy.doors import Echo, mail, messages
from tests.privacy.places import Piece, Search
from tests.privacy.plants import CALLED, EMAIL, NAME_EN, PLANTS, WORDS, mobile, needles, plain
from tests.privacy.ways import CHANNEL, WHO, Caller

pytestmark = pytest.mark.timeout(300)

ERASED_SECONDS = 60.0
"""Within this time no process opens anything of a customer who was erased."""
ASKERS, QUIET = 4, 12
"""How many ask at once whether something is shown still, and how often in a row it must be nothing."""
UNVEILED = ("get_file", "stream")
"""Documents go out as they were said, to those who may have them; a stream has no end, and names orders alone."""
SEEING = tuple(role for role in WHO if role not in ("administrator", "channel", "regulator", "another customer"))
"""Who sees the order, and in it its channel."""
HIS = "qfotherwick.77@quillmail-7f3.example"
"""The address of the customer who is erased."""


@dataclass
class World:
    """A system in which everything has been planted, and who asked it.

    Attributes:
        order: a real order of the customer who is named in all words.
        gone: an ended order of another customer, who is to be erased.
        rehearsals: the numbers of the rehearsals that led through every command.
    """

    system: System
    caller: Caller
    echo: Echo
    sms: list[bytes]
    order: str
    gone: str
    rehearsals: list[str]

    @property
    def settings(self) -> Settings:
        """The system's."""
        return self.system.settings


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with mail() as (echo, mail_port), messages() as (sms, sms_port):
        first = ports.free_run(PORT_COUNT + 5)
        settings = load(
            data_dir=tmp_path_factory.mktemp("planted"),
            temporal_port=first,
            postgres_port=first + PORT_COUNT,
            api_port=first + PORT_COUNT + 1,
            witness_port=first + PORT_COUNT + 3,
            worker_metrics_address=f"127.0.0.1:{first + PORT_COUNT + 2}",
            ui_enabled=False,
            api_workers=2,
            log_level="debug",
            smtp_host="127.0.0.1",
            smtp_port=mail_port,
            sms_url=f"http://127.0.0.1:{sms_port}/send",
            outgoing_private_hosts="127.0.0.1",
            outgoing_ports=str(sms_port),
        )
        system = System(settings)
        try:
            system.wait_until_up()
            echo.held.add(HIS)
            caller = Caller(settings.api_url)
            order = caller.opened(42, EMAIL)
            gone = caller.opened(77, HIS)
            threading.Timer(2.0, lambda: system.kill(["worker"])).start()
            rehearsals = ways.play_all(settings.api_url)
            ways.lead(caller, order)
            mistakes.make_all(caller, order)
            _fail(settings, caller, order, rehearsals[-3])
            _end(caller, gone)
            yield World(system, caller, echo, sms, order, gone, rehearsals)
        finally:
            system.stop()


def _owner(settings: Settings) -> Any:
    password = DataFolder(settings.data_dir).passwords().owner
    found = psycopg2.connect(
        host="127.0.0.1", port=settings.postgres_port, user=OWNER, password=password, dbname=DATABASE
    )
    found.autocommit = True
    return found


def _asked(settings: Settings, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with contextlib.closing(_owner(settings)) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def _fail(settings: Settings, caller: Caller, order: str, rehearsal: str) -> None:
    """Have the ledger refuse what a person and what time brings about, until both are done after all."""
    body = {"text": WORDS}
    with ThreadPoolExecutor(1) as pool:
        broken = f"CHECK (order_id NOT IN ('{order}', '{rehearsal}')) NOT VALID"
        _asked(settings, f"ALTER TABLE events ADD CONSTRAINT broken {broken}")
        failed = caller.ask("POST", f"/orders/{order}/note", WHO["agent"], body, Idempotency_Key="broken-ledger-1")
        assert failed.json()["code"] == "outcome_unknown", failed.text
        path = f"/rehearsal/orders/{rehearsal}/fast_forward"
        moving = pool.submit(caller.ask, "POST", path, WHO["agent"], {"seconds": 3 * 86400})
        time.sleep(3.0)
        _asked(settings, "ALTER TABLE events DROP CONSTRAINT broken")
        assert moving.result().status_code == 200, moving.result().text
    until = time.monotonic() + 30
    while True:
        done = caller.ask("POST", f"/orders/{order}/note", WHO["agent"], body, Idempotency_Key="broken-ledger-1")
        if done.status_code == 200:
            return
        assert time.monotonic() < until, done.text
        time.sleep(0.5)


def _end(caller: Caller, order: str) -> None:
    """Attach a document, and let the customer take his complaint back."""
    him = f"customer:{mobile(77)}"
    sent = caller.attach(order, him, f"{NAME_EN}.txt", WORDS.encode(), "text/plain")
    assert sent.status_code == 201, sent.text
    assert caller.act(order, "sign", "unit member").status_code == 200
    ended = caller.act(order, "withdraw", him)
    assert ended.json()["order"]["over"], ended.text


def test_every_field_of_own_words_was_filled(world: World) -> None:
    assert ways.missing() == []
    assert any(mobile(42).encode() in body for body in world.sms), "no code was on its way to the customer"


def test_the_needles_are_found_however_they_are_written() -> None:
    found = needles()
    texts = (WORDS, WORDS.upper(), f"{mobile(42)[:3]}.{mobile(42)[3:7]}({mobile(42)[7:]})", "Fotherwick, Qiaolan")
    for text in texts:
        assert list(found.found(text.encode())), text
    for plant in PLANTS:
        for spelled in (plant.text, plant.text.title()):
            for written in (
                spelled.encode(),
                spelled.upper().encode(),
                spelled.encode("utf-16-le"),
                json.dumps(spelled).encode(),
                quote(spelled).encode(),
                spelled.lower().encode().hex().encode(),
                *(base64.urlsafe_b64encode(b"x" * shift + spelled.encode() + b"yyy") for shift in range(3)),
            ):
                assert plant.name in {one.plant for one in found.found(b"before " + written + b" after")}, written
    assert not list(found.found(f"a mynah bird, 139****8642, {CHANNEL}".encode()))


def test_nothing_planted_lies_anywhere(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    settings = world.settings
    search, many = Search(needles()), Search(plain())
    (settings.data_dir / "left-by-the-test.tmp").write_text("control of the temporary files")
    search.through("tables of the application", places.application(settings), CHANNEL)
    search.through("tables of the engine", places.engine(settings), world.order)
    search.through("what the engine tells", places.shown_by_engine(settings), world.order)
    search.through("logs", places.logs(settings, world.system.said), world.order)
    postgres = settings.logs / "postgres.log"
    search.through("log of PostgreSQL", [(str(postgres), postgres.read_bytes())], "violates check constraint")
    search.through("files", places.files(settings), "control of the temporary files")
    search.through("pages for everybody", places.pages(settings), "canary")
    search.through("arguments of processes", places.arguments(settings), "uvicorn")
    search.through("answers that were refusals", _refusals(world), "invalid_request")
    search.through("payloads decoded for operators", _decoded(world), "json/plain")
    many.through("PostgreSQL's own files", places.raw(settings), CHANNEL)
    with capsys.disabled():
        print("\n" + search.report() + "\n" + many.report())
    assert search.blind + many.blind == []
    found = sorted({*search.found, *many.found})
    assert not found, "\n".join(found)


def _refusals(world: World) -> Iterator[Piece]:
    yield from world.caller.refused


def _decoded(world: World) -> Iterator[Piece]:
    """An order's whole history as Temporal's UI has it decoded for an operator."""
    payloads = _payloads(world.settings, world.order)
    body = {"payloads": payloads}
    for who in ("administrator", "auditor"):
        answer = world.caller.ask(
            "POST", "/codec/decode", WHO[who], body, X_Namespace=world.settings.temporal_namespace
        )
        assert answer.status_code == 200, answer.text
        for one in answer.json()["payloads"]:
            metadata = b" ".join(base64.b64decode(value) for value in one["metadata"].values())
            yield f"for the {who}", metadata + b" " + base64.b64decode(one.get("data", ""))


def _payloads(settings: Settings, order: str) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        client = await Client.connect(settings.temporal_target, namespace=settings.temporal_namespace)
        history = await client.get_workflow_handle(workflow_id(order)).fetch_history()
        found: list[dict[str, Any]] = []
        for event in history.events:
            _gather(MessageToDict(event), found)
        return found

    return asyncio.run(read())


def _gather(part: Any, found: list[dict[str, Any]]) -> None:
    if isinstance(part, dict):
        if set(part) == {"metadata", "data"}:
            found.append(part)
            return
        part = list(part.values())
    for one in part if isinstance(part, list) else ():
        _gather(one, found)


def test_no_answer_shows_what_is_hidden(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Every address that gives something out, asked in every role: who and where nobody sees, what was said staff."""
    search = Search(needles(tuple(plant for plant in PLANTS if not plant.said)))
    for role, who in WHO.items():
        control = CHANNEL if role in SEEING else "network.fault"
        search.through(f"answers to the {role}", _answers(world, who), control)
    with capsys.disabled():
        print("\n" + search.report())
    assert search.blind == []
    found = sorted(set(search.found))
    assert not found, "\n".join(found)


def _answers(world: World, who: str) -> Iterator[Piece]:
    caller = world.caller
    described = httpx.get(f"{world.settings.api_url}/openapi.json").json()
    for order in (world.order, world.rehearsals[3], world.gone):
        documents = caller.ask("GET", f"/orders/{order}/files", who)
        document = next((line["id"] for line in documents.json().get("items", [])), "none")
        values = {
            "order_id": order,
            "file_id": document,
            "key": "due/a1",
            "unit_id": "GD.net",
            "person_id": "gd-net-1",
            "version": "none",
            "template": "customer.urged",
            "run_id": "1",
            "shadow_id": "1",
        }
        for path, operations in described["paths"].items():
            operation = operations.get("get")
            if operation is None or operation["operationId"] in UNVEILED or not path.startswith("/v1/"):
                continue
            if "{" not in path and order != world.order:
                continue
            asked = path.removeprefix("/v1").format(**values)
            for query in ("", "?seq=1") if "{" in path else ("", "?rehearsal=true&limit=200", "?limit=200"):
                answer = caller.ask("GET", asked + query, who)
                yield f"{asked}{query} {answer.status_code}", places.unpacked(answer.content)
    for customer in (mobile(42), CALLED):
        answer = caller.ask("POST", "/orders/search", who, {"customer": customer, "rehearsal": True})
        yield f"search {answer.status_code}", answer.content


def test_letters_reach_the_customer_and_their_receipts_say_nothing_of_him(world: World) -> None:
    until = time.monotonic() + 40
    while len({EMAIL in to for to, _ in world.echo.taken}) < 2:  # to him, and to staff
        assert time.monotonic() < until, world.echo.taken
        _asked(world.settings, "UPDATE notices SET next_attempt_at = now() WHERE state = 'retry'")
        time.sleep(0.5)
    receipts = [row[0] for row in _asked(world.settings, "SELECT receipt FROM notices WHERE audience = 'customer'")]
    assert any("queued for ***" in receipt for receipt in receipts), receipts
    taken = [(", ".join(to), letter) for to, letter in world.echo.taken if EMAIL not in to]
    letters = [(to, message_from_bytes(letter, policy=default)) for to, letter in taken]
    said = [(to, f"{letter.items()}\n{letter.get_content()}".encode()) for to, letter in letters]
    hidden = Search(needles(tuple(plant for plant in PLANTS if not plant.said)))
    hidden.through("letters to staff", said, world.order)
    assert hidden.blind + hidden.found == []
    search = Search(needles())
    search.through("receipts", [("receipt", receipt.encode()) for receipt in receipts], "queued for")
    assert search.blind + search.found == []


def test_an_erased_customer_is_gone_everywhere_and_the_ledger_stays_as_it_was(world: World) -> None:
    """In both processes of the API, in the worker and for its postman; and in nobody else's orders."""
    settings, caller, gone = world.settings, world.caller, world.gone
    asked = {"fields": ["customer.name", "customer.phone", "title", "text"], "reason": "a check"}
    for _ in range(20):  # so that both processes have his key at hand
        assert (
            WORDS
            in httpx.post(f"{settings.api_url}/v1/orders/{gone}/reveal", json=asked, headers=_as("agent"))
            .json()["values"]
            .values()
        )
    before = _ledger(settings)
    reason = {"phone": f"0086 {mobile(77)}", "reason": "the customer asked for it in writing"}
    erased = caller.ask("POST", "/customers/erase", WHO["administrator"], reason)
    assert erased.json() == {"erased": True}, erased.text
    begun = last = time.monotonic()
    quiet = 0
    while quiet < QUIET:
        with ThreadPoolExecutor(ASKERS) as askers:  # side by side, so that every process has to answer
            told = askers.map(lambda _: _opened(settings, gone, asked), range(ASKERS))
            shown = [found for one in told for found in one]
        quiet, last = (quiet + 1, last) if not shown else (0, time.monotonic())
        assert time.monotonic() - begun < ERASED_SECONDS + 10, shown
        time.sleep(0.2)
    assert last - begun < ERASED_SECONDS
    now = _ledger(settings)
    assert {row: now[row] for row in before} == before
    world.echo.held.clear()
    _asked(settings, "UPDATE notices SET state = 'retry', next_attempt_at = now(), created_at = now(), sent_at = NULL "
           "WHERE order_id = %s AND audience = 'customer' AND channel <> 'console'", gone)  # fmt: skip
    until = time.monotonic() + 30
    while _asked(settings, "SELECT 1 FROM notices WHERE order_id = %s AND audience = 'customer' "
                 "AND state = 'retry' AND receipt NOT LIKE '%%nobody stands%%'", gone):  # fmt: skip
        assert time.monotonic() < until
        time.sleep(0.3)
    assert not any(HIS in to for to, _ in world.echo.taken)
    other = caller.ask("POST", f"/orders/{world.order}/reveal", WHO["agent"], asked)
    assert other.json()["values"]["customer.phone"] == mobile(42)
    assert other.json()["values"]["text"] == WORDS


def _as(who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer dev:{WHO[who]}"}


def _opened(settings: Settings, order: str, asked: dict[str, Any]) -> list[str]:
    """What still shows something of the customer, each asked over a connection of its own."""
    search = Search(needles())
    url = f"{settings.api_url}/v1/orders/{order}"
    answers = [
        ("reveal", httpx.post(f"{url}/reveal", json=asked, headers=_as("agent"))),
        ("view", httpx.get(url, headers=_as("agent"))),
        ("events", httpx.get(f"{url}/events", headers=_as("agent"))),
    ]
    documents = httpx.get(f"{url}/files", headers=_as("agent"))
    answers += [("files", documents)]
    answers += [
        ("document", httpx.get(f"{url}/files/{line['id']}", headers=_as("agent"))) for line in documents.json()["items"]
    ]
    search.through("answers", [(f"{name} {answer.status_code}", answer.content) for name, answer in answers], "{")
    return search.found


def _ledger(settings: Settings) -> dict[tuple[str, int], str]:
    """A hash of every row of the ledger, by order and seq."""
    rows = _asked(settings, "SELECT order_id, seq, events::text FROM events")
    return {(order, seq): hashlib.sha256(row.encode()).hexdigest() for order, seq, row in rows}
