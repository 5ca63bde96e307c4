"""Text as it is compared here: words of any script, without what changes by itself.

A word is a run of letters; in scripts that put no spaces between words it is a character (Unicode
Standard Annex 29, section 4, leaves those to dictionaries). Left out are addresses, figures, and
the names of months and days that stand beside figures or each other. Time is linear.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sousveil.changes.answer.words import date_words
from sousveil.model import BlockKind, Document

# A document of more characters is compared by its beginning, and the reasons say so: the worst text
# of a million, no two passages alike, takes ten seconds against another.
MAX_COMPARED_CHARACTERS = 1_000_000

# Words in a row that make a piece of text one's own: two texts on one subject share many pairs of
# words, and few fours.
SHINGLE_WORDS = 4

_ADDRESS = re.compile(
    # The target and title of a Markdown link, with one level of brackets in it.
    r"\](?:\((?:[^()\n]|\([^()\n]{0,300}\)){0,2000}\))"
    r"|\b(?:https?|data):[!-'*-Z\\^-~]+"  # up to a bracket, a space, or text that is not ASCII
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,255}"
    r"|\\?\[email\s+protected\\?\]"  # what a shield of mail addresses puts in their place
)
# Scripts without spaces: Thai, Lao, Tibetan, Burmese, Khmer, kana, and Han with its extensions.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"\d+|[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+")
_WITHIN_DATE = re.compile(r"[ ,.:/-]{0,3}")
_UNSEEN = frozenset({BlockKind.META, BlockKind.ALT, BlockKind.TITLE})


class Text:
    """A document's visible text as words, worked out once."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def passages(self) -> tuple[str, ...]:
        """The visible blocks, in order."""
        return tuple(visible_passages(self.document))

    @cached_property
    def name(self) -> str:
        """What it calls itself: its title, else its first heading; "" for neither."""
        headings = (
            self.document.text[block.start : block.end]
            for block in self.document.blocks
            if block.kind is BlockKind.HEADING
        )
        return self.document.title or next(headings, "")

    @property
    def is_cut(self) -> bool:
        """Whether only the beginning is compared."""
        return len(self.document.text) > MAX_COMPARED_CHARACTERS

    @cached_property
    def words(self) -> list[str]:
        """Words of the visible text, in order, case folded."""
        return words_of("\n".join(self.passages)[:MAX_COMPARED_CHARACTERS])

    @cached_property
    def shingles(self) -> Counter[int]:
        """Every run of `SHINGLE_WORDS` words, by its hash, with how often it stands there."""
        return shingles(self.words)

    @cached_property
    def length(self) -> int:
        """Characters of visible text, white space and addresses left out."""
        return sum(len("".join(without_addresses(one).split())) for one in self.passages)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a later text stands to a former one. Shares are 0 to 1."""

    kept: float  # of the former text, that stands in the later one
    known: float  # of the later text, that stood in the former one


def visible_passages(document: Document) -> Iterator[str]:
    """Give the blocks that a visitor sees, in order."""
    for block in document.blocks:
        if block.kind not in _UNSEEN and not block.context.startswith("hidden"):
            yield document.text[block.start : block.end]


def without_addresses(text: str) -> str:
    """Return a text without the targets of its links and without addresses written out."""
    return _ADDRESS.sub(" ", text)


def words_of(text: str) -> list[str]:
    """Return the words of a text, in order, case folded, without addresses, figures and dates."""
    folded = unicodedata.normalize("NFKC", without_addresses(text)).casefold()
    tokens = list(_TOKEN.finditer(folded))
    dates = date_words()
    is_date = [token[0].isdigit() or token[0] in dates for token in tokens]
    joined = [
        one and other and _WITHIN_DATE.fullmatch(folded, left.end(), right.start()) is not None
        for one, other, left, right in zip(is_date, is_date[1:], tokens, tokens[1:], strict=False)
    ]
    return [
        token[0]
        for token, before, after in zip(tokens, [False, *joined], [*joined, False], strict=False)
        # A month beside a figure is a date; in "you may" it is none.
        if not (token[0].isdigit() or before or after)
    ]


def shingles(words: Sequence[str]) -> Counter[int]:
    """Return every run of `SHINGLE_WORDS` words, hashed; a shorter text is one run."""
    if not words:
        return Counter()
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    return Counter(hash(tuple(words[start : start + SHINGLE_WORDS])) for start in range(last))


def share(part: Counter[int], whole: Counter[int]) -> float:
    """Return how much of `whole` stands in `part`, 0 to 1; 1 when `whole` is empty."""
    total = whole.total()
    return (part & whole).total() / total if total else 1.0


def compare(before: Text, after: Text, frame: Counter[int]) -> Comparison:
    """Compare two texts, leaving out what stands in `frame`: what every page of the site has."""
    former, later = before.shingles - frame, after.shingles - frame
    return Comparison(share(later, former), share(former, later))


def likeness(one: Text, other: Text) -> float:
    """Return how alike two texts are, 0 to 1: what they share, of the longer of the two."""
    longest = max(one.shingles.total(), other.shingles.total())
    return (one.shingles & other.shingles).total() / longest if longest else 1.0
