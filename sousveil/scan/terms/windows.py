"""What stands around a match, read as the finder reads it: whether it may say something.

Takes bytes around a match and the coding the match is in, cuts out the passage that the finder
would judge (claims/finder.py: a short block, a sentence of a longer one, a row of a table, the
value of an attribute, a string of JSON, the lines around a name in code), and asks the finder's own
lexicon and model, with bars below its own. Text is read as it shows: without tags, references
resolved.
"""

import html
import re
from collections.abc import Iterator

from sousveil.claims.features import NO_MACHINE, read
from sousveil.claims.finder import (
    DISCUSSES_BAR,
    HINT_BAR,
    NO_MACHINE_BAR,
    SHORT_BLOCK_CHARACTERS,
    THRESHOLD,
)
from sousveil.claims.lexicon import Lexicon
from sousveil.claims.model import MODEL_LABELS, shipped_model
from sousveil.claims.windows import sentences
from sousveil.scan.terms.views import tag_around, value_around

REACH_BYTES = 1_800  # to either side: a short block in three bytes a character, and its tags
CODE_BYTES = 300  # to either side: the lines around a name
MAX_NAME_BYTES = 100
START_BYTES = 64  # of a body, that show whether it is JSON
# What a passage must reach lies so much below the finder's own bars, for headings and what else the
# finder has read above it are not known here.
MARGIN = 0.1
NO_MACHINE_MARGIN = 0.3  # a heading may name the system
CLAIM_SCORE = THRESHOLD - MARGIN
_DISCUSSES = MODEL_LABELS.index("discusses")
_CELLS = (b"<td", b"<th")
_CELL = re.compile(rb"</t[dh]>", re.IGNORECASE)
_SORTS = {b"<pre": "code", b"<scr": "json"}  # of what follows a tag; scripts are read if JSON
_JSON_STARTS = (b"{", b"[")
_BLOCK = re.compile(
    rb"</?(?:p|div|li|td|th|tr|h[1-6]|[uo]l|d[dtl]|section|article|title|table|body|head|pre|option"
    rb"|header|footer|nav|main|aside|form|button|figcaption|blockquote|script|style)\b[^<>]*>"
    rb"|<(?:hr|img|input|iframe)\b",
    re.IGNORECASE,
)
# Of JSON: what ends a string, and what is escaped in it besides letters.
_STRING_END = re.compile(rb"(?<!\\)\"(?=\s*[,:\]}])")
_ESCAPED = re.compile(r"\\(u([0-9a-fA-F]{4})|.)", re.DOTALL)
_NAME = re.compile(rb'"([^"\\]*)"\s*:\s*\Z')
_LINE = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"\A[^<>]{0,400}>|<!--|-->|<[/!?A-Za-z][^<>]*(?:>|\Z)")
_SPACES = re.compile(r"\s+")
_IS_CODE = re.compile(r"[{}=]|;\s|\w_\w|\w\(\w|[\"'] ?:|[a-z][A-Z]")
_TWO_BYTES = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"})
_CHARACTER_END = re.compile(rb"[\x00-\x2f]")  # never the second byte of two


def tells(text: str, words: Lexicon, context: str, *, code: bool = False) -> bool:
    """Whether a passage may say something of a trait."""
    reading = read(text, words, context=context, code=code)
    if reading.anchor is None:
        return False
    model = shipped_model()
    chances = model.probabilities(reading.features)
    bars = [CLAIM_SCORE]
    if "anchor hint" in reading.features:
        bars.append(HINT_BAR - MARGIN)
    if NO_MACHINE in reading.features:
        bars.append(NO_MACHINE_BAR - NO_MACHINE_MARGIN)
    is_claim = model.claim_probability(chances) >= max(bars)
    return is_claim or chances[_DISCUSSES] >= DISCUSSES_BAR - MARGIN


def passages(data: bytes, end: int, coding: str) -> Iterator[tuple[str, bool]]:
    """Yield what may be judged around `end`, where a match ends, and whether it is code."""
    if (tag := tag_around(data, end)) >= 0:
        yield _value(data, value_around(data, tag, end), end, coding), False
        return
    before, after = data[max(0, end - REACH_BYTES) : end], data[end : end + REACH_BYTES]
    sort = "prose" if b"</" in after else ""
    borders = list(_BLOCK.finditer(before))
    if borders:
        last = borders[-1].group().lower()
        sort = _SORTS.get(last[:4], "prose")
        if last.startswith(_CELLS):
            yield _row(data, end, coding), False
        before = before[borders[-1].end() :]
    if border := _BLOCK.search(after):
        after = after[: border.start()]
    if sort == "json" or data[:START_BYTES].lstrip()[:1] in _JSON_STARTS:
        yield _string(before, after, coding), True
    else:
        yield from _prose(_shown(before, coding), _shown(after, coding))
    near = "" if sort == "prose" else _decoded(before[-CODE_BYTES:] + after[:CODE_BYTES], coding)
    if _IS_CODE.search(near):
        yield near, True


def _row(data: bytes, end: int, coding: str) -> str:
    """Return the row of a table around a place, a line for each cell; "" where it has no ends."""
    start = data.rfind(b"<tr", max(0, end - REACH_BYTES), end)
    stop = data.find(b"</tr", end, end + REACH_BYTES)
    if start < 0 or stop < 0:
        return ""
    return _shown(_CELL.sub(b"<br>", data[start:stop]), coding).strip()


def _value(data: bytes, start: int, end: int, coding: str) -> str:
    """Return the value of an attribute that begins at `start`, behind a quotation mark."""
    stop = data.find(data[start - 1 : start], end, end + REACH_BYTES)
    return html.unescape(_decoded(data[start:stop], coding)) if start >= 0 else ""


def _prose(ahead: str, behind: str) -> Iterator[tuple[str, bool]]:
    """Yield a short block, or the sentence of a longer one, in which two texts meet."""
    text, place = ahead + behind, max(0, len(ahead) - 1)
    if len(text) <= SHORT_BLOCK_CHARACTERS:
        yield text, False
        return
    for start, stop in sentences(text):
        if start <= place < stop:
            yield text[start:stop], False


def _string(before: bytes, after: bytes, coding: str) -> str:
    """Return the string of JSON in which two pieces meet, under its name."""
    start, stop = before.rfind(b'"'), _STRING_END.search(after)
    while start > 0 and before[start - 1 : start] == b"\\":
        start = before.rfind(b'"', 0, start)
    name = _NAME.search(before, max(0, start - MAX_NAME_BYTES), max(0, start))
    string = before[start + 1 :] + (after[: stop.start()] if stop else after)
    above = (name.group(1) + b"\n") if name else b""
    return html.unescape(_ESCAPED.sub(_unescaped, _decoded(above + string, coding)))


def _unescaped(match: "re.Match[str]") -> str:
    if match[2]:
        return chr(int(match[2], 16))
    return {"n": "\n", "r": "\n", "t": "\t"}.get(match[1], match[1])


def _shown(data: bytes, coding: str) -> str:
    """Return bytes of one block as they show: without tags, references resolved."""
    text = _LINE.sub("\n", _SPACES.sub(" ", _decoded(data, coding)))
    return html.unescape(_TAG.sub("", text))


def _decoded(data: bytes, coding: str) -> str:
    if coding in _TWO_BYTES and (border := _CHARACTER_END.search(data)):
        data = data[border.start() :]  # from there on the bytes pair up
    return data.decode(coding or "utf-8", "replace")
