"""Checking a bundle, from nothing but its bytes and the keys that whoever checks it trusts.

What a bundle without faults shows, and to whom, is in docs/audit.md. `audit.single` comes to the same with nothing of
ours; the tests hold them against each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import Any

import rfc8785

from audit import proof as proofs
from audit.bundle import FORM, PROOF_FORM
from audit.proof import Head, Proof, Sealed
from notary import tree
from notary.note import Checkpoint, Kind, Note, NoteError, Verifier, read_base64, read_decimal

MAX_BYTES = 64 * 1024 * 1024
MAX_PATH = 63
MAX_DEPTH = 100
"""Lists and objects inside each other, as deep as every verifier reads."""
_EXACT = 2**53
_MEMBERS: dict[str, dict[str, type]] = {
    "": {"form": str, "order": dict, "proof": str, "keys": dict},
    "order": {"order_id": str, "form": str, "events": list, "head": dict},
    "head": {"seq": int, "hash": str},
    "event": {"event": dict, "hash": str},
    "keys": {"log": list, "witnesses": list},
    "stamp": {"proof": str, "token": str},
}


class Fault(StrEnum):
    """What is wrong with a bundle, beside what may be wrong with its events (`audit.proof.Fault`)."""

    MALFORMED = "malformed"
    """It is no bundle, or not written as one; nothing else was looked at."""
    EXCLUDED = "excluded"
    """The proof does not show the last event in the log at that checkpoint."""
    FORGED = "forged"
    """A signature is not that of the key that it names, or keys and signatures do not go together."""
    UNSIGNED = "unsigned"
    """No key of the log that is trusted signed the checkpoint."""
    UNCOSIGNED = "uncosigned"
    """Fewer of the trusted witnesses cosigned it than must."""
    UNSTAMPED = "unstamped"
    """The time stamp is not one over what it stands beside."""
    FORKED = "forked"
    """Two bundles cannot both be of one log: they show different histories."""
    CUT = "cut"
    """A bundle has fewer of the order's events than were in the log at its checkpoint, as another one shows."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the checker believes: keys of the log, witnesses, how many of them must cosign, and a check of stamps.

    Without keys of the log the file's own are taken, and nothing is shown about who made it.
    """

    log: tuple[Verifier, ...] = ()
    witnesses: tuple[Verifier, ...] = ()
    quorum: int = 0
    stamp: Callable[[bytes, str], str] | None = None
    """Checks a token over a text: the stamp's time; raises ValueError."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is wrong: what, with which event (0 for the whole), and what exactly."""

    fault: str
    seq: int = 0
    detail: str = ""


@dataclass(slots=True)
class Verdict:
    """What a bundle says, and what is wrong with it. With faults nothing of what it says is to be believed."""

    faults: list[Found] = field(default_factory=list)
    order_id: str = ""
    hashes: tuple[str, ...] = ()
    last_at: str = ""
    origin: str = ""
    size: int = 0
    root: str = ""
    position: int = 0
    signed_by: tuple[str, ...] = ()
    """Names of the trusted keys of the log that signed, each with its id."""
    cosigned: tuple[tuple[str, int], ...] = ()
    """The trusted witnesses that cosigned, each with the time that it names, in seconds of POSIX."""
    stamped: str = ""
    """The time of the stamp, where it was checked."""
    stamp: bool = False
    """Whether there is a stamp."""

    def wrong(self, fault: str, detail: str = "", seq: int = 0) -> None:
        """Note a fault."""
        self.faults.append(Found(str(fault), seq, detail))


class _Malformed(ValueError):  # noqa: N818 - it says what the file is
    pass


def check(data: bytes, trust: Trust | None = None) -> Verdict:
    """What a bundle says, and everything that is wrong with it."""
    verdict, trust = Verdict(), trust or Trust()
    try:
        content = _read(data)
        known = _keys(content["keys"])
        inclusion = _Inclusion.parse(content["proof"])
        stamp = _Inclusion.parse(content["stamp"]["proof"]) if "stamp" in content else None
        token = read_base64(content["stamp"]["token"], "token") if "stamp" in content else b""
    except ValueError as error:
        verdict.wrong(Fault.MALFORMED, str(error))
        return verdict
    leaf = _order(verdict, content["order"])
    _log(verdict, inclusion, leaf, known, trust)
    if stamp is not None:
        verdict.stamp = True
        _stamp(verdict, stamp, token, leaf, [key for key in known if key.kind is Kind.LOG], trust)
    return verdict


def compare(verdicts: Sequence[Verdict]) -> list[Found]:
    """What is wrong between bundles of which each is whole: histories that cannot both be true."""
    found = []
    for one, other in combinations(verdicts, 2):
        if one.origin != other.origin:
            continue
        if one.size == other.size and one.root != other.root:
            found.append(Found(Fault.FORKED, detail=f"two trees of {one.size} leaves"))
        if one.order_id != other.order_id:
            continue
        less, more = sorted((one, other), key=lambda verdict: len(verdict.hashes))
        shared = len(less.hashes)
        if less.hashes != more.hashes[:shared]:
            found.append(Found(Fault.FORKED, detail=f"two histories of {one.order_id}"))
        elif shared < len(more.hashes) and more.position < less.size:
            found.append(Found(Fault.CUT, shared + 1, f"at {less.size} leaves, though there is one at {more.position}"))
    return found


@dataclass(frozen=True, slots=True)
class _Inclusion:
    """A tlog-proof, read."""

    index: int
    path: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, text: str) -> _Inclusion:
        head, blank, rest = text.partition("\n\n")
        form, *lines = head.split("\n")
        if not blank or form != PROOF_FORM or not lines or not lines[0].startswith("index "):
            raise _Malformed(f"the proof is no {PROOF_FORM}")
        index = read_decimal(lines[0].removeprefix("index "), "index")
        path = tuple(read_base64(line, "hash of the proof") for line in lines[1:])
        if len(path) > MAX_PATH or any(len(step) != tree.HASH for step in path):
            raise _Malformed("the proof has too many hashes, or one that is none")
        note = Note.parse(rest)
        return cls(index, path, note, Checkpoint.parse(note.text))

    def shows(self, leaf: bytes) -> bool:
        """Whether the leaf is in the tree."""
        return tree.includes(leaf, self.index, self.checkpoint.size, self.path, self.checkpoint.root)


def _read(data: bytes) -> dict[str, Any]:
    """The content of the file, each member of its type; the file is written in the one way in which it can be."""
    if len(data) > MAX_BYTES:
        raise _Malformed(f"longer than {MAX_BYTES} bytes")
    try:
        content = json.loads(data.decode(), parse_int=_integer, parse_constant=_refuse)
        if _deep(content):
            raise _Malformed(f"more than {MAX_DEPTH} lists and objects inside each other")
        if rfc8785.dumps(content) + b"\n" != data:
            raise _Malformed("it is not written as RFC 8785 says, with a newline behind")
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise _Malformed(f"it cannot be read: {type(error).__name__}") from None
    _demand("", content, optional={"stamp": dict})
    if content["form"] != FORM:
        raise _Malformed(f"its form is not {FORM}")
    _demand("order", content["order"])
    _demand("head", content["order"]["head"])
    for event in content["order"]["events"]:
        _demand("event", event)
    _demand("keys", content["keys"])
    if "stamp" in content:
        _demand("stamp", content["stamp"])
    return dict(content)


def _deep(content: Any) -> bool:
    """Whether more lists and objects stand inside each other than may."""
    level = [content]
    for _ in range(MAX_DEPTH + 1):
        level = [one for one in level if isinstance(one, dict | list)]
        if not level:
            return False
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return True


def _demand(what: str, given: Any, optional: dict[str, type] | None = None) -> None:
    members = {**_MEMBERS[what], **{name: kind for name, kind in (optional or {}).items() if name in given}}
    if not isinstance(given, dict) or given.keys() != members.keys():
        raise _Malformed(f"{what or 'the file'} has other members than it must")
    for name, kind in members.items():
        if type(given[name]) is not kind:
            raise _Malformed(f"{name} is of another type than it must be")


def _integer(text: str) -> int | float:
    """A number as RFC 8785 knows it: a double, which an integer is as long as it is exact."""
    return int(text) if len(text) < 17 and abs(int(text)) < _EXACT else float(text)


def _refuse(text: str) -> Any:
    raise _Malformed(f"{text} is no number")


def _keys(given: dict[str, Any]) -> list[Verifier]:
    """The keys that the file names, those of the log first."""
    found = []
    for member, kind in (("log", Kind.LOG), ("witnesses", Kind.WITNESS)):
        for vkey in given[member]:
            if not isinstance(vkey, str):
                raise _Malformed("a key is no text")
            verifier = Verifier.parse(vkey)
            if verifier.kind is not kind:
                raise _Malformed(f"{verifier.name} stands among other keys")
            found.append(verifier)
    if len({(key.name, key.key_id) for key in found}) < len(found) or len({key.key for key in found}) < len(found):
        raise _Malformed("a key stands there twice")
    return found


def _order(verdict: Verdict, given: dict[str, Any]) -> bytes:
    """Check the chain; the leaf that the head stands for, b'' where it stands for none."""
    events = tuple(Sealed(one["event"], one["hash"]) for one in given["events"])
    head = Head(given["head"]["seq"], given["head"]["hash"])
    chain = Proof(given["order_id"], given["form"], events, head)
    for found in proofs.faults(chain):
        verdict.wrong(found.fault, seq=found.seq)
    verdict.order_id = chain.order_id
    verdict.hashes = tuple(event.hash for event in events)
    verdict.last_at = str(events[-1].event.get("at", "")) if events else ""
    try:
        content = bytes.fromhex(head.hash) if len(head.hash) == 2 * tree.HASH else b""
    except ValueError:
        content = b""
    return tree.leaf_hash(content) if len(content) == tree.HASH else b""


def _log(verdict: Verdict, given: _Inclusion, leaf: bytes, known: list[Verifier], trust: Trust) -> None:
    """Check the place in the log, and who has signed for the log."""
    checkpoint = given.checkpoint
    verdict.origin, verdict.size, verdict.root = checkpoint.origin, checkpoint.size, checkpoint.root.hex()
    verdict.position = given.index
    if not given.shows(leaf):
        verdict.wrong(Fault.EXCLUDED)
    signed = _signatures(verdict, Fault.FORGED, given, known)
    if signed is None:
        return
    by = {key.key: at for key, at in signed}
    ours = trust.log or tuple(key for key in known if key.kind is Kind.LOG)
    seen = [key for key in ours if key.key in by and key.name == checkpoint.origin and key in known]
    verdict.signed_by = tuple(f"{key.name}+{key.key_id.hex()}" for key in seen)
    if not seen:
        verdict.wrong(Fault.UNSIGNED)
    witnesses = trust.witnesses or (() if trust.log else tuple(key for key in known if key.kind is Kind.WITNESS))
    seen = [key for key in dict.fromkeys(witnesses) if key in known]
    verdict.cosigned = tuple((key.name, by[key.key]) for key in seen)
    if len(seen) < trust.quorum:
        verdict.wrong(Fault.UNCOSIGNED, f"{len(seen)} of {trust.quorum}")


def _signatures(
    verdict: Verdict, fault: Fault, given: _Inclusion, known: Iterable[Verifier]
) -> list[tuple[Verifier, int]] | None:
    """Each of these keys with the time of its signature; None where they and the lines are not one to one."""
    keys = list(known)
    lines = given.note.signatures
    origin = given.checkpoint.origin
    if len(lines) != len(keys) or any(key.kind is Kind.LOG and key.name != origin for key in keys):
        verdict.wrong(fault, "keys and signatures do not go together")
        return None
    try:
        found = given.note.verify(keys)
    except NoteError as error:
        verdict.wrong(fault, str(error))
        return None
    if len(found) != len(keys):
        verdict.wrong(fault, "keys and signatures do not go together")
        return None
    return [(one.verifier, one.at) for one in found]


def _stamp(verdict: Verdict, given: _Inclusion, token: bytes, leaf: bytes, known: list[Verifier], trust: Trust) -> None:
    """Check the stamp: its checkpoint is of the same log and has the event, and the token is over it."""
    same = given.checkpoint.origin == verdict.origin and given.index == verdict.position
    signers = [key for key in known if any(key.made(line) for line in given.note.signatures)]
    if not same or not signers or not given.shows(leaf):
        verdict.wrong(Fault.UNSTAMPED, "the stamped checkpoint is of another log, or does not have the event")
        return
    if _signatures(verdict, Fault.UNSTAMPED, given, signers) is None or trust.stamp is None:
        return
    try:
        verdict.stamped = trust.stamp(token, given.note.text)
    except ValueError as error:
        verdict.wrong(Fault.UNSTAMPED, str(error))
