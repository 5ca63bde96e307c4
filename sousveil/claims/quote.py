"""What of a passage is quoted: words that a reporter can print and a reader can understand.

Takes a `Passage` and its anchor and gives a span of the source. Prose is quoted by the sentence,
or by the clauses of a long one; code by whole lines with their comments, and of an enumeration the
run of members that tell. A quote never begins or ends inside a word.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from sousveil.claims.echo import is_echo
from sousveil.claims.lexicon import Hit
from sousveil.claims.passage import NEAR, Passage
from sousveil.claims.windows import Span, parts_word

MAX_QUOTE_CHARACTERS = 300  # a reporter prints two lines, not a page
WHOLE_SENTENCE = 130  # units; a sentence up to here is quoted whole
READABLE = 48  # units; a shorter clause of a longer sentence takes its neighbour along
MAX_SILENT_LINES = 1  # of code between two telling lines of one quote

_BORDER = re.compile(  # of a clause; no comma or colon within a number or a time
    r"[，,;；:：،؛\n|()（）](?<!\d[,:])|[,:](?!\d)"
)
_LEADING = " \t\r\n-–—*•●▲★#>|,，;；:：、)）"
_TRAILING = " \t\r\n|,，;；:：、(（"
_COMMENT = re.compile(r"\s*(?://|/\*|\*|#(?!define)|<!--|--)")
_COMMENTED_CODE = re.compile(  # a statement that ends as code does, or a field with its type
    r".*[;,]\s*+(?:\*/)?+\s*+(?://.*)?"
    r"|\s*+(?://|--)[^{}]*+\{[^{}]*+\}?+"
    r"|\s*+(?://|\#|--)\s*+[A-Za-z_][\w.\[\]]*+\??+\s*+(?::=?|=)\s*+[^\s#]++\s*+(?:(?:\#|//|--).*)?"
)
_WEIGHTS = {"group": 5, "list": 4, "capability": 4, "attribute": 3, "field": 3, "proxy": 2}


def quote_of(passage: Passage, anchor: Hit, actions: Sequence[Hit]) -> Span:
    """Return the source span to quote for an anchor and the words that act on it.

    It holds the anchor or, of code, a line that says more of the same trait; it is no longer than
    MAX_QUOTE_CHARACTERS.
    """
    return _lines(passage, anchor) if passage.code else _clauses(passage, anchor, actions)


def _clauses(passage: Passage, anchor: Hit, actions: Sequence[Hit]) -> Span:
    start, end = anchor.start, anchor.end
    for action in [a for a in actions if passage.gap(a, anchor) <= NEAR][:2]:
        start, end = min(start, action.start), max(end, action.end)
    sentence = _source(passage, passage.spans[passage.sentence(anchor)])
    core = passage.normal.source_span(anchor.start, anchor.end)
    wanted = passage.normal.source_span(start, end)
    if (sentence[1] - sentence[0]) * passage.unit <= WHOLE_SENTENCE:
        return _trimmed(passage.source, sentence, core)
    borders = [m.end() for m in _BORDER.finditer(passage.source, *sentence)]
    cuts = sorted({sentence[0], *borders, sentence[1]})
    span = _between(cuts, wanted)
    while (span[1] - span[0]) * passage.unit < READABLE and span != sentence:
        span = _wider(cuts, span)
    if span[1] - span[0] > MAX_QUOTE_CHARACTERS:
        span = _between(cuts, core)
    return _trimmed(passage.source, _bounded(passage.source, span, core), core)


def _source(passage: Passage, span: Span) -> Span:
    """Return the source span of a statement given in normalised offsets."""
    low, high = span
    return passage.normal.source_span(low, max(high, low + 1))


def _between(cuts: list[int], wanted: Span) -> Span:
    """Return the nearest cuts around a span."""
    before, after = bisect_right(cuts, wanted[0]), bisect_left(cuts, wanted[1])
    begin = cuts[before - 1] if before else wanted[0]
    return begin, cuts[after] if after < len(cuts) else wanted[1]


def _wider(cuts: list[int], span: Span) -> Span:
    """Return the span with the next clause, or with the one before where none follows."""
    after = bisect_right(cuts, span[1])
    if after < len(cuts):
        return span[0], cuts[after]
    before = bisect_left(cuts, span[0])
    return cuts[before - 1] if before else span[0], span[1]


def _bounded(source: str, span: Span, core: Span) -> Span:
    """Return the span cut to MAX_QUOTE_CHARACTERS around the core, at the ends of words."""
    begin, finish = span
    if finish - begin <= MAX_QUOTE_CHARACTERS:
        return span
    room = max(0, MAX_QUOTE_CHARACTERS - (core[1] - core[0])) // 2
    low, high = max(begin, core[0] - room), min(finish, core[1] + room)
    while begin < low < core[0] and parts_word(source, low):
        low += 1
    while core[1] < high < finish and parts_word(source, high):
        high -= 1
    return low, high


def _trimmed(source: str, span: Span, core: Span) -> Span:
    begin, finish = span
    while begin < core[0] and source[begin] in _LEADING:
        begin += 1
    while finish > core[1] and source[finish - 1] in _TRAILING:
        finish -= 1
    return begin, finish


def _lines(passage: Passage, anchor: Hit) -> Span:
    """Return the lines of code that tell the most, as a run around the weightiest."""
    weights = _weights(passage, anchor)
    core = max(weights, key=lambda line: (weights[line], line == passage.sentence(anchor), -line))
    first = last = core
    listed = [t for t in passage.terms if t.kind == "list" and t.trait == anchor.trait]
    for term in listed:
        if passage.sentence(term) == core:
            last = max(last, _line_at(passage, term.end - 1))
    first, last = _with_code(passage, first, last)
    for line in sorted(weights, key=lambda line: (abs(line - core), line)):
        low, high = _with_code(passage, min(first, line), max(last, line))
        near = first - line <= MAX_SILENT_LINES + 1 and line - last <= MAX_SILENT_LINES + 1
        if weights[line] and near and _length(passage, low, high) <= MAX_QUOTE_CHARACTERS:
            first, last = low, high
    span = (_source(passage, passage.spans[first])[0], _source(passage, passage.spans[last])[1])
    at = next((t for t in passage.terms if passage.sentence(t) == core), anchor)
    within = passage.normal.source_span(at.start, at.end)
    cut = _bounded(passage.source, span, within)
    return _stripped(passage.source, cut)


def _weights(passage: Passage, anchor: Hit) -> dict[int, int]:
    """Return how much each line with a term of the anchor's trait tells; an echo tells nothing."""
    weights = {passage.sentence(anchor): _WEIGHTS.get(anchor.kind, 1)}
    for term in passage.terms:
        if term.trait == anchor.trait:
            line = passage.sentence(term)
            weights[line] = max(weights.get(line, 0), _WEIGHTS.get(term.kind, 1))
    for line in weights:
        start, end = _source(passage, passage.spans[line])
        if is_echo(passage.source[start:end]):
            weights[line] = 0
    return weights


def _line_at(passage: Passage, place: int) -> int:
    return max(i for i, (start, _) in enumerate(passage.spans) if start <= place)


def _with_code(passage: Passage, first: int, last: int) -> Span:
    """Return the lines with the line of code that a comment at their end speaks of."""
    start, end = _source(passage, passage.spans[last])
    line = passage.source[start:end]
    is_comment = _COMMENT.match(line) and not _COMMENTED_CODE.fullmatch(line.rstrip())
    if is_comment and last + 1 < len(passage.spans):
        return first, last + 1
    return first, last


def _length(passage: Passage, first: int, last: int) -> int:
    return _source(passage, passage.spans[last])[1] - _source(passage, passage.spans[first])[0]


def _stripped(source: str, span: Span) -> Span:
    begin, finish = span
    while begin < finish and source[begin].isspace():
        begin += 1
    while finish > begin and source[finish - 1].isspace():
        finish -= 1
    return begin, finish
