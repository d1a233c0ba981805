"""The notary of a worker: what is recorded is sequenced and signed soon, by one of however many; a lag is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from api.gateway import Gateway
from notary.keys import log_verifiers
from notary.note import Note
from runtime.faults import SetupError
from runtime.settings import Profile, Settings
from store import ledger, log, pulses
from store.session import EVERYWHERE, make_engine, sessions
from tests.conftest import Database
from tests.store.stories import closing, rows
from watch.notary import Notary


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(database.app_url, 2, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


def recorded(made: sessionmaker[Session]) -> str:
    life = closing()
    with made.begin() as session:
        ledger.record(session, life.at.id, rows(life))
    return life.at.id


async def until_signed(made: sessionmaker[Session], order_id: str) -> log.Signed:
    async with asyncio.timeout(20):
        while True:
            with made() as session:
                leaf, newest = log.leaf(session, order_id, 1), log.checkpoint(session)
            if leaf is not None and newest is not None and newest.size > leaf.position:
                return newest
            await asyncio.sleep(0.1)


async def test_without_a_key_events_get_their_places_and_the_lag_is_told(
    gateway: Gateway, settings: Settings, made: sessionmaker[Session], tmp_path: Path
) -> None:
    bare = settings.model_copy(update={"profile": Profile.PRODUCTION, "log_key_path": tmp_path / "none.key"})
    order_id = recorded(made)
    with pytest.raises(SetupError, match=r"none\.key"):
        await Notary(gateway, bare).once()
    with made() as session:
        assert log.leaf(session, order_id, 1) is not None
        assert log.checkpoint(session) is None
        assert pulses.ages(session).log > 0


async def test_of_several_workers_one_sequences_and_signs_what_is_recorded(
    gateway: Gateway, settings: Settings, made: sessionmaker[Session]
) -> None:
    notaries = [asyncio.create_task(Notary(gateway, settings).run()) for _ in range(2)]
    try:
        signed = [await until_signed(made, recorded(made)) for _ in range(2)]
    finally:
        for one in notaries:
            one.cancel()
        await asyncio.wait(notaries)
    assert signed[0].size < signed[1].size
    assert len(Note.parse(signed[1].note).verify(log_verifiers(settings))) == 1
    with made() as session:
        assert pulses.ages(session).log == 0
        assert pulses.NOTARY in pulses.all_of(session)
