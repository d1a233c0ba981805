"""`whistle keys`, as an operator types it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import secret_keys
from desk import secret_keys as commands
from runtime import keyring
from runtime.settings import Settings
from runtime.stack import EmbeddedStack
from tests.api.conftest import complaint
from tests.conftest import Database
from tests.desk.conftest import Whistle


@pytest.fixture(scope="module")
def settings(stack: EmbeddedStack, database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shared servers, with a database and keys of this module's own."""
    path: Path = tmp_path_factory.mktemp("keys") / "keys.json"
    keyring.ensure(path)
    urls = {"database_url": database.owner_url, "app_database_url": database.app_url}
    return stack.settings.model_copy(update={**urls, "keys_file": path})


async def opened(address: str, count: int) -> None:
    """So many orders of as many customers."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        for number in range(count):
            headers = {"Authorization": "Bearer dev:gd-agent-1", "Idempotency-Key": f"secret-keys-{number}"}
            body = complaint(customer={"name": "Ms Li", "phone": f"1390000{number:04d}"})
            answer = await http.post("/v1/orders", json=body, headers=headers)
            assert answer.status_code == 201, answer.text


async def listed(whistle: Whistle, *words: str) -> list[dict[str, Any]]:
    code, out, err = await whistle("keys", *words, "--json")
    assert (code, err) == (0, ""), (out, err)
    found: list[dict[str, Any]] = json.loads(out)
    return found


async def test_a_new_personal_key_seals_every_customer_anew(
    whistle: Whistle, address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(address, 5)
    (old,) = [one for one in await listed(whistle, "list") if one["kind"] == "personal"]
    assert (old["current"], old["customers"]) == (True, 5)
    monkeypatch.setattr(commands, "ROUND", 2)
    code, out, err = await whistle("keys", "rotate", "personal")
    assert code == 0
    assert "round 3 · 尚余 / still left: 0" in err
    kek, _ = keyring.load(settings.keyring_path).kek()
    assert kek in out
    after = {one["id"]: one for one in await listed(whistle, "list")}
    assert (after[old["id"]]["customers"], after[kek]["customers"]) == (0, 5)
    assert (after[old["id"]]["current"], after[kek]["current"]) == (False, True)


async def test_an_old_key_is_dropped_once_nobody_can_be_using_it(
    whistle: Whistle, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = next(one["id"] for one in await listed(whistle, "list") if one["kind"] == "personal" and not one["current"])
    code, _, err = await whistle("keys", "drop", old)
    assert code == 1
    assert "a moment ago" in err
    assert len(err.strip().splitlines()) == 1
    monkeypatch.setattr(secret_keys, "SETTLED", timedelta(0))
    code, out, _ = await whistle("keys", "drop", old)
    assert code == 0
    assert old not in out
    assert old not in keyring.load(settings.keyring_path).keks


async def test_what_was_interrupted_is_finished(whistle: Whistle, settings: Settings) -> None:
    made = keyring.add_kek(settings.keyring_path)
    after = {one["id"]: one for one in await listed(whistle, "rewrap")}
    assert after[made]["customers"] == 5
    assert sum(one["customers"] or 0 for one in after.values()) == 5


async def test_an_engine_key_needs_no_sealing(whistle: Whistle, settings: Settings) -> None:
    code, out, err = await whistle("keys", "rotate", "engine")
    assert (code, err) == (0, "")
    assert keyring.load(settings.keyring_path).codec()[0] in out


async def test_others_are_refused_in_one_line(whistle: Whistle) -> None:
    code, _, err = await whistle("keys", "rotate", "engine", "--as", "gd-agent-1")
    assert code == 1
    assert "administrator" in err
    assert len(err.strip().splitlines()) == 1
