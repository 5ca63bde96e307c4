"""Cross-check: whether a quote was in the bytes, on the screen or both, and which answer held it.

Takes findings with the document read from the wire, the one a browser showed, the slices of its
screenshot and the answers of that visit; gives the findings with `source.seen_in`, `came_from` and
`regions` filled in. Pure: the same evidence gives the same again, so that `verify` can repeat it.

Text is compared without what a page's structure may change: compatibility forms (NFKC, Unicode
Standard Annex 15), white space, invisible characters. Nothing is guessed: words too short to be
found by chance count only where they are a text of their own, and a quote made of several texts
only where each is a sentence, or where they are the strings of one JSON object.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

from sousveil.claims.normal import INVISIBLE
from sousveil.claims.windows import sentences
from sousveil.errors import ExtractError
from sousveil.extract import extract
from sousveil.extract.layout import rectangles, regions
from sousveil.model import BlockKind, Document, Finding, Origin, Picture, Region

# A wide character counts for two. "Gender" and "民族" stand in many a file; a clause of this
# room stands where it was written.
MIN_TELLING_ROOM = 16
# Unicode Standard Annex 15, section 13: no text has more marks in a row, and the time that
# normalising takes grows with their square.
MAX_MARKS = 30
# A page's data as JSON, in a string of a script: two layers.
MAX_ESCAPE_LAYERS = 2

_DROPPED = re.compile(rf"[\s{INVISIBLE}]+")
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*+)|x(..)|(.))",
    re.DOTALL,
)
_SPACES = dict.fromkeys("bfnrtv", " ")


def canonical(text: str) -> str:
    """Return `text` as it is compared: NFKC, without white space and invisible characters."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", _long_marks().sub(r"\1", text)))


def crosscheck(
    findings: Iterable[Finding],
    *,
    wire: Document | None,
    rendered: Document | None,
    slices: Sequence[Picture],
    answers: Iterable[tuple[Origin, Document | None]],
) -> list[Finding]:
    """Return `findings`, in order, with where each was seen, came from, and lies on the picture.

    All are of one page: read from `wire`, or from `rendered`. `answers` are gone through once; one
    that was read in parts may come several times. `seen_in` stays None unless there are both
    documents; an answer on the wire counts as its bytes, scripts in it included.
    """
    quotes = [_Quote(finding) for finding in findings]
    origins = _origins(quotes, answers)
    on_wire, on_screen = (_Text(each) if each else None for each in (wire, rendered))
    return [
        _checked(quote, on_wire, on_screen, slices, came_from)
        for quote, came_from in zip(quotes, origins, strict=True)
    ]


def _checked(
    quote: "_Quote",
    wire: "_Text | None",
    screen: "_Text | None",
    slices: Sequence[Picture],
    came_from: tuple[Origin, ...],
) -> Finding:
    spans = screen.spans(quote, wire) if screen else ()
    seen_in: Literal["wire", "rendered", "both"] | None = None
    if wire and screen:
        sent = bool(wire.spans(quote, screen)) or any(one.seen_by == "wire" for one in came_from)
        seen_in = "both" if sent and spans else "wire" if sent else "rendered" if spans else None
    source = replace(
        quote.finding.source,
        seen_in=seen_in,
        came_from=came_from,
        regions=_regions(screen, spans, slices),
    )
    return replace(quote.finding, source=source)


def _regions(
    screen: "_Text | None", spans: Sequence[tuple[int, int]], slices: Sequence[Picture]
) -> tuple[Region, ...]:
    if screen is None:
        return ()
    runs = [run for span in spans for run in rectangles(screen.document, *span)]
    return regions(runs, slices)


# ---------------------------------------------------------------- quotes


class _Quote:
    """A finding's words in the forms that are looked for."""

    def __init__(self, finding: Finding) -> None:
        quote = finding.quote
        self.finding = finding
        self.key = canonical(quote)
        self.sentences = tuple(canonical(quote[start:end]) for start, end in sentences(quote))
        self.cells = tuple(filter(None, map(canonical, quote.split("\n"))))

    @property
    def can_be_split(self) -> bool:
        """Whether each of several sentences is long enough to be known again."""
        return len(self.sentences) > 1 and all(map(_is_telling, self.sentences))


def _is_telling(key: str) -> bool:
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in key)
    return len(key) + wide >= MIN_TELLING_ROOM


# ---------------------------------------------------------------- page and screen


class _Text:
    """A document's text in canonical form, with the way back to its offsets."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._parts = [canonical(document.text[b.start : b.end]) for b in document.blocks]
        self._starts = [0]
        for part in self._parts:
            self._starts.append(self._starts[-1] + len(part))
        self._text = "".join(self._parts)

    @cached_property
    def _whole(self) -> dict[str, int]:
        """The first block of each text."""
        return {part: index for index, part in reversed(list(enumerate(self._parts)))}

    def spans(self, quote: _Quote, other: "_Text | None") -> tuple[tuple[int, int], ...]:
        """Return where the quote stands in the document, in one piece or in its sentences.

        When it stands there several times, it is the one that comes in the same turn as the
        finding's in the `other` document. Empty when it does not stand there.
        """
        claim = quote.finding.claim
        if self.document.text[claim.start : claim.end] == quote.finding.quote:
            return ((claim.start, claim.end),)
        if not quote.key:
            return ()
        position = self._position(quote.key, other.turn(quote) if other else 0)
        if position is not None:
            return (self._span(position, len(quote.key)),)
        if not quote.can_be_split:
            return ()
        found = [(self._text.find(key), len(key)) for key in quote.sentences]
        if any(position < 0 for position, _ in found):
            return ()
        return tuple(self._span(position, length) for position, length in found)

    def turn(self, quote: _Quote) -> int:
        """Return how many times the quote stands in this text before the finding's own place."""
        claim = quote.finding.claim
        if self.document.text[claim.start : claim.end] != quote.finding.quote:
            return 0
        block = bisect_right(self.document.blocks, claim.start, key=lambda b: b.start) - 1
        if block < 0:
            return 0
        before = self.document.text[self.document.blocks[block].start : claim.start]
        return self._text.count(quote.key, 0, self._starts[block] + len(canonical(before)))

    def _position(self, key: str, turn: int) -> int | None:
        """Return where `key` stands after `turn` others, or the last before that; None nowhere.

        What is too short to tell must be a block of its own.
        """
        if not _is_telling(key):
            index = self._whole.get(key)
            return None if index is None else self._starts[index]
        position = self._text.find(key)
        while turn and (following := self._text.find(key, position + len(key))) >= 0:
            position, turn = following, turn - 1
        return position if position >= 0 else None

    def _span(self, position: int, length: int) -> tuple[int, int]:
        return self._offset(position), self._offset(position + length - 1) + 1

    def _offset(self, position: int) -> int:
        """Return the offset in the document of the character at `position` of the form."""
        index = bisect_right(self._starts, position) - 1
        block = self.document.blocks[index]
        text, wanted = self.document.text[block.start : block.end], position - self._starts[index]
        within = bisect_left(
            range(len(text)), wanted + 1, key=lambda i: len(canonical(text[: i + 1]))
        )
        return block.start + min(within, len(text) - 1)


# ---------------------------------------------------------------- answers


def _origins(
    quotes: Sequence[_Quote], answers: Iterable[tuple[Origin, Document | None]]
) -> list[tuple[Origin, ...]]:
    """Return for each quote the answers that hold it, in their order."""
    whole: list[dict[Origin, None]] = [{} for _ in quotes]
    parts: list[dict[str, dict[Origin, None]]] = [defaultdict(dict) for _ in quotes]
    for origin, document in answers:
        if document is None:
            continue
        answer = _Answer(document)
        for index, quote in enumerate(quotes):
            if answer.holds(quote):
                whole[index][origin] = None
            elif quote.can_be_split:
                for key in quote.sentences:
                    if answer.holds_text(key):
                        parts[index][key][origin] = None
    return [
        tuple(whole[index]) or _union(quote.sentences, parts[index])
        for index, quote in enumerate(quotes)
    ]


def _union(sentences_: Sequence[str], found: dict[str, dict[Origin, None]]) -> tuple[Origin, ...]:
    """Return the answers that hold the sentences between them; none when one is missing."""
    if len(found) < len(set(sentences_)):
        return ()
    return tuple(dict.fromkeys(origin for held in found.values() for origin in held))


@dataclass(frozen=True)
class _Answer:
    """A document in which quotes are looked for, escapes and markup undone."""

    document: Document

    @cached_property
    def _forms(self) -> list[str]:
        return [canonical(text) for text in _readings(self.document)]

    @cached_property
    def _blocks(self) -> frozenset[str]:
        document = self.document
        texts = (document.text[b.start : b.end] for b in document.blocks)
        return frozenset(canonical(text) for text in texts if len(text) <= MIN_TELLING_ROOM * 4)

    @cached_property
    def _objects(self) -> list[frozenset[str]]:
        """The strings of each JSON object or array, itself without those within."""
        found: dict[str, set[str]] = defaultdict(set)
        for block in self.document.blocks:
            if block.kind is BlockKind.STRING:
                text = self.document.text[block.start : block.end]
                found[block.context.rpartition("/")[0]].add(canonical(text))
        return [frozenset(texts) for texts in found.values() if len(texts) > 1]

    def holds(self, quote: _Quote) -> bool:
        """Tell whether the answer holds the quote: as it is, or as the strings of one object."""
        if not quote.key:
            return False
        if self.holds_text(quote.key):
            return True
        cells = frozenset(quote.cells)
        return len(cells) > 1 and any(cells <= texts for texts in self._objects)

    def holds_text(self, key: str) -> bool:
        """Tell whether `key` is in the answer; a short one must be a text of its own."""
        if _is_telling(key):
            return any(key in form for form in self._forms)
        if key in self._blocks:
            return True
        quoted = [f"{mark}{key}{mark}" for mark in "\"'`"]
        is_code = self.document.format == "code"
        return is_code and any(each in form for form in self._forms for each in quoted)


def _readings(document: Document) -> list[str]:
    """Return a document's text, and what it becomes where a script undoes escapes and markup."""
    readings = [document.text]
    if document.format == "code":
        for _ in range(MAX_ESCAPE_LAYERS):
            if "\\" in readings[-1]:
                readings.append(_unescaped(readings[-1]))
    if "</" in readings[-1] and document.format in {"code", "json", "html"}:
        markup = readings[-1].encode("utf-8", "replace")
        # Too many tags for a page: then it is looked at as it stands only.
        with suppress(ExtractError):
            readings.append(extract(markup, media_type="text/html", charset="utf-8", name="").text)
    return readings


def _unescaped(text: str) -> str:
    r"""Return the text of a script with `\u4e2d`, `\n`, `\"` undone (ECMA-262, section 12.9.4)."""
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    point, units, byte, single = match.groups()
    if units:
        code = bytes.fromhex(re.sub(r"[u\\]", "", units))
        return code.decode("utf-16-be", "replace")
    if single is not None:
        return _SPACES.get(single, single)
    try:
        return chr(int(point or byte, 16))
    except ValueError:  # beyond Unicode, or not hexadecimal: no escape
        return match[0]


@cache
def _long_marks() -> re.Pattern[str]:
    marks = "".join(c for c in map(chr, range(0x300, 0x1E950)) if unicodedata.combining(c))
    return re.compile(rf"([{marks}]{{{MAX_MARKS}}})[{marks}]+")
