"""Puts a document's text together out of pieces of its source, and keeps the way back.

A reader (HTML, JSON) hands in spans of the decoded source and decoded escapes in source order,
grouped in blocks; out comes `text`, in which one line feed parts the blocks, and an offset into
the source for every character. Used where text and source differ; where they are the same, blocks
lie on the source itself.
"""

from array import array
from functools import cache

from sousveil.errors import ExtractError
from sousveil.model import Block, BlockKind

MAX_CHARACTERS = 20_000_000  # of text; a novel has 0.5 million, an SDK header 3 million
MAX_LINES = 1_000_000  # line starts are kept as numbers, 36 bytes each
SHARED_CHARACTERS = 2**18  # offsets that sources share, 1 MB: few pages are longer
MAX_BLOCKS = 500_000  # a page of 20 million characters with 40 in each; bounds memory to ~100 MB


class Assembly:
    """A growing text with its offsets and blocks; offsets never decrease."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.blocks: list[Block] = []
        self._chunks: list[str] = []
        self._offsets = array("I")
        self.escapes = (array("I"), array("I"))  # where what is written in several begins, and ends
        # Every offset once: a verbatim span is then copied in one step, not counted up.
        self._identity = _offsets(len(source) + 1)
        self._length = 0  # of the text so far
        self._start = 0  # of the open block in the text
        self._first_chunk = 0  # of the open block
        self._source_end = 0  # of what was added last

    @property
    def open(self) -> bool:
        """Whether the open block holds any character."""
        return self._length > self._start

    def last_character(self) -> str:
        """Return the last character of the open block; "" when it is empty."""
        return self._chunks[-1][-1] if self.open else ""

    def verbatim(self, start: int, end: int) -> None:
        """Add `source[start:end]`, which is not empty, as it stands."""
        self._add(self.source[start:end], self._identity[start:end], end)

    def decoded(self, text: str, start: int, end: int) -> None:
        """Add `text`, for which an escape or white space at `source[start:end]` stands."""
        if text:
            if end > start + 1:
                self.escaped(start, end)
            self._add(text, self._identity[start : start + 1] * len(text), end)

    def escaped(self, start: int, end: int) -> None:
        """Note that `source[start:end]` stands for one character, behind all noted before."""
        self.escapes[0].append(start)
        self.escapes[1].append(end)

    def mapped(self, text: str, offsets: "array[int]", end: int) -> None:
        """Add `text` whose characters stand at `offsets` of the source; the last ends by `end`."""
        self._add(text, offsets, end)

    def close(self, kind: BlockKind, context: str = "") -> str:
        """End the open block and return its text; an empty one leaves no trace.

        Raises ExtractError beyond `MAX_BLOCKS`.
        """
        if not self.open:
            return ""
        if len(self.blocks) >= MAX_BLOCKS:
            raise too_many_blocks()
        self.blocks.append(Block(self._start, self._length, kind, context))
        self._start = self._length
        return "".join(self._chunks[self._first_chunk :])

    def finish(self) -> "tuple[str, array[int], tuple[Block, ...]]":
        """Return the text, its offsets (one more than characters) and the closed blocks."""
        self._offsets.append(self._source_end)
        return "".join(self._chunks), self._offsets, tuple(self.blocks)

    def _add(self, text: str, offsets: "array[int]", source_end: int) -> None:
        if not self.open:
            if self.blocks:
                self._chunks.append("\n")
                self._offsets.append(offsets[0])
                self._length += 1
                self._start = self._length
            self._first_chunk = len(self._chunks)
        self._chunks.append(text)
        self._offsets += offsets
        self._length += len(text)
        self._source_end = source_end


def _offsets(count: int) -> "array[int]":
    """Return so many offsets from 0 on, or more; not to be changed."""
    return _shared_offsets() if count <= SHARED_CHARACTERS else array("I", range(count))


@cache
def _shared_offsets() -> "array[int]":
    """Return the offsets of most sources: counting them took an eighth of a page's reading."""
    return array("I", range(SHARED_CHARACTERS))


def too_many_blocks() -> ExtractError:
    """Return the error for a document of more than `MAX_BLOCKS` blocks."""
    return ExtractError(
        f"the document has more than {MAX_BLOCKS} pieces of text, so it is not read; "
        "the capture itself is kept"
    )


def lay(
    source: str, blocks: list[Block], span: tuple[int, int], kind: BlockKind, context: str = ""
) -> None:
    """Append the block of `source` at `span`, white space at its ends aside; nothing if empty.

    For documents whose text is their source. Raises ExtractError beyond `MAX_BLOCKS`.
    """
    text = source[slice(*span)]
    start = span[0] + len(text) - len(text.lstrip())
    end = start + len(text.strip())
    if end == start:
        return
    if len(blocks) >= MAX_BLOCKS:
        raise too_many_blocks()
    blocks.append(Block(start, end, kind, context))
