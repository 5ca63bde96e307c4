"""The folder of a witness: its key, the logs it knows, and the newest checkpoint of each.

    witness.key                    signing key, mode 0600 (C2SP signed-note, type 4)
    lock                           held by the one server that answers
    logs/<SHA-256 of the origin>/
      keys                         the origin, then a verifier key a line, "- " before one that
                                   signs no more
      checkpoint                   the newest that was cosigned, with our cosignature
      contradicted, refused        two signed roots of one size, once the key signed such

Takes the folder and gives what is in it, and writes there. The files are all there is of state:
they are read at each request, so what was written before a crash counts after it.

Trust: who can write here can make the witness forget what it saw, and so cosign a fork; to put the
folder back from a copy does the same. After a loss, begin anew, with a new key.
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sousveil.errors import LogError
from sousveil.tlog.checkpoint import Checkpoint, read_checkpoint_text
from sousveil.tlog.cosignature import Cosignature, cosignatures
from sousveil.tlog.files import make_folder, read_file, replace_file, sync_folder
from sousveil.tlog.keys import create_signer, load_signer
from sousveil.tlog.note import (
    COSIGNATURE,
    MAX_NAME_LENGTH,
    MAX_NOTE_BYTES,
    KeySigner,
    VerifierKey,
    parse_vkey,
    verify,
)
from sousveil.tlog.witness import Known

KEY_FILE = "witness.key"
LOCK_FILE = "lock"
CHECKPOINT_FILE = "checkpoint"

# A log has one key, or two while one follows another. A name has 512 characters at most.
MAX_KEYS = 16
MAX_KEYS_BYTES = (MAX_KEYS + 1) * 2_200  # of 4 bytes each, and 60 for the rest of the line

_FOLDER = "logs"
_GIVEN_UP = "- "
_KEYS_FILE = "keys"
_CONTRADICTED_FILE = "contradicted"
_REFUSED_FILE = "refused"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A log, and how far it was witnessed."""

    origin: str
    keys: tuple[VerifierKey, ...]
    latest: Checkpoint | None
    cosigned: Cosignature | None  # under the latest
    refused: Path | None  # a signed checkpoint that proves a fork, if one came


def make_key(folder: Path, name: str) -> KeySigner:
    """Make the witness's key, which must be new; raises LogError when there is one."""
    make_folder(folder)
    folder.chmod(0o700)
    return create_signer(folder / KEY_FILE, name, COSIGNATURE)


def own_key(folder: Path) -> KeySigner:
    """Return the witness's key; raises LogError, with the next step, when there is none."""
    if not (folder / KEY_FILE).exists():
        raise LogError(
            f"{folder}: there is no witness yet. Make its key with `sousveil witness key --name"
            " NAME`, where NAME is an address without its scheme: witness.example/w1."
        )
    return load_signer(folder / KEY_FILE, COSIGNATURE)


def add_log(folder: Path, origin: str, vkey: str) -> Witnessed:
    """Let the witness know a log, or one more key of it.

    Raises LogError when the name or the key is malformed, and when the log would have more than
    MAX_KEYS.
    """
    if not 0 < len(origin) <= MAX_NAME_LENGTH or not origin.isprintable():
        raise LogError(f"{origin[:200]!r} cannot be a log's name: that is one line, not too long.")
    place = _place(folder, origin)
    log_named(folder, origin)  # what is damaged is not to be written over
    keys, former = _keys(place)
    keys = list(dict.fromkeys([*keys, parse_vkey(vkey)]))
    if len(keys) + len(former) > MAX_KEYS:
        raise LogError(f"{origin}: has {MAX_KEYS} keys already; a log has one or two.")
    make_folder(place)
    for above in (place.parent, folder):
        sync_folder(above)
    _write_keys(place, origin, keys, former)
    return _read(folder, place)


def remove_key(folder: Path, origin: str, vkey: str) -> Witnessed:
    """Let a key of a log sign no more for this witness, such as one that was stolen.

    What was cosigned under it stays. Raises LogError when the log is not known by that key, or by
    no other.
    """
    place, key = _place(folder, origin), parse_vkey(vkey)
    known = log_named(folder, origin)
    if known is None or key not in known.keys:
        raise LogError(f"{origin[:200]!r}: is not known by that key: `sousveil witness list`.")
    keys, former = _keys(place)
    if len(keys) == 1:
        raise LogError(f"{origin}: is known by no other key. Add the one that follows it first.")
    keys.remove(key)
    _write_keys(place, origin, keys, [*former, key])
    return _read(folder, place)


def logs(folder: Path) -> Iterator[Witnessed]:
    """Yield the logs that the witness knows; raises LogError at one that is damaged."""
    for keys in sorted((folder / _FOLDER).glob(f"*/{_KEYS_FILE}")):
        yield _read(folder, keys.parent)


def log_named(folder: Path, origin: str) -> Known | None:
    """Return what the witness knows of the log of an origin; raises LogError as `logs`."""
    place = _place(folder, origin)
    if not (place / _KEYS_FILE).exists():
        return None
    found = _read(folder, place)
    return Known(found.keys, found.latest)


def keep(folder: Path, origin: str, cosigned: bytes) -> None:
    """Make a cosigned checkpoint the latest of its log; once this returns, it is durable."""
    replace_file(_place(folder, origin) / CHECKPOINT_FILE, cosigned)


def keep_fork(folder: Path, head: Checkpoint) -> None:
    """Keep the first checkpoint with which a log's key signed another root of a size cosigned.

    The one that it contradicts is kept with it: together they prove the fork to anybody.
    """
    place = _place(folder, head.origin)
    if not (place / _REFUSED_FILE).exists():
        cosigned = read_file(place / CHECKPOINT_FILE, MAX_NOTE_BYTES) or b""
        replace_file(place / _CONTRADICTED_FILE, cosigned)
        replace_file(place / _REFUSED_FILE, head.note)


def latest_note(folder: Path, digest: str) -> bytes | None:
    """Return the newest cosigned checkpoint of the log whose origin has that SHA-256, if any."""
    return read_file(folder / _FOLDER / digest / CHECKPOINT_FILE, MAX_NOTE_BYTES)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Be the one server of a witness; raises LogError when another is."""
    with (folder / LOCK_FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LogError(f"{folder}: this witness is served already. Stop that first.") from None
        yield


def _place(folder: Path, origin: str) -> Path:
    # Named by a digest, as in the address of its checkpoint: an origin may be any path.
    return folder / _FOLDER / sha256(origin.encode()).hexdigest()


def _read(folder: Path, place: Path) -> Witnessed:
    """Return what is known of a log; a damaged state is no empty one, which a fork could pass."""
    try:
        return _checked(folder, place)
    except (LogError, UnicodeDecodeError) as error:
        raise LogError(
            f"{place}: {error} What this witness saw of the log is lost, so it may vouch for"
            " nothing more. Begin anew in another folder, with a new key."
        ) from error


def _keys(place: Path) -> tuple[list[VerifierKey], list[VerifierKey]]:
    """Return the keys of a log that may sign, and those that may no more; none of a new log."""
    listed = (read_file(place / _KEYS_FILE, MAX_KEYS_BYTES) or b"").decode()
    lines = listed.removesuffix("\n").split("\n")[1:]
    former = [one.removeprefix(_GIVEN_UP) for one in lines if one.startswith(_GIVEN_UP)]
    present = [one for one in lines if not one.startswith(_GIVEN_UP)]
    return [parse_vkey(one) for one in present], [parse_vkey(one) for one in former]


def _write_keys(
    place: Path, origin: str, keys: Sequence[VerifierKey], former: Sequence[VerifierKey]
) -> None:
    given_up = [f"{_GIVEN_UP}{one}" for one in former if one not in keys]
    text = "\n".join([origin, *map(str, keys), *given_up]) + "\n"
    replace_file(place / _KEYS_FILE, text.encode())


def _checked(folder: Path, place: Path) -> Witnessed:
    """Return what is known of a log, its newest checkpoint verified with its keys and our own."""
    listed = (read_file(place / _KEYS_FILE, MAX_KEYS_BYTES) or b"").decode()
    lines = listed.removesuffix("\n").split("\n")
    keys, former = _keys(place)
    if not keys or _place(folder, lines[0]) != place:
        raise LogError("Its keys were cut or moved.")
    refused = place / _REFUSED_FILE
    there = refused if refused.exists() else None
    note = read_file(place / CHECKPOINT_FILE, MAX_NOTE_BYTES)
    if note is None:
        return Witnessed(lines[0], tuple(keys), None, None, there)
    head = read_checkpoint_text(verify(note, *keys, *former), note)
    own = cosignatures(note, [own_key(folder).verifier])
    if not own or head.origin != lines[0]:
        raise LogError("Its checkpoint has no cosignature of this witness's key.")
    return Witnessed(lines[0], tuple(keys), head, own[0], there)
