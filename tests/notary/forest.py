"""Small trees kept in memory, and checkpoints of them, for tests of what is signed."""

from __future__ import annotations

import hashlib

from notary import tree
from notary.note import Checkpoint, Note, Signer, sign


class Grove:
    """A tree of leaves that are named, in tiles as a log keeps them."""

    def __init__(self, origin: str, leaves: int, seed: str = "leaf") -> None:
        self.origin = origin
        self.leaves: list[bytes] = []
        self._tiles: dict[tuple[int, int], bytes] = {}
        self.grow([hashlib.sha256(f"{seed} {number}".encode()).digest() for number in range(leaves)])

    def grow(self, contents: list[bytes]) -> None:
        """Add leaves with these contents."""
        hashes = [tree.leaf_hash(content) for content in contents]
        for tile in tree.extended(self.read, len(self.leaves), hashes):
            self._tiles[tile.level, tile.index] = tile.hashes
        self.leaves += hashes

    def read(self, level: int, index: int) -> bytes:
        """A tile."""
        return self._tiles[level, index]

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """What a checkpoint of the first `size` leaves says."""
        size = len(self.leaves) if size is None else size
        return Checkpoint(self.origin, size, tree.root(self.read, size))

    def note(self, signer: Signer, size: int | None = None) -> Note:
        """The signed checkpoint."""
        return sign(self.checkpoint(size).text, [signer])

    def proof(self, old: int, size: int) -> list[bytes]:
        """The consistency proof."""
        return tree.consistency(self.read, old, size)
