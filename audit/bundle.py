"""The offline proof of one order, in one file: its events, their place in the log, and who has signed for the log.

**The file** (`whistle-bundle-1`) is one JSON object, written as RFC 8785 writes it and ended by a newline; any other
writing of it is refused, so there is nothing in it that no signature or hash stands for. Its members:

| member | what it is |
| --- | --- |
| `form` | `whistle-bundle-1` |
| `order` | the order's links with their hashes and its head, as `GET /v1/orders/{order_id}/proof` has them |
| `proof` | `c2sp.org/tlog-proof@v1`: where the order's last event stands in the log, and a signed checkpoint |
| `keys` | the vkeys of the log's keys and of the witnesses whose signatures stand under that checkpoint, no others |
| `stamp` | where there is one: `proof`, the same for a checkpoint that was stamped, and `token`, its RFC 3161 stamp |

Each event has the hash of the one before it, so the place of the last one is the place of all.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import rfc8785
from sqlalchemy.orm import Session

from audit import proof as proofs
from contracts.messages import encode
from notary import tree
from notary.keys import Witness
from notary.note import Note, NoteError, Verifier, read_signatures
from store import log, signing
from store.signing import Kept

FORM = "whistle-bundle-1"
PROOF_FORM = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Known:
    """Whose signatures a bundle is made with: the log's keys, its witnesses, and how many must have cosigned."""

    log: tuple[Verifier, ...]
    witnesses: tuple[Witness, ...]
    quorum: int


class NotYet(Exception):  # noqa: N818 - the order of things, not a fault
    """The order's last event is not under a checkpoint as it was asked for: it will be in a moment.

    Attributes:
        awaited: `place`, where the event has none in the log yet; `signature` of the log; or `cosignatures`.
    """

    def __init__(self, awaited: str) -> None:
        super().__init__(awaited)
        self.awaited = awaited


def bundle(session: Session, order_id: str, known: Known, *, cosigned: bool = True) -> bytes | None:
    """The bundle of an order, in one reading transaction; None for an order that is not in sight.

    It goes back to the newest checkpoint with enough cosignatures; without `cosigned` to the newest one at all.

    Raises:
        NotYet: there is no such checkpoint over the order's last event.
    """
    found = proofs.proof(session, order_id)
    if found is None:
        return None
    leaf = log.leaf(session, order_id, found.head.seq)
    if leaf is None:
        raise NotYet("place")
    kept = signing.newest(session, known.quorum if cosigned else 0, [witness.name for witness in known.witnesses])
    if kept is None or kept.size <= leaf.position:
        newest = log.checkpoint(session)
        raise NotYet("cosignatures" if newest is not None and newest.size > leaf.position else "signature")
    note = signed_note(kept, known)
    whole: dict[str, object] = {
        "form": FORM,
        "order": msgspec.json.decode(encode(found)),
        "proof": written(leaf.position, _path(session, leaf.position, kept.size), note),
        "keys": {
            "log": [key.vkey for key in known.log if any(map(key.made, note.signatures))],
            "witnesses": [one.verifier.vkey for one in known.witnesses if any(map(one.verifier.made, note.signatures))],
        },
    }
    stamp = signing.stamp(session, leaf.position + 1)
    if stamp is not None:
        text = written(leaf.position, _path(session, leaf.position, stamp.size), Note.parse(stamp.note))
        whole["stamp"] = {"proof": text, "token": base64.b64encode(stamp.token).decode()}
    return rfc8785.dumps(whole) + b"\n"  # type: ignore[arg-type]


def written(position: int, path: Sequence[bytes], note: Note) -> str:
    """A proof of inclusion as C2SP's tlog-proof has it."""
    lines = [PROOF_FORM, f"index {position}", *(base64.b64encode(step).decode() for step in path), ""]
    return "".join(f"{line}\n" for line in lines) + note.written


def signed_note(kept: Kept, known: Known) -> Note:
    """A checkpoint under the signatures of the keys that are known, one of each."""
    note = Note.parse(kept.note)
    lines = [line for line in note.signatures if any(key.made(line) for key in known.log)]
    for witness in known.witnesses:
        line = kept.lines.get(witness.name)
        try:
            lines += [one for one in read_signatures(line) if witness.verifier.made(one)][:1] if line else []
        except NoteError:  # whoever has written into the table: such a line proves nothing
            continue
    return Note(note.text, tuple(lines))


def _path(session: Session, position: int, size: int) -> list[bytes]:
    return tree.inclusion(log.reader(session), position, size)
