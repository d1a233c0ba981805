"""Witnesses are asked: they cosign, are caught up when they were away, and their *no* is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import uvicorn
from sqlalchemy.orm import Session, sessionmaker

from desk.witness import serve
from notary import cosigning, sequencer, tree
from notary.cosigning import REFUSED, Cosigner, T
from notary.keys import LogKeys
from notary.keys import Witness as Entry
from notary.note import Checkpoint, Kind, Note, Signer, read_signatures, sign
from notary.witness import Witness
from runtime import ports
from runtime.settings import load
from store import ledger, log, pulses, signing
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lives import random_life
from tests.conftest import Database

SIGNER = Signer("test.invalid/log", Kind.LOG, bytes(range(32)))
KEYS = LogKeys(SIGNER.name, (SIGNER,), (SIGNER.verifier,))
_LIVES = iter(range(7000, 8000))


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(database.app_url, 4, sight=EVERYWHERE)
    yield sessions(engine)
    engine.dispose()


class World:
    """A log in a database, one witness, and what brings it checkpoints."""

    def __init__(self, made: sessionmaker[Session], folder: Path, name: str) -> None:
        self.made = made
        self.signer = Signer.generate(name, Kind.WITNESS)
        self.port = ports.free_run(1)
        self.folder = folder / self.signer.verifier.key_id.hex()
        self.entry = Entry(self.signer.verifier, f"http://127.0.0.1:{self.port}")
        self.cosigner = self.anew()

    def anew(self) -> Cosigner:
        """Another worker's."""
        return Cosigner(self.run, load(), self.entry)

    async def run(self, step: Callable[[Session], T]) -> T:
        def stepped() -> T:
            with self.made.begin() as session:
                return step(session)

        return await asyncio.to_thread(stepped)

    def grow(self) -> int:
        """A life more in the log, signed; its size."""
        life = random_life(next(_LIVES), steps=6)
        with self.made.begin() as session:
            ledger.record(session, life.at.id, list(life.rows))
        with self.made.begin() as session:
            sequencer.sequence(session)
        with self.made.begin() as session:
            signed = sequencer.sign(session, KEYS, every=0.0)
        assert signed is not None
        return signed.size

    async def look(self, times: int = 1) -> None:
        """Rounds whose turn it is."""
        for _ in range(times):
            with self.made.begin() as session:
                session.execute(sa.text("UPDATE pulses SET at = at - interval '1 minute' WHERE name LIKE 'cosigning%'"))
            await self.cosigner.look()

    @property
    def size(self) -> int:
        with self.made() as session:
            return signing.cosigned_size(session, self.entry.name)

    @property
    def said(self) -> str:
        with self.made() as session:
            return pulses.all_of(session)[cosigning.PULSE + self.entry.name].detail

    @asynccontextmanager
    async def there(self) -> AsyncIterator[Witness]:
        """The witness answers inside the block."""
        witness = Witness(self.folder, self.signer, [SIGNER.verifier], lambda: 1_790_000_000.0)
        config = uvicorn.Config(serve(witness), port=self.port, log_level="error", lifespan="off", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not ports.is_listening(self.port):
            await asyncio.sleep(0.01)
        try:
            yield witness
        finally:
            server.should_exit = True
            await asyncio.to_thread(thread.join, 10)
            witness.release()


@pytest.fixture
def world(made: sessionmaker[Session], tmp_path: Path, request: pytest.FixtureRequest) -> World:
    return World(made, tmp_path, f"test.invalid/{request.node.name}")


async def test_a_witness_cosigns_and_is_caught_up_when_it_was_away(world: World) -> None:
    first = world.grow()
    await world.look()
    assert world.size == 0
    async with world.there():
        await world.look()
        assert world.size == first
    world.grow()
    world.grow()
    await world.look()
    assert world.size == first
    last = world.grow()
    async with world.there():
        await world.look()
        assert world.size == last
        assert world.said == str(last)
    with world.made() as session:
        kept = signing.newest(session, 1, [world.entry.name])
    assert kept is not None
    note = Note.parse(kept.note).add(read_signatures(kept.lines[world.entry.name]))
    assert len(note.verify([SIGNER.verifier, world.signer.verifier])) == 2


async def test_a_witness_that_knows_more_than_is_kept_is_asked_on(world: World) -> None:
    """A cosignature that got lost on its way: the witness tells its size, and that is where it goes on."""
    size = world.grow()
    async with world.there() as witness:
        with world.made() as session:
            body = f"old 0\n\n{log.checkpoint(session).note}"  # type: ignore[union-attr]
        assert witness.add_checkpoint(body.encode()).status == 200
        await world.look(2)
        assert world.size == size
        world.cosigner = world.anew()
        last = world.grow()
        await world.look()
        assert world.size == last


async def test_a_fork_is_told(world: World) -> None:
    world.grow()
    async with world.there() as witness:
        other = [tree.leaf_hash(bytes([n])) for n in range(3)]
        note = sign(Checkpoint(SIGNER.name, 3, tree.root_of(other)).text, [SIGNER])
        assert witness.add_checkpoint(f"old 0\n\n{note.written}".encode()).status == 200
        await world.look(2)
        assert world.size == 0
        assert world.said.startswith(REFUSED)


async def test_an_old_copy_of_the_database_is_told(world: World) -> None:
    size = world.grow()
    async with world.there() as witness:
        note = sign(Checkpoint(SIGNER.name, size + 50, bytes(32)).text, [SIGNER])
        assert witness.add_checkpoint(f"old 0\n\n{note.written}".encode()).status == 200
        await world.look()
        assert world.said.startswith(f"{REFUSED}it has cosigned {size + 50} leaves")


async def test_another_keys_cosignature_is_not_kept(world: World) -> None:
    world.grow()
    world.entry = Entry(Signer.generate(world.entry.name, Kind.WITNESS).verifier, world.entry.url)
    world.cosigner = world.anew()
    async with world.there():
        await world.look()
    assert world.size == 0
    assert "does not hold" in world.said


async def test_one_worker_asks_at_a_time(world: World) -> None:
    world.grow()
    async with world.there() as witness:
        asked = []
        handle = witness.handle
        witness.handle = lambda *given: asked.append(given) or handle(*given)  # type: ignore[method-assign,func-returns-value]
        await asyncio.gather(*(world.anew().look() for _ in range(5)))
    assert len(asked) == 1
