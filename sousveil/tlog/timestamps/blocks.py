"""Block headers of Bitcoin: what the 80 bytes say, and how much work it took to make them.

Takes a header's bytes and gives the root of its transactions, its time and its work. Pure. Whether
a header is in the chain that everybody calls Bitcoin, no header says: that its hash meets its own
target shows only the work that somebody spent, and whoever holds a node can look its hash up.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sousveil.errors import LogError

HEADER_BYTES = 80
HASH_BYTES = 32

# A target of more bits than a hash has is none; 29 bytes and three make 32.
_MAX_EXPONENT = 32
_MANTISSA = 0x7FFFFF  # the bit above is a sign, and no target is negative

_HEX = re.compile(rb"\s*([0-9a-fA-F]{160})\s*")


@dataclass(frozen=True, slots=True)
class Header:
    """A block header whose hash meets its own target."""

    data: bytes
    hash: str  # as people write it: hexadecimal, the last byte first
    root: bytes  # of the tree of transactions, 32 bytes
    at: datetime  # as its maker said; others took it within two hours of the truth
    work: float  # how many hashes it takes on average to make one like it, as a power of two


def read_header(data: bytes) -> Header:
    """Return a block header, given as 80 bytes or in hexadecimal.

    Raises LogError when it is none, or its hash does not meet its own target.
    """
    found = _HEX.fullmatch(data)
    raw = bytes.fromhex(found[1].decode()) if found is not None else data
    if len(raw) != HEADER_BYTES:
        raise LogError(
            f"is no block header: that has {HEADER_BYTES} bytes, or twice as many digits"
        )
    digest = sha256(sha256(raw).digest()).digest()
    target = _target(int.from_bytes(raw[72:76], "little"))
    if target <= 0 or int.from_bytes(digest, "little") > target:
        raise LogError("is no block header: its hash does not meet its own target")
    return Header(
        data=raw,
        hash=digest[::-1].hex(),
        root=raw[36:68],
        at=datetime.fromtimestamp(int.from_bytes(raw[68:72], "little"), UTC),
        work=8 * HASH_BYTES - math.log2(target + 1),
    )


def format_header(header: Header) -> bytes:
    """Return how a header is kept: in hexadecimal, on one line."""
    return header.data.hex().encode() + b"\n"


def _target(bits: int) -> int:
    """Return the target that a header's compact form stands for; 0 for one that is none."""
    exponent, mantissa = bits >> 24, bits & 0xFFFFFF
    if mantissa > _MANTISSA or exponent > _MAX_EXPONENT:
        return 0
    shift = 8 * (exponent - 3)
    return mantissa << shift if shift >= 0 else mantissa >> -shift
