"""Signing keys: one file each, outside the case, that only its owner can read.

Takes a path and gives a `KeySigner`. The file holds one line, the text form of Go's sumdb/note
(`PRIVATE+KEY+NAME+ID+BASE64`), so that other C2SP tools can sign with it; or that line encrypted
with a passphrase in the age format (age-encryption.org/v1, scrypt), in text, as `age --decrypt`
opens it. Nothing in it is of one computer: a copy signs anywhere.

Trust: who can read the file, and knows its passphrase if it has one, can sign any log in the key's
name. Who can only write it can stop us from signing, but cannot make an old log verify with another
key.
"""

import os
import stat
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sousveil.durable import write_durably
from sousveil.errors import LogError
from sousveil.tlog.files import read_file, sync_folder
from sousveil.tlog.note import ED25519, KeySigner, check_name, format_skey, parse_skey
from sousveil.tlog.passphrase import forget, passphrase_of

MAX_KEY_FILE_BYTES = 4_096  # one line: a name of 512 characters and 44 of base64; age adds 400

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_AGE = b"-----BEGIN AGE ENCRYPTED FILE-----"


def create_signer(
    path: Path, name: str, kind: bytes = ED25519, *, passphrase: str | None = None
) -> KeySigner:
    """Make a signing key named `name` and store it, with mode 0600, in the new file `path`.

    `kind` is the type of its signatures (`note.py`). Folders above it are made with mode 0700.
    Raises LogError when the file exists, `name` cannot name a key, or the system refuses.
    """
    signer = new_signer(name, kind)
    store_signer(path, signer, passphrase)
    return signer


def new_signer(name: str, kind: bytes = ED25519) -> KeySigner:
    """Return a new key that is stored nowhere; raises LogError when `name` cannot name one."""
    return KeySigner(check_name(name), Ed25519PrivateKey.generate(), kind)


def store_signer(path: Path, signer: KeySigner, passphrase: str | None) -> None:
    """Store a key in the new file `path`; raises as `create_signer`.

    1. The key is written and synced under another name.   Crash: a stray file, never used.
    2. It is linked to its name, which fails if taken.     Crash: the key is whole.
    3. The other name goes, and the folder is synced, as those are in which folders were made.
    """
    made = [one for one in path.parents if not one.exists()]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(key_file(signer, passphrase))
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        except FileExistsError:
            raise LogError(
                f"{path} exists already; a signing key is never overwritten. "
                "Use it, or move it away first."
            ) from None
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise LogError(f"{path}: the signing key could not be stored: {error.strerror}.") from error
    for folder in (path.parent, *(one.parent for one in made)):
        sync_folder(folder)


def load_signer(
    path: Path, kind: bytes = ED25519, ask: Callable[[Path], str] = passphrase_of
) -> KeySigner:
    """Return the signing key stored in the file `path`; `ask` is asked for its passphrase, if any.

    Raises LogError when the file is missing, is open to others than its owner, is malformed, or is
    of another kind, and when the passphrase is wrong.
    """
    data = _read(path)
    text = _decrypted(path, data, ask) if data.startswith(_AGE) else data
    try:
        return parse_skey(text.decode().removesuffix("\n"), kind)
    except UnicodeDecodeError:
        raise LogError(f"{path}: the signing key is not text. Restore it from a copy.") from None
    except LogError as error:
        raise LogError(f"{path}: {error}") from None


def is_protected(path: Path) -> bool:
    """Tell whether a key file has a passphrase; raises LogError when it cannot be read."""
    return _read(path).startswith(_AGE)


def protect(path: Path, signer: KeySigner, passphrase: str | None) -> None:
    """Write a key to its file anew, under another passphrase or, with None, under none.

    After a crash the old file is there or the new one. What the disk keeps of the old one is beyond
    us. Raises LogError when the system refuses.
    """
    try:
        write_durably(path, key_file(signer, passphrase), private=True)
    except OSError as error:
        raise LogError(f"{path}: the signing key could not be stored: {error.strerror}.") from error


def key_file(signer: KeySigner, passphrase: str | None) -> bytes:
    """Return the content of a key file, under a passphrase unless that is None."""
    line = f"{format_skey(signer)}\n".encode()
    if passphrase is None:
        return line
    encrypted: bytes = pyrage.passphrase.encrypt(line, passphrase, armored=True)
    return encrypted


def _read(path: Path) -> bytes:
    data = read_file(path, MAX_KEY_FILE_BYTES)
    if data is None:
        raise LogError(
            f"{path}: the signing key is missing, so nothing can be added to the log. Restore it "
            "from a copy, or work on the machine where the case was made. If it is gone for good: "
            "`sousveil key lost`."
        )
    if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        raise LogError(
            f"{path}: others than its owner can use this signing key. Run `chmod 600 {path}`, and "
            "take a new key if somebody may have copied it: `sousveil key rotate`."
        )
    return data


def _decrypted(path: Path, data: bytes, ask: Callable[[Path], str]) -> bytes:
    try:
        return _opened(data, ask(path))
    except pyrage.DecryptError as error:
        forget()
        raise LogError(
            f"{path}: this is not its passphrase ({error}). Nothing was changed; try again."
        ) from error


@lru_cache(maxsize=4)
def _opened(data: bytes, passphrase: str) -> bytes:
    """Decrypt a key file; once a process, for scrypt is made to take a second."""
    opened: bytes = pyrage.passphrase.decrypt(data, passphrase)
    return opened
