"""Notes, checkpoints and cosignatures are those of their specifications, and nothing else is read as one."""

import base64
import hashlib
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from notary.note import (
    MAX_SIGNATURES,
    Checkpoint,
    Kind,
    Note,
    NoteError,
    Signed,
    Signer,
    Verifier,
    read_signatures,
    sign,
)

# The worked examples of the specification and of the format's first implementation.
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
FIRST_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
FIRST_KEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"  # pragma: allowlist secret
FIRST_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
FIRST_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG = Signer("log.example/whistle", Kind.LOG, bytes(range(32)))
WITNESS = Signer("witness.example/w1", Kind.WITNESS, bytes(range(32, 64)))
CHECKPOINT = Checkpoint("log.example/whistle", 7, hashlib.sha256(b"root").digest())


def test_the_worked_examples_read_and_verify() -> None:
    spec = Verifier.parse(SPEC_VKEY)
    assert Note.parse(SPEC_NOTE).verify([spec]) == (Signed(spec, 0),)
    first = Verifier.parse(FIRST_VKEY)
    assert Note.parse(f"{FIRST_TEXT}\n{FIRST_LINE}").verify([first]) == (Signed(first, 0),)
    assert (spec.vkey, first.vkey) == (SPEC_VKEY, FIRST_VKEY)


def test_the_worked_example_is_signed_to_the_byte() -> None:
    signer = Signer.parse(FIRST_KEY)
    assert signer.text == FIRST_KEY
    assert sign(FIRST_TEXT, [signer]).written == f"{FIRST_TEXT}\n{FIRST_LINE}"
    assert "AYEKFALV" not in repr(signer)
    assert repr(signer.seed) not in repr(signer)


def test_a_checkpoint_with_a_cosignature_reads_as_it_is_written() -> None:
    note = Note.parse(SOFA)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == note.text
    assert note.written == SOFA
    log, witness = note.signatures
    assert log.key_id.hex() == "033de0ae"
    assert int.from_bytes(witness.value[:8], "big") == 1679315147


def test_a_cosignature_is_what_the_specification_says_computed_apart() -> None:
    key = Ed25519PrivateKey.from_private_bytes(WITNESS.seed)
    public = key.public_key().public_bytes_raw()
    message = b"cosignature/v1\ntime 1679315147\n" + CHECKPOINT.text.encode()
    key_id = hashlib.sha256(b"witness.example/w1\n\x04" + public).digest()[:4]
    whole = key_id + (1679315147).to_bytes(8, "big") + key.sign(message)
    line = "— witness.example/w1 " + base64.b64encode(whole).decode() + "\n"
    assert WITNESS.sign(CHECKPOINT.text, 1679315147).line == line
    note = Note.parse(f"{CHECKPOINT.text}\n{line}")
    assert note.verify([WITNESS.verifier]) == (Signed(WITNESS.verifier, 1679315147),)
    typed = base64.b64encode(bytes([4]) + public).decode()
    assert WITNESS.verifier.vkey == f"witness.example/w1+{key_id.hex()}+{typed}"


def test_a_key_is_read_back_from_what_it_writes() -> None:
    for signer in (LOG, WITNESS, Signer.generate("a/b"), Signer.generate("小/c", Kind.WITNESS)):
        assert Signer.parse(signer.text) == signer
        assert Verifier.parse(signer.verifier.vkey) == signer.verifier


def test_a_note_takes_further_signatures_and_names_each_key_once() -> None:
    note = sign(CHECKPOINT.text, [LOG])
    both = note.add([WITNESS.sign(CHECKPOINT.text, 5), WITNESS.sign(CHECKPOINT.text, 6), *note.signatures])
    assert len(both.signatures) == 3
    assert both.verify([LOG.verifier, WITNESS.verifier]) == (Signed(LOG.verifier, 0), Signed(WITNESS.verifier, 5))
    assert read_signatures("".join(one.line for one in both.signatures)) == both.signatures


def test_lines_of_keys_that_are_not_known_are_passed_over() -> None:
    same_name = Signer.generate(LOG.name)
    note = sign(CHECKPOINT.text, [same_name, WITNESS])
    assert note.verify([LOG.verifier]) == ()


def test_one_bad_line_of_a_known_key_spoils_the_note() -> None:
    good, other = LOG.sign(CHECKPOINT.text), LOG.sign("other\n")
    note = Note(CHECKPOINT.text, (good, other))
    with pytest.raises(NoteError, match="does not fit the text"):
        note.verify([LOG.verifier])


def test_a_log_signature_is_no_cosignature_and_the_other_way_round() -> None:
    seed = bytes(32)
    log, witness = Signer("k", Kind.LOG, seed), Signer("k", Kind.WITNESS, seed)
    assert log.verifier.key_id != witness.verifier.key_id
    text = "cosignature/v1\ntime 9\n" + CHECKPOINT.text
    # The log's signature over a text that looks like a cosigned one, put under the witness's id.
    forged = type(log.sign(text))("k", witness.verifier.key_id, log.sign(text).value)
    with pytest.raises(NoteError):
        Note(CHECKPOINT.text, (forged,)).verify([witness.verifier])


@pytest.mark.parametrize(
    "given",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— a AAAAAAA=",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n—a AAAAAAA=\n",
        "text\n\n— a  AAAAAAA=\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n— a\u00a0b AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— a AAAAAA==\n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a AAAAAAA\n",
        "text\n\n— a AAAA\nAAA=\n",
        "text\n\n— a AAAAAAA= \n",
        "te\rxt\n\n— a AAAAAAA=\n",
        "te\x00xt\n\n— a AAAAAAA=\n",
        "te\ud800xt\n\n— a AAAAAAA=\n",
        b"te\xffxt\n\n\xe2\x80\x94 a AAAAAAA=\n",
        "text\n\n" + "— a AAAAAAA=\n" * (MAX_SIGNATURES + 1),
        "x" * 20_000 + "\n\n— a AAAAAAA=\n",
    ],
)
def test_what_is_no_note_is_refused(given: str | bytes) -> None:
    with pytest.raises(NoteError):
        Note.parse(given)


def test_a_text_that_no_note_can_have_is_not_signed() -> None:
    for text in ("", "no newline", "tab\there\n"):
        with pytest.raises(NoteError):
            sign(text, [LOG])


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"o\n1\n{ROOT}",
        f"o\n1\n{ROOT}\n\n",
        f"\n1\n{ROOT}\n",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n１\n{ROOT}\n",
        f"o\n 1\n{ROOT}\n",
        f"o\n1.0\n{ROOT}\n",
        f"o\n9223372036854775808\n{ROOT}\n",
        f"o\n1\n{ROOT[:-2]}\n",
        f"o\n1\n{base64.b64encode(bytes(31)).decode()}\n",
        f"o\n1\n{ROOT} \n",
        f"o\n1\n{ROOT}\next\n\next\n",
        "o\n1\n\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_a_checkpoint_keeps_its_extension_lines() -> None:
    text = f"o\n0\n{ROOT}\none\ntwo\n"
    assert Checkpoint.parse(text).extensions == ("one", "two")
    assert Checkpoint.parse(text).text == text


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/foo",
        SPEC_VKEY.replace("530d903a", "530d903b"),
        SPEC_VKEY.replace("530d903a", "530D903A"),
        SPEC_VKEY.replace("example", "examplf"),
        SPEC_VKEY[:-4],
        SPEC_VKEY + "=",
        SPEC_VKEY.replace("+Ae", "+Ae "),
        "a+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode(),
    ],
)
def test_what_is_no_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(NoteError):
        Verifier.parse(vkey)


def test_a_private_key_that_is_not_one_is_refused_without_being_told() -> None:
    for text in (LOG.text[:-4], LOG.text.removeprefix("PRIVATE+"), LOG.text.replace("log.", "lag.")):
        with pytest.raises(NoteError) as refused:
            Signer.parse(text)
        assert LOG.text[-20:-4] not in str(refused.value)


def test_every_changed_byte_of_a_signed_checkpoint_is_found() -> None:
    rng = random.Random(7)
    whole = sign(CHECKPOINT.text, [LOG]).add([WITNESS.sign(CHECKPOINT.text, 1_700_000_000)]).written.encode()
    expected = (Signed(LOG.verifier, 0), Signed(WITNESS.verifier, 1_700_000_000))
    assert Note.parse(whole).verify([LOG.verifier, WITNESS.verifier]) == expected
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1 << rng.randrange(8)]) + whole[place + 1 :]
        try:
            found = Note.parse(changed).verify([LOG.verifier, WITNESS.verifier])
        except NoteError:
            continue
        assert found != expected
