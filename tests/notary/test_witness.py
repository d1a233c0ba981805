"""A witness cosigns what goes on from what it cosigned before, and nothing else, whatever happens to its process."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from notary import witness as witnesses
from notary.note import Checkpoint, Kind, Note, Signer, Verifier, read_signatures, sign
from notary.witness import MAX_BODY, SIZE_TYPE, Answer, Witness
from runtime import ports
from runtime.faults import SetupError
from runtime.settings import PROJECT
from tests.notary.forest import Grove

ORIGIN = "log.example/whistle"
LOG = Signer(ORIGIN, Kind.LOG, bytes(range(32)))
OWN = Signer("witness.example/w1", Kind.WITNESS, bytes(range(32, 64)))
GROVE = Grove(ORIGIN, 600)
FORK = Grove(ORIGIN, 600, "other")
NOW = 1_790_000_000.5


def body(old: int, proof: list[bytes], note: Note) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(step).decode() for step in proof), "", note.written]
    return "\n".join(lines).encode()


def step(old: int, size: int, grove: Grove = GROVE, signer: Signer = LOG) -> bytes:
    return body(old, grove.proof(old, size), grove.note(signer, size))


@pytest.fixture
def one(tmp_path: Path) -> Witness:
    return Witness(tmp_path, OWN, [LOG.verifier], lambda: NOW)


def cosigned(answer: Answer, text: str) -> int:
    (line,) = read_signatures(answer.body)
    return OWN.verifier.verify(text, line)


def test_it_cosigns_what_goes_on(one: Witness) -> None:
    for old, size in ((0, 1), (1, 255), (255, 256), (256, 256), (256, 600)):
        answer = one.handle("POST", "/add-checkpoint", step(old, size))
        assert answer.status == 200
        assert cosigned(answer, GROVE.checkpoint(size).text) == 1_790_000_000
    kept = one.handle("GET", f"/{witnesses.origin_hash(ORIGIN)}/checkpoint", b"")
    note = Note.parse(kept.body)
    assert Checkpoint.parse(note.text).size == 600
    assert len(note.verify([LOG.verifier, OWN.verifier])) == 2


def test_it_refuses_what_does_not(one: Witness, tmp_path: Path) -> None:
    assert one.add_checkpoint(step(0, 300)).status == 200
    forked = one.add_checkpoint(step(300, 600, FORK))
    assert forked.status == 422
    same_size = one.add_checkpoint(step(300, 300, FORK))
    assert (same_size.status, same_size.content_type) == (409, witnesses.TEXT_TYPE)
    behind = one.add_checkpoint(step(200, 600))
    assert behind == Answer(409, "300\n", SIZE_TYPE)
    smaller = one.add_checkpoint(body(300, [], GROVE.note(LOG, 200)))
    assert smaller.status == 400
    unproved = one.add_checkpoint(body(300, [], GROVE.note(LOG, 600)))
    assert unproved.status == 422
    refused = Note.parse((tmp_path / f"{witnesses.origin_hash(ORIGIN)}.refused").read_bytes())
    assert refused.verify([LOG.verifier])  # the log's own signature under a tree that cannot be
    assert one.add_checkpoint(step(300, 600)).status == 200


def test_it_takes_only_logs_and_keys_that_it_knows(one: Witness) -> None:
    elsewhere = Grove("log.example/other", 3)
    assert one.add_checkpoint(body(0, [], elsewhere.note(Signer.generate("log.example/other")))).status == 404
    assert one.add_checkpoint(step(0, 5, signer=Signer.generate(ORIGIN))).status == 403
    forged = Note(GROVE.checkpoint(5).text, GROVE.note(LOG, 6).signatures)
    assert one.add_checkpoint(body(0, [], forged)).status == 403
    other = Signer.generate("somebody.example")
    both = sign(GROVE.checkpoint(5).text, [other, LOG])
    assert one.add_checkpoint(body(0, [], both)).status == 200
    kept = Note.parse(one.last(witnesses.origin_hash(ORIGIN)).body)
    assert [line.name for line in kept.signatures] == [ORIGIN, OWN.name]


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"old 0",
        b"old 00\n\n" + GROVE.note(LOG, 1).written.encode(),
        b"old -1\n\n" + GROVE.note(LOG, 1).written.encode(),
        b"0\n\n" + GROVE.note(LOG, 1).written.encode(),
        b"old 0\nAAAA\n\n" + GROVE.note(LOG, 1).written.encode(),
        b"old 0\n\xff\n\n" + GROVE.note(LOG, 1).written.encode(),
        body(0, [bytes(32)] * 64, GROVE.note(LOG, 1)),
        body(0, [], sign("no checkpoint\n", [LOG])),
        b"old 0\n\n" + b"x" * MAX_BODY,
    ],
)
def test_what_is_no_request_is_a_bad_one(one: Witness, given: bytes) -> None:
    assert one.add_checkpoint(given).status == 400


def test_an_empty_tree_has_its_one_root_and_a_proof_only_where_one_is_due(one: Witness) -> None:
    assert one.add_checkpoint(body(0, [], sign(Checkpoint(ORIGIN, 0, bytes(32)).text, [LOG]))).status == 422
    assert one.add_checkpoint(body(0, [bytes(32)], GROVE.note(LOG, 7))).status == 422
    assert one.add_checkpoint(body(0, [], GROVE.note(LOG, 0))).status == 200
    assert one.add_checkpoint(step(0, 7)).status == 200


def test_other_addresses_and_methods_are_told_apart(one: Witness) -> None:
    assert one.handle("GET", "/add-checkpoint", b"").status == 405
    assert one.handle("POST", f"/{'0' * 64}/checkpoint", b"").status == 405
    assert one.handle("GET", f"/{'0' * 64}/checkpoint", b"").status == 404
    assert one.handle("GET", "/../../etc/passwd", b"").status == 404


def test_time_does_not_go_back_where_the_clock_does(tmp_path: Path) -> None:
    clock = [NOW]
    one = Witness(tmp_path, OWN, [LOG.verifier], lambda: clock[0])
    one.add_checkpoint(step(0, 10))
    clock[0] -= 5000
    assert cosigned(one.add_checkpoint(step(10, 20)), GROVE.checkpoint(20).text) == int(NOW)


def test_a_changed_key_of_the_log_goes_on_with_the_same_tree(tmp_path: Path) -> None:
    new = Signer.generate(ORIGIN)
    one = Witness(tmp_path, OWN, [LOG.verifier, new.verifier], lambda: NOW)
    assert one.add_checkpoint(step(0, 10)).status == 200
    assert one.add_checkpoint(body(10, GROVE.proof(10, 20), sign(GROVE.checkpoint(20).text, [LOG, new]))).status == 200
    assert one.add_checkpoint(step(20, 30, signer=new)).status == 200
    assert one.add_checkpoint(step(30, 600, FORK, new)).status == 422


def test_two_processes_do_not_share_a_folder(one: Witness, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="in use by another process"):
        Witness(tmp_path, OWN, [LOG.verifier], lambda: NOW)


class Process:
    """`whistle witness`, as it is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = ports.free_run(1)
        self.start()

    def start(self) -> None:
        command = [sys.executable, "cli.py", "witness", "--state", str(self.folder), "--name", "witness.example/w9"]
        command += ["--listen", f"127.0.0.1:{self.port}", "--log", LOG.verifier.vkey]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        end = time.monotonic() + 30
        while not ports.is_listening(self.port):
            assert self.process.poll() is None, self.process.stdout and self.process.stdout.read().decode()
            assert time.monotonic() < end
            time.sleep(0.02)

    def ask(self, method: str, path: str, content: bytes = b"") -> tuple[int, str, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request(method, path, content)
            answer = link.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
        finally:
            link.close()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    @property
    def verifier(self) -> Verifier:
        return Verifier.parse((self.folder / "witness.key.pub").read_text().strip())


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    running = Process(tmp_path / "w9")
    yield running
    running.kill()


def test_a_killed_witness_still_knows_what_it_cosigned(process: Process) -> None:
    assert os.stat(process.folder / "witness.key").st_mode & 0o777 == 0o600
    before = process.verifier
    status, _, line = process.ask("POST", "/add-checkpoint", step(0, 300))
    assert status == 200
    (signature,) = read_signatures(line)
    assert before.verify(GROVE.checkpoint(300).text, signature) > 0
    process.kill()
    process.start()
    assert process.verifier == before
    assert process.ask("POST", "/add-checkpoint", step(0, 300, FORK)) == (409, SIZE_TYPE, "300\n")
    assert process.ask("POST", "/add-checkpoint", step(300, 300, FORK))[0] == 409
    assert process.ask("POST", "/add-checkpoint", step(300, 600, FORK))[0] == 422
    assert process.ask("POST", "/add-checkpoint", b"x" * (MAX_BODY * 3))[0] == 413
    status, _, note = process.ask("GET", f"/{witnesses.origin_hash(ORIGIN)}/checkpoint")
    assert (status, Checkpoint.parse(Note.parse(note).text).size) == (200, 300)
    assert process.ask("POST", "/add-checkpoint", step(300, 600))[0] == 200


def test_killed_at_any_moment_it_never_cosigns_two_trees(tmp_path: Path) -> None:
    """A child writes as fast as it can and is killed; whatever it had answered is in the folder afterwards."""
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.notary.test_witness import LOG, OWN, Witness, step\n"
        "one = Witness(Path(sys.argv[1]), OWN, [LOG.verifier], time.time)\n"
        "for size in range(int(sys.argv[2]), 600):\n"
        "    print(size, one.add_checkpoint(step(size - 1, size)).status, flush=True)\n"
    )
    size = 1
    for pause in (0.0, 0.003, 0.011):
        command = [sys.executable, "-c", script, str(tmp_path), str(size)]
        child = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        told = [child.stdout.readline()]
        time.sleep(pause)
        child.kill()
        told += child.stdout.readlines()
        child.wait(10)
        answered = [int(line.split()[0]) for line in told if line.endswith(" 200\n")]
        assert answered
        assert len([line for line in told if line.endswith("\n")]) == len(answered)
        one = Witness(tmp_path, OWN, [LOG.verifier], lambda: NOW)
        kept = Checkpoint.parse(Note.parse(one.last(witnesses.origin_hash(ORIGIN)).body).text)
        assert kept in (GROVE.checkpoint(answered[-1]), GROVE.checkpoint(answered[-1] + 1))
        assert one.add_checkpoint(step(kept.size, 600, FORK)).status == 422
        one.release()
        size = kept.size + 1
