"""Files under a passphrase in the age format, written without age: a second writer of the format.

Whoever makes such a file chooses how long scrypt takes; age takes a second, these a millisecond, so
that many tests can open them. Follows age-encryption.org/v1: scrypt recipient, header, payload.
"""

import base64
import hashlib
import hmac
import textwrap

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LOG_N = 4  # scrypt's cost is 2 to this; age's is 18
_BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
_END = "-----END AGE ENCRYPTED FILE-----"
CHUNK = 65_536  # of a payload; ours have one


def under_passphrase(text: bytes, passphrase: str) -> bytes:
    """Return an armoured age file that holds `text`."""
    assert len(text) < CHUNK
    salt, file_key, nonce = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48))
    wrapping = hashlib.scrypt(
        passphrase.encode(), salt=b"age-encryption.org/v1/scrypt" + salt, n=2**LOG_N, r=8, p=1,
        dklen=32,
    )  # fmt: skip
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (
        _base64(salt), LOG_N, _base64(wrapped),
    )  # fmt: skip
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    last = bytes(11) + b"\x01"  # the counter of the chunk, and that no other follows
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(last, text, None)
    whole = base64.b64encode(b"%s %s\n%s%s" % (header, _base64(mac), nonce, payload)).decode()
    lines = "\n".join(textwrap.wrap(whole, 64))
    return (
        f"-----BEGIN AGE ENCRYPTED FILE-----\n{lines}\n-----END AGE ENCRYPTED FILE-----\n".encode()
    )


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _derived(key: bytes, salt: bytes, what: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, what).derive(key)
