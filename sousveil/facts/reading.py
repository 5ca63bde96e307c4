"""What a reader found in a text: pieces of facts, each with its span. No capture is known yet."""

from dataclasses import dataclass, replace

from sousveil.model import FIELDS, FactKind

PROSE = frozenset({"html", "text", "pdf", "office", "rendered", "image", "xml"})
"""Formats of documents in which facts are read: numbers and labels of code are its own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One field as it was read; `text[start:end]` is the quote that says it."""

    name: str  # of model.FIELDS
    value: str
    start: int
    end: int
    confidence: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One fact as it was read."""

    kind: FactKind
    pieces: tuple[Piece, ...]
    near: tuple[int, int] | None = None  # span of the claim beside which it stands, if it must

    @property
    def fields(self) -> frozenset[str]:
        """The names of what is told."""
        return frozenset(one.name for one in self.pieces)


_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0xA0: " ",
    0x202F: " ",
    0x2009: " ",
    0x2013: "-",
    0x2014: "-",
    0x2212: "-",
    ord("〔"): "[",
    ord("〕"): "]",
    ord("【"): "[",
    ord("】"): "]",
}


def narrow(text: str) -> str:
    """Return a text of the same length in which full-width signs, spaces and dashes are ASCII."""
    return text if text.isascii() else text.translate(_WIDE)


def as_written(reading: Reading, text: str) -> Reading:
    """Return a reading whose texts are as the document writes them, where `narrow` changed signs.

    `text` is the document's own. Values that stand in no quote (amounts, dates) stay as they are.
    """
    forms = FIELDS[reading.kind]
    pieces = (
        _as_written(one, text) if forms[one.name] == "text" else one for one in reading.pieces
    )
    return replace(reading, pieces=tuple(pieces))


def _as_written(piece: Piece, text: str) -> Piece:
    quote = text[piece.start : piece.end]
    at = narrow(quote).find(piece.value)
    return piece if at < 0 else replace(piece, value=quote[at : at + len(piece.value)])
