"""Digests as WARC files write them: an algorithm, a colon, and hexadecimal or base32.

Takes labelled digests (WARC 1.1, section 5.8; "no particular algorithm is recommended") and gives
bytes to compare. Common Crawl and Heritrix write SHA-1 in base32, we SHA-256 in hexadecimal.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from functools import lru_cache, partial

_NEW: dict[str, Callable[[], "hashlib._Hash"]] = {
    "md5": partial(hashlib.md5, usedforsecurity=False),
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
}
_SIZES = {name: new().digest_size for name, new in _NEW.items()}
_ALGORITHMS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "sha512": "sha512",
    "sha-512": "sha512",
}
# What a record says is read where its hashing begins and again where it ends.
_KEPT = 16


class Digests:
    """Digests of one run of bytes: SHA-256 always, and whatever a labelled digest needs."""

    def __init__(self, *labelled: str) -> None:
        names = {"sha256", *(parsed[0] for text in labelled if (parsed := parse_digest(text)))}
        self._hashes = {name: _NEW[name]() for name in names}

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        for value in self._hashes.values():
            value.update(data)

    def sha256(self) -> str:
        """Return the digest as we write it: `sha256:` and 64 hexadecimal digits."""
        return f"sha256:{self._hashes['sha256'].hexdigest()}"

    def hexadecimal(self, name: str) -> str:
        """Return the digest by an algorithm that was asked for, as hashlib names it."""
        return self._hashes[name].hexdigest()

    def agrees(self, labelled: str) -> bool | None:
        """Return whether `labelled` is the digest of the bytes; None when it cannot be read."""
        parsed = parse_digest(labelled)
        return parsed[1] == self._hashes[parsed[0]].digest() if parsed else None


@lru_cache(_KEPT)
def parse_digest(labelled: str) -> tuple[str, bytes] | None:
    """Return hashlib's name of the algorithm and the digest; None when the form is not known."""
    label, _, value = labelled.partition(":")
    name = _ALGORITHMS.get(label.strip().lower())
    if name is None:
        return None
    value = value.strip()
    size = _SIZES[name]
    try:
        if len(value) == 2 * size:
            return name, bytes.fromhex(value)
        padded = value.rstrip("=").upper()
        digest = base64.b32decode(padded + "=" * (-len(padded) % 8))
    except (ValueError, binascii.Error):
        return None
    return (name, digest) if len(digest) == size else None
