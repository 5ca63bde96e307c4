"""Cosignatures: a witness's signed word that, at a time, a checkpoint was the largest it had seen.

Takes checkpoints and keys; gives signature lines, and what they say once they were verified. Does
no I/O. Follows C2SP tlog-cosignature, "Ed25519 signed message": a key that cosigns has the type 4
and is used for nothing else, so that no cosignature passes for another signature.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sousveil.errors import LogError
from sousveil.tlog.note import (
    COSIGNATURE,
    Signature,
    Signer,
    VerifierKey,
    parse_vkey,
    signature_line,
    split_note,
)

TIME_BYTES = 8  # of the time, which comes before the signature
SIGNATURE_BYTES = 64

_LAST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())  # beyond it there is no date


@dataclass(frozen=True, slots=True)
class Cosignature:
    """What a witness says of a checkpoint, its signature verified when this was made."""

    key: VerifierKey
    at: datetime  # UTC, whole seconds, by the witness's clock


def parse_witness_key(vkey: str) -> VerifierKey:
    """Return the key of a witness, as `parse_vkey`; raises LogError when it is no such key."""
    return parse_vkey(vkey, COSIGNATURE)


def cosign(signed: bytes, signer: Signer, at: datetime) -> str:
    """Return the signature line, with its line feed, of a witness under the note `signed`.

    The witness answers for what it says by that. Raises LogError when the note is malformed.
    """
    text, _ = split_note(signed)
    seconds = int(at.timestamp())
    signature = signer.sign(_message(text, seconds))
    return signature_line(signer.verifier, seconds.to_bytes(TIME_BYTES) + signature)


def cosignatures(signed: bytes, keys: Sequence[VerifierKey]) -> list[Cosignature]:
    """Return what witnesses say under the note `signed`, in the order of its lines.

    Signatures of other keys are ignored. Raises LogError when the note is malformed, or when a
    signature in the name of one of `keys` is wrong.
    """
    text, lines = split_note(signed)
    return [_verified(text, line, key) for line in lines for key in keys if line.is_of(key)]


def _verified(text: str, line: Signature, key: VerifierKey) -> Cosignature:
    seconds = int.from_bytes(line.signature[:TIME_BYTES])
    signature = line.signature[TIME_BYTES:]
    # Without a time it is a statement about a part of a tree, which no checkpoint is.
    if len(signature) != SIGNATURE_BYTES or not 0 < seconds <= _LAST:
        raise LogError(f"The cosignature of {key.name} is malformed: it was cut or changed.")
    if not key.has_signed(_message(text, seconds), signature):
        raise LogError(
            f"The cosignature of {key.name} is wrong: it, or the checkpoint above it, was changed."
        )
    return Cosignature(key, datetime.fromtimestamp(seconds, UTC))


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
