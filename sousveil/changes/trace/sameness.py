"""Sameness: what of a quote's wording must be equal for two quotes to say the same.

Takes a quote, gives its key. In the key are letters with their marks, figures, signs that count or
judge (`%`, `+`, `<`, ticks and crosses) and question marks. Not in it are case and width (NFKC,
Unicode Standard Annex 15), white space, other punctuation, character references of HTML (HTML
Standard, section 13.5), soft hyphens, trade marks' signs and the number of a list's item at the
start. Numbers stand in it as they are written: 1.5 is not 15, and 10² is not 102.
"""

import html
import re
import unicodedata
from functools import lru_cache

# Punctuation that a reader counts on: a question is no statement, and 5 % are not 5.
_TELLING = frozenset("?؟%‰٪")

# Signs that stand beside a name, or stretch a word, and say nothing.
_SILENT = re.compile(
    "[™℠®©℗\N{ARABIC TATWEEL}\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}]"
    r"|(?<=\w)\((?:tm|r)\)",
    re.IGNORECASE,
)

# "3.", "(3)", "3)", "a)", "(iv)", "三、", "（三）". A letter with a point may be a name's first,
# and a number without one may count what follows.
_NUMBERING = re.compile(
    r"\s*(?:\d{1,2}\.(?:\s+|(?=[^\W\da-z_]))|\(\s?\d{1,2}\s?\)|\d{1,2}[)、]"
    r"|(?:\(\s?)?(?:[a-z]|[ivx]{2,4})\s?\)\s|\([一二三四五六七八九十]{1,3}\)|[一二三四五六七八九十]{1,3}、)(?=\s*\S)"
)
_CIRCLED = re.compile(r"\A\s*[①-⑳](?=\s*\S)")

# NFKC would make 10² a hundred and two; an arrow is a sign that stays.
_RAISED = re.compile("(?=[²³¹⁰⁴-⁹])")

_DASH = re.compile("[\u2010-\u2015\u2212]")

_TOKEN = re.compile(
    r"(?P<within>(?<=\d)\W+(?=\d))"  # parts two figures
    r"|(?P<minus>(?<!\w)[-\u2010-\u2015\u2212](?=\d))"
    r"|\b(?P<denial>no|not|nor)\b"  # must not melt into the next: "not able" is not "notable"
    r"|(?P<one>.)",
    re.DOTALL,
)


def sameness(quote: str) -> str:
    """Return what is equal for quotes that say the same in the same words, and for no others.

    A quote of nothing but other punctuation is its own key, less white space. Takes linear time;
    depends on nothing but the quote and Python's tables of Unicode.
    """
    plain = _SILENT.sub("", _CIRCLED.sub("", html.unescape(quote), count=1))
    folded = unicodedata.normalize("NFKC", _RAISED.sub("↑", plain)).casefold()
    begin = _NUMBERING.match(folded)
    words = folded[begin.end() :] if begin else folded
    return "".join(map(_kept, _TOKEN.finditer(words))) or "".join(folded.split())


def _kept(token: re.Match[str]) -> str:
    if token["one"]:
        return token[0] if _counts(token[0]) else ""
    if token["within"]:
        return re.sub(r"\s+", " ", _DASH.sub("-", token[0]))
    return "-" if token["minus"] else f" {token[0]} "


@lru_cache(maxsize=4096)
def _counts(character: str) -> bool:
    """Tell a character of the key."""
    category = unicodedata.category(character)
    is_sign = category in {"Sm", "Sc", "So"} and character != "|"
    return category[0] in "LMN" or is_sign or character in _TELLING
