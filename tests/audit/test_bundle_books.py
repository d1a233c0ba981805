"""Bundles out of the database: made only when the log has them, cosigned, stamped, and whole for both verifiers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from audit import single
from audit.bundle import Known, NotYet, bundle
from audit.bundle_check import Fault, Trust, Verdict, check, compare
from notary import sequencer, stamps
from notary.cosigning import T
from notary.keys import LogKeys, Witness
from notary.note import Kind, Note, Signer
from notary.stamps import Stamper
from runtime.settings import load
from store import ledger, log, signing
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lives import Watched, random_life
from tests.conftest import Database
from tests.notary.authority import Authority, answering

LOG = Signer("test.invalid/log", Kind.LOG, bytes(range(32)))
WITNESSES = [Signer(f"test.invalid/w{n}", Kind.WITNESS, bytes([n]) * 32) for n in (1, 2)]
KEYS = LogKeys(LOG.name, (LOG,), (LOG.verifier,))
KNOWN = Known((LOG.verifier,), tuple(Witness(one.verifier, "http://127.0.0.1:9") for one in WITNESSES), 2)
TRUST = Trust((LOG.verifier,), tuple(one.verifier for one in WITNESSES), 2)
AT = 1_790_000_000
_SEEDS = iter(range(9100, 9900))


class Books:
    """A ledger, and a notary that does as it is told."""

    def __init__(self, made: sessionmaker[Session]) -> None:
        self.made = made

    def recorded(self) -> Watched:
        life = random_life(next(_SEEDS), steps=6)
        self.more(life, len(life.rows) // 2)
        return life

    def more(self, life: Watched, until: int | None = None, since: int = 0) -> None:
        with self.made.begin() as session:
            ledger.record(session, life.at.id, list(life.rows[since:until]))

    def sequenced(self) -> None:
        with self.made.begin() as session:
            sequencer.sequence(session)

    def signed(self, cosigned: int = 2) -> int:
        with self.made.begin() as session:
            made = sequencer.sign(session, KEYS, every=0.0)
            assert made is not None
            for one in WITNESSES[:cosigned]:
                line = one.sign(Note.parse(made.note).text, AT).line
                signing.keep_cosignature(session, made.size, one.name, line)
            return made.size

    def bundle(self, life: Watched, *, cosigned: bool = True) -> bytes:
        with self.made() as session:
            found = bundle(session, life.at.id, KNOWN, cosigned=cosigned)
        assert found is not None
        return found

    def awaited(self, life: Watched) -> str:
        with pytest.raises(NotYet) as refused:
            self.bundle(life)
        return refused.value.awaited


@pytest.fixture(scope="module")
def books(database: Database) -> Iterator[Books]:
    engine = make_engine(database.app_url, 4, sight=EVERYWHERE)
    yield Books(sessions(engine))
    engine.dispose()


def whole(data: bytes, trust: Trust = TRUST) -> Verdict:
    """The verdict on a bundle in which both verifiers find nothing."""
    verdict = check(data, trust)
    assert verdict.faults == []
    log_, witnesses = ([key.vkey for key in given] for given in (trust.log, trust.witnesses))
    assert single.check(data, log_, witnesses, trust.quorum)["faults"] == []
    return verdict


def test_a_bundle_waits_for_the_log_and_says_for_what(books: Books) -> None:
    life = books.recorded()
    assert books.awaited(life) == "place"
    books.sequenced()
    assert books.awaited(life) == "signature"
    size = books.signed(cosigned=1)
    assert books.awaited(life) == "cosignatures"
    early = whole(books.bundle(life, cosigned=False), Trust((LOG.verifier,), (WITNESSES[0].verifier,), 1))
    assert (early.size, len(early.cosigned)) == (size, 1)
    with books.made.begin() as session:
        signed = log.checkpoint(session)
        assert signed is not None
        line = WITNESSES[1].sign(Note.parse(signed.note).text, AT + 5).line
        signing.keep_cosignature(session, size, WITNESSES[1].name, line)
    verdict = whole(books.bundle(life))
    assert verdict.cosigned == ((WITNESSES[0].name, AT), (WITNESSES[1].name, AT + 5))
    assert len(verdict.hashes) == len(life.rows) // 2
    assert check(books.bundle(life), Trust()).faults == []


def test_a_later_bundle_goes_on_from_an_earlier_one(books: Books) -> None:
    life = books.recorded()
    books.sequenced()
    books.signed()
    early = whole(books.bundle(life))
    books.more(life, since=len(early.hashes))
    assert books.awaited(life) == "place"
    books.sequenced()
    books.signed()
    late = whole(books.bundle(life))
    assert late.hashes[: len(early.hashes)] == early.hashes
    assert len(late.hashes) == len(life.rows)
    assert compare([early, late]) == []


def test_a_witness_that_is_away_leaves_the_last_cosigned_checkpoint(books: Books) -> None:
    life = books.recorded()
    books.sequenced()
    cosigned = books.signed()
    books.recorded()
    books.sequenced()
    books.signed(cosigned=1)
    assert whole(books.bundle(life)).size == cosigned


def test_an_order_out_of_sight_has_none(books: Books) -> None:
    with books.made() as session:
        assert bundle(session, "WH20200101-NOWHERE0", KNOWN) is None


def test_a_forged_line_in_the_table_is_found_by_whoever_trusts_the_witness(books: Books) -> None:
    life = books.recorded()
    books.sequenced()
    size = books.signed(cosigned=1)
    with books.made.begin() as session:
        forged = Signer(WITNESSES[1].name, Kind.WITNESS, b"x" * 32).sign("other\n", AT).line
        signing.keep_cosignature(session, size, WITNESSES[1].name, forged)
    verdict = check(books.bundle(life), TRUST)
    assert [found.fault for found in verdict.faults] == [Fault.UNCOSIGNED]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def test_checkpoints_are_stamped_and_the_stamp_is_checked(books: Books, authority: Authority) -> None:
    life = books.recorded()
    books.sequenced()
    books.signed()

    async def run(step: Callable[[Session], T]) -> T:
        def stepped() -> T:
            with books.made.begin() as session:
                return step(session)

        return await asyncio.to_thread(stepped)

    with answering(authority) as url:
        port = str(urlsplit(url).port)
        given = {"tsa_url": url, "tsa_certificates": authority.certificates}
        refused = Stamper(run, load(**given))
        assert await refused.look() == stamps.AGAIN  # an address inside our walls that nobody named
        with books.made.begin() as session:
            session.execute(sa.text("UPDATE pulses SET at = at - interval '2 minutes' WHERE name = 'stamping'"))
        stamper = Stamper(
            run,
            load(**given, outgoing_private_hosts="127.0.0.1", outgoing_ports=port),
        )
        await stamper.look()
        with books.made() as session:
            kept = signing.last_stamp(session)
        assert kept is not None
        assert authority.verifies(kept.token, Note.parse(kept.note).text.encode())
        await stamper.look()  # nothing is due
        with books.made() as session:
            assert signing.last_stamp(session) == kept

    data = books.bundle(life)
    plain = whole(data)
    assert (plain.stamp, plain.stamped) == (True, "")
    trust = Trust(TRUST.log, TRUST.witnesses, 2, stamps.checker(authority.certificates))
    assert whole(data, trust).stamped.startswith("20")
    assert len(json.loads(data)["proof"]) < 4096


def test_a_stamp_that_is_none_is_found(books: Books, authority: Authority, tmp_path: Path) -> None:
    life = books.recorded()
    books.sequenced()
    books.signed()
    with books.made.begin() as session:
        newest = log.checkpoint(session)
        assert newest is not None
        signing.keep_stamp(session, newest.size, "test", b"no stamp at all")
    trust = Trust(TRUST.log, TRUST.witnesses, 2, stamps.checker(authority.certificates))
    verdict = check(books.bundle(life), trust)
    assert [found.fault for found in verdict.faults] == [Fault.UNSTAMPED]
    stranger = Authority(tmp_path)
    data = stranger.reply(_query(b"another text"))
    with pytest.raises(ValueError, match="does not hold"):
        stamps.checker(authority.certificates)(data, "another text")
    with pytest.raises(ValueError, match="does not hold"):
        stamps.checker(stranger.certificates)(data, "a text\n")
    assert stamps.checker(stranger.certificates)(data, "another text").startswith("20")


def _query(data: bytes) -> bytes:
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    return TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build().as_bytes()
