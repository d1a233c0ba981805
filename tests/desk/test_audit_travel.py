"""`whistle audit at` and `whistle audit process` against a running system."""

from __future__ import annotations

import asyncio
import json

import pytest

from desk.audit_process import length
from desk.client import Desk
from runtime.settings import Settings
from store.historian import Historian
from store.session import EVERYWHERE, make_engine, sessions
from tests.api.conftest import complaint
from tests.desk.conftest import run
from tests.support.notary import round_of


def written(settings: Settings) -> None:
    """What a worker's notary and historian do."""
    round_of(settings)
    assert settings.app_database_url is not None
    engine = make_engine(settings.app_database_url, 1, sight=EVERYWHERE)
    with sessions(engine).begin() as session:
        assert Historian().step(session)
    engine.dispose()


async def test_the_past_is_shown_and_compared(address: str, desk: Desk, settings: Settings) -> None:
    number = (await asyncio.to_thread(desk.register, complaint())).order_id
    await asyncio.to_thread(written, settings)

    async def audit(*words: str) -> str:
        code, out, err = await asyncio.to_thread(run, "audit", *words, "--api", address)
        assert code == 0, out + err
        return out

    assert number in await audit("at", "latest", "--unit", "GD.net")
    assert "known up to" in await audit("at", "latest")
    assert "registered_at" in await audit("at", "2026-01-01", "--to", "now", "--order", number, "--limit", "300")
    assert "GD.net" in await audit("at", "now", "--order", number)
    found = json.loads(await audit("at", "2026-01-01T00:00", "--place", "GD", "--json"))
    assert found["wall"]["total"]["open"] == 0
    drawn = await audit("process", "--province", "GD")
    assert "OrderRegistered" in drawn
    assert "GD.net" in drawn
    code, out, err = await asyncio.to_thread(run, "audit", "at", "2100-01-01", "--api", address)
    assert code != 0
    assert "known up to" in out + err


@pytest.mark.parametrize("words", [("at", "now", "--by", "guess"), ("at", "now", "--place", "GD", "--unit", "GD.net"),
                                   ("process", "--by", "guess"), ("process", "--class", "guess")])  # fmt: skip
def test_what_cannot_be_asked_is_said_before_anything_is(words: tuple[str, ...]) -> None:
    code, out, err = run("audit", *words)
    assert code != 0
    assert "→" in out + err


def test_lengths_are_told_in_two_units() -> None:
    assert [length(n) for n in (0, 59.6, 3600, 90061)] == ["0s", "1m", "1h", "1d 1h"]
