"""The sequencer: every event gets its one place in the log, and what the log has come to is signed.

Events wait in `unsequenced` from the moment in which they are recorded, in the same transaction. One transaction takes
some of them, adds them as leaves behind the last, moves the tiles, and takes them from the queue; so whoever is killed
at it has done all or nothing, and the next one takes the same events up again. A lock of the database lets one work at
a time, however many try, and it ends with its holder's connection.

All events belong to the log, those of rehearsals too: they are in the same table, under the same pen, and a log that
leaves some out by a rule could be made to leave out others; nobody would have to ask which.

A second transaction, under the same lock, signs the tree's size and root. It is refused where the tree does not go on
from what was signed last: such a log is looked into by a person, and nothing more is signed until then. A changed tree
is not mended here.
"""

from __future__ import annotations

import logging
import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notary import note, tree
from notary.keys import LogKeys
from notary.note import Checkpoint
from notary.tree import HASH, WIDTH, BadTile, ReadTile
from store import log
from store.log import Leaf, Signed, Waiting

logger = logging.getLogger(__name__)

BATCH = 4096
"""Events that get their places in one transaction."""
CHECKPOINT_SECONDS = 2.0
"""The least time between two checkpoints."""

_HASH = re.compile(r"[0-9a-f]{64}")


class LogFault(Exception):  # noqa: N818 - it names what is wrong
    """What is kept of the log contradicts itself: somebody has changed it. `whistle audit verify --all` says where."""


def sequence(session: Session, most: int = BATCH) -> int:
    """Give the first events that wait, at most so many, their places; how many were seen to.

    All in the caller's transaction; 0 when nothing waits, or another is at it. A row of the queue that names no event,
    or one that has its place, goes; one whose event has no hash stays there, for the ledger's check to tell of.

    Raises:
        LogFault: the tree's edge is not that of the leaves.
    """
    if not log.hold(session):
        return 0
    rows = log.waiting(session, most)
    if not rows:
        return 0
    size, read = log.size(session), log.reader(session)
    _demand_edge(session, read, size)
    taken, new = _sorted_out(rows)
    added = [
        Leaf(position, row.order_id, row.seq, row.hash or "") for position, row in enumerate(new.values(), start=size)
    ]
    try:
        grown = tree.extended(read, size, [content_hash(leaf.hash) for leaf in added])
    except BadTile as fault:
        raise LogFault(str(fault)) from fault
    log.append(session, added, [(tile.level, tile.index, tile.hashes) for tile in grown], taken)
    return len(taken)


def sign(session: Session, keys: LogKeys, every: float = CHECKPOINT_SECONDS) -> Signed | None:
    """Sign what the log has come to, when it grew and the last checkpoint is at least `every` seconds old.

    In the caller's transaction; the checkpoint is one as soon as that is committed. None where there is nothing to
    sign, or another is at it.

    Raises:
        LogFault: the tree does not go on from what was signed last.
    """
    if not log.hold(session):
        return None
    size, last = log.size(session), log.checkpoint(session)
    if last is not None and size < last.size:
        raise LogFault(f"the log has {size} leaves, and {last.size} were signed")
    if size == (0 if last is None else last.size):
        return None
    if last is not None and _age(session, last) < every:
        return None
    read = log.reader(session)
    _demand_edge(session, read, size)
    try:
        if last is not None and tree.root(read, last.size).hex() != last.root:
            raise LogFault(f"the first {last.size} leaves have another root than was signed")
        root = tree.root(read, size)
    except BadTile as fault:
        raise LogFault(str(fault)) from fault
    signed = note.sign(Checkpoint(keys.origin, size, root).text, keys.signers)
    log.keep_checkpoint(session, size, root.hex(), signed.written)
    return log.checkpoint(session)


def content_hash(event_hash: str) -> bytes:
    """The leaf's hash of an event with that hash."""
    return tree.leaf_hash(bytes.fromhex(event_hash))


def _sorted_out(rows: list[Waiting]) -> tuple[list[int], dict[tuple[str, int], Waiting]]:
    """Which rows of the queue are done with, and the events that get places, each once."""
    taken: list[int] = []
    new: dict[tuple[str, int], Waiting] = {}
    for row in rows:
        key = (row.order_id, row.seq)
        if row.hash is not None and not _HASH.fullmatch(row.hash):
            logger.error("event %s of %s has no hash and gets no place in the log", row.seq, row.order_id)
            continue
        taken.append(row.id)
        if row.hash is None or key in new:
            logger.error("event %s of %s waits for a place that it has, or is none", row.seq, row.order_id)
        else:
            new[key] = row
    return taken, new


def _demand_edge(session: Session, read: ReadTile, size: int) -> None:
    """Raise LogFault unless the last tile ends with the last leaf."""
    index, filled = divmod(size, WIDTH)
    try:
        edge = read(0, index)
    except LookupError:
        edge = b""
    if len(edge) != filled * HASH:
        raise LogFault(f"the log has {size} leaves, and tile 0/{index} {len(edge) // HASH} hashes")
    last = log.at(session, size - 1) if filled else None
    if last is not None and content_hash(last.hash) != edge[-HASH:]:
        raise LogFault(f"tile 0/{index} does not end with the leaf at {size - 1}")


def _age(session: Session, last: Signed) -> float:
    """Seconds since a checkpoint was signed, by the clock that said when."""
    now = session.scalar(select(func.clock_timestamp()))
    return float((now - last.signed_at).total_seconds()) if now is not None else 0.0
