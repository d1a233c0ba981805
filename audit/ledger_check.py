"""Whether the whole ledger is what was once recorded: every event, its place in the log, the tree, what was signed.

Two passes over rows that come one by one, so that memory does not grow with the ledger: the events, order by order,
each with its head row and its leaf; and the leaves, position by position, with the tiles and the checkpoints. What
others hold of the log (witnesses, and whoever kept a checkpoint) is compared with the tree that is found here: only
that shows an old dump that was restored, or a history that was recomputed by whoever has the log's own key.

Where the rows come from is the caller's: from the database (`audit.ledger_books`), or from anywhere else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import msgspec
import rfc8785

from audit.ledger_text import demand_readable
from audit.ledger_times import Times
from notary import tree
from notary.note import Checkpoint, Note, NoteError, Signed, Verifier
from notary.tree import HASH, WIDTH, Frontier
from store import chain

PATIENCE = 60.0
"""Seconds that an event may wait for its place in the log, and for a checkpoint."""
LISTED = 20
"""Findings of each kind that are kept one by one; the others are counted."""

_HASH = re.compile(r"[0-9a-f]{64}")


class Fault(StrEnum):
    """What is wrong."""

    CHANGED = "changed"
    """An event's hash is not that of what is recorded and of the event before it."""
    MISSING = "missing"
    """An order's seqs do not follow each other: an event was removed, added or moved."""
    UNHEADED = "unheaded"
    """A head row does not name the last event, or there is none."""
    UNLOGGED = "unlogged"
    """An event has waited for its place in the log for too long."""
    RELOGGED = "relogged"
    """A leaf has another hash than its event, or does not come after that of the event before."""
    ORPHANED = "orphaned"
    """A leaf's event is not there."""
    GAP = "gap"
    """The log's positions do not follow each other."""
    TILE = "tile"
    """A tile is not that of the leaves."""
    ROOT = "root"
    """A checkpoint does not name the root of the leaves, or more leaves than there are."""
    SIGNATURE = "signature"
    """A checkpoint or cosignature is not signed as it must be, or does not say what its row says."""
    UNSIGNED = "unsigned"
    """The log has grown, and no checkpoint was signed over that for too long."""
    BEHIND = "behind"
    """Somebody else holds a checkpoint with more leaves than there are here: this is an old state."""
    SPLIT = "split"
    """Somebody else holds another tree of that size: there are two histories."""
    MISDATED = "misdated"
    """A time of record is not between those at which witnesses cosigned the log without and with what it is of."""
    UNASKED = "unasked"
    """A witness did not answer, or what it holds is not signed; so it shows nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and with what: an event, a position of the log, or a size of the tree."""

    fault: Fault
    order_id: str = ""
    seq: int | None = None
    position: int | None = None
    size: int | None = None
    detail: str = ""


@dataclass(slots=True)
class Report:
    """What was looked at, and what is wrong with it.

    `findings` has the first few of each kind, `counts` how many there are of each.
    """

    orders: int = 0
    events: int = 0
    leaves: int = 0
    checkpoints: int = 0
    witnesses: int = 0
    root: str = ""
    counts: Counter[Fault] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count it, and keep it while there are few of its kind."""
        self.counts[finding.fault] += 1
        if self.counts[finding.fault] <= LISTED:
            self.findings.append(finding)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.counts


class LeafRow(NamedTuple):
    """A leaf."""

    position: int
    order_id: str
    seq: int
    hash: str


class TileRow(NamedTuple):
    """A tile."""

    level: int
    number: int
    hashes: bytes


class CheckpointRow(NamedTuple):
    """A checkpoint, with the lines of its cosignatures; when it was signed and each line kept, in seconds of POSIX."""

    size: int
    root: str
    note: str
    lines: tuple[str, ...] = ()
    signed_at: float | None = None
    kept: tuple[float, ...] = ()


class Books(Protocol):
    """Where the rows come from; all of one instant."""

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Every event, by order and seq.

        `data` and `clocks` are text, `at` is written as in a link (None: it cannot be); besides the event's own
        columns `last_seq` and `chain` of its head row (None: there is none), `position` and `leaf` (its hash) of its
        leaf (None: it has none), `age`, the seconds since it was recorded, and `recorded`, when that was, in seconds of
        POSIX.
        """

    def headless(self) -> Iterator[str]:
        """The orders that have a head row and no event."""

    def orphans(self) -> Iterator[LeafRow]:
        """The leaves that have no event."""

    def leaves(self) -> Iterator[LeafRow]:
        """Every leaf, by position."""

    def tiles(self) -> Iterator[TileRow]:
        """Every tile, by level and index."""

    def checkpoints(self) -> Iterator[CheckpointRow]:
        """Every checkpoint, by size."""

    def unsigned(self) -> float:
        """Seconds that the oldest leaf which no checkpoint has waits for one; 0 where none waits."""


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody else holds of this log: his name, his vkey if he cosigns, and the note; None: he did not answer."""

    who: str
    note: str | None
    cosigner: Verifier | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whose signatures are looked for: the log's name and keys, and the witnesses' keys."""

    origin: str
    keys: tuple[Verifier, ...]
    cosigners: tuple[Verifier, ...] = ()


def check(books: Books, trusted: Trusted, held: Sequence[Held] = (), patience: float = PATIENCE) -> Report:
    """Look at everything; the report has every finding, and none where the ledger is whole."""
    report = Report()
    wanted, times = _held(trusted, held, report), Times()
    _log(books, report, trusted, wanted, _Dates(times, report, patience))
    _events(books, report, patience, times)
    if (waits := books.unsigned()) > patience:
        report.add(Finding(Fault.UNSIGNED, size=report.leaves, detail=f"{waits:.0f} s"))
    order = list(Fault)
    report.findings.sort(key=lambda one: order.index(one.fault))
    report.counts = Counter({fault: report.counts[fault] for fault in order if report.counts[fault]})
    return report


def _events(books: Books, report: Report, patience: float, times: Times) -> None:
    """The orders' chains, their heads, and every event's leaf."""
    order_id, seq, previous, position = "", 0, "", -1
    last: tuple[int | None, str | None] = (0, "")
    for row in books.events():
        if row["order_id"] != order_id:
            _head(report, order_id, last, (seq, previous))
            order_id, seq, previous, position = row["order_id"], 0, "", -1
            last = (row["last_seq"], row["chain"])
            report.orders += 1
        report.events += 1
        seq += 1
        if row["seq"] != seq:
            report.add(Finding(Fault.MISSING, order_id, row["seq"], detail=f"expected {seq}"))
            seq = row["seq"]
        if _digest(row, previous) != row["hash"]:
            report.add(Finding(Fault.CHANGED, order_id, seq, row["position"]))
        previous = row["hash"]
        at = row["position"]
        if at is None:
            if abs(row["age"]) > patience:
                report.add(Finding(Fault.UNLOGGED, order_id, seq, detail=f"{row['age']:.0f} s"))
        elif row["leaf"] != previous or at <= position:
            report.add(Finding(Fault.RELOGGED, order_id, seq, at))
        else:
            position = at
        recorded = row.get("recorded")
        if at is not None and recorded is not None:
            after, before = times.bounds(at)
            if (after is not None and recorded < after - patience) or (
                before is not None and recorded > before + patience
            ):
                report.add(Finding(Fault.MISDATED, order_id, seq, at, detail="recorded_at"))
    _head(report, order_id, last, (seq, previous))
    for headless in books.headless():
        report.add(Finding(Fault.UNHEADED, headless, 0, detail="no event"))
    for leaf in books.orphans():
        report.add(Finding(Fault.ORPHANED, leaf.order_id, leaf.seq, leaf.position))


def _head(report: Report, order_id: str, named: tuple[int | None, str | None], found: tuple[int, str]) -> None:
    if order_id and named != found:
        report.add(Finding(Fault.UNHEADED, order_id, found[0], detail=f"the head names {named[0]}"))


def _digest(row: Mapping[str, Any], previous: str) -> str:
    """The hash that the row should have, '' where it can have none."""
    if row["at"] is None:
        return ""
    try:
        demand_readable(row)
        return chain.line_digest(row, previous)
    except (rfc8785.CanonicalizationError, msgspec.MsgspecError, ValueError, TypeError):
        return ""


Wanted = dict[int, list[tuple[str, bytes]]]
"""What others hold: for each size who, and which root."""


def _held(trusted: Trusted, held: Iterable[Held], report: Report) -> Wanted:
    """What others hold, where they show that the log signed it; all else is a finding."""
    wanted: Wanted = {}
    for one in held:
        try:
            if one.note is None:
                raise NoteError(one.why or "no answer")
            note = Note.parse(one.note)
            found = Checkpoint.parse(note.text)
            if found.origin != trusted.origin:
                raise NoteError(f"it is of the log {found.origin}")
            if not note.verify(trusted.keys):
                raise NoteError("the log's key did not sign it")
            if one.cosigner is not None and not note.verify([one.cosigner]):
                raise NoteError("the witness did not cosign it")
        except NoteError as error:
            report.add(Finding(Fault.UNASKED, detail=f"{one.who}: {error}"))
            continue
        report.witnesses += 1
        wanted.setdefault(found.size, []).append((one.who, found.root))
    return wanted


class _Dates:
    """Takes in when each checkpoint was cosigned, and holds what its rows say of the time against that."""

    def __init__(self, times: Times, report: Report, patience: float) -> None:
        self._times = times
        self._report = report
        self._patience = patience

    def take(self, row: CheckpointRow, cosigned: Sequence[Signed | None]) -> None:
        """A checkpoint that is rightly signed, and what each of its lines shows."""
        ats = [None if one is None else float(one.at) for one in cosigned]
        for at, kept in zip(ats, row.kept, strict=False):
            if at is not None and abs(kept - at) > self._patience:
                self._report.add(Finding(Fault.MISDATED, size=row.size, detail="cosignatures.at"))
        known = [at for at in ats if at is not None]
        if not known:
            return
        first, last = min(known), self._times.last
        if row.signed_at is not None and (
            row.signed_at > first + self._patience or (last is not None and row.signed_at < last - self._patience)
        ):
            self._report.add(Finding(Fault.MISDATED, size=row.size, detail="signed_at"))
        self._times.add(row.size, first)


def _log(books: Books, report: Report, trusted: Trusted, wanted: Wanted, dates: _Dates) -> None:
    """Leaves, tiles and checkpoints, side by side."""
    edge, tiles = Frontier(), _Tiles(books.tiles(), report)
    checkpoints = _Ahead(books.checkpoints())
    sizes = sorted(wanted)

    def look() -> None:
        while sizes and sizes[0] == edge.size:
            for who, root in wanted[sizes.pop(0)]:
                if root != edge.root():
                    report.add(Finding(Fault.SPLIT, size=edge.size, detail=who))
        while checkpoints.next is not None and checkpoints.next.size <= edge.size:
            _checkpoint(report, trusted, checkpoints.take(), edge, dates)

    look()
    expected = 0
    for leaf in books.leaves():
        if leaf.position != expected:
            report.add(Finding(Fault.GAP, leaf.order_id, leaf.seq, leaf.position, detail=f"expected {expected}"))
        expected = leaf.position + 1
        if _HASH.fullmatch(leaf.hash):
            hashed = tree.leaf_hash(bytes.fromhex(leaf.hash))
        else:
            report.add(Finding(Fault.RELOGGED, leaf.order_id, leaf.seq, leaf.position, detail="no hash"))
            hashed = tree.EMPTY
        edge.append(hashed)
        tiles.append(hashed)
        report.leaves += 1
        if (sizes and sizes[0] <= edge.size) or (checkpoints.next is not None and checkpoints.next.size <= edge.size):
            look()
    tiles.end()
    report.root = edge.root().hex()
    for size in sizes:
        for who, _ in wanted[size]:
            report.add(Finding(Fault.BEHIND, size=size, detail=who))
    while checkpoints.next is not None:
        row = checkpoints.take()
        _checkpoint(report, trusted, row, None, dates)


def _checkpoint(report: Report, trusted: Trusted, row: CheckpointRow, edge: Frontier | None, dates: _Dates) -> None:
    """A kept checkpoint, once the leaves have come to its size; `edge` None: they never did."""
    report.checkpoints += 1
    if edge is None or edge.size != row.size or edge.root().hex() != row.root:
        report.add(Finding(Fault.ROOT, size=row.size))
    try:
        note = Note.parse(row.note)
        said = Checkpoint.parse(note.text)
        if (said.origin, said.size, said.root.hex()) != (trusted.origin, row.size, row.root):
            raise NoteError("the note does not say what its row says")
        if not note.verify(trusted.keys):
            raise NoteError("no key of the log signed it")
        cosigned = _cosignatures(note, row.lines, trusted.cosigners)
        if edge is not None:
            dates.take(row, cosigned)
    except NoteError as error:
        report.add(Finding(Fault.SIGNATURE, size=row.size, detail=str(error)))


def _cosignatures(note: Note, lines: Sequence[str], cosigners: Sequence[Verifier]) -> list[Signed | None]:
    """What each line shows, None of an unknown witness; raise NoteError where a known witness's does not verify."""
    found = [Note.parse(note.written + line).verify(cosigners) for line in lines if cosigners]
    return [next(iter(one), None) for one in found]


class _Ahead:
    """Checkpoints, of which the next can be looked at before it is taken."""

    def __init__(self, rows: Iterator[CheckpointRow]) -> None:
        self._rows = rows
        self.next = next(rows, None)

    def take(self) -> CheckpointRow:
        """The next one."""
        taken = self.next
        assert taken is not None  # nosec B101  # whoever takes has looked
        self.next = next(self._rows, None)
        return taken


class _Tiles:
    """Compares the kept tiles with those of the leaves, one after another; a level above waits for the one below."""

    def __init__(self, rows: Iterator[TileRow], report: Report) -> None:
        self._rows = rows
        self._report = report
        self._next = next(rows, None)
        self._index = 0
        self._open: list[bytes] = []
        self._roots: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """The next leaf's hash."""
        self._open.append(leaf)
        if len(self._open) == WIDTH:
            self._close(0)

    def end(self) -> None:
        """There are no more leaves."""
        level = 0
        while True:
            if self._open:
                self._close(level)
            if not self._roots:
                break
            roots, self._roots, self._index, level = self._roots, [], 0, level + 1
            for root in roots:
                self._open.append(root)
                if len(self._open) == WIDTH:
                    self._close(level)
        while self._next is not None:
            self._found(self._next.level, self._next.number, "of no leaves")
            self._next = next(self._rows, None)

    def _close(self, level: int) -> None:
        """Compare the tile that the open hashes make with the next one that is kept."""
        place, hashes = (level, self._index), b"".join(self._open)
        while self._next is not None and (self._next.level, self._next.number) < place:
            self._found(self._next.level, self._next.number, "of no leaves")
            self._next = next(self._rows, None)
        if self._next is None or (self._next.level, self._next.number) != place:
            self._found(*place, "not there")
        else:
            if bytes(self._next.hashes) != hashes:
                self._found(*place, "not that of the leaves")
            self._next = next(self._rows, None)
        if len(hashes) == WIDTH * HASH:
            self._roots.append(tree.root_of(self._open))
        self._index, self._open = self._index + 1, []

    def _found(self, level: int, index: int, what: str) -> None:
        first = index * WIDTH ** (level + 1)
        self._report.add(Finding(Fault.TILE, position=first, detail=f"tile {level}/{index}: {what}"))
