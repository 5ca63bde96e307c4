"""OpenTimestamps proofs: made, upgraded and read with the `opentimestamps` library (extra `ots`).

Takes what is stamped and what calendars answer; gives the bytes of `.ots` files, as its own client
reads them, and what they lead to. Does no I/O. The calendar learns a hash of the digest and of 16
random bytes, so it cannot recognise what is stamped, nor that two proofs are of one thing.

The library is imported when a proof is at hand: few have the extra, and it takes half a second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sousveil.errors import LogError

NONCE_BYTES = 16

# A proof has a hash and an operation for each level of two trees; calendars send a kilobyte.
MAX_PROOF_BYTES = 16_384


def is_installed() -> bool:
    """Tell whether the extra is there."""
    return find_spec("opentimestamps") is not None


def _core(module: str) -> Any:  # noqa: ANN401  # the library has no types
    """Return a module of the library; raises LogError when that is not there."""
    try:
        return import_module(f"opentimestamps.core.{module}")
    except ImportError as error:
        raise LogError(
            "OpenTimestamps proofs need the extra `ots`: pip install 'sousveil[ots]'."
        ) from error


@dataclass(frozen=True, slots=True)
class Promise:
    """A calendar's word that it will have a digest in a block."""

    commitment: bytes
    url: str


@dataclass(frozen=True, slots=True)
class InBlock:
    """What a proof leads to: the root that the block of that height must have."""

    height: int
    root: bytes


def begin(data: bytes, nonce: bytes) -> bytes:
    """Return the digest to submit for `data`; `nonce` are NONCE_BYTES random bytes."""
    commitment: bytes = _salted(data, nonce)[1].msg
    return commitment


def promised(data: bytes, nonce: bytes, answer: bytes) -> bytes:
    """Return the proof of `data` that a calendar's answer to the digest of `begin` makes.

    Raises LogError when the answer is malformed, or promises nothing.
    """
    stamp, leaf = _salted(data, nonce)
    leaf.merge(_timestamp(answer, leaf.msg))
    proof = _written(stamp)
    if not any(True for _ in (*promises(proof, data), *blocks(proof, data))):
        raise LogError("The calendar's answer promises nothing.")
    return proof


def upgraded(proof: bytes, data: bytes, promise: Promise, answer: bytes) -> bytes:
    """Return the proof with what a calendar answered later; once in a block, with that alone.

    Raises LogError when the answer is malformed.
    """
    stamp = _read(proof, data)
    later = _timestamp(answer, promise.commitment)
    for node in _nodes(stamp):
        if node.msg == promise.commitment:
            node.merge(later)
    _keep_blocks(stamp)
    return _written(stamp)


def promises(proof: bytes, data: bytes) -> Iterator[Promise]:
    """Yield what calendars promised; raises LogError when the proof is malformed or of others."""
    for message, word in _read(proof, data).all_attestations():
        if isinstance(word, _core("notary").PendingAttestation):
            yield Promise(message, word.uri)


def blocks(proof: bytes, data: bytes) -> Iterator[InBlock]:
    """Yield the blocks that a proof leads to; raises as `promises`."""
    for message, word in _read(proof, data).all_attestations():
        if isinstance(word, _core("notary").BitcoinBlockHeaderAttestation):
            yield InBlock(word.height, message)


def _salted(data: bytes, nonce: bytes) -> tuple[Any, Any]:
    """Return a timestamp of `data`, and the one of the digest that is submitted for it."""
    op, stamp = _core("op"), _core("timestamp").Timestamp(sha256(data).digest())
    return stamp, stamp.ops.add(op.OpAppend(nonce)).ops.add(op.OpSHA256())


def _read(proof: bytes, data: bytes) -> Any:  # noqa: ANN401  # the library has no types
    """Return the timestamp in a proof of `data`, which must be written in the one way we write."""
    serialize = _core("serialize")
    try:
        context = serialize.BytesDeserializationContext(proof)
        file = _core("timestamp").DetachedTimestampFile.deserialize(context)
    except (serialize.DeserializationError, ValueError) as error:
        raise LogError(f"is no OpenTimestamps proof: {error}") from error
    if file.file_hash_op != _core("op").OpSHA256() or file.file_digest != sha256(data).digest():
        raise LogError("is a proof of something else")
    if _written(file.timestamp) != proof:
        raise LogError("is not written as it was kept")
    return file.timestamp


def _timestamp(answer: bytes, message: bytes) -> Any:  # noqa: ANN401  # the library has no types
    serialize = _core("serialize")
    try:
        context = serialize.BytesDeserializationContext(answer)
        stamp = _core("timestamp").Timestamp.deserialize(context, message)
        context.assert_eof()
    except (serialize.DeserializationError, ValueError) as error:
        raise LogError(f"The calendar's answer is malformed: {error}.") from error
    return stamp


def _written(stamp: Any) -> bytes:  # noqa: ANN401  # the library has no types
    context = _core("serialize").BytesSerializationContext()
    _core("timestamp").DetachedTimestampFile(_core("op").OpSHA256(), stamp).serialize(context)
    written: bytes = context.getbytes()
    return written


def _nodes(stamp: Any) -> Iterator[Any]:  # noqa: ANN401  # the library has no types
    yield stamp
    for below in stamp.ops.values():
        yield from _nodes(below)


def _keep_blocks(stamp: Any) -> None:  # noqa: ANN401  # the library has no types
    """Drop what leads to no block, once something does: what nothing confirms proves nothing."""
    in_block = _core("notary").BitcoinBlockHeaderAttestation
    if any(isinstance(one, in_block) for _, one in stamp.all_attestations()):
        _prune(stamp, in_block)


def _prune(stamp: Any, in_block: type) -> bool:  # noqa: ANN401  # the library has no types
    """Drop what leads to no word of a kind; tell whether anything is left."""
    kept = {one for one in stamp.attestations if isinstance(one, in_block)}
    stamp.attestations.intersection_update(kept)
    for op, below in list(stamp.ops.items()):
        if not _prune(below, in_block):
            del stamp.ops[op]
    return bool(kept or stamp.ops)
