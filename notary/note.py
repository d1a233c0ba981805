"""Signed notes: the text form in which a log's checkpoints are signed, and cosigned by witnesses.

Three formats of the Community Cryptography Specification Project, kept to the letter and read strictly:

- `c2sp.org/signed-note`: a text, an empty line, and one line `— NAME BASE64(key id || signature)` for each signature.
  A key id is the first four bytes of SHA-256(NAME || 0x0A || type || public key). A line of a key that is not known is
  passed over; a line of a known key that does not verify spoils the whole note.
- `c2sp.org/tlog-checkpoint`: the text of a note that names a log (its origin), a tree size and the root of that tree.
- `c2sp.org/tlog-cosignature`, version 1: what a witness signs over a checkpoint: `cosignature/v1`, `time SECONDS` and
  the checkpoint's text. Its signature is eight bytes of time and the Ed25519 signature.

A public key is written `NAME+ID+BASE64(type || key)` (a *vkey*), a private one `PRIVATE+KEY+NAME+ID+BASE64(type ||
seed)`. Ed25519 alone is known here: 0x01 for a log, 0x04 for a witness.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_BYTES = 16_384
"""The longest note that is read."""
MAX_SIGNATURES = 64
"""The most signature lines of a note; a reader must take at least 16."""
MAX_SIZE = 2**63 - 1
"""The largest tree size and time that are read."""

_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"
_ID = re.compile(r"[0-9a-f]{8}")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SPACE = re.compile(r"[\x09-\x0d\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
"""What Unicode calls white space, named one by one: languages disagree about it."""


class NoteError(ValueError):
    """A note, key or checkpoint is not well formed, or is not signed as it must be."""


class Kind(IntEnum):
    """The signature types that are known here, with the bytes that the specification gives them."""

    LOG = 0x01
    """Ed25519 over the text."""
    WITNESS = 0x04
    """A timestamped cosignature."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose it claims to be, and the bytes after the key id."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {_encoded(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that is known: its name, what it signs, and its 32 bytes."""

    name: str
    kind: Kind
    key: bytes

    def __post_init__(self) -> None:
        _demand_name(self.name)
        if len(self.key) != 32:
            raise NoteError(f"the key of {self.name} has {len(self.key)} bytes, not 32")

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """The key that a vkey names.

        Raises:
            NoteError: not a vkey, of an unknown type, or its id is not that of its key.
        """
        name, key_id, kind, key = _read_key(vkey, "vkey")
        verifier = cls(name, kind, key)
        if verifier.key_id.hex() != key_id:
            raise NoteError(f"the vkey of {name} names the id {key_id}, its key has {verifier.key_id.hex()}")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key together with its name."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text, for whoever is to trust it."""
        return f"{self.name}+{self.key_id.hex()}+{_encoded(bytes([self.kind]) + self.key)}"

    def made(self, signature: Signature) -> bool:
        """Whether this line claims to be of this key."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verify(self, text: str, signature: Signature) -> int:
        """Check a line of this key over a text; a cosignature's time in seconds of POSIX, 0 for a log's signature.

        Raises:
            NoteError: the signature is not this key's, or not over this text.
        """
        value, at = signature.value, 0
        if self.kind is Kind.WITNESS:
            at, value = int.from_bytes(value[:8], "big"), value[8:]
        if not self.made(signature) or len(value) != 64 or at > MAX_SIZE:
            raise NoteError(f"not a signature of {self.name}")
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(value, _message(self.kind, text, at))
        except (InvalidSignature, ValueError):
            raise NoteError(f"the signature of {self.name} does not fit the text") from None
        return at


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key: its name, what it signs, and its seed of 32 bytes."""

    name: str
    kind: Kind
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _demand_name(self.name)
        if len(self.seed) != 32:
            raise NoteError(f"the private key of {self.name} has {len(self.seed)} bytes, not 32")

    @classmethod
    def generate(cls, name: str, kind: Kind = Kind.LOG) -> Signer:
        """A new key."""
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Signer:
        """The key that a private key's text names; an error never repeats the text.

        Raises:
            NoteError: not a private key, of an unknown type, or its id is not that of its key.
        """
        if not text.startswith(_PRIVATE):
            raise NoteError(f"a private key starts with {_PRIVATE}")
        name, key_id, kind, seed = _read_key(text.removeprefix(_PRIVATE), "private key")
        signer = cls(name, kind, seed)
        if signer.verifier.key_id.hex() != key_id:
            raise NoteError(f"the private key of {name} does not have the id that it names")
        return signer

    @property
    def text(self) -> str:
        """The private key as text: whoever has it signs as this key."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_encoded(bytes([self.kind]) + self.seed)}"

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return Verifier(self.name, self.kind, public.public_bytes_raw())

    def sign(self, text: str, at: int = 0) -> Signature:
        """This key's signature over a text; `at`, in seconds of POSIX, is what a witness says of the time."""
        value = Ed25519PrivateKey.from_private_bytes(self.seed).sign(_message(self.kind, text, at))
        if self.kind is Kind.WITNESS:
            value = at.to_bytes(8, "big") + value
        return Signature(self.name, self.verifier.key_id, value)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that was checked: whose, and the time that it names (0 where it names none)."""

    verifier: Verifier
    at: int


@dataclass(frozen=True, slots=True)
class Note:
    """A text, with its last newline, and the signatures under it; nothing of them is checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, given: str | bytes) -> Note:
        """A note as it is written.

        Raises:
            NoteError: not a note; nothing is mended.
        """
        text, signatures = _split(_decoded(given))
        return cls(text, tuple(_read_signature(line) for line in signatures))

    @property
    def written(self) -> str:
        """The note as it is written."""
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)

    def add(self, signatures: Iterable[Signature]) -> Note:
        """The same note with these signatures under it too; those that it already has are not repeated."""
        new = [signature for signature in signatures if signature not in self.signatures]
        return Note(self.text, (*self.signatures, *new))

    def verify(self, verifiers: Iterable[Verifier]) -> tuple[Signed, ...]:
        """The signatures of these keys, each checked; a key that signed more than once is named once.

        Empty when none of them signed: it is the caller who says which of them must.

        Raises:
            NoteError: a line of one of these keys does not verify.
        """
        found: dict[tuple[str, bytes], Signed] = {}
        for verifier in verifiers:
            for signature in self.signatures:
                if verifier.made(signature):
                    at = verifier.verify(self.text, signature)
                    found.setdefault((verifier.name, verifier.key), Signed(verifier, at))
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's tree at one size: what the text of its note says."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if any(not line or "\n" in line or _CONTROL.search(line) for line in lines):
            raise NoteError("a line of a checkpoint is empty or has a control character")
        if len(self.root) != 32:
            raise NoteError(f"the root has {len(self.root)} bytes, not 32")
        if not 0 <= self.size <= MAX_SIZE:
            raise NoteError(f"{self.size} is no size of a tree")

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint that a note's text is.

        Raises:
            NoteError: the text is no checkpoint.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1]:
            raise NoteError("a checkpoint has three lines at least: origin, size and root")
        origin, size, root, *extensions = lines[:-1]
        return cls(origin, read_decimal(size, "size"), read_base64(root, "root"), tuple(extensions))

    @property
    def text(self) -> str:
        """The text of the note, which is what is signed."""
        lines = (self.origin, str(self.size), _encoded(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def sign(text: str, signers: Sequence[Signer], at: int = 0) -> Note:
    """A note with this text and these keys' signatures.

    Raises:
        NoteError: no note can have this text.
    """
    note = Note(text, tuple(signer.sign(text, at) for signer in signers))
    if Note.parse(note.written) != note:
        raise NoteError("no note can have this text")
    return note


def read_signatures(given: str | bytes) -> tuple[Signature, ...]:
    """Signature lines alone, such as a witness answers with.

    Raises:
        NoteError: a line is none, or there are too many or none at all.
    """
    return tuple(_read_signature(line) for line in _lines(_decoded(given)))


def read_decimal(text: str, what: str) -> int:
    """A number as checkpoints write it: ASCII digits without leading zeros, at most 2^63 - 1.

    Raises:
        NoteError: written otherwise.
    """
    if _DECIMAL.fullmatch(text) is None or int(text) > MAX_SIZE:
        raise NoteError(f"the {what} is no decimal number as a checkpoint has it")
    return int(text)


def read_base64(text: str, what: str) -> bytes:
    """Bytes of standard base64 in its one canonical writing.

    Raises:
        NoteError: written otherwise.
    """
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        value = b""
    if not value or _encoded(value) != text:
        raise NoteError(f"the {what} is not base64")
    return value


def _message(kind: Kind, text: str, at: int) -> bytes:
    """What is signed over a text."""
    header = f"cosignature/v1\ntime {at}\n" if kind is Kind.WITNESS else ""
    return (header + text).encode()


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _decoded(given: str | bytes) -> str:
    try:
        raw = given.encode() if isinstance(given, str) else given
        if len(raw) > MAX_BYTES:
            raise NoteError(f"longer than {MAX_BYTES} bytes")
        text = raw.decode("utf-8")
    except UnicodeError:
        raise NoteError("not UTF-8") from None
    if _CONTROL.search(text):
        raise NoteError("it has a control character other than newline")
    return text


def _split(whole: str) -> tuple[str, list[str]]:
    """Text and signature lines, apart at the last empty line."""
    head, blank, tail = whole.rpartition("\n\n")
    if not blank:
        raise NoteError("no empty line stands before its signatures")
    return f"{head}\n", _lines(tail)


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if lines.pop() or not lines:
        raise NoteError("it has no signature line that ends in a newline")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"more than {MAX_SIGNATURES} signatures")
    return lines


def _read_signature(line: str) -> Signature:
    name, _, value = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise NoteError("a signature line starts with an em dash and a space")
    _demand_name(name)
    raw = read_base64(value, f"signature of {name}")
    if len(raw) < 5:
        raise NoteError(f"the signature of {name} is too short")
    return Signature(name, raw[:4], raw[4:])


def _demand_name(name: str) -> None:
    if not name or "+" in name or _SPACE.search(name) or _CONTROL.search(name):
        raise NoteError("a key's name is not empty and has neither spaces nor '+'")


def _read_key(text: str, what: str) -> tuple[str, str, Kind, bytes]:
    """Name, id, type and bytes of a key as text."""
    name, _, rest = text.partition("+")
    key_id, _, value = rest.partition("+")
    if _ID.fullmatch(key_id) is None:
        raise NoteError(f"a {what} is NAME+ID+BASE64, its ID eight hexadecimal digits")
    raw = read_base64(value, what)
    if raw[0] not in set(Kind):
        raise NoteError(f"the {what} of {name} is of type 0x{raw[0]:02x}, which is not known here")
    return name, key_id, Kind(raw[0]), raw[1:]
