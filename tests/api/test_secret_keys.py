"""Keys are changed while commands run and nothing fails; an old one goes only when nothing is sealed with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api import secret_keys
from runtime import keyring, namespaces
from runtime.settings import Settings
from runtime.stack import EmbeddedStack
from store.access_tables import accesses, customers
from store.session import EVERYWHERE, make_engine
from tests.api.conftest import AGENT, MANAGER, Caller, complaint
from tests.conftest import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADMIN, HQ_AUDITOR = "hq-admin", "hq-auditor-1"


@pytest.fixture(scope="module")
def settings(stack: EmbeddedStack, database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shared servers, with keys, database and namespaces of this module's own."""
    path: Path = tmp_path_factory.mktemp("keys") / "keys.json"
    keyring.ensure(path)
    names = ("secret-keys", "secret-keys-rehearsal")
    namespaces.ensure(stack.settings.temporal_target, list(names))
    return stack.settings.model_copy(
        update={
            "database_url": database.owner_url,
            "app_database_url": database.app_url,
            "keys_file": path,
            "temporal_namespace": names[0],
            "rehearsal_namespace": names[1],
        }
    )


async def _listed(api: Caller, kind: str) -> list[dict[str, Any]]:
    answer = await api.get("/keys", HQ_AUDITOR)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if one["kind"] == kind]


async def _rotate(api: Caller, kind: str) -> str:
    """Make a new key; the id of the one that it replaced."""
    (old,) = [one["id"] for one in await _listed(api, kind) if one["current"]]
    answer = await api.post("/keys/rotate", {"kind": kind}, ADMIN)
    assert answer.status_code == 200, answer.text
    (new,) = [one["id"] for one in await _listed(api, kind) if one["current"]]
    assert new != old
    return str(old)


async def _rewrap(api: Caller, limit: int) -> int:
    """Seal all customers anew, some at a time; how many are left with old keys."""
    after = ""
    while True:
        answer = await api.post("/keys/rewrap", {"after": after, "limit": limit}, ADMIN)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        after = page["next"]
        if not after:
            return int(page["left"])


async def _drop(api: Caller, key_id: str, who: str = ADMIN) -> Any:
    return await api.http.delete(f"/v1/keys/{key_id}", headers={"Authorization": f"Bearer dev:{who}"})


async def _settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the second pass after which nobody uses a key that was replaced, and a little more for the engine's list."""
    monkeypatch.setattr(secret_keys, "SETTLED", timedelta(seconds=2))
    await asyncio.sleep(3)


async def test_an_engine_key_goes_when_the_engine_keeps_nothing_from_its_time(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await _rotate(api, "engine")
    answer = await _drop(api, old)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_in_use")
    assert "a moment ago" in answer.json()["detail"]
    await _settle(monkeypatch)
    answer = await _drop(api, old)
    assert answer.status_code == 200, answer.text
    assert old not in [one["id"] for one in answer.json()["items"]]


async def test_keys_change_while_commands_run_and_nothing_fails(api: Caller) -> None:
    order_id = await api.opened()
    before = {one["id"] for kind in ("personal", "engine") for one in await _listed(api, kind)}
    over = asyncio.Event()
    numbers: list[str] = []

    async def work(worker: int) -> None:
        turn = 0
        while not over.is_set():
            phone = f"1380{worker}00{turn:04d}"
            note = await api.post(f"/orders/{order_id}/note", {"text": f"he called from {phone}"})
            assert note.status_code == 200, note.text
            opened = await api.post("/orders", complaint(customer={"name": "Ms Li", "phone": phone}))
            assert opened.status_code == 201, opened.text
            numbers.append(opened.json()["order"]["id"])
            turn += 1

    workers = [asyncio.create_task(work(worker)) for worker in range(3)]
    for _ in range(3):
        for kind in ("personal", "engine"):
            await _rotate(api, kind)
        await _rewrap(api, 2)
        await asyncio.sleep(1.2)
    over.set()
    await asyncio.gather(*workers)
    assert len(numbers) > 10
    assert await _rewrap(api, 500) == 0
    *old, current = await _listed(api, "personal")
    assert (len(old), current["current"]) == (3, True)
    assert [one["customers"] for one in old] == [0, 0, 0]
    assert current["customers"] > len(numbers)
    assert {one["id"] for one in await _listed(api, "engine")} - before
    for number in (numbers[0], numbers[-1], order_id):
        answer = await api.get(f"/orders/{number}")
        assert answer.status_code == 200
        assert "~pd1~" not in answer.text, "what was sealed before is opened as before"


async def test_a_personal_key_goes_when_no_customer_is_sealed_with_it(
    api: Caller, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await api.opened()
    old = await _rotate(api, "personal")
    await _settle(monkeypatch)
    answer = await _drop(api, old)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_in_use")
    assert "rewrap" in answer.json()["remedy"]
    assert await _rewrap(api, 500) == 0
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    with engine.begin() as link:
        sealed = set(link.scalars(select(customers.c.kek)))
    engine.dispose()
    assert sealed == {keyring.load(settings.keyring_path).kek()[0]}
    answer = await _drop(api, old)
    assert answer.status_code == 200, answer.text
    assert old not in keyring.load(settings.keyring_path).keks
    answer = await api.get(f"/orders/{order_id}")
    assert (answer.status_code, "~pd1~" in answer.text) == (200, False)


async def test_what_is_in_use_stays(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.opened()
    old = await _rotate(api, "engine")
    await _settle(monkeypatch)
    answer = await _drop(api, old)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_in_use")
    assert "workflows" in answer.json()["detail"]
    for kind in ("personal", "engine"):
        (current,) = [one["id"] for one in await _listed(api, kind) if one["current"]]
        answer = await _drop(api, current)
        assert (answer.status_code, answer.json()["code"]) == (409, "key_in_use")
    answer = await _drop(api, "k00000000")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = await _drop(api, "nonsense")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("who", [AGENT, MANAGER, HQ_AUDITOR])
async def test_only_administrators_change_keys(api: Caller, who: str) -> None:
    (current,) = [one["id"] for one in await _listed(api, "engine") if one["current"]]
    for answer in (
        await api.post("/keys/rotate", {"kind": "engine"}, who),
        await api.post("/keys/rewrap", {}, who),
        await _drop(api, current, who),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    listed = await api.get("/keys", who)
    assert listed.status_code == (200 if who == HQ_AUDITOR else 403)


async def test_no_answer_holds_a_key(api: Caller, settings: Settings) -> None:
    await _rotate(api, "personal")
    text = (await api.get("/keys", ADMIN)).text
    stored = settings.keyring_path.read_text()
    assert not [word for word in stored.split('"') if len(word) == 44 and word in text]


async def test_every_round_of_sealing_anew_is_on_record(api: Caller, database: Database) -> None:
    for number in range(3):
        await api.opened(customer={"name": "Ms Li", "phone": f"1385550{number:04d}"})
    await _rotate(api, "personal")
    (current,) = [one["id"] for one in await _listed(api, "personal") if one["current"]]
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    asked = select(accesses).where(accesses.c.operation == "rewrap_keys", accesses.c.outcome == "changed")
    with engine.begin() as link:
        before = len(link.execute(asked).all())
    after, left = "", list[int]()
    while after or not left:
        page = (await api.post("/keys/rewrap", {"after": after, "limit": 1}, ADMIN)).json()
        after = page["next"]
        left.append(page["left"])
    with engine.begin() as link:
        rows = link.execute(asked.order_by(accesses.c.id)).all()[before:]
    engine.dispose()
    assert len(left) > 3
    assert [row.detail for row in rows] == [f"sealed anew with {current}, {many} left" for many in left]
    assert {row.actor_id for row in rows} == {ADMIN}


async def test_every_change_is_on_record(api: Caller, database: Database) -> None:
    old = await _rotate(api, "engine")
    (new,) = [one["id"] for one in await _listed(api, "engine") if one["current"]]
    engine = make_engine(database.app_url, 1, sight=EVERYWHERE)
    with engine.begin() as link:
        row = link.execute(
            select(accesses).where(accesses.c.operation == "rotate_key").order_by(accesses.c.id.desc()).limit(1)
        ).one()
    engine.dispose()
    assert (row.actor_id, row.outcome, row.detail) == (ADMIN, "changed", f"made engine {new}")
    assert old != new
