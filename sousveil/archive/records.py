"""Reads records: WARC of any version and old ARC, one after another, whole or damaged.

Takes unpacked bytes and gives `Record`s with their place; what breaks the format becomes a line
in `faults`, and reading goes on at the next record that can be found. Follows WARC 1.1, section
4 (earlier versions differ in details that are read alike) and the ARC file format, versions 1
and 2 (Burner and Kahle, 1996).

Why not FastWARC here: it ends silently where a file is cut or damaged (the notes of any import
must say so), and gives no way to go on; it is the referee in the tests instead.

Where a record lies: `offset` counts bytes of the stored file when the record begins there (a
plain file, or a gzip member of its own), and `length` its stored bytes. Otherwise (several
records in one gzip member, LZ4) both count decompressed bytes. `archive.read` finds either.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sousveil.archive.unpack import Unpacked
from sousveil.capture.http.head import split_head

# A head is some hundred bytes; crawlers that copy JSON into it reach tens of kilobytes.
MAX_HEAD_BYTES = 2**18
# Block bytes handed on at a time.
PIECE_BYTES = 2**18
# More faults than this in one file say nothing new; the rest is counted.
MAX_FAULTS = 200

# Some tools end lines with CR CR LF; their records are read like others.
_WARC_START = re.compile(rb"WARC/[0-9]{1,2}\.[0-9]{1,2}[ \t]*\r{0,3}\n[A-Za-z-]{1,60}[ \t]*:")
_WARC_VERSION = re.compile(rb"(WARC/[0-9]{1,2}\.[0-9]{1,2})[ \t]*\r{0,3}\n")
# URL, IP address, date, type (and more, in version 2), length. URLs may hold spaces, types too.
# Anchored to a line, so that a search stays linear.
_ARC_LINE = re.compile(
    rb"^([a-z][a-z0-9+.-]{0,20}:\S[^\n]{0,8000}?) ([0-9a-fA-F.:]{3,45}) ([0-9]{8,18}) "
    rb"([^\n]{1,500}) (-?[0-9a-z]{1,18})\r?\n",
    re.MULTILINE,
)
_FOLD = re.compile(r"\r{0,3}\n[ \t]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
# Longer than any match of `_ARC_LINE`, the longest start of a record.
MAX_START_BYTES = 2**14
# Enough to tell a record from other bytes; read first.
_FIRST_BYTES = 2**10
# Looked at together when searching the next record; memory, not meaning.
_SEARCH_BYTES = 2**18

ARC_HEADER = "arc_header"
HTTP_RESPONSE = "application/http; msgtype=response"


@dataclass(frozen=True, slots=True)
class RecordHead:
    """What stands before a record's block."""

    offset: int  # where the record begins, see the module's docstring
    version: str  # "WARC/1.1", "ARC"
    fields: tuple[tuple[str, str], ...]  # as WARC names them, for ARC too
    size: int  # Content-Length: bytes of the block, as announced
    is_stored: bool  # whether `offset` counts stored bytes
    named: Mapping[str, str]  # the first value of each field, by its name in lower case

    def get(self, name: str) -> str:
        """Return the value of the first field called `name` (any case), or ""."""
        return self.named.get(name.lower(), "")

    @property
    def type(self) -> str:
        """The record's type in lower case, "" when it tells none."""
        return self.get("WARC-Type").lower()


class Record:
    """A record under the reading head. Its block can be read once; then the reader goes on."""

    def __init__(self, stream: Unpacked, head: RecordHead) -> None:
        self.head = head
        self.missing = head.size  # bytes of the block that were announced and not read yet
        self.length = 0  # of the record as stored, once the reader has finished it
        self._stream = stream

    def pieces(self) -> Iterator[bytes]:
        """Yield the rest of the block; it may end early, see `missing`."""
        while self.missing and (piece := self._stream.take(min(self.missing, PIECE_BYTES))):
            self.missing -= len(piece)
            yield piece


class RecordReader:
    """Reads the records of one unpacked file; `faults` grows with what breaks the format."""

    def __init__(self, stream: Unpacked) -> None:
        self._stream = stream
        self._begin = 0  # decompressed position of the record being read
        self.is_arc: bool | None = None  # not known before the first record
        self.lost_bytes = 0  # stored, that damage or no record took, up to a record behind them
        self.lost_from: int | None = None  # stored offset from which on nothing can be read
        self.faults: list[str] = []
        self.faults_left_out = 0

    def records(self) -> Iterator[Record]:
        """Yield every record that can be found, in order; call `finish` on each when read."""
        while True:
            while (head := self._next_head()) is not None:
                yield Record(self._stream, head)
            if not self._stream.damage:
                return
            self._recover(self._stream.damaged_at(), "")

    def finish(self, record: Record) -> None:
        """Skip what is left of a record and set its `length`; a short block becomes a fault."""
        if record.missing:
            for _ in record.pieces():
                pass
        if not record.missing:
            self._skip_line_ends(most=4)
        offset, end = record.head.offset, self._stream.stored_offset()
        if record.head.is_stored and end is not None:
            record.length = end - offset
        else:
            record.length = self._stream.position - self._begin
        lost = f"{record.missing} of the record's {record.head.size} bytes are missing"
        if record.missing and self._stream.damage:
            self._recover(offset, f"{lost}; ")
        elif record.missing:
            self.fault(offset, f"{lost}; the file is cut short")

    def fault(self, offset: int, words: str) -> None:
        """Note a fault at `offset`, one line; beyond `MAX_FAULTS` they are only counted."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(f"byte {offset}: {words}")
        else:
            self.faults_left_out += 1

    def _recover(self, offset: int, words: str) -> None:
        """Note the stream's damage and go on behind it, if anything is there."""
        damage, damaged_at = self._stream.damage, self._stream.damaged_at()
        if self._stream.resync():
            goes_on = self._stream.stored_offset() or damaged_at
            self.lost_bytes += goes_on - damaged_at
            end = f"reading goes on at byte {goes_on}"
        else:
            self.lost_from = damaged_at
            end = "nothing after it can be read"
        self.fault(offset, f"{words}{damage}; {end}")

    def _place(self) -> tuple[int, bool]:
        """Return the offset of the next byte, and whether it counts stored bytes."""
        stored = self._stream.stored_offset()
        return (self._stream.position, False) if stored is None else (stored, True)

    def _next_head(self) -> RecordHead | None:
        """Return the head of the next record, or None at the end and before damage."""
        while True:
            self._skip_line_ends()
            self._begin = self._stream.position
            window = self._stream.peek(_FIRST_BYTES)
            if not window:
                return None
            head = None
            if self.is_arc is not True:
                head = self._warc_head(window)
            if head is None and self.is_arc is not False:
                head = self._arc_head()
            if head is not None:
                self.is_arc = head.version == "ARC"
                return head
            self._skip_garbage()

    def _skip_line_ends(self, most: int = 2**31) -> None:
        while most and (window := self._stream.peek(min(most, _FIRST_BYTES))):
            ends = len(window) - len(window.lstrip(b"\r\n"))
            if ends:
                self._drop(ends)
            most -= ends
            if ends < len(window):
                return

    def _skip_garbage(self) -> None:
        """Go to what looks like the start of a record, or to the end; what lies between is lost."""
        (place, _), first, skipped = self._place(), 1, 0
        found, size = None, _FIRST_BYTES  # growing, so that many false starts cost little each
        while found is None and (window := self._stream.peek(size)):
            found = self._find_start(window, first)
            is_last = len(window) < size
            size = min(2 * size, _SEARCH_BYTES)
            if found is None and not is_last and len(window) < _SEARCH_BYTES:
                continue
            step = len(window) - (0 if is_last else MAX_START_BYTES) if found is None else found
            skipped += self._drop(step)
            first = 0
        self.lost_bytes += 0 if self._stream.compression else skipped
        words = f"{skipped} bytes that belong to no record"
        if found is None and self._stream.damage:
            self._recover(place, f"{words}; ")
        else:
            self.fault(place, words)

    def _find_start(self, window: bytes, first: int) -> int | None:
        """Return where in `window`, from `first` on, a record seems to begin."""
        warc = _WARC_START.search(window, first) if self.is_arc is not True else None
        arc = _ARC_LINE.search(window, first) if self.is_arc is not False else None
        return min((match.start() for match in (warc, arc) if match), default=None)

    def _drop(self, size: int) -> int:
        left = size
        while left and (piece := self._stream.take(left)):
            left -= len(piece)
        return size - left

    def _warc_head(self, window: bytes) -> RecordHead | None:
        version = _WARC_VERSION.match(window)
        if version is None:
            return None
        size = len(window)
        while (end := _end_of_head(window, version.end() - 1)) is None:
            if len(window) < size or size >= MAX_HEAD_BYTES:
                return None
            size *= 2
            window = self._stream.peek(size)
        if end < 0:
            return None
        offset, is_stored = self._place()
        fields = _parse_fields(window[version.end() : end].rstrip(b"\r\n"))
        self._drop(end)
        named = _by_name(fields)
        size = self._length(offset, named.get("content-length", ""))
        return RecordHead(offset, version[1].decode(), fields, size, is_stored, named)

    def _arc_head(self) -> RecordHead | None:
        line = _ARC_LINE.match(self._stream.peek(MAX_START_BYTES))
        if line is None:
            return None
        offset, is_stored = self._place()
        self._drop(line.end())
        url, ip_address, date, kind, length = (part.decode("latin-1") for part in line.groups())
        is_header = url.startswith("filedesc:")
        fields = (
            ("WARC-Type", ARC_HEADER if is_header else "response"),
            ("WARC-Target-URI", url),
            ("WARC-Date", _arc_date(date)),
            ("WARC-IP-Address", ip_address),
            ("Content-Type", HTTP_RESPONSE if url.startswith("http") else kind.split()[0]),
            ("ARC-Content-Type", kind.split()[0]),
        )
        size = self._length(offset, length)
        return RecordHead(offset, "ARC", fields, size, is_stored, _by_name(fields))

    def _length(self, offset: int, text: str) -> int:
        if _LENGTH.fullmatch(text):
            return int(text)
        self.fault(offset, f"the record's length is '{text[:20]}', which is no number")
        return 0


def _end_of_head(window: bytes, start: int) -> int | None:
    """Return where a head ends, behind its empty line; -1 when another begins before that.

    None when neither is in the window. Where another begins counts, for a head without end must
    not be searched anew from each of its lines.
    """
    end = split_head(window, start)
    if _WARC_VERSION.search(window, start, end if end >= 0 else len(window)):
        return -1
    return end if end >= 0 else None


def _parse_fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """Return the named fields; UTF-8, as WARC 1.1 section 4 says, or else ISO 8859-1."""
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = [line.partition(":") for line in text.split("\n")]
    return tuple((name.strip(), value.strip()) for name, colon, value in lines if colon)


def _by_name(fields: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {name.lower(): value for name, value in reversed(fields)}


def _arc_date(digits: str) -> str:
    """Return an ARC date (YYYYMMDDhhmmss, sometimes cut or padded) as WARC writes dates."""
    d = digits[:14].ljust(14, "0")
    return f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:]}Z"
