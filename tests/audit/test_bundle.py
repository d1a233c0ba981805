"""Bundles: clean ones pass and tampered ones are found, by both verifiers alike, whatever was done to them."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
import rfc8785

from audit import proof, single
from audit.bundle_check import Fault, Found, Trust, Verdict, check, compare
from notary.note import Note, Signer
from runtime.settings import PROJECT
from tests.audit import bundle_vectors
from tests.audit.oddities import oddities
from tests.audit.offline import AT, LOG, TAMPERINGS, TRUST, WITNESSES, Archive, Tamper, raw, rehashed
from tests.audit.vectors import DOCUMENTS

ODD = oddities(Archive(12, 4000))
ROUNDS = int(os.environ.get("TAMPERINGS", "20"))
"""Tamperings of each kind in this run."""
VKEYS = [LOG.verifier.vkey], [one.verifier.vkey for one in WITNESSES], 2


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(12, 4000)


def both(data: bytes, trust: Trust = TRUST) -> tuple[Verdict, dict[str, Any]]:
    """What the two verifiers say, which is the same."""
    ours = check(data, trust)
    log, witnesses = ([key.vkey for key in keys] for keys in (trust.log, trust.witnesses))
    theirs = single.check(data, log, witnesses, trust.quorum)
    assert sorted((found.fault, found.seq) for found in ours.faults) == sorted(
        (fault, seq) for fault, seq, _ in theirs["faults"]
    )
    if not any(found.fault == Fault.MALFORMED for found in ours.faults):
        assert list(ours.hashes) == theirs["hashes"]
        assert [list(one) for one in ours.cosigned] == theirs["cosigned"]
        assert (ours.order_id, list(ours.signed_by)) == (theirs["order_id"], theirs["signed_by"])
        assert (ours.size, ours.root, ours.position) == (theirs["size"], theirs["root"], theirs["position"])
    return ours, theirs


def test_clean_bundles_pass_at_every_checkpoint(archive: Archive) -> None:
    passed = 0
    for which in range(len(archive.lives)):
        for size in archive.ends[which::5]:
            if archive.places[which][0] >= size:
                continue
            verdict, _ = both(raw(archive.bundle(which, size)))
            assert verdict.faults == []
            assert verdict.cosigned == tuple((one.name, AT + size) for one in WITNESSES)
            assert verdict.signed_by == (f"{LOG.name}+{LOG.verifier.key_id.hex()}",)
            passed += 1
    assert passed > 50


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_every_tampering_is_found_by_both(archive: Archive, tamper: Tamper) -> None:
    luck = Random(tamper.__name__)
    for _ in range(ROUNDS):
        which = luck.choice([number for number, rows in enumerate(archive.lives) if len(rows) > 2])
        clean = archive.bundle(which)
        data = tamper(archive, clean, luck)
        assert data != raw(archive.bundle(which))
        verdict, _ = both(data)
        assert verdict.faults, data


@pytest.mark.parametrize("name", ODD)
def test_all_verifiers_find_the_same_in_what_programs_disagree_about(name: str) -> None:
    data, expected = ODD[name]
    verdict, _ = both(data)
    assert [(found.fault, found.seq) for found in verdict.faults] == expected


def test_a_cut_tail_is_found_beside_a_file_of_the_same_checkpoint_or_an_earlier_one_that_had_it(
    archive: Archive,
) -> None:
    which = max(range(len(archive.lives)), key=lambda number: len(archive.lives[number]))
    places = archive.places[which]

    def found(*given: tuple[int, int]) -> list[list[Any]]:
        """What both say of bundles of so many events at such checkpoints."""
        files = []
        for count, size in given:
            own = {"order": archive.order(which, count), "proof": archive.proof(places[count - 1], size)}
            files.append(raw({**archive.bundle(which), **own}))
        ours = compare([check(one, TRUST) for one in files])
        theirs = single.compare([single.check(one, *VKEYS) for one in files])
        assert [[one.fault, one.seq, one.detail] for one in ours] == theirs
        return [one[:2] for one in theirs]

    size, all_of_them = archive.ends[-1], len(places)
    earlier = [end for end in archive.ends if end > places[-1]]
    assert len(earlier) > 1
    assert found((2, size), (all_of_them, size)) == [["cut", 3]]
    assert found((all_of_them, size), (2, earlier[0])) == [["cut", 3]]
    assert found((2, size), (all_of_them, earlier[0])) == [["cut", 3]]
    before = max(end for end in archive.ends if end <= places[-1])
    count = sum(place < before for place in places)
    assert found((count, before), (all_of_them, size)) == []  # the rest came later


def test_a_cut_tail_is_found_beside_an_earlier_file(archive: Archive) -> None:
    which = max(range(len(archive.lives)), key=lambda number: len(archive.lives[number]))
    early, whole = archive.bundle(which, archive.ends[-4]), archive.bundle(which)
    cut = archive.bundle(which)
    events = cut["order"]["events"]
    del events[-2:]
    cut["order"]["head"] = {"seq": len(events), "hash": events[-1]["hash"]}
    cut["proof"] = archive.proof(archive.places[which][len(events) - 1], archive.ends[-1])
    alone, _ = both(raw(cut))
    assert alone.faults == []  # the log's own could leave out the end: the file alone does not show it
    verdicts = [check(raw(one), TRUST) for one in (early, whole, cut)]
    said = [single.check(raw(one), *VKEYS) for one in (early, whole, cut)]
    assert compare(verdicts[:2]) == []
    assert single.compare(said[:2]) == []
    if len(verdicts[0].hashes) > len(events):
        assert compare([verdicts[0], verdicts[2]])
    later = archive.bundle(which, archive.ends[-1])
    later_cut = check(raw(cut), TRUST)
    later_cut.size += 1
    assert [found.fault for found in compare([check(raw(later), TRUST), later_cut])] == [Fault.CUT]


def test_two_histories_that_are_both_signed_are_found_beside_each_other(archive: Archive) -> None:
    other = Archive(12, 4000)
    mine, forked = archive.bundle(3), other.bundle(3)
    forked["order"]["events"][1]["event"]["reason"] = "another history"
    rehashed(forked["order"])
    place = other.places[3][len(forked["order"]["events"]) - 1]
    fork = Archive(12, 4000)
    for seq, where in enumerate(fork.places[3]):
        fork.hashes[3][seq] = forked["order"]["events"][seq]["hash"]
        assert where <= place
    contents = {
        position: bytes.fromhex(fork.hashes[which][seq])
        for which, places in enumerate(fork.places)
        for seq, position in enumerate(places)
    }
    fork.grove = type(fork.grove)(fork.grove.origin, 0)
    fork.grove.grow([contents[position] for position in range(len(contents))])
    forked["proof"] = fork.proof(place, fork.ends[-1])
    verdicts = [both(raw(one))[0] for one in (mine, forked)]
    assert [verdict.faults for verdict in verdicts] == [[], []]  # whoever has all the keys can make either
    found = compare(verdicts)
    assert {one.fault for one in found} == {Fault.FORKED}
    said = [single.check(raw(one), *VKEYS) for one in (mine, forked)]
    assert [fault for fault, _, _ in single.compare(said)] == [one.fault for one in found]


def test_whom_one_trusts_decides_what_is_shown(archive: Archive) -> None:
    data = raw(archive.bundle(0))
    stranger = Signer.generate(LOG.name).verifier
    unsigned, _ = both(data, Trust((stranger,)))
    assert [found.fault for found in unsigned.faults] == [Fault.UNSIGNED]
    missing, _ = both(
        data, Trust((LOG.verifier,), (WITNESSES[0].verifier, Signer.generate("w", WITNESSES[0].kind).verifier), 2)
    )
    assert missing.faults == [Found(Fault.UNCOSIGNED, 0, "1 of 2")]
    believing, _ = both(data, Trust())
    assert believing.faults == []
    assert len(believing.cosigned) == 2


def test_a_changed_key_of_the_log_is_no_fault(archive: Archive) -> None:
    new = Signer.generate(LOG.name)
    bundle = archive.bundle(0)
    head, _, rest = bundle["proof"].partition("\n\n")
    note = Note.parse(rest)
    bundle["proof"] = f"{head}\n\n{Note(note.text, (new.sign(note.text), *note.signatures)).written}"
    bundle["keys"]["log"] = [new.verifier.vkey, LOG.verifier.vkey]
    for trusted in (new, LOG):
        verdict, _ = both(raw(bundle), Trust((trusted.verifier,), TRUST.witnesses, 2))
        assert (verdict.faults, len(verdict.signed_by)) == ([], 1)


def test_the_proof_is_small(archive: Archive) -> None:
    bundle = archive.bundle(0)
    head, _, note = bundle["proof"].partition("\n\n")
    of_a_billion = len(head) + 30 * 45 + len(note) + len(json.dumps(bundle["keys"]))
    assert of_a_billion < 4096


def test_the_single_file_writes_numbers_and_texts_as_the_library_does() -> None:
    luck = Random(8785)
    for text in DOCUMENTS:
        value = json.loads(text, parse_int=single.integer)
        assert single.canonical(value) == rfc8785.dumps(value).decode()
    for _ in range(5_000):
        (value,) = struct.unpack("<d", luck.randbytes(8))
        if value == value and abs(value) != float("inf"):
            assert single.canonical(value) == rfc8785.dumps(value).decode()
    names = {
        "".join(chr(luck.choice([luck.randrange(0xD800), luck.randrange(0xE000, 0x110000)])) for _ in range(3)): 1
        for _ in range(2000)
    }
    assert single.canonical(names) == rfc8785.dumps(names).decode()


def test_the_single_file_runs_alone(archive: Archive, tmp_path: Path) -> None:
    """Copied elsewhere, without our packages in its path, over many files at once."""
    script = tmp_path / "verify.py"
    script.write_bytes((PROJECT / "audit" / "single.py").read_bytes())
    luck = Random(9)
    files, expected = [], []
    for number in range(80):
        bundle = archive.bundle(number % len(archive.lives))
        data = raw(bundle) if number % 8 == 0 else luck.choice(TAMPERINGS[:8])(archive, bundle, luck)
        file = tmp_path / f"{number}.json"
        file.write_bytes(data)
        files.append(file.name)
        expected.append(sorted((found.fault, found.seq) for found in check(data, TRUST).faults))
    options = ["--key", LOG.verifier.vkey]
    keys = tmp_path / "witnesses"
    keys.write_text("".join(f"{one.verifier.vkey}\n" for one in WITNESSES))
    options += ["--witness", str(keys), "--quorum", "2"]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", script.name, *words, *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    ran = run(*files, "--json")
    assert (ran.returncode, ran.stderr) == (1, "")
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [sorted((fault, seq) for fault, seq, _ in one["faults"]) for one in said if "faults" in one] == expected
    clean = run(files[0])
    assert clean.returncode == 0
    assert "cosigned by test.invalid/w2 at 2026-" in clean.stdout
    believing = subprocess.run(
        [sys.executable, "-I", script.name, files[0]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert believing.returncode == 0
    assert "NO KEY WAS GIVEN" in believing.stdout


def test_the_single_file_imports_nothing_of_ours() -> None:
    text = (PROJECT / "audit" / "single.py").read_text()
    ours = {path.name for path in PROJECT.iterdir() if path.is_dir()}
    imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported & ours == set()
    assert imported <= {*sys.stdlib_module_names, "cryptography"}


def test_both_name_the_same_faults() -> None:
    text = (PROJECT / "audit" / "single.py").read_text()
    for fault in (*Fault, *proof.Fault):
        assert f'"{fault.value}"' in text


def test_the_vectors_that_the_browser_is_tested_by_are_these() -> None:
    assert bundle_vectors.PLACE.read_text() == bundle_vectors.text()
    kinds = {fault for case in bundle_vectors.vectors()["cases"] for fault, _ in case["faults"]}
    assert {"malformed", "changed", "excluded", "forged", "unsigned", "uncosigned"} <= kinds
