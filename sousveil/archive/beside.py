"""What was noted beside an answer: the `metadata` record that `write.py` puts after it.

Takes a case's folder and where an answer lies, and gives what is noted of its TLS session, whose
certificates may stand in an earlier record of the same file. WARC 1.1, section 6.6.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from sousveil.archive.records import RecordReader
from sousveil.archive.unpack import Unpacked
from sousveil.model import RecordRef

# After an answer stand its request and the note.
MAX_RECORDS_BEHIND = 4
# Before the record that has the certificates of a file of polls, which is among the first.
MAX_RECORDS_FROM_START = 2_000
MAX_NOTE_BYTES = 2**20  # a chain of eight certificates takes some 20 kB
MAX_CERTIFICATES = 16

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,100000}-----END CERTIFICATE-----")


class _Tls(msgspec.Struct, frozen=True):
    version: str
    cipher: str
    verified: bool
    certificates: list[str] = []
    certificates_in: str = ""


class _Note(msgspec.Struct, frozen=True):
    tls: _Tls | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What was noted of the TLS session in which an answer came."""

    version: str  # "TLSv1.3"
    cipher: str
    is_verified: bool  # whether the chain led to a root that this computer trusted, for this host
    certificates: tuple[str, ...]  # PEM, the server's own first


def session_of(case_root: Path, ref: RecordRef) -> Session | None:
    """Return the TLS session of the answer at `ref`; None when none was noted."""
    path = case_root / ref.warc
    if not path.is_file():
        return None
    behind = islice(_notes(path, ref.offset), MAX_RECORDS_BEHIND)
    note = next((data for _, beside, data in behind if data and ref.record_id in beside), None)
    told = _read(note)
    if told is None:
        return None
    pems = told.certificates
    if told.certificates_in:
        begin = islice(_notes(path, 0), MAX_RECORDS_FROM_START)
        named = next((data for name, _, data in begin if name == told.certificates_in), None)
        whole = _read(named)
        pems = whole.certificates if whole else []
    fit = [pem for pem in pems[:MAX_CERTIFICATES] if _PEM.fullmatch(pem.strip())]
    return Session(told.version, told.cipher, told.verified, tuple(fit))


def _notes(path: Path, offset: int) -> Iterator[tuple[str, tuple[str, ...], bytes]]:
    """Yield each record's ID, those it stands beside, and its block if it is a note."""
    with path.open("rb") as file:
        reader = RecordReader(Unpacked(file, offset))
        for record in reader.records():
            head, data = record.head, b""
            if head.type == "metadata" and head.size <= MAX_NOTE_BYTES:
                data = b"".join(record.pieces())
            reader.finish(record)
            beside = (value for name, value in head.fields if name.lower() == "warc-concurrent-to")
            yield head.get("WARC-Record-ID"), tuple(beside), data


def _read(data: bytes | None) -> _Tls | None:
    try:
        return msgspec.json.decode(data or b"{}", type=_Note).tls
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # somebody else's note
