"""Tokens: the units in which an edited passage is shown.

Takes text and gives tokens that, put together, are the text. A token is a word, a number, a
character of a script that puts no spaces between words, or a mark, each with the white space
behind it. Words follow Unicode Standard Annex 29, section 4.1 (rules WB4 to WB13b), but for the
colon: an apostrophe or a full stop between letters does not part a word, nor does a comma within a
number, and katakana stays together. Where the annex asks for a dictionary (Thai, Lao, Khmer,
Burmese) a token is a consonant with its vowels and marks, which is never cut. Runs in linear time.
"""

import re
import unicodedata
from functools import cache
from itertools import chain

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIRAGANA = "\u3041-\u3096\u309d-\u309f"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_CLUSTERED = "\u0e01-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai to Khmer
_VOWELS_BEFORE = "\u0e40-\u0e44\u0ec0-\u0ec4"
_VOWELS_BEHIND = "\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3"
_JOINERS = "\u200c\u200d"  # within a word, UAX 29 rule WB4; Uyghur and Persian write them


def tokens(text: str) -> list[str]:
    """Return the tokens of `text`, in order; together they are `text`."""
    return _pattern().findall(text)


def has_word(token: str) -> bool:
    """Whether a token is more than marks and space."""
    return any(character.isalnum() for character in token)


@cache
def _pattern() -> re.Pattern[str]:
    marks = f"[{_marks()}{_JOINERS}]"
    apart = HAN + _HIRAGANA + _KATAKANA + _CLUSTERED
    letter = rf"[^\W{apart}]"
    word = rf"{letter}(?:{letter}|{marks})*+"
    within = rf"(?:['’.·](?<![\d_].)|(?<=\d)[,.;])(?={letter})"
    return re.compile(
        rf"(?:{word}(?:{within}{word})*+"
        rf"|[{_VOWELS_BEFORE}]?[{_CLUSTERED}](?:{marks}|[{_VOWELS_BEHIND}])*+"
        rf"|[{_KATAKANA}](?:[{_KATAKANA}]|{marks})*+"
        rf"|\S{marks}*+)\s*+|\s++"
    )


def _marks() -> str:
    """Return the combining marks (general category M) as ranges of a character class."""
    ranges: list[list[int]] = []
    for code in chain(range(0x300, 0x20000), range(0xE0100, 0xE01F0)):  # Unicode has no others
        if not unicodedata.category(chr(code)).startswith("M"):
            continue
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)
