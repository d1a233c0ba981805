"""Documents: kept sealed and once, on the ledger's record, and given out to be saved to whoever sees the order."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from api import uploads
from api.errors import Problem
from domain.model import Role
from identity import people
from identity.people import Identified
from store import files as kept
from store.access_tables import accesses, customers, files
from store.session import EVERYWHERE, make_engine, sessions
from tests.api import documents as d
from tests.api.conftest import AGENT, CUSTOMER, LEADER, MANAGER, NET, OTHER_AGENT, PHONE, STRANGER, Caller, key
from tests.conftest import Database

JPEG = ("光猫 photo.jpg", "image/jpeg", d.jpeg())


async def send(
    api: Caller,
    number: str,
    document: tuple[str, str, Any] = JPEG,
    who: str = AGENT,
    use: str | None = None,
    **headers: str,
) -> httpx.Response:
    """Attach a document."""
    name, media_type, content = document
    given = {
        "Authorization": f"Bearer dev:{who}",
        "Idempotency-Key": use or key(),
        "X-File-Name": quote(name),
        "Content-Type": media_type,
        **{header.replace("_", "-"): value for header, value in headers.items()},
    }
    return await api.http.post(f"/v1/orders/{number}/files", content=content, headers=given)


def rows(database: Database, number: str) -> list[Any]:
    """What is kept of an order's documents."""
    with sessions(make_engine(database.app_url, 1, sight=EVERYWHERE))() as session:
        return list(session.execute(select(files).where(files.c.order_id == number)))


async def attached(api: Caller, number: str) -> list[dict[str, Any]]:
    """The ledger's events of documents."""
    events = (await api.get(f"/orders/{number}/events")).json()["items"]
    return [event for event in events if event["type"] == "DocumentAttached"]


@pytest.mark.parametrize("name", d.SAMPLES)
async def test_each_kind_comes_back_as_it_was_sent(api: Caller, name: str) -> None:
    number = await api.opened()
    media_type, content = d.SAMPLES[name]
    answer = await send(api, number, (name, media_type, content))
    assert answer.status_code == 201, answer.text
    line = answer.json()
    assert (line["media_type"], line["size"], line["by"]) == (media_type, len(content), AGENT)
    found = await api.http.get(answer.headers["location"], headers={"Authorization": f"Bearer dev:{AGENT}"})
    assert found.status_code == 200
    assert found.content == content
    assert found.headers["content-type"].partition(";")[0] == media_type


async def test_a_document_is_sealed_and_the_ledger_knows_it(api: Caller, database: Database) -> None:
    number = await api.opened()
    words = "周一起断网 everything is down".encode()
    line = (await send(api, number, ("我的说明.txt", "text/plain", words))).json()
    (row,) = rows(database, number)
    assert words not in row.content
    assert "说明" not in row.name
    assert row.name.startswith("~pd1~f~")
    (event,) = await attached(api, number)
    assert event["data"]["sha256"] == line["sha256"] == row.sha256
    assert event["data"]["name"] == line["name"] == "我的说明.txt"
    listed = (await api.get(f"/orders/{number}/files")).json()["items"]
    assert listed == [line]


async def test_a_download_is_saved_never_shown(api: Caller) -> None:
    number = await api.opened()
    line = (await send(api, number)).json()
    found = await api.get(f"/orders/{number}/files/{line['id']}")
    assert found.headers["content-disposition"] == (
        "attachment; filename=\"__ photo.jpg\"; filename*=UTF-8''" + quote("光猫 photo.jpg", safe="")
    )
    assert found.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["cache-control"] == "no-store"


async def test_a_document_that_looks_like_a_seal_goes_out_as_it_came_in(api: Caller, database: Database) -> None:
    number = await api.opened()
    await send(api, number)
    (row,) = rows(database, number)
    content = row.name.encode()
    line = (await send(api, number, ("seal.txt", "text/plain", content))).json()
    assert (await api.get(f"/orders/{number}/files/{line['id']}")).content == content


async def test_the_same_content_is_kept_once_and_the_same_key_does_nothing_twice(
    api: Caller, database: Database
) -> None:
    number, other, use = await api.opened(), await api.opened(), key()
    first = await send(api, number, use=use)
    again = await send(api, number, use=use)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json() == first.json()
    assert len(await attached(api, number)) == 1
    renamed = await send(api, number, ("other name.jpg", *JPEG[1:]))
    assert renamed.json()["id"] == first.json()["id"]
    assert len(rows(database, number)) == 1
    elsewhere = await send(api, other)
    assert elsewhere.json()["id"] != first.json()["id"]
    assert len(rows(database, other)) == 1


async def test_a_key_used_for_another_document_is_refused_and_that_one_not_kept(
    api: Caller, database: Database
) -> None:
    number, use = await api.opened(), key()
    await send(api, number, use=use)
    answer = await send(api, number, ("b.png", "image/png", d.png()), use=use)
    assert (answer.status_code, answer.json()["code"]) == (409, "command_reused")
    assert len(rows(database, number)) == 1


async def test_what_the_rules_refuse_is_not_kept(api: Caller, database: Database) -> None:
    number = await api.opened()
    stale = await send(api, number, If_Match='"1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_order")
    await api.act(number, "withdraw", CUSTOMER, proof="recording", reason="it works again")
    over = await send(api, number)
    assert (over.status_code, over.json()["code"]) == (409, "not_allowed_now")
    assert rows(database, number) == []


async def test_the_database_itself_keeps_what_the_ledger_speaks_of(api: Caller, database: Database) -> None:
    number = await api.opened()
    await send(api, number)
    (row,) = rows(database, number)
    with sessions(make_engine(database.app_url, 1, sight=EVERYWHERE)).begin() as session:
        assert not kept.drop(session, kept.FileLine(*(row._mapping[name] for name in kept.FileLine.__slots__)))
    assert len(rows(database, number)) == 1


@pytest.mark.parametrize(
    ("document", "headers", "status", "code"),
    [
        (("a.exe", "application/octet-stream", b"MZ"), {}, 422, "file_refused"),
        (("a.jpg", "image/jpeg", d.png()), {}, 422, "file_refused"),
        (("a.jpg", "image/jpeg", b""), {}, 422, "file_refused"),
        (("", "image/jpeg", d.jpeg()), {}, 422, "file_refused"),
        (("a.jpg", "image/jpeg", d.jpeg()), {"Idempotency_Key": "short"}, 422, "invalid_request"),
        (("a.jpg", "image/jpeg", d.jpeg()), {"X_File_Name": "%FF.jpg"}, 422, "file_refused"),
        (("a.jpg", "image/jpeg", d.jpeg() + bytes(20 * 1024 * 1024)), {}, 413, "too_large"),
    ],
)
async def test_what_is_not_taken_is_told_why(
    api: Caller, database: Database, document: tuple[str, str, bytes], headers: dict[str, str], status: int, code: str
) -> None:
    number = await api.opened()
    answer = await send(api, number, document, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["remedy"]
    assert rows(database, number) == []
    assert await attached(api, number) == []


async def test_a_body_of_untold_length_is_read_no_further_than_is_allowed(api: Caller) -> None:
    number, read = await api.opened(), 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1024 * 1024
            yield d.jpeg() + bytes(1024 * 1024)

    answer = await send(api, number, ("a.jpg", "image/jpeg", endless()))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert read <= 21 * 1024 * 1024


async def test_a_document_is_seen_by_whoever_sees_the_order(api: Caller) -> None:
    number, other = await api.opened(), await api.opened()
    line = (await send(api, number)).json()
    path = f"/orders/{number}/files"
    for who in (NET, "gd-manager", "south-manager", "hq-supervisor-1", "hq-auditor-1"):
        answer = await api.get(f"{path}/{line['id']}", who)
        assert answer.status_code == 200, (who, answer.text)
    for who in ("hq-admin", "regulator"):
        assert (await api.get(f"{path}/{line['id']}", who)).status_code == 403
        assert (await send(api, number, who=who)).status_code == 403
    for stranger in ("js-net-1", STRANGER):
        for found in (await api.get(path, stranger), await api.get(f"{path}/{line['id']}", stranger)):
            assert (found.status_code, found.json()["code"]) == (404, "order_not_found")
        assert (await send(api, number, who=stranger)).status_code == 404
    wrong = await api.get(f"/orders/{other}/files/{line['id']}")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "not_found")
    assert (await api.get(f"{path}/nonsense")).status_code == 404
    assert (await api.http.get(f"/v1{path}")).status_code == 401


async def test_a_customer_is_shown_what_he_sent_himself(api: Caller) -> None:
    number = await api.opened()
    theirs = (await send(api, number)).json()
    his = (await send(api, number, ("mine.png", "image/png", d.png()), CUSTOMER)).json()
    listed = (await api.get(f"/orders/{number}/files", CUSTOMER)).json()["items"]
    assert [line["id"] for line in listed] == [his["id"]]
    assert (await api.get(f"/orders/{number}/files/{his['id']}", CUSTOMER)).status_code == 200
    assert (await api.get(f"/orders/{number}/files/{theirs['id']}", CUSTOMER)).status_code == 404
    assert len((await api.get(f"/orders/{number}/files")).json()["items"]) == 2


async def test_an_order_takes_so_many_documents_and_no_more(
    api: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.uploads.MAX_FILES", 3)
    monkeypatch.setattr("api.uploads.MAX_OWN", 1)
    number, use = await api.opened(), key()
    assert (await send(api, number, ("1.txt", "text/plain", b"1"), CUSTOMER, use=use)).status_code == 201
    refused = await send(api, number, ("2.txt", "text/plain", b"2"), CUSTOMER)
    assert (refused.status_code, refused.json()["code"]) == (422, "file_refused")
    assert (await send(api, number, ("1.txt", "text/plain", b"1"), CUSTOMER, use=use)).status_code == 201
    for text in (b"3", b"4"):
        assert (await send(api, number, ("a.txt", "text/plain", text))).status_code == 201
    assert (await send(api, number, ("a.txt", "text/plain", b"5"))).status_code == 422
    assert len(rows(database, number)) == 3
    assert len(await attached(api, number)) == 3


async def test_personal_data_in_a_name_are_struck_out(api: Caller) -> None:
    number = await api.opened()
    line = (await send(api, number, (f"账单 {PHONE}.jpg", *JPEG[1:]))).json()
    assert PHONE not in line["name"]
    found = await api.get(f"/orders/{number}/files/{line['id']}", NET)
    assert PHONE not in found.headers["content-disposition"]
    assert re.search(r"\.jpg\"", found.headers["content-disposition"])


async def test_every_look_at_a_document_is_on_record(api: Caller, database: Database) -> None:
    number = await api.opened()
    line = (await send(api, number)).json()
    await api.get(f"/orders/{number}/files/{line['id']}", NET)
    looks = select(accesses).where(accesses.c.operation == "get_file", accesses.c.orders.contains([number]))
    with sessions(make_engine(database.app_url, 1, sight=EVERYWHERE))() as session:
        (look,) = session.execute(looks).all()
    assert (look.actor_id, look.outcome, look.detail) == (NET, "seen", f"file {line['id']}")


async def test_with_the_customers_key_the_document_is_gone(api: Caller, database: Database, app: FastAPI) -> None:
    number = await api.opened(customer={"name": "王先生", "phone": "13900000077"})
    line = (await send(api, number)).json()
    (row,) = rows(database, number)
    with sessions(make_engine(database.app_url, 1, sight=EVERYWHERE)).begin() as session:
        session.execute(update(customers).where(customers.c.id == row.customer).values(wrapped=None))
    app.state.parts.rack.forget(row.customer)
    answer = await api.get(f"/orders/{number}/files/{line['id']}")
    assert (answer.status_code, answer.json()["code"]) == (410, "erased")
    assert (await send(api, number)).json()["code"] == "erased"


async def test_only_a_few_documents_are_taken_in_at_once(api: Caller) -> None:
    number = await api.opened()
    going = asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield d.jpeg()
        await going.wait()

    four = (AGENT, OTHER_AGENT, LEADER, NET)
    slow = [asyncio.create_task(send(api, number, ("a.jpg", "image/jpeg", held()), who)) for who in four]
    await asyncio.sleep(0.5)
    answer = await send(api, number, who=MANAGER)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    going.set()
    assert {done.status_code for done in await asyncio.gather(*slow)} == {201}
    assert (await send(api, number)).status_code == 201


async def test_somebody_slow_takes_one_place_and_is_given_up(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await api.opened()
    going = asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield d.jpeg()
        await going.wait()

    slow = asyncio.create_task(send(api, number, ("a.jpg", "image/jpeg", held())))
    await asyncio.sleep(0.5)
    answer = await send(api, number)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests"), "one document a person"
    assert (await send(api, number, who=LEADER)).status_code == 201
    going.set()
    assert (await slow).status_code == 201
    monkeypatch.setattr(uploads, "FIRST_SECONDS", 0.2)
    going.clear()
    answer = await send(api, number, ("a.jpg", "image/jpeg", held()))
    assert (answer.status_code, answer.json()["code"]) == (408, "too_slow")
    assert (await send(api, number)).status_code == 201, "and his place is free again"


def test_customers_leave_a_place_to_the_desks() -> None:
    places = uploads.Places(3, 2)
    with ExitStack() as held:
        for phone in ("a", "b"):
            held.enter_context(places.taken(people.customer(phone)))
        with pytest.raises(Problem), places.taken(people.customer("c")):
            raise AssertionError("the last place is not a customer's")
        with places.taken(Identified("gd-agent-1", "王芳", "Wang Fang", Role.AGENT, "GD.svc")):
            pass
