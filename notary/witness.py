"""A witness: who remembers the last tree of a log that it cosigned, and cosigns none that does not go on from it.

It keeps one file a log, `<SHA-256 of the origin>.checkpoint`, with the last checkpoint that it cosigned. The file is on
the disk before the cosignature leaves, and one process alone has the folder: so whatever happens in between, two trees
that do not follow each other are never both cosigned. What it refuses although the log signed it is kept beside it as
`.refused`: it shows that the log has two histories.

The protocol is `c2sp.org/tlog-witness`: `POST /add-checkpoint`, and `GET /<origin hash>/checkpoint`.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from notary import keys, tree
from notary.note import Checkpoint, Kind, Note, NoteError, Signature, Signer, Verifier, read_base64, read_decimal
from runtime.faults import SetupError

MAX_BODY = 20_000
"""The longest request that is read: the longest note, and the longest proof."""
MAX_PROOF = 63
SIZE_TYPE = "text/x.tlog.size"
"""The content type of an answer that tells the size that the witness knows."""
TEXT_TYPE = "text/plain; charset=utf-8"

_GET = re.compile(r"/([0-9a-f]{64})/checkpoint")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness answers over HTTP."""

    status: int
    body: str
    content_type: str = TEXT_TYPE


class Witness:
    """One witness over one folder, which it holds until its process ends. Not for several threads at once.

    Attributes:
        signer: its own key.
    """

    def __init__(self, folder: Path, signer: Signer, logs: Sequence[Verifier], now: Callable[[], float]) -> None:
        """Take the folder.

        Raises:
            SetupError: another process has it, or it cannot be written.
        """
        if signer.kind is not Kind.WITNESS:
            raise SetupError(f"{signer.name} 不是见证人的密钥", f"the key of {signer.name} is not a witness's")
        self.signer = signer
        self._folder = folder
        self._logs = tuple(logs)
        self._now = now
        self._lock = _hold(folder)

    def release(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)

    def handle(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to a request."""
        if path == "/add-checkpoint":
            return self.add_checkpoint(body) if method == "POST" else Answer(405, "POST a checkpoint here\n")
        found = _GET.fullmatch(path)
        if found is None:
            return Answer(404, "there is /add-checkpoint, and /<SHA-256 of the origin>/checkpoint\n")
        return self.last(found[1]) if method in ("GET", "HEAD") else Answer(405, "GET a checkpoint here\n")

    def last(self, origin_hash: str) -> Answer:
        """The last checkpoint that was cosigned for a log."""
        note = self._stored(origin_hash)
        return Answer(404, "nothing was cosigned for that log\n") if note is None else Answer(200, note.written)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign a checkpoint that goes on from the last one, or say why not."""
        try:
            old, proof, note = _read(body)
            checkpoint = Checkpoint.parse(note.text)
        except NoteError as error:
            return Answer(400, f"{error}\n")
        known = [verifier for verifier in self._logs if verifier.name == checkpoint.origin]
        if not known:
            return Answer(404, "that log is not known here\n")
        try:
            signed = note.verify(known)
        except NoteError as error:
            return Answer(403, f"{error}\n")
        if not signed:
            return Answer(403, "no key that is known here signed it\n")
        return self._cosign(old, proof, Note(note.text, _of(note, known)), checkpoint)

    def _cosign(self, old: int, proof: list[bytes], note: Note, checkpoint: Checkpoint) -> Answer:
        if old > checkpoint.size:
            return Answer(400, "the old size is larger than the checkpoint's\n")
        key = origin_hash(checkpoint.origin)
        stored = self._stored(key)
        last = Checkpoint.parse(stored.text) if stored is not None else None
        size, root = (last.size, last.root) if last is not None else (0, tree.EMPTY)
        if old != size:
            return Answer(409, f"{size}\n", SIZE_TYPE)
        if not tree.continues(size, root, checkpoint.size, checkpoint.root, proof) or (
            checkpoint.size == 0 and checkpoint.root != tree.EMPTY
        ):
            _log.error("refused a checkpoint of %s: %d does not follow %d", checkpoint.origin, checkpoint.size, size)
            self._write(f"{key}.refused", note)
            if last is not None and checkpoint.size == size:
                return Answer(409, "another tree of that size was cosigned\n")
            return Answer(422, "the proof does not show that this tree goes on from the last one\n")
        before = max((signed.at for signed in stored.verify([self.signer.verifier])), default=0) if stored else 0
        cosignature = self.signer.sign(note.text, max(int(self._now()), before))  # time does not go back
        self._write(f"{key}.checkpoint", note.add([cosignature]))
        return Answer(200, cosignature.line)

    def _stored(self, key: str) -> Note | None:
        try:
            return Note.parse((self._folder / f"{key}.checkpoint").read_bytes())
        except FileNotFoundError:
            return None

    def _write(self, name: str, note: Note) -> None:
        """Put a file in its place, on the disk with its name before this returns."""
        draft = self._folder / f"{name}.new"
        with draft.open("wb") as file:
            file.write(note.written.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def origin_hash(origin: str) -> str:
    """What a log is called in a witness's addresses and files."""
    return hashlib.sha256(origin.encode()).hexdigest()


def own_key(folder: Path, name: str) -> Signer:
    """The key of the witness in this folder, `witness.key`, made if it is not there.

    Raises:
        SetupError: the file cannot be used, or the key has another name.
    """
    path = folder / "witness.key"
    if not path.exists():
        keys.write(path, [Signer.generate(name, Kind.WITNESS)])
    signer = keys.read_signer(path)
    if name and signer.name != name:
        raise SetupError(
            f"目录 {folder} 中的密钥属于 {signer.name}, 不是 {name}; 请改正名称, 或另选目录",
            f"the key in the folder {folder} is of {signer.name}, not {name}; correct the name, "
            "or choose another folder",
        )
    return signer


def _of(note: Note, known: Sequence[Verifier]) -> tuple[Signature, ...]:
    """The note's lines of these keys; others' are not kept."""
    return tuple(line for line in note.signatures if any(verifier.made(line) for verifier in known))


def _read(body: bytes) -> tuple[int, list[bytes], Note]:
    """Old size, proof and note of a request."""
    if len(body) > MAX_BODY:
        raise NoteError(f"longer than {MAX_BODY} bytes")
    head, blank, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteError("old size and proof are ASCII") from None
    if not blank or not first.startswith("old ") or len(lines) > MAX_PROOF:
        raise NoteError(f"a request is `old SIZE`, at most {MAX_PROOF} hashes, an empty line and a checkpoint")
    proof = [read_base64(line, "hash of the proof") for line in lines]
    if any(len(step) != tree.HASH for step in proof):
        raise NoteError(f"a hash of the proof has {tree.HASH} bytes")
    return read_decimal(first.removeprefix("old "), "old size"), proof, Note.parse(note)


def _hold(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SetupError(
            f"无法写入见证目录 {folder}: {error.strerror}; 请改正权限, 或另选目录",
            f"the witness's folder {folder} cannot be written: {error.strerror}; correct its permissions, "
            "or choose another",
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise SetupError(
            f"见证目录 {folder} 正被另一进程使用; 请先停止它, 或另选目录",
            f"the witness's folder {folder} is in use by another process; stop it, or choose another folder",
        ) from None
    return lock
