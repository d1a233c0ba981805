"""`whistle audit verify --all` from the command line to a database and a witness, both real."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from audit.ledger_check import Fault
from bench.tampering import SIGNER, WITNESS
from desk.audit_verify import SAID
from notary import sequencer, tree
from notary.keys import LogKeys
from notary.witness import Witness
from runtime.postgres import EmbeddedPostgres
from store import ledger, log
from store.session import EVERYWHERE, make_engine, sessions
from tests.audit.lives import random_life
from tests.conftest import Database
from tests.desk.conftest import run

KEYS = LogKeys(SIGNER.name, (SIGNER,), (SIGNER.verifier,))


@pytest.fixture(scope="module")
def made(database: Database) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(database.app_url, 2, sight=EVERYWHERE)
    made = sessions(engine)
    for seed in (1, 2):
        life = random_life(seed, steps=5)
        with made.begin() as session:
            ledger.record(session, life.at.id, life.rows)
    with made.begin() as session:
        sequencer.sequence(session)
    with made.begin() as session:
        assert sequencer.sign(session, KEYS) is not None
    yield made
    engine.dispose()


@pytest.fixture(scope="module")
def address(made: sessionmaker[Session], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a witness answers that has cosigned the newest checkpoint."""
    witness = Witness(tmp_path_factory.mktemp("witness"), WITNESS, [SIGNER.verifier], lambda: 1_790_000_000.0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = witness.handle("GET", self.path, b"")
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        def log_message(self, *args: Any) -> None:
            pass

    with made() as session:
        newest = log.checkpoint(session)
    assert newest is not None
    assert witness.handle("POST", "/add-checkpoint", f"old 0\n\n{newest.note}".encode()).status == 200
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def told(database: Database, *more: str) -> tuple[int, Any]:
    code, out, err = run(
        "audit", "verify", "--all", "--database", database.app_url, "--key", SIGNER.verifier.vkey, "--json", *more
    )
    assert err == ""
    return code, json.loads(out)


def test_an_untouched_ledger_passes_with_its_witness(database: Database, address: str) -> None:
    code, report = told(database, "--witness", f"{WITNESS.verifier.vkey}@{address}")
    assert (code, report["good"], report["witnesses"], report["findings"]) == (0, True, 1, [])
    assert report["events"] == report["leaves"] > 4
    assert report["root"] != tree.EMPTY.hex()


def test_what_is_found_names_event_and_remedy(database: Database, address: str, postgres: EmbeddedPostgres) -> None:
    connection = postgres.connect(database=database.name)
    change = "SET session_replication_role = replica; UPDATE events SET reason = {} WHERE seq = 2"
    with connection.cursor() as cursor:
        cursor.execute(change.format("reason || '!'"))
        code, report = told(database, "--witness", f"{WITNESS.verifier.vkey}@{address}")
        words = ("audit", "verify", "--all", "--database", database.app_url, "--key", SIGNER.verifier.vkey)
        shown = run(*words, "--witness", f"{WITNESS.verifier.vkey}@{address}")
        cursor.execute(change.format("left(reason, -1)"))
    connection.close()
    assert (code, report["good"], report["counts"]) == (1, False, {"changed": 2})
    assert [one["seq"] for one in report["findings"]] == [2, 2]
    assert all(one["remedy"] == SAID[Fault.CHANGED][1] for one in report["findings"])
    assert shown[0] == 1
    assert (
        f"{report['findings'][0]['order_id']} · seq 2 · 位置 / position {report['findings'][0]['position']}" in shown[1]
    )
    assert SAID[Fault.CHANGED][1] in shown[1]
    assert told(database, "--witness", f"{WITNESS.verifier.vkey}@{address}")[0] == 0


def test_without_a_witness_it_says_what_that_leaves_open(database: Database) -> None:
    words = ("audit", "verify", "--all", "--database", database.app_url, "--key", SIGNER.verifier.vkey)
    code, out, _ = run(*words, "--witness", f"{WITNESS.verifier.vkey}@http://127.0.0.1:9")
    assert code == 1
    assert SAID[Fault.UNASKED][0] in out
    assert "could have recomputed everything" in out


def test_a_kept_checkpoint_stands_in_for_a_witness(
    made: sessionmaker[Session], database: Database, tmp_path: Path
) -> None:
    with made() as session:
        newest = log.checkpoint(session)
    assert newest is not None
    kept = tmp_path / "kept.txt"
    kept.write_text(newest.note)
    code, report = told(database, "--checkpoint", str(kept))
    assert (code, report["witnesses"]) == (0, 1)


@pytest.mark.parametrize(
    "words",
    [
        ("--witness", "nonsense"),
        ("--witness", SIGNER.verifier.vkey + "@http://127.0.0.1:9"),
        ("--witness", WITNESS.verifier.vkey),
        ("--key", "nonsense"),
        ("--key", WITNESS.verifier.vkey),
        ("--checkpoint", "/no/such/file"),
    ],
)
def test_what_is_not_understood_is_told(database: Database, words: tuple[str, ...]) -> None:
    given = () if "--key" in words else ("--key", SIGNER.verifier.vkey)
    code, out, err = run("audit", "verify", "--all", "--database", database.app_url, *given, *words)
    assert (code, out) == (2, "")
    assert words[0] in err


def test_a_database_that_is_away_is_told() -> None:
    code, _, err = run(
        "audit", "verify", "--all", "--database", "postgresql://nobody@127.0.0.1:9/x", "--key", SIGNER.verifier.vkey
    )
    assert code != 0
    assert "WHISTLE_APP_DATABASE_URL" in err
