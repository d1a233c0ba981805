"""The log's key: made in development, brought in production, changed without a gap; and what names a witness."""

from __future__ import annotations

from pathlib import Path

import pytest

from notary import keys
from notary.note import Checkpoint, Kind, Signer, sign
from runtime.faults import SetupError
from runtime.settings import SettingError, Settings, load

ORIGIN = "audit.example.net/whistle"
W1, W2 = (Signer(f"w{n}.example.org", Kind.WITNESS, bytes([n]) * 32).verifier for n in (1, 2))


def given(folder: Path, **more: object) -> Settings:
    return load(data_dir=folder, log_origin=ORIGIN, **more)


def test_development_makes_a_key_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = keys.log_keys(given(tmp_path))
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    assert keys.log_keys(given(tmp_path)) == first
    assert keys.log_verifiers(given(tmp_path)) == first.verifiers
    assert "PRIVATE" not in (tmp_path / "log.key.pub").read_text()


def test_production_signs_with_no_key_that_was_not_brought(tmp_path: Path) -> None:
    production = given(tmp_path, profile="production")
    with pytest.raises(SetupError, match="whistle audit key"):
        keys.log_keys(production)
    assert not (tmp_path / "log.key").exists()
    keys.write(tmp_path / "log.key", [Signer.generate(ORIGIN)])
    assert len(keys.log_keys(production).signers) == 1


def test_a_key_is_changed_by_a_line_above_it(tmp_path: Path) -> None:
    old, new = Signer.generate(ORIGIN), Signer.generate(ORIGIN)
    file = tmp_path / "log.key"
    keys.write(file, [old])
    file.write_text(f"{new.text}\n{old.text}\n")
    both = keys.log_keys(given(tmp_path))
    note = sign(Checkpoint(ORIGIN, 1, bytes(32)).text, both.signers)
    assert len(note.verify([old.verifier])) == len(note.verify([new.verifier])) == 1
    file.write_text(f"{new.text}\n{old.verifier.vkey}\n")
    after = keys.log_keys(given(tmp_path))
    assert (after.signers, after.verifiers) == ((new,), (new.verifier, old.verifier))
    assert keys.log_verifiers(given(tmp_path)) == after.verifiers


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no private key"),
        ("nonsense\n", "vkey"),
        (Signer.generate("another.example/log").text, "correct WHISTLE_LOG_ORIGIN"),
        (Signer.generate(ORIGIN, Kind.WITNESS).text, "is a witness's"),
    ],
    ids=["nothing", "nonsense", "another log's", "a witness's"],
)
def test_a_file_that_is_not_this_logs_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "log.key"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(SetupError, match=said) as refused:
        keys.log_keys(given(tmp_path))
    assert "PRIVATE" not in str(refused.value)
    file.chmod(0o640)
    with pytest.raises(SetupError, match="chmod 600"):
        keys.log_keys(given(tmp_path))


def test_witnesses_and_their_quorum(tmp_path: Path) -> None:
    named = f"{W1.vkey} http://127.0.0.1:1/, {W2.vkey} https://w2.example.org"
    found = keys.witnesses(given(tmp_path, witnesses=named))
    assert [(one.verifier, one.url) for one in found] == [(W1, "http://127.0.0.1:1"), (W2, "https://w2.example.org")]
    assert [keys.quorum(given(tmp_path, witnesses=named, witness_quorum=n)) for n in (0, 1, 2, 5)] == [2, 1, 2, 2]
    assert keys.quorum(given(tmp_path)) == 0


@pytest.mark.parametrize(
    "named",
    [f"{W1.vkey}", "x http://w", f"{W1.vkey} ftp://w", f"{W1.vkey} http://w; more"],
    ids=["no address", "no key", "no HTTP", "more than that"],
)
def test_what_names_no_witness_is_refused_at_once(tmp_path: Path, named: str) -> None:
    with pytest.raises(SettingError, match="WHISTLE_WITNESSES"):
        given(tmp_path, witnesses=named)


def test_a_witness_that_cannot_be_is_refused(tmp_path: Path) -> None:
    twice = f"{W1.vkey} http://w, {W1.vkey} http://v"
    log = f"{Signer.generate(ORIGIN).verifier.vkey} http://w"
    damaged = f"{W1.vkey.replace('w1', 'w3')} http://w"
    for named in (twice, log, damaged):
        with pytest.raises(SetupError, match="is not valid"):
            keys.witnesses(given(tmp_path, witnesses=named))
