"""Ways through an archive file: every record in it, quick where it is ordinary, else with care.

Takes an open file and hands its records to `Answers`, in order; what breaks the format becomes a
problem with its place, and reading goes on behind it, as `archive/records.py` does. Held are a few
megabytes of the file, and the record that is read.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from sousveil.archive.foreign import what_it_is
from sousveil.archive.packed import ZIP_MAGIC, packed_archives
from sousveil.archive.records import Record, RecordReader
from sousveil.archive.unpack import FREE_BYTES, GZIP_MAGIC, LZ4_MAGIC, MAX_EXPANSION, Unpacked
from sousveil.scan.file.answers import Answers
from sousveil.scan.file.members import Members
from sousveil.scan.file.opening import BLOCK_BYTES, FarFile
from sousveil.scan.file.quick import quick_look
from sousveil.scan.file.revisits import Original
from sousveil.scan.file.tally import Tally
from sousveil.scan.file.values import Span

# Members that are no ordinary record, one after another, before nobody expects one any more.
_MAX_ODD = 16
# Decompressed bytes that are passed over to read an original once more: two seconds.
MAX_PASSED_BYTES = 2**30
_STEP_BYTES = 2**20
# Between records that are fetched together: a request costs as much time as so many bytes.
NEAR_BYTES = 2**16


class Walk:
    """A way through one file. `size` is that of the file as it is stored."""

    def __init__(self, file: BinaryIO, size: int, answers: Answers, tally: Tally) -> None:
        self._file, self._size = file, size
        self._answers, self._tally = answers, tally
        self._is_arc: bool | None = None
        self._left_to_pass = MAX_PASSED_BYTES

    def whole(self) -> None:
        """Go through the whole file."""
        if self._magic(0).startswith(ZIP_MAGIC):
            for found in packed_archives(self._file):
                if isinstance(found, str):
                    self._tally.problem(found)
                else:
                    self.part(*found, in_package=True)
        else:
            self.part(0, self._size)
            if not self._tally.records:
                self._tally.problems[:] = [what_it_is(self._file)]
        self._answers.take_revisits(self._reread)

    def only(self, spans: Sequence[Span]) -> None:
        """Go through some records, as an index tells where they lie; each is read once."""
        behind = 0  # what was read
        for group in _together(spans):
            if isinstance(self._file, FarFile):
                self._file.load(group[0].offset, min(_end(group[-1]), self._size))
            for span in group:
                if span.offset >= self._size:
                    self._tally.problem(f"byte {span.offset}: the file has {self._size} bytes")
                elif span.offset < behind:
                    what = f"a record of {span.length} bytes that overlaps the one before it"
                    self._tally.problem(f"byte {span.offset}: the index tells of {what}")
                else:
                    behind = min(_end(span), self._size)
                    self.part(span.offset, behind)
        self._answers.take_revisits(self._reread)

    def part(self, start: int, end: int, *, in_package: bool = False) -> None:
        """Go through the stored bytes from `start` up to `end`."""
        at, odd = start, 0
        is_gzip = self._magic(start).startswith(GZIP_MAGIC)
        members = Members(self._file, start, end)
        while at < end:
            if is_gzip and odd < _MAX_ODD:
                members.at = at
                before, at = at, self._quickly(members, end)
                odd = odd + 1 if at == before else 0
            if at < end:
                is_back = is_gzip and odd < _MAX_ODD
                at = self._carefully(at, end, in_package=in_package, is_back=is_back)

    def _quickly(self, members: Members, end: int) -> int:
        """Take ordinary records, and return where the first other thing lies."""
        for member in members:
            if not quick_look(member, self._answers):
                return member.offset
            self._is_arc = False
            self._tally.unpacked_bytes += len(member.data)
            if self._is_bomb(members.at):
                return end
        return members.at

    def _carefully(self, start: int, end: int, *, in_package: bool, is_back: bool = False) -> int:
        """Read records with care, and return up to where.

        `is_back`: until a member begins with the next, which may be an ordinary one; else all.
        """
        stream = self._stream(start, end)
        reader = RecordReader(stream)
        reader.is_arc, stop = self._is_arc, end
        for record in reader.records():
            self._answers.take(record, reader, in_package=in_package)
            place = stream.stored_offset() if is_back else None
            if place is not None and not stream.damage and stream.peek(1):
                stop = place
                break
        self._is_arc = reader.is_arc
        self._tally.unpacked_bytes = stream.position
        self._tally.lost_bytes += reader.lost_bytes
        if reader.lost_from is not None:
            self._tally.lost_bytes += end - reader.lost_from
        for fault in reader.faults:
            self._tally.problem(fault)
        if reader.faults_left_out:
            self._tally.problem(f"and {reader.faults_left_out} more of these kinds")
        return stop

    def _stream(self, start: int, end: int | None = None) -> Unpacked:
        return Unpacked(self._file, start, end, position=self._tally.unpacked_bytes)

    def _is_bomb(self, at: int) -> bool:
        """Whether the file grew beyond all measure up to a stored offset, as `Unpacked` has it."""
        unpacked = self._tally.unpacked_bytes
        if unpacked <= FREE_BYTES or unpacked <= MAX_EXPANSION * at:
            return False
        self._tally.problem(
            f"byte {at}: it grows more than {MAX_EXPANSION} times when decompressed: a bomb;"
            " nothing after it is read"
        )
        self._tally.lost_bytes += self._size - at
        return True

    def _magic(self, at: int) -> bytes:
        self._file.seek(at)
        return self._file.read(len(LZ4_MAGIC))

    def _reread(self, original: Original) -> tuple[Record, RecordReader] | None:
        """Return a record to be read once more; None when it is too far into a gzip member."""
        if original.is_stored:
            stream = Unpacked(self._file, original.offset)
        else:
            stream = Unpacked(self._file)
            while stream.position < original.offset and self._left_to_pass > 0:
                passed = len(stream.take(min(original.offset - stream.position, _STEP_BYTES)))
                if not passed and not stream.resync():
                    return None
                self._left_to_pass -= passed
        reader = RecordReader(stream)
        reader.is_arc = self._is_arc
        record = next(reader.records(), None)
        is_it = record is not None and record.head.offset == original.offset
        return (record, reader) if record is not None and is_it else None


def _end(span: Span) -> int:
    return span.offset + span.length


def _together(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Yield spans in order, those that lie close together as one."""
    group: list[Span] = []
    for span in sorted(spans, key=lambda one: one.offset):
        is_near = group and span.offset - _end(group[-1]) <= NEAR_BYTES
        if is_near and _end(span) - group[0].offset <= BLOCK_BYTES:
            group.append(span)
            continue
        if group:
            yield group
        group = [span]
    if group:
        yield group
