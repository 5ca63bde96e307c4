"""Finds claims in a document.

Terms are looked up in the whole text first; only windows around them are read. A window of prose
is a short block, or the sentences of a longer one that hold a term; of code, the lines around the
terms within one declaration. Each window gives at most one claim, so that findings do not overlap.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sousveil import __version__
from sousveil.claims.features import FACE_ATTRIBUTES, IDENTITY_DOCUMENT, read
from sousveil.claims.judgement import Decision, decide
from sousveil.claims.lexicon import Lexicon, lexicon
from sousveil.claims.model import shipped_model
from sousveil.claims.normal import normalise
from sousveil.claims.windows import Span, sentences
from sousveil.model import LABELS, Block, BlockKind, Claim, Document
from sousveil.topics.load import Topic

ENGINE = f"claims {__version__}"
THRESHOLD = 0.5  # of the claim's probability; measured by bench/claims.py on ordinary text
DISCUSSES_BAR = 0.6  # of the probability of discusses
SHORT_BLOCK_CHARACTERS = 500  # a block up to here is judged whole, as the labelled passages are
CODE_REACH = 3  # lines of code before and after a term that belong to its window
CODE_WINDOW_LINES = 16
CODE_AROUND = 14  # lines looked at for what a declaration is about
CODE_AROUND_CHARACTERS = 800  # on either side

_CODE_KINDS = frozenset({BlockKind.CODE, BlockKind.COMMENT, BlockKind.STRING, BlockKind.FIELD})
_LINE_FORMATS = frozenset({"code", "json"})


def find(document: Document, topics: Sequence[Topic], threshold: float = THRESHOLD) -> list[Claim]:
    """Return the claims in a document, in the order of the text; none overlap.

    `document.text[start:end]` of each is the quote. A claim has at least `threshold` as score; a
    passage that only discusses the topic is given when it is surely on it (DISCUSSES_BAR).
    """
    words = lexicon(tuple(topics))
    model = shipped_model()
    engine = f"{ENGINE}, {words.versions}"
    claims: list[Claim] = []
    cards: set[str] = set()  # declarations that were seen to be identity documents
    for start, end, context, code in _windows(document, words):
        reading = read(document.text[start:end], words, context=context, code=code)
        decision = decide(reading, model)
        declaration = context.partition("\n")[0]
        if IDENTITY_DOCUMENT in reading.features and declaration:
            cards.add(declaration)
        if not _shown(decision, threshold):
            continue
        if code and declaration in cards and FACE_ATTRIBUTES not in reading.features:
            continue  # an accessor of a card's field
        claims.append(_claim(decision, start, end, engine))
        if code:  # the fields of a declaration are claims of their own
            seen = {decision.trait}
            for mention in reading.others:
                if mention.trait not in seen:
                    seen.add(mention.trait)
                    other = replace(
                        decision, trait=mention.trait, topic=mention.topic, quote=mention.quote
                    )
                    claims.append(_claim(other, start, end, engine))
    return sorted(claims, key=lambda claim: claim.start)


def _shown(decision: Decision, threshold: float) -> bool:
    if decision.label == "discusses":
        return decision.discusses >= DISCUSSES_BAR
    return decision.label != "none" and decision.score >= threshold


def _claim(decision: Decision, start: int, end: int, engine: str) -> Claim:
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
    )


def _windows(document: Document, words: Lexicon) -> Iterator[tuple[int, int, str, bool]]:
    """Give start, end, context and whether it is code, for each window that holds a term."""
    marked = _marked_blocks(document, words)
    by_line = document.format in _LINE_FORMATS or document.lang == "code"
    done = -1
    for index, places in marked:
        block = document.blocks[index]
        if by_line or block.kind in _CODE_KINDS:
            if index <= done:
                continue
            first, last = _declaration(document, index, {i for i, _ in marked})
            first = max(first, done + 1)
            done = last
            begin, end = document.blocks[first].start, document.blocks[last].end
            yield begin, end, _code_context(document, block, first, last), True
        else:
            for start, end in _prose(document.text, block, places):
                yield start, end, _context(document, block), False


def _code_context(document: Document, block: Block, first: int, last: int) -> str:
    """Return declaration, title and the lines around: an identity card shows there."""
    blocks = document.blocks
    above = document.text[blocks[max(0, first - CODE_AROUND)].start : blocks[first].start]
    below_end = blocks[min(len(blocks) - 1, last + CODE_AROUND)].end
    below = document.text[blocks[last].end : below_end]
    around = above[-CODE_AROUND_CHARACTERS:], below[:CODE_AROUND_CHARACTERS]
    return "\n".join((block.context, document.title, *around))


def _context(document: Document, block: Block) -> str:
    return f"{block.context}\n{document.title}"


def _marked_blocks(document: Document, words: Lexicon) -> list[tuple[int, list[int]]]:
    """Return the blocks that hold a term, by index, with the offsets of their terms."""
    normal = normalise(document.text)
    places = sorted(normal.source_span(h.start, h.end)[0] for h in words.terms(normal.text))
    marked: list[tuple[int, list[int]]] = []
    position = 0
    for index, block in enumerate(document.blocks):
        while position < len(places) and places[position] < block.start:
            position += 1
        first = position
        while position < len(places) and places[position] < block.end:
            position += 1
        if position > first:
            marked.append((index, places[first:position]))
        if position == len(places):
            break
    return marked


def _declaration(document: Document, index: int, marked: set[int]) -> Span:
    """Return the first and last block of the window around a marked line of code."""
    blocks = document.blocks
    context = blocks[index].context
    first = index
    while first > 0 and index - first < CODE_REACH and blocks[first - 1].context == context:
        first -= 1
    last = index
    reach = index + CODE_REACH
    while (
        last + 1 < len(blocks)
        and last + 1 <= reach
        and last + 1 - first < CODE_WINDOW_LINES
        and blocks[last + 1].context == context
    ):
        last += 1
        if last in marked:
            reach = last + CODE_REACH
    return first, last


def _prose(text: str, block: Block, places: list[int]) -> Iterator[Span]:
    """Give the block when it is short, else its sentences that hold a term."""
    if block.end - block.start <= SHORT_BLOCK_CHARACTERS:
        yield block.start, block.end
        return
    for start, end in sentences(text, block.start, block.end):
        if any(start <= place < end for place in places):
            yield start, end
