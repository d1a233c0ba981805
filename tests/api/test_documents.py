"""Documents between people: who is given a customer's, what several attach at once, and what a crash leaves behind."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from sqlalchemy import select, update

from contracts.messages import CommandMessage
from domain.model import Actor, Role
from store import commands
from store import files as kept
from store.access_tables import accesses, files
from store.session import EVERYWHERE, make_engine, sessions
from tests.api import documents as d
from tests.api.conftest import AGENT, CUSTOMER, NET, NET_HEAD, OTHER_AGENT, Caller, key
from tests.api.test_files import JPEG, attached, rows, send
from tests.conftest import Database

WORDS = ("mine.txt", "text/plain", "张三 13900000001, my passport".encode())


async def get(api: Caller, number: str, file_id: str, who: str, **headers: str) -> httpx.Response:
    """Ask for a document."""
    sent = {"Authorization": f"Bearer dev:{who}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await api.http.get(f"/v1/orders/{number}/files/{file_id}", headers=sent)


async def listed(api: Caller, number: str, who: str) -> list[dict[str, Any]]:
    answer = await api.get(f"/orders/{number}/files", who)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize("against", ["GD.net", "GD", "HQ"])
async def test_a_unit_complained_about_is_not_told_of_what_the_customer_sent(api: Caller, against: str) -> None:
    number = await api.opened(against=against)
    his, ours = (await send(api, number, WORDS, CUSTOMER)).json(), (await send(api, number)).json()
    for who in (NET, NET_HEAD):
        assert [line["id"] for line in await listed(api, number, who)] == [ours["id"]]
        found = await get(api, number, his["id"], who, X_Reason="to know him")
        absent = await get(api, number, "0" * 32, who, X_Reason="to know him")
        assert (found.status_code, found.json()["code"]) == (404, "not_found")
        told, said = found.json(), absent.json()
        for answer in (told, said):  # the path, where it does not look like somebody's number
            answer.pop("instance", "")
        assert told == said
        assert (await get(api, number, ours["id"], who)).status_code == 200
    for who in (AGENT, CUSTOMER):
        assert (await get(api, number, his["id"], who)).content == WORDS[2]


@pytest.mark.parametrize("against", ["", "GD.bill", "JS.net"])
async def test_another_unit_is_given_it_for_a_reason_that_goes_on_record(
    api: Caller, database: Database, against: str
) -> None:
    number = await api.opened(against=against)
    his = (await send(api, number, WORDS, CUSTOMER)).json()
    (line,) = await listed(api, number, NET)
    assert (line["id"], line["by"]) == (his["id"], "customer")
    for reason in ({}, {"X_Reason": "%20"}, {"X_Reason": "%FF"}, {"X_Reason": "%00"}, {"X_Reason": "x" * 501}):
        refused = await get(api, number, his["id"], NET, **reason)
        assert (refused.status_code, refused.json()["field"]) == (422, "X-Reason"), reason
        assert refused.json()["remedy"]
    given = await get(api, number, his["id"], NET, X_Reason=quote("看一下光猫的照片"))
    assert (given.status_code, given.content) == (200, WORDS[2])
    looks = select(accesses).where(accesses.c.operation == "get_file", accesses.c.orders.contains([number]))
    with sessions(make_engine(database.app_url, 1, sight=EVERYWHERE))() as session:
        (look,) = session.execute(looks).all()
    assert (look.actor_id, look.outcome, look.detail) == (NET, "revealed", f"file {his['id']}")
    assert look.reason.startswith("~pd1~")
    (read,) = (await api.get("/accesses", "hq-auditor-1", order_id=number, outcome="revealed")).json()["items"]
    assert read["reason"] == "看一下光猫的照片"


async def test_what_staff_and_a_customer_both_send_is_each_ones_own(api: Caller, database: Database) -> None:
    number = await api.opened(against="GD.net")
    ours = await send(api, number, ("internal note.txt", *WORDS[1:]))
    his = await send(api, number, WORDS, CUSTOMER)
    assert his.json()["id"] != ours.json()["id"]
    assert his.json()["name"] == "mine.txt"
    assert {row.by for row in rows(database, number)} == {AGENT, his.json()["by"]}
    assert AGENT not in his.text
    assert [line["name"] for line in await listed(api, number, CUSTOMER)] == ["mine.txt"]
    assert [line["name"] for line in await listed(api, number, AGENT)] == ["internal note.txt", "mine.txt"]
    again = (await send(api, number, ("again.txt", *WORDS[1:]), OTHER_AGENT)).json()
    assert again == ours.json()
    assert (await send(api, number, ("x.txt", *WORDS[1:]), NET)).json()["id"] == ours.json()["id"]


async def test_of_two_at_once_the_one_that_is_refused_takes_nothing_from_the_other(
    api: Caller, database: Database
) -> None:
    number = await api.opened()
    for round_ in range(40):
        document = ("a.txt", "text/plain", f"round {round_}".encode())
        slow = send(api, number, document, If_Match='"1"')
        refused, taken = await asyncio.gather(slow, send(api, number, document, OTHER_AGENT))
        assert (refused.status_code, taken.status_code) == (412, 201)
        line = taken.json()
        assert line["by"] == OTHER_AGENT
        assert (await get(api, number, line["id"], AGENT)).content == document[2]
    assert len(rows(database, number)) == len(await attached(api, number)) == 40


async def test_what_is_refused_is_let_go_of_unless_it_was_sent_again(api: Caller, database: Database) -> None:
    number = await api.opened()
    line = _line(number, datetime.now(UTC))
    with sessions(make_engine(database.app_url, 1, sight=EVERYWHERE)).begin() as session:
        assert kept.add(session, line, "c", b"sealed")
        assert not kept.add(session, line, "c", b"sealed")  # by somebody else, in the same microsecond
        assert not kept.drop(session, line)
    (row,) = rows(database, number)
    with sessions(make_engine(database.app_url, 1, sight=EVERYWHERE)).begin() as session:
        assert kept.drop(session, _line(number, row.at))
    assert rows(database, number) == []


async def test_what_a_crash_left_is_not_shown_and_goes_after_an_hour(api: Caller, database: Database) -> None:
    number = await api.opened()
    now = datetime.now(UTC)
    lost, recent = _line(number, now - timedelta(minutes=61)), _line(number, now - timedelta(minutes=59), b"recent")
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        assert kept.add(session, lost, "c", b"sealed")
        assert kept.add(session, recent, "c", b"sealed")
    assert await listed(api, number, AGENT) == []
    assert (await get(api, number, lost.id, AGENT)).status_code == 404
    line = (await send(api, number)).json()
    assert [one["id"] for one in await listed(api, number, AGENT)] == [line["id"]]
    assert {row.id for row in rows(database, number)} == {recent.id, line["id"]}
    with sessions(engine).begin() as session:  # what the ledger speaks of stays, however old
        session.execute(update(files).where(files.c.order_id == number).values(at=now - timedelta(days=9)))
        assert kept.sweep(session, number, now) == 1
    assert [row.id for row in rows(database, number)] == [line["id"]]


async def test_what_a_pending_command_still_may_tell_of_is_not_swept(api: Caller, database: Database) -> None:
    number, used = await api.opened(), key()
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    now = datetime.now(UTC)
    message = CommandMessage(used, Actor(AGENT, Role.AGENT), msgspec.Raw(b"{}"), "", None)
    with sessions(engine).begin() as session:
        assert kept.add(session, _line(number, now - timedelta(hours=2)), "c", b"sealed")
        assert commands.claim_on(session, used, number, "attach", "f", message)
        assert kept.sweep(session, number, now) == 0
        assert commands.abandon(session, used)
        assert kept.sweep(session, number, now) == 1


async def test_what_was_refused_is_taken_when_it_is_sent_again(api: Caller, database: Database) -> None:
    number = await api.opened()
    assert (await send(api, number, JPEG, If_Match='"1"')).status_code == 412
    assert rows(database, number) == []
    line = (await send(api, number, JPEG, OTHER_AGENT)).json()
    assert line["by"] == OTHER_AGENT
    assert (await get(api, number, line["id"], AGENT)).content == d.jpeg()


def _line(number: str, at: datetime, content: bytes = b"lost") -> kept.FileLine:
    digest = hashlib.sha256(content).hexdigest()
    return kept.FileLine(
        id=kept.id_of(number, digest, AGENT),
        order_id=number,
        name="x",
        media_type="text/plain",
        size=len(content),
        sha256=digest,
        by=AGENT,
        at=at,
    )
