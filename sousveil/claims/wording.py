"""Turns a passage into the word sequences that the model weighs beside the cues.

Takes normalised text with the terms that stand in it and gives its words, their beginnings, pairs
of words and, for hanzi and kana, up to four characters in a row. A term is replaced by what kind of
thing it is, so that "recognises the ethnicity of" and "recognises the religion of" are one; numbers
by "0".
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from sousveil.claims.lexicon import Hit

WORD = "word "  # begins the name of each of these features
GROUP = "<group>"
TRAIT = "<trait>"
STEM = 6  # letters that inflected forms of a longer word have in common, more or less
LONGEST = 4  # tokens of a sequence where hanzi stand: two words of two characters
MAX_TOKENS = 1_000  # of a passage: those of MAX_PASSAGE_CHARACTERS, but for hanzi soup

# A hanzi or kana is a token; other letters make words; of punctuation what asks, quotes or lists.
_SINGLE = r"[\u3040-\u30ff\u3400-\u9fff]"
_LETTERS = r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]+"
_TOKEN = re.compile(rf"{GROUP}|{TRAIT}|{_SINGLE}|{_LETTERS}|\d+|[?!\"|:]")
_HANZI = re.compile(_SINGLE)


def wording(text: str, terms: Sequence[Hit]) -> Iterator[str]:
    """Yield the names of the word features of normalised `text`; some may come twice."""
    tokens = [_told(token) for token in _TOKEN.findall(_masked(text, terms))[:MAX_TOKENS]]
    hanzi = [bool(_HANZI.fullmatch(token)) for token in tokens]
    for i, token in enumerate(tokens):
        if not hanzi[i]:
            yield WORD + token
            if len(token) > STEM and token not in {GROUP, TRAIT}:
                yield f"{WORD}{token[:STEM]}*"
        longest = LONGEST if any(hanzi[i : i + LONGEST]) else 2
        for length in range(2, min(longest, len(tokens) - i) + 1):
            yield WORD + " ".join(tokens[i : i + length])


def _told(token: str) -> str:
    return "0" if token.isdigit() else token.lower()


def _masked(text: str, terms: Iterable[Hit]) -> str:
    """Return the text with each term replaced by its kind."""
    pieces, last = [], 0
    for hit in sorted(terms, key=lambda hit: (hit.start, -hit.end)):
        if hit.start >= last and hit.kind != "value":
            pieces += [text[last : hit.start], " ", GROUP if hit.kind == "group" else TRAIT, " "]
            last = hit.end
    return "".join([*pieces, text[last:]])
