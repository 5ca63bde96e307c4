"""Names as they are compared: folded, and without the words for a company's legal form.

`folded` keeps the length of a text, so that what is found in it stands at the same place in the
original; case, accents, width and the joints of names in source code are folded. Of traditional
characters only those are that the topics hold: a file of actors gives both spellings of a name.
"""

import re

from sousveil.claims.normal import fold

MAX_WORDS = 80  # characters of a line that a sentence of evidence quotes

# Forms that East Asian keyboards write in full width (Unicode block FF00), and white space.
_SAME_LENGTH = {0xFF01 + i: 0x21 + i for i in range(94)} | dict.fromkeys(
    (*range(0x09, 0x0E), 0xA0, *range(0x2000, 0x200B), 0x202F, 0x3000), 0x20
)
_SAME_LENGTH[ord("İ")] = ord("I")  # whose lower case is two characters
_ASCII = dict.fromkeys((*range(0x09, 0x0E), ord("_"), ord("-")), 0x20)

_LATIN_FORMS = (
    "co|company|corp|corporation|inc|incorporated|ltd|limited|llc|llp|plc|pte|pty|gmbh|ag|ab|sa|sas"
    "|bv|nv|oy|oyj|kk|ooo|ao|pao|zao"
)
_CHINESE_FORMS = "(?:股份)?(?:有限)?(?:责任)?公司|(?:株式|有限)会社"
_FORM_AT_END = re.compile(rf"(?:[ ](?:{_LATIN_FORMS})|{_CHINESE_FORMS})\Z")
_FORM_TAIL = re.compile(rf"(?:[ ,.]+(?:{_LATIN_FORMS})|{_CHINESE_FORMS})[ ,.]*\Z")
_FORM_BEHIND = re.compile(rf"[ ,]{{0,2}}(?:(?:{_LATIN_FORMS})\b|{_CHINESE_FORMS})")
_NOT_A_WORD = re.compile(r"[^\w&+.]+|\.(?!\w)")


def folded(text: str) -> str:
    """Return `text` in the form that names are matched in, as long as before."""
    if text.isascii():  # most text, and much faster
        return text.lower().translate(_ASCII)
    return fold(text.translate(_SAME_LENGTH))


def key(name: str) -> str:
    """Return what two spellings of one company's name share: "Acme Co., Ltd." and "ACME"."""
    words = " ".join(_NOT_A_WORD.sub(" ", folded(name)).split())
    while (shorter := _FORM_AT_END.sub("", words)) != words and shorter:
        words = shorter
    return words


def without_form(name: str) -> str:
    """Return a name as it is written, without the company's legal form at its end."""
    while (found := _FORM_TAIL.search(folded(name))) and found.start() > 0:
        name = name[: found.start()]
    return name


def has_legal_form(name: str) -> bool:
    """Whether a name tells that it is a company's: "Acme GmbH"."""
    return key(name) != " ".join(_NOT_A_WORD.sub(" ", folded(name)).split())


def shown(words: str) -> str:
    """Return words as a sentence of evidence quotes them: on one line, cut."""
    line = " ".join(words.split())
    return line if len(line) <= MAX_WORDS else f"{line[: MAX_WORDS - 1]}…"


def legal_form_behind(text: str, end: int) -> bool:
    """Whether a company's legal form follows at `end` of a folded text: "Acme" in "Acme Inc."."""
    return _FORM_BEHIND.match(text, end) is not None


def is_whole(source: str, start: int, end: int) -> bool:
    """Whether `source[start:end]` is no part of a longer word.

    A change from small to capital letters parts words, as in names of source code; between Chinese
    characters there is nothing that would.
    """
    return _parts(source, start) and _parts(source, end)


def _parts(source: str, at: int) -> bool:
    """Whether one word ends and another begins between the characters at `at - 1` and `at`."""
    if at in {0, len(source)}:
        return True
    before, after = source[at - 1], source[at]
    if not (_is_spelt(before) and _is_spelt(after)):
        return True
    return before.islower() and after.isupper()


def _is_spelt(character: str) -> bool:
    """Whether a character is of a script that parts its words, or a digit."""
    return character.isalnum() and not "\u2e80" <= character <= "\uffdc"
