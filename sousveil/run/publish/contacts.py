"""Contacts: what the records of a package hold of people, counted, so that its maker can agree.

Evidence is handed on as it came, for a changed record proves nothing. What is counted is what
patterns find in the text of answers as they were sent, so at least so much is there: words in
pictures, in files such as PDF, and between tags are not read here. A repository's history names
whoever wrote it, and is told as that.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from sousveil.archive.records import Record, RecordReader
from sousveil.archive.unpack import Unpacked
from sousveil.dossier.harm.patterns import private_spans
from sousveil.run.publish.leaks import Leak, decoded
from sousveil.run.publish.private import Private
from sousveil.run.read.repositories import BUNDLE_TYPE

# Of a package's texts together: some ten seconds' work. What is beyond is not counted either.
MAX_CHARACTERS = 16_000_000
_HISTORY = "history of a repository, with whoever wrote its commits"
_SENT = frozenset({"response", "resource"})
_BINARY = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"%PDF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"wOF",
)


def contacts_told(package: Path | BinaryIO) -> Iterator[Leak]:
    """Yield what tells that a package's records hold contacts: once, for they are evidence."""
    found = contacts_in(package)
    if found:
        told = ", ".join(f"{kind}: {number:,}" for kind, number in found.items())
        yield Leak(Private.CONTACTS, f"at least {told}", "its records", is_ours=False)


def contacts_in(package: Path | BinaryIO) -> dict[str, int]:
    """Return how many things of each kind a package's records hold, each text counted once.

    A package is a WACZ, or the folder in which archive files lie.
    """
    found: set[tuple[str, str]] = set()
    left = MAX_CHARACTERS
    for warc in _archives(package):
        reader = RecordReader(Unpacked(warc))
        for record in reader.records():
            if record.head.get("Content-Type") == BUNDLE_TYPE:
                # Git writes a name and an address into each commit; they are not told apart.
                found.add((_HISTORY, record.head.get("WARC-Record-ID")))
            else:
                text = _text(record, left)
                left -= len(text)
                spans = private_spans(text)
                found |= {(str(one.kind), text[one.start : one.end]) for one in spans}
            reader.finish(record)
    return dict(sorted(Counter(kind for kind, _ in found).items()))


def _archives(package: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(package, Path) and package.is_dir():
        for path in sorted(one for one in package.rglob("*") if one.is_file()):
            with path.open("rb") as warc:
                yield warc
        return
    with zipfile.ZipFile(package) as opened:
        for name in opened.namelist():
            if name.startswith("archive/"):
                with opened.open(name) as member:
                    yield cast("BinaryIO", member)


def _text(record: Record, limit: int) -> str:
    """Return what others sent, as text; "" for what is none."""
    if record.head.type not in _SENT or limit <= 0:
        return ""
    pieces = decoded(record)
    next(pieces)  # its fields
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > limit or data.startswith(_BINARY):
            break
    return "" if data.startswith(_BINARY) else bytes(data[:limit]).decode("utf-8", "replace")
