"""What is kept of the log: taking events from the queue, adding leaves, tiles, checkpoints, and reading them.

Whoever adds holds the notary's lock (`hold`) for his whole transaction; reading needs none. The tree's size is the
number of leaves, which is one more than the last one's position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from contracts.messages import encode
from store import locks
from store.locks import Lock
from store.log_tables import checkpoints, cosignatures, leaves, tiles


@dataclass(frozen=True, slots=True)
class Leaf:
    """An event at its position in the log; `hash` as it stands in `events`."""

    position: int
    order_id: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the queue; `hash` is that of the event, None where there is no such event or it has its place."""

    id: int
    order_id: str
    seq: int
    hash: str | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it is kept: the tree's size, its root in hexadecimal, and the signed note, not yet cosigned."""

    size: int
    root: str
    signed_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the log is behind the ledger.

    `waiting` is how many seconds the oldest event has waited for its place, `unsigned` how many the oldest has waited
    for a checkpoint; 0 where none waits.
    """

    waiting: float
    unsigned: float


def hold(session: Session) -> bool:
    """Take the notary's lock until the transaction ends; False, at once, where another has it."""
    return locks.take(session, Lock.NOTARY)


def size(session: Session) -> int:
    """How many leaves the log has."""
    last = session.scalar(select(func.max(leaves.c.position)))
    return 0 if last is None else int(last) + 1


def waiting(session: Session, most: int) -> list[Waiting]:
    """The first rows of the queue, at most so many."""
    found = session.execute(_WAITING, {"most": most})
    return [Waiting(row.id, row.order_id, row.seq, row.hash) for row in found]


def append(
    session: Session, added: Sequence[Leaf], grown: Sequence[tuple[int, int, bytes]], taken: Sequence[int]
) -> None:
    """Add leaves, and the tiles (level, index, hashes) that they make or lengthen; take these rows from the queue.

    These and no others: a lower id may be committed after a higher one. Three statements in one round trip.
    """
    session.connection().exec_driver_sql(
        _APPEND,
        {
            "leaves": encode([_row(leaf) for leaf in added]).decode(),
            "levels": [level for level, _, _ in grown],
            "indexes": [index for _, index, _ in grown],
            "hashes": [hashes for _, _, hashes in grown],
            "taken": list(taken),
        },
    )


def reader(session: Session) -> Callable[[int, int], bytes]:
    """What reads tiles as `notary.tree` wants them, each once; raises LookupError where there is none."""
    known: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        if (level, index) not in known:
            found = session.scalar(
                select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.index == index)  # one row, by its key
            )
            if found is None:
                raise LookupError(f"tile {level}/{index}")
            known[level, index] = bytes(found)
        return known[level, index]

    return read


def leaf(session: Session, order_id: str, seq: int) -> Leaf | None:
    """The leaf of an event; None where it has none yet, or is not in sight."""
    found = session.execute(
        select(leaves.c.position, leaves.c.hash).where(leaves.c.order_id == order_id, leaves.c.seq == seq)
    ).one_or_none()
    return None if found is None else Leaf(found.position, order_id, seq, found.hash)


def at(session: Session, position: int) -> Leaf | None:
    """The leaf at that position; None where there is none, or it is not in sight."""
    c = leaves.c
    found = session.execute(select(c.order_id, c.seq, c.hash).where(c.position == position)).one_or_none()
    return None if found is None else Leaf(position, found.order_id, found.seq, found.hash)


def after(session: Session, position: int, most: int) -> list[Leaf]:
    """The leaves behind a position, at most so many; -1 is before the first."""
    c = leaves.c
    wanted = select(c.position, c.order_id, c.seq, c.hash).where(c.position > position)
    return [Leaf(*row) for row in session.execute(wanted.order_by(c.position).limit(most))]


def checkpoint(session: Session, at_least: int = 0) -> Signed | None:
    """The newest checkpoint; with `at_least` the oldest that has so many leaves; None where there is none."""
    c = checkpoints.c
    wanted = select(c.size, c.root, c.signed_at, c.note).limit(1)
    wanted = wanted.where(c.size >= at_least).order_by(c.size) if at_least else wanted.order_by(c.size.desc())
    found = session.execute(wanted).one_or_none()
    return None if found is None else Signed(found.size, found.root, found.signed_at, found.note)


def keep_checkpoint(session: Session, size: int, root: str, note: str) -> None:
    """Add a signed checkpoint; each size has one."""
    session.execute(insert(checkpoints).values(size=size, root=root, note=note))


def cosigned(session: Session, size: int) -> dict[str, str]:
    """The witnesses' lines under the checkpoint of that size, by witness."""
    c = cosignatures.c
    return {row.witness: row.line for row in session.execute(select(c.witness, c.line).where(c.size == size))}


def lag(session: Session) -> Lag:
    """How far the log is behind the ledger now."""
    found = session.execute(_LAG).one()
    waits, unsigned = max(0.0, found.waiting or 0.0), max(0.0, found.unsigned or 0.0)
    return Lag(waits, max(waits, unsigned))


def _row(leaf: Leaf) -> dict[str, object]:
    return {"position": leaf.position, "order_id": leaf.order_id, "seq": leaf.seq, "hash": leaf.hash}


_WAITING = text("""
    SELECT u.id, u.order_id, u.seq, CASE WHEN l.position IS NULL THEN e.hash END AS hash
    FROM (SELECT id, order_id, seq FROM unsequenced ORDER BY id LIMIT :most) u
    LEFT JOIN events e ON e.order_id = u.order_id AND e.seq = u.seq
    LEFT JOIN leaves l ON l.order_id = u.order_id AND l.seq = u.seq
    ORDER BY u.id
""")

_APPEND = """
    INSERT INTO leaves (position, order_id, seq, hash)
    SELECT r.position, r.order_id, r.seq, r.hash FROM json_populate_recordset(NULL::leaves, %(leaves)s) r;
    INSERT INTO tiles (level, index, hashes)
    SELECT * FROM unnest(%(levels)s::integer[], %(indexes)s::bigint[], %(hashes)s::bytea[])
    ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes;
    DELETE FROM unsequenced WHERE id = ANY (%(taken)s)
"""

_LAG = text("""
    SELECT
        (SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8 FROM events
         WHERE (order_id, seq) = (SELECT order_id, seq FROM unsequenced ORDER BY id LIMIT 1)) AS waiting,
        (SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8 FROM events
         WHERE (order_id, seq) = (SELECT order_id, seq FROM leaves
             WHERE position >= coalesce((SELECT max(size) FROM checkpoints), 0) ORDER BY position LIMIT 1)) AS unsigned
""")
"""Each by the key of one row, whatever the planner thinks of the tables."""
