"""Tender notices: who buys what, from whom, when and for how much, read from labels and tables.

Takes a document and gives one project a notice, or one a row where a page lists many. A label is
told beside its value in one line ("采购人：…"), in a cell or a term before it, or above its column.
What only looks like a notice (a form with "Title" and "Date") is none: see `_is_notice`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import NamedTuple

from sousveil.facts.amounts import amount_in
from sousveil.facts.dates import dates, day_first
from sousveil.facts.labels import (
    DATE_FIELDS,
    MONEY_FIELDS,
    Label,
    label_of,
    labels_in,
)
from sousveil.facts.numbers import plainly
from sousveil.facts.reading import PROSE, Piece, Reading, as_written, narrow
from sousveil.model import Block, BlockKind, Document

MAX_PROJECTS = 500  # of one document: a page of a buyer lists some dozen
MAX_REPEATED = 20  # suppliers, or prices, of one project
MAX_BLOCKS = 50_000  # looked at; the longest notices have some thousand
MAX_LINE = (
    20_000  # characters in which labels are sought; a notice pasted as one paragraph has 5,000
)
MAX_QUOTE = 300  # characters, of a label with its value; longer values are texts
LEAST_FIELDS = 3  # of a notice

_LISTED = frozenset({"supplier", "price"})  # may come several times
_LONGEST_CELL = 60  # characters of a label that stands alone
_TRAILING = " ,;:。，；、|*\t\n"
_SENTENCE_END = re.compile(r"[。；;\n]|(?<=[a-z)])\. ")
_NOTHING = re.compile(r"[-/—.无N/A]{0,4}|none|n/a|see .*|详见.*|见附件.*|/+", re.IGNORECASE)
_CODE = re.compile(r"\b(\d{8})(?:-\d)?\b")
_NUMBER_END = re.compile(r"[ ,;。，；]")
_SPACED = re.compile(r"\d{4}/S \d{3}-\d{6,8}|[A-Z][A-Za-z./-]{0,12}(?: [A-Za-z0-9./-]{1,14}){1,3}")
_BEHIND_NAME = re.compile(r" {2,}| (?=地址|联系|电话|统一社会)|[,，] ?(?=地址|电话|\d)|\|")
_CODE_BEHIND = re.compile(
    r" ?\((?:统一社会|组织机构|以下简称|\d|[A-Z]{2}\d|hereinafter)[^()]{0,60}\)?\Z"
)
_ON_BEHALF = re.compile(r"受 ?([^,，。;:\n受]{2,40}?) ?的?委托(?=[,，])")
_BUYER_IS = re.compile(r"(?:招标人|采购人|建设单位)(?:名称)?为 ?([^,，。;:\n]{2,40})")
_AWARD = re.compile(
    r"(?P<supplier>[A-Z][\w&.,' -]{2,60}?) (?:has been|was) awarded (?:a|the|an)\b[^.\n]{0,60}?"
    r"\bcontract\b"
)
_EUROPEAN = re.compile(r"\bcpv\b|\bTED\b|OJ S|eForms", re.IGNORECASE)  # days come first there
_NOTICE_WORDS = re.compile(
    r"招标|采购|中标|成交|询价|磋商|tender|procurement|contract award|contract notice|awarded"
    r"|invitation to bid|request for proposal|bidding",
    re.IGNORECASE,
)
# Without one of these words no label of a notice stands anywhere; the look costs next to nothing.
_MAY_BE = re.compile(
    r"采购|招标|中标|成交|建设单位|业主|控制价|限价|预算|contract|procur|purchas|tender|buyer|solicitation"
    r"|bid|award|rfp|supplier|cpv|estimated",
    re.IGNORECASE,
)
_SEARCHED_FOR_WORDS = 3_000  # characters at the top


@dataclass(frozen=True, slots=True)
class _Found:
    """A label with its value, before the value is read."""

    label: Label
    start: int  # of the quote
    value: int  # where the value begins
    end: int
    row: int = -1  # of a table that lists projects
    is_sure: bool = True


def projects(document: Document) -> list[Reading]:
    """Return the projects that a document tells of; none when it is no notice."""
    if document.format not in PROSE:
        return []
    text = narrow(document.text)
    if _MAY_BE.search(text.replace(" ", "")) is None:
        return []
    return [as_written(one, document.text) for one in _projects(text, document)]


def _projects(text: str, document: Document) -> list[Reading]:
    found = list(_Labels(text, list(islice(_lines(document), MAX_BLOCKS))).found())
    order = day_first(text)
    if order is None and _EUROPEAN.search(text):
        order = True
    by_row: dict[int, list[_Found]] = {}
    for one in found:
        by_row.setdefault(one.row, []).append(one)
    whole = _pieces(text, by_row.pop(-1, []), order)
    rows = [_pieces(text, row, order) for row in by_row.values()]
    listed = [row for row in rows if {"title", "number"} & {one.name for one in row}]
    if len(listed) > 1:
        made = [Reading("project", _in_order(row)) for row in listed[:MAX_PROJECTS]]
        return [one for one in made if _is_notice(text, one.pieces, found)]
    pieces = _merged([*whole, *(one for row in rows for one in row), *_told(text, whole)])
    return [Reading("project", pieces)] if _is_notice(text, pieces, found) else []


def _is_notice(text: str, pieces: Sequence[Piece], found: Sequence[_Found]) -> bool:
    """Whether labels amount to a tender notice: it names the thing, and something of its purchase.

    One of the labels is of tenders alone, or words of tenders stand at the top.
    """
    names = {one.name for one in pieces}
    is_told = any(one.label.is_strong for one in found) or (
        _NOTICE_WORDS.search(text, 0, _SEARCHED_FOR_WORDS) is not None
    )
    bought = names & {"buyer", "supplier", "budget", "ceiling", "price", "agency"}
    return (
        is_told
        and bool(names & {"title", "number"})
        and bool(bought)
        and (len(names) >= LEAST_FIELDS)
    )


# ---------------------------------------------------------------- where labels and values stand


class _Labels:
    """Goes through the blocks of a document, and keeps what was opened: a section, a table."""

    def __init__(self, text: str, blocks: Sequence[Block]) -> None:
        self._text = text
        self._blocks = blocks
        self._section = ""
        self._waiting: tuple[Label, Block] | None = None  # a label whose value comes next
        self._header: list[Label | None] = []
        self._row = -1
        self._headings = {_heading(block) for block in blocks} - {""}

    def found(self) -> Iterator[_Found]:
        """Yield labels with their values, in the order of the text."""
        rows = {row[0].start: row for row in _rows(self._text, self._blocks) if len(row) > 1}
        in_rows = {block.start for row in rows.values() for block in row}
        for block in self._blocks:
            if block.start in rows:
                self._waiting = None
                yield from self._in_row(rows[block.start])
            elif block.start not in in_rows:
                yield from self._in_line(block)

    def _in_row(self, row: Sequence[Block]) -> Iterator[_Found]:
        labels = [_cell_label(self._text, cell) for cell in row]
        columns = [_column(number, cell) for number, cell in enumerate(row)]
        if any(columns[1:]) and not any(labels):
            self._header = columns
        if _is_header(labels):
            self._header = labels
        elif self._header and len(row) == len(self._header) and not any(labels):
            self._row += 1
            for label, cell in zip(self._header, row, strict=True):
                if label is not None and label.field:
                    yield _Found(label, cell.start, cell.start, cell.end, self._row)
        else:
            self._header = []
            for one in _of_cells(self._text, row, labels):
                yield self._resolved(one)

    def _in_line(self, block: Block) -> Iterator[_Found]:
        if self._text[block.start : block.end] in self._headings:
            self._waiting = None  # it heads a column: its values come with their rows
            return
        label = _cell_label(self._text, block)
        if label is not None:
            self._section = label.section or self._section
            self._waiting = (label, block)
            return
        inline = list(_in_block(self._text, block))
        if self._waiting is not None and not (inline and inline[0].start == block.start):
            told, at = self._waiting
            end = _value_end(self._text, block.start, block.end)
            yield self._resolved(_Found(told, at.start, block.start, end))
        self._waiting = None
        for one in inline:
            resolved = self._resolved(one)
            if self._text[one.value : one.end].strip(_TRAILING):
                yield resolved
            elif one is inline[-1]:
                self._waiting = (one.label, replace(block, start=one.start))

    def _resolved(self, one: _Found) -> _Found:
        """Say whose name and address follow: those of the section that was opened last."""
        self._section = one.label.section or self._section
        field = one.label.field
        if field == "name":
            field = self._section
        elif field == "address":
            field = "place" if self._section == "buyer" else ""
        return replace(one, label=replace(one.label, field=field))


def _rows(text: str, blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield the rows of tables: a cell's context ends with the text of its row's first cell."""
    row: list[Block] = []
    for block in blocks:
        if block.kind is not BlockKind.CELL:
            if row:
                yield row
            row = []
            continue
        first = text[row[0].start : row[0].end] if row else ""
        tail = _first(block)
        is_same_row = bool(row) and (
            tail == first or (block.cell is not None and _row_number(block) == _row_number(row[0]))
        )
        if not is_same_row:
            if row:
                yield row
            row = []
        row.append(block)
    if row:
        yield row


def _row_number(block: Block) -> str:
    return re.sub(r"[A-Z]+(?=\d+\Z)", "", block.cell or "")


def _cell_label(text: str, block: Block) -> Label | None:
    """Return the label that a whole block is."""
    if block.end - block.start > _LONGEST_CELL:
        return None
    return label_of(text[block.start : block.end])


def _first(cell: Block) -> str:
    """Return the text of the first cell of a cell's row, as far as its context tells."""
    return narrow(cell.context).rpartition(" > ")[2].partition(" | ")[0]


def _heading(cell: Block) -> str:
    """Return the text that heads a cell's column; "" where the page marks none."""
    return narrow(cell.context).rpartition(" > ")[2].partition(" | ")[2]


def _column(number: int, cell: Block) -> Label | None:
    """Return the label that heads a cell's column, where the page marks it as a heading."""
    return label_of(_heading(cell) or ("" if number else _first(cell)))


def _is_header(labels: Sequence[Label | None]) -> bool:
    """Whether a row of cells heads columns: labels stand beside labels."""
    return any(one is not None and other is not None for one, other in pairwise(labels))


def _of_cells(text: str, row: Sequence[Block], labels: Sequence[Label | None]) -> Iterator[_Found]:
    """Yield the values of a row in which each label stands before its value."""
    for (label, at), value in zip(zip(labels, row, strict=True), [*row[1:], None], strict=True):
        if label is not None and value is not None and _cell_label(text, value) is None:
            yield _Found(label, at.start, value.start, value.end)
        elif label is None:
            inline = list(_in_block(text, at))
            yield from (one for one in inline if text[one.value : one.end].strip(_TRAILING))
        elif label.section:
            yield _Found(label, at.start, at.end, at.end)


def _in_block(text: str, block: Block) -> Iterator[_Found]:
    """Yield what a line tells with colons, each value up to the next label or the sentence's end.

    A line "采购人   某某局" without one is told by its wide gap.
    """
    start, end = block.start, block.end
    labels = labels_in(text[start : min(end, start + MAX_LINE)])
    ends = [*(one.start for one in labels[1:]), end - start][: len(labels)]
    for one, before in zip(labels, ends, strict=True):
        value = start + one.value
        stop = min(start + before, _value_end(text, value, start + before))
        yield _Found(one.label, start + one.start, value, stop)
    if not labels and (gap := _GAP.search(text, start, min(end, start + _LONGEST_CELL))):
        label = label_of(text[start : gap.start()])
        if label is not None and (label.is_strong or not text[start].isascii()):
            yield _Found(label, start, gap.end(), end, is_sure=False)


_GAP = re.compile(r"[ \t]{2,}|(?<=[一-鿿)]) (?=\S)|\t")


def _lines(document: Document) -> Iterator[Block]:
    """Yield the blocks of a document, of text that kept its lines each line."""
    for block in document.blocks:
        start = block.start
        while start < block.end:
            end = document.text.find("\n", start, block.end)
            end = block.end if end < 0 or block.kind is BlockKind.CELL else end
            if end > start:
                yield replace(block, start=start, end=end)
            start = end + 1


def _value_end(text: str, start: int, end: int) -> int:
    stop = _SENTENCE_END.search(text, start + 1, min(end, start + MAX_QUOTE))
    return stop.start() if stop else min(end, start + MAX_QUOTE)


# ---------------------------------------------------------------- values


def _pieces(text: str, found: Iterable[_Found], order: bool | None) -> list[Piece]:  # noqa: FBT001  # handed through: dates.day_first
    made = []
    for one in found:
        start, end = _stripped(text, one.value, one.end)
        value = text[start:end]
        if one.label.field in _VALUES and value and not _NOTHING.fullmatch(value):
            made.append((one, start, _VALUES[one.label.field](value, one, text, order)))
    return [_piece(one, start, told) for one, start, told in made if told is not None]


def _piece(found: _Found, start: int, told: "_Value") -> Piece:
    end = start + told.length
    sure = 0.95 if found.label.is_strong else 0.8
    begin = found.start if end - found.start <= MAX_QUOTE else start
    confidence = sure if found.is_sure else sure - 0.2
    return Piece(found.label.field, told.value, begin, end, confidence, told.unit)


class _Value(NamedTuple):
    """A value as a fact writes it, and how long it is in the text."""

    value: str
    length: int
    unit: str = ""


def _money(value: str, found: _Found, text: str, _: bool | None) -> _Value | None:  # noqa: FBT001  # same
    is_chinese = not text[found.start : found.value].isascii()
    told = amount_in(value, found.label.unit, "CNY" if is_chinese else "")
    if told is None or told.value == 0:
        return None
    is_closed = value[told.end : told.end + 1] == ")"
    return _Value(plainly(told.value), told.end + is_closed, told.currency)


def _date(value: str, _: _Found, __: str, order: bool | None) -> _Value | None:  # noqa: FBT001  # same
    day = next(dates(value, is_day_first=order), None)
    return _Value(day.value, day.end) if day else None


def _cpv(value: str, *_: object) -> _Value | None:
    code = _CODE.search(value)
    return _Value(code[1], code.end()) if code else None


def _number(value: str, *_: object) -> _Value | None:
    """Read a number as a buyer writes it: the first word, or all of a short one with a digit."""
    is_spaced = _SPACED.fullmatch(value) is not None
    told = value if is_spaced else _NUMBER_END.split(value, maxsplit=1)[0]
    told = told.rstrip(".")
    if told.count(")") > told.count("("):
        told = told[: told.rindex(")")]
    return _Value(told, len(told)) if any(sign.isdigit() for sign in told) else None


def _name(value: str, *_: object) -> _Value | None:
    """Cut off what stands behind a name: an address, a code in brackets, a telephone."""
    cut = _CODE_BEHIND.sub("", _BEHIND_NAME.split(value, maxsplit=1)[0]).rstrip(_TRAILING)
    return _Value(cut, len(cut)) if len(cut) > 1 else None


def _text(value: str, *_: object) -> _Value | None:
    return _Value(value, len(value)) if len(value) > 1 else None


_VALUES: Mapping[str, Callable[[str, _Found, str, bool | None], _Value | None]] = {
    **dict.fromkeys(MONEY_FIELDS, _money),
    **dict.fromkeys(DATE_FIELDS, _date),
    **dict.fromkeys(("buyer", "supplier", "agency"), _name),
    **dict.fromkeys(("title", "place"), _text),
    "cpv": _cpv,
    "number": _number,
}


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _TRAILING + "\t":
        start += 1
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    return start, end


def _told(text: str, known: Sequence[Piece]) -> Iterator[Piece]:
    """Yield what running text tells and no label did: on whose behalf, and who got the contract."""
    names = {one.name for one in known}
    behalf = _ON_BEHALF.search(text) or _BUYER_IS.search(text)
    if "buyer" not in names and behalf:
        yield Piece("buyer", behalf[1], *behalf.span(), 0.85)
    if "supplier" not in names and (match := _AWARD.search(text)):
        yield Piece("supplier", match["supplier"], *match.span(), 0.7)


def _merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Keep of each field the first, of suppliers and prices all that differ."""
    kept: dict[tuple[str, str], Piece] = {}
    count: dict[str, int] = {}
    for one in pieces:
        limit = MAX_REPEATED if one.name in _LISTED else 1
        if (one.name, one.value) not in kept and count.get(one.name, 0) < limit:
            kept[one.name, one.value] = one
            count[one.name] = count.get(one.name, 0) + 1
    return _in_order(kept.values())


def _in_order(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple(sorted(pieces, key=lambda one: one.start))
