"""Finds claims in a document.

Terms are looked up in the whole text first; only windows around them are read. A window of prose
is a short block, a row of a table, or the sentences of a longer block that hold a term; of code,
the lines around the terms within one declaration, or the property of a schema. Each window gives at
most one claim, so that findings do not overlap.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from sousveil.claims.code import CODE_KINDS, Window, code_window, passage_text
from sousveil.claims.echo import Candidate, fullest
from sousveil.claims.features import (
    FACE_ATTRIBUTES,
    IDENTITY_DOCUMENT,
    MAX_PASSAGE_CHARACTERS,
    NO_MACHINE,
    Reading,
    read,
)
from sousveil.claims.judgement import Decision, decide
from sousveil.claims.lexicon import Lexicon, lexicon
from sousveil.claims.model import Model, shipped_model
from sousveil.claims.normal import normalise
from sousveil.claims.passage import HANZI
from sousveil.claims.quote import MAX_QUOTE_CHARACTERS
from sousveil.claims.rows import table_rows
from sousveil.claims.schema import is_requirement
from sousveil.claims.windows import Span, sentences
from sousveil.model import LABELS, BlockKind, Claim, Document
from sousveil.topics.load import Topic

THRESHOLD = 0.5  # of the claim's probability; measured by bench/claims.py on ordinary text
HINT_BAR = 0.7  # of the same where a hint alone speaks of the trait: ordinary text is full of them
NO_MACHINE_BAR = (
    0.8  # where prose speaks of no system near: reports on persecution are full of groups
)
DISCUSSES_BAR = 0.6  # of the probability of discusses
SHORT_BLOCK_CHARACTERS = 500  # a block up to here is judged whole, as the labelled passages are
MAX_WINDOWS = 20_000  # of one document: 10 s to a minute; the largest SDK header has 1,500
MAX_CANDIDATES = 2_000  # nobody reviews more from one document; hostile prose stays fast

_LINE_FORMATS = frozenset({"code", "json"})


def find(
    document: Document,
    topics: Sequence[Topic],
    threshold: float = THRESHOLD,
    *,
    model: Model | None = None,
) -> list[Claim]:
    """Return the claims in a document, in the order of the text; none overlap.

    `document.text[start:end]` of each is the quote. A claim has at least `threshold` as score, more
    where only a hint speaks of the trait (HINT_BAR) or nothing of a system (NO_MACHINE_BAR); a
    passage that only discusses the topic is given when it is surely on it (DISCUSSES_BAR). `model`
    is a case's own one; without it, the one that comes with sousveil judges.
    """
    words = lexicon(tuple(topics))
    model = model or shipped_model()
    engine = f"{words.engine}, {model.name}" if model.name else words.engine
    found: list[Candidate] = []
    cards: set[str] = set()  # declarations that were seen to be identity documents
    for window in islice(_windows(document, words), MAX_WINDOWS):
        reading = _read(window, words)
        decision = decide(reading, model)
        if IDENTITY_DOCUMENT in reading.features and window.declaration:
            cards.add(window.declaration)
        if not _shown(decision, reading, threshold):
            continue
        if window.code and window.declaration in cards and FACE_ATTRIBUTES not in reading.features:
            continue  # an accessor of a card's field
        weighed = tuple(sorted(reading.features.keys() & model.weights.keys()))
        found += [
            _candidate(document, window, each, weighed, words=words, engine=engine)
            for each in _statements(window, decision, reading)
        ]
        if len(found) >= MAX_CANDIDATES:
            break
    return fullest(found)


def passages(document: Document, topics: Sequence[Topic]) -> Iterator[tuple[str, str, bool]]:
    """Yield the passages that `find` judges: text, what stands above it, whether it is code."""
    for window in islice(_windows(document, lexicon(tuple(topics))), MAX_WINDOWS):
        yield window.text, window.contexts[0], window.code


def _statements(window: Window, decision: Decision, reading: Reading) -> list[Decision]:
    """Return what a window says: one statement of prose, of code one for each trait."""
    if window.quote is not None:  # a row or a property: one thing, quoted as it is bounded
        start, end = window.quote
        return [replace(decision, quote=(start - window.start, end - window.start))]
    stated = {decision.trait: decision}
    if window.code:  # the fields of a declaration are claims of their own
        for mention in reading.others:
            stated.setdefault(
                mention.trait,
                replace(decision, trait=mention.trait, topic=mention.topic, quote=mention.quote),
            )
    return list(stated.values())


def _candidate(
    document: Document,
    window: Window,
    decision: Decision,
    weighed: tuple[str, ...],
    *,
    words: Lexicon,
    engine: str,
) -> Candidate:
    claim = _claim(decision, weighed, window.start, window.end, engine)
    quote = document.text[claim.start : claim.end]
    normal = normalise(quote).text
    hits = [hit for hit in words.terms(normal) if hit.trait == claim.trait]
    names = frozenset(word for hit in hits for word in normal[hit.start : hit.end].split())
    tells = any(hit.kind in {"group", "value"} for hit in hits)
    return Candidate(claim, quote, window.code, window.declaration, names, tells)


def _read(window: Window, words: Lexicon) -> Reading:
    """Read a window; code whose own declaration tells neither card nor face is read with more.

    A card beside it is another thing where the declaration itself speaks of faces.
    """
    reading = read(window.text, words, context=window.contexts[0], code=window.code)
    if len(window.contexts) == 1 or {IDENTITY_DOCUMENT, FACE_ATTRIBUTES} & set(reading.features):
        return reading
    wider = read(window.text, words, context=window.contexts[1], code=window.code)
    of_faces = {"says codebody", "around codebody"} & set(reading.features)
    return reading if of_faces and IDENTITY_DOCUMENT in wider.features else wider


def _shown(decision: Decision, reading: Reading, threshold: float) -> bool:
    if decision.label == "discusses":
        return decision.discusses >= DISCUSSES_BAR
    bars = [threshold]
    if "anchor hint" in reading.features:
        bars.append(HINT_BAR)
    if NO_MACHINE in reading.features:
        bars.append(NO_MACHINE_BAR)
    return decision.label != "none" and decision.score >= max(bars)


def _claim(
    decision: Decision, weighed: tuple[str, ...], start: int, end: int, engine: str
) -> Claim:
    label = next(known for known in LABELS if known == decision.label)
    low, high = decision.quote
    return Claim(
        topic=decision.topic,
        trait=decision.trait,
        label=label,
        score=decision.score,
        start=start + low,
        end=start + high,
        passage_start=start,
        passage_end=end,
        reasons=decision.reasons,
        engine=engine,
        features=weighed,
    )


def _windows(document: Document, words: Lexicon) -> Iterator[Window]:
    """Give each window that holds a term."""
    by_line = document.format in _LINE_FORMATS or document.lang == "code"
    marked = _marked_blocks(document, words, hints=not by_line)
    with_terms = {index for index, _ in marked}
    blocks = document.blocks
    rows = table_rows(document) if any(blocks[i].kind is BlockKind.CELL for i in with_terms) else {}
    fields = frozenset(block.context for block in blocks if block.kind is BlockKind.FIELD)
    done = -1
    for index, places in marked:
        block = blocks[index]
        if index <= done:
            continue
        if by_line or block.kind in CODE_KINDS:
            if is_requirement(document, index, fields):
                continue
            window, done = code_window(document, index, done, with_terms, words)
            yield window
            continue
        contexts = (f"{block.context}\n{document.title}",)
        first, last = rows.get(index, (index, index))
        if index in rows and _is_statement(document, first, last):
            done = last
            start, end = blocks[first].start, blocks[last].end
            quote = (start, end) if end - start <= MAX_QUOTE_CHARACTERS else None
            yield _prose_window(document, (start, end), contexts, quote)
            continue
        done = _last_line(document, index, places)
        for low, high in _prose(document.text, (block.start, blocks[done].end), places):
            yield _prose_window(document, (low, high), contexts, None)


def _prose_window(
    document: Document, span: Span, contexts: tuple[str, ...], quote: Span | None
) -> Window:
    text = passage_text(document.text, *span)
    return Window(*span, text, code=False, declaration="", quote=quote, contexts=contexts)


def _is_statement(document: Document, first: int, last: int) -> bool:
    """Whether a table row is read as one statement, and not as a layout of whole texts."""
    blocks = document.blocks
    longest = max(block.end - block.start for block in blocks[first : last + 1])
    whole = blocks[last].end - blocks[first].start
    return longest <= SHORT_BLOCK_CHARACTERS and whole <= MAX_PASSAGE_CHARACTERS


def _last_line(document: Document, index: int, places: list[Span]) -> int:
    """Return the block in which the last term of a block ends: 维吾<br>尔 stands in two of them."""
    blocks, text = document.blocks, document.text
    last = index
    while last + 1 < len(blocks) and places[-1][1] > blocks[last].end:
        one, two = blocks[last], blocks[last + 1]
        is_line = (one.kind, one.context) == (two.kind, two.context)
        if not (is_line and HANZI.match(text, one.end - 1) and HANZI.match(text, two.start)):
            break
        last += 1
    return last


def _marked_blocks(
    document: Document, words: Lexicon, *, hints: bool
) -> list[tuple[int, list[Span]]]:
    """Return the blocks in which a term begins, by index, with the spans of their terms."""
    normal = normalise(document.text)
    hits = (hit for hit in words.terms(normal.text) if hints or hit.kind != "hint")
    places = sorted(normal.source_span(hit.start, hit.end) for hit in hits)
    marked: list[tuple[int, list[Span]]] = []
    position = 0
    for index, block in enumerate(document.blocks):
        while position < len(places) and places[position][0] < block.start:
            position += 1
        first = position
        while position < len(places) and places[position][0] < block.end:
            position += 1
        if position > first:
            marked.append((index, places[first:position]))
        if position == len(places):
            break
    return marked


def _prose(text: str, block: Span, places: list[Span]) -> Iterator[Span]:
    """Give the block when it is short, else its sentences that hold a term."""
    if block[1] - block[0] <= SHORT_BLOCK_CHARACTERS:
        yield block
        return
    begins = [start for start, _ in places]
    for start, end in sentences(text, *block):
        if bisect_left(begins, start) < bisect_left(begins, end):
            yield start, end
