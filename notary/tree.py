"""The Merkle tree of RFC 9162 over a list of leaves: its root, and proofs made and checked.

Nothing here knows where the tree is kept. Whoever keeps it keeps *tiles* (C2SP tlog-tiles, height 8): tile `index` of
`level` has, one after another, the hashes of the whole subtrees of 256^level leaves from number 256 * index on, 256 of
them, fewer in the last tile of a level. A reader of tiles is enough for every root and proof; each takes some
logarithm of the size, never the whole tree. A tile may have more hashes than a smaller tree had: what belongs to a
size is the same for ever.

Sizes and positions are counts of leaves; proofs are lists of hashes in the order of RFC 9162, 2.1.3 and 2.1.4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

HASH = 32
"""Bytes of a hash."""
HEIGHT = 8
"""Levels of the tree that a tile spans."""
WIDTH = 1 << HEIGHT
"""Hashes in a whole tile."""

EMPTY = hashlib.sha256().digest()
"""The root of the tree without leaves."""

ReadTile = Callable[[int, int], bytes]
"""Gives the hashes of the tile `(level, index)`, joined; raises LookupError where there is none."""


class BadTile(Exception):  # noqa: N818 - it names what is wrong
    """A tile has fewer hashes than the tree's size says, or is not there."""

    def __init__(self, level: int, index: int, wanted: int, got: int) -> None:
        super().__init__(f"tile {level}/{index} has {got} hashes, where {wanted} are needed")
        self.level = level
        self.index = index


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile, with the hashes that it now has."""

    level: int
    index: int
    hashes: bytes


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf with that content; for an event its hash as 32 bytes."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of what has these two below it."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only grows and remembers no more than its right edge: for reading all leaves once, in order."""

    __slots__ = ("_whole", "size")

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        whole, size = self._whole, self.size
        while size & 1:
            leaf = node_hash(whole.pop(), leaf)
            size >>= 1
        whole.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root over the leaves so far."""
        return _folded(self._whole)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaves with these hashes."""
    edge = Frontier()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


def root(read: ReadTile, size: int) -> bytes:
    """The root of the tree's first `size` leaves; raises BadTile."""
    return _between(read, 0, size)


def inclusion(read: ReadTile, position: int, size: int) -> list[bytes]:
    """The proof that the leaf at `position` is in the tree of `size` leaves.

    Raises:
        ValueError: that tree has no such leaf.
        BadTile: tiles of it are missing.
    """
    if not 0 <= position < size:
        raise ValueError(f"a tree of {size} leaves has none at {position}")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _half(high - low)
        if position < middle:
            path.append(_between(read, middle, high))
            high = middle
        else:
            path.append(_between(read, low, middle))
            low = middle
    return path[::-1]


def consistency(read: ReadTile, old: int, size: int) -> list[bytes]:
    """The proof that the tree of `size` leaves begins with that of `old`; empty for an old size of 0, and for the same.

    Raises:
        ValueError: `old` is the larger, or negative.
        BadTile: tiles are missing.
    """
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} leaves does not come after one of {old}")
    if old in (0, size):
        return []
    low, high, path, whole = 0, size, [], True
    while high != old:
        middle = low + _half(high - low)
        if old <= middle:
            path.append(_between(read, middle, high))
            high = middle
        else:
            path.append(_between(read, low, middle))
            low, whole = middle, False
    if not whole:
        path.append(_between(read, low, high))
    return path[::-1]


def includes(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows the leaf with this hash at `position` in the tree with that size and root."""
    if not 0 <= position < size:
        return False
    node, last, found = position, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def continues(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree with that size and root begins with the old one."""
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        return not proof and old_root == (EMPTY if old == 0 else root)
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, step)
        node, last = node >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def extended(read: ReadTile, size: int, leaves: Sequence[bytes]) -> list[Tile]:
    """The tiles that are new or longer when leaves with these hashes follow the first `size`; raises BadTile.

    A level above is added to as soon as a tile below it is whole.
    """
    changed: list[Tile] = []
    level, count, news = 0, size, list(leaves)
    while news:
        index, filled = divmod(count, WIDTH)
        edge = _of(read, level, index, filled) if filled else b""
        joined = edge + b"".join(news)
        tiles = [
            Tile(level, index + number, joined[start : start + WIDTH * HASH])
            for number, start in enumerate(range(0, len(joined), WIDTH * HASH))
        ]
        changed += tiles
        news = [root_of(split(tile.hashes)) for tile in tiles if len(tile.hashes) == WIDTH * HASH]
        level, count = level + 1, count >> HEIGHT
    return changed


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Every tile of a tree of `size` leaves: its level, its index, and how many hashes it has; level by level."""
    level = 0
    while size:
        for index in range((size + WIDTH - 1) // WIDTH):
            yield level, index, min(WIDTH, size - index * WIDTH)
        level, size = level + 1, size >> HEIGHT


def split(hashes: bytes) -> list[bytes]:
    """The hashes of a tile, one by one."""
    return [hashes[start : start + HASH] for start in range(0, len(hashes), HASH)]


def _half(count: int) -> int:
    """The largest power of two below `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _folded(whole: Sequence[bytes]) -> bytes:
    """The root over whole subtrees that follow each other, each smaller than the one before."""
    if not whole:
        return EMPTY
    found = whole[-1]
    for left in reversed(whole[:-1]):
        found = node_hash(left, found)
    return found


def _between(read: ReadTile, low: int, high: int) -> bytes:
    """The hash over the leaves from `low` up to `high`; `low` is a multiple of the largest power of two in between."""
    whole = []
    while low < high:
        height = (high - low).bit_length() - 1
        whole.append(_subtree(read, height, low >> height))
        low += 1 << height
    return _folded(whole)


def _subtree(read: ReadTile, height: int, number: int) -> bytes:
    """The hash of the whole subtree of 2^height leaves with that number among its like."""
    level, within = divmod(height, HEIGHT)
    first = number << within
    index, place = divmod(first, WIDTH)
    count = 1 << within
    hashes = _of(read, level, index, place + count)
    return root_of(split(hashes[place * HASH :]))


def _of(read: ReadTile, level: int, index: int, wanted: int) -> bytes:
    """The first `wanted` hashes of a tile."""
    try:
        hashes = bytes(read(level, index))
    except LookupError:
        raise BadTile(level, index, wanted, 0) from None
    if len(hashes) < wanted * HASH:
        raise BadTile(level, index, wanted, len(hashes) // HASH)
    return hashes[: wanted * HASH]
