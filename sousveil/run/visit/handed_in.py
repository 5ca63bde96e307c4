"""Handed in: a document that somebody gave to the investigator, kept as what it is.

It has no address: nobody here saw it anywhere. It is named by its own digest, below
`urn:sousveil:handed-in:`, and kept as a `resource` record (WARC 1.1, section 6.4), byte for byte.
The log has who gave it, when it was received and who handed it in, as words that can be withheld:
who gave it may be in danger. What it vouches for is that these bytes were here by then.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath

import msgspec

from sousveil.archive.foreign import SUFFIXES
from sousveil.errors import InputError
from sousveil.extract.formats import binary_kind
from sousveil.extract.office.documents import is_office
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import HANDED_IN_URN, Capture, Json
from sousveil.run.visit.pending import clear_pending, new_file
from sousveil.run.visit.records import SOFTWARE, warc_writer

HANDED_IN = "handed-in"
"""Type of the event."""

# As of a file that is read without a case: a document of more is an archive, or a mistake.
MAX_DOCUMENT_BYTES = 64 * 2**20
MAX_WORDS = 200  # who gave it: a line
MAX_NOTE = 2_000
MAX_NAME = 200

# What documents are by their bytes. Of ZIP files and text those show too little: there the name
# chooses among what can be read, and is believed in nothing else.
_BY_BYTES = frozenset({"application/pdf", "application/rtf", "application/x-ole-storage"})
_OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odp": "application/vnd.oasis.opendocument.presentation",
}
_TEXTS = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "application/xml",
    ".json": "application/json",
}
_OF_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp")
ENDINGS = (".pdf", *_OFFICE, ".doc", ".xls", ".ppt", ".rtf", *_OF_PICTURES, *_TEXTS)
"""How the names of documents end that can be handed in."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What people say of a document: their word, and nothing that the log can show."""

    given_by: str  # who gave it, as the case may know them
    received: date | None  # None: not told
    by: str  # who hands it in
    note: str = ""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of one document."""

    file: str
    sha256: str  # hexadecimal
    media_type: str
    size_bytes: int
    log_index: int
    is_new: bool = True  # False: the same bytes were handed in before


def provenance(given_by: str, received: str, by: str, note: str, now: datetime) -> Provenance:
    """Return what people say of a document, checked.

    `received` is a day, ISO 8601, or "". Raises InputError for what is missing, too long, no day,
    or a day that is yet to come.
    """
    for name, words, most in (
        ("who gave it", given_by, MAX_WORDS),
        ("who hands it in", by, MAX_WORDS),
        ("note", note, MAX_NOTE),
    ):
        if len(words) > most:
            raise InputError(f"{name}: more than {most:,} characters. Say it shorter.")
    if not given_by.strip() or not by.strip():
        raise InputError(
            "say who gave the document, and who hands it in. A word that only you can read, such as"
            " “source 3”, will do: it is written into the log."
        )
    return Provenance(
        " ".join(given_by.split()), _day(received, now), " ".join(by.split()), note.strip()
    )


def _day(text: str, now: datetime) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(f"received {text}: write a day as 2026-03-01.") from error
    if day > now.date():
        raise InputError(f"received {text}: that day is yet to come, in UTC. Check the year.")
    return day


def read_document(path: Path) -> bytes:
    """Return the bytes of a file; raises InputError when it is none, or too large."""
    if not path.is_file():
        raise InputError(f"{path}: no such file. Name a document, not a folder.")
    with path.open("rb") as file:
        data = file.read(MAX_DOCUMENT_BYTES + 1)
    if len(data) > MAX_DOCUMENT_BYTES:
        raise InputError(
            f"{path}: over {MAX_DOCUMENT_BYTES >> 20} MB, more than is read. Hand in its parts."
        )
    return data


def hand_in(
    writer: Writer, index: Index, data: bytes, told: Provenance, *, file: str, now: datetime
) -> HandedIn:
    """Keep the document `data`, of a file named `file`, and log that it was handed in.

    The same bytes are kept once. Raises InputError for what is no document that can be read, and
    as `Writer.commit` does.
    """
    name = _name(file)
    media_type = _kind(data, name)
    sha256 = hashlib.sha256(data).hexdigest()
    known = handed_in_before(index, sha256)
    if known is not None:
        return HandedIn(name, sha256, media_type, len(data), known, is_new=False)
    clear_pending(writer.case)
    warc_path = writer.new_warc_path(now)
    warc = new_file(writer, warc_path)
    try:
        with warc_writer(writer.case, warc, warc_path, now) as records:
            ref = records.write_resource(HANDED_IN_URN + sha256, now, media_type, data)
        capture = Capture(HANDED_IN_URN + sha256, now, None, media_type, ref)
        body: Json = {
            "file": name,
            "sha256": sha256,
            "bytes": len(data),
            "given_by": told.given_by,
            "received": told.received.isoformat() if told.received else None,
            "by": told.by,
            "note": told.note,
            "captures": [msgspec.to_builtins(capture)],
            "software": SOFTWARE,
        }
        event = writer.commit(HANDED_IN, body, now=now, warc=warc, warc_path=warc_path)
    finally:
        clear_pending(writer.case)
    return HandedIn(name, sha256, media_type, len(data), event.index)


def handed_in_before(index: Index, sha256: str) -> int | None:
    """Return the log entry that tells of a document with this SHA-256 (hexadecimal), if any."""
    rows = index.rows(
        "SELECT idx FROM event WHERE type = ? AND json_extract(body, '$.sha256') = ?",
        *(HANDED_IN, sha256),
    )
    return rows[0][0] if rows else None


def _kind(data: bytes, name: str) -> str:
    """Return the media type of a document; raises InputError for what is none that can be read."""
    kind, ending = binary_kind(data, ""), PurePosixPath(name).suffix.lower()
    if not data:
        raise InputError(f"{name}: it is empty. Ask for the file again.")
    if name.lower().endswith(SUFFIXES):
        raise InputError(f"{name}: an archive of pages. Take it in with `sousveil import`.")
    if kind in _BY_BYTES or kind.startswith("image/"):
        return kind
    if kind == "application/zip" and ending in _OFFICE and is_office(data):
        return _OFFICE[ending]
    if not kind and ending in _TEXTS:
        return _TEXTS[ending]
    raise InputError(
        f"{name}: no document by its bytes and its name. Hand in a PDF, an office file (docx, xlsx,"
        " pptx, odt, ods, odp, rtf, doc), a picture, or text (txt, md, csv, html, xml, json)."
    )


def _name(file: str) -> str:
    """Return a file's name as text that can be logged: one line, without folders."""
    last = PurePosixPath(file.replace("\\", "/")).name.encode("utf-8", "backslashreplace").decode()
    harmless = (one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in last)
    return "".join(harmless)[-MAX_NAME:]
