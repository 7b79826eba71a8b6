"""The Merkle tree of RFC 6962 §2.1: roots while leaves are added, and its two kinds of proof.

A *leaf* here is a leaf's hash. ``Root`` gives the root of the leaves from one place to another;
proofs ask it for disjoint ranges, so that whoever has the leaves on a disk need not hold them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

HASH_SIZE = 32
Root = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The leaf of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows. It holds one hash for each bit set in its size, and nothing else."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """``peaks``: those of a tree of this size. Raises ValueError for another number of them."""
        if len(peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks")
        self.size = size
        self.peaks = list(peaks)

    @classmethod
    def of(cls, leaves: Iterable[bytes]) -> Tree:
        """The tree of these leaves."""
        tree = cls()
        for leaf in leaves:
            tree.add(leaf)
        return tree

    def add(self, leaf: bytes) -> None:
        """Add a leaf on the right."""
        full, node = self.size, leaf
        while full & 1:
            node = node_hash(self.peaks.pop(), node)
            full >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of what was added so far."""
        if not self.peaks:
            return hashlib.sha256().digest()
        *others, root = self.peaks
        for peak in reversed(others):
            root = node_hash(peak, root)
        return root


def inclusion(index: int, size: int, root: Root) -> list[bytes]:
    """The proof that the leaf at ``index`` is in the tree of ``size`` leaves.

    Raises ValueError for an index outside it.
    """
    if not 0 <= index < size:
        raise ValueError("the index lies outside the tree")
    return list(_path(index, 0, size, root))


def _path(index: int, first: int, last: int, root: Root) -> Iterator[bytes]:
    if last - first == 1:
        return
    middle = first + _split(last - first)
    if index < middle:
        yield from _path(index, first, middle, root)
        yield root(middle, last)
    else:
        yield from _path(index, middle, last, root)
        yield root(first, middle)


def consistency(old: int, size: int, root: Root) -> list[bytes]:
    """The proof that the tree of ``old`` leaves is the beginning of that of ``size``.

    Raises ValueError where it is not shorter or equal.
    """
    if not 0 <= old <= size:
        raise ValueError("the old tree is larger than the new one")
    if old in (0, size):
        return []
    return list(_between(old, 0, size, root, whole=True))


def _between(old: int, first: int, last: int, root: Root, *, whole: bool) -> Iterator[bytes]:
    if old == last:
        if not whole:
            yield root(first, last)
        return
    middle = first + _split(last - first)
    if old <= middle:
        yield from _between(old, first, middle, root, whole=whole)
        yield root(middle, last)
    else:
        yield from _between(old, middle, last, root, whole=False)
        yield root(first, middle)


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf to the root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(other, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, other)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def is_consistent(
    old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof leads to both roots (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == hashlib.sha256().digest()
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    of_old = of_new = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            of_old, of_new = node_hash(other, of_old), node_hash(other, of_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            of_new = node_hash(of_new, other)
        at, last = at >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == root


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return int(1 << (size - 1).bit_length() - 1)
