"""Turns a passage into the word sequences that the model weighs beside the cues.

Takes normalised text with the terms that stand in it and gives its words, their beginnings, pairs
of words and, for hanzi and kana, up to four characters in a row. A term is replaced by what kind of
thing it is, so that "recognises the ethnicity of" and "recognises the religion of" are one; numbers
by "0". The words of the leading statement count again for where they stand (`placed`), and cues
for what follows them (`ordered`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product

from sousveil.claims.lexicon import Hit
from sousveil.claims.windows import Span

WORD = "word "  # begins the name of each of these features
IN = "word in: "  # a word of the leading statement, the term itself too
BEFORE = "word before: "  # a word shortly before the leading term, or after it
AFTER = "word after: "
ORDER = "word order: "  # two cues or terms of one statement with no other between them
ABOUT = "word about: "  # a trait with a cue
OF = "word of: "  # a trait with a word of the leading statement
GROUP = "<group>"
TRAIT = "<trait>"
STEM = 6  # letters that inflected forms of a longer word have in common, more or less
ROOT = 4  # letters that words of one family have: identify, identity; deny, denial
LONGEST = 4  # tokens of a sequence where hanzi stand: two words of two characters
BESIDE = 8  # tokens before and after the leading term
MAX_TOKENS = 1_000  # of a passage: those of MAX_PASSAGE_CHARACTERS, but for hanzi soup

# A hanzi or kana is a token; other letters make words; of punctuation what asks, quotes or lists.
_SINGLE = r"[\u3040-\u30ff\u3400-\u9fff]"
_LETTERS = r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]+"
_TOKEN = re.compile(rf"{GROUP}|{TRAIT}|{_SINGLE}|{_LETTERS}|\d+|[?!\"|:]")
_HANZI = re.compile(_SINGLE)


def wording(text: str, terms: Sequence[Hit]) -> Iterator[str]:
    """Yield the names of the word features of normalised `text`; some may come twice."""
    tokens = _tokens(_masked(text, terms))
    hanzi = [bool(_HANZI.fullmatch(token)) for token in tokens]
    for i, token in enumerate(tokens):
        if not hanzi[i]:
            yield WORD + token
            if token not in {GROUP, TRAIT}:
                yield from (f"{WORD}{token[:n]}*" for n in (ROOT, STEM) if len(token) > n)
        longest = LONGEST if any(hanzi[i : i + LONGEST]) else 2
        for length in range(2, min(longest, len(tokens) - i) + 1):
            yield WORD + " ".join(tokens[i : i + length])


def placed(
    text: str, terms: Sequence[Hit], anchor: Hit, statement: Span, trait: str
) -> Iterator[str]:
    """Yield the words of the leading `statement`, alone and with its trait, and its term's next."""
    start, end = statement
    for token in _tokens(text[start:end]):
        yield IN + token
        yield f"{OF}{trait} {token}"
    inside = [hit for hit in terms if start <= hit.start and hit.end <= end and hit != anchor]
    before = [hit for hit in inside if hit.end <= anchor.start]
    after = [hit for hit in inside if hit.start >= anchor.end]
    for token in _tokens(_masked(text, before, start, anchor.start))[-BESIDE:]:
        yield BEFORE + token
    for token in _tokens(_masked(text, after, anchor.end, end))[:BESIDE]:
        yield AFTER + token


def ordered(statements: Iterable[Sequence[Hit]]) -> Iterator[str]:
    """Yield which cue or term follows which; `statements` hold theirs in the order of the text.

    Of hits that overlap, the first and longest counts; a term counts before a cue.
    """
    for hits in statements:
        runs: list[tuple[str, ...]] = []
        last, spans = -1, _by_span(hits)
        for (start, end), classes in spans.items():
            if start >= last:
                last = end
                if not runs or runs[-1] != classes:
                    runs.append(classes)
        for one, two in pairwise(runs):
            for first, second in product(one, two):
                yield f"{ORDER}{first} > {second}"


def _by_span(hits: Sequence[Hit]) -> dict[Span, tuple[str, ...]]:
    """Return what stands at each place, the first and longest first."""
    found: dict[Span, tuple[str, ...]] = {}
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, hit.cls)):
        place = hit.start, hit.end
        if not hit.cls:
            found[place] = (GROUP if hit.kind == "group" else TRAIT,)
        elif found.get(place, ())[:1] not in {(GROUP,), (TRAIT,)}:
            found[place] = (*found.get(place, ()), hit.cls)
    return found


def _tokens(text: str) -> list[str]:
    return ["0" if t.isdigit() else t.lower() for t in _TOKEN.findall(text)[:MAX_TOKENS]]


def _masked(text: str, terms: Iterable[Hit], start: int = 0, end: int | None = None) -> str:
    """Return the text from `start` to `end` with each of its terms replaced by its kind."""
    pieces, last = [], start
    for hit in sorted(terms, key=lambda hit: (hit.start, -hit.end)):
        if hit.start >= last and hit.kind != "value":
            pieces += [text[last : hit.start], " ", GROUP if hit.kind == "group" else TRAIT, " "]
            last = hit.end
    return "".join([*pieces, text[last:end]])
