"""The passphrase of a signing key: had once a process, and kept in memory alone.

Read from the file that `SOUSVEIL_PASSPHRASE_FILE` names, for services; typed at the terminal,
unseen, by people. Never an argument or a variable itself: others can list those.
"""

import getpass
import os
import warnings
from pathlib import Path

from sousveil.errors import LogError

FILE_VARIABLE = "SOUSVEIL_PASSPHRASE_FILE"
MAX_PASSPHRASE_BYTES = 1_024  # a sentence; a longer file was named by mistake

_known: list[str] = []  # the one of this process, once it was had


def passphrase_of(key: Path) -> str:
    """Return the passphrase of the key file `key`.

    Raises LogError when there is no terminal to ask at and no file is named, or that holds none.
    """
    if not _known:
        _known.append(_from_file() or _typed(f"Passphrase of the signing key {key}: "))
    return _known[0]


def new_passphrase() -> str:
    """Return a passphrase that is to protect a key, typed twice unless a file is named.

    Raises LogError as `passphrase_of`, and when the two are not the same.
    """
    told = _from_file()
    if told is None:
        told = _typed("New passphrase of the signing key: ")
        if _typed("The same again: ") != told:
            raise LogError("The two passphrases are not the same. Nothing was changed; try again.")
    remember(told)
    return told


def remember(passphrase: str) -> None:
    """Keep a passphrase for what this process does next."""
    _known[:] = [passphrase]


def remembered() -> str:
    """Return the passphrase that this process keeps; "" when it was not asked for one."""
    return _known[0] if _known else ""


def forget() -> None:
    """Forget what is kept: it is wrong, or of another key."""
    _known.clear()


def _from_file() -> str | None:
    """Return what stands in the file that the variable names; None when it names none.

    Any file will do, a pipe too. Who may read it is not looked at: service managers grant that in
    ways of their own.
    """
    named = os.environ.get(FILE_VARIABLE)
    if not named:
        return None
    try:
        with Path(named).open("rb") as file:
            data = file.read(MAX_PASSPHRASE_BYTES + 1)
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise LogError(f"{named}: the passphrase cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LogError(f"{named}: the passphrase is not UTF-8 text.") from error
    return _checked(text, named)


def _typed(prompt: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)  # it would be seen
        try:
            text = getpass.getpass(prompt)
        except (getpass.GetPassWarning, EOFError) as error:
            raise LogError(
                "The signing key is protected by a passphrase, and there is no terminal to ask for"
                f" it. Name a file that holds it in {FILE_VARIABLE}."
            ) from error
    return _checked(text, "The passphrase")


def _checked(text: str, where: str) -> str:
    if not text or len(text.encode("utf-8", "replace")) > MAX_PASSPHRASE_BYTES:
        raise LogError(f"{where}: is empty, or longer than {MAX_PASSPHRASE_BYTES:,} bytes.")
    if not text.isprintable():
        raise LogError(f"{where}: has a control character, or a second line.")
    return text
