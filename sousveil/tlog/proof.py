"""Proofs: one file that shows, without us and offline, that an entry is in the log.

Takes an index, an inclusion proof and a checkpoint and gives the text of a `.tlog-proof` file, and
the reverse. Does no I/O. Follows C2SP tlog-proof@v1, "Format".
"""

from dataclasses import dataclass

from sousveil.errors import LogError
from sousveil.tlog import merkle
from sousveil.tlog.checkpoint import Checkpoint, open_checkpoint, parse_number
from sousveil.tlog.note import MAX_NOTE_BYTES, decode_base64, encode_base64, parse_vkey

MAX_PROOF_HASHES = 63  # levels of the largest tree
MAX_EXTRA_BYTES = 65_536  # opaque data of an application; ours writes none
MAX_PROOF_BYTES = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES  # with room for the hashes

PROOF_MAGIC = "c2sp.org/tlog-proof@v1"  # the first line


@dataclass(frozen=True, slots=True)
class Proof:
    """What a `.tlog-proof` file says. Nothing of it is verified."""

    index: int  # of the entry, from 0
    hashes: tuple[bytes, ...]  # inclusion proof, the lowest level first
    checkpoint: bytes  # signed note, verbatim
    extra: bytes = b""  # opaque and, by the standard, authenticated by nothing


def format_proof(proof: Proof) -> bytes:
    """Return the content of a `.tlog-proof` file."""
    extra = [f"extra {encode_base64(proof.extra)}"] if proof.extra else []
    hashes = [encode_base64(one) for one in proof.hashes]
    lines = [PROOF_MAGIC, *extra, f"index {proof.index}", *hashes, "", ""]
    return "\n".join(lines).encode() + proof.checkpoint


def parse_proof(data: bytes) -> Proof:
    """Return what a `.tlog-proof` file says.

    Raises LogError when it is malformed or too large. The checkpoint is taken as it is.
    """
    if len(data) > MAX_PROOF_BYTES:
        raise LogError(f"The proof is longer than {MAX_PROOF_BYTES:,} bytes. It was not read.")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise LogError("The proof is not text. It was changed; get it again.") from None
    if lines.pop(0) != PROOF_MAGIC or not blank:
        raise LogError(f"The file is no proof: it does not begin with {PROOF_MAGIC}. Get it again.")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "), "The proof's extra data")
    if not lines or not lines[0].startswith("index "):
        raise LogError("The proof has no index line. It was changed; get it again.")
    index = parse_number(lines.pop(0).removeprefix("index "), "The proof's index")
    if len(lines) > MAX_PROOF_HASHES or len(extra) > MAX_EXTRA_BYTES:
        raise LogError("The proof has more hashes or extra data than any valid proof of ours.")
    hashes = tuple(decode_base64(line, "A hash of the proof") for line in lines)
    return Proof(index, hashes, checkpoint, extra)


def verify_proof(data: bytes, entry: bytes, vkey: str) -> tuple[int, Checkpoint]:
    """Return the index at which `entry` stands in the log that `vkey` signs, and the log's head.

    Raises LogError when the file is malformed, its checkpoint is not signed by `vkey`, or its
    hashes do not lead from the entry to the signed root.
    """
    proof = parse_proof(data)
    head = open_checkpoint(proof.checkpoint, parse_vkey(vkey))
    leaf = merkle.leaf_hash(entry)
    merkle.verify_inclusion(leaf, proof.index, head.size, proof.hashes, head.root)
    return proof.index, head
