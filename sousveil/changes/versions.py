"""Versions: every version of every file in a repository, read once for claims.

Takes a mirror (`capture/git/`), the tips to read from, and what finds claims in a file; gives the
quotes of each version that has some, by blob, however many commits and paths hold it. Memory holds
those quotes alone.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, TypeAlias

from sousveil.capture.git.objects import shown_path
from sousveil.capture.git.run import READING_SECONDS, run_git, stream_git
from sousveil.changes.spans import Quote
from sousveil.errors import ExtractError
from sousveil.model import Claim, Document

Find: TypeAlias = Callable[[bytes, str], tuple[Document, Sequence[Claim]]]
"""(bytes of a file, its path) -> its text and the claims in it. May raise ExtractError."""

MAX_BLOB_BYTES = 8 << 20  # a text of 8 MB is data, not documentation
BINARY_PROBE_BYTES = 8000  # where git itself looks for a NUL byte
PROGRESS_EVERY = 1000  # files

_PROSE = re.compile(rb"\.(?:md|markdown|rst|adoc|txt|html?)\Z", re.IGNORECASE)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")  # texts with NUL bytes


class Reading:
    """The claims found so far: `quotes` by blob, with counts of what was read and what not."""

    def __init__(self, find: Find, maybe: Callable[[bytes], bool]) -> None:
        self.quotes: dict[str, tuple[Quote, ...]] = {}
        self.read_as: dict[str, str] = {}
        self.count: Counter[Literal["files", "binary", "large", "unreadable"]] = Counter()
        self._find = find
        self._maybe = maybe
        self._same: dict[Quote, Quote] = {}  # one value for a quote that hundreds of versions hold

    def read(self, mirror: Path, listing: IO[bytes], progress: Callable[[int], None]) -> None:
        """Read the blobs that `listing` names, one "id type size path" a line."""
        with tempfile.TemporaryFile() as wanted:
            for line in listing:
                object_id, kind, rest = line.split(b" ", 2)
                size, _, path = rest.rstrip(b"\n").partition(b" ")
                if kind == b"blob" and int(size) <= MAX_BLOB_BYTES:
                    wanted.write(object_id + b" " + path + b"\n")
                elif kind == b"blob":
                    self.count["large"] += 1
            wanted.seek(0)
            form = "--batch=%(objectname) %(objectsize) %(rest)"
            with stream_git(
                ["cat-file", form, "--buffer"],
                git_dir=mirror,
                stdin=wanted,
                seconds=READING_SECONDS,
            ) as pipe:
                while header := pipe.readline():
                    object_id, size, path = header.rstrip(b"\n").split(b" ", 2)
                    data = pipe.read(int(size))
                    pipe.read(1)
                    self._look(object_id.decode("ascii"), data, path)
                    if not self.count["files"] % PROGRESS_EVERY:
                        progress(self.count["files"])

    def _look(self, blob: str, data: bytes, path: bytes) -> None:
        self.count["files"] += 1
        if b"\0" in data[:BINARY_PROBE_BYTES] and not data.startswith(_UTF16_MARKS):
            self.count["binary"] += 1
            return
        if not (_PROSE.search(path) or self._maybe(data)):
            return
        name = shown_path(path)
        try:
            document, claims = self._find(data, name)
        except ExtractError:
            self.count["unreadable"] += 1
            return
        if claims:
            found = quotes_of(document, claims)
            self.quotes[blob] = tuple(self._same.setdefault(quote, quote) for quote in found)
            self.read_as[blob] = name


def in_order(claims: Sequence[Claim]) -> list[Claim]:
    """Return claims in the order of `quotes_of`."""
    return sorted(claims, key=lambda claim: (claim.start, claim.end, claim.topic, claim.trait))


def quotes_of(document: Document, claims: Sequence[Claim]) -> list[Quote]:
    """Return the quotes of `claims`, in order, equal ones numbered."""
    seen: Counter[tuple[str, str, str]] = Counter()
    quotes = []
    for claim in in_order(claims):
        key = (claim.topic, claim.trait, document.text[claim.start : claim.end])
        quotes.append(Quote(*key, seen[key]))
        seen[key] += 1
    return quotes


@contextmanager
def listed_blobs(mirror: Path, tips: Sequence[str]) -> Iterator[tuple[IO[bytes], int]]:
    """Give a file with a line "id type size path" for every blob, and the number of lines.

    Git writes to files and not to pipes that we fill and drain: nothing can wait for us.
    """
    with tempfile.TemporaryFile() as names, tempfile.TemporaryFile() as sizes:
        run_git(
            ["rev-list", "--objects", "--missing=allow-any", "--filter=object:type=blob",
             "--stdin"],
            git_dir=mirror,
            stdin=id_lines(tips),
            stdout=names,
        )  # fmt: skip
        names.seek(0)
        run_git(
            ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)"],
            git_dir=mirror,
            stdin=names,
            stdout=sizes,
        )
        sizes.seek(0)
        total = sum(1 for _ in sizes)
        sizes.seek(0)
        yield sizes, total


def id_lines(ids: Sequence[str]) -> bytes:
    """Return object ids as git reads them, one a line."""
    return "".join(f"{object_id}\n" for object_id in ids).encode("ascii")
