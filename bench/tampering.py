"""Ledgers that were tampered with, by hand or by whoever has everything, and whether it is found.

A small real ledger's rows are read once and tampered with in memory, each time in another way: what is changed (`WAYS`)
and how far whoever changes it recomputes what follows (`Skill`), up to a superuser who has the log's own key and signs
anew. The check is the very one of `whistle audit verify --all`. What was recomputed entirely shows only in what others
hold, so a witness's last checkpoint is given, as it is there.

`python -m bench.tampering [--number N] [--clean N] [--seed N]` prints how many were found, by way and skill; 1 when one
was not, or when an untouched ledger raised an alarm.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import IntEnum
from random import Random
from typing import Any

from audit.ledger_check import CheckpointRow, Fault, Held, LeafRow, Report, TileRow, Trusted, check
from bench.chain import stories
from contracts.messages import EventRow, encode
from notary import note, tree
from notary.note import Checkpoint, Kind, Note, Signer
from store import chain, projection

Row = dict[str, Any]
SIGNER = Signer("bench.invalid/log", Kind.LOG, bytes(range(32)))
WITNESS = Signer("bench.invalid/witness", Kind.WITNESS, bytes(range(1, 33)))
TRUSTED = Trusted(SIGNER.name, (SIGNER.verifier,), (WITNESS.verifier,))
_OWN = (
    "order_id", "seq", "type", "at", "actor_id", "role", "unit", "acting_for", "reason", "policy_version",
    "command_id", "data", "clocks", "hash",
)  # fmt: skip


@dataclass(slots=True)
class Rows:
    """A ledger in memory: a `Books` of `audit.ledger_check`. No row is ever changed in place."""

    recorded: list[Row]
    heads: dict[str, tuple[int, str]]
    log: list[LeafRow]
    kept: list[TileRow]
    signed: list[CheckpointRow]

    def copy(self) -> Rows:
        """The same rows, to be tampered with."""
        return Rows(list(self.recorded), dict(self.heads), list(self.log), list(self.kept), list(self.signed))

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Every event with its head and its leaf."""
        leaves = {(leaf.order_id, leaf.seq): leaf for leaf in self.log}
        for row in sorted(self.recorded, key=lambda one: (one["order_id"], one["seq"])):
            leaf = leaves.get((row["order_id"], row["seq"]))
            last_seq, last = self.heads.get(row["order_id"], (None, None))
            found = {"position": leaf.position, "leaf": leaf.hash} if leaf else {"position": None, "leaf": None}
            yield {"age": 3600.0, **row, "last_seq": last_seq, "chain": last, **found}

    def headless(self) -> Iterator[str]:
        """Orders without events."""
        return iter(sorted(self.heads.keys() - {row["order_id"] for row in self.recorded}))

    def orphans(self) -> Iterator[LeafRow]:
        """Leaves without events."""
        there = {(row["order_id"], row["seq"]) for row in self.recorded}
        return (leaf for leaf in self.leaves() if (leaf.order_id, leaf.seq) not in there)

    def leaves(self) -> Iterator[LeafRow]:
        """Every leaf."""
        return iter(sorted(self.log))

    def tiles(self) -> Iterator[TileRow]:
        """Every tile."""
        return iter(sorted(self.kept))

    def checkpoints(self) -> Iterator[CheckpointRow]:
        """Every checkpoint."""
        return iter(sorted(self.signed))

    def unsigned(self) -> float:
        """Everything here is an hour old."""
        return 3600.0 if len(self.log) > max((one.size for one in self.signed), default=0) else 0.0


class Skill(IntEnum):
    """How far whoever tampers recomputes what follows from it."""

    NOTHING = 0
    CHAIN = 1
    """The order's hashes, and its head."""
    LEAVES = 2
    TILES = 3
    OTHER_KEY = 4
    """Checkpoints too, signed with a key of his own."""
    EVERYTHING = 5
    """Checkpoints, signed with the log's key."""


def of_rows(recorded: Sequence[Row], sizes: Sequence[int], signer: Signer = SIGNER) -> Rows:
    """An untouched ledger of these events, their places in the log in this order, signed at these sizes."""
    made = Rows(list(recorded), {}, [], [], [])
    for order_id in dict.fromkeys(row["order_id"] for row in recorded):
        rechain(made, order_id)
    hashes = {(row["order_id"], row["seq"]): row["hash"] for row in made.recorded}
    made.log = [
        LeafRow(place, row["order_id"], row["seq"], hashes[row["order_id"], row["seq"]])
        for place, row in enumerate(recorded)
    ]
    retile(made)
    resign(made, sizes, signer)
    return made


def held(rows: Rows) -> Held:
    """What the witness has of this ledger's newest checkpoint."""
    last = Note.parse(max(rows.signed).note)
    return Held(WITNESS.name, last.add([WITNESS.sign(last.text, 1_790_000_000)]).written, WITNESS.verifier)


def rechain(rows: Rows, order_id: str) -> None:
    """Hash an order's events anew and name the last in its head; without events it has none."""
    previous, last = "", 0
    mine = sorted((row["seq"], place) for place, row in enumerate(rows.recorded) if row["order_id"] == order_id)
    for seq, place in mine:
        last, previous = seq, chain.line_digest(rows.recorded[place], previous)
        rows.recorded[place] = {**rows.recorded[place], "hash": previous}
    rows.heads.pop(order_id, None)
    if last:
        rows.heads[order_id] = (last, previous)


def relog(rows: Rows) -> None:
    """Give every event that is there a leaf, an added one behind that before it, and number them anew."""
    hashes = {(row["order_id"], row["seq"]): row["hash"] for row in rows.recorded}
    places = {(leaf.order_id, leaf.seq): float(leaf.position) for leaf in rows.log}
    for order_id, seq in sorted(hashes):
        before = places.get((order_id, seq - 1), -1.0)
        if places.get((order_id, seq), -1.0) <= before:
            places[order_id, seq] = before + 0.001
    order = sorted(hashes, key=lambda key: (places[key], key))
    rows.log = [LeafRow(place, *key, hashes[key]) for place, key in enumerate(order)]


def retile(rows: Rows) -> None:
    """The tiles of these leaves."""
    leaves = [tree.leaf_hash(bytes.fromhex(leaf.hash)) for leaf in rows.log]
    rows.kept = [TileRow(one.level, one.index, one.hashes) for one in tree.extended(_no_tile, 0, leaves)]


def resign(rows: Rows, sizes: Sequence[int], signer: Signer) -> None:
    """Checkpoints of these sizes, as far as there are leaves, and of all leaves where that is less."""
    leaves = [tree.leaf_hash(bytes.fromhex(leaf.hash)) for leaf in rows.log]
    rows.signed = []
    for size in sorted({min(size, len(leaves)) for size in sizes} - {0}):
        root = tree.root_of(leaves[:size])
        written = note.sign(Checkpoint(signer.name, size, root).text, [signer]).written
        rows.signed.append(CheckpointRow(size, root.hex(), written))


def _no_tile(level: int, index: int) -> bytes:
    raise LookupError(level, index)


# --- what is changed --------------------------------------------------------------------------------------------------

Way = Callable[[Rows, Random], "str | None"]
"""Tampers with rows that were copied, and answers with the order whose events it was; None: not with events."""


def field(rows: Rows, luck: Random) -> str:
    """One character, digit or flag of one event, wherever it stands."""
    place = luck.randrange(len(rows.recorded))
    row = rows.recorded[place]
    name = luck.choice([one for one in _OWN if one not in ("order_id", "seq", "at", "hash")])
    value = _bent_json(row[name], luck) if name in ("data", "clocks") else _bent(row[name], luck)
    rows.recorded[place] = {**row, name: value}
    return str(row["order_id"])


def moment(rows: Rows, luck: Random) -> str:
    """The time of one event, by a microsecond or by a year."""
    place = luck.randrange(len(rows.recorded))
    row = rows.recorded[place]
    digits = [at for at, one in enumerate(row["at"]) if one.isdigit()]
    at = luck.choice(digits)
    other = luck.choice([one for one in "0123456789" if one != row["at"][at]])
    rows.recorded[place] = {**row, "at": row["at"][:at] + other + row["at"][at + 1 :]}
    return str(row["order_id"])


def remove(rows: Rows, luck: Random) -> str:
    """One event, those after it moving up."""
    row = rows.recorded.pop(luck.randrange(len(rows.recorded)))
    _shift(rows, row["order_id"], row["seq"], -1)
    return str(row["order_id"])


def leave_gap(rows: Rows, luck: Random) -> str:
    """One event, those after it staying; of an order with later ones."""
    later = [one for one in rows.recorded if one["seq"] < max(_seqs(rows, one["order_id"]))]
    row = luck.choice(later)
    rows.recorded.remove(row)
    return str(row["order_id"])


def insert(rows: Rows, luck: Random) -> str:
    """A forged event, somewhere between or behind the others."""
    like = luck.choice(rows.recorded)
    order_id = luck.choice(rows.recorded)["order_id"]
    seq = luck.randint(1, max(_seqs(rows, order_id)) + 1)
    _shift(rows, order_id, seq - 1, 1)
    rows.recorded.append({**like, "order_id": order_id, "seq": seq})
    return str(order_id)


def swap(rows: Rows, luck: Random) -> str:
    """Two events of an order in each other's place."""
    order_id = luck.choice([one["order_id"] for one in rows.recorded if len(_seqs(rows, one["order_id"])) > 1])
    one, other = luck.sample([at for at, row in enumerate(rows.recorded) if row["order_id"] == order_id], 2)
    first, second = rows.recorded[one], rows.recorded[other]
    rows.recorded[one], rows.recorded[other] = {**second, "seq": first["seq"]}, {**first, "seq": second["seq"]}
    return str(order_id)


def truncate(rows: Rows, luck: Random) -> str:
    """The last events of an order, or all of them, and their leaves with them."""
    order_id = luck.choice(rows.recorded)["order_id"]
    left = luck.randrange(max(_seqs(rows, order_id)))
    rows.recorded = [row for row in rows.recorded if row["order_id"] != order_id or row["seq"] <= left]
    rows.log = [leaf for leaf in rows.log if leaf.order_id != order_id or leaf.seq <= left]
    return str(order_id)


def own_hash(rows: Rows, luck: Random) -> None:
    """One digit of an event's hash."""
    place = luck.randrange(len(rows.recorded))
    rows.recorded[place] = {**rows.recorded[place], "hash": _bent_hex(rows.recorded[place]["hash"], luck)}


def head(rows: Rows, luck: Random) -> None:
    """What a head row names, the row itself, or one of no order."""
    order_id = luck.choice(sorted(rows.heads))
    seq, last = rows.heads[order_id]
    how = luck.randrange(4)
    if how == 0:
        del rows.heads[order_id]
    elif how == 1:
        rows.heads[order_id + "x"] = (seq, last)
    else:
        rows.heads[order_id] = (seq + luck.choice([1, -1]), last) if how == 2 else (seq, _bent_hex(last, luck))


def leaf(rows: Rows, luck: Random) -> None:
    """A leaf's hash, its place, its event, or the leaf itself; or the log's tail."""
    place, how = luck.randrange(len(rows.log)), luck.randrange(6)
    one = rows.log[place]
    if how == 0:
        rows.log[place] = one._replace(hash=_bent_hex(one.hash, luck))
    elif how == 1:
        del rows.log[place]
    elif how == 2:
        other = luck.choice([at for at in range(len(rows.log)) if at != place])
        rows.log[place] = rows.log[other]._replace(position=one.position)
        rows.log[other] = one._replace(position=other)
    elif how == 3:
        rows.log[place] = one._replace(seq=one.seq + 1000)
    elif how == 4:
        rows.log.append(LeafRow(len(rows.log), one.order_id, one.seq + 1000, one.hash))
    else:
        del rows.log[place:]


def tile(rows: Rows, luck: Random) -> None:
    """A bit of a tile, some of its hashes, the tile itself, or one of no leaves."""
    place, how = luck.randrange(len(rows.kept)), luck.randrange(4)
    one = rows.kept[place]
    if how == 0:
        at = luck.randrange(len(one.hashes))
        bent = bytes([one.hashes[at] ^ (1 << luck.randrange(8))])
        rows.kept[place] = one._replace(hashes=one.hashes[:at] + bent + one.hashes[at + 1 :])
    elif how == 1:
        rows.kept[place] = one._replace(hashes=one.hashes[: -tree.HASH])
    elif how == 2:
        del rows.kept[place]
    else:
        rows.kept.append(TileRow(luck.randrange(3), 7 + luck.randrange(9), one.hashes))


def checkpoint(rows: Rows, luck: Random) -> None:
    """A checkpoint's root, size, text or signature; or the newest one itself."""
    place, how = luck.randrange(len(rows.signed)), luck.randrange(4)
    one = rows.signed[place]
    if how == 0:
        rows.signed[place] = one._replace(root=_bent_hex(one.root, luck))
    elif how == 1:
        rows.signed[place] = one._replace(size=one.size + luck.choice([-1, 1]))
    elif how == 2:
        rows.signed.remove(max(rows.signed))
    else:
        letters = [at for at, letter in enumerate(one.note) if letter.isascii() and letter.isalnum()]
        at = luck.choice(letters)
        other = luck.choice([letter for letter in "0aAzZ19" if letter != one.note[at]])
        rows.signed[place] = one._replace(note=one.note[:at] + other + one.note[at + 1 :])


OF_EVENTS: tuple[Way, ...] = (field, moment, remove, leave_gap, insert, swap, truncate)
"""What is done to events, with any skill."""
OF_THE_LOG: tuple[Way, ...] = (own_hash, head, leaf, tile, checkpoint)
"""What is done to what is derived from them."""


def old_dump(rows: Rows, luck: Random) -> Rows:
    """The ledger as it was at an earlier checkpoint, whole and rightly signed."""
    size = luck.choice([one.size for one in rows.signed][:-1])
    return _until(rows, size)


def other_history(rows: Rows, luck: Random) -> Rows:
    """A history that goes on otherwise from some point, rightly chained and signed: what another reader is shown."""
    size = luck.randrange(len(rows.log))
    shown = _until(rows, size)
    for at in range(size, len(rows.log)):
        row = _of(rows, rows.log[at])
        shown.recorded.append({**row, "reason": row["reason"] + "another"})
    order = {(one.order_id, one.seq): one.position for one in rows.log}
    shown.recorded.sort(key=lambda row: order[row["order_id"], row["seq"]])
    return of_rows(shown.recorded, [one.size for one in rows.signed])


def _until(rows: Rows, size: int) -> Rows:
    recorded = [_of(rows, one) for one in rows.log[:size]]
    return of_rows(recorded, [one.size for one in rows.signed if one.size <= size] or [size])


def _of(rows: Rows, one: LeafRow) -> Row:
    return next(row for row in rows.recorded if (row["order_id"], row["seq"]) == (one.order_id, one.seq))


def _seqs(rows: Rows, order_id: str) -> list[int]:
    return [row["seq"] for row in rows.recorded if row["order_id"] == order_id]


def _shift(rows: Rows, order_id: str, after: int, by: int) -> None:
    for place, row in enumerate(rows.recorded):
        if row["order_id"] == order_id and row["seq"] > after:
            rows.recorded[place] = {**row, "seq": row["seq"] + by}


def _bent(value: Any, luck: Random) -> Any:
    """The same with the least of changes."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + luck.choice([1, -1, 0.001])
    if isinstance(value, str) and value:
        at = luck.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    return luck.choice([" ", "0", "x"])


def _bent_json(text: str, luck: Random) -> str:
    """The JSON text with one of its values changed, or a member added."""
    whole = [json.loads(text)]
    node: Any = whole
    key: Any = 0
    while isinstance(node[key], dict | list) and node[key] and luck.random() < 0.9:
        node = node[key]
        key = luck.choice(sorted(node)) if isinstance(node, dict) else luck.randrange(len(node))
    if isinstance(node[key], dict):
        node[key] = {**node[key], "added": 1}
    elif isinstance(node[key], list):
        node[key] = [*node[key], 1]
    else:
        node[key] = _bent(node[key], luck)
    return json.dumps(whole[0], ensure_ascii=False)


def _bent_hex(text: str, luck: Random) -> str:
    at = luck.randrange(len(text))
    return text[:at] + luck.choice([one for one in "0123456789abcdef" if one != text[at]]) + text[at + 1 :]


# --- doing it, and looking --------------------------------------------------------------------------------------------


def tampered(rows: Rows, luck: Random) -> tuple[str, Rows]:
    """The ledger tampered with in one way, and what the way is called."""
    dice = luck.random()
    if dice < 0.04:
        return "old dump", old_dump(rows, luck)
    if dice < 0.08:
        return "another history", other_history(rows, luck)
    made = rows.copy()
    if dice < 0.35:
        way = luck.choice(OF_THE_LOG)
        way(made, luck)
        return way.__name__, made
    way, skill = luck.choice(OF_EVENTS), luck.choice(list(Skill))
    order_id = way(made, luck) or ""
    follow(made, order_id, skill, [one.size for one in rows.signed])
    return f"{way.__name__}, {skill.name.lower()}", made


def follow(rows: Rows, order_id: str, skill: Skill, sizes: Sequence[int]) -> None:
    """Recompute what follows from a change to that order's events, as far as that goes."""
    if skill >= Skill.CHAIN:
        rechain(rows, order_id)
    if skill >= Skill.LEAVES:
        relog(rows)
    if skill >= Skill.TILES:
        retile(rows)
    if skill >= Skill.OTHER_KEY:
        resign(rows, sizes, _FORGER if skill is Skill.OTHER_KEY else SIGNER)


_FORGER = Signer(SIGNER.name, Kind.LOG, bytes(range(2, 34)))


def looked_at(rows: Rows, known: Held) -> Report:
    """What the ledger's check says."""
    return check(rows, TRUSTED, [known])


def clean(recorded: Sequence[Row], luck: Random) -> Report:
    """What it says of an untouched ledger: some first events, signed now and then, the witness somewhat behind."""
    size = luck.randint(1, len(recorded))
    sizes = sorted({size, *luck.sample(range(1, size + 1), min(2, size))})
    rows = of_rows(recorded[:size], sizes)
    known = copy(rows)
    known.signed = rows.signed[: luck.randint(1, len(rows.signed))]
    for place in range(luck.randint(0, 2), 0, -1):  # recorded just now
        if size + place <= len(recorded):
            fresh = [{**row, "age": 1.0} for row in recorded[size : size + place]]
            rows.recorded += fresh
            for order_id in {row["order_id"] for row in fresh}:
                rechain(rows, order_id)
            break
    return looked_at(rows, held(known))


def small(orders: int = 3, most: int = 9) -> list[Row]:
    """The first events of some simulated orders, one order's after another's, as a log may have them."""
    told = [[row for batch in story for row in batch][:most] for story in stories(orders)]
    return [as_stored(row) for turn in zip(*told, strict=False) for row in turn]


def as_stored(row: EventRow) -> Row:
    """The event as the check reads it."""
    plain = projection.event(row)
    texts = {"data": bytes(row.data).decode(), "clocks": encode(row.clocks).decode()}
    return {**plain, **texts, "role": row.actor.role.value, "at": chain.written(row.at), "hash": ""}


def attempts(rows: Rows, number: int, luck: Random) -> tuple[Counter[str], list[str]]:
    """Tamper so many times; how often in which way, and the ways that were not found."""
    known, done, missed = held(rows), Counter[str](), []
    for _ in range(number):
        way, made = tampered(rows, luck)
        done[way] += 1
        if looked_at(made, known).good:
            missed.append(way)
    return done, missed


def alarms(recorded: Sequence[Row], number: int, luck: Random) -> list[Counter[Fault]]:
    """What so many untouched ledgers raised an alarm with; empty where none did."""
    reports = (clean(recorded, luck) for _ in range(number))
    return [report.counts for report in reports if not report.good]


def main() -> int:
    """Tamper, look and print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--number", type=int, default=100_000)
    given.add_argument("--clean", type=int, default=10_000)
    given.add_argument("--seed", type=int, default=1)
    options = given.parse_args()
    luck, recorded = Random(options.seed), small()
    rows = of_rows(recorded, [len(recorded) // 2, len(recorded)])
    begun = time.perf_counter()
    done, missed = attempts(rows, options.number, luck)
    for way, number in sorted(done.items()):
        print(f"{way:<28}{number:>8}{'' if way not in missed else f'   MISSED {missed.count(way)}'}")
    false = alarms(recorded, options.clean, luck)
    print(f"{options.number} tamperings with a ledger of {len(recorded)} events, {len(missed)} not found")
    print(f"{options.clean} untouched ledgers, {len(false)} alarms; {time.perf_counter() - begun:.0f} s")
    return 1 if missed or false else 0


if __name__ == "__main__":
    sys.exit(main())
