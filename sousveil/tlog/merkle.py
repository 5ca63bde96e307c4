"""The Merkle tree: hashes of leaves and nodes, proofs, and the checking of proofs.

Takes leaf hashes or a way to read the hashes of complete subtrees; gives roots and proofs. Pure:
a proof asks for O(log n) hashes and never holds the tree. Follows RFC 6962 section 2.1; proofs are
verified with the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeAlias

from sousveil.errors import LogError

HASH_BYTES = 32  # SHA-256

# The root hash of the tree without leaves.
EMPTY_ROOT = sha256(b"").digest()

# Gives the hash of a complete subtree: `node(level, index)` covers the leaves from
# `index << level` up to, not including, `(index + 1) << level`.
NodeReader: TypeAlias = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one log entry: 32 bytes. RFC 6962 section 2.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two hashes: 32 bytes. RFC 6962 section 2.1."""
    return sha256(b"\x01" + left + right).digest()


def tree_hash(hashes: Sequence[bytes]) -> bytes:
    """Return the root hash of the tree whose leaf hashes, or equally high nodes, are given.

    Hashes are paired level by level and an odd one moves up unpaired, which yields the recursive
    definition of RFC 6962 section 2.1.
    """
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        unpaired = row[len(row) & ~1 :]
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + unpaired
    return row[0]


def root(size: int, node: NodeReader) -> bytes:
    """Return the root hash of the first `size` leaves. RFC 6962 section 2.1."""
    return _subtree(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Return the hashes that show leaf `index` is among the first `size` leaves.

    `index` counts from 0. Each hash is 32 bytes; the lowest level comes first.
    Raises LogError unless 0 <= index < size. RFC 6962 section 2.1.1.
    """
    _require_leaf(index, size)
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """Return the hashes that show the tree of `old` leaves is a prefix of the tree of `new`.

    The proof is empty when `old` is 0 or equals `new`: there is nothing to prove.
    Raises LogError unless 0 <= old <= new. RFC 6962 section 2.1.2.
    """
    _require_order(old, new)
    if old in {0, new}:
        return []
    path: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    # The old tree's root itself is known to who checks; any other last node must be given.
    if start:
        path.append(_subtree(start, end, node))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes
) -> None:
    """Check that the leaf hash `leaf` stands at `index` in the tree of `size` leaves.

    Raises LogError when the proof does not show it. RFC 9162 section 2.1.3.2.
    """
    _require_leaf(index, size)
    _require_hashes(proof)
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise LogError(_wrong_inclusion(index, size, "it has too many hashes"))
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise LogError(_wrong_inclusion(index, size, "it has too few hashes"))
    if computed != root_hash:
        raise LogError(_wrong_inclusion(index, size, "it leads to another root hash"))


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree with `old_root` is a prefix of the tree with `new_root`.

    Raises LogError when the proof does not show it. RFC 9162 section 2.1.4.2; the cases it leaves
    out, an empty old tree and equal sizes, take an empty proof.
    """
    _require_order(old, new)
    _require_hashes(proof)
    if old in {0, new}:
        if proof or old_root != (new_root if old == new else EMPTY_ROOT):
            raise LogError(_wrong_consistency(old, new))
        return
    # A complete old tree is itself the first node of the way up, and is not sent.
    nodes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not nodes:
        raise LogError(_wrong_consistency(old, new))
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_computed = new_computed = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            raise LogError(_wrong_consistency(old, new))
        if position & 1 or position == last:
            old_computed = node_hash(sibling, old_computed)
            new_computed = node_hash(sibling, new_computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_computed = node_hash(new_computed, sibling)
        position, last = position >> 1, last >> 1
    if last or old_computed != old_root or new_computed != new_root:
        raise LogError(_wrong_consistency(old, new))


def _split(count: int) -> int:
    """Return the largest power of two below `count`, which is 2 or more."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtree(start: int, end: int, node: NodeReader) -> bytes:
    """Return the hash over leaves `start` to `end`, where `start` is where a split may fall."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(count)
    return node_hash(_subtree(start, middle, node), _subtree(middle, end, node))


def _require_leaf(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise LogError(
            f"There is no entry {index} in a log of {size} entries; "
            "entries count from 0. Use an index below the size."
        )


def _require_order(old: int, new: int) -> None:
    if not 0 <= old <= new:
        raise LogError(
            f"A log of {new} entries cannot have grown from one of {old}: "
            "it shrank, so it was rewritten or cut. Give the smaller size first."
        )


def _require_hashes(proof: Sequence[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in proof):
        raise LogError("The proof has a hash that is not 32 bytes long; it is not a valid proof.")


def _wrong_inclusion(index: int, size: int, reason: str) -> str:
    return (
        f"The inclusion proof for entry {index} in the log of {size} entries does not hold: "
        f"{reason}. The entry, the proof or the checkpoint is not the one that was logged."
    )


def _wrong_consistency(old: int, new: int) -> str:
    return (
        f"The consistency proof from {old} to {new} entries does not hold: "
        "the larger log does not begin with the smaller one, or the proof belongs to others."
    )
