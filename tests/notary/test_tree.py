"""The tree against the recursive definition of RFC 9162, spelt out here, and the well-known tree of 8 leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary import tree
from notary.tree import BadTile, leaf_hash

SIZES = st.one_of(st.integers(0, 40), st.integers(250, 262), st.integers(505, 520))


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split_at(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def split_at(count: int) -> int:
    """The largest power of two that is smaller."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split_at(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if m == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = split_at(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], known), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def content(size: int) -> list[bytes]:
    return [number.to_bytes(4) for number in range(size)]


Kept = dict[tuple[int, int], bytes]


def grown(steps: list[int]) -> Kept:
    """The tiles of a tree that grew by so many leaves at a time."""
    kept: Kept = {}
    leaves = [leaf_hash(one) for one in content(sum(steps))]
    size = 0
    for step in steps:
        for tile in tree.extended(reading(kept), size, leaves[size : size + step]):
            kept[tile.level, tile.index] = tile.hashes
        size += step
    return kept


def reading(kept: Kept) -> Callable[[int, int], bytes]:
    return lambda level, index: kept[level, index]


WELL_KNOWN = [bytes.fromhex(one) for one in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
"""The leaves of the reference tree of Certificate Transparency."""
ROOTS = (
    "6e340b9cffb37a98 9ca544e6bb780a2c 78901d3fb3373876 8511a30617afa01d",
    "fac54203e7cc696c f0dfcb42c92a1d9d baf70ad9e621f4bd 8d98662f00e3c125",
    "aeb6bcfe274b70a1 4fb067a5e5578264 db0fa9b51af5e0ba 159158f329e06e77",
    "d37ee418976dd957 53c1c73862b9398f a2a2cf9b4ff0fdfe 8b30cd95209614b7",
    "4e3bbb1f7b478dcf e71fb631631519a3 bca12c9aefca1612 bfce4c13a86264d4",
    "76e67dadbcdf1e10 e1b74ddc608abd2f 98dfb16fbce75277 b5232a127f2087ef",
    "ddb89be403809e32 5750d3d263cd7892 9c2942b7942a34b7 7e122c9594a74c8c",
    "5dc9da79a70659a9 ad559cb701ded9a2 ab9d823aad2f4960 cfe370eff4604328",
)
"""Its roots, of its first leaf to all eight."""


@pytest.mark.parametrize("size", range(1, 9))
def test_the_well_known_tree_has_its_roots(size: int) -> None:
    leaves = [leaf_hash(one) for one in WELL_KNOWN[:size]]
    assert tree.root_of(leaves) == bytes.fromhex(ROOTS[size - 1]) == naive_root(WELL_KNOWN[:size])


def hashes(*groups: str) -> list[bytes]:
    return [bytes.fromhex(one) for one in groups]


def test_the_well_known_tree_has_its_proofs() -> None:
    leaves = [leaf_hash(one) for one in WELL_KNOWN]
    kept = {(tile.level, tile.index): tile.hashes for tile in tree.extended(reading({}), 0, leaves)}
    assert tree.inclusion(reading(kept), 5, 8) == hashes(
        "bc1a0643b12e4d2d 7c77918f44e0f4f7 9a838b6cf9ec5b5c 283e1f4d88599e6b",
        "ca854ea128ed050b 41b35ffc1b87b8eb 2bde461e9e3b5596 ece6b9d5975a0ae0",
        "d37ee418976dd957 53c1c73862b9398f a2a2cf9b4ff0fdfe 8b30cd95209614b7",
    )
    assert tree.consistency(reading(kept), 6, 8) == hashes(
        "0ebc5d3437fbe2db 158b9f126a1d118e 308181031d0a949f 8dededebc558ef6a",
        "ca854ea128ed050b 41b35ffc1b87b8eb 2bde461e9e3b5596 ece6b9d5975a0ae0",
        "d37ee418976dd957 53c1c73862b9398f a2a2cf9b4ff0fdfe 8b30cd95209614b7",
    )


def test_the_tree_without_leaves_has_the_hash_of_nothing() -> None:
    assert tree.root_of([]) == tree.root(reading({}), 0) == tree.EMPTY == naive_root([])


@given(st.lists(st.integers(0, 300), max_size=4), st.data())
def test_roots_and_proofs_from_tiles_are_those_of_the_definition(steps: list[int], data: st.DataObject) -> None:
    """However the tree grew, and from its later tiles for its earlier sizes too."""
    kept = grown(steps)
    size = data.draw(st.integers(0, sum(steps)))
    leaves = content(size)
    assert tree.root(reading(kept), size) == naive_root(leaves)
    if size:
        position = data.draw(st.integers(0, size - 1))
        path = tree.inclusion(reading(kept), position, size)
        assert path == naive_path(position, leaves)
        assert tree.includes(leaf_hash(leaves[position]), position, size, path, naive_root(leaves))
        old = data.draw(st.integers(1, size))
        proof = tree.consistency(reading(kept), old, size)
        assert proof == naive_subproof(old, leaves, True)
        assert tree.continues(old, naive_root(leaves[:old]), size, naive_root(leaves), proof)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=4))
def test_tiles_are_the_same_however_the_tree_grew(steps: list[int]) -> None:
    size = sum(steps)
    kept = grown(steps)
    assert kept == grown([size])
    assert [(level, index, len(kept[level, index]) // 32) for level, index in sorted(kept)] == list(tree.tiles_of(size))


def test_a_tree_of_three_levels_of_tiles() -> None:
    size = 256 * 256 + 700
    kept = grown([65_000, size - 65_000])
    assert sorted({level for level, _ in kept}) == [0, 1, 2]
    leaves = [leaf_hash(one) for one in content(size)]
    assert tree.root(reading(kept), size) == tree.root_of(leaves)
    path = tree.inclusion(reading(kept), 65_537, size)
    assert tree.includes(leaves[65_537], 65_537, size, path, tree.root_of(leaves))
    proof = tree.consistency(reading(kept), 300, size)
    assert tree.continues(300, tree.root_of(leaves[:300]), size, tree.root_of(leaves), proof)


@given(SIZES.filter(bool), st.data())
def test_no_other_leaf_place_size_or_root_is_shown(size: int, data: st.DataObject) -> None:
    kept, leaves = grown([size]), content(size)
    position = data.draw(st.integers(0, size - 1))
    path, leaf, top = tree.inclusion(reading(kept), position, size), leaf_hash(leaves[position]), naive_root(leaves)
    other = data.draw(st.integers(0, size + 3).filter(lambda one: one != position))
    assert not tree.includes(leaf, other, size, path, top)
    assert not tree.includes(leaf_hash(b"other"), position, size, path, top)
    assert not tree.includes(leaf, position, size, [*path, top], top)
    assert not tree.includes(leaf, position, size, path, leaf_hash(top))
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not tree.includes(leaf, position, size, [*path[:at], *path[at + 1 :]], top)
        bent = [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]]
        assert not tree.includes(leaf, position, size, bent, top)


@given(SIZES.filter(bool), st.data())
def test_no_tree_is_shown_to_begin_with_another(size: int, data: st.DataObject) -> None:
    kept, leaves = grown([size]), content(size)
    old = data.draw(st.integers(1, size))
    proof, was, now = tree.consistency(reading(kept), old, size), naive_root(leaves[:old]), naive_root(leaves)
    forged = naive_root([b"forged", *leaves[1:old]])
    assert not tree.continues(old, forged, size, now, proof)
    assert not tree.continues(old, was, size, leaf_hash(now), proof)
    assert not tree.continues(old, was, size, now, [*proof, now])
    assert not tree.continues(size + 1, was, size, now, proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]
        assert not tree.continues(old, was, size, now, bent)
        assert not tree.continues(old, was, size, now, [*proof[:at], *proof[at + 1 :]])


def test_what_is_asked_wrongly_is_refused() -> None:
    kept = grown([5])
    for position in (-1, 5):
        with pytest.raises(ValueError, match="has none at"):
            tree.inclusion(reading(kept), position, 5)
    with pytest.raises(ValueError, match="does not come after"):
        tree.consistency(reading(kept), 6, 5)
    with pytest.raises(BadTile, match="tile 0/0 has 5 hashes, where 6 are needed"):
        tree.root(reading(kept), 6)
    with pytest.raises(BadTile, match="tile 0/1 has 0 hashes"):
        tree.extended(reading(kept), 257, [tree.EMPTY])
