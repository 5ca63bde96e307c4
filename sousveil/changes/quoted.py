"""Quotes for strangers' eyes: a captured text in quotation marks, without names and addresses.

Takes a text, the address where it stands and names to hide, and gives one line that can stand in a
sentence of ours. What is masked is told to be: "[name]", "[address]".
"""

import re
import unicodedata
from collections.abc import Collection

from sousveil.actors.address import address_of

# Two lines of a message. The rest is in the case.
MAX_QUOTE_CHARACTERS = 200
# A quote is cut at the end of a word, unless that leaves less than this: hanzi have no spaces.
MIN_CUT_CHARACTERS = 150

# Of a text that is to be cut anyway, no more is looked at: searching takes time for each character.
MAX_READ_CHARACTERS = 1_000

MAX_NAME_CHARACTERS = 200  # a longer "name" is a paragraph that some page calls its publisher
SHORT_NAME_CHARACTERS = 4  # of which a name that has fewer may be part of any word

# What names a place on the network: with a scheme, of a person, or a bare name under a domain that
# programs do not use for anything else: `face.race` in a manual is no address.
_PATH = r"(?:[/:?#]\S{0,2000})?"
_ADDRESS = re.compile(
    rf"\b[a-z][a-z0-9+.-]{{0,20}}://\S{{1,2000}}"
    rf"|[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}"
    rf"|\b(?:www\.[a-z0-9.-]{{1,200}}|(?:[a-z0-9-]{{1,63}}\.){{1,8}}"
    rf"(?:com|org|net|edu|gov|info|biz|cn)\b){_PATH}",
    re.IGNORECASE | re.ASCII,
)

# Directions that a captured text brings along would turn ours around (UAX 9), and a soft hyphen is
# no letter.
_INVISIBLE = dict.fromkeys(
    map(ord, "\u00ad\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
_ISOLATE, _POP = "\u2068", "\u2069"


def quoted(text: str, address: str, names: Collection[str]) -> str:
    """Return a text in quotation marks: on one line, cut at a word's end, and masked.

    Masked are `names`, in any case, the host of `address`, and other web and e-mail addresses. What
    is written from right to left is isolated, so that the sentence around it keeps its order.
    """
    line = "".join(" " if c.isspace() else c for c in text[:MAX_READ_CHARACTERS])
    line = line.translate(_INVISIBLE)
    line = "".join(c for c in line if unicodedata.category(c) not in {"Cc", "Cs"})
    line = _cut(_masked(" ".join(line.split()), address, names))
    if any(unicodedata.bidirectional(c) in {"R", "AL"} for c in line):
        line = f"{_ISOLATE}{line}{_POP}"
    return f"“{line}”"


def _masked(line: str, address: str, names: Collection[str]) -> str:
    line = _ADDRESS.sub("[address]", line)
    if host := address_of(address).host:
        domain = re.escape(".".join(host.split(".")[-2:]))
        line = re.sub(
            rf"(?:[\w-]{{1,63}}\.){{0,8}}{domain}{_PATH}", "[address]", line, flags=re.IGNORECASE
        )
    hidden = {name for name in names if 0 < len(name) <= MAX_NAME_CHARACTERS}
    if not hidden:
        return line
    # The longest first, and all at once: no name is sought in a mask.
    one_of = "|".join(map(_pattern, sorted(hidden, key=len, reverse=True)))
    return re.sub(rf"\[address\]|({one_of})", _mask, line, flags=re.IGNORECASE)


def _mask(found: re.Match[str]) -> str:
    return "[name]" if found[1] else found[0]


def _pattern(name: str) -> str:
    if name.isascii() and len(name) < SHORT_NAME_CHARACTERS:
        return rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])"
    return re.escape(name)


def _cut(line: str) -> str:
    if len(line) <= MAX_QUOTE_CHARACTERS:
        return line
    end = line.rfind(" ", MIN_CUT_CHARACTERS, MAX_QUOTE_CHARACTERS)
    return line[: end if end > 0 else MAX_QUOTE_CHARACTERS - 1].rstrip(" ,;:、，；：") + "…"
