"""Digests are read in every form that archives write."""

import base64
import hashlib

import pytest

from sousveil.archive.digests import Digests, parse_digest

DATA = b"some block"
SHA1 = hashlib.sha1(DATA, usedforsecurity=False)
SHA256 = hashlib.sha256(DATA)


@pytest.mark.parametrize(
    "labelled",
    [
        f"sha1:{base64.b32encode(SHA1.digest()).decode()}",
        f"SHA-1:{SHA1.hexdigest().upper()}",
        f"sha256:{SHA256.hexdigest()}",
        f"sha-256: {base64.b32encode(SHA256.digest()).decode().rstrip('=').lower()}",
        f"md5:{hashlib.md5(DATA, usedforsecurity=False).hexdigest()}",
        f"sha512:{hashlib.sha512(DATA).hexdigest()}",
    ],
)
def test_a_digest_is_read_in_hexadecimal_and_base32(labelled: str) -> None:
    digests = Digests(labelled)
    digests.update(DATA[:3])
    digests.update(DATA[3:])
    assert digests.agrees(labelled) is True
    digests.update(b"!")
    assert digests.agrees(labelled) is False


@pytest.mark.parametrize(
    "labelled", ["", "sha1", "sha1:", "sha1:xyz", "crc32:00000000", "sha256:é"]
)
def test_what_is_no_digest_is_none(labelled: str) -> None:
    assert parse_digest(labelled) is None
    assert Digests(labelled).agrees(labelled) is None


def test_our_own_form_is_hexadecimal() -> None:
    assert Digests().sha256() == f"sha256:{hashlib.sha256(b'').hexdigest()}"
