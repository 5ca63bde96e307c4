"""The quick look: what a whole, ordinary record is worth, in microseconds.

Takes a gzip member and either counts the record in it, as skipped or as looked at without a trace
of what is sought, or leaves it to the careful reader, which reads it from the stored bytes as an
import does. Ordinary is what most crawlers write: one record and nothing else in the member, a head
in ASCII without folded lines, an answer in HTTP/1 without codings. Whatever is not so is left; a
test holds both looks against each other.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from sousveil.archive.foreign import parse_date
from sousveil.capture.http.head import media_type
from sousveil.model import Capture, RecordRef
from sousveil.scan.file.answers import CONVERSION, KINDS, REVISIT, Answers
from sousveil.scan.file.members import Member

# Heads of records and answers have some hundred bytes.
_MAX_HEAD_BYTES = 2**16
_END = b"\r\n\r\n"
_VERSIONS = (b"WARC/1.0\r\n", b"WARC/1.1\r\n")
_FIRST_SIGN = b"!"
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")
_TEXT = "text/plain"
_NOWHERE = RecordRef("", 0, 0, "", "")

# Crawlers write answer after answer with the same ones.
_media_type = lru_cache(maxsize=1024)(media_type)
_date = lru_cache(maxsize=1024)(parse_date)


def quick_look(member: Member, answers: Answers) -> bool:
    """Count the record in a member; False, and nothing counted, when it needs a careful look."""
    data = member.data
    end = data.find(_END, 0, _MAX_HEAD_BYTES)
    if end < 0 or not data.startswith(_VERSIONS) or not data.endswith(_END):
        return False
    head = _Head(data[:end])
    start, stop = end + len(_END), len(data) - len(_END)
    kind = head.get(b"warc-type").lower()
    is_one = head.get(b"content-length") == str(stop - start) and data.find(b"WARC/", 1, end) < 0
    if head.is_odd or not kind or not is_one:
        return False
    if kind not in KINDS and kind != REVISIT:
        answers.count_other(kind)
        return True
    told = _told(kind, head, data, start, stop)
    return told is not None and _answer(head, told, member, answers)


class _Told(NamedTuple):
    """What an answer says of its body, and where that begins and ends in a member."""

    status: int | None
    media_type: str
    start: int
    stop: int


def _told(kind: str, head: "_Head", data: bytes, start: int, stop: int) -> _Told | None:
    """Return what an ordinary answer says; None of all others."""
    if kind == CONVERSION and head.get(b"content-type") == _TEXT:
        return _Told(None, _TEXT, start, stop)
    end = data.find(_END, start, min(stop, start + _MAX_HEAD_BYTES))
    if kind != "response" or end < 0:
        return None
    status, http = _STATUS.match(data, start), _Head(data[start:end])
    content_type = http.get(b"content-type")
    is_coded = http.get(b"content-encoding") or http.get(b"transfer-encoding")
    if status is None or not content_type or is_coded or http.is_odd:
        return None
    return _Told(int(status[1]), _media_type(content_type), end + len(_END), stop)


def _answer(head: "_Head", told: _Told, member: Member, answers: Answers) -> bool:
    url, when = head.get(b"warc-target-uri").strip("<>"), head.get(b"warc-date")
    record_id, digest = head.get(b"warc-record-id"), head.get(b"warc-payload-digest").lower()
    date = _date(when)
    if head.is_odd or not url or " " in url or not record_id or date is None:
        return False
    keys = [("id", record_id), ("place", url, when), *([("payload", digest)] if digest else [])]
    capture = Capture(url, date, told.status, told.media_type, _NOWHERE)
    return answers.glance(
        member.offset, keys, capture, memoryview(member.data)[told.start : told.stop]
    )


class _Head:
    """A head, from its first line up to the end of its last.

    `is_odd` once something was met that the careful reader might take otherwise.
    """

    __slots__ = ("_bytes", "_lower", "is_odd")

    def __init__(self, head: bytes) -> None:
        self._bytes, self._lower = head, head.lower()
        # The least line is one that is empty, folded, or begins with what readers strip.
        self.is_odd = not head.isascii() or min(head.split(b"\n")) < _FIRST_SIGN

    def get(self, name: bytes) -> str:
        """Return the value of the first field called `name`, which is in lower case, or ""."""
        at = self._lower.find(b"\n" + name)
        if at < 0:
            return ""
        at += len(name) + 1
        if self._lower[at : at + 1] != b":":  # a name that only begins so, or a space behind it
            self.is_odd = True
            return ""
        end = self._bytes.find(b"\n", at)
        return self._bytes[at + 1 : end if end >= 0 else None].decode("latin-1").strip()
