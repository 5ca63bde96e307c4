"""Answers of one file: which are looked at, and what is found in them.

Takes records under the reading head, whichever way they were found in the file. Each is counted
once, as looked at or as skipped for a reason, and read by the functions that an import and its
analysis use.
"""

from sousveil.archive.digests import Digests
from sousveil.archive.foreign import ANSWERS, Entry, entry_of
from sousveil.archive.read import Payload, answer_in, hashed
from sousveil.archive.records import Record, RecordReader
from sousveil.capture.http.head import HttpHead
from sousveil.model import RecordRef
from sousveil.run.read.looks import carries_content, is_picture
from sousveil.scan.file.filters import Filters
from sousveil.scan.file.finder import Finder, is_document, judge, no_text_kind
from sousveil.scan.file.table import PartWriter, Place
from sousveil.scan.file.tally import Tally

# Text that a crawler took out of pages (WET): no capture for an import, but worth a scan.
CONVERSION = "conversion"
KINDS = ANSWERS | {CONVERSION}
# What tells documents from text, and what has none.
START_BYTES = 512


class Answers:
    """Takes the records of one file in order."""

    def __init__(
        self, name: str, finder: Finder, filters: Filters, tally: Tally, part: PartWriter
    ) -> None:
        self._name, self._finder, self._filters = name, finder, filters
        self._tally, self._part = tally, part

    def take(self, record: Record, reader: RecordReader, *, in_package: bool = False) -> None:
        """Read a record to its end, and look at it if it holds an answer."""
        self._tally.records += 1
        head = record.head
        if head.type not in KINDS and head.type != "revisit":
            self._tally.skip_type(head.type)
            reader.finish(record)
            return
        digests = Digests()
        answer = answer_in(record, hashed(record.pieces(), digests))
        reader.finish(record)
        http = HttpHead(answer.status, answer.headers)
        entry = entry_of(record, http, digests, self._name, KINDS)
        if isinstance(entry, str):
            reader.fault(head.offset, entry)
            self._tally.skip("an answer without address or date")
        elif entry is None:
            self._tally.skip_type(head.type)
        elif in_package and not head.is_stored:
            reader.fault(head.offset, "several records share a gzip member; unzip the WACZ first")
            self._tally.skip("several records in a gzip member of a package")
        else:
            self._answer(entry, answer, is_stored=head.is_stored)

    def _answer(self, entry: Entry, answer: Payload, *, is_stored: bool) -> None:
        capture = entry.capture
        why = self._filters.refuse(capture) or _why_not(entry, answer)
        if why:
            self._tally.skip(why)
            return
        self._tally.looked_at += 1
        is_read_whole = is_document(answer.body[:START_BYTES], answer.media_type)
        self._tally.documents += is_read_whole
        if not is_read_whole and not self._finder.may_hold(answer.body):
            return
        judged = judge(self._finder, capture, answer)
        self._part.add(judged.findings, _place(self._name, capture.record, is_stored=is_stored))


def _why_not(entry: Entry, answer: Payload) -> str:
    """Return why an answer is not looked at, "" when it is."""
    if entry.refers_to:
        return "revisit"
    if not carries_content(entry.capture):
        return f"HTTP {entry.capture.status}"
    if is_picture(entry.capture):
        return "picture"
    kind = no_text_kind(answer.body[:START_BYTES], answer.media_type)
    return f"no text: {kind}" if kind else ""


def _place(name: str, record: RecordRef, *, is_stored: bool) -> Place:
    return Place(name, record.offset, record.length, is_stored)
