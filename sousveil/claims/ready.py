"""Patterns made ready to be matched, and kept for the next start of the program.

Takes the terms and cues of topic files and gives `Words`: each pattern in the form that it is
matched in, with what it means. Making them takes a fifth of a second, so they are kept in the
user's cache folder, in a file named by the digest of all that they are made of.

Who can write that file could make us overlook claims. So it is read only when it is the user's own,
nobody else may write it, and it holds what its digest says; else the words are made anew. Nothing
depends on it: it may be deleted at any time, and a folder that cannot be written goes without.
"""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from sousveil.claims.normal import normalise
from sousveil.settings import cache_folder

MAX_BYTES = 2**24  # of a file; ours have half a megabyte
MAX_FILES = 8  # kept: the cues, and the topics of a few cases
_SUFFIX = ".words"
_DIGEST_BYTES = hashlib.sha256().digest_size
_PLAIN = re.compile(r"[a-z]{2,}(?: [a-z]{2,})*")  # as it is matched already: two in three
_BETWEEN = "\0"  # patterns that are normalised together; nothing joins across it


class Meaning(NamedTuple):
    """What a pattern means."""

    open_left: bool  # may continue a word
    open_right: bool
    cls: str  # a cue class, or "" for a term
    topic: str = ""
    trait: str = ""
    kind: str = ""  # of the term, one of topics.KINDS


class Words(msgspec.Struct, frozen=True, array_like=True):
    """Patterns, no two alike, each with its meanings: those at `which`, an index each."""

    keys: list[str]
    meanings: list[tuple[Meaning, ...]]
    which: list[int]


def words(patterns: Iterable[tuple[str, str, str, str, str]]) -> Words:
    """Return the words of patterns, given as text, class, topic, trait and kind."""
    given = list(patterns)
    keys = _keys([text.strip("*") for text, *_ in given])
    found: dict[str, tuple[Meaning, ...]] = {}  # of most keys one
    for key, (text, cls, topic, trait, kind) in zip(keys, given, strict=True):
        meaning = Meaning(text.startswith("*"), text.endswith("*"), cls, topic, trait, kind)
        known = found.get(key, ())
        if meaning not in known:
            found[key] = (*known, meaning)
    distinct = {meanings: index for index, meanings in enumerate(dict.fromkeys(found.values()))}
    return Words(list(found), list(distinct), [distinct[m] for m in found.values()])


def _keys(texts: Sequence[str]) -> list[str]:
    """Return patterns as they are matched; together, which takes a third of the time."""
    others = [text.replace(_BETWEEN, " ") for text in texts if not _PLAIN.fullmatch(text)]
    normal = iter(normalise(_BETWEEN.join(others)).text.split(_BETWEEN))
    return [text if _PLAIN.fullmatch(text) else next(normal).strip() for text in texts]


def kept(digest: str, make: Callable[[], Words]) -> Words:
    """Return the words that were kept under `digest`, or else make and keep them.

    `digest` is that of everything they are made of, in hexadecimal.
    """
    try:
        path = cache_folder() / f"{digest}{_SUFFIX}"
    except RuntimeError:  # nobody's home
        return make()
    found = _words_in(read_kept(path, MAX_BYTES))
    if found is None:
        found = make()
        with suppress(OSError):  # it was only to save time
            write_kept(path, msgspec.msgpack.encode(found), MAX_FILES)
    return found


def _words_in(body: bytes | None) -> Words | None:
    try:
        return None if body is None else msgspec.msgpack.decode(body, type=Words)
    except msgspec.MsgspecError:
        return None


def read_kept(path: Path, max_bytes: int) -> bytes | None:
    """Return what `write_kept` wrote; None when it isn't there, or not to be trusted."""
    try:
        # A link, or a pipe that nobody writes to, is not followed or waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not _is_own(os.fstat(descriptor), max_bytes):
                return None
            data = file.read(max_bytes + 1)
    except OSError:
        return None
    head, body = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    return body if head == _digest(path, body) else None


def _is_own(about: os.stat_result, max_bytes: int) -> bool:
    """Whether a file is one that the user alone may write, and no larger than ours are."""
    others = about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    own = stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid() and not others
    return own and about.st_size <= max_bytes


def write_kept(path: Path, body: bytes, max_files: int) -> None:
    """Keep a file, whole or not at all, and no more than `max_files` of its suffix.

    Raises OSError when the folder cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=path.suffix, delete=False) as file:
        file.write(_digest(path, body) + body)
    Path(file.name).replace(path)
    others = sorted(path.parent.glob(f"*{path.suffix}"), key=lambda p: p.stat().st_mtime)
    for old in others[:-max_files]:
        old.unlink()


def _digest(path: Path, body: bytes) -> bytes:
    """Return the digest of what a file of this name holds: it is no other one renamed."""
    return hashlib.sha256(path.name.encode() + b"\n" + body).digest()
