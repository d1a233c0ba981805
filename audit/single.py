#!/usr/bin/env python3
"""Check the offline proof of an order: one file, read in one sitting, that needs Python 3.9 and `cryptography` alone.

    python3 verify.py FILE... --key VKEY [--witness VKEY]... [--quorum N]

FILE is what `whistle audit export` writes. VKEY is a public key, or a file with one a line. Exit code 0: nothing is
wrong; 1: something is, and it is said what; 2: not understood. No network, no database, nothing of the system itself.

What is checked, in this order:

1. The file is JSON as RFC 8785 writes it, and a newline; so nothing stands in it that nobody vouches for.
2. Each event's hash is the SHA-256 of the event as RFC 8785 writes it; each event names the hash of the one before it;
   the seqs are 1, 2, 3, ...; the head names the last event.
3. The last event's hash is a leaf of the log's Merkle tree (RFC 9162), at the index and in the tree that `proof` names.
4. The tree's checkpoint is signed: by a key of the log that you trust, and by as many witnesses as you demand. Each
   signature line is of a key that the file names, and each key that it names has signed.

What that shows: these events, in this order and to the last byte, were in the log when the witnesses cosigned its
checkpoint; whoever changes one of them, or shows others another history, must have the keys of the log and of so many
witnesses. What it does not show: that no event of the order came later, or was left out at the end of this file. For
that, ask for a newer one, or check several files of the order at once: one that lacks what was in the log by its
checkpoint is found.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from datetime import datetime, timezone
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any, Callable, Iterable, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BUNDLE, EVENTS, PROOF = "whistle-bundle-1", "whistle-events-1", "c2sp.org/tlog-proof@v1"
LINK = {
    "order_id", "seq", "type", "at", "actor_id", "role", "unit", "acting_for", "reason", "policy_version",
    "command_id", "data", "clocks", "previous",
}  # fmt: skip
LOG, WITNESS = 0x01, 0x04  # what a key signs: checkpoints of a log, or as a witness of it
MAX_FILE, MAX_NOTE, MAX_LINES, MAX_PATH, MAX_NUMBER = 64 << 20, 16384, 64, 63, (1 << 63) - 1
MAX_DEPTH = 100  # lists and objects inside each other
SPACE = "[\x09-\x0d\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"  # as Unicode has it


class Malformed(ValueError):  # noqa: N818 - it says what the file is
    """The file is not of the form that it must have."""


# 1. JSON as RFC 8785 writes it


def canonical(value: Any, depth: int = 1) -> str:
    """A JSON value as RFC 8785 writes it; raises Malformed for what has no such form, or is too deep."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if depth > MAX_DEPTH:
        raise Malformed("more than {} lists and objects inside each other".format(MAX_DEPTH))
    if isinstance(value, list):
        return "[" + ",".join([canonical(one, depth + 1) for one in value]) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join([canonical(name) + ":" + canonical(value[name], depth + 1) for name in names]) + "}"


def number(value: float) -> str:
    """A number as ECMAScript writes it: the shortest digits that mean this very double."""
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise Malformed("a number that JSON does not have")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + int(exponent)  # where the decimal point stands, counted from the first digit
    if len(text) <= point <= 21:
        text = text + "0" * (point - len(text))
    elif 0 < point <= 21:
        text = text[:point] + "." + text[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + text
    else:
        text = text[0] + ("." + text[1:] if text[1:] else "") + "e{:+d}".format(point - 1)
    return "-" * sign + text


def integer(text: str) -> float:
    """An integer, or the double that it means where it is past what a double has exactly."""
    return int(text) if len(text) < 17 and abs(int(text)) < 1 << 53 else float(text)


def constant(text: str) -> None:
    """Refuse NaN and the infinities, which Python would read."""
    raise Malformed(text + " is no number")


def read(raw: bytes) -> dict[str, Any]:
    """The content of the file, each member of the type that it must have."""
    if len(raw) > MAX_FILE:
        raise Malformed("too long")
    try:
        content = json.loads(raw.decode("utf-8"), parse_int=integer, parse_constant=constant)
        same = (canonical(content) + "\n").encode("utf-8") == raw
    except (UnicodeError, RecursionError) as error:
        raise Malformed("cannot be read: " + type(error).__name__) from None
    if not same:
        raise Malformed("not written as RFC 8785 says, with a newline behind")
    shape: dict[str, type] = {"form": str, "order": dict, "proof": str, "keys": dict}
    if isinstance(content, dict) and "stamp" in content:
        shape["stamp"] = dict
        demand(content, shape)
        demand(content["stamp"], {"proof": str, "token": str})
    demand(content, shape)
    order = content["order"]
    demand(order, {"order_id": str, "form": str, "events": list, "head": dict})
    demand(order["head"], {"seq": int, "hash": str})
    for event in order["events"]:
        demand(event, {"event": dict, "hash": str})
    demand(content["keys"], {"log": list, "witnesses": list})
    if content["form"] != BUNDLE:
        raise Malformed("its form is not " + BUNDLE)
    return dict(content)


def demand(given: Any, shape: dict[str, type]) -> None:
    """Raise Malformed unless it has these members, of these types."""
    if not isinstance(given, dict) or given.keys() != shape.keys():
        raise Malformed("other members than there must be")
    for name, kind in shape.items():
        if type(given[name]) is not kind:
            raise Malformed(name + " is of another type than it must be")


# 2. The order's events


def sha256(raw: bytes) -> bytes:
    """The hash that everything here is made of."""
    return hashlib.sha256(raw).digest()


def link_hash(event: dict[str, Any]) -> str:
    """The hash of an event, '' for what is none."""
    if event.keys() != LINK:
        return ""
    return sha256(canonical(event).encode("utf-8")).hex()


def check_order(order: dict[str, Any], wrong: Callable[..., None]) -> None:
    """Recompute every hash of the chain."""
    previous = ""
    for place, one in enumerate(order["events"], start=1):
        event = one["event"]
        if type(event.get("seq")) is not int or event["seq"] != place or event.get("order_id") != order["order_id"]:
            wrong("misplaced", place)
        if event.get("previous") != previous:
            wrong("unlinked", place)
        if not re.fullmatch("[0-9a-f]{64}", one["hash"]) or link_hash(event) != one["hash"]:
            wrong("changed", place)
        previous = one["hash"]
    if order["head"] != {"seq": len(order["events"]), "hash": previous} or not order["events"]:
        wrong("unheaded", order["head"]["seq"])
    if order["form"] != EVENTS:
        wrong("unknown", order["head"]["seq"])


# 3. The place in the log


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf at that index to the root of a tree of that size (RFC 9162, 2.1.3.2)."""
    if index >= size:
        return False
    node, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = sha256(b"\x01" + step + found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + step)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


class Inclusion:
    """A `c2sp.org/tlog-proof@v1`: an index, a path of hashes, and a checkpoint with the signatures under it."""

    def __init__(self, text: str) -> None:
        head, blank, note = text.partition("\n\n")
        form, *lines = head.split("\n")
        if not blank or form != PROOF or not lines or not lines[0].startswith("index "):
            raise Malformed("the proof is no " + PROOF)
        self.index = decimal(lines[0][len("index ") :])
        self.path = [base64_bytes(line) for line in lines[1:]]
        if len(self.path) > MAX_PATH or any(len(step) != 32 for step in self.path):
            raise Malformed("the proof has too many hashes, or one that is none")
        if len(note.encode("utf-8")) > MAX_NOTE or re.search("[\x00-\x09\x0b-\x1f]", note):
            raise Malformed("the checkpoint is too long, or has a control character")
        body, blank, tail = note.rpartition("\n\n")
        self.text = body + "\n"
        origin = self.text.split("\n")
        if not blank or not tail.endswith("\n") or len(origin) < 4 or not all(origin[:-1]):
            raise Malformed("the checkpoint is none")
        self.origin, self.size, self.root = origin[0], decimal(origin[1]), base64_bytes(origin[2])
        self.lines = [signature(line) for line in tail[:-1].split("\n")]
        if len(self.root) != 32 or len(self.lines) > MAX_LINES:
            raise Malformed("the checkpoint is none")

    def shows(self, leaf: bytes) -> bool:
        """Whether the leaf is in the tree."""
        return included(leaf, self.index, self.size, self.path, self.root)


def decimal(text: str) -> int:
    """A number in the one writing that checkpoints have."""
    if not re.fullmatch("0|[1-9][0-9]{0,18}", text) or int(text) > MAX_NUMBER:
        raise Malformed("no decimal number: " + text[:30])
    return int(text)


def base64_bytes(text: str) -> bytes:
    """Bytes in the one writing that base64 has for them."""
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        value = b""
    if not value or base64.b64encode(value).decode() != text:
        raise Malformed("no base64: " + text[:30])
    return value


# 4. Who has signed: c2sp.org/signed-note, and c2sp.org/tlog-cosignature v1


def key_name(name: str) -> str:
    """The name, if a key may have it."""
    if not name or "+" in name or re.search(SPACE, name) or re.search("[\x00-\x1f]", name):
        raise Malformed("no name of a key")
    return name


def signature(line: str) -> tuple[str, bytes, bytes]:
    """Name, key id and signature of a line under a checkpoint."""
    name, _, value = line[2:].partition(" ")
    raw = base64_bytes(value)
    if line[:2] != "\u2014 " or len(raw) < 5:
        raise Malformed("no signature line")
    return key_name(name), raw[:4], raw[4:]


class Key:
    """A public key, as `NAME+ID+BASE64(type || key)` says it."""

    def __init__(self, vkey: str) -> None:
        name, _, rest = vkey.partition("+")
        key_id, _, value = rest.partition("+")
        raw = base64_bytes(value)
        self.name, self.vkey, self.kind, self.key = key_name(name), vkey, raw[0], raw[1:]
        self.id = sha256(name.encode("utf-8") + b"\n" + raw)[:4]
        if self.kind not in (LOG, WITNESS) or len(self.key) != 32 or self.id.hex() != key_id:
            raise Malformed("no vkey: " + vkey[:80])

    def verify(self, value: bytes, text: str) -> int:
        """The time that a signature over the text names, 0 for a log's; raises Malformed where it is not this key's."""
        at, header = 0, ""
        if self.kind == WITNESS:
            at, value = int.from_bytes(value[:8], "big"), value[8:]
            header = "cosignature/v1\ntime {}\n".format(at)
        try:
            if len(value) != 64 or at > MAX_NUMBER:
                raise InvalidSignature
            Ed25519PublicKey.from_public_bytes(self.key).verify(value, (header + text).encode("utf-8"))
        except (InvalidSignature, ValueError):
            raise Malformed("not signed by " + self.name) from None
        return at


def read_keys(given: dict[str, Any]) -> list[Key]:
    """The keys that the file names."""
    found: list[Key] = []
    for member, kind in (("log", LOG), ("witnesses", WITNESS)):
        for vkey in given[member]:
            if not isinstance(vkey, str) or Key(vkey).kind != kind:
                raise Malformed("a key is none, or stands among others")
            found.append(Key(vkey))
    if len({(key.name, key.id) for key in found}) < len(found) or len({key.key for key in found}) < len(found):
        raise Malformed("a key stands there twice")
    return found


def check_signatures(proof: Inclusion, keys: Sequence[Key]) -> dict[str, int]:
    """The time of each key's signature; raises Malformed unless keys and signature lines go together one to one."""
    if len(proof.lines) != len(keys) or any(key.kind == LOG and key.name != proof.origin for key in keys):
        raise Malformed("keys and signatures do not go together")
    at: dict[str, int] = {}
    for name, key_id, value in proof.lines:
        for key in keys:
            if (key.name, key.id) == (name, key_id):
                at[key.vkey] = key.verify(value, proof.text)
    if len(at) != len(keys):
        raise Malformed("keys and signatures do not go together")
    return at


# The whole


def check(raw: bytes, log: Sequence[str] = (), witnesses: Sequence[str] = (), quorum: int = 0) -> dict[str, Any]:
    """What a file says, and what is wrong with it: a dictionary whose `faults` is a list of [what, seq, detail]."""
    said: dict[str, Any] = {"faults": [], "order_id": "", "hashes": [], "signed_by": [], "cosigned": []}

    def wrong(fault: str, seq: int = 0, detail: str = "") -> None:
        said["faults"].append([fault, seq, detail])

    try:
        content = read(raw)
        keys = read_keys(content["keys"])
        proof = Inclusion(content["proof"])
        stamp = Inclusion(content["stamp"]["proof"]) if "stamp" in content else None
        if stamp:
            base64_bytes(content["stamp"]["token"])
    except ValueError as error:
        wrong("malformed", 0, str(error))
        return said
    order = content["order"]
    check_order(order, wrong)
    said.update(order_id=order["order_id"], hashes=[one["hash"] for one in order["events"]], stamp=bool(stamp))
    said.update(origin=proof.origin, size=proof.size, root=proof.root.hex(), position=proof.index)
    head = order["head"]["hash"]
    leaf = sha256(b"\x00" + bytes.fromhex(head)) if re.fullmatch("[0-9a-fA-F]{64}", head) else b""
    if not proof.shows(leaf):
        wrong("excluded")
    try:
        at = check_signatures(proof, keys)
        mine = [key for key in keys if key.kind == LOG and (not log or key.vkey in log)]
        said["signed_by"] = ["{}+{}".format(key.name, key.id.hex()) for key in mine]
        if not mine:
            wrong("unsigned")
        trusted = witnesses or ([] if log else [key.vkey for key in keys if key.kind == WITNESS])
        theirs = [key for key in keys if key.kind == WITNESS and key.vkey in trusted]
        said["cosigned"] = [[key.name, at[key.vkey]] for key in theirs]
        if len(theirs) < quorum:
            wrong("uncosigned", 0, "{} of {}".format(len(theirs), quorum))
    except Malformed as error:
        wrong("forged", 0, str(error))
    if stamp:
        signers = [key for key in keys if key.kind == LOG and any(key.id == line[1] for line in stamp.lines)]
        try:
            if (stamp.origin, stamp.index) != (proof.origin, proof.index) or not signers or not stamp.shows(leaf):
                raise Malformed("the stamped checkpoint is of another log, or does not have the event")
            check_signatures(stamp, signers)
        except Malformed as error:
            wrong("unstamped", 0, str(error))
    return said


def compare(all_said: Iterable[dict[str, Any]]) -> list[list[Any]]:
    """What is wrong between files of which each is whole: histories that cannot both be true."""
    found: list[list[Any]] = []
    for one, other in combinations(all_said, 2):
        if one["origin"] != other["origin"]:
            continue
        if one["size"] == other["size"] and one["root"] != other["root"]:
            found.append(["forked", 0, "two trees of {} leaves".format(one["size"])])
        if one["order_id"] != other["order_id"]:
            continue
        less, more = sorted((one, other), key=lambda said: len(said["hashes"]))
        shared = len(less["hashes"])
        if less["hashes"] != more["hashes"][:shared]:
            found.append(["forked", 0, "two histories of " + one["order_id"]])
        elif shared < len(more["hashes"]) and more["position"] < less["size"]:
            detail = "at {} leaves, though there is one at {}".format(less["size"], more["position"])
            found.append(["cut", shared + 1, detail])
    return found


def trusted_keys(given: Iterable[str], kind: int) -> list[str]:
    """The keys that an option names: vkeys, or files with one a line."""
    found: list[Key] = []
    for entry in given:
        lines = Path(entry).read_text("utf-8").splitlines() if Path(entry).is_file() else [entry]
        found += [Key(line.strip()) for line in lines if line.strip()]
    if any(key.kind != kind for key in found):
        raise Malformed("a witness's key is no log's, and the other way round")
    return list(dict.fromkeys(key.vkey for key in found))


def tell(name: str, said: dict[str, Any], log: Sequence[str]) -> None:
    """Print what came out."""
    for fault, seq, detail in said["faults"]:
        where = " at event {}".format(seq) if seq else ""
        print("{}: WRONG: {}{}{}".format(name, fault, where, detail and ": " + detail))
    if said["faults"]:
        return
    print("{}: {}, {} events".format(name, said["order_id"], len(said["hashes"])))
    print("  in the log {} at {}, of {} events".format(said["origin"], said["position"], said["size"]))
    print("  signed by {}".format(", ".join(said["signed_by"])))
    for witness, at in said["cosigned"]:
        try:
            shown = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
        except (ValueError, OverflowError, OSError):
            shown = "second {}".format(at)
        print("  cosigned by {} at {}".format(witness, shown))
    if said["stamp"]:
        print("  has an RFC 3161 time stamp, which is not checked here; `whistle audit verify --tsa` does")
    if not log:
        print("  NO KEY WAS GIVEN (--key): the file agrees with itself, and anybody can make one that does")
    elif not said["cosigned"]:
        print("  no witness was asked for (--witness): whoever has the log's key could have made another history")


def main(words: Sequence[str] | None = None) -> int:
    """Check the files that are named; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--key", action="append", default=[], metavar="VKEY", help="a key of the log that you trust")
    parser.add_argument("--witness", action="append", default=[], metavar="VKEY", help="a witness that you trust")
    parser.add_argument("--quorum", type=int, metavar="N", help="so many of them; by default more than half")
    parser.add_argument("--json", action="store_true", help="print what came out as JSON, a line for each file")
    asked = parser.parse_args(words)
    try:
        log, witnesses = trusted_keys(asked.key, LOG), trusted_keys(asked.witness, WITNESS)
        raws = [Path(name).read_bytes() for name in asked.files]
    except (OSError, ValueError) as error:
        parser.error(str(error))
    quorum = asked.quorum if asked.quorum is not None else len(witnesses) // 2 + bool(witnesses)
    if not 0 <= quorum <= len(witnesses):
        parser.error("--quorum is more than there are --witness")
    all_said = [check(raw, log, witnesses, quorum) for raw in raws]
    between = compare([said for said in all_said if not said["faults"]])
    for name, said in zip(asked.files, all_said):
        print(json.dumps(said)) if asked.json else tell(name, said, log)
    for fault, seq, detail in between:
        print(json.dumps({"between": [fault, seq, detail]}) if asked.json else "WRONG: {}: {}".format(fault, detail))
    return 1 if between or any(said["faults"] for said in all_said) else 0


if __name__ == "__main__":
    sys.exit(main())
