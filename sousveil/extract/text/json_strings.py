"""The strings of a JSON text, each with its place and its JSON Pointer.

Takes a span of the source, gives names and string values with the spans of their characters, or
None when the span is no JSON. Follows RFC 8259, lenient where files in the wild are: several
values may follow each other (JSON Lines), and control characters may stand in strings. Pointers
follow RFC 6901.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from sousveil.extract.assemble import Assembly

MAX_DEPTH = 256  # nested arrays and objects; what is deeper describes nothing
MAX_POINTER_CHARACTERS = 400  # else long names, nested, grow with the square of the input

_TOKEN = re.compile(
    r"""[ \t\n\r]*+(?:"(?P<string>(?:[^"\\]++|\\.)*+)"|(?P<mark>[{}\[\],:])"""
    r"""|(?P<scalar>-?[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+|true|false|null)"""
    r"""|(?P<end>\Z))""",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"[^\\]++|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\.|\\",
    re.DOTALL,
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class JsonString(NamedTuple):
    """A name or a string value; `start` and `end` bound what stands between the quotes."""

    is_name: bool
    start: int
    end: int
    pointer: str


def scan_json(source: str, start: int, end: int) -> list[JsonString] | None:
    """Return the strings of the JSON in `source[start:end]` in order; None if it is none."""
    scanner = _Scanner()
    position = start
    while match := _TOKEN.match(source, position, end):
        position = match.end()
        if match.lastgroup == "end":
            return scanner.strings if scanner.complete else None
        if match.lastgroup == "string":
            first, last = match.span("string")
            fits = scanner.string(source[first : first + MAX_POINTER_CHARACTERS], first, last)
        else:
            fits = scanner.mark(match["mark"] or "scalar")
        if not fits:
            return None
    return None


def add_json_string(assembly: Assembly, string: JsonString) -> None:
    """Add the characters of `string` to the open block, escapes resolved."""
    source = assembly.source
    for match in _ESCAPE.finditer(source, string.start, string.end):
        start, end = match.span()
        if source[start] != "\\":
            assembly.verbatim(start, end)
        else:
            assembly.decoded(_unescaped(match[0]), start, end)


def _unescaped(escape: str) -> str:
    r"""Return the character of `\n`, `\u4eba` or a surrogate pair; U+FFFD for half of one."""
    if escape[1:2] == "u" and len(escape) > len(r"\u"):
        units = bytes.fromhex(escape.replace("\\u", ""))
        return units.decode("utf-16-be", "replace")
    return _SHORT.get(escape[1:2], escape[1:2])


class _Expect(Enum):
    """What may come next."""

    VALUE = auto()
    VALUE_OR_END = auto()  # after "["
    NAME = auto()
    NAME_OR_END = auto()  # after "{"
    COLON = auto()
    COMMA_OR_END = auto()  # after a value


@dataclass(slots=True)
class _Level:
    """An open array or object."""

    is_object: bool
    pointer: str
    index: int = 0  # of the array's current element
    name: str = ""  # of the object's current member, as written


class _Scanner:
    """Where in a JSON text we stand, and the strings so far."""

    def __init__(self) -> None:
        self.strings: list[JsonString] = []
        self._levels: list[_Level] = []
        self._expect = _Expect.VALUE

    @property
    def complete(self) -> bool:
        """Whether the text may end here."""
        return not self._levels and self._expect is _Expect.COMMA_OR_END

    def string(self, head: str, start: int, end: int) -> bool:
        """Take a string that begins with `head`; False where none may stand."""
        if self._expect in (_Expect.NAME, _Expect.NAME_OR_END):
            self._levels[-1].name = head[: end - start]
            self.strings.append(
                JsonString(is_name=True, start=start, end=end, pointer=self._here())
            )
            self._expect = _Expect.COLON
            return True
        if not self._may_take_value():
            return False
        self.strings.append(JsonString(is_name=False, start=start, end=end, pointer=self._here()))
        self._expect = _Expect.COMMA_OR_END
        return True

    def mark(self, mark: str) -> bool:
        """Take a mark of structure, or "scalar"; False where it may not stand."""
        if mark in {"{", "[", "scalar"}:
            return self._may_take_value() and self._open(mark)
        if mark == ":":
            fits = self._expect is _Expect.COLON
            self._expect = _Expect.VALUE
            return fits
        if mark == ",":
            return self._next_member()
        return self._close(is_object=mark == "}")

    def _may_take_value(self) -> bool:
        starts = self._expect in (_Expect.VALUE, _Expect.VALUE_OR_END)
        return starts or self.complete  # a value after a value: JSON Lines

    def _open(self, mark: str) -> bool:
        if mark == "scalar":
            self._expect = _Expect.COMMA_OR_END
            return True
        if len(self._levels) >= MAX_DEPTH:
            return False
        self._levels.append(_Level(is_object=mark == "{", pointer=self._here()))
        self._expect = _Expect.NAME_OR_END if mark == "{" else _Expect.VALUE_OR_END
        return True

    def _next_member(self) -> bool:
        if not self._levels or self._expect is not _Expect.COMMA_OR_END:
            return False
        level = self._levels[-1]
        level.index += 1
        self._expect = _Expect.NAME if level.is_object else _Expect.VALUE
        return True

    def _close(self, *, is_object: bool) -> bool:
        if not self._levels or self._levels[-1].is_object is not is_object:
            return False
        empty = _Expect.NAME_OR_END if is_object else _Expect.VALUE_OR_END
        if self._expect not in (empty, _Expect.COMMA_OR_END):
            return False
        self._levels.pop()
        self._expect = _Expect.COMMA_OR_END
        return True

    def _here(self) -> str:
        """Return the pointer of the value that comes, its front cut off when it grows too long."""
        if not self._levels:
            return ""
        level = self._levels[-1]
        step = level.name.replace("~", "~0").replace("/", "~1") if level.is_object else level.index
        pointer = f"{level.pointer}/{step}"
        if len(pointer) > MAX_POINTER_CHARACTERS:
            return "…" + pointer[1 - MAX_POINTER_CHARACTERS :]
        return pointer
