"""A log of random lives in memory, bundles of its orders, and every way that we know of to tamper with one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import rfc8785

from audit.bundle import FORM, PROOF_FORM, written
from audit.bundle_check import Trust
from contracts.messages import EventRow
from notary import tree
from notary.note import Kind, Note, Signer
from store import chain
from tests.audit.lives import random_life
from tests.notary.forest import Grove

ORIGIN = "test.invalid/log"
LOG = Signer(ORIGIN, Kind.LOG, bytes(range(32)))
WITNESSES = tuple(Signer(f"test.invalid/w{n}", Kind.WITNESS, bytes([n]) * 32) for n in (1, 2))
THIEF = Signer(ORIGIN, Kind.LOG, b"\x07" * 32)
TRUST = Trust((LOG.verifier,), tuple(one.verifier for one in WITNESSES), 2)
AT = 1_790_000_000

Bundle = dict[str, Any]


class Archive:
    """Some lives in a log, a checkpoint after each."""

    def __init__(self, lives: int, seed: int) -> None:
        self.grove = Grove(ORIGIN, 0)
        self.lives = [_named(random_life(seed + number, steps=9).rows, number + 1) for number in range(lives)]
        self.hashes = [chain.hashes(rows, "") for rows in self.lives]
        self.places: list[list[int]] = [[] for _ in self.lives]
        self.ends: list[int] = []
        self._made: dict[tuple[int, int], bytes] = {}
        luck, left = Random(seed), [list(hashes) for hashes in self.hashes]
        while any(left):
            which = luck.choice([number for number, waiting in enumerate(left) if waiting])
            for hash_ in left[which][: luck.randint(1, 4)]:
                self.places[which].append(len(self.grove.leaves))
                self.grove.grow([bytes.fromhex(hash_)])
                left[which].pop(0)
            self.ends.append(len(self.grove.leaves))

    def order(self, which: int, count: int | None = None) -> dict[str, Any]:
        """An order's links, the first `count` of them."""
        rows, hashes = self.lives[which][:count], self.hashes[which][:count]
        events = [
            {"event": chain.link(row, previous), "hash": own}
            for row, previous, own in zip(rows, ("", *hashes), hashes, strict=False)
        ]
        return {
            "order_id": rows[0].order_id,
            "form": chain.FORM,
            "events": events,
            "head": {"seq": len(rows), "hash": hashes[-1]},
        }

    def note(self, size: int, at: int = AT) -> Note:
        """The checkpoint of that size, signed and cosigned."""
        text = self.grove.checkpoint(size).text
        return Note(text, (LOG.sign(text), *(one.sign(text, at + size) for one in WITNESSES)))

    def proof(self, place: int, size: int) -> str:
        """Where a leaf stands, under a checkpoint."""
        return written(place, tree.inclusion(self.grove.read, place, size), self.note(size))

    def bundle(self, which: int, size: int | None = None) -> Bundle:
        """The bundle of an order as it stood at a checkpoint, by default the last; the caller's own."""
        size = self.ends[-1] if size is None else size
        if (which, size) not in self._made:
            self._made[which, size] = rfc8785.dumps(self._bundle(which, size))
        return dict(json.loads(self._made[which, size]))

    def _bundle(self, which: int, size: int) -> Bundle:
        count = sum(place < size for place in self.places[which])
        return {
            "form": FORM,
            "order": self.order(which, count),
            "proof": self.proof(self.places[which][count - 1], size),
            "keys": {"log": [LOG.verifier.vkey], "witnesses": [one.verifier.vkey for one in WITNESSES]},
        }


def _named(rows: tuple[EventRow, ...], number: int) -> tuple[EventRow, ...]:
    """The same events under a number that does not depend on what was made before."""
    old, new = rows[0].order_id.encode(), f"WH20260302-{number:08d}".encode()
    return tuple(
        msgspec.structs.replace(row, order_id=new.decode(), data=msgspec.Raw(bytes(row.data).replace(old, new)))
        for row in rows
    )


def raw(bundle: Bundle) -> bytes:
    """The file of a bundle."""
    return rfc8785.dumps(bundle) + b"\n"


Tamper = Callable[[Archive, Bundle, Random], bytes]


def byte_changed(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    data = bytearray(raw(bundle))
    data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
    return bytes(data)


def bytes_cut(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    data = raw(bundle)
    return data[: luck.randrange(len(data))]


def bytes_added(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    data, place = raw(bundle), 0
    place = luck.randrange(len(data) + 1)
    return data[:place] + luck.choice([b" ", b"\n", b"0", b'"', b"\xef\xbb\xbf", b"\\u0041"]) + data[place:]


def name_doubled(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    data = raw(bundle).decode()
    name = luck.choice(['"order_id":', '"hash":', '"at":', '"seq":', '"data":', '"form":', '"proof":', '"reason":'])
    place = luck.choice([at for at in range(len(data)) if data.startswith(name, at)])
    value = luck.choice(['"x"', "1", "null", "{}"])
    return f"{data[:place]}{name}{value},{data[place:]}".encode()


def number_grown(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    new = luck.choice(["9007199254740993", "1e400", "-0", "1.0", "NaN", "1" + "0" * 400, "18446744073709551617"])
    seq = luck.choice(bundle["order"]["events"])["event"]["seq"]
    return raw(bundle).replace(b'"seq":%d,' % seq, b'"seq":%s,' % new.encode(), 1)


def field_changed(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    event = luck.choice(bundle["order"]["events"])["event"]
    name = luck.choice(sorted(set(event) - {"previous"}))
    event[name] = {"str": "other", "int": -1, "list": [1], "dict": {"a": 1}, "NoneType": "x"}[
        type(event[name]).__name__
    ]
    return raw(bundle)


def time_changed(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    event = luck.choice(bundle["order"]["events"])["event"]
    place = luck.choice([number for number, letter in enumerate(event["at"]) if letter.isdigit()])
    digit = str((int(event["at"][place]) + luck.randint(1, 9)) % 10)
    event["at"] = event["at"][:place] + digit + event["at"][place + 1 :]
    return raw(bundle)


def field_added(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    event = luck.choice(bundle["order"]["events"])
    luck.choice([bundle, bundle["order"], bundle["order"]["head"], event, event["event"], bundle["keys"]])["more"] = 1
    return raw(bundle)


def field_removed(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    event = luck.choice(bundle["order"]["events"])
    part = luck.choice([bundle, bundle["order"], bundle["order"]["head"], event, event["event"], bundle["keys"]])
    del part[luck.choice(sorted(part))]
    return raw(bundle)


def event_removed(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    del bundle["order"]["events"][luck.randrange(len(bundle["order"]["events"]))]
    return raw(bundle)


def event_doubled(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    events = bundle["order"]["events"]
    events.insert(luck.randrange(len(events) + 1), luck.choice(events))
    return raw(bundle)


def events_swapped(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    events = bundle["order"]["events"]
    one, other = luck.sample(range(len(events)), 2)
    events[one], events[other] = events[other], events[one]
    return raw(bundle)


def rehashed(order: dict[str, Any]) -> None:
    """Recompute seqs, links, hashes and head: what whoever has only the file can do."""
    previous = ""
    for seq, one in enumerate(order["events"], start=1):
        one["event"]["seq"], one["event"]["previous"] = seq, previous
        previous = one["hash"] = chain.digest(one["event"])
    order["head"] = {"seq": len(order["events"]), "hash": previous}


def history_rewritten(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """An event changed, removed or moved, and every hash behind it made to fit."""
    order = bundle["order"]
    events = order["events"]
    match luck.randrange(3):
        case 0:
            luck.choice(events)["event"]["reason"] = "never happened"
        case 1:
            del events[luck.randrange(len(events))]
        case _:
            events.insert(luck.randrange(len(events)), events.pop())
            events[0]["event"]["reason"] += "."
    rehashed(order)
    return raw(bundle)


def tail_cut(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """The last events left out, and the head made to name the one before; the proof is still that of the last."""
    order = bundle["order"]
    del order["events"][luck.randrange(1, len(order["events"])) :]
    last = order["events"][-1]
    order["head"] = {"seq": last["event"]["seq"], "hash": last["hash"]}
    return raw(bundle)


def other_proof(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """Another order's place in the log."""
    mine = [place for places in archive.places for place in places if f"index {place}\n" not in bundle["proof"]]
    bundle["proof"] = archive.proof(luck.choice(mine), archive.ends[-1])
    return raw(bundle)


def other_checkpoint(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """The note of another size under the same path."""
    size = luck.choice(archive.ends[:-1])
    bundle["proof"] = bundle["proof"].partition("\n\n")[0] + "\n\n" + archive.note(size).written
    return raw(bundle)


def path_changed(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    lines = bundle["proof"].partition("\n\n")[0].split("\n")
    match luck.randrange(4):
        case 0 if len(lines) > 3:
            one, other = luck.sample(range(2, len(lines)), 2)
            lines[one], lines[other] = lines[other], lines[one]
        case 1 if len(lines) > 2:
            del lines[luck.randrange(2, len(lines))]
        case 2:
            lines.insert(luck.randrange(2, len(lines) + 1), "A" * 43 + "=")
        case _:
            lines[1] = f"index {int(lines[1][6:]) + luck.choice([1, 2, 1 << 40])}"
    bundle["proof"] = "\n".join(lines) + "\n\n" + bundle["proof"].partition("\n\n")[2]
    return raw(bundle)


def _with_note(bundle: Bundle, note: Note) -> bytes:
    bundle["proof"] = bundle["proof"].partition("\n\n")[0] + "\n\n" + note.written
    return raw(bundle)


def signatures_swapped(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """Two lines with each other's value, or one from another checkpoint."""
    note = archive.note(archive.ends[-1])
    lines = list(note.signatures)
    if luck.random() < 0.5:
        one, other = luck.sample(range(3), 2)
        first, second = lines[one], lines[other]
        lines[one] = type(first)(first.name, first.key_id, second.value)
        lines[other] = type(first)(second.name, second.key_id, first.value)
    else:
        which = luck.randrange(3)
        lines[which] = archive.note(luck.choice(archive.ends[:-1])).signatures[which]
    return _with_note(bundle, Note(note.text, tuple(lines)))


def signature_left_out(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """A line, and sometimes the key that it is of, are not there."""
    note = archive.note(archive.ends[-1])
    which = luck.randrange(3)
    kept = tuple(line for number, line in enumerate(note.signatures) if number != which)
    if luck.random() < 0.5:
        keys = bundle["keys"]
        keys["log"], keys["witnesses"] = (
            ([], keys["witnesses"]) if which == 0 else (keys["log"], [keys["witnesses"][2 - which]])
        )
    return _with_note(bundle, Note(note.text, kept))


def time_of_cosigning_changed(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    note = archive.note(archive.ends[-1])
    log, first, second = note.signatures
    value = (AT + luck.randrange(10**6)).to_bytes(8, "big") + second.value[8:]
    return _with_note(bundle, Note(note.text, (log, first, type(log)(second.name, second.key_id, value))))


def keys_changed(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    keys = bundle["keys"]
    match luck.randrange(4):
        case 0:
            keys["log"] = [THIEF.verifier.vkey]
        case 1:
            keys["witnesses"] = keys["witnesses"] * 2
        case 2:
            keys["log"], keys["witnesses"] = keys["witnesses"], keys["log"]
        case _:
            keys["log"] = [*keys["log"], THIEF.verifier.vkey]
    return raw(bundle)


def signed_by_a_thief(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """Everything anew, under keys of one's own with the right names."""
    grove = Grove(ORIGIN, 0)
    bundle["order"]["events"][0]["event"]["reason"] = "forged"
    rehashed(bundle["order"])
    grove.grow([bytes.fromhex(one["hash"]) for one in bundle["order"]["events"]])
    fakes = [Signer(one.name, Kind.WITNESS, one.seed[::-1][:-1] + b"\x55") for one in WITNESSES]
    size, text = len(grove.leaves), grove.checkpoint().text
    note = Note(text, (THIEF.sign(text), *(fake.sign(text, AT) for fake in fakes)))
    bundle["proof"] = written(size - 1, tree.inclusion(grove.read, size - 1, size), note)
    bundle["keys"] = {"log": [THIEF.verifier.vkey], "witnesses": [fake.verifier.vkey for fake in fakes]}
    return raw(bundle)


def signed_by_the_log_alone(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """Everything anew by somebody who has the log's key, and not the witnesses'."""
    data: Bundle = copy.deepcopy(bundle)
    signed_by_a_thief(archive, data, luck)
    head, _, rest = data["proof"].partition("\n\n")
    text = Note.parse(rest).text
    data["proof"] = f"{head}\n\n{Note(text, (LOG.sign(text),)).written}"
    data["keys"] = {"log": [LOG.verifier.vkey], "witnesses": []}
    return raw(data)


def written_otherwise(archive: Archive, bundle: Bundle, luck: Random) -> bytes:
    """A part of the proof in another writing of the same."""
    proof = bundle["proof"]
    bundle["proof"] = luck.choice(
        [
            proof.replace("index ", "index 0"),
            proof.replace(PROOF_FORM, PROOF_FORM.upper()),
            proof + "\n",
            proof[:-1],
            proof.replace("\n", "\r\n"),
            proof.replace("\n\n", "\n\n\n", 1),
            proof.replace("=\n", "\n", 1),
            proof.replace("— ", "- ", 1),
        ]
    )
    return raw(bundle)


TAMPERINGS: tuple[Tamper, ...] = (
    byte_changed, bytes_cut, bytes_added, name_doubled, number_grown, field_changed, time_changed, field_added,
    field_removed, event_removed, event_doubled, events_swapped, history_rewritten, tail_cut, other_proof,
    other_checkpoint, path_changed, signatures_swapped, signature_left_out, time_of_cosigning_changed, keys_changed,
    signed_by_a_thief, signed_by_the_log_alone, written_otherwise,
)  # fmt: skip
