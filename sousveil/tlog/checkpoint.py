"""Checkpoints: the signed statement of a log's size and root hash.

Takes a signed note and gives a `Checkpoint` once the signature holds, and the reverse. Does no
I/O. Follows C2SP tlog-checkpoint, "Note text"; the root hash is that of RFC 6962 section 2.1.
"""

import re
from dataclasses import dataclass

from sousveil.errors import LogError
from sousveil.tlog import merkle, note

MAX_SIZE = 2**63 - 1  # tile levels end at 63, and other tools count in signed 64-bit numbers

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's head, its signature verified when it was made."""

    origin: str  # the log's name, which is its key's name too
    size: int  # entries
    root: bytes  # 32 bytes
    note: bytes  # the signed note, whole, as it stands in the file


def sign_checkpoint(size: int, root: bytes, *signers: note.Signer) -> Checkpoint:
    """Return the checkpoint of a log that bears its keys' name, signed by each of them.

    A log must never sign two different roots of one size (C2SP tlog-checkpoint, "Signatures"):
    the caller answers for that.
    """
    name = signers[0].verifier.name
    text = f"{name}\n{size}\n{note.encode_base64(root)}\n"
    return Checkpoint(name, size, root, note.sign(text, *signers))


def open_checkpoint(signed: bytes, key: note.VerifierKey) -> Checkpoint:
    """Return the checkpoint in a note signed by `key`.

    Extension lines are allowed and ignored. Raises LogError when the note is malformed or not
    signed by `key`, when its text is no checkpoint, or when its origin is not the key's name.
    """
    head = read_checkpoint_text(note.verify(signed, key), signed)
    if head.origin != key.name:
        raise LogError(
            f"The checkpoint is of the log {head.origin[:200]!r}, but the key is of {key.name!r}. "
            "It belongs to another log."
        )
    return head


def read_checkpoint_text(text: str, signed: bytes) -> Checkpoint:
    """Return the checkpoint that the text of the note `signed` is; the caller verified that.

    Extension lines are allowed and ignored. Raises LogError when it is no checkpoint.
    """
    lines = text.removesuffix("\n").split("\n")
    match lines:
        case [origin, size, root, *_] if all(lines):
            pass
        case _:
            raise LogError("The checkpoint has not its three lines: origin, size, root hash.")
    decoded = note.decode_base64(root, "The checkpoint's root hash")
    if len(decoded) != merkle.HASH_BYTES:
        raise LogError("The checkpoint's root hash is not 32 bytes long.")
    return Checkpoint(origin, parse_number(size, "The checkpoint's size"), decoded, signed)


def parse_number(text: str, what: str) -> int:
    """Return the decimal number `text`, without sign or leading zeroes, up to MAX_SIZE.

    Raises LogError, naming `what`, for anything else.
    """
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        raise LogError(f"{what} is {text[:40]!r}, not a number from 0 to {MAX_SIZE}.")
    return int(text)
