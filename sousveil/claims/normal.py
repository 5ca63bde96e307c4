"""Normal form of text for matching, with the way back to the source.

Case, width, accents, traditional characters, zero-width characters, line breaks inside a phrase
and the joints of names in source code do not matter to a match. NFKC is that of Unicode UAX 15.
Runs in linear time.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib import resources

_CJK = "\u3040-\u30ff\u3400-\u9fff"
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff"
)
_MARKS = "\u0300-\u036f\u3099\u309a"
_EDIT = re.compile(
    rf"(?P<drop>[{INVISIBLE}]+|(?<=[{_CJK}])[\s{INVISIBLE}]+(?=[{_CJK}]))"
    r"|(?P<space>[\s_]{2,}|[^\S ])"  # any white space that is not one plain space
    r"|(?P<joint>(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]))"  # emRace, HTTPServer
    r"|(?P<long>İ|i\u0307)"  # the only letter whose lower case is two characters
)
_EDIT_COMPATIBLE = re.compile(
    rf"{_EDIT.pattern}|(?P<cluster>[A-Za-z][{_MARKS}]+|[^\x00-\x7f{INVISIBLE}\s][{_MARKS}]*)"
)


@dataclass(frozen=True, slots=True)
class Normal:
    """Normalised text and the map back. Segment `i` covers `text[at[i]:at[i + 1]]`.

    A segment that is `verbatim` maps character by character; any other stands for the whole of
    `source[begin[i]:finish[i]]`.
    """

    text: str
    at: list[int]
    begin: list[int]
    finish: list[int]
    verbatim: list[bool]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the source that `text[start:end]` came from; start < end."""
        first = bisect_right(self.at, start) - 1
        last = bisect_right(self.at, end - 1) - 1
        begin = self.begin[first] + (start - self.at[first] if self.verbatim[first] else 0)
        if self.verbatim[last]:
            return begin, self.begin[last] + (end - self.at[last])
        return begin, self.finish[last]

    def offset(self, source: int) -> int:
        """Return where the character at `source`, or the next one kept, stands in `text`."""
        segment = bisect_right(self.begin, source) - 1
        if segment < 0:
            return 0
        if self.verbatim[segment] and source < self.finish[segment]:
            return self.at[segment] + source - self.begin[segment]
        if source == self.begin[segment]:
            return self.at[segment]
        return self.at[segment + 1] if segment + 1 < len(self.at) else len(self.text)


def normalise(source: str) -> Normal:
    """Return `source` in the form that terms are matched in."""
    compatible = not source.isascii() and not unicodedata.is_normalized("NFKC", source)
    pattern = _EDIT_COMPATIBLE if compatible else _EDIT
    parts: list[str] = []
    at: list[int] = []
    begin: list[int] = []
    finish: list[int] = []
    verbatim: list[bool] = []
    length = 0
    position = 0

    def add(text: str, start: int, end: int, *, exact: bool) -> None:
        nonlocal length
        if text:
            parts.append(text)
            at.append(length)
            begin.append(start)
            finish.append(end)
            verbatim.append(exact)
            length += len(text)

    for match in pattern.finditer(source):
        start, end = match.span()
        if position < start:
            add(fold(source[position:start]), position, start, exact=True)
        add(_replacement(match), start, end, exact=False)
        position = end
    add(fold(source[position:]), position, len(source), exact=True)
    return Normal("".join(parts), at, begin, finish, verbatim)


def _replacement(match: re.Match[str]) -> str:
    if match.lastgroup == "drop":
        return ""
    if match.lastgroup in {"space", "joint"}:
        return " "
    return fold(unicodedata.normalize("NFKC", match.group()).replace("\u0307", ""))


def fold(text: str) -> str:
    """Return text in lower case without accents, in simplified characters, as long as before.

    İ, whose lower case is longer, must not be in it.
    """
    return text.lower().translate(_JOINTS if text.isascii() else _folding())


_JOINTS = {ord("_"): " ", ord("-"): " "}


@cache
def _folding() -> dict[int, str]:
    """Return the plain character of each accented, traditional or typographic one."""
    letters = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    plain = {code: unicodedata.normalize("NFD", chr(code))[0] for code in letters}
    marks = dict(zip("ıøłđßёй’‘‐‑–—", "ioldsей''    ", strict=True))
    return _JOINTS | plain | {ord(a): b for a, b in marks.items()} | traditional()


def traditional() -> dict[int, str]:
    """Return the simplified character of each traditional or Japanese one that a term may hold."""
    text = resources.files("sousveil.topics").joinpath("traditional.txt").read_text("utf-8")
    pairs = [p for line in text.splitlines() if not line.startswith("#") for p in line.split()]
    return {ord(pair[0]): pair[1] for pair in pairs}
