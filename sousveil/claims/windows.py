"""Cuts text where statements end.

Takes source text and gives spans of sentences: at the stops of Latin, Cyrillic, Chinese,
Japanese and Arabic punctuation, at blank lines, and at lines that begin a list item, a heading or
a table row. A line break elsewhere is a wrapped line and cuts nothing. Code is cut by lines.
"""

import re

Span = tuple[int, int]

MAX_SENTENCE_CHARACTERS = 1200  # beyond, it is no sentence but a table or minified data

_STOP = re.compile(
    r"[。！？；!?؟۔]+[”’」』）)\"']*"
    r"|(?<![A-Z])(?<!\b[A-Z]\.)(?<!\be\.g)(?<!\bi\.e)(?<!\bal)(?<!\bart)(?<!\bArt)(?<!\bNo)\.[”’)\"']*(?=\s)"
    r"|;(?=\s)"
    r"|\n[ \t]*(?=\n)"
    r"|\n(?=[ \t]*(?:[-*+•▲★#|>]|\d+[.)、]|[（(]?[一二三四五六七八九十]+[）)、]|```))"
)
_LINE = re.compile(r"\n+")


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Return the spans of the statements in `text[start:end]`, without outer white space."""
    return _cut(_STOP, text, start, len(text) if end is None else end)


def lines(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Return the spans of the lines in `text[start:end]` that hold anything."""
    return _cut(_LINE, text, start, len(text) if end is None else end)


def _cut(pattern: re.Pattern[str], text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    position = start
    for match in pattern.finditer(text, start, end):
        spans += _trimmed(text, position, match.end())
        position = match.end()
    spans += _trimmed(text, position, end)
    return spans


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start == end:
        return []
    return [
        (s, min(s + MAX_SENTENCE_CHARACTERS, end))
        for s in range(start, end, MAX_SENTENCE_CHARACTERS)
    ]
