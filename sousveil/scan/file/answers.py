"""Answers of one file: which are looked at, and what is found in them.

Takes records under the reading head, whichever way they were found in the file. Each is counted
once, as looked at or as skipped for a reason, and read by the functions that an import and its
analysis use. Revisits wait for the end, when all that they may mean was met.
"""

from collections.abc import Callable
from typing import TypeAlias

from sousveil.archive.digests import Digests
from sousveil.archive.foreign import ANSWERS, Entry, entry_of
from sousveil.archive.read import Payload, answer_in, hashed
from sousveil.archive.records import Record, RecordReader
from sousveil.capture.http.head import HttpHead
from sousveil.model import Capture
from sousveil.run.read.looks import carries_content, is_picture
from sousveil.scan.file.filters import Filters
from sousveil.scan.file.finder import (
    DOCUMENT,
    NO_TEXT,
    START_BYTES,
    Finder,
    judge,
    sort_of,
)
from sousveil.scan.file.part import PartWriter, Place
from sousveil.scan.file.revisits import MAX_REVISITS, Key, Names, Original, Revisit
from sousveil.scan.file.tally import Tally

# Text that a crawler took out of pages (WET): no capture for an import, but worth a scan.
CONVERSION = "conversion"
REVISIT = "revisit"
KINDS = ANSWERS | {CONVERSION}

# Text that is read takes up to thirty times its bytes, and a process of a scan is to stay below
# 150 MB of its own; Common Crawl cuts answers here, too. A PDF is read by a process of its own.
MAX_TEXT_BYTES = 5 * 2**20
LARGE = f"text of more than {MAX_TEXT_BYTES >> 20} MB"

Reread: TypeAlias = Callable[[Original], tuple[Record, RecordReader] | None]
"""Returns a record of the file, to be read once more; None when it cannot be had."""


class Answers:
    """Takes the records of one file, in order, then its revisits."""

    def __init__(
        self, name: str, finder: Finder, filters: Filters, tally: Tally, part: PartWriter
    ) -> None:
        self._name, self._finder, self._filters = name, finder, filters
        self._tally, self._part = tally, part
        self._names = Names()
        self._passed_at = -1  # where `glance` last found that a body may hold something

    def take(self, record: Record, reader: RecordReader, *, in_package: bool = False) -> None:
        """Read a record to its end, and look at it if it holds an answer."""
        head = record.head
        self._tally.records += 1
        if head.type not in KINDS and head.type != REVISIT:
            self._tally.skip_type(head.type)
            reader.finish(record)
            return
        digests = Digests()
        answer = answer_in(record, hashed(record.pieces(), digests))
        reader.finish(record)
        entry = entry_of(record, _http(answer), digests, self._name, KINDS)
        if isinstance(entry, str):
            reader.fault(head.offset, entry)
            self._tally.skip("no address or date")
        elif entry is None:
            self._tally.skip_type(head.type)
        elif in_package and not head.is_stored:
            reader.fault(head.offset, "several records share a gzip member; unzip the WACZ first")
            self._tally.skip("in a package, in one gzip member with others")
        elif entry.refers_to:
            self._revisit(entry)
        else:
            is_quiet = self._look(entry, answer, is_stored=head.is_stored)
            original = Original(head.offset, head.is_stored, is_quiet)
            self._names.add(entry.keys, original)

    def count_other(self, record_type: str) -> None:
        """Count a record that holds no answer."""
        self._tally.records += 1
        self._tally.skip_type(record_type)

    def glance(self, offset: int, keys: list[Key], capture: Capture, body: memoryview) -> bool:
        """Count an ordinary answer in which there is nothing; False where there may be something.

        `capture` tells what filters ask for; where it lies is `offset`, in the stored file.
        """
        why = self._why_not(capture, capture.media_type, body)
        if why == DOCUMENT:
            return False
        if not why and self._finder.may_hold(body):
            self._passed_at = offset
            return False
        self._tally.records += 1
        self._count(why)
        self._names.add(keys, Original(offset, is_stored=True, is_quiet=_is_quiet(why)))
        return True

    def take_revisits(self, reread: Reread) -> None:
        """Look at the revisits, now that what they mean is known."""
        for original, revisits in self._names.resolved().items():
            if original is None:
                self._tally.skipped["revisit of what the file does not hold"] += len(revisits)
            elif original.is_quiet:
                self._tally.looked_at += len(revisits)
            else:
                self._again(original, revisits, reread)

    def _look(self, entry: Entry, answer: Payload, *, is_stored: bool) -> bool:
        """Look at an answer; return whether nothing is in it under any other address either."""
        capture = entry.capture
        why = self._why_not(capture, answer.media_type, answer.body)
        record = capture.record
        self._count(why)
        # What a quick look let pass is the same body, and isn't searched twice.
        has_passed = is_stored and record.offset == self._passed_at
        if why != DOCUMENT and (why or not (has_passed or self._finder.may_hold(answer.body))):
            return _is_quiet(why)
        self._judge(capture, answer, Place(self._name, record.offset, record.length, is_stored))
        return False

    def _why_not(self, capture: Capture, media_type: str, body: bytes | memoryview) -> str:
        """Return why an answer is not looked at: "" when it is, DOCUMENT when it is read whole."""
        if why := self._filters.refuse(capture):
            return why
        if not carries_content(capture):
            return f"HTTP {capture.status}"
        if is_picture(capture):
            return "picture"
        sort = sort_of(bytes(body[:START_BYTES]), media_type)
        return LARGE if not sort and len(body) > MAX_TEXT_BYTES else sort

    def _count(self, why: str) -> None:
        if why and why != DOCUMENT:
            self._tally.skip(why)
            return
        self._tally.looked_at += 1
        self._tally.documents += why == DOCUMENT

    def _judge(self, capture: Capture, answer: Payload, place: Place) -> None:
        judged = judge(self._finder, capture, answer)
        self._part.add(judged.findings, place)
        self._tally.unread += judged.problem is not None

    def _revisit(self, entry: Entry) -> None:
        capture = entry.capture
        if capture.status is not None and not carries_content(capture):
            self._tally.skip(f"HTTP {capture.status}")
        elif len(self._names.revisits) >= MAX_REVISITS:
            self._tally.skip("revisit beyond those that are kept")
        else:
            record = capture.record
            refers_to = tuple(hash(key) for key in entry.refers_to)
            self._names.revisits.append(
                Revisit(
                    capture.url,
                    capture.captured_at,
                    capture.status,
                    record.offset,
                    record.length,
                    refers_to,
                )
            )

    def _again(self, original: Original, revisits: list[Revisit], reread: Reread) -> None:
        """Look at what revisits mean, at their addresses and dates."""
        found = reread(original)
        if found is None:
            self._tally.skipped["revisit of what cannot be read again"] += len(revisits)
            return
        record, reader = found
        digests = Digests()
        answer = answer_in(record, hashed(record.pieces(), digests))
        reader.finish(record)
        entry = entry_of(record, _http(answer), digests, self._name, KINDS)
        if not isinstance(entry, Entry):
            self._tally.skipped["revisit of what cannot be read again"] += len(revisits)
            return
        first, may_hold = entry.capture, self._finder.may_hold(answer.body)
        for one in revisits:
            status = one.status or first.status
            capture = Capture(one.url, one.captured_at, status, first.media_type, first.record)
            why = self._why_not(capture, answer.media_type, answer.body)
            self._count(why)
            if why == DOCUMENT or (not why and may_hold):
                where = first.record
                self._judge(
                    capture,
                    answer,
                    Place(
                        self._name,
                        where.offset,
                        where.length,
                        original.is_stored,
                        one.offset,
                        one.length,
                    ),
                )


def _http(answer: Payload) -> HttpHead:
    return HttpHead(answer.status, answer.headers)


def _is_quiet(why: str) -> bool:
    """Whether what speaks against an answer speaks against the same bytes at any address."""
    return why in {"", "picture", LARGE} or why.startswith(NO_TEXT)
