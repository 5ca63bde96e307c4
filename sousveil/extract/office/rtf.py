r"""RTF to text: paragraphs, tables, notes, headers, what is hidden.

Takes the bytes of an RTF file (Rich Text Format Specification 1.9.1) and gives a `Document`.
Bytes are read in the code page of their font (`\fcharset`) or of the file (`\ansicpg`), `\uN` as
UTF-16 with its fallback passed over (`\ucN`). Pictures, objects and what an unknown destination
holds are passed over; hidden text is read, under "hidden"; text that a tracked change took out is
not. Names of authors are not read.
"""

import re
from dataclasses import dataclass, field, replace

from sousveil.errors import ExtractError
from sousveil.extract.gather import Gathering
from sousveil.extract.office.rtf_words import (
    CHARACTERS,
    CHARSETS,
    DEFAULT_CODEC,
    ENDS,
    PASSED_OVER,
    STARRED,
    STORIES,
    codec_of,
)
from sousveil.extract.tables import Table
from sousveil.extract.text.plain import MAX_HEADING_CHARACTERS
from sousveil.model import BlockKind, Document

MAX_TOKENS = 10_000_000  # bounds the time to some 20 seconds; a thesis has 200,000
MAX_DEPTH = 2_000  # open groups; Word writes some 20
MAX_UNITS = 0xFFFF  # of UTF-16
MAX_FALLBACK = 16  # characters that one \uN may replace; Word writes 1 or 2

_TOKEN = re.compile(
    rb"""
    (?P<open>\{)
  | (?P<close>\})
  | \\'(?P<hex>[0-9a-fA-F]{2})
  | \\(?P<word>[A-Za-z]{1,32})(?P<number>-?[0-9]{1,10})?+\x20?
  | \\(?P<symbol>.)
  | (?P<bytes>[^\\{}\r\n\0]++)
  | [\r\n\0]++ | \\\Z
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _State:
    """What holds in a group; a group that opens takes it over."""

    passed_over: bool = False
    destination: str = ""
    fallback: int = 1  # characters that follow \uN for readers without Unicode
    font: int | None = None
    hidden: bool = False
    deleted: bool = False


@dataclass(slots=True)
class _Story:
    """A flow of text: the body, a note, a header; its open paragraph, and its table."""

    label: str = ""
    pieces: list[str] = field(default_factory=list)
    hidden: bool = False
    level: int = 0  # of a heading
    is_item: bool = False
    table: Table | None = None
    in_table: bool = False
    in_row: bool = False
    in_cell: bool = False


def read_rtf(payload: bytes, name: str) -> Document:
    """Return the text of an RTF file.

    Raises ExtractError for one that holds no text, or is beyond `MAX_TOKENS`, `MAX_DEPTH` or the
    limits of `gather.py`. Takes linear time.
    """
    reader = _RtfReader()
    try:
        reader.read(payload)
        return reader.gathering.document(reader.title)
    except ExtractError as error:
        raise ExtractError(f"{name}: {error}") from error


class _RtfReader:
    """Where in the file we stand."""

    def __init__(self) -> None:
        self.gathering = Gathering()
        self.title = ""
        self._state = _State()
        self._above: list[_State] = []
        self._stories = [_Story()]
        self._starred = False  # \* came just before
        self._skip = 0  # characters of a fallback that are still to come
        self._bytes = bytearray()  # of a text, not yet decoded
        self._codec = DEFAULT_CODEC  # of the file
        self._fonts: dict[int, str] = {}
        self._font = 0  # that is being declared
        self._headings: list[tuple[int, str]] = []

    def read(self, payload: bytes) -> None:
        """Read the whole file."""
        position = tokens = 0
        while match := _TOKEN.match(payload, position):
            position = match.end()
            tokens += 1
            if tokens > MAX_TOKENS:
                raise ExtractError(
                    f"the document has more than {MAX_TOKENS} pieces of RTF, so it is not read; "
                    "the capture itself is kept"
                )
            group = match.lastgroup
            if group in {"word", "number"}:
                number = int(match["number"]) if match["number"] else None
                word = match["word"].decode("ascii")
                if word == "bin":
                    position += max(0, number or 0)
                self._word(word, number)
            elif group is not None:
                self._plain_token(group, match[group])
        while self._above:
            self._close()
        self._end_paragraph()

    def _plain_token(self, group: str, value: bytes) -> None:
        if group == "open":
            self._open()
        elif group == "close":
            self._close()
        elif group == "hex":
            self._text(bytes.fromhex(value.decode("ascii")))
        elif group == "bytes":
            self._text(value)
        else:
            self._symbol(value.decode("latin-1"))

    # ------------------------------------------------------------ groups

    def _open(self) -> None:
        self._decode()
        self._skip = 0
        if len(self._above) >= MAX_DEPTH:
            raise ExtractError(
                f"the document nests more than {MAX_DEPTH} groups, so it is not read; "
                "the capture itself is kept"
            )
        self._above.append(self._state)
        # A group belongs to its parent's destination, but only the parent itself ends it.
        self._state = replace(self._state, destination="")

    def _close(self) -> None:
        self._decode()
        self._skip = 0
        if not self._above:  # a brace too many
            return
        if self._state.destination in STORIES:
            self._end_story()
        self._state = self._above.pop()

    def _enter(self, word: str) -> bool:
        """Take a control word that says what its group is for; False for another one."""
        starred, self._starred = self._starred, False
        state = self._state
        if word == "ud" and self._above and self._above[-1].destination == "upr":
            self._state = replace(state, passed_over=self._above[-2].passed_over)
        elif word in {"fonttbl", "upr"}:
            self._state = replace(state, passed_over=True, destination=word)
        elif word in PASSED_OVER or (starred and word not in STARRED):
            self._state = replace(state, passed_over=True)
        elif word in STORIES and not state.passed_over and self._above:
            self._state = replace(state, destination=word)
            self._stories.append(_Story(STORIES[word]))
        else:
            return False
        return True

    def _end_story(self) -> None:
        story = self._stories[-1]
        if story.label == "title":
            self.title = self.title or " ".join(_joined(story.pieces).split())
        else:
            self._end_paragraph()
        self._stories.pop()

    # ------------------------------------------------------------ control words

    def _word(self, word: str, number: int | None) -> None:
        if self._skip and word != "u":
            self._skip -= 1
            return
        self._decode()
        if self._enter(word):
            return
        if word == "ansicpg":
            self._codec = codec_of(number or 0)
        elif word == "uc":
            self._state = replace(self._state, fallback=min(max(number or 0, 0), MAX_FALLBACK))
        elif word in {"f", "fcharset", "cpg"}:
            self._declare(word, number or 0)
        elif not self._state.passed_over:
            self._visible(word, number)

    def _declare(self, word: str, number: int) -> None:
        """Take what chooses a font, or in the font table declares one."""
        declares = any(state.destination == "fonttbl" for state in (self._state, *self._above[-2:]))
        if not declares:
            self._state = replace(self._state, font=number)
        elif word == "f":
            self._font = number
        elif word == "cpg":
            self._fonts[self._font] = codec_of(number)
        elif number in CHARSETS:
            self._fonts[self._font] = codec_of(CHARSETS[number])

    def _visible(self, word: str, number: int | None) -> None:
        story = self._stories[-1]
        if word == "u":
            self._add(chr((number or 0) & MAX_UNITS))
            self._skip = self._state.fallback
        elif word in CHARACTERS:
            self._add(CHARACTERS[word])
        elif word in ENDS:
            self._end_paragraph()
        elif word in {"v", "deleted"}:
            self._hide(word, on=number != 0)
        elif word == "plain":
            self._state = replace(self._state, font=None, hidden=False, deleted=False)
        elif word == "pard":
            story.level, story.is_item, story.in_table = 0, False, False
        elif word == "outlinelevel":
            story.level = (number or 0) + 1
        elif word in {"ls", "pnlvlblt", "pnlvlbody"}:
            story.is_item = True
        else:
            self._table_word(word)

    def _hide(self, word: str, *, on: bool) -> None:
        if word == "v":
            self._state = replace(self._state, hidden=on)
        else:
            self._state = replace(self._state, deleted=on)

    def _table_word(self, word: str) -> None:
        story = self._stories[-1]
        if word in {"intbl", "trowd"}:
            story.in_table = True
            story.table = story.table or Table()
        elif word in {"cell", "nestcell"}:
            self._enter_cell(story)
            self._end_paragraph()
            story.in_cell = False
        elif word in {"row", "nestrow"}:
            story.in_row = False

    def _enter_cell(self, story: _Story) -> None:
        table = story.table = story.table or Table()
        story.in_table = True
        if not story.in_row:
            table.open_row()
            story.in_row = True
        if not story.in_cell:
            table.open_cell(header=table.row <= 0, columns=1, rows=1)
            story.in_cell = True

    def _symbol(self, symbol: str) -> None:
        if self._skip:
            self._skip -= 1
            return
        self._decode()
        if symbol == "*":
            self._starred = True
        elif not self._state.passed_over:
            self._visible(symbol, None)

    # ------------------------------------------------------------ text

    def _text(self, data: bytes) -> None:
        passed = min(self._skip, len(data))
        self._skip -= passed
        self._starred = False
        if not self._state.passed_over:
            self._bytes += data[passed:]

    def _decode(self) -> None:
        """Add the bytes so far as text; a character may have come in several tokens."""
        if not self._bytes:
            return
        data, self._bytes = bytes(self._bytes), bytearray()
        codec = self._codec
        if self._state.font is not None:
            codec = self._fonts.get(self._state.font, codec)
        try:
            self._add(data.decode(codec))
        except UnicodeDecodeError:  # accents of a font without charset in an Asian file
            other = DEFAULT_CODEC if codec in {"gb18030", "utf-8"} and len(data) == 1 else codec
            self._add(data.decode(other, "replace"))

    def _add(self, text: str) -> None:
        story = self._stories[-1]
        if self._state.deleted:
            return
        if self._state.hidden is not story.hidden:
            self._end_paragraph()
            story.hidden = self._state.hidden
        story.pieces.append(text)

    def _end_paragraph(self) -> None:
        """Add the open paragraph as a block."""
        story = self._stories[-1]
        text, story.pieces = _joined(story.pieces), []
        if story.in_table and text.strip():
            self._enter_cell(story)
        elif not story.in_table:
            story.table, story.in_row, story.in_cell = None, False, False
        cell = story.table.context() if story.table else ""
        if story.level and not story.label:
            self._headings = [above for above in self._headings if above[0] < story.level]
        headings = () if story.label else (heading for _, heading in self._headings)
        parts = ("hidden" if story.hidden else "", story.label, *headings, cell)
        text = self.gathering.add(text, _kind(story), " > ".join(part for part in parts if part))
        if story.table:
            story.table.close_text(text)
        elif story.level and text and not story.label:
            self._headings.append((story.level, " ".join(text.split())[:MAX_HEADING_CHARACTERS]))
            self.title = self.title or self._headings[-1][1]


def _kind(story: _Story) -> BlockKind:
    if story.table:
        return BlockKind.CELL
    if story.level:
        return BlockKind.HEADING
    return BlockKind.LIST_ITEM if story.is_item else BlockKind.PARAGRAPH


def _joined(pieces: list[str]) -> str:
    """Return the pieces as text; two halves of a surrogate pair become their character."""
    return "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
