"""Passages: documents cut into the pieces that a search finds, and how these get into the index.

Takes the documents of a capture; puts into the index which passages stand in it. A passage is kept
once for its address, however many captures hold it, so that a page which is looked at every hour
costs what was ever new in it, and former versions stay searchable. Cuts follow the blocks of a
document and what they say, never their number: an edit at the top does not move the cuts below.

The text is kept as it was read, for the people who search; the words it is found by are those of
its normal form (`tokens.py`). FTS5 keeps no second copy of it ("contentless tables").
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sousveil.claims.normal import normalise
from sousveil.index.search.tokens import tokens
from sousveil.index.store import Held, Index
from sousveil.index.verdicts import host_of
from sousveil.model import Block, Document, Finding

Kind: TypeAlias = Literal["page", "text", "data", "code", "pdf", "office", "picture"]
KINDS: tuple[Kind, ...] = ("page", "text", "data", "code", "pdf", "office", "picture")

# A passage has what a person reads at a glance; shorter ones cost rows, longer ones precision.
MIN_CHARACTERS = 500
MAX_CHARACTERS = 2_000
# Of a block that is cut within, pieces share so much: a phrase up to here is found whole.
SHARED_CHARACTERS = 200
# One block in so many, by what it says, may end a passage before it is full.
_ENDS_ONE_IN = 4
# Of one capture. A novel has 0.5 million characters, an SDK's headers 3 million; beyond, a page
# that says something else at each visit would fill the disk.
MAX_CHARACTERS_KEPT = 4_000_000

_KINDS: dict[str, Kind] = {
    "html": "page",
    "rendered": "page",
    "xml": "data",
    "json": "data",
    "text": "text",
    "code": "code",
    "pdf": "pdf",
    "office": "office",
    "image": "picture",
}


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document."""

    part: str | None  # path within a package or a repository
    start: int  # offset into the document's text
    text: str
    kind: Kind
    lang: str


def cut(document: Document, part: str | None = None) -> Iterator[Passage]:
    """Yield the passages of a document, in order; all of its blocks lie in them."""
    kind = _KINDS[document.format]
    for start, end in _spans(document):
        text = document.text[start:end].encode("utf-8", "replace").decode()
        yield Passage(part, start, text, kind, document.lang)


def quoted(finding: Finding, kind: Kind = "code") -> Passage:
    """Return the passage that a finding was judged in, for what was not read as a document."""
    return Passage(
        finding.source.path, finding.claim.passage_start, finding.passage, kind, finding.lang
    )


def _spans(document: Document) -> Iterator[tuple[int, int]]:
    """Yield where passages begin and end: whole blocks, but for those that are too long."""
    start, end, last = 0, 0, None
    for block in document.blocks:
        if last is not None and (
            block.end - start > MAX_CHARACTERS or _ends(document.text, start, last, block)
        ):
            yield from _pieces(document.text, start, end)
            last = None
        if last is None:
            start = block.start
        end, last = block.end, block
    if last is not None:
        yield from _pieces(document.text, start, end)


def _ends(text: str, start: int, last: Block, block: Block) -> bool:
    """Whether a passage that is long enough ends between two blocks."""
    if (last.page, last.slide) != (block.page, block.slide):
        return True
    if last.end - start < MIN_CHARACTERS:
        return False
    said = text[last.start : last.end].encode("utf-8", "replace")
    return last.context != block.context or zlib.crc32(said) % _ENDS_ONE_IN == 0


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a span into pieces that are not too long, at white space where there is some."""
    while end - start > MAX_CHARACTERS:
        stop = _space(text, start + MAX_CHARACTERS - SHARED_CHARACTERS, start + MAX_CHARACTERS)
        yield start, stop
        start = _space(text, stop - 2 * SHARED_CHARACTERS, stop - SHARED_CHARACTERS)
    yield start, end


def _space(text: str, low: int, high: int) -> int:
    """Return where the last word of a span begins; its end, where no space is in it."""
    return max(text.rfind(" ", low, high), text.rfind("\n", low, high), low - 1) + 1 or high


def put_passages(
    index: Index, held: Held, passages: Iterable[Passage], findings: Sequence[Finding]
) -> None:
    """Replace which passages stand in a capture, and where among them its findings are quoted.

    The caller holds a transaction, that of the findings.
    """
    before = {
        one
        for (one,) in index.rows("SELECT passage_id FROM passage_in WHERE capture_id = ?", held.id)
    }
    index.change("DELETE FROM passage_in WHERE capture_id = ?", held.id)
    index.change("DELETE FROM quoted_in WHERE capture_id = ?", held.id)
    placed = [(_put(index, held, one), one) for one in _within_limit(passages)]
    for finding in findings:
        if (passage_id := _holds(placed, finding)) is None:
            one = quoted(finding)
            passage_id = _put(index, held, one)
            placed.append((passage_id, one))
        index.change(
            "INSERT OR IGNORE INTO quoted_in VALUES (?, ?, ?)", passage_id, finding.id, held.id
        )
    _forget(index, before)


def _within_limit(passages: Iterable[Passage]) -> Iterator[Passage]:
    left = MAX_CHARACTERS_KEPT
    for one in passages:
        left -= len(one.text)
        if left < 0:
            return
        yield one


def _holds(placed: Iterable[tuple[int, Passage]], finding: Finding) -> int | None:
    """Return the passage in which a finding is quoted; None when that was not kept."""
    start, part = finding.claim.start, finding.source.part or finding.source.path
    for passage_id, one in placed:
        if one.part == part and one.start <= start < one.start + len(one.text):
            return passage_id
    return None


def _put(index: Index, held: Held, passage: Passage) -> int:
    """Add a passage to a capture, and to the index if its address never said it; return its id."""
    key = _key(held.address, passage)
    rows = index.rows("SELECT id FROM passage WHERE key = ?", key)
    if rows:
        passage_id = int(rows[0][0])
    else:
        ((passage_id,),) = index.rows(
            "INSERT INTO passage (key, address, host, part, kind, lang, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            key,
            held.address,
            host_of(held.address),
            passage.part,
            passage.kind,
            passage.lang,
            passage.text,
        )
        index.change(
            "INSERT INTO word (rowid, said) VALUES (?, ?)", passage_id, _words(passage.text)
        )
    index.change(
        "INSERT OR IGNORE INTO passage_in VALUES (?, ?, ?)", passage_id, held.id, passage.start
    )
    return int(passage_id)


def _key(address: str, passage: Passage) -> bytes:
    """Return what tells one passage from all others: its address, part and words."""
    told = "\0".join((address, passage.part or "", passage.text))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:16]


def _words(text: str) -> str:
    return tokens(normalise(text).text)


def _forget(index: Index, passages: Iterable[int]) -> None:
    """Take out those of some passages that no capture holds any more.

    SQLite, "FTS5 The 'delete' Command": a contentless table is told what it had been given.
    """
    for passage_id in passages:
        rows = index.rows(
            "SELECT text FROM passage WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM passage_in WHERE passage_id = ?1)",
            passage_id,
        )
        for (text,) in rows:
            index.change(
                "INSERT INTO word (word, rowid, said) VALUES ('delete', ?, ?)",
                passage_id,
                _words(text),
            )
            index.change("DELETE FROM passage WHERE id = ?", passage_id)
