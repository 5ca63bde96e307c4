"""What stands around a match, read as text: whether the finder could count it.

Takes bytes around a match and the coding the match is in, and asks the finder's own lexicon: whole
words only, none within a longer word that clears it. Common words are weighed as the finder weighs
a passage, with a bar well below its own. Within a tag the bytes are read as they stand (alternative
texts are read too), elsewhere as they show: without tags, references resolved.
"""

import html
import re

from sousveil.claims.features import read
from sousveil.claims.judgement import decide
from sousveil.claims.lexicon import Lexicon, uncleared
from sousveil.claims.model import shipped_model
from sousveil.claims.normal import normalise
from sousveil.scan.terms.spellings import WORTH

# What a window must reach for a common word to count: well below the finder's own bars
# (claims/finder.py, HINT_BAR and DISCUSSES_BAR), for a window isn't the passage it judges.
WEAK_SCORE = 0.35
WEAK_DISCUSSES = 0.4
# Tags, and what is left of one at either end of a window.
_TAGS = re.compile(
    r"\A[^<>]{0,400}>|<(script|style)\b[^<]*(?:<(?!/\1)[^<]*)*</\1[^<>]*>|<!--|-->"
    r"|<[/!?A-Za-z][^<>]*(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_BREAKS = re.compile(
    r"<(?:/?(?:p|div|li|td|th|tr|h[1-6]|ul|ol|dd|dt|section|article|title)\b|br|hr)[^<>]*>",
    re.IGNORECASE,
)
_TWO_BYTES = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"})
_CHARACTER_END = re.compile(rb"[\x00-\x2f]")  # never the second byte of two


def holds_term(text: str, words: Lexicon) -> bool:
    """Whether a term that counts alone stands in `text`, and no longer word clears it."""
    normal = normalise(text).text
    terms = words.terms(normal)
    return any(t.kind not in WORTH for t in terms) and any(
        t.kind not in WORTH for t in uncleared(terms, words.cues(normal))
    )


def tells(text: str, words: Lexicon) -> bool:
    """Whether `text` may say something of a trait by its common words or a list of values."""
    for code in (False, True):
        reading = read(text, words, code=code)
        if reading.anchor is not None:
            decision = decide(reading, shipped_model())
            if decision.score >= WEAK_SCORE or decision.discusses >= WEAK_DISCUSSES:
                return True
    return False


def bare(text: str) -> str:
    """Return text as it shows: without tags, references resolved, blocks on lines of their own."""
    return html.unescape(_TAGS.sub("", _BREAKS.sub("\n\n", text)))


def text_around(data: bytes, end: int, reach: int, coding: str) -> str:
    """Return what stands within `reach` bytes of `end`, where a match in `coding` ends."""
    before, after = data[max(0, end - reach) : end], data[end : end + reach]
    in_tag = before.rfind(b"<") > before.rfind(b">")
    if coding in _TWO_BYTES and (border := _CHARACTER_END.search(before)):
        before = before[border.start() :]  # from there on the bytes pair up
    text = (before + after).decode(coding or "utf-8", "replace")
    return text if in_tag else bare(text)
