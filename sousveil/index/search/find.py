"""Finds passages of a case's text, present and former, with the places that match in them.

Takes an open `Index`, a question and a `Filter`; gives hits, the best first (BM25 as SQLite's FTS5
has it, then the newest), each with the exact spans in its passage and where that stands. A filter
on what only findings have (actor, label, trait, state, status) lets through passages in which a
finding that fits is quoted.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import msgspec

from sousveil.claims.normal import normalise
from sousveil.index.filters import Filter, languages, where
from sousveil.index.search.patterns import Span, match_all
from sousveil.index.search.question import Question
from sousveil.index.store import Index

MAX_HITS = 1_000  # that can be paged through; who needs more asks more exactly
MAX_MARKS = 20  # in one passage
# What patterns look through, the newest first: some seconds of work.
MAX_LOOKED_THROUGH = 100_000
# Matches beyond are not ranked but listed, the newest first: a word of every page tells nothing.
MAX_RANKED = 2_000

# So many passages are more work to look up one by one than to go through all findings.
MANY = 3_000

SNIPPET_CHARACTERS = 320
_CONTEXT = 60  # characters before the first match
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that matches."""

    passage_id: int
    text: str
    marks: tuple[Span, ...]  # in `text`, in order, apart from each other
    address: str
    part: str | None
    kind: str
    lang: str
    first_seen: datetime
    last_seen: datetime
    capture_id: int  # the last that holds it
    start: int  # of the passage, in the text of that capture
    stands: bool  # whether the newest look that brought text shows it
    findings: tuple[str, ...] = ()  # quoted in it, by id

    def snippet(self) -> tuple[str, tuple[Span, ...], int]:
        """Return the part of the text around the first match, its marks, and where it begins."""
        first = self.marks[0][0] if self.marks else 0
        begin = max(0, first - _CONTEXT)
        # A character of these scripts takes the room of two, and says as much.
        is_wide = len(_WIDE.findall(self.text)) > len(self.text) / 3
        shown = SNIPPET_CHARACTERS // 2 if is_wide else SNIPPET_CHARACTERS
        end = min(len(self.text), begin + shown)
        begin = max(0, min(begin, end - shown))
        marks = tuple(
            (start - begin, min(stop, end) - begin)
            for start, stop in self.marks
            if begin <= start < end
        )
        return self.text[begin:end], marks, begin


@dataclass(frozen=True, slots=True)
class Results:
    """A page of what was found."""

    hits: tuple[Hit, ...]
    count: int  # of all, as far as was looked
    is_whole: bool  # False: there are more than were counted, or not all was looked through


def search(
    index: Index, question: Question, chosen: Filter, *, limit: int, offset: int = 0
) -> Results:
    """Return `limit` hits from the `offset`-th on."""
    find = _by_pattern if question.regexes else _by_words
    ids, is_whole = find(index, question, chosen)
    page = ids[offset : offset + limit]
    return Results(tuple(_hits(index, page, question)), len(ids), is_whole)


def _by_words(index: Index, question: Question, chosen: Filter) -> tuple[list[int], bool]:
    ((matches,),) = index.rows(
        "SELECT count(*) FROM (SELECT 1 FROM word WHERE word MATCH ? LIMIT ?)",
        *(question.match, MANY),
    )
    # Else SQLite asks the index of words for each passage that the filter lets through.
    passage = "+word.rowid"
    condition, values = _condition(
        chosen, index.readings, passage=passage, is_common=matches == MANY
    )
    is_of_passages = chosen.host or chosen.kind or chosen.lang
    joined = f" JOIN passage p ON p.id = {passage}" if is_of_passages else ""
    newest = [
        one
        for (one,) in index.rows(
            f"SELECT word.rowid FROM word{joined} WHERE word MATCH ?{condition}"
            " ORDER BY word.rowid DESC LIMIT ?",
            *(question.match, *values, MAX_RANKED + 1),
        )
    ]
    if len(newest) > MAX_RANKED:
        return newest[:MAX_HITS], False
    # The plus keeps SQLite from asking the index of words once for each passage.
    ranked = index.rows(
        "SELECT rowid FROM word WHERE word MATCH ? AND +rowid IN (SELECT value FROM json_each(?))"
        " ORDER BY bm25(word), rowid DESC LIMIT ?",
        *(question.match, msgspec.json.encode(newest).decode(), MAX_HITS),
    )
    return [one for (one,) in ranked], len(newest) <= MAX_HITS


def _by_pattern(index: Index, question: Question, chosen: Filter) -> tuple[list[int], bool]:
    condition, values = _condition(chosen, index.readings, passage="p.id", is_common=True)
    source, match = "passage p", []
    if question.match:
        source, match = "word JOIN passage p ON p.id = word.rowid", [question.match]
        condition = f" AND word MATCH ?{condition}"
    rows = index.rows(
        f"SELECT p.id, p.text FROM {source} WHERE 1{condition} ORDER BY p.id DESC LIMIT ?",
        *(*match, *values, MAX_LOOKED_THROUGH + 1),
    )
    looked = rows[:MAX_LOOKED_THROUGH]
    matched = match_all(question.regexes, (text for _, text in looked))
    ids = [
        looked[number][0]
        for number in sorted(matched.spans)
        if not _is_excluded(looked[number][1], question)
    ]
    is_whole = matched.is_whole and len(rows) == len(looked) and len(ids) <= MAX_HITS
    return ids[:MAX_HITS], is_whole


def _condition(
    chosen: Filter, readings: int, *, passage: str, is_common: bool
) -> tuple[str, list[object]]:
    """Return the condition on a passage, as SQL that begins with AND, and its values.

    `passage` is what its id is called; what is asked of itself is asked of the row `p`. `is_common`
    tells that it is asked of many passages.
    """
    parts: list[str] = []
    values: list[object] = []
    for name in ("host", "kind"):
        if one_of := getattr(chosen, name):
            parts.append(f"p.{name} IN ({', '.join('?' * len(one_of))})")
            values += one_of
    if chosen.lang:
        parts.append(languages(chosen.lang, values))
    seen = []
    if chosen.since:
        seen.append("c.captured_at >= ?")
        values.append(chosen.since.isoformat())
    if chosen.until:
        seen.append("c.captured_at < ?")
        values.append(f"{chosen.until.isoformat()}U")
    if chosen.watch:
        seen.append(f"l.watch_id IN ({', '.join('?' * len(chosen.watch))})")
        values += chosen.watch
    if seen:
        parts.append(
            "EXISTS (SELECT 1 FROM passage_in i JOIN capture c ON c.id = i.capture_id"
            " JOIN look l ON l.id = c.look_id"
            f" WHERE i.passage_id = {passage} AND {' AND '.join(seen)})"
        )
    told = replace(chosen, host=(), kind=(), lang=(), since=None, until=None, watch=())
    if told:
        condition, its = where(told, readings)
        # Few matches are looked up one by one; for many, the findings that fit are gone through
        # first, by the index that holds all that is asked of them.
        parts.append(
            f"{passage} IN (SELECT q.passage_id FROM finding f CROSS JOIN quoted_in q"
            f" ON q.finding_id = f.id WHERE {condition})"
            if is_common
            else "EXISTS (SELECT 1 FROM quoted_in q JOIN finding f ON f.id = q.finding_id"
            f" WHERE q.passage_id = {passage} AND {condition})"
        )
        values += its
    return "".join(f" AND {one}" for one in parts), values


def _hits(index: Index, ids: Sequence[int], question: Question) -> Iterator[Hit]:
    rows = {
        passage_id: row
        for passage_id in ids
        for row in index.rows(
            "SELECT address, part, kind, lang, text FROM passage WHERE id = ?", passage_id
        )
    }
    texts = [row[-1] for row in rows.values()]
    matched = match_all(question.regexes, texts).spans if question.regexes else {}
    for number, (passage_id, (address, part, kind, lang, text)) in enumerate(rows.items()):
        first, last, capture_id, start, look_id = _seen(index, passage_id)
        yield Hit(
            passage_id,
            text,
            tuple(_apart([*_marks(text, question), *matched.get(number, ())])),
            address,
            part,
            kind,
            lang,
            first,
            last,
            capture_id,
            start,
            stands=look_id == _newest_look(index, address),
            findings=tuple(
                one
                for (one,) in index.rows(
                    "SELECT DISTINCT finding_id FROM quoted_in WHERE passage_id = ?", passage_id
                )
            ),
        )


def _seen(index: Index, passage_id: int) -> tuple[datetime, datetime, int, int, int]:
    """Return when a passage was seen first and last, and the last capture that holds it."""
    ((first,),) = index.rows(
        "SELECT min(c.captured_at) FROM passage_in i JOIN capture c ON c.id = i.capture_id"
        " WHERE i.passage_id = ?",
        passage_id,
    )
    ((last, capture_id, start, look_id),) = index.rows(
        "SELECT coalesce(u.at, c.captured_at), c.id, i.start, c.look_id FROM passage_in i"
        " JOIN capture c ON c.id = i.capture_id LEFT JOIN unchanged u ON u.look_id = c.look_id"
        " WHERE i.passage_id = ? ORDER BY c.captured_at DESC, c.id DESC LIMIT 1",
        passage_id,
    )
    return datetime.fromisoformat(first), datetime.fromisoformat(last), capture_id, start, look_id


def _newest_look(index: Index, address: str) -> int | None:
    """Return the newest look at an address that brought text."""
    rows = index.rows(
        "SELECT l.id FROM look l WHERE l.address = ? AND EXISTS (SELECT 1 FROM capture c"
        " JOIN passage_in i ON i.capture_id = c.id WHERE c.look_id = l.id)"
        " ORDER BY l.at DESC, l.id DESC LIMIT 1",
        address,
    )
    return rows[0][0] if rows else None


def _marks(text: str, question: Question) -> Iterator[Span]:
    """Yield where the words of a question stand in a passage."""
    normal = normalise(text)
    for term in question.terms:
        if not term.is_excluded:
            for match in islice(term.pattern.finditer(normal.text), MAX_MARKS):
                yield normal.source_span(*match.span())


def _is_excluded(text: str, question: Question) -> bool:
    unwanted = [term.pattern for term in question.terms if term.is_excluded]
    return bool(unwanted) and any(one.search(normalise(text).text) for one in unwanted)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, with those that touch made one."""
    told: list[Span] = []
    for start, end in sorted(spans):
        if told and start <= told[-1][1]:
            told[-1] = (told[-1][0], max(told[-1][1], end))
        else:
            told.append((start, end))
    return told[:MAX_MARKS]
