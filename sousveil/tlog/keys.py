"""Signing keys: one file each, outside the case, that only its owner can read.

Takes a path and gives a `Signer`. The file holds one line, the text form of Go's sumdb/note
(`PRIVATE+KEY+NAME+ID+BASE64`), so that other C2SP tools can sign with it.

Trust: who can read the file can sign any log in the key's name. Who can only write it can stop us
from signing, but cannot make an old log verify with another key.
"""

import os
import stat
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sousveil.errors import LogError
from sousveil.tlog.files import read_file, sync_folder
from sousveil.tlog.note import ED25519, Signer, check_name, format_skey, parse_skey

MAX_KEY_FILE_BYTES = 4_096  # one line: a name of 512 characters and 44 of base64

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create_signer(path: Path, name: str, kind: bytes = ED25519) -> Signer:
    """Make a signing key named `name` and store it, with mode 0600, in the new file `path`.

    `kind` is the type of its signatures (`note.py`). Folders above it are made with mode 0700.
    Raises LogError when the file exists, `name` cannot name a key, or the system refuses.

    1. The key is written and synced under another name.   Crash: a stray file, never used.
    2. It is linked to its name, which fails if taken.     Crash: the key is whole.
    3. The other name goes, and the folder is synced, as those are in which folders were made.
    """
    signer = Signer(check_name(name), Ed25519PrivateKey.generate(), kind)
    made = [one for one in path.parents if not one.exists()]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(format_skey(signer) + "\n")
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
    return signer


def load_signer(path: Path, kind: bytes = ED25519) -> Signer:
    """Return the signing key stored in the file `path`.

    Raises LogError when the file is missing, is open to others than its owner, is malformed, or is
    of another kind.
    """
    data = read_file(path, MAX_KEY_FILE_BYTES)
    if data is None:
        raise LogError(
            f"{path}: the signing key is missing, so nothing can be added to the log. Restore it "
            "from a copy, or work on the machine where the case was made."
        )
    if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        raise LogError(
            f"{path}: others than its owner can use this signing key. Run `chmod 600 {path}`, and "
            "take a new key if somebody may have copied it."
        )
    try:
        return parse_skey(data.decode().removesuffix("\n"), kind)
    except UnicodeDecodeError:
        raise LogError(f"{path}: the signing key is not text. Restore it from a copy.") from None
    except LogError as error:
        raise LogError(f"{path}: {error}") from None
