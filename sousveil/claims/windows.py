"""Cuts text where statements end.

Takes source text and gives spans of sentences: at the stops of Latin, Cyrillic, Chinese,
Japanese and Arabic punctuation, at blank lines, and at lines that begin a list item, a heading or
a table row. A line break elsewhere is a wrapped line and cuts nothing; nor does the stop of an
abbreviation, a decimal or an ordinal. Code is cut by lines.
"""

import re

from sousveil.claims.normal import CJK, INVISIBLE, MARKS

Span = tuple[int, int]

MAX_SENTENCE_CHARACTERS = 1200  # beyond, it is no sentence but a table or minified data
MAX_WORD_CHARACTERS = 80  # a longer run of letters is parted: it is encoded data

# What closes a quotation or a bracket after a stop; “ does so in German, « » stand apart in French.
_CLOSE = "(?:[”’»›」』】）)\\]\"']|“(?=\\s)|[ \u00a0\u202f]»)*"
_STOP = re.compile(
    rf"[。！？；｡．؟۔؛]+{_CLOSE}"
    rf"|[!?]+(?![\w=&%/#](?<=[\x21-\x7e])){_CLOSE}"  # not within an address
    rf"|(?P<dot>\.){_CLOSE}(?=\s)"
    r"|;(?=\s)"
    r"|\n[ \t]*(?=\n)"
    r"|\n(?=[ \t]*(?:[-*+•▲★#|>]|\d+[.)、]|[（(]?[一二三四五六七八九十]+[）)、]|```))"
)
_LINE = re.compile(r"\n+")

_ABBREVIATIONS = frozenset(
    [
        # English, and what others share
        "al", "approx", "art", "Art", "ca", "cf", "Dr", "ed", "eds", "eg", "et", "ex", "fig",
        "Fig", "figs", "ie", "Mr", "Mrs", "Ms", "No", "Nos", "pp", "Prof", "resp", "Sec", "sec",
        "St", "viz", "vol", "Vol", "vs",
        # German
        "Abs", "bspw", "bzw", "evtl", "ggf", "inkl", "Mio", "Mrd", "Nr", "Nrn", "sog", "Str",
        "vgl", "zzgl",
        # French
        "av", "chap", "env", "éd", "Mme", "Mlle", "MM",
        # Spanish
        "aprox", "Dra", "EE", "núm", "pág", "págs", "Sr", "Sra", "Srta", "Ud", "Uds", "UU",
        # Russian
        "гг", "др", "им", "млн", "млрд", "напр", "пр", "рис", "руб", "см", "стр", "тыс", "ул",
        # Turkish
        "bkz", "Bkz", "Cad", "çev", "örn", "Örn", "Sok", "vb", "yy",
    ]
)  # fmt: skip
_ENDS_OR_NOT = frozenset(
    ["Co", "Corp", "etc", "Inc", "Ltd", "usw", "д", "п"]
)  # go on before a small letter
_SMALL = re.compile(r"\s+[^\W\d_](?<=[a-zß-öø-ÿа-яёıçğşœ])")
_ORDINAL = re.compile(  # am 3. Mai, 5. madde
    r"\s+(?:[^\W\d_](?<=[a-zß-öø-ÿа-яёıçğşœ])|Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)"
)
_ORDINAL_DIGITS = 2
_LAST_WORD = re.compile(r"(?<!['’])[^\W_]+\Z")  # the t of don't is no initial
_LONGEST_ABBREVIATION = 8

_SAME_WORD = re.compile(rf"[^\W_{CJK}]")
_WORD_BEFORE = re.compile(rf"[^\W_{CJK}][{INVISIBLE}{MARKS}]*\Z")
_ATTACHED = re.compile(rf"[{INVISIBLE}{MARKS}]")
_MAX_ATTACHED = 8  # marks and invisible characters looked back over


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
        if match.lastgroup == "dot" and _goes_on(text, match.start()):
            continue
        spans += _trimmed(text, position, match.end())
        position = match.end()
    spans += _trimmed(text, position, end)
    return spans


def _goes_on(text: str, dot: int) -> bool:
    """Whether a full stop belongs to an abbreviation, an initial or an ordinal."""
    word = _LAST_WORD.search(text, max(0, dot - _LONGEST_ABBREVIATION), dot)
    if word is None:
        return False
    last = word.group()
    if last.isdigit():
        return len(last) <= _ORDINAL_DIGITS and _ORDINAL.match(text, dot + 1) is not None
    if last in _ENDS_OR_NOT:
        return _SMALL.match(text, dot + 1) is not None
    return len(last) == 1 or last in _ABBREVIATIONS


def parts_word(text: str, cut: int) -> bool:
    """Whether a cut would part a word, or a letter from its marks; a hanzi is a word."""
    if not 0 < cut < len(text):
        return False
    if _ATTACHED.match(text, cut):
        return not text[cut - 1].isspace()
    before = _WORD_BEFORE.search(text, max(0, cut - _MAX_ATTACHED), cut)
    return before is not None and _SAME_WORD.match(text, cut) is not None


def word_end(text: str, start: int, cut: int) -> int:
    """Return the last place after `start` and up to `cut` that parts no word.

    `cut` itself when a word is longer than MAX_WORD_CHARACTERS.
    """
    for place in range(cut, max(start, cut - MAX_WORD_CHARACTERS), -1):
        if not parts_word(text, place):
            return place
    return cut


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start == end:
        return []
    spans: list[Span] = []
    while end - start > MAX_SENTENCE_CHARACTERS:
        cut = word_end(text, start, start + MAX_SENTENCE_CHARACTERS)
        spans.append((start, cut))
        start = cut
    return [*spans, (start, end)]
