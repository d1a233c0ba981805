"""Bundles that the log's own has made and signed whole, with something in them that programs like to disagree about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import rfc8785

from audit.bundle import FORM, written
from notary import tree
from notary.note import Checkpoint, Kind, Note, Signature, Signer
from tests.audit.offline import AT, LOG, ORIGIN, WITNESSES, Archive, raw

Event = dict[str, Any]
Faults = list[tuple[str, int]]
WHICH = 10
"""The order of which they are; a short one of the archives that are tested."""
MALFORMED: Faults = [("malformed", 0)]
SPACES = {
    "nel": ("x\x85", False),
    "nbsp": ("x\xa0y", False),
    "ogham": ("\u1680", False),
    "line": ("x\u2028", False),
    "ideographic": ("x\u3000", False),
    "mongolian": ("x\u180e", True),
    "zero_width": ("x\u200b", True),
    "bom": ("x\ufeff", True),
    "delete": ("x\x7f", True),
}
"""Letters in a witness's name, and whether it may be so: white space, by Unicode, it may not have."""


def _signed(archive: Archive, change: Callable[[Event], None]) -> bytes:
    """A log of one event, changed before it was hashed, logged, signed and cosigned."""
    order = archive.order(WHICH, 1)
    event = order["events"][0]["event"]
    change(event)
    digest = hashlib.sha256(rfc8785.dumps(event)).hexdigest()
    text = Checkpoint(ORIGIN, 1, tree.leaf_hash(bytes.fromhex(digest))).text
    note = Note(text, (LOG.sign(text), *(one.sign(text, AT) for one in WITNESSES)))
    order |= {"events": [{"event": event, "hash": digest}], "head": {"seq": 1, "hash": digest}}
    keys = {"log": [LOG.verifier.vkey], "witnesses": [one.verifier.vkey for one in WITNESSES]}
    return raw({"form": FORM, "order": order, "proof": written(0, [], note), "keys": keys})


def _member(name: str, value: Any) -> Callable[[Event], None]:
    def change(event: Event) -> None:
        event[name] = value

    return change


def _merged(event: Event) -> None:
    del event["acting_for"], event["actor_id"]
    event["acting_for,actor_id"] = "x"


def _nested(depth: int, inner: Any) -> Callable[[Event], None]:
    """So many lists and objects inside each other in the whole file: five stand around an event's data."""
    value = inner
    for _ in range(depth - 5):
        value = [value]
    return _member("data", value)


def _name(archive: Archive, letters: str) -> bytes:
    """Another witness cosigned, whose name has these letters."""
    bundle = archive.bundle(WHICH)
    plain = Signer("plain", Kind.WITNESS, b"\x09" * 32)
    note = Note.parse(bundle["proof"].partition("\n\n")[2])
    key_id = hashlib.sha256(letters.encode() + b"\n" + bytes([Kind.WITNESS]) + plain.verifier.key).digest()[:4]
    value = plain.sign(note.text, AT).value
    bundle["proof"] += Signature(letters, key_id, value).line
    bundle["keys"]["witnesses"].append(f"{letters}+{key_id.hex()}+{plain.verifier.vkey.split('+', 2)[2]}")
    return raw(bundle)


def _otherwise(archive: Archive, old: str, new: str) -> bytes:
    """The first event's member, or the head's, in another writing."""
    data = raw(archive.bundle(WHICH)).decode()
    assert old in data
    return data.replace(old, new, 1).encode()


def _keys(archive: Archive, change: Callable[[str], Any]) -> bytes:
    bundle = archive.bundle(WHICH)
    bundle["keys"]["log"] = [change(bundle["keys"]["log"][0])]
    return raw(bundle)


def _head(archive: Archive, seq: Any) -> bytes:
    bundle = archive.bundle(WHICH)
    bundle["order"]["head"]["seq"] = seq
    return raw(bundle)


def oddities(archive: Archive) -> dict[str, tuple[bytes, Faults]]:
    """Each with what every verifier must find in it."""
    first, number = '"seq":1,', archive.bundle(WHICH)["order"]["head"]["seq"]
    last = f'"seq":{number}}}'
    return {
        **{
            f"name_{name}": (_name(archive, letters), [] if good else MALFORMED)
            for name, (letters, good) in SPACES.items()
        },
        "names_merged": (_signed(archive, _merged), [("changed", 1)]),
        "seq_true": (_signed(archive, _member("seq", True)), [("misplaced", 1)]),
        "seq_text": (_signed(archive, _member("seq", "1")), [("misplaced", 1)]),
        "seq_list": (_signed(archive, _member("seq", [1])), [("misplaced", 1)]),
        "seq_half": (_signed(archive, _member("seq", 1.5)), [("misplaced", 1)]),
        "seq_huge": (_signed(archive, _member("seq", 1e21)), [("misplaced", 1)]),
        "order_true": (_signed(archive, _member("order_id", True)), [("misplaced", 1)]),
        "previous_false": (_signed(archive, _member("previous", False)), [("unlinked", 1)]),
        "previous_null": (_signed(archive, _member("previous", None)), [("unlinked", 1)]),
        "member_proto": (_signed(archive, _member("__proto__", {})), [("changed", 1)]),
        "data_big": (_signed(archive, _member("data", {"n": float(2**60), "m": 2**53 - 1, "k": 1e21})), []),
        "data_true": (_signed(archive, _member("data", True)), []),
        "deep_100": (_signed(archive, _nested(100, "x")), []),
        "deep_101": (_signed(archive, _nested(101, "x")), MALFORMED),
        "deep_empty": (_signed(archive, _nested(100, {})), MALFORMED),
        "deep_900": (_signed(archive, _nested(900, "x")), MALFORMED),
        "deep_90000": (_otherwise(archive, '"data":', '"data":' + "[" * 90_000 + "]" * 90_000 + ',"x":'), MALFORMED),
        "head_true": (_head(archive, True), MALFORMED),
        "head_huge": (_head(archive, 1e21), MALFORMED),
        "head_exact": (_head(archive, float(2**53)), MALFORMED),
        "head_less": (_head(archive, -1), [("unheaded", -1)]),
        "head_point": (_otherwise(archive, last, f'"seq":{number}.0}}'), MALFORMED),
        "head_power": (_otherwise(archive, last, f'"seq":{number}e0}}'), MALFORMED),
        "seq_point": (_otherwise(archive, first, '"seq":1.0,'), MALFORMED),
        "seq_minus": (_otherwise(archive, first, '"seq":-0,'), MALFORMED),
        "seq_doubled": (_otherwise(archive, first, '"seq":1,"seq":1,'), MALFORMED),
        "form_doubled": (_otherwise(archive, '{"form":', '{"form":"","form":'), MALFORMED),
        "half_letter": (_otherwise(archive, '"reason":"', '"reason":"\\ud800'), MALFORMED),
        "key_listed": (_keys(archive, lambda vkey: [vkey]), MALFORMED),
        "key_spaced": (_keys(archive, lambda vkey: vkey + "\n"), MALFORMED),
    }
