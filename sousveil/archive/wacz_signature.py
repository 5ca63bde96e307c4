"""Signs a WACZ without a name: who holds the package can see that one key signed all of it.

Takes the hash of a `datapackage.json` and gives its `signedData`. Follows WACZ-auth 0.1.0,
"Anonymous Signature"; what that leaves open is as ReplayWeb.page reads it: ECDSA on P-384 with
SHA-256 over the text of the hash, the signature as r and s of 48 bytes each, the key as SPKI.
Signing is deterministic (RFC 6979), so the same package is signed with the same bytes.

Trust: the key shows that two packages come from one hand, not whose hand it is, and not when.
Who can read its file can sign in its place; nothing in the case's log depends on it.
"""

import base64
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sousveil.durable import sync_folder
from sousveil.errors import ArchiveError
from sousveil.model import Json

SPEC_VERSION = "0.1.0"
CURVE = ec.SECP384R1
_NUMBER_BYTES = 48  # of r and of s, on this curve

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def own_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key stored in the file `path`; it is made, with mode 0600, if there is none.

    Raises ArchiveError when the file is open to others than its owner or is no such key, OSError
    when the system refuses.
    """
    if not path.exists():
        _store_new_key(path)
    if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        raise ArchiveError(
            f"{path}: others than its owner can use this signing key. Run `chmod 600 {path}`, or"
            " remove it to sign with a new one."
        )
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, CURVE):
        raise ArchiveError(
            f"{path}: not a P-384 key in PEM. Restore it from a copy, or remove it to sign with a"
            " new one."
        )
    return key


def signed_data(
    package_hash: str, key: ec.EllipticCurvePrivateKey, *, created: str, software: str
) -> Json:
    """Return the `signedData` of a package.

    `package_hash` is `sha256:` and the digest of `datapackage.json`; `created` is that file's own.
    """
    signature = key.sign(package_hash.encode(), ec.ECDSA(SHA256(), deterministic_signing=True))
    numbers = (n.to_bytes(_NUMBER_BYTES, "big") for n in decode_dss_signature(signature))
    return {
        "hash": package_hash,
        "created": created,
        "software": software,
        "version": SPEC_VERSION,
        "signature": base64.b64encode(b"".join(numbers)).decode(),
        "publicKey": public_key(key),
    }


def public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the public half of a key as `signedData` names it: SPKI in base64."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _store_new_key(path: Path) -> None:
    """Make a key and store it, unless another process was first.

    It is written and synced under another name, then linked to its own: a crash leaves a stray
    file that is never used, or the whole key.
    """
    pem = ec.generate_private_key(CURVE()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
    sync_folder(path.parent)
