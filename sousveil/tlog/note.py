"""Signed notes: a text with signatures of named Ed25519 keys, and those keys as text.

Takes bytes from strangers and gives a text once a known key's signature on it has been verified;
the reverse signs. Does no I/O. Follows C2SP signed-note; keys are written in the text forms of
Go's sumdb/note (`NAME+ID+BASE64` and `PRIVATE+KEY+NAME+ID+BASE64`).
"""

import base64
import binascii
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sousveil.errors import LogError

ED25519 = b"\x01"  # signature type identifiers
COSIGNATURE = b"\x04"  # Ed25519 too, over a text with a time: `cosignature.py`
KEY_BYTES = 32  # an Ed25519 public key, and the seed of a private one
KEY_ID_BYTES = 4
MAX_NOTE_BYTES = 262_144  # 16 post-quantum signatures of 5 kB in base64 are 107 kB
MAX_SIGNATURES = 64  # the standard asks for 16 at least
MAX_NAME_LENGTH = 512  # a name is an address without its scheme

_DASH = "\N{EM DASH} "
_PRIVATE = "PRIVATE+KEY+"
_KINDS = {ED25519: "an Ed25519 key", COSIGNATURE: "the Ed25519 key of a witness (type 4)"}


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line of a note. Nothing of it is verified."""

    name: str  # of the key
    key_id: bytes
    signature: bytes

    def is_of(self, key: "VerifierKey") -> bool:
        """Tell whether the line says that `key` made it."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name; as text (`str`) it is the *vkey* that one publishes."""

    name: str
    public_key: bytes  # 32 bytes, RFC 8032
    kind: bytes = ED25519  # signature type identifier

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, tell this key from others."""
        named = self.name.encode() + b"\n" + self.kind + self.public_key
        return sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self.kind + self.public_key)}"

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether `signature` is this key's over `message` (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer(Protocol):
    """Whatever signs in a key's name: our own key file, or a token or an agent that holds one."""

    @property
    def verifier(self) -> VerifierKey:
        """The key that checks what this one signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message` (RFC 8032), 64 bytes."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class KeySigner:
    """A private key with its name. Shown without the key, so that no message leaks it."""

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)
    kind: bytes = field(default=ED25519, repr=False)  # signature type identifier

    @property
    def verifier(self) -> VerifierKey:
        """The key that checks what this one signs."""
        public = self.private_key.public_key().public_bytes_raw()
        return VerifierKey(self.name, public, self.kind)

    @property
    def verifier_key(self) -> str:
        """The same as text, to be published."""
        return str(self.verifier)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`; the same each time, for Ed25519 is deterministic."""
        return self.private_key.sign(message)


def parse_vkey(text: str, kind: bytes = ED25519) -> VerifierKey:
    """Return the verifier key that `NAME+ID+BASE64` stands for.

    Raises LogError when it is malformed, is not of that kind, or its id is not that of the key.
    """
    name, key_id, key = _split_key(text, "The verifier key", kind)
    verifier = VerifierKey(name, key, kind)
    if key_id != verifier.key_id.hex():
        raise LogError(
            f"The verifier key of {name!r} has id {key_id}, but its key has id "
            f"{verifier.key_id.hex()}; it was mistyped or cut. Copy it again."
        )
    return verifier


def parse_skey(text: str, kind: bytes = ED25519) -> KeySigner:
    """Return the signer that `PRIVATE+KEY+NAME+ID+BASE64` stands for.

    Raises LogError when it is malformed, is not of that kind, or its id is not that of the key. The
    message never shows the text, which is secret.
    """
    if not text.startswith(_PRIVATE):
        raise LogError('The signing key does not begin with "PRIVATE+KEY+". Restore it.')
    name, key_id, seed = _split_key(text.removeprefix(_PRIVATE), "The signing key", kind)
    signer = KeySigner(name, Ed25519PrivateKey.from_private_bytes(seed), kind)
    if key_id != signer.verifier.key_id.hex():
        raise LogError(f"The signing key of {name!r} is damaged: its id is wrong. Restore it.")
    return signer


def format_skey(signer: KeySigner) -> str:
    """Return the secret text of a signer, without a line end."""
    seed = encode_base64(signer.kind + signer.private_key.private_bytes_raw())
    return f"{_PRIVATE}{signer.name}+{signer.verifier.key_id.hex()}+{seed}"


def sign(text: str, *signers: Signer) -> bytes:
    """Return the note of `text`, which ends in a line feed, signed by each, in their order.

    Ed25519 is deterministic: the same text and keys give the same note.
    """
    lines = (signature_line(one.verifier, one.sign(text.encode())) for one in signers)
    return f"{text}\n{''.join(lines)}".encode()


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """Return the line, with its line feed, that names a key and gives its signature."""
    return f"{_DASH}{key.name} {encode_base64(key.key_id + signature)}\n"


def verify(note: bytes, *keys: VerifierKey) -> str:
    """Return the text of a note that one of `keys` signed.

    Signatures of other keys are ignored. Raises LogError when the note is malformed or too large,
    when none of `keys` signed it, or when a signature in the name of one is wrong. C2SP
    signed-note, "Format" and "Signatures".
    """
    text, signatures = split_note(note)
    ours = [(key, one.signature) for one in signatures for key in keys if one.is_of(key)]
    if not ours:
        raise LogError(
            f"The note is not signed by {' or '.join(map(str, keys))}. It was changed, or belongs "
            "to another log; compare the key with the one its owner publishes."
        )
    for key, signature in ours:
        if not key.has_signed(text.encode(), signature):
            raise LogError(
                f"The note's signature by {key.name} is wrong: the text was changed after it was "
                "signed. Restore it from a copy."
            )
    return text


def signed_by(note: bytes, *keys: VerifierKey) -> bytes:
    """Return the note without the signatures of others than `keys`.

    Raises LogError when it is malformed or too large. No signature is verified.
    """
    text, signatures = split_note(note)
    ours = [(key, one.signature) for one in signatures for key in keys if one.is_of(key)]
    return f"{text}\n{''.join(signature_line(*each) for each in ours)}".encode()


def check_name(name: str) -> str:
    """Return `name` when it can name a key. Raises LogError when it cannot."""
    bad = not name or len(name) > MAX_NAME_LENGTH or "+" in name
    if bad or any(one.isspace() or not one.isprintable() for one in name):
        raise LogError(
            f"{name[:200]!r} cannot name a key: a name is 1 to {MAX_NAME_LENGTH} characters "
            'without spaces and without "+". An address without "https://" is a good name.'
        )
    return name


def encode_base64(data: bytes) -> str:
    """Return standard base64 (RFC 4648 section 4)."""
    return base64.b64encode(data).decode()


def decode_base64(text: str, what: str) -> bytes:
    """Return the bytes of standard base64, in the one spelling that `encode_base64` gives.

    Raises LogError, naming `what`, for anything else: two spellings of one hash would let a
    changed byte go unnoticed.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    if encode_base64(data) != text:
        raise LogError(f"{what} is not valid base64. It was cut or changed; restore it.")
    return data


def _split_key(text: str, what: str, kind: bytes) -> tuple[str, str, bytes]:
    # Base64 has plus signs of its own, so only the first two divide.
    name, _, rest = text.partition("+")
    key_id, plus, encoded = rest.partition("+")
    if not plus:
        raise LogError(f"{what} is not of the form NAME+ID+BASE64. Copy it again, whole.")
    key = decode_base64(encoded, f"{what}'s last part")
    if len(key) != 1 + KEY_BYTES or not key.startswith(kind):
        raise LogError(f"{what} is not {_KINDS[kind]}; only those are supported. Use another.")
    return check_name(name), key_id, key[1:]


def split_note(note: bytes) -> tuple[str, list[Signature]]:
    """Return the text of a note and its signatures, none of them verified.

    Raises LogError when the note is malformed or too large. C2SP signed-note, "Format".
    """
    if len(note) > MAX_NOTE_BYTES:
        raise LogError(f"The note is longer than {MAX_NOTE_BYTES:,} bytes. It was not read.")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise LogError("The note is not UTF-8. It was changed; restore it.") from None
    if any(one < " " and one != "\n" for one in whole):
        raise LogError("The note has a control character. It was changed; restore it.")
    text, blank, rest = whole.rpartition("\n\n")
    if not blank or not rest.endswith("\n"):
        raise LogError(
            "The note has no signature lines after an empty line. It was cut; restore it."
        )
    lines = rest.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise LogError(f"The note has more than {MAX_SIGNATURES} signatures. It was not read.")
    return text + "\n", [_split_signature(line) for line in lines]


def _split_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise LogError("A signature line of the note is malformed. It was changed; restore it.")
    raw = decode_base64(encoded, "A signature of the note")
    if len(raw) <= KEY_ID_BYTES:
        raise LogError("A signature of the note is too short. It was cut; restore it.")
    return Signature(check_name(name), raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])
