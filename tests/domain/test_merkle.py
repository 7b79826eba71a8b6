"""The tree against RFC 6962's published vectors, its own definition, and another implementation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from intake.domain.merkle import (
    Root,
    Tree,
    consistency,
    inclusion,
    is_consistent,
    is_included,
    leaf_hash,
)

ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        *("", "00", "10", "2021", "3031", "40414243"),
        *("5051525354555657", "606162636465666768696a6b6c6d6e6f"),
    )
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
"""Certificate Transparency's test vectors for trees of none to eight entries."""
PATHS: dict[tuple[int, int], list[str]] = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
"""Of which leaf in a tree of which size."""
BETWEEN: dict[tuple[int, int], list[str]] = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
SIZES = st.integers(1, 200)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def root_among(leaves: Sequence[bytes]) -> Root:
    return lambda first, last: Tree.of(leaves[first:last]).root()


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = by_definition(leaves[:k]), by_definition(leaves[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_roots_are_the_published_ones(size: int) -> None:
    assert Tree.of(map(leaf_hash, ENTRIES[:size])).root() == ROOTS[size]


@pytest.mark.parametrize(("place", "path"), PATHS.items())
def test_the_proofs_of_inclusion_are_the_published_ones(
    place: tuple[int, int], path: list[str]
) -> None:
    index, size = place
    leaves = [leaf_hash(entry) for entry in ENTRIES[:size]]
    proof = inclusion(index, size, root_among(leaves))
    assert [node.hex() for node in proof] == path
    assert is_included(leaves[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("sizes", "path"), BETWEEN.items())
def test_the_proofs_of_consistency_are_the_published_ones(
    sizes: tuple[int, int], path: list[str]
) -> None:
    old, size = sizes
    proof = consistency(old, size, root_among([leaf_hash(entry) for entry in ENTRIES]))
    assert [node.hex() for node in proof] == path
    assert is_consistent(old, size, ROOTS[old], ROOTS[size], proof)


@given(SIZES)
def test_a_root_is_that_of_the_definition_and_of_another_implementation(size: int) -> None:
    leaves, other = leaves_of(size), InmemoryTree(algorithm="sha256")
    for number in range(size):
        other.append_entry(str(number).encode())
    assert Tree.of(leaves).root() == by_definition(leaves) == other.get_root()


@given(SIZES, st.data())
def test_another_implementation_gives_the_same_proofs(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    leaves, other = leaves_of(size), InmemoryTree(algorithm="sha256")
    for number in range(size):
        other.append_entry(str(number).encode())
    root, tree = root_among(leaves), Tree.of(leaves).root()
    proof = inclusion(index, size, root)
    theirs = other.prove_inclusion(index + 1, size)
    assert theirs.path[1:] == proof  # theirs begins with the leaf
    assert is_included(leaves[index], index, size, proof, tree)
    assert is_consistent(old, size, by_definition(leaves[:old]), tree, consistency(old, size, root))


@given(SIZES, st.data())
def test_a_proof_of_inclusion_holds_for_its_own_leaf_place_and_root_alone(
    size: int, data: st.DataObject
) -> None:
    leaves = leaves_of(size)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(-1, size))
    proof, root = inclusion(index, size, root_among(leaves)), by_definition(leaves)
    assert is_included(leaves[index], index, size, proof, root)
    if other != index:
        assert not is_included(leaves[index], other, size, proof, root)
    assert not is_included(leaf_hash(b"other"), index, size, proof, root)
    assert not is_included(leaves[index], index, size, [*proof, root], root)
    assert not is_included(leaves[index], index, size, proof, leaf_hash(b"other"))
    if proof:
        assert not is_included(leaves[index], index, size, proof[:-1], root)


@given(SIZES, st.data())
def test_no_proof_of_consistency_leads_from_a_tree_that_was_changed(
    size: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, size))
    leaves = leaves_of(size)
    changed = leaves[:]
    changed[data.draw(st.integers(0, old - 1))] = leaf_hash(b"other")
    proof = consistency(old, size, root_among(changed))
    was, now = by_definition(leaves[:old]), by_definition(changed)
    assert not is_consistent(old, size, was, now, proof)


@given(SIZES, SIZES)
def test_a_tree_goes_on_from_its_peaks(size: int, more: int) -> None:
    leaves = leaves_of(size + more)
    first = Tree.of(leaves[:size])
    tree = Tree(first.size, first.peaks)
    for leaf in leaves[size:]:
        tree.add(leaf)
    assert tree.root() == by_definition(leaves)
    assert first.root() == by_definition(leaves[:size])


def test_what_lies_outside_a_tree_has_no_proof() -> None:
    root = root_among(leaves_of(4))
    for index in (-1, 4):
        with pytest.raises(ValueError, match="outside"):
            inclusion(index, 4, root)
    with pytest.raises(ValueError, match="larger"):
        consistency(5, 4, root)
    with pytest.raises(ValueError, match="2 peaks"):
        Tree(3, [b"one"])


def test_two_trees_of_one_size_are_consistent_only_if_they_are_one() -> None:
    leaves = leaves_of(5)
    root, other = by_definition(leaves), by_definition(leaves[1:] + leaves[:1])
    assert is_consistent(5, 5, root, root, [])
    assert not is_consistent(5, 5, root, other, [])
    assert not is_consistent(5, 5, root, root, [root])
    assert not is_consistent(5, 3, root, other, [])
    assert is_consistent(0, 5, by_definition([]), root, [])
    assert not is_consistent(3, 5, by_definition(leaves[:3]), root, [])
