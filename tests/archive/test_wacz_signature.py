"""A package's signature verifies for a stranger; the key is made once and kept from others."""

import base64
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sousveil.archive.wacz_signature import own_key, public_key, signed_data
from sousveil.errors import ArchiveError
from sousveil.model import Json

HASH = "sha256:" + "ab" * 32
CREATED = "2026-03-01T12:30:15Z"


def verify(signed: Json, package_hash: str) -> None:
    """Verify as WACZ-auth 0.1.0 and ReplayWeb.page do, from what stands in the package alone."""
    key = load_der_public_key(base64.b64decode(signed["publicKey"], validate=True))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp384r1"
    raw = base64.b64decode(signed["signature"], validate=True)
    assert len(raw) == 96
    r, s = (int.from_bytes(half, "big") for half in (raw[:48], raw[48:]))
    key.verify(encode_dss_signature(r, s), package_hash.encode(), ec.ECDSA(SHA256()))


def test_a_stranger_can_verify_the_signature_and_no_other_hash(tmp_path: Path) -> None:
    signed = signed_data(HASH, own_key(tmp_path / "k.pem"), created=CREATED, software="test/1")
    verify(signed, HASH)
    with pytest.raises(InvalidSignature):
        verify(signed, HASH.replace("ab", "ac", 1))
    assert set(signed) == {"hash", "created", "software", "version", "signature", "publicKey"}
    assert (signed["hash"], signed["created"], signed["version"]) == (HASH, CREATED, "0.1.0")


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "k.pem"
    first, second = own_key(path), own_key(path)
    assert public_key(first) == public_key(second)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_the_same_package_is_signed_with_the_same_bytes(tmp_path: Path) -> None:
    key = own_key(tmp_path / "k.pem")
    one, two = (signed_data(HASH, key, created=CREATED, software="t") for _ in range(2))
    assert one == two


def test_a_key_that_others_can_use_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    own_key(path)
    path.chmod(0o640)
    with pytest.raises(ArchiveError, match=r"others than its owner.*chmod 600"):
        own_key(path)


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\0"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k.pem"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="not a P-384 key"):
        own_key(path)
