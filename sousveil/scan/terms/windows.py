"""What stands around a match, read as the finder reads it: whether it may say something.

Takes bytes around a match and the coding the match is in, cuts out the passage that the finder
would judge (claims/finder.py: a short block, or a sentence of a longer one), and asks the finder's
own lexicon and model, with bars below its own. Within a tag the bytes are read as they stand
(alternative texts are read too), elsewhere as they show: without tags, references resolved.
"""

import html
import re
from collections.abc import Iterator

from sousveil.claims.features import read
from sousveil.claims.finder import SHORT_BLOCK_CHARACTERS
from sousveil.claims.judgement import decide
from sousveil.claims.lexicon import Lexicon
from sousveil.claims.model import shipped_model
from sousveil.claims.windows import sentences
from sousveil.scan.terms.views import tag_around

REACH_BYTES = 1_800  # to either side: a short block in three bytes a character, and its tags
CODE_BYTES = 300  # to either side: the lines around a name
# What a passage must reach: below the finder's own bars (THRESHOLD, DISCUSSES_BAR), for headings
# and what else the finder has read above it are not known here.
CLAIM_SCORE = 0.4
DISCUSSES_SCORE = 0.5
_BLOCK = re.compile(
    rb"</?(?:p|div|li|td|th|tr|h[1-6]|[uo]l|d[dtl]|section|article|title|table|body|head|pre|option"
    rb"|header|footer|nav|main|aside|form|button|figcaption|blockquote|script|style)\b[^<>]*>"
    rb"|<(?:hr|img|input|iframe)\b",
    re.IGNORECASE,
)
_STRING_END = re.compile(rb"\"(?=\s*[,:\]}])")  # of JSON
_LINE = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"\A[^<>]{0,400}>|<!--|-->|<[/!?A-Za-z][^<>]*(?:>|\Z)")
_SPACES = re.compile(r"\s+")
_CODE_TAGS = (b"<pre", b"<scr")
_IS_CODE = re.compile(r"[{}=]|;\s|\w_\w|\w\(\w|[\"'] ?:|[a-z][A-Z]")
_TWO_BYTES = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"})
_CHARACTER_END = re.compile(rb"[\x00-\x2f]")  # never the second byte of two


def tells(text: str, words: Lexicon, context: str, *, code: bool = False) -> bool:
    """Whether a passage may say something of a trait."""
    reading = read(text, words, context=context, code=code)
    if reading.anchor is None:
        return False
    decision = decide(reading, shipped_model())
    return decision.score >= CLAIM_SCORE or decision.discusses >= DISCUSSES_SCORE


def passages(data: bytes, end: int, coding: str) -> Iterator[tuple[str, bool]]:
    """Yield what may be judged around `end`, where a match ends, and whether it is code."""
    low, high = max(0, end - REACH_BYTES), end + REACH_BYTES
    before, after = data[low:end], data[end:high]
    if (tag := tag_around(data, end)) >= 0:
        yield _decoded(data[tag:end] + after.partition(b">")[0], coding), False
        return
    is_prose = b"</" in after
    borders = list(_BLOCK.finditer(before))
    if borders:
        last = borders[-1]
        is_prose = last.group()[:4].lower() not in _CODE_TAGS
        before = before[last.end() :]
    if border := _BLOCK.search(after):
        after = after[: border.start()]
    ahead, behind = _shown(before, coding), _shown(after, coding)
    text, place = ahead + behind, max(0, len(ahead) - 1)
    if len(text) <= SHORT_BLOCK_CHARACTERS:
        yield text, False
    else:
        for start, stop in sentences(text):
            if start <= place < stop:
                yield text[start:stop], False
    if is_prose:
        return
    if (start := before.rfind(b'"')) >= 0 and (string := _STRING_END.search(after)):
        yield _shown(before[start + 1 :] + after[: string.start()], coding), False
    near = _decoded(before[-CODE_BYTES:] + after[:CODE_BYTES], coding)
    if _IS_CODE.search(near):
        yield near, True


def _shown(data: bytes, coding: str) -> str:
    """Return bytes of one block as they show: without tags, references resolved."""
    text = _LINE.sub("\n", _SPACES.sub(" ", _decoded(data, coding)))
    return html.unescape(_TAG.sub("", text))


def _decoded(data: bytes, coding: str) -> str:
    if coding in _TWO_BYTES and (border := _CHARACTER_END.search(data)):
        data = data[border.start() :]  # from there on the bytes pair up
    return data.decode(coding or "utf-8", "replace")
