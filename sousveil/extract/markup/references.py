"""Character references of HTML: `&amp;`, `&#20154;`, `&#x4eba;`, `&copy` without semicolon.

Takes a span of the source that starts with an ampersand and gives the characters it stands for
and where it ends. HTML Standard, "Character reference state" and the states after it.
"""

import re
from html.entities import html5

_REFERENCE = re.compile(r"&(?:#[xX]([0-9a-fA-F]++);?|#([0-9]++);?|([A-Za-z][A-Za-z0-9]*+;?))")
_LONGEST_NAME = max(map(len, html5))
_LONGEST_BARE_NAME = max(len(name) for name in html5 if not name.endswith(";"))
_MAX_DIGITS = 7  # more, leading zeros aside, lie beyond Unicode in either base
_MAX_CODE_POINT = 0x10FFFF
_REPLACEMENT = "\ufffd"
_SURROGATES = range(0xD800, 0xE000)
_C1 = range(0x80, 0xA0)


def character_reference(
    source: str, start: int, end: int, *, attribute: bool = False
) -> tuple[str, int] | None:
    """Return what the reference at `source[start]` stands for, and where it ends.

    None when the ampersand starts no reference before `end`. In an attribute a name without
    semicolon does not count before a letter, a digit or "=", or URLs would be decoded.
    """
    match = _REFERENCE.match(source, start, end)
    if match is None:
        return None
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        return _named(source, start + 1, name[:_LONGEST_NAME], end, attribute=attribute)
    digits = (hexadecimal or decimal).lstrip("0")
    if len(digits) > _MAX_DIGITS:
        return _REPLACEMENT, match.end()
    return _numbered(int(digits or "0", 16 if hexadecimal else 10)), match.end()


def _named(
    source: str, start: int, name: str, end: int, *, attribute: bool
) -> tuple[str, int] | None:
    if name.endswith(";") and name in html5:
        return html5[name], start + len(name)
    for length in range(min(len(name), _LONGEST_BARE_NAME), 1, -1):
        bare = name[:length]
        if bare in html5:
            after = source[start + length : min(start + length + 1, end)]
            if attribute and (after == "=" or (after.isascii() and after.isalnum())):
                return None
            return html5[bare], start + length
    return None


def _numbered(code: int) -> str:
    """Return the character of a number, windows-1252 for 128 to 159 as the standard says."""
    surrogate = code in _SURROGATES
    if code == 0 or code > _MAX_CODE_POINT or surrogate:
        return _REPLACEMENT
    if code in _C1:
        return bytes([code]).decode("cp1252", "ignore") or chr(code)
    return chr(code)
