"""Sealed files: packages that only those can open who they are for (age, age-encryption.org/v1).

Takes recipients and identities as people write them, and streams between files; memory holds a
piece of 64 KiB. Keys are age's own (X25519) and those of SSH (Ed25519, RSA). Who can read the
output's name and size learns these, and how many recipients there are; nothing says who sent it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import pyrage

from sousveil.errors import InputError

SEALED_SUFFIX = ".age"

# A file of recipients, or of an identity: a team has some dozens, of 600 bytes each with RSA.
MAX_KEYS_BYTES = 2**18
_SSH = "ssh-"
_SSH_SECRET = b"-----BEGIN "
_COMMENT = "#"


def recipients_of(words: Iterable[str]) -> list[Any]:
    """Return the recipients that `words` name: each a public key, or a file with one a line.

    Raises InputError for what is neither, and OSError for a file that cannot be read.
    """
    return [
        _recipient(line, where)
        for word in words
        for line, where in _lines(word)
        if line and not line.startswith(_COMMENT)
    ]


def _lines(word: str) -> list[tuple[str, str]]:
    if word.startswith(("age1", _SSH)) or not Path(word).is_file():
        return [(word.strip(), f"--encrypt-to {word[:40]}")]
    text = _read(Path(word)).decode("utf-8", "replace")
    lines = enumerate(text.splitlines(), start=1)
    return [(line.strip(), f"{word}, line {number}") for number, line in lines]


def _recipient(line: str, where: str) -> Any:  # noqa: ANN401  # pyrage has no types
    kind = pyrage.ssh if line.startswith(_SSH) else pyrage.x25519
    try:
        return kind.Recipient.from_str(line)
    except pyrage.RecipientError as error:
        raise InputError(
            f"{where}: no public key that can be encrypted to, and no file of such: {error}. They"
            " begin with age1, ssh-ed25519 or ssh-rsa."
        ) from error


def seal(plain: BinaryIO, sealed: BinaryIO, recipients: list[Any]) -> None:
    """Write what `plain` has from where it stands, encrypted for all `recipients`, to `sealed`.

    Raises OSError when that cannot be written.
    """
    try:
        pyrage.encrypt_io(plain, sealed, recipients)
    except pyrage.EncryptError as error:
        raise OSError(f"the encrypted file cannot be written: {error}") from error


@contextmanager
def unsealed(path: Path, identity: Path) -> Iterator[Path]:
    """Give the file that `path` holds encrypted, opened with a secret key; it goes with the block.

    It lies in a folder of its own that this user alone may enter, where temporary files lie (see
    `TMPDIR`). `identity` is a file of age's secret keys, or of one of SSH. Raises InputError when
    it is none, when the file is not for it, or was damaged.
    """
    keys = _identities(identity)
    with TemporaryDirectory(prefix="sousveil-") as folder:
        plain = Path(folder) / path.name.removesuffix(SEALED_SUFFIX)
        with path.open("rb") as sealed, plain.open("xb") as opened:
            try:
                pyrage.decrypt_io(sealed, opened, keys)
            except pyrage.DecryptError as error:
                raise InputError(
                    f"{path}: cannot be opened with {identity}: {error}. Ask who sent it for whom"
                    " it is encrypted."
                ) from error
            except OSError as error:
                if error.errno is not None:
                    raise
                # So pyrage tells of a piece that is not what was encrypted.
                raise InputError(
                    f"{path}: was changed or cut short on its way: {error}."
                ) from error
        yield plain


def _identities(path: Path) -> list[Any]:
    data = _read(path)
    try:
        if data.startswith(_SSH_SECRET):
            return [pyrage.ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
        secret = [line for line in lines if line and not line.startswith(_COMMENT)]
        found = [pyrage.x25519.Identity.from_str(line) for line in secret]
    except pyrage.IdentityError as error:
        raise InputError(
            f"{path}: no secret key that can be used: {error}. One behind a passphrase opens with"
            f" `age -d -i {path} FILE.wacz.age > FILE.wacz`."
        ) from error
    if not found:
        raise InputError(f"{path}: holds no secret key. Make one with `age-keygen`.")
    return found


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_KEYS_BYTES + 1)
    if len(data) > MAX_KEYS_BYTES:
        raise InputError(f"{path}: longer than {MAX_KEYS_BYTES:,} bytes; no file of keys.")
    return data
