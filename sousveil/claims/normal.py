"""Normal form of text for matching, with the way back to the source.

Case, width, accents, Cyrillic letters in Latin words and Latin ones in Cyrillic words that look the
same, traditional characters, radicals, ligatures, presentation forms, zero-width
characters, line breaks inside a phrase, words that are spaced out or parted by a hyphen at a line's
end, and the joints of names in source code do not matter to a match. NFKC is that of Unicode UAX
15. Runs in linear time.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate, chain

from sousveil.topics.load import load, shipped

CJK = "\u2e80-\u2fdf\u3005\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
INVISIBLE = (
    # Default_Ignorable_Code_Point of UAX 44, and the marks around annotations
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
    # Arabic: the stroke that stretches a word, vowel marks and marks of recitation
    "\u0640\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
)
# Marks that accent or strike through the letter before; no term needs one but those of kana.
_STRAY = (
    "\u0300-\u036f\u0483-\u0489\u0653-\u0655\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
MARKS = rf"{_STRAY}\u3099\u309a"
_GAP = "[ \u00a0\u2002-\u200a\u202f]"  # between two letters of a word that is spaced out
_THIN = "[\u2006\u2009\u200a\u202f]"  # no space between words
_LETTER = rf"[^\W\d_{CJK}]"
_SPREAD_LETTERS = 4  # fewer single letters in a row are letters: "vitamin a b c"

_EDIT = (
    # Each part begins with what it eats, so that it is left at once where it cannot match.
    rf"(?P<drop>[{INVISIBLE}]+"
    rf"|[\s{INVISIBLE}](?<=[{CJK}][\s{INVISIBLE}])[\s{INVISIBLE}]*(?=[{CJK}]))"
    r"|(?P<space>[\s_]{2,})"  # one alone is a matter of `fold`
    r"|(?P<joint>(?=[A-Z])(?:(?<=[a-z0-9])|(?<=[A-Z])(?=.[a-z])))"  # emRace, HTTPServer
    r"|(?P<long>İ|i\u0307)"  # the only letter whose lower case is two characters
)
# What only some texts have, with a look that tells fast whether this one does: "e t h n i c i t y";
# "ethni-\ncity", for whose hyphen PDFium writes a soft one; a letter and its accent apart.
_SPREAD = (
    rf"(?P<spread>{_LETTER}(?={_GAP})(?<![^\W_].)"
    rf"(?:(?P<thin>{_THIN}){_LETTER}(?:(?P=thin){_LETTER})*"
    rf"|(?P<gap>{_GAP}){_LETTER}(?:(?P=gap){_LETTER}){{{_SPREAD_LETTERS - 2},}})(?![^\W_]))"
)
_SPREAD_LOOK = re.compile(rf" {_LETTER} {_LETTER} |[^\S ]{_LETTER}[^\S\n ]")
_HYPHEN = (
    rf"(?P<hyphen>[-\u2010\u00ad](?<={_LETTER}.)"
    rf"(?:(?<=\u00ad)\s*|[^\S\n]*\n\s*)(?={_LETTER}))"
)
_HYPHEN_LOOK = re.compile(r"[-\u2010][^\S\n]*\n|\u00ad")
_ACCENT = rf"(?P<accent>[^\W\d_][{MARKS}]+|[{_STRAY}]+)"
_ACCENT_LOOK = re.compile(f"[{MARKS}]")
_UNSEEN = re.compile(f"[{_STRAY}{INVISIBLE}]+")
_WORD_BEFORE = re.compile(rf"(?:[^\W\d_]|[{INVISIBLE}])+\Z")
_WORD_AFTER = re.compile(rf"(?:[^\W\d_]|[{INVISIBLE}])+")
_MAX_WORD = 40  # letters looked at on each side of a hyphen

# What each of these stands for: Unicode's EquivalentUnifiedIdeograph (UAX 44), for the radicals
# that NFKC leaves alone.
_RADICALS = (
    "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺"
    "⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲"
)
_UNIFIED = (
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀"
    "聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀"
)
# Letters that look the same: those of UTS 39's confusables that are common in either script.
_LATIN = "aceiopsxyjhABCEHIKMOPSTXYJ"
_CYRILLIC = "асеіорѕхујһАВСЕНІКМОРЅТХУЈ"
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_MIXED_LOOK = re.compile(
    "[A-Za-z][\u0400-\u0482\u048a-\u04ff]|[\u0400-\u0482\u048a-\u04ff][A-Za-z]"
)
_TWO_SCRIPTS = re.compile("[A-Za-z\u0400-\u0482\u048a-\u04ff]+")
_LETTERS_A_TO_Z = re.compile("[A-Za-z]")
# Letters of Uyghur and Persian that Arabic presentation forms and keyboards mix up.
_ARABIC = {"ە": "ه", "ھ": "ه", "ک": "ك", "ی": "ي"}


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
    is_ascii = source.isascii()
    if not is_ascii and _MIXED_LOOK.search(source):
        source = _TWO_SCRIPTS.sub(_of_one_script, source)
    compatible = not is_ascii and not unicodedata.is_normalized("NFKC", source)
    pattern = _pattern(
        _SPREAD_LOOK.search(source) is not None,
        _HYPHEN_LOOK.search(source) is not None,
        not is_ascii and _ACCENT_LOOK.search(source) is not None,
        compatible,
    )
    folded = fold(source) if is_ascii else ""
    parts: list[str] = []
    begin: list[int] = []
    finish: list[int] = []
    verbatim: list[bool] = []
    position = 0
    for match in chain(pattern.finditer(source), [None]):  # the last piece ends with the text
        start, end = match.span() if match else (len(source), len(source))
        if position < start:
            parts.append(folded[position:start] or fold(source[position:start]))
            begin.append(position)
            finish.append(start)
            verbatim.append(True)
        if match and (text := _replacement(match)):
            parts.append(text)
            begin.append(start)
            finish.append(end)
            verbatim.append(False)
        position = end
    at = list(accumulate(map(len, parts[:-1]), initial=0)) if parts else []
    return Normal("".join(parts), at, begin, finish, verbatim)


def _of_one_script(match: re.Match[str]) -> str:
    """Return a word in one script, as long as before, where letters that look alike allow it."""
    word = match.group()
    latin, cyrillic = word.translate(_TO_LATIN), word.translate(_TO_CYRILLIC)
    if latin.isascii():
        return latin if not word.isascii() and _LETTERS_A_TO_Z.search(word) else word
    return word if _LETTERS_A_TO_Z.search(cyrillic) else cyrillic


@cache
def _pattern(*has: bool) -> re.Pattern[str]:
    """Return what is edited in a text that has spread words, hyphens, accents, compatibility."""
    special = (_SPREAD, _HYPHEN, _ACCENT, _cluster() if has[-1] else "")
    return re.compile(
        "|".join([*(part for part, is_there in zip(special, has, strict=True) if is_there), _EDIT])
    )


def _cluster() -> str:
    """Return a pattern of the characters that NFKC changes, each with the accents behind it.

    White space is edited before. Rare planes are taken whole: a set is fast in the first only.
    """
    ranges: list[list[int]] = []
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x10000)):
        if unicodedata.is_normalized("NFKC", chr(code)) or chr(code).isspace():
            continue
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    characters = "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)
    return f"(?P<cluster>[{characters}\U00010000-\U0010ffff][{MARKS}]*)"


def _replacement(match: re.Match[str]) -> str:
    group = match.lastgroup
    if group in {"space", "joint"}:
        return " "
    if group == "drop":
        return ""
    if group == "hyphen":
        return " " if _is_compound(match) else ""
    text = re.sub(_GAP, "", match.group()) if group == "spread" else match.group()
    return fold(_UNSEEN.sub("", unicodedata.normalize("NFKC", text).lower()))


def _is_compound(match: re.Match[str]) -> bool:
    """Whether a hyphen at a line's end parts two words, of which the first is a term."""
    source, (start, end) = match.string, match.span()
    before = _WORD_BEFORE.search(source, max(0, start - _MAX_WORD), start)
    after = _WORD_AFTER.match(source, end, end + _MAX_WORD)
    first = fold(_UNSEEN.sub("", before.group())) if before else ""
    both = first + fold(_UNSEEN.sub("", after.group())) if after else first
    words = _single_words()
    is_one = any(both[:length] in words for length in range(len(first) + 1, len(both) + 1))
    return first in words and not is_one


@cache
def _single_words() -> frozenset[str]:
    """Return the terms of the shipped topics that are one word, as they are matched."""
    terms = (fold(term.text).strip("*") for name in shipped() for term in load(name).terms)
    return frozenset(term for term in terms if len(term) > 1 and " " not in term)


def fold(text: str) -> str:
    """Return text in lower case without accents, in simplified characters, as long as before.

    İ, whose lower case is longer, must not be in it.
    """
    return text.lower().translate(_JOINTS if text.isascii() else _folding())


# White space and what joins the words of a name.
_JOINTS = dict.fromkeys(
    map(
        ord,
        "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f_-\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
        "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
    ),
    " ",
)


@cache
def _folding() -> dict[int, str]:
    """Return the plain character of each accented, traditional or typographic one."""
    letters = (
        *range(0xC0, 0x250),
        *range(0x430, 0x460),
        *range(0x4C1, 0x4FA),
        *range(0x1E00, 0x1F00),
    )
    plain = {code: unicodedata.normalize("NFD", chr(code))[0] for code in letters}
    marks = dict(zip("ıøłđßёй’‘‐‑–—", "ioldsей''    ", strict=True))
    simplified = traditional()
    unified = {
        ord(radical): simplified.get(ord(plain), plain)
        for radical, plain in zip(_RADICALS, _UNIFIED, strict=True)
    }
    letters_apart = {ord(a): b for a, b in (marks | _ARABIC).items()}
    return _JOINTS | plain | letters_apart | unified | simplified


def traditional() -> dict[int, str]:
    """Return the simplified character of each traditional or Japanese one that a term may hold."""
    text = resources.files("sousveil.topics").joinpath("traditional.txt").read_text("utf-8")
    pairs = [p for line in text.splitlines() if not line.startswith("#") for p in line.split()]
    return {ord(pair[0]): pair[1] for pair in pairs}
