from functools import cache
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigstore._internal.merkle import verify_merkle_inclusion

from sousveil.errors import LogError
from sousveil.tlog import merkle

ENTRIES = [b"entry %d" % i for i in range(301)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]

# The entries that Certificate Transparency's reference implementations test with, and their roots
# at sizes 1 to 8. The roots also follow from `defined_root`, which the next test compares.
REFERENCE_ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@cache
def defined(start: int, end: int) -> bytes:
    """MTH(D[start:end]) word for word as RFC 6962 section 2.1 defines it."""
    if end == start:
        return sha256(b"").digest()
    if end - start == 1:
        return sha256(b"\x00" + ENTRIES[start]).digest()
    k = 1
    while k * 2 < end - start:
        k *= 2
    return sha256(b"\x01" + defined(start, start + k) + defined(start + k, end)).digest()


def node(level: int, index: int) -> bytes:
    return defined(index << level, (index + 1) << level)


def test_the_empty_tree_has_the_hash_of_nothing_as_root() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.EMPTY_ROOT.hex() == empty
    assert merkle.root(0, node) == merkle.tree_hash([]) == merkle.EMPTY_ROOT


def test_roots_are_those_that_certificate_transparency_tests_with() -> None:
    leaves = [merkle.leaf_hash(entry) for entry in REFERENCE_ENTRIES]
    assert [merkle.tree_hash(leaves[:n]).hex() for n in range(1, 9)] == REFERENCE_ROOTS


@pytest.mark.parametrize("size", range(302))
def test_the_root_of_every_small_size_is_as_defined(size: int) -> None:
    assert merkle.root(size, node) == defined(0, size)
    assert merkle.tree_hash(LEAVES[:size]) == defined(0, size)


def test_every_inclusion_proof_of_every_small_size_holds() -> None:
    for size in range(1, 301):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node)
            merkle.verify_inclusion(LEAVES[index], index, size, proof, defined(0, size))


def test_every_consistency_proof_between_small_sizes_holds() -> None:
    for new in range(301):
        for old in range(new + 1):
            proof = merkle.consistency_proof(old, new, node)
            merkle.verify_consistency(old, new, defined(0, old), defined(0, new), proof)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100, 255, 256, 257, 300])
def test_sigstore_accepts_our_inclusion_proofs(size: int) -> None:
    for index in range(size):
        proof = SimpleNamespace(
            log_index=index,
            tree_size=size,
            root_hash=defined(0, size),
            hashes=merkle.inclusion_proof(index, size, node),
        )
        inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=ENTRIES[index])
        verify_merkle_inclusion(cast(Any, SimpleNamespace(_inner=inner)))


def test_the_standard_s_own_tree_of_seven_leaves_gives_its_proofs() -> None:
    # RFC 6962 section 2.1.3 draws this tree and names its nodes.
    a, b, c, d, _, f, j = LEAVES[:7]
    g, h, i = node(1, 0), node(1, 1), node(1, 2)
    k, top = node(2, 0), merkle.node_hash(i, j)
    assert merkle.inclusion_proof(0, 7, node) == [b, h, top]
    assert merkle.inclusion_proof(3, 7, node) == [c, g, top]
    assert merkle.inclusion_proof(4, 7, node) == [f, j, k]
    assert merkle.inclusion_proof(6, 7, node) == [i, k]
    assert merkle.consistency_proof(3, 7, node) == [c, d, g, top]
    assert merkle.consistency_proof(4, 7, node) == [top]
    assert merkle.consistency_proof(6, 7, node) == [i, j, k]
    assert merkle.node_hash(a, b) == g
    assert merkle.node_hash(c, d) == h


@given(st.data())
def test_an_inclusion_proof_holds_for_nothing_else(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, node)
    root = defined(0, size)
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
    at = data.draw(st.integers(0, len(proof) - 1))
    altered = [*proof[:at], merkle.EMPTY_ROOT, *proof[at + 1 :]]
    for leaf, position, hashes in (
        (LEAVES[other], index, proof),
        (LEAVES[index], other, proof),
        (LEAVES[index], index, altered),
        (LEAVES[index], index, proof[:-1]),
        (LEAVES[index], index, [*proof, root]),
        (LEAVES[index], index, [*proof[:at], proof[at][:31], *proof[at + 1 :]]),
    ):
        with pytest.raises(LogError):
            merkle.verify_inclusion(leaf, position, size, hashes, root)


@given(st.data())
def test_a_consistency_proof_holds_for_nothing_else(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 300))
    old = data.draw(st.integers(1, new - 1))
    proof = merkle.consistency_proof(old, new, node)
    old_root, new_root = defined(0, old), defined(0, new)
    at = data.draw(st.integers(0, len(proof) - 1))
    altered = [*proof[:at], merkle.EMPTY_ROOT, *proof[at + 1 :]]
    for first, second, hashes in (
        (merkle.EMPTY_ROOT, new_root, proof),
        (old_root, merkle.EMPTY_ROOT, proof),
        (old_root, new_root, altered),
        (old_root, new_root, proof[:-1]),
        (old_root, new_root, [*proof, new_root]),
        (old_root, new_root, []),
    ):
        with pytest.raises(LogError, match="does not"):
            merkle.verify_consistency(old, new, first, second, hashes)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_an_index_outside_the_log_is_refused(index: int, size: int) -> None:
    with pytest.raises(LogError, match="no entry"):
        merkle.inclusion_proof(index, size, node)
    with pytest.raises(LogError, match="no entry"):
        merkle.verify_inclusion(LEAVES[0], index, size, [], merkle.EMPTY_ROOT)


def test_a_log_that_shrank_is_refused() -> None:
    with pytest.raises(LogError, match="it shrank"):
        merkle.consistency_proof(5, 4, node)
    with pytest.raises(LogError, match="it shrank"):
        merkle.verify_consistency(5, 4, LEAVES[0], LEAVES[0], [])


def test_equal_sizes_with_other_roots_and_a_filled_empty_log_are_refused() -> None:
    with pytest.raises(LogError, match="does not hold"):
        merkle.verify_consistency(4, 4, LEAVES[0], LEAVES[1], [])
    with pytest.raises(LogError, match="does not hold"):
        merkle.verify_consistency(0, 4, LEAVES[0], LEAVES[1], [])
    with pytest.raises(LogError, match="does not hold"):
        merkle.verify_consistency(0, 4, merkle.EMPTY_ROOT, defined(0, 4), [LEAVES[0]])
