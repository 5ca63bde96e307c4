r"""Letters that source code writes as escapes, put in their place.

Takes decoded source and gives its text with the letters that `\u7ef4`, `\u{7ef4}` and `\U00007ef4`
stand for, and an offset into the source for every character. Build tools write all that is not
ASCII so, and files of translations for Java must. ECMA-262 section 12.9.4, JLS section 3.3, YAML
1.2 section 5.7; C, C#, Go, Rust and Python have the same forms.

White space, marks of ASCII and halves of a pair stay as they are written: a quotation mark or a
line break in place of its escape would make another program of it.
"""

import re
from array import array
from typing import TypeAlias

_ESCAPE = re.compile(
    r"\\(?:\\"  # a backslash that is one: what follows it is no escape
    r"|u++(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})|U([0-9a-fA-F]{8}))"
)
_MAX_CODE_POINT = 0x10FFFF
_FIRST_BEYOND_CONTROLS = 0xA0
_HALVES = range(0xD800, 0xE000)


Places: TypeAlias = "tuple[array[int], array[int]]"


def unescaped(source: str) -> "tuple[str, array[int], Places] | None":
    """Return the text, its offsets (one more than characters), and where escapes begin and end.

    None for a source without such an escape.
    """
    if "\\u" not in source and "\\U" not in source:
        return None
    parts: list[str] = []
    offsets, starts, ends = array("I"), array("I"), array("I")
    position = 0
    for match in _ESCAPE.finditer(source):
        if letter := _letter(match[1] or match[2] or match[3]):
            parts += [source[position : match.start()], letter]
            offsets.extend(range(position, match.start() + 1))
            position = match.end()
            starts.append(match.start())
            ends.append(position)
    if not parts:
        return None
    offsets.extend(range(position, len(source) + 1))
    return "".join((*parts, source[position:])), offsets, (starts, ends)


def _letter(digits: str | None) -> str:
    """Return what an escape of these hexadecimal digits stands for; "" where it has to stay."""
    code = int(digits or "0", 16)
    if code > _MAX_CODE_POINT or code in _HALVES:
        return ""
    character = chr(code)
    is_plain = code >= _FIRST_BEYOND_CONTROLS and not character.isspace()
    return character if is_plain or character.isalnum() else ""
